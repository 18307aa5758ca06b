# SPDX-License-Identifier: Apache-2.0
"""A clinic of many stations for the dashboard: publishes what stations publish, in every condition there is."""

import datetime
import json
import subprocess

from harness import SOURCE, wait_for

STATES = ["working", "working", "working", "paused", "ready", "preparing", "idle", "closing"]
ZONES = ["frontal-hairline", "frontal", "left-temple", "right-temple", "mid-scalp", "crown", "left-side", "right-side",
         "occipital", "nape", "scar-1"]


def checkpoints(*wanted):
    """Checkpoint messages of one ledger, each SIZE[:FROM[:TEXT]] as in dashboard/tests/make-checkpoints.js."""
    run = subprocess.run(["node", SOURCE / "dashboard/tests/make-checkpoints.js", *wanted], check=True,
                         capture_output=True, text=True)
    return json.loads(run.stdout)


class Chair:
    """One station as a publisher: counts its records and knows its topics."""

    def __init__(self, publisher, name, clinic="clinic"):
        self.publisher, self.name, self.clinic, self.seq = publisher, name, clinic, 0

    def publish(self, topic, message, retain=False, qos=1):
        payload = message if isinstance(message, (bytes, str)) else json.dumps(message)
        return self.publisher.publish(f"stipple/v1/{self.clinic}/{self.name}/{topic}", payload, qos=qos, retain=retain)

    def state(self, **more):
        self.publish("state", {"online": True, "clinic": self.clinic, "station": self.name, "version": "0.1.0",
                               "state": "idle", "session": 0, "subject": "", "operator": "", "zone": "", "fault": "",
                               "board": True, **more}, retain=True)

    def offline(self):
        self.publish("state", {"online": False, "clinic": self.clinic, "station": self.name}, retain=True)

    def record(self, topic, kind, body):
        self.seq += 1
        utc = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.publish(topic, {"id": f"{self.clinic}/{self.name}/{self.seq}", "seq": self.seq, "kind": kind, "utc": utc,
                             "body": body})

    def telemetry(self, **more):
        self.publish("telemetry", {"state": "working", "session": 1, "zone": "crown", "dots": 800, "strokes": 9000,
                                   "session_dots": 800, "session_strokes": 9000, "density": 60, "target": 100,
                                   "outside": 0.03, "depth_um": 910, "resistance_mn": 320, "dwell_ms": 60,
                                   "pedal": True, "emergency_stop": False, "elapsed_s": 3700, **more}, qos=0)

    def zone(self, zone, density, target=100):
        self.record(f"zone/{zone}", "zone.statistics", {
            "session": 1, "zone": zone, "dots": int(density * 15), "strokes": int(density * 160), "area_mm2": 1500,
            "density": density, "target": target, "outside": 0.021, "depth_mean_um": 905, "dwell_mean_ms": 61,
            "histogram": [0, 1, 5, 9, 4]})

    def claim(self, serial):
        self.record("needle", "needle.claimed", {"session": 1, "unit": f"(01)04012345678901(21){serial}", "lot": "L1",
                                                 "expiry": "2031-12-31", "code": "x"})

    def checkpoint(self, message):
        self.publish("checkpoint", message, retain=True)


def connect(port, user=None, password=None):
    """A publisher of the test's own."""
    import paho.mqtt.client as mqtt
    try:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    except AttributeError:
        client = mqtt.Client(protocol=mqtt.MQTTv5)
    if user:
        client.username_pw_set(user, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    wait_for(client.is_connected, "the publisher's connection")
    return client


def busy_chair(publisher, name="chair-1"):
    """A chair in the middle of a session, with something of everything."""
    chair = Chair(publisher, name)
    chair.record("needle", "lot.received", {"gtin": "04012345678901", "lot": "L1", "product": "1RL 0.25",
                                            "maker": "Maker", "expiry": "2031-12-31", "quantity": 20})
    chair.record("session", "operator.signed-in", {"badge": "b1001"})
    chair.record("session", "session.begun", {"session": 1, "subject": "P-0001", "protocol": "scalp-density",
                                              "course_session": 1})
    chair.record("session", "session.zone", {"session": 1, "zone": "crown", "skin_type": "normal", "area_mm2": 1500,
                                             "target": 100, "depth_min_um": 500, "depth_max_um": 1500})
    chair.claim("A17")
    chair.record("session", "pigment.loaded", {"session": 1, "brand": "Brand", "colour": "black-3", "lot": "PG7",
                                               "expiry": "2031-01-31"})
    for i, zone in enumerate(ZONES):
        chair.zone(zone, 12 + i * 11)
    chair.record("alert", "fault.latched", {"session": 1, "cause": "emergency-stop", "detail": 0})
    chair.record("alert", "fault.acknowledged", {"session": 1, "cause": "emergency-stop", "note": "sleeve caught"})
    chair.record("alert", "alert.raised", {"session": 1, "alert": "depth-outside",
                                           "text": "depth 1.62 mm is outside 0.50 to 1.50 mm: lift the hand"})
    chair.record("sterilization", "indicator.tested", {
        "sterilizer": "Autoclave 1", "lot": "BI-7", "expiry": "2031-12-31", "control": "growth", "result": "pass",
        "incubation_h": 24, "due": "2026-02-01", "profile": "us-ca", "reprocess": True, "biological_days": 30})
    chair.state(state="working", session=1, subject="P-0001", operator="b1001", zone="crown",
                stock=[{"lot": "L1", "product": "1RL 0.25", "expiry": "2031-12-31", "left": 4}])
    return chair


def many(publisher, number, skip=0):
    """So many chairs after the first `skip`; every eleventh is offline, every thirteenth has a fault."""
    chairs = [Chair(publisher, f"chair-{i}") for i in range(skip + 1, number + 1)]
    for i, chair in enumerate(chairs, skip + 1):
        state = STATES[i % len(STATES)]
        if i % 11 == 0:
            chair.offline()
            continue
        if i % 13 == 0:
            chair.record("alert", "fault.latched", {"session": 1, "cause": "force-limit", "detail": 812})
            chair.state(state="fault", session=1, subject=f"P-{i:04}", operator=f"b{i}", zone="crown",
                        fault="force-limit")
            continue
        in_session = state != "idle"
        chair.state(state=state, session=int(in_session), subject=f"P-{i:04}" if in_session else "",
                    operator=f"b{i}" if in_session else "", zone=ZONES[i % len(ZONES)] if in_session else "")
        if in_session:
            chair.claim(f"S{i}")
            chair.zone(ZONES[i % len(ZONES)], (i * 7) % 110)
    return chairs
