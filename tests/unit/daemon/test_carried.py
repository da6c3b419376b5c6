"""Documents of an offline packet at the first start: each stands for itself, and a power cut takes them again."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.directives import Answered, Directive
from agent.core.errors import Broken
from agent.daemon.carried import take_carried
from agent.disk import write_private
from sync.grant import carried_documents
from sync.hq.keys import HqKeys
from sync.keylist import KeyRing

WHO = Identity("S001", "B2", 2)
BODY = {"kind": "staff", "version": 1001, "effective_ms": 0, "body": "", "sha256": ""}


class Taker:
    """Takes directives, and may be a journal that has stopped."""

    def __init__(self, stopped: bool = False) -> None:
        self.taken: list[Directive] = []
        self._stopped = stopped

    def take(self, directive: Directive) -> None:
        if self._stopped:
            raise Broken("journal.stopped", reason="disk")
        self.taken.append(directive)

    def versions(self) -> Mapping[str, int]:
        return {}

    def turned_away(self, kind: str, version: int, code: str) -> None:
        raise AssertionError("headquarters sends it again by itself")

    def bring_into_force(self) -> None:
        raise AssertionError("not here")

    def answers(self) -> Sequence[Answered]:
        return ()

    def heard(self, answers: Sequence[Answered]) -> None:
        raise AssertionError("not here")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> HqKeys:
    return HqKeys.load_or_create(tmp_path_factory.mktemp("hq"))


def ring(keys: HqKeys) -> KeyRing:
    return KeyRing(keys.root_public_key, keys.key_list)


def carried(state: Path, *documents: object) -> None:
    write_private(state / "keys" / "carried.json", canonical_bytes(list(documents)))


def signed(keys: HqKeys, who: Identity = WHO) -> dict[str, object]:
    text = '[[person]]\nstaff = "07"\nname = "A"\nrole = "cashier"\n'
    return keys.signed_directive(who, {**BODY, "body": text, "sha256": sha256(text.encode()).hexdigest()}, 1)


def test_what_is_signed_for_this_box_is_taken_once(tmp_path: Path, keys: HqKeys) -> None:
    taker = Taker()
    assert take_carried(tmp_path, WHO, ring(keys), taker) == 0, "most boxes carry none"
    carried(tmp_path, signed(keys))
    assert take_carried(tmp_path, WHO, ring(keys), taker) == 1
    assert take_carried(tmp_path, WHO, ring(keys), taker) == 0
    assert [one.version for one in taker.taken] == [1001]


def test_what_is_not_for_this_box_is_left_out_and_hinders_nothing(tmp_path: Path, keys: HqKeys) -> None:
    taker = Taker()
    forged = {**signed(keys), "body": "complete = true"}
    other = signed(keys, Identity("S002", "B2", 2))
    carried(tmp_path, forged, other, "no document", None, {**signed(keys), "signature": "00" * 64}, signed(keys))
    assert take_carried(tmp_path, WHO, ring(keys), taker) == 1
    assert carried_documents(tmp_path) == ()
    (tmp_path / "keys" / "carried.json").write_bytes(b"{torn")
    assert take_carried(tmp_path, WHO, ring(keys), taker) == 0


def test_a_journal_that_has_stopped_takes_them_at_the_next_start(tmp_path: Path, keys: HqKeys) -> None:
    carried(tmp_path, signed(keys))
    assert take_carried(tmp_path, WHO, ring(keys), Taker(stopped=True)) == 0
    assert take_carried(tmp_path, WHO, ring(keys), Taker()) == 1
