"""The states of an upgrade, and when a counter is quiet."""

import pytest

from agent.core.errors import Broken
from agent.core.upgrade import (
    AWAITED_MIN_MS,
    ENDS,
    LATER_MS,
    QUIET_AFTER_SALE_MS,
    STALE_SLIP_MS,
    STOPPING_MS,
    TRADES_AGAIN_MS,
    Later,
    Trade,
    UpgradeState,
    UpgradeStep,
    after,
    awaited_ms,
    disturbed,
)

NOW_MS = 1_790_995_200_000
QUIET = Trade(0, 0, None, 0, None)


def reachable() -> set[UpgradeState]:
    found, todo = {UpgradeState.FETCHED}, [UpgradeState.FETCHED]
    while todo:
        state = todo.pop()
        for step in UpgradeStep:
            try:
                following = after(state, step)
            except Broken:
                continue
            if following not in found:
                found.add(following)
                todo.append(following)
    return found


def test_every_state_is_reached_and_no_end_goes_on() -> None:
    assert reachable() == set(UpgradeState)
    for state in ENDS:
        for step in UpgradeStep:
            with pytest.raises(Broken, match=r"upgrade\.no_such_step"):
                after(state, step)


def test_a_switched_release_is_taken_or_brought_back_and_never_refused() -> None:
    for state in (UpgradeState.SWITCHED, UpgradeState.PROBATION, UpgradeState.RETURNING):
        with pytest.raises(Broken):
            after(state, UpgradeStep.DENIED)


@pytest.mark.parametrize(
    ("trade", "code"),
    [
        (QUIET, None),
        (Trade(1, 0, None, 0, None), "upgrade.waits_for_sale"),
        (Trade(0, 0, None, 0, None, restoring=True), "upgrade.waits_for_history"),
        (Trade(0, 1, None, 0, None), "upgrade.waits_for_payment"),
        (Trade(0, 0, NOW_MS - 1, 0, None), "upgrade.waits_for_printer"),
        (Trade(0, 0, NOW_MS - STALE_SLIP_MS, 1, None), "upgrade.waits_for_printer"),
        (Trade(0, 0, NOW_MS - STALE_SLIP_MS, 0, None), None),
        (Trade(0, 0, None, 0, NOW_MS - QUIET_AFTER_SALE_MS + 1), "upgrade.waits_after_sale"),
        (Trade(0, 0, None, 0, NOW_MS - QUIET_AFTER_SALE_MS), None),
        (Trade(0, 0, None, 0, NOW_MS + 10**12), None),
    ],
)
def test_what_an_upgrade_would_disturb_is_named(trade: Trade, code: str | None) -> None:
    assert disturbed(trade, NOW_MS) == code


def test_a_counter_puts_it_off_twice_and_no_clock_makes_it_longer() -> None:
    first = Later().again(NOW_MS)
    assert first is not None and first.holds(NOW_MS) and first.holds(NOW_MS + LATER_MS - 1)
    assert not first.holds(NOW_MS + LATER_MS)
    assert not first.holds(NOW_MS - 1)
    second = first.again(NOW_MS + LATER_MS)
    assert second is not None and second.holds(NOW_MS + LATER_MS)
    assert second.again(NOW_MS) is None
    assert not Later(9, NOW_MS + 1).holds(NOW_MS)


@pytest.mark.parametrize(
    ("start_ms", "opening_ms", "wanted_ms"),
    [
        (1_500, 50, AWAITED_MIN_MS),
        (3_000, 400, 10_200),  # three times
        (None, 0, 12_000),  # nobody saw a start
        (4_500, 500, 11_500),  # what the way back leaves of twenty seconds
        (7_000, 2_000, 18_000),  # a slow box, never less than twice
        (2_000, 40_000, 84_000),  # a long migration
        (-5, -1, AWAITED_MIN_MS),
    ],
)
def test_a_release_is_awaited_as_long_as_this_box_needs(start_ms: int | None, opening_ms: int, wanted_ms: int) -> None:
    assert awaited_ms(start_ms, opening_ms) == wanted_ms


@pytest.mark.parametrize("start_ms", range(0, 4_100, 100))
def test_a_usual_box_trades_within_twenty_seconds_of_a_release_that_hangs(start_ms: int) -> None:
    """And a start twice as slow as the last one is still good."""
    within_ms = awaited_ms(start_ms, 300)
    assert STOPPING_MS + within_ms + start_ms <= TRADES_AGAIN_MS
    assert within_ms >= 2 * (start_ms + 300)
