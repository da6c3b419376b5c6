"""The states of an upgrade, and when a counter is quiet."""

import pytest

from agent.core.errors import Broken
from agent.core.upgrade import (
    ENDS,
    LATER_MS,
    QUIET_AFTER_SALE_MS,
    STALE_SLIP_MS,
    Later,
    Trade,
    UpgradeState,
    UpgradeStep,
    after,
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
