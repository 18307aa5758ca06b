# SPDX-License-Identifier: Apache-2.0
"""Who holds which cartridge: no two stations ever, whatever is asked twice, at once, or by a card that was cloned."""

import json
import random
import threading
import uuid

from registry_peer import JSON, ask, hold, proved

UNITS = [f"(01)04012345678901(21)A{i}" for i in range(10)]


def holders(postgres):
    rows = postgres.ask("SELECT unit, name FROM unit JOIN station USING (station)").split("\n")
    return dict(row.split("|") for row in rows if row)


def test_a_grant_is_proved_by_the_registrys_key(server, station):
    for i, units in enumerate((UNITS[:3], UNITS[3:4], UNITS[4:])):
        status, answer = hold(station, units)
        assert status == 200 and answer["given"] == units
        leaf = proved(server, answer["grant"])
        assert (leaf["kind"], leaf["station"], leaf["units"], leaf["lot"]) == ("units.granted", station.key.name, units, "L1")
        assert answer["grant"]["seq"] == i
    keys = server.command("keys").stdout.split()
    assert keys == ["mirror", server.mirror.public(4), "witness", server.witness.public(4), "registry", server.registry.public()]


def test_no_unit_is_held_by_two(station, enrol, postgres):
    other = enrol("chair-2")
    assert hold(station, UNITS[:5])[1]["given"] == UNITS[:5]
    status, answer = hold(other, UNITS[3:8])
    assert status == 200 and answer["given"] == UNITS[5:8]
    assert {row["unit"]: row["held_by"] for row in answer["units"]} == dict.fromkeys(UNITS[3:5], "chair-1") | dict.fromkeys(
        UNITS[5:8], "chair-2")
    status, answer = ask(other, "claim", unit=UNITS[0])
    assert (status, answer["claimed"], answer["units"][0]["held_by"]) == (409, False, "chair-1")
    assert ask(station, "claim", unit=UNITS[0])[0] == 200
    status, answer = ask(station, "claim", unit=UNITS[0])
    assert status == 409 and answer["units"][0]["claimed"], "another request for what is used"
    assert ask(station, "claim", unit="nobody's")[0] == 409


def test_a_request_is_done_once_and_answered_the_same(server, station, enrol, postgres):
    other, request = enrol("chair-2"), str(uuid.uuid4())
    first = hold(station, UNITS[:2], request)
    assert hold(station, UNITS[:2], request) == first
    server.kill()
    server.start()
    assert hold(station, UNITS[5:7], request) == first, "its number alone counts"
    assert hold(other, UNITS[:2], request)[0] == 409
    assert postgres.ask("SELECT size FROM registry") == "1"
    claim = str(uuid.uuid4())
    assert ask(station, "claim", claim, unit=UNITS[0])[0] == ask(station, "claim", claim, unit=UNITS[0])[0] == 200


def test_unused_units_move_and_used_ones_do_not(server, station, enrol, postgres):
    enrol("chair-2")
    hold(station, UNITS[:4])
    ask(station, "claim", unit=UNITS[0])
    status, answer = ask(station, "move", to="chair-2", units=UNITS[:3] + UNITS[8:])
    assert status == 200 and answer["given"] == UNITS[1:3]
    assert proved(server, answer["grant"])["to"] == "stipple/clinic/chair-2"
    assert holders(postgres) == {UNITS[0]: "chair-1", UNITS[1]: "chair-2", UNITS[2]: "chair-2", UNITS[3]: "chair-1"}
    assert ask(station, "move", to="chair-9", units=UNITS[:1])[0] == 404
    assert ask(station, "move", to="chair-2", units=UNITS[1:2])[1]["given"] == [], "it is no longer theirs"


def test_a_cloned_card_is_quarantined_and_loses_what_it_held(server, station, enrol, postgres):
    station.append(*(f"leaf {i}".encode() for i in range(30)))
    hold(station, UNITS[:4])
    ask(station, "claim", unit=UNITS[0])
    boot = dict(boot=str(uuid.uuid4()), checkpoint=station.key.note(station.text(30)))
    status, answer = ask(station, "boot", **boot)
    leaf = proved(server, answer["proof"])
    assert status == 200 and (leaf["kind"], leaf["boot"], leaf["size"]) == ("boot.confirmed", boot["boot"], 30)
    assert station.client.post("/add-checkpoint", station.checkpoint(0, 30))[0] == 200
    assert ask(station, "boot", **boot)[0] == 200
    status, answer = ask(station, "boot", boot=str(uuid.uuid4()), checkpoint=station.key.note(station.text(20)))
    assert status == 403 and "restored or cloned" in answer["detail"]
    assert proved(server, answer["proof"])["kind"] == "station.quarantined"
    for what in (dict(what="hold", lot="L1", units=UNITS[5:]), dict(what="claim", unit=UNITS[1])):
        assert ask(station, **what)[0] == 403
    assert station.client.post("/add-checkpoint", station.checkpoint(30, 30))[0] == 403
    rows = postgres.ask("SELECT count(*) FILTER (WHERE written_off IS NOT NULL), count(claimed) FROM unit")
    assert rows == "3|1"
    assert hold(enrol("chair-2"), UNITS[1:2])[1]["given"] == [], "what is written off goes to nobody"


def test_a_fork_of_one_size_is_quarantined(station):
    station.append(*(f"leaf {i}".encode() for i in range(9)))
    assert station.client.post("/add-checkpoint", station.checkpoint(0, 9))[0] == 200
    station.leaves, station.hashes = [], []
    station.append(*(f"another {i}".encode() for i in range(9)))
    status, answer = ask(station, "boot", boot=str(uuid.uuid4()), checkpoint=station.key.note(station.text(9)))
    assert status == 403 and "card was cloned" in answer["detail"]


def test_many_stations_at_once(server, enrol, postgres):
    """Each asks for the same units, in another order; some ask again with the same number. Nothing is given twice."""
    stations = [enrol(f"chair-{i}") for i in range(1, 7)]
    units = [f"u{i}" for i in range(120)]
    given, failures = {}, []

    def work(log):
        mine, chance = units[:], random.Random(log.key.name)
        chance.shuffle(mine)
        for i in range(0, len(mine), 8):
            request = str(uuid.uuid4())
            answers = [hold(log, mine[i:i + 8], request) for _ in range(chance.choice((1, 2)))]
            if any(answer != answers[0] or answer[0] != 200 for answer in answers):
                failures.append(answers)
            for unit in answers[0][1].get("given", []):
                if given.setdefault(unit, log.key.name) != log.key.name:
                    failures.append(unit)
    threads = [threading.Thread(target=work, args=(log,)) for log in stations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert holders(postgres) == {unit: name.rsplit("/", 1)[1] for unit, name in given.items()} and len(given) == 120
    leaves = int(postgres.ask("SELECT count(*) FROM registry_leaf"))
    assert str(leaves) == postgres.ask("SELECT size FROM registry") and leaves <= 120


def test_bad_requests_get_a_sentence(station):
    def refused(what, body):
        status, kind, answer = station.client.post(f"/registry/{what}", body if isinstance(body, bytes) else json.dumps(body), **JSON)
        problem = json.loads(answer)
        assert kind == "application/problem+json" and problem["status"] == status == 400, (what, body, problem)
        return problem["detail"]
    number = str(uuid.uuid4())
    assert "object of JSON" in refused("hold", b"{")
    assert "object of JSON" in refused("hold", [])
    assert "UUID" in refused("hold", {"request": number.upper(), "lot": "L", "units": ["u"]})
    assert "1 to 200" in refused("hold", {"request": number, "lot": "L", "units": []})
    assert "1 to 200" in refused("hold", {"request": number, "lot": "L", "units": ["u"] * 201})
    assert "cartridge 2 of the list" in refused("hold", {"request": number, "lot": "L", "units": ["u", "a\nb"]})
    assert "cartridge 1" in refused("hold", {"request": number, "lot": "L", "units": [7]})
    assert "lot" in refused("hold", {"request": number, "units": ["u"]})
    assert "name the cartridge" in refused("claim", {"request": number, "unit": None})
    assert "boot" in refused("boot", {"request": number, "boot": "x", "checkpoint": "y"})
    # none of these used up the number
    assert hold(station, ["u"], number)[0] == 200
