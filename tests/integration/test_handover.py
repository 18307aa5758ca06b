# SPDX-License-Identifier: Apache-2.0
"""Two practitioners in one session: whose dots and cartridges are whose, on record, over a restart, and in the report."""

import subprocess

from harness import BUILD, GTIN, wait_for

CTL = BUILD / "ctl/stipplectl"
UNIT = f"(01){GTIN}(21)"


def make_dots(station, more=5):
    before = station.get("Session1", "Dots")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Dots") >= before + more, "dots")
    station.sim("pedal up")
    station.wait_state("ready")


def change_to(station, badge, pin):
    station.call("Station1", "Logout")
    station.sign_in(badge, pin)


def sums(rows, key):
    found = {}
    for row in rows:
        found[row[key]] = found.get(row[key], 0) + row["dots"]
    return found


def report(station):
    page = station.folder / "report.html"
    subprocess.run([CTL, "report", "1", "-o", page], check=True, timeout=60, env=station.environment())
    return page.read_text()


def test_a_session_changes_hands(station):
    station.enrol("b2", "5822")
    station.prepare()
    make_dots(station)
    assert station.get("Session1", "Practitioner") == "b1001" and station.get("Session1", "PractitionerName")
    station.call("Session1", "RemoveNeedle", "dull")
    station.mount("A18")
    make_dots(station)
    station.call("Station1", "Logout")
    first = station.get("Session1", "SessionDots")
    assert station.get("Session1", "Practitioner") == "b1001", "nobody works, and nobody has taken over"
    assert not station.sim("status")["armed"]
    station.sign_in("b2", "5822")
    make_dots(station)
    assert station.get("Session1", "Practitioner") == "b2"

    # the station stops, and the practitioner is the same; the cartridge has no chip that says so
    station.stop()
    station.start()
    station.wait_board()
    assert (station.get("Session1", "Practitioner"), station.get("Session1", "PractitionerName")) == ("b2", "")
    station.sign_in("b2", "5822")
    assert station.get("Session1", "PractitionerName") == "Ada Example"
    station.call("Session1", "RemoveNeedle", "the station stopped")
    station.call("Session1", "Resume")
    station.mount("A19")
    make_dots(station)
    totals = station.call("Session1", "Finish")

    rows = station.audit("stints", session=1)
    assert [(row["operator"], row["unit"]) for row in rows] == [
        ("b1001", UNIT + "A17"), ("b1001", UNIT + "A18"), ("b2", UNIT + "A18"), ("b2", UNIT + "A19")]
    assert sums(rows, "operator") == {"b1001": first, "b2": totals["dots"] - first}
    assert sums(rows, "unit") == {row["unit"]: row["dots"] for row in station.audit("needles", session=1)}
    handed, = station.audit("timeline", kind="session.handed-over")
    assert handed["actor"] == "b2" and {row["handover"] for row in rows[2:]} == {handed["seq"]}
    assert handed["body"] == {"session": 1, "from": "b1001", "to": "b2", "zone": "crown", "unit": UNIT + "A18"}
    assert rows[1]["last"] < handed["time"] < rows[2]["first"] <= rows[2]["last"]
    assert [row["operator"] for row in station.audit("stints", unit=UNIT + "A18")] == ["b1001", "b2"]

    text = report(station)
    names = {row["badge"]: row["name"] for row in station.audit("operators")}
    assert "badges b1001, b2" in text and f"{names['b1001']}, {names['b2']}" in text
    assert "took over from" in text and "whose dots are whose" in text


def test_one_practitioner_needs_no_table(station):
    station.prepare()
    make_dots(station)
    text = report(station)
    assert "whose dots are whose" not in text and "badge b1001" in text
    assert station.audit("timeline", kind="session.handed-over") == []
