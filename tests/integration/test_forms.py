# SPDX-License-Identifier: Apache-2.0
"""What people enter into the record beside the steps of a session."""

import dbus
import pytest

import harness

LIVE_SUPPORT = {"badge": "b1001", "certificate": "bloodborne pathogens", "issuer": "Institute", "expiry": "2031-05-31"}


def refused(station, kind, interface="Station1", pin="", **fields):
    return station.refused(interface, "Record", kind, dbus.Dictionary(fields, signature="sv"), pin)


@pytest.fixture
def managed(station):
    station.enrol()
    station.enrol("s1", "2222", "supervisor")
    station.sign_in("s1", "2222")
    return station


def test_every_form_is_described(station):
    for interface in ("Station1", "Inventory1", "Session1"):
        for kind, _, roles, _, fields in station.get(interface, "Forms"):
            assert set(roles.split()) <= {"technician", "supervisor", "auditor", "administrator"}, kind
            for name, _, kind_of_value, choices in fields:
                assert name and kind_of_value in ("text", "date", "time", "count", "number", "boolean", "object", "list")
                assert not choices or kind_of_value == "text"


def test_needs_somebody_of_the_role(station):
    station.enrol()
    assert refused(station, "operator.certified", **LIVE_SUPPORT)[0] == "NotSignedIn"
    station.sign_in()
    name, text = refused(station, "operator.certified", **LIVE_SUPPORT)
    assert name == "RoleMissing" and "supervisor" in text


def test_fields_are_checked(managed):
    certified = "operator.certified"
    assert refused(managed, "no.such")[0] == "Unknown"
    assert refused(managed, certified, interface="Inventory1", **LIVE_SUPPORT)[0] == "Unknown"
    for changed in ({"expiry": "soon"}, {"colour": "red"}, {"certificate": ""}, {"certificate": "a\nb"},
                    {"certificate": "x" * 501}, {"badge": dbus.UInt32(1)}):
        assert refused(managed, certified, **{**LIVE_SUPPORT, **changed})[0] == "InvalidArgument", changed
    missing = dict(LIVE_SUPPORT)
    del missing["issuer"]
    assert "issuer" in refused(managed, certified, **missing)[1]
    name, text = refused(managed, certified, **{**LIVE_SUPPORT, "badge": "b9"})
    assert name == "Unknown" and "b9" in text
    assert [r["body"]["badge"] for r in managed.audit("records", kind=certified)] == ["b1001"]


def test_a_lapsed_certificate_bars_treating_until_it_is_renewed(station):
    station.prepare()
    station.enrol("s1", "2222", "supervisor")
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    assert station.record("Station1", "operator.certified", **{**LIVE_SUPPORT, "expiry": "2020-01-31"}) > 0
    station.call("Station1", "Logout")
    station.sign_in()
    assert station.refused("Session1", "Arm")[0] == "CertificationLapsed"
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    station.record("Station1", "operator.certified", **LIVE_SUPPORT)
    station.call("Station1", "Logout")
    station.sign_in()
    station.call("Session1", "Arm")
    row, = station.audit("certifications", badge="b1001")
    assert row["expiry"] == "2031-05-31"


def test_who_never_had_the_certificate_treats_nobody(station):
    station.wait_board()
    with station.administrator():
        station.call("Station1", "Enrol", "b1001", "Ada Example", "4711", "technician")
    station.prepare(enrol=False)
    name, text = station.refused("Session1", "Arm")
    assert name == "CertificationLapsed" and 'no certificate "bloodborne pathogens" on record' in text
    with station.administrator():
        station.certify("b1001", "bbp training")
    assert '("bbp training" is another)' in station.refused("Session1", "Arm")[1]
    gap, = station.audit("check", rule="operator-certificate")
    assert gap["subject"] == "operator b1001" and "on record: bbp training" in gap["missing"]
    with station.administrator():
        station.certify("b1001", "Bloodborne Pathogens")
    station.call("Session1", "Arm")
    assert station.audit("check", rule="operator-certificate") == []


def test_a_lapsed_certificate_is_known_after_a_restart(station):
    station.prepare()
    station.enrol("s1", "2222", "supervisor")
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    station.record("Station1", "operator.certified", **{**LIVE_SUPPORT, "expiry": "2020-01-31"})
    station.stop()
    station.start()
    station.sign_in()
    harness.wait_for(lambda: "certification" in [r[0] for r in station.call("Session1", "Refusals")], "the interlock")
