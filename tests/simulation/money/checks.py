"""What must hold at the end: the bank's movements against every journal that there was."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.store.connection import open_reader
from tests.simulation.money.bank import Bank

Body = dict[str, Any]


@dataclass
class Books:
    """Money as the journals tell it, in the order of their entries."""

    started: dict[str, Body] = field(default_factory=dict)
    ended: dict[str, Body] = field(default_factory=dict)
    parked: set[str] = field(default_factory=set)
    contradicted: list[Body] = field(default_factory=list)
    refunds: dict[str, Body] = field(default_factory=dict)
    refunds_ended: dict[str, Body] = field(default_factory=dict)
    completed: dict[str, Body] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Attempts and refunds without an end that only a dead disk knew of."""
    wrong: list[str] = field(default_factory=list)

    def take(self, kind: str, body: Body) -> None:
        """Take the next entry in."""
        if kind == "attempt.started":
            live = [one for one in self.live_of(body["sale"]) if one not in self.parked]
            if live:
                self.wrong.append(f"{body['attempt']} began while {live} of the same sale had no end")
            if body["attempt"] in self.started:
                self.wrong.append(f"{body['attempt']} is the number of two attempts")
            self.started[body["attempt"]] = body
        elif kind == "attempt.ended":
            if body["attempt"] in self.ended:
                self.wrong.append(f"{body['attempt']} ended twice")
            self.ended[body["attempt"]] = body
        elif kind == "attempt.parked":
            self.parked.add(body["attempt"])
        elif kind == "attempt.contradicted":
            self.contradicted.append(body)
        elif kind == "refund.started":
            self.refunds[body["out_refund_no"]] = body
        elif kind == "refund.ended":
            self.refunds_ended[body["out_refund_no"]] = body
        elif kind == "sale.completed":
            if body["sale"] in self.completed:
                self.wrong.append(f"{body['sale']} was completed twice")
            self.completed[body["sale"]] = body

    def live_of(self, sale: str) -> list[str]:
        """Return the attempts of a sale without an end."""
        return [number for number, body in self.started.items() if body["sale"] == sale and number not in self.ended]

    def booked_fen(self, number: str) -> int:
        """Return what an attempt brought, less what went back of it."""
        end = self.ended.get(number)
        paid_fen = end["amount_fen"] if end is not None and end["outcome"] == "paid" else 0
        back_fen = sum(
            body["amount_fen"]
            for body in self.refunds_ended.values()
            if body["attempt"] == number and body["outcome"] == "done"
        )
        unfit_fen = sum(one["amount_fen"] for one in self.contradicted if one["attempt"] == number and one["booked"])
        return int(paid_fen + unfit_fen - back_fen)


def books_of(journal: Path, dead: Iterable[Path]) -> Books:
    """Read the present journal with its past, then what dead disks knew beyond that; no attempt may be on two."""
    books = Books()
    known = read_into(books, journal)
    alive = set(books.started) | set(books.refunds)
    for number, path in enumerate(dead):
        for place, kind, body in entries_of(path):
            if (*place, body) in known:
                continue
            known.add((*place, body))
            data = json.loads(body)
            if data.get("sale"):
                data["sale"] += f" of dead box {number}"  # an image that was put back gives sale numbers again
            books.take(kind, data)
    unended = {*books.started, *books.refunds} - alive - set(books.ended) - set(books.refunds_ended)
    books.lost = unended
    return books


def read_into(books: Books, journal: Path) -> set[tuple[int, int, str]]:
    """Take a whole journal in; returns the places and bodies that it had."""
    known: set[tuple[int, int, str]] = set()
    for place, kind, body in entries_of(journal):
        known.add((*place, body))
        books.take(kind, json.loads(body))
    return known


def entries_of(path: Path) -> list[tuple[tuple[int, int], str, str]]:
    """Return place, kind and body of every entry, past epochs first."""
    reader = open_reader(path)
    try:
        (epoch,) = reader.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        rows = reader.execute("SELECT epoch, seq, kind, body FROM past ORDER BY epoch, seq").fetchall()
        rows += [
            (int(epoch), *row) for row in reader.execute("SELECT seq, kind, body FROM journal ORDER BY seq").fetchall()
        ]
    finally:
        reader.close()
    return [((row[0], row[1]), row[2], row[3]) for row in rows]


def wrong_with(books: Books, banks: Mapping[str, Bank]) -> list[str]:
    """Compare; returns what does not agree, nothing when all is well."""
    wrong = list(books.wrong)
    for bank in banks.values():
        wrong += bank.complaints
    for number in books.started:
        if number not in books.ended and number not in books.lost:
            wrong.append(f"{number} has no end")
    for number in books.refunds:
        if number not in books.refunds_ended and number not in books.lost:
            wrong.append(f"refund {number} has no end")
    wrong += _money(books, banks)
    wrong += _sales(books, banks)
    return list(dict.fromkeys(wrong))


def _money(books: Books, banks: Mapping[str, Bank]) -> list[str]:
    wrong = []
    uncertain = {books.refunds[one]["attempt"] for one in books.lost if one in books.refunds}
    for bank in banks.values():
        for number in bank.orders:
            net_fen = bank.net_fen(number)
            if number not in books.started:
                wrong.append(f"{bank.house.name} has {number}, and no journal does")
            elif number in books.lost or number in uncertain:
                continue
            elif net_fen != books.booked_fen(number):
                wrong.append(f"{number}: {bank.house.name} has {net_fen} fen, the journal {books.booked_fen(number)}")
    for number, body in books.started.items():
        found = banks[body["platform"]].orders.get(number)
        if found is None and books.booked_fen(number):
            wrong.append(f"{number} is paid in the journal, and the bank never heard of it")
    return wrong


def _sales(books: Books, banks: Mapping[str, Bank]) -> list[str]:
    """No sale is paid twice net of what went back, and a sale that was not completed keeps no money."""
    wrong = []
    net_fen: Counter[str] = Counter()
    doubtful = set()
    for number, body in books.started.items():
        net_fen[body["sale"]] += banks[body["platform"]].net_fen(number)
        if number in books.lost:
            doubtful.add(body["sale"])
    back_fen: Counter[str] = Counter()
    for body in books.refunds.values():
        if not body["orphan"]:
            back_fen[books.started[body["attempt"]]["sale"]] += body["amount_fen"]
        if body["out_refund_no"] in books.lost:
            doubtful.add(books.started[body["attempt"]]["sale"])
    for sale in set(net_fen) - doubtful:
        done = books.completed.get(sale)
        tenders = [] if done is None else done["tenders"]
        wallet_fen = sum(tender["amount_fen"] for tender in tenders if tender["attempt"])
        if done is not None and sum(tender["amount_fen"] for tender in tenders) != done["total_fen"]:
            wrong.append(f"{sale} is not paid by its tenders")
        if net_fen[sale] != wallet_fen - back_fen[sale]:
            wrong.append(f"{sale}: the banks keep {net_fen[sale]} fen, its tenders say {wallet_fen - back_fen[sale]}")
    return wrong + _overlaps(books, banks)


def _overlaps(books: Books, banks: Mapping[str, Bank]) -> list[str]:
    """At no instant do two payments of one sale lie at the banks, unless all but one were parked."""
    held: dict[str, set[str]] = defaultdict(set)
    wrong = []
    moves = sorted((one for bank in banks.values() for one in bank.movements), key=lambda one: one.at_s)
    for move in moves:
        body = books.started.get(move.number)
        if body is None:
            continue
        holding = held[body["sale"]]
        (holding.add if move.amount_fen > 0 else holding.discard)(move.number)
        if len(holding - books.parked) > 1:
            wrong.append(f"{body['sale']} is paid by {sorted(holding)} at {move.at_s:.1f} s")
    return wrong
