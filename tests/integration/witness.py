# SPDX-License-Identifier: Apache-2.0
"""A witness of transparency logs (c2sp.org/tlog-witness), written here once more, independently of lib/tlog: it cosigns, and
served over HTTP it keeps what it saw. Tests make it misbehave."""

import base64
import contextlib
import hashlib
import http.server
import struct
import threading

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def grown(old, old_root, size, root, proof):
    """RFC 9162 section 2.1.4.2: whether the proof leads from one root to the other."""
    if old == size:
        return old_root == root and not proof
    if old == 0:
        return not proof
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path.pop(0)
    for part in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(part, fr), node(part, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


class Witness:
    def __init__(self, name, utc=1700000000):
        self.name, self.utc, self.signer = name, utc, Ed25519PrivateKey.generate()
        self.public = self.signer.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n\x04" + self.public).digest()[:4]
        self.seen, self.asked, self.wrong, self.answer = {}, 0, False, threading.Event()
        self.answer.set()

    def key(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([4]) + self.public).decode()}"

    def cosign(self, note):
        """The line that this witness adds to a signed checkpoint."""
        text = note[:note.index("\n\n") + 1]
        signed = self.signer.sign(f"cosignature/v1\ntime {self.utc}\n{text}".encode())
        if self.wrong:
            signed = signed[::-1]
        return f"\u2014 {self.name} {base64.b64encode(self.id + struct.pack('>Q', self.utc) + signed).decode()}\n"

    def add_checkpoint(self, body):
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        origin, size, root = note.split("\n")[:3]
        old, size, root = int(first.removeprefix("old ")), int(size), base64.b64decode(root)
        known, known_root = self.seen.get(origin, (0, b""))
        if old > size:
            return 400, ""
        if old != known:
            return 409, f"{known}\n"
        if not grown(old, known_root, size, root, [base64.b64decode(line) for line in proof]):
            return 422, ""
        self.seen[origin] = size, root
        return 200, self.cosign(note)

    @contextlib.contextmanager
    def serve(self):
        """Its URL while it is served. While `answer` is not set it takes requests and says nothing."""
        witness = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                witness.asked += 1
                witness.answer.wait()
                status, text = witness.add_checkpoint(body) if self.path == "/add-checkpoint" else (404, "")
                self.send_response(status)
                self.send_header("Content-Type", "text/x.tlog.size" if status == 409 else "text/plain")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *words):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self.answer.set()
            server.shutdown()
            server.server_close()
