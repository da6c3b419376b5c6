"""What a box tells headquarters when it may not go on: the reason stands in its heartbeat."""

from pathlib import Path

from agent.daemon.headquarters import Headquarters
from agent.services.shop import Shop
from agent.store.connection import Readers
from agent.store.outgoing import Outgoing
from sync.enrol import device_key, enrol_alone, load_enrolment
from sync.grant import enrol_from_packet, waiting_grant
from sync.hq.commissioning.offline_packets import make_packet
from tests.shops import CountingEntropy, FakeClock, make_shop
from tests.unit.sync.fakes import new_key, running_hq


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


def test_a_box_whose_packet_another_one_used_sells_no_more(tmp_path: Path) -> None:
    with running_hq(tmp_path / "hq") as hq:
        hq.add_store("S001")
        office = hq.office
        with office.database.write() as connection:
            made = make_packet(connection, office.keys, "S001", "小刘", office.now_ms(), hq_url=hq.url)
        for folder in ("first", "second"):
            enrol_from_packet(tmp_path / folder, made.data, made.code, office.now_ms())
        ways = [_way(tmp_path / folder) for folder in ("first", "second")]
        for way, _ in ways:
            assert way.uplink is not None
            way.uplink.step()
    assert [shop.writer.stopped for _, shop in ways] == [None, "enrol.packet_used"]
    assert waiting_grant(tmp_path / "first") is None and waiting_grant(tmp_path / "second") is not None
    for _, shop in ways:
        shop.writer.close()


def _way(state: Path) -> tuple[Headquarters, Shop]:
    enrolment = load_enrolment(state)
    assert enrolment is not None
    shop = make_shop(state / "shop")
    journal = Outgoing(shop.writer, Readers(shop.writer.path))
    key = device_key(state, enrolment)
    return Headquarters(shop, state, enrolment, key, journal, FakeClock(), CountingEntropy()), shop
