# SPDX-License-Identifier: Apache-2.0
"""A clinic's server as `stipple-clinicd setup` makes it, with its own authority, over a real PostgreSQL."""

import getpass
import json
import pathlib
import re
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clinic_harness import Client, Log, NoteKey, Server, free_port, wait_for


class Clinic(Server):
    """The same life as the harness's server, but all of its files are made by its own setup."""

    def __init__(self, folder, postgres):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port, self.process, self.postgres = free_port(), None, postgres
        self.keys, self.config = self.folder / "keys", self.folder / "etc/clinicd.conf"
        self.authority = None

    def set_up(self, host="localhost"):
        done = self.command("--host", host, "--port", str(self.port), "--user", getpass.getuser(), "--keys", self.keys,
                            "--database", self.postgres.conninfo, "setup")
        if done.returncode == 0:
            self.configure("[server]\naddress = 127.0.0.1\n")
        return done

    def configure(self, text):
        """One more file beside the configuration."""
        (self.config.parent / "conf.d").mkdir(exist_ok=True)
        (self.config.parent / "conf.d/10-test.conf").write_text(text)

    def client(self, certificate=None, key=None):
        return SetUpClient(self, certificate, key)

    def invite(self, name):
        done = self.command("--json", "invite", name)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def fingerprint(self):
        pem = (self.keys / "authority.pem").read_bytes()
        return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()


class SetUpClient(Client):
    def __init__(self, server, certificate, key):
        self.server = server
        self.context = ssl.create_default_context(cafile=server.keys / "authority.pem")
        if certificate:
            self.context.load_cert_chain(certificate, key)

    def post_json(self, path, **body):
        status, _, answer = self.post(path, json.dumps(body), Content_Type="application/json")
        return status, json.loads(answer)


class Joiner:
    """A station that joins by hand: keys by pyca/cryptography."""

    def __init__(self, clinic, name, key=None):
        self.clinic, self.name = clinic, name
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.log = Log(NoteKey(f"stipple/clinic/{name}"))
        self.folder = clinic.folder

    def request(self, key=None, subject="anything", extensions=()):
        built = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        for extension in extensions:
            built = built.add_extension(extension, critical=True)
        key = key or self.key
        algorithm = hashes.SHA256() if not hasattr(key, "private_bytes_raw") and "25519" not in type(key).__name__ else None
        return built.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()

    def join(self, code, **other):
        body = {"code": code, "csr": self.request(), "log_key": self.log.key.public(), **other}
        return self.clinic.client().post_json("/enrol", **body)

    def take(self, answer):
        """Uses the certificate from now on."""
        certificate, key = self.folder / f"{self.name}.pem", self.folder / f"{self.name}.key"
        certificate.write_text(answer["certificate"])
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        self.log.client = self.clinic.client(certificate, key)
        return x509.load_pem_x509_certificate(answer["certificate"].encode())


def printed_code(text):
    return re.search(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", text)[0]


__all__ = ["Clinic", "Joiner", "printed_code", "wait_for"]
