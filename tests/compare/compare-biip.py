#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what `stipplectl needle parse` reads out of generated GS1 codes with what the library biip reads.

Run by hand, as it needs a library that no package of the station does (HACKING.md, "Build"):

    python3 -m pip install --target FOLDER biip
    PYTHONPATH=FOLDER tests/compare/compare-biip.py BUILD [HOW-MANY [SEED]]

Each code comes in one of four syntaxes: with separators, the same with a second symbol, with brackets, as a Digital
Link. Half of them are whole; of the others one character is changed, left out or added. Printed is how often both
agree, and each kind of difference with an example. Ends with status 1 where both take a code and read GTIN, lot,
serial or expiry differently, or a whole code is refused: other differences are matters of strictness.
"""

import collections
import concurrent.futures
import json
import os
import random
import string
import subprocess
import sys
import urllib.parse

import biip
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message

SET_82 = string.ascii_letters + string.digits + "!\"%&'()*+,-./:;<=>?_"
GS = "\x1d"
FIXED = {"01", "11", "17", "15", "13", "16", "12", "20"}
SYMBOLS = ("]C1", "]d2", "]Q3", "]e0")


def gtin(chance):
    digits = "".join(chance.choice(string.digits) for _ in range(13))
    return digits + str(-sum(int(d) * (1 if i % 2 else 3) for i, d in enumerate(digits)) % 10)


def date(chance):
    return f"{chance.randrange(24, 60):02}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"


def text(chance, most=20):
    letters = SET_82 if chance.random() < 0.3 else string.ascii_uppercase + string.digits + "-"
    return "".join(chance.choice(letters) for _ in range(chance.randrange(1, most + 1)))


def elements(chance):
    """Identifiers with their values: those of a cartridge, in any order, some with more beside."""
    made = {"01": gtin(chance)}
    made |= {"10": text(chance)} if chance.random() < 0.8 else {"21": text(chance)}
    for ai, value, share in (("21", text(chance), 0.5), ("17", date(chance), 0.6), ("11", "2401" + "01", 0.2),
                             ("30", str(chance.randrange(1, 10**8)), 0.1), ("240", text(chance, 30), 0.1),
                             ("22", text(chance), 0.1), ("99", text(chance), 0.1), ("20", "07", 0.05)):
        if chance.random() < share:
            made.setdefault(ai, value)
    pairs = list(made.items())
    if chance.random() < 0.5:
        chance.shuffle(pairs)
    return pairs


def raw(pairs):
    out = ""
    for i, (ai, value) in enumerate(pairs):
        out += ai + value + (GS if ai not in FIXED and i + 1 < len(pairs) else "")
    return out


def link(pairs):
    """In the order that the standard has: key, qualifiers, attributes."""
    made = dict(pairs)
    path = [f"/{ai}/{urllib.parse.quote(made[ai], safe='')}" for ai in ("01", "22", "10", "21") if ai in made]
    query = [f"{ai}={urllib.parse.quote(v, safe='')}" for ai, v in pairs if ai not in ("01", "22", "10", "21")]
    return "https://id.gs1.org" + "".join(path) + ("?" + "&".join(query) if query else "")


def mutate(code, chance):
    at = chance.randrange(len(code))
    c = chance.choice(SET_82 + GS)
    return chance.choice((code[:at] + c + code[at + 1:], code[:at] + code[at + 1:], code[:at] + c + code[at:]))


def generate(chance):
    pairs = elements(chance)
    kind = chance.choice(("separators", "separators", "brackets", "link"))
    if kind == "separators":
        code = chance.choice(SYMBOLS) + raw(pairs)
    elif kind == "brackets":
        # biip knows no escape: brackets within a value are this program's own matter
        pairs = [(ai, value.replace("(", "-").replace(")", "-")) for ai, value in pairs]
        code = "".join(f"({ai}){value}" for ai, value in pairs)
    else:
        code = link(pairs)
    whole = chance.random() < 0.5
    return kind, code if whole else mutate(code, chance), whole


def theirs(kind, code):
    try:
        if kind == "link":
            strings = GS1DigitalLinkURI.parse(code).element_strings
        elif kind == "brackets":
            strings = GS1Message.parse_hri(code).element_strings
        else:
            strings = biip.parse(code).gs1_message
            strings = strings.element_strings if strings else None
    except biip.ParseError:
        strings = None
    if strings is None:
        return None

    def value(ai):
        found = strings.get(ai=ai)
        return found.value if found else ""
    expiry = strings.get(ai="17")
    read = (value("01"), value("10"), value("21"), str(expiry.date) if expiry and expiry.date else "")
    return read if read[0] and (read[1] or read[2]) else None


def ours(ctl, code):
    done = subprocess.run([ctl, "--json", "needle", "parse", code], capture_output=True, timeout=60, check=False,
                          env=dict(os.environ, STIPPLE_BUS="unix:path=/nonexistent"))
    fields = json.loads(done.stdout)
    if not fields["valid"]:
        return None, next(c["field"] + " " + c["text"] for c in fields["complaints"] if c["severity"] == "error")
    return tuple(fields.get(name, "") for name in ("gtin", "lot", "serial", "expiry")), ""


def main():
    ctl = os.path.join(sys.argv[1], "ctl/stipplectl")
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    codes = [c for c in (generate(chance) for _ in range(many)) if not c[1].startswith("-") and len(c[1]) <= 256]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        read = list(pool.map(lambda c: ours(ctl, c[1]), codes))
    counts, examples, wrong = collections.Counter(), {}, 0
    for (kind, code, whole), (mine, why) in zip(codes, read):
        other = theirs(kind, code)
        if mine == other:
            said = "both read the same" if mine else "both refuse"
        elif mine and other:
            said, wrong = "READ DIFFERENTLY", wrong + 1
        else:
            said = "only biip takes it" if other else "only stipple takes it"
            wrong += whole and mine is None
        counts[kind, "whole" if whole else "changed", said] += 1
        if "both" not in said:
            examples.setdefault((kind, whole, said, why[:60]), (code, mine, other))
    for key, n in sorted(counts.items()):
        print(f"{n:6} {' / '.join(key)}")
    for (kind, whole, said, why), (code, mine, other) in sorted(examples.items(), key=str):
        print(f"\n{kind}, {'whole' if whole else 'changed'}: {said} {why}\n  {code!r}\n  stipple {mine}\n  biip    {other}")
    print(f"\n{len(codes)} codes, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
