"""What a pull's manifest says of a chain, however much else is wrong with it."""

from pathlib import Path

from sync.hq import tables
from sync.hq.manifest import store_state
from tests.unit.sync.hq.pages.office import NOW_MS, opened


def test_a_wrong_seal_shows_behind_any_number_of_other_alarms(tmp_path: Path) -> None:
    house = opened(tmp_path, None)
    rows = [("entry.unreadable", number) for number in range(150)] + [("seal.wrong_signature", 1_000)]
    with house.office.database.write() as connection:
        assert store_state(connection, "S001")["chain_verified"] is True
        for code, seq in rows:
            place = {"store": "S001", "epoch": 1, "code": code, "seq": seq}
            connection.execute(tables.alarm.insert().values(**place, at_ms=NOW_MS + seq, detail=""))
        found = store_state(connection, "S001")
    house.office.close()
    assert found["chain_verified"] is False
    assert found["alarms"][-1]["code"] == "seal.wrong_signature"  # type: ignore[index]
