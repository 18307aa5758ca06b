# SPDX-License-Identifier: Apache-2.0
"""Photographs held against their digests by whoever verifies: stipplectl on the file, and the station itself."""

import json
import os
import shutil
import subprocess
import threading

import pytest

import harness
from harness import wait_for

CTL = harness.BUILD / "ctl/stipplectl"
LONG_AGO = 10 * 365 * 86400


def verify(ledger, *words, expect=0, form=()):
    run = subprocess.run([CTL, "--bus", "unix:path=/nonexistent", *form, "audit", "verify", ledger, *words],
                         capture_output=True, text=True, timeout=120)
    assert run.returncode == expect, run.stdout + run.stderr
    return run.stdout


def verified(station):
    """What the station itself says after it has verified."""
    station.call("Audit1", "Verify")
    wait_for(lambda: station.get("Audit1", "Verification") != "running", "the verification's end")
    return station.get("Audit1", "Verification"), str(station.get("Audit1", "VerificationText"))


def pictures(station):
    return sorted((station.folder / "state/images").iterdir())


def ledger_of(station):
    return station.folder / "state/ledger.db"


def number_of(station, picture):
    return next(row["seq"] for row in station.audit("records", kind="image.captured")
                if row["body"]["file"] == picture.name)


def alerts(station):
    return [row["body"]["text"] for row in station.audit("records", kind="alert.raised")
            if row["body"]["alert"] == "photographs-damaged"]


@pytest.fixture
def treated(station):
    """A station in a session with five photographs."""
    station.prepare(subject="P-1")
    for _ in range(4):
        station.call("Session1", "Capture", "crown", "before")
    assert len(pictures(station)) == 5
    return station


def test_photographs_as_they_were_recorded_are_counted(treated):
    ledger = ledger_of(treated)
    assert "checked 5 photographs in" in verify(ledger)
    as_json = json.loads(verify(ledger, form=["--json"]).splitlines()[-1])
    assert (as_json["photographs"], as_json["photograph_findings"]) == (5, 0) and as_json["photographs_looked_at"]
    assert verified(treated) == ("sound", "")


def replace(picture):
    """By another of the same length."""
    data = bytearray(picture.read_bytes())
    data[len(data) // 2] ^= 1
    picture.write_bytes(data)


def shorten(picture):
    picture.write_bytes(picture.read_bytes()[:-1])


def link(picture):
    copy = picture.parents[1] / "elsewhere.jpg"
    shutil.move(picture, copy)
    picture.symlink_to(copy)


def pipe(picture):
    picture.unlink()
    os.mkfifo(picture)


@pytest.mark.parametrize("tamper, said", [
    (os.unlink, "is missing"), (replace, "was replaced or changed: its SHA-256 is not the recorded one"),
    (shorten, "was replaced or changed: its length"), (link, "was replaced: a link is in its place"),
    (pipe, "was replaced: no ordinary file"),
])
def test_what_was_done_to_a_photograph_is_named(treated, tamper, said):
    picture = pictures(treated)[2]
    where = f"the photograph {picture.name} of record {number_of(treated, picture)} {said}"
    tamper(picture)
    shown = verify(ledger_of(treated), expect=1)
    assert f"finding: {where}" in shown and shown.count("finding:") == 1
    assert "the ledger itself is sound; the photographs are not\nDAMAGED" in shown and "\nsound" not in shown
    state, text = verified(treated)
    assert state == "photographs" and text.startswith(where)
    alert, = wait_for(lambda: alerts(treated), "the alert")
    assert where in alert
    # evidence, and nobody's safety: the treatment goes on, also after a restart
    assert not (treated.folder / "state/ledger.db.damaged").exists()
    treated.call("Session1", "Arm")
    treated.call("Session1", "Disarm")
    treated.call("Session1", "Abandon", "end of the test")
    treated.stop()
    treated.start()
    assert not treated.get("Station1", "Inert")


def test_a_folder_that_is_gone_is_one_finding(treated):
    shutil.move(treated.folder / "state/images", treated.folder / "taken")
    shown = verify(ledger_of(treated), expect=1)
    assert "images is missing: 5 photographs on record were not found" in shown and shown.count("finding:") == 1
    assert verified(treated)[0] == "photographs"
    assert "checked 5 photographs" in verify(ledger_of(treated), f"images={treated.folder}/taken")
    shutil.move(treated.folder / "taken", treated.folder / "state/images")


def test_what_no_record_names_is_told_and_is_no_damage(treated):
    young, old = (treated.folder / "state/images" / name for name in ("young.jpg", "old.jpg"))
    for stranger in (young, old):
        stranger.write_bytes(b"a picture")
    os.utime(old, (LONG_AGO, LONG_AGO))
    shown = verify(ledger_of(treated))
    assert "remark: no record names the file old.jpg among the photographs" in shown and "young.jpg" not in shown
    assert "1 files there are not named by any record" in shown
    assert verified(treated)[0] == "sound"
    assert "no record names the file old.jpg" in treated.log_text()


def test_a_copy_has_its_photographs_where_one_says(treated, tmp_path):
    backup = tmp_path / "backup.db"
    subprocess.run([CTL, "--bus", treated.address, "ledger", "backup", backup], check=True, capture_output=True,
                   env=dict(os.environ, STIPPLE_TOKEN=treated.token))
    assert "photographs were not looked at" in verify(backup)
    assert not json.loads(verify(backup, form=["--json"]).splitlines()[-1])["photographs_looked_at"]
    images = f"images={treated.folder}/state/images"
    assert "checked 5 photographs" in verify(backup, images)
    pictures(treated)[0].unlink()
    assert "is missing" in verify(backup, images, expect=1)
    assert "is missing: 5" in verify(backup, f"images={tmp_path}/nowhere", expect=1)
    assert "sound" in verify(backup)
    verify(tmp_path, images, expect=2)


def test_taking_photographs_meanwhile_raises_no_alarm(treated):
    """Those that are verified, and the files that come while they are."""
    ended, said = threading.Event(), []

    def keep_verifying():
        while not ended.is_set():
            said.append(verify(ledger_of(treated)))

    thread = threading.Thread(target=keep_verifying)
    thread.start()
    try:
        for _ in range(20):
            treated.call("Session1", "Capture", "crown", "before")
            if treated.get("Audit1", "Verification") != "running":
                assert treated.get("Audit1", "Verification") in ("none", "sound")
                treated.call("Audit1", "Verify")
        wait_for(lambda: len(said) > 1, "two verifications")
    finally:
        ended.set()
        thread.join()
    wait_for(lambda: treated.get("Audit1", "Verification") == "sound", "the last verification")
    assert not any("finding" in text or "remark" in text for text in said)
    assert "checked 25 photographs" in verify(ledger_of(treated))


def test_an_erasure_meanwhile_raises_no_alarm(treated):
    for _ in range(20):
        treated.call("Session1", "Capture", "crown", "before")
    treated.call("Session1", "Abandon", "end")
    said, ended = [], threading.Event()

    def keep_verifying():
        while not ended.is_set():
            said.append(subprocess.run([CTL, "--bus", "unix:path=/nonexistent", "audit", "verify",
                                        ledger_of(treated)], capture_output=True, text=True, timeout=120))

    thread = threading.Thread(target=keep_verifying)
    thread.start()
    try:
        with treated.administrator():
            treated.call("Audit1", "Verify")
            pending = treated.start_call("Station1", "Record", "personal.erased",
                                         harness.dbus.Dictionary({"subject": "P-1", "reason": "asked for it",
                                                                  "despite": "it is theirs"}, signature="sv"),
                                         harness.ADMINISTRATOR[2])
            pending.wait()
        # the other program that verifies may keep what was erased in the log for a while, which is said
        assert not pending.error or "the erasure is record" in pending.error[1]
        wait_for(lambda: not pictures(treated), "the photographs to be deleted")
        wait_for(lambda: treated.get("Audit1", "Verification") == "sound", "the station's verification")
        n = len(said)
        wait_for(lambda: len(said) > n + 1, "another verification")
    finally:
        ended.set()
        thread.join()
    assert all(run.returncode == 0 and "finding" not in run.stdout for run in said), [run.stdout for run in said]
    wait_for(lambda: len(treated.audit("records", kind="image.erased")) == 25, "the deletions to be recorded")
    assert "checked 0 photographs" in verify(ledger_of(treated))
    # put back by somebody: no damage, and said
    name = treated.audit("images")[0]["file"]
    (treated.folder / "state/images" / name).write_bytes(b"kept by somebody")
    assert f"the photograph {name} of record" in verify(ledger_of(treated))
