# SPDX-License-Identifier: Apache-2.0
"""The recipe of docs/clinic-ha.md in its shortest honest form: a frozen primary thaws when another one has taken over."""

import json
import os
import subprocess
import sys

import faults
from cluster import enter


def test_a_frozen_primary_that_thaws_loses_nothing(tmp_path):
    words = enter([sys.executable, "-B", faults.__file__, "--rounds", "1", "--stations", "8", "--only", "node freezes",
                   "--json", str(tmp_path / "results")])
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ, timeout=400)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    row, = json.loads((tmp_path / "results").read_text())
    assert row["fault"] == "the node freezes and thaws" and row["rounds"] == 1
    assert row["acknowledged"] == row["claims"] > 20 and row["leaves"] >= 8
    assert (row["double"], row["lost"], row["without grant"], row["other flaws"]) == (0, 0, 0, 0), row["examples"]
    assert row["longest s"] > 5, "nobody noticed that the primary was frozen"
