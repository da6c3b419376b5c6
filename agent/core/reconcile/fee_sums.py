"""The fees of a day as a sum: a fen too much on each line is within its tolerance, and not within the day's."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent.core.bill import BillKind
from agent.core.reconcile.fees import FeeContract, FeeSum, contract_for
from agent.core.reconcile.finding import Finding, Reason


def fee_sum(findings: Iterable[Finding], contracts: Sequence[FeeContract], merchant: str, day: date) -> FeeSum:
    """Add up the fees of a day's lines that a contract covers; what goes back counts against what was charged."""
    lines = ours_fen = theirs_fen = 0
    for one in findings:
        if one.listed is None or one.listed.day != day:
            continue
        line = one.listed.line
        method = one.payment.method if one.payment is not None else ""
        contract = contract_for(contracts, line.merchant or merchant, method, day)
        if contract is None or (line.kind is not BillKind.PAYMENT and not contract.gives_back):
            continue
        sign = 1 if line.kind is BillKind.PAYMENT else -1
        lines += 1
        ours_fen += sign * contract.fee_fen(line.settled_fen)
        theirs_fen += sign * line.fee_fen
    return FeeSum(lines, ours_fen, theirs_fen)


def fee_alarm(total: FeeSum, day: date) -> Reason | None:
    """Return the alarm of a day whose fees are off as a sum."""
    if not total.differs:
        return None
    return Reason(
        "bill.fee_sum_differs",
        day=day.isoformat(),
        ours_fen=total.ours_fen,
        theirs_fen=total.theirs_fen,
        count=total.lines,
    )
