# SPDX-License-Identifier: Apache-2.0
"""Backups, archives and exports through stipplectl: they are whole or not there, and the station records them."""

import json
import os
import resource
import signal
import sqlite3
import shutil
import subprocess
import threading

import dbus
import pytest

import harness
from harness import wait_for

CTL = harness.BUILD / "ctl/stipplectl"


def run(station, *words, file_bytes=None, bus=None):
    """Exit status, standard output, standard error; `file_bytes`: how large a file may grow."""
    limit = None
    if file_bytes:
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    done = subprocess.run([CTL, "--bus", bus or station.address, "--ledger", ledger_of(station), *map(str, words)],
                          capture_output=True, text=True, timeout=120, preexec_fn=limit)
    said = done.stderr.splitlines(keepends=True)
    return done.returncode, done.stdout, "".join(line for line in said if not line.startswith("the ledger is "))


def ledger_of(station):
    return station.folder / "state/ledger.db"


def recorded(station):
    """What was put on record of copies."""
    return [(r["body"]["query"], r["body"]["arguments"].get("file"), r["body"].get("rows"))
            for r in station.audit("records", kind="audit.read") if r["body"]["query"] in ("backup", "archive", "export")]


def lots(station, numbers):
    with station.somebody():
        for n in numbers:
            station.call("Inventory1", "ReceiveLot", dbus.Dictionary({
                "gtin": harness.GTIN, "lot": f"P{n}", "product": "1RL", "maker": "Maker", "expiry": "2099-12-31",
                "quantity": dbus.Int64(5)}, signature="sv"))


@pytest.fixture(scope="module")
def station():
    made = harness.Station(extra="[ledger]\ncheckpoint_records = 10\n")
    try:
        made.start()
        made.enrol()
        made.sign_in()
        lots(made, range(25))
        yield made
        made.stop()
    finally:
        made.close()


@pytest.fixture
def polkit(station):
    station.polkit = harness.Polkit(station.address)
    yield station.polkit
    station.polkit.stop()
    station.polkit = None


# ---- on record ----

def test_every_copy_is_on_record(station, tmp_path):
    backup, archive, folder = tmp_path / "b.db", tmp_path / "a.db", tmp_path / "export"
    status, out, err = run(station, "--json", "ledger", "backup", backup)
    assert (status, err) == (0, "")
    records = json.loads(out)["records"]
    status, out, err = run(station, "--json", "ledger", "archive", archive, "before=2999-01-01")
    assert (status, err) == (0, "")
    sealed = json.loads(out.splitlines()[1])["sealed"]
    assert run(station, "audit", "export", folder)[::2] == (0, "")
    covered = len((folder / "records.jsonl").read_text().splitlines())
    assert recorded(station) == [("backup", str(backup), records), ("archive", str(archive), sealed),
                                 ("export", str(folder), covered)]


def test_copies_of_other_files_are_nobodys_business(station, tmp_path):
    before = recorded(station)
    copy = tmp_path / "copy.db"
    assert run(station, "ledger", "backup", copy)[0] == 0
    assert len(recorded(station)) == len(before) + 1
    for words in (("ledger", "backup", tmp_path / "b.db"), ("audit", "export", tmp_path / "e"),
                  ("ledger", "archive", tmp_path / "a.db", "before=2999-01-01")):
        assert run(station, "--ledger", copy, *words)[::2] == (0, "")
    assert len(recorded(station)) == len(before) + 1


def test_without_a_station_the_copy_is_made_and_said_so(station, tmp_path):
    status, out, err = run(station, "ledger", "backup", tmp_path / "b.db", bus="unix:path=/nonexistent")
    assert status == 0 and "verified" in out
    assert "nobody recorded this backup" in err
    other = harness.Station()
    try:  # a bus without a station on it
        status, out, err = run(station, "ledger", "backup", tmp_path / "c.db", bus=other.address)
        assert status == 0 and "nobody recorded this backup: no station is running" in err
    finally:
        other.close()


def test_who_may_not_read_the_record_gets_no_copy(station, polkit, tmp_path):
    before = recorded(station)
    polkit.answer("no", "org.stipple.audit.read")
    for words in (("backup", tmp_path / "b.db"), ("archive", tmp_path / "a.db", "before=2999-01-01")):
        status, out, err = run(station, "ledger", *words)
        assert status == 1 and "is not allowed to you" in err
    assert list(tmp_path.iterdir()) == []
    assert run(station, "audit", "export", tmp_path / "e")[0] == 1
    assert not (tmp_path / "e/records.jsonl").exists()
    polkit.answer("yes", "org.stipple.audit.read")
    assert recorded(station) == before


def test_what_the_station_takes_for_a_copy(station):
    def refused(*arguments):
        return station.refused("Audit1", "RecordCopy", *arguments)

    assert "backup, archive or export" in refused("theft", "f", dbus.UInt64(1))[1]
    assert "printable" in refused("backup", "a\nb", dbus.UInt64(1))[1]
    assert "printable" in refused("backup", "", dbus.UInt64(1))[1]
    assert station.get("Audit1", "Ledger") == str(ledger_of(station))


# ---- whole or not there ----

@pytest.mark.parametrize("words", [("backup",), ("archive", "before=2999-01-01")])
def test_what_does_not_fit_leaves_nothing_behind(station, tmp_path, words):
    target = tmp_path / "copy.db"
    status, out, err = run(station, "ledger", words[0], target, *words[1:], file_bytes=200_000)
    assert status == 1 and "copy.db was not written, no file may be as large" in err
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_copy_leaves_nothing_behind(station, polkit, tmp_path):
    target = tmp_path / "copy.db"
    for number in (signal.SIGINT, signal.SIGTERM):
        polkit.answer("hang", "org.stipple.audit.read")
        asked = len(polkit.questions())
        ctl = subprocess.Popen([CTL, "--bus", station.address, "--ledger", ledger_of(station), "ledger", "backup", target],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: len(polkit.questions()) > asked, "the question whether the copy may be made")
        assert [f.name for f in tmp_path.iterdir()] == ["copy.db.part"]
        ctl.send_signal(number)
        out, err = ctl.communicate(timeout=60)
        assert ctl.returncode == 1 and "nothing was copied" in err
        assert list(tmp_path.iterdir()) == []
    polkit.answer("yes", "org.stipple.audit.read")


def test_targets_are_never_written_over(station, tmp_path):
    target = tmp_path / "copy.db"
    target.write_text("mine")
    for words in (("backup", target), ("archive", target, "before=2999-01-01")):
        assert "is there already, give another name" in run(station, "ledger", *words)[2]
    target.unlink()
    (tmp_path / "copy.db.part").write_text("another copy")
    assert "copy.db.part is there already" in run(station, "ledger", "backup", target)[2]
    assert (tmp_path / "copy.db.part").read_text() == "another copy"
    assert "make its folder first" in run(station, "ledger", "backup", tmp_path / "none/copy.db")[2]


def test_a_ledger_that_is_not_sound_is_not_backed_up(station, tmp_path):
    copy, target = tmp_path / "copy.db", tmp_path / "again.db"
    assert run(station, "ledger", "backup", copy)[0] == 0
    with sqlite3.connect(copy) as db:
        trigger, = db.execute("SELECT sql FROM sqlite_master WHERE name = 'record_no_update'").fetchone()
        db.execute("DROP TRIGGER record_no_update")
        db.execute("UPDATE record SET utc_us = utc_us + 1 WHERE seq = 3")
        db.execute(trigger)  # a missing one would be noticed before
    db.close()
    status, out, err = run(station, "--ledger", copy, "ledger", "backup", target)
    assert status == 1 and "finding: record 3" in out and "its ledger is not sound" in err
    assert list(tmp_path.iterdir()) == [copy]


# ---- restoring ----

@pytest.fixture
def rested(sealing):
    """A station at rest, and a backup of it."""
    lots(sealing, range(15))
    backup = sealing.folder / "backup.db"
    assert run(sealing, "ledger", "backup", backup)[0] == 0
    lots(sealing, range(20, 35))
    sealing.stop()
    return sealing, backup


def test_a_restoring_that_fails_changes_nothing(rested):
    station, backup = rested
    folder = ledger_of(station).parent
    before = {f.name: f.read_bytes() for f in folder.iterdir() if f.is_file()}
    status, out, err = run(station, "ledger", "restore", backup, file_bytes=100_000)
    assert status == 1 and "was not written" in err
    assert {f.name: f.read_bytes() for f in folder.iterdir() if f.is_file()} == before
    station.start()
    assert station.get("Station1", "Inert") == ""
    assert not [r for r in station.audit("records") if r["kind"] == "ledger.restored"]
    station.stop()


def test_restoring_where_the_ledger_is_lost(rested):
    station, backup = rested
    ledger_of(station).unlink()
    station.start()
    assert "is gone, but its key or checkpoint is there" in station.get("Station1", "Inert")
    assert not ledger_of(station).exists(), "a new one would know of no needle that was used"
    station.stop()
    status, out, err = run(station, "ledger", "restore", backup)
    assert status == 0 and "are lacking" in out
    station.start()
    assert station.get("Station1", "Inert") == "", "the checkpoint beside the lost ledger went with it"
    restored, = [r["body"] for r in station.audit("records") if r["kind"] == "ledger.restored"]
    assert restored["lacking"] > 0
    station.stop()


# ---- what is no ledger ----

def test_what_is_no_ledger_is_named(station, tmp_path):
    folder, empty, text, short, other = (tmp_path / n for n in ("folder", "empty", "text", "short", "other.db"))
    folder.mkdir()
    empty.touch()
    text.write_text("no database, but long enough to be one\n" * 10)
    short.write_bytes(ledger_of(station).read_bytes()[:50])
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE t(x)")
    db.close()
    bare = tmp_path / "bare.db"
    with sqlite3.connect(bare) as db:
        db.execute("PRAGMA user_version = 0")
        db.execute("VACUUM")
    db.close()
    for path, said in ((folder, "is a folder: name the ledger's file in it"), (empty, "is empty: no ledger"),
                       (text, "is no SQLite database"), (short, "is too short for a database"),
                       (other, "is a database, but no ledger of Stipple"), (bare, "is an empty database"),
                       (tmp_path / "none", "is not there: check the path")):
        for words in (("ledger", "backup", tmp_path / "b.db"), ("audit", "prove", 1), ("audit", "export", tmp_path / "e")):
            status, out, err = run(station, "--ledger", path, *words)
            assert status == 1 and said in err, (path, words, err)
        if path != folder:
            assert said in run(station, "audit", "verify", path)[2]
    assert not (tmp_path / "b.db").exists() and not (tmp_path / "e").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as somebody else")
def test_a_ledger_that_may_not_be_read(station, tmp_path):
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o111)
    copy = tmp_path / "copy.db"
    assert run(station, "ledger", "backup", copy)[0] == 0
    ctl = shutil.copy(CTL, tmp_path / "stipplectl")  # the build's folder may be its owner's alone
    done = subprocess.run([ctl, "--bus", "unix:path=/nonexistent", "--ledger", copy, "ledger", "backup", tmp_path / "b.db"],
                          capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
    assert done.returncode == 1 and "may not be read by you: use sudo" in done.stderr
    assert not (tmp_path / "b.db").exists()


# ---- terms of the compliance profile ----

def test_the_profile_says_from_which_day_on_is_archived(station, tmp_path):
    since = {row["records"]: (row["keep_since"], row["days"]) for row in station.audit("retention")}
    day, days = min(since.values())
    assert days == 6 * 366
    status, out, err = run(station, "ledger", "archive", tmp_path / "a.db")
    assert f"profile us-ca: its longest term is {days} days, what is before {day} is past it" in out
    assert status == 1 and "there is nothing to archive" in err
    status, out, err = run(station, "ledger", "archive", tmp_path / "a.db", bus="unix:path=/nonexistent")
    assert status == 1 and "add --profile us-ca or before=YYYY-MM-DD" in err
    status, out, err = run(station, "ledger", "archive", tmp_path / "a.db", "--ledger", ledger_of(station), "--profile",
                           harness.SOURCE / "configs/profiles/us-ca.conf", bus="unix:path=/nonexistent")
    assert f"what is before {day} is past it" in out and "there is nothing to archive" in err
    assert run(station, "ledger", "archive", tmp_path / "a.db", "until=2020-01-01")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_past_a_term_on_the_first_day(station):
    assert station.audit("expired") == []
    assert station.audit("expired", whose="badge", limit="5") == []


def test_whoever_reads_a_working_station_finds_it_sound(station, tmp_path):
    """A verification, a backup and an export, with a rotation of the key, while records come in."""
    writing, failures = threading.Event(), []

    def read(number):
        folder = tmp_path / str(number)
        folder.mkdir()
        for words in (("audit", "verify", ledger_of(station)), ("ledger", "backup", folder / "backup"),
                      ("audit", "verify", folder / "backup"), ("audit", "export", folder / "export"),
                      ("audit", "verify", folder / "export")):
            status, out, err = run(station, *words)
            if status != 0:
                failures.append((words, out, err))

    def read_all():
        for number in range(3):
            read(number)
        writing.set()

    reader = threading.Thread(target=read_all)
    reader.start()
    n = 1000
    while not writing.is_set():
        lots(station, range(n, n + 5))
        n += 5
        if n % 20 == 0:
            with station.administrator():
                station.call("Station1", "RotateKey")
    reader.join()
    assert not failures, failures[0]
    assert n > 1005


def test_a_finding_is_lifted_by_an_administrator():
    station = harness.Station()
    try:
        station.start()
        station.enrol()
        station.stop()
        damaged = station.folder / "state/ledger.db.damaged"
        damaged.write_text("the table lot is not what the records give\n")
        station.start()
        inert = str(station.get("Station1", "Inert"))
        assert "the table lot" in inert and "stipplectl ledger clear-damage" in inert
        badge, _, pin = harness.ADMINISTRATOR
        for wrong, wrong_pin in ((badge, "0000"), ("b1001", "4711")):
            file = station.folder / "pin"
            file.write_text(wrong_pin + "\n")
            file.chmod(0o600)
            assert run(station, "--pin-file", file, "ledger", "clear-damage", wrong)[0] == 1 and damaged.exists()
        file.write_text(pin + "\n")
        status, out, err = run(station, "--pin-file", file, "ledger", "clear-damage", badge)
        assert status == 0, err
        station.stop()
        station.start()
        assert station.get("Station1", "Inert") == ""
        wait_for(lambda: not damaged.exists(), "the finding to be lifted")
        (cleared,) = station.audit("records", kind="ledger.cleared")
        assert cleared["actor"] == badge and cleared["body"]["finding"].startswith("the table lot")
        assert run(station, "audit", "verify", ledger_of(station))[0] == 0
        station.stop()
    finally:
        station.close()
