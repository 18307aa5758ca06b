# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from clinic_harness import Authority, Client, Log, NoteKey, Postgres, Server  # noqa: E402


@pytest.fixture(scope="session")
def postgres():
    folder = tempfile.mkdtemp(prefix="stipple-clinic-")
    os.chmod(folder, 0o755)
    engine = Postgres(folder + "/postgres")
    yield engine
    engine.signal(signal.SIGCONT)
    engine.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(tmp_path, postgres):
    postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    served = Server(tmp_path / "server", postgres, Authority(tmp_path / "ca"))
    served.start()
    yield served
    served.stop()


@pytest.fixture
def enrol(server):
    """Makes a station: its log, and its way to the server."""
    def make(name):
        log = Log(NoteKey(f"stipple/clinic/{name}"))
        done = server.command("enrol", name, log.key.public())
        assert done.returncode == 0, done.stderr
        log.client = Client(server, *server.authority.issue(name))
        return log
    return make


@pytest.fixture
def station(enrol):
    return enrol("chair-1")


@pytest.fixture
def auditor(server):
    return Client(server, *server.authority.issue("auditor-1", more="/OU=auditor"))


# ---- the whole form ----

def pytest_configure(config):
    config.addinivalue_line("markers", "whole: waits for long; tests/clinic/run does it")


def pytest_collection_modifyitems(config, items):
    """What waits for long is left out, unless STIPPLE_CLINIC_WHOLE is set."""
    if "STIPPLE_CLINIC_WHOLE" in os.environ:
        return
    whole = [item for item in items if item.get_closest_marker("whole")]
    items[:] = [item for item in items if item not in whole]
    if whole:
        config.hook.pytest_deselected(items=whole)
