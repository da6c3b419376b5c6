"""What the pull reads of bodies: the quick way tells what the slow one does, and odd bodies hold up nobody."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.canonical import LARGEST_INTEGER
from sync.hq.projection import readable, readable_quickly
from sync.hq.pull_postings import PostingRows
from sync.hq.pull_tenders import Tender, TenderRows, Trade

FEN = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
TENDERS = st.builds(Tender, FEN, TEXTS, st.none() | TEXTS)
TRADES = st.builds(Trade, FEN, st.lists(TENDERS, max_size=3), TEXTS, TEXTS, FEN)


def body_of(trade: Trade, **more: object) -> str:
    tenders = [{"kind": one.kind, "amount_fen": one.amount_fen, "attempt": one.attempt} for one in trade.tenders]
    fields = {"sale": trade.sale, "till": trade.till, "total_fen": trade.total_fen, "rounding_fen": trade.rounding_fen}
    return json.dumps({**fields, "tenders": tenders, "lines": [{"list_fen": 1}], **more}, ensure_ascii=False)


@given(TRADES)
def test_a_body_is_read_as_it_was_written(trade: Trade) -> None:
    assert TenderRows().read(body_of(trade)) == trade


@given(TRADES)
def test_what_is_no_text_is_left_out_and_the_money_stays(trade: Trade) -> None:
    found = TenderRows().read(body_of(trade, sale=7, till=["1"], rounding_fen=None))
    assert found == Trade(trade.total_fen, trade.tenders, None, None, 0)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"total_fen":1}',
        '{"total_fen":"1","tenders":[]}',
        '{"total_fen":true,"tenders":[]}',
        '{"total_fen":1.5,"tenders":[]}',
        '{"total_fen":9007199254740992,"tenders":[]}',
        '{"total_fen":1,"tenders":{}}',
        '{"total_fen":1,"tenders":[1]}',
        '{"total_fen":1,"tenders":[{"kind":"cash"}]}',
        '{"total_fen":1,"tenders":[{"amount_fen":9007199254740992}]}',
        "[" * 100_000,
    ],
)
def test_a_body_without_its_money_can_not_be_read(body: str) -> None:
    assert TenderRows().read(body) is None


def test_half_a_character_is_no_text() -> None:
    found = TenderRows().read('{"total_fen":1,"tenders":[],"sale":"\\ud800","till":"1"}')
    assert found == Trade(1, [], None, "1", 0)
    assert PostingRows().read('{"sale":"\\ud800"}') is None


@given(st.dictionaries(WORDS, st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | WORDS | st.none(), max_size=4))
def test_both_ways_to_read_a_body_agree(body: dict[str, object]) -> None:
    text = json.dumps(body)
    assert readable_quickly(text) == readable(text) == body
