# SPDX-License-Identifier: Apache-2.0
"""What stipplectl says when there is nothing to say, when words make no sense, and when nobody can hear it."""

import csv
import io
import json
import os
import re
import subprocess

import dbus
import pytest

import harness
from harness import GTIN, SOURCE
from test_ctl import COMMANDS, CTL, Nobody, needs, run, run_json


def call(station, *words, **keywords):
    keywords.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([CTL, *words], env=station.environment(), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          timeout=harness.PATIENCE_S, check=False, **keywords)


def listings(station):
    """Every query with what it cannot do without."""
    values = {"lot": "L1", "unit": station.get("Session1", "Unit"), "session": 1, "subject": "P-0001"}
    return [(name, [f"{key}={values[key]}" for key in needs(station, name)])
            for name in re.findall(r"^\S+", run(station, "audit", "list"), re.M)]


def head(station, *words):
    return next(csv.reader(io.StringIO(run(station, "--csv", "audit", *words))))


# ---- nothing matches ----

def test_every_listing_has_its_head_with_rows_and_without(station):
    station.prepare()
    filled = 0
    for name, needed in listings(station):
        names = head(station, name, *needed)
        rows = run_json(station, "audit", name, *needed)
        assert all(list(row) == names for row in rows), name
        if rows:
            filled += 1
            assert run(station, "audit", name, *needed).split("\n")[0].split() == names, name
            limited = call(station, "--csv", "audit", name, *needed, "limit=0")
            if limited.returncode == 0:  # that takes a limit
                assert limited.stdout.decode().rstrip("\r\n").split(",") == names, name
        else:
            assert run(station, "--csv", "audit", name, *needed).count("\n") == 1, name
    assert filled >= 15


def test_a_copied_file_answers_as_the_station_does(station, tmp_path):
    station.prepare()
    copy = tmp_path / "copy.db"
    run(station, "ledger", "backup", str(copy))
    apart = dict(station.environment(), STIPPLE_BUS=f"unix:path={tmp_path}/none")
    own = ["--profile", str(SOURCE / f"configs/profiles/us-ca.conf")]
    answered = 0
    for name, needed in listings(station):
        if name in ("records", "checkpoints"):
            continue  # asking adds to these
        of_station = run_json(station, "audit", name, *needed)
        of_file = subprocess.run([CTL, "--json", "audit", name, *needed, "--ledger", copy, *own], env=apart, check=True,
                                 capture_output=True, text=True, timeout=harness.PATIENCE_S)
        assert [json.loads(row) for row in of_file.stdout.splitlines()] == of_station, name
        answered += len(of_station) > 0
    assert answered >= 15
    station.stop()
    for words, status, said in ((["recall", "L1", "limit=0"], 0, "no rows match"),
                                (["recall", "NOPE"], 1, 'lot "NOPE" is not on record'),
                                (["check"], 2, "name it with --profile"),
                                (["nonsense"], 1, 'there is no query "nonsense"')):
        asked = subprocess.run([CTL, "audit", *words, "--ledger", copy], env=apart, capture_output=True, text=True,
                               check=False, timeout=harness.PATIENCE_S)
        assert asked.returncode == status and said in asked.stderr


def test_people_are_told_that_nothing_matches(station):
    station.prepare()
    for words in (["audit", "faults"], ["audit", "recall", "L1", "to=2020-01-01"], ["sterilizer", "due"]):
        plain, lines = call(station, *words), call(station, "--json", *words)
        assert (plain.returncode, plain.stdout, plain.stderr) == (0, b"", b"no rows match\n")
        assert (lines.returncode, lines.stdout, lines.stderr) == (0, b"", b"")
    assert run(station, "--csv", "sterilizer", "due") == "sterilizer,reason,due,passed,needed,so_far\n"
    assert run(station, "--csv", "audit", "list").splitlines()[:2] == [
        "query,arguments,columns",
        "records,from to kind session subject after limit,seq time kind actor body words corrected"]


def test_what_is_nowhere_on_record_is_no_empty_answer(station):
    station.prepare()
    for words, what in ((["recall", "NOPE"], "lot"), (["lot", "NOPE"], "lot"), (["unit", "NOPE"], "cartridge"),
                        (["subject", "NOPE"], "subject"), (["session", "999"], "session"),
                        (["timeline", "999"], "session"), (["needles", "lot=NOPE"], "lot"), (["recall", ""], "lot"),
                        (["doubt", "handpiece=NOPE"], "handpiece"), (["sterilization", "item=NOPE"], "item"),
                        (["doubt", "test=9999"], "biological test"), (["corrections", "record=9999"], "record"),
                        (["sessions", "operator=NOPE"], "operator"), (["due", "sterilizer=NOPE"], "steriliser")):
        for form in ([], ["--csv"], ["--json"]):
            said = call(station, *form, "audit", *words)
            assert (said.returncode, said.stdout) == (1, b""), words
            value = words[1].split("=")[-1]
            assert f'{what} "{value}" is not on record: check how it is written' in said.stderr.decode()
    for words in (["recall", "L1", "after=99999"], ["recall", "PG7", "to=2020-01-01"], ["subject", "P-0001", "after=9"],
                  ["timeline", "1", "to=2020-01-01"], ["pigment-lots", "lot=PG7"], ["indicators", "lot=L1"]):
        assert call(station, "audit", *words).stderr == b"no rows match\n", "it is known, whatever matches"


def test_an_answer_over_the_bus_names_its_columns(station):
    station.prepare()
    none = dbus.Dictionary({}, signature="sv")
    with open(os.devnull, "wb") as null:
        rows, columns = station.call("Audit1", "Query", "lots", none, dbus.types.UnixFd(null))
        assert rows == 1 and list(columns) == list(station.audit("lots")[0])
        rows, columns = station.call("Audit1", "Query", "faults", none, dbus.types.UnixFd(null))
        assert (rows, list(columns)) == (0, ["seq", "time", "kind", "actor", "session", "cause", "board_fault", "detail", "note", "signed",
                                         "corrected"])
        error, text = station.refused("Audit1", "Query", "sessions", dbus.Dictionary({"subject": "P-9"}, signature="sv"),
                                      dbus.types.UnixFd(null))
        assert error == "Unknown" and text.startswith('subject "P-9" is not on record')
        assert station.refused("Audit1", "Query", "session", dbus.Dictionary({"session": dbus.Int64(9)}, signature="sv"),
                               dbus.types.UnixFd(null))[1].startswith('session "9" is not on record')


# ---- options ----

def options():
    """{option: the commands that take it}, as --help tells; no commands: all."""
    text = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout.split("\nOptions:")[1]
    return {name: taken.split(", ") if taken else [] for name, taken in
            re.findall(r"--([a-z0-9-]+)[^\n]*(?:\n {20,}of ([^\n]*))?", text)}


def test_an_option_that_a_command_does_not_take_is_refused():
    taken = options()
    assert taken["csv"] == ["audit", "audit stations", "sterilizer due"] and taken["json"] == [] and len(taken) > 15
    switches = {"csv", "dry-run", "personal", "sound"}
    fitting = {"json", "bus", "pin-file", "help", "version"}
    with Nobody() as station:
        for words, arguments, _ in COMMANDS:
            given = ["x=x"] * len(re.sub(r"\[[^]]*\](\.\.\.)?", "", arguments).split())
            given = [word for word in given if word]
            if words in ("report", "session copy", "incident form", "audit report", "person export", "person passport"):
                given = given[:1] if words != "audit report" else []
            for name, commands in taken.items():
                if name in fitting or words in commands:
                    continue
                option = [f"--{name}"] if name in switches else [f"--{name}", "x"]
                if name == "leaf":
                    option += ["--proof", "x"]
                text = run(station, *option, *words.split(), *given, status=2)
                assert f"{words} takes no --" in text, (words, name, text)
        assert "exclude each other" in run(station, "--json", "--csv", "audit", "records", status=2)
        assert "give the proof with --proof" in run(station, "--leaf", "x", "audit", "verify", status=2)


def test_help_on_a_command_says_what_it_takes():
    taken = options()
    for words, arguments, does in COMMANDS:
        text = subprocess.run([CTL, *words.split(), "--help"], capture_output=True, text=True, check=True).stdout
        assert text.startswith(f"Usage: stipplectl [OPTION]... {words} ") and f"  {words} {arguments}".rstrip() in text
        assert does in text
        listed = set(re.findall(r"^ +(?:-., )?--([a-z0-9-]+)", text, re.M))
        if words != "audit":  # which begins others too
            assert listed == {name for name, commands in taken.items() if not commands or words in commands}, words
    for group in {words.split()[0] for words, _, _ in COMMANDS}:
        text = subprocess.run([CTL, group, "--help"], capture_output=True, text=True, check=True).stdout
        for words, _, _ in COMMANDS:
            assert (f"\n  {words} " in text) == (words.split()[0] == group)
    assert subprocess.run([CTL, "dance", "--help"], capture_output=True, check=False).returncode == 2


# ---- words ----

def test_words_that_cannot_be_sent_are_refused(station):
    for words in (["audit", "recall", b"\xff\xfe"], ["session", "abandon", b"\xc3"], ["login", b"\xff"],
                  ["needle", "receive", "lot=L", "expiry=2031-01-01", "quantity=1", "product=P", b"maker=\xff"]):
        said = call(station, *words)
        assert said.returncode == 2 and b"is no UTF-8 text: write it again" in said.stderr
    assert "has more than 4096 bytes" in run(station, "audit", "recall", "x" * 5000, status=2)
    assert "is not on record" in run(station, "audit", "recall", "x" * 4000, status=1)
    for words in (["audit", "needles", "lot=A", "lot=B"], ["audit", "recall", "A", "lot=B"]):
        assert "lot is given twice" in run(station, *words, status=2)
    assert station.audit("lots") == []
    assert "no code came" in run(station, "needle", "mount", status=1)
    assert "cannot be read: Is a directory" in run(station, "sterilizer", "import", station.folder, status=1)


def test_numbers_that_are_too_large_are_named(station):
    station.enrol()
    station.sign_in()
    for quantity in ("99999999999999999999", "-1", "", "1e3"):
        assert "quantity must be 1 to 100000" in run(station, "needle", "receive", "lot=L", "expiry=2031-01-01",
                                                     f"quantity={quantity}", "product=P", "maker=M", status=1)
    for number in ("99999999999999999999", "-1", "1e3", "", "0x1"):
        assert "must be a whole number" in run(station, "audit", "session", "--", number, status=1)
        assert "is no record's number" in run(station, "audit", "prove", "--", number, status=2)
    assert "begin with - and are no option write --" in run(station, "audit", "session", "-1", status=2)


def test_what_is_done_is_told_as_json_too(station, tmp_path):
    pin, certificate = tmp_path / "pin", tmp_path / "certificate.pdf"
    pin.write_text("4711\n")
    pin.chmod(0o600)
    certificate.write_text("sterile")
    station.enrol()
    out = run_json(station, "--pin-file", pin, "login", "b1001", "--", CTL, "--json", "self-test")
    assert out == [{"badge": "b1001", "name": "Ada Example"}, {"passed": True}]
    with station.somebody():
        lot = run_json(station, "needle", "receive", "lot=L1", f"gtin={GTIN}", "expiry=2031-12-31", "quantity=2",
                       "product=P", "maker=M", f"certificate_file={certificate}")
    assert lot == [{"lot": "L1"}, {"file": "certificate.pdf", "lot": "L1"}]
    begun = run_json(station, "--pin-file", pin, "login", "b1001", "--", CTL, "--json", "session", "begin", "P-1",
                     "scalp-density", "1", "new")
    assert begun[1] == {"session": 1}
    report = tmp_path / "report.html"
    assert run_json(station, "report", "1", "-o", report) == [{"file": str(report)}]


# ---- output ----

def test_what_cannot_be_written_is_no_success(station):
    for words in (["audit", "records"], ["--csv", "audit", "records"], ["--json", "audit", "records"], ["status"],
                  ["doctor"], ["--help"], ["--version"], ["audit", "list"], ["audit", "--help"]):
        with open("/dev/full", "wb") as full:
            said = call(station, *words, stdout=full)
        assert said.returncode == 1 and b"not all could be written (No space left on device)" in said.stderr, words
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert call(station, "--csv", "audit", "faults", stdout=writer).returncode != 0
    finally:
        os.close(writer)


# ---- which ledger ----

def on_bus(station, *words, bus=None):
    done = subprocess.run([CTL, "--bus", bus or station.address, *map(str, words)], text=True, capture_output=True,
                          timeout=harness.PATIENCE_S, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_ledger_is_that_of_the_station_on_the_bus(station, tmp_path):
    station.receive_lot()
    ledger = station.folder / "state/ledger.db"
    assert station.get("Audit1", "Ledger") == str(ledger)
    status, out, said = on_bus(station, "audit", "verify")
    assert (status, said) == (0, f"the ledger is {ledger}\n") and "\nsound\n" in out
    backup = tmp_path / "backup.db"
    status, out, said = on_bus(station, "--json", "ledger", "backup", backup)
    assert (status, said) == (0, f"the ledger is {ledger}\n") and json.loads(out)["file"] == str(backup)
    status, out, said = on_bus(station, "--ledger", backup, "audit", "export", tmp_path / "export")
    assert (status, said) == (0, f"the ledger is {backup}\n"), "what was given comes first"
    station.stop()
    for bus in (station.address, "unix:path=/nonexistent"):
        status, out, said = on_bus(station, "audit", "verify", bus=bus)
        assert (status, out) == (1, "") and "give the file with --ledger FILE" in said, "never that of another station"
    station.start()


def test_without_a_station_it_is_the_machines_own(tmp_path):
    environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent")
    environment.pop("STIPPLE_BUS", None)
    done = subprocess.run([CTL, "ledger", "backup", tmp_path / "b"], env=environment, capture_output=True, text=True,
                          check=False)
    assert done.stderr.startswith("the ledger is /var/lib/stipple/ledger.db\n")
