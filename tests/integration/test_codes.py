# SPDX-License-Identifier: Apache-2.0
"""Codes of cartridges: read by whoever asks, scanned by the station's own scanner, and as identities in the ledger."""

import json
import os
import shutil
import subprocess

import dbus
import pytest

import harness
from harness import BUILD, NAME, dispatch, wait_for

HIBC = "+A99912345/$$53136510X3"
FULL = f"]d201{harness.GTIN}1731123110L1\x1d21A17"


def check_character(text):
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
    return values[sum(values.index(c) for c in text) % 43]


def whole(text):
    return text + check_character(text)


@pytest.fixture
def scanning():
    """A station with a scanner, what it told, and a function that scans."""
    station = harness.Station(extra="""[scanner]
plugin = scanner-sim
fnc1 = ~
[plugin.scanner-sim]
fifo = FIFO
""")
    try:
        shutil.copy(BUILD / "tests/integration/scanner-sim/scanner-sim.so", station.folder / "plugins")
        station.config.write_text(station.config.read_text().replace("FIFO", f"{station.folder}/scanner"))
        os.mkfifo(station.folder / "scanner")
        station.start()
        station.heard = []
        station.connection.add_signal_receiver(lambda code, fields: station.heard.append((str(code), fields)),
                                               "Scanned", "org.stipple.Inventory1", NAME)

        def scan(code):
            with open(station.folder / "scanner", "wb") as scanner:
                scanner.write(code + b"\n")

            def told():
                dispatch()
                return station.heard and station.heard.pop(0)
            return wait_for(told, "the signal")
        station.scan = scan
        yield station
        station.stop()
    finally:
        station.close()


def test_scanned_codes_are_told(scanning):
    code, fields = scanning.scan(FULL.encode())
    assert code == FULL
    assert fields == scanning.call("Inventory1", "ParseCode", FULL)
    assert fields["valid"] and fields["format"] == "gs1" and fields["unit"] == f"(01){harness.GTIN}(21)A17"
    code, fields = scanning.scan(f"01{harness.GTIN}10L1~21A17".encode())
    assert fields["unit"] == f"(01){harness.GTIN}(21)A17", "the substitute for FNC1 is read"
    code, fields = scanning.scan(whole(HIBC).encode())
    assert fields["format"] == "hibc" and fields["unit"] == "hibc:A9991234(10)10X3"
    code, fields = scanning.scan(b"\xff\xfe broken")
    assert code == "?? broken" and not fields["valid"] and fields["complaints"]
    assert scanning.get("Session1", "Unit") == "", "nothing is mounted by a scan"
    assert not [k for k in scanning.records() if k.startswith("needle")]


def test_doctor_knows_the_scanner(scanning):
    def scanner():
        return {str(c): (int(level), str(text)) for c, level, text, _ in scanning.call("Station1", "Doctor")}["scanner"]
    wait_for(lambda: scanner() == (0, "connected"), "the scanner")
    scanning.stop()
    (scanning.folder / "plugins/scanner-sim.so").unlink()
    scanning.start()
    level, text = scanner()
    assert level == 2 and "scanner-sim.so" in text


def test_every_complaint_is_told(station):
    fields = station.call("Inventory1", "ParseCode", "0109506000134353" "17281332" "10a#b")
    assert not fields["valid"] and "unit" not in fields
    assert [(c["severity"], c["field"], int(c["position"])) for c in fields["complaints"]] == [
        ("error", "(01) GTIN", 15), ("error", "(17) expiry date", 20), ("error", "(10) lot", 27)]
    assert "check digit 3 instead of 2" in fields["complaints"][0]["text"]


def test_a_hibc_cartridge_is_used_once(station):
    station.wait_board()
    station.enrol()
    station.sign_in()
    for lot in ("10X3", "SER"):
        station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
            {"gtin": "hibc:A9991234", "lot": lot, "product": "1RL 0.25", "maker": "Maker", "expiry": "2031-12-31",
             "certificate": "EO-1", "quantity": dbus.UInt32(2)}, signature="sv"))
    assert station.refused("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"gtin": "hibc:9", "lot": "X", "product": "p", "maker": "m", "expiry": "2031-12-31",
         "quantity": dbus.UInt32(2)}, signature="sv"))[0] == "InvalidArgument"
    station.begin("P-0001")

    def mount(code):
        return str(station.call("Session1", "MountNeedle", whole(code)))

    def remove():
        station.call("Session1", "RemoveNeedle", "done")
    assert mount(HIBC) == "hibc:A9991234(10)10X3#1"
    remove()
    assert mount(HIBC) == "hibc:A9991234(10)10X3#2", "of a lot each cartridge has a number"
    remove()
    assert "have been used" in station.refused("Session1", "MountNeedle", whole(HIBC))[1]
    serial = "+A99912340/$SER/S0001"
    assert mount(serial) == "hibc:A9991234(21)0001"
    remove()
    assert "was used on" in station.refused("Session1", "MountNeedle", whole(serial))[1]
    assert "offset 23: check character is '!'" in station.refused("Session1", "MountNeedle", HIBC + "!")[1]
    rows = station.audit("lot", lot="10X3", gtin="hibc:A9991234")
    assert [(r["quantity"], r["used"]) for r in rows] == [(2, 2)]


def begun(station):
    """A session in which cartridges of lot L1 can be mounted."""
    station.wait_board()
    station.enrol()
    station.sign_in()
    station.receive_lot()
    station.begin("P-0001")


def mounted(station, code):
    """The unit that a code was claimed as; it is taken out again."""
    unit = str(station.call("Session1", "MountNeedle", code))
    station.call("Session1", "RemoveNeedle", "done")
    return unit


def test_the_two_symbols_of_a_label_are_joined(station):
    first, second = f"]C101{harness.GTIN}", "]C11731123110L1\x1d21"
    begun(station)

    def refused(code):
        return station.refused("Session1", "MountNeedle", code)[1]
    assert "scan the label's other code next" in refused(first)
    assert mounted(station, second + "B1") == f"(01){harness.GTIN}(21)B1"
    assert "(01) GTIN is missing" in refused(second + "B2"), "the first symbol was used up with its cartridge"
    assert mounted(station, first) == f"(01){harness.GTIN}(21)B2", "in whatever order"
    assert "(01) GTIN is missing" in refused("1731123110L1"), "of a scanner that sends no symbology identifier"
    kept = [r["body"]["code"] for r in station.audit("records", kind="needle.claimed")]
    assert kept == [f"]C101{harness.GTIN}]C11731123110L1<1D>21B1", f"]C11731123110L1<1D>21B2]C101{harness.GTIN}"], \
        "both are on record"


def test_what_is_no_cartridge_is_not_mounted_and_every_way_to_write_one_is(station):
    begun(station)
    for code, why in (("HTTPS://EX.CO/A", "web address"), (f"(01){harness.GTIN}(10)L1(21X9", "offset 24: bracket"),
                      (f"(01){harness.GTIN}(10)L1(2l)X9", "offset 24: bracket"),
                      (f"(01){harness.GTIN}(10)L1(21)X9(", "offset 30: bracket"),
                      (f"(01){harness.GTIN}(02){harness.GTIN}(37)20(10)L1(21)BOX1", "carton"),
                      (f"(01){harness.GTIN}(10)L1(250)X9", "beside (21)")):
        name, text = station.refused("Session1", "MountNeedle", code)
        assert name == "NeedleRefused" and why in text
    assert "needle.claimed" not in station.records()
    ways = [f"https://id.gs1.org/01/{harness.GTIN}/10/L1/21/X9?17=311231",
            f"]Q1https://a.b/01/{harness.GTIN}/10/L1/21/X9", f"]J101{harness.GTIN}10L1\x1d21X9",
            f"1731123101{harness.GTIN}10L1\x1d21X9", f"(01){harness.GTIN}(10)L1(10)L1(21)X9"]
    assert mounted(station, ways[0]) == f"(01){harness.GTIN}(21)X9"
    for code in ways:
        assert "was used on" in station.refused("Session1", "MountNeedle", code)[1]


def test_one_cartridge_in_other_spellings_is_not_another(station):
    begun(station)
    station.receive_lot("L2031")
    gtin = f"(01){harness.GTIN}"
    assert mounted(station, f"]d201{harness.GTIN}1731123110L2031\x1d21A17") == f"{gtin}(21)A17"
    claims = station.records().count("needle.claimed")

    def ambiguous(code, why):
        name, text = station.refused("Session1", "MountNeedle", code)
        assert name == "Ambiguous" and why in text, text
    for code, why in ((f"{gtin}(17)311231(10)L2031", "have serials"), ("L2031", "have serials"),
                      (f"]D201{harness.GTIN}1731123110L2031\x1d21a17"[3:], "capitals, zeros or signs"),
                      (f"{gtin}(10)L2031(21)a17", "capitals"), (f"{gtin}(10)L2031(21)A017", "zeros"),
                      (f"{gtin}(10)L2031(21)A17.", "signs"), (f"{gtin}(10)L203121A17", "swallowed the separator"),
                      (f"01{harness.GTIN}10L2031\x1d21A1799X", "further identifier")):
        ambiguous(code, why)
    assert "beside (21)" in station.refused("Session1", "MountNeedle", f"{gtin}(10)L2031(250)A17")[1]
    assert "expires on 2031-11-30" in station.refused(
        "Session1", "MountNeedle", f"{gtin}(17)311130(10)L2031(21)B9")[1]
    assert station.records().count("needle.claimed") == claims
    refusals = [r["body"]["refusal"] for r in station.audit("records", kind="needle.refused")]
    assert refusals.count("ambiguous") == 8 and refusals.count("contradiction") == 1
    # two cartridges of a careless printer: a supervisor who has both says so
    other = {"code": f"{gtin}(10)L2031(21)A017", "other": f"{gtin}(21)A17", "reason": "both lie before me"}
    with pytest.raises(dbus.DBusException, match="RoleMissing"):
        station.record("Inventory1", "needle.distinct", pin="4711", **other)
    with station.administrator():
        station.call("Station1", "Enrol", "s1", "4712", "4712", "technician supervisor")
        station.certify("s1")
    station.call("Station1", "Logout")
    station.sign_in("s1", "4712")
    with pytest.raises(dbus.DBusException, match="SignInRefused"):
        station.record("Inventory1", "needle.distinct", pin="4713", **other)
    station.record("Inventory1", "needle.distinct", pin="4712", **other)
    assert mounted(station, other["code"]) == f"{gtin}(21)A017"
    ambiguous(f"{gtin}(10)L2031(21)A-17", "(21)A17")


def test_how_a_code_came_is_on_record(scanning):
    station = scanning
    begun(station)
    code = f"]d201{harness.GTIN}1731123110L1\x1d21"

    def source():
        station.call("Session1", "RemoveNeedle", "done")
        return station.audit("records", kind="needle.claimed")[-1]["body"]["source"]
    station.call("Session1", "MountNeedle", code + "A1")
    assert source() == "keyboard"
    station.call("Session1", "MountScanned", code + "A2")
    assert source() == "scanner", "as the caller says"
    station.scan((code + "A3").encode())
    station.call("Session1", "MountNeedle", code + "A3")
    assert source() == "scanner", "the station's own scanner read it"
    station.call("Session1", "MountNeedle", code + "A4")
    assert source() == "keyboard", "it read another one"
    assert [r["source"] for r in station.audit("needles")] == ["keyboard", "scanner", "scanner", "keyboard"]
    typed = [r["subject"] for r in station.audit("check", rule="needle-typed")]
    assert typed == [f"cartridge (01){harness.GTIN}(21)A{n}" for n in (1, 4)]


# ---- stipplectl needle parse, with nothing running ----

def parse(*arguments):
    environment = dict(os.environ, STIPPLE_BUS="unix:path=/nonexistent")
    done = subprocess.run([BUILD / "ctl/stipplectl", "needle", "parse", *arguments], env=environment, timeout=60,
                          capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_parse_needs_no_daemon():
    status, out, _ = parse(FULL)
    assert status == 0 and "gs1" in out and f"(01){harness.GTIN}(21)A17" in out
    status, out, _ = parse("--json", f"(01){harness.GTIN}(17)310200(10)L1")
    fields = json.loads(out)
    assert status == 0 and fields["valid"] and fields["expiry"] == "2031-02-28"
    assert [(c["severity"], c["position"]) for c in fields["complaints"]] == [("warning", 26)]
    status, out, _ = parse("LOT 7")
    assert status == 1 and "error at byte 3: lot holds a character" in out
    assert parse(f"01{harness.GTIN}10L1~21A17")[0] == 1
    assert parse("--fnc1", "~", f"01{harness.GTIN}10L1~21A17")[0] == 0
    status, _, err = parse("--fnc1", "A", "L")
    assert status == 2 and "--fnc1" in err
    assert parse("--json", b"L\xff")[0] == 1
