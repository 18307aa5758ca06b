# SPDX-License-Identifier: Apache-2.0
"""The mirror of a station's log: what it takes, what it refuses, and what it never loses."""

import gzip
import json
import signal
import threading

from clinic_harness import Client, Log, NoteKey, wait_for

ENTRIES = {"Content_Type": "application/octet-stream"}


def leaf(seq, month="2026-11", **body):
    return json.dumps({"actor": "b1", "body": body, "boot": "0", "kind": "needle.claimed", "mono": seq, "seq": seq,
                       "station": "clinic/chair-1", "sync": True, "utc": f"{month}-03T10:00:00.000000Z"}, separators=(",", ":")).encode()


def grow(log, n):
    begin = len(log.leaves)
    log.append(*(leaf(seq, "2026-11" if seq % 2 else "2026-12", unit=f"u{seq}", lot="L1", session=7) for seq in range(begin, begin + n)))


def add_checkpoint(log, old, size):
    return log.client.post("/add-checkpoint", log.checkpoint(old, size))


def add_entries(log, start, end, **how):
    return log.client.post("/add-entries", log.upload(start, end, **how), **ENTRIES)


def detail(answer):
    status, kind, body = answer
    assert kind == "application/problem+json"
    problem = json.loads(body)
    assert problem["status"] == status and problem["title"]
    return status, problem["detail"]


def test_a_witness_cosigns_that_a_log_only_grew(server, station):
    grow(station, 300)
    status, _, body = add_checkpoint(station, 0, 200)
    assert status == 200 and server.witness.cosigned(body.decode(), station.text(200)) > 1700000000
    status, _, body = add_checkpoint(station, 200, 300)
    assert status == 200 and server.witness.cosigned(body.decode(), station.text(300)) > 1700000000
    assert server.mirror.name not in body.decode(), "what is not here is not mirrored"
    # one key must not speak in two roles
    server.stop()
    server.config.write_text(server.config.read_text().replace("witness.key", "mirror.key"))
    refused = server.command("keys")
    assert refused.returncode == 1 and "the name or the key of the mirror" in refused.stderr
    server.config.write_text(server.config.read_text().replace("[witness]\nkey", "[witness]\n# key"))
    assert "witness" not in server.command("keys").stdout
    server.start()
    grow(station, 1)
    assert add_checkpoint(station, 300, 301) == (200, "text/plain; charset=utf-8", b"")


def test_a_log_is_mirrored_whole(server, station, postgres):
    grow(station, 700)
    assert add_checkpoint(station, 0, 700)[0] == 200
    status, kind, body = add_entries(station, 0, 700)
    assert status == 200, body
    station_text = station.text(700)
    assert server.mirror.cosigned(body.decode(), station_text) > 1700000000
    rows = postgres.ask("SELECT count(*), min(seq), max(seq), count(DISTINCT unit), count(DISTINCT month) FROM record")
    assert rows == "700|0|699|700|2"
    assert bytes.fromhex(postgres.ask("SELECT encode(leaf, 'hex') FROM record WHERE seq = 333")) == station.leaves[333]
    # and it goes on from where it is, in the middle of a package
    grow(station, 100)
    assert add_checkpoint(station, 700, 800)[0] == 200
    assert add_entries(station, 700, 800)[0] == 200
    assert postgres.ask("SELECT mirror_size, next_entry, pending_size FROM mirror") == "800|800|800"


def test_an_interrupted_upload_goes_on(server, station, postgres):
    grow(station, 1000)
    add_checkpoint(station, 0, 1000)
    status, kind, body = add_entries(station, 0, 1000, packages=2)
    assert (status, kind, body) == (202, "text/x.tlog.mirror-info", b"1000\n512\n\n")
    # cut off within a package: what was whole is kept
    whole = station.upload(512, 1000)
    status, _, body = station.client.post("/add-entries", whole[:-40], **ENTRIES)
    assert (status, body) == (202, b"1000\n768\n\n")
    assert detail(station.client.post("/add-entries", whole[:60], **ENTRIES))[0] == 400
    # a gap is refused, an overlap is not
    assert add_entries(station, 900, 1000)[::2] == (409, b"1000\n768\n\n")
    assert add_entries(station, 256, 1000)[0] == 200
    assert postgres.ask("SELECT count(*) FROM record") == "1000"
    # the same again changes nothing
    assert add_entries(station, 0, 1000)[0] == 200
    assert postgres.ask("SELECT count(*) FROM record") == "1000"


def test_no_changed_entry_is_taken(station, postgres):
    grow(station, 600)
    add_checkpoint(station, 0, 600)
    body = bytearray(station.upload(0, 600))
    body[-1000] ^= 1
    status, _, answer = station.client.post("/add-entries", bytes(body), **ENTRIES)
    assert (status, answer) == (202, b"600\n512\n\n"), "the packages before it were right"
    station.leaves[520] = leaf(520, unit="another")
    status, text = detail(add_entries(station, 512, 600))
    assert status == 422 and "from 512 on" in text
    assert postgres.ask("SELECT max(seq) FROM record") == "511"


def test_a_log_that_was_changed_is_refused(station):
    grow(station, 50)
    assert add_checkpoint(station, 0, 50)[0] == 200
    assert add_checkpoint(station, 0, 50)[::2] == (409, b"50\n")
    assert add_checkpoint(station, 50, 50)[0] == 200, "the same again"
    grow(station, 1)
    body = station.checkpoint(50, 51).split(b"\n")
    body[1] = b"A" * 43 + b"="
    status, text = detail(station.client.post("/add-checkpoint", b"\n".join(body)))
    assert status == 422 and "the log was changed" in text
    stranger = Log(NoteKey(station.key.name))
    stranger.append(*station.leaves)
    stranger.client = station.client
    assert detail(add_checkpoint(stranger, 50, 51))[0] == 403


def test_nobody_writes_into_the_log_of_another(server, station, enrol):
    other = enrol("chair-2")
    grow(station, 10)
    assert detail(other.client.post("/add-checkpoint", station.checkpoint(0, 10)))[0] in (403, 404)
    add_checkpoint(station, 0, 10)
    assert detail(other.client.post("/add-entries", station.upload(0, 10), **ENTRIES))[0] == 404
    unknown = Client(server, *server.authority.issue("chair-9"))
    status, text = detail(unknown.post("/add-checkpoint", station.checkpoint(0, 10)))
    assert status == 404 and '"chair-9"' in text
    assert detail(Client(server, None, None).post("/add-checkpoint", b""))[0] == 401


def test_bad_requests_get_a_sentence(station):
    post = station.client.post
    assert detail(post("/nothing", b""))[0] == 404
    assert detail(post("/add-entries", None, method="GET"))[0] == 405
    assert detail(post("/add-entries", b""))[0] == 415
    assert detail(post("/add-entries", b"", **ENTRIES))[0] == 400
    assert detail(post("/add-entries", b"x", Content_Encoding="br", **ENTRIES))[0] == 415
    assert detail(post("/add-entries", b"no gzip", Content_Encoding="gzip", **ENTRIES))[0] == 400
    assert detail(post("/add-entries", gzip.compress(bytes(40 << 20)), Content_Encoding="gzip", **ENTRIES))[0] == 413
    for body in (b"", b"old 1", b"old 01\n\nx\n", b"old 0\n!!\n\nx\n", b"old 0\n\n", b"old 0\n\nno note\n"):
        assert detail(post("/add-checkpoint", body))[0] == 400, body
    grow(station, 5)
    assert add_checkpoint(station, 0, 5)[0] == 200
    assert station.client.post("/add-entries", gzip.compress(station.upload(0, 5)), Content_Encoding="gzip", **ENTRIES)[0] == 200


def test_two_uploads_at_once_store_each_entry_once(station, postgres):
    grow(station, 2000)
    add_checkpoint(station, 0, 2000)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(add_entries(station, 0, 2000)[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    assert postgres.ask("SELECT count(*), count(DISTINCT seq) FROM record") == "2000|2000"


def test_nothing_cosigned_is_lost_when_the_server_dies(server, station, postgres):
    grow(station, 3000)
    add_checkpoint(station, 0, 3000)
    server.kill()
    server.start()
    assert add_entries(station, 0, 3000, packages=5)[0] == 202
    server.kill()
    server.start()
    assert add_entries(station, 0, 0)[::2] == (409, b"3000\n1280\n\n")
    assert add_entries(station, 1280, 3000)[0] == 200
    assert postgres.ask("SELECT count(*) FROM record") == "3000"


def test_a_database_that_hangs_is_told(server, station, postgres):
    """It is asked again later; whatever it did meanwhile is done once."""
    grow(station, 300)
    add_checkpoint(station, 0, 300)
    postgres.signal(signal.SIGSTOP)
    status, text = detail(add_entries(station, 0, 300))
    assert status == 503 and "ask again" in text or "cannot be reached" in text
    postgres.signal(signal.SIGCONT)
    wait_for(lambda: add_entries(station, 0, 300)[0] == 200, "the database")
    assert postgres.ask("SELECT count(*) FROM record") == "300"
