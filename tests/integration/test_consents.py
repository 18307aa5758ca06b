# SPDX-License-Identifier: Apache-2.0
"""What a client reads, signs, gets a copy of, withdraws and has erased."""

import hashlib
import json
import shutil
import sqlite3
import subprocess

import dbus
import pytest

import harness
from harness import ADMINISTRATOR, wait_for

TEXTS = harness.SOURCE / "configs/consents"
NAME = ("100,100 140,180 180,120 220,200 260,140 300,220 340,160 380,240;"
        "420,180 460,260 500,200 540,280 580,220")


def configure(station, profile, folder=TEXTS):
    station.stop()
    config = station.config.read_text()
    config = config.replace("[paths]\n", f"[paths]\nconsent_folder = {folder}\n")
    station.config.write_text(config.replace("[station]\n", f"[station]\nprofile = {profile}\n"))
    station.start()
    station.wait_board()


def refused(call, *arguments):
    with pytest.raises(dbus.DBusException) as refusal:
        call(*arguments)
    return refusal.value.get_dbus_name().rsplit(".", 1)[1], refusal.value.get_dbus_message()


def bodies(station, kind):
    return [json.loads(row["body"]) if isinstance(row["body"], str) else row["body"]
            for row in station.audit("records") if row["kind"] == kind]


def sign(station, form, version="1", language="en", signature=NAME, shown=None):
    text = TEXTS / f"{form}.1.{language}.txt"
    shown = shown or hashlib.sha256(text.read_bytes()).hexdigest()
    station.call("Session1", "SignConsent", form, version, language, shown, signature)


def personal(station):
    with sqlite3.connect(f"file:{station.folder}/state/ledger.db?mode=ro", uri=True) as db:
        return [json.loads(data) for data, in db.execute("SELECT data FROM personal ORDER BY seq")]


def test_texts_are_offered_with_their_digests(station):
    configure(station, "us-ca")
    texts = station.call("Session1", "ConsentTexts")
    assert {(str(form), str(language)) for form, _, language, _, _ in texts} == {
        (form, language) for form in ("treatment", "photographs", "aftercare", "needles-sealed")
        for language in ("en", "es", "de")}
    for form, version, language, text, digest in texts:
        data = (TEXTS / f"{form}.{version}.{language}.txt").read_bytes()
        assert data.decode() == text and hashlib.sha256(data).hexdigest() == digest


def test_a_signature_is_on_record_with_the_text(station):
    configure(station, "us-ca")
    station.enrol()
    station.sign_in()
    station.begin("P-1")
    assert refused(sign, station, "treatment", "2")[0] == "InvalidArgument"
    assert "too small" in refused(sign, station, "treatment", "1", "en", "10,10")[1]
    text = refused(sign, station, "treatment", "1", "en", NAME, "0" * 64)[1]
    assert "not the one that was shown" in text
    sign(station, "treatment")
    assert station.get("Session1", "ConsentTreatment") and not station.get("Session1", "ConsentPhotographs")
    sign(station, "photographs", language="es")
    sign(station, "aftercare")
    assert station.get("Session1", "AftercareReceived") and not station.get("Session1", "NeedlesSealed")
    station.call("Session1", "RecordConsent", "needles-sealed", "1", True)
    assert station.get("Session1", "NeedlesSealed")
    treatment, photographs = bodies(station, "session.consent")
    digest = hashlib.sha256((TEXTS / "treatment.1.en.txt").read_bytes()).hexdigest()
    assert (treatment["signed_on"], treatment["language"], treatment["text_sha256"]) == ("screen", "en", digest)
    assert photographs["language"] == "es" and "signature" not in treatment
    received, sealed = bodies(station, "session.statement")
    assert received["statement"] == "aftercare" and received["signed_on"] == "screen"
    assert sealed["statement"] == "needles-sealed" and sealed["signed_on"] == "paper"
    assert [data["signature"] for data in personal(station) if "signature" in data] == [NAME] * 3
    # it is there again after a crash
    station.kill()
    station.start()
    station.wait_board()
    assert station.get("Session1", "ConsentTreatment") and station.get("Session1", "NeedlesSealed")
    assert station.get("Session1", "AftercareReceived")


def test_a_signature_is_erased_and_the_proof_stays(station):
    configure(station, "us-ca")
    station.prepare(subject="P-1")
    sign(station, "treatment")
    station.call("Session1", "Abandon", "unwell")
    assert any("signature" in data for data in personal(station))
    with station.administrator():
        station.record("Station1", "personal.erased", ADMINISTRATOR[2], reason="asked for it", subject="P-1",
                       despite="the person insists")
    assert not any("signature" in data for data in personal(station))
    station.call("Audit1", "Verify")
    wait_for(lambda: station.get("Audit1", "Verification") not in ("none", "running"), "the verification")
    assert station.get("Audit1", "Verification") == "sound", station.get("Audit1", "VerificationText")


def test_new_york_asks_for_sealed_needles_before_the_first_dot(station):
    configure(station, "us-ny")
    station.prepare()
    name, text = refused(station.call, "Session1", "Arm")
    assert name == "NeedlesNotSealed" and "let the client sign" in text
    sign(station, "needles-sealed")
    assert "needles-sealed" not in [str(refusal[0]) for refusal in station.call("Session1", "Refusals")]


def run(station, *words):
    return subprocess.run([harness.BUILD / "ctl/stipplectl", *map(str, words)], env=station.environment(),
                          capture_output=True, text=True, check=False)


def test_the_client_gets_a_copy_that_can_be_verified(station, tmp_path):
    shutil.copytree(TEXTS, tmp_path / "texts")
    configure(station, "us-ny", tmp_path / "texts")
    station.prepare(subject="P-1")
    sign(station, "treatment")
    sign(station, "needles-sealed", language="es")
    station.call("Session1", "Abandon", "unwell")
    # a clinic that changes a text under the same version does not change what was signed
    (tmp_path / "texts/treatment.1.en.txt").write_text("Other words.\n")
    station.stop()
    station.start()
    station.wait_board()
    signed = station.audit("consent-texts", session=1)
    assert [(row["consent"], row["language"], row["text"]) for row in signed] == [
        (form, language, (TEXTS / f"{form}.1.{language}.txt").read_text())
        for form, language in (("treatment", "en"), ("needles-sealed", "es"))]
    done = run(station, "session", "copy", 1, "-o", tmp_path / "copy.pdf")
    assert done.returncode == 0, done.stderr
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "copy.pdf", "-"], capture_output=True, text=True,
                          check=True).stdout
    assert "Other words" not in text
    for words in ("Consent to scalp micropigmentation", "I agree to the treatment.", "Las agujas estaban precintadas",
                  "Signed on paper.", "The text is on the paper form", "P-1",
                  hashlib.sha256((TEXTS / "treatment.1.en.txt").read_bytes()).hexdigest()):
        assert words in text, text
    # each record's proof can be scanned
    subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / "copy.pdf", tmp_path / "page"], check=True)
    codes = set()
    for page in sorted(tmp_path.glob("page*.png")):
        scanned = subprocess.run(["zbarimg", "--raw", "-q", "-Sdisable", "-Sqrcode.enable", page], capture_output=True,
                                 text=True, check=False).stdout
        codes |= set(filter(None, scanned.split("\n")))
    assert len(codes) == 4, codes
    (tmp_path / "proof").write_text(min(codes))
    verified = run(station, "audit", "verify", "--proof", tmp_path / "proof", "--key", station.get("Audit1", "Key"))
    assert verified.returncode == 0, verified.stderr
    # that it was given is on record, and no longer missing
    rules = {row["rule"] for row in station.audit("check")}
    assert "session-copy" not in rules, "no dot was made yet"
    station.sign_in()
    assert run(station, "session", "copied", "session=1", "way=paper").returncode == 0
    assert bodies(station, "session.copied")[0].items() >= {"session": 1, "way": "paper"}.items()
    consents = [(row["consent"], row["signed_on"]) for row in station.audit("consents")]
    assert consents == [("treatment", "paper"), ("photographs", "paper"), ("treatment", "screen"), ("needles-sealed", "screen")]
    assert run(station, "session", "copy", 9, "-o", tmp_path / "none.pdf").returncode == 1
    assert not (tmp_path / "none.pdf").exists()


def test_words_of_an_earlier_version_come_from_the_present_texts(station, tmp_path):
    """It kept no words beside the record: only a text with the digest that was signed takes their place."""
    shutil.copytree(TEXTS, tmp_path / "texts")
    configure(station, "us-ny", tmp_path / "texts")
    station.prepare(subject="P-1")
    sign(station, "treatment")
    sign(station, "needles-sealed", language="es")
    station.call("Session1", "Abandon", "unwell")
    station.stop()
    (tmp_path / "texts/treatment.1.en.txt").write_text("Other words.\n")
    with sqlite3.connect(station.folder / "state/ledger.db") as db:
        assert db.execute("DELETE FROM attachment").rowcount == 2
    db.close()
    station.start()
    station.wait_board()
    assert station.audit("consent-texts", session=1) == []
    done = run(station, "session", "copy", 1, "-o", tmp_path / "copy.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "copy.html").read_text()
    assert "Las agujas estaban precintadas" in page
    assert "Other words" not in page and "I agree to the treatment." not in page
    assert "ask the clinic for the one with the digest below" in page


def test_what_happened_cannot_be_withdrawn(station):
    configure(station, "us-ca")
    station.prepare()
    name, text = refused(station.call, "Session1", "RecordConsent", "aftercare", "1", False)
    assert name == "InvalidArgument" and "cannot be withdrawn" in text
    station.call("Session1", "RecordConsent", "treatment", "1", False)
    assert bodies(station, "session.consent")[-1]["given"] is False
    assert station.get("Session1", "ConsentTreatment") == False  # noqa: E712


def test_a_text_that_cannot_be_read_lets_nobody_be_treated(station, tmp_path):
    (tmp_path / "treatment.en.txt").write_text("I agree.")
    configure(station, "us-ca", tmp_path)
    assert "treatment.en.txt" in station.get("Station1", "Inert")
    assert "FORM.VERSION.LANGUAGE.txt" in station.get("Station1", "Inert")
