# SPDX-License-Identifier: Apache-2.0
"""Pigments: labels, opened bottles, safety data sheets; and official recalls, matched with stock and people."""

import base64
import datetime
import hashlib
import subprocess

import dbus
import pytest

import harness
from harness import BUILD

CTL = BUILD / "ctl/stipplectl"
LIST = """stipple-recalls/1
authority: FDA
issued: 2026-05-01
reference: F-1234-2026
pigment|brand|*|pg7
needle|*|L9
"""


def ctl(station, *words, status=0):
    done = subprocess.run([CTL, *map(str, words)], env=station.environment(), text=True, capture_output=True,
                          timeout=harness.PATIENCE_S, check=False)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


class Issuer:
    """Whoever issues lists: an Ed25519 key, in the form of c2sp.org/signed-note."""

    def __init__(self, folder):
        self.folder, self.name = folder, "recalls.example"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / "key.pem"], check=True)
        public = subprocess.run(["openssl", "pkey", "-in", folder / "key.pem", "-pubout", "-outform", "DER"],
                                capture_output=True, check=True).stdout[-32:]
        self.id = hashlib.sha256(self.name.encode() + b"\n\x01" + public).digest()[:4]
        self.key = f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"

    def write(self, text, name="list.txt"):
        (self.folder / "text").write_text(text)
        subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.folder / "key.pem", "-in", self.folder / "text",
                        "-out", self.folder / "signature"], check=True)
        signature = base64.b64encode(self.id + (self.folder / "signature").read_bytes()).decode()
        (self.folder / name).write_text(f"{text}\n— {self.name} {signature}\n")
        return self.folder / name


@pytest.fixture
def treated(station):
    """P-0001 was treated with pigment PG7, which is on record."""
    station.wait_board()
    station.enrol()
    station.enrol("s1", "2222", "supervisor,technician,auditor")
    station.sign_in("s1", "2222")
    for lot in ("PG7", "PG8"):
        station.record("Inventory1", "pigment.received", brand="Brand", colour="black-3", lot=lot, expiry="2031-01-31",
                       quantity="2", purpose="scalp", ingredients="CI 77266, aqua")
    station.call("Station1", "Logout")
    station.prepare(enrol=False)
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    return station


def test_a_recall_sets_aside_and_names_people(treated, tmp_path):
    issuer = Issuer(tmp_path)
    file = issuer.write(LIST)
    assert "--key" in ctl(treated, "recall", "import", file, status=2)[1]
    stranger = Issuer(tmp_path_of(tmp_path, "stranger"))
    assert "nothing was set aside" in ctl(treated, "--key", stranger.key, "recall", "import", file, status=1)[1]
    changed = tmp_path / "changed.txt"
    changed.write_text(file.read_text().replace("pg7", "pg8"))
    assert "nothing was set aside" in ctl(treated, "--key", issuer.key, "recall", "import", changed, status=1)[1]
    out, _ = ctl(treated, "--key", issuer.key, "--dry-run", "recall", "import", file)
    assert "would be set aside" in out and treated.audit("records", kind="recall.listed") == []
    out, _ = ctl(treated, "--key", issuer.key, "recall", "import", file)
    assert "lot PG7 of Brand black-3 is recalled" in out and "used on client P-0001 in session 1" in out
    assert "PG8" not in out and "1 lots on record are recalled, used 1 times" in out
    lots = {r["lot"]: r for r in treated.audit("pigment-lots")}
    assert lots["PG7"]["status"] == "quarantined" and lots["PG8"]["status"] == "released"
    assert lots["PG7"]["status_reason"] == "recall F-1234-2026 of FDA, 2026-05-01"
    assert lots["PG7"]["ingredients"] == ["CI 77266", "aqua"]
    assert "pigment" in [r[0] for r in treated.call("Session1", "Refusals")], "what is loaded is barred at once"
    kept, = treated.audit("records", kind="recall.listed")
    assert kept["body"]["entries"] == 2 and kept["body"]["key"] == issuer.key
    assert kept["body"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    # given again, it changes nothing
    out, _ = ctl(treated, "--key", issuer.key, "recall", "import", file)
    assert "used on client P-0001" in out and len(treated.audit("records", kind="recall.listed")) == 1
    assert len(treated.audit("records", kind="pigment.status")) == 1


def test_what_was_used_but_never_received_is_named(station, tmp_path):
    station.wait_board()
    station.prepare(subject="P-0002")
    station.call("Session1", "LoadPigment", "Other", "brown", "X9", "2031-01-31")
    issuer = Issuer(tmp_path)
    file = issuer.write(LIST.replace("pigment|brand|*|pg7", "pigment|OTHER|*|x9"))
    station.call("Station1", "Logout")
    station.enrol("s1", "2222", "supervisor,technician,auditor")
    station.sign_in("s1", "2222")
    out, _ = ctl(station, "--key", issuer.key, "recall", "import", file)
    assert "lot X9 of Other brown is recalled: it was used but never received here" in out
    assert "used on client P-0002 in session 1" in out and "1 lots on record are recalled, used 1 times" in out


def tmp_path_of(folder, name):
    (folder / name).mkdir()
    return folder / name


@pytest.mark.parametrize("text, words", [
    ("something else\n", "first line is not"),
    (LIST.replace("authority: FDA\n", ""), "does not say authority"),
    (LIST.replace("needle|*|L9", "needle|*|*"), "of another form"),
    (LIST + "pigment|B\n", "list.txt:7"),
    (LIST.replace("2026-05-01", "May 2026"), "issued (YYYY-MM-DD)"),
    (LIST[:LIST.index("pigment")], "names no lot"),
])
def test_a_list_of_another_form_does_nothing(treated, tmp_path, text, words):
    issuer = Issuer(tmp_path)
    assert words in ctl(treated, "--key", issuer.key, "recall", "import", issuer.write(text), status=1)[1]
    assert treated.audit("records", kind="pigment.status") == []


def test_a_pigment_is_opened_and_its_sheet_kept(treated, tmp_path):
    sheet = tmp_path / "sheet.pdf"
    sheet.write_bytes(b"%PDF-1.7 sheet")
    assert "is on record" in ctl(treated, "pigment", "sheet", sheet, "brand=Brand")[0]
    kept, = treated.audit("records", kind="pigment.sheet")
    assert {r["sheet"] for r in treated.audit("pigment-lots")} == {kept["seq"]}
    day = (datetime.date.today() - datetime.timedelta(days=100)).isoformat()
    treated.record("Inventory1", "pigment.opened", lot="PG8", opened=day, days="90")
    kind, text = treated.refused("Session1", "LoadPigment", "Brand", "black-3", "PG8", "2031-01-31")
    assert f"was opened on {day} and may be used until" in text, kind
    treated.record("Inventory1", "pigment.labelled", lot="PG8", mixture="yes", batch="yes", ingredients="yes",
                   ph_regulator="named", nickel="missing", chromium="not-contained", local="yes")
    assert {r["lot"]: r["label"] for r in treated.audit("pigment-lots")} == {"PG7": None, "PG8": "fail"}
    with pytest.raises(dbus.DBusException, match="no file is attached"):
        treated.call("Inventory1", "AttachFile", "session.begun", dbus.Dictionary({}, signature="sv"), dbus.ByteArray(b"x"))
