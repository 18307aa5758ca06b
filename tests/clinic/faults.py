# SPDX-License-Identifier: Apache-2.0
"""Faults, one after the other, while simulated stations work; after each kind the cluster must be whole again, and judge.py
finds nothing. tests/clinic/run starts it. It prints a table and writes what it measured as JSON."""

import argparse
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cluster as clusters  # noqa: E402
from clinic_harness import NoteKey  # noqa: E402
from judge import Judge  # noqa: E402

FROZEN_S = 26  # longer than the ttl of 20 s and a round of 2 s


# ---- identities ----

def make_identities(folder, names):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    import ipaddress
    now = datetime.datetime.now(datetime.timezone.utc)

    def issue(name, issuer, signer, *extensions):
        key = signer if issuer is None else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=30))
                   .not_valid_after(now + datetime.timedelta(days=30)))
        identifiers = (x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                       x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()))
        for extension in (*extensions, *identifiers):
            builder = builder.add_extension(extension, critical=isinstance(extension, (x509.BasicConstraints, x509.KeyUsage)))
        certificate = builder.sign(signer, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(s.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
        return subject
    folder.mkdir()
    authority = ec.generate_private_key(ec.SECP256R1())
    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    issuer = issue("ca", None, authority, x509.BasicConstraints(True, 0), signs)
    addresses = [x509.IPAddress(ipaddress.ip_address(address))
                 for address in ("127.0.0.1", *(station_side for _, station_side in clusters.SERVERS.values()))]
    issue("server", issuer, authority, x509.SubjectAlternativeName([x509.DNSName("clinic"), *addresses]),
          x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
    for name in names:
        issue(name, issuer, authority, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))
    keys = {name: NoteKey(f"clinic.example/{name}") for name in ("mirror", "registry")}
    for name, key in keys.items():
        (folder / f"{name}.key").write_text(key.private() + "\n")
        (folder / f"{name}.key").chmod(0o600)
    return keys


# ---- the stations' process ----

class Stations:
    def __init__(self, folder, identities, n, **settings):
        self.folder, self.process = folder, None
        folder.mkdir()
        self.settings = {"folder": str(folder), "identities": str(identities), "stations": n, "seed": 1, "think_s": 1.0, "offline": 0.05,
                         "servers": [(address, 7443) for _, address in clusters.SERVERS.values()], **settings}
        (folder / "settings.json").write_text(json.dumps(self.settings))
        self.before = {}

    def start(self):
        (self.folder / "status").unlink(missing_ok=True)
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([sys.executable, HERE / "stations.py", self.folder / "settings.json"], stdout=log, stderr=log)

    def status(self):
        try:
            return json.loads((self.folder / "status").read_text())
        except (OSError, ValueError):
            return {"counts": {}, "mistakes": [], "last": 0, "open": 0}

    def keep_counts(self):
        for what, n in self.status()["counts"].items():
            self.before[what] = self.before.get(what, 0) + n

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.keep_counts()

    def finish(self, patience_s=180):
        """They ask until all is answered, then end."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(patience_s)
        assert status == 0, (self.folder / "log").read_text()[-2000:]
        mistakes = self.status()["mistakes"]
        self.keep_counts()
        return mistakes

    def works_since(self, moment):
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return self.status()["last"] > moment

    def gaps(self, begin, end):
        """The times without any answer that touch this one, in seconds."""
        path = self.folder / "gaps"
        rows = [tuple(map(float, row.split())) for row in path.read_text().splitlines()] if path.exists() else []
        return [to - since for since, to in rows if to > begin and since < end]


# ---- faults: each does harm and mends it ----

def freeze(node, seconds, processes=None):
    processes = processes or node.processes()
    node.signal(signal.SIGSTOP, processes)
    time.sleep(seconds)
    node.signal(signal.SIGCONT, processes)


def kill_process(c, stations):
    os.kill(c.postmaster(c.primary()), signal.SIGKILL)
    time.sleep(2)  # until somebody notices


def lose(c, name):
    """The machine is gone at once, and with it what it had in its network's buffers. Another one takes over, it comes back."""
    c.nodes[name].link("db", False)
    c.nodes[name].kill()


def bring_back(c, name):
    clusters.wait_until(lambda: c.primary() not in (None, name), "another primary")
    c.nodes[name].link("db", True)
    c.start_patroni(name)


def kill_node(c, stations):
    lost = c.primary()
    lose(c, lost)
    bring_back(c, lost)


def freeze_node(c, stations):
    freeze(c.nodes[c.primary()], FROZEN_S)


def freeze_patroni(c, stations):
    name = c.primary()
    freeze(c.nodes[name], FROZEN_S, c.patroni_process(name))


def one_etcd(c, stations):
    name = random.choice(list(clusters.ETCDS))
    c.nodes[name].kill()
    time.sleep(8)
    c.start_etcd(name)


def freeze_etcd(c, stations):
    freeze(c.nodes[random.choice(list(clusters.ETCDS))], FROZEN_S)


def all_etcd(c, stations):
    for name in clusters.ETCDS:
        c.nodes[name].kill()
    time.sleep(15)
    for name in clusters.ETCDS:
        c.start_etcd(name)


def cut_from_standby(c, primary, standby, cut):
    c.nodes[primary].blackhole(clusters.DATABASES[standby], cut)
    c.nodes[standby].blackhole(clusters.DATABASES[primary], cut)


def sync_standby(c):
    return next(name for name, member in c.members().items() if member["role"] == "sync_standby")


def cancel(c, stations):
    """Statements are cancelled while no standby gets anything; then the primary is lost, and with it what was only there."""
    lost, standby = c.primary(), sync_standby(c)
    cut_from_standby(c, lost, standby, True)
    for _ in range(60):
        c.ask("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE usename = 'stipple' AND state = 'active'", node=lost)
        time.sleep(0.05)
    lose(c, lost)
    cut_from_standby(c, lost, standby, False)
    bring_back(c, lost)


def kill_clinicd(c, stations):
    for name in list(clusters.SERVERS) * 2:
        process = c.nodes[name].started["clinicd"]
        c.nodes[name].signal(signal.SIGKILL, clinicd_of(c, name))
        process.wait()
        time.sleep(random.uniform(0.1, 1))
        c.start_clinicd(name)
        time.sleep(1)


def clinicd_of(c, name):
    return [process for process in c.nodes[name].processes() if bytes(str(c.clinicd), "utf-8") == c.words(process).split(b"\0")[0]]


def freeze_clinicd(c, stations):
    freeze(c.nodes["srv1"], 8, clinicd_of(c, "srv1"))


def kill_stations(c, stations):
    for _ in range(3):
        time.sleep(random.uniform(0.5, 2))
        stations.kill()
        stations.start()


def cut_servers_from_database(c, stations):
    for name in clusters.SERVERS:
        c.nodes[name].link("db", False)
    time.sleep(12)
    for name in clusters.SERVERS:
        c.nodes[name].link("db", True)


def cut_stations_from_server(c, stations):
    name = random.choice(list(clusters.SERVERS))
    c.nodes[name].link("st", False)
    time.sleep(12)
    c.nodes[name].link("st", True)


def cut_primary(c, stations):
    name = c.primary()
    c.nodes[name].link("db", False)
    time.sleep(FROZEN_S)
    c.nodes[name].link("db", True)


def cut_primary_from_standby(c, stations):
    primary, standby = c.primary(), sync_standby(c)
    cut_from_standby(c, primary, standby, True)
    time.sleep(FROZEN_S)
    cut_from_standby(c, primary, standby, False)


def jump_clock(c, stations):
    """One server's clock is days ahead, the other's days behind; then both are right again."""
    jumps = {"srv1": "+3d", "srv2": "-3d"}
    for shift in (True, False):
        for name, jump in jumps.items():
            process = c.nodes[name].started["clinicd"]
            c.nodes[name].signal(signal.SIGTERM, clinicd_of(c, name))
            process.wait(60)
            c.start_clinicd(name, clusters.shifted(jump) if shift else None)
        time.sleep(5)


def nothing(c, stations):
    time.sleep(6)


def make_asynchronous(c, stations):
    """Somebody changes the settings so that claims could be lost: the doctor says so, until it is put right."""
    assert c.doctor()["patroni"] and c.doctor()["replication"], c.doctor()
    assert c.set_mode(False)
    clusters.wait_until(lambda: not c.doctor()["patroni"] and not c.doctor()["replication"], "the doctor to refuse")
    assert c.set_mode(True)
    clusters.wait_until(lambda: c.doctor()["patroni"] and c.doctor()["replication"], "the doctor to be content")


FAULTS = {
    "nothing fails, but for stations without network": nothing,
    "the server's process is killed": kill_process, "the node is killed": kill_node, "the node freezes and thaws": freeze_node,
    "Patroni alone freezes": freeze_patroni, "one etcd is lost": one_etcd, "one etcd freezes and thaws": freeze_etcd, "all etcd are lost": all_etcd,
    "statements are cancelled, then the node is lost": cancel, "clinicd is killed": kill_clinicd, "clinicd freezes": freeze_clinicd,
    "the stations are killed": kill_stations, "servers cut off from the database": cut_servers_from_database,
    "stations cut off from a server": cut_stations_from_server, "primary cut off from all": cut_primary,
    "primary cut off from its standby": cut_primary_from_standby, "clocks jump by days": jump_clock,
    "replication is made asynchronous": make_asynchronous,
}


# ---- the run ----

class Run:
    def __init__(self, options):
        self.options, self.results, self.stations = options, [], None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipple-cluster-"))
        self.folder.chmod(0o755)

    def say(self, text):
        print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)

    def set_up(self):
        names = [f"chair-{i}" for i in range(self.options.stations)]
        self.keys = make_identities(self.folder / "identities", names)
        build = pathlib.Path(os.environ["STIPPLE_BUILD"])
        self.cluster = clusters.Cluster(self.folder / "nodes", build / "clinic/stipple-clinicd", self.folder / "identities")
        self.cluster.folder.mkdir()
        begin = time.monotonic()
        self.cluster.start()
        self.say(f"the cluster is up after {time.monotonic() - begin:.1f} s")
        for name in names:
            done = self.cluster.command("srv1", "enrol", name, NoteKey(f"stipple/clinic/{name}").public())
            assert done.returncode == 0, done.stderr
        self.stations = Stations(self.folder / "stations", self.folder / "identities", len(names))

    def judge(self):
        waited = self.cluster.wait_whole()
        mistakes = self.stations.finish()
        verdict = Judge(self.cluster.ask, self.keys["registry"], self.folder / "stations").judge()
        verdict["other flaws"] += len(mistakes)
        verdict["examples"] += mistakes
        return verdict, waited

    def round(self, fault):
        begin = time.monotonic()
        fault(self.cluster, self.stations)
        mended = time.monotonic()
        whole = self.cluster.wait_whole()
        now = time.monotonic()
        clusters.wait_until(lambda: self.stations.works_since(now), "the stations to work again")
        time.sleep(2)
        return max(self.stations.gaps(begin, time.monotonic()), default=0.0), now - mended, whole

    def do(self, name):
        self.stations.start()
        clusters.wait_until(lambda: self.stations.status()["counts"].get("claims answered", 0) > 20, "the stations to work")
        used, refused = (self.stations.before.get(what, 0) for what in ("used", "refused"))
        gaps = []
        for i in range(self.options.rounds):
            gap, mended, _ = self.round(FAULTS[name])
            self.say(f"{name}, {i + 1}: no answer for {gap:.1f} s, whole {mended:.1f} s after it was mended")
            gaps.append(gap)
        verdict, _ = self.judge()
        used, refused = (self.stations.before.get(what, 0) - before for what, before in (("used", used), ("refused", refused)))
        row = {"fault": name, "rounds": len(gaps), "median s": statistics.median(gaps), "longest s": max(gaps), "used": used,
               "refused": refused, **verdict}
        self.say(json.dumps(row))
        self.results.append(row)

    def try_to(self, name):
        """A fault after which something does not come back is a result, too."""
        try:
            self.do(name)
        except AssertionError as failure:
            clusters.logs(self.cluster)
            self.say(f"{name}: {failure}")
            self.results.append({"fault": name, "rounds": 0, "median s": 0, "longest s": 0, "used": 0, "refused": 0, "double": 0, "lost": 0,
                                 "without grant": 0, "other flaws": 1, "examples": [str(failure)]})
            if self.stations.process.poll() is None:
                self.stations.kill()
        if self.options.json:
            pathlib.Path(self.options.json).write_text(json.dumps(self.results, indent=1))

    def go(self):
        try:
            self.set_up()
            for name in FAULTS:
                if not self.options.only or any(word in name for word in self.options.only):
                    self.try_to(name)
        finally:
            self.print_table()
            if not self.options.keep:
                shutil.rmtree(self.folder, ignore_errors=True)

    def print_table(self):
        print("\n| fault | times | no answer, median / longest s | used | refused % | double | lost | without grant | other |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for row in self.results:
            share = 100 * row["refused"] / max(1, row["used"] + row["refused"])
            print(f"| {row['fault']} | {row['rounds']} | {row['median s']:.1f} / {row['longest s']:.1f} | {row['used']} | {share:.2f} | "
                  f"{row['double']} | {row['lost']} | {row['without grant']} | {row['other flaws']} |")
        if self.stations:
            print(json.dumps(self.stations.before))


def is_sound(results):
    return results and all(row[what] == 0 for row in results for what in ("double", "lost", "without grant", "other flaws"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--only", action="append", help="faults whose name has this in it")
    parser.add_argument("--json", help="write what was measured to this file")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    run = Run(parser.parse_args())
    run.go()
    return 0 if is_sound(run.results) else 1


if __name__ == "__main__":
    sys.exit(main())
