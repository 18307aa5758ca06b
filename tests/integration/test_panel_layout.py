# SPDX-License-Identifier: Apache-2.0
"""Every screen in every language and size: everything fits, and is large enough for a gloved hand."""

import os
import re
import subprocess

import pytest

import harness
import panel_harness

LANGUAGES = ["en", "es"]
SIZES = ["800x480", "1024x600", "1280x800"]


class Walk:
    """Goes through the screens and keeps what is wrong with each; pictures of them, where somebody wants to look."""

    def __init__(self, panel, name):
        self.panel, self.name, self.faults = panel, name, []
        self.pictures = os.environ.get("STIPPLE_SCREENSHOTS")

    def look(self, what):
        self.panel.wait_for(self.is_still, f"{what} to be laid out")
        self.faults += [f"{self.name} {what}: {fault}" for fault in self.panel.faults_of_layout()]
        if self.pictures:
            size = "{}x{}+0+0".format(*self.panel.size)
            subprocess.run(["import", "-window", "root", "-crop", size, "+repage",
                            f"{self.pictures}/{self.name}-{what}.png"], check=True)

    def is_still(self):
        buttons = self.panel.buttons()
        return buttons and self.panel.laid_out(buttons[-1][0]) and self.panel.laid_out(buttons[0][0])


def walk_before_signing_in(walk, panel):
    walk.look("sign-in")
    panel.step(9)
    walk.look("station")
    panel.touch("Audit")  # how the word begins in each language
    walk.look("audit")


def walk_session(walk, panel, station):
    station.sign_in()
    panel.step(2)
    walk.look("person")
    station.begin("P-0001")
    for number, what in ((3, "consent"), (4, "cartridge"), (5, "zone"), (6, "photographs"), (7, "refusals"),
                         (8, "finish"), (2, "person-open")):
        panel.step(number)
        walk.look(what)
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    station.call("Session1", "SelectZone", "frontal-hairline", "normal", harness.dbus.UInt32(1500))
    station.mount("A17")
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "Capture", "frontal-hairline", "before")
    for number, what in ((4, "cartridge-mounted"), (5, "zone-chosen"), (6, "photographs-before"), (7, "work")):
        panel.step(number)
        walk.look(what)
    station.call("Session1", "Arm")
    walk.look("armed")
    station.sim("zone frontal-hairline normal")
    station.sim("pedal down")
    harness.wait_for(lambda: station.get("Session1", "Dots") > 5, "dots")
    walk.look("working")
    station.sim("estop press")
    harness.wait_for(lambda: station.get("Session1", "State") == "fault", "the fault")
    walk.look("fault")
    station.sim("pedal up")
    station.sim("estop release")
    station.call("Station1", "AcknowledgeFault", "tried", "4711")
    panel.wait_for(lambda: len(panel.buttons()) > 2, "the fault to go from the screen")
    station.call("Session1", "Finish")
    panel.step(8)
    walk.look("finish-missing")
    station.call("Session1", "Abandon", "tried")


def walk_the_rest(walk, panel, language):
    """What a session has left behind, and what is entered beside one."""
    panel.step(9)
    panel.touch({"en": "History", "es": "Historial"}[language])
    walk.look("history")
    panel.scan("P-0001")
    walk.look("history-of-somebody")
    panel.touch({"en": "Person (", "es": "Persona ("}[language])
    walk.look("sheet")
    panel.touch({"en": "Cancel", "es": "Cancelar"}[language])
    panel.step(9)
    panel.touch({"en": "Records", "es": "Registros"}[language])
    walk.look("records")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_fits(screen, station, language, size):
    station.enrol()
    station.receive_lot()
    panel = panel_harness.Panel(screen, station.address, size=size, language=language, dark=size == SIZES[-1])
    walk = Walk(panel, f"{language}-{size}")
    try:
        walk_before_signing_in(walk, panel)
        walk_session(walk, panel, station)
        walk_the_rest(walk, panel, language)
    finally:
        panel.close()
    assert not walk.faults, "\n".join(walk.faults)
    assert "Expect overlapping widgets" not in panel.log_text(), "GTK itself says what does not fit"


def test_the_station_speaks_the_panels_language(screen, station):
    station.enrol()
    station.sign_in()
    station.begin("P-0001")
    panel = panel_harness.Panel(screen, station.address, language="es")
    try:
        panel.step(7)
        panel.wait_sees("No hay cartucho montado: lea el código de uno nuevo y móntelo")
        shown = "\n".join(panel.texts())
        for _, sentence, _ in station.call("Session1", "Refusals"):
            assert str(sentence)[1:] not in shown, f"not translated: {sentence}"
    finally:
        panel.close()


def test_every_text_is_translated(tmp_path):
    folder = harness.SOURCE / "panel"
    template = tmp_path / "panel.pot"
    sources = [harness.SOURCE / line for line in (folder / "po/POTFILES").read_text().split()]
    questions = harness.SOURCE / "lib/config/health-question.c"
    assert set(sources) == {questions, *folder.glob("*.c")}, "panel/po/POTFILES names every source"
    subprocess.run(["xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-kngettext:1,2", "-o", template, *sources],
                   check=True, stderr=subprocess.DEVNULL)
    for catalogue in folder.glob("po/*.po"):
        subprocess.run(["msgcmp", catalogue, template], check=True)
        subprocess.run(["msgfmt", "--check-format", "-o", os.devnull, catalogue], check=True)


def test_every_interlock_has_its_sentence_in_the_panel():
    core = (harness.SOURCE / "daemon/decide/interlocks.c").read_text()
    table = (harness.SOURCE / "panel/refusals.c").read_text()
    for name in re.findall(r'"org\.stipple\.Error\.(\w+)"', core):
        assert f'"{name}"' in table, f"nothing says where {name} is put right"
    # "%" PRIu64 and %.20s stand for text in the panel's patterns, and literals that follow each other are one
    core, table = (re.sub(r'"\s*"', "", re.sub(r'"\s*PRI\w+\s*"', "s", text)) for text in (core, table))
    for sentence in re.findall(r'refuse\(\s*text,\s*"((?:[^"\\]|\\.)*)"', core):
        pattern = re.sub(r"%\.\d+s", "%s", sentence).replace("%sZ", "%s")
        assert f'"{pattern}"' in table, f"the panel's translators do not know: {pattern}"
