"""A dead box's successor: sells at once, has everything a little later, and believes nothing unproven."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.chain import next_hash
from agent.core.errors import StoreboxError, TryLater, UnknownOutcome
from agent.core.roles import Role
from agent.rescue import restore
from agent.services import refunds, shifts
from agent.services.reports import net_sales_ever
from agent.services.shop import Actor
from agent.store import restoring, views
from agent.store.verify import verify
from sync.hq.registry import TokenMode
from sync.past import Page, page_bytes, parse_first_page, parse_page
from sync.past_source import PastSource, Promise
from tests.rescued import DAY_S, Stage, enrolment_at, sound
from tests.unit.sync.fakes import running_hq

MANAGER = Actor("01", "店长", Role.STORE_MANAGER, "1")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


@pytest.fixture
def dead(stage: Stage) -> list[str]:
    return three_days(stage)


def three_days(stage: Stage) -> list[str]:
    """Three days of trade that headquarters has, the third with its shift open; returns a sale of each day."""
    state = stage.enrolled("old")
    sales = []
    with stage.opened(state) as box:
        for day in range(3):
            sales.append(stage.sell(box, 3)[0])
            if day < 2:
                stage.close(box)
                stage.clock.advance(DAY_S)
        stage.drain(box)
    return sales


def successor(stage: Stage) -> Path:
    return stage.enrolled("new", TokenMode.REPLACE)


def test_it_sells_before_its_history_is_here(stage: Stage, dead: list[str]) -> None:
    state = successor(stage)
    with stage.opened(state) as box, stage.source(state) as source:
        assert restore.begin(box, source, views)
        before = shifts.x_report(box.shop, MANAGER)
        assert before["sales"] == 3, "the shift that was open goes on with its figures"
        (sold,) = stage.sell(box, 1)
        assert sold.startswith("S001-2-")
        calling = [row[0] for row in box.shop.read().execute("SELECT calling FROM view_sale WHERE shift IS NOT NULL")]
        assert len(set(calling)) >= 4
        assert refunds.refund_sale(box.shop, MANAGER, dead[2], None, "坏了")["total_fen"] > 0
        with pytest.raises(TryLater) as refused:
            refunds.refund_sale(box.shop, MANAGER, dead[0], None, "坏了")
        assert refused.value.code == "restore.history_behind"
        assert net_sales_ever(box.shop.read()) is None
    sound(state)


def test_the_whole_history_comes_behind_and_verifies(stage: Stage, dead: list[str]) -> None:
    state = successor(stage)
    with stage.opened(state) as box, stage.source(state) as source:
        restore.begin(box, source, views)
        stage.sell(box, 2)
        assert restore.bring_history(box, source)
        stage.sell(box, 1)
        assert not restore.how_far(box).complete
        assert restore.complete_views(box, state / restore.SHADOW_FILE, views)
        assert restore.how_far(box).complete
        assert refunds.refund_sale(box.shop, MANAGER, dead[0], None, "坏了")["total_fen"] > 0
        assert net_sales_ever(box.shop.read())
        stage.drain(box)
        epochs = box.shop.read().execute("SELECT epoch, count(*) FROM past GROUP BY epoch").fetchall()
    assert stage.hq.rows("SELECT count(*) FROM entry WHERE epoch = 1") == [(epochs[0][1],)]
    assert stage.hq.rows("SELECT count(*) FROM late_run") == [(0,)], "nothing of it went up again"
    sound(state)
    assert not (state / restore.SHADOW_FILE).exists()


def test_headquarters_on_either_database_gives_it_back(tmp_path: Path, database_url: str | None) -> None:
    with running_hq(tmp_path / "hq", database_url) as hq:
        stage = Stage(hq, tmp_path)
        dead = three_days(stage)
        state = successor(stage)
        stage.restored(state)
        with stage.opened(state) as box:
            assert refunds.refund_sale(box.shop, MANAGER, dead[0], None, "坏了")["total_fen"] > 0
        sound(state)


class CutSource(PastSource):
    """Fails from the n-th question on."""

    left = 0

    def _got(self, path: str) -> object:
        if self.left <= 0:
            raise UnknownOutcome("network.answer_cut", server="x")
        self.left -= 1
        return super()._got(path)


def small_pages(monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    """Have headquarters answer in pages of few entries."""
    from sync.hq.rescue import past

    whole, first = past.whole_page, past.first_page
    monkeypatch.setattr(past, "whole_page", lambda c, s, e, a: whole(c, s, e, a, entries))
    monkeypatch.setattr(past, "first_page", lambda c, s, e, a: first(c, s, e, a, entries))


def test_it_goes_on_where_it_was_cut_off(stage: Stage, dead: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch, 7)
    state = successor(stage)
    cuts = 0
    for questions in range(1, 60):
        with stage.opened(state) as box, stage.source(state) as given:
            source = CutSource(given._session, given._signer, given.identity, given._keys)
            source.left = questions
            try:
                if not restoring.was_begun(box.readers.get()):
                    restore.begin(box, source, views)
                if restore.bring_history(box, source):
                    break
            except UnknownOutcome:
                cuts += 1
        sound(state)
    assert cuts > 3
    with stage.opened(state) as box:
        assert not restore.complete_views(box, state / restore.SHADOW_FILE, views, stopped=lambda: True) or cuts
        assert restore.complete_views(box, state / restore.SHADOW_FILE, views)
        assert restore.how_far(box).complete
    sound(state)


class LyingSource(PastSource):
    """Changes what headquarters said."""

    change_page = staticmethod(lambda page: page)
    change_plan = staticmethod(lambda plan: plan)

    def plan(self) -> tuple[Promise, ...]:
        return self.change_plan(super().plan())

    def page(self, epoch: int, after_seq: int) -> Page:
        return self.change_page(super().page(epoch, after_seq))


def forged(page: Page) -> Page:
    """Tell another sale, with a chain that is right in itself."""
    rows = [
        (row.epoch, row.seq, row.at_ms, row.kind.decode(), row.body.decode().replace("cash", "wxpay"), None)
        for row in page.rows
    ]
    header = {
        "epoch": page.epoch,
        "first_seq": rows[0][1],
        "previous": page.previous.hex(),
        "head": "0" * 64,
        "last": page.last,
    }
    head = page.previous
    for _, seq, at_ms, kind, body, _ in rows:
        head = next_hash(head, seq, at_ms, kind, body)
    return parse_page(page_bytes({**header, "head": head.hex()}, rows))


@pytest.mark.parametrize(
    ("name", "change", "codes"),
    [
        ("page", forged, {"restore.chain_broken", "restore.head_differs", "restore.first_differs"}),
        ("page", lambda page: replace(page, rows=page.rows[:0]), {"restore.cut_short"}),
        ("page", lambda page: replace(page, previous=b"\1" * 32), {"restore.chain_broken"}),
    ],
    ids=["another sale", "nothing", "another place"],
)
def test_a_lie_is_named_and_trade_goes_on(
    stage: Stage, dead: list[str], name: str, change: object, codes: set[str]
) -> None:
    state = successor(stage)
    with stage.opened(state) as box, stage.source(state) as given:
        source = LyingSource(given._session, given._signer, given.identity, given._keys)
        restore.begin(box, source, views)
        source.change_page = change  # type: ignore[assignment,method-assign]
        with pytest.raises(StoreboxError) as named:
            restore.bring_history(box, source)
        assert named.value.code in codes
        assert stage.sell(box, 1)
        assert not restore.how_far(box).complete
    sound(state)
    with stage.opened(state) as box, stage.source(state) as source:
        assert restore.bring_history(box, source), "headquarters told the truth in the end"


def test_a_receipt_of_another_key_is_not_believed(stage: Stage, dead: list[str], tmp_path: Path) -> None:
    state = successor(stage)
    with running_hq(tmp_path / "other") as other, stage.opened(state) as box:
        del other
        with stage.source(state) as given:
            document = dict(given.plan()[0].receipt.document)
            document["next_seq"] = int(str(document["next_seq"])) - 1
            fault = given._keys.fault("receipt", replace(given.identity, epoch=1), document, 1)
            assert fault == "keys.bad_signature"
        del box


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_half_a_page_is_no_page(cut: int) -> None:
    data = page_bytes({"last": True}, [(1, 1, 1, "sale.completed", '{"a":1}', "0" * 64)] * 50)
    for parse in (parse_first_page, parse_page):
        with pytest.raises(UnknownOutcome, match=r"restore\.cut"):
            parse(data[:-cut] if cut < len(data) else b"")
    with pytest.raises(UnknownOutcome, match=r"restore\.cut"):
        parse_first_page(os.urandom(200))


def test_a_replaced_box_gets_no_history_and_no_store_gets_another_ones(stage: Stage, dead: list[str]) -> None:
    successor(stage)
    with stage.source(stage.folder / "old") as source, pytest.raises(StoreboxError) as refused:
        source.plan()
    assert refused.value.code == "box.replaced"


def test_a_damaged_first_part_is_found(stage: Stage, dead: list[str]) -> None:
    state = successor(stage)
    with stage.opened(state) as box, stage.source(state) as source:
        restore.begin(box, source, views)

        def edit(unit: object) -> None:
            unit.connection.execute(  # type: ignore[attr-defined]
                "UPDATE past_first SET body = replace(body, '\"cash\"', '\"gift\"') WHERE kind = 'sale.completed'"
            )

        box.writer.run(edit)
    assert not verify(state / "journal.db", views).ok
    assert enrolment_at(state).previous is not None
