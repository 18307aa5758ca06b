# SPDX-License-Identifier: Apache-2.0
"""Setting up a clinic, and how stations join it: a code is good once, for an hour, and for one pair of keys."""

import base64
import json
import re
import signal
import stat
import subprocess
import threading
import uuid

import pytest
from clinic_setup import Clinic, Joiner, printed_code
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@pytest.fixture
def clinic(tmp_path, postgres):
    postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    made = Clinic(tmp_path / "clinic", postgres)
    done = made.set_up()
    assert done.returncode == 0, done.stderr
    made.start()
    yield made
    if made.process:
        postgres.signal(signal.SIGCONT)
        made.stop()


def detail(answer):
    status, problem = answer
    assert problem["status"] == status and problem["title"] and problem["detail"]
    return status, problem["title"]


def common_name(certificate):
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def ask_boot(joiner):
    return joiner.log.client.post_json("/registry/hold", request=str(uuid.uuid4()), lot="L1", units=[str(uuid.uuid4())])


# ---- setup ----

def test_setup_makes_all_once_with_narrow_modes(clinic):
    names = {"authority.pem", "authority.key", "server.pem", "server.key", "mirror.key", "witness.key", "registry.key",
             "recovery.code"}
    # the last one where libcrypto knows the algorithm
    assert {path.name for path in clinic.keys.iterdir()} - {"mirror-ml-dsa.key"} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in clinic.keys.iterdir()} == {0o600}
    assert stat.S_IMODE(clinic.keys.stat().st_mode) == 0o700 and stat.S_IMODE(clinic.config.stat().st_mode) == 0o640
    before = {path.name: path.read_bytes() for path in clinic.keys.iterdir()}
    again = clinic.set_up()
    assert again.returncode == 1 and "never overwritten" in again.stderr
    clinic.config.rename(clinic.config.with_suffix(".away"))  # the keys alone are kept as well
    again = clinic.set_up()
    assert again.returncode == 1 and "nothing is overwritten" in again.stderr
    assert {path.name: path.read_bytes() for path in clinic.keys.iterdir()} == before
    clinic.config.with_suffix(".away").rename(clinic.config)


def test_setup_needs_a_host_and_a_known_user(tmp_path, postgres):
    made = Clinic(tmp_path / "clinic", postgres)
    for host in ("", "a b", "x/y"):
        done = made.set_up(host)
        assert done.returncode == 1 and "--host" in done.stderr
    done = made.command("--host", "h", "--keys", made.keys, "--user", "nobody-of-this-name", "setup")
    assert done.returncode == 1 and "no user" in done.stderr and not made.keys.exists()


@pytest.mark.parametrize("host", ["clinic.example", "192.0.2.7", "2001:db8::7"])
def test_the_servers_certificate_is_for_its_host(tmp_path, postgres, host):
    made = Clinic(tmp_path / "clinic", postgres)
    assert made.set_up(host).returncode == 0
    server, authority = (x509.load_pem_x509_certificate((made.keys / name).read_bytes()) for name in ("server.pem", "authority.pem"))
    subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", made.keys / "authority.pem", made.keys / "server.pem"],
                   check=True, stdout=subprocess.DEVNULL)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == [host]
    assert list(server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert made.command("keys").returncode == 0


# ---- joining ----

def test_a_station_joins_and_is_answered(clinic, postgres):
    invited = clinic.command("invite", "chair-1")
    code = printed_code(invited.stdout)
    assert f"https://localhost:{clinic.port} {code}" in invited.stdout and clinic.fingerprint() in invited.stdout
    chair = Joiner(clinic, "chair-1")
    status, answer = chair.join(code)
    assert status == 200 and answer["name"] == "chair-1", answer
    keys = clinic.command("keys").stdout
    assert answer["registry_key"] in keys and answer["mirror_key"] in keys
    assert answer["ca"] == (clinic.keys / "authority.pem").read_text()
    certificate = chair.take(answer)
    assert common_name(certificate) == "chair-1"
    lasts = certificate.not_valid_after - certificate.not_valid_before
    assert 30 <= lasts.days <= 31
    assert ask_boot(chair)[0] == 200
    leaf = json.loads(bytes.fromhex(postgres.ask("SELECT encode(leaf, 'hex') FROM registry_leaf WHERE seq = 0")))
    assert (leaf["kind"], leaf["station"], leaf["name"], leaf["key"]) == (
        "station.enrolled", "stipple/clinic/chair-1", "chair-1", chair.log.key.public())
    assert uuid.UUID(leaf["request"]) and leaf["utc"].endswith("Z")
    # nothing that opens the door is kept
    assert code.replace("-", "")[3:13] not in postgres.ask("SELECT * FROM invitation")
    listed = json.loads(clinic.command("--json", "stations").stdout)
    assert [(row["name"], row["state"], row["holds"]) for row in listed] == [("chair-1", "active", 1)]
    assert "chair-1" in clinic.command("stations").stdout


def test_an_answer_that_was_lost_is_given_again(clinic, postgres):
    code, chair = clinic.invite("chair-1")["code"], Joiner(clinic, "chair-1")
    first = chair.join(code)
    assert first[0] == 200
    assert chair.join(code.lower().replace("-", " ")) == first  # a request signed anew, for the same key
    assert detail(chair.join(code, csr=chair.request(ec.generate_private_key(ec.SECP256R1())))) == (403, "Code used")
    assert detail(Joiner(clinic, "chair-2", chair.key).join(code)) == (403, "Code used")  # another log
    assert postgres.ask("SELECT count(*) FROM station") == "1" and postgres.ask("SELECT size FROM registry") == "1"
    assert postgres.ask("SELECT count(*) FROM certificate") == "1"


def test_of_many_at_once_one_joins(clinic, postgres):
    code = clinic.invite("chair-1")["code"]
    chairs = [Joiner(clinic, f"card-{i}") for i in range(8)]
    statuses = []
    threads = [threading.Thread(target=lambda chair=chair: statuses.append(chair.join(code)[0])) for chair in chairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [403] * 7
    assert postgres.ask("SELECT name FROM station") == "chair-1"


def changed(code, at):
    """The code with another secret at one place, and the check characters that belong to it."""
    signs, plain = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", code.replace("-", "")

    def times(a, b):
        product = 0
        while b:
            product ^= a if b & 1 else 0
            a, b = (a << 1) ^ (0x25 if a & 16 else 0), b >> 1
        return product & 31
    data = [signs.index(sign) for sign in plain[:-2]]
    data[at] ^= 1
    high = low = 0
    for value in data:
        feed = value ^ high
        high, low = low ^ times(feed, 3), times(feed, 2)
    return "".join(signs[value] for value in [*data, high, low])


def test_five_wrong_codes_lock_the_right_one(clinic, postgres):
    code, chair = clinic.invite("chair-1")["code"], Joiner(clinic, "chair-1")
    for at in range(3, 7):
        assert detail(chair.join(changed(code, at))) == (403, "Unknown code")
    assert postgres.ask("SELECT wrong FROM invitation") == "4"
    assert detail(chair.join(changed(code, 8))) == (403, "Unknown code")
    assert detail(chair.join(code)) == (403, "Code locked")
    assert postgres.ask("SELECT count(*) FROM station") == "0"
    assert chair.join(clinic.invite("chair-1")["code"])[0] == 200


def test_a_code_expires_and_a_mistyped_one_costs_no_try(clinic, postgres):
    code, chair = clinic.invite("chair-1")["code"], Joiner(clinic, "chair-1")
    for typed in ("", "AAAAA", code[:-1], code + "A", code[1] + code[0] + code[2:] if code[0] != code[1] else "A"):
        assert detail(chair.join(typed)) == (400, "Mistyped code")
    assert postgres.ask("SELECT wrong FROM invitation") == "0"
    postgres.ask("UPDATE invitation SET expires = now() - interval '1 second'")
    assert detail(chair.join(code)) == (403, "Unknown code")
    assert postgres.ask("SELECT count(*) FROM station") == "0"


def test_only_the_key_of_a_request_is_taken(clinic):
    chair = Joiner(clinic, "chair-1")
    code = clinic.invite("chair-1")["code"]
    wishes = [x509.BasicConstraints(True, 3), x509.SubjectAlternativeName([x509.DNSName("localhost")]),
              x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])]
    status, answer = chair.join(code, csr=chair.request(subject="chair-9", extensions=wishes))
    assert status == 200
    certificate = chair.take(answer)
    assert common_name(certificate) == "chair-1"
    kinds = {extension.oid._name: extension.value for extension in certificate.extensions}
    assert "subjectAltName" not in kinds and not kinds["basicConstraints"].ca
    assert list(kinds["extendedKeyUsage"]) == [ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize("make", [lambda: rsa.generate_private_key(65537, 2048), lambda: ec.generate_private_key(ec.SECP384R1())])
def test_other_kinds_of_keys_are_refused(clinic, make):
    chair = Joiner(clinic, "chair-1")
    code = clinic.invite("chair-1")["code"]
    assert detail(chair.join(code, csr=chair.request(make()))) == (400, "Bad key")
    edwards = Joiner(clinic, "chair-1", ed25519.Ed25519PrivateKey.generate())
    status, answer = edwards.join(code)
    assert status == 200
    edwards.take(answer)
    assert ask_boot(edwards)[0] == 200


def test_a_request_that_its_key_did_not_sign_is_refused(clinic):
    chair, code = Joiner(clinic, "chair-1"), clinic.invite("chair-1")["code"]
    request = x509.load_pem_x509_csr(chair.request().encode())
    der = bytearray(request.tbs_certrequest_bytes)
    at = bytes(der).index(b"anything")
    signed = bytearray(request.public_bytes(serialization.Encoding.DER))
    where = bytes(signed).index(bytes(der)) + at
    signed[where] ^= 1
    pem = "-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(signed).decode() + "-----END CERTIFICATE REQUEST-----\n"
    assert detail(chair.join(code, csr=pem)) == (400, "Bad key")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"code": 7, "csr": null}', b"\xff" * 100, b'{"code": "' + b"A" * 40000 + b'"}'])
def test_garbage_is_refused(clinic, body):
    status, kind, answer = clinic.client().post("/enrol", body, Content_Type="application/json")
    assert status == 400 and kind == "application/problem+json" and json.loads(answer)["detail"]


def test_whoever_has_no_certificate_sends_little(clinic):
    status, _, answer = clinic.client().post("/enrol", b"A" * 200000, Content_Type="application/json")
    assert status == 413, answer
    assert clinic.client().post("/renew", b"{}", Content_Type="application/json")[0] == 401


def test_who_asks_too_often_waits(clinic):
    statuses = [clinic.client().post("/enrol", b"{}", Content_Type="application/json")[0] for _ in range(22)]
    assert statuses == [400] * 20 + [429] * 2
    assert clinic.client().post("/enrol", None, "GET")[0] == 429


def test_the_authority_is_shown_without_a_certificate(clinic):
    status, kind, body = clinic.client().post("/enrol", None, "GET")
    assert (status, kind) == (200, "application/pem-certificate-chain")
    assert x509.load_pem_x509_certificate(body).fingerprint(hashes.SHA256()).hex() == clinic.invite("chair-1")["fingerprint"]


def test_a_database_that_hangs_is_asked_again(clinic, postgres):
    code, chair = clinic.invite("chair-1")["code"], Joiner(clinic, "chair-1")
    postgres.signal(signal.SIGSTOP)
    try:
        answer = chair.join(code)
    finally:
        postgres.signal(signal.SIGCONT)
    assert detail(answer) == (503, "Database away")
    assert chair.join(code)[0] == 200
    assert postgres.ask("SELECT count(*) FROM station") == "1"


# ---- renewing, replacing, revoking ----

def joined(clinic, name, card=None):
    chair = Joiner(clinic, card or name)
    status, answer = chair.join(clinic.invite(name)["code"])
    assert status == 200, answer
    chair.take(answer)
    return chair


def test_a_station_renews_by_itself(clinic):
    chair = joined(clinic, "chair-1")
    fresh = Joiner(clinic, "chair-1")
    status, answer = chair.log.client.post_json("/renew", csr=fresh.request())
    assert status == 200
    assert common_name(fresh.take(answer)) == "chair-1"
    assert ask_boot(fresh)[0] == 200 and ask_boot(chair)[0] == 200
    assert detail(chair.log.client.post_json("/renew", csr="x")) == (400, "Bad key")


def test_days_are_configurable(clinic):
    clinic.stop()
    clinic.configure("[server]\naddress = 127.0.0.1\n[authority]\ndays = 2\n")
    clinic.start()
    chair = Joiner(clinic, "chair-1")
    certificate = chair.take(chair.join(clinic.invite("chair-1")["code"])[1])
    assert (certificate.not_valid_after - certificate.not_valid_before).days in (2, 3)


def test_a_revoked_station_is_answered_nothing(clinic, postgres):
    chair = joined(clinic, "chair-1")
    assert ask_boot(chair)[0] == 200
    done = clinic.command("revoke", "chair-1")
    assert done.returncode == 0, done.stderr
    assert detail(ask_boot(chair)) == (403, "Revoked")
    assert detail(chair.log.client.post_json("/renew", csr=chair.request())) == (403, "Revoked")
    assert postgres.ask("SELECT count(*) FROM unit WHERE written_off IS NULL") == "0"
    leaf = json.loads(bytes.fromhex(postgres.ask("SELECT encode(leaf, 'hex') FROM registry_leaf ORDER BY seq DESC LIMIT 1")))
    assert (leaf["kind"], leaf["station"]) == ("station.quarantined", "stipple/clinic/chair-1")
    assert clinic.command("revoke", "chair-9").returncode == 1


def test_a_replaced_station_takes_the_name_and_not_the_door(clinic, postgres):
    old = joined(clinic, "chair-1")
    refused = Joiner(clinic, "card-2").join(clinic.invite("chair-1")["code"])
    assert detail(refused) == (409, "Enrolled already") and "revoke" in refused[1]["detail"]
    clinic.command("revoke", "chair-1")
    new = joined(clinic, "chair-1", "card-2")
    assert ask_boot(new)[0] == 200
    assert detail(ask_boot(old)) == (403, "Revoked")  # its certificate has the same name
    rows = postgres.ask("SELECT name, origin, state FROM station ORDER BY station").split("\n")
    assert re.fullmatch(r"chair-1~\d+\|stipple/clinic/chair-1\|retired", rows[0])
    assert rows[1] == "chair-1|stipple/clinic/card-2|active"


def test_the_same_station_joins_again_with_a_new_key(clinic, postgres):
    chair = joined(clinic, "chair-1")
    again = Joiner(clinic, "chair-1")
    again.log = chair.log
    old_client = chair.log.client
    answer = again.join(clinic.invite("chair-1")["code"])
    assert answer[0] == 200
    again.take(answer[1])
    assert ask_boot(again)[0] == 200
    assert detail(old_client.post_json("/renew", csr=chair.request())) == (403, "Revoked")
    assert postgres.ask("SELECT count(*) FROM station") == "1"
    assert postgres.ask("SELECT count(*) FROM registry_leaf WHERE convert_from(leaf, 'UTF8') LIKE '%enrolled%'") == "1"


def test_a_log_that_is_known_by_another_name_is_refused(clinic):
    joined(clinic, "chair-1")
    assert detail(Joiner(clinic, "chair-1").join(clinic.invite("chair-2")["code"])) == (409, "Enrolled already")
    assert clinic.command("invite", "no such name").returncode == 1
