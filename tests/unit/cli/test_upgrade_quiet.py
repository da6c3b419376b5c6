"""Whether an upgrade waits for a box that does not run at this moment."""

from pathlib import Path

from agent.cli.upgrade import ABSENT_S, _disturbed
from agent.settings import Settings


def test_a_box_that_is_being_started_is_waited_for_and_one_that_never_starts_is_not(state: Path) -> None:
    """After a power cut or `kill -9` it is away for seconds and may have a sale in hand."""
    settings = Settings(state=state)
    assert _disturbed(settings, None) == "upgrade.waits_for_box"
    assert _disturbed(settings, None, ABSENT_S - 1) == "upgrade.waits_for_box"
    assert _disturbed(settings, None, ABSENT_S) is None
