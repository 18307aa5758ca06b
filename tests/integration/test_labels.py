# SPDX-License-Identifier: Apache-2.0
"""Labels: a print service of CUPS prints them, a decoder reads them back, and a labelled cartridge is claimed once."""

import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import threading

import dbus
import pytest

import harness
from harness import GTIN, wait_for
from test_ctl import CTL, run

# The last step of a printer: it puts the document where the printer's address says.
BACKEND = """#!/bin/sh
[ $# -eq 0 ] && exit 0
cat ${6:+"$6"} >"${DEVICE_URI#paper:}.new" && mv "${DEVICE_URI#paper:}.new" "${DEVICE_URI#paper:}"
"""
TIMES = "%Y-%m-%dT%H:%M:%SZ"


class PrintService:
    """A print service of CUPS of its own, and its printers, each of which writes to a file."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder / "s"
        for name in ("root", "spool", "cache", "state", "tmp", "paper", "bin", "bin/backend"):
            (folder / name).mkdir(mode=0o755)
        (folder / "bin/daemon").symlink_to("/usr/lib/cups/daemon")
        (folder / "bin/backend/paper").write_text(BACKEND)
        (folder / "bin/backend/paper").chmod(0o700)
        (folder / "files.conf").write_text("\n".join((
            f"ServerBin {folder}/bin", f"ServerRoot {folder}/root", f"RequestRoot {folder}/spool", f"CacheDir {folder}/cache",
            f"StateDir {folder}/state", f"TempDir {folder}/tmp", f"AccessLog {folder}/access", f"ErrorLog {folder}/error",
            f"PageLog {folder}/page", "SystemGroup root", "")))
        (folder / "cupsd.conf").write_text("\n".join((
            f"Listen {self.socket}", "Browsing No", "WebInterface No", "DefaultAuthType None", "IdleExitTimeout 0",
            "<Location />", "Order allow,deny", "Allow all", "</Location>",
            "<Policy default>", "<Limit All>", "Order allow,deny", "Allow all", "</Limit>", "</Policy>", "")))
        self.process = None

    def environment(self):
        return dict(os.environ, CUPS_SERVER=str(self.socket), PATH=os.environ["PATH"] + ":/usr/sbin", LC_ALL="C")

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/cupsd", "-f", "-c", self.folder / "cupsd.conf", "-s", self.folder / "files.conf"])
        wait_for(lambda: subprocess.run(["lpstat", "-r"], env=self.environment(), capture_output=True, text=True,
                                        check=False).stdout == "scheduler is running\n", "the print service")

    def admin(self, *words):
        subprocess.run(words, env=self.environment(), check=True, timeout=harness.PATIENCE_S)

    def add_printer(self, name):
        self.admin("lpadmin", "-p", name, "-E", "-v", f"paper:{self.folder}/paper/{name}", "-m", "raw")

    def printed(self, name="labels"):
        """The file that came out of a printer, once the service has no job left."""
        wait_for(lambda: subprocess.run(["lpstat", "-o", name], env=self.environment(), capture_output=True, text=True,
                                        check=True).stdout == "", "the print")
        return self.folder / "paper" / name

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(harness.PATIENCE_S)


@pytest.fixture
def service(tmp_path):
    service = PrintService(tmp_path)
    try:
        service.start()
        service.add_printer("labels")
        yield service
    finally:
        service.stop()


@pytest.fixture
def desk(station, service, monkeypatch):
    """A station whose labels go to that printer, and somebody who receives stock there."""
    monkeypatch.setenv("CUPS_SERVER", str(service.socket))
    monkeypatch.setenv("TZ", "UTC")
    station.stop()
    station.config.write_text(station.config.read_text() + "\n[label]\nprinter = labels\n")
    station.start()
    station.wait_board()
    station.enrol()
    station.sign_in()
    return station


def label(station, *words, status=0):
    return run(station, "label", *words, status=status)


def label_json(station, *words):
    return json.loads(run(station, "--json", "label", *words))


def receive(station, lot, gtin=GTIN, quantity=3, expiry="2031-12-31", **more):
    fields = {"lot": lot, "product": "1RL 0.25", "maker": "Maker", "expiry": expiry, "quantity": dbus.UInt32(quantity),
              "certificate": "EO-4711", **more}
    if gtin:
        fields["gtin"] = gtin
    station.call("Inventory1", "ReceiveLot", dbus.Dictionary(fields, signature="sv"))


def pages_of(pdf, folder):
    """The pages as pictures of 300 dots an inch."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["pdftoppm", "-r", "300", "-png", pdf, folder / "page"], check=True)
    return sorted(folder.iterdir())


def scanned(picture):
    """What a decoder reads from the picture of one label."""
    done = subprocess.run(["dmtxread", "-N", "1", "-m", "20000", "-G", "29", picture], capture_output=True, check=False,
                          timeout=harness.PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().removeprefix("\x1d")


def parsed(station, code):
    return {key: str(value) for key, value in station.call("Inventory1", "ParseCode", code).items()}


def size_of(pdf):
    text = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    return [round(float(figure) * 25.4 / 72) for figure in re.search(r"Page size: +(\S+) x (\S+)", text).groups()]


def words_of(pdf):
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout


def mount(station, code):
    return station.call("Session1", "MountNeedle", code)


def refused_mount(station, code):
    return str(station.refused("Session1", "MountNeedle", code))


def fields(**values):
    return dbus.Dictionary(values, signature="sv")


def begin(station):
    station.begin()
    station.call("Session1", "AnswerScreening", station.screening())


@pytest.mark.parametrize("gtin, prefix", [(GTIN, "]d2"), ("hibc:A9991234", "]d1"), (None, "]d1")])
def test_a_printed_label_is_read_back_and_claimed_once(desk, service, tmp_path, gtin, prefix):
    receive(desk, "L1", gtin)
    assert label(desk, "units", "L1").startswith("3 labels at printer labels, job labels-")
    paper = service.printed()
    assert size_of(paper) == [62, 29]
    assert "Use by 2031-12-31" in words_of(paper) and "LOT L1" in words_of(paper) and "No. 3" in words_of(paper)
    assert "REPRINT" not in words_of(paper)
    pictures = pages_of(paper, tmp_path / "pages")
    codes = [prefix + scanned(picture) for picture in pictures]
    read = [parsed(desk, code) for code in codes]
    assert len({one["unit"] for one in read}) == 3
    begin(desk)
    for code, one in zip(codes, read):
        assert (one["lot"], one["valid"], one["unique"]) == ("L1", "1", "1")
        if gtin:
            assert one["product"] == gtin and one["expiry"] == "2031-12-31"
        assert one["serial"] in words_of(paper)
        assert mount(desk, code) == one["unit"]
        desk.call("Session1", "RemoveNeedle", "tried")
        assert "was used on" in refused_mount(desk, code)
    other = codes[0].replace(read[0]["serial"], read[0]["serial"][:-1] + "9") if gtin != "hibc:A9991234" else codes[0][:-1] + "*"
    assert "none to which the clinic gave a label" in refused_mount(desk, other) or gtin == "hibc:A9991234"
    states = {(row["number"], row["state"]) for row in desk.audit("labels", lot="L1")}
    assert states == {(1, "used"), (2, "used"), (3, "used")}


def test_no_program_that_prints_shares_the_sign_in(desk, service, monkeypatch):
    receive(desk, "L1")
    for program in ("lpstat", "lp"):
        shim = desk.folder / "shims" / program
        shim.parent.mkdir(exist_ok=True)
        shim.write_text(f'#!/bin/sh\nenv >"{desk.folder}/{program}.env"\nexec {shutil.which(program)} "$@"\n')
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{desk.folder}/shims:{os.environ['PATH']}")
    assert len(desk.environment()["STIPPLE_TOKEN"]) == 32
    label(desk, "units", "L1")
    assert service.printed().exists()
    for program in ("lpstat", "lp"):
        heard = (desk.folder / f"{program}.env").read_text()
        assert "CUPS_SERVER=" in heard and "STIPPLE_TOKEN" not in heard


def test_what_the_maker_printed_is_not_enough_any_more(desk):
    receive(desk, "L1")
    label(desk, "units", "L1", "count=2", "-o", desk.folder / "l.pdf")
    begin(desk)
    assert "labels of the clinic with serials" in refused_mount(desk, f"01{GTIN}17311231" + "10L1")
    assert "none to which the clinic gave a label" in refused_mount(desk, f"01{GTIN}17311231" + "10L1\x1d21A17")
    refusals = [row["body"]["refusal"] for row in desk.audit("records", kind="needle.refused")]
    assert refusals == ["ambiguous", "contradiction"]


@pytest.mark.parametrize("size, ending", [("62x29", "png"), ("62x29", "svg"), ("29x62", "png"), ("40x20", "png"), ("100x50", "png")])
def test_every_common_size_can_be_read(desk, tmp_path, size, ending):
    receive(desk, "LOT-2031-A7", configuration="1RL 0.25")
    file = tmp_path / f"label.{ending}"
    answer = label_json(desk, "units", "LOT-2031-A7", "count=1", "--size", size, "-o", file)
    assert answer["file"] == str(file) and not (tmp_path / f"label.{ending}.part").exists()
    picture = tmp_path / "picture.png"
    if ending == "svg":
        subprocess.run(["rsvg-convert", "-d", "300", "-p", "300", "-b", "white", "-o", picture, file], check=True)
    else:
        shutil.copy(file, picture)
    code = "]d2" + scanned(picture)
    assert parsed(desk, code)["unit"] == answer["labels"][0]["unit"] == parsed(desk, answer["labels"][0]["code"])["unit"]
    if kept := os.environ.get("STIPPLE_LABELS"):
        shutil.copy(picture, os.path.join(kept, f"{size}-{ending}.png"))


def test_two_people_never_get_the_same_serial(desk, tmp_path):
    receive(desk, "L1", quantity=40)
    answers, threads = [], []
    for n in range(8):
        words = ("units", "L1", "count=5", "-o", tmp_path / f"{n}.pdf")
        threads.append(threading.Thread(target=lambda words=words: answers.append(label_json(desk, *words))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = [row["serial"] for answer in answers for row in answer["labels"]]
    assert len(given) == len(set(given)) == 40
    assert {row["number"] for answer in answers for row in answer["labels"]} == set(range(1, 41))
    assert "used or have labels" in label(desk, "units", "L1", "-o", tmp_path / "x.pdf", status=1)


def test_a_label_that_is_printed_again_is_marked(desk, service, tmp_path):
    receive(desk, "L1")
    first = label_json(desk, "units", "L1")["labels"]
    service.printed()
    again = label_json(desk, "reprint", "L1", "first=2", "reason=the ribbon ran out")
    assert [row["serial"] for row in again["labels"]] == [first[1]["serial"]] and again["job"].startswith("labels-")
    assert "REPRINT" in words_of(service.printed())
    record, = desk.audit("records", kind="lot.relabelled")
    assert record["actor"] == "b1001" and record["words"]["reason"] == "the ribbon ran out"
    assert [row["reprints"] for row in desk.audit("labels", lot="L1")] == [0, 1, 0]
    assert "1 to 3" in label(desk, "reprint", "L1", "first=4", "reason=none", status=1)
    assert "takes: LOT first=N" in label(desk, "reprint", "L1", "first=2", status=2)
    begin(desk)
    mount(desk, first[1]["code"])
    assert "gets no other label" in label(desk, "reprint", "L1", "first=1", "count=3", "reason=lost", status=1)


def test_why_a_lot_gets_no_label(desk):
    file = ("-o", desk.folder / "l.pdf")
    assert "not on record" in label(desk, "units", "L9", *file, status=1)
    receive(desk, "OLD", expiry="2020-01-01")
    assert "expired on 2020-01-01" in label(desk, "units", "OLD", *file, status=1)
    receive(desk, "S1", serialised=True)
    assert "serials of their maker" in label(desk, "units", "S1", *file, status=1)
    receive(desk, "L1")
    assert "3 cartridges without a label, not 4" in label(desk, "units", "L1", "count=4", *file, status=1)
    for count in ("0", "1001", "-1", "many"):
        assert "count" in label(desk, "units", "L1", f"count={count}", *file, status=1)
    for status in ("quarantined", "recalled"):
        desk.record("Inventory1", "lot.status", lot="L1", status=status, reason="a notice")
        assert f"lot L1 is {status}" in label(desk, "units", "L1", *file, status=1)
    assert not (desk.folder / "l.pdf").exists() and not desk.audit("labels")
    desk.call("Station1", "Logout")
    assert "nobody is signed in" in label(desk, "units", "L1", *file, status=1)


def test_nothing_is_given_before_the_printer_is_ready(desk, service, monkeypatch):
    receive(desk, "L1")
    assert 'no printer "none"' in label(desk, "units", "L1", "--printer", "none", status=1)
    service.admin("cupsdisable", "-r", "out of labels", "labels")
    said = label(desk, "units", "L1", status=1)
    assert "printer labels is stopped, out of labels" in said and "cupsenable labels" in said and "nothing was recorded" in said
    service.admin("cupsenable", "labels")
    service.admin("cupsreject", "labels")
    assert "takes no jobs" in label(desk, "units", "L1", status=1)
    service.admin("cupsaccept", "labels")
    assert "exclude each other" in label(desk, "units", "L1", "--printer", "labels", "-o", "x.pdf", status=2)
    assert "ending in .pdf, .svg or .png" in label(desk, "units", "L1", "-o", "x.txt", status=2)
    assert "is no size of a label" in label(desk, "units", "L1", "--size", "62", status=2)
    assert "is no name of a printer" in label(desk, "units", "L1", "--printer", "-x", status=1)
    monkeypatch.setenv("PATH", str(desk.folder))
    assert "cups-client" in label(desk, "units", "L1", status=1)
    monkeypatch.undo()
    monkeypatch.setenv("CUPS_SERVER", str(service.socket))
    service.hang()
    assert "did not answer within" in label(desk, "units", "L1", status=1)
    assert not desk.audit("labels")


def test_serials_outlive_a_print_that_failed(desk, tmp_path):
    receive(desk, "L1")
    said = label(desk, "units", "L1", "-o", tmp_path / "none" / "l.pdf", status=1)
    assert "they are on record" in said
    command = re.search(r"`stipplectl (.*) reason=\.\.\.`", said)[1].split()
    assert label_json(desk, *command[1:], "reason=the folder was missing", "-o", tmp_path / "l.pdf")["labels"][2]["number"] == 3
    assert "REPRINT" in words_of(tmp_path / "l.pdf")


# ---- packs ----

def ago(hours):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours)).strftime(TIMES)


def sterilise(station, number, hours, contents="hp1,tweezers"):
    station.record("Inventory1", "cycle.recorded", sterilizer="A", cycle=str(number), started=ago(hours), program="B 134",
                   temperature_c="134.5", exposure_s="240", contents=contents, mechanical="pass", integrator="pass",
                   chemical="pass", initials="AE")


def release(station, number):
    station.record("Inventory1", "cycle.released", pin="4711", sterilizer="A", cycle=str(number))


@pytest.fixture
def sterile(desk):
    with desk.somebody():
        pass
    desk.call("Station1", "Logout")
    desk.enrol("b2002", roles="technician,supervisor")
    desk.sign_in("b2002")
    desk.record("Inventory1", "sterilizer.registered", sterilizer="A", maker="M", model="B", serial="1", installed="2026-01-01")
    desk.record("Inventory1", "handpiece.registered", handpiece="hp1", model="P-5")
    desk.record("Inventory1", "indicator.tested", sterilizer="A", lot="BI", expiry="2031-01-01", control="growth", result="pass",
                incubation_h="24", tested=ago(30))
    sterilise(desk, 12, 5)
    return desk


def test_packs_of_a_released_load_get_labels(sterile, service, tmp_path):
    assert "is not released" in label(sterile, "pack", "A", "12", status=1)
    release(sterile, 12)
    assert label(sterile, "pack", "A", "12").startswith("2 labels at printer labels, job labels-")
    paper = service.printed()
    until, = {row["sterile_until"] for row in sterile.audit("sterile")}
    for word in ("hp1", "tweezers", f"Use by {until}", "A, cycle 12", "Packed by AE", f"Sterilised {ago(5)[:10]}"):
        assert word in words_of(paper), word
    codes = [scanned(picture) for picture in pages_of(paper, tmp_path / "pages")]
    assert codes == ["stipple://pack/A/1/12/hp1", "stipple://pack/A/1/12/tweezers"]
    assert all(parsed(sterile, code)["valid"] == "0" for code in codes), "a pack is no cartridge"
    assert "say with reason= why" in label(sterile, "pack", "A", "12", "items=hp1", status=1)
    again = label_json(sterile, "pack", "A", "12", "items=hp1", "reason=it fell off", "-o", tmp_path / "again.pdf")
    assert [row["reprints"] for row in again["labels"]] == [1] and "REPRINT" in words_of(tmp_path / "again.pdf")
    assert "was not in the load" in label(sterile, "pack", "A", "12", "items=scissors", status=1)
    assert "cycle 99" in label(sterile, "pack", "A", "99", status=1)
    begin(sterile)
    assert "is not whole" in str(sterile.refused("Session1", "Record", "handpiece.mounted", fields(handpiece=codes[0][:-3]), ""))
    assert "tweezers is not registered" in str(sterile.refused("Session1", "Record", "handpiece.mounted", fields(handpiece=codes[1]), ""))
    sterilise(sterile, 13, 1)
    release(sterile, 13)
    refusal = str(sterile.refused("Session1", "Record", "handpiece.mounted", fields(handpiece=codes[0]), ""))
    assert "the label is of cycle 12 of A" in refusal and "old label" in refusal
    newer = label_json(sterile, "pack", "A", "13", "items=hp1", "-o", tmp_path / "newer.pdf")["labels"][0]["code"]
    sterile.record("Session1", "handpiece.mounted", handpiece="]d1" + newer)
    mounted, = sterile.audit("records", kind="handpiece.mounted")
    assert {key: mounted["body"][key] for key in ("handpiece", "sterilizer", "cycle")} == {"handpiece": "hp1", "sterilizer": "A", "cycle": 13}
    assert "was used since it was sterilised" in label(sterile, "pack", "A", "13", "reason=lost", status=1)
    assert "was sterilised again after cycle 12" in label(sterile, "pack", "A", "12", "reason=lost", status=1)
    sterile.record("Inventory1", "cycle.rejected", sterilizer="A", cycle="13", reason="wet")
    assert "was rejected" in label(sterile, "pack", "A", "13", status=1)
