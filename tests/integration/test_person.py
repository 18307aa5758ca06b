# SPDX-License-Identifier: Apache-2.0
"""The file of one client: all records with proofs that the tool verifies, before and after an erasure."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile

import pytest

from harness import ADMINISTRATOR, BUILD, Polkit, wait_for

CTL = BUILD / "ctl/stipplectl"


def ctl(station, *words, status=0):
    done = subprocess.run([CTL, *map(str, words)], env=station.environment(), text=True, capture_output=True, timeout=120,
                          check=False)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def treat(station, number, serial):
    """A session with dots and a photograph before, which is then signed."""
    station.prepare(zone="crown" if number == 1 else "nape", serial=serial, enrol=number == 1, register=number == 1)
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Dots") >= 3, "dots")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Finish")
    station.call("Session1", "Sign", "4711", "treatment done")
    if number == 1:
        station.call("Station1", "Logout")


def check(folder, key):
    """Every proof by the tool, every opening, every digest. Returns the numbers that are opened."""
    proofs = sorted(folder.glob("proofs/*.tlog-proof"))
    assert proofs and {p.stem for p in proofs} == {r.stem for r in folder.glob("records/*.json")}
    for proof in proofs:
        subprocess.run([CTL, "audit", "verify", "--proof", proof, "--key", key], check=True, timeout=60, stdout=subprocess.DEVNULL)
    opened = set()
    for data in folder.glob("personal/*.json"):
        salt = data.with_suffix(".salt").read_bytes()
        record = json.loads((folder / "records" / data.name).read_text())
        assert hashlib.sha256(salt + data.read_bytes()).hexdigest() == record["personal"], data.name
        opened.add(int(data.stem))
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False, timeout=60)
    assert done.returncode == 0
    return opened


@pytest.fixture(name="treated")
def fixture_treated(station):
    treat(station, 1, "A17")
    treat(station, 2, "A18")
    return station


def test_a_client_gets_everything_and_can_check_it(treated):
    station, folder = treated, treated.folder / "P-0001"
    station.record("Session1", "subject.described", subject="P-0001", hair="brown", language="es")
    said = json.loads(ctl(station, "--json", "person", "export", "p-0001", "-o", folder))
    assert said["photographs"] == 2 and said["erased"] == 0
    key = (folder / "key").read_text().strip()
    assert key == str(station.get("Audit1", "Key"))
    opened = check(folder, key)
    records = {int(r.stem): json.loads(r.read_text()) for r in folder.glob("records/*.json")}
    kinds = {record["kind"] for record in records.values()}
    assert {"subject.registered", "subject.described", "session.begun", "session.screening", "session.consent",
            "needle.claimed", "strokes", "image.captured", "session.signed"} <= kinds
    assert all(record["body"].get("subject", "P-0001").lower() == "p-0001" for record in records.values())
    assert "session.screening" in {records[seq]["kind"] for seq in opened}
    assert {r["body"].get("session") for r in records.values()} >= {1, 2}
    pictures = {hashlib.sha256(picture.read_bytes()).hexdigest() for picture in folder.glob("photographs/*")}
    assert pictures == {r["body"]["sha256"] for r in records.values() if r["kind"] == "image.captured"}
    assert "session.screening" in (folder / "index.html").read_text()
    assert folder.stat().st_mode & 0o077 == 0, "for the owner alone"

    # it is on record, with the person and with the place
    reads = [row["body"] for row in station.audit("records", kind="audit.read")]
    assert any(r["query"] == "records" and r["arguments"].get("subject") == "p-0001" for r in reads)
    assert any(r["query"] == "export" and r["arguments"].get("file") == str(folder) for r in reads)

    # once more: never over one that is there
    assert "is there already" in ctl(station, "person", "export", "P-0001", "-o", folder, status=1)
    assert "nobody is on record" in ctl(station, "person", "export", "P-9", "-o", station.folder / "other", status=1)
    assert not (station.folder / "other").exists() and not (station.folder / "other.part").exists()


def test_after_an_erasure_it_says_so_and_still_verifies(treated):
    station, before, after = treated, treated.folder / "before", treated.folder / "after"
    ctl(station, "person", "export", "P-0001", "-o", before)
    opened = check(before, (before / "key").read_text().strip())
    station.call("Station1", "Logout")
    station.sign_in(ADMINISTRATOR[0], ADMINISTRATOR[2])
    station.record("Station1", "personal.erased", pin=ADMINISTRATOR[2], subject="P-0001", reason="asked for", despite="asked for")
    wait_for(lambda: all(row["state"] == "erased" for row in station.audit("images")), "the photographs to be erased")
    said = json.loads(ctl(station, "--json", "person", "export", "P-0001", "-o", after))
    still = check(after, (after / "key").read_text().strip())
    assert said["photographs"] == 0 and said["erased"] >= len(opened) - len(still) > 0
    assert not list(after.glob("photographs/*"))
    assert "personal data: erased" in (after / "index.html").read_text()
    assert f"Of {said['erased']} what they commit to was erased" in (after / "README").read_text()
    kinds = {json.loads(r.read_text())["kind"] for r in after.glob("records/*.json")}
    assert {"personal.erased", "session.begun", "session.screening"} <= kinds
    # what was kept before opens the same records still
    assert check(before, (before / "key").read_text().strip()) == opened


def test_a_zip_holds_the_same(treated):
    station, folder, packed = treated, treated.folder / "whole", treated.folder / "whole.zip"
    ctl(station, "person", "export", "P-0001", "-o", folder)
    ctl(station, "person", "export", "P-0001", "-o", packed)
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        names = {name for name in archive.namelist() if not name.endswith("/")}
        first = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        # the second one also has the accesses of the first
        assert first <= names
        assert all(name.split("/")[0] in ("records", "proofs") for name in names - first)
        assert archive.read("key") == (folder / "key").read_bytes()
    assert not list(station.folder.glob("whole.zip.part*"))
    done = subprocess.run([CTL, "person", "export", "P-0001", "-o", "here.zip"], cwd=station.folder, check=False, timeout=60,
                          env=dict(station.environment(), PATH="/nowhere"), capture_output=True, text=True)
    assert done.returncode == 1 and "install the package zip" in done.stderr and not list(station.folder.glob("here*"))
    subprocess.run([CTL, "person", "export", "P-0001", "-o", "here.zip"], cwd=station.folder, check=True, timeout=60,
                   env=station.environment(), stdout=subprocess.DEVNULL)
    assert zipfile.is_zipfile(station.folder / "here.zip")


def test_what_is_not_whole_has_not_its_name(treated):
    station, folder = treated, treated.folder / "full"
    done = subprocess.run(["prlimit", "--fsize=20000", CTL, "person", "export", "P-0001", "-o", folder],
                          env=station.environment(), text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode != 0 and not folder.exists()
    left = folder.with_name("full.part")
    if left.exists():  # killed by the limit's signal: what it left is taken away by the next one
        ctl(station, "person", "export", "P-0001", "-o", folder)
        assert folder.exists() and not left.exists()


def test_who_may_not_read_the_record_gets_nothing(treated):
    station, folder = treated, treated.folder / "mine"
    polkit = station.polkit = Polkit(station.address)
    polkit.answer("yes")
    polkit.answer("no", "org.stipple.audit.read")
    assert "not allowed" in ctl(station, "person", "export", "P-0001", "-o", folder, status=1)
    assert not folder.exists() and not folder.with_name("mine.part").exists()
    polkit.answer("yes", "org.stipple.audit.read")
    ctl(station, "person", "export", "P-0001", "-o", folder)
    polkit.stop()
    station.polkit = None


def pages_of(pdf):
    """The text of each page."""
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True,
                          timeout=60).stdout.split("\f")[:-1]


def test_the_passport_is_one_page_in_the_clients_language(treated, tmp_path):
    station, pdf, code = treated, tmp_path / "passport.pdf", tmp_path / "code"
    station.record("Session1", "subject.described", subject="P-0001", hair="brown", language="es")
    ctl(station, "person", "passport", "p-0001", "-o", pdf)
    page, = pages_of(pdf)
    for words in ("Pasaporte del cliente", "Coronilla", "Nuca", "Brand black-3", "PG7", "1RL 0.25", "L1"):
        assert words in page, (words, page)
    if os.environ.get("STIPPLE_REPORTS"):
        shutil.copy(pdf, os.environ["STIPPLE_REPORTS"])

    # the code is the proof of the record that ends the last session
    subprocess.run(["pdftoppm", "-r", "300", "-png", pdf, tmp_path / "page"], check=True, timeout=60)
    image, = tmp_path.glob("page*.png")
    read = subprocess.run(["zbarimg", "-q", "--raw", image], check=True, capture_output=True, timeout=60).stdout
    code.write_bytes(read)
    done = subprocess.run([CTL, "audit", "verify", "--proof", code, "--key", str(station.get("Audit1", "Key"))], check=True,
                          capture_output=True, text=True, timeout=60)
    assert '"session":2' in done.stdout and '"kind":"session.signed"' in done.stdout
    assert "is not on record" in ctl(station, "person", "passport", "P-9", "-o", tmp_path / "none.pdf", status=1)
    assert not (tmp_path / "none.pdf").exists()


def test_a_passport_with_many_lots_is_one_page(station, tmp_path):
    pdf = tmp_path / "many.pdf"
    station.prepare()
    for i in range(12):
        station.call("Session1", "LoadPigment", f"Brand {i}", "a rather long colour", f"LOT-{i}", "2031-01-31")
    ctl(station, "person", "passport", "P-0001", "-o", pdf, "--paper", "letter")
    page, = pages_of(pdf)
    assert "and 6 more" in page and "LOT-0" in page and "LOT-11" not in page
