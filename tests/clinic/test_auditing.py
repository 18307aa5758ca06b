# SPDX-License-Identifier: Apache-2.0
"""What an auditor gets from the server: records, proofs, findings; who gets nothing; and what a broken stream looks like."""

import base64
import hashlib
import json
import signal
import socket
import threading
import time
import urllib.parse

from clinic_harness import Client, node, wait_for
from test_mirror import ENTRIES, add_checkpoint, add_entries


def leaf(log, number, kind, month="2026-11", **body):
    return json.dumps({"actor": "b1", "body": body, "boot": "0", "kind": kind, "mono": number, "seq": number,
                       "station": log.key.name, "sync": True, "utc": f"{month}-03T10:00:00.000000Z"}, separators=(",", ":")).encode()


def write(log, *records):
    for kind, body in records:
        log.append(leaf(log, len(log.leaves) + 1, kind, **body))


def mirror(log, old=0):
    assert add_checkpoint(log, old, len(log.leaves))[0] == 200
    status, _, answer = add_entries(log, old, len(log.leaves))
    while status == 202:
        status, _, answer = add_entries(log, int(answer.split()[1]), len(log.leaves))
    assert status == 200


def get(client, path, **arguments):
    query = "?" + urllib.parse.urlencode(arguments) if arguments else ""
    status, kind, body = client.post(path + query, None, method="GET")
    return status, kind, body


def rows(client, path, **arguments):
    status, kind, body = get(client, path, **arguments)
    assert (status, kind) == (200, "application/x-ndjson"), body
    lines = [json.loads(line) for line in body.splitlines()]
    return lines[:-1], lines[-1]


def course(log, session, unit, lot, subject):
    write(log, ("session.begun", dict(session=session, subject=subject, protocol="p", course_session=1)),
          ("needle.claimed", dict(session=session, unit=unit, lot=lot, code="c")),
          ("strokes", dict(session=session, zone="crown", unit=unit, strokes=10, dots=3, encoding="x", sha256="0" * 64)),
          ("session.finished", dict(session=session)))


def records(client, station, **arguments):
    (head, *found), end = rows(client, "/audit/records", station=station, **arguments)
    assert end == {"end": len(found)} and head["station"] == station
    return head, {row["record"]: row["leaf"].encode() for row in found}


def test_the_records_of_a_station_come_byte_for_byte(server, auditor, station):
    course(station, 1, "(01)1(21)A", "L1", "P-1")
    write(station, ("lot.received", dict(lot="L\u00e4\"1\\", product="p\tq")))
    mirror(station)
    write(station, ("lot.status", dict(lot="not mirrored yet")))
    head, found = records(auditor, "chair-1")
    assert found == dict(enumerate(station.leaves[:-1], 1))
    text, _, signatures = head["checkpoint"].partition("\n\n")
    assert text + "\n" == station.text(5) and head["records"] == 5 and not head["narrowed"]
    assert server.mirror.cosigned(signatures.splitlines()[1], text + "\n") > 1e9
    assert list(records(auditor, "chair-1", **{"from": 4})[1]) == [4, 5]
    assert records(auditor, "chair-1", **{"from": 6})[1] == {}
    (one,), end = rows(auditor, "/audit/stations")
    assert end == {"end": 1} and (one["station"], one["key"], one["records"]) == ("chair-1", station.key.public(), 5)


def test_a_station_that_sent_nothing(auditor, station):
    head, found = records(auditor, "chair-1")
    assert (head["records"], head["checkpoint"], found) == (0, "", {})


def test_what_a_question_needs_is_what_concerns_it(auditor, enrol):
    """All that belongs to no session, and the sessions that name it, also under its corrected name and within a blend."""
    one, two, three = enrol("chair-1"), enrol("chair-2"), enrol("chair-3")
    write(one, ("lot.received", dict(lot="L1")))
    course(one, 1, "u1", "L1", "P-1")
    course(one, 2, "u2", "L2", "P-2")
    course(one, 3, "u3", "L3", "P-3")
    write(one, ("record.corrected", dict(corrects=11, field="lot", old="L3", new="l9", session=3)))
    course(two, 1, "u4", "L4", "P-4")
    write(two, ("pigment.blended", dict(blend="Warm", parts=[dict(lot="K1"), dict(lot="K2")])),
          ("pigment.loaded", dict(session=1, brand="blend", lot="WARM")))
    course(two, 2, "u5", "L1", "p-1")
    course(three, 1, "u6", "L6", "P-6")
    for log in (one, two, three):
        mirror(log)

    def concerned(**word):
        found, _ = rows(auditor, "/audit/stations", **word)
        return {row["station"]: sorted(records(auditor, row["station"], **word)[1]) for row in found}
    assert concerned(unit="u1") == {"chair-1": [1, 2, 3, 4, 5, 10, 11, 12, 13, 14]}, "a corrected session always comes"
    assert concerned(lot="l1") == {"chair-1": [1, 2, 3, 4, 5, 10, 11, 12, 13, 14], "chair-2": [5, 7, 8, 9, 10]}
    assert concerned(subject="P-1") == concerned(lot="L1")
    assert concerned(lot="L9") == {"chair-1": [1, 10, 11, 12, 13, 14]}
    assert concerned(lot="k2") == {"chair-2": [1, 2, 3, 4, 5, 6]}
    assert concerned(unit="U6") == {"chair-3": [1, 2, 3, 4]}
    assert concerned(unit="nowhere") == {}
    assert sorted(records(auditor, "chair-2", session=2)[1]) == [5, 7, 8, 9, 10]


def proved(station, server, proof, number):
    """Checks a tlog-proof by RFC 9162 section 2.1.3.2, with the station's key and the mirror's."""
    head, extra, index, *rest = proof.split("\n")
    assert head == "c2sp.org/tlog-proof@v1" and index == f"index {number - 1}"
    gap = rest.index("")
    text, _, signatures = "\n".join(rest[gap + 1:]).partition("\n\n")
    _, size, root = text.split("\n")
    signed = base64.b64decode(signatures.split("\n")[0].split(" ")[2])
    station.key.key.public_key().verify(signed[4:], (text + "\n").encode())
    server.mirror.cosigned(signatures.split("\n")[1], text + "\n")
    leaf_bytes = base64.b64decode(extra.split(" ")[1])
    fn, sn, hashed = number - 1, int(size) - 1, hashlib.sha256(b"\x00" + leaf_bytes).digest()
    for part in map(base64.b64decode, rest[:gap]):
        assert sn > 0
        if fn & 1 or fn == sn:
            hashed = node(part, hashed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            hashed = node(hashed, part)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and hashed == base64.b64decode(root)
    return leaf_bytes


def fill(log, n):
    begin = len(log.leaves)
    write(log, *(("operator.verified", dict(badge=f"badge-{i}")) for i in range(begin, begin + n)))


def test_each_record_is_proved_as_the_log_grows(server, auditor, station):
    size = 0
    for n in (1, 255, 1, 300, 1000):
        fill(station, n)
        mirror(station, size)
        size += n
        for number in sorted({1, 2, size // 2 + 1, 256, 257, size} & set(range(1, size + 1))):
            status, _, proof = get(auditor, "/audit/proof", station="chair-1", record=number)
            assert status == 200
            assert proved(station, server, proof.decode(), number) == station.leaves[number - 1]
    assert get(auditor, "/audit/proof", station="chair-1", record=size + 1)[0] == 404


def test_two_who_want_the_first_proof_at_once(server, auditor, station):
    fill(station, 3000)
    mirror(station)
    answers = []
    threads = [threading.Thread(target=lambda i=i: answers.append(
        proved(station, server, get(auditor, "/audit/proof", station="chair-1", record=i)[2].decode(), i))) for i in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(station.leaves[:6])


def test_records_that_were_changed_in_the_database_are_not_proved(auditor, station, postgres):
    fill(station, 600)
    mirror(station)
    postgres.ask("UPDATE record SET leaf = replace(convert_from(leaf, 'UTF8'), 'badge-', 'egdab-')::bytea WHERE seq = 100")
    status, _, body = get(auditor, "/audit/proof", station="chair-1", record=400)
    assert status == 500 and "are not those that" in json.loads(body)["detail"]
    assert postgres.ask("SELECT count(*) FROM mirror_node") == "0", "nothing is kept of a tree that is wrong"


PATHS = ["/audit/stations", "/audit/records?station=chair-2", "/audit/proof?station=chair-2&record=1", "/audit/findings",
         "/audit/claims?station=chair-2", "/audit/registry"]


def test_a_station_reads_no_records_and_an_auditor_only_reads(server, auditor, station, enrol):
    other = enrol("chair-2")
    course(other, 1, "u1", "L1", "P-1")
    mirror(other)
    for path in PATHS:
        assert get(auditor, path)[0] == 200, path
        for client in (station.client, other.client):
            status, _, body = get(client, path)
            assert status == 403 and b"P-1" not in body, path
        assert get(Client(server, None, None), path)[0] == 401
    named = Client(server, *server.authority.issue("chair-1", more="/OU=auditor"))
    for path, headers in (("/add-checkpoint", {}), ("/add-entries", ENTRIES)):
        status, _, body = named.post(path, b"", **headers)
        assert status == 403 and "auditor" in json.loads(body)["detail"]
    lookalike = Client(server, *server.authority.issue("chair-2", more="/OU=auditors/O=auditor"))
    assert get(lookalike, "/audit/stations")[0] == 403


def test_bad_questions_get_a_sentence(auditor, station):
    def refused(status, path, **arguments):
        got, kind, body = get(auditor, path, **arguments)
        assert (got, kind) == (status, "application/problem+json"), (path, arguments, body)
        return json.loads(body)["detail"]
    assert "station=" in refused(400, "/audit/records")
    assert '"chair-9"' in refused(404, "/audit/records", station="chair-9")
    assert "from=" in refused(400, "/audit/records", station="chair-1", **{"from": "0"})
    assert "from=" in refused(400, "/audit/records", station="chair-1", **{"from": "x"})
    assert "session=" in refused(400, "/audit/records", station="chair-1", session="-1")
    assert "no text" in refused(400, "/audit/records", station="chair-1", lot="")
    assert "no text" in refused(400, "/audit/records", station="chair-1", lot="a\nb")
    assert "no text" in refused(400, "/audit/stations", unit="x" * 300)
    assert "record=" in refused(400, "/audit/proof", station="chair-1")
    assert "is not here" in refused(404, "/audit/proof", station="chair-1", record=1)
    assert "days=" in refused(400, "/audit/findings", days="soon")
    assert refused(404, "/audit/else")
    assert get(auditor, "/audit/records", station="x' OR true --")[0] == 404
    (head, *found), _ = rows(auditor, "/audit/records", station="chair-1", lot="'; DROP TABLE record; --")
    assert found == []


def test_findings_name_what_is_not_as_it_should_be(server, auditor, enrol, postgres):
    one, two = enrol("chair-1"), enrol("chair-2")
    enrol("chair-3")
    course(one, 1, "(01)1(21)A", "L1", "P-1")
    course(two, 1, "(01)1(21)A", "L1", "P-2")
    course(two, 2, "(10)L1#7", "L1", "P-2")
    course(one, 2, "(10)L1#7", "L1", "P-2")
    for log in (one, two):
        mirror(log)

    def findings(**arguments):
        found, end = rows(auditor, "/audit/findings", **arguments)
        assert end == {"end": len(found)}
        return sorted((row["finding"], row["station"]) for row in found), " ".join(row["says"] for row in found)
    kinds, says = findings()
    assert kinds.count(("claimed-twice", "chair-1 chair-2")) == 1 and "(01)1(21)A was claimed 2 times: record 2 of chair-1, record 2 of chair-2" in says
    assert ("claimed-by-another", "chair-2") in kinds, "what was found when it came"
    postgres.ask("UPDATE checkpoint SET taken = now() - interval '5 days'")
    add_checkpoint(two, len(two.leaves), len(two.leaves))
    fill(one, 10)
    add_checkpoint(one, 8, 18)
    postgres.ask("UPDATE checkpoint SET taken = now() - interval '2 hours' WHERE size = 18")
    postgres.ask("DELETE FROM record WHERE station = 2 AND seq IN (3, 4)")
    postgres.ask("UPDATE station SET state = 'quarantined' WHERE name = 'chair-3'")
    kinds, says = findings()
    assert {("lagging", "chair-1"), ("missing", "chair-2"), ("silent", "chair-2"), ("quarantined", "chair-3")} <= set(kinds)
    assert "18 records" in says and "8 of them are mirrored" in says and "2 of 8 records" in says
    assert ("silent", "chair-2") not in findings(days=9)[0]


# ---- streams ----

def slow_socket(auditor, path):
    """A reader that asked and then takes nothing."""
    raw = socket.create_connection(("127.0.0.1", auditor.server.port))
    secure = auditor.context.wrap_socket(raw, server_hostname="localhost")
    secure.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return secure


def read_rest(secure):
    parts = []
    try:
        while part := secure.recv(1 << 16):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


def test_slow_readers_hold_nothing_of_the_database(server, auditor, station, postgres):
    """More of them than there are threads and connections: others are answered, and each gets the whole in the end."""
    fill(station, 20000)
    mirror(station)
    slow = [slow_socket(auditor, "/audit/records?station=chair-1") for _ in range(20)]
    time.sleep(0.5)
    held = "SELECT count(*) FROM pg_stat_activity WHERE application_name <> 'psql' AND backend_type = 'client backend' AND state <> 'idle'"
    wait_for(lambda: postgres.ask(held) == "0", "nothing to be held")
    assert rows(auditor, "/audit/stations")[1] == {"end": 1}
    fill(station, 10)
    mirror(station, 20000)
    for secure in slow[:3]:
        assert b'{"end":20000}' in read_rest(secure)[-40:], "what came later is not in it"
    for secure in slow[3:]:
        secure.close()
    assert records(auditor, "chair-1")[0]["records"] == 20010


def test_a_killed_server_leaves_no_answer_that_looks_whole(server, auditor, station):
    fill(station, 20000)
    mirror(station)
    secure = slow_socket(auditor, "/audit/records?station=chair-1")
    begun = secure.recv(1 << 14)
    server.kill()
    got = begun + read_rest(secure)
    assert b"200 OK" in got and b'"end"' not in got
    server.start()
    assert len(records(auditor, "chair-1")[1]) == 20000


def test_a_database_that_hangs_in_the_middle_cuts_the_answer(server, auditor, station, postgres):
    fill(station, 20000)
    mirror(station)
    secure = slow_socket(auditor, "/audit/records?station=chair-1")
    begun = secure.recv(1 << 14)
    postgres.signal(signal.SIGSTOP)
    try:
        got = begun + read_rest(secure)
    finally:
        postgres.signal(signal.SIGCONT)
    assert b"200 OK" in got and b'"end"' not in got
    wait_for(lambda: get(auditor, "/audit/stations")[0] == 200, "the database")
    assert len(records(auditor, "chair-1")[1]) == 20000


def test_auditors_read_while_stations_write(server, auditor, station):
    """Each answer is a state that the station signed."""
    fill(station, 300)
    mirror(station)
    seen, failures, ended = [], [], threading.Event()

    def read():
        while not ended.is_set():
            head, found = records(auditor, "chair-1")
            if len(found) != head["records"] or list(found.values()) != station.leaves[:len(found)]:
                failures.append(len(found))
            seen.append(len(found))
    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for size in range(300, 1500, 150):
        fill(station, 150)
        mirror(station, size)
    ended.set()
    for thread in threads:
        thread.join()
    assert not failures and len(set(seen)) > 1


def test_an_auditors_files_are_made_by_the_server(server, station, tmp_path):
    fill(station, 3)
    mirror(station)
    with open(server.config, "a", encoding="utf-8") as config:
        config.write(f"[authority]\ncertificate = {server.authority.folder}/ca.pem\nkey = {server.authority.folder}/ca.key\n")
    folder = tmp_path / "auditor"
    done = server.command("auditor", "ada", folder)
    assert done.returncode == 0 and "for 365 days" in done.stdout, done.stderr
    assert {file.name: oct(file.stat().st_mode)[-3:] for file in folder.iterdir()} == dict.fromkeys(
        ("ca.pem", "auditor.pem", "auditor.key", "keys"), "600")
    assert (folder / "keys").read_text().split() == [server.registry.public(), server.mirror.public(4)]
    ada = Client(server, folder / "auditor.pem", folder / "auditor.key")
    assert len(records(ada, "chair-1")[1]) == 3 and ada.post("/add-checkpoint", b"")[0] == 403
    assert server.command("auditor", "ada", folder).returncode == 1, "nothing is overwritten"
    assert server.command("auditor", "a b", tmp_path / "other").returncode == 1
