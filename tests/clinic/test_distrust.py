# SPDX-License-Identifier: Apache-2.0
"""What the server does when a log contradicts itself: a station's, whose card was cloned, or its own, after the restore of an older
database."""

import base64
import http.client
import json
import subprocess
import uuid

import pytest
from clinic_harness import Log, NoteKey
from registry_peer import JSON, TIME, ask, follow, hold, leaves, push, record


def checkpoint(log, old, size):
    status, _, body = log.client.post("/add-checkpoint", log.checkpoint(old, size))
    return status, json.loads(body) if status >= 400 and body.startswith(b"{") else body


def clone_of(log, common):
    """A log with the same key that goes another way after `common` records."""
    clone = Log(log.key)
    clone.append(*log.leaves[:common])
    clone.append(*(json.dumps({"kind": "note.written", "seq": i + 1, "utc": TIME, "body": {"clone": i}}).encode() for i in range(common, 40)))
    clone.client = log.client
    return clone


def state(postgres):
    return postgres.ask("SELECT state FROM station WHERE name = 'chair-1'")


# ---- a cloned card ----

@pytest.fixture
def card(station, enrol):
    """A station with 13 mirrored records that holds three cartridges and used one of them."""
    station.other = enrol("chair-2")
    hold(station, ["u1", "u2", "u3"])
    ask(station, "claim", unit="u1")
    for _ in range(13):
        record(station, "note.written")
    push(station)
    return station


@pytest.mark.parametrize("old, size", ((13, 13), (0, 13), (13, 20), (13, 40)))
def test_two_logs_of_one_key_are_a_cloned_card(server, card, postgres, old, size):
    """The same size with another root, or a proof that leads from another root: both checkpoints are signed by the station."""
    clone = clone_of(card, 5)
    status, answer = checkpoint(clone, old, size)
    assert status == 403 and answer["title"] == "Quarantined" and "cloned" in answer["detail"]
    assert state(postgres) == "quarantined"
    assert postgres.ask("SELECT unit FROM unit WHERE written_off IS NOT NULL ORDER BY unit") == "u2\nu3"
    leaf = follow(server, card.other)[-1]
    assert leaf["kind"] == "station.quarantined" and leaf["station"] == card.key.name
    assert leaf["notes"] == [card.key.note(clone.text(size)), card.key.note(card.text(13))], "the evidence"
    row = postgres.ask("SELECT kind, note = other_note, leaf FROM finding").split("|")
    assert row == ["station.cloned", "f", str(len(follow(server, card.other)) - 1)]
    assert "chair-1" in server.command("findings").stdout
    for answer in (ask(card, "claim", unit="u2"), ask(card, "hold", lot="L1", units=["u9"]), checkpoint(card, 13, 13)):
        assert answer[0] == 403
    assert hold(card.other, ["u2"])[1]["given"] == []


def test_a_broken_proof_shows_nothing(card, postgres):
    record(card, "note.written")
    body = card.checkpoint(13, 14).decode().split("\n")
    body[1] = base64.b64encode(bytes(32)).decode()
    assert card.client.post("/add-checkpoint", "\n".join(body).encode())[0] == 422
    del body[1]
    assert card.client.post("/add-checkpoint", "\n".join(body).encode())[0] == 422
    assert checkpoint(card, 0, 14)[0] == 409 and checkpoint(card, 13, 13)[0] == 200
    stranger = clone_of(card, 5)
    stranger.key = NoteKey(card.key.name)
    assert checkpoint(stranger, 13, 13)[0] == 403, "not signed by the station"
    assert state(postgres) == "active" and checkpoint(card, 13, 14)[0] == 200


def test_a_clone_at_a_power_of_two_is_found(card, postgres):
    for _ in range(3):
        record(card, "note.written")
    push(card)
    assert checkpoint(clone_of(card, 5), 16, 30)[0] == 403
    assert state(postgres) == "quarantined"


def test_a_quarantined_station_is_admitted_with_a_new_log(server, card, postgres):
    assert server.command("readmit", "chair-1", NoteKey("stipple/clinic/x").public()).returncode == 1, "it is not quarantined"
    checkpoint(clone_of(card, 5), 13, 13)
    again = server.command("readmit", "chair-1", card.key.public())
    assert again.returncode == 1 and "enrolled already" in again.stderr, "not with the log that was cloned"
    fresh = Log(NoteKey(card.key.name))
    done = server.command("readmit", "chair-1", fresh.key.public())
    assert done.returncode == 0, done.stderr
    fresh.client = card.client
    record(fresh, "note.written")
    push(fresh)
    leaf = follow(server, card.other)[-1]
    assert (leaf["kind"], leaf["station"], leaf["key"]) == ("station.enrolled", card.key.name, fresh.key.public())
    assert ask(fresh, "claim", unit="u2")[0] == 409, "what was written off stays so"
    assert hold(fresh, ["u7"])[1]["given"] == ["u7"]
    assert postgres.ask("SELECT count(*) FROM record JOIN station USING (station) WHERE state = 'retired'") == "13"


# ---- a restored database ----

class Backup:
    def __init__(self, postgres):
        self.postgres = postgres
        self.text = subprocess.run([postgres.bin / "pg_dump", "-d", postgres.conninfo, "-n", "public"], check=True, capture_output=True).stdout

    def restore(self, server):
        server.stop()
        self.postgres.ask("DROP SCHEMA public CASCADE")
        subprocess.run([self.postgres.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.postgres.conninfo], input=self.text,
                       check=True, stdout=subprocess.DEVNULL)
        server.start()


def seen(size):
    return {"Stipple_Registry_Seen": str(size)}


def replay(log, start, answer):
    status, _, body = log.client.post("/registry/replay", json.dumps({
        "from": start, "leaves": answer["leaves"], "checkpoint": answer["checkpoint"]}), **JSON)
    return status, json.loads(body)


def deliver(log):
    record(log, "lot.received", lot="N", product="P", maker="M", expiry="2030-01-01", quantity=9)
    push(log)


def test_a_restored_database_grants_nothing_until_its_leaves_are_back(server, station, enrol, postgres):
    hold(station, ["u1"])
    backup = Backup(postgres)
    other = enrol("chair-2")
    hold(station, ["u2", "u3"])
    ask(station, "move", to="chair-2", units=["u2"])
    deliver(station)
    ask(station, "top-up", lot="N", count=4)
    hold(other, ["u4"])
    whole = leaves(other)
    count = whole["size"]
    backup.restore(server)
    server.command("enrol", "chair-2", other.key.public())
    # nobody notices until a station says what it saw
    status, answer = ask(station, "hold", headers=seen(count), lot="L1", units=["u4"])
    assert status == 503 and "restored: leaves must be replayed" in answer["detail"]
    for what in (dict(what="hold", lot="L1", units=["u9"]), dict(what="claim", unit="u1"), dict(what="top-up", lot="N", count=1),
                 dict(what="boot", boot=str(uuid.uuid4()), checkpoint=station.key.note(station.text(1)))):
        assert ask(station, headers=seen(count), **what)[0] == 503, what
    server.kill()
    server.start()
    assert ask(other, "hold", headers=seen(count), lot="L1", units=["u9"])[0] == 503, "each request says it"
    # what is not all, or not signed, brings nothing back
    assert replay(station, 0, dict(whole, leaves=whole["leaves"][:-1]))[0] == 422
    changed = whole["leaves"][:-1] + [base64.b64encode(b"{}").decode()]
    assert replay(station, 0, dict(whole, leaves=changed))[0] == 422
    assert replay(station, count - 1, dict(whole, leaves=whole["leaves"][-1:]))[0] == 409
    forged = NoteKey(server.registry.name).note(whole["checkpoint"].partition("\n\n")[0] + "\n")
    assert replay(station, 0, dict(whole, checkpoint=forged))[0] == 403
    assert ask(station, "claim", headers=seen(count), unit="u1")[0] == 503
    assert ask(station, "claim", unit="u1")[0] == 503, "it is believed for a moment"
    assert replay(station, 0, whole) == (200, {"size": count})
    assert replay(other, 0, whole) == (200, {"size": count}), "another chair brings them as well"
    assert leaves(station) == whole
    assert postgres.ask("SELECT unit, name FROM unit JOIN station USING (station) ORDER BY unit").split("\n") == [
        "u1|chair-1", "u2|chair-2", "u3|chair-1", "u4|chair-2"]
    # it goes on where it was: the log grows, numbers are not given out twice, and no record is shared twice
    station.pushed = 0
    push(station)
    assert leaves(station)["size"] == count
    assert ask(other, "top-up", headers=seen(count), lot="N", count=9)[1]["given"] == {"unit": "(10)N", "first": 5, "last": 9}
    assert hold(other, ["u2", "u5"])[1]["given"] == ["u5"]
    assert [leaf["kind"] for leaf in follow(server, other)][-2:] == ["range.granted", "units.granted"]


def test_two_logs_of_the_registry_stop_all_grants(server, station, enrol, postgres):
    """It was restored, and granted something before anybody noticed."""
    hold(station, ["u1"])
    backup = Backup(postgres)
    hold(station, ["u2"])
    first = leaves(station)
    backup.restore(server)
    hold(station, ["u3"])
    status, answer = replay(station, 0, first)
    assert status == 409 and "contradicts" in answer["detail"]
    assert hold(station, ["u4"])[0] == 503 and ask(station, "claim", unit="u1")[0] == 503
    row = postgres.ask("SELECT note, other_note FROM finding WHERE kind = 'registry.forked'")
    assert [note.strip() for note in row.split("|")] == [first["checkpoint"].strip(), leaves(station)["checkpoint"].strip()]
    assert "contradicts the log" in server.command("findings").stdout
    assert replay(station, 0, first)[0] == 409
    assert postgres.ask("SELECT count(*) FROM finding") == "1"


def test_what_a_station_says_it_saw_must_be_a_number(station):
    for bad in ("-1", "x", "1.5", str(1 << 64)):
        assert ask(station, "hold", headers={"Stipple_Registry_Seen": bad}, lot="L1", units=["u1"])[0] == 400
    assert ask(station, "hold", headers=seen(0), lot="L1", units=["u1"])[0] == 200
    assert ask(station, "hold", headers=seen(1), lot="L1", units=["u2"])[0] == 200


def test_each_answer_has_the_timeline(server, station):
    connection = http.client.HTTPSConnection("localhost", server.port, context=station.client.context, timeout=60)
    connection.request("GET", "/registry/leaves")
    answer = connection.getresponse()
    answer.read()
    assert answer.getheader("Stipple-Timeline") == "1"
    connection.request("GET", "/nothing")
    assert connection.getresponse().getheader("Stipple-Timeline") == "1"
