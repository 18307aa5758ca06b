# SPDX-License-Identifier: Apache-2.0
"""The compiler of records/ says what is wrong and where, and the documents say what records/ says."""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

import jsonschema
import pytest
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
RECORDS = SOURCE / "records"
AREAS = re.findall(r"'(\w+\.toml)',", (RECORDS / "meson.build").read_text())
ASYNCAPI = yaml.safe_load((SOURCE / "docs/stipple-mqtt.asyncapi.yaml").read_text())
# MQTT bindings 0.2.0, of the AsyncAPI initiative: what may be said of a server, an operation, a message
BINDINGS = {"servers": {"clientId", "cleanSession", "lastWill", "keepAlive", "sessionExpiryInterval", "maximumPacketSize"},
            "operations": {"qos", "retain", "messageExpiryInterval"},
            "messages": {"payloadFormatIndicator", "correlationData", "contentType", "responseTopic"}}

GOOD = """
[thing.done]
says = "A thing was done."
published = "needle"
place = "inventory"
roles = ["technician"]
command = "thing do"
help = "do a thing"
done = "the thing"
[thing.done.fields]
name = { type = "label" }
mass_g = { type = "number", optional = true, min = 0.5, max = 10, unit = "g", why = "beyond is a slip" }
"""


# what compile.py adds to a kind that is shared
SHARED = {name: {"type": kind, "optional": True}
          for name, kind in {"from": "code", "entered": "code", "entered_by": "code", "leaf": "count"}.items()}


def with_shared(kind):
    return {**kind, "fields": {**kind.get("fields", {}), **SHARED}} if kind.get("shared") else kind


def kinds_of_records():
    found = {}
    for name in AREAS:
        for thing, table in tomllib.loads((RECORDS / name).read_text()).items():
            kinds = {thing: table} if "says" in table else {f"{thing}.{done}": kind for done, kind in table.items()}
            found |= {name: with_shared(kind) for name, kind in kinds.items()}
    return found


def compile_records(action, output, *files):
    return subprocess.run([sys.executable, "-B", RECORDS / "compile.py", action, output, *files], capture_output=True, text=True,
                          check=False)


@pytest.fixture
def compile_text(tmp_path):
    """Compiles a file area.toml of a text; what came of it, and the table."""
    (tmp_path / "topics.toml").write_text((RECORDS / "topics.toml").read_text())

    def run(text, action="tables"):
        (tmp_path / "area.toml").write_text(text)
        result = compile_records(action, tmp_path / "out.c", tmp_path / "area.toml")
        return result, (tmp_path / "out.c").read_text() if result.returncode == 0 else ""

    return run


# ---- what is wrong, and where ----

BAD = [
    ('says = "A thing was done."', 'says = "A thing was done"', "thing.done: \"says\" is a sentence"),
    ('says = "A thing was done."', "says = 3", 'thing.done: "says" is 3, which is no text'),
    ('published = "needle"', 'published = "nowhere"', 'thing.done: there is no topic "nowhere"'),
    ('published = "needle"', 'publishd = "needle"', 'thing.done: there is no "publishd"'),
    ("[thing.done]", "[thing.Done]", "thing.Done: a kind is called thing.done"),
    ('place = "inventory"', "", "thing.done: \"roles\" is of a kind that people enter"),
    ('place = "inventory"', 'place = "attic"', 'thing.done: there is no place "attic"'),
    ('["technician"]', '["king"]', 'thing.done: there is no role "king"'),
    ('["technician"]', "[]", 'thing.done: "roles" is missing'),
    ('command = "thing do"', 'command = "do"', 'thing.done: "command" has two words'),
    ('help = "do a thing"', "", 'thing.done: "help" is missing'),
    ('done = "the thing"', 'done = "the thing"\nsigns = "it is so"', 'thing.done: "signs" and a field signed'),
    ('done = "the thing"', 'done = "the thing"\none_of = ["name", "mass_g"]', 'thing.done: "one_of" names name'),
    ('done = "the thing"', 'done = "the thing"\none_of = ["mass_g"]', 'thing.done: "one_of" names two fields or more'),
    ('help = "do a thing"', 'help = "do | undo"', 'thing.done: "help" is one line'),
    ('"label" }', '"label", as = "A B" }', 'thing.done: field name: "as" is one word'),
    ('done = "the thing"', 'done = "the thing"\nsession = "never"', 'thing.done: "session" is one of'),
    ('done = "the thing"', 'done = "the thing"\nretired = "0.1.0"', "thing.done: it is retired before it is introduced"),
    ('done = "the thing"', 'done = "the thing"\nintroduced = "soon"', 'thing.done: "introduced" is a version'),
    ('"label" }', '"lable" }', 'thing.done: field name: there is no type "lable"'),
    ('"label" }', '"text" }', "thing.done: field name: it is published"),
    ('"label" }', '"choice" }', "thing.done: field name: a choice needs of"),
    ('"label" }', '"choice", of = ["two words"] }', "thing.done: field name: a choice needs of"),
    ('"label" }', '"list", of = "things" }', "thing.done: field name: a list needs of"),
    ('"label" }', '"label", of = ["a"] }', "thing.done: field name: only a choice or a list"),
    ('"label" }', '"label", personal = true }', "thing.done: field name: only a text is personal"),
    ('"label" }', '"label", from = "nobody" }', 'thing.done: field name: "from" is "station" or "profile"'),
    ('"label" }', '"label", min = 1, max = 2 }', "thing.done: field name: only a count or a number has a range"),
    ('"label" }', "3 }", 'thing.done: field name: "type" is 3, which is no text'),
    ('{ type = "label" }', "3", "thing.done: field name: a table is needed here"),
    ("name = {", "Name = {", "thing.done: field Name: a field is called"),
    ("max = 10", "max = 0.25", 'thing.done: field mass_g: "min" must be below "max"'),
    ("max = 10, ", "", 'thing.done: field mass_g: "min" and "max" go together'),
    ("min = 0.5, max = 10, ", "", 'thing.done: field mass_g: "unit" and "why" are of a range'),
    ("optional = true", "optional = 1", 'thing.done: field mass_g: "optional" is 1, which is no true or false'),
]


@pytest.mark.parametrize("good, bad, says", BAD, ids=[bad or good for good, bad, _ in BAD])
def test_what_is_wrong_is_named(compile_text, good, bad, says):
    assert GOOD.count(good) == 1
    result, _ = compile_text(GOOD.replace(good, bad))
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert f"area.toml: {says}" in result.stderr


def test_a_file_that_is_no_toml_is_named(compile_text):
    result, _ = compile_text("[thing.done\n")
    assert result.returncode == 1 and "area.toml: " in result.stderr and "line 1" in result.stderr


def test_a_kind_or_command_stands_once(compile_text, tmp_path):
    compile_text(GOOD)
    for text, says in ((GOOD, "thing.done: it stands in records/area.toml already"),
                       (GOOD.replace("thing.done", "thing.made"), 'thing.made: "thing do" is the command of thing.done')):
        (tmp_path / "other.toml").write_text(text)
        result = compile_records("tables", tmp_path / "out.c", tmp_path / "area.toml", tmp_path / "other.toml")
        assert result.returncode == 1 and f"other.toml: {says}" in result.stderr


def test_a_topic_that_does_not_fit_is_named(compile_text, tmp_path):
    (tmp_path / "topics.toml").write_text("[needle]\nadress = 'n'\n")
    result, _ = compile_text(GOOD)
    assert result.returncode == 1 and 'topics.toml: needle: there is no "adress"' in result.stderr


def test_words_that_are_not_understood(tmp_path):
    for arguments in (("explain", tmp_path / "out", tmp_path / "area.toml"), ("tables", tmp_path / "out")):
        result = compile_records(*arguments)
        assert result.returncode == 2 and "Usage: " in result.stderr
    result = compile_records("tables", tmp_path / "out", tmp_path / "none.toml")
    assert result.returncode == 1 and "Traceback" not in result.stderr


# ---- what is made ----

def test_a_kind_becomes_a_table(compile_text):
    _, table = compile_text(GOOD)
    assert '{ .name = "name", .type = FIELD_TEXT, .text = TEXT_LABEL },' in table
    assert '{ .name = "mass_g", .type = FIELD_NUMBER, .optional = true, .min = 0.5, .max = 10, .unit = "g" },' in table
    assert '{ .name = "thing.done", .fields = fields_of_thing_done, .topic = "needle" },' in table
    assert '{ .kind = "thing.done", .place = FORM_INVENTORY, .roles = "technician", .session = FORM_ANYTIME },' in table
    _, rows = compile_text(GOOD, "commands")
    assert '{ "thing do", "name=N [mass_g=M]", 1, 2, run_form, "do a thing",' in rows


def test_a_retired_kind_is_kept_but_not_entered(compile_text):
    text = GOOD.replace('done = "the thing"', 'done = "the thing"\nretired = "0.2.0"')
    _, table = compile_text(text)
    assert '.topic = "needle", .retired = "0.2.0" },' in table and ".kind = " not in table
    assert "thing do" not in compile_text(text, "commands")[1]
    _, table = compile_text(GOOD.replace('"label" }', '"label", retired = "0.2.0" }'))
    assert '{ .name = "name", .type = FIELD_TEXT, .optional = true, .text = TEXT_LABEL, .retired = "0.2.0" },' in table


def test_the_documents_say_what_the_records_say():
    result = compile_records("check", SOURCE, *(RECORDS / name for name in AREAS))
    assert result.returncode == 0, result.stderr


def test_every_area_is_built():
    assert {path.name for path in RECORDS.glob("*.toml")} == {*AREAS, "topics.toml"}


# ---- the AsyncAPI document ----

def resolve(reference):
    found = ASYNCAPI
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def followed(node):
    return resolve(node["$ref"]) if "$ref" in node else node


def test_asyncapi_is_whole():
    assert ASYNCAPI["asyncapi"] == "3.0.0" and {"title", "version"} <= set(ASYNCAPI["info"])
    for reference in references(ASYNCAPI):
        assert reference.startswith("#/") and resolve(reference) is not None
    assert {operation["channel"]["$ref"].rsplit("/", 1)[1] for operation in ASYNCAPI["operations"].values()} == \
        set(ASYNCAPI["channels"])
    sent = {reference for channel in ASYNCAPI["channels"].values() for reference in references(channel["messages"])}
    assert sent == {f"#/components/messages/{name}" for name in ASYNCAPI["components"]["messages"]}
    for channel in ASYNCAPI["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])
    for server in ASYNCAPI["servers"].values():
        assert {"host", "protocol"} <= set(server)


def test_asyncapi_has_bindings():
    for name, allowed in BINDINGS.items():
        for node in (ASYNCAPI["components"] if name == "messages" else ASYNCAPI)[name].values():
            binding = followed(node["bindings"])["mqtt"]
            assert binding["bindingVersion"] == "0.2.0"
            assert set(binding) - {"bindingVersion"} <= allowed
    for name, operation in ASYNCAPI["operations"].items():
        binding = followed(operation["bindings"])["mqtt"]
        assert binding["retain"] is (name in ("publishState", "publishCheckpoint"))
        assert binding["qos"] == (0 if name == "publishTelemetry" else 1)


@pytest.mark.parametrize("name", ASYNCAPI["components"]["messages"])
def test_asyncapi_bodies_are_typed(name):
    message = ASYNCAPI["components"]["messages"][name]
    jsonschema.Draft202012Validator.check_schema(message["payload"])
    assert message["title"].endswith(".")
    if "." not in name:
        return
    body = message["payload"]["properties"]["body"]
    assert set(body["required"]) <= set(body["properties"])
    record = {"id": "c/s/1", "seq": 1, "kind": name, "utc": "2026-01-01T00:00:00Z", "body": {}}
    validator = jsonschema.Draft202012Validator({**ASYNCAPI, "$ref": f"#/components/messages/{name}/payload"})
    assert validator.is_valid(record) is not bool(body["required"])
    assert not validator.is_valid({**record, "kind": "no.such"})
    for field, schema in body["properties"].items():
        whole = {**{needed: 0 for needed in body["required"]}, field: None}
        assert f"$.body.{field}" in {error.json_path for error in validator.iter_errors({**record, "body": whole})}, schema


# ---- the parts of documents ----

@pytest.fixture
def root(tmp_path):
    for name in ("docs/ledger.md", "docs/stipple-mqtt.asyncapi.yaml", "docs/man/stipplectl.1", "ctl/stipplectl.bash-completion"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((SOURCE / name).read_text())
    return tmp_path


def change(root, name, old, new):
    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new, 1))
    return compile_records("check", root, *(RECORDS / area for area in AREAS))


@pytest.mark.parametrize("name, old", [
    ("docs/ledger.md", "| 0 to 220 C |"), ("docs/stipple-mqtt.asyncapi.yaml", "required: [session, unit, away_s]"),
    ("docs/man/stipplectl.1", "container=C"), ("ctl/stipplectl.bash-completion", "container=")])
def test_a_document_that_differs_is_named_and_mended(root, name, old):
    whole = (root / name).read_text()
    result = change(root, name, old, "something else")
    assert result.returncode == 1 and f"{root / name} is not what records/ says" in result.stderr
    result = compile_records("refresh", root, *(RECORDS / area for area in AREAS))
    assert result.returncode == 0 and result.stdout == f"{root / name} is written anew\n"
    assert (root / name).read_text() == whole


def test_what_stands_outside_is_left_alone(root):
    assert change(root, "docs/ledger.md", "# The ledger\n", "# A ledger\n").returncode == 0


@pytest.mark.parametrize("old, new, says", [
    ("<!-- records: kinds -->\n", "", 'the part "end" has no begin'),
    ("<!-- records: ranges -->\n", "<!-- records: ranges -->\n<!-- records: kinds -->\n", 'the part "ranges" has no end'),
    ("<!-- records: ranges -->\n", "<!-- records: figures -->\n", 'nothing makes a part "figures"')])
def test_a_part_that_is_broken_is_named(root, old, new, says):
    result = change(root, "docs/ledger.md", old, new)
    assert result.returncode == 1 and f"{root}/docs/ledger.md: {says}" in result.stderr


def test_a_command_without_a_part_of_the_man_page_is_named(root):
    result = change(root, "docs/man/stipplectl.1", '.\\" records: pigment\n', '.\\" records: pigment.status\n')
    assert result.returncode == 1 and "no part is of pigment.received or of its area: add one, records: pigment" in result.stderr


# ---- old records are evidence ----

def checked_fields(table):
    """{field: (type as the ledger has it, whether a body may lack it, choices)}."""
    texts = ("text", "code", "identifier", "label", "choice")
    return {name: ("text" if field["type"] in texts else field["type"], field.get("optional", False) or "retired" in field or
                   field.get("personal") in (True, "perhaps"), set(field["of"]) if field["type"] == "choice" else set())
            for name, field in table.get("fields", {}).items()
            if field.get("checked", True) and field.get("personal") != "identity"}


def misfits(before, now):
    """What of a version's kinds, {kind: {field: [type, must or may, choice...]}}, the records of now could not be."""
    for kind, fields in before.items():
        if kind not in now:
            yield f"{kind} is gone: retire it"
            continue
        found = checked_fields(now[kind])
        for name, (shape, need, *words) in fields.items():
            if name not in found:
                yield f"{kind}: {name} is gone: retire it"
                continue
            its_shape, may_lack, its_words = found[name]
            if its_shape != shape:
                yield f"{kind}: {name} is a {its_shape} now, and was a {shape}"
            elif its_words and not (words and set(words) <= its_words):
                yield f"{kind}: {name} lacks a choice that it had"
            elif need == "may" and not may_lack:
                yield f"{kind}: {name} is needed now, and was not"
        for name in set(found) - set(fields):
            if not found[name][1]:
                yield f"{kind}: {name} is new, so that older records lack it: make it optional"


@pytest.mark.parametrize("version", sorted(pathlib.Path(__file__).parent.glob("version-*.json")), ids=lambda path: path.stem)
def test_records_of_earlier_versions_fit(version):
    assert list(misfits(json.loads(version.read_text()), kinds_of_records())) == []


def test_every_version_is_kept(tmp_path):
    version = re.search(r"^  version : '([\d.]+)'", (SOURCE / "meson.build").read_text(), re.M)[1]
    assert (pathlib.Path(__file__).parent / f"version-{version}.json").exists()
    result = compile_records("version", tmp_path / "now.json", *(RECORDS / name for name in AREAS))
    assert result.returncode == 0, result.stderr
    now = json.loads((tmp_path / "now.json").read_text())
    assert set(now) == set(kinds_of_records()) and list(misfits(now, kinds_of_records())) == []


@pytest.mark.parametrize("change, says", [
    ({"thing.done": None}, "thing.done is gone"),
    ({"name": None}, "thing.done: name is gone"),
    ({"name": {"type": "count"}}, "thing.done: name is a count now, and was a text"),
    ({"how": {"type": "choice", "of": ["wiped"]}}, "thing.done: how lacks a choice"),
    ({"name": {"type": "choice", "of": ["wiped"]}}, "thing.done: name lacks a choice"),
    ({"mass_g": {"type": "number"}}, "thing.done: mass_g is needed now"),
    ({"colour": {"type": "label"}}, "thing.done: colour is new"),
    ({"colour": {"type": "label", "optional": True}}, None),
    ({"name": {"type": "label", "retired": "0.2.0"}}, None),
    ({"how": {"type": "choice", "of": ["wiped", "sprayed", "blown"]}}, None),
])
def test_what_earlier_records_do_not_fit_is_found(change, says):
    before = {"thing.done": {"name": ["text", "must"], "mass_g": ["number", "may"], "how": ["text", "must", "wiped", "sprayed"]}}
    fields = {"name": {"type": "label"}, "mass_g": {"type": "number", "optional": True},
              "how": {"type": "choice", "of": ["wiped", "sprayed"]}} | change
    fields = {name: field for name, field in fields.items() if field}
    found = list(misfits(before, {} if "thing.done" in change else {"thing.done": {"fields": fields}}))
    assert [text.startswith(says) for text in found] == [True] if says else found == []
