# SPDX-License-Identifier: Apache-2.0
"""The table of alarms: what is made of it, what it refuses, its sounds, its words in every language, its red."""

import array
import colorsys
import math
import pathlib
import re
import subprocess
import sys
import wave

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "alarms" / "alarms.toml"
sys.path.insert(0, str(ROOT / "alarms"))
import table as tables  # noqa: E402

KNOWN = tables.read_table(str(TABLE))


def run(script, *arguments):
    return subprocess.run([sys.executable, "-B", str(ROOT / "alarms" / script), *map(str, arguments)], capture_output=True,
                          text=True, check=False)


def test_what_is_in_the_tree_is_current():
    checked = run("compile.py", "check", ROOT, TABLE)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("language", (ROOT / "panel/po/LINGUAS").read_text().split("\n"))
def test_words_are_translated(language):
    if not language or language.startswith("#"):
        return
    known = set(re.findall(r'^msgid "(.+)"$', (ROOT / f"panel/po/{language}.po").read_text(encoding="utf-8"), re.M))
    missing = sorted({cause.words for cause in KNOWN.causes} - known)
    assert not missing, f"panel/po/{language}.po lacks the words of alarms/alarms.toml: {missing}; translate them"


# ---- what the table refuses ----

@pytest.mark.parametrize("row, wrong, said", [
    ("flash_hz = 2.0", "flash_hz = 3.0", "flash_hz is 3; IEC 60601-1-8 allows 1.4 to 2.8"),
    ("flash_hz = 0.6", "flash_hz = 1.4", "allows 0.4 to 0.8"),
    ("pulses = 10", "pulses = 9", "pulses is 9"),
    ("pause_ms = 800", "pause_ms = 200", "allows 350 to 1300"),
    ("rest_ms = 4000", "rest_ms = 0", "allows 2500 to 15000"),
    ("hz = 660", "hz = 1200", "allows 150 to 1000"),
    ('colour = "yellow"', 'colour = "red"', "the colour is yellow, not red"),
    ('working = "blue"', 'working = "red"', "red and yellow belong to alarms"),
    ('dark = "#ff8d87"', 'dark = "#802020"', "4.5 is the least"),
    ('[alert.break-due]\npriority = "low"', '[alert.break-due]\npriority = "lowest"', "no priority lowest"),
    ('words = "A break is due"', 'words = "a break is due"', "begins with a capital"),
    ("[alert.stock-low]", "[alarm.stock-low]", "no such group"),
    ("share_on = 50", "share = 50", "unknown key share"),
])
def test_bad_tables_are_refused(tmp_path, row, wrong, said):
    text = TABLE.read_text(encoding="utf-8")
    assert row in text
    path = tmp_path / "alarms.toml"
    path.write_text(text.replace(row, wrong, 1), encoding="utf-8")
    made = run("compile.py", "c", tmp_path / "table.c", path)
    assert made.returncode == 1 and said in made.stderr, made.stderr
    assert not (tmp_path / "table.c").exists()


# ---- the sounds ----

def sound_of(name, folder):
    path = folder / f"{name}.wav"
    made = run("sounds.py", name, path, TABLE)
    assert made.returncode == 0, made.stderr
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = array.array("h", file.readframes(file.getnframes()))
        if sys.byteorder == "big":
            samples.byteswap()
        return file.getframerate(), samples


def pulses_of(rate, samples):
    """[(first, last)] in samples: what is not silence, with at most 5 ms of silence within."""
    found, begun, last = [], None, 0
    for i, sample in enumerate(samples):
        if abs(sample) > 50:
            begun, last = i if begun is None else begun, i
        elif begun is not None and i - last > rate // 200:
            found.append((begun, last))
            begun = None
    return found + ([(begun, last)] if begun is not None else [])


def level(samples, rate, hz):
    """How strong a frequency is, by Goertzel's algorithm."""
    factor, before, last = 2 * math.cos(2 * math.pi * hz / rate), 0.0, 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    return math.sqrt(max(before * before + last * last - factor * before * last, 0.0)) / len(samples)


@pytest.mark.parametrize("name", ["high", "medium", "low"])
def test_bursts_are_those_of_the_standard(tmp_path, name):
    rate, samples = sound_of(name, tmp_path)
    pulses = pulses_of(rate, samples)
    priority = KNOWN.priorities[name]
    assert len(pulses) == priority.pulses
    least, most = {"high": (75, 200), "medium": (125, 250), "low": (125, 250)}[name]
    for first, last in pulses:
        # the first and last milliseconds of a rise are as good as silent
        assert least - 15 <= (last - first) * 1000 / rate <= most
        one = samples[first:last]
        levels = {n: level(one, rate, n * priority.hz) for n in range(1, 7)}
        strong = [n for n, value in levels.items() if value > max(levels.values()) / 10 ** (15 / 20)]
        assert 1 in strong and sum(300 <= n * priority.hz <= 4000 for n in strong if n > 1) >= 4, levels
        assert level(one, rate, 1.5 * priority.hz) < levels[1] / 10, "between two harmonics there is nothing"
        assert max(map(abs, one[:len(one) // 50])) < 0.2 * max(map(abs, one)), "it rises slowly"
    assert len(samples) * 1000 // rate == priority.burst_ms


# ---- colours ----

STYLES = ["panel/style.css", "panel/light.css", "panel/dark.css", "dashboard/style.css", "ctl/report/report.css"]


def is_red(colour):
    hue, saturation, value = colorsys.rgb_to_hsv(*(int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)))
    return (hue < 15 / 360 or hue > 335 / 360) and saturation > 0.4 and value > 0.4


@pytest.mark.parametrize("path", STYLES)
def test_no_style_has_a_red_of_its_own(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    text = re.sub(r"alarms: \w+ \*/.*?/\* alarms: end", "", text, flags=re.S)
    short = re.sub(r"#([0-9a-f])([0-9a-f])([0-9a-f])\b", r"#\1\1\2\2\3\3", text)
    reds = [colour for colour in re.findall(r"#[0-9a-f]{6}\b", short) if is_red(colour)]
    assert not reds, f"{path}: {reds}; red means act now, and alarms/alarms.toml has it: use its name"


def test_a_red_is_found():
    assert is_red("#b3161b") and is_red("#ff7b75") and is_red("#c9342f") and is_red("#a3122a")
    assert not any(map(is_red, ("#bd5c14", "#19753a", "#0b5c8a", "#e9d3c2", "#14191c")))
