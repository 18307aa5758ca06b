# SPDX-License-Identifier: Apache-2.0
"""Chairs with a real server: each with its ledger, stipple-registryd and a stand-in for the daemon."""

import contextlib
import json
import random
import shutil
import threading
import time

import pytest
from clinic_harness import wait_for
from station_harness import AWAY, CLAIM, DONE, HOLD, HOLDER, MOVE, QUARANTINED, REFUSED, TOP_UP, Daemon, Ledger, Registryd, verify_leaf
from test_distrust import Backup


class Chair:
    def __init__(self, folder, name, server):
        folder.mkdir()
        self.name, self.ledger = name, Ledger(folder / "state", name)
        done = server.command("enrol", name, self.ledger.key)
        assert done.returncode == 0, done.stderr
        self.registryd = Registryd(folder / "run", server.port, server.authority, name, server.registry.public(),
                                   server.mirror.public(4), folder / "state")
        self.daemon = Daemon(folder / "run", self.ledger.origin)

    def ask(self, what, **body):
        return self.daemon.answer(self.daemon.ask(what, **body))[:2]

    def close(self):
        self.daemon.close()
        self.registryd.stop()
        self.ledger.close()


@pytest.fixture
def chairs(tmp_path, server):
    """Makes chairs that have joined."""
    made = []

    def make(*names):
        for name in names:
            made.append(Chair(tmp_path / name, name, server))
            made[-1].registryd.start()
        for chair in made:
            wait_for(lambda chair=chair: any(json.loads(leaf)["kind"] == "boot.confirmed" for leaf, _ in chair.daemon.leaves.values()),
                     "the boot")
        return made
    yield make
    with contextlib.ExitStack() as stack:
        for chair in made:
            stack.callback(chair.close)


def test_what_one_holds_no_other_claims(server, chairs, postgres):
    one, two = chairs("chair-1", "chair-2")
    status, text = one.ask(HOLD, lot="L1", units=["u1", "u2"])
    assert (status, text) == (DONE, "2 cartridges were given")
    status, text = two.ask(HOLD, lot="L1", units=["u2", "u3"])
    assert (status, text) == (DONE, "1 cartridges were given: u2 is held by chair-1")
    assert two.ask(CLAIM, unit="u1", lot="L1")[0] == REFUSED
    assert one.ask(CLAIM, unit="u1", lot="L1")[0] == DONE
    assert two.ask(HOLDER, unit="u2") == (DONE, f"u2 is held by {one.ledger.origin}")
    status, text = one.ask(MOVE, to="chair-2", units=["u2"])
    assert status == DONE, text
    wait_for(lambda: any(json.loads(leaf)["kind"] == "units.moved" for leaf, _ in two.daemon.leaves.values()), "the move at the other")
    assert two.ask(HOLDER, unit="u2") == (DONE, f"u2 is held by {two.ledger.origin}")
    for chair in (one, two):
        for seq, (leaf, proof) in chair.daemon.leaves.items():
            about = verify_leaf(server.registry, seq, leaf, proof)
            assert chair.ledger.origin in (about["station"], about.get("to")) or about["kind"] == "station.enrolled"
        assert chair.daemon.order == sorted(chair.daemon.order)


def test_what_one_enters_the_others_are_told(server, chairs):
    one, two = chairs("chair-1", "chair-2")
    for lot in ("L7", "L8"):
        told = time.monotonic()
        n = one.ledger.append(lot)
        one.daemon.news()

        def arrived(lot=lot):
            return [seq for seq, (leaf, _) in two.daemon.leaves.items()
                    if json.loads(leaf).get("record", {}).get("body", {}).get("lot") == lot]
        seq, = wait_for(arrived, "the other's lot")
        print(f"{lot} was told after {time.monotonic() - told:.3f} s")
        leaf = verify_leaf(server.registry, seq, *two.daemon.leaves[seq])
        assert (leaf["kind"], leaf["station"], leaf["seq"]) == ("record.shared", one.ledger.origin, n)
        assert seq not in one.daemon.leaves, "it knows that itself"
    # of that lot without serials both take numbers, which do not overlap
    status, text = two.ask(TOP_UP, lot="L7", count=10)
    assert (status, text) == (DONE, "numbers 1 to 10 are held now")
    status, text = one.ask(TOP_UP, lot="L7", count=45)
    assert (status, text) == (DONE, "numbers 11 to 50 are held now")
    assert two.ask(TOP_UP, lot="L7", count=1) == (REFUSED, "no number of this lot is left")
    assert two.ask(HOLDER, unit="(10)L7#11") == (DONE, f"(10)L7#11 is held by {one.ledger.origin}")


def test_a_restored_server_gets_back_what_it_lost(server, chairs, postgres):
    """An older database is restored: the chairs bring the registry's leaves and their records by themselves."""
    one, two = chairs("chair-1", "chair-2")
    assert one.ask(HOLD, lot="L1", units=["u1"])[0] == DONE
    backup = Backup(postgres)
    assert one.ask(HOLD, lot="L1", units=["u2"])[0] == DONE
    one.daemon.report(mirrored=one.ledger.append("L7"))
    assert two.ask(TOP_UP, lot="L7", count=10)[0] == DONE
    n = one.ledger.append(30)
    one.daemon.news()
    one.daemon.report(mirrored=n)
    wait_for(lambda: one.daemon.reports[-1]["leaves"] == two.daemon.reports[-1]["leaves"], "both to have all leaves")
    leaves = postgres.ask("SELECT count(*), md5(string_agg(leaf, '' ORDER BY seq)) FROM registry_leaf")
    backup.restore(server)
    wait_for(lambda: postgres.ask("SELECT count(*), md5(string_agg(leaf, '' ORDER BY seq)) FROM registry_leaf") == leaves,
             "the leaves")
    wait_for(lambda: postgres.ask("SELECT mirror_size FROM mirror JOIN station USING (station) WHERE name = 'chair-1'") == str(n),
             "the records")

    def answered():
        status, text = two.ask(HOLD, lot="L1", units=["u2"])
        return text if status != AWAY else None
    assert "u2 is held by chair-1" in wait_for(answered, "grants")
    assert one.ask(TOP_UP, lot="L7", count=10) == (DONE, "numbers 11 to 20 are held now")
    one.daemon.report(warnings=0)


def test_a_card_that_was_set_back_is_found_out_at_its_start(server, chairs, tmp_path):
    one, = chairs("chair-1")
    state = tmp_path / "chair-1/state"
    one.ledger.close()
    shutil.copytree(state, tmp_path / "image")
    one.ledger = Ledger(state)
    n = one.ledger.append(20)
    one.daemon.report(mirrored=n)
    one.registryd.stop()
    one.ledger.close()
    # the whole card as it was; then it makes records of its own
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "image", state)
    one.ledger = Ledger(state)
    one.ledger.append(3)
    one.daemon.boot = "0123456789abcdef0123456789abcdef"
    one.daemon.reports.clear()
    one.registryd.start()
    report = one.daemon.warned(QUARANTINED)
    assert "card" in report["text"] and report["advice"]
    assert one.ask(HOLD, lot="L1", units=["u9"])[0] == REFUSED


def test_requests_survive_the_death_of_both_sides(server, chairs, postgres):
    """Holds are asked for while server and program die at random moments: each is done once, none is forgotten."""
    one, two = chairs("chair-1", "chair-2")
    chance, units, stop = random.Random(11), [f"u{i}" for i in range(120)], threading.Event()
    asked = []

    def ask_on():
        for i, unit in enumerate(units):
            chair = (one, two)[i % 2]
            asked.append((chair, chair.daemon.ask(HOLD, lot="L1", units=[unit])))
            time.sleep(0.01)
        stop.set()
    thread = threading.Thread(target=ask_on)
    thread.start()
    while not stop.is_set():
        time.sleep(chance.uniform(0.05, 0.3))
        victim = chance.choice((server, one.registryd, two.registryd))
        victim.kill()
        victim.start()
    thread.join()

    def settled():
        return all(json.loads((chair.registryd.folder / "state/requests.json").read_text()) == [] for chair in (one, two))
    wait_for(settled, "the answers")
    rows = postgres.ask("SELECT unit, name FROM unit JOIN station USING (station)").split("\n")
    held = dict(row.split("|") for row in rows if row)
    # what a program was asked while it was dead never reached it: the daemon would hear nothing, and ask again
    for chair, number in asked:
        answer = chair.daemon.answers.get(number)
        unit = units[[n for c, n in asked if c is chair].index(number) * 2 + (chair is two)]
        if answer and answer[0] in (DONE, AWAY):
            assert held[unit] == chair.name
    for chair in (one, two):
        mine = {unit for unit, name in held.items() if name == chair.name}
        told = {unit for unit in mine for leaf, _ in chair.daemon.leaves.values() if unit in json.loads(leaf).get("units", [])}
        wait_for(lambda chair=chair, mine=mine: mine <= {
            unit for leaf, _ in list(chair.daemon.leaves.values()) for unit in json.loads(leaf).get("units", [])}, "all grants")
        assert told <= mine
    assert postgres.ask("SELECT count(*) FROM registry_leaf") == postgres.ask("SELECT size FROM registry")
