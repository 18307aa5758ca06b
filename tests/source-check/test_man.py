# SPDX-License-Identifier: Apache-2.0
"""The man pages say what the tables of the code say, and are well formed."""

import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((SOURCE / "docs/man").glob("*.[158]"))
# what a reader calls defaults that the build decides
FOLDERS = {"STIPPLE_STATE_FOLDER": "/var/lib/stipple", "STIPPLE_RUN_FOLDER": "/run/stipple",
           "STIPPLE_PROTOCOL_FOLDER": "/etc/stipple/protocols", "STIPPLE_PROFILE_FOLDER": "/etc/stipple/profiles",
           "STIPPLE_CONSENT_FOLDER": "/etc/stipple/consents", "STIPPLE_CLINIC_CA": "/etc/stipple/clinic/ca.pem",
           "STIPPLE_CLINIC_CERTIFICATE": "/etc/stipple/clinic/station.pem", "STIPPLE_CLINIC_KEY": "/etc/stipple/clinic/station.key",
           "STIPPLE_PLUGIN_FOLDER": "the folder they were installed in", '""': "empty"}
KINDS = {"IDENTIFIER": "name", "TEXT": "text", "OPTIONAL": "text", "PATH": "path", "BUS": "bus",
         "BOOLEAN": "boolean"}


def entries(page):
    """(section, key): what stands behind it, of every key that the page lists."""
    section, found = "", {}
    for line in (SOURCE / "docs/man" / page).read_text().replace("\\-", "-").splitlines():
        if line.startswith(".SS "):
            section = line[4:].strip("[]")
        entry = re.fullmatch(r'\.BR (\S+) " (.*)"', line)
        if entry and section:
            assert (section, entry[1]) not in found, f"{page} lists {entry[1]} of [{section}] twice"
            found[section, entry[1]] = entry[2]
    return found


def table(path, name):
    text = (SOURCE / path).read_text()
    return re.search(name + r"\[\] = \{\n(.*?)\n\};", text, re.S)[1]


def test_every_key_of_the_configuration():
    wanted = {}
    for section, key, kind, low, high, value in re.findall(
            r'\{ "([\w-]+)", "(\w+)", FIELD_(\w+), AT\(\w+\), (\d+), (\d+), ("[^"]*"|\w+) \}',
            table("lib/config/config.c", "fields")):
        allowed = f"{low} to {high}" if kind in ("NUMBER", "REAL") else KINDS[kind]
        wanted[section, key] = f"= {FOLDERS.get(value, value.strip(chr(34)))} ({allowed})"
    assert len(wanted) == table("lib/config/config.c", "fields").count("FIELD_") > 20
    assert entries("stippled.conf.5") == wanted


def test_every_key_of_a_protocol():
    code = (SOURCE / "lib/config/protocol.c").read_text()
    wanted = {("default", key): f"({low} to {high})" for key, low, high in re.findall(
        r'\{ "(\w+)", offsetof\(ZonePlan, \w+\), (\d+), (\d+)(?:, true)?(?:, \.fallback = \d+)? \}', table("lib/config/protocol.c", "figures"))}
    assert len(wanted) == table("lib/config/protocol.c", "figures").count("offsetof")
    for key, low, high in re.findall(r'strcmp\(key, "(\w+)"\) == 0\)\n\t\treturn set_number\(value, (\d+), (\w+),',
                                     code):
        wanted["protocol", key] = f"({low} to {dict(PROTOCOL_COURSE_MAX='4').get(high, high)})"
    wanted["default", "needles"] = "(list)"
    assert "PROTOCOL_COURSE_MAX = 4" in (SOURCE / "lib/config/protocol.h").read_text()
    found = entries("stipple-protocol.5")
    assert {k: v for k, v in found.items() if k in wanted} == wanted
    assert {k for s, k in found if s == "protocol"} == set(re.findall(r'strcmp\(key, "(\w+)"\)', code)) - {"needles"}


def test_every_key_of_a_profile():
    kinds = {"title": "1 to 95 bytes", "boolean": "boolean", "certificates": "names", "events": "names", "term": "term",
             "authority": "1 to 95 bytes", "within": "term", "incidents": "names", "severity": "name", "fields": "names",
             "minor": "rule", "questions": "names"}
    rows = table("lib/config/profile.c", "keys")
    wanted = {(section, key): f"({low} to {high})" if kind == "number" else f"({kinds[kind]})" for section, key, kind, low, high
              in re.findall(r'\{ "(\w+)", "(\w+)", set_(?:profile_)?(\w+), (?:0|AT\([\w.]+\)), (\d+), (\d+) \}', rows)}
    for section, names, kind in (("proofs", "proof_names", "boolean"), ("retention", "records_names", "term")):
        wanted |= {(section, key): f"({kind})" for key in re.findall(r'= "([\w-]+)"', table("lib/config/profile.c", names))}
    assert len(wanted) == rows.count("set_") + rows.count("PROOF(") + rows.count("TERM(") > 20
    assert entries("stipple-profile.5") == wanted


@pytest.mark.parametrize("names", ["zone_names", "skin_names"])
def test_every_zone_and_skin_type(names):
    words = re.findall(r'= "([\w-]+)"', table("lib/config/zone.c", names))
    text = (SOURCE / "docs/man/stipple-protocol.5").read_text()
    assert words and [w for w in words if not re.search(rf"(?<![\w-]){w}[,.]", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_well_formed(page):
    lint = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_installed_and_name_each_other(page):
    assert f"'man/{page.name}'" in (SOURCE / "docs/meson.build").read_text()
    name, _, section = page.name.rpartition(".")
    for other in PAGES:
        see = other.read_text().replace("\\-", "-").split(".SH SEE ALSO")[1]
        assert other == page or f".BR {name} ({section})" in see, f"{other.name} does not name {page.name}"
