# SPDX-License-Identifier: Apache-2.0
"""The command-line tool: its words, its exit status, its JSON, and a session by it alone."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import threading

import dbus
import pytest

import harness
from harness import BUILD, GTIN, SOURCE, wait_for

CTL = BUILD / "ctl/stipplectl"
QUESTIONS = ("keloids herpes-simplex inflamed-skin pigment-allergy numbing-cream-allergy eczema psoriasis vitiligo "
             "minoxidil-this-week pregnancy herpes-at-site diabetes latex-allergy antibiotic-allergy bleeding-disorder "
             "heart-valve-disease medication bloodborne-risk").split()


@pytest.fixture
def pin(tmp_path):
    file = tmp_path / "pin"
    file.write_text("4711\n5822\n")
    file.chmod(0o600)
    return file


def run(station, *words, status=0, stdin=""):
    """Its standard output, and what it said on standard error when it was to fail."""
    done = subprocess.run([CTL, *map(str, words)], env=station.environment(), input=stdin, text=True,
                          capture_output=True, timeout=harness.PATIENCE_S, check=False)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr if status else done.stdout


def run_json(station, *words, status=0):
    lines = run(station, "--json", *words, status=status).splitlines()
    return [json.loads(line) for line in lines]


class Running:
    """The tool while it runs, and the lines it has said."""

    def __init__(self, station, *words):
        self.process = subprocess.Popen([CTL, *map(str, words)], env=station.environment(), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")))
        self.reader.start()

    def read(self):
        return "".join(self.lines)

    def end(self, number):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        status = self.process.wait(harness.PATIENCE_S)
        self.reader.join()
        self.process.stdout.close()
        self.error = self.process.stderr.read()
        self.process.stderr.close()
        return status


class SignedIn(Running):
    """Somebody who is signed in by the tool, whose token all that runs meanwhile has."""

    def __init__(self, station, folder, pin, badge):
        file = folder / "token"
        file.unlink(missing_ok=True)
        super().__init__(station, "--pin-file", pin, "login", badge, "--", "sh", "-c",
                         f'printf %s "$STIPPLE_TOKEN" >{file}.new; mv {file}.new {file}; exec sleep 600')
        wait_for(file.exists, "the sign-in")
        station.token = file.read_text()


def commands():
    """(words, arguments, what it does) of every command that --help lists."""
    text = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^  ([a-z]\S*(?: [a-z-]+(?=[ \n]))?) ?(.*)\n        (\S.*)$", text, re.M)
    assert len(found) == text.split("\nOptions:")[0].count("\n        ")
    return found


COMMANDS = commands()


class Nobody:
    """A bus without the daemon."""

    def __init__(self):
        self.station = harness.Station()

    def __enter__(self):
        return self.station

    def __exit__(self, *a):
        self.station.close()


# ---- words ----

def test_help_and_version():
    for option in ("--help", "-h"):
        done = subprocess.run([CTL, option], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("Usage: stipplectl [OPTION]") and done.stderr == ""
    version = subprocess.run([CTL, "--version"], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"stipplectl \d+\.\d+\.\d+\n", version)
    page = (SOURCE / "docs/man/stipplectl.1").read_text().replace("\\-", "-")
    for words, _, _ in COMMANDS:
        assert re.search(rf'\.(B|BI|BR) .*"?{words.split()[-1]}\b', page), f"the man page lacks {words}"


def arity(arguments):
    """How many words a command takes at least."""
    words = re.sub(r"\[[^]]*\](\.\.\.)?", "", arguments).split()
    return len(words)


def test_usage_errors_exit_with_2():
    with Nobody() as station:
        for words, arguments, _ in COMMANDS:
            least = arity(arguments)
            if least > 0:
                text = run(station, *words.split(), *["x"] * (least - 1), status=2)
                assert text.startswith(f"stipplectl: {words} takes: ") and "--help" in text
            if "..." not in arguments:
                most = least + arguments.count("[")
                text = run(station, *words.split(), *["x"] * (most + 1), status=2)
                assert f"{words} takes: " in text
        for words in ([], ["dance"], ["session"], ["session", "dance"], ["needle"], ["--dance", "status"],
                      ["status", "--bus"]):
            assert "stipplectl" in run(station, *words, status=2)


def test_words_that_cannot_be_meant_exit_with_2(station):
    for words in ("session begin P-1 scalp-density first", "session begin P-1 scalp-density -1",
                  "session begin P-1 scalp-density 99999999999", "session screening keloids",
                  "session screening keloids=perhaps", "session consent treatment 1 taken",
                  "session zone crown normal large", "needle receive L1 2 3 4 5", "audit records from"):
        assert "stipplectl" in run(station, *words.split(), status=2)
    assert station.get("Session1", "State") == "idle"


ON_FILES = {"audit verify", "audit witness", "audit export", "ledger backup", "ledger restore", "ledger archive",
            "ledger clear-damage", "audit stations", "audit findings", "audit registry"}


def test_without_daemon_every_command_names_the_next_step(pin, tmp_path):
    table = tmp_path / "cycles.csv"
    table.write_text("sterilizer,cycle,program,started,temperature_c,exposure_s\nA,1,B,2026-03-02T10:00:00Z,134,240\n")
    fitting = {"session begin": "P-1 scalp-density 1", "session client": "P-1 scalp-density 1", "session screening": "keloids=no",
               "session consent": "treatment 1", "session zone": "crown normal 100",
               "needle receive": "lot=L expiry=2031-01-01 quantity=1 product=P maker=M", "audit": "records", "needle mount": "L1",
                   "needle certificate": "/dev/null lot=L", "pigment sheet": "/dev/null brand=B", "needle dispose": "container=C unit=U", "needle damage": "reason=R code=C",
                   "needle distinct": "other=U reason=R code=C",
               "audit prove": "1", "enrol": "b1001 Ada technician", "report": "1 -o report.pdf", "session copy": "1 -o copy.pdf", "person export": "P-1 -o export", "person passport": "P-1 -o passport.pdf", "incident form": "1 -o form.pdf", "label units": "L -o l.pdf", "label reprint": "L first=1 reason=R -o l.pdf", "label pack": "A 1 -o l.pdf", "audit report": "-o report.pdf", "sterilizer import": str(table),
               "stock move": "--to chair-2 CODE"}
    with Nobody() as station:
        for words, arguments, _ in COMMANDS:
            pairs = " ".join(f"{key}=x" for key in re.findall(r"(?<!\[)\b(\w+)=", arguments))
            given = fitting.get(words, pairs or "x " * arity(arguments)).split()
            # these need no daemon, or read their file before they ask it
            if words in ("needle parse", "recall import") or words in ON_FILES:
                continue
            text = run(station, "--pin-file", pin, *words.split(), *given, status=1)
            assert text == "stipplectl: stippled is not running: start it with `systemctl start stippled`\n", words
        text = run(station, "--bus", f"unix:path={station.folder}/none", "status", status=1)
        assert "cannot be reached" in text and "is dbus running?" in text


def test_whom_the_bus_keeps_out_is_told_whom_to_ask():
    station = harness.Station(bus_policy=harness.OPEN_POLICY +
                              f'<policy context="mandatory"><deny send_destination="{harness.NAME}"/></policy>')
    try:
        station.start(expect_ready=False)
        harness.wait_for(lambda: station.connect().name_has_owner(harness.NAME), "the daemon")
        for words in ("status", "doctor", "session arm", "audit records", "login b1001 -- true"):
            text = run(station, *words.split(), status=1, stdin="4711\n")
            assert "is not allowed to you: ask the station's administrator" in text, text
            assert "Rejected" not in text
        station.stop()
    finally:
        station.close()


# ---- listings ----

def needs(station, query):
    """The arguments that a query cannot do without: it says which one is missing."""
    done = subprocess.run([CTL, "audit", query], env=station.environment(), text=True, capture_output=True, check=False)
    return re.findall(r"(\w+) is needed", done.stderr)


def test_json_of_every_listing(station, pin):
    station.prepare()
    text, listed = run(station, "audit", "list"), run_json(station, "audit", "list")
    names = re.findall(r"^\S+", text, re.M)
    assert [row["query"] for row in listed] == names
    assert "\nlot\n  asks for: lot (needed), gtin\n  answers: " in text
    assert next(row for row in listed if row["query"] == "consents")["arguments"][:2] == ["from", "to"]
    values = {"lot": "L1", "unit": station.get("Session1", "Unit"), "session": 1, "subject": "P-0001", "badge": "b1001"}
    for name in names:
        needed = [f"{key}={values[key]}" for key in needs(station, name)]
        rows = run_json(station, "audit", name, *needed)
        assert all(isinstance(row, dict) for row in rows), name
        for_people = run(station, "audit", name, *needed).splitlines()
        assert len(for_people) - len(rows) in ((1, 2) if rows else (0,)), name  # names, and that it was read
    assert {r["kind"] for r in run_json(station, "audit", "records", "limit=5")} & {"station.started"}
    status, = run_json(station, "status")
    assert status["State"] == "preparing" and status["BoardConnected"] is True and status["Dots"] == 0
    assert {c["check"] for c in run_json(station, "doctor")} >= {
        "configuration", "board", "lines", "ledger", "disk", "clock", "camera", "broker", "permissions"}
    assert run_json(station, "session", "check") == []
    code, = run_json(station, "needle", "parse", f"(01){GTIN}(17)311231(10)L1(21)A17")
    assert code["serial"] == "A17" and code["lot"] == "L1"
    station.call("Station1", "Logout")
    refusal, = run_json(station, "session", "check", status=1)
    assert refusal["id"] == "operator" and refusal["error"].startswith("org.stipple.Error.")


def test_rows_as_csv(station, pin):
    station.prepare()
    station.call("Session1", "RemoveNeedle", 'dull, "bent"')
    rows = run_json(station, "audit", "records")
    parsed = list(csv.DictReader(io.StringIO(run(station, "--csv", "audit", "records"))))[:len(rows)]
    assert [row["seq"] for row in parsed] == [str(row["seq"]) for row in rows]
    assert list(parsed[0]) == list(rows[0])
    assert [json.loads(row["body"]) for row in parsed] == [row["body"] for row in rows], "quotes and commas survive"
    assert run(station, "--csv", "audit", "faults") == "seq,time,kind,actor,session,cause,board_fault,detail,note,signed,corrected\n"
    unit, = csv.DictReader(io.StringIO(run(station, "--csv", "audit", "unit", f"(01){GTIN}(21)A17")))
    assert unit["lot"] == "L1" and unit["chip"] == ""


def test_columns_for_people_are_lined_up(station):
    station.prepare()
    lines = run(station, "audit", "records").splitlines()
    kind = lines[0].index("kind")
    assert all(line[kind - 1] == " " and line[kind] != " " for line in lines)


def test_people_read_figures_and_programs_keep_them(station):
    station.enrol("s1", "2222", "supervisor,technician,auditor")
    station.sign_in("s1", "2222")
    station.record("Inventory1", "sterilizer.registered", sterilizer="A", maker="M", model="B", serial="7",
                   installed="2026-01-01")
    station.record("Inventory1", "cycle.recorded", sterilizer="A", cycle="1", started="2026-02-01T10:00:00Z", program="B",
                   temperature_c="134.123456789012", exposure_s="240")
    read = run(station, "audit", "sterilization")
    assert "134.123 " in read and "134.1234" not in read
    assert "134.123456789012" in run(station, "--csv", "audit", "sterilization")
    assert run_json(station, "audit", "sterilization")[0]["temperature_c"] == 134.123456789012


def test_what_a_query_is_about_needs_no_key(station):
    station.prepare()
    one, two = (run_json(station, "audit", "recall", *words) for words in (["L1"], ["lot=L1"]))
    assert one == two and {row["what"] for row in one} == {f"(01){GTIN}(21)A17"}
    pigment, = run_json(station, "audit", "recall", "PG7")
    assert (pigment["item"], pigment["subject"], pigment["session"]) == ("pigment", "P-0001", 1)
    kinds = [row["kind"] for row in run_json(station, "audit", "timeline", "1")]
    assert "needle.claimed" in kinds and "audit.read" not in kinds
    assert "needle.claimed" in [row["kind"] for row in run_json(station, "audit", "timeline", "from=2020-01-01")]
    assert run_json(station, "audit", "records", "to=2020-01-01") == []
    today = run_json(station, "audit", "sign-ins")[0]["time"][:10]
    assert run_json(station, "audit", "records", f"from={today}", f"to={today}", "limit=1")[0]["seq"] == 1
    assert "no time" in run(station, "audit", "records", "from=yesterday", status=1)


def test_status_and_doctor_for_people(station):
    text = run(station, "status")
    assert re.search(r"^State +idle$", text, re.M) and re.search(r"^BoardConnected +true$", text, re.M)
    lines = run(station, "doctor").splitlines()
    link, = (line for line in lines if " link " in line)
    frames, damaged = re.search(r"(\d+) frames exchanged, (\d+) damaged, \d+ repeated", link).groups()
    assert int(frames) > int(damaged) == 0
    assert len(lines) >= 9 and all(re.match(r"(good|WARN|BAD )  [a-z-]+ +\S", line) for line in lines)
    station.sim("estop press")
    wait_for(lambda: station.get("Station1", "EmergencyStop"), "the emergency stop")
    line, = (line for line in run(station, "doctor").splitlines() if "lines" in line)
    assert line.startswith("WARN") and "release them" in line
    (station.folder / "state").chmod(0o777)
    line, = (line for line in run(station, "doctor").splitlines() if "permissions" in line)
    assert line.startswith("WARN") and "chmod 0750" in line
    station.sim("vanish 3000")
    wait_for(lambda: not station.get("Station1", "BoardConnected"), "the board to vanish")
    bad = [line for line in run(station, "doctor", status=1).splitlines() if line.startswith("BAD")]
    assert "check cable, power" in "\n".join(bad)


# ---- monitor ----

def test_monitor_shows_changes_as_they_happen(station):
    for number, options in ((signal.SIGINT, []), (signal.SIGTERM, ["--json"])):
        monitor = Running(station, *options, "monitor")
        says = (lambda key, value: f'{{"{key}":{value}}}\n') if options else (lambda key, value: f"{key} = {value}\n")
        wait_for(lambda: says("Pedal", "false") in monitor.read(), "what holds now")
        station.sim("pedal down")
        wait_for(lambda: says("Pedal", "true") in monitor.read(), "the pedal")
        station.sim("pedal up")
        wait_for(lambda: monitor.read().count(says("Pedal", "false")) >= 2, "the pedal's release")
        assert monitor.end(number) == 0 and monitor.error == ""
        if options:
            assert all(json.loads(line) for line in monitor.lines)


def test_monitor_shows_alerts_and_a_daemon_that_comes_back(station):
    monitor, plain = Running(station, "--json", "monitor"), Running(station, "monitor")
    wait_for(lambda: "Pedal" in monitor.read() and "Pedal" in plain.read(), "what holds now")
    station.config.write_text(station.config.read_text().replace("realtime = no", "realtime = perhaps"))
    station.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: '"Alert":"reload-refused"' in monitor.read(), "the alert")
    wait_for(lambda: "alert reload-refused: the old one is in force" in plain.read(), "the alert")
    station.config.write_text(station.config.read_text().replace("realtime = perhaps", "realtime = no"))
    station.stop()
    wait_for(lambda: '{"Running":false}' in monitor.read(), "the daemon's end")
    station.start()
    wait_for(lambda: '{"Running":true}' in monitor.read() and "Running = true" in plain.read(), "the daemon's return")
    station.wait_board()
    wait_for(lambda: monitor.read().count('{"BoardConnected":true}') >= 2, "its board")
    assert monitor.end(signal.SIGINT) == 0 and plain.end(signal.SIGINT) == 0


def test_monitor_ends_when_nobody_reads(station):
    reader, writer = os.pipe()
    with subprocess.Popen([CTL, "monitor"], env=station.environment(), stdout=writer,
                          stderr=subprocess.PIPE) as monitor:
        os.close(writer)
        assert os.read(reader, 1)
        os.close(reader)
        assert monitor.wait(harness.PATIENCE_S) == 0
        assert monitor.stderr.read() == b""


# ---- people ----

def test_the_sign_in_ends_with_its_process(station, pin):
    station.enrol()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        login = Running(station, "--pin-file", pin, "login", "b1001")
        wait_for(lambda: "signed in as Ada Example" in login.read(), "the sign-in")
        assert station.get("Station1", "Operator") == "b1001"
        status = login.end(number)
        assert status == (-number if number == signal.SIGKILL else 0)
        wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")
    own = [r for r in station.audit("sign-ins") if r["badge"] == "b1001"]
    assert [r["kind"] for r in own] == ["operator.signed-in", "operator.signed-out"] * 3


def test_the_sign_in_lasts_as_long_as_its_command(station, pin):
    station.enrol()
    out = run(station, "--pin-file", pin, "login", "b1001", "--", CTL, "--json", "status")
    assert json.loads(out.splitlines()[-1])["Operator"] == "b1001"
    wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")
    run(station, "--pin-file", pin, "login", "b1001", "--", "sh", "-c", "exit 7", status=7)
    assert "No such file" in run(station, "--pin-file", pin, "login", "b1001", "--", "no-such-program", status=1)


def test_a_sign_in_says_when_the_daemon_takes_it_along(station, pin):
    station.enrol()
    login = Running(station, "--pin-file", pin, "login", "b1001")
    wait_for(lambda: "signed in" in login.read(), "the sign-in")
    station.stop()
    assert login.wait() == 1
    assert login.error == "stipplectl: stippled has left, and the sign-in with it: sign in again\n"


def test_pins(station, tmp_path, pin):
    station.enrol()
    assert "cannot be read: No such file" in run(station, "--pin-file", tmp_path / "none", "login", "b1001", status=1)
    for mode in (0o640, 0o604, 0o620, 0o644):
        pin.chmod(mode)
        assert f"is open to group or others (mode 0{mode:o})" in run(station, "--pin-file", pin, "login", "b1001", status=1)
    pin.chmod(0o600)
    assert "no PIN was given" in run(station, "login", "b1001", status=1)
    assert "do not belong together" in run(station, "login", "b1001", status=1, stdin="1234\n")
    assert run(station, "login", "b1001", "--", "true", stdin="4711\n").startswith("signed in as Ada Example")


def test_a_session_by_the_command_line_alone(station, pin, tmp_path):
    def ctl(line, *more, **keywords):
        return run(station, "--pin-file", pin, *line.split(), *more, **keywords)

    chief = tmp_path / "chief"
    chief.write_text("9753\n")
    chief.chmod(0o600)
    assert "no administrator" in ctl("enrol b1001", "Ada Example", "technician,auditor", status=1)
    assert "not the enrolment code" in ctl("--code AAAA-BBBB-CCCC enrol root", "Alma Example", status=1)
    assert ctl("--code", station.enrolment_code().lower(), "--pin-file", chief, "enrol", "root",
               "Alma Example") == "Alma Example enrolled with badge root\n"
    login = SignedIn(station, tmp_path, chief, "root")
    ctl("enrol b1001", "Ada Example", "technician,auditor")
    ctl("operator certify badge=b1001 issuer=I expiry=2031-05-31", "certificate=bloodborne pathogens")
    login.end(signal.SIGTERM)
    wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")
    login = SignedIn(station, tmp_path, pin, "b1001")
    assert "lot L1 is on record" in ctl(
        f"needle receive lot=L1 gtin={GTIN} expiry=2031-12-31 quantity=20 product=1RL maker=Maker certificate=EO-4711")
    assert ctl("self-test") == "all parts of the board passed\n"
    assert ctl("session begin P-0001 scalp-density 1 new") == "session 1 has begun\n"
    assert "client P-0001 is not registered" in ctl("session check", status=1)
    assert "the subject is on record" in ctl("subject register subject=P-0001 birth_date=1980-05-17", "name=Rosa Muster")
    assert "Rosa Muster" in ctl("subject show P-0001")
    ctl("session screening", *[f"{question}=no" for question in QUESTIONS])
    ctl("session consent treatment 2026-1")
    ctl("session consent photographs 2026-1")
    ctl("session zone crown normal 1500")
    assert "needle" in ctl("session check", status=1)
    code = f"]d201{GTIN}17311231" + "10L1\x1d21A17"
    assert "A17" in ctl("needle mount", code)
    ctl("pigment load Brand black-3 PG7 2031-01-31")
    assert "sha256" in ctl("capture crown before") and "file" in ctl("--json capture crown before")
    assert ctl("session check") == "nothing stands against arming\n"
    ctl("session pause")
    ctl("session resume")
    assert ctl("session arm") == "armed: the pedal starts the needle\n"
    station.sim("pedal down")
    wait_for(lambda: json.loads(ctl("--json status"))["Strokes"] >= 200, "strokes")
    station.sim("estop press")
    station.wait_state("fault")
    station.sim("estop release")
    station.sim("pedal up")
    wait_for(lambda: not station.get("Station1", "Pedal"), "the pedal")
    ctl("acknowledge", "the client moved")
    ctl("needle remove dull")
    assert "was used on" in ctl("needle mount", code, status=1)
    ctl("capture crown after")
    figures = json.loads(ctl("--json session finish"))
    assert figures["strokes"] == station.sim("status")["strokes"] > 0
    assert ctl("session sign", "treatment done") == "signed\n"
    session, = (json.loads(line) for line in ctl("--json audit sessions").splitlines())
    assert session["outcome"] == "signed"
    assert station.get("Session1", "State") == "idle" and "is idle" in ctl("session abandon late", status=1)
    ctl("logout")
    assert station.get("Station1", "Operator") == ""
    login.end(signal.SIGTERM)


def test_people_by_the_command_line_alone(station, tmp_path):
    def ctl(line, *more, pins="9753", **keywords):
        file = tmp_path / "pins"
        file.write_text(pins.replace(" ", "\n") + "\n")
        file.chmod(0o600)
        return run(station, "--pin-file", file, *line.split(), *more, **keywords)

    def as_root(line, *more, **keywords):
        login = SignedIn(station, tmp_path, chief, "root")
        try:
            return ctl(line, *more, **keywords)
        finally:
            login.end(signal.SIGTERM)
            wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")

    chief = tmp_path / "chief"
    chief.write_text("9753\n")
    chief.chmod(0o600)
    station.enrol()
    station.sign_in()
    assert "record, number" in ctl("subject register subject=P-1 phototype=II born=1980", "name=Rosa Muster")
    ctl("subject plan subject=P-1 protocol=scalp-density sessions=3 interval_days=20")
    ctl("incident report incident=complication severity=minor text=bled subject=P-1")
    registered, = run_json(station, "audit", "records", "kind=subject.registered")
    assert "is not what `old` says" in ctl(f"record correct corrects={registered['seq']} field=born old=1 new=1981 why=mistyped",
                                 pins="4711", status=1)
    ctl(f"record correct corrects={registered['seq']} field=born old=1980 new=1981 why=mistyped", pins="4711")
    assert "not enrolled as supervisor" in ctl("session override interlock=interval reason=late", pins="4711", status=1)
    assert "valid from now on" in ctl("operator pin", pins="4711 8888")
    ctl("logout")
    station.sign_in("b1001", "8888")
    ctl("logout")
    as_root("operator pin b1001", pins="9753 6666")
    as_root("operator roles badge=b1001 roles=technician,supervisor")
    as_root("operator revoke badge=b1001", "reason=left the clinic")
    as_root("person erase badge=b1001", "reason=asked for it", "despite=the person insists")
    assert "give one of" in as_root("person erase badge=b1001 subject=P-1 reason=x", status=1)
    as_root("person erase subject=P-1", "reason=asked for it", "despite=the person insists")
    subject, = run_json(station, "audit", "subjects")
    operator = next(row for row in run_json(station, "audit", "operators") if row["badge"] == "b1001")
    assert (subject["name"], operator["name"], operator["state"]) == (None, None, "revoked")
    assert run_json(station, "audit", "corrections")[0]["new"] == "", "the year of birth is erased with the card"


# ---- completion ----

def complete(*words):
    script = (f"source {SOURCE}/ctl/stipplectl.bash-completion; compopt() {{ :; }}; stipplectl() {{ :; }}; "
              'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stipplectl; printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", script, "bash", "stipplectl", *words], capture_output=True, text=True,
                          check=True).stdout.split()


def test_completion_knows_every_command():
    groups = {}
    for words, _, _ in COMMANDS:
        first, *rest = words.split()
        groups.setdefault(first, set()).update(rest)
    assert {word for word in complete("") if not word.startswith("-")} == set(groups)
    for first, rest in groups.items():
        if rest:
            assert set(complete(first, "")) - {"list"} == rest, first
    text = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout
    assert {word for word in complete("-")} == set(re.findall(r"--[a-z0-9-]+(?=  | [A-Z])", text.split("\nOptions:")[1]))
    assert complete("sess") == ["session"] and complete("--pin-file", "x", "needle", "mo") == ["mount"]
    assert "crown" in complete("capture", "c") and complete("capture", "crown", "b") == ["before"]
    assert complete("session", "zone", "crown", "at") == ["atrophic"]
