# SPDX-License-Identifier: Apache-2.0
"""The station's end: what is mirrored, what is followed, what is asked, and what a server that lies or hangs cannot do."""

import base64
import json
import random
import signal
import time
import uuid

import pytest
from clinic_harness import Authority, Log, NoteKey, wait_for
from station_harness import (AWAY, BOOT, CERTIFICATE, CLAIM, DONE, DOUBLE, HOLD, HOLDER, LOG, MIRROR, REFUSED, TIMELINE, Daemon,
                             FakeServer, Ledger, Registryd, verify_leaf)

OTHER = "stipple/clinic/chair-2"


@pytest.fixture
def ledger(tmp_path):
    written = Ledger(tmp_path / "state")
    yield written
    written.close()


class KeptAuthority(Authority):
    """Issues a certificate once for each name."""

    def issue(self, name, *how):
        if not (self.folder / f"{name}.pem").exists():
            super().issue(name, *how)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """One for all servers of the tests' own."""
    return KeptAuthority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
def chair(tmp_path, ledger):
    """Makes the station's end for a server: (registryd, daemon)."""
    made = []

    def make(server, authority, start=True):
        registryd = Registryd(tmp_path / "run", server.port, authority, "chair-1", server.registry.public(), server.mirror.public(4),
                              tmp_path / "state")
        daemon = Daemon(tmp_path / "run", ledger.origin)
        made.append((registryd, daemon))
        if start:
            registryd.start()
        return registryd, daemon
    yield make
    for registryd, daemon in made:
        daemon.close()
        registryd.stop()


@pytest.fixture
def with_fake(authority, chair):
    """The station's end with a server of the test's own: (registryd, daemon, server)."""
    served = FakeServer(authority)
    registryd, daemon = chair(served, authority)
    yield registryd, daemon, served
    served.close()


@pytest.fixture
def with_real(server, chair, ledger):
    done = server.command("enrol", "chair-1", ledger.key)
    assert done.returncode == 0, done.stderr
    registryd, daemon = chair(server, server.authority, start=False)
    return registryd, daemon, server


# ---- the mirror ----

def test_a_log_is_mirrored_and_cosigned(with_fake, ledger):
    _, daemon, fake = with_fake
    n = ledger.append(900)
    daemon.report(mirrored=n, waiting=0, warnings=0, connected=True)
    assert len(fake.entries) == n
    told = time.monotonic()
    n = ledger.append(1)
    daemon.news()
    daemon.report(mirrored=n)
    assert time.monotonic() - told < 5, "news are told, not found"
    assert json.loads(fake.entries[n - 1])["seq"] == n


def test_a_real_server_gets_all_whoever_dies(with_real, ledger, postgres):
    """Both sides are killed at random moments while records are written; at the end each is there once."""
    registryd, daemon, server = with_real
    chance = random.Random(7)
    ledger.append(6000)
    registryd.start()
    for _ in range(8):
        time.sleep(chance.uniform(0.02, 0.4))
        victim = chance.choice((registryd, server))
        victim.kill()
        n = ledger.append(chance.randrange(1, 700))
        victim.start()
    n = ledger.append(3)
    wait_for(lambda: postgres.ask("SELECT mirror_size FROM mirror") == str(n), "the whole log")
    assert postgres.ask("SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM record") == f"{n}|{n}|0|{n - 1}"
    wait_for(lambda: json.loads((registryd.folder / "state/seen.json").read_text())["mirrored"] == n, "the cosignature")


def test_a_cosignature_by_another_key_counts_nothing(with_fake, ledger):
    _, daemon, fake = with_fake
    other = NoteKey("clinic.example/mirror")
    fake.cosign = lambda key, sign=fake.cosign: sign(other)
    ledger.append(5)
    report = daemon.warned(MIRROR)
    assert report["mirrored"] == 0 and "cosign" in report["text"]


def test_a_server_that_hangs_is_left_alone_and_found_again(with_real, ledger, postgres):
    registryd, daemon, server = with_real
    registryd.start()
    n = ledger.append(10)
    daemon.report(mirrored=n)
    wait_for(lambda: daemon.order, "the boot's leaf")
    server.process.send_signal(signal.SIGSTOP)
    try:
        n = ledger.append(10)
        daemon.news()
        asked = daemon.ask(CLAIM, unit="(10)L1#1", lot="L1")
        assert daemon.answer(asked)[0] == AWAY
    finally:
        server.process.send_signal(signal.SIGCONT)
    daemon.report(mirrored=n, connected=True)


def test_no_server_at_all(with_fake, ledger):
    registryd, daemon, fake = with_fake
    wait_for(lambda: daemon.order, "the boot's leaf")
    fake.close()
    ledger.append(2)
    daemon.news()
    report = daemon.report(connected=False)
    assert "cannot be reached" in report["text"] and report["advice"]
    asked = daemon.ask(CLAIM, unit="u", lot="L1")
    assert daemon.answer(asked)[0] == AWAY
    kept = json.loads((registryd.folder / "state/requests.json").read_text())
    assert not [entry for entry in kept if entry["what"] == "claim"], "it surely was not done, and nobody waits any more"


# ---- the registry's log ----

def test_leaves_are_followed_proved_and_told_in_order(with_fake, ledger):
    registryd, daemon, fake = with_fake
    daemon.report(connected=True)
    boot = wait_for(lambda: daemon.order, "the boot's leaf")[0]
    mine = [fake.grant(ledger.origin, f"u{i}") if i % 3 else fake.grant(OTHER, f"v{i}") for i in range(1, 40)]
    shared = fake.append(kind="record.shared", station=OTHER, seq=4, record=dict(kind="lot.status"), request="", utc="")
    own = fake.append(kind="record.shared", station=ledger.origin, seq=5, record=dict(kind="lot.status"), request="", utc="")
    moved = fake.append(kind="units.moved", station=OTHER, to=ledger.origin, units=["v3"], request="", utc="")
    away = fake.append(kind="units.moved", station=OTHER, to="stipple/clinic/chair-3", units=["v6"], request="", utc="")
    news = fake.append(kind="station.enrolled", station="stipple/clinic/chair-9", name="chair-9", key="k", request="", utc="")
    wanted = [boot, *(seq for i, seq in enumerate(mine, 1) if i % 3), shared, moved, news]
    wait_for(lambda: len(daemon.order) >= len(wanted), "the leaves")
    assert daemon.order == wanted and own not in wanted and away not in wanted
    for seq, (leaf, proof) in daemon.leaves.items():
        assert verify_leaf(fake.registry, seq, leaf, proof) == json.loads(fake.log.leaves[seq])
    status, text, *_ = daemon.answer(daemon.ask(HOLDER, unit="v3"))
    assert (status, text) == (DONE, f"v3 is held by {ledger.origin}")
    assert daemon.answer(daemon.ask(HOLDER, unit="nothing"))[0] == REFUSED


def test_no_more_is_sent_than_the_daemon_takes(with_fake, ledger):
    _, daemon, fake = with_fake
    daemon.report(connected=True)
    wait_for(lambda: daemon.order, "the boot's leaf")
    daemon.moves = False
    sent = len(daemon.order)
    seqs = [fake.grant(ledger.origin, f"u{i}") for i in range(100)]
    wait_for(lambda: len(daemon.order) >= sent + 32, "the first ones")
    daemon.report(leaves=len(fake.log.leaves))
    assert len(daemon.order) == sent + 32
    # a daemon that starts over gets them from its cursor on
    daemon.order.clear()
    daemon.moves = True
    daemon.lose()
    wait_for(lambda: daemon.order[-100:] == seqs, "all of them, in order")


def test_the_copy_is_kept_and_checked(with_fake, ledger):
    registryd, daemon, fake = with_fake
    wait_for(lambda: daemon.order, "the boot's leaf")
    for i in range(700):
        fake.grant(ledger.origin if i % 100 == 0 else OTHER, f"u{i}")
    daemon.report(leaves=len(fake.log.leaves))
    registryd.stop()
    fake.requests.clear()
    registryd.start()
    wait_for(lambda: [path for path, *_ in fake.requests if path.startswith("/registry/leaves")], "the first question")
    first = next(path for path, *_ in fake.requests if path.startswith("/registry/leaves"))
    assert f"from={len(fake.log.leaves)}&" in first, "nothing is fetched again"
    assert int(fake.requests[0][1]["Stipple-Registry-Seen"]) == len(fake.log.leaves)
    # a byte flips on the disk
    registryd.stop()
    leaves = registryd.folder / "state/registry.leaves"
    changed = bytearray(leaves.read_bytes())
    changed[len(changed) // 2] ^= 1
    leaves.write_bytes(changed)
    registryd.start()
    daemon.reports.clear()
    fake.grant(ledger.origin, "last")
    daemon.report(leaves=len(fake.log.leaves), warnings=0)
    assert "damaged" in registryd.text()
    wait_for(lambda: len(fake.log.leaves) - 1 in daemon.leaves, "the newest leaf")


def test_killed_while_it_follows(with_fake, ledger):
    registryd, daemon, fake = with_fake
    chance = random.Random(3)
    seqs = []
    for _ in range(12):
        seqs += [fake.grant(ledger.origin, f"u{len(seqs) + i}") for i in range(chance.randrange(1, 120))]
        time.sleep(chance.uniform(0, 0.25))
        registryd.kill()
        registryd.start()
    wait_for(lambda: set(seqs) <= set(daemon.leaves), "all leaves")
    firsts = list(dict.fromkeys(daemon.order))
    assert firsts == sorted(firsts)
    for seq in random.Random(1).sample(seqs, 20):
        verify_leaf(fake.registry, seq, *daemon.leaves[seq])


# ---- a server that is not to be believed ----

def grown(fake, ledger, daemon):
    """A log that the station has seen, with the leaf of its boot."""
    wait_for(lambda: daemon.order, "the boot's leaf")
    for i in range(5):
        fake.grant(OTHER, f"v{i}")
    daemon.report(leaves=len(fake.log.leaves), warnings=0)
    return len(fake.log.leaves)


def lie(fake, make):
    """From now on, /registry/leaves answers what `make` makes."""
    def answer(handler, body):
        start = int(handler.path.split("from=")[1].split("&")[0])
        handler.json(200, make(start))
    fake.lies["/registry/leaves"] = answer
    with fake.grown:
        fake.grown.notify_all()


def check_refused(daemon, before, bit=LOG):
    report = daemon.warned(bit)
    assert report["leaves"] == before and report["advice"]
    return report


def test_a_log_signed_by_another_key(with_fake, ledger):
    _, daemon, fake = with_fake
    before = grown(fake, ledger, daemon)
    stranger = Log(NoteKey(fake.registry.name))
    stranger.append(*fake.log.leaves, b"{}")
    lie(fake, lambda start: fake.news(start, log=stranger))
    fake.append(kind="x")
    assert "not signed" in check_refused(daemon, before)["text"]
    fake.lies.clear()
    daemon.report(leaves=len(fake.log.leaves), warnings=0)


def test_a_forked_log(with_fake, ledger):
    registryd, daemon, fake = with_fake
    before = grown(fake, ledger, daemon)
    fork = Log(fake.registry)
    fork.append(*fake.log.leaves[:3], b'{"kind":"forged"}', *fake.log.leaves[4:], b'{"kind":"more"}')
    lie(fake, lambda start: fake.news(start, log=fork))
    fake.append(kind="x")
    check_refused(daemon, before)
    assert (registryd.folder / "state/registry.contradiction").read_text().startswith(fake.registry.name), "the evidence"
    registryd.kill()
    registryd.start()
    check_refused(daemon, before)
    fake.lies.clear()
    daemon.report(leaves=len(fake.log.leaves), warnings=0)


def test_a_log_that_shrank_to_another(with_fake, ledger):
    _, daemon, fake = with_fake
    before = grown(fake, ledger, daemon)
    fork = Log(fake.registry)
    fork.append(*fake.log.leaves[:2], b'{"kind":"forged"}')
    lie(fake, lambda start: fake.news(start, log=fork))
    fake.append(kind="x")
    assert "changed" in check_refused(daemon, before)["text"]


def test_a_restored_registry_is_given_back_what_it_lost(with_fake, ledger):
    _, daemon, fake = with_fake
    for i in range(600):
        fake.grant(OTHER, f"v{i}")
    before = len(fake.log.leaves)
    daemon.report(leaves=before)
    whole = fake.log.leaves[:]
    with fake.grown:
        fake.log.leaves, fake.log.hashes = fake.log.leaves[:40], fake.log.hashes[:40]
    fake.timeline = 2
    fake.hang_up()
    wait_for(lambda: fake.log.leaves == whole, "the lost leaves")
    grant = fake.grant(ledger.origin, "after")
    wait_for(lambda: grant in daemon.leaves, "a leaf after that")
    daemon.report(warnings=0)


def test_one_cartridge_for_two(with_fake, ledger):
    _, daemon, fake = with_fake
    grown(fake, ledger, daemon)
    double = fake.grant(ledger.origin, "fresh", "v1")
    good = fake.grant(ledger.origin, "other")
    report = daemon.warned(DOUBLE)
    assert "v1" in report["text"] and OTHER in report["text"]
    wait_for(lambda: good in daemon.leaves, "what is right")
    assert double not in daemon.leaves
    # a range that overlaps another one's
    fake.append(kind="range.granted", station=OTHER, lot="L2", unit="(10)L2", first=1, last=10, request="", utc="")
    overlap = fake.append(kind="range.granted", station=ledger.origin, lot="L2", unit="(10)L2", first=10, last=12, request="", utc="")
    after = fake.append(kind="range.granted", station=ledger.origin, lot="L2", unit="(10)L2", first=13, last=15, request="", utc="")
    wait_for(lambda: after in daemon.leaves, "the range that is free")
    assert overlap not in daemon.leaves
    assert daemon.answer(daemon.ask(HOLDER, unit="(10)L2#10"))[1].endswith(OTHER)


def test_an_answer_from_an_older_database(with_fake, ledger):
    registryd, daemon, fake = with_fake
    fake.timeline = 5
    grown(fake, ledger, daemon)
    fake.timeline = 4
    fake.grant(OTHER, "w1")
    report = daemon.warned(TIMELINE)
    assert not report["connected"] and "timeline 4" in report["text"]
    registryd.kill()
    daemon.reports.clear()
    registryd.start()
    daemon.warned(TIMELINE)
    fake.timeline = None
    daemon.warned(TIMELINE)
    fake.timeline = 6
    daemon.report(leaves=len(fake.log.leaves), warnings=0)


GARBAGE = [b"{", b"[]", b'{"size": 9, "leaves": []}', b'{"size": 9, "checkpoint": 7, "leaves": []}',
           b'{"size": 9, "checkpoint": "x", "leaves": [1]}']


def test_garbage(with_fake, ledger):
    _, daemon, fake = with_fake
    before = grown(fake, ledger, daemon)
    for body in GARBAGE:
        fake.lies["/registry/leaves"] = lambda handler, _, body=body: handler.answer(200, "application/json", body)
        fake.append(kind="x")
        check_refused(daemon, before)
        fake.lies.clear()
        before = len(fake.log.leaves)
        daemon.report(leaves=before, warnings=0)


def test_an_endless_answer(with_fake, ledger):
    registryd, daemon, fake = with_fake
    before = grown(fake, ledger, daemon)
    sent = []

    def endless(handler, _):
        handler.send_response(200)
        handler.send_header("Stipple-Timeline", "1")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        part = b"10000\r\n" + b"[" * 65536 + b"\r\n"
        while True:
            handler.wfile.write(part)
            sent.append(len(part))
    fake.lies["/registry/leaves"] = endless
    fake.append(kind="x")
    report = daemon.report(connected=False)
    assert "longer than" in report["text"] and report["leaves"] == before
    fake.lies.clear()
    daemon.report(leaves=len(fake.log.leaves), connected=True)


def test_a_redirect_is_not_followed(with_fake, ledger):
    _, daemon, fake = with_fake
    grown(fake, ledger, daemon)
    reached = []
    fake.routes["/elsewhere"] = lambda handler, _: (reached.append(1), handler.json(200, {}))

    def redirect(handler, _):
        handler.send_response(302)
        handler.send_header("Location", f"https://localhost:{fake.port}/elsewhere")
        handler.send_header("Stipple-Timeline", "1")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    fake.lies["/registry/leaves"] = redirect
    fake.append(kind="x")
    seen = len(fake.requests)
    wait_for(lambda: len(fake.requests) > seen + 2, "further tries")
    assert not reached


def test_a_server_of_another_authority(tmp_path, chair, ledger):
    strangers, ours = Authority(tmp_path / "strangers"), Authority(tmp_path / "ca")
    served = FakeServer(strangers)
    _, daemon = chair(served, ours)
    report = daemon.warned(CERTIFICATE)
    assert not report["connected"] and not served.requests
    served.close()


# ---- requests ----

def hold_of(fake, origin):
    """The registry's answer to hold, done once for each request."""
    done = {}

    def hold(handler, body):
        asked = json.loads(body)
        if asked["request"] not in done:
            done[asked["request"]] = fake.grant(origin, *asked["units"], lot=asked["lot"])
        handler.json(200, dict(given=asked["units"], units=[], grant=dict(seq=done[asked["request"]])))
    return hold, done


def test_what_is_asked_is_answered_after_its_leaf(with_fake, ledger):
    _, daemon, fake = with_fake
    wait_for(lambda: daemon.order, "the boot's leaf")
    fake.routes["/registry/hold"], _ = hold_of(fake, ledger.origin)
    status, text, following, newest = daemon.answer(daemon.ask(HOLD, lot="L1", units=["u1", "u2"]))
    assert (status, text) == (DONE, "2 cartridges were given")
    assert following == newest + 1 and json.loads(daemon.leaves[newest][0])["units"] == ["u1", "u2"]
    fake.routes["/registry/claim"] = lambda handler, body: handler.json(409, dict(claimed=False, units=[
        dict(unit="u9", held_by="chair-2", granted=3, claimed="2026-11-30")]))
    status, text, *_ = daemon.answer(daemon.ask(CLAIM, unit="u9", lot="L1"))
    assert (status, text) == (REFUSED, "the cartridge cannot be claimed: u9 is held by chair-2 and was used")
    fake.routes["/registry/claim"] = lambda handler, body: handler.json(404, dict(title="x", status=404, detail="no such lot"))
    assert daemon.answer(daemon.ask(CLAIM, unit="u9", lot="L1"))[:2] == (REFUSED, "no such lot")


def test_a_lost_answer_is_asked_for_with_the_same_number(with_fake, ledger):
    """The server does it and its answer is lost; then the program is killed; then the server is away for a while."""
    registryd, daemon, fake = with_fake
    wait_for(lambda: daemon.order, "the boot's leaf")
    hold, done = hold_of(fake, ledger.origin)

    def swallow(handler, body):
        hold(type("Silent", (), {"json": lambda *_: None})(), body)
        handler.close_connection = True
    fake.routes["/registry/hold"] = swallow
    assert daemon.answer(daemon.ask(HOLD, lot="L1", units=["u1"]))[0] == AWAY
    registryd.kill()
    kept = json.loads((registryd.folder / "state/requests.json").read_text())
    assert [entry["what"] for entry in kept] == ["hold"] and kept[0]["body"]["request"] in done
    registryd.start()
    fake.routes["/registry/hold"] = hold
    wait_for(lambda: json.loads((registryd.folder / "state/requests.json").read_text()) == [], "the answer")
    assert len(done) == 1
    seq, = done.values()
    wait_for(lambda: seq in daemon.leaves, "its leaf")


def test_each_boot_is_confirmed_once(with_fake, ledger):
    registryd, daemon, fake = with_fake
    seq = wait_for(lambda: daemon.order, "the boot's leaf")[0]
    leaf = json.loads(daemon.leaves[seq][0])
    assert (leaf["kind"], leaf["boot"], leaf["station"]) == ("boot.confirmed", str(BOOT), ledger.origin)
    registryd.kill()
    registryd.start()
    daemon.lose()
    n = ledger.append(1)
    daemon.report(mirrored=n)
    assert len(fake.answered) == 1
    daemon.boot = uuid.uuid4().hex
    daemon.lose()
    wait_for(lambda: len(daemon.leaves) == 2, "the next boot's leaf")
    assert len(fake.answered) == 2


def test_a_boot_shows_the_newest_checkpoint_and_nothing_overtakes_it(with_fake, ledger):
    """The request hangs while records are made: until it is answered nothing newer is mirrored, which would make it look old."""
    registryd, daemon, fake = with_fake
    daemon.report(connected=True)
    wait_for(lambda: daemon.order, "the boot's leaf")
    boot, hung = fake.routes["/registry/boot"], []

    def hang(handler, body):
        hung.append(json.loads(body))
        handler.answer(503, "application/json", b"{}")
    fake.routes["/registry/boot"] = hang
    daemon.boot = uuid.uuid4().hex
    daemon.lose()
    wait_for(lambda: hung, "the request")
    mirrored = fake.pending[0]
    n = ledger.append(20)
    daemon.news()
    wait_for(lambda: hung[-1]["checkpoint"].split("\n")[1] == str(n), "the newest checkpoint")
    assert len({body["request"] for body in hung}) == 1 and fake.pending[0] == mirrored
    fake.routes["/registry/boot"] = boot
    daemon.report(mirrored=n)


def test_it_says_what_it_is_and_ends(with_fake):
    registryd, daemon, _ = with_fake
    daemon.report(connected=True)
    registryd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(daemon.reports) > 1, "the next start")
    daemon.report(connected=True)
