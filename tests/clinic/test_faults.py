# SPDX-License-Identifier: Apache-2.0
"""One server over one PostgreSQL, while simulated stations work and something dies, hangs or is cancelled."""

import json
import signal
import threading
import time
import uuid

import pytest

from clinic_harness import NoteKey, wait_for
from cluster import shifted
from faults import Stations
from judge import Judge

JSON = {"Content_Type": "application/json"}


def rows(postgres, sql):
    return [row.split("|") for row in postgres.ask(sql).splitlines()]


class Work:
    """Stations at work with one server; `judge` lets them finish and finds nothing wrong."""

    def __init__(self, folder, server, postgres, n=8):
        self.postgres, self.server = postgres, server
        for i in range(n):
            assert server.command("enrol", f"chair-{i}", NoteKey(f"stipple/clinic/chair-{i}").public()).returncode == 0
            server.authority.issue(f"chair-{i}")
        self.stations = Stations(folder, server.authority.folder, n, servers=[("127.0.0.1", server.port)], think_s=0.02, offline_s=2)

    def wait(self, n=40):
        """Until so many more claims are answered."""
        now = self.claims()
        wait_for(lambda: self.claims() >= now + n, "claims")

    def claims(self):
        assert self.stations.process.poll() is None, (self.stations.folder / "log").read_text()
        return self.stations.status()["counts"].get("claims answered", 0)

    def judge(self):
        mistakes = self.stations.finish()
        verdict = Judge(lambda sql: rows(self.postgres, sql), self.server.registry, self.stations.folder).judge()
        assert not mistakes and not verdict["examples"], (mistakes, verdict)
        assert verdict["acknowledged"] == verdict["claims"] > 0
        return verdict


@pytest.fixture
def work(tmp_path, server, postgres):
    working = Work(tmp_path / "stations", server, postgres)
    working.stations.start()
    try:
        working.wait()
        yield working
    finally:
        if working.stations.process.poll() is None:
            working.stations.kill()


def test_the_database_is_killed(work, postgres):
    for _ in range(2):
        postgres.signal(signal.SIGKILL)
        # what its postmaster shared with its children is given up when the last of them has ended
        wait_for(lambda: can_start(postgres), "PostgreSQL to start again")
        work.wait()
    work.judge()


def can_start(postgres):
    try:
        postgres.start()
    except Exception:
        time.sleep(0.2)
        return False
    return True


def test_the_database_freezes(work, postgres):
    postgres.signal(signal.SIGSTOP)
    time.sleep(3)
    postgres.signal(signal.SIGCONT)
    work.wait()
    work.judge()


def test_the_server_is_killed_between_grant_and_answer(work, server):
    for _ in range(4):
        server.kill()
        server.start()
        work.wait()
    work.judge()


def test_the_server_freezes(work, server):
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    server.process.send_signal(signal.SIGCONT)
    work.wait()
    work.judge()


def test_stations_are_killed_between_intention_and_answer(work):
    for _ in range(4):
        work.stations.kill()
        work.stations.start()
        work.wait(20)
    assert work.judge()["claims"] > 80


def test_backends_are_cancelled_and_terminated(work, postgres):
    for how in ("pg_cancel_backend", "pg_terminate_backend"):
        for _ in range(10):
            postgres.ask(f"SELECT count({how}(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
            time.sleep(0.05)
        work.wait()
    work.judge()


@pytest.fixture
def no_standby(postgres):
    """A commit waits for a standby that never comes: as on a primary that is cut off."""
    def there(waits):
        postgres.ask(f"ALTER SYSTEM SET synchronous_standby_names TO {waits}")
        postgres.ask("SELECT pg_reload_conf()")
        wait_for(lambda: postgres.ask("SHOW synchronous_standby_names") == waits.strip("'"), "the setting")
    yield there
    there("''")


def test_what_no_standby_has_is_never_an_answer(station, postgres, no_standby):
    """Cancelled, a commit says that it is done when it is only local; and so would the same request asked again."""
    request, answers = str(uuid.uuid4()), []

    def hold():
        body = json.dumps({"request": request, "lot": "L1", "units": ["u1"]})
        answers.append(station.client.post("/registry/hold", body, **JSON)[0])

    def cancel():
        return postgres.ask("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") != "0"
    no_standby("'nobody'")
    for _ in range(2):
        asking = threading.Thread(target=hold)
        asking.start()
        wait_for(cancel, "a commit that waits")
        asking.join()
    assert postgres.ask("SELECT unit FROM unit") == "u1", "it is there, on this node alone"
    assert answers == [503, 503]

    def read():
        answers.append(station.client.post("/registry/leaves?from=0", None, "GET")[0])
    reading = threading.Thread(target=read)
    reading.start()
    wait_for(cancel, "a commit that waits")
    reading.join()
    assert answers[-1] == 503, "a leaf was shown that may be lost, and another one take its place"
    no_standby("''")
    hold()
    read()
    assert answers[-2:] == [200, 200]


def test_the_clock_jumps(server, work):
    """A server whose clock is most of a day ahead, or right again, grants and claims all the same."""
    for env in (shifted("+20h"), None):
        server.kill()
        server.start(env)
        work.wait()
    work.judge()
