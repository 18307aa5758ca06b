# SPDX-License-Identifier: Apache-2.0
"""What the registry's tests share: a station's requests, its records, and the registry's log as a station follows it,
recomputed here by the definitions of RFC 6962."""

import base64
import hashlib
import json
import uuid

from clinic_harness import Log, node

JSON = {"Content_Type": "application/json"}
ENTRIES = {"Content_Type": "application/octet-stream"}
TIME = "2026-11-03T10:00:00.000000Z"


def ask(log, what, request=None, headers=None, **body):
    status, _, answer = log.client.post(f"/registry/{what}", json.dumps({"request": request or str(uuid.uuid4()), **body}),
                                        **JSON, **(headers or {}))
    return status, json.loads(answer)


def hold(log, units, request=None, lot="L1"):
    return ask(log, "hold", request, lot=lot, units=units)


def leaves(log, start=0, wait=0):
    status, _, answer = log.client.post(f"/registry/leaves?from={start}&wait={wait}", None, method="GET")
    assert status == 200, answer
    return json.loads(answer)


def record(log, kind, **body):
    """Appends a record to a station's log, as the ledger writes it."""
    number = len(log.leaves) + 1
    log.append(json.dumps({"actor": "b1", "body": body, "boot": "0", "kind": kind, "mono": number, "seq": number, "sync": True,
                           "station": log.key.name, "utc": TIME}, separators=(",", ":"), sort_keys=True).encode())
    return number


def push(log):
    """Mirrors all that a station has on record."""
    begin, end = getattr(log, "pushed", 0), len(log.leaves)
    status, _, body = log.client.post("/add-checkpoint", log.checkpoint(begin, end))
    assert status == 200, body
    status, _, body = log.client.post("/add-entries", log.upload(begin, end), **ENTRIES)
    assert status == 200, body
    log.pushed = end


def open_note(server, note):
    """The tree size and root of a checkpoint that the registry's key signed."""
    text, _, signatures = note.partition("\n\n")
    origin, size, root = text.split("\n")
    signed = base64.b64decode(signatures.split(" ")[2])
    assert origin == server.registry.name and signed[:4] == server.registry.id()
    server.registry.key.public_key().verify(signed[4:], (text + "\n").encode())
    return int(size), base64.b64decode(root)


def follow(server, log):
    """All leaves of the registry's log, whose root must be the signed one."""
    tree, found = Log(server.registry), []
    while True:
        answer = leaves(log, len(found))
        size, root = open_note(server, answer["checkpoint"])
        assert size == answer["size"]
        part = [base64.b64decode(leaf) for leaf in answer["leaves"]]
        found += part
        tree.append(*part)
        if len(found) == size:
            assert tree.root(0, size) == root
            return [json.loads(leaf) for leaf in found]


def proved(server, grant):
    """The leaf that the registry's signed checkpoint covers, by RFC 9162 section 2.1.3.2 and signed-note."""
    leaf = base64.b64decode(grant["leaf"])
    head, index, *rest = grant["proof"].split("\n")
    assert head == "c2sp.org/tlog-proof@v1" and index == f"index {grant['seq']}"
    gap = rest.index("")
    path = [base64.b64decode(line) for line in rest[:gap]]
    size, root = open_note(server, "\n".join(rest[gap + 1:]))
    fn, sn, hashed = grant["seq"], size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for part in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            hashed = node(part, hashed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            hashed = node(hashed, part)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and hashed == root
    return json.loads(leaf)
