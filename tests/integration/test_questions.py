# SPDX-License-Identifier: Apache-2.0
"""What a client is asked: the protocol's questions and the profile's; and no yes that stopped the treatment becomes a no in silence."""

import html
import json
import subprocess

import dbus
import pytest

from harness import ADMINISTRATOR, BUILD, PATIENCE_S, SOURCE
from test_people import files_with, hashes

CTL = BUILD / "ctl/stipplectl"
LAW = ("pregnancy herpes-at-site diabetes latex-allergy antibiotic-allergy bleeding-disorder heart-valve-disease medication "
       "bloodborne-risk").split()
SUPERVISOR = ("s1", "2222")


def ctl(station, *words, pin=None):
    done = subprocess.run([CTL, "--bus", station.address, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=PATIENCE_S, env={"STIPPLE_TOKEN": str(station.token)}, input=pin)
    return done.returncode, done.stdout + done.stderr


def asked(station):
    """Each question by its name."""
    return {str(q["question"]): {str(key): value for key, value in q.items()}
            for q in station.call("Session1", "Questions")["questions"]}


def answer(station, *yes):
    station.call("Session1", "AnswerScreening", answers(station, *yes))


def answers(station, *yes):
    return dbus.Dictionary(station.screening() | dict.fromkeys(yes, True), signature="sb")


def refused_answers(station, *yes):
    return station.refused("Session1", "AnswerScreening", answers(station, *yes))


def stops(station):
    return next((str(text) for name, text, _ in station.call("Session1", "Refusals") if name == "screening"), "")


def change(station, question, reason="misheard", pin=SUPERVISOR[1]):
    return station.record("Session1", "screening.changed", pin, question=question, reason=reason)


def refused_change(station, question, pin=SUPERVISOR[1], **fields):
    return station.refused("Session1", "Record", "screening.changed",
                           dbus.Dictionary({"question": question, "reason": "misheard"} | fields, signature="sv"), pin)


def become(station, badge, pin):
    station.call("Station1", "Logout")
    station.sign_in(badge, pin)


def supervise(station):
    become(station, *SUPERVISOR)


def begin_anew(station, subject="P-42"):
    station.call("Session1", "Abandon", "begins anew")
    station.begin(subject)


@pytest.fixture
def chair(station):
    """A session of P-42; a technician is signed in, and a supervisor is enrolled."""
    station.enrol()
    station.enrol(*SUPERVISOR, "supervisor,technician")
    station.sign_in()
    station.begin("P-42")
    return station


# ---- what is asked ----

def test_the_profile_completes_the_protocol(chair):
    questions = asked(chair)
    assert list(questions) == list(chair.screening()), "the protocol's in its order, then the law's in its order"
    assert [name for name, q in questions.items() if q["asked_by"] == "profile"] == LAW
    assert questions["pregnancy"]["text"] == "Are you pregnant?" and questions["pregnancy"]["yes"] == "refuses"
    assert questions["diabetes"]["yes"] == "physician" and questions["eczema"]["yes"] == "notes"
    protocol = [q for q in chair.screening() if q not in LAW]
    name, text = chair.refused("Session1", "AnswerScreening", dbus.Dictionary({q: False for q in protocol}, signature="sb"))
    assert name == "Screening" and text == f"the screening question \"pregnancy\" is not answered: answer all {len(questions)} with yes or no"
    assert "not complete" in stops(chair) and not chair.get("Session1", "ScreeningDone")
    answer(chair)
    assert stops(chair) == "" and chair.get("Session1", "ScreeningDone")
    row, = chair.audit("records", kind="session.screening")
    assert row["body"]["asked"] == list(questions)


def test_the_tool_lists_what_is_asked(chair):
    status, text = ctl(chair, "session", "questions")
    names = [line.split()[0] for line in text.splitlines()]
    assert status == 0 and names == list(chair.screening()) and "Have you diabetes?" in text
    status, text = ctl(chair, "session", "questions", "--json")
    assert status == 0 and [q["question"] for q in json.loads(text)["questions"]] == names
    status, text = ctl(chair, "session", "screening", *[f"{name}=no" for name in names])
    assert (status, text) == (0, "")


def test_questions_need_a_session_and_somebody(station):
    station.enrol()
    assert station.refused("Session1", "Questions")[0] == "NotSignedIn"
    station.sign_in()
    assert station.refused("Session1", "Questions")[0] == "WrongState"


def test_a_profile_asks_nothing_without_words(station):
    folder = station.folder / "profiles"
    folder.mkdir()
    text = (SOURCE / "configs/profiles/us-ca.conf").read_text()
    (folder / "odd.conf").write_text(text.replace("questions = pregnancy,", "questions = pregnancy, shoe-size,"))
    station.stop()
    config = station.config.read_text().replace(f"{SOURCE}/configs/profiles", str(folder))
    station.config.write_text(config.replace("station = chair-1", "station = chair-1\nprofile = odd"))
    station.start()
    reason = next(str(text) for name, text, _ in station.call("Session1", "Refusals") if name == "configuration")
    assert "\"shoe-size\" is no question that has words: stipple-profile(5) lists" in reason


# ---- a yes that stops ----

def test_a_yes_cannot_be_taken_back_in_silence(chair):
    answer(chair, "keloids", "eczema")
    assert stops(chair).startswith("the screening answers rule the treatment out (keloids): abandon the session, or let a supervisor")
    name, text = refused_answers(chair, "eczema")
    assert name == "Screening" and text.startswith("\"keloids\" was answered with yes in this session: if it is no, let a supervisor change")
    # a yes again is no change, and what was only noted may change
    answer(chair, "keloids")
    assert refused_change(chair, "keloids", "4711")[0] == "RoleMissing"
    supervise(chair)
    assert refused_change(chair, "keloids", "4711")[0] == "SignInRefused"
    assert refused_change(chair, "keloids", reason="")[0] == "InvalidArgument"
    name, text = refused_change(chair, "eczema")
    assert name == "Unknown" and text.startswith("the client has not answered \"eczema\" with yes so that it stopped the treatment")
    assert "rule the treatment out" in stops(chair)
    change(chair, "keloids", "a scar of an operation")
    assert stops(chair) == ""
    row, = chair.audit("records", kind="screening.changed")
    assert row["actor"] == "s1" and {**row["body"], **row["words"]}.items() >= {
        "session": 1, "question": "keloids", "was": True, "answer": False, "answered_in": 1, "reason": "a scar of an operation",
        "signed": "this answer was yes and is no"}.items()
    assert refused_change(chair, "keloids")[0] == "Unknown", "it is changed already"
    assert asked(chair)["keloids"]["today"] == False  # noqa: E712 (a dbus.Boolean)
    answer(chair)
    assert stops(chair) == ""
    # the old value stays on record
    assert [row["words"]["answers"]["keloids"] for row in chair.audit("records", kind="session.screening")] == [True, True, False]


def test_nobody_sets_a_screening_aside(chair):
    answer(chair, "keloids")
    supervise(chair)
    assert chair.refused("Session1", "Record", "interlock.overridden", dbus.Dictionary(
        {"interlock": "screening", "reason": "in a hurry"}, signature="sv"), SUPERVISOR[1])[0] == "InvalidArgument"


def test_a_physicians_note_lifts_what_needs_one(chair):
    answer(chair, "diabetes", "keloids")
    change_pin = SUPERVISOR[1]
    note = {"question": "diabetes", "physician": "Dr. Quexington, 555 0199", "written": "2026-11-01"}
    name, text = chair.refused("Session1", "Record", "physician.cleared", dbus.Dictionary(
        note | {"question": "keloids"}, signature="sv"), "4711")
    assert name == "InvalidArgument" and "rules the treatment out, whatever a physician says" in text
    name, text = chair.refused("Session1", "Record", "physician.cleared", dbus.Dictionary(
        note | {"question": "epilepsy"}, signature="sv"), "4711")
    assert name == "InvalidArgument" and "needs a physician's note now" in text
    supervise(chair)
    change(chair, "keloids")
    assert stops(chair).startswith("the screening answers need a physician's note (diabetes): enter the note")
    chair.record("Session1", "physician.cleared", change_pin, **note)
    assert stops(chair) == ""
    # not for the next answers, and a no is no way around it
    assert refused_answers(chair)[0] == "Screening"
    answer(chair, "diabetes")
    assert "(diabetes)" in stops(chair)


# ---- the next session ----

def test_beginning_anew_gets_rid_of_no_yes(chair):
    answer(chair, "keloids", "pregnancy", "eczema")
    begin_anew(chair)
    questions = asked(chair)
    assert (questions["keloids"]["last"], questions["keloids"]["last_session"], questions["keloids"]["yes_since_session"]) == (True, 1, 1)
    assert "today" not in questions["keloids"] and "yes_since_session" not in questions["eczema"]
    name, text = refused_answers(chair)
    assert name == "Screening" and "answered with yes in session 1 on " in text
    begin_anew(chair)
    # nor does a session in which nobody answered
    assert refused_answers(chair, "pregnancy")[1].startswith("\"keloids\" was answered with yes in session 1")
    assert refused_answers(chair, "keloids")[1].startswith("\"pregnancy\" was answered with yes in session 1"), "for a day"
    supervise(chair)
    change(chair, "keloids", "a physician looked at it")
    change(chair, "pregnancy", "another person was meant")
    answer(chair)
    assert stops(chair) == ""
    last = chair.audit("records", kind="session.screening")[-1]
    assert last["words"]["before"] == {"keloids": True, "pregnancy": True, "eczema": True} and last["body"]["before_session"] == 1
    assert [row["body"]["answered_in"] for row in chair.audit("records", kind="screening.changed")] == [1, 1]
    status, text = ctl(chair, "session", "questions")
    assert status == 0 and text.count("last session: yes, today: no") == 3
    # it is settled for good
    begin_anew(chair)
    answer(chair)
    assert "before" not in chair.audit("records", kind="session.screening")[-1]["words"]


def test_another_client_has_other_answers(chair):
    answer(chair, "keloids")
    begin_anew(chair, "P-43")
    assert "last" not in asked(chair)["keloids"]
    answer(chair)
    supervise(chair)
    assert refused_change(chair, "keloids")[0] == "Unknown"


def test_a_passing_yes_passes_after_a_day(chair):
    answer(chair, "pregnancy", "keloids")
    chair.call("Session1", "Abandon", "for another day")
    chair.pass_days(2)
    chair.sign_in()
    chair.begin("P-42")
    questions = asked(chair)
    assert questions["pregnancy"]["last"] and "yes_since_session" not in questions["pregnancy"]
    assert questions["keloids"]["yes_since_session"] == 1
    answer(chair, "keloids")
    assert chair.audit("records", kind="session.screening")[-1]["words"]["before"] == {"pregnancy": True}


# ---- at the same time, and killed between ----

def test_a_screening_while_another_is_changed(chair):
    """Whatever comes first, a yes is followed by a no only if a supervisor said so."""
    answer(chair, "keloids")
    supervise(chair)
    no = [chair.start_call("Session1", "AnswerScreening", answers(chair)) for _ in range(20)]
    changed = chair.start_call("Session1", "Record", "screening.changed",
                               dbus.Dictionary({"question": "keloids", "reason": "misheard"}, signature="sv"), SUPERVISOR[1])
    no += [chair.start_call("Session1", "AnswerScreening", answers(chair)) for _ in range(20)]
    assert changed.wait().error is None
    taken = sum(pending.wait().error is None for pending in no)
    rows = [row for row in chair.audit("records") if row["kind"] in ("session.screening", "screening.changed")]
    kinds = [(row["kind"], row["words"].get("answers", {}).get("keloids")) for row in rows]
    assert kinds[0] == ("session.screening", True) and kinds[1][0] == "screening.changed", kinds
    assert all(kind == ("session.screening", False) for kind in kinds[2:])
    assert len(kinds) == 2 + taken


def test_a_kill_between_keeps_what_stops(chair):
    answer(chair, "keloids", "diabetes")
    chair.kill()
    chair.start()
    chair.sign_in()
    assert "(keloids)" in stops(chair) and refused_answers(chair)[0] == "Screening"
    supervise(chair)
    change(chair, "keloids")
    chair.kill()
    chair.start()
    chair.sign_in(*SUPERVISOR)
    assert "need a physician's note (diabetes)" in stops(chair)
    chair.record("Session1", "physician.cleared", SUPERVISOR[1], question="diabetes", physician="Dr. X")
    chair.kill()
    chair.start()
    chair.sign_in(*SUPERVISOR)
    assert stops(chair) == ""


# ---- on the report ----

def page(station, session, folder):
    file = folder / "session.html"
    status, text = ctl(station, "report", str(session), "-o", str(file))
    assert status == 0, text
    return html.unescape(file.read_text())


def test_the_report_tells_both_answers(chair, tmp_path):
    """Who changed which answer, when and why; once it is erased, that it was."""
    answer(chair, "keloids", "diabetes")
    begin_anew(chair)
    supervise(chair)
    change(chair, "keloids", "a scar of an operation")
    answer(chair, "diabetes", "eczema")
    chair.record("Session1", "physician.cleared", SUPERVISOR[1], question="diabetes", physician="Dr. Quexington")
    told = page(chair, 2, tmp_path)
    for sentence in ("18 questions; answered with yes: Diabetes, Eczema.", "Keloids: last session: yes, today: no.",
                     "Eczema: last session: no, today: yes.", "Keloids: answered with yes in session 1, then with no; changed by Ada Example on ",
                     ": a scar of an operation.", "Diabetes: a physician's note (Dr. Quexington) was seen by Ada Example on "):
        assert sentence in told, sentence
    chair.call("Session1", "Abandon", "done")
    with chair.administrator():
        chair.record("Station1", "personal.erased", ADMINISTRATOR[2], subject="P-42", reason="asked for it", despite="they insist")
    told = page(chair, 2, tmp_path)
    for sentence in ("18 questions were answered; the answers were erased.",
                     "An answer (erased): answered with yes in session 1, then with no; changed by Ada Example on ", ": erased."):
        assert sentence in told, sentence
    assert not any(word in told for word in ("Keloids", "Eczema", "Quexington", "an operation"))


# ---- erased, and the proofs stay ----

def test_answers_are_erased_and_the_proofs_stay(chair):
    answer(chair, "keloids")
    supervise(chair)
    change(chair, "keloids", "Zyxmarker of the reason")
    answer(chair, "diabetes")
    chair.record("Session1", "physician.cleared", SUPERVISOR[1], question="diabetes", physician="Dr. Quexington")
    chair.call("Session1", "Abandon", "done")
    before = hashes(chair)
    leaves = b"".join(leaf for _, leaf, _ in before)
    assert not any(word in leaves for word in (b"Zyxmarker", b"Quexington", b"\"question\"")), "no leaf has any of it"
    with chair.administrator():
        chair.record("Station1", "personal.erased", ADMINISTRATOR[2], subject="P-42", reason="asked for it", despite="they insist")
    changed, = chair.audit("records", kind="screening.changed")
    assert (changed["body"]["was"], changed["body"]["answer"]) == (True, False) and not changed["words"]
    chair.stop()
    assert not files_with(chair, "Zyxmarker") and not files_with(chair, "Quexington")
    assert hashes(chair)[:len(before)] == before
