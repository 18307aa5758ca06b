# SPDX-License-Identifier: Apache-2.0
"""A session's report, from a running station to paper: read as text, and looked at as a picture."""

import base64
import datetime
import html
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ET
import zlib

import dbus
import pytest

import harness
from harness import BUILD, wait_for

CTL = BUILD / "ctl/stipplectl"
ZONES = ("frontal-hairline frontal left-temple right-temple mid-scalp crown left-side right-side occipital nape "
         "scar-1 scar-2 scar-3 scar-4").split()
MARGIN_MM = 14
SVG = "{http://www.w3.org/2000/svg}"


def report(station, file, *words, status=0, command=("report",), environment=None):
    done = subprocess.run([CTL, *command, *map(str, words), "-o", file],
                          env=dict(station.environment(), TZ="UTC", **(environment or {})),
                          text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stderr if status else file


def text_of(pdf, order="-layout"):
    """The text of each page: line by line across its columns, or as it was drawn ("-raw")."""
    text = subprocess.run(["pdftotext", order, pdf, "-"], check=True, capture_output=True, text=True).stdout
    return text.split("\f")[:-1]


def said(pages):
    """All that the pages say, without where its lines end."""
    return " ".join(" ".join(pages).split())


class Picture:
    """A page as pixels."""

    def __init__(self, pdf, page, dpi=60):
        data = subprocess.run(["pdftoppm", "-r", str(dpi), "-f", str(page), "-l", str(page), pdf], check=True,
                              capture_output=True).stdout
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
        self.width, self.height = map(int, header.groups())
        self.pixels, self.dpi = data[header.end():], dpi

    def rows(self, left, right, top, bottom):
        """Pixels between these edges in mm, row by row."""
        x0, x1, y0, y1 = (round(mm / 25.4 * self.dpi) for mm in (left, right, top, bottom))
        return [self.pixels[(y * self.width + x0) * 3:(y * self.width + x1) * 3] for y in range(y0, y1)]

    def ink(self, *edges):
        """The share of pixels that are not white."""
        rows = self.rows(*edges)
        pixels = sum(len(row) // 3 for row in rows)
        white = sum(row[i:i + 3] == b"\xff\xff\xff" for row in rows for i in range(0, len(row), 3))
        return 1 - white / pixels

    def size_mm(self):
        return self.width / self.dpi * 25.4, self.height / self.dpi * 25.4


def look(pdf, pages):
    """Every page has something on it, and nothing in its margins."""
    for page in range(1, pages + 1):
        picture = Picture(pdf, page)
        width, height = picture.size_mm()
        assert 0.02 < picture.ink(0, width, 0, height) < 0.6, page
        assert picture.ink(0, MARGIN_MM, 5, height) == 0, page
        assert picture.ink(width - MARGIN_MM, width, 5, height) == 0, page
        assert picture.ink(0, width, height - 6, height) == 0, page


LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def unpack(code):
    """What a code says: base45 (RFC 9285) of a raw deflate."""
    prefix, letters = code[:9], [LETTERS.index(letter) for letter in code[9:]]
    assert prefix == "STIPPLE1:"
    data = bytearray()
    for i in range(0, len(letters), 3):
        group = letters[i:i + 3]
        value = sum(digit * 45 ** place for place, digit in enumerate(group))
        data += value.to_bytes(len(group) - 1, "big")
    return zlib.decompress(data, wbits=-15).decode()


def scan(pdf, page, folder):
    subprocess.run(["pdftoppm", "-r", "200", "-f", str(page), "-l", str(page), "-png", "-singlefile", pdf, folder / "scan"],
                   check=True)
    done = subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", folder / "scan.png"], check=True, capture_output=True,
                          text=True)
    return done.stdout.rstrip("\n")


def treat(station, strokes=300):
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") >= strokes, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Disarm")


def finish(station, zone="crown", pin="4711"):
    station.call("Session1", "Capture", zone, "after")
    station.call("Session1", "Finish")
    station.call("Session1", "Sign", pin, "treatment done")


@pytest.fixture
def treated(station):
    """A station after a whole session with an emergency stop in it."""
    station.prepare()
    treat(station)
    station.sim("estop press")
    station.wait_state("fault")
    station.sim("estop release")
    wait_for(lambda: not station.get("Station1", "EmergencyStop"), "the release")
    station.call("Station1", "AcknowledgeFault", "sleeve caught", "4711")
    finish(station)
    return station


def test_a_session_on_two_pages(treated, tmp_path):
    pdf = report(treated, tmp_path / "report.pdf", 1)
    pages = text_of(pdf)
    assert len(pages) == 2
    session, = treated.audit("sessions")
    needle, = treated.audit("needles")
    for word in ("Session report 1", "Signed", "clinic", "chair-1", "P-0001", "Ada Example", "b1001",
                 "Scalp density, three sessions", "session 1 of 3", "Crown", "of 40", "1RL 0.25", "A17", "L1",
                 "2031-12-31", str(needle["strokes"]), "Brand", "black-3", "PG7", "2031-01-31"):
        assert word in said(pages[:1]), word
    assert f"{session['strokes']:,}".replace(",", "\u202f") in pages[0]
    for word in ("Emergency stop", "sleeve caught", "four days", "Treatment: given (form 2026-1, signed on paper)",
                 f"All {len(treated.screening())} questions were answered with no", "Session 2 of 3: not before", "treatment done", "Signed electronically by Ada Example"):
        assert word in said(pages[1:]), word
    digests = [row["sha256"][:8] for row in treated.audit("images")]
    assert len(digests) == 2 and all(digest in pages[1] for digest in digests)
    assert "Page 1 of 2" in pages[0] and "Page 2 of 2" in pages[1]
    look(pdf, 2)
    # both photographs are in the file as what they are
    listed = subprocess.run(["pdfimages", "-list", pdf], check=True, capture_output=True, text=True).stdout
    assert listed.count("jpeg") == 2
    assert not list(tmp_path.glob("*.part"))


def test_what_is_entered_later(treated, tmp_path):
    treated.record("Inventory1", "needle.disposed", session="1", container="SC-0815")
    assert "SC-0815" in said(text_of(report(treated, tmp_path / "report.pdf", 1))[:1])


def test_each_cartridge_in_its_box(treated, tmp_path):
    needle, = treated.audit("needles")
    treated.record("Inventory1", "needle.disposed", unit=needle["unit"], container="SC-4711")
    assert "SC-4711" in said(text_of(report(treated, tmp_path / "report.pdf", 1))[:1])


def test_from_the_steriliser_to_both_reports(station, tmp_path):
    """The cycle of a handpiece stands on the session's report, and with its indicators on the inspector's."""
    def ago(days):
        day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
        return day.strftime("%Y-%m-%dT10:00:00Z")

    def enter(kind, pin="", **fields):
        station.record("Inventory1", kind, pin, **fields)

    station.prepare()
    station.enrol("s1", "2222", "supervisor,technician")
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    enter("handpiece.registered", handpiece="hp1", model="rotary")
    enter("sterilizer.registered", sterilizer="Autoclave-A", maker="M", model="B18", serial="7",
          installed=ago(90)[:10])
    enter("indicator.tested", sterilizer="Autoclave-A", lot="BI9", expiry="2031-01-31", control="growth", result="pass",
          incubation_h="24", tested=ago(4))
    enter("cycle.recorded", sterilizer="Autoclave-A", cycle="17", started=ago(3), program="B 134",
          temperature_c="134.5", exposure_s="240", mechanical="pass", contents="hp1")
    enter("cycle.released", "2222", sterilizer="Autoclave-A", cycle="17", integrator="pass", chemical="pass")
    station.record("Session1", "handpiece.mounted", handpiece="hp1")
    words = said(text_of(report(station, tmp_path / "report.pdf", 1), "-raw"))
    assert f"Handpiece hp1: steriliser Autoclave-A, cycle 17 of {ago(3)[:10]} 10:00" in words
    assert "class V integrator: pass" in words and "released by s1" in words
    with station.administrator():
        station.call("Station1", "Enrol", "t9", "Bo Example", "4711", "technician")
    pages = text_of(report(station, tmp_path / "audit.pdf", command=("audit", "report")))
    words = said(pages)
    assert "Gaps found" in words and "operator t9" in words and "bloodborne pathogens" in words
    assert "Autoclave-A" in words and "134.5" in words and "BI9" in words and "growth" in words


def keep(tmp_path, name):
    """Where a report goes: a folder of its own where somebody wants to look at it."""
    folder = os.environ.get("STIPPLE_REPORTS")
    return (pathlib.Path(folder) if folder else tmp_path) / name


def test_what_came_after_the_session(station, tmp_path):
    """A load in doubt and rejected, a lot recalled, a blend, a consent withdrawn, photographs erased: both reports say so."""
    def ago(days):
        day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
        return day.strftime("%Y-%m-%dT10:00:00Z")

    def enter(kind, pin="", **fields):
        return station.record("Inventory1", kind, pin, **fields)

    def load(cycle, days, contents):
        enter("cycle.recorded", sterilizer="Autoclave-A", cycle=cycle, started=ago(days), program="B 134", load="morning",
              temperature_c="134.5", pressure_kpa="313", exposure_s="240", mechanical="pass", contents=contents)

    def spores(result, days):
        return enter("indicator.tested", sterilizer="Autoclave-A", lot="BI9", expiry="2031-01-31", control="growth",
                     result=result, incubation_h="24", tested=ago(days), laboratory="Lab Muster")

    station.enrol("s1", "2222", "supervisor,technician,auditor")
    station.prepare()
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    enter("sterilizer.registered", sterilizer="Autoclave-A", maker="M", model="B18", serial="7", installed=ago(90)[:10])
    enter("sterilizer.serviced", sterilizer="Autoclave-A", work="calibration", done=ago(60), by="Service Ltd")
    spores("pass", 9)
    for handpiece in ("hp1", "hp2"):
        enter("handpiece.registered", handpiece=handpiece, model="rotary")
    load("18", 6, "hp2")
    load("17", 7, "hp1")
    for cycle in ("17", "18"):
        enter("cycle.released", "2222", sterilizer="Autoclave-A", cycle=cycle, integrator="pass", chemical="pass")
    station.record("Session1", "handpiece.mounted", handpiece="hp1")
    enter("pigment.received", brand="Brand", colour="black-3", lot="PG7", expiry="2031-01-31", quantity="2")
    enter("pigment.received", brand="Brand", colour="brown-1", lot="PG8", expiry="2030-06-30", quantity="2")
    enter("pigment.blended", blend="B1", colour="dark", parts="PG7:2, PG8:1")
    station.call("Session1", "LoadPigment", "blend", "dark", "B1", "2030-06-30")
    treat(station)
    station.call("Session1", "RecordConsent", "treatment", "2026-1", False)
    finish(station, pin="2222")
    failed = spores("fail", 5)
    enter("indicator.followed-up", test=str(failed), action="clients told, load set aside", items="hp1", notified="county")
    enter("cycle.rejected", sterilizer="Autoclave-A", cycle="18", reason="wet packs found")
    enter("lot.status", lot="L1", status="recalled", reason="notice 12")
    enter("pigment.status", lot="PG8", status="quarantined", reason="notice 13")
    enter("needle.damaged", code="(01)04012345678901(17)311231(10)L1(21)BENT", reason="fell down")
    station.record("Session1", "incident.reported", incident="sharps-injury", severity="minor", text="stuck a finger",
                   device="Maker 1RL", area="chair")
    with station.administrator():
        station.record("Station1", "personal.erased", harness.ADMINISTRATOR[2], subject="P-0001", reason="asked for it",
                       despite="the person insists")
    wait_for(lambda: {row["state"] for row in station.audit("images")} == {"erased"}, "the photographs to be deleted")

    pdf = report(station, keep(tmp_path, "session.pdf"), 1)
    pages = text_of(pdf)
    words = said(text_of(pdf, "-raw"))
    erasure = station.audit("images")[0]
    for word in ("IN DOUBT: the biological test of", f"(record {failed})", "Done about it: clients told, load set aside",
                 "mechanical readings: pass", "withdrawn (form 2026-1) at", "never used", "2 parts: Brand",
                 "1 part: Brand", "PG8 (quarantined)", "L1 (recalled)", "Cartridge lot L1, used in this session: recalled",
                 f"record {erasure['erasure']}", "erased on"):
        assert word in words, word
    assert "not available" not in words
    look(pdf, len(pages))
    page = report(station, keep(tmp_path, "session.html"), 1).read_text()
    assert "IN DOUBT" in page and "PG8 (quarantined)" in page and "erased on" in page

    pdf = report(station, keep(tmp_path, "audit.pdf"), command=("audit", "report"))
    pages = text_of(pdf)
    words = said(text_of(pdf, "-raw"))
    size, key = station.get("Audit1", "CheckpointSize"), str(station.get("Audit1", "Key"))
    for word in ("REJECTED", "by s1: wet packs found", "313 kPa", "load morning", "Times of day are local: UTC",
                 "Compliance profile:", f"of {size} records", "Verified in full since the station was started, and sound",
                 "Service Ltd", "still in doubt", "clients told, load set aside", "24 h", f"record {failed}", "notice 12",
                 "notice 13", "2 of lot PG7", "Sharps injury", "Maker 1RL", "fell down", "P-0001", "asked for it", "Lab Muster"):
        assert word in words, word
    assert key in "".join(words.split())
    assert words.index("cycle 17") < words.index("cycle 18"), "by time, not as they were entered"
    used = words[words.index("Cartridge Lot Used On Operator Now"):words.index("Cartridges that were never used")]
    assert "A17" in used and "BENT" not in used and "BENT" in words
    look(pdf, len(pages))
    page = report(station, keep(tmp_path, "audit.html"), command=("audit", "report")).read_text()
    assert "wet packs found" in page and key in page


def test_the_clinic_stands_at_the_head(station, tmp_path):
    logo = tmp_path / "logo.png"
    subprocess.run(["convert", "-size", "240x80", "xc:navy", logo], check=True)
    station.stop()
    station.config.write_text(station.config.read_text().replace(
        "[station]\n", "[station]\nclinic_name = Klinik Müller & Töchter\nclinic_address = Hauptstraße 1, 20095 Hamburg\n"
        f"clinic_telephone = +49 40 123456\nclinic_logo = {logo}\n"))
    station.start()
    station.wait_board()
    station.prepare()
    station.call("Session1", "Abandon", "unwell")
    pdf = report(station, tmp_path / "report.pdf", 1)
    words = said(text_of(pdf, "-raw"))
    for word in ("Klinik Müller & Töchter", "Hauptstraße 1, 20095 Hamburg", "+49 40 123456"):
        assert word in words, words
    images = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True, check=True).stdout
    assert " 240 " in images, images
    # neither a broken logo nor one that is none stops a report
    for data, words in ((b"GIF89a", "neither a PNG nor a JPEG"), (b"\x89PNG" + bytes(600 * 1024), "more than 512 KiB")):
        logo.write_bytes(data)
        done = subprocess.run([harness.BUILD / "ctl/stipplectl", "report", "1", "-o", tmp_path / "again.html"],
                              env=station.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0 and words in done.stderr, done.stderr
        assert "Klinik Müller &amp; Töchter" in (tmp_path / "again.html").read_text()


def test_a_letter_without_a_font_is_told(station, tmp_path):
    """With DejaVu alone, Cyrillic is printed, and Chinese is not."""
    fonts = tmp_path / "fonts.conf"
    fonts.write_text("<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
                     f"<dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>{tmp_path}/cache</cachedir></fontconfig>")
    for name, told in (("Жанна", ""), ("漢字", "no font here has the letter \"漢\" (U+6F22)")):
        station.stop()
        config = re.sub("clinic_name = .*\n", "", station.config.read_text())
        station.config.write_text(config.replace("[station]\n", f"[station]\nclinic_name = {name}\n"))
        station.start()
        station.wait_board()
        if not told:
            station.prepare()
            station.call("Session1", "Abandon", "unwell")
        done = subprocess.run([harness.BUILD / "ctl/stipplectl", "report", "1", "-o", tmp_path / "report.pdf"],
                              env=dict(station.environment(), FONTCONFIG_FILE=str(fonts)), capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0 and (told in done.stderr if told else "no font" not in done.stderr), done.stderr


def test_letter_paper(treated, tmp_path):
    pdf = report(treated, tmp_path / "report.pdf", 1, "--paper", "letter")
    assert len(text_of(pdf)) == 2
    assert Picture(pdf, 1).size_mm() == pytest.approx((215.9, 279.4), abs=0.5)
    look(pdf, 2)


def test_a_drawing(treated, tmp_path):
    """The figures, to be put into something else: the map, depth and dwell."""
    root = ET.parse(report(treated, tmp_path / "report.svg", 1)).getroot()
    assert root.tag == SVG + "svg"
    _, _, width, height = map(float, root.get("viewBox").split())
    figures = list(root.iter(SVG + "svg"))[1:]
    assert [figure.get("aria-label").split(",")[0] for figure in figures] == [
        "Scalp from above and from behind", "Dots by depth", "Dots by dwell"]
    below = 0.0
    for figure in figures:
        x, y, wide, high = (float(figure.get(name)) for name in ("x", "y", "width", "height"))
        assert y >= below and x >= 0 and x + wide <= width and y + high <= height
        below = y + high
    assert "Crown" in {text.text for text in root.iter(SVG + "text")}
    assert "ending in .pdf" in report(treated, tmp_path / "audit.svg", command=("audit", "report"), status=2)


def test_a_page_for_browsers(treated, tmp_path):
    text = report(treated, tmp_path / "report.html", 1).read_text()
    for word in ("<h1>Session report 1</h1>", "P-0001", "Ada Example", "A17", "Emergency stop", "four days"):
        assert word in text, word
    sources = re.findall(r'src="([^"]*)"', text)
    assert len(sources) == 2 and all(source.startswith("data:image/") for source in sources)
    assert text.count("<svg ") == 4  # the map, depth, dwell and the code
    assert not re.search(r"https?://", text)
    photographs = [base64.b64decode(s.partition(",")[2]) for s in sources if s.startswith("data:image/jpeg")]
    assert len(photographs) == 2 and all(p[:2] == b"\xff\xd8" for p in photographs)


def test_looking_at_photographs_is_on_record(treated, tmp_path):
    report(treated, tmp_path / "report.pdf", 1)
    reads = [row["body"] for row in treated.audit("records", kind="audit.read")]
    files = {row["file"] for row in treated.audit("images")}
    assert {read["arguments"]["file"] for read in reads if read["query"] == "picture"} == files


def test_a_crowded_session_loses_nothing(station, tmp_path):
    """Every zone, many cartridges, and names of any script."""
    name = "Александра-Мария Ólafsdóttir González Nguyễn Thị Ánh Nguyệt"
    station.wait_board()
    with station.administrator():
        station.call("Station1", "Enrol", "b1001", name, "4711", "technician")
        station.certify("b1001")
    station.receive_lot(quantity=100)
    station.sign_in()
    station.begin("P-" + "W" * 62, course_session=3)
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    for zone in ZONES:
        station.call("Session1", "SelectZone", zone, "normal", dbus.UInt32(1500))
        station.call("Session1", "Capture", zone, "before")
    for i in range(30):
        station.mount(f"SERIAL-{i:03d}")
        station.call("Session1", "RemoveNeedle", "dull")
    station.mount("LAST")
    for i in range(9):
        station.call("Session1", "LoadPigment", f"Brand of many words and a long name {i}", "black-3", f"PG{i}",
                     "2031-01-31")
    treat(station)
    finish(station, "scar-4")
    pdf = report(station, tmp_path / "report.pdf", 1)
    pages = text_of(pdf)
    assert 3 <= len(pages) <= 6
    words = said(pages)
    assert all(f"SERIAL-{i:03d}" in words for i in range(30)) and "LAST" in words
    assert all(f"PG{i}" in words for i in range(9))
    assert all(zone.capitalize().replace("-", " ") in words for zone in ZONES)
    assert "Александра-Мария" in words and "Nguyễn" in words
    pictures = subprocess.run(["pdfimages", "-list", pdf], check=True, capture_output=True, text=True).stdout
    assert pictures.count("jpeg") == len(ZONES) + 1
    # the heads of a table stand on each page that it goes on to, and no page ends with a heading
    going_on = [page for page in pages if "SERIAL-" in page]
    assert len(going_on) >= 2 and all("Serial or unit" in page for page in going_on)
    for page in pages:
        last = [line.strip() for line in page.splitlines() if line.strip()][-2]
        assert not re.match("Zones|Needle cartridges|Pigments|Photographs|Aftercare|Sterilisation|Incidents|Signature", last), last
    look(pdf, len(pages))


def info(pdf):
    text = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    return dict(re.match(r"([^:]*): *(.*)", line).groups() for line in text.splitlines())


def objects_of(pdf):
    """What the file says in plain and, as newer programs write it, within compressed streams."""
    data = pdf.read_bytes()
    parts = [data]
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S):
        try:
            parts.append(zlib.decompress(stream[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def test_a_pdf_that_can_be_read_aloud(treated, tmp_path):
    """PDF/UA: tagged, with a title and a language, headings and tables as what they are, and all of it in its order."""
    for name, words in (("session.pdf", (1,)), ("audit.pdf", ())):
        pdf = report(treated, tmp_path / name, *words, command=("report",) if words else ("audit", "report"))
        facts = info(pdf)
        assert facts["Tagged"] == "yes" and facts["Author"] == "clinic" and facts["Creator"].startswith("Stipple ")
        assert facts["Title"] == ("Session report 1" if words else "Compliance report")
        assert b"/Lang (en)" in objects_of(pdf)
        tree = subprocess.run(["pdfinfo", "-struct", pdf], check=True, capture_output=True, text=True).stdout
        for tag in ("H1", "H2", "Table", "TH", "TD"):
            assert re.search(rf"^ *{tag}\b", tree, re.M), tag
    # what is painted first is read first
    words = said(text_of(tmp_path / "session.pdf", "-raw"))
    order = ["Session report 1", "Client (pseudonym)", "Needle strokes", "Dots/cm²", "Depth of the dots", "Needle cartridges",
             "Photographs", "Aftercare", "for four days", "Screening", "What happened", "Signature and proof", "Root hash"]
    assert [words.index(word) for word in order] == sorted(words.index(word) for word in order)


def test_words_of_others_stay_words(station, tmp_path):
    """What people entered names no file and no page: nothing of the kind is loaded, and it stands there as it was entered."""
    station.wait_board()
    evil = ['"><img src="file:///etc/passwd">', "url(file:///etc/hostname)", "<link rel=x href='file:///etc/passwd'>",
            "</style><style>@import 'http://[::1]/';", "\u0634\u0639\u0631 \u05e9\u05dc\u05d5\u05dd \U0001f489 a\u0301"]
    with station.administrator():
        station.call("Station1", "Enrol", "b1001", evil[0], "4711", "technician")
        station.certify("b1001")
    station.receive_lot(quantity=10)
    station.sign_in()
    station.begin("P-0001")
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(1500))
    for i, words in enumerate(evil[1:]):
        station.call("Session1", "LoadPigment", words, "black-3", f"PG{i}", "2031-01-31")
    pdf = report(station, tmp_path / "report.pdf", 1)
    pages = text_of(pdf, "-raw")
    letters = "".join(said(pages).split())
    for words in evil[:4]:
        assert "".join(words.split()) in letters, words
    look(pdf, len(pages))
    page = report(station, tmp_path / "report.html", 1).read_text()
    assert "<img" not in page and "<link" not in page and page.count("<style>") == 1
    assert "root:" not in letters
    listed = subprocess.run(["pdfdetach", "-list", pdf], check=True, capture_output=True, text=True).stdout
    assert listed.startswith("0 ")


def printer(folder, script):
    """The environment in which the program that prints is this script; None: there is no such program."""
    folder.mkdir()
    if script is not None:
        (folder / "weasyprint").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "weasyprint").chmod(0o755)
    return {"PATH": str(folder) if script is None else f"{folder}:{os.environ['PATH']}"}


def test_without_the_program_that_prints(treated, tmp_path):
    """A page is written instead, beside the file that was asked for, and the tool says what is missing."""
    folder = tmp_path / "out"
    folder.mkdir()
    said_ = report(treated, folder / "report.pdf", 1, status=1, environment=printer(tmp_path / "none", None))
    assert "install the package weasyprint" in said_ and f"{folder}/report.pdf.html" in said_
    assert os.listdir(folder) == ["report.pdf.html"]
    assert (folder / "report.pdf.html").read_text().endswith("</html>\n")


def test_a_printer_that_fails_leaves_nothing(treated, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.pdf").write_text("the one from before")
    environment = printer(tmp_path / "broken", "printf '%%PDF-1.7 half'; echo 'OSError: [Errno 28] No space left on device' >&2; exit 1")
    said_ = report(treated, folder / "report.pdf", 1, status=1, environment=environment)
    assert "report.pdf cannot be written: weasyprint failed: OSError: [Errno 28] No space left on device" in said_
    assert os.listdir(folder) == ["report.pdf"] and (folder / "report.pdf").read_text() == "the one from before"


def test_a_session_that_is_not_over(station, tmp_path):
    station.prepare()
    pages = text_of(report(station, tmp_path / "report.pdf", 1))
    assert "In progress" in pages[0] and "This session is not signed." in said(pages)
    station.call("Session1", "Abandon", "client unwell")
    pages = text_of(report(station, tmp_path / "report.pdf", 1))
    assert "Abandoned" in pages[0] and "It was abandoned: client unwell." in said(pages)


def test_a_photograph_that_is_gone(treated, tmp_path):
    first, second = treated.audit("images")
    (treated.folder / "state/images" / first["file"]).unlink()
    (treated.folder / "state/images" / second["file"]).write_bytes(b"no photograph")
    pages = text_of(report(treated, tmp_path / "report.pdf", 1))
    assert pages[1].count("not available") == 2  # what is not as it was recorded is not handed out


def test_what_cannot_be_reported(station, tmp_path):
    assert 'session "5" is not on record' in report(station, tmp_path / "report.pdf", 5, status=1)
    assert "ending in .pdf" in report(station, tmp_path / "report.doc", 1, status=2)
    assert "write its number" in report(station, tmp_path / "report.pdf", "last", status=2)
    assert "no paper" in report(station, tmp_path / "report.pdf", 1, "--paper", "a5", status=2)
    station.prepare()
    assert "cannot be written" in report(station, tmp_path / "none/report.pdf", 1, status=1)
    assert os.listdir(tmp_path) == []


def test_a_report_for_an_inspector(treated, tmp_path):
    command = ("audit", "report")
    day = treated.audit("sessions")[0]["begun"][:10]
    pdf = report(treated, tmp_path / "report.pdf", "--from", day, "--to", day, command=command)
    pages = text_of(pdf)
    words = said(pages)
    for word in ("Compliance report", f"clinic · station chair-1 · {day} to {day}", "What the record lacks",
                 "Sterilisation cycles", "Biological indicator tests", "Cartridge lots and certificates", "L1",
                 "2031-12-31", "P-0001", "scalp-density", "signed", "A17"):
        assert word in words, word
    look(pdf, len(pages))
    text = report(treated, tmp_path / "report.html", "--to", "2020-01-01", command=command).read_text()
    assert "There was no session." in text and "P-0001" not in text
    assert "YYYY-MM-DD" in report(treated, tmp_path / "no.pdf", "--from", "yesterday", command=command, status=2)


def test_the_proof_can_be_scanned(treated, tmp_path):
    pdf = report(treated, tmp_path / "report.pdf", 1)
    key = str(treated.get("Audit1", "Key"))
    signed, = treated.audit("records", kind="session.signed")
    proof = unpack(scan(pdf, 2, tmp_path))
    assert proof.startswith("c2sp.org/tlog-proof@v1\n") and f"\nindex {signed['seq'] - 1}\n" in proof
    leaf = json.loads(base64.b64decode(re.search(r"^extra (.*)$", proof, re.M)[1]))
    assert leaf["kind"] == "session.signed" and leaf["body"]["signed"] == "the session was done as recorded"
    assert "meaning" not in leaf["body"] and signed["words"] == {"meaning": "treatment done"}
    page = "".join(text_of(pdf)[1].split())
    assert proof.split("\n\n")[1].splitlines()[2] in page and key in page
    assert proof in html.unescape(report(treated, tmp_path / "report.html", 1).read_text())


def test_what_was_scanned_is_verified_without_a_station(treated, tmp_path):
    pdf = report(treated, tmp_path / "report.pdf", 1)
    key = str(treated.get("Audit1", "Key"))
    other = key[:-8] + ("A" * 7 + "=" if key.endswith("=") else "A" * 8)
    treated.stop()
    code = tmp_path / "code.txt"
    code.write_text(scan(pdf, 2, tmp_path) + "\n")

    def verify(key, status):
        done = subprocess.run([CTL, "audit", "verify", "--proof", code, "--key", key], text=True, capture_output=True,
                              timeout=60, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "is in the log" in verify(key, 0) and "session.signed" in verify(key, 0)
    assert verify(other, 2)
    code.write_text(code.read_text()[:-20])
    assert "scan it again" in verify(key, 1)
