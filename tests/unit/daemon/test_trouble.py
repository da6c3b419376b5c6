"""What a box tells headquarters when it may not go on: the reason stands in its heartbeat."""

from pathlib import Path

from agent.daemon.headquarters import Headquarters
from agent.store.connection import Readers
from agent.store.outgoing import Outgoing
from sync.enrol import enrol_alone
from tests.shops import CountingEntropy, FakeClock, make_shop
from tests.unit.sync.fakes import new_key


def test_a_box_whose_epoch_was_stopped_says_why(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    enrolment = enrol_alone(tmp_path / "keys", "S001", "B1")
    readers = Readers(shop.writer.path)
    journal = Outgoing(shop.writer, readers)
    way = Headquarters(shop, tmp_path, enrolment, new_key(), journal, FakeClock(), CountingEntropy())
    assert way.heartbeat()["trouble"] is None
    journal.stop_epoch("hq.knows_more")
    assert way.heartbeat()["trouble"] == "hq.knows_more"
    shop.writer.close()
    readers.close()
