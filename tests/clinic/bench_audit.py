#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the server finds what an auditor asks for, among generated records of many stations. By hand:

    STIPPLE_BUILD=$PWD/build tests/clinic/bench_audit.py [RECORDS [STATIONS]]

It makes a database of RECORDS (default 10,000,000) of STATIONS (default 100) over 24 months, and prints the times."""

import http.client
import json
import pathlib
import statistics
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from clinic_harness import Authority, Client, NoteKey, Postgres, Server  # noqa: E402

SESSION = 150   # records of a session: it begins, claims ten cartridges, and the rest are chunks of strokes
FREE = 20       # each 20th record belongs to no session

ROWS = """
INSERT INTO record(month, station, seq, utc, kind, session, unit, lot, names, leaf)
SELECT date_trunc('month', at)::date, {station}, seq, at, kind, session, unit, lot, names,
  convert_to(json_build_object('actor', 'b1001', 'body', json_strip_nulls(json_build_object('code', repeat('c', 200), 'lot', lot, 'session',
    session, 'subject', subject, 'unit', unit)), 'boot', '5b2f9f0e-7a53-4c43-9a0c-3f5d1c2b7a11', 'kind', kind, 'mono', seq, 'seq', seq + 1,
    'station', 'clinic/chair-{station}', 'sync', true, 'utc', audit_utc(at))::text, 'UTF8')
FROM (
  SELECT seq, timestamptz '2024-12-01' + seq * interval '730 days' / {n} AS at,
    CASE WHEN free THEN 'operator.signed-in' WHEN step = 0 THEN 'session.begun' WHEN claims THEN 'needle.claimed' ELSE 'strokes' END AS kind,
    CASE WHEN NOT free THEN number END AS session,
    CASE WHEN claims THEN format('(01)04012345678901(21)%s-%s', {station}, seq) END AS unit,
    CASE WHEN claims THEN 'L' || number % 40 * 100 + {station} % 5 END AS lot,
    CASE WHEN step = 0 AND NOT free THEN format('P-%s-%s', {station}, number % 200) END AS subject,
    CASE
      WHEN claims THEN ARRAY[format('(01)04012345678901(21)%s-%s', {station}, seq), 'l' || number % 40 * 100 + {station} % 5]
      WHEN step = 0 AND NOT free THEN ARRAY[format('p-%s-%s', {station}, number % 200)] END AS names
  FROM (
    SELECT seq, seq % {free} = 7 AS free, seq / {session} + 1 AS number, seq % {session} AS step,
      seq % {free} <> 7 AND seq % {session} % 14 = 3 AS claims
    FROM generate_series(0, {n} - 1) AS seq)
  AS steps)
AS made
"""


def fill(postgres, records, stations):
    n = records // stations
    for month in range(26):
        postgres.ask(f"SELECT make_month((date '2024-11-01' + {month} * interval '1 month')::date)")
    for station in range(1, stations + 1):
        key = NoteKey(f"stipple/clinic/chair-{station}")
        postgres.ask(f"INSERT INTO station(name, origin, log_key) VALUES ('chair-{station}', '{key.name}', '{key.public()}')")
        postgres.ask(f"INSERT INTO mirror VALUES ({station}, {n}, {n}, {n})")
        note = key.note(f"{key.name}\n{n}\n" + "A" * 43 + "=\n")
        postgres.ask(f"INSERT INTO checkpoint(station, size, note) VALUES ({station}, {n}, E'" + note.replace("\n", "\\n") + "')")
        postgres.ask(ROWS.format(station=station, n=n, session=SESSION, free=FREE))
    postgres.ask("VACUUM ANALYZE record")


def measure(client, what, path, times=9, **arguments):
    connection = http.client.HTTPSConnection("localhost", client.server.port, context=client.context, timeout=600)
    took, rows, size = [], 0, 0
    for _ in range(times + 1):
        begun = time.monotonic()
        connection.request("GET", path + "?" + urllib.parse.urlencode(arguments))
        body = connection.getresponse().read()
        took.append((time.monotonic() - begun) * 1000)
        rows, size = json.loads(body.splitlines()[-1])["end"], len(body)
    print(f"{what:48} {statistics.median(took[1:]):9.1f} ms  {rows:8} rows  {size / 1e6:8.2f} MB", flush=True)


def main(records=10_000_000, stations=100):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="stipple-bench-"))
    folder.chmod(0o755)
    postgres = Postgres(folder / "postgres")
    try:
        server = Server(folder / "server", postgres, Authority(folder / "ca"))
        server.start()
        begun = time.monotonic()
        fill(postgres, records, stations)
        print(f"{records} records of {stations} stations in {time.monotonic() - begun:.0f} s,",
              postgres.ask("SELECT pg_size_pretty(pg_database_size('postgres'))"), flush=True)
        client = Client(server, *server.authority.issue("bench", more="/OU=auditor"))
        unit, subject = "(01)04012345678901(21)7-73", "p-7-12"
        measure(client, "stations", "/audit/stations")
        measure(client, "a cartridge: which station", "/audit/stations", unit=unit)
        measure(client, "a cartridge: its records at that station", "/audit/records", station="chair-7", unit=unit)
        measure(client, "a lot: which stations", "/audit/stations", lot="L702")
        measure(client, "a lot: its records at one station", "/audit/records", station="chair-7", lot="L702")
        measure(client, "a person: which stations", "/audit/stations", subject=subject)
        measure(client, "a person: the records at one station", "/audit/records", station="chair-7", subject=subject)
        measure(client, "all records of one station", "/audit/records", times=3, station="chair-7")
        measure(client, "findings", "/audit/findings", times=1)
        server.stop()
    finally:
        postgres.stop("immediate")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
