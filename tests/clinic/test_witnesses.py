# SPDX-License-Identifier: Apache-2.0
"""Outside witnesses of a station's log: who cosigns, and what one that hangs, lies or knows another log cannot do."""

import contextlib
import pathlib
import sys

import pytest
from clinic_harness import Authority, wait_for
from station_harness import Daemon, FakeServer, Ledger, Registryd

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
from witness import Witness  # noqa: E402


@pytest.fixture
def world(tmp_path):
    """(ledger, daemon, start): start(text of the policy) starts the station's end and gives it."""
    authority = Authority(tmp_path / "ca")
    fake, ledger = FakeServer(authority), Ledger(tmp_path / "state")
    registryd = Registryd(tmp_path / "run", fake.port, authority, "chair-1", fake.registry.public(), fake.mirror.public(4),
                          tmp_path / "state")
    daemon = Daemon(tmp_path / "run", ledger.origin)

    def start(policy):
        (tmp_path / "policy").write_text(policy)
        registryd.config.write_text(registryd.config.read_text() + f"witnesses = {tmp_path}/policy\n")
        registryd.start()
        return registryd
    yield ledger, daemon, start
    daemon.close()
    registryd.stop()
    fake.close()
    ledger.close()


def cosigners(daemon):
    """Who cosigned the newest note that the daemon got, and its size."""
    if not daemon.notes:
        return set(), 0
    text, _, lines = daemon.notes[-1].partition("\n\n")
    return {line.split(" ")[1] for line in lines.splitlines()[1:]}, int(text.split("\n")[1])


def test_witnesses_add_to_what_the_mirror_cosigned(world):
    ledger, daemon, start = world
    n = ledger.append(300)
    good, wrong, hangs = (Witness(f"witness.example/{name}") for name in ("good", "wrong", "hangs"))
    wrong.wrong = True
    hangs.answer.clear()
    with contextlib.ExitStack() as served:
        lines = "".join(f"witness {i} {witness.key()} {served.enter_context(witness.serve())}\n"
                        for i, witness in enumerate((good, wrong, hangs)))
        registryd = start(lines + "quorum 0\n")
        daemon.report(mirrored=n, waiting=0)  # the mirror waits for none of them
        wait_for(lambda: good.asked and wrong.asked and hangs.asked, "all witnesses to be asked")
        assert not daemon.notes
        n2 = ledger.append(5)
        daemon.news()
        daemon.report(mirrored=n2, waiting=0)
        hangs.answer.set()
        wait_for(lambda: cosigners(daemon) == ({"clinic.example/mirror", good.name, hangs.name}, n), "the cosigned checkpoint")
        assert good.seen[ledger.origin][0] == n
        assert wrong.name in registryd.text() and "not by the key" in registryd.text()
        # who is known only from before says where it is, and the log goes on there
        registryd.kill()
        registryd.start()
        wait_for(lambda: cosigners(daemon) == ({"clinic.example/mirror", good.name, hangs.name}, n2), "the next checkpoint")
        assert good.seen[ledger.origin][0] == n2


def test_a_witness_that_knows_another_log_does_not_cosign(world):
    ledger, daemon, start = world
    ledger.append(10)
    witness = Witness("witness.example/w1")
    witness.seen[ledger.origin] = 5, b"\0" * 32
    with witness.serve() as url:
        registryd = start(f"witness w {witness.key()} {url}\nquorum w\n")
        wait_for(lambda: cosigners(daemon)[0] == {"clinic.example/mirror"}, "the mirror's cosignature alone")
        assert "does not cosign" in registryd.text()
    witness.seen[ledger.origin] = 1000, b"\0" * 32
    registryd.kill()
    with witness.serve() as url:
        (registryd.config.parent.parent / "policy").write_text(f"witness w {witness.key()} {url}\nquorum w\n")
        registryd.start()
        wait_for(lambda: "restored or cloned" in registryd.text(), "the warning")


def test_a_policy_that_cannot_be_read_is_told(world, tmp_path):
    _, daemon, start = world
    registryd = start("witness w1\n")
    assert registryd.process.wait(30) == 1
    assert "line 1 of the policy" in registryd.text()
    registryd.process = None
