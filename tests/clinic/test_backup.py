# SPDX-License-Identifier: Apache-2.0
"""Backups: only what was checked is called one, and a restored server is the same to its stations."""

import getpass
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import threading
import uuid

import pytest
from clinic_harness import CLINICD, wait_for
from clinic_setup import Clinic, Joiner


@pytest.fixture
def clinic(tmp_path, postgres):
    for name in ("restored",):
        postgres.ask(f"DROP DATABASE IF EXISTS {name}")
    postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    made = Clinic(tmp_path / "clinic", postgres)
    done = made.set_up()
    assert done.returncode == 0, done.stderr
    made.recovery = re.search(r"recovery code +(\S+)", done.stdout)[1]
    made.start()
    yield made
    postgres.signal(signal.SIGCONT)
    if made.process:
        made.stop()


@pytest.fixture
def chair(clinic):
    joiner = Joiner(clinic, "chair-1")
    joiner.take(joiner.join(clinic.invite("chair-1")["code"])[1])
    return joiner


def hold(chair, units):
    return chair.log.client.post_json("/registry/hold", request=str(uuid.uuid4()), lot="L1", units=units)


def back_up(clinic, folder):
    done = clinic.command("backup", folder)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.split(":")[0])


def new_server(clinic, postgres, tmp_path, name="new"):
    """Another machine, with an empty database."""
    postgres.ask("DROP DATABASE IF EXISTS restored")
    postgres.ask("CREATE DATABASE restored")
    made = Clinic(tmp_path / name, postgres)
    made.port = clinic.port  # stations know the address of the old one
    return made


def restore(server, folder, code, database="restored", limit=60):
    return subprocess.run([CLINICD, "--config", server.config, "--keys", server.keys, "--user", getpass.getuser(), "--database",
                           server.postgres.conninfo.replace("dbname=postgres", f"dbname={database}"), "restore", folder],
                          capture_output=True, text=True, check=False, input=code + "\n", timeout=limit)


def test_a_backup_is_restored_on_a_new_server(clinic, chair, postgres, tmp_path):
    units = [f"unit-{i}" for i in range(40)]
    for unit in units[:20]:
        assert hold(chair, [unit])[0] == 200
    saved = back_up(clinic, tmp_path / "disk")
    assert {path.name for path in saved.iterdir()} == {"database.dump", "keys.sealed", "manifest.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in [saved, *saved.iterdir()]} == {0o700, 0o600}
    assert b"PRIVATE" not in (saved / "keys.sealed").read_bytes()
    note = postgres.ask("SELECT note FROM registry")
    assert hold(chair, units[20:])[0] == 200  # what comes after it is lost here
    clinic.stop()
    fresh = new_server(clinic, postgres, tmp_path)
    done = restore(fresh, saved, clinic.recovery.lower().replace("-", " "))
    assert done.returncode == 0, done.stderr
    assert "1 stations" in done.stdout and "localhost" in done.stdout
    assert {path.name: path.read_bytes() for path in fresh.keys.iterdir()} == {path.name: path.read_bytes() for path in clinic.keys.iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in fresh.keys.iterdir()} == {0o600}
    assert f"port = {clinic.port}" in fresh.config.read_text()
    fresh.configure("[server]\naddress = 127.0.0.1\n")
    fresh.start()
    try:  # the same station, with the certificate that it has, and the log goes on where it was
        assert postgres.ask("SELECT count(*) FROM unit") == "40"  # the old database is not touched
        status, answer = hold(chair, [units[0]])
        assert status == 200 and answer["units"][0]["held_by"] == "chair-1"
        status, answer = hold(chair, [units[-1]])
        assert status == 200 and answer["grant"]["seq"] == int(note.split("\n")[1])
        assert fresh.command("keys").stdout == clinic.command("keys").stdout
    finally:
        fresh.stop()


def test_what_changes_while_it_is_saved_does_not_get_between(clinic, chair, tmp_path):
    """Grants go on all the time: each backup has a root that its own leaves give."""
    ends, failed = threading.Event(), []

    def grant():
        while not ends.is_set():
            if hold(chair, [str(uuid.uuid4())])[0] != 200:
                failed.append(1)
    threads = [threading.Thread(target=grant) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        sizes = []
        for i in range(2):
            saved = back_up(clinic, tmp_path / f"disk-{i}")
            sizes.append(json.loads((saved / "manifest.json").read_text())["registry"]["size"])
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    assert not failed and sizes[0] < sizes[1]
    fresh = new_server(clinic, clinic.postgres, tmp_path)
    done = restore(fresh, saved, clinic.recovery)
    assert done.returncode == 0, done.stderr


def test_a_damaged_log_is_not_saved(clinic, chair, postgres, tmp_path):
    for i in range(3):
        hold(chair, [f"u{i}"])
    postgres.ask("UPDATE registry_leaf SET leaf = leaf || ' '::bytea WHERE seq = 1")
    done = clinic.command("backup", tmp_path / "disk")
    assert done.returncode == 1 and "do not give the root" in done.stderr
    assert not [path for path in (tmp_path / "disk").iterdir() if not path.name.endswith(".part")]
    postgres.ask("DELETE FROM registry_leaf WHERE seq = 3")
    assert "damaged" in clinic.command("backup", tmp_path / "disk").stderr


def test_a_changed_backup_is_refused(clinic, chair, postgres, tmp_path):
    hold(chair, ["u1"])
    saved = back_up(clinic, tmp_path / "disk")
    fresh = new_server(clinic, postgres, tmp_path)
    for name in ("database.dump", "keys.sealed", "manifest.json"):
        other = tmp_path / f"changed-{name}"
        shutil.copytree(saved, other)
        content = bytearray((other / name).read_bytes())
        content[len(content) // 2] ^= 4
        (other / name).write_bytes(content)
        done = restore(fresh, other, clinic.recovery)
        assert done.returncode == 1, name
        (other / name).unlink()
        assert restore(fresh, other, clinic.recovery).returncode == 1
    # also one whose digests were made to fit: its log is another one
    other = tmp_path / "forged"
    shutil.copytree(saved, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["registry"]["size"] += 1
    (other / "manifest.json").write_text(json.dumps(manifest))
    done = restore(fresh, other, clinic.recovery)
    assert done.returncode == 1 and "something else than this backup" in done.stderr
    assert not fresh.keys.exists() and not fresh.config.exists()
    # the real one is in the database by now, and is accepted as such
    done = restore(fresh, saved, clinic.recovery)
    assert done.returncode == 0, done.stderr


def test_only_the_recovery_code_opens_it(clinic, chair, postgres, tmp_path):
    saved = back_up(clinic, tmp_path / "disk")
    fresh = new_server(clinic, postgres, tmp_path)
    for code, says in (("", "mistyped"), (clinic.recovery[:-1], "mistyped"), ("2" * 25, "does not open")):
        done = restore(fresh, saved, code)
        assert done.returncode == 1 and says in done.stderr
    assert not fresh.keys.exists()
    assert clinic.postgres.ask("SELECT count(*) FROM pg_database WHERE datname = 'restored'") == "1"
    assert restore(fresh, saved, clinic.recovery).returncode == 0
    done = restore(fresh, saved, clinic.recovery)  # the server is there now: only its database would be restored
    assert done.returncode == 0, done.stderr
    (fresh.config).unlink()
    done = restore(fresh, saved, clinic.recovery)
    assert done.returncode == 1 and "never overwritten" in done.stderr


def test_the_database_alone_is_restored_where_it_was(clinic, chair, postgres, tmp_path):
    hold(chair, ["u1"])
    saved = back_up(clinic, tmp_path / "disk")
    clinic.stop()
    hold_after = postgres.ask("SELECT count(*) FROM unit")
    done = restore(clinic, saved, "")
    assert done.returncode == 0 and hold_after == "1"  # it is the same: nothing to do
    postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    done = restore(clinic, saved, "")
    assert done.returncode == 0, done.stderr
    assert postgres.ask("SELECT unit FROM unit") == "u1"
    # and another clinic's backup is not taken
    other = Clinic(tmp_path / "other", postgres)
    assert other.set_up().returncode == 0
    done = restore(other, saved, "")
    assert done.returncode == 1 and "another server" in done.stderr
    clinic.start()
    assert hold(chair, ["u2"])[0] == 200


def test_old_ones_are_deleted_and_nothing_else(clinic, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    clinic.configure(f"[server]\naddress = 127.0.0.1\n[backup]\nfolder = {disk}\nkeep = 2\n")
    (disk / "stipple-clinic-20200101T000000Z.part").mkdir()
    (disk / "stipple-clinic-20200101T000000Z.part/database.dump").write_text("half")
    (disk / "stipple-clinic-notes").mkdir()
    (disk / "mine.txt").write_text("mine")
    for day in range(1, 4):
        (disk / f"stipple-clinic-2020010{day}T000000Z").mkdir()
        for name in ("database.dump", "keys.sealed", "manifest.json"):
            (disk / f"stipple-clinic-2020010{day}T000000Z" / name).write_text("x")
    done = clinic.command("backup")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in disk.iterdir())
    assert len(names) == 4 and names[0] == "mine.txt" and names[1] == "stipple-clinic-20200103T000000Z" and names[3] == "stipple-clinic-notes"
    # a folder that was named on the command line is somebody's own: nothing is deleted there
    done = clinic.command("backup", disk)
    assert done.returncode == 0 or "wait for a second" in done.stderr
    assert "stipple-clinic-20200103T000000Z" in os.listdir(disk)


def test_two_at_once_and_one_that_was_killed(clinic, chair, postgres, tmp_path):
    hold(chair, ["u1"])
    disk = tmp_path / "disk"
    clinic.configure(f"[server]\naddress = 127.0.0.1\n[backup]\nfolder = {disk}\n")
    postgres.signal(signal.SIGSTOP)  # the first one hangs
    first = subprocess.Popen([CLINICD, "--config", clinic.config, "backup"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: disk.exists() and os.listdir(disk), "the first backup")
        second = clinic.command("backup")
        assert second.returncode == 1 and "another backup" in second.stderr
    finally:
        first.kill()
        first.wait()
        postgres.signal(signal.SIGCONT)
    assert [name for name in os.listdir(disk) if name.endswith(".part")] == os.listdir(disk)
    wait_for(lambda: clinic.command("backup").returncode == 0, "a backup")
    assert [name for name in os.listdir(disk) if name.endswith(".part")] == []


def test_a_full_disk_leaves_no_backup(clinic, chair, tmp_path):
    disk = tmp_path / "disk"
    done = subprocess.run(["bash", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "-", CLINICD, "--config", clinic.config, "backup", disk],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert all(name.endswith(".part") for name in os.listdir(disk))


def test_without_its_tools_or_its_code_it_says_so(clinic, tmp_path):
    done = subprocess.run([CLINICD, "--config", clinic.config, "backup", tmp_path / "disk"], capture_output=True, text=True, check=False,
                          env=dict(os.environ, PATH="/nonexistent"))
    assert done.returncode == 1 and "pg_dump is not installed" in done.stderr
    (clinic.keys / "recovery.code").unlink()
    done = clinic.command("backup", tmp_path / "disk2")
    assert done.returncode == 1 and "recovery.code" in done.stderr
