"""Lines of a big bill that wait for its neighbours: judged again with what the neighbouring bills list of them.

Orders are judged each for itself, so only those that wait are, and a neighbour is read line by line, never held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from agent.core.bill import BillLine
from agent.core.reconcile.classes import WAITING, LineClass
from agent.core.reconcile.facts import Facts
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import ClassTotal, Finding, Match
from agent.core.reconcile.matching import match, of_day
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState
from sync.hq.books.accounts import account_of
from sync.hq.books.bills import ONE_DAY, checked_path, newest_bill
from sync.platforms.bill_files import open_bill


def with_neighbours(
    connection: Connection, state: Path, book: str, day: date, found: Match, contracts: Sequence[FeeContract]
) -> Match:
    """Return a match of a day's bill alone as its neighbours complete it, where they are here."""
    waiting = {one.out_trade_no for one in found.findings if one.line_class in WAITING and _fact(one) is not None}
    group = [one for one in found.findings if one.out_trade_no in waiting]
    neighbours = _neighbours(connection, state, book, day, group) if waiting else []
    if not neighbours:
        return found
    platform, merchant = account_of(book)
    lines = tuple(one.listed.line for one in group if one.listed is not None)
    own = Statement(platform, merchant, day, StatementState.READY, lines)
    payments = {one.payment.attempt: one.payment for one in group if one.payment is not None}
    refunds = {one.refund.out_refund_no: one.refund for one in group if one.refund is not None}
    facts = Facts(list(payments.values()), list(refunds.values()))
    again = of_day(match(facts, [own, *neighbours], Terms(contracts=contracts)), day)
    rest = [one for one in found.findings if one.out_trade_no not in waiting]
    findings = tuple(sorted((*rest, *again.findings), key=Finding.sort_key))
    return Match(findings, _totals(found, group, again.findings), found.alarms)


def _fact(one: Finding) -> object:
    return one.payment or one.refund


def _neighbours(connection: Connection, state: Path, book: str, day: date, group: Sequence[Finding]) -> list[Statement]:
    platform, merchant = account_of(book)
    orders = {one.out_trade_no for one in group}
    transactions = {one.transaction for one in group} - {None, ""}
    refunds = {one.out_refund_no for one in group} - {None}

    def belongs(line: BillLine) -> bool:
        return line.out_trade_no in orders or line.transaction in transactions or line.out_refund_no in refunds

    found = []
    for on in (day - ONE_DAY, day + ONE_DAY):
        kept = newest_bill(connection, book, on)
        if kept is not None and not kept.form:
            lines = tuple(line for line in open_bill(checked_path(state, kept.sha256)).lines() if belongs(line))
            found.append(Statement(platform, merchant, on, StatementState.READY, lines, kept.sha256, kept.version))
    return found


def _totals(found: Match, gone: Iterable[Finding], come: Iterable[Finding]) -> dict[LineClass, ClassTotal]:
    """Return the totals with some findings replaced; what agrees in bulk stands in them only."""
    totals = {line_class: replace(total) for line_class, total in found.totals.items()}
    for one in come:
        totals[one.line_class].add(one)
    for one in gone:
        less, total = ClassTotal(), totals[one.line_class]
        less.add(one)
        totals[one.line_class] = ClassTotal(
            total.findings - less.findings,
            total.lines - less.lines,
            total.journal_fen - less.journal_fen,
            total.bill_fen - less.bill_fen,
            total.fee_fen - less.fee_fen,
        )
    return totals
