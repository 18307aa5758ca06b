# SPDX-License-Identifier: Apache-2.0
"""The parts of the AsyncAPI document: a channel for each topic, a message with a typed body for each kind.

A body's schema promises only what is true of every record, including records of earlier versions: types, choices and
required fields. It gives no ranges of figures, because these apply to new records only.
"""

import re
from typing import Any, Iterator

from kinds import Field, Kind, Topic

TOPIC_FOLDER = "stipple/v1/{clinic}/{station}"
SCHEMAS: dict[str, dict[str, Any]] = {
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
    "count": {"type": "integer", "minimum": 0},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
}
PLAIN = re.compile(r"[A-Za-z][\w/.()-]*( [\w/.()-]+)*")
NO_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def flow(value: Any) -> str:
    """A value in YAML's flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and not (PLAIN.fullmatch(value) and value.lower() not in NO_TEXT) and value != "$ref":
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else str(value)


def schema(field: Field) -> dict[str, Any]:
    if field.type == "choice":
        found: dict[str, Any] = {"enum": field.of}
    elif field.type == "list":
        found = {"type": "array", "items": SCHEMAS.get(field.of[0], {"type": "string"})}
    else:
        found = dict(SCHEMAS.get(field.type, {"type": "string"}))
    if not field.checked:  # by the ledger, and so no range that a person's entry is held to
        found |= {key: bound for key, bound in (("minimum", field.min), ("maximum", field.max)) if bound is not None}
    return found | ({"description": field.says.replace("`", "")} if field.says else {})


def published(kinds: list[Kind], topic: str) -> list[Kind]:
    return [kind for kind in kinds if kind.published == topic]


def channels(kinds: list[Kind], topics: dict[str, Topic]) -> Iterator[str]:
    for name, topic in topics.items():
        parameters = {"clinic": "Identifier of the clinic", "station": "Identifier of the station"} | topic.parameters
        yield f"  {name}:"
        yield f"    address: {TOPIC_FOLDER}/{topic.address}"
        yield f"    description: {flow('Records: ' + topic.says.replace('`', ''))}"
        yield f"    parameters: {flow({key: {'description': text} for key, text in parameters.items()})}"
        yield "    messages:"
        for kind in published(kinds, name):
            yield f"      {kind.name}: {flow({'$ref': f'#/components/messages/{kind.name}'})}"


def operations(topics: dict[str, Topic]) -> Iterator[str]:
    for name in topics:
        operation = {"action": "send", "channel": {"$ref": f"#/channels/{name}"},
                     "bindings": {"$ref": "#/components/operationBindings/record"}}
        yield f"  publish{name.capitalize()}: {flow(operation)}"


def messages(kinds: list[Kind]) -> Iterator[str]:
    for kind in kinds:
        if not kind.published:
            continue
        fields = [field for field in kind.fields if not field.personal]
        yield f"    {kind.name}:"
        yield f"      name: {kind.name}"
        yield f"      title: {flow(kind.says)}"
        if kind.note:
            yield f"      description: {flow(kind.note.replace('`', ''))}"
        yield "      bindings: {$ref: '#/components/messageBindings/json'}"
        yield "      payload:"
        yield "        allOf: [{$ref: '#/components/schemas/record'}]"
        yield "        properties:"
        yield f"          kind: {flow({'const': kind.name})}"
        yield "          body:"
        yield f"            required: {flow([field.name for field in fields if not field.optional and not field.retired])}"
        yield "            properties:"
        for field in fields:
            yield f"              {flow(field.name)}: {flow(schema(field))}"
