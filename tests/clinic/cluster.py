# SPDX-License-Identifier: Apache-2.0
"""The clinic's database on three nodes with two servers, from the files of configs/clinic-ha as they are.

Each node is a network namespace with the address that the files name, so a partition is a partition: packets vanish. It
must run within namespaces of its own (`enter`): when its first process ends, everything that it started is killed."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
RECIPE = HERE.parent.parent / "configs/clinic-ha"
DATABASES = {"db1": "192.0.2.11", "db2": "192.0.2.12", "db3": "192.0.2.13"}
ETCDS = {"etcd1": "192.0.2.31", "etcd2": "192.0.2.32", "etcd3": "192.0.2.33"}
SERVERS = {"srv1": ("192.0.2.21", "198.51.100.21"), "srv2": ("192.0.2.22", "198.51.100.22")}
PATIENCE_S = 120
PYTHON = "/usr/bin/python3"
LAG = 1 << 20  # bytes that a node may be behind and still be whole
SECRETS = {"SECRET-OF-POSTGRES": "p-one", "SECRET-OF-REPLICATION": "p-two", "SECRET-OF-REWIND": "p-three", "SECRET-OF-STIPPLE": "p-four"}


def enter(words):
    """The command that runs `words` in a network, mounts and processes of its own. Their first process, a shell, reaps
    whatever lost its parent: without it Patroni would take a dead server for a living one."""
    rights = [] if os.getuid() == 0 else ["--map-root-user"]
    return ["unshare", *rights, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", '"$@"; exit $?', "clinic", *words]


def patroni_folder():
    """Where Patroni was installed by pip; None: it is the system's own."""
    folder = pathlib.Path(os.environ.get("STIPPLE_PATRONI", "/opt/stipple-patroni"))
    return folder if (folder / "patroni").is_dir() else None


def shifted(jump):
    """The environment in which the clock is ahead or behind by that much."""
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    # a sanitizer wants to be the first library, which it then is not
    return {"LD_PRELOAD": str(library), "FAKETIME": jump, "ASAN_OPTIONS": "verify_asan_link_order=0"}


def wait_until(condition, what, patience_s=PATIENCE_S):
    """Seconds that it took."""
    begin = time.monotonic()
    while time.monotonic() < begin + patience_s:
        if condition():
            return time.monotonic() - begin
        time.sleep(0.1)
    raise AssertionError(f"gave up waiting for {what}")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Node:
    """A machine: a network namespace. What runs on it are the processes that have it."""

    def __init__(self, name, links):
        self.name, self.links, self.started = name, {}, {}
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        wait_until(lambda: self.namespace(self.holder.pid) not in (None, self.namespace("self")), "a namespace")
        self.inside = ["nsenter", "--target", str(self.holder.pid), "--net"]
        subprocess.run([*self.inside, "ip", "link", "set", "lo", "up"], check=True)
        for bridge, address in links.items():
            outside, inside = f"{name}-{bridge}", f"{bridge}0"
            ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", str(self.holder.pid))
            ip("link", "set", outside, "master", bridge, "up")
            subprocess.run([*self.inside, "ip", "addr", "add", f"{address}/24", "dev", inside], check=True)
            subprocess.run([*self.inside, "ip", "link", "set", inside, "up"], check=True)
            self.links[bridge] = outside

    @staticmethod
    def namespace(process):
        try:
            return os.stat(f"/proc/{process}/ns/net").st_ino
        except OSError:
            return None

    def start(self, what, words, log, prefix=(), env=None):
        with open(log, "ab") as out:
            self.started[what] = subprocess.Popen([*self.inside, *prefix, *map(str, words)], stdin=subprocess.DEVNULL, stdout=out,
                                                  stderr=out, env={**os.environ, **(env or {})}, cwd="/")

    def processes(self):
        mine = self.namespace(self.holder.pid)
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != self.holder.pid and
                self.namespace(name) == mine]

    def signal(self, number, processes=None):
        for process in processes if processes is not None else self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def kill(self):
        """As a lost machine: everything ends at once."""
        while running := [process for process in self.processes() if not self.is_dead(process)]:
            self.signal(signal.SIGKILL, running)
            time.sleep(0.02)
        for process in self.started.values():
            process.wait()
        self.started.clear()

    @staticmethod
    def is_dead(process):
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1][0] in "ZX"
        return True

    def link(self, bridge, up):
        ip("link", "set", self.links[bridge], "up" if up else "down")

    def blackhole(self, address, on):
        subprocess.run([*self.inside, "ip", "route", "add" if on else "del", "blackhole", f"{address}/32"], check=True)


class Cluster:
    def __init__(self, folder, clinicd, identities):
        """identities: the folder with the server's certificate, the authority and the keys."""
        self.folder, self.clinicd, self.identities = pathlib.Path(folder), clinicd, pathlib.Path(identities)
        self.patroni = patroni_folder()
        self.user = []
        if os.getuid() == 0 and not self.is_mapped():
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        else:
            self.user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.nodes, self.config = {}, {}

    @staticmethod
    def is_mapped():
        """Whether root here is another user outside."""
        return pathlib.Path("/proc/self/uid_map").read_text().split()[1] != "0"

    # ---- the recipe ----

    def recipe(self, name, node, paths):
        """A file of configs/clinic-ha, changed as docs/clinic-ha.md says, and with the paths of this folder."""
        lines = []
        for line in (RECIPE / name).read_text().splitlines():
            if "# this node" in line:
                number = node[-1]
                line = re.sub(r"\.([13])1\b", rf".\g<1>{number}", line.replace("db1", f"db{number}").replace("etcd1", f"etcd{number}"))
            lines.append(line)
        text = "\n".join(lines) + "\n"
        for secret, value in SECRETS.items():
            text = text.replace(secret, value)
        for path, value in paths.items():
            assert path in text, f"{name} no longer names {path}"
            text = text.replace(path, str(value))
        return text

    def write(self, node, name, text):
        path = self.folder / node / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        if self.user[0] == "setpriv":
            shutil.chown(path.parent, "postgres")
            shutil.chown(path, "postgres")
        path.chmod(0o600)
        return path

    # ---- starting ----

    def start(self):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        ip("link", "set", "lo", "up")
        for bridge, address in (("db", "192.0.2.1"), ("st", "198.51.100.1")):
            ip("link", "add", bridge, "type", "bridge")
            ip("addr", "add", f"{address}/24", "dev", bridge)
            ip("link", "set", bridge, "up")
        for name, address in {**ETCDS, **DATABASES}.items():
            self.nodes[name] = Node(name, {"db": address})
            (self.start_etcd if name in ETCDS else self.start_patroni)(name)
        for name, (database_side, station_side) in SERVERS.items():
            self.nodes[name] = Node(name, {"db": database_side, "st": station_side})
        self.wait_whole()
        self.make_database()
        for name in SERVERS:
            self.start_server(name)

    def start_etcd(self, name):
        config = self.write(name, "etcd.yml", self.recipe("etcd.yml", name, {"/var/lib/etcd/stipple": self.folder / name / "etcd"}))
        self.nodes[name].start("etcd", ["etcd"], self.folder / name / "etcd.log", self.user, {"ETCD_CONFIG_FILE": str(config)})

    def start_patroni(self, name):
        own = self.folder / name
        config = self.write(name, "patroni.yml", self.recipe("patroni.yml", name, {
            "/var/lib/postgresql/stipple.pgpass": own / "pgpass", "data_dir: /var/lib/postgresql/stipple": f"data_dir: {own}/data",
            "/usr/lib/postgresql/17/bin": self.bin, "pgpass: ": f"parameters: {{unix_socket_directories: {own}}}\n  pgpass: "}))
        env = {"PYTHONPATH": str(self.patroni)} if self.patroni else {}
        again = ["sh", "-c", 'until "$@"; do sleep 1; done', "sh"]  # as its unit does
        self.nodes[name].start("patroni", [*again, PYTHON, "-m", "patroni", config], own / "patroni.log", self.user, env)

    def make_database(self):
        self.ask("CREATE ROLE stipple LOGIN PASSWORD 'p-four'", "postgres")
        self.ask("CREATE DATABASE stipple OWNER stipple", "postgres")

    def start_server(self, name):
        own = self.folder / name
        haproxy = self.write(name, "haproxy.cfg", (RECIPE / "haproxy.cfg").read_text())
        database = (RECIPE / "50-database.conf").read_text().replace("SECRET-OF-STIPPLE", SECRETS["SECRET-OF-STIPPLE"])
        self.config[name] = self.write(name, "clinicd.conf", f"""[server]
address = {SERVERS[name][1]}
certificate = {self.identities}/server.pem
key = {self.identities}/server.key
client_ca = {self.identities}/ca.pem
{database}
[mirror]
key = {self.identities}/mirror.key
[registry]
key = {self.identities}/registry.key
""")
        if "haproxy" not in self.nodes[name].started:
            self.nodes[name].start("haproxy", ["haproxy", "-db", "-f", haproxy], own / "haproxy.log", self.user)
            wait_until(lambda: self.reaches_primary(name), f"HAProxy of {name}")
        self.start_clinicd(name)

    def reaches_primary(self, name):
        words = ["psql", "-X", "-A", "-t", "-c", "SELECT pg_is_in_recovery()", "host=127.0.0.1 port=5000 user=stipple dbname=stipple"]
        done = subprocess.run([*self.nodes[name].inside, *words], capture_output=True, text=True, check=False,
                              env={**os.environ, "PGPASSWORD": "p-four"})
        return done.stdout.strip() == "f"

    def start_clinicd(self, name, env=None):
        """And again when it ends because no database answers yet, as its unit does."""
        def listens():
            process = self.nodes[name].started.get("clinicd")
            if not process or process.poll() is not None:
                self.nodes[name].start("clinicd", [self.clinicd, "--config", self.config[name]], self.folder / name / "clinicd.log", (), env)
            with contextlib.suppress(OSError), socket.create_connection((SERVERS[name][1], 7443), 1):
                return True
        self.nodes[name].started.pop("clinicd", None)
        wait_until(listens, f"clinicd of {name}")

    def command(self, name, *words):
        return subprocess.run([*self.nodes[name].inside, self.clinicd, "--config", self.config[name], *map(str, words)],
                              capture_output=True, text=True, check=False, cwd="/")

    # ---- asking ----

    def members(self):
        """What the first node that answers says: {name: (role, state)}."""
        for address in DATABASES.values():
            with contextlib.suppress(OSError, ValueError, KeyError, urllib.error.URLError):
                with urllib.request.urlopen(f"http://{address}:8008/cluster", timeout=2) as answer:
                    return {member["name"]: member for member in json.load(answer)["members"]}
        return {}

    def primary(self):
        """The node that says that it is, by its own word."""
        for name, address in DATABASES.items():
            with contextlib.suppress(OSError, urllib.error.URLError):
                with urllib.request.urlopen(f"http://{address}:8008/primary", timeout=2) as answer:
                    if answer.status == 200:
                        return name
        return None

    def is_whole(self):
        members = self.members()
        roles = sorted(member["role"] for member in members.values())
        good = all(member["state"] in ("running", "streaming") and str(member.get("lag", 0)).isdigit() and int(member.get("lag", 0)) < LAG
                   for member in members.values())
        return roles == ["leader", "replica", "sync_standby"] and good and self.primary() is not None

    def wait_whole(self):
        return wait_until(self.is_whole, f"the cluster to be whole: {self.members()}")

    def ask(self, sql, database="stipple", node=None):
        """As the superuser on the primary. Rows of fields."""
        where = f"host={DATABASES[node or self.primary()]} user=postgres dbname={database} connect_timeout=5"
        done = subprocess.run([self.bin / "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", where, "-c", sql], check=True,
                              capture_output=True, text=True, env={**os.environ, "PGPASSWORD": "p-one"})
        return [row.split("|") for row in done.stdout.splitlines()]

    def set_mode(self, synchronous):
        """As patronictl edit-config does, from a node: nobody else may."""
        change = f'{{"synchronous_mode": {"true" if synchronous else "false"}}}'
        words = [PYTHON, "-c", "import sys, urllib.request as u; "
                 "u.urlopen(u.Request('http://192.0.2.11:8008/config', sys.argv[1].encode(), {'Content-Type': 'application/json'}, method='PATCH'))", change]
        return subprocess.run([*self.nodes["db1"].inside, *words], capture_output=True, text=True, check=False).returncode == 0

    def doctor(self, name="srv1"):
        """What it says of the database and of Patroni: {name: whether all is good}."""
        done = self.command(name, "--json", "doctor")
        says = {}
        for check in json.loads(done.stdout)["checks"]:
            says[check["name"]] = says.get(check["name"], True) and check["good"]
        return says

    def postmaster(self, name):
        return int((self.folder / name / "data/postmaster.pid").read_text().split()[0])

    def patroni_process(self, name):
        """Patroni itself, not the server that it started."""
        return [process for process in self.nodes[name].processes() if self.words(process).startswith(f"{PYTHON}\0-m\0patroni\0".encode())]

    @staticmethod
    def words(process):
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
        return b""


def logs(cluster, lines=15):
    """The end of every log, for somebody who looks for the reason of a failure."""
    for path in sorted(cluster.folder.glob("*/*.log")):
        print(f"---- {path}", file=sys.stderr)
        print("\n".join(path.read_text(errors="replace").splitlines()[-lines:]), file=sys.stderr)
