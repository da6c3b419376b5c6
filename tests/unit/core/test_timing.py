"""When an attempt is asked about, undone and closed, on a clock that the test moves."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.timing import Action, Facts, Method, Pace, Step, Timing, begun_s, end_due_s, next_step, slower_s
from sync.platforms.timings import ALIPAY, WECHAT

Calls = list[tuple[Action, float]]


def driven(timing: Timing, facts: Facts, until_s: float, now_s: float = 0) -> Calls:
    """Follow `next_step` on a clock that jumps to each wait's end; nothing is ever answered with an end."""
    calls: Calls = []
    for _ in range(500):
        step = next_step(timing, facts, now_s)
        if step.action is Action.WAIT:
            assert step.until_s > now_s, "a wait that does not wait would spin"
            now_s = step.until_s
            if now_s > until_s:
                return calls
            continue
        calls.append((step.action, now_s))
        if step.action is Action.QUERY:
            facts = replace(facts, asked_s=now_s)
        else:
            facts = replace(facts, undone_s=now_s, undos=facts.undos + 1)
    raise AssertionError("it never waits")


def times(calls: Calls, action: Action) -> list[float]:
    return [at_s for kind, at_s in calls if kind is action]


CODE = Facts(Method.CODE, started_s=0, known_s=0)


def test_wechat_is_asked_at_5_s_then_every_3_to_10_then_every_5_and_undone_at_45() -> None:
    calls = driven(WECHAT, CODE, 50)
    assert times(calls, Action.QUERY)[:9] == [5, 8, 11, 16, 21, 26, 31, 36, 41]
    assert calls[9:11] == [(Action.QUERY, 45), (Action.UNDO, 45)], "the undo follows the last query with no gap"


def test_alipay_is_asked_every_3_s_15_times_then_cancelled_and_three_times_more_2_s_apart() -> None:
    calls = driven(ALIPAY, CODE, 52)
    assert times(calls, Action.QUERY) == [3 * count for count in range(1, 16)]
    assert times(calls, Action.UNDO) == [45, 47, 49, 51]


def test_in_the_background_each_undo_follows_a_query_ever_more_slowly_up_to_a_minute() -> None:
    calls = driven(ALIPAY, CODE, 600)
    background = [call for call in calls if call[1] > 51]
    assert background[:2] == [(Action.QUERY, 56), (Action.UNDO, 56)]
    undone = times(background, Action.UNDO)
    assert times(background, Action.QUERY) == undone
    waits = [later - earlier for earlier, later in pairwise(undone)]
    assert waits[:4] == [10, 20, 40, 60] and set(waits[4:]) == {60}


def test_chance_spreads_the_background_by_up_to_half() -> None:
    assert slower_s(5, 60, 0, 0) == 5
    assert slower_s(5, 60, 10, 0) == 60
    assert slower_s(5, 60, 10, 1) == 30
    assert slower_s(5, 60, 10_000, 0.5) == 45


@pytest.mark.parametrize(("given_up_at_s", "undone_at_s"), [(0, 15), (7, 15), (20, 20), (44, 44)])
def test_giving_up_undoes_as_soon_as_it_may_be_never_before_15_s(given_up_at_s: float, undone_at_s: float) -> None:
    facts = replace(CODE, given_up_s=given_up_at_s, asked_s=given_up_at_s)
    calls = driven(WECHAT, facts, undone_at_s + 1, now_s=given_up_at_s)
    assert times(calls, Action.UNDO)[0] == undone_at_s


def test_an_offer_is_asked_about_and_closed_when_it_ends() -> None:
    calls = driven(WECHAT, Facts(Method.QR, 0, 0, ends_s=120), 121)
    assert calls[-2:] == [(Action.QUERY, 120), (Action.CLOSE, 120)]
    assert not times(calls, Action.UNDO)
    assert driven(WECHAT, Facts(Method.QR, 0, 0), 121)[-1] == (Action.CLOSE, 120), "an offer always ends"


def test_an_offer_given_up_is_closed_at_once() -> None:
    calls = driven(WECHAT, Facts(Method.QR, 0, 0, ends_s=120, given_up_s=2, asked_s=1), 3, now_s=2)
    assert calls == [(Action.QUERY, 2), (Action.CLOSE, 2)]


def test_an_offer_is_closed_after_a_restart_and_an_order_token_lives_on() -> None:
    lost = Facts(Method.QR, started_s=-20, known_s=0, ends_s=100, restarted=True)
    assert driven(WECHAT, lost, 1) == [(Action.QUERY, 0), (Action.CLOSE, 0)]
    kept = replace(lost, method=Method.PHONE)
    assert times(driven(WECHAT, kept, 105), Action.CLOSE)[0] == 100


def test_after_a_restart_it_is_asked_at_once_and_undone_not_before_15_s_of_this_run() -> None:
    """Days passed, or the wall clock stepped by days: both look the same, so the platform gets its 15 s again."""
    calls = driven(WECHAT, Facts(Method.CODE, started_s=-86_400, known_s=0), 16)
    assert calls[0] == (Action.QUERY, 0)
    assert times(calls, Action.UNDO) == [15]


@pytest.mark.parametrize("stepped_ms", [-(10**12), -1, 0, 44_000, 10**12])
def test_a_wall_clock_that_stepped_over_a_restart_neither_hastens_nor_forgets_the_undo(stepped_ms: int) -> None:
    """The attempt is really one second old; after the restart the clock says something else."""
    begun = begun_s(100, 1_000_000 + stepped_ms, 1_000_000)
    assert begun <= 100
    due_s = end_due_s(WECHAT, Facts(Method.CODE, started_s=begun, known_s=100))
    assert 115 <= due_s <= 145


@given(
    method=st.sampled_from(Method),
    started_s=st.floats(-1e9, 0),
    given_up_s=st.none() | st.floats(0, 100),
    asked_s=st.none() | st.floats(0, 100),
    unanswered=st.integers(0, 50),
    chance=st.floats(0, 0.999),
)
def test_whatever_is_known_there_is_a_next_step_and_it_comes_to_undoing(
    method: Method, started_s: float, given_up_s: float | None, asked_s: float | None, unanswered: int, chance: float
) -> None:
    facts = Facts(method, started_s, 0, 120, False, given_up_s, asked_s, unanswered, chance=chance)
    calls = driven(WECHAT, facts, 400, now_s=100)
    ending = Action.UNDO if method is Method.CODE else Action.CLOSE
    undone = times(calls, ending)
    assert undone and undone[0] <= 220
    if method is Method.CODE:
        assert undone[0] >= 15


def test_a_long_wait_without_answers_is_asked_about_ever_less_often() -> None:
    facts = Facts(Method.PHONE, 0, 0, ends_s=7200, asked_s=1000, unanswered=1)
    assert next_step(ALIPAY, facts, 1000) == Step(Action.WAIT, 1005)
    assert next_step(ALIPAY, replace(facts, unanswered=9), 1000) == Step(Action.WAIT, 1060)
    assert next_step(ALIPAY, replace(facts, unanswered=0), 1000) == Step(Action.WAIT, 1003)


def test_scaled_divides_every_duration_and_no_count() -> None:
    quick = WECHAT.scaled(10)
    assert (quick.first_query_s, quick.deadline_s, quick.undo_not_before_s) == (0.5, 4.5, 1.5)
    assert quick.paces == (Pace(0.3, 1), Pace(0.5))
    assert quick.undo_retries == WECHAT.undo_retries
    assert quick.offer_lifetime_s == 12
    slow = [(kind, round(at_s * 10, 6)) for kind, at_s in driven(quick, CODE, 6)]
    assert slow == [(kind, round(at_s, 6)) for kind, at_s in driven(WECHAT, CODE, 60)]
    with pytest.raises(ValueError):
        WECHAT.scaled(0)
