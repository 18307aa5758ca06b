# SPDX-License-Identifier: Apache-2.0
"""The threads watch each other: one that hangs never leaves the needle to itself."""

import signal
import socket
import subprocess
import threading
import time

import pytest

import harness
from freezer import ended, frozen, threads
from harness import wait_for


@pytest.fixture
def chair():
    """A needle at work, whose board would run on for five seconds without a word from the station."""
    station = harness.Station(speed=1)
    station.config.write_text(station.config.read_text().replace("watchdog_ms = 2000", "watchdog_ms = 5000"))
    station.watchdog = Watchdog(station)
    try:
        station.start()
        station.prepare()
        station.call("Session1", "Arm")
        station.sim("pedal down")
        station.wait_state("working")
        wait_for(lambda: station.sim("status")["strokes"] > 10, "strokes")
        yield station
        station.stop()
    finally:
        station.close()
        station.watchdog.close()


class Watchdog:
    """The service manager's end: listens all the time, or who notifies it would wait for room."""

    def __init__(self, station):
        self.fed = 0
        path = str(station.folder / "notify")
        environment = station.environment()
        station.environment = lambda: dict(environment, NOTIFY_SOCKET=path, WATCHDOG_USEC="400000")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while message := self.socket.recv(4096):
            self.fed += message.count(b"WATCHDOG=1")

    def feeds_again(self):
        """Waits until it is fed once more."""
        before = self.fed
        wait_for(lambda: self.fed > before, "the watchdog to be fed")

    def hungers(self):
        """Whether it is not fed for longer than anybody who lives would let it wait."""
        before = self.fed
        time.sleep(2)
        return self.fed == before

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


def kinds_and_bodies(station, kind):
    return [row["body"] for row in station.audit("records", kind=kind)]


def test_every_thread_has_a_name(chair):
    """One without a name of its own would bear that of the thread that made it."""
    names = [name for name, _ in threads(chair.daemon.pid)]
    assert {"stippled", "control", "ledger", "imaging", "worker"} <= set(names)
    assert names.count("stippled") == 1 and len(names) == len(set(names))


def test_the_needle_stops_when_the_main_thread_hangs(chair):
    with frozen(chair.daemon.pid, "main"):
        wait_for(lambda: not chair.sim("status")["enable"], "ENABLE to fall")
        strokes = chair.sim("status")["strokes"]
        fed = chair.watchdog.fed
        time.sleep(0.5)
        assert chair.sim("status")["strokes"] == strokes, "the needle stands still"
        assert chair.watchdog.fed == fed, "nobody speaks for a thread that hangs"
    chair.wait_state("fault")
    assert str(chair.get("Station1", "Fault")) == "main-silent"
    (fault,) = kinds_and_bodies(chair, "fault.latched")
    assert fault["cause"] == "main-silent" and fault["detail"] >= 1000
    chair.watchdog.feeds_again()


def test_the_daemon_ends_when_the_control_thread_hangs(chair):
    with frozen(chair.daemon.pid, "control") as thread:
        wait_for(lambda: ended(thread), "the thread to end")
        assert chair.daemon.wait(harness.PATIENCE_S) == 1, chair.log_text()
    assert "the control thread gives no sign of life" in chair.log_text()
    chair.start()
    (fault,) = kinds_and_bodies(chair, "fault.latched")
    assert fault["cause"] == "control-silent" and fault["session"] == 1
    assert "session.recovered" in chair.records()


def test_leaving_waits_for_no_thread_that_hangs(chair):
    with frozen(chair.daemon.pid, "control") as thread:
        chair.daemon.send_signal(signal.SIGTERM)
        wait_for(lambda: ended(thread), "the thread to end")
        assert chair.daemon.wait(harness.PATIENCE_S) == 1, chair.log_text()
    assert "the control thread gives no sign of life" in chair.log_text()


def test_the_control_thread_may_take_its_time_while_no_needle_can_move(chair):
    chair.sim("pedal up")
    chair.call("Session1", "Disarm")
    with frozen(chair.daemon.pid, "control"):
        time.sleep(2)
        assert chair.daemon.poll() is None
    chair.wait_board()


def test_the_needle_stops_when_the_ledger_thread_hangs(chair):
    with frozen(chair.daemon.pid, "ledger"):
        wait_for(lambda: not chair.sim("status")["enable"], "ENABLE to fall")
        chair.wait_state("fault")
        chair.watchdog.feeds_again()  # a disk that comes back soon finds all that waits in memory
        wait_for(chair.watchdog.hungers, "nobody to speak for a thread that hangs", patience=90)
    chair.watchdog.feeds_again()
    wait_for(lambda: "fault.latched" in chair.records(), "what waited in memory")


def test_the_daemon_leaves_when_the_bus_is_gone(chair):
    chair.bus_process.kill()
    chair.bus_process.wait()
    assert chair.daemon.wait(harness.PATIENCE_S) == 1, chair.log_text()
    assert "the message bus is gone" in chair.log_text()
    chair.connection = None
    chair.start_bus(harness.OPEN_POLICY)
    chair.start()
    kinds = chair.records()
    assert kinds.index("station.stopped") < kinds.index("session.recovered"), "it left in good order"


REFUSED = ["setpriv", "--bounding-set", "-sys_nice,-ipc_lock", "prlimit", "--memlock=65536", "--rtprio=0"]


@pytest.mark.parametrize("prefix", [[], REFUSED], ids=["granted", "refused"])
def test_priority_and_memory_of_the_needles_thread(prefix, monkeypatch):
    station = harness.Station()
    station.config.write_text(station.config.read_text().replace("realtime = no", "realtime = yes"))
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: start([*prefix, *command], **options))
    try:
        station.start()
        station.wait_board()
        link, memory = station.doctor("link"), station.doctor("memory")
        status = dict(line.split(":", 1) for line in open(f"/proc/{station.daemon.pid}/status"))
        locked = int(status["VmLck"].split()[0])
        if prefix:
            assert (link[0], memory[0]) == (1, 1) and "LimitRTPRIO=" in link[2] and "LimitMEMLOCK=" in memory[2]
            assert "real-time priority was refused" in station.log_text()
            assert "could not be locked" in station.log_text()
        else:
            assert (link[0], memory[0]) == (0, 0) and "real-time priority" in link[1]
            assert locked > int(status["VmStk"].split()[0]) + int(status["VmExe"].split()[0])
            assert "refused" not in station.log_text()
        station.stop()
    finally:
        station.close()
