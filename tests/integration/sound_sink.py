# SPDX-License-Identifier: Apache-2.0
"""A sound server of the test's own that has no loudspeaker, and what was played on it."""

import array
import math
import os
import pathlib
import subprocess
import sys
import time

import harness

RATE = 48000
WINDOW = RATE // 200  # 5 ms: shorter than any silence between pulses
LOUD = 500  # of 32767


class SoundSink:
    """PulseAudio with a null sink, whose monitor is recorded from the beginning."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "pulse.socket"
        self.environment = dict(os.environ, PULSE_RUNTIME_PATH=str(self.folder), PULSE_STATE_PATH=str(self.folder),
                                PULSE_COOKIE=str(self.folder / "cookie"), HOME=str(self.folder),
                                PULSE_SERVER=f"unix:{self.socket}", CANBERRA_DRIVER="pulse")
        self.log = open(self.folder / "pulse.log", "wb")
        self.server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disallow-exit",
             "-L", f"module-null-sink sink_name=loudspeaker rate={RATE} channels=1 format=s16",
             "-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"],
            env=self.environment, stdout=self.log, stderr=self.log)
        harness.wait_for(self.socket.exists, "the sound server")
        self.recording = open(self.folder / "heard.raw", "wb")
        self.recorder = subprocess.Popen(
            ["parec", "--device=loudspeaker.monitor", "--format=s16", f"--rate={RATE}", "--channels=1", "--raw",
             "--latency-msec=20"], env=self.environment, stdout=self.recording, stderr=self.log)
        harness.wait_for(lambda: (self.folder / "heard.raw").stat().st_size > 0, "the recording to begin")

    def variables(self):
        """For a program that is to play on it."""
        return {name: self.environment[name] for name in ("PULSE_SERVER", "PULSE_COOKIE", "CANBERRA_DRIVER")}

    def samples(self):
        data = array.array("h")
        raw = (self.folder / "heard.raw").read_bytes()
        data.frombytes(raw[:len(raw) // 2 * 2])
        if sys.byteorder == "big":
            data.byteswap()
        return data

    def pulses(self, since=0):
        """What was heard from that sample on: [(first, last)], in samples from the beginning."""
        return pulses_in(self.samples(), since)

    def heard(self):
        """How many samples were recorded so far: what comes later is behind them."""
        return (self.folder / "heard.raw").stat().st_size // 2

    def close(self):
        for process in (self.recorder, self.server):
            process.terminate()
            process.wait()
        self.recording.close()
        self.log.close()


def pulses_in(samples, since=0):
    found, begun, last = [], None, 0
    for at in range(since, len(samples) - WINDOW, WINDOW):
        if max(samples[at:at + WINDOW]) > LOUD:
            begun = at if begun is None else begun
            last = at + WINDOW
        elif begun is not None:
            found.append((begun, last))
            begun = None
    return found


def milliseconds(samples):
    return samples * 1000 / RATE


def level(samples, hz):
    """How strong a frequency is, by Goertzel's algorithm."""
    factor = 2 * math.cos(2 * math.pi * hz / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    return math.sqrt(max(before * before + last * last - factor * before * last, 0)) / len(samples)


def wait_for_silence(sink, since, seconds):
    """Waits until so much more was recorded; True when nothing of it was heard."""
    until = sink.heard() + int(seconds * RATE)
    while sink.heard() < until:
        time.sleep(0.1)
    return not sink.pulses(since)
