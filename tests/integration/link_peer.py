# SPDX-License-Identifier: Apache-2.0
"""The other end of the daemon's link to the clinic's registry, by a script: a registry's log with a key of its own, and the
frames of lib/frame/registry-frame.h, written here once more."""

import base64
import contextlib
import json
import select
import socket
import struct
import sys
import threading
import time

import harness
from harness import SOURCE, wait_for

sys.path.insert(0, str(SOURCE / "tests/clinic"))

from clinic_harness import Log, NoteKey, split  # noqa: E402

MAGIC, VERSION = 0x52505453, 1
HELLO, CURSOR, NEWS, ASK, LEAF, ANSWER, REPORT, COSIGNED = range(8)
WHAT = ("claim", "hold", "top-up", "move", "handover", "holder")
DONE, REFUSED, AWAY = range(3)
ORIGIN, OTHER = "stipple/clinic/chair-1", "stipple/clinic/chair-2"
LOT = "L1"


def unit(serial):
    return f"(01){harness.GTIN}(21){serial}"


def frame(kind, body, magic=MAGIC, version=VERSION, size=None):
    return struct.pack("<IHHII", magic, version, kind, 16 + len(body) if size is None else size, 0) + body


class RegistryLog(Log):
    """Leaves of JSON, each with the proof that it is in the log whose checkpoint the key signed."""

    def __init__(self, key=None):
        super().__init__(key or NoteKey("clinic.example/registry"))

    def add(self, kind, station=ORIGIN, **more):
        """The number of the new leaf."""
        leaf = {"kind": kind, "station": station, "request": "r", "utc": "2026-03-02T10:00:00Z", **more}
        self.append(json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode())
        return len(self.leaves) - 1

    def path(self, index, begin, end):
        if end - begin == 1:
            return []
        k = begin + split(end - begin)
        return [*self.path(index, begin, k), self.root(k, end)] if index < k else [*self.path(index, k, end), self.root(begin, k)]

    def proof(self, index, size=None, key=None):
        """By c2sp.org/tlog-proof. Without a size, that of a log that ends with the leaf."""
        size = size or index + 1
        lines = "".join(base64.b64encode(part).decode() + "\n" for part in self.path(index, 0, size))
        return f"c2sp.org/tlog-proof@v1\nindex {index}\n{lines}\n{(key or self.key).note(self.text(size))}".encode()


class Peer:
    """One connection to the daemon. It reads all the time; `answer(what, body)` gives what is sent back to an ask."""

    def __init__(self, station, log):
        self.station, self.log, self.answer = station, log, None
        self.hello, self.cursor, self.news, self.asked, self.ended = None, 0, 0, [], False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

        def connects():
            with contextlib.suppress(OSError):
                self.socket.connect(str(station.folder / "run/registry.sock"))
                return True
        wait_for(connects, "the daemon's socket")
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        with contextlib.suppress(OSError):
            while packet := self.socket.recv(1 << 17):
                self.take(*struct.unpack("<IHHII", packet[:16])[:4], packet[16:])
        self.ended = True

    def take(self, magic, version, kind, size, body):
        assert (magic, version, size) == (MAGIC, VERSION, 16 + len(body))
        if kind == HELLO:
            self.hello = (struct.unpack("<Q", body[:8])[0], body[8:48].rstrip(b"\0").decode(), body[48:].rstrip(b"\0").decode())
            self.cursor = self.hello[0]
        elif kind == CURSOR:
            self.cursor, = struct.unpack("<Q", body)
        elif kind == NEWS:
            self.news += 1
        elif kind == ASK:
            number, what, length = struct.unpack("<QII", body[:16])
            asked = json.loads(body[16:])
            assert length == len(body) - 16
            self.asked.append((WHAT[what], asked))
            if self.answer:
                self.answer(number, WHAT[what], asked)

    def send(self, data):
        """As far as the daemon reads."""
        select.select([], [self.socket], [], harness.PATIENCE_S)
        self.socket.send(data)

    def leaf(self, index, leaf=None, proof=None):
        leaf, proof = leaf or self.log.leaves[index], proof or self.log.proof(index)
        self.send(frame(LEAF, struct.pack("<QII", index, len(leaf), len(proof)) + leaf + proof))

    def cosigned(self, note):
        self.send(frame(COSIGNED, struct.pack("<II", len(note), 0) + note))

    def give(self, *numbers):
        """Sends leaves and waits until the daemon is done with them."""
        for number in numbers:
            self.leaf(number)
        wait_for(lambda: self.cursor > max(numbers, default=-1), "the leaves to be taken")

    def add(self, kind, station=ORIGIN, **more):
        number = self.log.add(kind, station, **more)
        self.give(number)
        return number

    def reply(self, number, status, text="", following=0):
        self.send(frame(ANSWER, struct.pack("<QQII", number, following, status, 0) + text.encode().ljust(512, b"\0")))

    def report(self, connected=True, mirrored=0, waiting=0, warnings=0, text="", advice="", cosigned=""):
        texts = b"".join(part.encode().ljust(512, b"\0") for part in (text, advice, cosigned))
        self.send(frame(REPORT, struct.pack("<QQQIB3x", mirrored, waiting, 0, warnings, connected) + texts))

    def join(self):
        """What each station has had in its first minute."""
        wait_for(lambda: self.hello, "the greeting")
        boot = self.hello[1]
        boot = "-".join((boot[:8], boot[8:12], boot[12:16], boot[16:20], boot[20:]))
        self.add("station.enrolled", name="chair-1", key="k")
        self.add("station.enrolled", OTHER, name="chair-2", key="k")
        self.add("boot.confirmed", boot=boot, size=1)

    def offer(self, kind, **more):
        """As add(), but does not wait: for use in an answer."""
        self.leaf(self.log.add(kind, **more))
        return len(self.log.leaves)

    def grant(self, *serials):
        return self.add("units.granted", lot=LOT, units=[unit(serial) for serial in serials])

    def share(self, number, kind, body, station=OTHER, actor="b7", **more):
        record = {"seq": number, "kind": kind, "actor": actor, "body": body, "utc": "2026-03-02T09:00:00.000000Z",
                  "station": "clinic/chair-2", **more}
        return self.log.add("record.shared", station, seq=number, record=record)

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(harness.PATIENCE_S)
        self.socket.close()


class Clinic:
    """A station whose clinic has a registry, and its log."""

    def __init__(self):
        self.log = RegistryLog()
        mirror = NoteKey("clinic.example/mirror")
        self.station = harness.Station(extra=f"""[registry]
server = https://localhost:1
key = {self.log.key.public()}
mirror_key = {mirror.public(4)}
""")
        self.peers = []

    def peer(self, joins=False):
        peer = Peer(self.station, self.log)
        self.peers.append(peer)
        if joins:
            peer.join()
        return peer

    def close(self):
        for peer in self.peers:
            peer.close()
        self.station.close()


def pause():
    """Longer than a turn of the daemon's link."""
    time.sleep(0.3)
