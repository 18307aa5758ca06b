# SPDX-License-Identifier: Apache-2.0
"""The link to the clinic's registry: what it permits, what it tells, and that no peer can make it do more."""

import json
import random
import re
import signal
import struct
import subprocess
import time

import dbus
import pytest

import harness
import link_peer
from harness import wait_for
from link_peer import ANSWER, AWAY, CURSOR, DONE, LEAF, OTHER, REFUSED, NoteKey, RegistryLog, frame, pause, unit
from witness import Witness


@pytest.fixture
def clinic():
    clinic = link_peer.Clinic()
    try:
        clinic.station.start()
        clinic.station.wait_board()
        yield clinic
        clinic.station.stop()
    finally:
        clinic.close()


@pytest.fixture
def chair(clinic):
    """A session at a chair that may claim, and has no cartridge yet."""
    station = clinic.station
    clinic.first = clinic.peer(joins=True)
    station.enrol()
    station.sign_in()
    station.receive_lot()
    station.begin("P-0001")
    return clinic


def ctl(station, *words, status=0):
    done = subprocess.run([harness.BUILD / "ctl/stipplectl", *words], env=station.environment(), capture_output=True, text=True,
                          timeout=harness.PATIENCE_S, check=False)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr


def code(serial, lot="L1"):
    return f"]d201{harness.GTIN}17311231" + f"10{lot}\x1d21{serial}"


def refused(station, serial="A17"):
    return station.refused("Session1", "MountNeedle", code(serial))


def bodies(station, kind):
    return [json.loads(row["body"]) if isinstance(row["body"], str) else row["body"] for row in station.audit("records")
            if row["kind"] == kind]


def work(station):
    """The needle runs."""
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(1500))
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "Capture", "crown", "before")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")


# ---- without a registry ----

def test_without_a_registry_nothing_is_different(station):
    assert not (station.folder / "run/registry.sock").exists()
    assert [station.get("Station1", name) for name in ("Registry", "RegistryConnected", "BootConfirmed", "Quarantined", "Mirrored",
                                                        "Unmirrored", "Cosigned")] == ["", False, "", False, 0, 0, ""]
    status = ctl(station, "status")
    assert "BrokerConnected" in status and not re.search("Registry|Boot|Quarantined|irrored|Cosigned", status)
    assert "registry" not in [check for check, *_ in station.call("Station1", "Doctor")]
    station.prepare()
    claim, = bodies(station, "needle.claimed")
    assert "held" not in claim and "grant" not in claim
    assert not [kind for kind in station.records() if kind.startswith("clinic.")]
    for method, arguments in (("HoldUnits", (["x"],)), ("MoveUnits", ("chair-2", ["x"])), ("HeldUnits", ())):
        name, text = station.refused("Inventory1", method, *arguments)
        assert name == "WrongState" and "no registry" in text


# ---- claims ----

def test_what_the_station_holds_is_claimed_without_the_registry(chair):
    peer, station = chair.first, chair.station
    assert peer.hello[0] == 0 and peer.hello[2] == link_peer.ORIGIN and re.fullmatch("[0-9a-f]{32}", peer.hello[1])
    grant = peer.grant("A17", "A18")
    peer.close()
    assert station.mount("A17") == unit("A17")
    claim, = bodies(station, "needle.claimed")
    assert claim["held"] is True and claim["grant"] == grant
    leaf = bodies(station, "clinic.leaf")[-1]
    assert leaf["number"] == grant and json.loads(leaf["leaf"])["units"] == [unit("A17"), unit("A18")]
    assert leaf["proof"].startswith("c2sp.org/tlog-proof@v1\nindex")
    station.call("Session1", "RemoveNeedle", "dull")
    assert refused(station, "A17")[0] == "NeedleRefused", "it is used, and nobody is asked"
    assert station.mount("A18") == unit("A18")


def test_the_registry_is_asked_once_and_the_leaf_decides(chair):
    peer, station = chair.first, chair.station

    def grants(number, what, body):
        peer.reply(number, DONE, "granted", peer.offer("units.granted", lot="L1", units=[unit("A17")]))
    peer.answer = grants
    assert station.mount("A17") == unit("A17")
    assert peer.asked == [("claim", {"unit": unit("A17"), "lot": "L1", "gtin": harness.GTIN})]
    station.call("Session1", "RemoveNeedle", "dull")
    # an answer without a leaf permits nothing
    peer.answer = lambda number, what, body: peer.reply(number, DONE, "believe me")
    name, text = refused(station, "A18")
    assert name == "NeedleRefused" and "not held by this station" in text and len(peer.asked) == 2
    assert [body["refusal"] for body in bodies(station, "needle.refused")] == ["not-held"]


def test_a_refusal_names_the_chair_that_has_it(chair):
    peer, station = chair.first, chair.station
    sentence = f"cartridge {unit('A17')} is held by chair-2: have it moved, or open another one"
    peer.answer = lambda number, what, body: peer.reply(number, REFUSED, sentence)
    assert refused(station) == ("NeedleRefused", sentence)
    body, = bodies(station, "needle.refused")
    assert (body["refusal"], body["unit"], body["text"]) == ("not-held", unit("A17"), sentence)


def test_numbers_of_a_lot_are_topped_up(chair):
    peer, station = chair.first, chair.station

    def grants(number, what, body):
        peer.reply(number, DONE, "granted",
                   peer.offer("range.granted", lot="L2", unit=f"(01){harness.GTIN}(10)L2", first=11, last=20))
    peer.answer = grants
    station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"gtin": harness.GTIN, "lot": "L2", "product": "1RL 0.25", "maker": "Maker", "expiry": "2031-12-31", "certificate": "EO-1",
         "quantity": dbus.UInt32(50)}, signature="sv"))
    label = f"]d201{harness.GTIN}17311231" + "10L2"
    assert station.call("Session1", "MountNeedle", label) == f"(01){harness.GTIN}(10)L2#11"
    (what, body), = peer.asked
    assert what == "top-up" and body["lot"] == "L2" and body["count"] == 10
    peer.answer = None
    station.call("Session1", "RemoveNeedle", "dull")
    assert station.call("Session1", "MountNeedle", label) == f"(01){harness.GTIN}(10)L2#12"
    assert [(row["first"], row["last"]) for row in station.call("Inventory1", "HeldUnits")["units"]] == [(13, 20)]


def test_offline_and_unconfirmed_say_what_to_do(clinic):
    station = clinic.station
    station.enrol()
    station.sign_in()
    station.receive_lot()
    station.begin("P-0001")
    name, text = refused(station)
    assert name == "NeedleRefused" and "confirmed this start" in text and "connect it to the clinic's network" in text
    assert station.doctor("registry")[0] == 1
    peer = clinic.peer(joins=True)
    assert station.get("Station1", "BootConfirmed") == "2026-03-02T10:00:00Z"
    peer.close()
    wait_for(lambda: "does not run" in station.get("Station1", "Registry"), "the end of the link")
    name, text = refused(station)
    assert name == "NeedleRefused" and "cannot be asked now" in text and "stock held" in text
    assert [body["refusal"] for body in bodies(station, "needle.refused")] == ["boot-unconfirmed", "not-held"]
    # the start is still confirmed when the daemon alone starts again, and the next leaf is asked for
    peer = clinic.peer()
    wait_for(lambda: peer.hello, "the greeting")
    peer.grant("A17")
    taken = len(clinic.log.leaves)
    station.stop()
    station.start()
    station.wait_board()
    peer = clinic.peer()
    wait_for(lambda: peer.hello, "the greeting")
    assert peer.hello[0] == taken and station.get("Station1", "BootConfirmed") == "2026-03-02T10:00:00Z"
    station.sign_in()
    station.call("Session1", "Resume")
    assert station.mount("A17") == unit("A17")


def test_a_boot_of_another_start_confirms_nothing(clinic):
    station, peer = clinic.station, clinic.peer()
    wait_for(lambda: peer.hello, "the greeting")
    peer.add("boot.confirmed", boot="00000000-0000-4000-8000-000000000000", size=1)
    peer.add("boot.confirmed", OTHER, boot=peer.hello[1], size=1)
    peer.add("units.granted", OTHER, lot="L1", units=[unit("A17")])
    assert station.get("Station1", "BootConfirmed") == ""
    assert [body["number"] for body in bodies(station, "clinic.leaf")] == [0], "what concerns others is not kept"
    station.call("Station1", "EnrolFirst", station.enrolment_code(), *harness.ADMINISTRATOR)
    assert station.call("Inventory1", "HeldUnits")["units"] == []


def test_a_quarantined_station_claims_nothing_until_it_is_enrolled_anew(chair):
    peer, station = chair.first, chair.station
    peer.grant("A17")
    peer.add("station.quarantined", OTHER, why="another")
    assert not station.get("Station1", "Quarantined")
    peer.add("station.quarantined", why="its card was cloned")
    assert station.get("Station1", "Quarantined") and station.doctor("registry")[0] == 2
    assert "alert.quarantined" in [alarm[0] for alarm in station.get("Station1", "Alarms")]
    name, text = refused(station)
    assert name == "NeedleRefused" and "quarantined" in text and "enrol" in text
    assert bodies(station, "needle.refused")[-1]["refusal"] == "quarantined"
    station.stop()
    station.start()
    wait_for(lambda: station.get("Station1", "Quarantined"), "the record to be read")
    peer = chair.peer()
    wait_for(lambda: peer.hello, "the greeting")
    peer.add("station.enrolled", name="chair-1", key="k2")
    assert not station.get("Station1", "Quarantined")
    assert "alert.quarantined" not in [alarm[0] for alarm in station.get("Station1", "Alarms")]


# ---- a registry that hangs ----

def test_a_registry_that_hangs_holds_up_nobody(chair):
    peer, station = chair.first, chair.station
    peer.grant("A17")
    station.mount("A17")
    work(station)
    asked = station.start_call("Inventory1", "HoldUnits", dbus.Array([code("B1")], signature="s"))
    wait_for(lambda: peer.asked, "the request")
    station.sim("estop press")
    wait_for(lambda: station.get("Station1", "Fault") == "emergency-stop", "the fault")
    assert not station.sim("status")["enable"] and not asked.done(), "it stands before the request has ended"
    name, text = asked.wait().error
    assert name.endswith("RegistryAway") and "nothing is held" in text
    # what comes later changes nothing for the command, and the leaf counts
    peer.grant("B1")
    assert unit("B1") in [row["unit"] for row in station.call("Inventory1", "HeldUnits")["units"]]


def test_a_stop_is_taken_while_a_mount_waits_for_the_registry(chair):
    peer, station = chair.first, chair.station
    begun = time.monotonic()
    mount = station.start_call("Session1", "MountNeedle", code("A17"))
    wait_for(lambda: peer.asked, "the request")
    station.call("Session1", "Disarm")
    station.sim("estop press")
    wait_for(lambda: station.get("Station1", "Fault") == "emergency-stop", "the fault")
    assert not mount.done()
    name, text = mount.wait().error
    waited = time.monotonic() - begun
    assert name.endswith("NeedleRefused") and "cannot be asked now" in text and 1.5 < waited < harness.PATIENCE_S / 2
    station.sim("estop release")


# ---- what stations share ----

def test_a_recall_of_another_chair_stops_the_needle_here(chair):
    peer, station = chair.first, chair.station
    peer.grant("A17", "A18")
    station.mount("A17")
    work(station)
    number = peer.share(42, "lot.status", {"lot": "L1", "status": "recalled"})
    peer.give(number)
    station.wait_state("preparing")
    wait_for(lambda: not station.sim("status")["enable"], "the needle to stop")
    station.sim("pedal up")
    assert station.get("Station1", "Fault") == "" and "alert.barred" in [a[0] for a in station.get("Station1", "Alarms")]
    wait_for(lambda: "LotBarred" in str(station.call("Session1", "Refusals")), "the interlock")
    body = bodies(station, "lot.status")[-1]
    assert (body["from"], body["entered_by"], body["leaf"]) == (f"{OTHER} 42", "b7", number)
    station.call("Session1", "RemoveNeedle", "recalled")
    assert refused(station, "A18")[0] == "NeedleRefused"
    # once more changes nothing
    count = len(station.records())
    peer.close()
    peer = chair.peer()
    wait_for(lambda: peer.hello, "the greeting")
    assert peer.hello[0] == number + 1
    again = peer.share(42, "lot.status", {"lot": "L1", "status": "recalled"})
    peer.give(again)
    assert len(station.records()) == count


def test_a_refused_record_is_told_and_those_behind_it_are_taken(chair):
    peer, station = chair.first, chair.station
    numbers = [peer.share(1, "lot.certificate", {"lot": "L9", "file": "c.pdf", "sha256": "0" * 64, "bytes": 1}),
               peer.share(2, "needle.claimed", {"session": 1, "unit": "u", "lot": "L1", "code": "c"}),
               peer.share(3, "lot.status", {"lot": "L1", "status": "quarantined", "from": f"{OTHER} 1"}),
               peer.log.add("record.shared", OTHER, seq=4, record={"seq": 5, "kind": "lot.status", "body": {}}),
               peer.log.add("record.shared", OTHER, seq=6, record="nothing"),
               peer.share(7, "lot.status", {"lot": "L1", "status": "quarantined"})]
    peer.give(*numbers)
    refusals = sorted(bodies(station, "clinic.refused"), key=lambda body: body["number"])
    assert [(body["number"], body["from"]) for body in refusals] == [
        (number, f"{OTHER} {seq}") for number, seq in zip(numbers[:5], (1, 2, 3, 4, 6))]
    assert "not shared here" in refusals[1]["text"] and "shared before" in refusals[2]["text"]
    assert "alert.shared-refused" in [alarm[0] for alarm in station.get("Station1", "Alarms")]
    assert bodies(station, "lot.status")[-1]["from"] == f"{OTHER} 7"
    assert not bodies(station, "needle.claimed")


def test_news_follow_a_record_at_once(clinic):
    peer = clinic.peer()
    wait_for(lambda: peer.hello, "the greeting")
    pause()
    before = peer.news
    clinic.station.call("Station1", "EnrolFirst", clinic.station.enrolment_code(), *harness.ADMINISTRATOR)
    wait_for(lambda: peer.news > before, "news", patience=1)


def test_what_others_wait_for_is_covered_by_a_checkpoint_at_once(chair):
    """The server shares what a checkpoint covers."""
    station = chair.station
    station.record("Inventory1", "lot.status", lot="L1", status="quarantined", reason="blisters leak")
    newest = max(row["seq"] for row in station.audit("records") if row["kind"] == "lot.status")
    assert max(row["size"] for row in station.audit("checkpoints")) >= newest
    before = len(station.audit("checkpoints"))
    chair.first.give(chair.first.share(9, "lot.status", {"lot": "L1", "status": "recalled"}))
    assert len(station.audit("checkpoints")) == before, "one of another station is not shared again"


# ---- peers that lie or make no sense ----

def test_only_what_the_registry_signed_is_taken(chair):
    peer, station = chair.first, chair.station
    before = len(station.records())
    log, other = peer.log, RegistryLog(NoteKey("clinic.example/registry"))
    number = log.add("units.granted", lot="L1", units=[unit("A17")])
    other.leaves, other.hashes = log.leaves, log.hashes
    good = log.proof(number)
    lies = {
        "another key of the same name": (log.leaves[number], log.proof(number, key=other.key)),
        "another leaf": (log.leaves[number].replace(b"A17", b"A18"), good),
        "the proof of another leaf": (log.leaves[number], log.proof(number - 1, number + 1)),
        "a checkpoint that was changed": (log.leaves[number], good.replace(b"\nclinic.example", b"\nclinic.Example", 1)),
        "no proof": (log.leaves[number], b"\n"),
        "an empty leaf": (b"", good),
        "bytes": (bytes(range(256)), bytes(range(256))),
    }
    for what, (leaf, proof) in lies.items():
        peer.leaf(number, leaf or b"\0", proof)
        wait_for(lambda: peer.ended, f"the end of one who sends {what}")  # pylint: disable=cell-var-from-loop
        peer = chair.peer()
        wait_for(lambda: peer.hello, "the next greeting")  # pylint: disable=cell-var-from-loop
        assert peer.hello[0] == number, what
    assert refused(station)[0] == "NeedleRefused"
    assert "alert.registry-contradicts" in [alarm[0] for alarm in station.get("Station1", "Alarms")]
    new = [kind for kind in station.records()[before:] if kind != "needle.refused"]
    assert new == ["alert.raised"], "told once, not each time"
    peer.give(number)
    assert station.mount("A17") == unit("A17")


def test_a_cosigned_checkpoint_is_kept_when_it_is_ones_own(chair, tmp_path):
    station, witness, policy = chair.station, Witness("witness.example/w1"), tmp_path / "policy"
    policy.write_text(f"witness w1 {witness.key()}\nquorum w1\n")
    ledger = station.folder / "state/ledger.db"
    kept = ledger.with_name("ledger.db.cosigned")
    for note in (b"garbage", b"\n", NoteKey(link_peer.ORIGIN).note(f"{link_peer.ORIGIN}\n1\n{'A' * 43}=\n").encode()):
        chair.first.cosigned(note)
    own = ledger.with_name("ledger.db.checkpoint").read_text()

    def comes():
        chair.first.cosigned((own + witness.cosign(own)).encode())
        return kept.exists()
    wait_for(comes, "the cosigned checkpoint")
    assert kept.read_text() == own + witness.cosign(own), "nothing else was kept, and the connection stays"
    assert "witness.example/w1" in ctl(station, "audit", "verify", str(ledger), "--policy", str(policy))


def test_frames_that_make_no_sense_end_the_connection(clinic):
    """tests/unit/test-registry-frame.c has every kind of nonsense."""
    station, chance = clinic.station, random.Random(20260302)
    nonsense = [b"x", bytes(140000), frame(LEAF, struct.pack("<QII", 0, 1 << 31, 0)), frame(ANSWER, bytes(536), magic=1),
                frame(CURSOR, bytes(8)), frame(chance.randrange(8), chance.randbytes(chance.randrange(2000)))]
    for packet in nonsense:
        peer = clinic.peer()
        wait_for(lambda: peer.hello, "the greeting")  # pylint: disable=cell-var-from-loop
        peer.socket.send(packet)
        wait_for(lambda: peer.ended, "its end")  # pylint: disable=cell-var-from-loop
    assert not [kind for kind in station.records() if kind in ("clinic.leaf", "clinic.refused")]
    assert station.get("Session1", "State") == "idle" and station.daemon.poll() is None


def test_an_answer_lets_no_other_command_go_on(chair):
    """Whoever guesses numbers answers requests that nobody made, and orders to the board."""
    peer, station = chair.first, chair.station
    peer.grant("A17")
    station.mount("A17")
    asked = station.start_call("Inventory1", "HoldUnits", dbus.Array([code("B1")], signature="s"))
    numbers = []
    peer.answer = lambda number, what, body: numbers.append(number)
    wait_for(lambda: peer.asked, "the request")
    if not numbers:
        wait_for(asked.done, "its end")
        asked = station.start_call("Inventory1", "HoldUnits", dbus.Array([code("B1")], signature="s"))
        wait_for(lambda: numbers, "the number")
    for offset in range(-40, 40):
        if offset:
            peer.reply((numbers[-1] + offset) % (1 << 64), DONE, "guessed")
    pause()
    assert not asked.done()
    peer.reply(numbers[-1], REFUSED, "held by chair-2")
    assert asked.wait().error == ("org.stipple.Error.RegistryRefused", "held by chair-2")
    assert station.get("Session1", "State") == "preparing"


def test_a_second_peer_takes_the_place_of_the_first(chair):
    first, station = chair.first, chair.station
    mount = station.start_call("Session1", "MountNeedle", code("A17"))
    wait_for(lambda: first.asked, "the request")
    second = chair.peer()
    wait_for(lambda: second.hello and first.ended, "the change")
    assert second.hello[0] == len(chair.log.leaves)
    name, _ = mount.wait().error
    assert name.endswith("NeedleRefused")
    second.grant("A17")
    assert station.mount("A17") == unit("A17")


def test_a_flood_of_leaves_delays_no_stroke(chair):
    peer, station = chair.first, chair.station
    peer.grant("A17")
    station.mount("A17")
    work(station)
    for i in range(600):
        peer.log.add("units.granted", lot="L1", units=[unit(f"F{i}")])
    size = len(peer.log.leaves)
    flood = range(size - 600, size)
    before = station.get("Session1", "Strokes")
    for number in flood:
        peer.leaf(number)
        if number % 50 == 0:
            peer.report(text=f"report {number}")
    assert station.get("Session1", "State") == "working" and station.get("Station1", "Fault") == ""
    wait_for(lambda: peer.cursor == size, "the leaves")
    assert station.get("Session1", "Strokes") > before
    station.call("Session1", "Disarm")
    station.sim("pedal up")
    made = station.get("Session1", "Strokes")
    station.call("Session1", "RemoveNeedle", "dull")
    row, = station.audit("unit", unit=unit("A17"))
    assert row["strokes"] == made and station.get("Station1", "Fault") == ""
    assert len(station.call("Inventory1", "HeldUnits")["units"]) == 600
    assert station.mount("F599") == unit("F599")


def test_a_daemon_that_is_killed_while_leaves_come_has_each_once(chair):
    peer, station = chair.first, chair.station
    numbers = [peer.log.add("units.granted", lot="L1", units=[unit(f"K{i}")]) for i in range(60)]
    for number in numbers:
        peer.leaf(number)
    wait_for(lambda: peer.cursor > numbers[5], "some leaves")
    station.daemon.send_signal(signal.SIGKILL)
    station.kill()
    station.start()
    station.wait_board()
    peer = chair.peer()
    wait_for(lambda: peer.hello, "the greeting")
    peer.give(*range(peer.hello[0], len(peer.log.leaves)))
    kept = [body["number"] for body in bodies(station, "clinic.leaf")]
    assert kept == sorted(set(kept)) and kept[-60:] == numbers


# ---- stock ----

def test_stock_is_held_moved_and_listed(chair, tmp_path):
    peer, station = chair.first, chair.station
    codes = [code(f"B{i}") for i in range(3)]

    def answers(number, what, body):
        if what == "hold":
            peer.reply(number, DONE, f"{len(body['units'])} cartridges are held", peer.offer("units.granted", **body))
        elif what == "move":
            peer.reply(number, DONE, "moved to chair-2", peer.offer("units.moved", to=OTHER, units=body["units"]))
    assert "holds no cartridge" in ctl(station, "stock", "held")
    peer.answer = answers
    assert ctl(station, "stock", "hold", *codes) == "3 cartridges are held\n"
    assert peer.asked[-1] == ("hold", {"lot": "L1", "units": [unit(f"B{i}") for i in range(3)]})
    assert ctl(station, "stock", "held").count("(21)B") == 3
    assert "no station" in ctl(station, "stock", "move", "--to", "chair-9", codes[0], status=1)
    # released before the registry is asked: whatever becomes of that, it is used here no more
    peer.answer = None
    assert "released here" in ctl(station, "stock", "move", "--to", "chair-2", codes[0], status=1)
    assert refused(station, "B0")[0] == "NeedleRefused"
    peer.answer = answers
    assert ctl(station, "stock", "move", "--to", "chair-2", codes[0]) == "moved to chair-2\n"
    assert len(bodies(station, "clinic.released")) == 1, "asked again, it is not released again"
    assert [json.loads(line)["unit"] for line in ctl(station, "stock", "held", "--json").splitlines()] == [unit("B1"), unit("B2")]
    assert "--to" in ctl(station, "stock", "move", codes[1], status=2)
    assert "no serial" in ctl(station, "stock", "hold", f"]d201{harness.GTIN}10L1", status=1)
    assert station.mount("B1") == unit("B1")


# ---- how the link is ----

def test_status_doctor_and_properties_say_how_the_link_is(clinic):
    station = clinic.station
    assert station.doctor("registry")[:2] == (1, "stipple-registryd, which asks the clinic's registry, does not run")
    peer = clinic.peer(joins=True)
    peer.report(mirrored=41, waiting=2, text="connected to clinic.example", cosigned="clinic.example/mirror")
    wait_for(lambda: station.get("Station1", "RegistryConnected"), "the report")
    assert (station.get("Station1", "Mirrored"), station.get("Station1", "Unmirrored")) == (41, 2)
    assert station.get("Station1", "Cosigned") == "clinic.example/mirror"
    assert station.doctor("registry") == (0, "connected to clinic.example", "")
    status = ctl(station, "status")
    assert re.search(r"Registry +connected to clinic.example", status) and re.search(r"BootConfirmed +2026", status)
    peer.report(connected=False, warnings=1 << 5, text="the certificate ends soon", advice="renew it")
    wait_for(lambda: not station.get("Station1", "RegistryConnected"), "the report")
    assert station.doctor("registry") == (1, "the certificate ends soon", "renew it")
    peer.report(warnings=1 << 1, text="cartridge X was granted to two stations")
    wait_for(lambda: "alert.registry-contradicts" in [alarm[0] for alarm in station.get("Station1", "Alarms")], "the alarm")
    peer.close()
    wait_for(lambda: not station.get("Station1", "RegistryConnected"), "the end")


def test_a_hundred_reports_are_few_signals(clinic):
    station, peer, heard = clinic.station, clinic.peer(joins=True), []
    station.connection.add_signal_receiver(lambda *values: heard.append(values[1]), "PropertiesChanged",
                                           "org.freedesktop.DBus.Properties", harness.NAME)
    for i in range(100):
        peer.report(mirrored=i, text=f"report {i}")
    wait_for(lambda: station.get("Station1", "Mirrored") == 99, "the last report")
    harness.dispatch()
    assert len([changed for changed in heard if "Registry" in changed]) < 50


def test_away_is_the_answer_to_all_that_registryd_cannot_ask(chair):
    peer, station = chair.first, chair.station
    peer.answer = lambda number, what, body: peer.reply(number, AWAY, "")
    begun = time.monotonic()
    assert "cannot be asked now" in refused(station)[1]
    assert "nothing is held" in ctl(station, "stock", "hold", code("B1"), status=1)
    assert time.monotonic() - begun < 2 * harness.PATIENCE_S
