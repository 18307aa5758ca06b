# SPDX-License-Identifier: Apache-2.0
"""The clinic's page in Chromium: what people see of stations, brokers and attacks."""

import json
import time

import pytest
from selenium.webdriver.common.keys import Keys

import clinic
import harness
from browser import Browser, Cable, Site, WebBroker
from harness import wait_for
from test_telemetry import check_described

SIZES = {"phone": (390, 844), "desktop": (1440, 900), "wall": (2560, 1440)}
STREAM_S = 0.5
MARKUP = "<img src=x onerror=\"window.harmed=1\"><script>window.harmed=1</script>"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def broker(tmp_path):
    broker = WebBroker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def publisher(broker):
    client = clinic.connect(broker.port)
    yield client
    client.loop_stop()
    client.disconnect()


@pytest.fixture
def page(chromium, broker, tmp_path):
    """The page, connected to the test's broker. Each test's page has an origin, and so a memory, of its own."""
    site = Site(tmp_path, broker.websocket_port)
    chromium.open(site.url)
    chromium.wait_live()
    yield chromium
    complaints = chromium.complaints()
    chromium.open("about:blank")
    site.close()
    assert complaints == []


def open_station(page, name="chair-1"):
    page.script("location.hash = arguments[0]", f"#/station/clinic/{name}")
    page.wait_text("h2", name)


# ---- a real station ----

def test_a_treatment_is_followed(page, broker):
    station = harness.Station(mqtt_port=broker.port)
    try:
        station.start()
        station.prepare(zone="crown", serial="A17")
        page.wait_card("chair-1", "Preparing", "b1001", "P-0001", "crown", "Cartridge A17 · lot L1")
        station.call("Session1", "Arm")
        page.wait_card("chair-1", "Ready")
        station.sim("pedal down")
        page.wait_card("chair-1", "Working", "dots/min")
        open_station(page)
        page.wait_text("[data-panel=panel-now]", "in 0:49 h")  # the next break
        for panel, words in {"now": "pressed", "timeline": "Session 1 begun for P-0001", "zones": "crown (now)",
                             "stock": "Lot L1, 1RL 0.25: 19 left, expires 2031-12-31"}.items():
            page.wait_text(f"[data-panel=panel-{panel}]", words)
        wait_for(lambda: station.get("Session1", "Dots") > 30, "dots")
        wait_for(lambda: all(words[0].isdigit() for words in page.texts(".chart output")), "figures of all charts")
        wait_for(lambda: page.drawn(".chart canvas") == [True] * 3, "lines in all charts")
        station.sim("estop press")
        page.wait_text(".state", "Fault")
        page.wait_text("[data-panel=panel-alerts]", "NOT ACKNOWLEDGED")
        page.wait_text("#assertive", "Fault at chair-1")
        station.sim("estop release")
        station.call("Station1", "AcknowledgeFault", "sleeve caught in the cable", "4711")
        page.wait_text("[data-panel=panel-alerts]", "acknowledged")
        shown = page.script("return document.body.innerText")
        assert "sleeve caught" not in shown  # somebody's own words stay at the station
        page.open(page.script("return location.href.replace('127.0.0.1', 'localhost')"))  # a page that knows nothing
        for words in ("(21)A17", "Brand black-3", "P-0001"):
            page.wait_text("[data-panel=panel-now]", words)
        page.wait_text("[data-panel=panel-stock]", "Lot L1, 1RL 0.25: 19 left, expires 2031-12-31")
        station.kill()
        page.wait_text(".state", "Offline")
        page.wait_text("#polite", "chair-1 is offline")
        station.start()
        wait_for(lambda: page.text(".state") not in ("", "Offline"), "the station to be back")
        station.wait_board()
        wait_for(lambda: "Board does not answer" not in page.text("[data-panel=panel-now]"), "the board on the page")
        station.stop()
    finally:
        station.close()


# ---- connection ----

def test_without_the_clinics_server_it_says_what_is_missing(page, publisher):
    clinic.busy_chair(publisher)
    page.wait_card("chair-1", "Working")
    page.wait_text(".missing", "come with the clinic's server, which this page has none of")
    assert page.script("return document.getElementById('views').hidden") and page.text("#account") == ""
    for view in ("#/history", "#/stock", "#/alarms", "#/sign-in"):  # an address from elsewhere
        page.script("location.hash = arguments[0]", view)
        page.wait_text(".notice", "This page has no server")
        assert page.axe() == []
    open_station(page)
    assert page.script("return document.querySelector('[data-panel=panel-history]').hidden")


def test_broker_restart(page, broker, publisher):
    chair = clinic.Chair(publisher, "chair-1")
    chair.state(state="ready", session=1, operator="b1001", zone="crown")
    page.wait_card("chair-1", "Ready")
    broker.stop()
    page.wait_text("#connection", "Not connected since")
    for name, size in SIZES.items():
        page.resize(size)
        assert page.overflow() == [], name
        assert page.axe() == [], name
    page.resize(SIZES["desktop"])
    broker.start()
    page.wait_live()
    wait_for(publisher.is_connected, "the publisher")
    chair.state(state="paused", session=1, operator="b1001", zone="crown")
    page.wait_card("chair-1", "Paused")


def test_a_page_that_was_away_catches_up(chromium, broker, publisher, tmp_path):
    cable = Cable(broker.websocket_port)
    site = Site(tmp_path, cable.port)
    try:
        chromium.open(site.url)
        chromium.wait_live()
        chair = clinic.Chair(publisher, "chair-1")
        chair.state(state="working", session=1, zone="crown")
        chair.zone("crown", 10)
        chromium.wait_card("chair-1", "10 %")
        cable.cut()
        chromium.wait_text("#connection", "Not connected since")
        for density in range(11, 61):
            chair.zone("crown", density)
        chair.record("alert", "fault.latched", {"session": 1, "cause": "force-limit"})
        chair.state(state="fault", session=1, zone="crown", fault="force-limit")
        cable.mend()
        chromium.wait_live()
        chromium.wait_card("chair-1", "Fault: force-limit", "60 %")
        open_station(chromium)
        chromium.wait_text("[data-panel=panel-timeline]", "force-limit")
        assert len(chromium.texts(".timeline li")) == chair.seq, "each record once"
        assert chromium.complaints() == []
    finally:
        chromium.open("about:blank")
        site.close()
        cable.close()


def test_sign_in(chromium, tmp_path):
    broker = WebBroker(tmp_path, users={"dashboard": "right", "chair-1": "own"})
    site = Site(tmp_path, broker.websocket_port, user="dashboard")
    broker.start()
    try:
        chromium.open(site.url)
        chromium.wait_text("h2", "Sign in")
        assert chromium.script("return document.activeElement.id") == "password"
        chromium.press("wrong", Keys.ENTER)
        chromium.wait_text(".reason", "user or password")
        chromium.script("document.getElementById('password').select()")
        chromium.press("right", Keys.ENTER)
        chromium.wait_live()
        chromium.wait_text("h2", "Stations")
        chair = clinic.Chair(clinic.connect(broker.port, "chair-1", "own"), "chair-1")
        chair.state(state="ready")
        chromium.wait_card("chair-1", "Ready")
        chromium.script("location.reload()")
        chromium.wait_card("chair-1", "Ready")
        complaints = [line for line in chromium.complaints() if "status code" not in line]
        assert complaints == []
        chair.publisher.loop_stop()
        chair.publisher.disconnect()
    finally:
        chromium.open("about:blank")
        site.close()
        broker.stop()


# ---- many stations ----

def test_the_other_stations_here_speak_as_real_ones_do(broker, publisher):
    subscriber = harness.Subscriber(broker.port)
    wait_for(lambda: subscriber.subscribed, "the subscription")
    clinic.many(publisher, 20)
    chair = clinic.busy_chair(publisher)
    chair.telemetry()
    for message in clinic.checkpoints("3", "9:3"):
        chair.checkpoint(message)
    chair.state()
    wait_for(lambda: sum(topic.endswith("/checkpoint") for topic, _, _ in subscriber.messages) == 2, "all messages")
    assert check_described(subscriber) == {"state", "session", "zone", "needle", "sterilization", "alert", "telemetry",
                                           "checkpoint"}
    subscriber.close()


def test_fifty_stations(page, publisher):
    chairs = clinic.many(publisher, 50)
    wait_for(lambda: len(page.texts(".card")) == 50, "50 cards")
    wait_for(lambda: page.card("chair-50") and page.card("chair-44"), "the last ones")
    first = ["chair-13", "chair-26", "chair-39", "chair-11", "chair-22", "chair-33", "chair-44"]  # faults, then who is away
    assert [words.split("\n")[0] for words in page.texts(".card")] == first + [chair.name for chair in chairs if chair.name not in first]
    for round in range(1, 7):
        for i, chair in enumerate(chairs):
            chair.telemetry(density=i + round / 10, target=10, depth_um=10 * (i + 100 * round))
        time.sleep(STREAM_S)
    busy = [(i, chair) for i, chair in enumerate(chairs) if "Offline" not in page.card(chair.name)]
    assert len(busy) == 46
    for i, chair in busy:
        page.wait_card(chair.name, f"{(i + 600) / 100:.2f} mm")
    for name, size in SIZES.items():
        page.resize(size)
        assert page.overflow() == [], name
    page.resize(SIZES["wall"])
    assert page.script("return document.documentElement.scrollHeight <= innerHeight"), "a wall screen shows all of them"
    page.resize(SIZES["desktop"])
    page.script("document.querySelector('[data-filter=offline]').click()")
    wait_for(lambda: len(page.texts(".card")) == 4, "those that are offline")


def test_what_is_new_is_shown_before_the_next(page, publisher):
    """Figures of a station's stream are on the page before those that follow were even sent, as a rule."""
    chair = clinic.Chair(publisher, "chair-1")
    chair.state(state="working", session=1, zone="crown")
    page.wait_card("chair-1", "Working")
    in_time = []
    for i in range(100, 109):
        chair.telemetry(resistance_mn=i)
        time.sleep(STREAM_S)
        in_time.append(f"{i} mN" in page.card("chair-1"))
    assert sum(in_time) > len(in_time) / 2, in_time
    page.wait_card("chair-1", "108 mN")


# ---- the witness ----

def test_checkpoints_are_witnessed(page, publisher):
    first, second, third, forged = clinic.checkpoints("3", "9:3", "20:9", "25:20:other")
    chair = clinic.Chair(publisher, "chair-1")
    chair.state()
    chair.checkpoint(first)
    page.wait_card("chair-1", "Ledger signed")
    chair.checkpoint(second)
    page.wait_card("chair-1", "Ledger proved")
    page.script("location.reload()")
    page.wait_card("chair-1", "Ledger proved")
    chair.checkpoint(third)
    open_station(page)
    page.wait_text("[data-panel=panel-ledger]", "20 records")
    page.wait_text("[data-panel=panel-ledger]", "follows from all")
    chair.checkpoint(forged)
    page.wait_text("#alarms", "its 25 records do not begin with the 20 seen before")
    page.wait_text("#assertive", "Ledger alarm at clinic/chair-1")
    page.script("location.hash = '#/'")
    page.wait_card("chair-1", "Ledger does not follow")
    page.script("location.reload()")
    page.wait_text("#alarms", "its 25 records do not begin with the 20 seen before")
    open_station(page)
    page.wait_text("[data-status=alarm] .verdict", "ALARM")
    page.script("document.querySelector('.ledger button').click()")
    page.wait_text(".question", "Press again")
    assert page.text("#alarms") != ""
    page.script("document.querySelector('.ledger button').click()")
    page.wait_text("[data-status=first] .verdict", "Signed")
    wait_for(lambda: page.text("#alarms") == "", "the alarm to end")


def test_a_ledger_with_another_key_is_an_alarm(chromium, broker, publisher, tmp_path):
    mine, = clinic.checkpoints("5")
    other, = clinic.checkpoints("5")
    site = Site(tmp_path, broker.websocket_port, keys={"clinic/chair-1": mine["vkey"]})
    try:
        chromium.open(site.url)
        chromium.wait_live()
        chair = clinic.Chair(publisher, "chair-1")
        chair.checkpoint({name: value for name, value in mine.items() if name != "vkey"})
        chromium.wait_card("chair-1", "Ledger signed")
        chair.checkpoint({name: value for name, value in other.items() if name != "vkey"})
        chromium.wait_text("#alarms", "the signature is not that of the station's key")
    finally:
        chromium.open("about:blank")
        site.close()


# ---- what nobody should send ----

def test_hostile_messages_are_text(page, publisher):
    chair = clinic.busy_chair(publisher)
    chair.state(state="working", session=1, subject=MARKUP, operator=MARKUP, zone=MARKUP, fault=MARKUP)
    fields = ("text", "cause", "detail", "note", "badge", "unit", "lot", "zone", "subject", "protocol", "result", "product",
              "sterilizer", "test", "brand", "colour", "reason", "refusal", "expiry", "alert", "__proto__", "constructor")
    for kind in ("fault.latched", "alert.raised", "needle.claimed", "needle.refused", "zone.statistics", "lot.received",
                 "session.begun", "indicator.tested", "lot.low", "other.kind"):
        for value in (MARKUP, {"toString": 1}, [MARKUP], None, 1e308, "\u202e" * 5000):
            body = {name: value for name in fields}
            chair.record("zone/x" if kind == "zone.statistics" else "alert", kind, {**body, "session": 1})
    for topic in ("state", "session", "alert", "telemetry", "checkpoint", "zone/x", "needle", "image", "sterilization"):
        for payload in ("", "{", "null", "[]", "7", '"x"', "\ufffe", b"\xff\xfe{", b"{" * 60000, "x" * 300000,
                        json.dumps({"id": MARKUP, "seq": 1, "kind": MARKUP, "utc": MARKUP, "body": MARKUP}),
                        json.dumps({"online": MARKUP, "checkpoint": MARKUP, "size": 1, "vkey": MARKUP}),
                        json.dumps({"online": True, "clinic": "clinic", "station": "chair-2", "state": "working"})):
            chair.publish(topic, payload)
    for name in ("..", "a b", "<b>", "x" * 200):
        publisher.publish(f"stipple/v1/clinic/{name}/state", '{"online": true}', qos=1)
    chair.record("alert", "alert.raised", {"alert": "x", "text": f"the last {MARKUP}"})
    chair.state(state="working", session=1, subject=MARKUP, operator=MARKUP, zone=MARKUP)
    page.wait_card("chair-1", f"{MARKUP[:63]}… · {MARKUP[:63]}…")  # operator and subject, cut to 64
    assert len(page.texts(".card")) == 1
    page.wait_text(".refused", "not understood")
    open_station(page)
    page.wait_text("[data-panel=panel-timeline]", f"the last {MARKUP}")
    assert page.script("return window.harmed === undefined && ({}).text === undefined")
    assert page.script("return document.querySelectorAll('img, script:not([type=module]), iframe, object').length") == 0
    assert page.overflow() == []
    chair.state(state="paused", session=1)
    page.wait_text(".state", "Paused")


# ---- people ----

def test_keyboard_alone(page, publisher):
    clinic.busy_chair(publisher, "chair-1")
    clinic.busy_chair(publisher, "chair-2")
    page.wait_card("chair-2", "Working")
    page.press(Keys.TAB)
    assert page.focused() == "Skip to the stations"
    page.press(Keys.ENTER, Keys.TAB)
    seen = []
    while page.focused() != "chair-2":
        seen.append(page.focused().split("\n")[0])
        assert len(seen) < 20, seen
        page.press(Keys.TAB)
    assert [words.rsplit(" ", 1)[0] for words in seen[:4]] == ["All", "Working", "Need attention", "Offline"]
    page.press(Keys.ENTER)
    wait_for(lambda: page.script("return document.activeElement.tagName") == "H2", "the heading to have the focus")
    assert page.focused() == "chair-2"
    page.press_back()
    assert page.focused() == "‹ All stations"
    page.press(Keys.ENTER)
    wait_for(lambda: page.focused() == "Stations", "the overview's heading to have the focus")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_and_fitting(page, publisher, scheme):
    """axe-core finds nothing, and nothing reaches over the edge, on every size of screen."""
    chair = clinic.busy_chair(publisher)
    chair.checkpoint(clinic.checkpoints("3")[0])
    clinic.Chair(publisher, "chair-2").offline()
    clinic.Chair(publisher, "chair-3").state(state="fault", fault="force-limit", session=1, board=False)
    chair.telemetry()
    page.scheme(scheme)
    try:
        for view in ("#/", "#/station/clinic/chair-1", "#/station/clinic/chair-3"):
            page.script("location.hash = arguments[0]", view)
            page.wait_text("main", "Ledger signed" if view == "#/" else view[-7:])
            for name, size in SIZES.items():
                page.resize(size)
                assert page.overflow() == [], (view, name)
                assert page.axe() == [], (view, name)
    finally:
        page.scheme("light")
        page.resize(SIZES["desktop"])
