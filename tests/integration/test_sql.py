# SPDX-License-Identifier: Apache-2.0
"""Every SQL file of the ledger runs unchanged in the sqlite3 shell, and gives what the programs give."""

import datetime
import json
import re
import subprocess

import pytest

from harness import BUILD, PATIENCE_S, SOURCE

SQL, CTL, TELL = SOURCE / "lib/ledger/sql", BUILD / "ctl/stipplectl", BUILD / "tests/unit/tell-history"
MICROSECOND, EPOCH = datetime.timedelta(microseconds=1), datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
FROM, TO = "2026-03-03T12:00:00Z", "2026-03-05T00:00:00Z"
RANGE = {"from": FROM, "to": TO}
HELD_RANGE = {"from": "2026-03-07", "to": "2026-12-31"}
WHEN_DUE = {"biological_days": 1, "biological_cycles": 1, "after_installation": 1, "after_repair": 1}
TESTED = {"penetration_test": 1, "leak_test_days": 7, "today": "2026-12-31"}
IN_A_ROW = {"in_a_row": 2, "in_a_row_after": "installation repair failure unused", "unused_days": 14}
FIGURES = {**WHEN_DUE, **IN_A_ROW, **TESTED, "registration": 1, "questions": '["keloids", "pregnancy"]', "certificates": '["c2", "c1"]',
           "proofs": "items notified authority initials mechanical pressure integrator chemical contents release certificate membrane pigment ink_label"
                     " consent screening signature disposal"}
TERMS = {"keep": '{"sessions": 1, "incidents": 1, "operators": 1, "needles": 3}', "today": "2026-12-31"}

# What each question is asked; the first case finds something.
QUESTIONS = {
    "barred-lots": [{}],
    "clinic-link": [{"boot": "0123456789abcdef0123456789abcdef"}, {"boot": "none"}],
    "clinic-released": [{}],
    "clinic-stations": [{}],
    "clinic-held": [{}, {"limit": 1}],
    "blends": [{}, {"blend": "m1"}, {"lot": "L1", **RANGE}],
    "certificates": [{}, {"lot": "l1"}],
    "client": [{"subject": "P-1"}, {"subject": "p-2"}],
    "certifications": [{}, {"badge": "B2", "certificate": "c1"}, {"from": "2026-12-31", "limit": 1}],
    "check": [FIGURES, {**FIGURES, "rule": "lot-membrane"}, {**FIGURES, "after": 2, "limit": 3}, {}],
    "checkpoints": [{}],
    "clinic": [{}],
    "consent-texts": [{"session": 1}],
    "consents": [{}, {"consent": "treatment", "subject": "p-1"}],
    "corrections": [{}, {"field": "dots"}, {"record": 38}],
    "courses": [{}, {"subject": "P-1", "protocol": "x"}],
    "density": [{"subject": "P-2"}, {"subject": "p-2", "zone": "crown"}, {"subject": "P-1"}],
    "deliveries": [{}, {"lot": "L1"}, RANGE],
    "doubt": [{}, {"handpiece": "HP1"}, {"subject": "P-1", "limit": 1}],
    "sharps": [{}, {"container": "sc9"}],
    "reports-due": [{}, {"subject": "p-1", "limit": 1}],
    "due": [WHEN_DUE, {**WHEN_DUE, "sterilizer": "s1"}, {**WHEN_DUE, **IN_A_ROW}, {}],
    "escrow": [{"from": "2026-01-01"}],
    "equipment-tests": [{}, {"sterilizer": "s1", "test": "leak"}, {"result": "fail"}],
    "erasures": [{}, {"after": 60}],
    "expired": [TERMS, {**TERMS, "whose": "record"}, {}],
    "faults": [{}, {"session": 1}],
    "handpieces": [{}, {"state": "retired"}, {"handpiece": "HP1", "model": "o"}],
    "held": [{}, {"lot": "l1"}, {"unit": "(10)L3#2"}, {"after": "(10)L3#1", "limit": 1, **HELD_RANGE}],
    "images": [{}, {"zone": "crown", "phase": "after"}, RANGE],
    "images-to-erase": [{}],
    "images-unnamed": [{"files": '[{"file": "9.jpg", "session": 1, "utc_us": 1872445600000000}]'}],
    "incidents": [{}, {"incident": "complication", "severity": "minor"}, {"subject": "p-1"}],
    "indicators": [{}, {"sterilizer": "s1", "result": "fail"}, {"lot": "bi"}],
    "keys": [{}],
    "labels": [{}, {"lot": "l3"}, {"record": 0}],
    "lot": [{"lot": "l1"}, {"lot": "L1", "gtin": "1"}],
    "lots": [{}, {"status": "quarantined"}, {"after": 14, "limit": 1}, {"product": "p", "maker": "m"}],
    "last-dots": [{"subject": "p-2"}],
    "low-stock": [{}],
    "needles": [{}, {"session": 1}, {"lot": "l1", "operator": "B1"}, RANGE],
    "newest-stock": [{}, {"limit": 1}],
    "operator": [{"badge": "B1"}, {"badge": "nobody"}],
    "operators": [{}, {"role": "auditor"}, {"state": "active", "limit": 1}],
    "outbox": [{}, {"after": 20, "limit": 4}],
    "overrides": [{}, {"session": 1}],
    "packs": [{}, {"sterilizer": "s2", "cycle": 8}, RANGE],
    "person": [{"subject": "p-1"}, {"subject": "P-9"}],
    "picture": [{"file": "2.jpg"}, {"file": "none.jpg"}],
    "pigment-deliveries": [{}, {"lot": "pg1"}],
    "pigment-lots": [{}, {"status": "recalled"}, {"brand": "B", "colour": "black"}],
    "pigments": [{}, {"session": 1}, {"subject": "P-2"}],
    "programs": [{}, {"sterilizer": "s1", "program": "s"}],
    "recall": [{"lot": "l1"}, {"lot": "L1", "subject": "P-1", **RANGE}],
    "recipes": [{"subject": "p-1"}, {"subject": "P-2", "limit": 1}],
    "records": [{}, {"subject": "p-1"}, {"kind": "lot.received", "limit": 2}, {"session": 1, **RANGE}],
    "retention": [{**TERMS, "profile": "x"}, {}],
    "scalp": [{"subject": "p-2"}, {"subject": "P-3"}],
    "screenings": [{"subject": "P-2"}, {"subject": "P-1"}],
    "standing": [{"subject": "P-2"}, {"subject": "P-1"}],
    "session": [{"session": 1}],
    "sessions": [{}, {"outcome": "signed"}, {"subject": "P-1", "protocol": "x"}, RANGE],
    "sign-ins": [{}, {"badge": "B1"}],
    "sterile": [{}, {"handpiece": "HP1", "sterilizer": "s1"}],
    "sterilization": [{}, {"item": "hp1"}, {"cycle": 2, "series": 1}],
    "sterilizers": [{}, {"sterilizer": "s1"}, {"from": "2026-01-01", "to": "2026-01-01"}],
    "stock": [{}, {"gtin": "1", "product": "p"}, {"status": "released", "after": 14}],
    "stints": [{}, {"unit": "u1", "zone": "crown"}, {"session": 1, "operator": "B1", "subject": "p-1", **RANGE}],
    "strokes": [{"session": 1}, {"session": 1, "limit": 1}],
    "subject": [{"subject": "P-1"}, {"subject": "p-1", **RANGE}],
    "subjects": [{}, {"subject": "p-1"}],
    "timeline": [{}, {"subject": "P-1"}, {"session": 1, "kind": "strokes"}],
    "treated": [{"subject": "p-1"}],
    "unit": [{"unit": "u1"}],
    "untested": [TESTED, {}],
    "waiting": [{}, {"after": 30}],
    "zones": [{"session": 1}],
}
EMPTY = {"checkpoints", "consent-texts", "images-to-erase", "low-stock"}  # the first case finds nothing in this history


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    subprocess.run([TELL, "ledger.db"], cwd=folder, check=True, timeout=PATIENCE_S)
    return folder / "ledger.db"


def shell(database, *lines, options=("-readonly",)):
    done = subprocess.run(["sqlite3", "-bail", *options, database], input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", check=False, timeout=PATIENCE_S)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def expression(value):
    if value is None or isinstance(value, (int, float)):
        return "NULL" if value is None else repr(value)
    return "'" + value.replace("'", "''") + "'"


def parameters(values):
    """The lines that an auditor types before the file."""
    quote = str.maketrans({"\\": "\\\\", '"': '\\"'})
    return [".parameter init", *(f'.parameter set @{name} "{expression(value).translate(quote)}"' for name, value in values.items())]


def rows_of(text):
    return json.loads(text) if text else []


def microseconds(text):
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // MICROSECOND


def shown(row):
    """A row of the shell as the programs show it: its columns say how."""
    made = {}
    for column, value in row.items():
        name, _, how = column.partition(":")
        if value is not None and how == "utc":
            value = str(EPOCH + value * MICROSECOND)
        made[name] = json.loads(value) if value is not None and how in ("json", "words") else value
    return made


def with_times(row, asked):
    """The same of a program's row, where times are text."""
    times = {column.removesuffix(":utc") for column in asked if column.endswith(":utc")}
    return {name: str(EPOCH + microseconds(value) * MICROSECOND) if name in times and value is not None else value
            for name, value in row.items()}


def bound(values):
    """What a program makes of arguments: a day as the end of a range is within it."""
    made = dict(values)
    for name in {"from", "to"} & set(values):
        day = len(values[name]) == 10
        made[name] = microseconds(values[name] + ("T00:00:00Z" if day else "")) + (86400000000 if day and name == "to" else 0)
    return made


def ask(ledger, name, values):
    """What the station answers."""
    done = subprocess.run([TELL, ledger.name, name, json.dumps(values)], cwd=ledger.parent, stdout=subprocess.PIPE, check=True,
                          timeout=PATIENCE_S)
    return json.loads(done.stdout)


def run_file(ledger, file, values, *before):
    return rows_of(shell(ledger, *parameters(bound(values)), *before, ".mode json", f".read {file}"))


# ---- the schema ----

def in_order(*folders):
    """Version by version, its tables before its views."""
    return sorted((file for folder in folders for file in (SQL / folder).glob("*.sql")), key=lambda file: file.stem)


def test_schema_and_views_make_the_tables_of_a_ledger(ledger, tmp_path):
    files = in_order("schema", "views")
    assert len(files) == 13
    shell(tmp_path / "made.db", *(f".read {file}" for file in files), options=())
    master = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    assert shell(tmp_path / "made.db", ".mode json", master) == shell(ledger, ".mode json", master)


# ---- questions ----

def test_every_file_has_its_place():
    assert {file.stem for file in (SQL / "questions").glob("*.sql")} == set(QUESTIONS)
    assert {path.name for path in SQL.iterdir() if path.is_dir()} == {
        "schema", "views", "questions", "checks", "project", "rebuild", "accept", "read", "write"}
    assert {file.name for file in (SQL / "rebuild").iterdir()} == {"empty.sql", "days.sql"}
    assert {file.stem for file in (SQL / "accept").iterdir()} == {name for name, *_ in ASKED}
    assert {file.stem for file in (SQL / "read").iterdir()} == {"archive"} | {name for name, *_ in READ}
    assert {file.name for file in (SQL / "write").iterdir()} == {"append.sql", "archive.sql", "open.sql"}


def check_question(ledger, name, values, *before):
    asked = run_file(ledger, SQL / f"questions/{name}.sql", values, *before)
    answer = ask(ledger, name, values)
    assert [shown(row) for row in asked] == [with_times(row, asked[0]) for row in answer], (name, values)
    return answer


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - {"check"}))
def test_a_question_is_answered_as_by_the_station(ledger, name):
    filled = [bool(check_question(ledger, name, values)) for values in QUESTIONS[name]]
    assert filled[0] or name in EMPTY


def test_the_tool_answers_a_copied_file_alike(ledger):
    by_profile = {"check", "due", "retention", "expired"}  # the tool takes the figures from a profile
    names = {name for name in QUESTIONS if "\n-- For the station alone.\n" not in (SQL / f"questions/{name}.sql").read_text()}
    assert len(names) > 40
    for name in names - by_profile:
        values = QUESTIONS[name][0]
        asked = run_file(ledger, SQL / f"questions/{name}.sql", values)
        told = subprocess.run([CTL, "--ledger", ledger, "--json", "audit", name, *(f"{k}={v}" for k, v in values.items())],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=PATIENCE_S).stdout
        rows = [json.loads(line) for line in told.splitlines()]
        assert [shown(row) for row in asked] == [with_times(row, asked[0]) for row in rows], name


# ---- compliance checks ----

@pytest.mark.parametrize("values", QUESTIONS["check"], ids=["all", "rule", "page", "nothing"])
def test_the_checks_together_are_the_check(ledger, values):
    figures = {name: value for name, value in values.items() if name in FIGURES}
    gap = [row for file in sorted((SQL / "checks").glob("*.sql")) for row in run_file(ledger, file, figures)]
    assert all(list(row) == ["rule", "subject", "missing", "since"] for row in gap)
    fill = [f"INSERT INTO gap VALUES({', '.join(expression(value) for value in row.values())});" for row in gap]
    answer = check_question(ledger, "check", values, "CREATE TEMP TABLE gap(rule, subject, missing, since);", *fill)
    if values == FIGURES:
        assert len(answer) == len(gap) and len({row["rule"] for row in gap}) > 10


def test_each_check_finds_something(ledger):
    lacking = {file.stem for file in (SQL / "checks").glob("*.sql") if not run_file(ledger, file, FIGURES)}
    assert lacking == NOT_IN_HISTORY


# what is wrong in no way in the history
NOT_IN_HISTORY: set[str] = set()


def test_what_is_due_is_found_when_it_is_overdue(ledger):
    """Two files have the rule, and two that of tests in a row."""
    due = [row for row in run_file(ledger, SQL / "questions/due.sql", WHEN_DUE) if row["due"] < FIGURES["today"] or row["reason"] == "failed"]
    found = run_file(ledger, SQL / "checks/biological.sql", FIGURES)
    assert due and sorted((row["subject"], row["since"]) for row in found) == sorted(
        ("steriliser " + row["sterilizer"], row["due"]) for row in due)
    waiting = {("steriliser " + row["sterilizer"], row["due"]) for row in run_file(ledger, SQL / "questions/due.sql", FIGURES) if row["needed"]}
    found = run_file(ledger, SQL / "checks/biological-row.sql", FIGURES)
    assert waiting and waiting <= {(row["subject"], row["since"]) for row in found}


def test_on_whom_a_load_in_doubt_was_used_is_found(ledger):
    """Two files have the rule."""
    doubt = {"subject " + row["subject"] for row in run_file(ledger, SQL / "questions/doubt.sql", {}) if row["subject"]}
    assert doubt and {row["subject"] for row in run_file(ledger, SQL / "checks/doubt.sql", FIGURES)} == doubt


# ---- what records change in the tables ----

def statements_of(file):
    """What stands behind each "-- record KIND", which may be several kinds."""
    head, *parts = re.split(r"^-- record (.+)\n", file.read_text(), flags=re.M)
    assert ";" not in head
    return [(kind, text) for kinds, text in zip(parts[::2], parts[1::2]) for kind in kinds.split()]


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def fields_of(row):
    """The parameters of a record: its body, and what is kept beside it."""
    values = {**json.loads(row["personal"] or "{}"), **json.loads(row["body"])}
    values = {name: int(value) if isinstance(value, bool) else compact(value) if isinstance(value, (list, dict)) else value
              for name, value in values.items()}
    here = {"seq": row["seq"], "utc_us": row["utc_us"], "actor": row["actor"]}
    if row["actor"] == "clinic":  # another station entered it
        here |= {"utc_us": microseconds(values["entered"]), "actor": values["entered_by"]}
    return values | here


def contents(database, tables):
    return {table: sorted(map(str, rows_of(shell(database, ".mode json", f"SELECT * FROM {table};")))) for table in tables}


def test_the_tables_can_be_filled_anew_from_the_records(ledger, tmp_path):
    """A file whose tables were emptied becomes what it was by the statements of each record."""
    copy = tmp_path / "copy.db"
    shell(ledger, f"VACUUM INTO '{copy}';")
    statements = {}
    for file in sorted((SQL / "project").glob("*.sql")):
        for kind, text in statements_of(file):
            statements[kind] = statements.get(kind, "") + text
    tables = re.findall(r"DELETE FROM (\w+);", (SQL / "rebuild/empty.sql").read_text())
    rows = rows_of(shell(ledger, ".mode json", """SELECT seq, kind, utc_us, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,
        json_extract(CAST(leaf AS TEXT), '$.body') AS body, data AS personal FROM record LEFT JOIN personal USING(seq) ORDER BY seq;"""))
    twins = {row["unit"]: row["twin"] for row in rows_of(shell(ledger, ".mode json", "SELECT unit, twin FROM unit;"))}
    assert set(statements) <= {row["kind"] for row in rows}, "each kind is in the history"
    lines = ["BEGIN;", f".read {SQL / 'rebuild/empty.sql'}"]
    for row in rows:
        if row["kind"] in statements:
            fields = fields_of(row)
            lines += [".parameter clear", *parameters({**fields, "twin": twins.get(fields.get("unit"))}), statements[row["kind"]]]
    before = contents(ledger, tables)
    assert [table for table in tables if not before[table]] == []
    shell(copy, *lines, f".read {SQL / 'rebuild/days.sql'}", "COMMIT;", options=())
    assert contents(copy, tables) == before


# ---- what is asked before a record is accepted ----

UNIT = "(01)00000000000017(21)"
ASKED = [
    ("clinic", {"boot_id": "b" * 32, "unit": "(10)L3", "lot": "L3", "number": 2, "from": "stipple/clinic/two 8", "test": 7},
     ["stipple/clinic/one|0|1", "(10)L3#1|2", "", "147", "154", "153", "144", "[]", "[]"]),
    ("clinic", {"boot_id": "c" * 32, "unit": UNIT + "H3", "lot": "L2", "number": 9, "giver": "stipple/clinic/two"},
     ["stipple/clinic/one|0|0", f"{UNIT}H3|4", "", "151", "144", '["stipple/clinic/one 19"]', "[]"]),
    ("clinic", {"unit": "u1", "lot": "L9", "gtin": "2"}, ["stipple/clinic/one|0|0", "4", "144", "[]", "[]"]),
    ("clinic", {"lot": "L7", "gtin": "2"}, ["stipple/clinic/one|0|0", "", "144", "recalled", '["stipple/clinic/two 8"]', "[]"]),
    ("people", {"badge": "b2"}, ["1"]),
    ("people", {"badge": "b1", "roles": '["technician"]'}, []),
    ("inventory", {"lot": "L1", "gtin": "1", "unit": "u1", "session": 2},
     ["1|9|5|2027-06-30|1|released|a.pdf|0||p", "released|p|m|2027-06-30|", "u1|1772589600000000|1|1772643600000000",
      "disposed|SC1|1772643600000000|0", "1"]),
    ("inventory", {"lot": "l2"}, ["L2|quarantined"]),
    ("identity", {"unit": UNIT + "A07", "twin": UNIT + "A7", "other": UNIT + "a07", "lot": "L1219", "gtin": "1"},
     [f"{UNIT}a07|1772812800000000", f"{UNIT}a07|1772812800000000", "L1"]),
    ("identity", {"unit": UNIT + "A7", "twin": UNIT + "A7", "other": UNIT + "a07", "lot": "l1"}, ["0"]),
    ("identity", {"lot": "l3"}, ["1"]),
    ("label", {"lot": "L3", "unit": UNIT + "A7", "sterilizer": "S2", "cycle": 8, "items": '["tweezers", "hp1"]'},
     ["9|3|0|0", "0", '129|130||["tweezers"]', "tweezers|tweezers|1|||2026-06-02|1772917200000000",
      "hp1||0|its load was corrected after its release: sterilise it again|39|2026-05-30|"]),
    ("identity", {"unit": UNIT + "a"}, [f"{UNIT}a07|1772812800000000"]),
    ("pigment", {"brand": "B", "colour": "black", "lot": "L1"}, ["B|black|2027-05-31|released|1|2026-02-02|2026-02-01|fail", "released|2027-05-31"]),
    ("pigment", {"colour": "umber", "lot": "M1"}, ["L1|fail|2026-02-02", "L1||9999", "2027-05-31|L1|released"]),
    ("handpiece", {"handpiece": "hp1", "session": 1},
     ["in-service|1|32|39|2026-05-30|its load was corrected after its release: sterilise it again|1"]),
    ("subject", {"session": 1, "subject": "p-2", "zone": "nape"}, ["1", "1000"]),
    ("subject", {"session": 2, "subject": "p-1", "zone": "nape"}, ["0", "0"]),
    ("sterilization", {"sterilizer": "S1", "cycle": 1},
     ["34||1|1772352240000000|0|S|134.0|240.0|pass||||134.0|300.0||S", "1772352000000000", "B||||1"]),
    ("sterilization", {"sterilizer": "S1", "tested": "2026-03-02T10:00:00Z"}, ["1772445600000000"]),
    ("correction", {"record": 57, "records": "[57]", "keep": '{"sessions": 1, "incidents": 36500}'},
     ["2126-02-11", "57", "0", "[]", "1"]),
    ("correction", {"subject": "p-2", "badge": "B2", "keep": '{"sessions": 1, "operators": 36500}'},
     ["2126-02-10", "69", "99", "110", "137", "138", "139", "96", "0", '["P-2"]']),
    ("session", {"session": 2, "question": "diabetes"}, ["2"]),
    ("session", {"session": 2, "question": "keloids"}, []),
    ("session", {"session": 1, "question": "diabetes"}, []),
    ("spelling", {"name": "p-1"}, ["P-1"]),
    ("spelling", {"name": "B2"}, ["b2", "b2"]),
    ("spelling", {"name": "l1"}, ["L1", "L1"]),
    ("spelling", {"name": "bi"}, ["BI"]),
    ("spelling", {"name": "m1"}, ["M1"]),
    ("spelling", {"name": "HP1"}, ["hp1"]),
    ("spelling", {"name": "s1"}, ["S1"]),
]


@pytest.mark.parametrize("name, values, wanted", ASKED)
def test_what_is_asked_before_a_record_is_accepted(ledger, name, values, wanted):
    file = SQL / f"accept/{name}.sql"
    assert shell(ledger, *parameters(values), ".mode list", f".read {file}").splitlines() == wanted


# ---- what programs read and write otherwise ----

# the same, where LEAF stands for the bytes of a record
READ = [
    ("known", {"value": "p-1"}, ["1"]),
    ("known", {"value": "PG1"}, ["1"]),
    ("known", {"value": "HP1"}, ["1"]),
    ("ledger", {"badge": "b1", "after": 0}, ["1", "clinic/one", "", "1|operator.enrolled|1772449200000000|LEAF|"]),
    ("history", {"session": 2},
     ["59|1772658000000000|session.begun|LEAF||", "60|1772661600000000|handpiece.mounted|LEAF||",
      "61|1772665200000000|needle.claimed|LEAF||", "62|1772668800000000|pigment.loaded|LEAF||",
      "63|1772672400000000|session.abandoned|LEAF||"]),
    ("outbox", {"after": 154, "limit": 1, "records": 1}, ["1|LEAF|"]),
    ("verify", {"records": 140, "table": "unit"},
     ["0", "132|1772920800000000|||0", "133|1772924400000000|||0", "144|1772964000000000|||1", "150|1772985600000000|||1",
      "151|1772989200000000|||1", "152|1772992800000000|||1", "132|LEAF|0", "133|LEAF|0", "144|LEAF|1", "40|needle.claimed|LEAF",
      "61|needle.claimed|LEAF", "102|needle.claimed|LEAF", "141|clinic.joined|LEAF", "143|clinic.joined|LEAF", "144|ledger.restored|LEAF",
      "145|clinic.leaf|LEAF", "146|clinic.leaf|LEAF", "147|clinic.leaf|LEAF", "148|clinic.leaf|LEAF", "150|clinic.released|LEAF",
      "151|clinic.received|LEAF", "152|needle.claimed|LEAF", "154|1773000000000000", "151", "17", "18", "121", "122", "113", "42", "43",
      '"unit", "seq", "session", "gtin", "lot", "expiry", "chip", "operator", "utc_us", "worked_s", "container", '
      '"ended_us", "ended_by", "source", "twin", "damage_seq"']),
]


@pytest.mark.parametrize("name, values, wanted", READ)
def test_what_is_read_otherwise(ledger, name, values, wanted):
    told = shell(ledger, f"ATTACH '{ledger}' AS kept;", *parameters(values), ".mode list", f".read {SQL}/read/{name}.sql")
    lines = re.sub(r'\{"actor".*?\}\}?(?=\||$)', "LEAF", told, flags=re.M).splitlines()
    assert lines[:len(wanted)] == wanted


def test_an_archive_keeps_what_comes_before(ledger, tmp_path):
    copy = tmp_path / "copy.db"
    shell(ledger, f"VACUUM INTO '{copy}';")
    told = shell(copy, *parameters({"utc_us": 0}), ".mode list", f".read {SQL}/read/archive.sql").splitlines()
    assert told[0] == "0" and told[1].startswith("CREATE TRIGGER record_no_update") and told[-1].startswith("DROP TRIGGER")
    shell(copy, *parameters({"size": 50}), told[-1] + ";", f".read {SQL}/write/archive.sql", options=())
    left = "SELECT max(record.seq), max(personal.seq) FROM record LEFT JOIN personal USING(seq);"
    assert shell(copy, left) == "50|49\n"
    assert shell(copy, "SELECT value = (SELECT max(utc_us) FROM record) FROM meta WHERE name = 'newest_utc_us';") == "1\n"


def test_marks_only_rise(ledger, tmp_path):
    copy = tmp_path / "copy.db"
    shell(ledger, f"VACUUM INTO '{copy}';")
    day = {"day": 20600, "first_seq": 1000}
    for value, last, mark in ((5, 1001, "5|1001"), (4, 1002, "5|1002")):
        shell(copy, *parameters({"name": "published", "value": value, **day, "last_seq": last}), f".read {SQL}/write/append.sql",
              options=())
        assert shell(copy, "SELECT value, last_seq FROM meta, record_day WHERE name = 'published' AND day = 20600;") == mark + "\n"


def test_a_field_is_corrected_from_what_it_is_now(ledger):
    answers = shell(ledger, *parameters({"corrects": 53, "field": "dots", "badge": "b1"}), ".mode list",
                    f".read {SQL / 'accept/correction.sql'}").splitlines()
    assert answers[0] == "5" and answers[1] == "dots|5" and answers[2].startswith("session.finished|{") and answers[3] == "b1"


def test_the_station_opens_its_ledger_as_it_says(tmp_path):
    told = shell(tmp_path / "made.db", f".read {SQL}/write/open.sql", "PRAGMA secure_delete;", "PRAGMA recursive_triggers;",
                 "PRAGMA synchronous;", options=())
    assert told.split() == ["wal", "0", "1", "1", "1", "2"]
