# SPDX-License-Identifier: Apache-2.0
"""What systemd runs after the daemon has ended: which line it would drive, whatever else is wrong in the files."""

import subprocess

import pytest

import harness

PROGRAM = harness.BUILD / "plugins/board-spi/stipple-enable-low"


def run(folder, text, *arguments, **drop_ins):
    conf = folder / "stippled.conf"
    conf.write_text(text)
    (folder / "conf.d").mkdir()
    for name, content in drop_ins.items():
        (folder / "conf.d" / f"{name}.conf").write_text(content)
    return subprocess.run([PROGRAM, "--config", conf, *arguments], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("text, says", [
    ("", "stipple-enable of the first chip that has it would be driven low\n"),
    ("[board]\nplugin = board-sim\n", "[board] plugin = board-sim has no line that could stay active\n"),
    ("[plugin.board-spi]\nchip = /dev/gpiochip3\nline_enable = motor\npolarity_enable = low\n",
     "motor of /dev/gpiochip3 would be driven high\n"),
])
def test_the_line_of_the_configuration(tmp_path, text, says):
    shown = run(tmp_path, text, "--show")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, says, "")


def test_later_files_win_and_mistakes_elsewhere_are_left_aside(tmp_path):
    shown = run(tmp_path, "[station]\nunknown = 1\n[plugin.board-spi]\nline_enable = first\nno line at all\n",
                "--show", a="[plugin.board-spi]\nline_enable = second\n\n[ledger\n",
                b="[plugin.board-spi]\npolarity_enable = low\n")
    assert (shown.returncode, shown.stdout) == (0, "second of the first chip that has it would be driven high\n")
    assert "stippled.conf:5: neither" in shown.stderr and "a.conf:4: neither" in shown.stderr


def test_no_configuration_at_all(tmp_path):
    shown = subprocess.run([PROGRAM, "--show", "--config", tmp_path / "none.conf"], capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "stipple-enable" in shown.stdout


def test_a_chip_that_is_not_there(tmp_path):
    ran = run(tmp_path, "[plugin.board-spi]\nchip = /dev/null\n")
    assert (ran.returncode, ran.stderr) == (0, "") and "GPIO chip /dev/null" in ran.stdout
