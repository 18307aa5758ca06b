# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402


def running():
    station = harness.Station()
    try:
        station.start()
        station.wait_board()
        yield station
        station.stop()
    finally:
        station.close()


@pytest.fixture
def station():
    """A running station without a broker, its board connected and tested."""
    yield from running()


@pytest.fixture(scope="module")
def idle():
    """One station for all tests of a module that leave it as they found it."""
    yield from running()


@pytest.fixture
def sealing():
    """A started station that signs a checkpoint every ten records; its test ends it."""
    station = harness.Station(extra="[ledger]\ncheckpoint_records = 10\n")
    station.start()
    yield station
    station.close()


@pytest.fixture
def broker(tmp_path):
    broker = harness.Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def screen():
    """A display; one for all tests, because the accessibility bus is looked up once in a process."""
    import panel_harness
    screen = panel_harness.Screen()
    yield screen
    screen.close()
