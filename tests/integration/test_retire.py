"""Retirement: nothing open, nothing unsent, signed by both, and the box trades no more."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.bench.counter import Counter
from agent.core.errors import Refused, StoreboxError
from agent.rescue.opened import OpenStore
from agent.rescue.retire import certificate_of, retire, slip_of
from sync.enrol import device_key
from sync.headquarters import HqClient
from sync.session import HttpSession
from tests.rescued import Stage, enrolment_at, sound
from tests.shops import CountingEntropy
from tests.unit.sync.fakes import running_hq


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


def retired(stage: Stage, state: Path, url: str | None = None) -> dict[str, object]:
    enrolment = enrolment_at(state)
    keys = enrolment.key_ring()
    assert keys is not None
    session = HttpSession(url or stage.hq.url)
    try:
        with stage.opened(state) as box:
            held = OpenStore(state, box.writer, box.readers)
            signer = device_key(state, enrolment)
            return dict(retire(held, session, keys, signer, "关店", "07", stage.clock, CountingEntropy()))
    finally:
        session.close()


def test_what_is_open_hinders_it_by_name(stage: Stage) -> None:
    state = stage.enrolled("box")
    with stage.opened(state) as box:
        stage.sell(box, 1)
        Counter(box, lines=1).prepare()
    with pytest.raises(Refused) as refused:
        retired(stage, state)
    assert refused.value.code == "retire.not_yet"
    named = str(refused.value.values["unfinished"])
    assert all(noun in named for noun in ("day 2026-10-03", "shift 2026-10-03-1-1", "basket S001-1-"))
    assert stage.hq.rows("SELECT count(*) FROM retirement") == [(0,)]


def test_everything_is_handed_over_and_the_key_is_revoked(stage: Stage) -> None:
    state = stage.enrolled("box")
    with stage.opened(state) as box:
        stage.sell(box, 3)
        stage.close(box)
        assert box.unsent()
    certificate = retired(stage, state)
    assert certificate == certificate_of(state)
    assert stage.hq.rows("SELECT next_seq FROM cursor") == [(certificate["next_seq"],)]
    (revoked,) = stage.hq.rows("SELECT revoked_reason FROM epoch")
    assert revoked == ("retired: 关店",) and certificate["box_signature"]
    assert retired(stage, state) == certificate, "again, the same"
    with stage.opened(state) as box:
        with pytest.raises(StoreboxError, match=r"journal\.epoch_stopped"):
            stage.sell(box, 1)
        with pytest.raises(StoreboxError, match=r"box\.revoked"):
            HqClient(HttpSession(stage.hq.url), device_key(state, enrolment_at(state))).beat(box.writer.identity, {})
    sound(state)
    slip = slip_of(certificate, str, "zh-CN", ZoneInfo("Asia/Shanghai"))
    assert "关店" in str(slip) and str(certificate["head"])[:32] in str(slip)


def test_a_lost_answer_is_asked_for_again(stage: Stage) -> None:
    state = stage.enrolled("box")
    with stage.opened(state) as box:
        stage.sell(box, 1)
        stage.close(box)
    with pytest.raises(StoreboxError):
        retired(stage, state, "http://127.0.0.1:9")
    certificate = retired(stage, state)
    (state / "retirement.json").unlink()
    with stage.opened(state) as box:
        assert box.writer.stopped == "retire.done"
    again = retired(stage, state)
    assert again == certificate


def test_headquarters_wants_the_same_end(stage: Stage) -> None:
    state = stage.enrolled("box")
    enrolment = enrolment_at(state)
    client = HqClient(HttpSession(stage.hq.url), device_key(state, enrolment))
    with pytest.raises(Refused, match=r"retire\.other_head"):
        client.retire(enrolment.identity, {"reason": "x", "next_seq": 9, "head": "0" * 64})
    with pytest.raises(Refused, match=r"request\.malformed"):
        client.retire(enrolment.identity, {"reason": " ", "next_seq": 1, "head": "0" * 64})
    assert stage.hq.rows("SELECT revoked_at_ms FROM epoch") == [(None,)]
