# SPDX-License-Identifier: Apache-2.0
"""The log through the whole daemon and stipplectl: checkpoints, proofs, export, backup, and what damage does."""

import csv
import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess

import dbus
import pytest

import harness
from harness import wait_for
from witness import Witness

CTL = harness.BUILD / "ctl/stipplectl"


def ctl(*words, expect=0, bus="unix:path=/nonexistent", token=""):
    run = subprocess.run([CTL, "--bus", bus, *map(str, words)], capture_output=True, text=True, timeout=120,
                         env=dict(os.environ, STIPPLE_TOKEN=token))
    assert run.returncode == expect, run.stdout + run.stderr
    return run.stdout if expect == 0 else run.stdout + run.stderr


def lots(station, numbers):
    with station.somebody():
        for n in numbers:
            station.call("Inventory1", "ReceiveLot", dbus.Dictionary({
                "gtin": harness.GTIN, "lot": f"P{n}", "product": "1RL", "maker": "Maker", "expiry": "2099-12-31",
                "quantity": dbus.Int64(5)}, signature="sv"))


def ledger_of(station):
    return station.folder / "state/ledger.db"


def key_of(station):
    return str(station.get("Audit1", "Key"))


@pytest.fixture
def station(sealing):
    return sealing


@pytest.fixture
def stopped(station):
    """A station that has worked and is at rest."""
    station.enrol()
    lots(station, range(30))
    key = key_of(station)
    station.stop()
    return station, ledger_of(station), key


def checkpoint_of(station):
    with sqlite3.connect(ledger_of(station)) as db:
        (note,), = db.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
    db.close()
    return note


def tamper(ledger, sql):
    with sqlite3.connect(ledger) as db:
        # what keeps tables append-only is put back: whoever tampers leaves no trace that can be avoided
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.executescript(sql)
        for _, made in triggers:
            db.execute(made)
    db.close()


# ---- no station at all ----

ANOTHERS = """c2sp.org/tlog-proof@v1
extra Yg==
index 1
Aippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw=
WX/LMSgtNGVMIA00GPylcFxkjr8ybsc9jd7xGEH4dtg=

stipple/clinic/chair-2
3
NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=

\u2014 stipple/clinic/chair-1 wAGgt4E58DOwUU+biDq0XIx3rCOOvvlB8MsH0eqi8EX+EYJzQpSIa3+AnuqqvrHekN/4oD4fQlv9ky03Z+CubNGe0gY=
"""
ANOTHERS_KEYS = ("stipple/clinic/chair-1+c001a0b7+AblwxNxy3tieskDWxaQPLuU8PwqT1sg99fGh37uHr0+D"
                 " stipple/clinic/chair-2+ebd8e5b7+AS2hP7HbJfvnvg4ko5Oy1pJ72yvrwjLWWfoXJGCcQ0nj")
COSIGNED = """example.com/log
7
LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=

\u2014 example.com/log YJlzPvNJX7ZRYR5bMEobT1HHfzIkX5up3EKeJM+u3SCJqpr/4ly3kAQ+L9XydEw5x4IwBisOC2tF9RbIZz0XNeFtRQU=
\u2014 witness.example/w1 gHYYOgAAAABlU/EAfxkT5J3up8LXBK3Uz1rQnVCtUYwiVifw2Zfn9iw7lWDeUrYkuGspupDjPSJw38swoqvj5zrc9RmxdJRdbjmRDQ==
"""
COSIGNED_KEYS = ("example.com/log+6099733e+AdTJ2KNXiJo1LQz4hFVYzI+AAOZe+xY/hTdIz3d0IZEe"
                 " witness.example/w1+8076183a+BOjCEHV3UUlzlx2fCfFKtQ6uSVc8Y86JnxmKdvZunMBS")


def test_nobody_signs_for_another_stations_log(tmp_path):
    proof = tmp_path / "proof"
    proof.write_text(ANOTHERS)
    for keys in (ANOTHERS_KEYS, ANOTHERS_KEYS.split()[0]):
        said = ctl("audit", "verify", "--proof", proof, "--key", keys, expect=1)
        assert "is of stipple/clinic/chair-2, but signed by stipple/clinic/chair-1" in said
        assert "proved" not in said


def test_cosignatures_are_verified_and_named(tmp_path):
    note = tmp_path / "note"
    note.write_text(COSIGNED)
    log, witness = COSIGNED_KEYS.split()
    shown = json.loads(ctl("--json", "audit", "verify", "--proof", note, "--key", COSIGNED_KEYS))
    assert shown["signed"] == shown["log"] == "example.com/log"
    assert shown["cosigned"] == [{"witness": "witness.example/w1", "seen": "2023-11-14T22:13:20.000000Z"}]
    assert "witness.example/w1, which saw it at 2023-11-14" in ctl("audit", "verify", "--proof", note, "--key", COSIGNED_KEYS)
    assert "cosigned" not in ctl("audit", "verify", "--proof", note, "--key", log)
    assert "only witnesses" in ctl("audit", "verify", "--proof", note, "--key", witness, expect=1)
    note.write_text(COSIGNED.replace("AAAABlU", "AAAABlV"))
    assert "witness.example/w1 does not go with this text" in ctl(
        "audit", "verify", "--proof", note, "--key", COSIGNED_KEYS, expect=1)


def test_a_policy_says_who_must_have_cosigned(tmp_path):
    note, policy = tmp_path / "note", tmp_path / "policy"
    note.write_text(COSIGNED)
    log, witness = COSIGNED_KEYS.split()
    other = "witness.example/w2+fb2ef6cc+BCSzaqh+1zxFVYzI+AAOZe+xY/hTdIz3d0IZEe"

    def verify(text, *more, expect=0):
        policy.write_text(text)
        return ctl("audit", "verify", "--proof", note, "--policy", policy, *more, expect=expect)
    assert "witness.example/w1, which saw it at 2023-11-14" in verify(f"log {log}\nwitness w1 {witness}\nquorum w1\n")
    assert "signed" in verify(f"witness w1 {witness}\nquorum w1\n", "--key", log)
    assert "signed" in verify(f"log {log}\nquorum none\n")
    note.write_text(COSIGNED[:COSIGNED.index("\u2014 witness")])
    said = verify(f"log {log}\nwitness w1 {witness}\nquorum w1\n", expect=1)
    assert "0 of the policy's 1 witnesses cosigned the checkpoint at 7 entries" in said and "proved" not in said
    assert "line 1 of the policy" in verify(f"witness w2 {other}\nquorum w2\n", "--key", log, expect=1)
    assert "lacks its quorum" in verify(f"log {log}\n", expect=1)
    assert "cannot be read" in ctl("audit", "verify", "--proof", note, "--policy", tmp_path / "none", "--key", log, expect=1)


# ---- a running station ----

def test_key_is_the_stations_own(station):
    key = station.folder / "state/keys/station.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    public = ctl("key", bus=station.address).strip()
    assert public == key_of(station) and public.startswith("stipple/clinic/chair-1+")
    assert "PRIVATE" not in public


def test_a_record_is_proved_anywhere(station, tmp_path):
    lots(station, range(3))
    record = next(row["seq"] for row in station.audit("records") if row["kind"] == "lot.received")
    proof = tmp_path / "proof"
    proof.write_text(ctl("audit", "prove", record, bus=station.address))
    shown = ctl("audit", "verify", "--proof", proof, "--key", key_of(station))
    assert '"lot":"P0"' in shown and f"entry {record} is in the log" in shown
    # the access stands in the record
    assert any(row["kind"] == "audit.read" and row["body"]["query"] == "prove" for row in station.audit("records"))
    wrapped = json.loads(ctl("--json", "audit", "prove", record, bus=station.address))
    assert wrapped["record"] == record and wrapped["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    proof.write_text(proof.read_text().replace(proof.read_text().split("\n")[3], "A" * 43 + "="))
    ctl("audit", "verify", "--proof", proof, "--key", key_of(station), expect=1)
    proof.write_text(ctl("audit", "prove", record, bus=station.address))
    other = "stipple/clinic/chair-1+8f751397+AU7ZI6F9nqWD8HfRBY6yGXfgZ1vZBkSTzF5hTrIyHIwc"
    assert "is it the right key" in ctl("audit", "verify", "--proof", proof, "--key", other, expect=1)
    assert "key" in ctl("audit", "verify", "--proof", proof, "--key", other.replace("8f", "8e"), expect=2)
    assert "there is no record 4711" in ctl("audit", "prove", 4711, expect=1, bus=station.address)


def test_checkpoints_go_out_and_witness_the_ledger(broker, tmp_path):
    station = harness.Station(mqtt_port=broker.port, extra="[ledger]\ncheckpoint_records = 10\n")
    subscriber = harness.Subscriber(broker.port)

    def published():
        return [m for topic, m, _ in subscriber.messages if topic.endswith("/checkpoint")]

    try:
        station.start()
        wait_for(lambda: len(published()) >= 1, "the first checkpoint")
        for n in range(3):
            before = len(published())
            lots(station, range(100 * n, 100 * n + 12))
            wait_for(lambda: len(published()) > before, "a further checkpoint")
        sizes = [m["size"] for m in published()]
        assert sizes == sorted(sizes)
        assert [m["previous"]["size"] for m in published()[1:]] == sizes[:-1]
        assert all(m["vkey"] == key_of(station) for m in published())
        saved = tmp_path / "saved.jsonl"
        saved.write_text("".join(json.dumps(m) + "\n" for m in published()))
        assert "sound" in ctl("--ledger", ledger_of(station), "audit", "witness", saved)
        single = tmp_path / "checkpoint"
        single.write_text(published()[-1]["checkpoint"])
        assert "sound" in ctl("--ledger", ledger_of(station), "audit", "witness", single)
        assert "signed by this key" in ctl("audit", "verify", "--proof", single, "--key", key_of(station))
        station.stop()
        tamper(ledger_of(station), "UPDATE record SET leaf = replace(CAST(leaf AS TEXT), 'Maker', 'Faker')"
                                   " WHERE seq = (SELECT min(seq) FROM record WHERE kind = 'lot.received'"
                                   f" AND seq > {sizes[-2]});")
        said = ctl("--ledger", ledger_of(station), "audit", "witness", saved, expect=1)
        assert f"the first difference is among records {sizes[-2] + 1} to {sizes[-1]}" in said
    finally:
        subscriber.close()
        station.close()


def test_growth_is_proved_anywhere(station, tmp_path):
    ledger, key = ledger_of(station), key_of(station)
    proof, old = tmp_path / "proof", tmp_path / "old"
    lots(station, range(12))
    old.write_text(checkpoint_of(station))
    size = int(old.read_text().split("\n")[1])
    lots(station, range(12, 40))
    proof.write_text(ctl("--ledger", ledger, "audit", "prove", f"since={old}"))
    assert proof.read_text().startswith(f"old {size}\n") and checkpoint_of(station) in proof.read_text()
    assert ctl("--ledger", ledger, "audit", "prove", f"since={size}") == proof.read_text()
    wrapped = json.loads(ctl("--json", "--ledger", ledger, "audit", "prove", f"since={old}"))
    assert wrapped == {"since": size, "proof": proof.read_text()}
    check = ["audit", "verify", "--proof", proof, "--key", key]
    shown = json.loads(ctl("--json", *check, f"since={old}"))
    assert shown["proved"] == f"nothing was changed or removed since it had {size} entries" and shown["size"] > size
    assert "since=FILE" in ctl(*check, expect=2)
    assert "no such" in ctl(*check, "since=/none", expect=1).lower()
    other = tmp_path / "other"
    other.write_text(checkpoint_of(station))
    assert f"begins at size {size}" in ctl(*check, f"since={other}", expect=1)
    for n, changed in enumerate((old.read_text().replace("\n", "\r\n"), old.read_text() + "\0", "", "x" * 100,
                                 old.read_text().replace(str(size), str(size + 1), 1))):
        (tmp_path / f"bad-{n}").write_text(changed, newline="")
        assert f"bad-{n}: " in ctl(*check, f"since={tmp_path}/bad-{n}", expect=1)
    assert "since= goes with" in ctl("audit", "verify", "--proof", old, "--key", key, f"since={old}", expect=2)
    # what the ledger is not a continuation of
    station.stop()
    lines = old.read_text().split("\n")
    lines[2] = "A" * 43 + "="
    other.write_text("\n".join(lines))
    assert "does not continue this checkpoint" in ctl("--ledger", ledger, "audit", "prove", f"since={other}", expect=1)
    assert "no checkpoint of this ledger covers 999999" in ctl("--ledger", ledger, "audit", "prove", "since=999999", expect=1)
    assert ctl("--ledger", ledger, "audit", "prove", "since=0").startswith("old 0\n\n")
    os.mkfifo(tmp_path / "fifo")
    for file in ("fifo", "."):
        ctl("audit", "verify", "--proof", tmp_path / file, "--key", key, expect=1)
        ctl("--ledger", ledger, "audit", "prove", f"since={tmp_path / file}", expect=1)


def test_saved_checkpoints_chain_without_a_ledger(broker, tmp_path):
    station = harness.Station(mqtt_port=broker.port, extra="[ledger]\ncheckpoint_records = 10\n")
    subscriber = harness.Subscriber(broker.port)
    saved = tmp_path / "saved.jsonl"

    def published():
        return [m for topic, m, _ in subscriber.messages if topic.endswith("/checkpoint")]

    def check(messages, expect=1, json_too=()):
        saved.write_text("".join(m if isinstance(m, str) else json.dumps(m) + "\n" for m in messages))
        return ctl(*json_too, "audit", "verify", "--proof", saved, "--key", key, expect=expect)

    try:
        station.start()
        wait_for(lambda: len(published()) >= 1, "the first checkpoint")
        for n in range(4):
            before = len(published())
            lots(station, range(100 * n, 100 * n + 12))
            wait_for(lambda: len(published()) > before, "a further checkpoint")
        key = key_of(station)
        station.stop()
    finally:
        subscriber.close()
        station.close()
    saw = published()
    shown = json.loads(check(saw, expect=0, json_too=["--json"]))
    assert shown["proved"].startswith(f"{len(saw)} checkpoints chain") and shown["size"] == saw[-1]["size"]
    # again what the broker retains, and only the first
    assert "chain" in check([saw[0], saw[0], saw[1], saw[1]], expect=0)
    assert "1 checkpoints chain" in check(saw[:1], expect=0)
    # a station that was killed sends some again, and goes on
    assert "5 checkpoints chain" in check([*saw[:3], saw[1], saw[2], saw[3]], expect=0)
    last = saw[3]
    other_root = saw[2]["checkpoint"].split("\n")[2]
    for bad, said in (
            ([*saw[:2], *saw[3:]], "line 3 does not continue line 2: the proof starts at"),
            ([*saw[:3], saw[1]], "line 4 does not continue line 3: the log had"),
            ([*saw[:3], {**last, "consistency": last["consistency"][:-1]}], "line 4 does not continue line 3"),
            ([*saw[:3], {**last, "consistency": last["consistency"] * 40}], "more than"),
            ([*saw[:3], {**last, "consistency": ["A" * 43 + "="] * len(last["consistency"])}], "does not begin with"),
            ([*saw[:3], {**last, "consistency": 17}], "does not begin with"),
            ([*saw[:3], {**last, "consistency": [None, "x\n\ny"]}], "is not the base64"),
            ([*saw[:3], {**last, "previous": None}], "the proof starts at 0"),
            ([*saw[:3], {**last, "previous": {"size": -1}}], "no consistency proof"),
            ([*saw[:3], {**last, "checkpoint": last["checkpoint"].replace(last["checkpoint"].split("\n")[2], other_root)}],
             "does not go with this text"),
            ([*saw[:3], {**last, "checkpoint": last["checkpoint"].replace("\n", "\r\n")}], "line 4"),
            ([*saw[:3], {**last, "checkpoint": 4}], "line 4 is no message with a checkpoint"),
            ([*saw[:3], json.dumps(last)[:-20]], "line 4 is no message with a checkpoint"),
            ([*saw[:3], "\n"], "line 4 is no message"),
            ([*saw[:3], json.dumps(last)[:-1] + ', "checkpoint": "x"}\n'], "line 4 is no message"),
            (["{" * 100000], "line 1 is no message"),
            ([{**saw[0], "checkpoint": "\n\n"}], "saved.jsonl: ")):
        assert said in check(bad), said
    saved.write_bytes(json.dumps(saw[0]).encode() + b"\n\0\n")
    assert "NUL" in ctl("audit", "verify", "--proof", saved, "--key", key, expect=1)


def test_a_changed_key_is_followed_by_who_knows_both(station, tmp_path):
    station.enrol("a1", roles="administrator")
    station.sign_in("a1")
    lots(station, range(12))
    files = {name: tmp_path / name for name in ("old", "proof", "statement")}
    before = key_of(station)
    files["old"].write_text(checkpoint_of(station))
    ctl("key", "rotate", bus=station.address, token=station.token)
    lots(station, range(20, 32))
    after = key_of(station)
    files["proof"].write_text(ctl("--ledger", ledger_of(station), "audit", "prove", f"since={files['old']}"))
    check = ["audit", "verify", "--proof", files["proof"], f"since={files['old']}", "--key"]
    for key in (before, after):
        assert "give all that you trust" in ctl(*check, key, expect=1)
    assert "nothing was changed" in ctl(*check, f"{before} {after}")
    assert "there is none in it" in ctl(*check, " ", expect=2)
    assert "more than 96 keys" in ctl(*check, " ".join([after] * 97), expect=2)
    # the old key itself says which the new one is
    rotated, = [row["body"] for row in station.audit("records") if row["kind"] == "key.rotated"]
    files["statement"].write_text(rotated["statement"])
    shown = json.loads(ctl("--json", "audit", "verify", "--proof", files["statement"], "--key", before))
    assert shown["key"] == after
    ctl("audit", "verify", "--proof", files["statement"], "--key", after, expect=1)
    files["statement"].write_text(rotated["statement"].replace(after, before))
    ctl("audit", "verify", "--proof", files["statement"], "--key", before, expect=1)


def test_a_clients_report_is_held_against_the_ledger(stopped, tmp_path):
    station, ledger, key = stopped
    proof, other = tmp_path / "proof", tmp_path / "other.db"
    witness = ["--ledger", ledger, "audit", "witness", proof]
    proof.write_text(ctl("--ledger", ledger, "audit", "prove", 20))
    good = proof.read_text()
    for more in ([], ["--key", key]):
        assert "record 20 and the checkpoint at" in ctl(*witness, *more)
    # the proof itself was forged: that says nothing about the ledger
    proof.write_text(good.replace("index 19", "index 18"))
    assert "the proof itself does not hold" in ctl(*witness, expect=1)
    # the ledger was rewritten, tree and all, with its own key: only who kept a proof can tell
    proof.write_text(good)
    shutil.copy(ledger, other)
    tamper(other, "UPDATE record SET leaf = replace(leaf, 'Maker', 'Mbker') WHERE seq = 20")
    said = ctl("--ledger", other, "audit", "witness", proof, "--key", key, expect=1)
    assert "record 20 of the ledger is not the one that the proof is of" in said
    tamper(other, "DELETE FROM checkpoint")
    assert "does not fit" in ctl("--ledger", other, "audit", "witness", proof, "--key", key, expect=1)


def test_a_key_that_took_the_place_of_the_known_one_is_told(station):
    lots(station, range(12))
    before = key_of(station)
    station.stop()
    (station.folder / "state/keys/station.key").unlink()
    station.start()
    lots(station, range(20, 32))
    after = key_of(station)
    station.stop()
    assert "did not sign for the one that signs since record" in ctl(
        "audit", "verify", ledger_of(station), "--key", before, expect=1)
    assert "1 of them not signed for" in ctl("audit", "verify", ledger_of(station), "--key", after)


def test_rotation_is_the_administrators(station):
    station.enrol("a1", roles="administrator")
    before = key_of(station)
    said = ctl("key", "rotate", expect=1, bus=station.address)
    assert "nobody is signed in" in said
    station.sign_in("a1")
    ctl("key", "rotate", bus=station.address, token=station.token)
    assert key_of(station) != before
    lots(station, range(12))
    station.stop()
    shown = ctl("audit", "verify", ledger_of(station), "--key", before)
    assert "2 keys so far, 0 of them not signed for" in shown


def test_verification_in_the_background(station):
    lots(station, range(12))
    assert station.get("Audit1", "Verification") == "none"
    station.call("Audit1", "Verify")
    wait_for(lambda: station.get("Audit1", "Verification") == "sound", "the verification")
    with sqlite3.connect(ledger_of(station)) as db:
        db.execute("UPDATE lot SET quantity = 999 WHERE lot = 'P3'")
    db.close()
    station.call("Audit1", "Verify")
    wait_for(lambda: station.get("Audit1", "Verification") == "damaged", "the finding")
    assert "the table lot is not what the records give" in station.get("Audit1", "VerificationText")
    wait_for(lambda: station.get("Station1", "Inert"), "the station to be inert")
    station.stop()
    station.start()
    assert "the table lot" in station.get("Station1", "Inert")


# ---- a file at rest ----

def test_a_copy_is_verified_without_a_daemon(stopped, tmp_path):
    station, ledger, key = stopped
    copy = tmp_path / "copy.db"
    shutil.copy(ledger, copy)
    os.chmod(copy, 0o400)
    shown = ctl("audit", "verify", copy, "--key", key)
    assert "sound" in shown and f"signed by {key}" in shown
    as_json = json.loads(ctl("--json", "audit", "verify", copy).splitlines()[-1])
    assert as_json["findings"] == 0 and as_json["records"] > 30 and as_json["personal"] == 2  # who was enrolled


def test_what_witnesses_cosigned_is_checked_with_the_ledger(stopped, tmp_path):
    station, ledger, key = stopped
    policy, beside = tmp_path / "policy", ledger.with_name(ledger.name + ".cosigned")
    witness = Witness("witness.example/w1")
    policy.write_text(f"witness w1 {witness.key()}\nquorum w1\n")
    assert "nobody cosigned this ledger" in ctl("audit", "verify", ledger, "--policy", policy, expect=1)
    newest = ledger.with_name(ledger.name + ".checkpoint").read_text()
    beside.write_text(newest + witness.cosign(newest))
    shown = ctl("audit", "verify", ledger, "--policy", policy)
    assert "witness.example/w1, which saw it at 2023-11-14" in shown and "sound" in shown
    assert "sound" in ctl("audit", "verify", ledger), "who does not know the witness is not told of it"
    # the proof of a record has the cosigned checkpoint, so that whoever gets it needs no ledger
    proof = tmp_path / "proof"
    proof.write_text(ctl("audit", "prove", "20", "--ledger", ledger))
    ctl("audit", "verify", "--proof", proof, "--policy", policy, "--key", key)
    stranger = Witness("witness.example/w2")
    policy.write_text(f"witness w2 {stranger.key()}\nquorum w2\n")
    assert "0 of the policy's 1 witnesses" in ctl("audit", "verify", ledger, "--policy", policy, expect=1)
    # an older copy is told by what the witness saw, also when the station's own file went with it
    tamper(ledger, "DELETE FROM record WHERE seq > 25; DELETE FROM checkpoint WHERE size > 25;")
    ledger.with_name(ledger.name + ".checkpoint").unlink()
    assert "25 records" in ctl("audit", "verify", ledger, expect=1)


@pytest.mark.parametrize("sql, said", [
    ("UPDATE record SET leaf = replace(CAST(leaf AS TEXT), 'Maker', 'Faker') WHERE seq = 20",
     "record 20 does not match its hash"),
    ("DELETE FROM record WHERE seq = 20", "records 20 to 20 are missing"),
    ("DELETE FROM record WHERE seq > 25", "the ledger was cut short: it has 25 records"),
    ("UPDATE personal SET data = '{}'", "the personal data of record"),
    ("DELETE FROM lot WHERE lot = 'P7'", "the table lot is not what the records give"),
    ("DELETE FROM checkpoint", "checkpoints are missing"),
    ("DELETE FROM checkpoint WHERE size > 20", "a checkpoint is missing"),
    ("DROP VIEW audit_lots; CREATE VIEW audit_lots AS SELECT 'P7' AS lot", "removed: audit_lots"),
])
def test_tampering_is_named(stopped, sql, said):
    station, ledger, key = stopped
    tamper(ledger, sql + ";")
    assert said in ctl("audit", "verify", ledger, expect=1)


@pytest.mark.parametrize("sql, said", [
    ("DELETE FROM record WHERE seq > 25", "25 records"),
    ("UPDATE record SET leaf = replace(CAST(leaf AS TEXT), 'Maker', 'Faker') WHERE seq = 30", "record 30"),
])
def test_a_damaged_ledger_leaves_the_station_inert(stopped, sql, said):
    station, ledger, key = stopped
    tamper(ledger, sql + ";")
    before = ledger.read_bytes()
    station.start()
    assert said in station.get("Station1", "Inert")
    with pytest.raises(Exception, match="Inert|damage|keep the file"):
        lots(station, [99])
    station.stop()
    assert ledger.read_bytes() == before, "evidence is not repaired"


def test_an_export_is_checked_elsewhere(stopped, tmp_path):
    station, ledger, key = stopped
    folder = tmp_path / "export"
    ctl("--ledger", ledger, "audit", "export", folder)
    shown = ctl("audit", "verify", folder, "--key", key)
    assert "sound" in shown
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert (folder / "tables/lots.csv").read_text().count("\n") == 31
    assert "give a folder that is not there yet" in ctl("--ledger", ledger, "audit", "export", folder, expect=1)
    records = folder / "records.jsonl"
    number = [('"lot":"P3"' in line) for line in records.read_text().splitlines()].index(True) + 1
    records.write_text(records.read_text().replace('"lot":"P3"', '"lot":"P4"', 1))
    said = ctl("audit", "verify", folder, "--key", key, expect=1)
    assert "records.jsonl was changed" in said and f"record {number} was changed" in said


def test_what_a_lost_log_held_cannot_be_told_and_is_said(stopped):
    station, ledger, key = stopped
    with sqlite3.connect(ledger) as db:
        (newest,), = db.execute("SELECT strftime('%Y-%m-%dT%H:%M:', utc_us / 1000000, 'unixepoch') FROM record ORDER BY seq DESC LIMIT 1")
    db.close()
    said = ctl("audit", "verify", ledger)
    assert f"the newest record is of {newest}" in said and "lost -wal file" in said
    assert json.loads(ctl("--json", "audit", "verify", ledger))["newest"].startswith(newest)


def test_no_spreadsheet_runs_what_people_typed(station, tmp_path):
    typed = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "'quoted", "\uff1d1+1", "plain -1", "a=b"]
    with station.somebody():
        for n, product in enumerate(typed):
            station.call("Inventory1", "ReceiveLot", dbus.Dictionary({
                "gtin": harness.GTIN, "lot": f"P{n}", "product": product, "maker": "Maker", "expiry": "2099-12-31",
                "quantity": dbus.Int64(5)}, signature="sv"))
    station.stop()
    folder = tmp_path / "export"
    ctl("--ledger", ledger_of(station), "audit", "export", folder)
    assert "an apostrophe" in (folder / "README").read_text()
    assert "sound" in ctl("audit", "verify", folder)
    for table in (ctl("--ledger", ledger_of(station), "--csv", "audit", "lots"), (folder / "tables/lots.csv").read_text()):
        rows = sorted(csv.DictReader(io.StringIO(table)), key=lambda row: row["lot"])
        assert [row["product"] for row in rows] == ["'" + text for text in typed[:6]] + typed[6:]
        assert {row["quantity"] for row in rows} == {"5"}, "figures are figures"
    lines = (folder / "tables/lots.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["product"] for line in lines) == sorted(typed), "JSON lines are exact"


def test_a_clinic_names_its_log_once(tmp_path):
    station = harness.Station(extra="[ledger]\nlog_origin = example.com/clinic/chair-1\n")
    try:
        station.start()
        assert key_of(station).startswith("example.com/clinic/chair-1+")
        lots(station, range(3))
        proof = tmp_path / "proof"
        proof.write_text(ctl("audit", "prove", 3, bus=station.address))
        assert "example.com/clinic/chair-1\n" in ctl("audit", "verify", "--proof", proof, "--key", key_of(station))
        station.stop()
        text = station.config.read_text()
        for wrong, said in (("example.com/other", "is the log example.com/clinic/chair-1"),
                            ("https://example.com/a", "is no name of a log")):
            station.config.write_text(text.replace("example.com/clinic/chair-1", wrong))
            station.start()
            assert said in station.get("Station1", "Inert")
            station.stop()
        station.config.write_text(text.replace("log_origin = example.com/clinic/chair-1", ""))
        station.start()
        assert station.get("Station1", "Inert") == "" and key_of(station).startswith("example.com/clinic/chair-1+")
        station.stop()
    finally:
        station.close()


def test_a_restored_backup_goes_on_as_a_log_of_its_own(stopped, tmp_path):
    station, ledger, key = stopped
    backup, proof, saved, late = (tmp_path / name for name in ("backup.db", "proof", "saved", "late"))
    ctl("--ledger", ledger, "ledger", "backup", backup)
    early = checkpoint_of(station)
    station.start()
    lots(station, range(50, 70))
    station.stop()
    late.write_text(checkpoint_of(station))
    for epoch in (2, 3):
        ctl("--ledger", ledger, "ledger", "restore", backup)
        station.start()
        assert station.get("Station1", "Inert") == ""
        origin = f"stipple/clinic/chair-1/epoch-{epoch}"
        assert key_of(station).split("+")[0] == origin
        restored = [row["body"] for row in station.audit("records") if row["kind"] == "ledger.restored"][-1]
        assert restored["origin"] == origin and restored["lacking"] > 0
        assert restored["previous_origin"] == origin.replace("/epoch-2", "").replace("epoch-3", "epoch-2")
        lots(station, range(80, 90))
        station.stop()
        assert checkpoint_of(station).startswith(origin + "\n")
        # the old key vouches for the new one, and the new one for nothing of the old log
        assert "sound" in ctl("audit", "verify", ledger, "--key", key)
        assert f"signed by {origin}" in ctl("audit", "verify", ledger)
    new = ctl("--ledger", ledger, "--json", "audit", "keys").strip().splitlines()[-1]
    statement, new = json.loads(new)["statement"], json.loads(new)["key"]
    proof.write_text(ctl("--ledger", ledger, "audit", "prove", 3))
    ctl("audit", "verify", "--proof", proof, "--key", new)
    ctl("audit", "verify", "--proof", proof, "--key", key, expect=1)
    # what was saved of the old log beyond the backup is told as what it is
    said = ctl("--ledger", ledger, "audit", "witness", late, expect=1)
    assert "which a restored backup ended" in said and "is lost" in said
    # saved messages are followed over the epoch, by who knows the old key alone
    messages = [{"checkpoint": early}, {"checkpoint": checkpoint_of(station), "statement": statement}]
    saved.write_text("".join(json.dumps(m) + "\n" for m in messages))
    shown = json.loads(ctl("--json", "audit", "verify", "--proof", saved, "--key", key))
    assert "1 restored backups" in shown["proved"] and shown["log"].endswith("/epoch-3")
    del messages[1]["statement"]
    saved.write_text("".join(json.dumps(m) + "\n" for m in messages))
    ctl("audit", "verify", "--proof", saved, "--key", f"{key} {new}", expect=1)
    # another origin without a restoring on record is a finding
    tamper(ledger, "UPDATE record SET kind = 'x' WHERE kind = 'ledger.restored'")
    assert "no ledger.restored says why" in ctl("audit", "verify", ledger, expect=1)


def test_proofs_from_a_file(stopped, tmp_path):
    station, ledger, key = stopped
    proof = tmp_path / "proof"
    proof.write_text(ctl("--ledger", ledger, "audit", "prove", 3))
    ctl("audit", "verify", "--proof", proof, "--key", key)


def test_backup_and_restore(station, tmp_path):
    lots(station, range(20))
    backup = tmp_path / "backup.db"
    ledger = ledger_of(station)
    assert "verified" in ctl("--ledger", ledger, "ledger", "backup", backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert "is there already" in ctl("--ledger", ledger, "ledger", "backup", backup, expect=1)
    lots(station, range(20, 40))
    assert "stop it first" in ctl("--ledger", ledger, "ledger", "restore", backup, expect=1)
    station.stop()
    shown = ctl("--ledger", ledger, "ledger", "restore", backup)
    assert "are lacking" in shown
    assert len(list(ledger.parent.glob("ledger.db.before-*"))) >= 1
    station.start()
    restored, = [row["body"] for row in station.audit("records") if row["kind"] == "ledger.restored"]
    assert restored["lacking"] > 0 and "stipple/clinic/chair-1" in restored["checkpoint"]
    lots(station, range(50, 55))
    station.stop()
    station.start()
    assert sum(row["kind"] == "ledger.restored" for row in station.audit("records")) == 1
    assert station.get("Station1", "Inert") == ""


def test_an_older_copy_is_noticed(station, tmp_path):
    lots(station, range(20))
    station.stop()
    ledger = ledger_of(station)
    shutil.copy(ledger, tmp_path / "old.db")
    station.start()
    lots(station, range(20, 40))
    station.stop()
    shutil.copy(tmp_path / "old.db", ledger)
    station.start()
    assert "the checkpoint kept beside it" in station.get("Station1", "Inert")


def test_an_older_copy_in_place_is_told_by_the_checkpoint_beside_it(station, tmp_path):
    station.enrol()
    lots(station, range(15))
    ledger = ledger_of(station)
    older = tmp_path / "older.db"
    made = json.loads(ctl("--json", "--ledger", ledger, "ledger", "backup", older))
    assert made["file"] == str(older) and made["records"] > 15
    lots(station, range(20, 45))
    station.stop()
    ctl("audit", "verify", ledger)
    ctl("audit", "verify", older)
    shutil.copy(f"{ledger}.checkpoint", f"{older}.checkpoint")
    shown = ctl("audit", "verify", older, expect=1)
    assert "the ledger lacks records" in shown and "DAMAGED" in shown


def test_an_archive_is_a_ledger_of_its_own(stopped, tmp_path):
    station, ledger, key = stopped
    archive = tmp_path / "archive.db"
    assert "there is nothing to archive" in ctl("--ledger", ledger, "ledger", "archive", archive, "before=2001-01-01",
                                                expect=1)
    shown = ctl("--ledger", ledger, "ledger", "archive", archive, "before=2999-01-01")
    assert "sealed: records 1 to" in shown
    assert stat.S_IMODE(archive.stat().st_mode) == 0o400
    as_json = ctl("--json", "--ledger", ledger, "ledger", "archive", tmp_path / "again.db", "before=2999-01-01")
    assert json.loads(as_json.splitlines()[1])["sha256"] in shown
    ctl("audit", "verify", archive, "--key", key)


# ---- people's data beside the log ----

def test_every_proof_verifies_after_an_erasure(station, tmp_path):
    station.enrol()
    station.sign_in()
    for subject, name in (("P-1", "Rosa Muster"), ("P-2", "Otto Other")):
        station.record("Session1", "subject.registered", subject=subject, name=name)
    registered = [row["seq"] for row in station.audit("records", kind="subject.registered")]
    early = tmp_path / "early"
    early.write_text(ctl("audit", "prove", registered[0], bus=station.address))
    with station.administrator():
        station.record("Station1", "personal.erased", harness.ADMINISTRATOR[2], subject="P-1", reason="asked for it",
                       despite="the person insists")
    late = tmp_path / "late"
    late.write_text(ctl("audit", "prove", registered[0], bus=station.address))
    for proof in (early, late):
        shown = ctl("audit", "verify", "--proof", proof, "--key", key_of(station))
        assert f"entry {registered[0]} is in the log" in shown and "Rosa" not in shown
    assert "(1 erased on record)" in ctl("audit", "verify", ledger_of(station), "--key", key_of(station))
    key = key_of(station)
    station.stop()
    tamper(ledger_of(station), f"DELETE FROM personal WHERE seq = {registered[1]}")
    assert f"record {registered[1]} is gone" in ctl("audit", "verify", ledger_of(station), "--key", key, expect=1)
