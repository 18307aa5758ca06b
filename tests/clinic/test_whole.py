# SPDX-License-Identifier: Apache-2.0
"""The real daemon with stipple-registryd at a real server: what the registry signs becomes records, and what another chair
enters is on record here."""

import json
import pathlib
import sqlite3
import sys

import pytest
from clinic_harness import wait_for
from station_harness import BUILD, Registryd
from test_chairs import Chair

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Station  # noqa: E402


@pytest.fixture
def station(tmp_path, server):
    """A station whose daemon and stipple-registryd share one configuration."""
    certificate, key = server.authority.issue("chair-1")
    made = Station(extra=f"""[registry]
server = https://localhost:{server.port}
key = {server.registry.public()}
mirror_key = {server.mirror.public(4)}
ca_file = {server.authority.folder}/ca.pem
certificate = {certificate}
key_file = {key}
""")
    made.start()
    made.registryd = Registryd(tmp_path / "registryd", server.port, server.authority, "chair-1", server.registry.public(),
                               server.mirror.public(4), made.folder / "state")
    made.registryd.config = made.config
    log_key = wait_for(lambda: records(made, "SELECT key FROM signing_key"), "the log's key")[0][0]
    done = server.command("enrol", "chair-1", log_key)
    assert done.returncode == 0, done.stderr
    made.registryd.start()
    yield made
    made.registryd.stop()
    made.close()


def records(station, sql):
    with sqlite3.connect(station.folder / "state/ledger.db") as ledger:
        return ledger.execute(sql).fetchall()


def of_kind(station, kind):
    return [json.loads(leaf) for leaf, in records(station, f"SELECT leaf FROM record WHERE kind = '{kind}'")]


def test_a_whole_chair(tmp_path, server, station, postgres):
    assert (BUILD / "daemon/stippled").exists()
    # the registry confirms the boot, and the daemon has that on record with its proof
    boot, = wait_for(lambda: records(station, "SELECT boot FROM confirmed_boot"), "the confirmed boot")
    assert boot[0] in {json.loads(leaf)["boot"] for leaf, in records(station, "SELECT leaf FROM record")}
    assert of_kind(station, "clinic.joined")[0]["body"]["registry"] == server.registry.public()
    # what the mirror cosigned is kept beside the ledger
    cosigned = station.folder / "state/ledger.db.cosigned"
    wait_for(lambda: cosigned.exists() and server.mirror.name in cosigned.read_text(), "the cosigned checkpoint")
    # what another chair enters is here
    other = Chair(tmp_path / "chair-2", "chair-2", server)
    try:
        other.registryd.start()
        n = other.ledger.append("L7")
        other.daemon.news()
        received = wait_for(lambda: of_kind(station, "lot.received"), "the other chair's lot")
        assert received[0]["body"]["lot"] == "L7" and received[0]["body"]["from"] == f"{other.ledger.origin} {n}"
        # neither the death of the program nor that of the daemon makes it twice
        station.registryd.kill()
        other.ledger.append("L8")
        other.daemon.news()
        station.registryd.start()
        wait_for(lambda: len(of_kind(station, "lot.received")) == 2, "the next lot")
        station.kill()
        station.start()
        other.ledger.append("L9")
        other.daemon.news()
        wait_for(lambda: len(of_kind(station, "lot.received")) == 3, "the third lot")
        assert [record["body"]["lot"] for record in of_kind(station, "lot.received")] == ["L7", "L8", "L9"]
        assert len(of_kind(station, "clinic.joined")) == 1
    finally:
        other.close()
    # what the registry's log says of this station, in the server's database
    assert postgres.ask("SELECT count(*) FROM registry_leaf WHERE encode(leaf, 'escape') LIKE '%boot.confirmed%'") == "2"
