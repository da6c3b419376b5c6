"""What becomes of a difference: the table of transitions, the money in question, who must be a second person."""

import pytest

from agent.core.errors import Refused
from agent.core.reconcile.classes import Settlement
from agent.core.reconcile.workflow import (
    BY_PERSONS,
    TRANSITIONS,
    Difference,
    DifferenceAct,
    DifferenceState,
    Limits,
    evolve,
    is_news,
    next_state,
    stake_of,
)

FOUND = {
    "bill_day": "2026-11-18",
    "business_day": None,
    "store": None,
    "out_trade_no": "S001_1_000001_A1K7QF",
    "line_class": "amount_differs",
    "journal_fen": 500,
    "bill_fen": 450,
    "values": {},
}
BODIES = {
    DifferenceAct.FOUND: FOUND,
    DifferenceAct.ASSIGNED: {"store": "S002", "business_day": "2026-11-18", "person": None, "reason": "归二店"},
    DifferenceAct.COMMENTED: {"text": "在查"},
    DifferenceAct.PROPOSED: {"settlement": "confirm", "reason": "照平台"},
    DifferenceAct.SENT_BACK: {"reason": "不对"},
    DifferenceAct.SETTLED: {"settlement": "confirm", "by": "li", "reason": "照平台", "approved_by": None},
    DifferenceAct.REOPENED: {"reason": "弄错了"},
}
WAYS = {
    DifferenceState.OPEN: (DifferenceAct.FOUND,),
    DifferenceState.PROPOSED: (DifferenceAct.FOUND, DifferenceAct.PROPOSED),
    DifferenceState.SETTLED: (DifferenceAct.FOUND, DifferenceAct.SETTLED),
}


def after(*acts: DifferenceAct) -> Difference | None:
    known = None
    for act in acts:
        known = evolve(known, "D1", act, 1, "li", BODIES[act])
    return known


@pytest.mark.parametrize("act", DifferenceAct)
@pytest.mark.parametrize("state", [None, *DifferenceState])
def test_each_act_in_each_state_follows_the_table_or_is_refused(
    state: DifferenceState | None, act: DifferenceAct
) -> None:
    known = after(*WAYS[state]) if state is not None else None
    wanted = TRANSITIONS[state].get(act)
    if wanted is None:
        with pytest.raises(Refused, match=r"difference\.wrong_state"):
            evolve(known, "D1", act, 2, "li", BODIES[act])
    else:
        moved = evolve(known, "D1", act, 2, "li", BODIES[act])
        assert (moved.state, moved.changed_at_ms) == (wanted, 2)
        assert moved.version == (1 if known is None else known.version + 1)
        assert (moved.settled_by is None) == (wanted is DifferenceState.OPEN)


def test_every_state_has_a_way_to_its_end() -> None:
    assert all(next_state(state, DifferenceAct.COMMENTED) is state for state in DifferenceState)
    for state in (DifferenceState.OPEN, DifferenceState.PROPOSED):
        assert next_state(state, DifferenceAct.SETTLED) is DifferenceState.SETTLED


@pytest.mark.parametrize(
    ("line_class", "journal_fen", "bill_fen", "values", "stake_fen"),
    [
        ("amount_differs", 500, 450, {"ours_fen": 500, "theirs_fen": 450}, 50),
        ("amount_differs", 500, 500, {"ours_fen": 490, "theirs_fen": 500}, 10),
        ("fee_differs", 500, 500, {"ours_fen": 3, "theirs_fen": 5}, 2),
        ("status_differs", -700, -700, {}, 700),
        ("journal_only", 500, 0, {}, 500),
        ("refund_extra", 0, -300, {"amount_fen": 300}, 300),
        ("status_differs", 0, 0, {}, 0),
    ],
)
def test_the_money_in_question(
    line_class: str, journal_fen: int, bill_fen: int, values: dict[str, int], stake_fen: int
) -> None:
    found = {"line_class": line_class, "journal_fen": journal_fen, "bill_fen": bill_fen, "values": values}
    assert stake_of(found) == stake_fen


@pytest.mark.parametrize("settlement", BY_PERSONS)
@pytest.mark.parametrize(("stake_fen", "needed"), [(0, False), (100, False), (101, True), (10**12, True)])
def test_a_second_person_is_needed_above_the_limit(settlement: Settlement, stake_fen: int, needed: bool) -> None:
    assert Limits(100, 100).needs_second(settlement, stake_fen) is needed
    assert Limits(10**12, 10**12).needs_second(settlement, stake_fen) is False


def test_a_write_off_has_a_limit_of_its_own() -> None:
    assert Limits(100, 0).needs_second(Settlement.WRITE_OFF, 1)
    assert not Limits(100, 0).needs_second(Settlement.CONFIRM, 1)


def test_news_is_what_was_not_said_before_or_what_only_facts_had_settled() -> None:
    known = after(DifferenceAct.FOUND)
    assert not is_news(known, FOUND)
    assert is_news(None, FOUND)
    assert is_news(known, {**FOUND, "bill_fen": 1})
    assert not is_news(after(*WAYS[DifferenceState.SETTLED]), FOUND)
    assert known is not None
    facts = evolve(known, "D1", DifferenceAct.SETTLED, 2, "job", {**BODIES[DifferenceAct.SETTLED], "by": ""})
    assert is_news(facts, FOUND)


def test_a_line_that_no_journal_knows_belongs_to_the_store_of_its_number() -> None:
    known = after(DifferenceAct.FOUND)
    assert known is not None
    assert (known.line_store, known.line_day) == ("S001", "2026-11-18")
