"""What matching left in the journal, read from its views, and what a match adds to it, each once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from agent.core.canonical import canonical
from agent.core.events_matching import BillMatched, DifferenceFound, DifferenceSettled
from agent.core.reconcile.classes import (
    CLASS_WORDS,
    OWNER_WORDS,
    SETTLEMENT_WORDS,
    LineClass,
    Owner,
    Settlement,
)
from agent.core.reconcile.differences import Changes
from agent.core.sentences import sentence_for
from agent.services.journaling import record
from agent.services.shop import Shop
from agent.store.unit import Unit

Body = Mapping[str, Any]
A_COMMAND = 20
"""Entries of one command: a day with a thousand differences must not hold a sale up."""
_ACCOUNT = "platform = ? AND merchant = ? AND bill_day = ?"


@dataclass(frozen=True, slots=True)
class Written:
    """What was news: whether the day's result was, how many differences were found and settled."""

    matched: bool
    found: int
    settled: int


NOTHING = Written(False, 0, 0)


def bill(connection: Any, platform: str, merchant: str, day: date) -> dict[str, Any] | None:
    """Return what came of a day's bill, `{state, sha256, at_ms, alarms}`; None before its first match."""
    row = connection.execute(
        f"SELECT state, sha256, at_ms, body FROM view_bill WHERE {_ACCOUNT}", (platform, merchant, day.isoformat())
    ).fetchone()
    if row is None:
        return None
    return {"state": row[0], "sha256": row[1], "at_ms": row[2], "alarms": json.loads(row[3])["alarms"]}


def differences_of(connection: Any, platform: str, merchant: str, day: date) -> dict[str, Body]:
    """Return the bodies of a day's differences by number: the open ones, and those that a person has settled."""
    rows = connection.execute(
        f"SELECT difference, body FROM view_difference WHERE {_ACCOUNT} AND (state = 'open' OR settlement <> 'facts')",
        (platform, merchant, day.isoformat()),
    ).fetchall()
    return {number: json.loads(body) for number, body in rows}


def open_numbers(connection: Any, platform: str, merchant: str, day: date) -> list[str]:
    """Return the numbers of a day's open differences."""
    rows = connection.execute(
        f"SELECT difference FROM view_difference WHERE {_ACCOUNT} AND state = 'open' ORDER BY difference",
        (platform, merchant, day.isoformat()),
    ).fetchall()
    return [number for (number,) in rows]


def days_with_open(connection: Any, platform: str, merchant: str) -> set[date]:
    """Return the days of an account that have open differences."""
    rows = connection.execute(
        "SELECT DISTINCT bill_day FROM view_difference WHERE state = 'open' AND platform = ? AND merchant = ?",
        (platform, merchant),
    ).fetchall()
    return {date.fromisoformat(day) for (day,) in rows}


def open_differences(connection: Any, limit: int = 200) -> list[dict[str, Any]]:
    """Return the bodies of open differences of every account, the newest bill's first."""
    rows = connection.execute(
        "SELECT body FROM view_difference WHERE state = 'open' ORDER BY bill_day DESC, difference LIMIT ?", (limit,)
    ).fetchall()
    return [json.loads(body) for (body,) in rows]


def bills(connection: Any, limit: int = 100) -> list[dict[str, Any]]:
    """Return the results of the newest bills, with how many differences are open."""
    rows = connection.execute(
        "SELECT platform, merchant, bill_day, state, sha256, at_ms, body, (SELECT count(*) FROM view_difference d"
        " WHERE d.platform = b.platform AND d.merchant = b.merchant AND d.bill_day = b.bill_day AND d.state = 'open')"
        " FROM view_bill b ORDER BY bill_day DESC, platform, merchant LIMIT ?",
        (limit,),
    ).fetchall()
    names = ("platform", "merchant", "day", "state", "sha256", "at_ms", "body", "differences")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [{**one, "body": json.loads(one["body"])} for one in found]


def write(shop: Shop, changes: Changes) -> Written:
    """Write what is news, in the order found, settled, matched; another run may have written some of it meanwhile."""
    found = _in_pieces(shop, changes.found)
    settled = _in_pieces(shop, changes.settled)
    matched = 0 if changes.matched is None else _in_pieces(shop, [changes.matched])
    return Written(matched > 0, found, settled)


Matching = BillMatched | DifferenceFound | DifferenceSettled


def _in_pieces(shop: Shop, events: Sequence[Matching]) -> int:
    return sum(
        int(shop.writer.run(partial(_written, events=events[begin : begin + A_COMMAND])))
        for begin in range(0, len(events), A_COMMAND)
    )


def _written(unit: Unit, events: Sequence[Matching]) -> int:
    news = [one for one in events if _is_news(unit.connection, one)]
    for one in news:
        record(unit, one)
    return len(news)


def _is_news(connection: Any, event: Matching) -> bool:
    """Tell whether the journal does not say this already."""
    if isinstance(event, BillMatched):
        row = connection.execute(
            f"SELECT body FROM view_bill WHERE {_ACCOUNT}", (event.platform, event.merchant, event.bill_day)
        ).fetchone()
        return row is None or row[0] != canonical(event.body())
    row = connection.execute(
        "SELECT state, body, settlement FROM view_difference WHERE difference = ?", (event.difference,)
    ).fetchone()
    if isinstance(event, DifferenceSettled):
        return row is not None and row[0] == "open"
    return row is None or row[1] != canonical(event.body()) or (row[0] != "open" and row[2] == "facts")


def told(body: Body) -> dict[str, Any]:
    """Return a difference as people read it: its numbers, sums, and its words as `{zh, en}`."""
    said = sentence_for(str(body["code"]), body["values"])
    names = ("difference", "platform", "merchant", "bill_day", "code", "out_trade_no", "out_refund_no", "transaction")
    sums = ("business_day", "till", "journal_fen", "bill_fen", "fee_fen")
    words = {
        "class": CLASS_WORDS[LineClass(body["line_class"])],
        "settlement": SETTLEMENT_WORDS[Settlement(body["settlement"])],
        "owner": OWNER_WORDS[Owner(body["owner"])],
        "title": (said.zh_title, said.en_title),
        "detail": (said.zh_detail, said.en_detail),
        "remedy": (said.zh_remedy, said.en_remedy),
    }
    return {
        **{name: body[name] for name in (*names, *sums)},
        **{name: {"zh": zh, "en": en} for name, (zh, en) in words.items()},
    }
