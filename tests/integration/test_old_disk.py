"""An old disk turns up: what headquarters never got of it counts once, is marked late, and is matched."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.core.bill import BillType
from agent.core.errors import Broken, TryLater
from agent.core.events import AttemptEnded, AttemptStarted
from agent.daemon.box import Box
from agent.rescue import inbox, restore
from agent.rescue.sources import files_of
from agent.rescue.worker import RescueWorker, import_disk
from agent.services.journaling import record
from agent.services.trade import open_shift
from agent.store import views
from sync.hq.books.fetching import import_bill
from sync.hq.books.jobs import run_to_the_end
from sync.hq.registry import TokenMode
from tests.rescued import Stage, sound
from tests.shops import START_MS, CountingEntropy
from tests.unit.sync.fakes import running_hq
from tests.unit.sync.hq.books.chain import ACCOUNT, MERCHANT, attempt_of, bill

DAY = date(2026, 10, 3)
NEXT_MORNING_MS = START_MS + 86_400_000 + 60_000


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


def paid(box: Box, number: int, amount_fen: int) -> None:
    """Record a payment by code that WeChat confirmed."""
    shift = open_shift(box.shop.read(), "1") or {}
    trade = {"till": "1", "shift": shift["shift"], "staff": "01", "day": shift["day"]}
    attempt = attempt_of(number)
    started = AttemptStarted(
        **trade, attempt=attempt, sale=f"S001-1-{number:06d}", platform="wechat", merchant=MERCHANT, custody="direct",
        method="code", amount_fen=amount_fen, code_tail="0000",
    )  # fmt: skip
    ended = AttemptEnded(
        **trade, attempt=attempt, platform="wechat", amount_fen=amount_fen, outcome="paid",
        transaction=f"4200{number:08d}", platform_at_ms=box.shop.clock.now_ms(), customer_paid_fen=amount_fen,
    )  # fmt: skip
    box.writer.run(lambda unit: [record(unit, one) for one in (started, ended)])


def died_with_unsent(stage: Stage) -> Path:
    """A box that headquarters knows up to noon; behind it a payment, sales, a closed and an opened shift are unsent."""
    old = stage.enrolled("old")
    with stage.opened(old) as box:
        stage.sell(box, 2)
        paid(box, 700, 500)
        stage.drain(box)
        paid(box, 701, 1280)
        stage.sell(box, 2)
        stage.sell(box, 1, till="2")
        box.writer.seal()
        stage.sell(box, 1)
    return old


def matched(stage: Stage) -> list[tuple[object, ...]]:
    """Match what is due by now; returns the open differences."""
    office = stage.hq.office
    ran = run_to_the_end(office.database, stage.hq.state, lambda: NEXT_MORNING_MS)
    assert [one.code for one in ran if one.code] == []
    return stage.hq.rows("SELECT line_class, stake_fen FROM difference WHERE state = 'open'")


def test_it_is_taken_over_once_marked_late_and_matched(stage: Stage) -> None:
    old = died_with_unsent(stage)
    new = stage.enrolled("new", TokenMode.REPLACE)
    with stage.opened(new) as box:
        with stage.source(new) as source:
            restore.begin(box, source, views)
            stage.sell(box, 2)
            stage.sell(box, 1, till="2")
            with pytest.raises(TryLater, match=r"restore\.history_behind"):
                import_disk(box, new, old / "journal.db")
            restore.bring_history(box, source)
            restore.complete_views(box, new / restore.SHADOW_FILE, views)
        stage.drain(box)
        assert matched(stage) == []
        content = bill((700, "5.00"), (701, "12.80"), at="2026-10-03 10:01:00")
        office = stage.hq.office
        import_bill(office.database, stage.hq.state, ACCOUNT, DAY, content, "", BillType.TRADE, "li", NEXT_MORNING_MS)
        assert matched(stage) == [("platform_only", 1280)], "money that no store tells of"

        answer = import_disk(box, new, old / "journal.db")
        assert answer is not None
        assert answer["entries"] > 10 and answer["amount_fen"] > 0 and answer["left"] == []
        assert answer["epochs"][0]["unsealed"] > 0
        again = import_disk(box, new, old / "journal.db")
        assert again is not None and again["entries"] == 0
        stage.drain(box)
        assert stage.hq.rows("SELECT epoch, sum(last_seq - first_seq + 1) FROM late_run GROUP BY epoch") == [
            (1, answer["entries"])
        ]
        assert stage.hq.rows("SELECT code FROM box_notice WHERE code = 'upload.late'") == [("upload.late",)]
        assert matched(stage) == [], "the late payment is the bill's line"
        stage.sell(box, 1)
    sound(new)


def test_what_the_old_disk_left_open_does_not_disturb_the_present_shift(stage: Stage) -> None:
    old = stage.enrolled("old")
    with stage.opened(old) as box:
        stage.sell(box, 1)
        stage.drain(box)
        stage.close(box)
        stage.clock.advance(3600)
        stage.sell(box, 2)
    new = stage.enrolled("new", TokenMode.REPLACE)
    stage.restored(new)
    with stage.opened(new) as box:
        stage.sell(box, 1)
        stage.close(box)
        stage.clock.advance(3600)
        stage.sell(box, 1)
        shift = open_shift(box.shop.read(), "1")
        import_disk(box, new, old / "journal.db")
        assert open_shift(box.shop.read(), "1") == shift
        assert box.shop.read().execute("SELECT count(*) FROM view_shift WHERE state = 'open'").fetchone() == (1,)
        stage.sell(box, 1)
        stage.drain(box)
    sound(new)


def test_a_disk_that_tells_another_history_is_refused(stage: Stage) -> None:
    old = stage.enrolled("old")
    with stage.opened(old) as box:
        stage.sell(box, 1)
    earlier = stage.folder / "earlier"
    shutil.copytree(old, earlier)
    with stage.opened(old) as box:
        stage.sell(box, 2)
        stage.drain(box)
    stage.clock.advance(60)
    with stage.opened(earlier) as box:
        stage.sell(box, 5)
    new = stage.enrolled("new", TokenMode.REPLACE)
    stage.restored(new)
    with stage.opened(new) as box:
        with pytest.raises(Broken, match=r"late\.fork"):
            import_disk(box, new, earlier / "journal.db")
        own = import_disk(box, new, new / "journal.db")
        assert own is not None and own["entries"] == 0
    sound(new)


def test_a_damaged_page_costs_what_stands_on_it(stage: Stage) -> None:
    old = died_with_unsent(stage)
    path = old / "journal.db"
    data = bytearray(path.read_bytes())
    place = data.rindex(b'"attempt.started"') if b'"attempt.started"' in data else data.rindex(b"attempt.started")
    data[place // 4096 * 4096 : place // 4096 * 4096 + 4096] = bytes(4096)
    path.write_bytes(data)
    new = stage.enrolled("new", TokenMode.REPLACE)
    stage.restored(new)
    with stage.opened(new) as box:
        try:
            answer = import_disk(box, new, path)
        except Broken as error:
            assert error.code in ("late.unreadable", "late.fork")
        else:
            assert answer is not None and answer["left"], "it says where it stopped"
    sound(new)


def test_the_running_box_takes_orders(stage: Stage) -> None:
    old = died_with_unsent(stage)
    new = stage.enrolled("new", TokenMode.REPLACE)
    told: list[str] = []
    with stage.opened(new) as box:
        worker = RescueWorker(box, stage.clock, CountingEntropy(), lambda kind, data: told.append(kind), stage.hq.url)
        (file,) = files_of(old)
        name = inbox.leave(new, file)
        nothing = inbox.leave(new, stage.folder / "nowhere.db")
        for _ in range(10):
            if worker.step() > 0:
                break
        answer = inbox.answer_of(new, name)
        assert answer is not None and answer["entries"] > 0
        assert (inbox.answer_of(new, nothing) or {}).get("code") == "late.unreadable"
        assert inbox.waiting(new) == [] and "rescue" in told
        assert restore.how_far(box).complete
    sound(new)
