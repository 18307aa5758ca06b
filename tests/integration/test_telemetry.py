# SPDX-License-Identifier: Apache-2.0
"""What a clinic's dashboard receives, whatever happens to the broker and the station."""

import re
import signal

import jsonschema
import yaml

import harness
from harness import wait_for


def check_described(subscriber):
    """Every message fits the one channel of the AsyncAPI file that its topic belongs to."""
    described = yaml.safe_load((harness.SOURCE / "docs/stipple-mqtt.asyncapi.yaml").read_text())
    seen = set()
    for topic, message, _ in list(subscriber.messages):
        names = [name for name, channel in described["channels"].items()
                 if re.fullmatch(re.sub(r"{\w+}", "[^/]+", channel["address"]), topic)]
        assert len(names) == 1, topic
        reference, = described["channels"][names[0]]["messages"].values()
        schema = described["components"]["messages"][reference["$ref"].rsplit("/", 1)[1]]["payload"]
        jsonschema.validate(message, schema)
        seen.add(names[0])
    return seen


def test_everything_arrives_in_order(broker):
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        station.prepare()
        subscriber.check_arrived(station)
        wait_for(lambda: any(t.endswith("/telemetry") for t, _, _ in subscriber.messages), "the live stream")
        states = [m for t, m, _ in subscriber.messages if t == "stipple/v1/clinic/chair-1/state"]
        assert states[-1]["online"] and states[-1]["subject"] == "P-0001"
        assert "Ada Example" not in str(subscriber.messages)
        station.call("Session1", "Arm")
        station.sim("pedal down")
        wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
        station.sim("estop press")
        station.wait_state("fault")
        wait_for(lambda: "alert" in check_described(subscriber), "the alert")
        wait_for(lambda: check_described(subscriber) == {"state", "session", "zone", "needle", "image", "alert",
                                                         "telemetry"}, "a message on every channel")
        station.kill()
        wait_for(lambda: [m for t, m, _ in subscriber.messages if t.endswith("/state")][-1]["online"] is False,
                 "the last will")
    finally:
        subscriber.close()
        station.close()


def test_outage_and_restart_lose_nothing(broker):
    station = harness.Station(mqtt_port=broker.port)
    try:
        station.start()
        station.wait_board()
        station.enrol()
        wait_for(lambda: station.get("Station1", "BrokerConnected"), "the broker")
        broker.stop()
        station.sign_in()
        station.receive_lot()
        station.kill()
        station.start()
        station.wait_board()
        station.sign_in()
        station.receive_lot("L2")
        station.daemon.send_signal(signal.SIGSTOP)  # nobody is to publish before somebody listens
        broker.start()
        subscriber = harness.Subscriber(broker.port)
        wait_for(lambda: subscriber.subscribed, "the subscription")
        station.daemon.send_signal(signal.SIGCONT)
        subscriber.check_arrived(station)
        subscriber.close()
        station.stop()
    finally:
        station.close()
