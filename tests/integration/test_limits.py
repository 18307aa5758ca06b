# SPDX-License-Identifier: Apache-2.0
"""What runs out or runs wrong under the station: disk space, the clock, a ledger that is in use."""

import contextlib
import os
import resource
import sqlite3
import subprocess
import time

import dbus
import pytest

import harness
from harness import dispatch, wait_for

def check(station, name):
    return next((int(level), str(text), str(advice))
                for check, level, text, advice in station.call("Station1", "Doctor") if check == name)


def alerts(station):
    return [r["body"]["alert"] for r in station.audit("records") if r["kind"] == "alert.raised"]


def set_disk_min(station, megabytes):
    station.config.write_text(station.config.read_text().replace("disk_min_mb = 10\n", f"disk_min_mb = {megabytes}\n"))


# ---- little disk space ----

def test_little_disk_space_is_named(station):
    station.stop()
    state = os.statvfs(station.folder / "state")
    least = min(1000000, state.f_bavail * state.f_frsize // 2**20 + 100000)
    set_disk_min(station, least)
    station.start()
    station.prepare()
    refusal, = station.call("Session1", "Refusals")
    assert refusal[0] == "disk" and f"{least} MB are needed: move old photographs away" in refusal[1]
    name, text = station.refused("Session1", "Arm")
    assert name == "DiskFull" and "MB free" in text
    assert not station.sim("status")["armed"]
    level, text, advice = check(station, "disk")
    assert level == 2 and f"at least {least} needed" in text and "free disk space on" in advice
    time.sleep(2.5)
    assert alerts(station) == ["disk-low"], "once, not each second"


# ---- a disk that fills up while the needle works ----

class FileSizeLimit:
    """The daemon's files may not grow: what every write meets on a full disk, without needing to be root."""

    def __init__(self, station):
        self.station = station

    def fill(self):
        size = max(file.stat().st_size for file in (self.station.folder / "state").iterdir())
        self.limit(size)

    def limit(self, size):
        _, hard = resource.prlimit(self.station.daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.station.daemon.pid, resource.RLIMIT_FSIZE, (size, hard))

    def free(self):
        if self.station.daemon:
            self.limit(resource.RLIM_INFINITY)

    def close(self):
        pass


class SmallFileSystem:
    """A file system of its own for the ledger, filled to the last block."""

    def __init__(self, station):
        self.folder = station.folder / "state"
        station.stop()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=0750", "stipple-test", self.folder], check=True)
        station.start()
        station.wait_board()

    def fill(self):
        with open(self.folder / "ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def free(self):
        (self.folder / "ballast").unlink()

    def close(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)


@pytest.fixture(params=[FileSizeLimit, SmallFileSystem] if os.geteuid() == 0 else [FileSizeLimit])
def full(request, station):
    disk = request.param(station)
    try:
        yield disk
    finally:
        station.stop()
        disk.close()


def receive(station, lot):
    station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"lot": lot, "product": "1RL 0.25", "maker": "Maker", "expiry": "2031-12-31", "quantity": dbus.UInt32(1),
         "certificate": "c" * 128}, signature="sv"))


def receive_until_refused(station):
    """Lots that were acknowledged, until one is not: what it said."""
    taken = []
    for number in range(5000):
        try:
            receive(station, f"F{number}")
        except dbus.DBusException as error:
            return taken, (error.get_dbus_name().rsplit(".", 1)[1], error.get_dbus_message())
        taken.append(f"F{number}")
    raise AssertionError("the disk never filled up")


def lots(station):
    return {row["lot"] for row in station.audit("lots", limit=10000)}


def work(station):
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")


def test_a_full_disk_stops_the_needle_and_loses_nothing(station, full):
    heard = []
    station.connection.add_signal_receiver(lambda *a: heard.append(tuple(map(str, a))), "Alert",
                                           "org.stipple.Station1")
    station.prepare()
    work(station)
    full.fill()
    taken, (name, text) = receive_until_refused(station)
    assert name == "LedgerFailed" and ("disk" in text)
    wait_for(lambda: not station.sim("status")["enable"], "the needle to stop")
    wait_for(lambda: station.get("Session1", "State") == "fault", "the fault")
    assert station.get("Station1", "Fault") == "host"
    assert not station.get("Station1", "LedgerHealthy")
    assert "ledger" in [r[0] for r in station.call("Session1", "Refusals")]
    assert check(station, "ledger")[0] == 2 and "free disk space" in check(station, "ledger")[2]
    wait_for(lambda: dispatch() or any(alert == "ledger-unhealthy" for alert, _ in heard), "the alert")
    assert station.refused("Session1", "LoadPigment", "B", "c", "l", "2031-01-31")[0] in ("LedgerFailed", "WrongState")
    made = station.sim("status")["strokes"]
    assert station.get("Session1", "SessionStrokes") == made
    full.free()
    station.sim("pedal up")
    wait_for(lambda: station.get("Station1", "LedgerHealthy"), "the ledger to recover")
    wait_for(lambda: sum(row["strokes"] for row in station.audit("strokes", session=1)) == made,
             "every stroke on record")
    assert {"fault.latched", "alert.raised"} <= set(station.records())
    assert lots(station) >= set(taken)
    station.call("Station1", "AcknowledgeFault", "the disk was full", "4711")
    work(station)
    wait_for(lambda: station.get("Session1", "SessionStrokes") >= made + 50, "more strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Disarm")
    totals = station.call("Session1", "Finish")
    station.call("Session1", "Sign", "4711", "treatment done")
    made = station.sim("status")["strokes"]
    assert totals["strokes"] == made
    assert sum(row["strokes"] for row in station.audit("strokes", session=1)) == made
    station.kill()
    station.start()
    assert lots(station) >= set(taken)
    session, = station.audit("sessions")
    assert session["outcome"] == "signed"


def test_leaving_with_a_full_disk(station, full):
    station.prepare()
    work(station)
    full.fill()
    taken, _ = receive_until_refused(station)
    wait_for(lambda: not station.sim("status")["enable"], "the needle to stop")
    station.stop()
    assert "records could not be written before the end" in station.log_text()
    full.free()
    station.start()
    station.wait_board()
    assert lots(station) >= set(taken)
    assert station.audit("sessions")[0]["outcome"] == "open"
    assert "session.recovered" in station.records()


# ---- a clock that runs backwards ----

def put_newest_record(station, seconds_from_now):
    """As if the newest record had been made then."""
    with contextlib.closing(sqlite3.connect(station.folder / "state/ledger.db")) as ledger, ledger:
        changed = ledger.execute("UPDATE meta SET value = ? WHERE name = 'newest_utc_us'",
                                 [int((time.time() + seconds_from_now) * 1e6)])
        assert changed.rowcount == 1


def test_a_clock_behind_the_newest_record(station):
    station.stop()
    put_newest_record(station, 3600)
    station.start()
    station.prepare()
    refusal, = station.call("Session1", "Refusals")
    assert refusal[0] == "clock" and "before the newest record" in refusal[1] and "set the clock" in refusal[1]
    assert station.refused("Session1", "Arm")[0] == "ClockBehind"
    assert not station.sim("status")["armed"]
    record, = (r for r in station.audit("records") if r["kind"] == "clock.backwards")
    assert record["body"]["newest"] > record["body"]["now"]
    level, text, advice = check(station, "clock")
    assert level == 2 and "before the newest record" in text and "timedatectl set-time" in advice
    time.sleep(2.5)
    assert alerts(station) == ["clock-behind"] and station.records().count("clock.backwards") == 1


def test_a_clock_that_catches_up(station):
    station.stop()
    put_newest_record(station, 8)
    station.start()
    station.prepare()
    wait_for(lambda: station.call("Session1", "Refusals") == [], "the clock to pass the newest record")
    assert station.records().count("clock.backwards") == 1
    work(station)
    station.sim("pedal up")
    station.wait_state("ready")


# ---- two daemons ----

def test_two_daemons_on_one_ledger(station):
    second = harness.Station()
    try:
        second.config.write_text(second.config.read_text().replace(f"state_folder = {second.folder}/state",
                                                                   f"state_folder = {station.folder}/state"))
        station.prepare()
        work(station)
        second.start(expect_ready=False)
        assert second.daemon.wait(harness.PATIENCE_S) == 1
        second.daemon = None
        assert f"another daemon holds the ledger {station.folder}/state/ledger.db" in second.log_text()
        assert not (second.folder / "board").exists(), "the board is left alone"
        strokes = station.get("Session1", "Strokes")
        wait_for(lambda: station.get("Session1", "Strokes") > strokes + 20, "the first to go on")
        station.sim("pedal up")
        station.wait_state("ready")
        station.kill()
        second.start()
        second.wait_board()
        assert second.audit("sessions")[0]["outcome"] == "open"
        assert second.get("Session1", "Session") == 1
        second.stop()
    finally:
        second.close()
