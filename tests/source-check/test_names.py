# SPDX-License-Identifier: Apache-2.0
"""names.py finds a static function whose name another file has, and leaves alone what is none."""

import names


def told(root, files, unmended=()):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(names.findings(names.read_functions(str(root)), unmended))


def test_two_files_with_one_name_are_told(tmp_path):
    found = told(tmp_path, {"ctl/a.c": "static int\nforget(void)\n{\n\treturn 0;\n}\n",
                            "panel/b.c": "static _must_check_ int forget(void)\n{\n\treturn 1;\n}\n"})
    assert [line.split(":")[0] for line in found] == ["ctl/a.c", "panel/b.c"]
    assert all(line.endswith("say what it works on: forget") for line in found)


def test_the_name_of_a_public_function_is_taken(tmp_path):
    found = told(tmp_path, {"lib/a.c": "int forget(void)\n{\n\treturn 0;\n}\n",
                            "lib/b.c": "static int forget(void)\n{\n\treturn 1;\n}\n"})
    assert len(found) == 1 and found[0].startswith("lib/b.c")


def test_programs_may_have_public_functions_of_one_name(tmp_path):
    main = "int main(void)\n{\n\treturn 0;\n}\n"
    assert not told(tmp_path, {"ctl/main.c": main, "panel/main.c": main})


def test_calls_words_and_declarations_are_no_functions(tmp_path):
    assert not told(tmp_path, {"lib/a.c": "static int forget(void)\n{\n\treturn 0;\n}\n",
                               "lib/b.c": "/* forget() */\nint forget(void);\nint b(void)\n{\n\treturn forget();\n}\n"
                                          "static const char text[] = \"static int forget(void) { }\";\n"})


TWO = {"lib/a.c": "static int forget(void)\n{\n\treturn 0;\n}\n", "lib/b.c": "static int forget(void)\n{\n\treturn 1;\n}\n"}


def test_a_file_that_is_not_yet_mended_is_not_told(tmp_path):
    found = told(tmp_path, TWO, ["lib/b.c"])
    assert len(found) == 1 and found[0].startswith("lib/a.c")


def test_a_file_that_is_mended_must_leave_the_list(tmp_path):
    found = told(tmp_path, TWO | {"lib/b.c": "static int forget_b(void)\n{\n\treturn 1;\n}\n"}, ["lib/b.c"])
    assert found == ["lib/b.c: its names are its own; take it out of UNMENDED"]
