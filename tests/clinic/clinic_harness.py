# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL in a scratch folder, the clinic's server, an authority for certificates, and a station's log that is
written here once more, independently of lib/tlog."""

import base64
import contextlib
import hashlib
import http.client
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time

BUILD = pathlib.Path(os.environ["STIPPLE_BUILD"])
CLINICD = BUILD / "clinic/stipple-clinicd"
PATIENCE_S = 30


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"gave up waiting for {what}")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# ---- the engine ----

class Postgres:
    """PostgreSQL refuses to run as root, so as root it runs as the user of its package."""

    def __init__(self, folder, durable=False):
        self.folder, self.port, self.durable = pathlib.Path(folder), free_port(), durable
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.prefix = []
        self.folder.mkdir(mode=0o755, parents=True)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.run("initdb", "-D", self.folder / "data", "-U", "clinic", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        self.start()

    def run(self, program, *words):
        subprocess.run([*self.prefix, self.bin / program, *map(str, words)], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self):
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        options += "" if self.durable else " -c fsync=off"
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, how="fast"):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", how, "-w", "stop")

    def processes(self):
        postmaster = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False).stdout.split()
        return [postmaster, *map(int, children)]

    def signal(self, number):
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    @property
    def conninfo(self):
        return f"host=127.0.0.1 port={self.port} user=clinic dbname=postgres"

    def ask(self, sql):
        done = subprocess.run([self.bin / "psql", "-X", "-A", "-t", "-d", self.conninfo, "-c", sql], check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()


# ---- certificates ----

class Authority:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                     "/CN=clinic", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, cwd=self.folder, capture_output=True)

    def issue(self, name, extension="extendedKeyUsage=clientAuth", more=""):
        """The files of a certificate and its key. `more`: of the subject, behind the name."""
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}{more}", "-keyout",
                     f"{name}.key", "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(extension + "\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


# ---- the server ----

class Server:
    def __init__(self, folder, postgres, authority):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.postgres, self.authority, self.port, self.process = postgres, authority, free_port(), None
        certificate, key = authority.issue("localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.mirror, self.registry = NoteKey("clinic.example/mirror"), NoteKey("clinic.example/registry")
        self.witness = NoteKey("clinic.example/witness")
        for name, signs in (("mirror", self.mirror), ("registry", self.registry), ("witness", self.witness)):
            (self.folder / f"{name}.key").write_text(signs.private() + "\n")
            (self.folder / f"{name}.key").chmod(0o600)
        self.config = self.folder / "clinicd.conf"
        self.config.write_text(f"""[server]
address = 127.0.0.1
port = {self.port}
certificate = {certificate}
key = {key}
client_ca = {authority.folder}/ca.pem
[database]
connection = {postgres.conninfo}
[mirror]
key = {self.folder}/mirror.key
[witness]
key = {self.folder}/witness.key
[registry]
key = {self.folder}/registry.key
""")

    def command(self, *words):
        return subprocess.run([CLINICD, "--config", self.config, *words], capture_output=True, text=True, check=False)

    def start(self, env=None):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([CLINICD, "--config", self.config], stderr=self.log, env={**os.environ, **(env or {})})

        def listens():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        wait_for(listens, "the server")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(PATIENCE_S)
            self.process = None
            assert status == 0, (self.folder / "log").read_text()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None


class Client:
    """One station's way to the server."""

    def __init__(self, server, certificate, key):
        self.server, self.files = server, (certificate, key)
        self.context = ssl.create_default_context(cafile=server.authority.folder / "ca.pem")
        if certificate:
            self.context.load_cert_chain(certificate, key)

    def post(self, path, body, method="POST", **headers):
        connection = http.client.HTTPSConnection("localhost", self.server.port, context=self.context, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read()
        finally:
            connection.close()


# ---- a log, by the definitions of RFC 6962 and the drafts ----

class NoteKey:
    """An Ed25519 key of a signed note, by OpenSSL's tool: nothing of the product signs here."""

    def __init__(self, name):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        self.name, self.key = name, Ed25519PrivateKey.generate()

    def raw(self):
        from cryptography.hazmat.primitives import serialization as s
        return (self.key.private_bytes(s.Encoding.Raw, s.PrivateFormat.Raw, s.NoEncryption()),
                self.key.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw))

    def id(self, kind=1):
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + self.raw()[1]).digest()[:4]

    def public(self, kind=1):
        return f"{self.name}+{self.id(kind).hex()}+{base64.b64encode(bytes([kind]) + self.raw()[1]).decode()}"

    def private(self):
        return f"PRIVATE+KEY+{self.name}+{self.id().hex()}+{base64.b64encode(bytes([1]) + self.raw()[0]).decode()}"

    def note(self, text):
        signature = base64.b64encode(self.id() + self.key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.name} {signature}\n"

    def cosigned(self, line, text):
        """Whether this key cosigned the text in that line of a note (kind 4)."""
        mark, name, encoded = line.rstrip("\n").split(" ")
        signed = base64.b64decode(encoded)
        assert (mark, name, signed[:4]) == ("\u2014", self.name, self.id(4))
        when, = struct.unpack(">Q", signed[4:12])
        self.key.public_key().verify(signed[12:], f"cosignature/v1\ntime {when}\n{text}".encode())
        return when


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


class Log:
    def __init__(self, key):
        self.key, self.leaves, self.hashes = key, [], []

    def append(self, *leaves):
        for leaf in leaves:
            self.leaves.append(leaf)
            self.hashes.append(hashlib.sha256(b"\x00" + leaf).digest())

    def root(self, begin, end):
        if end == begin:
            return hashlib.sha256(b"").digest()
        if end - begin == 1:
            return self.hashes[begin]
        k = split(end - begin)
        return node(self.root(begin, begin + k), self.root(begin + k, end))

    def subtree(self, start, end, begin, stop, whole=True):
        """SUBTREE_SUBPROOF of the draft."""
        if (start, end) == (begin, stop):
            return [] if whole else [self.root(begin, stop)]
        k = begin + split(stop - begin)
        if end <= k:
            return [*self.subtree(start, end, begin, k, whole), self.root(k, stop)]
        if k <= start:
            return [*self.subtree(start, end, k, stop, whole), self.root(begin, k)]
        return [*self.subtree(k, end, k, stop, False), self.root(begin, k)]

    def text(self, size):
        return f"{self.key.name}\n{size}\n{base64.b64encode(self.root(0, size)).decode()}\n"

    def checkpoint(self, old, size):
        """The body of add-checkpoint."""
        proof = self.subtree(0, old, 0, size) if old else []
        lines = "".join(base64.b64encode(part).decode() + "\n" for part in proof)
        return f"old {old}\n{lines}\n{self.key.note(self.text(size))}".encode()

    def upload(self, start, end, packages=None, origin=None):
        """The body of add-entries."""
        name = (origin or self.key.name).encode()
        parts = [struct.pack(">H", len(name)), name, struct.pack(">QQH", start, end, 0)]
        begin = start - start % 256
        while begin < end and (packages is None or packages > 0):
            stop = min(end, begin + 256)
            for leaf in self.leaves[max(begin, start):stop]:
                parts += [struct.pack(">H", len(leaf)), leaf]
            proof = self.subtree(begin, stop, 0, end)
            parts += [bytes([len(proof)]), *proof]
            begin = stop
            packages = None if packages is None else packages - 1
        return b"".join(parts)
