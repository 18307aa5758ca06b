# SPDX-License-Identifier: Apache-2.0
"""The clinic's page in Chromium over a real server, with fifty stations: what people see, and what a hostile station cannot do."""

import csv
import datetime
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

import pytest
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import clinic  # noqa: E402
from browser import Browser, WebBroker  # noqa: E402
from clinic_harness import Authority, Client, Log, NoteKey, Postgres, wait_for  # noqa: E402
from page_harness import UTC, Chair, PageServer, Visitor, month  # noqa: E402

STATIONS = 50
SIZES = {"phone": (375, 812), "desktop": (1280, 800), "wall": (1920, 1080)}
VIEWS = ("#/", "#/history", "#/stock", "#/alarms", "#/station/clinic/chair-3")
MARKUP = "<img src=x onerror=\"window.harmed=1\"><script>window.harmed=1</script>"


def noon():
    return datetime.datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def furnish(chairs):
    """A month of work at each chair, and something of everything that needs somebody."""
    now = datetime.datetime.now(UTC)
    for i, chair in enumerate(chairs, 1):
        month(chair, noon(), number=i, lot=f"L{i % 4}")
        if i % 13 == 0:
            chair.record(now - datetime.timedelta(hours=2), "fault.latched", {"session": 20, "cause": "force-limit", "detail": 812, "priority": "high"})
        if i % 7 == 0:
            chair.record(now - datetime.timedelta(hours=3), "alert.raised", {"alert": "break-due", "text": "a break is due", "priority": "low"})
        if i % 10 == 0:
            chair.record(now - datetime.timedelta(days=2), "alert.raised", {"alert": "disk-low", "text": "the disk is nearly full", "priority": "medium"})
    first = chairs[0]
    first.log.client.server.postgres.ask("INSERT INTO finding(kind, station, says) SELECT 'rewound', station, 'the log went back: was a card restored?'"
                                         " FROM station WHERE name = 'chair-5'")
    first.record(now, "sterilizer.registered", {"sterilizer": "Autoclave 1", "maker": "M", "model": "X", "serial": "1", "installed": "2026-01-01"})
    first.record(now, "sterilizer.registered", {"sterilizer": "Autoclave 2", "maker": "M", "model": "X", "serial": "2", "installed": "2026-01-01"})
    first.record(now, "indicator.tested", {"sterilizer": "Autoclave 1", "lot": "BI", "expiry": "2031-01-01", "control": "growth", "incubation_h": 24,
                                           "profile": "us-ca", "reprocess": True, "result": "pass", "biological_days": 7})
    first.record(now, "handpiece.registered", {"handpiece": "HP-1", "model": "X"})
    first.record(now, "lot.received", {"lot": "FEW", "product": "3RL 0.30", "maker": "Maker", "expiry": "2031-01-01", "quantity": 12})
    for i in range(8):
        first.record(now - datetime.timedelta(days=i + 1), "needle.claimed", {"session": 1, "unit": f"(10)FEW#{i}", "lot": "FEW", "code": "x"})


class World:
    """A clinic of fifty chairs: engine, server, broker, and what they recorded in a month."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        self.postgres = Postgres(self.folder / "postgres")
        self.broker = WebBroker(self.folder)
        self.broker.start()
        self.server = PageServer(self.folder / "server", self.postgres, Authority(self.folder / "ca"), broker=f"ws://127.0.0.1:{self.broker.websocket_port}")
        self.server.start()
        for name, role in (("Ann", "manager"), ("Ben", "viewer"), ("Cy", "manager")):
            assert self.server.person("add", name, "--role", role).returncode == 0
        self.certificate = self.server.authority.issue("stations")
        self.chairs = [self.chair(f"chair-{i}") for i in range(1, STATIONS + 1)]
        furnish(self.chairs)
        for chair in self.chairs:
            chair.push()
        self.server.folded()
        self.publisher = clinic.connect(self.broker.port)
        self.live = clinic.many(self.publisher, STATIONS)

    def chair(self, name):
        """Enrolled by statement, because fifty commands would take long; certificates are tested elsewhere."""
        log = Log(NoteKey(f"stipple/clinic/{name}"))
        done = self.server.command("enrol", name, log.key.public())
        assert done.returncode == 0, done.stderr
        log.client = Client(self.server, *self.server.authority.issue(name))
        return Chair(log, name)

    def close(self):
        self.publisher.loop_stop()
        self.publisher.disconnect()
        self.server.stop()
        self.broker.stop()
        self.postgres.stop("immediate")


@pytest.fixture(scope="module")
def world():
    folder = tempfile.mkdtemp(prefix="stipple-page-")
    world = World(folder)
    yield world
    world.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"), size=SIZES["desktop"], own_authority=True)
    yield browser
    browser.close()


def complaints(page):
    """A refused request is said in the console, too: that one is meant."""
    return [line for line in page.complaints() if "Failed to load resource" not in line]


@pytest.fixture
def page(chromium, world):
    """The page, by somebody who is not signed in."""
    chromium.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    world.postgres.ask("DELETE FROM sign_in_attempt")
    chromium.open("about:blank")
    chromium.open(world.server.url)
    chromium.wait_live()
    yield chromium
    found = complaints(chromium)
    chromium.open("about:blank")
    assert found == []


def go(page, view):
    page.script("location.hash = arguments[0]", view)


def sign_in(page, name="Ann", password="correct horse"):
    if not page.script("return location.hash.startsWith('#/') && location.hash !== '#/'"):
        go(page, "#/sign-in")
    page.wait_text("main", "Sign in at the clinic's server")
    for field, value in (("user", name), ("password", password)):
        page.script("const e = document.getElementById(arguments[0]); e.value = ''; e.focus()", field)
        page.press(value)
    page.press(Keys.ENTER)


@pytest.fixture
def ann(page):
    sign_in(page)
    page.wait_text("#account", "Ann")
    return page


def figures(page, selector):
    return page.script("return document.querySelector(arguments[0])?.innerText.replace(/[^0-9.]/g, '')", selector)


# ---- people ----

def test_signing_in_with_a_wrong_password_first(page, world):
    page.wait_text(".missing", "Sign in")
    go(page, "#/history")
    page.wait_text("main", "Sign in at the clinic's server")
    assert page.texts(".chart") == [], "nothing of the history is there"
    sign_in(page, password="wrong horse")
    page.wait_text(".reason", "The name or the password is not right")
    sign_in(page)
    page.wait_text("#account", "Ann")
    page.wait_text("main", "Hours of treatment by station")
    assert page.script("return document.cookie") == "", "no script reads the cookie"
    page.script("location.reload()")
    page.wait_text("main", "Hours of treatment by station")
    page.wait_text("#account", "Sign out")
    page.script("document.querySelector('#account button').click()")
    page.wait_text("main", "Sign in at the clinic's server")
    assert page.texts(".chart") == []


def test_an_expired_cookie_asks_again_and_goes_on_where_it_was(ann, world):
    go(ann, "#/stock")
    ann.wait_text("main", "3RL 0.30")
    world.postgres.ask("UPDATE sign_in SET expires = now() - interval '1 second'")
    ann.script("document.dispatchEvent(new Event('visibilitychange'))")
    go(ann, "#/history")
    ann.wait_text(".reason", "Your session has ended")
    sign_in(ann)
    ann.wait_text("[data-part=sessions]", "scalp-density")


# ---- stations ----

def test_fifty_stations_are_found(ann, world):
    wait_for(lambda: len(ann.texts(".card")) == STATIONS, "all cards")
    names = [words.split("\n")[0] for words in ann.texts(".card")]
    faults = [f"chair-{i}" for i in (13, 26, 39)]
    assert names[:3] == faults, "trouble first"
    ann.wait_card("chair-11", "Offline", "Offline since")
    search = "document.querySelector('.tools input[type=search]')"
    ann.script(f"{search}.focus()")
    ann.press("chair-2")
    wait_for(lambda: {words.split("\n")[0] for words in ann.texts(".card")} == {"chair-2"} | {f"chair-2{i}" for i in range(10)}, "what was looked for")
    ann.press(Keys.BACKSPACE, Keys.BACKSPACE, "zzz")
    ann.wait_text(".overview", "None of the stations.")
    ann.script(f"{search}.value = ''; {search}.dispatchEvent(new Event('input'))")

    def choose(name, value):
        ann.script("const e = document.querySelector(`select[name=${arguments[0]}]`); e.value = arguments[1]; e.dispatchEvent(new Event('change'))", name, value)
    choose("order", "name")
    assert [words.split("\n")[0] for words in ann.texts(".card")] == [chair.name for chair in world.chairs]
    choose("order", "trouble")
    choose("group", "condition")
    assert ann.texts(".group")[0].startswith("Needs attention") and any(words.startswith("Offline 4") for words in ann.texts(".group"))
    ann.script("location.reload()")
    wait_for(lambda: ann.texts(".group"), "the choice to be kept")
    choose("group", "none")
    assert ann.texts(".group") == []


def test_a_station_has_its_history(ann, world):
    go(ann, "#/station/clinic/chair-3")
    ann.wait_text("[data-panel=panel-history]", "cosigned")
    sessions = world.postgres.ask("SELECT count(*) FROM page_treatment JOIN station USING (station) WHERE name = 'chair-3'")
    ann.wait_text("[data-panel=panel-history]", f"{sessions} sessions on {sessions} days")
    wait_for(lambda: ann.drawn(".station-history canvas") == [True, True], "both charts")


# ---- history ----

def test_the_history_of_a_month(ann, world):
    go(ann, "#/history")
    ann.wait_text("[data-part=sessions]", "scalp-density")
    count = int(world.postgres.ask("SELECT count(*) FROM page_treatment"))
    wait_for(lambda: figures(ann, ".trends .panel:nth-child(2) output") == str(count), "the sessions")
    assert figures(ann, ".trends .panel:nth-child(3) output") == str(count * 4000)
    wait_for(lambda: ann.drawn(".trends canvas") == [True] * 3, "bars")
    rows = ann.script("return document.querySelectorAll('[data-part^=hours] tbody tr').length")
    assert rows == STATIONS
    ann.script("const b = document.querySelectorAll('[data-part^=hours] thead button'); b[1].click()")
    hours = ann.script("return [...document.querySelectorAll('[data-part^=hours] tbody tr td:nth-child(2)')].map((e) => Number(e.innerText))")
    assert hours == sorted(hours, reverse=True) and hours[0] > hours[-1]
    assert ann.script("return document.querySelector('[aria-sort]').innerText").startswith("Hours")
    ann.script("const e = document.querySelectorAll('.tools select')[1]; e.value = 'stipple/clinic/chair-3'; e.dispatchEvent(new Event('change'))")
    wait_for(lambda: ann.script("return document.querySelectorAll('[data-part^=hours] tbody tr').length") == 1, "one station")
    ann.script("const e = document.querySelectorAll('.tools select')[0]; e.value = '365'; e.dispatchEvent(new Event('change'))")
    wait_for(lambda: "20" in "".join(ann.texts("[data-part^=hours] .day")), "months, with their year")


def test_a_table_is_a_file(ann, world):
    go(ann, "#/history")
    ann.wait_text("[data-part=sessions]", "scalp-density")
    address = ann.script("return document.querySelector('[data-part=sessions] a').href")
    assert address.startswith(world.server.url)
    body = ann.driver.execute_async_script("const done = arguments[1]; fetch(arguments[0]).then((a) => a.text()).then(done)", address)
    rows = list(csv.DictReader(io.StringIO(body.lstrip("\ufeff"))))
    assert len(rows) == int(world.postgres.ask("SELECT count(*) FROM page_treatment")) and rows[0]["outcome"] == "signed"
    assert Visitor(world.server).get(address[address.index("/page/"):])[0] == 401, "nobody else gets it"


def test_stock_and_due_tests(ann, world):
    go(ann, "#/stock")
    ann.wait_text("[data-part=cartridges]", "3RL 0.30")
    row = next(words for words in ann.texts("[data-part=cartridges] tbody tr") if "3RL" in words)
    assert "14 days" in row, row  # four left, eight in 28 days
    ann.wait_text("[data-part=tests-of-sterilisers]", "overdue since 2026-01-01")
    ann.wait_text("[data-part=handpieces]", "to sterilise")
    ann.wait_text("[data-part=lots]", "FEW")


# ---- alarms ----

def test_two_people_acknowledge_at_once(ann, world):
    go(ann, "#/alarms")
    wait_for(lambda: len(ann.texts("[data-part=alarms-of-the-stations] .alarm")) >= 10, "the alarms")
    assert ann.texts("[data-part=alarms-of-the-stations] .alarm")[0].lower().startswith("high"), "the worst first"
    first = ann.script("return document.querySelector('[data-part=alarms-of-the-stations] .where').innerText").split(" ")[0]
    cy = Visitor(world.server)
    assert cy.sign_in("Cy") == 200
    day = {"from": (noon() - datetime.timedelta(days=7)).date(), "to": (noon() + datetime.timedelta(days=1)).date()}
    row = next(row for row in cy.table("alerts", **day) if row["station"] == first and row["priority"] == "high")
    # Cy is faster, and Ann's page does not know it yet
    assert cy.post("/page/acknowledge", {"what": "alert", "station": row["station_id"], "number": row["number"], "note": "Cy calls them"})[0] == 200
    ann.script("document.querySelector('[data-part=alarms-of-the-stations] input').focus()")
    ann.press("mine", Keys.ENTER)
    ann.wait_text("[role=alert].reason", "Cy was first")
    wait_for(lambda: not any(f"{first} " in words for words in ann.texts("[data-part=alarms-of-the-stations] .high .where")), "Cy's to go")
    # the next one is Ann's
    ann.script("document.querySelector('[data-part=alarms-of-the-stations] input').focus()")
    ann.press("I go and look", Keys.ENTER)
    ann.wait_text("#polite", "Acknowledged")
    ann.script("const e = document.querySelector('.tools select'); e.value = 'all'; e.dispatchEvent(new Event('change'))")
    wait_for(lambda: any("Ann took note" in words and "I go and look" in words for words in ann.texts("[data-part=alarms-of-the-stations] .alarm")), "Ann's note")
    assert any("Cy took note" in words and "Cy calls them" in words for words in ann.texts("[data-part=alarms-of-the-stations] .alarm"))


def test_what_the_server_found_is_shown(ann, world):
    go(ann, "#/alarms")
    ann.wait_text("[data-part=found-by-the-server]", "the log went back")
    ann.script("document.querySelector('[data-part=found-by-the-server] input').focus()")
    ann.press("card replaced", Keys.ENTER)
    ann.wait_text("[data-part=found-by-the-server]", "Nothing is open")
    assert world.postgres.ask("SELECT person, note FROM acknowledgement WHERE what = 'finding'") == "Ann|card replaced"


def test_who_only_looks_cannot_acknowledge(page, world):
    sign_in(page, "Ben")
    page.wait_text("#account", "Ben")
    go(page, "#/alarms")
    wait_for(lambda: len(page.texts(".alarm")) > 3, "the alarms")
    assert page.script("return [...document.querySelectorAll('.acknowledge')].every((e) => e.hidden)")


# ---- the server goes away ----

def test_a_server_that_is_away_and_comes_back(ann, world):
    go(ann, "#/stock")
    ann.wait_text("[data-part=cartridges]", "3RL 0.30")
    world.server.kill()
    try:
        go(ann, "#/")
        go(ann, "#/stock")
        ann.wait_text(".notice", "The clinic's server does not answer")
        go(ann, "#/")
        ann.wait_text(".missing", "Live figures go on")
        world.live[0].state(state="paused", session=1, operator="b1", zone="crown")
        ann.wait_card("chair-1", "Paused")
        go(ann, "#/stock")
    finally:
        world.server.start()
    ann.wait_text("[data-part=cartridges]", "3RL 0.30")
    wait_for(lambda: ann.text(".notice") == "", "the notice to go")
    ann.wait_text("#account", "Ann")


# ---- a hostile station ----

def test_what_a_station_calls_itself_is_text(ann, world):
    log = Log(NoteKey("stipple/clinic/evil"))
    assert world.server.command("enrol", "evil", log.key.public()).returncode == 0
    log.client = Client(world.server, *world.server.authority.issue("evil"))
    evil, at = Chair(log, "evil"), datetime.datetime.now(UTC)
    for kind, body in (("session.begun", {"session": 1, "protocol": MARKUP, "course_session": 1}), ("session.finished", {"session": 1, "dots": 10**11}),
                       ("lot.received", {"lot": MARKUP, "product": MARKUP, "maker": MARKUP, "expiry": "2031-01-01", "quantity": 1}),
                       ("sterilizer.registered", {"sterilizer": MARKUP, "model": MARKUP, "installed": "2026-01-01"}),
                       ("handpiece.registered", {"handpiece": MARKUP, "model": MARKUP}), ("handpiece.registered", {"handpiece": "\u202e" * 100, "model": ""}),
                       ("fault.latched", {"cause": MARKUP, "detail": 0}), ("alert.raised", {"alert": "constructor", "text": MARKUP, "priority": MARKUP}),
                       ("alert.raised", {"alert": "javascript:alert(1)", "text": "x" * 60000, "priority": "high"})):
        evil.record(at, kind, body)
    evil.push()
    world.server.folded()
    for view, part in (("#/history", "sessions"), ("#/stock", "lots"), ("#/stock", "tests-of-sterilisers"), ("#/stock", "handpieces"), ("#/alarms", "alarms-of-the-stations")):
        go(ann, view)
        ann.wait_text(f"[data-part={part}]", "<img src=x onerror")
        assert ann.overflow() == [], view
    go(ann, "#/station/clinic/evil")
    ann.script("location.reload()")
    ann.wait_text("[data-panel=panel-history]", "cosigned")
    assert ann.script("return window.harmed === undefined && ({}).text === undefined")
    assert ann.script("return document.querySelectorAll('img, script:not([type=module]), iframe, object').length") == 0


def test_the_policy_allows_nothing_else(ann, world):
    """What would be slipped into the page does not run, load or send."""
    ann.script("""const add = (tag, more) => document.body.append(Object.assign(document.createElement(tag), more));
        window.refused = [];
        document.addEventListener("securitypolicyviolation", (e) => window.refused.push(e.effectiveDirective));
        add("iframe", {src: "https://evil.example/"});
        add("img", {src: "https://evil.example/x.png"});
        add("link", {rel: "stylesheet", href: "https://evil.example/x.css"});
        const box = document.createElement("div");
        try { box.innerHTML = "<b>x</b>"; } catch { window.refused.push("trusted-types"); }
        fetch("https://evil.example/").catch(() => undefined);
        document.querySelectorAll("iframe, img, link[href^=https]").forEach((e) => setTimeout(() => e.remove(), 500));""")
    wait_for(lambda: {"frame-src", "img-src", "style-src-elem", "connect-src", "trusted-types"} <= set(ann.script("return window.refused")), "all refusals")
    ann.complaints()  # these were meant


# ---- everybody ----

def narrow(page, view):
    """Fewer of the same kind: axe-core looks at each cell."""
    if view == "#/":
        page.script("const e = document.querySelector('input[type=search]'); e.value = 'chair-1'; e.dispatchEvent(new Event('input'))")
        wait_for(lambda: len(page.texts(".card")) == 11, "fewer cards")
    elif view == "#/history":
        page.script("const e = document.querySelectorAll('.tools select')[1]; e.value = 'stipple/clinic/chair-3'; e.dispatchEvent(new Event('change'))")
        wait_for(lambda: len(page.texts("[data-part^=hours] tbody tr")) == 1, "one station")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_and_fitting(ann, world, scheme):
    """axe-core finds nothing, and nothing reaches over the edge. With STIPPLE_SHOTS=FOLDER on every size, with pictures."""
    shots = os.environ.get("STIPPLE_SHOTS")
    ann.scheme(scheme)
    try:
        for view, words in zip(VIEWS, ("chair-50", "scalp-density", "3RL 0.30", "Taking note", "cosigned")):
            go(ann, view)
            ann.wait_text("main", words)
            if not shots:
                narrow(ann, view)
            for name, size in SIZES.items():
                ann.resize(size)
                assert ann.overflow() == [], (view, name)
                if shots or name == "desktop" or (name, scheme) == ("phone", "light"):
                    assert ann.axe() == [], (view, name)
                if shots:
                    time.sleep(0.3)
                    ann.screenshot(f"{shots}/{scheme}-{name}-{view.strip('#/').replace('/', '-') or 'stations'}.png")
        ann.script("document.querySelector('#account button').click()")
        go(ann, "#/history")
        ann.wait_text("main", "Sign in at")
        assert ann.axe() == []
    finally:
        ann.scheme("light")
        ann.resize(SIZES["desktop"])
