# SPDX-License-Identifier: Apache-2.0
"""A station and the broker of configs/mosquitto-example.conf: who gets in, and who may say what."""

import signal
import subprocess

import pytest
import yaml

import harness
from harness import wait_for
from secure_broker import Authority, SecureBroker

HERE = "IP:127.0.0.1,DNS:localhost"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "clinic-ca")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Somebody else's authority, which signs for the same names."""
    return Authority(tmp_path_factory.mktemp("ca"), "other-ca")


@pytest.fixture
def broker(tmp_path, authority):
    broker = SecureBroker(tmp_path, authority, authority.sign("broker", alternative=HERE))
    broker.start()
    wait_for(lambda: broker.socket.exists(), "the broker's socket")
    yield broker
    broker.stop()


@pytest.fixture
def stations():
    """Makes running stations from lines of [mqtt]; they end with the test, in order when it went well."""
    made = []

    def make(*lines):
        made.append(harness.Station(mqtt="\n".join(lines)))
        made[-1].start()
        return made[-1]
    try:
        yield make
        for station in made:
            station.stop()
    finally:
        for station in made:
            station.close()


@pytest.fixture
def dashboard(broker):
    subscriber = subscribe(broker)
    yield subscriber
    subscriber.close()


def subscribe(broker, **arguments):
    arguments = {"port": broker.password, "user": "dashboard", "password": "dashboard-secret",
                 "ca": broker.folder / "ca.crt", **arguments}
    subscriber = harness.Subscriber(**arguments)
    wait_for(lambda: subscriber.subscribed, "the subscription")
    return subscriber


def by_certificate(broker, certificate, host="127.0.0.1"):
    return (f"host = {host}", f"port = {broker.tls}", f"ca_file = {broker.folder}/ca.crt",
            f"cert_file = {certificate[0]}", f"key_file = {certificate[1]}")


def by_password(broker, user="chair-1"):
    file = broker.folder / f"{user}.password"
    if not file.exists():
        file.write_text(f"{user}-secret\n")
    file.chmod(0o600)
    return ("host = 127.0.0.1", f"port = {broker.password}", f"ca_file = {broker.folder}/ca.crt",
            f"user = {user}", f"password_file = {file}")


def work(station):
    """A few records that have to arrive."""
    station.wait_board()
    station.enrol()
    station.sign_in()
    station.receive_lot()


def check_refused(station, *words):
    """The station does not connect, says why in the same words everywhere, and goes on with its work."""
    def told():
        level, text, _ = station.doctor("broker")
        return level == 1 and all(word in text for word in words)
    wait_for(told, f"{words} in {station.doctor('broker')}")
    assert not station.get("Station1", "BrokerConnected")
    logged = [line for line in station.log_text().splitlines() if all(word in line for word in words)]
    assert logged and "nothing is lost, the records are kept" in logged[0], station.log_text()
    work(station)
    assert len(station.published()) >= 2


def test_certificate_lets_a_station_in(broker, stations, dashboard, authority):
    station = stations(*by_certificate(broker, authority.sign("chair-1")))
    work(station)
    dashboard.check_arrived(station)
    assert station.get("Station1", "BrokerConnected")
    assert station.doctor("broker")[0] == 0


def test_name_of_the_host_is_checked_as_well(broker, stations, dashboard, authority):
    station = stations(*by_certificate(broker, authority.sign("chair-1"), host="localhost"))
    work(station)
    dashboard.check_arrived(station)


def test_password_lets_a_station_in(broker, stations, dashboard):
    station = stations(*by_password(broker))
    work(station)
    dashboard.check_arrived(station)


def test_socket_lets_a_station_in(broker, stations, dashboard):
    station = stations(f"host = {broker.socket}", *by_password(broker)[3:])
    work(station)
    dashboard.check_arrived(station)


def test_dashboard_reads_in_a_browser(broker, stations):
    browser = subscribe(broker, port=broker.websocket, transport="websockets")
    station = stations(*by_password(broker))
    work(station)
    browser.check_arrived(station)
    browser.close()


def test_wrong_password_keeps_everything_until_it_is_put_right(broker, stations, dashboard):
    file = broker.folder / "chair-1.password"
    file.write_text("guessed\n")
    station = stations(*by_password(broker))
    check_refused(station, "refuses the station", "[mqtt] user, password_file")
    assert dashboard.messages == []
    file.write_text("chair-1-secret\n")
    station.stop()
    station.start()
    dashboard.check_arrived(station)
    assert "guessed" not in station.log_text() and "chair-1-secret" not in station.log_text()


def test_right_password_needs_no_restart(broker, stations, dashboard):
    file = broker.folder / "chair-1.password"
    file.write_text("guessed\n")
    station = stations(*by_password(broker))
    wait_for(lambda: "refuses the station" in station.doctor("broker")[1], "the refusal")
    file.write_text("chair-1-secret\n")
    work(station)
    dashboard.check_arrived(station)


def test_missing_password_file_is_named(broker, stations):
    lines = by_password(broker)
    (broker.folder / "chair-1.password").unlink()
    station = stations(*lines)
    check_refused(station, f"{broker.folder}/chair-1.password cannot be read", "[mqtt] password_file")


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o604])
def test_a_password_that_others_may_read_is_not_used(broker, stations, dashboard, mode):
    lines = by_password(broker)
    file = broker.folder / "chair-1.password"
    file.chmod(mode)
    station = stations(*lines)
    check_refused(station, f"{file} is open to others (mode {mode:04o}): set mode 0640", "[mqtt] password_file")
    assert dashboard.messages == []
    file.chmod(0o640)
    dashboard.check_arrived(station)


def test_a_key_that_others_may_read_is_not_used(broker, stations, dashboard, authority):
    certificate = authority.sign("chair-1", "open")
    certificate[1].chmod(0o644)
    station = stations(*by_certificate(broker, certificate))
    check_refused(station, f"{certificate[1]} is open to others (mode 0644): set mode 0640", "change the key", "[mqtt] key_file")
    assert dashboard.messages == []
    certificate[1].chmod(0o640)
    dashboard.check_arrived(station)


def test_certificate_of_another_authority_is_refused(broker, stations, dashboard, stranger):
    station = stations(*by_certificate(broker, stranger.sign("chair-1")))
    check_refused(station, "refuses the station's TLS", "cert_file")
    assert dashboard.messages == []


def test_expired_certificate_is_refused_until_it_is_renewed(broker, stations, dashboard, authority):
    expired = authority.sign("chair-1", "renewed", days=-1)
    station = stations(*by_certificate(broker, expired))
    check_refused(station, "refuses the station's TLS", "cert_file", "expired on", "renew it")
    assert authority.sign("chair-1", "renewed") == expired, "in the same files"
    dashboard.check_arrived(station)


def test_certificate_that_is_not_valid_yet_is_told_apart(broker, stations, authority):
    station = stations(*by_certificate(broker, authority.sign("chair-1", "early", begins=20)))
    check_refused(station, "refuses the station's TLS", "cert_file", "is valid from", "check the clocks")


@pytest.mark.parametrize("whose", ["station", "broker"])
def test_certificate_that_ends_soon_is_warned_of(broker, stations, dashboard, authority, whose):
    """All goes on; doctor and an alert say so, once."""
    if whose == "broker":
        broker.stop()
        broker.use(authority.sign("broker", "soon", HERE, days=20))
        broker.start()
        dashboard = subscribe(broker)
        station = stations(*by_password(broker))
    else:
        station = stations(*by_certificate(broker, authority.sign("chair-1", "soon", days=20)))
    work(station)
    dashboard.check_arrived(station)
    wait_for(lambda: station.doctor("broker")[0] == 1 and "connected to" in station.doctor("broker")[1], "doctor")
    _, text, advice = station.doctor("broker")
    assert "connected to" in text and ("the broker's certificate ends on" if whose == "broker" else "soon.crt ends on") in text
    assert "renew the certificate" in advice
    raised = [r["body"]["alert"] for r in station.audit("records") if r["kind"] == "alert.raised"]
    assert raised.count("certificate-ends") == 1
    if whose == "broker":
        dashboard.close()


def test_station_without_a_certificate_is_refused(broker, stations):
    station = stations("host = 127.0.0.1", f"port = {broker.tls}", f"ca_file = {broker.folder}/ca.crt")
    check_refused(station, "refuses the station's TLS", "cert_file")


@pytest.mark.parametrize("port, tls, words", [("password", "no", "port and tls"), ("websocket", "yes", "port")])
def test_wrong_port_is_told(broker, stations, port, tls, words):
    station = stations("host = 127.0.0.1", f"port = {getattr(broker, port)}", f"tls = {tls}",
                       f"ca_file = {broker.folder}/ca.crt")
    check_refused(station, "check [mqtt]", words)


@pytest.mark.parametrize("case", ["stranger", "expired", "early", "elsewhere"])
def test_wrong_broker_is_refused(broker, stations, dashboard, authority, stranger, case):
    certificate = {"stranger": lambda: stranger.sign("broker", alternative=HERE),
                   "expired": lambda: authority.sign("broker", "expired", HERE, days=-1),
                   "early": lambda: authority.sign("broker", "early", HERE, begins=20),
                   "elsewhere": lambda: authority.sign("broker", "elsewhere", "DNS:elsewhere.example")}[case]()
    good = broker.folder / "good.crt", broker.folder / "good.key"
    (broker.folder / "broker.crt").rename(good[0])
    (broker.folder / "broker.key").rename(good[1])
    broker.stop()
    broker.use(certificate)
    broker.start()
    station = stations(*by_password(broker))
    check_refused(station, "TLS failed (certificate verify failed)",
                  {"expired": "expired on", "early": "check the clocks"}.get(case, "[mqtt] ca_file"))
    assert "stipple:clinic:chair-1" not in (broker.folder / "broker.log").read_text(), "said nothing to it"
    broker.stop()
    broker.use(good)
    station.telemetry.send_signal(signal.SIGSTOP)  # nothing is to arrive before somebody listens
    dashboard.subscribed = False
    broker.start()
    wait_for(lambda: dashboard.subscribed, "the subscription", 3 * harness.PATIENCE_S)
    station.telemetry.send_signal(signal.SIGCONT)
    dashboard.check_arrived(station)


# ---- who may say what ----

def publish(broker, user, topic, message):
    """Publishes one message, QoS 1; what went wrong, or ""."""
    return subprocess.run(
        ["mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.password), "--cafile",
         broker.folder / "ca.crt", "-u", user, "-P", f"{user}-secret", "-q", "1", "-t", topic, "-m", message],
        check=True, capture_output=True, text=True, timeout=harness.PATIENCE_S).stderr


def channels():
    text = (harness.SOURCE / "docs/stipple-mqtt.asyncapi.yaml").read_text()
    return [channel["address"].replace("{clinic}", "clinic").replace("{zone}", "crown")
            for channel in yaml.safe_load(text)["channels"].values()]


def test_station_writes_its_own_topics_only(broker, dashboard):
    for topic in channels():
        assert publish(broker, "chair-2", topic.replace("{station}", "chair-1"), '"forged"')
        assert publish(broker, "chair-2", topic.replace("{station}", "chair-2"), '"mine"') == ""
    assert publish(broker, "chair-2", "stipple/v1/other/chair-2/state", '"forged"')
    assert publish(broker, "chair-2", "stipple/v1/clinic/chair-2/command", '"forged"')
    assert publish(broker, "chair-2", "elsewhere", '"forged"')
    wait_for(lambda: len(dashboard.messages) >= len(channels()), "its own messages")
    assert {m for _, m, _ in dashboard.messages} == {"mine"}


def test_dashboard_writes_nothing(broker, dashboard):
    for topic in channels():
        assert publish(broker, "dashboard", topic.replace("{station}", "chair-1"), '"forged"')
        assert publish(broker, "dashboard", topic.replace("{station}", "dashboard"), '"forged"')
    assert publish(broker, "chair-1", "stipple/v1/clinic/chair-1/alert", '"last"') == ""
    wait_for(lambda: dashboard.messages, "the last message")
    assert [m for _, m, _ in dashboard.messages] == ["last"]


def test_station_reads_nothing(broker, dashboard):
    spy = subscribe(broker, user="chair-2", password="chair-2-secret")
    assert publish(broker, "chair-1", "stipple/v1/clinic/chair-1/alert", '"secret"') == ""
    assert publish(broker, "chair-2", "stipple/v1/clinic/chair-2/alert", '"secret"') == ""
    wait_for(lambda: len(dashboard.messages) == 2, "the messages")
    spy.client.publish("stipple/v1/clinic/chair-2/alert", '"last"', qos=1)
    wait_for(lambda: len(dashboard.messages) == 3, "the spy's own message, after all it could have been sent")
    assert spy.messages == []
    spy.close()


def test_nobody_gets_in_without_a_name(broker):
    attempt = subprocess.run(
        ["mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.password), "--cafile",
         broker.folder / "ca.crt", "-t", "stipple/v1/clinic/chair-1/state", "-m", "forged"],
        capture_output=True, text=True, timeout=harness.PATIENCE_S)
    assert attempt.returncode != 0 and "ot authori" in attempt.stderr


def test_station_under_anothers_name_is_refused(broker, stations, dashboard):
    """Its last will alone would forge the other's state."""
    station = stations(*by_password(broker, "chair-2"))
    check_refused(station, "refuses the station", "access list for stipple/v1/clinic/chair-1/#")
    assert dashboard.messages == []
