# SPDX-License-Identifier: Apache-2.0
"""A sign-in belongs to the connection that signed in, and to those that present its token."""

import json
import os
import pty
import pwd
import signal
import subprocess

import dbus
import pytest

import contract
import harness
from harness import BUILD, wait_for

CTL = BUILD / "ctl/stipplectl"
ME = pwd.getpwuid(os.getuid()).pw_name
# What is done in nobody's name: reading, stopping, hearing and seeing an alarm, and what proves itself who asks.
ANYBODYS = {("Station1", "Login"), ("Station1", "Present"), ("Station1", "EnrolFirst"), ("Station1", "SelfTest"),
            ("Station1", "Doctor"), ("Station1", "AcknowledgeAlarm"), ("Station1", "TestSound"), ("Station1", "ReportSound"),
            ("Session1", "ConsentTexts"), ("Session1", "Refusals"), ("Session1", "Disarm"), ("Session1", "Pause"),
            ("Inventory1", "ParseCode"), ("Inventory1", "HeldUnits")} | {("Audit1", name) for name in contract.read("Audit1")[1]["methods"]}


def example(signature):
    values = {"s": "x", "u": dbus.UInt32(1), "t": dbus.UInt64(1), "b": False, "a{sv}": dbus.Dictionary(signature="sv"),
              "a{sb}": dbus.Dictionary(signature="sb"), "ay": dbus.ByteArray(b"x"), "as": dbus.Array(["x"], signature="s")}
    return dbus.types.UnixFd(0) if signature == "h" else values[signature]


@pytest.fixture(scope="module")
def prepared():
    station = harness.Station()
    try:
        station.start()
        station.prepare()
        yield station
        station.stop()
    finally:
        station.close()


@pytest.fixture
def pin(tmp_path):
    file = tmp_path / "pin"
    file.write_text("4711\n")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("interface, method, signature",
                         [m for m in contract.methods() if m[:2] not in ANYBODYS])
def test_nobody_else_acts_in_its_name(prepared, interface, method, signature):
    stranger, before = prepared.connect(), prepared.records()
    name, text = prepared.refused(interface, method, *map(example, signature), connection=stranger)
    assert name == "NotYourSignIn" and "stipplectl login" in text
    assert prepared.records() == before
    assert prepared.get("Station1", "Operator") == "b1001" and prepared.get("Session1", "State") == "preparing"
    stranger.close()


def test_another_connection_arms_with_the_token_alone(prepared):
    other = prepared.connect()
    assert prepared.refused("Session1", "Arm", connection=other)[0] == "NotYourSignIn"
    wrong = ("0" if prepared.token[0] != "0" else "1") + prepared.token[1:]
    for token in ("", "x", wrong, prepared.token[:-1], prepared.token + "0", prepared.token.upper() + " "):
        assert prepared.refused("Station1", "Present", token, connection=other)[0] == "NotYourSignIn"
        assert prepared.refused("Session1", "Arm", connection=other)[0] == "NotYourSignIn"
    prepared.share_sign_in(other)
    prepared.call("Session1", "Arm", connection=other)
    assert prepared.call("Station1", "Token", connection=other) == prepared.token
    prepared.call("Session1", "Disarm", connection=other)
    other.close()
    assert prepared.get("Station1", "Operator") == "b1001", "only its holder's end signs out"


def test_a_token_ends_with_its_sign_in(station):
    station.enrol()
    station.sign_in()
    old, other = station.token, station.share_sign_in(station.connect())
    station.call("Station1", "Logout", connection=other)
    assert station.refused("Session1", "Begin", "P-1", "scalp-density", dbus.UInt32(1), connection=other)[0] == "NotSignedIn"
    assert station.refused("Station1", "Token")[0] == "NotSignedIn"
    station.sign_in()
    assert station.token != old
    assert station.refused("Station1", "Present", old, connection=other)[0] == "NotYourSignIn"
    assert station.refused("Session1", "Begin", "P-1", "scalp-density", dbus.UInt32(1), connection=other)[0] == "NotYourSignIn"


def test_what_a_stranger_may_do_is_not_put_on_who_is_signed_in(prepared):
    stranger = prepared.connect()
    prepared.call("Session1", "Pause", connection=stranger)
    prepared.call("Session1", "Resume")
    states = [(r["actor"], r["body"]["user"], r["body"]["event"]) for r in prepared.audit("records", kind="session.state")]
    assert states[-2:] == [("station", ME, "pause"), ("b1001", ME, "resume")]
    stranger.close()


def test_records_name_the_callers_user(prepared):
    made = {r["kind"]: r["body"] for r in prepared.audit("records")}
    for kind in ("operator.enrolled", "operator.certified", "operator.signed-in", "lot.received", "session.begun",
                 "session.screening", "session.consent", "session.zone", "needle.claimed", "pigment.loaded",
                 "image.captured"):
        assert made[kind]["user"] == ME, kind
    assert "user" not in made["station.started"]
    assert prepared.refused("Station1", "Record", "operator.certified", dbus.Dictionary(
        {"badge": "b1001", "certificate": "c", "issuer": "i", "expiry": "2031-01-01", "user": "somebody"},
        signature="sv"), "")[0] in ("InvalidArgument", "RoleMissing")


# ---- the tool hands it on ----

def test_a_command_shares_it(station, pin):
    station.enrol()
    script = (f'{CTL} session begin P-1 scalp-density 1 new && {CTL} --json status | grep -q b1001 && '
              'tr "\\0" " " </proc/$PPID/cmdline && test ${#STIPPLE_TOKEN} = 32 && echo "$STIPPLE_TOKEN"')
    done = subprocess.run([CTL, "--pin-file", pin, "login", "b1001", "--", "sh", "-c", script], text=True, check=True,
                          env=station.environment(), capture_output=True, timeout=harness.PATIENCE_S)
    *said, token = done.stdout.split("\n")[:-1]
    assert "session 1 has begun" in said and token not in "".join(said)
    wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")
    refused = subprocess.run([CTL, "session", "abandon", "x"], env=dict(station.environment(), STIPPLE_TOKEN=token),
                             text=True, capture_output=True, check=False)
    assert refused.returncode == 1 and "nobody is signed in" in refused.stderr


def test_a_shell_shares_it(station, pin):
    station.enrol()
    ours, its = pty.openpty()
    env = dict(station.environment(), SHELL="/bin/sh", PS1="", ENV="")
    with subprocess.Popen([CTL, "--pin-file", pin, "login", "b1001"], stdin=its, stdout=its, stderr=its, env=env,
                          start_new_session=True) as login:
        os.close(its)
        heard = b""
        while b"exit signs out" not in heard:
            heard += os.read(ours, 4096)
        os.write(ours, f"{CTL} session begin P-1 scalp-density 1 new\n".encode())
        wait_for(lambda: station.get("Session1", "Session") == 1, "the session")
        assert subprocess.run([CTL, "session", "abandon", "x"], env=env, capture_output=True, check=False).returncode == 1
        os.write(ours, b"exit\n")
        login.wait(harness.PATIENCE_S)
    os.close(ours)
    wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")


def ended(process):
    """Whether it is gone, or only waits for its parent to take note of that."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_does_not_outlive_it(station, pin, tmp_path):
    station.enrol()
    file = tmp_path / "pid"
    with subprocess.Popen([CTL, "--pin-file", pin, "login", "b1001", "--", "sh", "-c",
                           f"echo $$ >{file}.new; mv {file}.new {file}; exec sleep 600"],
                          env=station.environment(), stdout=subprocess.DEVNULL) as login:
        wait_for(file.exists, "the command")
        command = int(file.read_text())
        login.send_signal(signal.SIGKILL)
    wait_for(lambda: ended(command), "the command to end")
    wait_for(lambda: station.get("Station1", "Operator") == "", "the sign-out")


def test_the_tool_says_whose_it_is(prepared):
    env = dict(prepared.environment(), STIPPLE_TOKEN="")
    done = subprocess.run([CTL, "session", "resume"], env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "signed in with another program" in done.stderr
    shared = subprocess.run([CTL, "--json", "session", "check"], env=prepared.environment(), text=True,
                            capture_output=True, check=False)
    assert [json.loads(line)["id"] for line in shared.stdout.splitlines()] == []
