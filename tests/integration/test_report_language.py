# SPDX-License-Identifier: Apache-2.0
"""The client's documents in the client's language, on a machine that has no locale but C.UTF-8."""

import ast
import configparser
import datetime
import html
import os
import re
import subprocess

import dbus
import pytest

import harness
from test_consents import NAME
from test_report import finish, look, report, said, text_of, treat

SOURCE = harness.SOURCE / "ctl/report"
MONTHS = {"es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
          "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()}
# nothing of the machine's languages may matter
BARE = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "LANGUAGE": "fr", "LOCPATH": "/nonexistent",
        "ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=0"}  # see tests/lsan.supp


def catalogue(language):
    """What each text is in that language, without the header."""
    text = (SOURCE / f"po/{language}.po").read_text()
    found = re.findall(r'^msgid (".*")\n(?:msgid_plural ".*"\n)?msgstr(?:\[0\])? (".*")$', text, re.M)
    return {ast.literal_eval(text): ast.literal_eval(words) for text, words in found if text != '""'}


# ---- that nothing is missing ----

def test_every_word_is_translated(tmp_path):
    template = tmp_path / "documents.pot"
    marked = {path.name for pattern in ("*.c", "*.html.in") for path in SOURCE.glob(pattern)
              if re.search(r'\bN?_\("', path.read_text()) and path.name != "template.c"}
    assert set((SOURCE / "po/POTFILES").read_text().split()) == marked, "po/POTFILES names every source"
    subprocess.run(["xgettext", "-L", "C", "--from-code=UTF-8", "-k_", "-kN_", "-klanguage_plural:1,2", "-o", template,
                    *sorted(marked)], cwd=SOURCE, check=True, stderr=subprocess.DEVNULL)
    for language in MONTHS:
        subprocess.run(["msgcmp", SOURCE / f"po/{language}.po", template], check=True)
        subprocess.run(["msgfmt", "--check-format", "-o", os.devnull, SOURCE / f"po/{language}.po"], check=True)


def test_what_the_protocols_say_is_translated():
    """Titles, questions and advice of the protocols that come with Stipple."""
    said_there = set()
    for file in (harness.SOURCE / "configs/protocols").glob("*.conf"):
        protocol = configparser.ConfigParser(interpolation=None)
        protocol.read_string(file.read_text())
        said_there |= {protocol["protocol"]["title"], *protocol["aftercare"].values()}
        said_there |= {name.replace("-", " ").capitalize() for name in protocol["screening"]}
    for language in MONTHS:
        assert said_there - set(catalogue(language)) == set(), language


@pytest.mark.parametrize("file, table", [("lib/config/zone.c", "zone_names"), ("lib/config/zone.c", "skin_names"),
                                         ("lib/config/consent-text.c", "form_names"), ("daemon/control/fact.c", "fault_names"),
                                         ("lib/config/health-question.c", "health_questions")])
def test_names_of_the_record_are_translated(file, table):
    text = (harness.SOURCE / file).read_text()
    names = re.findall(r'(?:(?<!_NONE)\] =|\{) "([a-z0-9-]+)"', re.search(table + r"\[\] = \{(.*?)\n\};", text, re.S)[1])
    assert names
    for language in MONTHS:
        known = catalogue(language)
        for name in names:
            assert name in known or name.replace("-", " ").capitalize() in known, (language, name)


# ---- a session's documents ----

@pytest.fixture
def treated(station):
    station.prepare("P-42")
    station.record("Session1", "subject.described", subject="P-42", language="de")
    treat(station)
    station.sim("estop press")
    station.wait_state("fault")
    station.sim("estop release")
    harness.wait_for(lambda: not station.get("Station1", "EmergencyStop"), "the release")
    station.call("Station1", "AcknowledgeFault", "sleeve caught", "4711")
    finish(station)
    return station


def check_english(text, language):
    """No sentence or title of two words or more is left in English."""
    for english, words in catalogue(language).items():
        plain = english.strip(" ;:,.")
        if english != words and "%" not in english and " " in plain and plain.lower() not in words.lower():
            assert not re.search(rf"\b{re.escape(plain)}\b", text), f"still English: {english}"


def day_in(language, day):
    month = MONTHS[language][day.month - 1]
    return f"{day.day}. {month} {day.year}" if language == "de" else f"{day.day} de {month} de {day.year}"


@pytest.mark.parametrize("language", ["es", "de"])
def test_a_report_is_in_the_clients_language(treated, tmp_path, language):
    options = [] if language == "de" else ["--language", language]
    known = catalogue(language)
    pdf = report(treated, tmp_path / "report.pdf", 1, *options, environment=BARE)
    pages = text_of(pdf, "-raw")
    text = said(pages)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    check_english(text, language)
    assert day_in(language, today) in text
    for english in ("Zones", "Depth of the dots", "Needle cartridges", "Aftercare", "Signature and proof", "Emergency stop", "Crown",
                    "Scalp density, three sessions", "Recorded by", "Needle strokes"):
        assert known[english] in text, english
    assert "sleeve caught" in text, "what somebody wrote stays as it was written"
    assert re.search(r"\b15,0\b", text) and re.search(r"\d,\d+ mm", text), "the language's decimal comma"
    assert "31/01/2031" in text if language == "es" else "31.01.2031" in text
    assert f"{known['Page']} 1 {known['of']} {len(pages)}" in text
    assert len(pages) == 2
    look(pdf, 2)


def test_the_card_says_the_language_and_an_option_overrides_it(treated, tmp_path):
    def head(*words, file="report.html"):
        return report(treated, tmp_path / file, 1, *words, environment=BARE).read_text()
    assert '<html lang="de">' in head() and '<html lang="en">' in head("--language", "en")
    assert "Signature and proof" in head("--language", "en")
    assert ">Stirn<" not in head(file="figures.svg") and "Wirbel" in head(file="figures.svg")
    treated.record("Session1", "subject.described", subject="P-42", language="es")
    assert '<html lang="es">' in head()
    number = max(r["seq"] for r in treated.audit("records", kind="subject.described"))
    treated.record("Session1", "record.corrected", "4711", corrects=str(number), field="language", old="es", new="de", why="misheard")
    assert '<html lang="de">' in head(), "a correction counts"


def test_the_report_says_when_the_next_session_may_be(treated, tmp_path):
    def page(name, *words):
        return html.unescape(report(treated, tmp_path / f"{name}.html", 1, *words, environment=BARE).read_text())
    week = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=7)
    assert f"Sitzung 2 von 3: nicht vor dem {day_in('de', week)}." in page("german")
    assert f"Sesión 2 de 3: no antes del {day_in('es', week)}." in page("spanish", "--language", "es")
    treated.call("Station1", "Logout")
    with treated.administrator():
        assert "is not known here: ask the clinic." in page("administrator", "--language", "en"), "the station tells those who treat"
    assert "is not known here: ask the clinic." in page("nobody", "--language", "en")


def test_a_client_without_a_language_gets_english(station, tmp_path):
    station.prepare("P-7")
    station.call("Session1", "Abandon", "done")
    assert '<html lang="en">' in report(station, tmp_path / "report.html", 1, environment=dict(BARE, LANGUAGE="es")).read_text()


def test_a_language_that_there_is_none_of(treated, tmp_path):
    for command in (("report",), ("session", "copy")):
        assert 'there is no language "tlh": write en, es or de' in report(
            treated, tmp_path / "report.html", 1, "--language", "tlh", command=command, status=2)
    assert "--language" in report(treated, tmp_path / "report.html", "--language", "es", command=("audit", "report"), status=2)
    assert list(tmp_path.glob("report.html*")) == []


@pytest.mark.parametrize("language", ["es", "de"])
def test_the_signed_copy(station, tmp_path, language):
    station.config.write_text(station.config.read_text().replace(
        "[paths]\n", f"[paths]\nconsent_folder = {harness.SOURCE}/configs/consents\n"))
    station.stop()
    station.start()
    station.prepare("P-42")
    texts = {(str(f), str(lang)): (str(v), str(text), str(sha)) for f, v, lang, text, sha in station.call("Session1", "ConsentTexts")}
    version, text, sha = texts["photographs", "es"]
    station.call("Session1", "SignConsent", "photographs", version, "es", sha, NAME)
    station.call("Session1", "RecordConsent", "photographs", version, dbus.Boolean(False))
    pdf = report(station, tmp_path / "copy.pdf", 1, "--language", language, command=("session", "copy"), environment=BARE)
    page = said(text_of(pdf))
    known = catalogue(language)
    check_english(page.replace(" ".join(text.split()), ""), language)
    for english in ("What you signed", "Copy for the client", "Client (pseudonym)", "This consent was withdrawn.", "Spanish"):
        assert known[english] in page, english
    assert text.split("\n")[0] in page, "the text is the one that was signed"
    look(pdf, len(text_of(pdf)))
    markup = report(station, tmp_path / "copy.html", 1, "--language", language, command=("session", "copy")).read_text()
    assert '<div lang="es">' in markup and f'<html lang="{language}">' in markup
