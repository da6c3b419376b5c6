"""The steps of setup: what may follow what, and that there is always a way on."""

import pytest

from agent.core.setup import TRANSITIONS, SetupEvent, SetupState, next_state

LIVING = [state for state in SetupState if state is not SetupState.DONE]


@pytest.mark.parametrize("state", LIVING)
def test_every_state_comes_to_trade(state: SetupState) -> None:
    reached = {state}
    while True:
        further = reached | {after for (before, _), after in TRANSITIONS.items() if before in reached}
        if further == reached:
            break
        reached = further
    assert SetupState.DONE in reached


def test_a_box_that_trades_stays_so() -> None:
    assert {next_state(SetupState.DONE, event) for event in SetupEvent} == {None}


def test_a_box_without_a_store_never_trades() -> None:
    """Only a box that headquarters enrolled comes to DONE, whatever else happens."""
    before = {state for (state, _), after in TRANSITIONS.items() if after is SetupState.DONE}
    assert before == {SetupState.TESTING}
    into = {(state, event) for (state, event), after in TRANSITIONS.items() if after is SetupState.TESTING}
    assert into == {
        (SetupState.ENROLLING, SetupEvent.ENROLLED),
        (SetupState.UNSEALING, SetupEvent.ENROLLED),
        (SetupState.TESTING, SetupEvent.WOKEN),
    }


def test_a_box_that_rests_is_brought_back_by_a_physical_act_only() -> None:
    ways = {event: next_state(SetupState.RESTING, event) for event in SetupEvent}
    assert {event for event, after in ways.items() if after is not None} == {SetupEvent.WOKEN, SetupEvent.PACKET_FOUND}


def test_a_second_code_takes_the_place_of_one_that_waits() -> None:
    assert next_state(SetupState.ENROLLING, SetupEvent.ENROLMENT_CODE) is SetupState.ENROLLING
    assert next_state(SetupState.TESTING, SetupEvent.ENROLMENT_CODE) is None
