# SPDX-License-Identifier: Apache-2.0
"""Lots, cartridges, pigments and handpieces of a station that runs: who may use what, and until when."""

import datetime
import hashlib
import json
import sqlite3
import subprocess
import time

import dbus
import pytest

import harness
from harness import GTIN, wait_for


def form_refused(station, interface, kind, **fields):
    return station.refused(interface, "Record", kind, dbus.Dictionary(fields, signature="sv"), "")


def enter(station, kind, interface="Inventory1", pin="", **fields):
    return station.record(interface, kind, pin, **fields)


def refusals(station):
    return [str(r[0]) for r in station.call("Session1", "Refusals")]


def alerts(station, alert):
    return [r["body"]["text"] for r in station.audit("records", kind="alert.raised") if r["body"]["alert"] == alert]


def sign_in_as(station, badge, pin, role):
    station.enrol(badge, pin, role)
    station.call("Station1", "Logout")
    station.sign_in(badge, pin)


def configure(station, section, text):
    """Starts the station over with more lines in a section of its configuration."""
    station.stop()
    config = station.config.read_text()
    if f"[{section}]\n" not in config:
        config = config.replace("[mqtt]\n", f"[{section}]\n[mqtt]\n")
    station.config.write_text(config.replace(f"[{section}]\n", f"[{section}]\n{text}\n"))
    station.start()


def receive(station, lot, **fields):
    fields = {"certificate": "EO-1", **fields}
    fields = {key: value for key, value in fields.items() if value is not None}
    quantity = {key: dbus.UInt32(fields.pop(key)) for key in ("quantity", "low_stock") if key in fields}
    with station.somebody():
        station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
            {"gtin": GTIN, "lot": lot, "product": "Cartridge", "maker": "Maker", "expiry": "2031-12-31", **fields,
             **quantity}, signature="sv"))


def work(station):
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")


# ---- lots ----

def test_nobody_receives_without_signing_in(station):
    station.enrol("a1", "2222", "auditor")
    for name in ("NotSignedIn", "RoleMissing"):
        assert station.refused("Inventory1", "ReceiveLot", dbus.Dictionary(
            {"lot": "L7", "product": "1RL", "maker": "M", "expiry": "2031-12-31", "quantity": dbus.UInt32(1)},
            signature="sv"))[0] == name
        assert station.refused("Inventory1", "AttachCertificate", dbus.Dictionary(
            {"lot": "L7", "file": "eo.pdf"}, signature="sv"), dbus.ByteArray(b"x"))[0] == name
        if name == "NotSignedIn":
            station.sign_in("a1", "2222")
    assert "lot.received" not in station.records()
    station.call("Station1", "Logout")
    receive(station, "L7", quantity=1)
    record, = station.audit("deliveries")
    assert record["actor"] == harness.ADMINISTRATOR[0]


def test_a_lot_comes_with_its_evidence(station):
    evidence = {"configuration": "1RL 0.25", "supplier": "Dealer", "purchase": "PO-17", "certificate": "EO-4711",
                "certificate_file": "eo.pdf", "certificate_sha256": "ab" * 32, "membrane": True,
                "membrane_reference": "M-3"}
    receive(station, "L7", quantity=3, **evidence)
    row, = station.audit("lot", lot="L7")
    assert {key: row[key] for key in evidence} == {**evidence, "membrane": 1}
    assert (row["status"], row["left"]) == ("released", 3)
    station.stop()  # the file that it names is elsewhere: nothing lacks
    assert "sound" in ctl(station, "audit", "verify", str(station.folder / "state/ledger.db"))


def test_a_certificate_is_kept_whole(station):
    file = bytes(range(256)) * 1000
    station.enrol()
    station.sign_in()
    receive(station, "L7", quantity=3)
    fields = dbus.Dictionary({"lot": "L7", "gtin": GTIN, "file": "eo.pdf", "certificate": "EO-1"}, signature="sv")
    number = station.call("Inventory1", "AttachCertificate", fields, dbus.ByteArray(file))
    row, = station.audit("lot", lot="L7")
    assert (row["certificate"], row["certificate_file"]) == ("EO-1", "eo.pdf")
    assert row["certificate_sha256"] == hashlib.sha256(file).hexdigest()
    record, = station.audit("certificates", lot="L7")
    assert (record["seq"], record["body"]["bytes"]) == (number, len(file))
    assert station.refused("Inventory1", "AttachCertificate",
                           dbus.Dictionary({"lot": "L8", "file": "f"}, signature="sv"), dbus.ByteArray(b"x"))[0] == "Unknown"
    for lot, data in (("L" * 5000, dbus.ByteArray(b"x")), ("L7", dbus.Array(signature="y")),
                      ("L7", dbus.ByteArray(b"x" * (4 << 20 | 1)))):
        assert station.refused("Inventory1", "AttachCertificate", dbus.Dictionary({"lot": lot, "file": "f"}, signature="sv"),
                               data)[0] == "InvalidArgument"
    station.stop()
    with sqlite3.connect(station.folder / "state/ledger.db") as db:
        kept, = db.execute("SELECT data FROM attachment WHERE seq = ?", [int(number)]).fetchone()
    assert kept == file


def test_evidence_that_the_profile_asks_for_must_be_there(station):
    configure(station, "station", "profile = ca-on")
    receive(station, "BARE", quantity=3, certificate=None)
    receive(station, "HALF", quantity=3)
    receive(station, "GOOD", quantity=3, membrane=True)
    station.wait_board()
    station.enrol()
    station.sign_in()
    station.begin("P-1")
    with pytest.raises(dbus.DBusException, match="no sterilisation certificate on record"):
        station.mount("A1", "BARE")
    with pytest.raises(dbus.DBusException, match="no proof of a barrier membrane on record"):
        station.mount("A1", "HALF")
    station.mount("A1", "GOOD")
    claim, = station.audit("records", kind="needle.claimed")
    assert claim["body"]["evidence"] == ["certificate", "membrane"]


def test_a_recalled_lot_is_barred_at_once(station):
    station.prepare()
    assert refusals(station) == []
    enter(station, "lot.status", lot="L1", status="recalled", reason="notice 12")
    refusal, = station.call("Session1", "Refusals")
    assert refusal[0] == "needle-lot" and "lot L1" in refusal[1] and "notice" not in refusal[1]
    assert station.refused("Session1", "Arm")[0] == "LotBarred"
    station.call("Session1", "RemoveNeedle", "recalled")
    with pytest.raises(dbus.DBusException, match="lot L1 is recalled"):
        station.mount("A18")
    refused, = station.audit("records", kind="needle.refused")
    assert refused["body"]["refusal"] == "barred"
    name, text = form_refused(station, "Inventory1", "lot.status", lot="L1", status="released", reason="mistake")
    assert name == "RoleMissing" and "supervisor" in text
    sign_in_as(station, "s1", "2222", "supervisor")
    enter(station, "lot.status", lot="L1", status="released", reason="notice 12 withdrawn")
    station.call("Station1", "Logout")
    station.sign_in()
    station.mount("A18")
    assert refusals(station) == []


def test_a_recall_stops_the_needle_that_is_at_work(station):
    station.prepare()
    work(station)
    enter(station, "lot.status", lot="L1", status="quarantined", reason="blisters leak")
    station.wait_state("preparing")
    wait_for(lambda: not station.sim("status")["enable"], "the needle to stop")
    assert station.get("Station1", "Fault") == ""
    assert len(alerts(station, "barred")) == 1


def test_low_stock_is_told_once(station):
    station.enrol()
    receive(station, "L1", quantity=4, low_stock=2)
    station.wait_board()
    station.sign_in()
    station.begin("P-1")
    assert station.doctor("stock")[:2] == (0, "no lot is low")
    for serial in ("A1", "A2", "A3"):
        station.mount(serial)
        station.call("Session1", "RemoveNeedle", "changed")
        wait_for(lambda: station.audit("stock")[0]["low"] == (serial != "A1"), "the stock")
    wait_for(lambda: alerts(station, "stock-low"), "the alert")
    assert ["has 2 cartridges left" in text for text in alerts(station, "stock-low")] == [True]
    assert station.doctor("stock") == (1, "lot L1 has 1 left", "order more")
    station.stop()
    station.start()
    wait_for(lambda: station.doctor("stock")[0] == 1, "the stock")
    assert len(alerts(station, "stock-low")) == 1


# ---- units ----

def test_a_unit_is_disposed_of_or_damaged(station):
    station.prepare()
    unit = station.get("Session1", "Unit")
    name, text = form_refused(station, "Inventory1", "needle.disposed", unit=unit, container="SC-7")
    assert name == "InvalidArgument" and "still mounted" in text
    station.call("Session1", "RemoveNeedle", "dull")
    enter(station, "needle.disposed", unit=unit, container="SC-7")
    row, = station.audit("unit", unit=unit)
    assert (row["state"], row["container"], row["ended_by"]) == ("disposed", "SC-7", "b1001")
    assert form_refused(station, "Inventory1", "needle.disposed", unit=unit, container="SC-8")[0] == "Exists"
    torn = f"]d201{GTIN}1731123110L1\x1d21T1"
    enter(station, "needle.damaged", code=torn, reason="blister torn")
    with pytest.raises(dbus.DBusException, match="put down as damaged"):
        station.mount("T1")
    assert form_refused(station, "Inventory1", "needle.damaged", code="(01)1", reason="x")[0] == "NeedleRefused"
    enter(station, "needle.disposed", code=torn, container="SC-7")
    assert [r["state"] for r in station.audit("needles")] == ["disposed", "disposed"]
    assert station.audit("lot", lot="L1")[0]["used"] == 2


def test_of_many_clients_one_gets_the_needle(station):
    """One cartridge is offered by several programs at the same moment, over and over."""
    station.wait_board()
    station.enrol()
    receive(station, "L1", quantity=100)
    station.sign_in()
    station.begin("P-1")
    clients = [station.share_sign_in(station.connect()) for _ in range(6)]
    for turn in range(8):
        code = f"]d201{GTIN}1731123110L1\x1d21C{turn}"
        calls = [station.start_call("Session1", "MountNeedle", code, connection=client) for client in clients]
        won = [call for call in calls if not call.wait().error]
        assert len(won) == 1, [call.error for call in calls]
        assert {call.error[0].rsplit(".", 1)[1] for call in calls if call.error} <= {"Busy", "WrongState",
                                                                                   "NeedleRefused"}
        station.call("Session1", "RemoveNeedle", "next")
        losers = [station.start_call("Session1", "MountNeedle", code, connection=client) for client in clients]
        assert all(call.wait().error for call in losers), "a used cartridge was mounted"
    assert station.audit("lot", lot="L1")[0]["used"] == 8
    assert len({r["unit"] for r in station.audit("needles")}) == 8


def test_the_ledger_file_itself_holds_a_unit_once(station):
    station.prepare()
    unit = str(station.get("Session1", "Unit"))
    station.stop()
    with sqlite3.connect(station.folder / "state/ledger.db") as db:
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("INSERT INTO unit(unit, seq, session, gtin, lot, operator, utc_us) VALUES(?, 1, 1, '', '', '', 1)",
                       [unit])


# ---- wear ----

def test_a_worn_cartridge_is_warned_of_and_stopped(station):
    configure(station, "needle", "life_strokes = 900\nlife_warn_percent = 50")
    station.prepare()
    work(station)
    station.wait_state("preparing")
    wait_for(lambda: not station.sim("status")["enable"], "the needle to stop")
    station.sim("pedal up")
    assert station.get("Station1", "Fault") == ""
    wait_for(lambda: alerts(station, "needle-worn"), "the alert")
    assert len(alerts(station, "needle-wear")) == 1 and len(alerts(station, "needle-worn")) == 1
    assert station.get("Session1", "NeedleStrokes") >= 900
    name, text = station.refused("Session1", "Arm")
    assert name == "NeedleWorn" and "of at most 900 strokes" in text
    unit = station.get("Session1", "Unit")
    station.call("Session1", "RemoveNeedle", "worn")
    assert station.audit("unit", unit=unit)[0]["strokes"] >= 900
    station.mount("A18")
    assert refusals(station) == []
    work(station)


def test_a_cartridge_put_back_goes_on_from_where_it_was(station):
    configure(station, "needle", "life_strokes = 100000")
    station.sim("cartridge insert c0ffee01")
    wait_for(lambda: station.get("Station1", "BoardConnected"), "the board")
    station.prepare()
    work(station)
    wait_for(lambda: station.get("Session1", "NeedleStrokes") > 300, "strokes")
    time.sleep(1.1)  # of work: seconds are counted, too
    station.call("Session1", "RemoveNeedle", "dropped")  # at work: this stops it
    station.sim("pedal up")
    row, = station.audit("needles")
    strokes = row["strokes"]
    assert strokes > 300 and row["worked_s"] >= 1
    station.mount()
    assert "needle.reseated" in station.records()
    assert station.get("Session1", "NeedleStrokes") == strokes
    assert station.audit("needles")[0]["state"] == "mounted"
    station.call("Session1", "RemoveNeedle", "changed")
    assert station.audit("needles")[0]["worked_s"] == row["worked_s"], "nothing was done with it meanwhile"


# ---- pigments ----

BOTTLE = {"brand": "Brand", "colour": "black-3", "lot": "PG7", "expiry": "2031-01-31", "quantity": "2",
          "volume_ml": "15"}


def test_a_pigment_is_received_where_the_profile_asks_for_it(station):
    station.prepare()  # under us-ca, which does not ask
    configure(station, "station", "profile = us-neha")
    station.wait_board()
    station.sign_in()
    station.begin("P-0002")
    name, text = station.refused("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    assert name == "Unknown" and "pigment lot PG7 is not on record: receive it first" in text
    gap, = station.audit("check", rule="pigment-received")
    assert gap["subject"] == "pigment Brand black-3 lot PG7"
    enter(station, "pigment.received", **BOTTLE)
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    assert station.audit("check", rule="pigment-received") == []
    assert [r["missing"] for r in station.audit("check", rule="pigment-purpose")] == ["its intended use"]
    loaded = station.audit("records", kind="pigment.loaded")
    assert [r["body"].get("received") for r in loaded] == [None, True]


def test_pigments_on_record_blends_and_zones(station):
    station.prepare()
    enter(station, "pigment.received", **BOTTLE)
    enter(station, "pigment.received", **{**BOTTLE, "colour": "brown-1", "lot": "PG8", "expiry": "2030-06-30"})
    enter(station, "pigment.blended", blend="B1", colour="dark", parts="PG7:2, PG8:1")
    blend, = station.audit("blends", lot="PG8")
    assert blend["expiry"] == "2030-06-30" and [p["parts"] for p in blend["parts"]] == [2.0, 1.0]
    name, text = station.refused("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2032-01-31")
    assert name == "InvalidArgument" and "2031-01-31 by its record" in text
    station.call("Session1", "LoadPigment", "blend", "dark", "B1", "2030-06-30")
    work(station)
    wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Disarm")
    loaded = {row["lot"]: row["zones"] for row in station.audit("pigments", session=1)}
    assert loaded == {"PG7": [], "B1": ["crown"]}
    enter(station, "pigment.status", lot="PG8", status="recalled", reason="notice 13")
    name, text = station.refused("Session1", "Arm")
    assert name == "NoPigment" and "recalled" in text and "notice" not in text
    assert station.refused("Session1", "LoadPigment", "blend", "dark", "B1", "2030-06-30")[0] == "Barred"
    reached, = station.audit("recall", lot="PG8")
    assert (reached["item"], reached["subject"], reached["session"]) == ("blend", "P-0001", 1)
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    assert refusals(station) == []


# ---- handpieces ----

def test_a_handpiece_must_be_on_record_where_it_is_used_again(station):
    configure(station, "session", "handpiece_required = yes")
    station.prepare()
    assert refusals(station) == ["handpiece"]
    assert form_refused(station, "Session1", "handpiece.mounted", handpiece="H1")[0] == "Unknown"
    enter(station, "handpiece.registered", handpiece="H1", model="rotary")
    name, text = form_refused(station, "Session1", "handpiece.mounted", handpiece="H1")
    assert name == "Barred" and "sterilise it first" in text
    row, = station.audit("handpieces")
    assert (row["state"], row["session"]) == ("in-service", None)
    enter(station, "handpiece.retired", handpiece="H1", reason="worn")
    assert "retired" in form_refused(station, "Session1", "handpiece.mounted", handpiece="H1")[1]


def load(station, number, hours_ago, *items, exposure_s=240.0, program="B 134", temperature_c="134.5"):
    """A cycle of steriliser A with these items, released once it has ended."""
    started = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours_ago)).replace(microsecond=0)
    enter(station, "cycle.recorded", sterilizer="A", cycle=str(number), program=program, temperature_c=temperature_c,
          exposure_s=str(exposure_s), pressure_kpa="313", mechanical="pass", integrator="pass", chemical="pass",
          contents=", ".join(items), started=started.strftime("%Y-%m-%dT%H:%M:%SZ"))
    ended = started + datetime.timedelta(seconds=exposure_s)
    wait_for(lambda: datetime.datetime.now(datetime.timezone.utc) > ended, "the end of the cycle", 60)
    enter(station, "cycle.released", pin="4711", sterilizer="A", cycle=str(number))


def spore_test(station, result, hours_ago):
    tested = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours_ago))
    enter(station, "indicator.tested", sterilizer="A", lot="BI9", expiry="2031-01-31", control="growth", result=result,
          incubation_h="24", tested=tested.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_a_handpiece_goes_round_from_the_steriliser_to_the_session(station):
    configure(station, "session", "handpiece_required = yes")
    station.enrol("s1", "2222", "supervisor")
    station.sign_in("s1", "2222")
    enter(station, "sterilizer.registered", sterilizer="A", maker="M", model="B18", serial="7", installed="2026-01-01")
    station.call("Station1", "Logout")
    station.prepare()
    enter(station, "handpiece.registered", handpiece="H1", model="rotary")
    spore_test(station, "pass", 60)
    assert refusals(station) == ["handpiece"]
    load(station, 1, 50, "H1")
    enter(station, "handpiece.mounted", interface="Session1", handpiece="H1")
    assert refusals(station) == []
    work(station)
    spore_test(station, "fail", 40)
    station.wait_state("preparing")
    station.sim("pedal up")
    assert {"handpiece", "sterilization"} & set(refusals(station))
    name, text = form_refused(station, "Session1", "handpiece.mounted", handpiece="H1")
    assert name == "Barred" and "blocked" in text
    spore_test(station, "pass", 30)
    # begun after the handpiece was last used, and as short as a cycle can be
    load(station, 2, -1 / 3600, "H1", exposure_s=10.0, program="beads", temperature_c="220")
    enter(station, "handpiece.mounted", interface="Session1", handpiece="H1")
    assert refusals(station) == []
    station.call("Session1", "Abandon", "over")
    station.begin("P-0002")
    assert "was used since" in form_refused(station, "Session1", "handpiece.mounted", handpiece="H1")[1]


# ---- from the command line ----

def ctl(station, *words, stdin="", status=0):
    done = subprocess.run([harness.BUILD / "ctl/stipplectl", *words], env=station.environment(), input=stdin, text=True,
                          capture_output=True, timeout=harness.PATIENCE_S, check=False)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def test_it_is_all_there_on_the_command_line(station, tmp_path):
    station.wait_board()
    station.enrol()
    station.sign_in()
    certificate = tmp_path / "eo.pdf"
    certificate.write_bytes(b"a certificate")
    lot = ["lot=L1", "expiry=2031-12-31", "quantity=3", "product=1RL", "maker=M", f"gtin={GTIN}"]
    assert "nothing was recorded" in ctl(station, "needle", "receive", *lot, "certificate_file=/none", status=1)
    assert "membrane=yes or no" in ctl(station, "needle", "receive", *lot, "membrane=maybe", status=2)
    ctl(station, "needle", "receive", *lot, "membrane=yes", "low_stock=1", "configuration=1RL 0.25",
        f"certificate_file={certificate}")
    row, = station.audit("lots")
    assert (row["certificate_file"], row["membrane"], row["low_stock"]) == ("eo.pdf", 1, 1)
    assert row["certificate_sha256"] == hashlib.sha256(b"a certificate").hexdigest()
    assert row["certificate"] == "eo.pdf"
    ctl(station, "needle", "certificate", str(certificate), "lot=L1", "certificate=EO-17")
    assert [row["certificate"] for row in station.audit("lots")] == ["EO-17"]
    ctl(station, "needle", "status", "lot=L1", "status=quarantined", "reason=late papers")
    ctl(station, "needle", "status", "lot=L1", "status=released", "reason=papers came")
    ctl(station, "needle", "damage", f"code=(01){GTIN}(17)311231(10)L1(21)T1", "reason=torn")
    ctl(station, "needle", "dispose", f"unit=(01){GTIN}(21)T1", "container=SC-7")
    ctl(station, "pigment", "receive", "brand=B", "colour=c", "lot=P1", "expiry=2031-01-31", "quantity=2")
    ctl(station, "pigment", "receive", "brand=B", "colour=d", "lot=P2", "expiry=2031-01-31", "quantity=2")
    ctl(station, "pigment", "blend", "blend=B1", "colour=cd", "parts=P1:1,P2:2")
    ctl(station, "pigment", "status", "lot=P2", "status=recalled", "reason=notice")
    ctl(station, "handpiece", "register", "handpiece=H1", "model=rotary")
    assert "no session is open" in ctl(station, "handpiece", "mount", "handpiece=H1", status=1)
    ctl(station, "handpiece", "retire", "handpiece=H1", "reason=worn")


def audit_rows(station, *words):
    return [json.loads(line) for line in ctl(station, "--json", "audit", *words).splitlines()]


def test_a_lot_is_delivered_again(station):
    station.wait_board()
    station.enrol()
    station.sign_in()
    station.begin("P-1")
    product = ["lot=L9", "product=1RL", "maker=M", f"gtin={GTIN}"]
    lot = [*product, "expiry=2031-12-31"]
    code = f"(01){GTIN}(10)L9"

    def mount(number):
        assert ctl(station, "needle", "mount", code) == f"claimed {code}#{number}\n"
        ctl(station, "needle", "remove", "changed")

    ctl(station, "needle", "receive", *lot, "quantity=1", "supplier=Dealer", "purchase=PO-1", "certificate=EO-1")
    mount(1)
    assert "all 1 cartridges of lot L9 have been used" in ctl(station, "needle", "mount", code, status=1)
    assert "quantity must be 1 to 100000, not 0" in ctl(station, "needle", "receive", *lot, "quantity=0", status=1)
    said = ctl(station, "needle", "receive", *product, "quantity=2", "expiry=2032-01-31", status=1)
    assert 'on record with expiry "2031-12-31", not "2032-01-31": check the label' in said
    ctl(station, "needle", "status", "lot=L9", "status=quarantined", "reason=late papers")
    assert "L9 is quarantined: set" in ctl(station, "needle", "receive", *lot, "quantity=2", status=1)
    ctl(station, "needle", "status", "lot=L9", "status=released", "reason=papers came")
    ctl(station, "needle", "receive", *lot, "quantity=2", "purchase=PO-2", "certificate=EO-2")
    row, = audit_rows(station, "lots")
    assert (row["quantity"], row["used"], row["left"], row["certificate"], row["purchase"]) == (3, 1, 2, "EO-2", "PO-2")
    mount(2)
    mount(3)
    assert "all 3 cartridges" in ctl(station, "needle", "mount", code, status=1)
    first, second = audit_rows(station, "deliveries", "lot=L9")
    assert (first["quantity"], first["supplier"], first["purchase"], first["certificate"]) == (1, "Dealer", "PO-1", "EO-1")
    assert (second["quantity"], second["supplier"], second["purchase"], second["certificate"]) == (2, None, "PO-2", "EO-2")
    assert second["received"] == row["received"] > first["received"]
    assert audit_rows(station, "deliveries", f"after={first['seq']}", "limit=5") == [second]
    assert [r["what"] for r in audit_rows(station, "recall", "lot=L9")] == [f"{code}#{n}" for n in (1, 2, 3)]
    for quantity in (2, 3):
        ctl(station, "pigment", "receive", "brand=B", "colour=c", "lot=P1", "expiry=2031-01-31", f"quantity={quantity}")
    assert [row["quantity"] for row in audit_rows(station, "pigment-lots")] == [5]
    assert [row["quantity"] for row in audit_rows(station, "pigment-deliveries", "lot=P1")] == [2, 3]
    station.stop()
    verified = ctl(station, "audit", "verify", str(station.folder / "state/ledger.db"))
    assert "sound" in verified, verified


def test_a_scanner_types_codes(station):
    """What a keyboard wedge sends: the code with FNC1 as 0x1D, ended by a carriage return, line feed or both."""
    station.wait_board()
    station.enrol()
    station.receive_lot()
    station.sign_in()
    station.begin("P-1")
    code = f"]d201{GTIN}17311231" + "10L1\x1d21W{}"
    said = ctl(station, "needle", "mount", stdin=f"nonsense\x02\n\n{code.format(1)}\r\n")
    assert said == f"claimed (01){GTIN}(21)W1\n"
    assert "still mounted" in ctl(station, "needle", "mount", stdin=code.format(2) + "\n", status=1)
    ctl(station, "needle", "mount", stdin="", status=1)
