# SPDX-License-Identifier: Apache-2.0
"""A thousand simulated stations on one server with one PostgreSQL: claims as fast as they are answered, how long each takes,
what memory the server has, and nothing used twice at the end. By hand: `tests/clinic/load.py BUILD` runs it whole."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import clinic_harness as harness  # noqa: E402
import faults  # noqa: E402
from judge import Judge  # noqa: E402


def resident_kib(process):
    rows = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))


class Load:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipple-load-"))
        self.folder.chmod(0o755)

    def set_up(self):
        names = [f"chair-{i}" for i in range(self.options.stations)]
        self.keys = faults.make_identities(self.folder / "identities", names)
        self.postgres = harness.Postgres(self.folder / "postgres")
        self.port, identities = harness.free_port(), self.folder / "identities"
        self.config = self.folder / "clinicd.conf"
        self.config.write_text(f"[server]\naddress = 127.0.0.1\nport = {self.port}\ncertificate = {identities}/server.pem\nkey = {identities}/server.key\n"
                               f"client_ca = {identities}/ca.pem\n[database]\nconnection = {self.postgres.conninfo}\n"
                               f"[mirror]\nkey = {identities}/mirror.key\n[registry]\nkey = {identities}/registry.key\n")
        self.server = subprocess.Popen([harness.CLINICD, "--config", self.config], stderr=open(self.folder / "log", "ab"))
        harness.wait_for(self.listens, "the server")

        def enrol(name):
            subprocess.run([harness.CLINICD, "--config", self.config, "enrol", name, harness.NoteKey(f"stipple/clinic/{name}").public()], check=True,
                           stdout=subprocess.DEVNULL)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(enrol, names))

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def connect_all(self):
        """What the server's memory is with a connection of each station, after the handshake."""
        context = ssl.create_default_context(cafile=self.folder / "identities/ca.pem")
        context.load_cert_chain(self.folder / "identities/chair-0.pem", self.folder / "identities/chair-0.key")
        connections = [context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 30), server_hostname="127.0.0.1")
                       for _ in range(self.options.stations)]
        for connection in connections:
            connection.sendall(b"POST /registry/claim HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        for connection in connections:
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        resident = resident_kib(self.server.pid)
        for connection in connections:
            connection.close()
        return resident

    def work(self):
        """Stations in several processes: one of Python alone is slower than the server."""
        n, parts = self.options.stations, self.options.processes
        self.parts = [faults.Stations(self.folder / f"stations-{part}", self.folder / "identities", n // parts, servers=[("127.0.0.1", self.port)],
                                      think_s=0, offline=0, durable=False, plain=True, first=part * (n // parts), claims=self.options.claims // parts)
                      for part in range(parts)]
        begin = time.monotonic()
        for part in self.parts:
            part.start()
        for part in self.parts:
            assert part.process.wait() == 0, (part.folder / "log").read_text()[-2000:]
        return time.monotonic() - begin

    def ask(self, sql):
        return [row.split("|") for row in self.postgres.ask(sql).splitlines()]

    def go(self):
        figures = {"stations": self.options.stations}
        try:
            self.set_up()
            figures["idle KiB"] = resident_kib(self.server.pid)
            figures["connected KiB"] = self.connect_all()
            figures["seconds"] = self.work()
            figures["afterwards KiB"] = resident_kib(self.server.pid)
            statuses = [part.status() for part in self.parts]
            figures["asked again"] = sum(status["counts"].get("asked again", 0) + status["counts"].get("away", 0) for status in statuses)
            waits = sorted(wait for status in statuses for wait in status["waits"])
            figures["p50 ms"], figures["p99 ms"] = (1000 * waits[int(len(waits) * share)] for share in (0.5, 0.99))
            everything = self.folder / "all"
            everything.mkdir()
            for part in self.parts:
                for path in part.folder.glob("*.ledger"):
                    path.rename(everything / path.name)
            figures |= Judge(self.ask, self.keys["registry"], everything).judge()
            figures["other flaws"] += sum(len(status["mistakes"]) for status in statuses)
            figures["claims/s"] = figures["acknowledged"] / figures["seconds"]
            return figures
        finally:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(60)
            self.postgres.stop("immediate")
            shutil.rmtree(self.folder, ignore_errors=True)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    figures = Load(parser.parse_args(words)).go()
    print(json.dumps(figures, indent=1))
    return 0 if sum(figures[what] for what in ("double", "lost", "without grant", "other flaws")) == 0 else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
