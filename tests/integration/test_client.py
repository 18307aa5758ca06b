# SPDX-License-Identifier: Apache-2.0
"""The client: the card, the recipe that is recalled, who may be treated, and what is left once it is erased."""

import datetime
import hashlib
import subprocess

import dbus
import pytest

from harness import ADMINISTRATOR, BUILD, NAME, PATIENCE_S, dispatch, wait_for
from test_people import files_with, hashes
from test_recovery import rest, work

CTL = BUILD / "ctl/stipplectl"
CARD = {"name": "Rosa Muster", "contact": "rosa@example.org", "birth_date": "1980-05-17", "id_kind": "passport", "hair": "dark-brown",
        "skin": "olive", "phototype": "III", "indication": "scar-fut", "second_indication": "pattern",
        "earlier_work": "tattooed at Quexington", "language": "es"}


def enter(station, kind, **fields):
    return station.record("Session1", kind, **fields)


def refusals(station):
    return {str(name): str(text) for name, text, _ in station.call("Session1", "Refusals")}


def shown(station, subject):
    return {str(key): value for key, value in station.call("Session1", "ShowClient", subject).items()}


def ctl(station, *words):
    done = subprocess.run([CTL, "--bus", station.address, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=PATIENCE_S, env={"STIPPLE_TOKEN": str(station.token)})
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def signed_in(station):
    station.enrol()
    station.sign_in()
    return station


def test_nobody_is_treated_who_is_not_registered(signed_in):
    signed_in.call("Session1", "BeginNew", "P-42", "scalp-density", dbus.UInt32(1))
    assert refusals(signed_in)["registration"] == \
        "client P-42 is not registered, which the profile asks for: register the client"
    assert "at least 18 years" in refusals(signed_in)["age"]
    assert signed_in.refused("Session1", "Record", "interlock.overridden", dbus.Dictionary(
        {"interlock": "registration", "reason": "in a hurry"}, signature="sv"), "4711")[0] in ("RoleMissing", "InvalidArgument")
    enter(signed_in, "subject.registered", subject="P-42", birth_date="1980-05-17")
    assert refusals(signed_in)["registration"].startswith("the card of client P-42 lacks the name, which the profile")
    assert "age" not in refusals(signed_in)
    enter(signed_in, "subject.changed", subject="p-42", name="Rosa Muster", why="left out")
    assert "registration" not in refusals(signed_in)


def birthday(years, days):
    """The birth date of somebody who was so many years old so many days ago."""
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=days)
    return (day.replace(month=2, day=28) if (day.month, day.day) == (2, 29) else day).replace(year=day.year - years).isoformat()


@pytest.mark.parametrize("days, refused", [(-1, "17 years old, and the profile lets nobody under 18 be treated"), (0, "")])
def test_a_minor_is_refused_whatever_the_parents_say(signed_in, days, refused):
    """California 119302(a); on the eighteenth birthday it is over."""
    signed_in.register("P-7", birth_date=birthday(18, days), guardian_form="2026-01-02")
    signed_in.begin("P-7")
    text = refusals(signed_in).get("age", "")
    assert refused in text and bool(text) == bool(refused)


def test_what_a_card_may_not_say(signed_in):
    for card, why in (({"birth_date": "2080-01-01"}, "birth_date lies in the future"),
                      ({"birth_date": "1980-13-40"}, "birth_date is no day"),
                      ({"birth_date": "1899-12-31"}, "birth_date is no day"),
                      ({"birth_date": "1980-05-17", "born": "1981"}, "of two years"),
                      ({"guardian_form": "2080-01-01"}, "guardian_form lies in the future"),
                      ({"hair": "green"}, "one of"), ({"indication": "vanity"}, "one of"), ({"id_kind": "P123456"}, "one of")):
        name, text = signed_in.refused("Session1", "Record", "subject.registered",
                                       dbus.Dictionary({"subject": "P-9"} | card, signature="sv"), "")
        assert name == "InvalidArgument" and why in text, card
        assert "1981" not in text and "2080" not in text and "1899" not in text, "a refusal quotes nothing of a card"
    name, text = signed_in.refused("Session1", "Record", "subject.described",
                                   dbus.Dictionary({"subject": "P-9", "hair": "red"}, signature="sv"), "")
    assert name == "Unknown" and "not registered" in text
    enter(signed_in, "subject.registered", subject="P-9")
    name, text = signed_in.refused("Session1", "Record", "subject.described", dbus.Dictionary({"subject": "P-9"}, signature="sv"), "")
    assert name == "InvalidArgument" and "says nothing new" in text
    name, text = signed_in.refused("Session1", "Record", "recipe.noted", dbus.Dictionary({"subject": "P-9"}, signature="sv"), "")
    assert name == "InvalidArgument" and "says nothing" in text
    assert signed_in.refused("Session1", "Record", "recipe.noted", dbus.Dictionary(
        {"subject": "P-9", "depth_um": "5000"}, signature="sv"), "")[1].startswith("depth_um must be 100 to 3000 um")


def test_card_and_recipe_come_back_at_the_next_visit(station):
    station.prepare(subject="P-42", register=False)
    station.call("Session1", "RemoveNeedle", "worn")
    enter(station, "subject.registered", subject="P-42", **CARD)
    enter(station, "recipe.noted", subject="P-42", zone="crown", pigment="Brand black-3 2:1 grey", needle="1RL 0.25", depth_um="700",
          remark="presses lightly")
    enter(station, "recipe.noted", subject="P-42", zone="crown", pigment="Brand black-3 3:1 grey", needle="1RL 0.25", depth_um="650")
    station.call("Session1", "Abandon", "done for today")
    enter(station, "subject.described", subject="P-42", hair="grey")
    card = shown(station, "p-42")
    assert {key: card[key] for key in CARD} == CARD | {"hair": "grey"}
    assert card["age"] >= 46 and card["subject"] == "P-42"
    noted = [recipe for recipe in card["recipes"] if recipe["source"] == "noted"]
    assert [(r["zone"], r["pigment"], r["depth_um"]) for r in noted] == [("crown", "Brand black-3 3:1 grey", 650)]
    answers = {a["question"]: bool(a["answer"]) for a in card["answers"]}
    assert answers["keloids"] is False and set(answers) == set(station.screening())
    # the access is on record, as an auditor's is
    assert [r["body"]["arguments"] for r in station.audit("records", kind="audit.read") if r["body"]["query"] == "client"] == [
        {"subject": "p-42"}]
    status, text = ctl(station, "subject", "show", "P-42")
    assert status == 0 and "Rosa Muster" in text and "scar-fut" in text and "3:1 grey" in text and "keloids no" in text
    status, text = ctl(station, "subject", "show", "P-99")
    assert status == 1 and "nobody is on record as P-99" in text


def test_what_was_used_is_recalled_by_zone(station):
    station.prepare(subject="P-42")
    work(station)
    rest(station)
    station.call("Session1", "Finish")
    station.call("Session1", "Sign", "4711", "done")
    used = [recipe for recipe in shown(station, "P-42")["recipes"] if recipe["source"] == "used"]
    assert [(r["zone"], r["pigment"], r["needle"]) for r in used] == [("crown", "Brand black-3, PG7", "1RL 0.25")]
    assert 100 < used[0]["depth_um"] < 3000 and used[0]["dots"] > 0


def test_the_language_is_that_of_the_open_sessions_client(signed_in):
    def language():
        return signed_in.get("Session1", "ClientLanguage")
    told = {}
    signed_in.connection.add_signal_receiver(lambda interface, values, gone: told.update(values), "PropertiesChanged",
                                             "org.freedesktop.DBus.Properties", NAME)
    signed_in.register("P-42", language="es")
    signed_in.register("P-43")
    assert language() == ""
    signed_in.begin("p-42")
    wait_for(lambda: language() == "es", "the card to be read")
    wait_for(lambda: dispatch() or told.get("ClientLanguage") == "es", "the panel to be told")
    enter(signed_in, "subject.described", subject="P-42", language="de")
    wait_for(lambda: dispatch() or language() == "de" == told.get("ClientLanguage"), "the change to be told")
    assert signed_in.refused("Session1", "Record", "subject.described", dbus.Dictionary(
        {"subject": "P-42", "language": "tlh"}, signature="sv"), "")[0] == "InvalidArgument"
    signed_in.call("Session1", "Abandon", "done")
    assert language() == ""
    signed_in.begin("P-43")
    assert language() == "", "another client's card says nothing of this one"


def test_a_stranger_sees_no_card(station):
    station.enrol()
    assert station.refused("Session1", "ShowClient", "P-1")[0] == "NotSignedIn"
    with station.administrator():
        assert station.refused("Session1", "ShowClient", "P-1")[0] == "RoleMissing"


def test_all_of_it_is_erased_and_the_proofs_stay(station):
    station.prepare(subject="P-42", register=False)
    enter(station, "subject.registered", subject="P-42", **CARD)
    enter(station, "subject.described", subject="P-42", phototype="IV", earlier_work="Zyxmarker")
    enter(station, "recipe.noted", subject="P-42", pigment="Brand black-3", remark="Zyxmarker of the recipe")
    station.call("Session1", "Abandon", "Zyxmarker of the end")
    before = hashes(station)
    told = ("Rosa Muster", "1980-05-17", "passport", "dark-brown", "scar-fut", "Quexington", "Zyxmarker", "\"keloids\":")
    assert all(files_with(station, text) for text in told), "of the questions the answers, not what everybody is asked"
    leaves = b"".join(leaf for _, leaf, _ in before)
    assert not any(text.encode() in leaves for text in told), "no leaf has any of it"
    with station.administrator():
        station.record("Station1", "personal.erased", ADMINISTRATOR[2], subject="P-42", reason="asked for it", despite="they insist")
    station.stop()
    assert not any(files_with(station, text) for text in told)
    assert hashes(station)[:len(before)] == before
    assert all(hashlib.sha256(b"\0" + leaf).digest() == hash for _, leaf, hash in hashes(station))
