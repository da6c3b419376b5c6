"""The market's money at the end: the platforms' own books and bills against the box's journal."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

from agent.core.bill import BillKind, BillVerdict
from agent.core.moment import platform_day
from agent.daemon.clock import SystemClock, SystemEntropy
from sync.platforms.base import open_platform
from tests.simulation.money.checks import Books, read_into


def billed(platform_state: Path, merchant: str) -> dict[str, int]:
    """Return the same by the bills of yesterday and today, fetched and read as a box does; the simulator runs."""
    settings = json.loads((platform_state / "merchants" / f"{merchant}.json").read_text())
    platform = open_platform(settings["platform"], settings, SystemEntropy())
    net_fen = Counter[str]()
    today = platform_day(SystemClock().now_ms())
    for day in (today - timedelta(days=1), today):
        bill = platform.fetch_bill(day)
        if bill.verdict is BillVerdict.READY and bill.content is not None:
            for line in platform.read_bill(bill.content):
                net_fen[line.out_trade_no] += line.amount_fen if line.kind is BillKind.PAYMENT else -line.amount_fen
    return dict(net_fen)


def differences(journals: list[Path], books: dict[str, dict[str, int]]) -> tuple[list[str], Books]:
    """Compare what platforms have, by platform and order, with the boxes' journals; nothing when all agrees."""
    ours = Books()
    for journal in journals:
        read_into(ours, journal)
    wrong = list(ours.wrong)
    wrong += [f"{number} has no end" for number in ours.started if number not in ours.ended]
    wrong += [f"refund {number} has no end" for number in ours.refunds if number not in ours.refunds_ended]
    theirs = Counter[str]()
    for platform, orders in books.items():
        for number, net_fen in orders.items():
            theirs[number] += net_fen
            if number not in ours.started:
                wrong.append(f"{platform} has {number}, and the journal does not")
    sales = Counter[str]()
    for number, body in ours.started.items():
        sales[body["sale"]] += theirs[number]
        if theirs[number] != ours.booked_fen(number):
            wrong.append(f"{number}: the platform has {theirs[number]} fen, the journal {ours.booked_fen(number)}")
    for sale, net_fen in sales.items():
        done = ours.completed.get(sale)
        wallet_fen = 0 if done is None else sum(one["amount_fen"] for one in done["tenders"] if one["attempt"])
        if net_fen != wallet_fen:
            wrong.append(f"{sale}: the platforms keep {net_fen} fen, its tenders say {wallet_fen}")
        if done is not None and sum(one["amount_fen"] for one in done["tenders"]) != done["total_fen"]:
            wrong.append(f"{sale} is not paid by its tenders")
    return wrong, ours
