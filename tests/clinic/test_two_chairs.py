# SPDX-License-Identifier: Apache-2.0
"""Two whole stations with simulated boards and one real server: no cartridge at both, and a recall at one stops the other."""

import contextlib
import pathlib
import sys
import time

import pytest
from clinic_harness import wait_for
from station_harness import Registryd

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402


def unit(serial):
    return f"(01){harness.GTIN}(21){serial}"


class Chair:
    """A station that has joined: daemon, stipple-registryd, and a session without a cartridge."""

    def __init__(self, name, server):
        self.name, self.registryd = name, None
        self.station = harness.Station(name=name, extra=f"""[registry]
server = https://localhost:{server.port}
key = {server.registry.public()}
mirror_key = {server.mirror.public(4)}
""")
        self.station.start()
        self.station.wait_board()
        key = str(self.station.get("Audit1", "Key"))
        done = server.command("enrol", name, key)
        assert done.returncode == 0, done.stderr
        self.registryd = Registryd(self.station.folder / "run", server.port, server.authority, name, server.registry.public(),
                                   server.mirror.public(4), self.station.folder / "state")
        self.registryd.start()
        wait_for(lambda: self.station.get("Station1", "BootConfirmed"), "the boot to be confirmed")

    def begin(self, receives):
        self.station.enrol()
        self.station.sign_in()
        if receives:
            self.station.receive_lot()
        self.station.begin("P-0001")

    def refused(self, serial):
        return self.station.refused("Session1", "MountNeedle", f"]d201{harness.GTIN}17311231" + f"10L1\x1d21{serial}")

    def lots(self):
        return [(row["lot"], row["status"]) for row in self.station.audit("lots")]

    def close(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.station.close)
            if self.registryd:
                stack.callback(self.registryd.stop)


@pytest.fixture
def chairs(server):
    made = []
    with contextlib.ExitStack() as stack:
        for name in ("chair-1", "chair-2"):
            chair = Chair(name, server)
            stack.callback(chair.close)
            made.append(chair)
        made[0].begin(receives=True)
        wait_for(lambda: made[1].lots() == [("L1", "released")], "the lot at the other chair")
        made[1].begin(receives=False)
        yield made


def test_two_stations_share_a_lot_and_no_cartridge(chairs):
    one, two = chairs
    assert one.station.mount("A1") == unit("A1")
    name, text = two.refused("A1")
    assert name == "NeedleRefused" and "chair-1" in text, text
    assert two.station.mount("A2") == unit("A2")
    # what a chair holds it uses without the server
    one.station.call("Inventory1", "HoldUnits", harness.dbus.Array([f"]d201{harness.GTIN}17311231" + "10L1\x1d21A3"], signature="s"))
    one.registryd.stop()
    one.station.call("Session1", "RemoveNeedle", "dull")
    assert one.station.mount("A3") == unit("A3")
    two.station.call("Session1", "RemoveNeedle", "dull")
    name, text = two.refused("A3")
    assert name == "NeedleRefused" and "chair-1" in text, text
    assert two.station.mount("A5") == unit("A5")
    one.registryd.start()
    # a recall at one bars the lot at the other
    begun = time.monotonic()
    one.station.record("Inventory1", "lot.status", lot="L1", status="recalled", reason="blisters leak")
    wait_for(lambda: two.lots() == [("L1", "recalled")], "the recall")
    wait_for(lambda: "LotBarred" in str(two.station.call("Session1", "Refusals")), "the interlock")
    assert time.monotonic() - begun < harness.PATIENCE_S
    two.station.call("Session1", "RemoveNeedle", "recalled")
    assert two.refused("A4")[0] == "NeedleRefused"
