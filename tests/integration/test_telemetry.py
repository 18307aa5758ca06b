# SPDX-License-Identifier: Apache-2.0
"""What a clinic's dashboard receives, whatever happens to the broker and the station."""

import pathlib
import re
import signal

import jsonschema
import pytest
import yaml

import harness
from false_brokers import FalseBroker, Line
from harness import wait_for


def check_described(subscriber):
    """
    Every message fits the one channel of the AsyncAPI file that its topic belongs to: that of its kind, of those that
    the channel has. Gives the channels that were seen.
    """
    described = yaml.safe_load((harness.SOURCE / "docs/stipple-mqtt.asyncapi.yaml").read_text())
    seen = set()
    for topic, message, _ in list(subscriber.messages):
        names = [name for name, channel in described["channels"].items()
                 if re.fullmatch(re.sub(r"{\w+}", "[^/]+", channel["address"]), topic)]
        assert len(names) == 1, topic
        messages = described["channels"][names[0]]["messages"]
        name = message["kind"] if "kind" in message else names[0]
        assert name in messages, (topic, name)
        jsonschema.validate(message, {**described, "$ref": messages[name]["$ref"] + "/payload"})
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
        maps = pathlib.Path(f"/proc/{station.telemetry.process.pid}/maps").read_text().splitlines()
        assert [line.split()[1] for line in maps if "ledger.db-shm" in line] == ["r--s"], "it changes nothing, not even this"
        assert "mosquitto" not in pathlib.Path(f"/proc/{station.daemon.pid}/maps").read_text()
        station.call("Session1", "Arm")
        station.sim("pedal down")
        wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
        station.sim("estop press")
        station.wait_state("fault")
        wait_for(lambda: "alert" in check_described(subscriber), "the alert")
        wait_for(lambda: check_described(subscriber) == {"state", "session", "zone", "needle", "image", "alert",
                                                         "checkpoint", "telemetry"}, "a message on every channel")
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
        arrived = max(station.published())
        station.sign_in()
        station.receive_lot()
        station.kill()
        station.start()
        station.wait_board()
        station.sign_in()
        station.receive_lot("L2")
        station.telemetry.send_signal(signal.SIGSTOP)  # nobody is to publish before somebody listens
        broker.start()
        subscriber = harness.Subscriber(broker.port)
        wait_for(lambda: subscriber.subscribed, "the subscription")
        station.telemetry.send_signal(signal.SIGCONT)
        subscriber.check_arrived(station, arrived)
        subscriber.close()
        station.stop()
    finally:
        station.close()


# ---- brokers that misbehave ----

def alerts(station):
    return [r["body"]["alert"] for r in station.audit("records") if r["kind"] == "alert.raised"]


def told(station, words):
    """Whether it says so to everybody who may want to know."""
    level, text, _ = station.doctor("broker")
    return level == 1 and words in text and words in station.log_text()


def waiting(station):
    """How many messages are kept for the broker, as its check's advice says."""
    level, _, advice = station.doctor("broker")
    return int(advice.rsplit("messages that wait: ")[1]) if level else 0


def receive_lots(station, first, last):
    """
    A published record for each number, made and answered one after the other; two more where somebody has to sign
    in and out for it.
    """
    with station.somebody():
        for i in range(first, last):
            station.receive_lot(f"N{i}")


def start_before(station, broker):
    """The broker and somebody who listens, before the station can publish anything."""
    station.telemetry.send_signal(signal.SIGSTOP)
    broker.start()
    subscriber = harness.Subscriber(broker.port)
    wait_for(lambda: subscriber.subscribed, "the subscription")
    station.telemetry.send_signal(signal.SIGCONT)
    return subscriber


def test_stalled_broker_holds_nobody_up(broker):
    """Whatever waited for it would wait for ever: it is woken only when all is done."""
    station = harness.Station(mqtt=f"host = 127.0.0.1\nport = {broker.port}\ntls = no\ntelemetry_expiry_s = 1")
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        station.prepare()
        subscriber.check_arrived(station)
        broker.process.send_signal(signal.SIGSTOP)
        arrived = len(subscriber.records())
        receive_lots(station, 0, 100)
        station.call("Session1", "Arm")
        station.sim("pedal down")
        wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
        station.sim("pedal up")
        station.wait_state("ready")
        wait_for(lambda: "it acknowledges nothing" in station.doctor("broker")[1], "the stall")
        wait_for(lambda: waiting(station) >= 100, "the count")
        assert len(subscriber.records()) == arrived
        broker.process.send_signal(signal.SIGCONT)
        subscriber.check_arrived(station)
        assert len({m["seq"] for m in subscriber.records()}) > arrived + 100
        station.stop()
    finally:
        broker.process.send_signal(signal.SIGCONT)
        subscriber.close()
        station.close()


def test_stalled_broker_does_not_hold_up_the_end(broker):
    station = harness.Station(mqtt_port=broker.port)
    try:
        station.start()
        wait_for(lambda: station.get("Station1", "BrokerConnected"), "the broker")
        broker.process.send_signal(signal.SIGSTOP)
        receive_lots(station, 0, 30)
        station.stop()
        station.start()
        receive_lots(station, 30, 60)
        station.stop()
    finally:
        broker.process.send_signal(signal.SIGCONT)
        station.close()


CONNACK = bytes([0x20, 3, 0, 0, 0])


# libmosquitto 2.0.11 says what this answer is; to 2.0.21 it is no packet at all
OLD_BROKER = ("it does not speak MQTT v5: update the old broker",
              "what it sends is not MQTT v5: check [mqtt] host and port, and update an old broker")


@pytest.mark.parametrize("answer, words", [
    (b"", "it accepts the connection but does not answer"),
    (CONNACK[:3], "it accepts the connection but does not answer"),
    (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>" + b"bad request " * 20, "what it sends is not MQTT v5"),
    (b"\xff" * 100000, "what it sends is not MQTT v5"),
    (b"\x20\xff\xff\xff\xff\xff", "what it sends is not MQTT v5"),
    (CONNACK + b"\xff" * 1000, "what it sends is not MQTT v5"),
    (bytes([0x20, 3, 0, 0x86, 0]), "it refuses the station"),
    (bytes([0x20, 2, 0, 1]), OLD_BROKER),
    (bytes([0x20, 3, 0, 0x89, 0]), "it refuses the station"),
], ids=["silence", "half an answer", "a web server", "noise", "endless length", "noise after a good answer",
        "wrong password", "an old broker", "a busy broker"])
def test_false_broker_is_told(tmp_path, answer, words):
    """The station goes on serving meanwhile; then a real broker comes in its place."""
    false = FalseBroker(answer)
    station = harness.Station(mqtt_port=false.port)
    try:
        station.start()
        wait_for(lambda: false.sockets, "the station to connect")
        receive_lots(station, 0, 20)
        sentences = words if isinstance(words, tuple) else (words,)
        wait_for(lambda: any(told(station, sentence) for sentence in sentences), words)
        receive_lots(station, 20, 40)
        wait_for(lambda: waiting(station) == 44, "the count")
        assert "the records are kept" in station.log_text()
        false.close()
        broker = harness.Broker(tmp_path, false.port)
        subscriber = start_before(station, broker)
        subscriber.check_arrived(station)
        assert len(station.published()) == 44
        subscriber.close()
        station.stop()
        broker.stop()
    finally:
        false.close()
        station.close()


@pytest.mark.parametrize("packet", [
    bytes([0x20, 5, 0, 0, 2, 0x7f, 0]),
    CONNACK + bytes([0x30, 6, 0, 1, 0x61, 2, 0x7f, 0]),
    CONNACK + bytes([0x40, 6, 0, 1, 0, 2, 0x7f, 0]),
    CONNACK + bytes([0xe0, 4, 0, 2, 0x7f, 0]),
    bytes([0x20, 4, 0, 0, 1, 0x7f]),
    CONNACK + bytes([0x40, 5, 0, 1, 0, 1, 0xff]),
], ids=["CONNACK", "PUBLISH", "PUBACK", "DISCONNECT", "cut off", "cut off later"])
def test_broken_packets_end_telemetry_alone(tmp_path, packet):
    """
    A property that MQTT v5 does not have: some versions of the library end the program that meets it. The needle runs
    on, and a good broker gets all of it.
    """
    false = FalseBroker(packet)
    station = harness.Station(mqtt_port=false.port)
    try:
        station.start()
        station.prepare()
        station.call("Session1", "Arm")
        station.sim("pedal down")
        wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
        met = len(false.sockets)
        wait_for(lambda: len(false.sockets) >= met + 2, "two more connections", 60)
        strokes = station.get("Session1", "Strokes")
        wait_for(lambda: station.get("Session1", "Strokes") > strokes + 100, "strokes after the packets")
        assert station.get("Session1", "State") == "working" and station.get("Station1", "FaultText") == ""
        assert station.daemon.poll() is None
        wait_for(lambda: not station.get("Station1", "BrokerConnected") and station.doctor("broker")[0] == 1, "the warning")
        assert all(status == -signal.SIGABRT for status in station.telemetry.deaths), station.telemetry.deaths
        station.sim("pedal up")
        station.wait_state("ready")
        false.close()
        broker = harness.Broker(tmp_path, false.port)
        subscriber = start_before(station, broker)
        subscriber.check_arrived(station)
        subscriber.close()
        station.stop()
        broker.stop()
    finally:
        false.close()
        station.close()


def test_telemetry_that_dies_costs_the_session_nothing(broker):
    """Killed again and again while the needle works: it comes back by itself, and all arrives in order."""
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        station.prepare()
        station.call("Session1", "Arm")
        station.sim("pedal down")
        wait_for(lambda: station.get("Session1", "State") == "working", "the needle")
        for n in range(1, 4):
            strokes = station.get("Session1", "Strokes")
            station.telemetry.kill()
            assert len(station.telemetry.deaths) == n
            wait_for(lambda: station.get("Station1", "BrokerConnected"), "the broker")
            wait_for(lambda: station.get("Session1", "Strokes") > strokes + 20, "strokes")
            assert station.get("Session1", "State") == "working"
        station.sim("pedal up")
        station.wait_state("ready")
        assert station.get("Station1", "FaultText") == ""
        subscriber.check_arrived(station)
        station.stop_telemetry()
        wait_for(lambda: "stipple-telemetryd, which publishes, does not run" in station.doctor("broker")[1], "doctor")
        assert not station.get("Station1", "BrokerConnected")
        station.stop()
    finally:
        subscriber.close()
        station.close()


def test_what_is_too_long_for_the_broker_comes_when_it_takes_it(broker):
    """Nothing is dropped silently: which, an alert, a warning; the short ones go on, and the long ones come late."""
    station = harness.Station(mqtt_port=broker.port)
    try:
        broker.stop()
        broker.limit(480)
        broker.start()
        station.start()
        station.wait_board()
        wait_for(lambda: station.get("Station1", "BrokerConnected"), "the broker")
        with station.somebody():
            for i in range(5):
                station.receive_lot(f"LOT-{i}", product="x" * 64, maker="y" * 64, certificate="z" * 64)
        station.enrol()
        station.sign_in()
        wait_for(lambda: "withheld" in station.doctor("broker")[1], "doctor")
        level, text, advice = station.doctor("broker")
        withheld = [row["seq"] for row in station.audit("records") if row["kind"] == "lot.received"]
        assert level == 1 and f"5 messages are withheld that it does not take, the first of record {withheld[0]}" in text
        assert "max_packet_size" in advice and "480 bytes" in advice
        assert all(f"record {seq} cannot be published" in station.log_text() for seq in withheld)
        wait_for(lambda: alerts(station).count("messages-withheld") == 1, "the alert")
        wanted = set(station.published())
        station.telemetry.kill()  # what is withheld is known to the next one, too
        wait_for(lambda: "5 messages are withheld" in station.doctor("broker")[1], "doctor again")

        broker.stop()
        broker.limit(None)
        subscriber = start_before(station, broker)
        wait_for(lambda: {m["seq"] for m in subscriber.records()} >= set(withheld), "what was withheld")
        assert all(m.get("late") is True for m in subscriber.records() if m["seq"] in withheld)
        assert not any(m.get("late") for m in subscriber.records() if m["seq"] not in withheld)
        assert len([m for m in subscriber.records() if m["seq"] in withheld]) == 5 <= len(wanted)
        check_described(subscriber)
        wait_for(lambda: station.doctor("broker")[0] == 0, "doctor content")
        subscriber.close()
        station.stop()
    finally:
        station.close()


def test_names_that_join_to_the_same_are_two(broker):
    """a-b of c, and a of b-c: neither takes the other's connection."""
    stations = []
    try:
        for clinic, name in (("a", "b-c"), ("a-b", "c")):
            station = harness.Station(mqtt_port=broker.port)
            stations.append(station)
            text = station.config.read_text()
            station.config.write_text(text.replace("clinic = clinic", f"clinic = {clinic}").replace("chair-1", name))
            station.start()
        for station in stations:
            wait_for(lambda: station.get("Station1", "BrokerConnected"), "the broker")
        for station in stations:
            assert station.doctor("broker")[0] == 0 and "same name" not in station.log_text()
            assert station.get("Station1", "BrokerConnected")
    finally:
        for station in stations:
            station.close()


def test_a_second_station_of_the_same_name_is_noticed(broker):
    stations = []
    try:
        for _ in range(2):
            stations.append(harness.Station(mqtt_port=broker.port))
            stations[-1].start()
            wait_for(lambda: stations[-1].get("Station1", "BrokerConnected"), "the broker")
        for station in stations:
            wait_for(lambda: "same name" in station.doctor("broker")[1], "doctor", 60)
            level, _, advice = station.doctor("broker")
            assert level == 1 and "check [station] clinic and station on both" in advice
            wait_for(lambda: "name-taken" in alerts(station), "the alert")
    finally:
        for station in stations:
            station.close()


def test_messages_say_what_they_are(broker):
    """Content type and payload format, as MQTT v5 has them; the last will, too."""
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        wait_for(lambda: subscriber.messages, "messages")
        station.enrol()
        subscriber.check_arrived(station)
        station.telemetry.kill()
        wait_for(lambda: [m for t, m, _ in subscriber.messages if t.endswith("/state") and not m["online"]], "the will")
        assert len(subscriber.properties) >= 3
        for topic, content, form in subscriber.properties:
            assert (content, form) == ("application/json", 1), topic
        station.stop()
    finally:
        subscriber.close()
        station.close()


def rename(station, name):
    text = station.config.read_text()
    station.config.write_text(re.sub(r"^station = .*$", f"station = {name}", text, flags=re.M))


def test_a_station_is_renamed_on_record_first(broker):
    """Names that are not on record leave it inert; then the old retained messages go, and the log keeps its name."""
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)

    def retained(name):
        """The newest state and checkpoint below a name; {} is one that was cleared."""
        return {kind: [m for t, m, _ in subscriber.messages if t == f"stipple/v1/clinic/{name}/{kind}"][-1:]
                for kind in ("state", "checkpoint")}
    try:
        station.start()
        station.enrol()
        subscriber.check_arrived(station)
        wait_for(lambda: retained("chair-1")["checkpoint"], "the checkpoint")
        station.stop()
        rename(station, "lounge")
        station.start()
        name, text = station.refused("Station1", "Login", *harness.ADMINISTRATOR[::2])
        assert name == "Inert" and "clinic/chair-1" in text and "stipplectl station rename" in text
        assert not [t for t, _, _ in subscriber.messages if "/lounge/" in t], "nothing is published as what is not on record"
        station.stop()
        rename(station, "chair-1")
        station.start()
        with station.administrator():
            assert station.refused("Station1", "Record", "station.renamed", harness.dbus.Dictionary(
                {"clinic": "clinic", "station": "lo/unge"}, signature="sv"), harness.ADMINISTRATOR[2])[0] == "InvalidArgument"
            station.record("Station1", "station.renamed", harness.ADMINISTRATOR[2], clinic="clinic", station="lounge")
        station.stop()
        rename(station, "lounge")
        station.start()
        station.enrol("b1002")
        wait_for(lambda: retained("chair-1") == {"state": [{}], "checkpoint": [{}]}, "the old ones to be cleared", 60)
        wait_for(lambda: retained("lounge")["checkpoint"], "the new checkpoint")
        checkpoint = retained("lounge")["checkpoint"][0]
        assert checkpoint["formerly"] == "clinic/chair-1"
        assert checkpoint["checkpoint"].startswith("stipple/clinic/chair-1\n")
        wait_for(lambda: any(m["id"].startswith("clinic/lounge/") for m in subscriber.records()), "records of the new name")
        station.stop()
        rename(station, "chair-1")
        station.start()
        assert station.refused("Station1", "Login", *harness.ADMINISTRATOR[::2])[0] == "Inert"
        station.stop()
    finally:
        subscriber.close()
        station.close()


def test_a_new_station_takes_its_first_names(broker):
    """Packages start it under default names; until somebody is enrolled the configuration says what it is called."""
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        station.stop()
        rename(station, "lounge")
        station.start()
        station.enrol()
        station.receive_lot()
        wait_for(lambda: any(t == "stipple/v1/clinic/lounge/needle" for t, _, _ in subscriber.messages), "its records")
        with station.administrator():
            assert [r["body"] for r in station.audit("records", kind="station.renamed")] == [
                {"clinic": "clinic", "station": "lounge"}]
        station.stop()
        rename(station, "chair-1")
        station.start()
        assert station.refused("Station1", "Login", *harness.ADMINISTRATOR[::2])[0] == "Inert"
        station.stop()
    finally:
        subscriber.close()
        station.close()


def test_long_outage_over_a_bad_line(broker):
    """Hundreds of records, a crash in between, and a line that breaks again and again while they are sent."""
    line = Line(broker.port)
    station = harness.Station(mqtt_port=line.port)
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        wait_for(lambda: station.get("Station1", "BrokerConnected"), "the broker")
        line.whole = False
        line.cut()
        wait_for(lambda: not station.get("Station1", "BrokerConnected"), "the outage")
        receive_lots(station, 0, 250)
        station.kill()
        station.start()
        receive_lots(station, 250, 500)
        assert subscriber.records() == []
        line.deaf = line.whole = True
        # as many as may be unacknowledged; the retained state and checkpoint may be two of them
        wait_for(lambda: len(subscriber.records()) >= 18, "the first records")
        for n in (60, 200):
            line.deaf = False
            line.cut()
            wait_for(lambda: len(subscriber.records()) >= n, "some more")
        subscriber.check_arrived(station)
        seen = [m["seq"] for m in subscriber.records()]
        # an alert may be recorded while they arrive: those of the line that breaks, for one
        wait_for(lambda: {m["seq"] for m in subscriber.records()} == set(station.published()), "what is recorded meanwhile")
        assert len(set(seen)) > 500
        assert len(seen) >= len(set(seen)) + 18, "what was not acknowledged came again"
        station.stop()
    finally:
        subscriber.close()
        station.close()
        line.close()
