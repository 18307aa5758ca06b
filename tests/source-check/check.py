#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The project's own linter: what a compiler does not check and a reviewer forgets.

Usage: check.py [--format] ROOT

Prints one line for each finding, "file:line: what is wrong; what to do instead", and ends with status 1 when
there is one. --format checks the layout of C and C++ instead of the rules, with the one version of clang-format that
every supported Debian has: versions do not agree.
"""

import os
import re
import subprocess
import sys
from typing import Callable, Iterator, NamedTuple

LONGEST_FILE = 500
LONGEST_TEST = 800
CLANG_FORMAT = "clang-format-19"


class Source(NamedTuple):
    """A file of the tree: its path from the root with '/', and its text."""

    path: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


class Finding(NamedTuple):
    path: str
    line: int
    text: str


Rule = Callable[[Source], Iterator[Finding]]

# ---- which files there are ----

SKIPPED_FILES = {".git"}  # in a linked worktree it is a file
SKIPPED_FOLDERS = {".git", ".cache", "__pycache__", "node_modules", ".pytest_cache"}
C_ENDINGS = (".c", ".h", ".cpp")
# The licence of these stands in a comment of their own; text for people and data have none.
LICENSED_ENDINGS = C_ENDINGS + (".py", ".sh", ".xml", ".yaml", ".yml", ".js", ".css", ".html", ".conf", ".service",
                                ".socket", ".rules", ".policy", ".catalog", ".svg", ".sql", ".in")
LICENSED_NAMES = ("meson.build", "meson_options.txt")


def is_c(path: str) -> bool:
    return path.endswith(C_ENDINGS)


def is_script(source: Source) -> bool:
    return source.text.startswith("#!") and "sh" in source.lines[0].split("/")[-1]


def read_tree(root: str) -> list[Source]:
    found = []
    for folder, folders, files in os.walk(root):
        top = folder == root
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and not (top and f.startswith("build")))
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name in SKIPPED_FILES or os.path.islink(path):
                continue
            with open(path, "rb") as file:
                content = file.read()
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if "\0" not in text:
                found.append(Source(os.path.relpath(path, root).replace(os.sep, "/"), text))
    return found


def is_data(path: str) -> bool:
    return path.startswith("tests/fuzz/corpus/") or path == "LICENSE"


# ---- C without what is no code ----

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text: str) -> str:
    """Comments and the insides of literals replaced by blanks, so that lines keep their numbers."""

    def blank(match: re.Match) -> str:
        return re.sub(r"[^\n]", " ", match.group())

    return TOKEN.sub(blank, text)


# ---- the direction of dependencies ----

LIB = ("util", "alarm", "code", "config", "frame", "tlog", "clinic", "record", "ledger")
BELOW = {
    "util": (),
    "alarm": ("util",),
    "code": ("util",),
    "config": ("util",),
    "frame": ("util",),
    "tlog": ("util",),
    "clinic": ("util", "tlog"),
    "record": ("util",),
    "ledger": ("util", "tlog", "clinic", "record"),
    "plugin": ("util",),
    "control": ("util", "alarm"),
    "scanner": ("util",),
    "state": ("util", "alarm", "code", "config", "control"),
    "apply": ("util", "alarm", "state"),
    "decide": ("util", "alarm", "code", "config", "frame", "record", "state"),
    "station": LIB + ("plugin", "control", "state", "apply", "decide"),
}
BELOW["imaging"] = BELOW["live"] = BELOW["registry"] = BELOW["bus"] = BELOW["station"] + ("station",)
BELOW["process"] = BELOW["bus"] + ("scanner", "imaging", "live", "registry", "bus")

# header prefix: (folders that may include it, what to use elsewhere)
LIBRARIES = {
    "systemd/sd-bus": (("daemon/bus/", "ctl/"), "the functions of daemon/bus/bus.h"),
    "sqlite3": (("lib/ledger/",), "the functions of lib/ledger/ledger.h"),
    "mosquitto": (("telemetry/",), "telemetry/, the only program that speaks to a broker"),
    "curl": (("registry/", "ctl/clinic-https.c", "clinic/doctor-patroni.c"), "registry/, the program that speaks to the clinic's server"),
    "libpq": (("clinic/",), "clinic/, the only program that speaks to PostgreSQL"),
    "microhttpd": (("clinic/",), "clinic/, the only program that serves"),
    "gpiod": (("plugins/",), "the board vtable of stipple/plugin.h"),
    "linux/spi": (("plugins/",), "the board vtable of stipple/plugin.h"),
    "linux/gpio": (("plugins/",), "the board vtable of stipple/plugin.h"),
    "libevdev": (("plugins/",), "the scanner vtable of stipple/plugin.h"),
    "linux/input": (("plugins/",), "the scanner vtable of stipple/plugin.h"),
    "libcamera": (("plugins/",), "the camera vtable of stipple/plugin.h"),
}
# No plugin, though it stands beside the one whose line it drives, and reads the daemon's configuration.
ENABLE_LOW = "plugins/board-spi/enable-low.c"
# Of lib/ledger the programs beside the daemon share what reads a ledger, or a copy of one, and never writes.
TELEMETRY_SHARES = ("util", "config", "frame", "record", "ledger/outbox.h")
CTL_SHARES = ("util", "tlog", "code", "config", "record", "ledger/ledger.h", "ledger/verify.h", "ledger/copy.h", "ledger/cosigned.h", "ledger/gather.h")
REGISTRY_SHARES = ("util", "tlog", "config", "frame", "record", "ledger/outbox.h")
SHARES = {"telemetry": TELEMETRY_SHARES, "registry": REGISTRY_SHARES, "ctl": CTL_SHARES, "panel": ("util", "alarm"), "plugins": (),
          "clinic": ("util", "tlog", "clinic", "code", "config", "record")}
PURE = ("daemon/state/", "daemon/apply/", "daemon/decide/")
WITHOUT_INPUT_OUTPUT = PURE + ("daemon/station/",)
INPUT_OUTPUT_HEADERS = ("fcntl.h", "sys/socket.h", "sys/ioctl.h", "sys/mman.h", "unistd.h", "poll.h")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def includes(source: Source) -> Iterator[tuple[int, str, str]]:
    for match in INCLUDE.finditer(source.text):
        yield source.text.count("\n", 0, match.start(1)) + 1, match.group(1), match.group(2)


def check_includes(source: Source) -> Iterator[Finding]:
    if not is_c(source.path):
        return
    parts = source.path.split("/")
    for line, quote, header in includes(source):
        for prefix, (allowed, instead) in LIBRARIES.items():
            if re.match(re.escape(prefix) + r"(\.h|/|$)", header) and not source.path.startswith(allowed + ("tests/",)):
                yield Finding(source.path, line, f"<{header}> belongs to {' and '.join(allowed)}; use {instead}")
        if quote == '"':
            yield from check_direction(source, parts, line, header)
        elif source.path.startswith(WITHOUT_INPUT_OUTPUT) and header in INPUT_OUTPUT_HEADERS:
            yield Finding(source.path, line, f"<{header}>: {'/'.join(parts[:2])} does no I/O; pass in what it needs")


def home_of(folder: str) -> str:
    return f"lib/{folder}" if folder in LIB else f"daemon/{folder}"


def check_direction(source: Source, parts: list[str], line: int, header: str) -> Iterator[Finding]:
    target = header.split("/")[0]
    if parts[0] in ("lib", "daemon") and len(parts) > 2 and target in BELOW:
        folder = parts[1]
        if target != folder and target not in BELOW.get(folder, ()):
            yield Finding(source.path, line,
                          f'"{header}": {parts[0]}/{folder} may not depend on {home_of(target)}; pass a function or move the code')
    elif parts[0] in ("lib", "daemon") and "/" not in header:
        yield Finding(source.path, line, f'"{header}": include it with its folder, as "{parts[1]}/{header}"')
    elif source.path == ENABLE_LOW and header == "config/ini-file.h":
        return
    elif parts[0] in SHARES and target in BELOW and not {target, header} & set(SHARES[parts[0]]):
        shared = ", ".join(SHARES[parts[0]]) or "plugins/include and the host functions"
        yield Finding(source.path, line, f'"{header}" is not what {parts[0]}/ shares; use {shared}')


# ---- calls ----

ANYWHERE = {
    "strcpy": "memcpy() after a check of the length, or snprintf()",
    "stpcpy": "memcpy() after a check of the length, or snprintf()",
    "strcat": "snprintf()",
    "strncat": "snprintf()",
    "sprintf": "snprintf()",
    "vsprintf": "vsnprintf()",
    "gets": "getline()",
    "atoi": "strtol() with its end and errno checked",
    "atol": "strtol() with its end and errno checked",
    "atof": "strtod() with its end and errno checked",
    "strtok": "strcspn() and pointers",
    "system": "posix_spawn() with a list of arguments",
    "popen": "posix_spawn() with a list of arguments",
    "alloca": "a fixed array or malloc()",
    "tmpnam": "mkstemp()",
    "mktemp": "mkstemp()",
    "gmtime": "gmtime_r()",
    "localtime": "localtime_r()",
}
WAITS = "a timer of the event loop, or the time-out of poll()"
IN_DAEMON = {
    "signal": "sd_event_add_signal() or sigaction()",
    "sleep": WAITS,
    "usleep": WAITS,
    "nanosleep": WAITS,
    "rand": "getrandom(), or a generator whose seed is passed in",
    "srand": "getrandom(), or a generator whose seed is passed in",
    "sd_bus_call": "sd_bus_call_async(): the loop waits for nobody",
    "sd_bus_call_method": "sd_bus_call_method_async(): the loop waits for nobody",
}
IN_PURE = {name: "what the caller passes in" for name in (
    "clock_read", "clock_monotonic_us", "clock_gettime", "time", "getrandom", "pthread_create", "worker_run", "log_error",
    "log_warning", "log_notice", "log_info")}
CALL = re.compile(r"(?<![\w.>])([a-z_]+)[ \t]*\(")


def check_calls(source: Source) -> Iterator[Finding]:
    if not is_c(source.path):
        return
    banned = dict(ANYWHERE)
    if source.path.startswith(("lib/", "daemon/", "telemetry/", "registry/")):
        banned.update(IN_DAEMON)
    if source.path.startswith(PURE):
        banned.update(IN_PURE)
    for number, line in enumerate(code_only(source.text).split("\n"), 1):
        for match in CALL.finditer(line):
            if match.group(1) in banned:
                yield Finding(source.path, number, f"{match.group(1)}() is not used here; use {banned[match.group(1)]}")


# ---- who writes the state ----

WRITES_STATE = re.compile(r"(?<!frame\.)\bstate(?:\.|->)(?:rules|protocols|host|people|board|work|session|needle|facts|clinic|next_session)\b[\w.\[\]]*\s*(?:[-+|&]?=(?!=)|\+\+|--)")


def check_state(source: Source) -> Iterator[Finding]:
    if not is_c(source.path) or not source.path.startswith("daemon/") or source.path.startswith("daemon/apply/"):
        return
    for number, line in enumerate(code_only(source.text).split("\n"), 1):
        if WRITES_STATE.search(line):
            yield Finding(source.path, number, "writes the state; only daemon/apply/ does, from a record")


# ---- time where time_t has 32 bits ----

# A constant that makes the product 64 bits wide, or a cast before tv_sec.
NARROW = re.compile(r"(\(u?int64_t\)\s*)?[\w.>-]*\btv_sec\s*\*(?!\s*(?:\d+U?LL|(?:USEC|NSEC)_PER_SEC|NS_PER_S)\b)")


def check_time(source: Source) -> Iterator[Finding]:
    if not is_c(source.path):
        return
    for number, line in enumerate(code_only(source.text).split("\n"), 1):
        for match in NARROW.finditer(line):
            if not match.group(1):
                yield Finding(source.path, number, "overflows where time_t has 32 bits; multiply by one LL constant")


# ---- errors ----

# Two statements of the kind `if (r == 0) r = f();`, one after the other.
CHAIN = re.compile(
    r"(?:\bif \((\w+) (?:==|>=) (?:0|SQLITE_OK|CTL_DONE)(?: && [^{};]*)?\)\s*\{?\s*\1 = [^;]*;\s*\}?\s*){2}")


def check_chains(source: Source) -> Iterator[Finding]:
    if not is_c(source.path) or source.path.startswith("tests/"):
        return
    text = code_only(source.text)
    for match in CHAIN.finditer(text):
        yield Finding(source.path, text.count("\n", 0, match.start()) + 1,
                      "a chain of what is done as long as nothing failed; return early")


# ---- cells of a ledger's rows ----

# A file may have been tampered with: a cell may be NULL or of another type than its column says.
CELL = re.compile(r"\bsqlite3_column_(?:text|text16|blob|bytes|bytes16|int|int64|double|type|value)\b")
CELLS_AT = "lib/ledger/column.c"


def check_cells(source: Source) -> Iterator[Finding]:
    if not is_c(source.path) or source.path == CELLS_AT or source.path.startswith("tests/"):
        return
    for number, line in enumerate(code_only(source.text).split("\n"), 1):
        if CELL.search(line):
            yield Finding(source.path, number, "asks SQLite for a cell of any type; use the functions of ledger/column.h")


# ---- every text file ----

# Written apart, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.}$])/(?:work|farm)/|(?<![\w.}$])/(?:tmp|home)/[a-z]")


# Parts of documents that are made of records/.
MADE_OF_RECORDS = re.compile(r" records: (?!end)[\w.-]+\n.*? records: end\n", re.S)


def check_licence(source: Source) -> Iterator[Finding]:
    name = source.path.split("/")[-1]
    wanted = name.endswith(LICENSED_ENDINGS) or name in LICENSED_NAMES or source.text.startswith("#!")
    if wanted and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(source.lines[:5]):
        yield Finding(source.path, 1, "no licence; begin with a comment SPDX-License-Identifier: Apache-2.0")


def check_text(source: Source) -> Iterator[Finding]:
    name = source.path.split("/")[-1]
    written = MADE_OF_RECORDS.sub("", source.text).count("\n")
    longest = LONGEST_TEST if source.path.startswith("tests/") else LONGEST_FILE
    if written > longest and name.endswith(LICENSED_ENDINGS):
        yield Finding(source.path, longest, f"longer than {longest} lines; it does two things, split it")
    if source.text and not source.text.endswith("\n"):
        yield Finding(source.path, len(source.lines), "the last line has no end; add one")
    for number, line in enumerate(source.lines, 1):
        if line != line.rstrip() and not name.endswith(".md"):
            yield Finding(source.path, number, "blanks at the end of the line; remove them")
        if UNFINISHED.search(line):
            yield Finding(source.path, number, "a note about unfinished work; finish it or open an issue")
        if MACHINE_PATH.search(line) and "XXXXXX" not in line:
            yield Finding(source.path, number, "a path of one machine; derive it or take it as an argument")


# ---- what a file is ----

OPENED = ("lib/", "daemon/", "plugins/", "telemetry/", "registry/", "ctl/", "panel/", "tests/")
# The licence is no opening.
OPENING = re.compile(r"(?:(?:/\*|//) SPDX-[^\n]*\n)?\s*(?:#pragma once\s*)?/\*(?! SPDX-)")


def check_opening(source: Source) -> Iterator[Finding]:
    if source.path.startswith(OPENED) and source.path.endswith((".c", ".h")) and not OPENING.match(source.text):
        yield Finding(source.path, 2, "say what this file is, and what it must not do")


RULES: tuple[Rule, ...] = (check_includes, check_calls, check_time, check_state, check_chains, check_cells, check_licence,
                           check_text, check_opening)

# ---- rules over several files ----


def text_of(tree: list[Source], path: str) -> str:
    return next((source.text for source in tree if source.path == path), "")


def check_catalog(tree: list[Source]) -> Iterator[Finding]:
    header, catalog = "lib/util/log.h", "systemd/stipple.catalog"
    ids = dict(re.findall(r'#define (LOG_ID_\w+)\s+"([0-9a-f]{32})"', text_of(tree, header)))
    explained = set(re.findall(r"^-- ([0-9a-f]{32})$", text_of(tree, catalog), re.M))
    for name, value in ids.items():
        if value not in explained:
            yield Finding(catalog, 1, f"{name} ({value}) of {header} is not explained; add an entry")
    for value in explained - set(ids.values()):
        yield Finding(catalog, 1, f"{value} is no message id of {header}; remove it or declare it there")
    if len(set(ids.values())) != len(ids):
        yield Finding(header, 1, "two names have the same message id; make a new one with systemd-id128 new")


def check_registered(tree: list[Source]) -> Iterator[Finding]:
    listed = text_of(tree, "tests/unit/meson.build")
    for source in tree:
        name = re.fullmatch(r"tests/unit/test-([\w-]+)\.c", source.path)
        if name and f"'{name.group(1)}'" not in listed:
            yield Finding(source.path, 1, "this test never runs; add it to tests/unit/meson.build")


def check_plugin_pages(tree: list[Source]) -> Iterator[Finding]:
    paths = {source.path for source in tree}
    folders = {"/".join(path.split("/")[:2]) for path in paths if re.match(r"plugins/[\w-]+/.*\.(c|cpp)$", path)}
    for folder in sorted(folders):
        if f"{folder}/README.md" not in paths:
            yield Finding(folder, 1, "no README.md; say what it drives, what it may touch, its settings and its tests")


def check_hazards(tree: list[Source]) -> Iterator[Finding]:
    page = "docs/hazards.md"
    tests = "\n".join(source.text for source in tree if source.path.startswith("tests/") and source.path != page)
    defined = set(re.findall(r"\b(test_\w+)\(", tests))
    paths = [source.path for source in tree]
    numbers: set[str] = set()
    for number, line in enumerate(text_of(tree, page).split("\n"), 1):
        for hazard in re.findall(r"^\| (H\d+) \|", line):
            if hazard in numbers:
                yield Finding(page, number, f"there is another {hazard}; take the next free number")
            numbers.add(hazard)
        for name in re.findall(r"`(test_\w+)`", line):
            if name not in defined:
                yield Finding(page, number, f"there is no {name}(); name the test that proves the measure")
        for path in re.findall(r"`((?:lib|daemon|plugins|systemd)/[\w./-]+)`", line):
            if not any(known == path or (path.endswith("/") and known.startswith(path)) for known in paths):
                yield Finding(page, number, f"there is no {path}; name the place that carries the measure out")


def check_shell(tree: list[Source], root: str) -> Iterator[Finding]:
    scripts = [source.path for source in tree if is_script(source)]
    if not scripts:
        return
    try:
        run = subprocess.run(["shellcheck", "--format=gcc", *scripts], cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        yield Finding("script", 1, "shellcheck is not installed; run script/bootstrap")
        return
    for match in re.finditer(r"^([^:\n]+):(\d+):\d+: (.*)$", run.stdout, re.M):
        yield Finding(match.group(1), int(match.group(2)), match.group(3))


def check_tree(root: str) -> list[Finding]:
    tree = [source for source in read_tree(root) if not is_data(source.path)]
    findings = [finding for source in tree for rule in RULES for finding in rule(source)]
    for rule in (check_catalog, check_registered, check_plugin_pages, check_hazards):
        findings.extend(rule(tree))
    findings.extend(check_shell(tree, root))
    return findings


def check_format(root: str) -> list[Finding]:
    sources = [source.path for source in read_tree(root) if is_c(source.path)]
    try:
        run = subprocess.run([CLANG_FORMAT, "--dry-run", *sources], cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        return [Finding(".clang-format", 1, f"{CLANG_FORMAT} is not installed; run script/bootstrap")]
    wrong: dict[str, int] = {}
    for path, line in re.findall(r"^([\w./-]+):(\d+):\d+: warning:", run.stderr, re.M):
        wrong.setdefault(path, int(line))
    if run.returncode and not wrong:
        return [Finding(".clang-format", 1, run.stderr.strip())]
    return [Finding(path, line, f"layout; run {CLANG_FORMAT} -i {path}") for path, line in wrong.items()]


def main() -> int:
    arguments = sys.argv[1:]
    check = check_format if "--format" in arguments else check_tree
    roots = [argument for argument in arguments if argument != "--format"]
    if len(roots) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    findings = check(roots[0])
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
