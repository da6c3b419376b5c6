"""What is judged alike for payments and refunds once two lines belong together: amount, fee and day."""

from agent.core.bill import BillKind
from agent.core.reconcile.classes import LineClass, Owner, Settlement
from agent.core.reconcile.facts import Payment, Refund
from agent.core.reconcile.fees import contract_for
from agent.core.reconcile.finding import Finding, Listed, Reason
from agent.core.reconcile.scope import Scope


def finding(
    line_class: LineClass,
    reason: Reason,
    settlement: Settlement,
    owner: Owner,
    payment: Payment | None = None,
    refund: Refund | None = None,
    listed: Listed | None = None,
) -> Finding:
    """Return a finding; here so that judges read as sentences."""
    return Finding(line_class, reason, settlement, owner, payment, refund, listed)


def agreed(code: str, payment: Payment | None, refund: Refund | None, listed: Listed | None) -> Finding:
    """Return a finding of both sides telling the same."""
    return finding(LineClass.MATCHED, Reason(code), Settlement.NOTHING, Owner.NOBODY, payment, refund, listed)


def fee_reason(scope: Scope, method: str, listed: Listed) -> Reason | None:
    """Return why a line's fee is not what the contract allows, None when it is, or when no contract is known."""
    line = listed.line
    contract = contract_for(scope.terms.contracts, line.merchant, method, listed.day)
    if contract is None:
        return None
    is_free = line.kind is not BillKind.PAYMENT and not contract.gives_back
    expected_fen = 0 if is_free else contract.fee_fen(line.settled_fen)
    if abs(expected_fen - line.fee_fen) <= scope.terms.fee_tolerance_fen:
        return None
    return Reason("difference.fee_differs", ours_fen=expected_fen, theirs_fen=line.fee_fen)


def settled_fits(listed: Listed, amount_fen: int, merchant_discount_fen: int) -> bool:
    """Tell whether what moves on the account is what is left after the merchant's own discount.

    Of a refund it is not known how much of the discount goes back with it: anything between both ends fits.
    """
    line = listed.line
    least_fen = max(0, amount_fen - merchant_discount_fen)
    if line.kind is BillKind.PAYMENT:
        return line.settled_fen == least_fen
    return least_fen <= line.settled_fen <= amount_fen


def is_net(listed: Listed, payment: Payment) -> bool:
    """Tell whether an old bill gives the amount less the coupon that the journal knows of, as 总金额 does."""
    discount_fen = payment.platform_discount_fen + payment.merchant_discount_fen
    line = listed.line
    return discount_fen > 0 and line.amount_fen == line.settled_fen == payment.amount_fen - discount_fen
