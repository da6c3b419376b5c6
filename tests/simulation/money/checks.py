"""What must hold at the end: the bank's movements against every journal that there was."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.core.payment import NUMBER_USED
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
    undoing: set[str] = field(default_factory=set)
    again: dict[str, str] = field(default_factory=dict)
    """Numbers that the living box gave again, and by which name the dead one's attempt goes here."""
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
        elif kind == "attempt.undoing":
            self.undoing.add(body["attempt"])
        elif kind == "attempt.contradicted":
            if body["booked"] and self.refused(body["attempt"]):
                self.wrong.append(f"{body['attempt']} has money of an earlier order")
            self.contradicted.append(body)
        elif kind == "refund.started":
            if self.refused(body["attempt"]):
                self.wrong.append(f"{body['out_refund_no']} gives back money of an earlier order")
            self.refunds[body["out_refund_no"]] = body
        elif kind == "refund.ended":
            self.refunds_ended[body["out_refund_no"]] = body
        elif kind == "sale.completed":
            if body["sale"] in self.completed:
                self.wrong.append(f"{body['sale']} was completed twice")
            self.completed[body["sale"]] = body

    def refused(self, number: str) -> bool:
        """Return whether an attempt ended because its number was used before."""
        end = self.ended.get(number)
        return end is not None and (end["outcome"], end["code"]) == ("declined", NUMBER_USED)

    def excused(self) -> set[str]:
        """Return the attempts of which nobody can say whose the order of their number is.

        The living box never heard that the number is used: that answer was lost, or came after a query's. Both
        attempts of the number are meant. Of different platforms, they have an order each.
        """
        excused: set[str] = set()
        for number, dead in self.again.items():
            unfit = any(one["attempt"] == number and one["booked"] for one in self.contradicted)
            if self.meet(number) and (not self.refused(number) or number in self.undoing or unfit):
                excused |= {number, dead}
        return excused

    def meet(self, number: str) -> bool:
        """Return whether a number that was given again went to the same platform both times."""
        return bool(self.started[number]["platform"] == self.started[self.again[number]]["platform"])

    def owner(self, number: str, platform: str) -> str:
        """Return the attempt whose order a platform has under a number."""
        dead = self.again.get(number)
        if dead is None or self.started[dead]["platform"] != platform:
            return number
        return number if self.meet(number) and not self.refused(number) else dead

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
    attempts = set(books.started)
    alive = attempts | set(books.refunds)
    for number, path in enumerate(dead):
        for place, kind, body in entries_of(path):
            if (*place, body) in known:
                continue
            known.add((*place, body))
            data = json.loads(body)
            if data.get("attempt") in attempts:
                again = f"{data['attempt']} of dead box {number}"
                books.again[data["attempt"]] = again
                data["attempt"] = again
            if data.get("sale"):
                data["sale"] += f" of dead box {number}"  # an image that was put back gives sale numbers again
            books.take(kind, data)
    unended = {*books.started, *books.refunds} - alive - set(books.ended) - set(books.refunds_ended)
    books.lost = unended
    return books


def read_into(books: Books, journal: Path) -> set[tuple[int, int, int, str]]:
    """Take a whole journal in; returns the places and bodies that it had."""
    known: set[tuple[int, int, int, str]] = set()
    for place, kind, body in entries_of(journal):
        known.add((*place, body))
        books.take(kind, json.loads(body))
    return known


def entries_of(path: Path) -> list[tuple[tuple[int, int, int], str, str]]:
    """Return place and time, kind and body of every entry, past epochs first."""
    reader = open_reader(path)
    try:
        (epoch,) = reader.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        rows = reader.execute("SELECT epoch, seq, at_ms, kind, body FROM past ORDER BY epoch, seq").fetchall()
        rows += [
            (int(epoch), *row)
            for row in reader.execute("SELECT seq, at_ms, kind, body FROM journal ORDER BY seq").fetchall()
        ]
    finally:
        reader.close()
    return [((row[0], row[1], row[2]), row[3], row[4]) for row in rows]


def wrong_with(books: Books, banks: Mapping[str, Bank], said_used: Collection[str] = ()) -> list[str]:
    """Compare; returns what does not agree, nothing when all is well.

    `said_used` are the numbers of which the box heard that they are used, while their attempt was open.
    """
    wrong = list(books.wrong)
    excused = books.excused()
    for bank in banks.values():
        wrong += [one for one in bank.complaints if not any(number in one for number in excused)]
    wrong += [
        f"{one} was said to be used, and its attempt ended otherwise" for one in said_used if not books.refused(one)
    ]
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
    excused = books.excused()
    uncertain = {books.refunds[one]["attempt"] for one in books.lost if one in books.refunds}
    for bank in banks.values():
        for number in bank.orders:
            net_fen, given = bank.net_fen(number), number
            number = books.owner(given, bank.house.name)
            if number in excused:
                continue
            if number not in books.started:
                wrong.append(f"{bank.house.name} has {number}, and no journal does")
            elif number in books.lost or number in uncertain:
                continue
            elif net_fen != books.booked_fen(number):
                wrong.append(f"{number}: {bank.house.name} has {net_fen} fen, the journal {books.booked_fen(number)}")
    for number, body in books.started.items():
        found = banks[body["platform"]].orders.get(_plain(number))
        if found is None and books.booked_fen(number):
            wrong.append(f"{number} is paid in the journal, and the bank never heard of it")
    return wrong


def _sales(books: Books, banks: Mapping[str, Bank]) -> list[str]:
    """No sale is paid twice net of what went back, and a sale that was not completed keeps no money."""
    wrong = []
    net_fen: Counter[str] = Counter()
    doubtful, excused = set(), books.excused()
    for number, body in books.started.items():
        if books.owner(_plain(number), body["platform"]) == number:
            net_fen[body["sale"]] += banks[body["platform"]].net_fen(_plain(number))
        if number in books.lost or number in excused:
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


def _plain(number: str) -> str:
    """Return the number as the bank knows it."""
    return number.partition(" ")[0]


def _overlaps(books: Books, banks: Mapping[str, Bank]) -> list[str]:
    """At no instant do two payments of one sale lie at the banks, unless all but one were parked."""
    held: dict[str, set[str]] = defaultdict(set)
    wrong = []
    moves = sorted((one for bank in banks.values() for one in bank.movements), key=lambda one: one.at_s)
    for move in moves:
        body = books.started.get(move.number)
        if body is None or move.number in books.again:
            continue
        holding = held[body["sale"]]
        (holding.add if move.amount_fen > 0 else holding.discard)(move.number)
        if len(holding - books.parked) > 1:
            wrong.append(f"{body['sale']} is paid by {sorted(holding)} at {move.at_s:.1f} s")
    return wrong
