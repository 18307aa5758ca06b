# SPDX-License-Identifier: Apache-2.0
"""A real station joins a real clinic: nothing is said to a server that the code was not made for, and an answer that was
lost is fetched again."""

import configparser
import http.server
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading

import pytest
from clinic_harness import BUILD, Authority, free_port
from clinic_setup import Clinic
from cryptography import x509

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Station  # noqa: E402

WHOLE = pytest.mark.whole
REGISTRYD = BUILD / "registry/stipple-registryd"


@pytest.fixture
def clinic(tmp_path, postgres):
    postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    made = Clinic(tmp_path / "clinic", postgres)
    done = made.set_up()
    assert done.returncode == 0, done.stderr
    made.start()
    yield made
    postgres.signal(signal.SIGCONT)
    made.stop()


@pytest.fixture(scope="module")
def running():
    """The daemon runs once for all tests: joining only reads its ledger."""
    station = Station()
    station.start()
    yield station
    station.close()


@pytest.fixture
def chair(running, tmp_path):
    """The same station, with files of its own to join with."""
    return Chair(running, tmp_path / "etc")


class Chair:
    def __init__(self, station, folder):
        self.station, self.folder = station, folder
        folder.mkdir()
        self.config = folder / "stippled.conf"
        self.config.write_text(station.config.read_text() + f"""
[registry]
ca_file = {folder}/clinic/ca.pem
certificate = {folder}/clinic/station.pem
key_file = {folder}/clinic/station.key
""")

    def join(self, url, code):
        return subprocess.run([REGISTRYD, "--config", self.config, "join", url, code], capture_output=True, text=True, check=False,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=1"))

    def files(self):
        return {path.name for path in (self.folder / "clinic").iterdir()} if (self.folder / "clinic").exists() else set()

    def settings(self):
        parser = configparser.ConfigParser()
        parser.read(self.folder / "conf.d/registry.conf")
        return parser["registry"]


def test_a_station_joins(clinic, chair, postgres):
    invited = clinic.invite("chair-1")
    done = chair.join(invited["url"], invited["code"].lower())
    assert done.returncode == 0, done.stderr
    assert 'joined the clinic as "chair-1"' in done.stdout and "systemctl" in done.stdout
    assert chair.files() == {"ca.pem", "station.pem", "station.key"}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (chair.folder / "clinic").iterdir()}
    assert modes == {"ca.pem": 0o644, "station.pem": 0o640, "station.key": 0o640}
    assert (chair.folder / "clinic/ca.pem").read_bytes() == (clinic.keys / "authority.pem").read_bytes()
    settings = chair.settings()
    keys = clinic.command("keys").stdout
    assert settings["server"] == invited["url"] and settings["key"] in keys and settings["mirror_key"] in keys
    assert postgres.ask("SELECT log_key FROM station") == chair.station.get("Audit1", "Key")
    # and it is answered with what it has now
    client = clinic.client(chair.folder / "clinic/station.pem", chair.folder / "clinic/station.key")
    status, answer = client.post_json("/registry/claim", request="00000000-0000-4000-8000-000000000000", unit="u")
    assert status in (200, 409), answer
    # once more: the code is used up, and what is there stays
    before = (chair.folder / "clinic/station.pem").read_bytes()
    done = chair.join(invited["url"], invited["code"])
    assert done.returncode == 1 and "refuses" in done.stderr
    assert (chair.folder / "clinic/station.pem").read_bytes() == before


def test_a_new_code_gives_a_new_certificate(clinic, chair, postgres):
    for _ in range(2):
        invited = clinic.invite("chair-1")
        assert chair.join(invited["url"], invited["code"]).returncode == 0
    assert postgres.ask("SELECT count(*) FROM station") == "1"
    assert postgres.ask("SELECT count(*) FILTER (WHERE revoked IS NULL), count(*) FROM certificate") == "1|2"
    serial = x509.load_pem_x509_certificate((chair.folder / "clinic/station.pem").read_bytes()).serial_number
    assert postgres.ask("SELECT serial FROM certificate WHERE revoked IS NULL") == f"{serial:x}"


@pytest.mark.parametrize("url", ["http://localhost:1", "https://", "https://a/b", "https://user@host", "ftp://x", "https://x\ny"])
def test_an_address_that_cannot_be_is_refused(chair, url):
    done = chair.join(url, "22222-22222-22222-22222-22222-22222")
    assert done.returncode == 1 and "https://HOST" in done.stderr and chair.files() == set()


def test_a_mistyped_code_asks_nobody(clinic, chair):
    code = clinic.invite("chair-1")["code"]
    done = chair.join("https://localhost:1", code[:-1] + ("2" if code[-1] != "2" else "3"))
    assert done.returncode == 1 and "mistyped" in done.stderr


def test_without_a_server_it_says_what_to_check(clinic, chair):
    done = chair.join(f"https://localhost:{free_port()}", clinic.invite("chair-1")["code"])
    assert done.returncode == 1 and "does not answer" in done.stderr and chair.files() == {"station.key.new"}


def test_without_a_ledger_it_says_what_to_start(clinic, chair):
    chair.config.write_text(chair.config.read_text().replace(f"state_folder = {chair.station.folder}/state", f"state_folder = {chair.folder}/none"))
    invited = clinic.invite("chair-1")
    done = chair.join(invited["url"], invited["code"])
    assert done.returncode == 1 and "start stippled first" in done.stderr


# ---- false servers ----

class FalseServer:
    """A server with an authority of its own. `shows`: which authority's certificate it hands out."""

    def __init__(self, folder, shows=None, answer=None):
        self.authority = Authority(folder)
        certificate, key = self.authority.issue("localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        shown, seen = pathlib.Path(shows or folder / "ca.pem").read_bytes(), []
        self.seen = seen

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.path)
                self.give(200, answer if answer is not None else shown)

            def do_POST(self):
                seen.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.give(200, b"{}")

            def give(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def refused_by_station(chair, false, code):
    try:
        done = chair.join(false.url, code)
    finally:
        false.stop()
    assert done.returncode == 1 and not chair.files() & {"station.pem", "station.key", "ca.pem"}
    assert code not in done.stderr and all(code.encode() not in bytes(seen) for seen in false.seen if isinstance(seen, bytes))
    return done.stderr


def test_a_server_with_another_authority_learns_nothing(clinic, chair, tmp_path):
    false = FalseServer(tmp_path / "false")
    assert "not the server that this code was made for" in refused_by_station(chair, false, clinic.invite("chair-1")["code"])
    assert false.seen == ["/enrol"]


def test_a_server_that_copies_the_authority_learns_nothing(clinic, chair, tmp_path):
    """It shows the right certificate of the authority, and has none that it signed."""
    false = FalseServer(tmp_path / "false", clinic.keys / "authority.pem")
    assert "does not show a certificate of this clinic" in refused_by_station(chair, false, clinic.invite("chair-1")["code"])
    assert false.seen == ["/enrol"]


@pytest.mark.parametrize("answer", [b"", b"\0" * 100, b"A" * 400000, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
                         ids=["nothing", "zeros", "endless", "no-certificate"])
def test_garbage_for_an_authority_is_refused(clinic, chair, tmp_path, answer):
    false = FalseServer(tmp_path / "false", answer=answer)
    refused_by_station(chair, false, clinic.invite("chair-1")["code"])
    assert false.seen == ["/enrol"]


def test_another_name_of_the_server_is_refused(clinic, chair):
    invited = clinic.invite("chair-1")
    done = chair.join(invited["url"].replace("localhost", "127.0.0.1"), invited["code"])
    assert done.returncode == 1 and "address that stipple-clinicd invite printed" in done.stderr
    assert chair.join(invited["url"], invited["code"]).returncode == 0


# ---- lost answers ----

class Cutter:
    """Passes connections on to the server, and cuts one off once the server has sent so many bytes on it."""

    def __init__(self, port, which, after):
        self.port, self.which, self.after, self.n = port, which, after, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            limit = self.after if self.n == self.which else None
            self.n += 1
            threading.Thread(target=self.pump, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, limit), daemon=True).start()

    @staticmethod
    def pump(source, target, limit):
        sent = 0
        try:
            while data := source.recv(65536):
                sent += len(data)
                if limit is not None and sent > limit:
                    break
                target.sendall(data)
        except OSError:
            pass
        for side in (source, target):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def test_a_lost_answer_is_fetched_with_the_same_code(clinic, chair, postgres):
    invited = clinic.invite("chair-1")
    cutter = Cutter(clinic.port, 1, 2000)
    done = chair.join(cutter.url, invited["code"])
    assert done.returncode == 1 and "does not answer" in done.stderr, done.stderr
    assert postgres.ask("SELECT count(*) FROM station") == "1"  # the server did its part
    assert chair.files() == {"station.key.new", "ca.pem.new"}
    done = chair.join(invited["url"], invited["code"])
    assert done.returncode == 0, done.stderr
    assert chair.files() == {"ca.pem", "station.pem", "station.key"}
    assert postgres.ask("SELECT count(*) FROM certificate") == "1"


def test_killed_anywhere_it_joins_the_next_time(clinic, chair, postgres):
    """kill -9 after more and more time: whatever was written by then, the same code brings it to an end."""
    invited = clinic.invite("chair-1")
    for ms in range(0, 300, 25):
        process = subprocess.Popen([REGISTRYD, "--config", chair.config, "join", invited["url"], invited["code"]],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(ms / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if "station.key" in chair.files():
            break
    if "station.key" not in chair.files():
        done = chair.join(invited["url"], invited["code"])
        assert done.returncode == 0, done.stderr
    certificate = x509.load_pem_x509_certificate((chair.folder / "clinic/station.pem").read_bytes())
    assert postgres.ask("SELECT serial FROM certificate") == f"{certificate.serial_number:x}"
    assert chair.settings()["server"] == invited["url"]
    client = clinic.client(chair.folder / "clinic/station.pem", chair.folder / "clinic/station.key")
    assert client.post_json("/renew", csr="x")[0] == 400


# ---- renewing ----

def renew(chair):
    return subprocess.run([REGISTRYD, "--config", chair.config, "renew"], capture_output=True, text=True, check=False,
                          env=dict(os.environ, ASAN_OPTIONS="detect_leaks=1"))


def test_the_certificate_is_renewed_with_the_one_that_it_has(clinic, chair, postgres):
    assert renew(chair).returncode == 1
    invited = clinic.invite("chair-1")
    assert chair.join(invited["url"], invited["code"]).returncode == 0
    files = chair.folder / "clinic"
    before, key = (files / "station.pem").read_bytes(), (files / "station.key").read_bytes()
    done = renew(chair)
    assert done.returncode == 0, done.stderr
    assert (files / "station.pem").read_bytes() != before and (files / "station.key").read_bytes() == key
    assert postgres.ask("SELECT count(*) FROM certificate WHERE revoked IS NULL") == "2"
    renewed = (files / "station.pem").read_bytes()
    clinic.command("revoke", "chair-1")
    done = renew(chair)
    assert done.returncode == 1 and "revoked" in done.stderr
    assert (files / "station.pem").read_bytes() == renewed


@WHOLE
def test_a_server_that_hangs_leaves_what_is_there(clinic, chair):
    invited = clinic.invite("chair-1")
    assert chair.join(invited["url"], invited["code"]).returncode == 0
    before = (chair.folder / "clinic/station.pem").read_bytes()
    clinic.process.send_signal(signal.SIGSTOP)
    try:
        done = renew(chair)
    finally:
        clinic.process.send_signal(signal.SIGCONT)
    assert done.returncode == 1 and "does not answer" in done.stderr
    assert (chair.folder / "clinic/station.pem").read_bytes() == before
    assert renew(chair).returncode == 0
