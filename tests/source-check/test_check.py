# SPDX-License-Identifier: Apache-2.0
"""Each rule of check.py finds a bad sample, says what to do instead, and leaves a good one alone."""

import check
import pytest

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
OPENED = LICENCE + "/** A sample. It must not be compiled. */\n"


def findings(folder, files):
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return check.check_tree(str(folder))


BAD_C = [
    ("lib/util/a.c", '#include "station/session.h"', "lib/util may not depend on daemon/station"),
    ("daemon/station/a.c", '#include "bus/bus.h"', "daemon/station may not depend on daemon/bus"),
    ("lib/ledger/a.c", '#include "config/config.h"', "lib/ledger may not depend on lib/config"),
    ("lib/tlog/a.c", '#include "ledger/ledger.h"', "lib/tlog may not depend on lib/ledger"),
    ("lib/tlog/a.c", "#include <sqlite3.h>", "use the functions of lib/ledger/ledger.h"),
    ("daemon/bus/a.c", '#include "live/live.h"', "daemon/bus may not depend on daemon/live"),
    ("telemetry/a.c", '#include "station/station.h"', "is not what telemetry/ shares"),
    ("telemetry/a.c", "sleep(1);", "sleep() is not used here"),
    ("daemon/station/a.c", '#include "session.h"', 'as "station/session.h"'),
    ("daemon/station/a.c", "#include <systemd/sd-bus.h>", "use the functions of daemon/bus/bus.h"),
    ("daemon/station/a.c", "# include <sqlite3.h>", "use the functions of lib/ledger/ledger.h"),
    ("daemon/bus/a.c", "#include <mosquitto.h>", "use telemetry/, the only program that speaks to a broker"),
    ("daemon/control/a.c", "#include <gpiod.h>", "use the board vtable"),
    ("daemon/control/a.c", "#include <linux/spi/spidev.h>", "use the board vtable"),
    ("daemon/imaging/a.cpp", "#include <libcamera/libcamera.h>", "use the camera vtable"),
    ("daemon/station/a.c", "#include <fcntl.h>", "does no I/O"),
    ("plugins/board-x/a.c", '#include "util/log.h"', "use plugins/include and the host functions"),
    ("ctl/a.c", '#include "station/session.h"', "is not what ctl/ shares"),
    ("ctl/a.c", "#include <sqlite3.h>", "use the functions of lib/ledger/ledger.h"),
    ("ctl/a.c", "void f(char *t) { strcpy(t, t); }", "strcpy() is not used here; use memcpy()"),
    ("ctl/a.c", "void f(char *t) { strcat(t, t); }", "use snprintf()"),
    ("ctl/a.c", "void f(char *t) { sprintf (t, t); }", "use snprintf()"),
    ("ctl/a.c", "int f(char *t) { return atoi(t); }", "use strtol()"),
    ("ctl/a.c", "void f(char *t) { strtok(t, t); }", "use strcspn()"),
    ("ctl/a.c", "void f(char *t) { gets(t); }", "use getline()"),
    ("ctl/a.c", 'int f(void) { return system("ls"); }', "use posix_spawn()"),
    ("ctl/a.c", 'void *f(void) { return popen("ls", "r"); }', "use posix_spawn()"),
    ("lib/util/a.c", "void f(void) { sleep(1); }", "use a timer of the event loop"),
    ("lib/util/a.c", "void f(void) { usleep(1); }", "use a timer of the event loop"),
    ("lib/util/a.c", "void f(void) { nanosleep(0, 0); }", "use a timer of the event loop"),
    ("lib/util/a.c", "void f(void) { signal(1, 0); }", "use sd_event_add_signal()"),
    ("daemon/bus/a.c", "int f(void) { return sd_bus_call(0, 0, 0, 0, 0); }", "use sd_bus_call_async()"),
    ("lib/util/a.c", "int64_t f(void) { return t.tv_sec * 1000 * NS_PER_MS; }", "where time_t has 32 bits"),
    ("lib/ledger/a.c", "int f(void) { return sqlite3_column_int64(row, 0); }", "functions of ledger/column.h"),
    ("daemon/station/a.c", "void f(Station *s) { s->state.session.dots++; }", "only daemon/apply/ does"),
    ("ctl/a.c", "int f(int r) { if (r == 0) r = g(1); if (r == 0 && x) { r = g(2); } return r; }", "return early"),
    ("daemon/bus/a.c", "void f(State *s) { station->state.needle.mounted.claim = 0; }", "only daemon/apply/ does"),
    ("daemon/apply/a.c", "int64_t f(void) { return clock_read(0).utc_us; }", "what the caller passes in"),
    ("daemon/decide/a.c", "#include <unistd.h>", "does no I/O"),
    ("daemon/state/a.c", '#include "station/station.h"', "daemon/state may not depend on daemon/station"),
    ("ctl/a.c", "int a; ", "blanks at the end"),
    ("ctl/a.c", "/* TO" + "DO: the rest */", "unfinished work"),
    ("ctl/a.c", 'static const char *path = "/ho' + 'me/somebody/x";', "a path of one machine"),
]


@pytest.mark.parametrize("path, line, expected", BAD_C)
def test_bad_line_is_found(tmp_path, path, line, expected):
    found = [f for f in findings(tmp_path, {path: f"{OPENED}{line}\n"}) if not f.path.startswith("plugins/board-x")
             or f.path.endswith(".c")]
    assert len(found) == 1
    assert expected in found[0].text
    assert (found[0].path, found[0].line) == (path, 3)


GOOD_C = [
    ("daemon/station/a.c", '#include "util/log.h"\n#include "ledger/ledger.h"\n#include <string.h>'),
    ("daemon/station/a.c", "bool f(Station *s) { return s->state.session.dots == 1; }"),
    ("daemon/apply/a.c", "void f(State *state) { state->session.dots++; }"),
    ("daemon/main.c", '#include "bus/bus.h"\n#include "live/live.h"'),
    ("daemon/main.c", "#include <systemd/sd-event.h>\n#include <systemd/sd-daemon.h>"),
    ("ctl/a.c", '#include "code/needle-code.h"'),
    ("ctl/a.c", "int f(int r) { if (r == 0) r = g(1); if (r < 0) h(); if (r == 0) r = g(2); return r; }"),
    ("lib/ledger/a.c", "#include <sqlite3.h>"),
    ("lib/ledger/column.c", "int f(void) { return sqlite3_column_int64(row, 0); }"),
    ("lib/ledger/a.c", '#include "tlog/merkle.h"'),
    ("ctl/a.c", '#include "tlog/proof.h"'),
    ("tests/unit/a.c", "#include <sqlite3.h>"),
    ("lib/util/a.c", "/* not strcpy(a, b) */ // nor sleep(1)"),
    ("lib/util/a.c", 'const char *text = "do not call \\"system(\\" or sleep(1)";'),
    ("lib/util/a.c", "void f(struct s *s) { s->signal(1); s.system(2); my_sleep(3); file_system(); }"),
    ("lib/util/a.c", "void f(char *t) { snprintf(t, 1, 0); strtok_r(t, t, 0); }"),
    ("lib/util/a.c", "int64_t f(void) { return t.tv_sec * 1000000000LL; }"),
    ("lib/util/a.c", "int64_t f(void) { return (int64_t)t.tv_sec * 1000; }"),
    ("tests/unit/a.c", 'char folder[] = "/t' + 'mp/stipple-XXXXXX";'),
]


@pytest.mark.parametrize("path, lines", GOOD_C)
def test_good_line_is_left_alone(tmp_path, path, lines):
    assert findings(tmp_path, {path: f"{OPENED}{lines}\n"}) == []


@pytest.mark.parametrize("path, text", [
    ("ctl/a.c", "int a;\n"),
    ("ctl/meson.build", "x = 1\n"),
    ("dbus/a.xml", "<node/>\n"),
    ("script/a", "#!/bin/true\n"),
    ("systemd/a.service.in", "[Unit]\n"),
])
def test_licence_is_missing(tmp_path, path, text):
    assert "SPDX-License-Identifier" in findings(tmp_path, {path: text})[0].text


def test_long_file(tmp_path):
    limit = OPENED + "int a;\n" * (check.LONGEST_FILE - 2)
    assert findings(tmp_path, {"ctl/a.c": limit}) == []
    assert "split it" in findings(tmp_path, {"ctl/a.c": limit + "int a;\n"})[0].text


def test_long_part_that_is_made(tmp_path):
    made = "a:\n  # records: messages\n" + "  b: 1\n" * check.LONGEST_FILE + "  # records: end\n"
    licence = "# SPDX-License-Identifier: Apache-2.0\n"
    assert findings(tmp_path, {"docs/a.yaml": licence + made}) == []
    assert "split it" in findings(tmp_path, {"docs/a.yaml": licence + made + "c: 1\n" * check.LONGEST_FILE})[0].text


@pytest.mark.parametrize("path, text", [
    ("lib/util/a.c", LICENCE + '#include "util/a.h"\n\n/** Too late. */\n'),
    ("lib/util/a.h", LICENCE + "#pragma once\n\n#include <stdio.h>\n"),
    ("telemetry/a.c", LICENCE.replace("/*", "//").replace(" */", "") + "int a;\n"),
    ("tests/unit/a.h", LICENCE),
])
def test_file_without_opening(tmp_path, path, text):
    assert findings(tmp_path, {path: text}) == [
        check.Finding(path, 2, "say what this file is, and what it must not do")]


@pytest.mark.parametrize("path, text", [
    ("lib/util/a.c", LICENCE + "\n/** What it is. */\n\nint a;\n"),
    ("panel/a.h", LICENCE + "#pragma once\n\n/*\n * What it is.\n */\n"),
    ("daemon/main.c", LICENCE.replace("/*", "//").replace(" */", "") + "\n/** What it is. */\n"),
    ("lib/util/a.cpp", LICENCE + "int a;\n"),
    ("dashboard/a.h", LICENCE + "int a;\n"),
])
def test_file_with_opening_is_left_alone(tmp_path, path, text):
    assert findings(tmp_path, {path: text}) == []


def test_last_line_without_end(tmp_path):
    assert "has no end" in findings(tmp_path, {"ctl/a.c": OPENED + "int a;"})[0].text


def test_catalog_agrees(tmp_path):
    one, two = "1" * 32, "2" * 32
    header = f'{OPENED}#define LOG_ID_ONE   "{one}"\n#define LOG_ID_TWO "{two}"\n'
    catalog = f"# SPDX-License-Identifier: Apache-2.0\n\n-- {one}\nSubject: One\n\n-- {two}\nSubject: Two\n"
    files = {"lib/util/log.h": header, "systemd/stipple.catalog": catalog}
    assert findings(tmp_path, files) == []
    files["systemd/stipple.catalog"] = catalog.replace(two, "3" * 32)
    texts = sorted(f.text for f in findings(tmp_path, files))
    assert len(texts) == 2 and "is no message id" in texts[0] and "LOG_ID_TWO" in texts[1]


def test_unregistered_test_and_plugin_without_page(tmp_path):
    files = {"tests/unit/test-a.c": OPENED, "tests/unit/test-b.c": OPENED,
             "tests/unit/meson.build": "# SPDX-License-Identifier: Apache-2.0\nx = {'a' : []}\n",
             "plugins/board-x/a.c": OPENED}
    assert [(f.path, f.text.split(";")[0]) for f in findings(tmp_path, files)] == [
        ("tests/unit/test-b.c", "this test never runs"), ("plugins/board-x", "no README.md")]


def test_hazards_name_what_is_there(tmp_path):
    page = "| H1 | `daemon/station/a.c` | `test_there` |\n| H2 | `daemon/station/b.c`, `daemon/station/` | `test_gone` |\n" \
        "| H1 | another |\n"
    found = findings(tmp_path, {"daemon/station/a.c": OPENED, "docs/hazards.md": page,
                                "tests/integration/test_a.py": "# SPDX-License-Identifier: Apache-2.0\n"
                                                               "def test_there(): pass\n"})
    assert [(f.line, f.text.split(";")[0]) for f in found] == [
        (2, "there is no test_gone()"), (2, "there is no daemon/station/b.c"), (3, "there is another H1")]


def test_shell_script(tmp_path):
    script = "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
    found = findings(tmp_path, {"script/a": script + "rm $1\n", "script/b": script + 'rm "$1"\n'})
    assert [(f.path, f.line) for f in found] == [("script/a", 3)]


def test_layout(tmp_path):
    (tmp_path / ".clang-format").write_text("BasedOnStyle: LLVM\n")
    (tmp_path / "a.c").write_text("int  a;\n")
    (tmp_path / "b.c").write_text("#define A(b) (b)\nint a;\n")
    assert [f.path for f in check.check_format(str(tmp_path))] == ["a.c"]
