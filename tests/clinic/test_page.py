# SPDX-License-Identifier: Apache-2.0
"""The clinic's page as the server answers it: who may see what, and whether the figures are those of the records."""

import csv
import datetime
import io
import json
import signal
import threading
import time

import pytest

from clinic_harness import Authority, Client, wait_for
from page_harness import UTC, Chair, PageServer, Visitor, month

FORMULA = '=HYPERLINK("https://evil.example","x")'


@pytest.fixture
def server(tmp_path, postgres):
    postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    served = PageServer(tmp_path / "server", postgres, Authority(tmp_path / "ca"))
    served.start()
    for name, role in (("Ann", "manager"), ("Ben", "viewer"), ("Cy", "manager")):
        done = served.person("add", name, "--role", role)
        assert done.returncode == 0, done.stderr
    yield served
    served.stop()


@pytest.fixture
def chair(enrol):
    return Chair(enrol("chair-1"), "chair-1")


@pytest.fixture
def ann(server):
    visitor = Visitor(server)
    assert visitor.sign_in("Ann") == 200
    return visitor


def noon(days=0):
    return datetime.datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + datetime.timedelta(days=days)


def span(first=-30, last=1):
    return {"from": noon(first).date().isoformat(), "to": noon(last).date().isoformat()}


# ---- people ----

def test_people_are_put_on_record(server):
    assert server.person("list").stdout.split("\n")[:3] == ["manager  Ann", "viewer   Ben", "manager  Cy"]
    for words, password, sentence in ((["add", "Ann"], "correct horse", "already"), (["add", "Dee"], "short", "10 to 200"),
                                      (["add", "Dee", "--role", "king"], "correct horse", "viewer"),
                                      (["remove", "Dee"], "", "nobody"), (["password", "Dee"], "correct horse", "nobody")):
        done = server.person(*words, password=password)
        assert done.returncode == 1 and sentence in done.stderr, done
    assert server.person("what").returncode == 2
    stored = server.postgres.ask("SELECT hash FROM person WHERE person = 'Ann'")
    assert stored.startswith("$y$") and "correct" not in stored
    visitor = Visitor(server)
    assert visitor.sign_in("Ann") == 200 and visitor.who()
    assert server.person("password", "Ann", password="another horse").returncode == 0
    assert visitor.who() is None, "a new password ends what the old one began"
    assert visitor.sign_in("Ann") == 401 and visitor.sign_in("Ann", "another horse") == 200
    assert server.person("remove", "Ann").returncode == 0
    assert visitor.who() is None and visitor.sign_in("Ann", "another horse") == 401


def test_signing_in_and_out(server):
    visitor = Visitor(server)
    for path in ("table/stations", "table/days.csv", "table/alerts"):
        assert visitor.get(f"/page/{path}")[0] == 401, path
    assert visitor.sign_in("Ann", "wrong horse") == 401
    assert visitor.cookie is None
    assert visitor.sign_in("Ann") == 200
    cookie = visitor.headers["Set-Cookie"]
    assert cookie.startswith("__Host-stipple=") and all(word in cookie for word in ("; Secure", "; HttpOnly", "; SameSite=Strict", "Path=/"))
    assert json.loads(visitor.get("/page/session")[1]).items() >= {"name": "Ann", "role": "manager"}.items()
    assert visitor.headers["Cache-Control"] == "no-store"
    copy = Visitor(server)
    copy.cookie = visitor.cookie
    token = visitor.cookie.split("=")[1]
    assert server.postgres.ask(f"SELECT count(*) FROM sign_in WHERE encode(token, 'hex') = '{token}'") == "0", "only its hash"
    assert visitor.post("/page/sign-out", {})[0] == 200
    assert copy.who() is None
    for forged in ("", "x", "0" * 64, "\\x00", "0" * 63 + "g", token.upper()):
        copy.cookie = f"__Host-stipple={forged}"
        assert copy.who() is None


def test_a_session_ends(server, ann):
    assert ann.get("/page/table/stations")[0] == 200
    server.postgres.ask("UPDATE sign_in SET expires = now() - interval '1 second'")
    assert ann.get("/page/table/stations")[0] == 401
    assert ann.post("/page/acknowledge", {"what": "alert", "station": 1, "number": 1, "note": ""})[0] == 401


def test_passwords_cannot_be_tried_fast(server):
    """Also by many at once, and the same for a name that nobody has."""
    for name in ("Ann", "nobody"):
        answers, begun = [], time.monotonic()
        threads = [threading.Thread(target=lambda: answers.append(Visitor(server).sign_in(name, "wrong horse"))) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waits = int(time.monotonic() - begun + 1).bit_length()  # 1, 2, 4, ... seconds
        assert 1 <= answers.count(401) <= 3 + waits, answers
        assert set(answers) <= {401, 429, 503}, answers
    assert server.postgres.ask("UPDATE sign_in_attempt SET next_try = next_try + interval '1 minute'") == "UPDATE 2"
    assert Visitor(server).sign_in("Ann") == 429, "the right one has to wait, too"
    assert Visitor(server).sign_in("Ben") == 200, "others have not"
    server.postgres.ask("UPDATE sign_in_attempt SET next_try = now()")
    assert Visitor(server).sign_in("Ann") == 200
    assert Visitor(server).sign_in("Ann", "wrong horse") == 401, "what was right forgets what was wrong"


def test_another_site_changes_nothing(server, ann):
    """Its cookie is not sent by other sites; and if a browser did, this would still be refused."""
    mine = {"what": "alert", "station": 1, "number": 1, "note": ""}
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        for path, value in (("acknowledge", mine), ("sign-out", {}), ("sign-in", {"name": "Ann", "password": "correct horse"})):
            assert ann.post(f"/page/{path}", value, **headers)[0] == 403, (path, headers)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert ann.post("/page/acknowledge", mine, Content_Type=kind)[0] == 415
    assert ann.get("/page/acknowledge")[0] in (404, 405)
    assert ann.who()
    good = {"Sec_Fetch_Site": "same-origin", "Origin": f"https://localhost:{server.page_port}"}
    assert ann.post("/page/acknowledge", mine, **good)[0] == 404
    assert "Access-Control-Allow-Origin" not in ann.headers


# ---- files ----

def test_only_the_pages_files_are_served(server):
    visitor = Visitor(server)
    status, body = visitor.get("/")
    assert status == 200 and b"<title>Stipple stations</title>" in body
    policy = visitor.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert visitor.headers["X-Content-Type-Options"] == "nosniff"
    assert visitor.ask("GET", "/", If_None_Match=visitor.headers["ETag"])[0] == 304
    status, body = visitor.get("/src/main.js")
    assert status == 200 and visitor.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert json.loads(visitor.get("/config.json")[1])["server"] == "page/"
    for path in ("/../clinicd.conf", "/%2e%2e/clinicd.conf", "/src/../../mirror.key", "/src/%2e%2e%2findex.html", "//etc/passwd", "/src/",
                 "/page/", "/page/table/", "/page/table/person", "/page/table/days.json"):
        assert visitor.get(path)[0] in (400, 401, 404), path
    # what stations ask for is not here, and what browsers ask for is not there
    for path in ("/add-checkpoint", "/registry/hold", "/registry/boot"):
        assert visitor.post(path, {})[0] in (404, 405), path
    status, _, _ = Client(server, *server.authority.issue("chair-9")).post("/page/session", None, method="GET")
    assert status == 404


# ---- figures ----

def test_a_month_is_counted(server, chair, ann):
    sessions = month(chair, noon())
    chair.push()
    server.folded()
    days = ann.table("days", **span())
    assert len(days) == sessions and {row["station"] for row in days} == {"chair-1"}
    assert sum(row["dots"] for row in days) == sessions * 4000 and sum(row["cartridges"] for row in days) == sessions * 2
    hours = [row["occupied_s"] / 3600 for row in days]
    assert set(hours) <= {3, 4, 5} and all(row["worked_s"] == row["occupied_s"] * 2 // 3 for row in days)
    listed = ann.table("sessions", **span())
    assert len(listed) == sessions and {row["outcome"] for row in listed} == {"signed"}
    assert "subject" not in listed[0], "whose session it was stays at the station"
    stock, = ann.table("stock")
    used_per_day = 2 * sessions / 28
    assert (stock["product"], stock["remaining"]) == ("1RL 0.25", 100 - 2 * sessions)
    assert abs(stock["used_per_day"] - used_per_day) < 0.01 and stock["days_left"] == int((100 - 2 * sessions) / used_per_day)
    # what is counted once stays so: again after a restart, and with what comes later
    server.stop()
    server.start()
    chair.session(noon(0).replace(hour=0), sessions + 1)
    chair.push()
    server.folded()
    assert len(ann.table("sessions", **span())) == sessions + 1
    assert sum(row["dots"] for row in ann.table("days", **span())) == (sessions + 1) * 4000
    assert ann.table("days", station="stipple/clinic/other", **span()) == []


def test_days_are_those_of_the_place(server, chair, ann):
    """A session at 23:00 UTC is on the next day in Berlin, and on the same in New York."""
    at = noon(-3).replace(hour=23, minute=5)
    chair.session(at, 1, hours=0.5, chunks=2)
    chair.push()
    server.folded()
    day = at.date()
    for zone, wanted in (("UTC", day), ("Europe/Berlin", day + datetime.timedelta(days=1)), ("America/New_York", day),
                         ("Asia/Kolkata", day + datetime.timedelta(days=1))):
        rows = ann.table("days", zone=zone, **span())
        assert [(row["day"], row["sessions"], row["dots"]) for row in rows] == [(wanted.isoformat(), 1, 1000)], zone
    for bad in ("zone=Europe/Nowhere", "zone=';--", "zone=", "from=2026-13-01", "from=2026-02-30", "from=2000-01-01", "to=x", "to=1999-01-01"):
        arguments = {"zone": "UTC", **span(), **dict([bad.split("=", 1)])}
        status, body = ann.get("/page/table/days?" + "&".join(f"{key}={value}" for key, value in arguments.items()))
        assert status == 400 and json.loads(body)["detail"], bad
    assert ann.get("/page/table/days")[0] == 400


def test_a_session_that_broke_off_counts_what_it_did(server, chair, ann):
    at = noon(-1)
    chair.record(at, "session.begun", {"session": 1, "subject": "P", "protocol": "x", "course_session": 1})
    chair.record(at, "needle.removed", {"session": 1, "unit": "u", "strokes": 900, "dots": 80, "worked_s": 300, "reason": ""})
    chair.record(at + datetime.timedelta(hours=1), "session.interrupted", {"session": 1})
    chair.record(at + datetime.timedelta(hours=2), "session.begun", {"session": 2, "subject": "P", "protocol": "x", "course_session": 1})
    chair.push()
    server.folded()
    rows = {row["session"]: row for row in ann.table("sessions", **span())}
    assert (rows[1]["outcome"], rows[1]["dots"], rows[1]["worked_s"]) == ("interrupted", 80, 300)
    assert (rows[2]["outcome"], rows[2]["ended"]) == ("open", None)
    day, = ann.table("days", **span())
    assert (day["sessions"], day["occupied_s"]) == (2, 3600)


def test_stock_and_tests(server, chair, enrol, ann):
    other, today = Chair(enrol("chair-2"), "chair-2"), noon()
    lot = {"product": "3RL", "maker": "M", "quantity": 10}
    chair.record(today, "lot.received", {**lot, "lot": "A", "expiry": "2031-01-01"})
    other.record(today, "lot.received", {**lot, "lot": "A", "expiry": "2031-01-01", "from": "stipple/clinic/chair-1 1"})  # a copy
    chair.record(today, "lot.received", {**lot, "lot": "A", "expiry": "2031-01-01", "quantity": 5})
    chair.record(today, "lot.received", {**lot, "lot": "OLD", "expiry": "2020-01-01"})
    chair.record(today, "lot.received", {**lot, "lot": "BAD", "expiry": "2031-01-01"})
    other.record(today, "lot.status", {"lot": "BAD", "status": "recalled"})
    other.record(today, "needle.claimed", {"session": 1, "unit": "(10)A#1", "lot": "A", "code": "x"})
    chair.record(today, "needle.damaged", {"unit": "(10)A#2", "lot": "A"})
    chair.record(today, "sterilizer.registered", {"sterilizer": "One", "maker": "M", "model": "X", "serial": "1", "installed": "2026-01-01"})
    chair.record(today, "sterilizer.registered", {"sterilizer": "Two", "maker": "M", "model": "X", "serial": "2", "installed": "2026-01-01"})
    test = {"lot": "BI", "expiry": "2031-01-01", "control": "growth", "incubation_h": 24, "profile": "us-ca", "reprocess": True}
    chair.record(today, "indicator.tested", {**test, "sterilizer": "One", "result": "pass", "biological_days": 7})
    chair.record(today, "cycle.released", {"sterilizer": "One", "cycle": 1, "sterile_days": 30, "leak_test_days": 7, "penetration_test": True,
                                           "contents": ["HP-1"]})
    chair.record(today, "handpiece.registered", {"handpiece": "HP-1", "model": "X"})
    chair.record(today, "handpiece.registered", {"handpiece": "HP-2", "model": "X"})
    chair.record(today, "cycle.released", {"sterilizer": "One", "cycle": 2, "sterile_days": 30, "leak_test_days": 7, "penetration_test": True,
                                           "contents": ["HP-1"]})
    chair.push()
    other.push()
    server.folded()
    stock, = ann.table("stock")
    assert (stock["remaining"], stock["barred"], stock["lots"]) == (13, 20, 1)
    lots = {row["lot"]: row for row in ann.table("lots")}
    assert lots["BAD"]["status"] == "recalled" and lots["OLD"]["expired"] and lots["A"]["received"] == 15
    tests = {(row["sterilizer"], row["test"]): row for row in ann.table("tests")}
    assert tests["One", "biological"]["due"] == noon(7).date().isoformat() and not tests["One", "biological"]["overdue"]
    assert tests["Two", "biological"]["overdue"] and tests["One", "vacuum leak"]["overdue"] and tests["One", "steam penetration"]["overdue"]
    pieces = {row["handpiece"]: row for row in ann.table("handpieces")}
    assert pieces["HP-1"]["condition"] == "sterile" and pieces["HP-1"]["sterile_until"] == noon(30).date().isoformat()
    assert pieces["HP-2"]["condition"] == "to sterilise"
    chair.record(today + datetime.timedelta(minutes=1), "handpiece.mounted", {"session": 1, "handpiece": "HP-1"})
    chair.record(today + datetime.timedelta(minutes=1), "indicator.tested", {**test, "sterilizer": "One", "result": "fail", "biological_days": 7})
    chair.push()
    server.folded()
    tests = {(row["sterilizer"], row["test"]): row for row in ann.table("tests")}
    assert tests["One", "biological"]["overdue"] and tests["One", "biological"]["result"] == "fail"
    assert {row["handpiece"]: row["condition"] for row in ann.table("handpieces")}["HP-1"] == "to sterilise"


def test_stations_say_when_they_were_heard(server, chair, enrol, ann):
    enrol("chair-2")
    month(chair, noon())
    chair.push()
    server.folded()
    wait_for(lambda: {row["name"]: row["connected"] for row in ann.table("stations")} == {"chair-1": True, "chair-2": False}, "who is there")
    rows = {row["name"]: row for row in ann.table("stations")}
    assert rows["chair-1"]["witness"] == "cosigned" and rows["chair-1"]["mirrored"] == len(chair.log.leaves)
    assert rows["chair-2"]["witness"] == "none" and rows["chair-2"]["seen"] is None
    chair.record(noon(), "alert.raised", {"alert": "break-due", "text": "x"})
    assert chair.log.client.post("/add-checkpoint", chair.log.checkpoint(chair.pushed, len(chair.log.leaves)))[0] == 200
    assert {row["name"]: row["witness"] for row in ann.table("stations")}["chair-1"] == "behind"


# ---- alarms ----

def raise_alarms(chair, at):
    chair.record(at, "fault.latched", {"session": 1, "cause": "force-limit", "detail": 812, "priority": "high"})
    chair.record(at, "alert.raised", {"alert": "break-due", "text": "a break is due", "priority": "low"})
    chair.record(at, "fault.latched", {"cause": "board", "board_fault": "watchdog", "detail": 0})
    chair.record(at, "fault.acknowledged", {"cause": "board"})
    chair.record(at, "alert.raised", {"alert": "disk-low", "text": "the disk is nearly full", "priority": "medium"})
    chair.record(at, "alert.acknowledged", {"alarm": "alert.disk-low", "priority": "medium"})


def test_an_alarm_is_acknowledged_once(server, chair, ann):
    raise_alarms(chair, noon())
    chair.push()
    server.folded()
    alerts = {row["alarm"]: row for row in ann.table("alerts", **span())}
    assert {name: (row["priority"], row["cleared"] is not None) for name, row in alerts.items()} == {
        "fault.force-limit": ("high", False), "alert.break-due": ("low", False), "board-fault.watchdog": ("high", True),
        "alert.disk-low": ("medium", True)}
    one = alerts["fault.force-limit"]
    key = {"what": "alert", "station": one["station_id"], "number": one["number"]}
    ben, cy = Visitor(server), Visitor(server)
    assert ben.sign_in("Ben") == 200 and cy.sign_in("Cy") == 200
    status, body = ben.post("/page/acknowledge", {**key, "note": "x"})
    assert status == 403 and "viewer" in json.loads(body)["detail"]
    answers, start = {}, threading.Barrier(2)

    def note(name, visitor):
        start.wait()
        answers[name] = visitor.post("/page/acknowledge", {**key, "note": f"seen by {name}"})
    threads = [threading.Thread(target=note, args=pair) for pair in (("Ann", ann), ("Cy", cy))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers.values()) == [200, 409]
    first = next(name for name, (status, _) in answers.items() if status == 200)
    assert {json.loads(body)["by"] for _, body in answers.values()} == {first}, "the other one is told who was first"
    row = next(row for row in ann.table("alerts", **span()) if row["alarm"] == "fault.force-limit")
    assert (row["acknowledged_by"], row["note"]) == (first, f"seen by {first}")
    again = {"Ann": ann, "Cy": cy}[first]
    assert again.post("/page/acknowledge", {**key, "note": "again"})[0] == 200, "asked twice"
    assert server.postgres.ask("SELECT count(*), min(note) FROM acknowledgement") == f"1|seen by {first}"
    assert ann.post("/page/acknowledge", {"what": "alert", "station": 99, "number": 1, "note": ""})[0] == 404
    for bad in ({}, {**key}, {**key, "note": "a\nb"}, {**key, "note": "x" * 501}, {**key, "note": 7}, {**key, "station": "1", "note": ""},
                {**key, "station": -1, "note": ""}, {**key, "station": 1 << 40, "note": ""}, {**key, "what": "x", "note": ""}, []):
        assert ann.post("/page/acknowledge", bad)[0] == 400, bad


def test_what_the_server_found_is_acknowledged(server, chair, ann):
    server.postgres.ask("INSERT INTO finding(kind, station, says) SELECT 'rewound', station, 'the log <b>went back</b>' FROM station")
    found, = ann.table("findings")
    assert (found["station"], found["says"], found["acknowledged_by"]) == ("chair-1", "the log <b>went back</b>", None)
    key = {"what": "finding", "station": 0, "number": found["number"], "note": "card was replaced"}
    assert ann.post("/page/acknowledge", {**key, "station": 1})[0] == ann.post("/page/acknowledge", {**key, "number": 99})[0] == 404
    assert ann.post("/page/acknowledge", key)[0] == 200
    found, = ann.table("findings")
    assert (found["acknowledged_by"], found["note"]) == ("Ann", "card was replaced")
    cy = Visitor(server)
    assert cy.sign_in("Cy") == 200 and cy.post("/page/acknowledge", key)[0] == 409


# ---- what comes from a hostile station ----

def test_hostile_records_hold_up_nothing(server, chair, ann):
    """Its log is proved to be its own, and still holds what it likes."""
    at = noon(-1)
    for kind in ("session.begun", "session.finished", "session.signed", "needle.removed", "needle.claimed", "lot.received", "lot.status",
                 "strokes", "sterilizer.registered", "sterilizer.serviced", "indicator.tested", "penetration.tested", "leak.tested",
                 "cycle.released", "handpiece.registered", "handpiece.mounted", "handpiece.retired", "alert.raised", "fault.latched",
                 "fault.acknowledged", "alert.acknowledged"):
        for value in (None, 1e308, -1, 10**15, [], {}, "x" * 1900, "\u202e", FORMULA, True, "2026-99-99T99:99:99Z", "9999-99-99"):
            chair.record(at, kind, {name: value for name in (
                "session", "dots", "strokes", "worked_s", "needles", "lot", "gtin", "quantity", "expiry", "status", "sterilizer", "handpiece",
                "tested", "due", "result", "biological_days", "leak_test_days", "sterile_days", "contents", "installed", "work", "cause",
                "alert", "alarm", "priority", "text", "detail", "board_fault", "protocol", "course_session", "product")})
    for body in ("[]", "null", '"x"', "7", '{"a":' + "[" * 1000 + "]" * 1000 + "}"):
        chair.log.append(f'{{"body":{body},"kind":"alert.raised","utc":"{at.strftime("%Y-%m-%dT%H:%M:%SZ")}"}}'.encode())
    chair.session(at, 7)
    chair.push()
    server.folded()
    assert any(row["session"] == 7 and row["dots"] == 4000 for row in ann.table("sessions", **span()))
    for name in ("stations", "days", "sessions", "stock", "lots", "tests", "handpieces", "alerts", "findings"):
        rows = ann.table(name, **span())
        status, body = ann.get(f"/page/table/{name}.csv?from={span()['from']}&to={span()['to']}")
        assert status == 200 and len(list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))) == len(rows) + 1, name
    assert all(len(row["lot"]) <= 200 for row in ann.table("lots"))
    assert int(server.postgres.ask("SELECT unread FROM page_cursor")) >= 4


def test_a_spreadsheet_takes_nothing_for_a_formula(server, chair, ann):
    chair.record(noon(), "lot.received", {"lot": FORMULA, "product": '+1,"2"\n3', "maker": "-x", "expiry": "2031-01-01", "quantity": 3})
    chair.push()
    server.folded()
    status, body = ann.get("/page/table/lots.csv")
    assert status == 200 and body.startswith(b"\xef\xbb\xbf") and b"\r\n" in body
    assert ann.headers["Content-Disposition"] == 'attachment; filename="stipple-lots.csv"'
    row, = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert (row["lot"], row["product"], row["maker"], row["received"]) == ("'" + FORMULA, "'+1,\"2\"\n3", "'-x", "3")


# ---- faults ----

def test_a_database_that_hangs_is_told_and_stations_do_not_wait_for_browsers(server, chair, ann):
    server.postgres.signal(signal.SIGSTOP)
    try:
        status, body = ann.get("/page/table/stations")
        assert status == 503 and "database" in json.loads(body)["detail"]
    finally:
        server.postgres.signal(signal.SIGCONT)
    wait_for(lambda: ann.get("/page/table/stations")[0] == 200, "the database")
    # browsers that ask for too much at once are told so, and a station is served meanwhile
    server.postgres.ask("CREATE OR REPLACE FUNCTION utc_text(at timestamptz) RETURNS text LANGUAGE sql AS 'SELECT pg_sleep(0.5)::text'")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ann.get("/page/table/stations")[0])) for _ in range(16)]
    for thread in threads:
        thread.start()
    wait_for(lambda: 503 in answers, "a refusal")
    month(chair, noon())
    chair.push()
    still = sum(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert set(answers) == {200, 503} and still > 0, "the station did not wait for them"


def test_a_backlog_of_years_holds_up_nobody(server, chair, enrol):
    """It is taken in parts, each of which ends in time, after what has just been recorded."""
    enrol("old")
    server.stop()
    server.postgres.ask("""SELECT make_month('2020-01-01');
        INSERT INTO record(month, station, seq, utc, kind, leaf)
        SELECT '2020-01-01', station, i, '2020-01-15Z', 'strokes', '{"station": "clinic/old", "body": {"dots": 1, "strokes": 9}}'
        FROM station, generate_series(0, 4999) AS i WHERE name = 'old';
        UPDATE mirror SET pending_size = 5000, next_entry = 5000 WHERE station = (SELECT station FROM station WHERE name = 'old')""")
    server.start()
    chair.session(noon(-1), 1)
    chair.push()
    server.folded()
    assert server.postgres.ask("SELECT sum(dots), sum(strokes) FROM page_quarter JOIN station USING (station) WHERE name = 'old'") == "5000|45000"
    server.stop()
    server.postgres.ask("UPDATE page_cursor SET entry = 0")
    assert server.postgres.ask("SELECT page_fold(1000)") == "1000"
    rows = server.postgres.ask("SELECT name, entry FROM page_cursor JOIN station USING (station) ORDER BY entry")
    assert rows == f"chair-1|{len(chair.log.leaves)}\nold|{1000 - len(chair.log.leaves)}"
    server.start()


def test_two_servers_share_the_work(server, chair, ann, tmp_path, postgres):
    """As behind a proxy: each record counts once, whoever looks at it."""
    second = PageServer(tmp_path / "second", postgres, Authority(tmp_path / "ca2"))
    second.start()
    try:
        for i in range(6):
            chair.session(noon(-20 + i), i + 1)
            chair.push()
        server.folded()
        assert sum(row["dots"] for row in ann.table("days", **span())) == 6 * 4000
        visitor = Visitor(second)
        visitor.cookie = ann.cookie
        assert visitor.who()
    finally:
        second.stop()
