# SPDX-License-Identifier: Apache-2.0
"""The parts of documents that list kinds of records."""

from kinds import Field, Kind

# ---- what stipplectl asks for ----

SAMPLES = {"date": "DATE", "time": "TIME", "count": "N", "boolean": "yes", "list": "ITEM,ITEM..."}


def sample(field: Field) -> str:
    """What stands for a value: in capitals what to put there, else the words that it may be."""
    return field.sample or "|".join(field.of if field.type == "choice" else [SAMPLES.get(field.type, field.name[0].upper())])


def usage(kind: Kind) -> str:
    """ "lot=L status=released|recalled reason=R [gtin=G]"."""
    words = []
    for fields in kind.asked():
        word = "|".join(f"{field.name}={sample(field)}" for field in fields)
        words.append(f"[{word}]" if fields[0].optional and len(fields) == 1 else word)
    return " ".join(words)


def refresh(root, kinds, topics):
    return 0


def check(root, kinds, topics):
    return 0
