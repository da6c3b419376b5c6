"""One store's hostile entries hold up nobody: they are kept as evidence, and books, pages and pulls of all go on."""

import random
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import select

from agent.core.canonical import canonical
from agent.core.chain import genesis
from sync.hq import registry, tables
from sync.hq.books.bill_tables import outstanding
from sync.hq.books.jobs import run_to_the_end
from sync.hq.formats import csv_lines, documents, pages
from sync.hq.ingest import ingest
from sync.hq.ledger_api import rows_alone
from sync.hq.projection import NAME_CHARACTERS_MAX, readable
from sync.hq.pull import Selection
from sync.hq.pull_columns import COLUMNS, Rows
from sync.hq.pull_days import DayStates
from sync.hq.pull_files import write_parquet, write_xlsx
from sync.hq.trial_balance import trial_balance
from sync.wire import SentEntry, Upload
from tests.unit.sync.fakes import enrolled_body
from tests.unit.sync.hq.pages.office import DAY, NOW_MS, House, opened, sale

LONG = "".join(random.Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=9000))
"""Longer than a key of PostgreSQL's index may be, and not to be compressed below it."""
NINES, DIGITS_MAX = "9" * 30, "9" * 4300
ODD_TEXTS = ("\\ud800", "a\\u0000b", "a\\nb", "\\u001f", LONG)


def sale_of(total_fen: str, text: str = "S") -> tuple[str, str]:
    tender = f'{{"kind":"{text}","amount_fen":{total_fen},"account":"{text}","attempt":null,"provisional":true}}'
    fields = f'"sale":"{text}","day":"{DAY}","till":"{text}","total_fen":{total_fen},"rounding_fen":0'
    return "sale.completed", f'{{{fields},"lines":[{{"list_fen":{total_fen}}}],"tenders":[{tender}]}}'


def order_of(amount_fen: str, text: str = "A") -> list[tuple[str, str]]:
    fields = f'"attempt":"{text}","sale":"{text}","platform":"{text}","merchant":"{text}","day":"{DAY}","till":"{text}"'
    ended = f'"outcome":"paid","transaction":"{text}","merchant_discount_fen":0'
    back = f'"out_refund_no":"{text}","refund":"{text}","orphan":true'
    return [
        ("attempt.started", f'{{{fields},"amount_fen":{amount_fen}}}'),
        ("attempt.ended", f'{{{fields},"amount_fen":{amount_fen},{ended}}}'),
        ("refund.started", f'{{{fields},"amount_fen":{amount_fen},{back}}}'),
        ("refund.ended", f'{{{fields},"amount_fen":{amount_fen},{back},"outcome":"done","merchant_fen":{amount_fen}}}'),
    ]


HOSTILE = [
    *(sale_of(number) for number in (NINES, f"-{NINES}", str(2**64 - 1), str(2**63 - 1), DIGITS_MAX, DIGITS_MAX)),
    *(sale_of("1", text) for text in ODD_TEXTS),
    *chain.from_iterable(order_of(number) for number in (NINES, str(2**63 - 1))),
    *chain.from_iterable(order_of("1", text) for text in ODD_TEXTS),
    ("shift.closed", f'{{"day":"{DAY}","till":"1","counted_fen":{NINES},"short_fen":0,"over_fen":0,"expected_fen":1}}'),
    ("hq.rolled_back", f'{{"from_seq":{DIGITS_MAX},"to_seq":1}}'),
]  # fmt: skip
READERS = {"lead": ("/", "/stores/S001", f"/stores/S001/days/{DAY}"), "fleet": ("/fleet", "/fleet/S001", "/boxes")}


def came(house: House, *said: tuple[str, str]) -> None:
    identity, key, _ = house.boxes["S001"]
    told = [("box.enrolled", canonical(enrolled_body(identity, key))), *said]
    entries = tuple(SentEntry(seq, NOW_MS, kind, body) for seq, (kind, body) in enumerate(told, 1))
    with house.office.database.write() as connection:
        owner = registry.epoch_of_store(connection, "S001", 1)
        assert ingest(connection, owner, identity, Upload(identity, 1, genesis(identity), entries, {}), NOW_MS).appended


def test_hostile_entries_of_one_store_hold_up_nobody(tmp_path: Path, database_url: str | None) -> None:
    house = opened(tmp_path, database_url)
    try:
        house.person("lead", "lead_accountant")
        house.person("fleet", "fleet")
        came(house, *HOSTILE)
        number, body = sale(1, 500)
        body["tenders"][0]["provisional"] = True  # type: ignore[index]
        house.send("S002", (number, body))
        ran = run_to_the_end(house.office.database, tmp_path, lambda: house.now_ms)
        assert [one for one in ran if one.code is not None] == []
        with house.office.database.read() as connection:
            waiting = connection.execute(select(outstanding.c.amount_fen).where(outstanding.c.store == "S002"))
            assert waiting.scalars().all() == [500]
            kept = connection.execute(select(tables.cursor.c.next_seq).where(tables.cursor.c.store == "S001"))
            assert kept.scalar_one() == len(HOSTILE) + 2
            assert trial_balance(connection, tmp_path, ["S001", "S002"], None, True, house.now_ms).incomplete
        for name, paths in READERS.items():
            browser = house.browser(name)
            assert [path for path in paths if browser.get(path).status_code != 200] == []
        files_are_made(house, tmp_path)
    finally:
        house.office.close()


def files_are_made(house: House, folder: Path) -> None:
    for rows in (Rows.TENDERS, Rows.POSTINGS):
        chosen = Selection(["S001", "S002"], days=DayStates.ANY, rows=rows)

        def found(asked: Selection = chosen) -> object:
            return rows_alone(pages(house.office.database, asked, house.now_ms, folder))

        "".join(csv_lines(found(), COLUMNS[rows])).encode()  # type: ignore[arg-type]
        write_parquet(found(), COLUMNS[rows], folder / "x.parquet")  # type: ignore[arg-type]
        write_xlsx(chain.from_iterable(found()), COLUMNS[rows], folder / "x.xlsx")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":9007199254740991,"b":"1234567890123456"}', {"a": 2**53 - 1, "b": "1234567890123456"}),
        ('{"a":[9007199254740992,-9007199254740992]}', {"a": [None, None]}),
        ('{"a":{"b":"\\ud800"},"\\ud800":1}', {"a": {"b": None}}),
        ('{"a":"\\ud83d\\ude00","b":"x\\u0000"}', {"a": "😀", "b": None}),
        ('{"a":"\\\\u0000"}', {"a": "\\u0000"}),
    ],
)
def test_what_no_database_holds_is_none(text: str, value: object) -> None:
    assert readable(text) == value


def test_an_entry_of_no_day_is_named_whatever_days_are_asked_for(tmp_path: Path, database_url: str | None) -> None:
    house = opened(tmp_path, database_url)
    try:
        came(house, ("sale.completed", '{"sale":"S","total_fen":900,"tenders":[{"kind":"cash","amount_fen":900}]}'))
        for first in (None, DAY):
            chosen = Selection(["S001"], first, first, DayStates.ANY)
            (*_, last) = documents(house.office.database, chosen, NOW_MS)
            assert last["manifest"]["unreadable"] == [{"store": "S001", "epoch": 1, "seq": 2}]  # type: ignore[index]
    finally:
        house.office.close()


def test_a_name_that_no_index_holds_names_nothing(tmp_path: Path, database_url: str | None) -> None:
    house = opened(tmp_path, database_url)
    try:
        came(house, *order_of("1", LONG), *order_of("2", LONG[:NAME_CHARACTERS_MAX]))
        with house.office.database.read() as connection:
            assert connection.execute(select(tables.platform_order.c.amount_fen)).scalars().all() == [2]
    finally:
        house.office.close()
