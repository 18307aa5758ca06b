# SPDX-License-Identifier: Apache-2.0
"""circles.py finds each kind of circle in a small tree that is really compiled, and leaves what is none alone."""

import json
import shutil
import subprocess

import circles
import pytest

NODE = shutil.which("node")


def built(root, files):
    """A tree with these files, each C file of it compiled."""
    build = root / "build"
    build.mkdir()
    commands = []
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if path.endswith(".c"):
            made = path.replace("/", "_") + ".o"
            subprocess.run(["cc", "-I", root / "lib", "-c", file, "-o", build / made], check=True)
            commands.append({"directory": str(build), "file": f"../{path}", "output": made})
    (build / "compile_commands.json").write_text(json.dumps(commands), encoding="utf-8")
    return str(root), str(build)


def told(root, files, allowed=(), node=None):
    graph = circles.read_graph(*built(root, files), node)
    return list(circles.findings(graph, [frozenset(group) for group in allowed]))


A_AND_B = {"lib/a.c": "void b(void); void a(void) { b(); }", "lib/b.c": "void a(void); void b(void) { a(); }"}


def test_calls_make_a_circle(tmp_path):
    assert told(tmp_path, A_AND_B) == ["a circle of 2 files: lib/a.c, lib/b.c",
                                       "    lib/a.c -> lib/b.c: b", "    lib/b.c -> lib/a.c: a"]


def test_a_table_of_functions_makes_a_circle(tmp_path):
    found = told(tmp_path, {"panel/a.c": "void b(void); void (*const table[])(void) = { b }; void a(void) { }",
                            "panel/b.c": "void a(void); void b(void) { a(); }"})
    assert found[0] == "a circle of 2 files: panel/a.c, panel/b.c"


def test_data_makes_a_circle(tmp_path):
    assert told(tmp_path, {"ctl/a.c": "extern const int b; int a(void) { return b; }",
                           "ctl/b.c": "int a(void); const int b = 1; int c(void) { return a(); }"})


def test_a_circle_of_three_is_told_whole(tmp_path):
    found = told(tmp_path, {"lib/a.c": "void b(void); void a(void) { b(); }",
                            "lib/b.c": "void c(void); void b(void) { c(); }",
                            "ctl/c.c": "void a(void); void c(void) { a(); }"})
    assert found[0] == "a circle of 3 files: ctl/c.c, lib/a.c, lib/b.c"


def test_a_function_that_is_handed_over_makes_none(tmp_path):
    assert not told(tmp_path, {"lib/a.c": "void a(void (*done)(void)) { done(); }",
                               "lib/b.c": "void a(void (*)(void)); static void done(void) { } void b(void) { a(done); }"})


def test_words_in_comments_and_names_of_static_functions_make_none(tmp_path):
    assert not told(tmp_path, {"lib/a.c": "void b(void); void a(void) { b(); }",
                               "lib/b.c": "/* a() */ static void a(void) { } void b(void) { a(); }"})


def test_programs_may_have_functions_of_one_name(tmp_path):
    assert not told(tmp_path, {"ctl/a.c": "void tell(void); void a(void) { tell(); }", "ctl/b.c": "void tell(void) { }",
                               "panel/b.c": "void a(void); void tell(void) { a(); }"})


def test_headers_make_a_circle(tmp_path):
    found = told(tmp_path, {"lib/a/a.h": '#pragma once\n#include "a/b.h"\n', "lib/a/b.h": '#pragma once\n#include "a.h"\n',
                            "lib/a/a.c": '#include "a/a.h"\nvoid a(void) { }'})
    assert found == ["a circle of 2 files: lib/a/a.h, lib/a/b.h", '    lib/a/a.h -> lib/a/b.h: #include "a/b.h"',
                     '    lib/a/b.h -> lib/a/a.h: #include "a.h"']


def test_one_source_in_two_programs_is_one_file(tmp_path):
    root, build = built(tmp_path, A_AND_B)
    commands = json.loads((tmp_path / "build/compile_commands.json").read_text())
    shutil.copy(tmp_path / "build/lib_a.c.o", tmp_path / "build/again.o")
    commands.append(dict(commands[0], output="again.o"))
    (tmp_path / "build/compile_commands.json").write_text(json.dumps(commands))
    assert len(list(circles.findings(circles.read_graph(root, build, None), []))) == 3


def test_an_allowed_circle_is_not_told(tmp_path):
    assert not told(tmp_path, A_AND_B, [{"lib/a.c", "lib/b.c"}])


def test_an_allowed_circle_may_not_grow(tmp_path):
    found = told(tmp_path, A_AND_B | {"lib/a.c": "void b(void); void c(void); void a(void) { b(); c(); }",
                                      "lib/c.c": "void a(void); void c(void) { a(); }"}, [{"lib/a.c", "lib/b.c"}])
    assert "lib/c.c came to an allowed one" in found[0]


def test_an_allowed_circle_that_is_gone_must_be_forgotten(tmp_path):
    found = told(tmp_path, A_AND_B | {"lib/b.c": "void b(void) { }"}, [{"lib/a.c", "lib/b.c"}])
    assert found == ["lib/a.c is in no circle any more; take it out of ALLOWED",
                     "lib/b.c is in no circle any more; take it out of ALLOWED"]


def test_an_allowed_circle_must_become_shorter_with_its_files(tmp_path):
    found = told(tmp_path, A_AND_B | {"lib/c.c": "void c(void) { }"}, [{"lib/a.c", "lib/b.c", "lib/c.c"}])
    assert found == ["lib/c.c is in no circle any more; take it out of ALLOWED"]


def test_a_source_that_was_not_built_is_told(tmp_path):
    root, build = built(tmp_path, A_AND_B)
    (tmp_path / "build/lib_b.c.o").unlink()
    with pytest.raises(circles.Unbuilt, match="lib/b.c"):
        circles.read_graph(root, build, None)


@pytest.mark.skipif(not NODE, reason="there is no Node.js")
def test_modules_make_a_circle(tmp_path):
    found = told(tmp_path, {"lib/a.c": "void a(void) { }",
                            "dashboard/src/a.js": 'import { b } from "./views/b.js"; // import "./c.js"\n'
                                                  "export const a = `import './c.js'`;\n",
                            "dashboard/src/c.js": 'import { a } from "./a.js";\nexport const c = a;\n',
                            "dashboard/src/views/b.js": 'export { a as b } from "../a.js";\n'}, node=NODE)
    assert found == ["a circle of 2 files: dashboard/src/a.js, dashboard/src/views/b.js",
                     '    dashboard/src/a.js -> dashboard/src/views/b.js: import "./views/b.js"',
                     '    dashboard/src/views/b.js -> dashboard/src/a.js: import "../a.js"']
