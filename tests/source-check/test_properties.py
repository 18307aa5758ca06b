# SPDX-License-Identifier: Apache-2.0
"""A property that says that its changes are told is told: a proxy such as the panel's never asks again."""

import pathlib
import re
import xml.etree.ElementTree as ET

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
FILES = sorted((ROOT / "dbus").glob("org.stipple.*1.xml"))


def told():
    """The names in daemon/bus/bus.c, which tells all changes."""
    return set(re.findall(r'"(\w+)"', (ROOT / "daemon/bus/bus.c").read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_changing_property_is_told(path):
    changing = set()
    for item in ET.parse(path).getroot().iter("property"):
        emits = [note.get("value") for note in item.findall("annotation") if note.get("name") == EMITS]
        if emits in ([], ["true"], ["invalidates"]):
            changing.add(item.get("name"))
    assert changing - told() == set()
