# SPDX-License-Identifier: Apache-2.0
"""What audit verify says of an export that somebody changed, put together from others, or made to deceive."""

import hashlib
import os
import shutil
import sqlite3
import subprocess

import dbus
import pytest

import harness

CTL = harness.BUILD / "ctl/stipplectl"
OTHER_KEY = "stipple/clinic/chair-1+8f751397+AU7ZI6F9nqWD8HfRBY6yGXfgZ1vZBkSTzF5hTrIyHIwc"


def ctl(*words, expect=0):
    run = subprocess.run([CTL, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert run.returncode == expect, run.stdout + run.stderr
    return run.stdout if expect == 0 else run.stdout + run.stderr


def receive(station, lot, **more):
    station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"gtin": harness.GTIN, "lot": lot, "product": "1RL", "maker": "Maker", "expiry": "2099-12-31",
         "quantity": dbus.Int64(5), **more}, signature="sv"))


@pytest.fixture(scope="module")
def station():
    made = harness.Station(extra="[ledger]\ncheckpoint_records = 1\n")
    made.start()
    made.wait_board()
    made.enrol()
    made.sign_in()
    yield made
    made.close()


@pytest.fixture(scope="module")
def exports(station, tmp_path_factory):
    """An older export, one with what came later, and the key."""
    folder = tmp_path_factory.mktemp("exports")
    ledger = station.folder / "state/ledger.db"
    for n in range(20):
        receive(station, f"L{n}", certificate_sha256="ab" * 32)
    station.call("Inventory1", "AttachCertificate", dbus.Dictionary(
        {"lot": "L1", "gtin": harness.GTIN, "file": "eo.pdf"}, signature="sv"), dbus.ByteArray(b"a certificate"))
    station.begin("P-1")
    station.call("Session1", "Abandon", "client unwell")
    harness.wait_for(lambda: station.get("Session1", "State") == "idle", "the session's end")
    ctl("--ledger", ledger, "audit", "export", folder / "older")
    for n in range(20, 30):
        receive(station, f"L{n}")
    ctl("--ledger", ledger, "audit", "export", folder / "export")
    return folder / "older", folder / "export", str(station.get("Audit1", "Key"))


@pytest.fixture
def older(exports):
    return exports[0]


@pytest.fixture
def folder(exports, tmp_path):
    shutil.copytree(exports[1], tmp_path / "export")
    return tmp_path / "export"


@pytest.fixture
def verify(exports, folder):
    def run(expect=1, key=exports[2]):
        return ctl("audit", "verify", folder, *(["--key", key] if key else []), expect=expect)
    return run


def sum_again(folder):
    """As whoever changes an export would."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names if name != "SHA256SUMS"))


def lines_of(folder):
    return (folder / "records.jsonl").read_bytes().splitlines(keepends=True)


def change_records(folder, change):
    lines = lines_of(folder)
    change(lines)
    (folder / "records.jsonl").write_bytes(b"".join(lines))
    sum_again(folder)


def test_an_export_is_sound_and_whole(folder, verify):
    said = verify(expect=0)
    assert "result: sound" in said and "1 proofs, 1 attachments" in said
    assert len(lines_of(folder)) == len((folder / "hashes").read_text().splitlines())
    assert "compare that with the one that the clinic wrote down" in verify(expect=0, key=None)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)


def test_a_lot_with_a_digest_of_a_certificate_elsewhere_is_no_damage(station, exports):
    assert "sound" in ctl("audit", "verify", station.folder / "state/ledger.db")


def tables_of(folder):
    return {path.stem: path.read_text().splitlines() for path in (folder / "tables").glob("*.csv")}


def export(station, folder, *words):
    """From the station's ledger, which a station on the bus is told of."""
    return ctl("--bus", station.address, *words, "audit", "export", folder)


@pytest.fixture(scope="module")
def busy():
    """A station whose checkpoints are rare, with people in its record."""
    made = harness.Station(extra="[ledger]\ncheckpoint_records = 100000\ncheckpoint_minutes = 1440\n")
    made.start()
    made.enrol()
    made.sign_in()
    made.record("Session1", "subject.registered", subject="P-1", name="Ada Client", contact="ada@example.org", born="1990")
    for n in range(5):
        receive(made, f"L{n}")
    yield made
    made.close()


def test_the_station_makes_a_checkpoint_over_all_that_is_exported(busy, tmp_path):
    said = export(busy, tmp_path / "e")
    records = lines_of(tmp_path / "e")
    assert "left out" not in said and f"{len(records)} records" in said
    assert b'"query":"export"' in records[-1], "its own record is the last"
    assert any(b'"lot":"L4"' in record for record in records)
    assert len(tables_of(tmp_path / "e")["lots"]) == 6
    said = ctl("audit", "verify", tmp_path / "e")
    assert "result: sound; tables/ are for reading and are not proved" in said


def test_what_no_checkpoint_covers_is_in_no_table(busy, tmp_path):
    export(busy, tmp_path / "e")
    receive(busy, "L8")
    receive(busy, "L9")
    with sqlite3.connect(busy.folder / "state/ledger.db") as db:
        db.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    db.close()
    said = ctl("--ledger", tmp_path / "copy.db", "audit", "export", tmp_path / "cut")
    assert "2 newer records are left out: no checkpoint covers them yet" in said
    assert "newest 2 records are left out" in (tmp_path / "cut/README").read_text()
    lots = tables_of(tmp_path / "cut")["lots"]
    assert len(lots) == 6 and not any("L9" in row for row in lots)
    assert lines_of(tmp_path / "cut") == lines_of(tmp_path / "e")
    assert not list((tmp_path / "cut").glob("ledger.cut*"))
    assert "sound" in ctl("audit", "verify", tmp_path / "cut")


def test_tables_are_of_the_same_moment_as_the_records(busy, tmp_path):
    for round in range(3):
        calls = [busy.start_call("Inventory1", "ReceiveLot", dbus.Dictionary(
            {"gtin": harness.GTIN, "lot": f"M{round}-{n}", "product": "1RL", "maker": "Maker", "expiry": "2099-12-31",
             "quantity": dbus.Int64(5)}, signature="sv")) for n in range(30)]
        folder = tmp_path / str(round)
        export(busy, folder)
        assert all(call.wait().error is None for call in calls)
        received = sum(b'"kind":"lot.received"' in record for record in lines_of(folder))
        assert len(tables_of(folder)["deliveries"]) == len(tables_of(folder)["lots"]) == received + 1
        assert "sound" in ctl("audit", "verify", folder)


def test_names_are_exported_only_when_asked_for(busy, tmp_path):
    def holding(folder, text):
        return [path.name for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]

    export(busy, tmp_path / "plain")
    assert holding(tmp_path / "plain", b"Ada Client") == holding(tmp_path / "plain", b"ada@example.org") == []
    tables = tables_of(tmp_path / "plain")
    assert tables["subjects"][0].startswith("subject,registered,seq")
    assert tables["operators"][0].startswith("badge,roles,state")
    assert "none are in this folder" in (tmp_path / "plain/README").read_text()
    export(busy, tmp_path / "named", "--personal")
    assert sorted(holding(tmp_path / "named", b"Ada Client")) == ["subjects.csv", "subjects.jsonl"]
    assert "Keep this folder as a patient file" in (tmp_path / "named/README").read_text()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "named").rglob("*"))
    assert "sound" in ctl("audit", "verify", tmp_path / "named")


def test_answers_of_the_profile_are_left_out_and_said_so(busy, tmp_path):
    export(busy, tmp_path / "e")
    assert not {"check", "due", "retention", "expired"} & set(tables_of(tmp_path / "e"))
    assert "check, due, retention and expired" in (tmp_path / "e/README").read_text()


# ---- records ----

def edit(lines):
    lines[19] = lines[19].replace(b"Maker", b"Faker")


def renumber(lines):
    lines[19] = lines[19].replace(b'"seq":20,', b'"seq":21,')


def insert(lines):
    lines.insert(19, lines[19].replace(b"Maker", b"Faker"))


def delete(lines):
    del lines[19]


def swap(lines):
    lines[19], lines[24] = lines[24], lines[19]


def repeat(lines):
    lines.insert(19, lines[4])


def cut(lines):
    del lines[25:]


def append(lines):
    lines.append(lines[-1])


def crlf(lines):
    lines[19:] = [line.replace(b"\n", b"\r\n") for line in lines[19:]]


def nul(lines):
    lines[19] = b"\0" + lines[19][1:]


@pytest.mark.parametrize("change, said", [
    (edit, "record 20 was changed"),
    (renumber, "record 20 was changed or is missing; its line calls itself 21"),
    (insert, "record 20 was changed"),
    (delete, "record 20 is missing or in another place; its line holds record 21"),
    (swap, "record 20 is missing or in another place; its line holds record 25"),
    (repeat, "record 20 is missing or in another place; its line holds record 5"),
    (cut, "records.jsonl ends early: records 26 to "),
    (append, "records.jsonl goes on after record "),
    (crlf, "record 20 was changed"),
    (nul, "record 20 was changed"),
])
def test_the_first_changed_record_is_named(folder, verify, change, said):
    change_records(folder, change)
    assert said in verify()


def test_hashes_that_were_changed_too_vouch_for_nothing(folder, verify):
    def cheat(change):
        change_records(folder, change)
        (folder / "hashes").write_text("".join(
            hashlib.sha256(b"\0" + line.rstrip(b"\n")).hexdigest() + "\n" for line in lines_of(folder)))
        sum_again(folder)
        return verify()

    assert "records.jsonl is not what the checkpoint says" in cheat(edit)
    said = cheat(delete)
    assert "line 20 holds what calls itself record 21" in said and "hashes is not what the checkpoint says" in said


@pytest.mark.parametrize("text", [b"", b"\0" * 64, b"zz\n", b"ab" * 33 + b"\n", b"\n" * 40])
def test_hashes_that_are_none(folder, verify, text):
    (folder / "hashes").write_bytes(text)
    assert "hashes was changed" in verify()
    change_records(folder, edit)
    assert "DAMAGED" in verify()


# ---- files of another export, another key, another log ----

@pytest.mark.parametrize("names, said", [
    (["records.jsonl"], "records.jsonl ends early"),
    (["records.jsonl", "hashes"], "so that it names no record"),
    (["checkpoint"], "the checkpoint covers"),
])
def test_files_of_an_older_export(folder, older, verify, names, said):
    for name in names:
        shutil.copy(older / name, folder / name)
    sum_again(folder)
    assert said in verify()


def test_an_older_export_is_told_by_the_checkpoint_that_was_kept(exports, tmp_path):
    older, newer, key = exports
    check = ["--key", key, "audit", "verify"]
    assert "sound" in ctl(*check, newer, f"since={older}/checkpoint")
    assert "sound" in ctl(*check, newer, f"since={newer}/checkpoint")
    assert "sound" in ctl(*check, older)
    assert "it is an older one" in ctl(*check, older, f"since={newer}/checkpoint", expect=1)
    (tmp_path / "kept").write_text((older / "checkpoint").read_text().replace("clinic/chair", "clinic/stool", 1))
    assert "kept: " in ctl(*check, newer, f"since={tmp_path}/kept", expect=1)
    shutil.copytree(newer, tmp_path / "export")
    change_records(tmp_path / "export", delete)
    said = ctl(*check, tmp_path / "export", f"since={older}/checkpoint", expect=1)
    assert "are not what the checkpoint that was kept says" in said
    assert "one of: " in ctl(*check, older, newer, expect=2)


def test_the_key_of_somebody_else(folder, verify):
    assert "no signature is by a key that was given" in verify(key=OTHER_KEY)
    (folder / "key").write_text(OTHER_KEY)
    sum_again(folder)
    assert "key is not the one that you gave" in verify()
    assert "no signature is by a key that was given" in verify(key=None)
    for text in ("", "key", OTHER_KEY + "\0", OTHER_KEY.replace("+c1a3", "+c1a4"), "k" * 10000):
        (folder / "key").write_text(text)
        verify(key=None)




@pytest.mark.parametrize("change", [
    lambda text: text.replace("chair-1\n", "chair-2\n", 1),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("— stipple", "\0 stipple"),
    lambda text: text + text,
    lambda text: text + text.splitlines()[-1] * 3 + "\n",
    lambda text: text + (text.splitlines()[-1] + "\n") * 100,
    lambda text: "\n".join([text.splitlines()[0], "0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", *text.splitlines()[3:]]),
    lambda text: "\n".join([text.splitlines()[0], "99999999999999999999", *text.splitlines()[2:]]) + "\n",
    lambda text: text.split("\n\n", maxsplit=1)[0] + "\n",
    lambda text: text * 20000,
    lambda text: "",
])
def test_checkpoints_that_the_key_did_not_sign(folder, verify, change):
    (folder / "checkpoint").write_text(change((folder / "checkpoint").read_text()), newline="")
    sum_again(folder)
    assert "checkpoint" in verify()


def test_a_signature_that_stands_twice_is_one(folder, verify):
    text = (folder / "checkpoint").read_text()
    (folder / "checkpoint").write_text(text + text.splitlines()[-1] + "\n")
    sum_again(folder)
    assert "sound" in verify(expect=0)


# ---- files ----

def test_lost_and_added_files_are_named(folder, verify):
    proof, = (folder / "proofs").iterdir()
    attachment, = (folder / "attachments").iterdir()
    for path in (proof, attachment, folder / "tables/lots.csv"):
        name = path.relative_to(folder)
        kept = path.read_bytes()
        path.unlink()
        assert f"{name} is missing" in verify()
        path.write_bytes(kept)
    for name in ("tables/invoices.csv", "more", "proofs/9.tlog-proof", ".hidden"):
        (folder / name).write_text("x")
        assert f"{name} was added" in verify()
        (folder / name).unlink()
    (folder / "\x1b[2J").write_text("x")
    assert "whose name cannot be shown" in verify()


def test_what_is_left_out_of_the_sums_is_named(folder, verify):
    proof, = (folder / "proofs").iterdir()
    proof.rename(folder / "proofs/3.tlog-proof")
    sum_again(folder)
    said = verify()
    assert "proofs/3.tlog-proof does not belong" in said and f"does not name proofs/{proof.name}" in said
    (folder / "proofs/3.tlog-proof").rename(proof)
    attachment, = (folder / "attachments").iterdir()
    attachment.write_bytes(b"another certificate")
    sum_again(folder)
    assert f"attachments/{attachment.name} is not what record {attachment.name} names" in verify()
    attachment.unlink()
    sum_again(folder)
    assert f"attachments/{attachment.name} is missing" in verify()


def test_tables_are_named_by_file(folder, verify):
    table = folder / "tables/lots.csv"
    table.write_text(table.read_text().replace("Maker", "Faker"))
    assert "tables/lots.csv was changed" in verify()


@pytest.mark.parametrize("line", [
    "../../../../etc/passwd", "/etc/passwd", "tables/../../key", "tables/lots.csv\r", "tables//lots.csv", "", "key key",
    "\x1b[2J", "k" * 300, ".", "tables", "SHA256SUMS",
])
def test_names_that_lead_elsewhere(folder, verify, line):
    with open(folder / "SHA256SUMS", "a", newline="") as sums:
        sums.write("ab" * 32 + "  " + line + "\n")
    said = verify()
    assert "\x1b" not in said and "DAMAGED" in said


def test_sums_that_are_none(folder, verify):
    sums = (folder / "SHA256SUMS").read_bytes()
    for text in (b"", b"\0\n" * 10, sums + sums, sums.replace(b"\n", b"\r\n"), sums[:-70], b"a" * 1000000):
        (folder / "SHA256SUMS").write_bytes(text)
        assert "SHA256SUMS" in verify()
    (folder / "SHA256SUMS").unlink()
    assert "SHA256SUMS is missing" in verify()


def replace_by_fifo(path):
    os.mkfifo(path)


def replace_by_folder(path):
    path.mkdir()


def replace_by_link(path):
    path.symlink_to("/etc/passwd")


def replace_by_link_to_itself(path):
    path.symlink_to(path)


@pytest.mark.parametrize("replace", [replace_by_fifo, replace_by_folder, replace_by_link, replace_by_link_to_itself])
@pytest.mark.parametrize("name", ["records.jsonl", "hashes", "checkpoint", "key", "SHA256SUMS", "proofs", "attachments",
                                  "tables", "tables/lots.csv"])
def test_what_is_no_file(folder, verify, name, replace):
    path = folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    replace(path)
    if path.is_dir() and name in ("proofs", "attachments", "tables"):
        assert "is missing" in verify()
    else:
        assert f"{name} is no ordinary" in verify()


def test_a_link_to_the_file_itself_elsewhere_is_no_file(folder, verify, tmp_path):
    for name in ("records.jsonl", "tables"):
        (folder / name).rename(tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
        assert f"{name} is no ordinary" in verify()


def memory_of(folder):
    """Status and most memory in MB of a verification."""
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen([CTL, "audit", "verify", folder], stdout=nowhere, stderr=nowhere)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_maxrss // 1024


@pytest.mark.parametrize("name", ["records.jsonl", "hashes", "checkpoint", "key", "SHA256SUMS", "README"])
def test_a_huge_file_takes_no_memory(folder, name):
    status, before = memory_of(folder)
    assert status == 0
    os.truncate(folder / name, 1 << 28)
    status, after = memory_of(folder)
    assert status == 1 and after < before + 100


def test_a_proof_of_another_record_or_with_too_much_in_it(folder, verify, station):
    proof, = (folder / "proofs").iterdir()
    text = proof.read_text()
    head, hashes, note = text.split("\n", 3)[:3], text.split("\n\n")[0].split("\n")[3:], text.split("\n\n", 1)[1]
    other = ctl("--ledger", station.folder / "state/ledger.db", "audit", "prove", 3)
    for bad, said in (
            ("\n".join(head + hashes * 20) + "\n\n" + note, "more than"),
            ("\n".join(head + hashes + hashes[:1]) + "\n\n" + note, "was changed"),
            ("\n".join(head + hashes[1:]) + "\n\n" + note, "was changed"),
            (text.replace("\n", "\r\n"), "proof"), (text + "\0", "no such text"), ("", "no inclusion proof"),
            (other, "is of record 3")):
        proof.write_text(bad, newline="")
        sum_again(folder)
        assert said in verify()


def test_an_export_of_a_damaged_ledger_says_so(exports, station, tmp_path):
    ledger = tmp_path / "ledger.db"
    with sqlite3.connect(station.folder / "state/ledger.db") as db:
        db.execute("VACUUM INTO ?", (str(ledger),))
    db.close()
    with sqlite3.connect(ledger) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE record SET leaf = replace(CAST(leaf AS TEXT), 'Maker', 'Faker') WHERE seq = 20")
        for _, text in triggers:  # a missing one would be noticed before
            db.execute(text)
    db.close()
    assert "are not what its checkpoint says" in ctl("--ledger", ledger, "audit", "export", tmp_path / "bad", expect=1)


def test_what_is_no_export(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("text")
    for name, said in (("fifo", "neither a ledger's file nor a folder"), ("empty", "there is no export here"),
                       ("text", "text"), ("none", "is not there: check the path")):
        assert said in ctl("audit", "verify", tmp_path / name, expect=1)
