# SPDX-License-Identifier: Apache-2.0
"""Simulated stations, written independently of the product: each claims at once what it holds, on a file of its own, and
then asks the registry, again and again with the same number, until it is answered. Killed, it goes on from its file.

Usage: stations.py SETTINGS.json. It says how it goes in the file "status" of its folder and ends at SIGTERM."""

import asyncio
import base64
import json
import os
import pathlib
import random
import signal
import ssl
import sys
import time
import uuid

ANSWER_S = 12       # then a request is asked again
PATIENCE_S = 2      # how long a person waits for a cartridge that the station does not hold
LOW, PACK = 40, 60  # below LOW cartridges a station asks for a pack: time runs a thousand times as fast, so that lasts 40 s
SHARING = 4         # stations that want the same packs


class Away(Exception):
    """No server answers."""


class Way:
    """A station's connection to whichever server answers, over TLS with its certificate."""

    def __init__(self, settings, name):
        self.servers, self.at = settings["servers"], random.randrange(len(settings["servers"]))
        self.context = ssl.create_default_context(cafile=f"{settings['identities']}/ca.pem")
        self.context.load_cert_chain(f"{settings['identities']}/{name}.pem", f"{settings['identities']}/{name}.key")
        self.reader = self.writer = None
        self.seen = 0  # leaves of the registry's log

    async def post(self, path, body):
        try:
            return await asyncio.wait_for(self.exchange(path, body), ANSWER_S)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError) as failure:
            self.close()
            self.at = (self.at + 1) % len(self.servers)
            raise Away(str(failure)) from failure

    async def exchange(self, path, body):
        if not self.writer:
            address, port = self.servers[self.at]
            self.reader, self.writer = await asyncio.wait_for(asyncio.open_connection(address, port, ssl=self.context), 4)
        data = json.dumps(body).encode()
        self.writer.write(f"POST {path} HTTP/1.1\r\nHost: clinic\r\nContent-Type: application/json\r\nStipple-Registry-Seen: {self.seen}\r\n"
                          f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
        answer = await self.reader.readexactly(size)
        return int(head.split(" ", 2)[1]), json.loads(answer) if answer else {}

    def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None


class Station:
    def __init__(self, world, number):
        self.world, self.number, self.name = world, number, f"chair-{number}"
        self.chance = random.Random(f"{world.settings['seed']}-{number}-{os.getpid()}")
        self.stock, self.open, self.packs, self.fresh, self.online = {}, {}, 0, 0, True
        self.way = Way(world.settings, self.name)
        self.path = world.folder / f"{self.name}.ledger"
        if self.path.exists():
            self.replay()
        self.file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    # ---- the file ----

    def replay(self):
        data = self.path.read_bytes()
        whole = data[:data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # it was killed within a line
            os.truncate(self.path, len(whole))
        for line in whole.splitlines():
            self.apply(json.loads(line))

    def apply(self, entry):
        what = entry["what"]
        if what == "ask":
            self.open[entry["request"]] = entry
            self.packs += entry["path"] == "hold"
            for unit in entry["body"].get("units", []) if entry["path"] == "move" else []:
                self.stock.pop(unit, None)
            if entry["path"] == "claim":
                self.stock.pop(entry["body"]["unit"], None)
        elif what == "answer":
            self.open.pop(entry["request"], None)
        if entry.get("seq") is not None:
            self.way.seen = max(self.way.seen, entry["seq"] + 1)
        if what in ("answer", "got"):
            self.stock.update({unit: entry["seq"] for unit in entry.get("given", [])})

    def write(self, **entry):
        """Durable before it goes on."""
        os.write(self.file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        if self.world.settings.get("durable", True):
            os.fdatasync(self.file)
        self.apply(entry)

    # ---- asking ----

    def intend(self, path, **more):
        request, grant = str(uuid.uuid4()), more.pop("grant", None)
        self.write(what="ask", request=request, path=path, grant=grant, body={"request": request, **more})
        return request

    async def settle(self, request):
        """Asks until it is answered; Away, and it stays open."""
        asked, begin = self.open[request], time.monotonic()
        status, answer = await self.way.post(f"/registry/{asked['path']}", asked["body"])
        if status in (429, 500, 503):
            self.world.count("asked again")
            self.world.why = answer.get("detail", "")
            raise Away(answer.get("detail", ""))
        self.world.answered(time.monotonic() - begin)
        if asked["path"] == "claim":
            self.take_claim(asked, status, answer)
        elif status != 200:
            self.world.wrong(f"{self.name}: {asked} was answered {status} {answer}")
            self.write(what="answer", request=request, status=status)
        else:
            self.take_grant(asked, answer)
        return answer

    def take_claim(self, asked, status, answer):
        foreign = asked["grant"] is None
        if status != (409 if foreign else 200):
            self.world.wrong(f"{self.name}: {asked} was answered {status} {answer}")
        self.write(what="answer", request=asked["request"], status=status)
        self.world.count("foreign refused" if foreign else "claims answered")

    def take_grant(self, asked, answer):
        given, grant = answer["given"], answer.get("grant")
        seq = grant["seq"] if grant else None
        mine = given if asked["path"] == "hold" else []
        kept = {"leaf": base64.b64decode(grant["leaf"]).decode()} if grant else {}
        self.write(what="answer", request=asked["request"], status=200, seq=seq, given=mine, **kept)
        if asked["path"] == "move" and given:
            getter = next(station for station in self.world.stations if station.name == asked["body"]["to"])
            getter.write(what="got", given=given, seq=seq, **kept)
            self.world.count("moved", len(given))

    # ---- what a chair does ----

    async def step(self):
        if self.online:
            for request in list(self.open):
                await self.settle(request)
        dice = self.chance.random()
        if self.online and len(self.stock) < LOW:
            await self.settle(self.ask_for_pack())
        elif dice < 0.01 and not self.world.settings.get("plain"):
            await self.use_fresh()
        elif dice < 0.02 and self.online and not self.world.settings.get("plain") and len(self.stock) > LOW + 2:
            await self.settle(self.intend("move", to=self.neighbour(), units=list(self.stock)[:2]))
        elif dice < 0.03 and self.online and self.world.used:
            await self.settle(self.intend("claim", unit=self.chance.choice(self.foreign())))
        else:
            await self.use()

    def neighbour(self):
        stations = self.world.stations
        return stations[(stations.index(self) + 1) % len(stations)].name

    def foreign(self):
        return [unit for unit, number in list(self.world.used)[-50:] if number != self.number] or ["nobody's"]

    def ask_for_pack(self):
        first = self.packs * PACK
        units = [f"(10)L{self.number // SHARING}(21)U{first + i}" for i in range(PACK)]
        return self.intend("hold", lot=f"L{self.number // SHARING}", units=units)

    async def use(self):
        """A cartridge from its own drawer: decided here, told to the registry afterwards."""
        if not self.stock:
            self.world.count("refused")
            self.world.count("refused: none held")
            return
        unit, seq = next(iter(self.stock.items()))
        request = self.intend("claim", unit=unit, grant=seq)
        self.world.used.append((unit, self.number))
        self.world.count("used")
        if self.online:
            await self.settle(request)

    async def use_fresh(self):
        """A cartridge that nobody holds yet: only with an answer."""
        if not self.online:
            self.world.count("refused")
            self.world.count("refused: not held, offline")
            return
        self.fresh += 1
        unit = f"(10)F{self.number}(21)U{self.packs}"
        request = self.intend("hold", lot=f"F{self.number}", units=[unit])
        begin = time.monotonic()
        try:
            await asyncio.wait_for(self.settle(request), PATIENCE_S)
        except (Away, asyncio.TimeoutError):
            self.way.close()
            self.world.count("refused")
            self.world.count("refused: not held, no answer")
            return
        if unit in self.stock and time.monotonic() - begin < PATIENCE_S:
            claim = self.intend("claim", unit=unit, grant=self.stock[unit])
            self.world.used.append((unit, self.number))
            self.world.count("used")
            await self.settle(claim)

    async def work(self):
        think = self.world.settings["think_s"]
        while not self.world.ends:
            try:
                await self.step()
            except Away:
                self.world.count("away")
                await asyncio.sleep(self.chance.uniform(0.2, 0.8))
            if think:
                await asyncio.sleep(self.chance.uniform(0, 2 * think))
            elif self.world.counts.get("used", 0) >= self.world.settings.get("claims", 1 << 60):
                self.world.ends = True

    async def wander(self):
        """Now and then its network is gone."""
        share, long = self.world.settings.get("offline", 0), self.world.settings.get("offline_s", 20)
        while share and not self.world.ends:
            await asyncio.sleep(self.chance.expovariate(share / (1 - share) / long))
            self.online = False
            self.way.close()
            await asyncio.sleep(self.chance.expovariate(1 / long))
            self.online = True


class World:
    def __init__(self, settings):
        self.settings, self.folder, self.ends = settings, pathlib.Path(settings["folder"]), False
        self.counts, self.mistakes, self.used, self.last, self.why = {}, [], [], time.monotonic(), ""
        self.waits = []  # of some of the claims, in seconds
        first = settings.get("first", 0)
        self.stations = [Station(self, first + i) for i in range(settings["stations"])]

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def wrong(self, text):
        if len(self.mistakes) < 20:
            self.mistakes.append(text)
        self.count("wrong")

    def answered(self, wait):
        now = time.monotonic()
        if len(self.waits) < 100_000:
            self.waits.append(wait)
        if now - self.last > 0.5:
            with open(self.folder / "gaps", "a", encoding="utf-8") as file:
                file.write(f"{self.last} {now}\n")
        self.last = now

    def tell(self, waits=()):
        text = json.dumps({"counts": self.counts, "mistakes": self.mistakes, "last": self.last, "why": self.why, "waits": list(waits),
                           "open": sum(len(station.open) for station in self.stations)})
        (self.folder / "status.new").write_text(text)
        os.replace(self.folder / "status.new", self.folder / "status")

    async def report(self):
        while True:
            del self.used[:-10000]
            self.tell()
            await asyncio.sleep(0.25)

    async def finish(self):
        """All stations online, and everything that was asked is answered."""
        self.ends = True

        async def settle_all(station):
            while station.open:
                try:
                    await station.settle(next(iter(station.open)))
                except Away:
                    await asyncio.sleep(0.3)
        await asyncio.gather(*map(settle_all, self.stations))

    async def run(self):
        def end():
            self.ends = True
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
        reporting = asyncio.create_task(self.report())
        wandering = [asyncio.create_task(station.wander()) for station in self.stations]
        await asyncio.gather(*(station.work() for station in self.stations))
        for task in wandering:
            task.cancel()
        await self.finish()
        reporting.cancel()
        self.tell(sorted(self.waits)[::20] or self.waits)


if __name__ == "__main__":
    asyncio.run(World(json.loads(pathlib.Path(sys.argv[1]).read_text())).run())
