# SPDX-License-Identifier: Apache-2.0
"""The worked example of HACKING.md: a kind that people enter takes one file, and is then everywhere."""

import json
import os
import re
import shutil
import subprocess
import textwrap

import dbus
import jsonschema
import pytest
import yaml

import harness
import panel_harness
from harness import SOURCE, wait_for
from test_panel import sign_in

KIND, TOPIC = "room.cleaned", "stipple/v1/clinic/chair-1/session"
PROGRAMS = ("daemon/stippled", "telemetry/stipple-telemetryd", "ctl/stipplectl", "plugins/board-sim/board-sim.so",
            "plugins/camera-sim/camera-sim.so")
OPTIONS = ("--buildtype=plain", "-Dtests=false", "-Dpanel=disabled", "-Ddashboard=disabled", "-Dreport=disabled",
           "-Dboard_spi=disabled", "-Dscanner_evdev=disabled", "-Dcamera_libcamera=disabled")
ROOM = {"room": "R2", "agent": "Ethanol 70 %", "contact_min": "5"}


def run(*words, folder, status=0, environment=None):
    done = subprocess.run(words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == status, done.stdout
    return done.stdout


def worked_example():
    """The file that HACKING.md says to change, and the table."""
    text = (SOURCE / "HACKING.md").read_text()
    chapter = text.split("### a kind of record\n")[1].split("\n### ")[0]
    return re.search(r"at the end of `(records/\w+\.toml)`", chapter)[1], \
        textwrap.dedent(re.search(r"^   ```toml\n(.*?)^   ```$", chapter, re.S | re.M)[1])


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with the example in it, whose programs are built and whose documents are written anew."""
    folder = tmp_path_factory.mktemp("scratch") / "tree"
    shutil.copytree(SOURCE, folder, ignore=lambda path, names: [
        name for name in names if name in (".git", ".cache", "node_modules", "__pycache__") or
        path == str(SOURCE) and name.startswith("build")])
    path, table = worked_example()
    with (folder / path).open("a") as file:
        file.write("\n" + table)
    run("meson", "setup", "build", *OPTIONS, folder=folder)
    assert "written anew" in run("ninja", "-C", "build", "records", folder=folder)
    run("ninja", "-C", "build", *PROGRAMS, folder=folder)
    return folder


@pytest.fixture
def station(tree, monkeypatch, broker):
    monkeypatch.setattr(harness, "BUILD", tree / "build")
    station = harness.Station(mqtt_port=broker.port)
    try:
        station.start()
        station.wait_board()
        station.enrol()
        yield station
        station.stop()
    finally:
        station.close()


def test_documents_tell_of_it(tree):
    row, = re.findall(rf"^\| `{KIND}` .*$", (tree / "docs/ledger.md").read_text(), re.M)
    assert "The room was cleaned between two people. (from version 0.2.0 on)" in row and row.endswith("| `session` |")
    assert "`room` (its name at the clinic), `agent`, `contact_min`, `method`? (`wiped` or `sprayed`), `remark`*?" in row
    assert "| `contact_min` of `room.cleaned` | 1 to 120 min |" in (tree / "docs/ledger.md").read_text()
    man = (tree / "docs/man/stipplectl.1").read_text()
    assert '.BI "room clean" " room=R agent=A contact_min=N [method=wiped|sprayed] [remark=R]"\n' in man
    assert "Say that the room was cleaned, and with what.\n" in man
    run("mandoc", "-T", "lint", "docs/man/stipplectl.1", folder=tree)
    described = yaml.safe_load((tree / "docs/stipple-mqtt.asyncapi.yaml").read_text())
    assert KIND in described["channels"]["session"]["messages"]
    message = described["components"]["messages"][KIND]
    assert message["title"] == "The room was cleaned between two people."
    body = message["payload"]["properties"]["body"]
    assert body["required"] == ["room", "agent", "contact_min"] and "remark" not in body["properties"]
    assert body["properties"]["method"] == {"enum": ["wiped", "sprayed"]}


def test_the_tool_knows_it(tree):
    tool = tree / "build/ctl/stipplectl"
    shown = run(tool, "--help", "room", folder=tree)
    assert "room clean room=R agent=A contact_min=N [method=wiped|sprayed] [remark=R]\n        say that the room was cleaned" in shown
    assert "room clean takes: room=R" in run(tool, "room", "clean", "room=R2", folder=tree, status=2)
    completion = (f"source {tree}/ctl/stipplectl.bash-completion; compopt() {{ :; }}; "
                  'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stipplectl; printf "%s\\n" "${COMPREPLY[@]}"')
    for words, wanted in ((["roo"], {"room"}), (["room", ""], {"clean"}),
                          (["room", "clean", ""], {"room=", "agent=", "contact_min=", "method=wiped", "method=sprayed", "remark="})):
        assert set(run("bash", "-c", completion, "bash", "stipplectl", *words, folder=tree).split()) == wanted


def test_the_station_takes_and_publishes_it(tree, station, broker):
    forms = {str(kind): (roles, personal, fields) for kind, _, roles, personal, fields in station.get("Inventory1", "Forms")}
    roles, personal, fields = forms[KIND]
    assert (roles, personal) == ("technician supervisor", "")
    assert [tuple(map(str, (name, kind, of))) + (bool(optional),) for name, optional, kind, of in fields] == [
        ("room", "text", "", False), ("agent", "text", "", False), ("contact_min", "count", "", False),
        ("method", "text", "wiped sprayed", True), ("remark", "text", "", True)]

    def refused(**changed):
        given = {name: value for name, value in {**ROOM, **changed}.items() if value}
        return station.refused("Inventory1", "Record", KIND, dbus.Dictionary(given, signature="sv"), "")

    assert refused()[0] == "NotSignedIn"
    station.sign_in()
    for changed, says in (({"room": ""}, "needs the field room"), ({"room": "the room of Rosa"}, "and no sentence"),
                          ({"contact_min": "500"}, "1 to 120 min, not 500"), ({"method": "blown"}, "one of wiped sprayed"),
                          ({"colour": "red"}, "has no field colour")):
        name, text = refused(**changed)
        assert name == "InvalidArgument" and says in text
    subscriber = harness.Subscriber(broker.port)
    try:
        wait_for(lambda: subscriber.subscribed, "the subscription")
        told = run(tree / "build/ctl/stipplectl", "room", "clean", "method=wiped", "remark=Rosa was here",
                   *(f"{name}={value}" for name, value in ROOM.items()), folder=tree, environment=station.environment())
        row, = station.audit("records", kind=KIND)
        assert told == f"the cleaning is on record, number {row['seq']}\n"
        assert row["body"]["contact_min"] == 5 and "Rosa" not in json.dumps(row["body"])
        wait_for(lambda: [m for t, m, _ in subscriber.messages if t == TOPIC and m["kind"] == KIND], "the message")
    finally:
        subscriber.close()
    message, = [m for t, m, _ in subscriber.messages if t == TOPIC and m["kind"] == KIND]
    described = yaml.safe_load((tree / "docs/stipple-mqtt.asyncapi.yaml").read_text())
    jsonschema.validate(message, {**described, "$ref": f"#/components/messages/{KIND}/payload"})
    assert message["seq"] == row["seq"] and "remark" not in message["body"]


@pytest.mark.skipif(not os.access(panel_harness.PANEL, os.X_OK), reason="the panel is not built")
def test_the_panel_lists_it(station, screen):
    panel = panel_harness.Panel(screen, station.address)
    try:
        panel.wait_sees("NO SESSION")
        sign_in(panel)
        panel.touch("More")
        panel.touch("Records")
        panel.touch("Room cleaned")
        for field, text in (("Room", "r2"), ("Agent", "soap"), ("Contact min", "5")):
            panel.enter(field, text)
        panel.touch("Record")
        panel.wait_sees("It is on record.")
        row, = station.audit("records", kind=KIND)
        assert row["body"]["agent"] == "soap"
    finally:
        panel.close()
