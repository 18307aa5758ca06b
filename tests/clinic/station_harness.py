# SPDX-License-Identifier: Apache-2.0
"""A station's end of the clinic: stipple-registryd over a real ledger, with stand-ins for the daemon at its socket and, where a
test needs a server that lies, for the clinic's server."""

import base64
import contextlib
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import uuid

from clinic_harness import BUILD, PATIENCE_S, Log, NoteKey, free_port, node, wait_for

SOURCE = pathlib.Path(__file__).resolve().parents[2]
REGISTRYD = BUILD / "registry/stipple-registryd"
WRITER = BUILD / "tests/clinic/ledger-writer"
BOOT = uuid.uuid4()
HELLO, CURSOR, NEWS, ASK, LEAF, ANSWER, REPORT, COSIGNED = range(8)
CLAIM, HOLD, TOP_UP, MOVE, HANDOVER, HOLDER = range(6)
DONE, REFUSED, AWAY = range(3)
LOG, DOUBLE, TIMELINE, QUARANTINED, MIRROR, CERTIFICATE, LEDGER, STORE = (1 << bit for bit in range(8))


class Ledger:
    """A ledger that a process with the product's lib/ledger writes."""

    def __init__(self, folder, name="chair-1"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen([WRITER, self.folder, f"clinic/{name}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.key = self.process.stdout.readline().strip()
        assert self.key, "the ledger cannot be written"
        self.origin = self.key.split("+")[0]

    def append(self, n):
        """Appends so many records, or receives the lot of that name; how many there are, all of them under a checkpoint."""
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        records, sealed = map(int, self.process.stdout.readline().split())
        assert sealed == records
        return records

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE_S) == 0


class Daemon:
    """The daemon's end of the socket. It keeps what it is told, and moves its cursor on as the daemon does."""

    def __init__(self, folder, origin, verifier=None):
        self.folder, self.origin = pathlib.Path(folder), origin
        self.folder.mkdir(exist_ok=True)
        self.verifier = verifier  # (seq, leaf, proof): called with each leaf
        self.leaves, self.answers, self.reports, self.notes = {}, {}, [], []
        self.order = []
        self.next, self.number, self.moves = 0, 0, True
        self.boot = BOOT.hex
        self.peer, self.lock = None, threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.folder / "registry.sock"))
        self.listener.listen(4)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @staticmethod
    def packet(kind, fixed=b"", rest=b""):
        return struct.pack("=IHHII", 0x52505453, 1, kind, 16 + len(fixed) + len(rest), 0) + fixed + rest

    def say(self, *packet):
        with contextlib.suppress(OSError, AttributeError):
            self.peer.send(self.packet(*packet))

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peer = peer
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
            self.say(HELLO, struct.pack("=Q40s256s", self.next, self.boot.encode(), self.origin.encode()))
            with contextlib.suppress(OSError):
                while self.take(peer.recv(1 << 18)):
                    pass
            peer.close()

    def take(self, packet):
        if not packet:
            return False
        magic, version, kind, size, _ = struct.unpack("=IHHII", packet[:16])
        assert (magic, version, size) == (0x52505453, 1, len(packet))
        if kind == LEAF:
            seq, leaf_size, proof_size = struct.unpack("=QII", packet[16:32])
            leaf, proof = packet[32:32 + leaf_size], packet[32 + leaf_size:]
            assert len(proof) == proof_size
            self.leaves[seq] = (leaf, proof.decode())
            self.order.append(seq)
            if self.moves:
                self.next = seq + 1
                self.say(CURSOR, struct.pack("=Q", self.next))
        elif kind == ANSWER:
            number, following, status, _, text = struct.unpack("=QQII512s", packet[16:])
            # what the answer is about came before it
            self.answers[number] = (status, text.rstrip(b"\0").decode(), following, max(self.leaves, default=-1))
        elif kind == REPORT:
            self.reports.append(self.read_report(packet))
        elif kind == COSIGNED:
            self.notes.append(packet[24:].decode())
        return True

    @staticmethod
    def read_report(packet):
        mirrored, waiting, leaves, warnings, connected = struct.unpack("=QQQIB", packet[16:45])
        texts = packet[48:]
        text, advice = (texts[i:i + 512].split(b"\0")[0].decode() for i in (0, 512))
        return dict(mirrored=mirrored, waiting=waiting, leaves=leaves, warnings=warnings, connected=bool(connected), text=text,
                    advice=advice)

    def ask(self, what, **body):
        self.number += 1
        text = json.dumps(body).encode()
        self.say(ASK, struct.pack("=QII", self.number, what, len(text)), text)
        return self.number

    def answer(self, number):
        return wait_for(lambda: self.answers.get(number), "an answer")

    def news(self):
        self.say(NEWS)

    def lose(self):
        """The daemon restarts: its connection ends, its cursor stays."""
        peer = self.peer
        with contextlib.suppress(OSError, AttributeError):
            peer.shutdown(socket.SHUT_RDWR)

    def report(self, **wanted):
        def right():
            report = self.reports[-1] if self.reports else {}
            return all(report.get(name) == value for name, value in wanted.items()) and report
        try:
            return wait_for(right, f"a report with {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the last one is {self.reports[-1:]}") from None

    def warned(self, bit):
        return wait_for(lambda: self.reports and self.reports[-1]["warnings"] & bit and self.reports[-1], f"warning {bit}")

    def close(self):
        self.listener.close()
        self.lose()


class Registryd:
    """stipple-registryd with a configuration of its own. `port`: of the server."""

    def __init__(self, folder, port, authority, name, registry_key, mirror_key, state):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        certificate, key = authority.issue(name)
        self.process = None
        self.config = self.folder / "stippled.conf"
        self.config.write_text(f"""[paths]
state_folder = {state}
run_folder = {self.folder}
[registry]
server = https://localhost:{port}
key = {registry_key}
mirror_key = {mirror_key}
ca_file = {authority.folder}/ca.pem
certificate = {certificate}
key_file = {key}
""")

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [REGISTRYD, "--config", self.config, "--state", self.folder / "state", "--debug"], stderr=self.log, stdout=self.log,
            env=dict(os.environ, LSAN_OPTIONS=f"print_suppressions=0:suppressions={SOURCE}/tests/lsan.supp",
                     https_proxy="http://127.0.0.1:1"))

    def text(self):
        return (self.folder / "log").read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def takes_signals(self):
        """Whether it has begun: before, SIGTERM kills any program."""
        if self.process.poll() is not None:
            return True
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("SigBlk:")[1].split()[0], 16) >> (signal.SIGTERM - 1) & 1

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            wait_for(self.takes_signals, "the program to begin")
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(PATIENCE_S)
            self.process = None
            assert status == 0, self.text()


# ---- a server that a test can make lie ----

def verify_leaf(key, seq, leaf, proof):
    """A tlog-proof by its definition, against the registry's key; the leaf as an object."""
    head, index, *rest = proof.split("\n")
    assert head == "c2sp.org/tlog-proof@v1" and index == f"index {seq}"
    gap = rest.index("")
    path, note = [base64.b64decode(line) for line in rest[:gap]], "\n".join(rest[gap + 1:])
    text, _, signatures = note.partition("\n\n")
    _, size, root = text.split("\n")
    signed = base64.b64decode(signatures.split(" ")[2])
    key.key.public_key().verify(signed[4:], (text + "\n").encode())
    fn, sn, hashed = seq, int(size) - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for part in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            hashed = node(part, hashed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            hashed = node(hashed, part)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and hashed == base64.b64decode(root)
    return json.loads(leaf)


class FakeServer:
    """Answers as the clinic's server should, over mutual TLS, from memory; `lies` maps a path to a function (handler, body)
    that answers in its place."""

    def __init__(self, authority):
        self.registry, self.mirror = NoteKey("clinic.example/registry"), NoteKey("clinic.example/mirror")
        self.log, self.lies, self.timeline, self.requests = Log(self.registry), {}, 1, []
        self.grown = threading.Condition()
        self.mirrored, self.entries, self.pending = 0, {}, (0, "")
        self.answered, self.connections = {}, []
        self.port = free_port()
        certificate, key = authority.issue("localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority.folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                path = self.path.split("?")[0]
                fake.requests.append((self.path, self.headers, body))
                (fake.lies.get(path) or fake.routes[path])(self, body)

            do_GET = do_POST = handle_one

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if fake.timeline is not None:
                    self.send_header("Stipple-Timeline", str(fake.timeline))
                self.end_headers()
                self.wfile.write(body)

            def json(self, status, value):
                self.answer(status, "application/json", json.dumps(value).encode())

            def log_message(self, *_):
                pass

        class TlsServer(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                raw, address = self.socket.accept()
                raw.settimeout(PATIENCE_S)
                fake.connections.append(context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False))
                return fake.connections[-1], address

            def handle_error(self, *_):
                pass

        self.routes = {"/registry/leaves": self.leaves, "/add-checkpoint": self.add_checkpoint, "/add-entries": self.add_entries,
                       "/registry/boot": self.boot, "/registry/replay": self.replay}
        self.server = TlsServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def append(self, **leaf):
        with self.grown:
            self.log.append(json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode())
            self.grown.notify_all()
        return len(self.log.leaves) - 1

    def grant(self, station, *units, lot="L1"):
        return self.append(kind="units.granted", station=station, lot=lot, units=units, request=str(uuid.uuid4()), utc="")

    def news(self, start, size=None, log=None):
        log = log or self.log
        size = len(log.leaves) if size is None else size
        return dict(size=size, checkpoint=log.key.note(log.text(size)),
                    leaves=[base64.b64encode(leaf).decode() for leaf in log.leaves[start:min(size, start + 256)]])

    def leaves(self, handler, body):
        query = dict(part.split("=") for part in handler.path.split("?")[1].split("&"))
        start, end = int(query["from"]), time.monotonic() + int(query["wait"])
        with self.grown:
            while len(self.log.leaves) == start and time.monotonic() < end and "/registry/leaves" not in self.lies:
                self.grown.wait(0.1)
            news = self.news(start)
        if "/registry/leaves" in self.lies:
            self.lies["/registry/leaves"](handler, body)
        else:
            handler.json(200, news)

    def boot(self, handler, body):
        asked = json.loads(body)
        seq = self.answered.get(asked["request"])
        if seq is None:
            origin = asked["checkpoint"].split("\n")[0]
            seq = self.append(kind="boot.confirmed", station=origin, boot=asked["boot"], request=asked["request"], utc="",
                              size=int(asked["checkpoint"].split("\n")[1]))
            self.answered[asked["request"]] = seq
        handler.json(200, dict(proof=dict(seq=seq)))

    def replay(self, handler, body):
        asked = json.loads(body)
        with self.grown:
            assert asked["from"] == len(self.log.leaves)
            self.log.append(*(base64.b64decode(leaf) for leaf in asked["leaves"]))
            self.grown.notify_all()
        handler.json(200, dict(size=len(self.log.leaves)))

    def add_checkpoint(self, handler, body):
        head, note = body.decode().split("\n\n", 1)
        old = int(head.split("\n")[0].split()[1])
        if old != self.pending[0]:
            handler.answer(409, "text/x.tlog.size", f"{self.pending[0]}\n".encode())
            return
        self.pending = (int(note.split("\n")[1]), note)
        handler.answer(200, "text/plain", b"")

    def add_entries(self, handler, body):
        length, = struct.unpack(">H", body[:2])
        at = 2 + length
        start, end, ticket = struct.unpack(">QQH", body[at:at + 18])
        at += 18 + ticket
        if end != self.pending[0] or start > self.mirrored:
            handler.answer(409, "text/x.tlog.mirror-info", f"{self.pending[0]}\n{self.mirrored}\n\n".encode())
            return
        number = start
        while number < end and at < len(body):
            stop = min(end, number - number % 256 + 256)
            for number in range(number, stop):
                size, = struct.unpack(">H", body[at:at + 2])
                self.entries[number] = body[at + 2:at + 2 + size]
                at += 2 + size
            at += 1 + 32 * body[at]
            number = stop
        self.mirrored = max(self.mirrored, number)
        if number < end:
            handler.answer(202, "text/x.tlog.mirror-info", f"{end}\n{number}\n\n".encode())
        else:
            handler.answer(200, "text/plain; charset=utf-8", self.cosign(self.mirror).encode())

    def cosign(self, key):
        text, when = self.pending[1].split("\n\n")[0] + "\n", int(time.time())
        signature = key.key.sign(f"cosignature/v1\ntime {when}\n{text}".encode())
        return f"\u2014 {key.name} {base64.b64encode(key.id(4) + struct.pack('>Q', when) + signature).decode()}\n"

    def hang_up(self):
        """All connections break."""
        connections, self.connections = self.connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.hang_up()
