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
    """Each question with its arguments; those that are needed end with an exclamation mark."""
    described = subprocess.run([CTL, "--json", "--ledger", "/dev/null", "audit", "list"], capture_output=True, text=True, check=True)
    return {one["query"]: [word.replace(" (needed)", "!") for word in one["arguments"]] for one in map(json.loads, described.stdout.splitlines())}


# a station answers these from what it keeps beside its records, or of itself
BESIDE = {"keys", "checkpoints", "outbox", "waiting", "images-unnamed", "operators", "operator", "subjects", "person", "client",
          "erasures"}


PERSONAL = {"corrected"}  # it shows what a person wrote where the station may


def at_station(path, query, words):
    """The rows of the station's own ledger, without what is personal there."""
    done = subprocess.run([CTL, "--json", "--ledger", path, "--profile", PROFILE, "audit", query, *words], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        assert "is not on record" in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


VALUES = {"unit": UNIT + "A1", "lot": "l1", "subject": "p-1", "session": "2"}
# a few in the suite, all of them with STIPPLE_CLINIC_WHOLE=1: that takes minutes
SOME = {"unit": "unit", "recall": "lot", "pigments": "subject", "timeline": "subject", "lots": None, "check": None}


def ways_to_ask():
    """Each question as it is, and with each of its arguments that narrows the records."""
    for query, arguments in questions().items():
        needed = {name[:-1] for name in arguments if name.endswith("!")}
        names = [name.rstrip("!") for name in arguments]
        if query in BESIDE or needed - set(VALUES):
            continue
        for name in [None, *(name for name in names if name in VALUES)]:
            if "STIPPLE_CLINIC_WHOLE" in os.environ or SOME.get(query, "") == name:
                given = needed | ({name} if name else set())
                if name or not needed:
                    yield query, [f"{one}={VALUES[one]}" for one in sorted(given)]


def test_every_question_over_all_stations_is_what_the_stations_answer(auditor, chairs, ledgers, tmp_path):
    """Asked of whole copies, and of what the server narrows: the same rows, but for names, contacts and words."""
    auditor.pin(auditor.server.registry.public(), auditor.server.mirror.public(4), *(log.key.public() for log in chairs.values()))
    asked = 0
    for query, words in ways_to_ask():
        own = [{"station": chair, **row} for chair, path in ledgers.items() for row in at_station(path, query, words)]
        if words and not own:
            continue
        found, _ = auditor.rows(query, *words, "--profile", PROFILE)
        kept, covers = auditor.rows(query, *words, "--profile", PROFILE, "--copies", tmp_path / "copies")
        assert found == kept, (query, words, "what is narrowed and what is whole differ")
        assert all(one["proved"] and one["whole"] and one["cosigned"] for one in covers)
        assert len(found) == len(own), (query, words)
        for row, theirs in zip(found, own):
            different = {key for key in row if row[key] != theirs[key] and key not in PERSONAL}
            assert not different, (query, words, row, theirs)
        asked += 1
    assert asked >= len(SOME)


# ---- proofs ----

def test_the_proofs_of_an_answer_are_checked_without_the_server(server, auditor, chairs, tmp_path):
    """The stations' keys are those that the registry's log says: only the registry's and the mirror's are pinned."""
    enrolled(server, chairs)
    rows, covers = auditor.rows("recall", "L1", "--proofs", tmp_path / "proofs")
    assert {row["station"] for row in rows} == set(chairs) and len(rows) == 4 and all(one["cosigned"] for one in covers)
    files = sorted((tmp_path / "proofs").iterdir())
    assert [file.name for file in files] == sorted(f"{row['station']}-{row['seq']}.proof" for row in rows)
    server.kill()
    keys = " ".join([*(log.key.public() for log in chairs.values()), server.mirror.public(4)])
    out, _ = auditor.run("audit", "verify", *files, "--key", keys, clinic=False)
    assert out.count("is in the log") == 4 and out.count("cosigned") == 4
    files[0].write_text(files[0].read_text().replace("index ", "index 1"))
    auditor.run("audit", "verify", *files, "--key", keys, clinic=False, status=1)
    auditor.run("audit", "verify", files[1], "--key", NoteKey("stipple/clinic/chair-1").public(), clinic=False, status=1)
    server.start()


def enrolled(server, logs):
    """The registry's log says which station has which key, as after an enrolment."""
    registry = Log(server.registry)
    for name, log in logs.items():
        registry.append(json.dumps({"key": log.key.public(), "kind": "station.enrolled", "name": name, "request": name,
                                    "station": log.key.name, "utc": "2026-11-03T10:00:00Z"}, sort_keys=True).encode())
    say(server, registry)


def say(server, registry):
    """Puts a log into the database as if the server had written it, for auditors alone: stations get errors from then on."""
    ask = server.postgres.ask
    ask("DELETE FROM registry_leaf")
    for i, text in enumerate(registry.leaves):
        ask(f"INSERT INTO registry_leaf(seq, leaf) VALUES ({i}, decode('{text.hex()}', 'hex'))")
    note = server.registry.note(registry.text(len(registry.leaves))).encode().hex()
    ask(f"UPDATE registry SET size = {len(registry.leaves)}, note = convert_from(decode('{note}', 'hex'), 'UTF8')")


@contextlib.contextmanager
def said(server, registry):
    """The same for a while."""
    ask = server.postgres.ask
    ask("CREATE TABLE kept_head AS SELECT * FROM registry; CREATE TABLE kept_leaf AS SELECT * FROM registry_leaf")
    say(server, registry)
    yield
    ask("UPDATE registry SET size = kept_head.size, note = kept_head.note FROM kept_head; DELETE FROM registry_leaf;"
        "INSERT INTO registry_leaf SELECT * FROM kept_leaf; DROP TABLE kept_head; DROP TABLE kept_leaf")


# ---- the registry's log, and findings ----

def registry_leaf(kind, station, **body):
    return json.dumps({"kind": kind, "station": station, "request": "r", "utc": "2026-11-03T09:00:00Z", **body}, sort_keys=True).encode()


ONE, TWO = "stipple/clinic/chair-1", "stipple/clinic/chair-2"


def claim(log, unit, grant=None):
    body = {"unit": unit, "lot": "L", "session": 1, "code": "c"} | ({} if grant is None else {"grant": grant})
    write(log, ("needle.claimed", body))


def test_no_claim_lacks_a_grant(server, auditor, enrol, tmp_path, postgres):
    one, two = enrol("chair-1"), enrol("chair-2")
    registry = Log(server.registry)
    registry.append(registry_leaf("units.granted", ONE, lot="L", units=["u0", "u1", "u2"]),
                    registry_leaf("range.granted", TWO, lot="L", unit="(10)L", first=1, last=20),
                    registry_leaf("units.moved", ONE, to=TWO, units=["u2"]),
                    registry_leaf("a.kind.of.later", ONE, units=["u0"]),
                    registry_leaf("units.moved", TWO, to=ONE, units=["(10)L#20"]))
    postgres.ask("UPDATE station SET enrolled = '2026-11-01'")
    claim(one, "u0", 0)
    claim(two, "u2", 2)
    claim(two, "(10)L#7", 1)
    claim(one, "(10)L#20", 4)
    mirror(one)
    mirror(two)
    with said(server, registry):
        out, _ = auditor.run("audit", "registry", "-o", tmp_path / "saved")
    assert "log of 5 leaves: root computed anew, signed by clinic.example/registry" in out and "4 claims looked at, 0 of" in out
    assert "nothing found" in out
    server.stop()
    out, _ = auditor.run("audit", "registry", tmp_path / "saved", "--key", server.registry.public(), clinic=False)
    assert "5 leaves" in out
    server.start()
    # each of these is one that nobody allowed
    claim(two, "u0", 0)          # the grant is the other's
    claim(two, "u1", 0)
    claim(one, "u2", 2)          # moved away
    claim(two, "(10)L#21", 1)    # beyond the range
    claim(one, "u9")             # no grant at all
    claim(one, "u1", 77)         # no such leaf
    mirror(one, 2)
    mirror(two, 2)
    say(server, registry)
    out, _ = auditor.run("audit", "findings", status=1)
    assert "finding: without-grant at chair-1: record 3: u2 was claimed with a grant that is not" in out
    assert out.count("finding: without-grant") == 6
    assert "claimed-twice at chair-1 chair-2: u0 was claimed 2 times" in out and "NOT AS IT SHOULD BE" in out
    found = [json.loads(line) for line in auditor.run("--json", "audit", "findings", status=1)[0].splitlines()]
    assert found[-1]["findings"] == len(found) - 1 and found[-1]["verified"]


def test_what_the_registry_granted_twice_is_found(server, auditor):
    registry = Log(server.registry)
    registry.append(registry_leaf("units.granted", ONE, lot="L", units=["u1"]), registry_leaf("units.granted", TWO, lot="L", units=["u1"]),
                    registry_leaf("range.granted", ONE, lot="L", unit="(10)L", first=1, last=20),
                    registry_leaf("range.granted", TWO, lot="L", unit="(10)L", first=20, last=30),
                    registry_leaf("units.moved", ONE, to=TWO, units=["u5"]))
    say(server, registry)
    out, _ = auditor.run("audit", "registry", status=1)
    assert "leaf 1 grants u1, which stipple/clinic/chair-1 holds already" in out
    assert "leaf 3 grants numbers of (10)L that leaf 2 granted" in out and "leaf 4 moves u5 from stipple/clinic/chair-1, which does not" in out


def test_a_registry_that_is_not_what_was_signed_proves_nothing(server, auditor, postgres):
    registry = Log(server.registry)
    registry.append(*(registry_leaf("units.granted", ONE, lot="L", units=[f"u{i}"]) for i in range(5)))
    say(server, registry)
    postgres.ask("UPDATE registry_leaf SET leaf = replace(convert_from(leaf, 'UTF8'), 'chair-1', 'chair-2')::bytea WHERE seq = 3")
    assert "are not the registry's log" in auditor.run("audit", "registry", status=1)[1]
    postgres.ask("DELETE FROM registry_leaf WHERE seq = 3")
    assert "leaf 3 of the registry's log is missing" in auditor.run("audit", "registry", status=1)[1]
    say(server, registry)
    auditor.pin(NoteKey(server.registry.name).public())
    assert "audit" not in auditor.run("audit", "registry", status=1)[0]
    auditor.pin("")
    assert "public key is needed" in auditor.run("audit", "registry", status=2)[1]


# ---- what is refused, and what breaks ----

def test_a_station_is_no_auditor(server, auditor, station):
    """Its certificate in the auditor's place."""
    fill(station, 3)
    mirror(station)
    folder = auditor.home / ".config/stipple/clinic"
    for source, name in zip(server.authority.issue("chair-1"), ("auditor.pem", "auditor.key")):
        shutil.copy(source, folder / name)
    out, err = auditor.run("audit", "needles", status=1)
    assert out == "" and "403: only an auditor's certificate may read the records" in err
    (folder / "auditor.key").unlink()
    assert "private key of the auditor's certificate" in auditor.run("audit", "needles", status=1)[1]


def test_words_that_make_no_sense(auditor, station):
    assert "must begin with https://" in auditor.run("audit", "needles", "--clinic", "http://x", clinic=False, status=2)[1]
    assert "go with --clinic" in auditor.run("audit", "needles", "--proofs", "x", clinic=False, status=2)[1]
    assert "exclude each other" in auditor.run("audit", "needles", "--ledger", "x", status=2)[1]
    assert "no query" in auditor.run("audit", "nonsense", status=1)[1]
    assert "do not say the number of a record" in auditor.run("audit", "subject", "P-1", "--proofs", "x", status=2)[1]
    assert "no station of that name" in auditor.run("audit", "needles", "station=chair-9", status=1)[1]
    assert "not on record at any station" in auditor.run("audit", "unit", "nowhere", status=1)[1]
    assert "is neither pinned nor in the registry's log" in auditor.run("audit", "needles", status=1)[1]
    out, _ = auditor.run("audit", "stations")
    assert "chair-1" in out and auditor.run("--csv", "audit", "stations")[0].startswith("station,origin,key")


def test_tables_csv_and_none(auditor, chairs):
    auditor.pin("")
    out, err = auditor.run("audit", "needles", "lot=L1")
    assert out.splitlines()[0].split()[:2] == ["station", "seq"] and len(out.splitlines()) == 5
    assert "chair-1: up to record" in err and "those that concern the question" in err and "4 rows of 2 stations" in err
    out, err = auditor.run("--csv", "audit", "lots")
    assert out.startswith("station,gtin,lot") and "not verified, as no key is pinned" in err
    assert "name it with --profile" in auditor.run("audit", "check", status=1)[1]
    assert "no rows match" in auditor.run("audit", "incidents")[1]
    assert len(auditor.rows("needles", "station=chair-2")[0]) == 2


def test_copies_are_continued_and_what_is_not_their_log_is_refused(server, auditor, enrol, tmp_path, postgres):
    log, copies = enrol("chair-1"), tmp_path / "copies"
    pin_of = [server.registry.public(), server.mirror.public(4), log.key.public()]
    auditor.pin(*pin_of)
    fill(log, 700)
    mirror(log)
    assert len(auditor.rows("records", "--copies", copies)[0]) == 700
    fill(log, 300)
    mirror(log, 700)
    rows, covers = auditor.rows("records", "--copies", copies)
    assert len(rows) == 1000 and covers[0]["proved"] and oct((copies / "chair-1.db").stat().st_mode)[-3:] == "600"
    (copies / "chair-1.db").rename(copies / "kept")
    postgres.ask("DELETE FROM record WHERE seq = 500")
    assert "records are missing" in auditor.run("audit", "records", "--copies", copies, status=1)[1]
    (copies / "chair-1.db").write_bytes((copies / "kept").read_bytes())
    assert len(auditor.rows("records", "--copies", copies)[0]) == 1000, "what is here needs not be sent"
    with contextlib.closing(sqlite3.connect(copies / "chair-1.db")) as db:
        db.execute("DELETE FROM tree_node")
        db.commit()
    assert "is no copy" in auditor.run("audit", "records", "--copies", copies, status=1)[1]


def test_a_server_that_dies_in_the_middle(server, auditor, enrol, tmp_path):
    """The answer is refused, nothing is left behind; copies go on where it was cut."""
    log = enrol("chair-1")
    auditor.pin(log.key.public())
    fill(log, 20000)
    mirror(log)
    copies = tmp_path / "copies"
    process = auditor.start("audit", "records", "--copies", copies)
    wait_for(lambda: (copies / "chair-1.db").exists(), "the copy to begin")
    time.sleep(0.1)
    server.kill()
    out, err = process.communicate(timeout=PATIENCE_S * 2)
    assert process.returncode == 1 and out == "" and "rows of" not in err, err
    server.start()
    assert len(auditor.rows("records", "--copies", copies)[0]) == 20000
    assert list(auditor.temporary.iterdir()) == []


def test_an_interruption_leaves_nothing_behind(server, auditor, enrol):
    log = enrol("chair-1")
    auditor.pin("")
    fill(log, 20000)
    mirror(log)
    process = auditor.start("audit", "records")
    wait_for(lambda: list(auditor.temporary.glob("*/*.db")), "the reading to begin")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S * 2)
    assert process.returncode == 1 and out == "" and list(auditor.temporary.iterdir()) == [], err


# ---- a hostile server ----

@contextlib.contextmanager
def hostile(server, answers):
    """A server with a certificate of the authority that answers each path with what `answers` makes of it."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):
                for part in answers(self.path):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *words):
            pass
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.authority.folder / "localhost.pem", server.authority.folder / "localhost.key")
    served.socket = context.wrap_socket(served.socket, server_side=True)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    try:
        yield f"https://localhost:{served.server_port}"
    finally:
        served.shutdown()
        thread.join()
        served.server_close()


def test_what_a_hostile_server_sends_is_refused(server, auditor, tmp_path):
    log = Log(NoteKey(ONE))
    course(log, 1, "u1", "L1", "P-1")
    auditor.pin(log.key.public())
    note = log.key.note(log.text(4))
    head = json.dumps({"station": "chair-1", "records": 4, "checkpoint": note, "narrowed": False}).encode() + b"\n"
    sent = [json.dumps({"record": i + 1, "leaf": text.decode()}).encode() + b"\n" for i, text in enumerate(log.leaves)]
    listed = json.dumps({"station": "chair-1", "origin": ONE}).encode() + b'\n{"end":1}\n'
    forged = json.dumps({"record": 2, "leaf": leaf(log, 2, "needle.claimed", unit="u2", lot="L1", session=1, code="c").decode()}).encode() + b"\n"
    other = NoteKey(ONE)

    def endless(part):
        while True:
            yield part

    def more(count):
        return [json.dumps({"record": i, "leaf": "{}"}).encode() + b"\n" for i in range(5, count)]
    records = {
        "cut off": ([head, *sent], "cut off after 4 rows"),
        "says another number": ([head, *sent, b'{"end":5}\n'], "other than the 4 rows"),
        "goes on after its end": ([head, *sent, b'{"end":4}\n{}\n'], "not what a clinic's server sends"),
        "a record is missing": ([head, *sent[:3], b'{"end":3}\n'], "records are missing"),
        "a record is forged": ([head, sent[0], forged, *sent[2:], b'{"end":4}\n'], "are not those that its checkpoint"),
        "a record twice": ([head, sent[0], sent[0]], "sent twice"),
        "records that the checkpoint has not": ([head, *sent, *more(9)], "no record of the checkpoint"),
        "endless records": (lambda: [head, *endless(sent[1])], "sent twice"),
        "an endless line": (lambda: endless(b"x" * 65536), "not what a clinic's server sends"),
        "garbage": ([bytes(range(256)) * 4, b"\n"], "not what a clinic's server sends"),
        "nothing": ([], "cut off after 0 rows"),
        "no object": ([b"[]\n"], "not what a clinic's server sends"),
        "another station": ([head.replace(b"chair-1", b"chair-2", 1)], "not about chair-1"),
        "another key": ([head.replace(json.dumps(note).encode(), json.dumps(other.note(log.text(4))).encode())], "key"),
        "another size": ([head.replace(b'"records": 4', b'"records": 3')], "is not of 3 records"),
        "no note": ([head.replace(json.dumps(note).encode(), b'"x"')], ""),
        "deep nesting": ([b"[" * 100000 + b"\n"], "not what a clinic's server sends"),
    }
    for what, (parts, says) in records.items():
        def answer(path, parts=parts):
            return [listed] if path.startswith("/audit/stations") else parts() if callable(parts) else parts
        if what == "endless records":
            def answer(path):
                return [listed] if path.startswith("/audit/stations") else (part for source in ([head], endless(sent[1])) for part in source)
        with hostile(server, answer) as url:
            out, err = auditor.run("audit", "needles", "--clinic", url, clinic=False, status=1)
            assert out == "" and says in err, (what, err)
    lists = {b'{"station":"../../x","origin":"o"}\n{"end":1}\n': "proper name", b'{"origin":"o"}\n{"end":1}\n': "proper name",
             b'{"end":0}\n': "no station is enrolled"}
    for sent_list, says in lists.items():
        with hostile(server, lambda path, sent_list=sent_list: [sent_list]) as url:
            assert says in auditor.run("audit", "needles", "--clinic", url, clinic=False, status=1)[1]
    # all is right but the proofs
    whole = [head, *sent, b'{"end":4}\n']
    for proof in (b"", b"x", b"c2sp.org/tlog-proof@v1\nindex 1\n\n" + note.encode(), bytes(3 << 20)):
        def lying(path, proof=proof):
            return [listed] if path.startswith("/audit/stations") else whole if path.startswith("/audit/records") else [proof]
        with hostile(server, lying) as url:
            out, _ = auditor.run("audit", "needles", "--clinic", url, "--proofs", tmp_path / "proofs", clinic=False, status=1)
            assert out == "" and list((tmp_path / "proofs").iterdir()) == []
