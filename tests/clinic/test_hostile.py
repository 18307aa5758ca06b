# SPDX-License-Identifier: Apache-2.0
"""A station with a valid certificate that means harm, and whoever can reach the port at all: what they cannot do."""

import gzip
import http.client
import json
import socket
import ssl
import struct
import threading
import time
import uuid

import pytest

from clinic_harness import Client, Log, NoteKey, wait_for

JSON = {"Content_Type": "application/json"}
ENTRIES = {"Content_Type": "application/octet-stream"}
UNITS = [f"(01)04012345678901(21)H{i}" for i in range(6)]


def ask(log, what, request=None, headers=None, **body):
    status, _, answer = log.client.post(f"/registry/{what}", json.dumps({"request": request or str(uuid.uuid4()), **body}), **JSON, **(headers or {}))
    return status, json.loads(answer)


def hold(log, units, request=None, **more):
    return ask(log, "hold", request, lot="L1", units=units, **more)


def record(seq, **more):
    return json.dumps({"actor": "x", "body": {}, "boot": "0", "kind": "needle.claimed", "mono": 1, "seq": seq, "station": "clinic/chair-1", "sync": True,
                       "utc": "2026-11-03T10:00:00.000000Z", **more}, separators=(",", ":")).encode()


@pytest.fixture
def good(enrol):
    log = enrol("chair-1")
    assert hold(log, UNITS[:3])[1]["given"] == UNITS[:3]
    return log


@pytest.fixture
def bad(enrol):
    return enrol("chair-2")


def state(postgres):
    return postgres.ask("SELECT unit, name, claimed, written_off FROM unit JOIN station USING (station) ORDER BY unit")


# ---- a station with a certificate ----

def test_what_another_holds_is_neither_claimed_nor_moved(good, bad, postgres):
    before = state(postgres)
    assert ask(bad, "claim", unit=UNITS[0])[0] == 409
    assert ask(bad, "move", to="chair-2", units=UNITS[:3])[1].get("given", []) == []
    assert ask(bad, "move", to="chair-1", units=UNITS[:3])[1].get("given", []) == []
    assert hold(bad, UNITS[:3])[1]["given"] == []
    # another spelling is another cartridge, or none
    for unit in (UNITS[0] + " ", UNITS[0].lower(), UNITS[0] + "\u0000", "\u202e" + UNITS[0]):
        ask(bad, "claim", unit=unit)
    assert [row for row in state(postgres).split("\n") if "chair-1" in row] == before.split("\n")


def test_a_name_in_the_request_is_not_who_asks(good, bad, postgres):
    """Who asks is who the certificate names, whatever body and headers say."""
    before = state(postgres)
    status, answer = ask(bad, "claim", unit=UNITS[0], station="chair-1", name="chair-1", held_by="chair-1")
    assert status in (400, 409)
    for header in ("X_Forwarded_For", "X_Client_CN", "Station", "Host"):
        assert ask(bad, "claim", headers={header: "chair-1"}, unit=UNITS[0])[0] == 409
    assert state(postgres) == before


def test_a_request_of_another_is_neither_read_nor_taken(good, bad, postgres):
    number = str(uuid.uuid4())
    assert hold(good, UNITS[3:4], number)[0] == 200
    status, answer = hold(bad, UNITS[3:4], number)
    assert status == 409 and "given" not in answer and "grant" not in answer
    # nor can a number be spoilt for another: whoever guesses one has no use of it, and the other's is refused aloud
    number = str(uuid.uuid4())
    assert hold(bad, UNITS[4:5], number)[0] == 200
    status, answer = hold(good, UNITS[4:5], number)
    assert status == 409 and "another" in answer["detail"]
    assert hold(good, UNITS[5:], str(uuid.uuid4()))[0] == 200


def test_an_old_request_played_again_does_nothing(good, bad, postgres):
    number = str(uuid.uuid4())
    first = ask(good, "move", number, to="chair-2", units=UNITS[:1])
    assert first[1]["given"] == UNITS[:1]
    assert ask(bad, "move", to="chair-1", units=UNITS[:1])[1]["given"] == UNITS[:1]
    leaves = postgres.ask("SELECT count(*) FROM registry_leaf")
    assert ask(good, "move", number, to="chair-2", units=UNITS[:1])[1]["given"] == UNITS[:1], "the old answer"
    assert "|chair-1|" in state(postgres).split("\n")[0], "and nothing else"
    assert postgres.ask("SELECT count(*) FROM registry_leaf") == leaves


def test_the_log_of_another_is_not_written(good, bad):
    good.append(*map(record, range(10)))
    assert bad.client.post("/add-checkpoint", good.checkpoint(0, 10))[0] in (403, 404)
    assert good.client.post("/add-checkpoint", good.checkpoint(0, 10))[0] == 200
    assert bad.client.post("/add-entries", good.upload(0, 10), **ENTRIES)[0] == 404
    # under the other's origin, signed with its own key
    forged = Log(NoteKey(good.key.name))
    forged.append(*(record(i, kind="forged") for i in range(11)))
    forged.client = bad.client
    assert forged.client.post("/add-checkpoint", forged.checkpoint(10, 11))[0] in (403, 404)
    assert good.client.post("/add-entries", good.upload(0, 10), **ENTRIES)[0] == 200


def test_nothing_of_others_is_read(good, bad):
    """It reads the registry's log, which all stations follow; no records, no list of people, no page."""
    for path in ("/audit/records?station=chair-1", "/audit/stations", "/audit/registry", "/audit/claims", "/audit/findings", "/audit/proof",
                 "/page/session", "/page/table/stock", "/", "/index.html", "/../keys/registry.key", "/%2e%2e/registry.key", "/stations"):
        status, _, body = bad.client.post(path, None, "GET")
        assert status in (401, 403, 404, 405), path
        assert b"chair-1" not in body and b"PRIVATE" not in body, path


def test_odd_leaves_of_its_own_log_change_nothing_of_others(good, bad, postgres):
    """Kinds that do not exist, grants that it makes up, SQL, broken JSON, 64 KiB: kept as they are, or refused; others work on."""
    before = state(postgres)
    bodies = [{"kind": "units.granted", "body": {"units": UNITS}}, {"kind": "units.moved", "body": {"to": bad.key.name, "units": UNITS}},
              {"kind": "needle.claimed", "body": {"unit": UNITS[0], "lot": "'; DROP TABLE unit; --"}}, {"kind": "station.quarantined", "body": {}},
              {"kind": "x" * 200, "body": []}, {"kind": "lot.received", "body": {"lot": "\u0001", "quantity": -5}},
              {"kind": "lot.received", "body": {"lot": ["L1"], "quantity": 10 ** 18}}, {"kind": "operator.revoked", "body": {"from": "chair-1 1"}}]
    for i, body in enumerate(bodies):
        bad.append(record(i, **body))
        assert bad.client.post("/add-checkpoint", bad.checkpoint(i, i + 1))[0] == 200
        assert bad.client.post("/add-entries", bad.upload(i, i + 1), **ENTRIES)[0] == 200, body
    held = [row for row in state(postgres).split("\n") if "|chair-1|" in row]
    assert held == before.split("\n")
    assert hold(good, UNITS[3:4])[0] == 200


@pytest.mark.parametrize("leaf", [b"", b"{", b"null", b"[" * 3000, b"\xff\xfe", b"{" + b" " * 65000 + b"}", record(0, utc="9999-99-99"), record(0, kind=7),
                                  record(0, kind="a\u0000b")], ids=range(9))
def test_what_is_no_record_is_refused(bad, postgres, leaf):
    bad.append(leaf)
    assert bad.client.post("/add-checkpoint", bad.checkpoint(0, 1))[0] == 200
    status, _, body = bad.client.post("/add-entries", bad.upload(0, 1), **ENTRIES)
    assert status == 422 and b"no record of a station" in body
    assert postgres.ask("SELECT count(*) FROM record") == "0"


def test_records_of_all_centuries_make_no_tables(bad, postgres):
    """A month of its own has each month of some years, and everything else one table."""
    bad.append(*(record(i, utc=f"{1970 + 40 * i}-01-01T00:00:00.000000Z") for i in range(100)), record(100))
    assert bad.client.post("/add-checkpoint", bad.checkpoint(0, 101))[0] == 200
    assert bad.client.post("/add-entries", bad.upload(0, 101), **ENTRIES)[0] == 200
    assert postgres.ask("SELECT count(*) FROM record") == "101"
    assert int(postgres.ask("SELECT count(*) FROM pg_inherits WHERE inhparent = 'record'::regclass")) <= 3


def test_a_quarantined_station_stays_out(good, bad, postgres, server):
    bad.append(*(b"leaf" for _ in range(5)))
    assert bad.client.post("/add-checkpoint", bad.checkpoint(0, 5))[0] == 200
    assert ask(bad, "boot", boot=str(uuid.uuid4()), checkpoint=bad.key.note(bad.text(3)))[0] == 403
    for what, body in (("hold", {"lot": "L1", "units": UNITS[3:]}), ("claim", {"unit": UNITS[3]}), ("move", {"to": "chair-1", "units": UNITS[3:]}),
                       ("boot", {"boot": str(uuid.uuid4()), "checkpoint": bad.key.note(bad.text(5))})):
        assert ask(bad, what, **body)[0] == 403
    assert ask(good, "claim", unit=UNITS[0])[0] == 200


def test_a_false_report_of_a_restore_stops_nobody_for_long(good, bad, postgres):
    """Whoever says that the registry's log was longer is believed for a moment only. Meanwhile nobody is granted anything here,
    and no chair waits for that: it claims what it holds by itself."""
    far = {"Stipple_Registry_Seen": "4000000000"}
    status, answer = hold(bad, UNITS[3:4], headers=far)
    assert status == 503 and "replayed" in answer["detail"]
    assert ask(good, "claim", unit=UNITS[0])[0] == 503
    assert postgres.ask("SELECT seen <= size FROM registry") == "t", "and nothing of it is kept"
    wait_for(lambda: ask(good, "claim", unit=UNITS[0])[0] == 200, "the claim")
    wait_for(lambda: hold(good, UNITS[3:4])[0] == 200, "the registry to go on")
    for number in ("-1", "x", "99999999999999999999999"):
        assert hold(bad, UNITS[4:5], headers={"Stipple_Registry_Seen": number})[0] == 400


# ---- too much, too long, too slow ----

def raw(server, certificate=None, key=None):
    context = ssl.create_default_context(cafile=server.authority.folder / "ca.pem")
    if certificate:
        context.load_cert_chain(certificate, key)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 10), server_hostname="localhost")


def answers(log):
    """Seconds that another station waits for an answer."""
    begin = time.monotonic()
    assert ask(log, "claim", unit="nobody's")[0] == 409
    return time.monotonic() - begin


def test_a_body_that_is_too_long_is_refused(good, bad):
    assert bad.client.post("/add-entries", bytes(17 << 20), **ENTRIES)[0] == 413
    bomb = gzip.compress(bytes(200 << 20), 9)
    assert bad.client.post("/add-entries", bomb, Content_Encoding="gzip", **ENTRIES)[0] == 413
    assert bad.client.post("/registry/hold", gzip.compress(b"{" + b" " * (3 << 20) + b"}"), Content_Encoding="gzip", **JSON)[0] == 400
    assert ask(bad, "hold", lot="L1", units=["x" * 300])[0] == 400
    assert bad.client.post("/registry/hold", b"[" * 200000, **JSON)[0] == 400
    assert answers(good) < 10


def test_an_endless_header_is_cut_off(server, good, bad):
    connection = raw(server, *bad.client.files)
    connection.sendall(b"POST /registry/hold HTTP/1.1\r\nHost: x\r\n")
    with pytest.raises(OSError):
        for _ in range(20000):
            connection.sendall(b"X-Y: " + b"z" * 1000 + b"\r\n")
        connection.settimeout(20)
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
        raise ConnectionResetError
    assert answers(good) < 10


def test_slow_clients_keep_nobody_waiting(server, good, bad):
    """Two hundred that send a byte now and then, with a certificate and without."""
    slow = []
    for i in range(200):
        connection = raw(server, *(bad.client.files if i % 2 else (None, None)))
        connection.sendall(b"POST /registry/hold HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"[:20 + i])
        slow.append(connection)
    waits = []
    for _ in range(10):
        for connection in slow[::7]:
            try:
                connection.sendall(b" ")
            except OSError:
                pass  # refused before its body came, and closed
        waits.append(answers(good))
    assert sorted(waits)[5] < 2
    for connection in slow:
        connection.close()


def test_connections_that_say_nothing(server, good):
    """Without TLS, broken off within it, and with another protocol."""
    silent = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(500)]
    for i, connection in enumerate(silent):
        connection.sendall((b"", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16\x03\x01\xff\xff" + bytes(100), bytes(300))[i % 5])
    assert answers(good) < 10
    for connection in silent:
        connection.close()
    assert answers(good) < 10


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_bad_tls_is_refused(server, good, tmp_path):
    """Old versions, no certificate, one of another authority, one that is expired or of a server."""
    from clinic_harness import Authority
    (tmp_path / "x").mkdir()
    stranger = Authority(tmp_path / "x/ca")
    other = Client(server, *stranger.issue("chair-1"))
    # the server either ends the handshake, or answers that it does not know the client
    for client in (other, Client(server, None, None), Client(server, *server.authority.issue("chair-1x", "extendedKeyUsage=serverAuth"))):
        try:
            assert client.post("/registry/claim", json.dumps({"request": str(uuid.uuid4()), "unit": UNITS[0]}), **JSON)[0] == 401
        except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
            pass
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 10), server_hostname="localhost")
    assert answers(good) < 10


def test_a_flood_leaves_others_their_answers(server, good, bad):
    """As much as eight connections can send. Nobody starves, and it ends with the station's certificate."""
    ends, done = threading.Event(), [0] * 8

    def flood(i):
        connection = http.client.HTTPSConnection("localhost", server.port, context=bad.client.context, timeout=30)
        while not ends.is_set():
            connection.request("POST", "/registry/hold", json.dumps({"request": str(uuid.uuid4()), "lot": "F", "units": [f"f{i}-{done[i]}"]}),
                               {"Content-Type": "application/json"})
            connection.getresponse().read()
            done[i] += 1
        connection.close()
    quiet = sorted(answers(good) for _ in range(10))[5]
    threads = [threading.Thread(target=flood, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    wait_for(lambda: min(done) > 3, "the flood")
    waits = sorted(answers(good) for _ in range(10))
    ends.set()
    for thread in threads:
        thread.join()
    assert waits[5] < 2, (quiet, waits, done)


def test_an_upload_that_lies_about_itself(bad):
    bad.append(*map(record, range(300)))
    assert bad.client.post("/add-checkpoint", bad.checkpoint(0, 300))[0] == 200
    name = bad.key.name.encode()
    head = struct.pack(">H", len(name)) + name
    for body in (head, head + struct.pack(">QQH", 0, 2 ** 63, 0), head + struct.pack(">QQH", 300, 0, 0), head + struct.pack(">QQH", 0, 300, 65535),
                 struct.pack(">H", 65535) + name, head + struct.pack(">QQH", 2 ** 64 - 1, 2 ** 64 - 1, 0),
                 head + struct.pack(">QQH", 0, 300, 0) + struct.pack(">H", 65535) * 256):
        status = bad.client.post("/add-entries", body, **ENTRIES)[0]
        assert status in (400, 409, 413, 422), body[:60]
    assert bad.client.post("/add-entries", bad.upload(0, 300), **ENTRIES)[0] == 200
