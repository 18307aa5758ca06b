# SPDX-License-Identifier: Apache-2.0
"""What must hold once the cluster is whole again, computed here anew from the stations' own files and the registry's log:
no cartridge was used twice, nothing that was acknowledged is gone, and every use has its grant in the log."""

import base64
import collections
import hashlib
import json
import pathlib


def tree_root(leaves):
    """RFC 6962, with the roots of complete trees, largest first, as a stack."""
    stack = []
    for leaf in leaves:
        height, hashed = 0, hashlib.sha256(b"\x00" + leaf).digest()
        while stack and stack[-1][0] == height:
            hashed = hashlib.sha256(b"\x01" + stack.pop()[1] + hashed).digest()
            height += 1
        stack.append((height, hashed))
    root = stack.pop()[1] if stack else hashlib.sha256(b"").digest()
    while stack:
        root = hashlib.sha256(b"\x01" + stack.pop()[1] + root).digest()
    return root


def read_ledger(path):
    data = pathlib.Path(path).read_bytes()
    return [json.loads(line) for line in data[:data.rfind(b"\n") + 1].splitlines()]


class Judge:
    """ask(sql) -> rows; key: the registry's NoteKey; folder: that of the stations."""

    def __init__(self, ask, key, folder):
        self.ask, self.key, self.folder, self.flaws = ask, key, pathlib.Path(folder), collections.Counter()
        self.examples = []

    def flaw(self, kind, text):
        self.flaws[kind] += 1
        if len(self.examples) < 20:
            self.examples.append(f"{kind}: {text}")

    def judge(self):
        self.read_log()
        self.replay()
        self.read_stations()
        self.compare_rows()
        return {"claims": len(self.uses), "acknowledged": len(self.acknowledged), "leaves": len(self.leaves),
                "double": self.flaws["double"], "lost": self.flaws["lost"], "without grant": self.flaws["without grant"],
                "other flaws": sum(self.flaws.values()) - self.flaws["double"] - self.flaws["lost"] - self.flaws["without grant"],
                "examples": self.examples}

    def read_log(self):
        rows = self.ask("SELECT seq, encode(leaf, 'hex') FROM registry_leaf ORDER BY seq")
        self.leaves = [bytes.fromhex(row[1]) for row in rows]
        if [int(row[0]) for row in rows] != list(range(len(rows))):
            self.flaw("log", "its numbers have a gap")
        (size, note), = self.ask("SELECT size, encode(convert_to(note, 'UTF8'), 'hex') FROM registry")
        text, _, signatures = bytes.fromhex(note).decode().partition("\n\n")
        if int(size) == 0:
            return
        origin, count, root = text.split("\n")
        signed = base64.b64decode(signatures.split(" ")[2])
        self.key.key.public_key().verify(signed[4:], (text + "\n").encode())
        if (origin, int(count), int(size)) != (self.key.name, len(self.leaves), len(self.leaves)):
            self.flaw("log", f"the checkpoint is of size {count}, the log has {len(self.leaves)} leaves")
        if base64.b64decode(root) != tree_root(self.leaves):
            self.flaw("log", "the signed root is not that of the leaves")

    def replay(self):
        """Who held what, by the log alone: holder[unit], and grants[unit, seq]."""
        self.holder, self.grants = {}, {}
        for seq, data in enumerate(self.leaves):
            leaf = json.loads(data)
            to = {"units.granted": leaf["station"], "units.moved": leaf.get("to")}.get(leaf["kind"])
            for unit in leaf.get("units", []) if to else []:
                before = self.holder.get(unit)
                if leaf["kind"] == "units.granted" and before:
                    self.flaw("double", f"{unit} was granted to {before} and again by leaf {seq}")
                if leaf["kind"] == "units.moved" and before != leaf["station"]:
                    self.flaw("double", f"{unit} was moved by {leaf['station']}, which does not hold it (leaf {seq})")
                self.holder[unit] = to
                self.grants[unit, seq] = to

    def read_stations(self):
        self.uses, self.acknowledged, self.origins = {}, {}, {}
        for path in sorted(self.folder.glob("*.ledger")):
            self.origins[path.stem] = f"stipple/clinic/{path.stem}"
            self.read_station(path.stem, read_ledger(path))

    def read_station(self, name, entries):
        asked = {}
        for entry in entries:
            if entry["what"] == "ask":
                asked[entry["request"]] = entry
                if entry["path"] == "claim" and entry["grant"] is not None:
                    self.take_use(name, entry)
            elif entry.get("seq") is not None and (entry["seq"] >= len(self.leaves) or self.leaves[entry["seq"]] != entry["leaf"].encode()):
                self.flaw("lost", f"{name} has leaf {entry['seq']} that the log has not")
            if entry["what"] == "answer" and asked[entry["request"]]["path"] == "claim" and entry["status"] == 200:
                self.acknowledged[entry["request"]] = (name, asked[entry["request"]]["body"]["unit"])
        answered = {entry["request"] for entry in entries if entry["what"] == "answer"}
        for request in asked.keys() - answered:
            self.flaw("unanswered", f"{name} got no answer to {asked[request]}")

    def take_use(self, name, entry):
        unit, seq = entry["body"]["unit"], entry["grant"]
        if unit in self.uses:
            self.flaw("double", f"{unit} was used by {self.uses[unit][0]} and by {name}")
        self.uses[unit] = (name, entry["request"])
        if self.grants.get((unit, seq)) != self.origins[name] or self.holder.get(unit) != self.origins[name]:
            self.flaw("without grant", f"{name} used {unit} by leaf {seq}, which the log does not have for it")

    def compare_rows(self):
        rows = {row[0]: row[1:] for row in self.ask(
            "SELECT unit, origin, granted, coalesce(claim_request::text, '') FROM unit JOIN station USING (station)")}
        for request, (name, unit) in self.acknowledged.items():
            row = rows.get(unit)
            if not row or row[2] != request or row[0] != self.origins[name]:
                self.flaw("lost", f"the claim of {unit} by {name} was acknowledged, and the registry has {row}")
        for unit, (origin, granted, request) in rows.items():
            if self.holder.get(unit) != origin or self.grants.get((unit, int(granted))) != origin:
                self.flaw("rows", f"{unit}: the row names {origin}, the log {self.holder.get(unit)}")
            if request and self.uses.get(unit, ("", ""))[1] != request:
                self.flaw("rows", f"{unit}: the row has a claim that no station made")
