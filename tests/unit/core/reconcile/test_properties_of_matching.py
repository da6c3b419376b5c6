"""What holds for every journal and bill: one class a line, sums conserved, order irrelevant, changes stay local."""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.bill import BillKind, BillLine
from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Facts, Payment, Refund
from agent.core.reconcile.finding import Finding, Listed, Match
from agent.core.reconcile.matching import match, totals_of
from agent.core.reconcile.orders import grouped
from agent.core.reconcile.statement import Statement
from tests.unit.core.reconcile.cases import AFTER, BEFORE, DAY, TERMS, at, number, paid, payment, refund, statement

DAYS = (BEFORE, DAY, AFTER)
moments = st.builds(at, st.sampled_from(["00:00:01", "12:00:00", "23:59:59"]), st.sampled_from(DAYS))
amounts = st.sampled_from([1, 4_000, 9_999, 10_000])
counts = st.integers(1, 4)
transactions = st.sampled_from([f"42{count:026d}" for count in range(1, 6)] + [""])


@st.composite
def payments(draw: Any) -> list[Payment]:
    made = []
    for count in draw(st.sets(counts)):
        state = draw(st.sampled_from(list(AttemptState)))
        transaction = draw(transactions) or None
        made.append(
            payment(
                count,
                state=state,
                transaction=transaction if state is AttemptState.PAID else None,
                platform_at_ms=draw(st.none() | moments),
                ended_at_ms=draw(st.none() | moments),
                amount_fen=draw(amounts),
                merchant_discount_fen=draw(st.sampled_from([0, 0, 1])),
            )
        )
    return made


@st.composite
def refunds(draw: Any) -> list[Refund]:
    return [
        refund(
            count,
            draw(amounts),
            attempt=number(draw(counts)),
            state=draw(st.sampled_from(["started", "done", "refused"])),
            started_at_ms=draw(moments),
            ended_at_ms=draw(st.none() | moments),
        )
        for count in draw(st.sets(counts))
    ]


lines = st.builds(
    paid,
    counts,
    kind=st.sampled_from(list(BillKind)),
    out_trade_no=st.sampled_from([*(number(count) for count in range(1, 6)), "XX-1", ""]),
    transaction=transactions,
    out_refund_no=st.sampled_from([None, *(f"S001_1_{count:06d}_R1K7QF" for count in range(1, 6))]),
    refund_transaction=st.sampled_from([None, f"50{1:027d}", f"50{2:027d}"]),
    at_ms=moments,
    amount_fen=amounts,
    settled_fen=amounts,
    fee_fen=st.sampled_from([0, 60]),
)
bills = st.lists(st.sampled_from(DAYS), max_size=3, unique=True).flatmap(
    lambda days: st.tuples(
        *(
            st.builds(lambda day, some: statement(*some, day=day), st.just(day), st.lists(lines, max_size=6))
            for day in days
        )
    )
)


def run(facts: tuple[list[Payment], list[Refund]], statements: tuple[Statement, ...]) -> Match:
    return match(Facts(*facts), statements, TERMS)


def keyed(found: Match) -> Counter[str]:
    return Counter(map(repr, found.findings))


@given(payments(), refunds(), bills)
def test_every_line_is_in_exactly_one_class_and_sums_are_conserved(
    paid_facts: list[Payment], back: list[Refund], statements: tuple[Statement, ...]
) -> None:
    found = run((paid_facts, back), statements)
    listed = Counter(repr(Listed(one.day, line)) for one in statements for line in one.lines)
    assert Counter(repr(one.listed) for one in found.findings if one.listed is not None) == listed
    ours = Counter(repr(one.payment or one.refund) for one in found.findings if one.payment or one.refund)
    assert not [fact for fact, times in ours.items() if times > 1]
    days = {one.day for one in statements}
    must = [one for one in paid_facts if (one.is_paid or one.is_open) and one.platform_day in days]
    must_back = [one for one in back if one.state != "refused" and one.first_day in days]
    assert {*map(repr, must), *map(repr, must_back)} <= set(ours)
    assert sum(total.bill_fen for total in found.totals.values()) == sum(
        Listed(one.day, line).signed_fen for one in statements for line in one.lines
    )
    known = {repr(one): one.booked_fen for one in [*paid_facts, *back]}
    assert sum(total.journal_fen for total in found.totals.values()) == sum(known[fact] for fact in ours)
    assert found.totals == totals_of(found.findings)
    for one in found.findings:
        if one.line_class == "matched" and one.reason.code == "difference.none":
            assert one.journal_fen == one.bill_fen


@given(payments(), refunds(), bills, st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_irrelevant_and_the_same_input_finds_the_same(
    paid_facts: list[Payment], back: list[Refund], statements: tuple[Statement, ...], chance: Any
) -> None:
    first = run((paid_facts, back), statements)
    again = run((paid_facts, back), statements)
    assert again == first
    mixed = [replace(one, lines=chance.sample(one.lines, len(one.lines))) for one in statements]
    chance.shuffle(mixed)
    other = run((chance.sample(paid_facts, len(paid_facts)), chance.sample(back, len(back))), tuple(mixed))
    assert other.findings == first.findings
    assert other.totals == first.totals
    assert other.alarms == first.alarms


@settings(max_examples=150)
@given(payments(), refunds(), bills, st.data())
def test_a_new_fact_changes_its_own_order_only(
    paid_facts: list[Payment], back: list[Refund], statements: tuple[Statement, ...], data: Any
) -> None:
    facts: list[Payment | Refund] = [*paid_facts, *back]
    if not facts:
        return
    new = data.draw(st.sampled_from(facts))
    before = run(([one for one in paid_facts if one is not new], [one for one in back if one is not new]), statements)
    after = run((paid_facts, back), statements)
    own = _lines_of_its_group(new, paid_facts, back, statements)

    def others(found: Match) -> Counter[str]:
        return Counter(repr(one) for one in found.findings if not _touches(one, own))

    assert others(before) == others(after)


def _lines_of_its_group(
    new: Payment | Refund, paid_facts: list[Payment], back: list[Refund], statements: tuple[Statement, ...]
) -> set[str]:
    """Return what stands in the fact's group, and in the groups in which that group's lines stood before it came."""
    listed = [Listed(one.day, line) for one in statements for line in one.lines]
    own: set[str] = set()
    for order in grouped(Facts(paid_facts, back), listed):
        if new in order.payments or new in order.refunds:
            own = {*map(repr, order.payments), *map(repr, order.refunds), *map(repr, order.listed)}
    assert own, "a fact stands in no group"
    without = Facts([one for one in paid_facts if one is not new], [one for one in back if one is not new])
    moved = set(own)
    for order in grouped(without, listed):
        parts = {*map(repr, order.payments), *map(repr, order.refunds), *map(repr, order.listed)}
        if parts & moved:
            own |= parts
    return own


def _touches(one: Finding, own: set[str]) -> bool:
    return any(repr(part) in own for part in (one.payment, one.refund, one.listed) if part is not None)


def test_identical_lines_are_told_apart_by_their_count() -> None:
    line: BillLine = paid()
    found = run(([payment()], []), (statement(line, line, line),))
    assert [one.line_class.value for one in found.findings] == ["duplicate", "duplicate", "matched"]
