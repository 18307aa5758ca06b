#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the sound of one priority: a burst of pulses as IEC 60601-1-8 describes it, as a WAV file.

Usage: sounds.py PRIORITY OUTPUT TABLE

A pulse is a fundamental and its harmonics up to 4 kHz, all within 15 dB of each other, that rises and falls over a
fifth of its length.
"""

import array
import math
import sys
import wave

import table as tables

RATE = 48000
HARMONICS = 6  # the fundamental among them; at least four others are asked for within 300 to 4000 Hz
HIGHEST_HZ = 4000
STEP_DB = 2  # each harmonic is this much weaker than the one below
PEAK = 0.8  # of full scale


def wave_form(hz: int) -> list[float]:
    """One pulse's wave, sample by sample over a second, before its envelope."""
    parts = [(hz * n, 10 ** (-STEP_DB * (n - 1) / 20)) for n in range(1, HARMONICS + 1) if hz * n <= HIGHEST_HZ]
    total = sum(level for _, level in parts)
    return [sum(level * math.sin(2 * math.pi * one * i / RATE) for one, level in parts) / total for i in range(RATE)]


def pulse(hz: int, length_ms: int) -> list[float]:
    size = RATE * length_ms // 1000
    ramp = size // 5
    samples = wave_form(hz)[:size]
    for i in range(ramp):
        level = 0.5 - 0.5 * math.cos(math.pi * i / ramp)
        samples[i] *= level
        samples[size - 1 - i] *= level
    highest = max(map(abs, samples))
    return [sample * PEAK / highest for sample in samples]


def burst(priority: tables.Priority) -> list[float]:
    one = pulse(priority.hz, priority.pulse_ms)
    samples: list[float] = []
    for gap_ms in [*priority.gaps_ms, 0]:
        samples += one
        samples += [0.0] * (RATE * gap_ms // 1000)
    return samples


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    name, output, path = arguments
    try:
        priority = tables.read_table(path).priorities[name]
    except (tables.AlarmError, KeyError) as error:
        print(f"sounds: {error}", file=sys.stderr)
        return 1
    samples = array.array("h", (round(sample * 32767) for sample in burst(priority)))
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(output, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
