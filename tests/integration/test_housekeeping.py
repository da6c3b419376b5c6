"""Once a minute: old answers and slips are forgotten, what trade needs stays."""

from pathlib import Path

from agent.daemon.housekeeping import ANSWERS_KEPT_DAYS, EVERY_S, Housekeeping
from agent.services import days
from tests.shops import MANAGER, FakeClock, make_shop


def test_answers_are_forgotten_after_a_month_and_not_before(tmp_path: Path) -> None:
    """The same key a month later is a new request."""
    shop = make_shop(tmp_path)
    clock = shop.clock
    assert isinstance(clock, FakeClock)
    housekeeping = Housekeeping(shop.writer, clock)
    days.open_the_day(shop, MANAGER, key="k")

    def kept() -> int:
        return int(shop.read().execute("SELECT count(*) FROM answer").fetchone()[0])

    clock.advance(EVERY_S)
    housekeeping.step()
    assert kept() == 1
    clock.advance((ANSWERS_KEPT_DAYS + 1) * 86_400)
    housekeeping.step()
    assert kept() == 0
    shop.writer.close()
