# SPDX-License-Identifier: Apache-2.0
"""Sterilisers: cycles and their release, biological tests, what is due, what is in doubt, what the record lacks."""

import datetime
import hashlib
import json
import re
import signal
import sqlite3
import subprocess

import dbus
import pytest

import harness
from harness import BUILD, wait_for
from test_telemetry import check_described

CTL = BUILD / "ctl/stipplectl"
STERILIZER = {"sterilizer": "A", "maker": "Maker", "model": "B18", "serial": "77"}


def ago(days, clock="T10:00:00Z"):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime("%Y-%m-%d") + clock


def enter(station, kind, pin="", **fields):
    return station.record("Inventory1", kind, pin, **fields)


def refused(station, kind, pin="", **fields):
    return station.refused("Inventory1", "Record", kind, dbus.Dictionary(fields, signature="sv"), pin)


def register(station, days=200):
    enter(station, "sterilizer.registered", installed=ago(days, ""), **STERILIZER)


def cycle(station, number, days, **extra):
    fields = {"program": "B 134", "temperature_c": "134.5", "exposure_s": "240", "pressure_kpa": "313",
              "mechanical": "pass", "contents": "hp1, hp2"}
    return enter(station, "cycle.recorded", **{"sterilizer": "A", "cycle": str(number), "started": ago(days), **fields, **extra})


def release(station, number, **extra):
    return enter(station, "cycle.released", "2222",
                 **{"sterilizer": "A", "cycle": str(number), "integrator": "pass", "chemical": "pass", **extra})


SPORE_TEST = {"sterilizer": "A", "lot": "BI9", "expiry": "2031-01-31", "control": "growth", "result": "pass",
              "incubation_h": "24"}


def spore_test(station, result, days, **extra):
    return enter(station, "indicator.tested", **{**SPORE_TEST, "result": result, "tested": ago(days), **extra})


@pytest.fixture
def managed(station):
    station.enrol("s1", "2222", "supervisor,technician,auditor")
    station.sign_in("s1", "2222")
    return station


def test_a_load_from_the_steriliser_to_its_release(managed):
    register(managed)
    cycle(managed, 1, 3)
    kind, text = refused(managed, "cycle.released", "2222", sterilizer="A", cycle="1", integrator="pass", chemical="pass")
    assert kind == "InvalidArgument" and "since its installation: run one" in text
    spore_test(managed, "pass", 4)
    kind, text = refused(managed, "cycle.released", "2222", sterilizer="A", cycle="1")
    assert kind == "InvalidArgument" and "class V integrator" in text and "us-ca" in text
    kind, text = refused(managed, "cycle.released", "9999", sterilizer="A", cycle="1", integrator="pass", chemical="pass")
    assert kind == "SignInRefused"
    kind, text = refused(managed, "cycle.released", "2222", sterilizer="A", cycle="1", integrator="pass", chemical="pass",
                         proofs="")
    assert kind == "InvalidArgument" and "proofs" in text
    release(managed, 1)
    row, = managed.audit("sterilization", sterilizer="A")
    assert row["contents"] == ["hp1", "hp2"] and row["released_by"] == "s1" and row["integrator"] == "pass"
    assert [r["handpiece"] for r in managed.audit("sterile")] == ["hp1", "hp2"]
    released, = managed.audit("records", kind="cycle.released")
    assert released["body"]["biological_days"] == 30 and released["body"]["after_installation"] is True
    assert released["body"]["signed"] and released["body"]["profile"] == "us-ca"
    assert released["body"]["sterile_days"] == 180 and "integrator" in released["body"]["proofs"].split()


def test_a_failed_test_and_what_follows(managed):
    register(managed)
    spore_test(managed, "pass", 9)
    for number, days in ((1, 8), (2, 7)):
        cycle(managed, number, days, contents=f"hp{number}")
        release(managed, number)
    failed = spore_test(managed, "fail", 6)
    doubt = managed.audit("doubt")
    assert [(r["test"], r["cycle"], r["handpiece"]) for r in doubt] == [(failed, 1, "hp1"), (failed, 2, "hp2")]
    assert all("failed" in r["blocked"] for r in managed.audit("sterile"))
    cycle(managed, 3, 5)
    assert "biological test" in refused(managed, "cycle.released", "2222", sterilizer="A", cycle="3", integrator="pass",
                                        chemical="pass")[1]
    assert [r["subject"] for r in managed.audit("check", rule="biological")] == ["steriliser A"]
    gaps = {r["rule"] for r in managed.audit("check")}
    assert {"biological", "follow-up", "cycle-release"} <= gaps
    enter(managed, "indicator.followed-up", test=str(failed), action="all packs opened, repacked, sterilised in B",
          items="hp1, hp2", notified="county health department")
    spore_test(managed, "pass", 4)
    # us-ca has what was in doubt sterilised again
    assert all("sterilise it again" in r["blocked"] for r in managed.audit("sterile"))
    cycle(managed, 4, 3, contents="hp1, hp2")
    release(managed, 4)
    enter(managed, "cycle.rejected", sterilizer="A", cycle="3", reason="ran while the steriliser was in doubt")
    release_gaps = [r for r in managed.audit("check") if r["rule"] in ("biological", "follow-up", "cycle-release")]
    assert release_gaps == []
    assert all(r["blocked"] is None for r in managed.audit("sterile"))


def test_an_overdue_test_bars_handpieces(station):
    station.prepare()
    station.enrol("s1", "2222", "supervisor,technician")

    def supervise(action):
        station.call("Station1", "Logout")
        station.sign_in("s1", "2222")
        action()
        station.call("Station1", "Logout")
        station.sign_in()

    def refusals():
        return {r[0]: r[1] for r in station.call("Session1", "Refusals")}

    assert station.doctor("sterilization")[0] == 0
    supervise(lambda: (register(station), spore_test(station, "pass", 40)))
    level, text, advice = station.doctor("sterilization")
    assert level == 2 and "A" in text and "indicator" in advice
    wait_for(lambda: "sterilization-overdue" in alerts(station), "the alert")
    assert "sterilization" not in refusals(), "work with single-use instruments goes on"
    supervise(lambda: (
        enter(station, "sterilizer.registered", **{**STERILIZER, "sterilizer": "B", "installed": ago(200, "")}),
        enter(station, "indicator.tested", **{**SPORE_TEST, "sterilizer": "B", "tested": ago(5)}),
        enter(station, "handpiece.registered", handpiece="hp1", model="rotary"),
        cycle(station, 1, 4, sterilizer="B", contents="hp1"), release(station, 1, sterilizer="B"),
        station.record("Session1", "handpiece.mounted", handpiece="hp1")))
    assert "sterilization" not in refusals(), "the overdue test is that of another steriliser"
    supervise(lambda: enter(station, "sterilizer.serviced", sterilizer="B", work="major-repair", done=ago(2), by="M"))
    kind, text = station.refused("Session1", "Arm")
    assert kind == "SterilizationOverdue" and '"B"' in text and ago(2, "") in text
    station.stop()  # it is known after a restart
    station.start()
    station.wait_board()
    station.sign_in()
    wait_for(lambda: "sterilization" in refusals(), "the interlock")
    supervise(lambda: enter(station, "indicator.tested", **{**SPORE_TEST, "sterilizer": "B", "tested": ago(1)}))
    assert "sterilization" not in refusals()
    supervise(lambda: spore_test(station, "pass", 27))
    wait_for(lambda: "sterilization-due" in alerts(station), "the reminder")
    assert station.doctor("sterilization")[0] == 1
    supervise(lambda: spore_test(station, "pass", 1))
    assert station.doctor("sterilization")[0] == 0
    assert alerts(station).count("sterilization-due") == 1
    reminder = [r["body"] for r in station.audit("records", kind="alert.raised") if r["body"]["alert"] == "sterilization-due"][0]
    assert reminder["sterilizer"] == "A" and reminder["due"] == ago(-3, "")
    supervise(lambda: enter(station, "sterilizer.serviced", sterilizer="A", work="retired", done=ago(1), by="M"))
    assert [r["sterilizer"] for r in station.audit("due")] == ["B"]


def test_a_class_b_steriliser_is_tested_where_the_profile_asks(station):
    """en-17169 asks for a steam penetration test each day, and a leak test each week."""
    station.config.write_text(station.config.read_text().replace("station = chair-1", "station = chair-1\nprofile = en-17169"))
    station.stop()
    station.start()
    station.wait_board()
    station.enrol("s1", "2222", "supervisor,technician,auditor")
    station.sign_in("s1", "2222")
    station.begin("P-0001")
    enter(station, "handpiece.registered", handpiece="hp1", model="rotary")
    enter(station, "sterilizer.registered", installed=ago(200, ""), **{"class": "B"}, **STERILIZER)
    spore_test(station, "pass", 3)
    cycle(station, 1, 1, contents="hp1")
    release_1 = {"sterilizer": "A", "cycle": "1", "integrator": "pass", "chemical": "pass"}
    assert "steam penetration test" in refused(station, "cycle.released", "2222", **release_1)[1]
    enter(station, "penetration.tested", sterilizer="A", method="bowie-dick", tested=ago(1, "T07:00:00Z"), result="pass")
    assert "vacuum leak test" in refused(station, "cycle.released", "2222", **release_1)[1]
    enter(station, "leak.tested", sterilizer="A", tested=ago(2), minutes="10", rate_kpa_min="0.09")
    release(station, 1)
    station.record("Session1", "handpiece.mounted", handpiece="hp1")
    assert "sterilization" not in [r[0] for r in station.call("Session1", "Refusals")]
    enter(station, "leak.tested", sterilizer="A", tested=ago(1, "T12:00:00Z"), minutes="10", rate_kpa_min="0.2")
    said = {r[0]: r[1] for r in station.call("Session1", "Refusals")}
    assert f'vacuum leak test of steriliser "A" failed on {ago(1)[:10]}: have it repaired' in said["sterilization"]
    assert [r["result"] for r in station.audit("equipment-tests", test="leak")] == ["pass", "fail"]
    assert [r["subject"] for r in station.audit("check", rule="leak")] == ["steriliser A"]


DAC_REPORT = """DAC Universal
Serien Nr:  77
Programm:   Universal/134C/3min
Zyklus:     {number}
Dat.(T-M-J) {day}
Zeit(H-M-S) 08:50:10
08:59:00           135.2    3.17
09:00:30           135.4    3.19
09:01:30           135.3    3.18
Minimum            135.1    3.16
Dauer (m-s)        03-07
Zyklusende         09:05:08 Ok
"""


def test_a_report_of_a_maker_is_imported_and_kept(managed, tmp_path):
    register(managed)
    file = tmp_path / "DAC.LOG"
    days = [(datetime.date.today() - datetime.timedelta(days=n)).strftime("%d-%m-%Y") for n in (5, 4)]
    file.write_text(DAC_REPORT.format(number=13, day=days[0]) + DAC_REPORT.format(number=14, day=days[1]))
    out, err = ctl(managed, "sterilizer", "import", file, status=1)
    assert "--zone" in err and "0 cycles are on record" in out and managed.audit("records", kind="sterilizer.file") == []
    out, err = ctl(managed, "--zone", "UTC", "--dry-run", "sterilizer", "import", file)
    assert "2 cycles would be recorded" in out and managed.audit("records", kind="sterilizer.file") == []
    out, err = ctl(managed, "--zone", "UTC", "sterilizer", "import", file)
    assert "2 cycles are on record" in out
    out, err = ctl(managed, "--zone", "UTC", "sterilizer", "import", file)
    assert "0 cycles are on record, 2 were on record before" in out
    kept, = managed.audit("records", kind="sterilizer.file")
    assert kept["body"] == {**kept["body"], "file": "DAC.LOG", "format": "dac-universal", "sha256": digest(file), "bytes": file.stat().st_size}
    with sqlite3.connect(f"file:{managed.folder}/state/ledger.db?mode=ro", uri=True) as db:
        assert db.execute("SELECT data FROM attachment WHERE seq = ?", (kept["seq"],)).fetchone()[0] == file.read_bytes()
    cycles = [r["body"] for r in managed.audit("records", kind="cycle.recorded")]
    assert [c["cycle"] for c in cycles] == [13, 14] and {c["raw_sha256"] for c in cycles} == {digest(file)}
    assert cycles[0]["exposure_s"] == 187 and cycles[0]["temperature_c"] == 135.1 and cycles[0]["sterilizer"] == "A"
    clone, = managed.audit("check", rule="cycle-clone")
    assert clone["subject"] == "A cycle 14" and "A cycle 13" in clone["missing"]
    file.write_text(DAC_REPORT.format(number=15, day=days[1]).replace(" 77", " 78"))
    out, err = ctl(managed, "--zone", "UTC", "sterilizer", "import", file, status=1)
    assert "no steriliser with the serial 78 is on record" in err
    # what the cycle lacks is added later
    row = managed.audit("records", kind="cycle.recorded")[0]["seq"]
    managed.record("Session1", "record.corrected", "2222", corrects=str(row), field="contents", old="none", new="hp1, hp2",
                   why="the report does not say it")
    assert managed.audit("sterilization", cycle=13)[0]["contents"] == ["hp1", "hp2"]
    subprocess.run([CTL, "audit", "verify", managed.folder / "state/ledger.db"], check=True)


def alerts(station):
    return [r["body"]["alert"] for r in station.audit("records", kind="alert.raised")]


def test_a_doubtful_load_bars_its_handpiece_and_names_who_was_treated(station, tmp_path):
    station.prepare()
    station.enrol("s1", "2222", "supervisor,technician")
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    enter(station, "handpiece.registered", handpiece="hp1", model="rotary")
    register(station)
    spore_test(station, "pass", 9)
    cycle(station, 1, 8, contents="hp1")
    assert "sterilise it first" in mount_refused(station)
    release(station, 1)
    mounted = station.record("Session1", "handpiece.mounted", handpiece="hp1")
    failed = spore_test(station, "fail", 7)
    row, = station.audit("doubt")
    assert (row["test"], row["handpiece"], row["session"], row["subject"]) == (failed, "hp1", 1, "P-0001")
    assert "is blocked" in mount_refused(station)
    assert "handpiece" in [r[0] for r in station.call("Session1", "Refusals")]
    spore_test(station, "pass", 6)
    assert "is blocked" in mount_refused(station)
    # a load that ran before the handpiece was used does not make it sterile
    cycle(station, 2, 5, contents="hp1")
    release(station, 2)
    assert [r["used_seq"] for r in station.audit("sterile")] == [mounted]
    started = soon()
    enter(station, "cycle.recorded", sterilizer="A", cycle="3", started=started, program="beads", temperature_c="220",
          exposure_s="10", mechanical="pass", contents="hp1")
    wait_for(lambda: seconds_since(started) > 10, "the end of the cycle", 60)
    release(station, 3)
    assert station.record("Session1", "handpiece.mounted", handpiece="hp1") > mounted
    station.call("Session1", "Abandon", "the client left")
    archive = tmp_path / "archive.db"
    ledger = station.folder / "state/ledger.db"
    subprocess.run([CTL, "--ledger", ledger, "ledger", "archive", archive, "before=2999-01-01"], check=True)
    subprocess.run([CTL, "audit", "verify", archive], check=True)


def mount_refused(station):
    return station.refused("Session1", "Record", "handpiece.mounted", dbus.Dictionary({"handpiece": "hp1"}, signature="sv"),
                           "")[1]


def soon():
    """After everything that is on record."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(time):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(time)).total_seconds()


def test_a_load_that_still_runs_is_not_released(managed):
    register(managed)
    spore_test(managed, "pass", 3)
    enter(managed, "cycle.recorded", sterilizer="A", cycle="1", started=soon(), program="B", temperature_c="134",
          exposure_s="240", mechanical="pass", contents="hp1")
    kind, text = refused(managed, "cycle.released", "2222", sterilizer="A", cycle="1", integrator="pass", chemical="pass")
    assert kind == "InvalidArgument" and "cannot have ended yet" in text


def test_a_retired_steriliser_sterilises_nothing(managed):
    register(managed)
    spore_test(managed, "pass", 9)
    failed = spore_test(managed, "fail", 8)
    enter(managed, "sterilizer.serviced", sterilizer="A", work="retired", done=ago(7), by="M")
    assert [(r["sterilizer"], r["reason"]) for r in managed.audit("due")] == [("A", "failed")]
    spore_test(managed, "pass", 6)
    cycle(managed, 1, 5)
    kind, text = refused(managed, "cycle.released", "2222", sterilizer="A", cycle="1", integrator="pass", chemical="pass")
    assert kind == "InvalidArgument" and "was retired: reject the load" in text
    assert [r["subject"] for r in managed.audit("check", rule="cycle-out-of-service")] == ["A cycle 1"]
    assert failed in [r["seq"] for r in managed.audit("indicators", result="fail")]


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_profile_in_force_is_asked(managed):
    register(managed, 20)
    row, = managed.audit("due")
    assert row["reason"] == "installation"
    spore_test(managed, "pass", 10)
    assert managed.audit("due")[0]["due"] == ago(-20, "")
    # whoever asks cannot choose other figures
    assert managed.audit("due", biological_days=300)[0]["due"] == ago(-20, "")
    managed.stop()
    managed.config.write_text(managed.config.read_text().replace("station = chair-1", "station = chair-1\nprofile = ca-on"))
    managed.start()
    first, second = [r["body"] for r in managed.audit("records", kind="station.started")]
    assert "previous" not in first and second["previous"] == "clean"
    assert (first["rules"]["profile"], second["rules"]["profile"]) == ("us-ca", "ca-on")
    folder = harness.SOURCE / "configs"
    assert second["rules"]["profile_sha256"] == digest(folder / "profiles/ca-on.conf")
    assert first["rules"]["protocols"] == {f.stem: digest(f) for f in (folder / "protocols").glob("*.conf")}
    assert second["rules"]["before_photo_required"] is True and second["rules"]["handpiece_required"] is False
    # Ontario asks for three in a row after the installation
    row, = managed.audit("due")
    assert (row["due"], row["reason"], row["needed"], row["so_far"]) == (ago(20, ""), "installation", 3, 1)
    managed.sign_in("s1", "2222")
    spore_test(managed, "pass", 9)
    spore_test(managed, "pass", 8)
    assert managed.audit("due")[0]["due"] == ago(-6, "")
    asked = [r["body"]["arguments"] for r in managed.audit("records", kind="audit.read") if r["body"]["query"] == "due"]
    assert [a["biological_days"] for a in asked] == [30, 30, 30, 14, 14]


def test_without_its_profile_the_station_is_inert(station):
    station.stop()
    text = station.config.read_text()
    station.config.write_text(text.replace("station = chair-1", "station = chair-1\nprofile = us-xx"))
    station.start()
    wait_for(lambda: "us-xx" in station.get("Station1", "Inert"), "the reason")


def test_a_bad_profile_is_refused_on_reload(station, tmp_path):
    text = station.config.read_text()
    profile = (harness.SOURCE / "configs/profiles/us-ca.conf").read_text().replace("days = 30", "days = 400", 1)
    (tmp_path / "own.conf").write_text(profile)
    changed = text.replace("station = chair-1", "station = chair-1\nprofile = own")
    station.config.write_text(changed.replace(f"{harness.SOURCE}/configs/profiles", str(tmp_path)))
    station.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: "0 to 366" in station.doctor("configuration")[1], "the refusal")
    assert station.get("Station1", "Inert") == "" and "us-ca" in station.doctor("sterilization")[1]


def test_views_for_other_tools(managed):
    register(managed)
    cycle(managed, 1, 3)
    spore_test(managed, "pass", 2)
    release(managed, 1)
    managed.stop()
    with sqlite3.connect(managed.folder / "state/ledger.db") as db:
        text = (harness.SOURCE / "docs/ledger.md").read_text()
        for view, columns in re.findall(r"^\| `(audit_(?:ster|cycle|ind)\w+)` \| ([^|]*) \|$", text, re.M):
            row = db.execute(f"SELECT * FROM {view}")
            assert [c[0] for c in row.description] == [c.split(" ")[0] for c in columns.split(", ")], view
        started, released = db.execute("SELECT started, released FROM audit_cycles").fetchone()
        assert started == ago(3, "T10:00:00.000Z") and released > started
        assert db.execute("SELECT count(*) FROM audit_cycle_items").fetchone() == (2,)
    managed.start()


def test_records_leave_on_their_topic(broker):
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)
    wait_for(lambda: subscriber.subscribed, "the subscription")
    try:
        station.start()
        station.enrol("s1", "2222", "supervisor,technician")
        station.sign_in("s1", "2222")
        register(station)
        spore_test(station, "pass", 4)
        cycle(station, 1, 2)
        release(station, 1)
        failed = spore_test(station, "fail", 1)
        enter(station, "indicator.followed-up", test=str(failed), action="repacked")
        enter(station, "cycle.rejected", sterilizer="A", cycle="1", reason="in doubt")
        enter(station, "sterilizer.serviced", sterilizer="A", work="major-repair", done=ago(1), by="M")
        wanted = {"sterilizer.registered", "indicator.tested", "cycle.recorded", "cycle.released", "cycle.rejected",
                  "indicator.followed-up", "sterilizer.serviced"}
        topic = "stipple/v1/clinic/chair-1/sterilization"
        wait_for(lambda: {m["kind"] for t, m, _ in list(subscriber.messages) if t == topic} == wanted, "the records")
        assert "sterilization" in check_described(subscriber)
    finally:
        station.close()
        subscriber.close()


# ---- from the command line ----

MAPPING = """[file]
separator = semicolon
time = %d.%m.%Y %H:%M %z
pressure = bar
[constants]
sterilizer = A
[columns]
cycle = No.
program = Prog
started = Date + Time + Zone
temperature_c = Temp
exposure_s = Hold
pressure_kpa = P max
mechanical = Result
[values]
pass = OK
fail = ERROR
"""
HEAD = "Date;Time;Zone;No.;Prog;Temp;P max;Hold;Result"


def ctl(station, *words, status=0):
    done = subprocess.run([CTL, *map(str, words)], env=station.environment(), text=True, capture_output=True,
                          timeout=harness.PATIENCE_S, check=False)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def day(days):
    return datetime.date.fromisoformat(ago(days, "")).strftime("%d.%m.%Y")


@pytest.fixture
def table(managed, tmp_path):
    (tmp_path / "map.conf").write_text(MAPPING)
    (tmp_path / "cycles.csv").write_text("\n".join([
        HEAD,
        f"{day(9)};09:12;+0100;7;B 134;134,6;3,13;4:00;OK",
        f"{day(8)};09:12;+0100;8;B 134;134,6;3,13;4:00;ERROR",
        f"{day(8)};10:30;+0100;nine;B 134;134,6;3,13;4:00;OK",
        f"{day(7)};09:12;+0100;7;B 134;134,6;3,13;4:00;OK",
        f"{day(6)};09:12;+0100;10;B 134;134,6;3,13;4:00;OK",
        f"{day(-6)};09:12;+0100;11;B 134;134,6;3,13;4:00;OK"]) + "\n")
    register(managed)
    return ["--map", tmp_path / "map.conf"], tmp_path / "cycles.csv"


def test_a_table_is_imported_once(managed, table):
    mapping, file = table
    out, err = ctl(managed, *mapping, "--dry-run", "sterilizer", "import", file, status=1)
    assert "3 cycles would be recorded, 0 were on record before, 3 rows are bad" in out
    assert f"{file}:7: started " in err and "future" in err, "as the run itself says"
    assert managed.audit("sterilization") == []
    managed.record("Inventory1", "cycle.recorded", sterilizer="A", cycle="10", program="B 134",
                   started=ago(6, "T08:12:00Z"), temperature_c="134.6", pressure_kpa="313", exposure_s="240")
    out, err = ctl(managed, *mapping, "sterilizer", "import", file, status=1)
    assert "2 cycles are on record, 1 were on record before, 3 rows are bad" in out
    assert f"{file}:4: cycle: \"nine\" is no whole number" in err
    assert f"{file}:5: this cycle stands in the table before" in err and f"{file}:7: started " in err and "future" in err
    rows = {r["cycle"]: r for r in managed.audit("sterilization")}
    assert sorted(rows) == [7, 8, 10] and rows[8]["mechanical"] == "fail" and rows[7]["pressure_kpa"] == 313
    assert rows[7]["started"] == ago(9, "T08:12:00.000000Z") and rows[7]["temperature_c"] == 134.6
    assert [r["body"].get("source") for r in managed.audit("records", kind="cycle.recorded")] == [
        None, "cycles.csv:2", "cycles.csv:3"]
    out, err = ctl(managed, *mapping, "--json", "sterilizer", "import", file, status=1)
    *bad, result = [json.loads(line) for line in out.splitlines()]
    assert result == {"recorded": 0, "known": 3, "bad": 3, "dry_run": False} and [b["line"] for b in bad] == [4, 5, 7]
    out, err = ctl(managed, *mapping, "--dry-run", "--json", "sterilizer", "import", file, status=1)
    assert json.loads(out.splitlines()[-1])["known"] == 3
    assert len(managed.audit("sterilization")) == 3


def test_a_table_that_says_something_else_of_a_known_cycle(managed, table):
    mapping, file = table
    ctl(managed, *mapping, "sterilizer", "import", file, status=1)
    file.write_text(file.read_text().replace("B 134;134,6", "B 134;121", 1))
    for words in ([], ["--dry-run"]):
        out, err = ctl(managed, *mapping, *words, "sterilizer", "import", file, status=1)
        assert f"{file}:2: cycle 7 is on record with temperature_c 134.6, not 121" in err
        assert "0 cycles" in out and "2 were on record before, 4 rows are bad" in out
    seq = managed.audit("sterilization")[0]["seq"]
    managed.record("Session1", "record.corrected", "2222", corrects=str(seq), field="temperature_c", old="134.6", new="121",
                   why="misread")
    out, err = ctl(managed, *mapping, "sterilizer", "import", file, status=1)
    assert "3 were on record before, 3 rows are bad" in out


def test_a_table_over_a_repair_that_set_the_counter_back(managed, table):
    """Number 7 comes again: one cycle twice without the repair on record, two cycles with it."""
    mapping, file = table
    lines = file.read_text().splitlines()
    file.write_text("\n".join([HEAD, lines[1], lines[2], lines[4], lines[5]]) + "\n")
    for words in (["--dry-run"], []):
        out, err = ctl(managed, *mapping, *words, "sterilizer", "import", file, status=1)
        assert f"{file}:4: this cycle stands in the table before" in err and out.startswith("3 cycles")
    ctl(managed, "sterilizer", "service", "sterilizer=A", "work=repair", f"done={ago(7, 'T06:00:00Z')}", "by=M", "counter_reset=yes")
    out, err = ctl(managed, *mapping, "--dry-run", "sterilizer", "import", file)
    assert "1 cycles would be recorded, 3 were on record before, 0 rows are bad" in out
    out, err = ctl(managed, *mapping, "sterilizer", "import", file)
    assert "1 cycles are on record, 3 were on record before, 0 rows are bad" in out
    out, err = ctl(managed, *mapping, "sterilizer", "import", file)
    assert "0 cycles are on record, 4 were on record before, 0 rows are bad" in out
    assert sorted((r["cycle"], r["series"]) for r in managed.audit("sterilization")) == [(7, 1), (7, 2), (8, 1), (10, 2)]
    ctl(managed, "sterilizer", "reject", "sterilizer=A", "cycle=7", "series=1", "reason=wet")
    ctl(managed, "sterilizer", "reject", "sterilizer=A", "cycle=7", "reason=wet")
    rejected = [r["cycle"] for r in managed.audit("sterilization") if r["rejected"]]
    assert rejected == [7, 7]
    assert managed.audit("sterilizers")[0]["counter_resets"] == [ago(7, "T06:00:00.000Z")]


def test_a_dry_run_knows_the_sterilisers(managed, table):
    mapping, file = table
    (mapping[1]).write_text(MAPPING.replace("= A", "= Z"))
    for words in ([], ["--dry-run"]):
        out, err = ctl(managed, *mapping, *words, "sterilizer", "import", file, status=1)
        assert "steriliser Z is not on record: register it first" in err and out.startswith("0 cycles")


def test_what_cannot_be_imported(managed, table, tmp_path):
    mapping, file = table
    assert "no column" in ctl(managed, "sterilizer", "import", file, status=1)[1]
    assert "cannot be read" in ctl(managed, "sterilizer", "import", tmp_path / "none.csv", status=1)[1]
    assert "no-such" in ctl(managed, "--map", tmp_path / "no-such", "sterilizer", "import", file, status=1)[1]
    managed.call("Station1", "Logout")
    out, err = ctl(managed, *mapping, "sterilizer", "import", file, status=1)
    assert "signed in" in err and managed.audit("sterilization") == []


def test_every_step_from_the_command_line(managed, tmp_path):
    pin = tmp_path / "pin"
    pin.write_text("2222\n")
    pin.chmod(0o600)
    ctl(managed, "sterilizer", "register", "sterilizer=A", "maker=M", "model=B18", "serial=7", f"installed={ago(9, '')}")
    assert "installation" in ctl(managed, "sterilizer", "due")[0]
    ctl(managed, "sterilizer", "cycle", "sterilizer=A", "cycle=1", "program=B", f"started={ago(8, 'T11:00:00+01:00')}",
        "temperature_c=134.2", "exposure_s=240", "contents=hp1,hp2", "mechanical=pass")
    assert "class V integrator" in ctl(managed, "--pin-file", pin, "sterilizer", "release", "sterilizer=A", "cycle=1",
                                       status=1)[1]
    released = ["--pin-file", pin, "sterilizer", "release", "sterilizer=A", "cycle=1", "integrator=pass", "chemical=pass"]
    assert "since its installation" in ctl(managed, *released, status=1)[1]
    ctl(managed, "sterilizer", "indicator", "sterilizer=A", "lot=BI8", "expiry=2031-01-31", "control=growth", "result=pass",
        "incubation_h=24", f"tested={ago(9, 'T08:00:00Z')}")
    ctl(managed, *released)
    out, err = ctl(managed, "--json", "sterilizer", "indicator", "sterilizer=A", "lot=BI9", "expiry=2031-01-31",
                   "control=growth", "result=fail", "incubation_h=24", "cycle=1")
    test = json.loads(out)["record"]
    assert {r["handpiece"] for r in managed.audit("doubt")} == {"hp1", "hp2"}
    ctl(managed, "sterilizer", "follow-up", f"test={test}", "action=repacked", "items=hp1,hp2", "notified=county")
    ctl(managed, "sterilizer", "reject", "sterilizer=A", "cycle=1", "reason=in doubt")
    ctl(managed, "sterilizer", "service", "sterilizer=A", "work=major-repair", f"done={ago(1)}", "by=Maker")
    row, = [json.loads(line) for line in ctl(managed, "--json", "sterilizer", "due")[0].splitlines()]
    assert row["reason"] == "failed"
    assert [r["rule"] for r in [json.loads(line) for line in ctl(managed, "--json", "audit", "check")[0].splitlines()]
            if r["rule"] in ("follow-up", "biological")] == ["biological"]
    assert ctl(managed, "sterilizer", "cycle", "sterilizer=A", status=2)


def test_a_figure_that_cannot_be_is_refused(managed, table):
    words = ["sterilizer=A", "cycle=1", "program=B", f"started={ago(8)}"]
    for figures, says in ((["temperature_c=-4", "exposure_s=240"], "temperature_c must be 0 to 220 C, not -4: check the figure"),
                          (["temperature_c=273.2", "exposure_s=240"], "not 273.2"),
                          (["temperature_c=134", "exposure_s=-1"], "exposure_s must be 0 to 172800 s, not -1"),
                          (["temperature_c=134", "exposure_s=240", "pressure_kpa=30400"], "pressure_kpa must be -101 to 1000 kPa")):
        assert says in ctl(managed, "sterilizer", "cycle", *words, *figures, status=1)[1]
    assert "incubation_h must be 0 to 720 h, not -24" in ctl(
        managed, "sterilizer", "indicator", "sterilizer=A", "lot=BI9", "expiry=2031-01-31", "control=growth", "result=pass",
        "incubation_h=-24", f"tested={ago(1)}", status=1)[1]
    mapping, file = table
    file.write_text(f"{HEAD}\n{day(9)};09:12;+0100;7;B 134;134,6;3,13;4:00;OK\n{day(8)};09:12;+0100;8;B 134;-4;3,13;4:00;OK\n")
    for words in (["--dry-run"], []):
        out, err = ctl(managed, *mapping, *words, "sterilizer", "import", file, status=1)
        assert f"{file}:3: temperature_c must be 0 to 220 C, not -4: check the figure" in err
        assert out.startswith("1 cycles ") and "1 rows are bad" in out
    assert [row["cycle"] for row in managed.audit("sterilization")] == [7]


def test_how_long_records_are_kept(managed):
    rows = {row["records"]: row for row in managed.audit("retention")}
    assert set(rows) == {"sterilization", "needles", "pigments", "sessions", "operators", "incidents"}
    assert rows["needles"]["days"] == 90 and rows["sterilization"]["days"] == 3 * 366
    assert rows["operators"]["oldest"] and rows["operators"]["expired"] == 0
    assert rows["incidents"]["oldest"] is None and rows["incidents"]["expired"] == 0
