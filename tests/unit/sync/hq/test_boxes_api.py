"""What a heartbeat says that came with an upload."""

import pytest

from sync.hq.boxes_api import _less_what_came


@pytest.mark.parametrize(("appended", "entries", "amount_fen"), [(0, 5, 8800), (3, 2, 8800), (5, 0, 0), (9, 0, 0)])
def test_entries_that_came_with_a_heartbeat_are_not_unsent(appended: int, entries: int, amount_fen: int) -> None:
    said = {"unsent_entries": 5, "unsent_fen": 8800, "devices": {}}
    assert _less_what_came(said, appended) == {"unsent_entries": entries, "unsent_fen": amount_fen, "devices": {}}


@pytest.mark.parametrize("unsent", [None, "5", -1, True, 0])
def test_a_heartbeat_that_is_none_stays_as_it_was_sent(unsent: object) -> None:
    assert _less_what_came({"unsent_entries": unsent}, 5) == {"unsent_entries": unsent}
