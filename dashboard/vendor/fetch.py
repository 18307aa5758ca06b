#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches what the dashboard needs of the npm registry, as package-lock.json fixes it, and copies those few files.

Usage: fetch.py NPM FOLDER-OF-PACKAGE.JSON SCRATCH OUT

npm checks every package against the hash in the lock file, and runs none of their scripts. Offline, its cache is used.
"""

import pathlib
import shutil
import subprocess
import sys

FILES = {
    "mqtt.js": "mqtt/dist/mqtt.esm.js",
    "mqtt-LICENSE": "mqtt/LICENSE.md",
    "uplot.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "uplot-LICENSE": "uplot/LICENSE",
    "axe.js": "axe-core/axe.min.js",  # for tests only
}


def main() -> int:
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    npm, source, scratch, out = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    scratch.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, scratch / name)
    run = subprocess.run([npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"],
                         cwd=scratch)
    if run.returncode != 0:
        print("the dashboard's libraries could not be fetched (see above): check the registry that npm is set to, or"
              " configure with -Ddashboard=disabled", file=sys.stderr)
        return 1
    for name, path in FILES.items():
        shutil.copy(scratch / "node_modules" / path, out / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
