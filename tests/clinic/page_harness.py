# SPDX-License-Identifier: Apache-2.0
"""The clinic's page as browsers ask for it, and logs of stations that have worked for weeks."""

import datetime
import http.client
import json
import pathlib
import shutil
import ssl
import subprocess

from clinic_harness import BUILD, CLINICD, PATIENCE_S, Server, free_port, wait_for

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ENTRIES = {"Content_Type": "application/octet-stream"}
UTC = datetime.timezone.utc


class PageServer(Server):
    """A server that serves the page too, from a folder laid out as it is installed."""

    def __init__(self, folder, postgres, authority, broker="wss://127.0.0.1:1", **config):
        super().__init__(folder, postgres, authority)
        self.postgres, self.page_port, self.site = postgres, free_port(), self.folder / "site"
        self.site.mkdir()
        lay_out(self.site)
        (self.site / "config.json").write_text(json.dumps({"broker": broker, "clinic": "clinic", "title": "Example clinic", **config}))
        with open(self.config, "a") as file:
            file.write(f"[page]\naddress = 127.0.0.1\nport = {self.page_port}\nfolder = {self.site}\n")

    @property
    def url(self):
        return f"https://localhost:{self.page_port}/"

    def person(self, *words, password="correct horse"):
        return subprocess.run([CLINICD, "--config", self.config, "person", *words], input=password + "\n", capture_output=True,
                              text=True, check=False)

    def folded(self):
        """Waits until the page's tables have all records that are mirrored."""
        wait_for(lambda: self.postgres.ask("SELECT count(*) FROM mirror LEFT JOIN page_cursor USING (station)"
                                           " WHERE next_entry > coalesce(entry, 0)") == "0", "the page's tables")


def lay_out(site):
    """Copies: the server follows no link but that of the configuration."""
    for name in ("index.html", "alarms.css", "style.css", "icon.svg"):
        shutil.copy(SOURCE / "dashboard" / name, site / name)
    shutil.copytree(SOURCE / "dashboard/src", site / "src")
    if (BUILD / "dashboard/vendor").is_dir():
        shutil.copytree(BUILD / "dashboard/vendor", site / "vendor", ignore=shutil.ignore_patterns("*.p"))


class Visitor:
    """A browser without a screen: it keeps its cookie."""

    def __init__(self, server):
        self.server, self.cookie = server, None
        self.context = ssl.create_default_context(cafile=server.authority.folder / "ca.pem")
        self.headers = {}

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPSConnection("localhost", self.server.page_port, context=self.context, timeout=PATIENCE_S)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if self.cookie:
                sent["Cookie"] = self.cookie
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            self.headers = answer.headers
            if answer.getheader("Set-Cookie"):
                self.cookie = answer.getheader("Set-Cookie").split(";")[0]
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, value, **headers):
        return self.ask("POST", path, json.dumps(value), **{"Content_Type": "application/json", **headers})

    def sign_in(self, name, password="correct horse"):
        return self.post("/page/sign-in", {"name": name, "password": password})[0]

    def who(self):
        """Whom the server takes it for, or None."""
        status, body = self.get("/page/session")
        assert status == 200, body
        return json.loads(body)["name"]

    def table(self, name, **arguments):
        """Its rows as dictionaries."""
        status, body = self.get(f"/page/table/{name}" + "".join(f"{'&' if i else '?'}{key}={value}"
                                                                for i, (key, value) in enumerate(arguments.items())))
        assert status == 200, body
        table = json.loads(body)
        return [dict(zip(table["columns"], row)) for row in table["rows"]]


# ---- logs of stations ----

class Chair:
    """What a station recorded, as its log has it."""

    def __init__(self, log, name):
        self.log, self.name, self.pushed = log, name, 0

    def record(self, at, kind, body, actor="b1"):
        self.log.append(json.dumps({"actor": actor, "body": body, "boot": "0", "kind": kind, "mono": 0, "seq": len(self.log.leaves) + 1,
                                    "station": f"clinic/{self.name}", "sync": True, "utc": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
                                   separators=(",", ":"), sort_keys=True).encode())

    def session(self, at, number, hours=4, lot="L1", units=2, chunks=8, zone="crown"):
        """A whole session: so many cartridges of a lot, and dots in even chunks."""
        self.record(at, "session.begun", {"session": number, "subject": f"P-{number:04}", "protocol": "scalp-density", "course_session": 1})
        step = datetime.timedelta(hours=hours) / (chunks + 1)
        for i in range(units):
            self.record(at, "needle.claimed", {"session": number, "unit": f"({lot}){self.name}.{number}.{i}", "lot": lot, "code": "x"})
        for i in range(chunks):
            self.record(at + step * (i + 1), "strokes", {"session": number, "zone": zone, "unit": "u", "strokes": 5500, "dots": 500,
                                                         "encoding": "v1", "sha256": "00"})
        end = at + datetime.timedelta(hours=hours)
        self.record(end, "session.finished", {"session": number, "dots": 500 * chunks, "strokes": 5500 * chunks, "needles": units,
                                              "worked_s": int(hours * 2400)})
        self.record(end, "session.signed", {"session": number, "signed": "x"})

    def push(self):
        """Mirrors what is new, as stipple-registryd does."""
        size, client = len(self.log.leaves), self.log.client
        status, _, body = client.post("/add-checkpoint", self.log.checkpoint(self.pushed, size))
        assert status == 200, body
        for begin in range(self.pushed, size, 4096):
            # the draft's packages: an upload ends with the checkpoint, and goes on where the last one was cut off
            status, _, body = client.post("/add-entries", self.log.upload(begin, size, packages=None if size - begin <= 4096 else 16), **ENTRIES)
            assert status in (200, 202), body
        self.pushed = size


def month(chair, today, number=0, lot="L1"):
    """Four weeks of work, until yesterday: a session on each weekday. Gives the number of sessions."""
    sessions = 0
    chair.record(today - datetime.timedelta(days=40), "lot.received", {
        "lot": lot, "product": "1RL 0.25", "maker": "Maker", "expiry": f"{today.year + 2}-12-31", "quantity": 100})
    for back in range(27, 0, -1):
        day = today - datetime.timedelta(days=back)
        if day.weekday() < 5:
            sessions += 1
            chair.session(day.replace(hour=9, minute=0), sessions, hours=3 + (back + number) % 3, lot=lot)
    return sessions
