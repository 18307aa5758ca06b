# SPDX-License-Identifier: Apache-2.0
"""A mosquitto as configs/mosquitto-example.conf sets it up, with certificates and passwords made for the test."""

import datetime
import os
import shutil
import subprocess

import harness


class Authority:
    """A certificate authority that lives in a folder for as long as a test."""

    def __init__(self, folder, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.ca, self.ca_key = self.folder / "ca.crt", self.folder / "ca.key"
        self.openssl("req", "-x509", *self.new_key(self.ca_key), "-days", "800", "-subj", f"/CN={name}",
                     "-out", self.ca)

    def new_key(self, path):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def sign(self, name, file=None, alternative=None, days=400, begins=-2):
        """A certificate for `name`, as (certificate, key). It begins and ends so many days from now."""
        stem = self.folder / (file or name)
        certificate, key, request = (stem.with_name(stem.name + end) for end in (".crt", ".key", ".csr"))
        names = ["-addext", f"subjectAltName={alternative}"] if alternative else []
        self.openssl("req", *self.new_key(key), "-subj", f"/CN={name}", *names, "-out", request)
        # not "x509 -req", which takes no beginning, and in newer versions no end that is over
        (self.folder / "index.txt").write_text("")
        (self.folder / "ca.conf").write_text(
            "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\n"
            "policy = p\ncopy_extensions = copy\nunique_subject = no\n[p]\ncommonName = supplied\n")
        now = datetime.datetime.now(datetime.timezone.utc)
        first, last = ((now + datetime.timedelta(days=n)).strftime("%Y%m%d%H%M%SZ") for n in (begins, days))
        self.openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.conf", "-cert", self.ca, "-keyfile",
                     self.ca_key, "-in", request, "-out", certificate, "-startdate", first, "-enddate", last)
        return certificate, key


class SecureBroker(harness.Broker):
    """Users: dashboard, chair-1 and chair-2; the password of each is its name and "-secret"."""

    def __init__(self, folder, authority, certificate):
        self.tls, self.password, self.websocket = (harness.free_port() for _ in range(3))
        super().__init__(folder, self.tls)
        self.socket = folder / "mqtt.sock"
        self.store = folder / "persistence"
        self.store.mkdir()
        shutil.copy(harness.SOURCE / "configs/mosquitto-example.acl", folder / "acl")
        shutil.copy(authority.ca, folder / "ca.crt")
        self.use(certificate)
        for i, user in enumerate(("dashboard", "chair-1", "chair-2")):
            subprocess.run(["mosquitto_passwd", *["-c"][i:], "-b", folder / "passwd", user, f"{user}-secret"],
                           check=True, capture_output=True)
        self.conf.write_text(self.example())

    def ports(self):
        return [self.tls, self.password, self.websocket]

    def use(self, certificate):
        """The broker shows this (certificate, key) from its next start on."""
        for path, name in zip(certificate, ("broker.crt", "broker.key")):
            shutil.copy(path, self.folder / name)

    def example(self):
        text = (harness.SOURCE / "configs/mosquitto-example.conf").read_text()
        changes = {"\nlistener 8883\n": f"\nlistener {self.tls} 127.0.0.1\n",
                   "\nlistener 8885\n": f"\nlistener {self.password} 127.0.0.1\n",
                   "\nlistener 8884\n": f"\nlistener {self.websocket} 127.0.0.1\n",
                   "/run/stipple-broker/mqtt.sock": str(self.socket),
                   "/etc/mosquitto/stipple/": f"{self.folder}/",
                   "/var/lib/mosquitto/": f"{self.store}/",
                   "\nlog_dest syslog\n": f"\nlog_dest file {self.folder}/broker.log\n"}
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        # started by root it would become a user who may not read the test's folder
        return text + ("user root\n" if os.geteuid() == 0 else "")
