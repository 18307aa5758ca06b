# SPDX-License-Identifier: Apache-2.0
"""stipplectl asks about all stations of a clinic: over records that real daemons wrote, the answers are those of the stations."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time

import pytest
from clinic_harness import BUILD, PATIENCE_S, Log, NoteKey, wait_for
from test_auditing import course, fill, leaf, mirror, write

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import harness  # noqa: E402

CTL = BUILD / "ctl/stipplectl"
PROFILE = str(harness.SOURCE / "configs/profiles/us-ca.conf")
UNIT = f"(01){harness.GTIN}(21)"


# ---- what real stations recorded ----

def treat(station, subject, serial):
    station.prepare(subject, serial=serial, enrol=False)
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") > 50, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Abandon", "over")
    station.call("Station1", "Logout")


def enter(station, kind, pin="", interface="Inventory1", **fields):
    return station.record(interface, kind, pin, **fields)


def live(station, subjects, serials):
    """Treatments, a blend, a steriliser, a lot that is barred, and corrections: of a person and of a pigment's lot."""
    station.wait_board()
    station.enrol()
    for subject, serial in zip(subjects, serials):
        treat(station, subject, serial)
    with station.administrator():
        for colour, lot in (("black-3", "PG7"), ("brown-1", "PG8")):
            enter(station, "pigment.received", brand="Brand", colour=colour, lot=lot, expiry="2031-01-31", purpose="PMU",
                  quantity="2")
        enter(station, "pigment.blended", blend="B1", colour="dark", parts="PG7:2, PG8:1")
        enter(station, "sterilizer.registered", sterilizer="A", maker="M", model="B18", serial="7", installed="2026-01-01")
        enter(station, "lot.status", lot="L1", status="quarantined", reason="blisters leak")
        begun = [row["seq"] for row in station.audit("records", kind="session.begun")]
        station.record("Session1", "record.corrected", harness.ADMINISTRATOR[2], corrects=str(begun[-1]), field="subject",
                       old=subjects[-1], new=subjects[0], why="mistyped")


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """The ledgers of two stations that ended: paths."""
    made = {}
    for name, subjects, serials in (("chair-1", ("P-1", "P-2"), ("A1", "A2")), ("chair-2", ("P-3", "P-1"), ("B1", "A1"))):
        station = harness.Station()
        try:
            station.start()
            live(station, subjects, serials)
            station.stop()
            made[name] = tmp_path_factory.mktemp(name) / "ledger.db"
            shutil.copy(station.folder / "state/ledger.db", made[name])
        finally:
            station.close()
    return made


def leaves(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as db:
        return [bytes(row[0]) for row in db.execute("SELECT leaf FROM record ORDER BY seq")]


# ---- the tool ----

class Auditor:
    def __init__(self, server, tmp_path, keys=()):
        self.server, self.home = server, tmp_path / "home"
        folder = self.home / ".config/stipple/clinic"
        folder.mkdir(parents=True)
        certificate, key = server.authority.issue("auditor-1", more="/OU=auditor")
        for source, name in ((server.authority.folder / "ca.pem", "ca.pem"), (certificate, "auditor.pem"), (key, "auditor.key")):
            shutil.copy(source, folder / name)
        self.pin(*keys)
        self.temporary = tmp_path / "temporary"
        self.temporary.mkdir()
        self.url = f"https://localhost:{server.port}"

    def pin(self, *keys):
        (self.home / ".config/stipple/clinic/keys").write_text("\n".join(keys) + "\n")

    def start(self, *words, clinic=True):
        options = ["--clinic", self.url] if clinic else []
        return subprocess.Popen([CTL, *options, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=dict(os.environ, HOME=str(self.home), TMPDIR=str(self.temporary)))

    def run(self, *words, status=0, clinic=True):
        with self.start(*words, clinic=clinic) as process:
            out, err = process.communicate(timeout=PATIENCE_S * 4)
        assert process.returncode == status, (words, process.returncode, out[-500:], err)
        assert "AddressSanitizer" not in err and "runtime error" not in err, err
        assert list(self.temporary.iterdir()) == [], "no record is left behind"
        return out, err

    def rows(self, *words, last=True):
        out, _ = self.run("--json", "audit", *words)
        *found, end = map(json.loads, out.splitlines())
        assert end["end"] == len(found)
        return (found, end["covers"]) if last else found


@pytest.fixture
def chairs(enrol, ledgers):
    """Two stations of the clinic with what real daemons recorded."""
    logs = {}
    for name, path in ledgers.items():
        logs[name] = enrol(name)
        logs[name].append(*leaves(path))
        mirror(logs[name])
    return logs


@pytest.fixture
def auditor(server, tmp_path):
    return Auditor(server, tmp_path, keys=[server.registry.public(), server.mirror.public(4)])


def pin(auditor, *logs):
    auditor.pin(auditor.server.registry.public(), auditor.server.mirror.public(4), *(log.key.public() for log in logs))


def questions():
    """Each question with its arguments."""
    described = subprocess.run([CTL, "--json", "--ledger", "/dev/null", "audit", "list"], capture_output=True, text=True, check=True)
    return {one["query"]: [word.split(" ")[0] for word in one["arguments"]] for one in map(json.loads, described.stdout.splitlines())}


# a station answers these from what it keeps beside its records, or of itself
BESIDE = {"keys", "checkpoints", "outbox", "waiting", "images-unnamed", "operators", "operator", "subjects", "person", "client",
          "erasures"}


def at_station(path, query, words):
    """The rows of the station's own ledger, without what is personal there."""
    done = subprocess.run([CTL, "--json", "--ledger", path, "--profile", PROFILE, "audit", query, *words], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        assert "is not on record" in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_question_over_all_stations_is_what_the_stations_answer(auditor, chairs, ledgers, tmp_path):
    """Asked of whole copies, and of what the server narrows: the same rows, but for names, contacts and words."""
    pin(auditor, *chairs.values())
    values = {"unit": UNIT + "A1", "lot": "l1", "subject": "p-1", "session": "2"}
    asked = 0
    for query, arguments in questions().items():
        if query in BESIDE:
            continue
        given = [(name, value) for name, value in values.items() if name in arguments]
        for name, value in given or [(None, None)]:
            words = [f"{name}={value}"] if name else []
            expected = {(chair, json.dumps(row, sort_keys=True)) for chair, path in ledgers.items()
                        for row in at_station(path, query, words)}
            bare = {chair: at_station(path, query, words) for chair, path in ledgers.items()}
            if not any(bare.values()) and name:
                continue
            found, _ = auditor.rows(query, *words, "--profile", PROFILE)
            kept, covers = auditor.rows(query, *words, "--profile", PROFILE, "--copies", tmp_path / "copies")
            assert found == kept, (query, words, "narrowed and whole differ")
            assert all(one["proved"] and one["whole"] for one in covers)
            assert len(found) == len(expected) or query == "check", (query, words)
            by_chair = {chair: [dict(row) for row in found if row.pop("station") == chair] for chair in ledgers}
            for chair, rows in by_chair.items():
                for row, own in zip(rows, bare[chair]):
                    different = {key for key in row if row[key] != own.get(key)}
                    assert not different - {"corrected", "corrects", "new", "old", "row"}, (query, words, different)
            asked += 1
    assert asked > 60
