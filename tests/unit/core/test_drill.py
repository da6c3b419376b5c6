"""The drill's rules: what counts as broken, mended and passed, and a code that nobody can change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import drill
from agent.core.chain import Identity
from agent.core.drill import ENDED, TRANSITIONS, Happening, Sight, Step, StepState, Till, moved
from agent.core.drill_code import CHARACTERS_MAX, PREFIX, Drilled, read_code, record_digest, signed_code
from agent.core.errors import Refused
from tests.unit.sync.fakes import new_key

TILL = Till("receipt1", "scanner1")
WELL = Sight(
    answers=True,
    run="1",
    seq=7,
    head="aa",
    hash_then="aa",
    sells=True,
    hq="ok",
    devices={"receipt1": "ok", "scanner1": "ok"},
)


def seen(**changes: object) -> Sight:
    values = {name: getattr(WELL, name) for name in Sight.__dataclass_fields__}
    return Sight(**{**values, **changes})


DEAD = Sight(answers=False)
BREAKS = {
    Step.WAN: seen(hq="down"),
    Step.POWER: DEAD,
    Step.PAPER: seen(codes={"receipt1": "printer.paper_out"}, slip="queued"),
    Step.SCANNER: seen(devices={"receipt1": "ok", "scanner1": "down"}),
    Step.PLATFORM: seen(attempts={"A": 0}, open_s=5),
}
MENDS = {
    Step.WAN: WELL,
    Step.POWER: seen(run="2"),
    Step.PAPER: seen(slip="printed", codes={"receipt1": "printer.ready"}),
    Step.SCANNER: WELL,
    Step.PLATFORM: seen(attempts={"A": 1}),
}


@pytest.mark.parametrize("step", Step)
def test_each_step_is_seen_to_break_and_to_be_mended(step: Step) -> None:
    assert not drill.is_broken(step, WELL, WELL, TILL)
    assert drill.is_broken(step, WELL, BREAKS[step], TILL)
    assert not drill.is_mended(step, WELL, BREAKS[step], TILL)
    assert drill.is_mended(step, WELL, MENDS[step], TILL)
    assert drill.fault_while_broken(step, BREAKS[step]) is None
    assert drill.fault_at_end(step, WELL, MENDS[step]) is None


@pytest.mark.parametrize(
    ("step", "now", "code"),
    [
        (Step.WAN, seen(hq="down", sells=False), "drill.stopped_selling"),
        (Step.SCANNER, DEAD, "drill.stopped_selling"),
        (Step.PAPER, seen(slip="unconfirmed"), "drill.slip_doubtful"),
    ],
)
def test_a_box_that_does_not_hold_while_it_is_broken_fails(step: Step, now: Sight, code: str) -> None:
    assert drill.fault_while_broken(step, now) == code


@pytest.mark.parametrize(
    ("step", "now", "code"),
    [
        (Step.POWER, seen(run="2", seq=6, hash_then=""), "drill.entries_lost"),
        (Step.POWER, seen(run="2", hash_then="bb"), "drill.entries_lost"),
        (Step.POWER, seen(run="2", sells=False), "drill.stopped_selling"),
        (Step.PAPER, seen(slip="not_printed"), "drill.slip_doubtful"),
        (Step.PLATFORM, seen(attempts={"A": 2}), "drill.ended_twice"),
    ],
)
def test_what_is_wrong_afterwards_fails(step: Step, now: Sight, code: str) -> None:
    assert drill.fault_at_end(step, WELL, now) == code


def test_a_box_is_put_through_what_it_has() -> None:
    assert not drill.plan(seen(hq="absent"), Till(None, None), platforms=False)[Step.WAN]
    assert [step for step, possible in drill.plan(WELL, Till(None, None), platforms=False).items() if possible] == [
        Step.WAN,
        Step.POWER,
    ]
    assert all(drill.plan(WELL, TILL, platforms=True).values())


def test_no_ended_step_moves_and_every_other_can_end() -> None:
    assert not [state for state, _ in TRANSITIONS if state in ENDED]
    for state in StepState:
        if state not in ENDED:
            assert any(begins is state for begins, _ in TRANSITIONS)
    with pytest.raises(ValueError, match="passed"):
        moved(StepState.PASSED, Happening.ASK)


KEY = new_key()
IDENTITY = Identity("S001", "B1", 2)
DRILLED = Drilled(
    IDENTITY,
    1_790_000_000_000,
    {**dict.fromkeys(Step, StepState.PASSED), Step.WAN: StepState.LEFT_OUT},
    record_digest({"format": 1}),
)
CODE = signed_code(DRILLED, KEY.sign)


def own_key(identity: Identity) -> bytes | None:
    return KEY.public_key if identity == IDENTITY else None


def test_a_code_says_what_was_signed_in_either_case_and_with_spaces() -> None:
    assert CODE.startswith(PREFIX) and len(CODE) <= CHARACTERS_MAX
    assert read_code(CODE, own_key) == DRILLED
    assert read_code(f" {CODE[:50].lower()} {CODE[50:]}\n", own_key) == DRILLED
    assert DRILLED.passed


@given(st.integers(min_value=0, max_value=len(CODE) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 1"))
def test_no_changed_character_passes(place: int, character: str) -> None:
    changed = CODE[:place] + character + CODE[place + 1 :]
    try:
        assert read_code(changed, own_key) == DRILLED  # the same bits: a padding character, or the same character
        assert changed.rstrip() in (CODE, CODE[:-1] + changed[-1:]) or place == len(CODE) - 1
    except Refused as error:
        assert error.code in ("drill.code_damaged", "drill.unknown_box", "drill.not_signed")


@pytest.mark.parametrize("text", ["", "D1", "D1AAAA", "X1HELP", "D1" + "A" * 400, "D1" + "7" * 140, "D1é"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"drill\."):
        read_code(text, own_key)


def test_another_box_and_another_key_are_told_apart() -> None:
    with pytest.raises(Refused, match=r"drill\.unknown_box"):
        read_code(CODE, lambda _: None)
    with pytest.raises(Refused, match=r"drill\.not_signed"):
        read_code(CODE, lambda _: new_key().public_key)


@pytest.mark.parametrize(
    ("ends", "passed"),
    [
        ({Step.WAN: StepState.PASSED, Step.POWER: StepState.FAILED}, False),
        (dict.fromkeys(Step, StepState.LEFT_OUT), False),
        ({}, False),
    ],
)
def test_a_drill_is_passed_when_something_was_done_and_nothing_failed(
    ends: dict[Step, StepState], passed: bool
) -> None:
    whole = {**dict.fromkeys(Step, StepState.LEFT_OUT), **ends} if ends else {}
    assert Drilled(IDENTITY, 1, whole, b"").passed is passed
