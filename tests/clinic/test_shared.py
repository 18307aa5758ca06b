# SPDX-License-Identifier: Apache-2.0
"""What mirrored records mean to all chairs: lots, numbers of a lot, claims, and records that every chair gets."""

import base64
import http.client
import json
import threading
import uuid

from registry_peer import ask, follow, hold, leaves, proved, push, record


def deliver(log, lot="L1", quantity=10, **more):
    return record(log, "lot.received", lot=lot, product="P", maker="M", expiry="2030-01-01", quantity=quantity, **more)


def claim_record(log, unit, lot="L1"):
    return record(log, "needle.claimed", session=1, unit=unit, lot=lot, code="c")


def test_a_shared_record_becomes_a_leaf_with_its_upload(server, station, enrol):
    other = enrol("chair-2")
    number = deliver(station)
    record(station, "note.written", session=1)
    record(station, "lot.status", lot="L1", status="recalled")
    record(station, "lot.status", lot="L2", status="recalled", **{"from": "stipple/clinic/chair-2 7"})
    push(station)
    shared = [leaf for leaf in follow(server, other) if leaf["kind"] == "record.shared"]
    assert [(leaf["station"], leaf["seq"], leaf["record"]["kind"]) for leaf in shared] == [
        (station.key.name, number, "lot.received"), (station.key.name, number + 2, "lot.status")]
    assert shared[0]["record"]["body"]["quantity"] == 10 and shared[0]["request"] and shared[0]["utc"]
    # the same upload again shares nothing again
    assert station.client.post("/add-entries", station.upload(0, 4), Content_Type="application/octet-stream")[0] == 200
    assert len(follow(server, other)) == len(shared)


def test_numbers_of_a_lot_are_given_out_once(server, station, enrol, postgres):
    other = enrol("chair-2")
    status, answer = ask(station, "top-up", lot="L1", count=5)
    assert status == 409 and "put it on record" in answer["detail"]
    deliver(station, quantity=7)
    deliver(station, quantity=3)
    push(station)
    request = str(uuid.uuid4())
    status, answer = ask(station, "top-up", request, lot="L1", count=4)
    assert status == 200 and answer["given"] == {"unit": "(10)L1", "first": 1, "last": 4} and answer["left"] == 6
    assert ask(station, "top-up", request, lot="L1", count=4)[1] == answer, "asked twice"
    leaf = proved(server, answer["grant"])
    assert (leaf["kind"], leaf["unit"], leaf["first"], leaf["last"], leaf["lot"]) == ("range.granted", "(10)L1", 1, 4, "L1")
    assert ask(other, "top-up", lot="L1", count=100)[1]["given"] == {"unit": "(10)L1", "first": 5, "last": 10}
    assert ask(other, "top-up", lot="L1", count=1)[1] == {"given": None, "left": 0}
    # a number is claimed and moved like any other unit
    assert ask(station, "claim", unit="(10)L1#3")[0] == 200
    assert ask(station, "claim", unit="(10)L1#3")[0] == 409
    assert ask(other, "claim", unit="(10)L1#4")[1]["units"][0]["held_by"] == "chair-1"
    assert ask(station, "move", to="chair-2", units=["(10)L1#3", "(10)L1#4", "(10)L1#5"])[1]["given"] == ["(10)L1#4"]
    assert ask(other, "claim", unit="(10)L1#4")[0] == 200
    assert hold(station, ["(10)L1#11"])[1]["given"] == [], "numbers come in ranges"
    assert ask(station, "claim", unit="(10)L1#11", lot="L1")[0] == 409
    record(station, "lot.status", lot="L1", status="recalled")
    deliver(station, quantity=5)
    push(station)
    assert ask(station, "top-up", lot="L1", count=1)[0] == 409
    deliver(station, lot="G", gtin="04012345678901", quantity=2)
    push(station)
    assert ask(station, "top-up", lot="G", count=9)[1]["given"] == {"unit": "(01)04012345678901(10)G", "first": 1, "last": 2}


def test_what_nobody_has_is_granted_and_claimed_in_one(server, station, enrol):
    other, unit = enrol("chair-2"), "(01)04012345678901(21)A1"
    status, answer = ask(station, "claim", unit=unit, lot="L1")
    assert (status, answer) == (409, {"claimed": False, "units": []}), "the lot is not known"
    deliver(other, gtin="04012345678901")
    push(other)
    request = str(uuid.uuid4())
    status, answer = ask(station, "claim", request, unit=unit, lot="L1")
    assert status == 200 and answer["claimed"] and answer["units"][0]["held_by"] == "chair-1"
    leaf = proved(server, answer["grant"])
    assert (leaf["kind"], leaf["units"], leaf["station"]) == ("units.granted", [unit], station.key.name)
    status, again = ask(station, "claim", request, unit=unit, lot="L1")
    assert status == 200 and proved(server, again["grant"]) == leaf, "asked twice"
    assert ask(other, "claim", unit=unit, lot="L1")[0] == 409
    record(other, "lot.status", lot="L1", status="recalled")
    push(other)
    assert ask(station, "claim", unit=unit.replace("A1", "A2"), lot="L1")[0] == 409, "the lot was recalled"
    assert hold(station, [unit.replace("A1", "A3")])[0] == 409
    record(other, "lot.status", lot="L1", gtin="04012345678901", status="released")
    push(other)
    assert ask(station, "claim", unit=unit.replace("A1", "A2"), lot="L1")[0] == 200


def test_a_mirrored_claim_uses_the_unit(station, enrol, postgres):
    other = enrol("chair-2")
    hold(station, ["u1", "u2"])
    claim_record(station, "u1")
    claim_record(station, "nobody's")
    push(station)
    assert ask(station, "claim", unit="u1")[0] == 409, "its record says that it is used"
    assert hold(other, ["nobody's"])[1]["given"] == []
    assert ask(station, "claim", unit="u2")[0] == 200
    claim_record(station, "u2")
    push(station)
    assert postgres.ask("SELECT count(*) FROM finding") == "0", "what was claimed online, and is on record then, is one claim"
    # numbers that were used before there was a registry are not given out
    deliver(other, quantity=20)
    claim_record(other, "(10)L1#6")
    push(other)
    assert ask(station, "top-up", lot="L1", count=5)[1]["given"]["first"] == 7


def test_a_claim_of_what_another_has_is_a_finding(server, station, enrol, postgres):
    other = enrol("chair-2")
    hold(station, ["u1", "u2", "u3"])
    ask(station, "claim", unit="u2")
    deliver(station, quantity=10)
    push(station)
    ask(station, "top-up", lot="L1", count=5)
    numbers = [claim_record(other, unit) for unit in ("u1", "u2", "(10)L1#2", "mine", "mine")]
    push(other)
    rows = postgres.ask("SELECT kind, unit, seq FROM finding ORDER BY finding").split("\n")
    assert rows == ["held-by-another|u1|0", "claimed-by-another|u2|1", "held-by-another|(10)L1#2|2", "claimed-again|mine|4"]
    told = [leaf for leaf in follow(server, station) if leaf["kind"] == "finding"]
    assert [(leaf["finding"], leaf["unit"], leaf["seq"], leaf["station"]) for leaf in told] == [
        ("held-by-another", "u1", numbers[0], other.key.name), ("claimed-by-another", "u2", numbers[1], other.key.name),
        ("held-by-another", "(10)L1#2", numbers[2], other.key.name), ("claimed-again", "mine", numbers[4], other.key.name)]
    assert "chair-1" in told[0]["says"]
    assert ask(station, "claim", unit="u1")[0] == 200, "no other station uses up what a station holds"
    assert ask(station, "claim", unit="(10)L1#2")[0] == 200


def test_a_hundred_claim_the_same_units(station, enrol, postgres):
    """Of 50 units that nobody has, each is claimed by one of four stations, however many ask at once."""
    stations = [station, *(enrol(f"chair-{i}") for i in (2, 3, 4))]
    deliver(station, quantity=100)
    push(station)
    won, failures = [], []

    def work(number):
        log = stations[number % 4]
        for i in range(50):
            unit, request = f"(21)S{(i + number) % 50}", str(uuid.uuid4())
            status, answer = ask(log, "claim", request, unit=unit, lot="L1")
            if number % 10 == 0 and ask(log, "claim", request, unit=unit, lot="L1")[0] != status:
                failures.append(("asked twice", unit))
            if status == 200:
                won.append((unit, log.key.name))
            elif status != 409:
                failures.append((status, answer))
            if i == 9 and number >= 4:
                return
    threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(won) == len({unit for unit, _ in won}) == 50
    rows = postgres.ask("SELECT unit, origin FROM unit JOIN station USING (station) WHERE claimed IS NOT NULL").split("\n")
    assert sorted(rows) == sorted(f"{unit}|{name}" for unit, name in won)


def test_who_waits_is_woken_by_a_leaf(server, station, enrol):
    other = enrol("chair-2")
    assert leaves(station) == {"size": 0, "checkpoint": "", "leaves": []}
    got = []
    waits = [threading.Thread(target=lambda: got.append(leaves(other, 0, 25))) for _ in range(30)]
    for thread in waits:
        thread.start()
    hold(station, ["u1"])
    for thread in waits:
        thread.join()
    assert len(got) == 30 and all(answer["size"] == 1 and len(answer["leaves"]) == 1 for answer in got)
    assert leaves(other, 1, 1)["leaves"] == [], "its time is over"
    assert leaves(other, 0, 25)["size"] == 1, "what is there is answered at once"
    assert leaves(other, 99)["size"] == 1
    for bad in ("from=-1", "from=x", "from=1&wait=26", "wait=", f"from={1 << 64}"):
        assert station.client.post(f"/registry/leaves?{bad}", None, method="GET")[0] == 400, bad


def test_the_server_ends_while_some_wait(server, station):
    """Whoever waits is answered before."""
    waiting = [http.client.HTTPSConnection("localhost", server.port, context=station.client.context, timeout=60) for _ in range(5)]
    for connection in waiting:
        connection.request("GET", "/registry/leaves?from=0&wait=25")
    for _ in range(20):
        leaves(station)
    server.stop()
    answers = [connection.getresponse() for connection in waiting]
    assert [(answer.status, json.loads(answer.read())["size"]) for answer in answers] == [(200, 0)] * 5
    server.start()


def with_leaf(proof, leaf):
    head, rest = proof.split("\n", 1)
    return f"{head}\nextra {base64.b64encode(leaf).decode()}\n{rest}"


def handover_note(giver, to, units, grants):
    """What the giver's station writes: the proof of its record, and of each grant, with the leaves in them."""
    number = record(giver, "clinic.released", to=to.key.name, units=units, grants=[grants[0]["seq"]] * len(units))
    size = len(giver.leaves)
    path = "".join(base64.b64encode(part).decode() + "\n" for part in giver.subtree(number - 1, number, 0, size))
    proof = f"c2sp.org/tlog-proof@v1\nindex {number - 1}\n{path}\n{giver.key.note(giver.text(size))}"
    return with_leaf(proof, giver.leaves[-1]) + "".join(
        with_leaf(grant["proof"], base64.b64decode(grant["leaf"])) for grant in grants)


def test_a_handover_without_the_server_is_reported_later(server, station, enrol, postgres):
    other, third = enrol("chair-2"), enrol("chair-3")
    grant = hold(station, ["u1", "u2", "u3"])[1]["grant"]
    for _ in range(4):
        record(station, "note.written")
    note = handover_note(station, other, ["u1", "u2"], [grant])
    ask(station, "claim", unit="u2")
    assert ask(third, "handover", note=note)[0] == 403, "it is not for this station"
    assert ask(other, "handover", note=note.replace("index", "Index", 1))[0] == 403
    forged = note.replace(base64.b64encode(station.leaves[-1]).decode(),
                          base64.b64encode(station.leaves[-1].replace(b'"u2"', b'"u3"')).decode())
    assert forged != note and ask(other, "handover", note=forged)[0] == 403
    request = str(uuid.uuid4())
    status, answer = ask(other, "handover", request, note=note)
    assert status == 200 and answer["given"] == ["u1"], "what the giver used did not go over"
    leaf = proved(server, answer["grant"])
    assert (leaf["kind"], leaf["station"], leaf["to"], leaf["units"]) == ("units.moved", station.key.name, other.key.name, ["u1"])
    assert ask(other, "handover", request, note=note)[1] == answer, "asked twice"
    assert ask(other, "handover", note=note)[1]["given"] == [], "reported twice"
    assert ask(other, "claim", unit="u1")[0] == 200 and ask(station, "claim", unit="u1")[0] == 409
    assert ask(other, "handover")[0] == 400
