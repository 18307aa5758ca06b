# SPDX-License-Identifier: Apache-2.0
"""The doctor: what is good is called good, and what would lose a claim is not."""

import ctypes
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest
from clinic_harness import Postgres, free_port
from clinic_setup import Clinic, Joiner
from cryptography import x509

STA_UNSYNC = 0x40
WHOLE = pytest.mark.whole


def synchronised():
    state = (ctypes.c_byte * 512)()
    ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    status = ctypes.c_int.from_buffer(state, 4 + 4 + 8 + 8 + 8 + 8)  # after modes, offset, freq, maxerror, esterror
    return not status.value & STA_UNSYNC


class Durable(Postgres):
    """With fsync, which the other tests do without; and a second node that copies it."""

    def start(self):
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def add_standby(self):
        self.run("pg_basebackup", "-D", self.folder / "standby", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", self.conninfo)
        options = f"-c port={free_port()} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.run("pg_ctl", "-D", self.folder / "standby", "-w", "-l", self.folder / "standby-log", "-o", options, "start")

    def remove_standby(self):
        self.run("pg_ctl", "-D", self.folder / "standby", "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="module")
def durable():
    folder = tempfile.mkdtemp(prefix="stipple-clinic-")
    os.chmod(folder, 0o755)
    engine = Durable(folder + "/postgres")
    yield engine
    engine.signal(signal.SIGCONT)
    engine.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clinic(tmp_path, durable):
    durable.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    made = Clinic(tmp_path / "clinic", durable)
    assert made.set_up().returncode == 0
    made.more()
    yield made
    durable.signal(signal.SIGCONT)
    if made.process:
        made.stop()


def more(self, server="", database=""):
    self.configure(f"[server]\naddress = 127.0.0.1\n{server}[backup]\nfolder = {self.folder}/backups\n[database]\n{database}")


Clinic.more = more


def examine(clinic):
    """Exit status and what each check says; the clock is the machine's own."""
    done = clinic.command("--json", "doctor")
    told = json.loads(done.stdout)
    checks = {check["name"]: (check["good"], check["text"]) for check in told["checks"] if check["name"] != "patroni"}
    checks["patroni"] = [(check["good"], check["text"]) for check in told["checks"] if check["name"] == "patroni"]
    assert checks["clock"][0] == synchronised()
    assert told["good"] == (done.returncode == 0) == all(check["good"] for check in told["checks"])
    return checks


def bad(checks):
    return {name for name, check in checks.items() if name not in ("clock", "patroni") and not check[0]}


def test_a_whole_server_is_good(clinic):
    clinic.start()
    chair = Joiner(clinic, "chair-1")
    assert chair.join(clinic.invite("chair-1")["code"])[0] == 200
    assert bad(examine(clinic)) == {"backup"}
    assert clinic.command("backup").returncode == 0
    checks = examine(clinic)
    assert bad(checks) == set(), checks
    assert checks["stations"][1] == "1 are enrolled" and "one server" in checks["replication"][1]
    text = clinic.command("doctor")
    assert "good  database       PostgreSQL" in text.stdout and text.returncode == (0 if synchronised() else 1)


def test_it_changes_nothing(clinic, durable):
    checks = examine(clinic)
    assert "there are none yet" in checks["tables"][1]
    assert durable.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == "0"
    assert not (clinic.folder / "backups").exists()


def test_a_configuration_that_is_wrong(clinic):
    clinic.configure("[server]\nadress = 127.0.0.1\n")
    done = clinic.command("doctor")
    assert done.returncode == 1 and "BAD   configuration" in done.stdout and "10-test.conf:2" in done.stdout


def test_what_is_wrong_with_files(clinic):
    (clinic.keys / "registry.key").chmod(0o644)
    (clinic.keys / "mirror.key").write_text("no key")
    (clinic.keys / "authority.key").write_bytes((clinic.keys / "server.key").read_bytes())
    (clinic.keys / "server.pem").write_text("no certificate")
    checks = examine(clinic)
    assert {"registry-key", "mirror-key", "authority", "certificate", "backup"} <= bad(checks)
    assert "do not belong together" in checks["authority"][1]
    assert (clinic.keys / "registry.key").read_text().strip().split("+")[-1] not in str(checks)


def test_old_backups(clinic):
    clinic.start()
    for age, name in ((5, "stipple-clinic-20260101T000000Z"), (0, "stipple-clinic-20260102T000000Z.part")):
        (clinic.folder / "backups" / name).mkdir(parents=True)
    good, text = examine(clinic)["backup"]
    assert not good and "days old" in text


def test_a_certificate_near_its_end_is_renewed_at_the_start(clinic):
    key, pem = clinic.keys / "server.key", clinic.keys / "server.pem"
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", clinic.folder / "csr"], check=True)
    (clinic.folder / "ext").write_text("subjectAltName=DNS:localhost\n")
    subprocess.run(["openssl", "x509", "-req", "-in", clinic.folder / "csr", "-CA", clinic.keys / "authority.pem", "-CAkey",
                    clinic.keys / "authority.key", "-CAcreateserial", "-CAserial", clinic.folder / "srl", "-days", "20", "-extfile",
                    clinic.folder / "ext", "-out", pem], check=True, capture_output=True)
    before = key.read_bytes()
    good, text = examine(clinic)["certificate"]
    assert not good and "days left: run systemctl restart stipple-clinicd" in text
    clinic.start()
    assert examine(clinic)["certificate"][0]
    assert clinic.client().post("/enrol", None, "GET")[0] == 200
    names = x509.load_pem_x509_certificate(pem.read_bytes()).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == ["localhost"] and key.read_bytes() == before
    assert pem.stat().st_mode & 0o777 == 0o600


def test_stations_that_need_somebody(clinic, durable):
    clinic.start()
    for name in ("chair-1", "chair-2"):
        assert Joiner(clinic, name).join(clinic.invite(name)["code"])[0] == 200
    durable.ask("UPDATE certificate SET ends = now() - interval '1 hour' WHERE station = (SELECT station FROM station WHERE name = 'chair-2')")
    good, text = examine(clinic)["stations"]
    assert not good and "chair-2" in text and "chair-1" not in text
    clinic.command("revoke", "chair-1")
    good, text = examine(clinic)["stations"]
    assert not good and "quarantined: chair-1" in text


# ---- the database ----

def test_a_database_that_is_away(clinic):
    clinic.more(database=f"connection = host=127.0.0.1 port={free_port()} user=clinic dbname=postgres\n")
    good, text = examine(clinic)["database"]
    assert not good and "is PostgreSQL running" in text


@WHOLE
def test_a_database_that_hangs(clinic, durable):
    durable.signal(signal.SIGSTOP)
    try:
        checks = examine(clinic)
    finally:
        durable.signal(signal.SIGCONT)
    assert not checks["database"][0] and "tables" not in checks


def test_tables_of_a_newer_version(clinic, durable):
    clinic.start()
    durable.ask("UPDATE schema_version SET version = version + 1")
    good, text = examine(clinic)["tables"]
    assert not good and "install the newer" in text
    durable.ask("UPDATE schema_version SET version = version - 1")


def set_setting(engine, name, value):
    engine.ask(f"ALTER SYSTEM SET {name} = '{value}'")
    engine.ask("SELECT pg_reload_conf()")
    engine.ask("SELECT pg_sleep(0.2)")


@pytest.mark.parametrize("name, value, check", [("fsync", "off", "database"), ("full_page_writes", "off", "database"),
                                                ("synchronous_commit", "off", "replication")])
def test_settings_that_lose_commits(clinic, durable, name, value, check):
    set_setting(durable, name, value)
    try:
        checks = examine(clinic)
    finally:
        set_setting(durable, name, "on")
    assert check in bad(checks) and name in checks[check][1]
    assert examine(clinic)[check][0]


def test_asynchronous_replication_is_refused(clinic, durable):
    durable.add_standby()
    try:
        good, text = examine(clinic)["replication"]
        assert not good and "asynchronous" in text and "synchronous_standby_names" in text
        set_setting(durable, "synchronous_standby_names", "*")
        good, text = examine(clinic)["replication"]
        assert good, text
        durable.ask("ALTER SYSTEM SET synchronous_commit = 'local'")
        durable.ask("SELECT pg_reload_conf()")
        durable.ask("SELECT pg_sleep(0.2)")
        assert not examine(clinic)["replication"][0]
    finally:
        for name in ("synchronous_commit", "synchronous_standby_names"):
            durable.ask(f"ALTER SYSTEM RESET {name}")
        durable.ask("SELECT pg_reload_conf()")
        durable.remove_standby()


def test_several_hosts_without_synchronous_replication_are_refused(clinic, durable):
    clinic.more(database=f"connection = host=127.0.0.1,127.0.0.1 port={durable.port},{free_port()} user=clinic dbname=postgres\n")
    good, text = examine(clinic)["replication"]
    assert not good and "asynchronous" in text


# ---- Patroni ----

class Patroni:
    """Answers as Patroni's REST interface does."""

    def __init__(self, version="4.0.7", settings=None, raw=None):
        told = json.dumps({"state": "running", "role": "primary", "patroni": {"version": version, "scope": "clinic"}}).encode()
        configured = json.dumps({"ttl": 20, **({"synchronous_mode": True, "synchronous_mode_strict": True} if settings is None else settings)}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = raw if raw is not None else {"/patroni": told, "/config": configured}[self.path]
                self.send_response(200 if self.path == "/config" else 503)  # a replica's status is no success
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("version, settings, good", [
    ("3.0.2", None, False), ("2.1.7", None, False), ("3.0", None, False), ("three", None, False),
    ("3.0.3", None, True), ("3.1.0", None, True), ("4.1.5", None, True),
    ("4.1.5", {"synchronous_mode": "quorum", "synchronous_mode_strict": True}, True),
    ("4.1.5", {}, False), ("4.1.5", {"synchronous_mode": True}, False), ("4.1.5", {"synchronous_mode": False, "synchronous_mode_strict": True}, False)])
def test_versions_and_settings_of_patroni(clinic, version, settings, good):
    node = Patroni(version, settings)
    try:
        clinic.more(database=f"patroni = {node.url}\n")
        checks = examine(clinic)
    finally:
        node.stop()
    assert all(check[0] for check in checks["patroni"]) == good, checks["patroni"]
    assert not checks["replication"][0]  # the database behind it does not replicate synchronously


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\0" * 10, b"A" * 400000], ids=["nothing", "list", "empty", "zeros", "endless"])
def test_what_is_no_patroni(clinic, raw):
    node = Patroni(raw=raw)
    try:
        clinic.more(database=f"patroni = {node.url}, http://127.0.0.1:{free_port()}\n")
        checks = examine(clinic)
    finally:
        node.stop()
    assert [check[0] for check in checks["patroni"]] == [False, False]
