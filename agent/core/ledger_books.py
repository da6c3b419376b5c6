"""Double-entry postings of what headquarters know beyond the boxes: payouts, deposits, settled differences, bank lines.

With them a platform's clearing account is at zero for every day whose money the bank has. What a store hands to the
bank stands on `Assets:Headquarters`, against the bank's line in the account's book; over a chain it is at zero.
"""

from collections.abc import Mapping
from typing import Any

from agent.core.ledger import OVER_SHORT, SAFE, Postings, clearing_account, summed
from agent.core.reconcile.classes import LineClass, Settlement

IN_TRANSIT = "Assets:Cash:InTransit"
HEADQUARTERS = "Assets:Headquarters"
PLATFORM_FEES = "Expenses:PlatformFees"
PAYOUT_DIFFERENCES = "Expenses:PayoutDifferences"
PAYMENT_DIFFERENCES = "Expenses:PaymentDifferences"
UNASSIGNED = "Liabilities:Unassigned"
OTHER = "Equity:Other"
_TAKEN_OVER = frozenset({Settlement.CONFIRM.value, Settlement.ASSIGN.value, Settlement.WRITE_OFF.value})
"""Settlements after which the books say what the platform says; a refund has entries of its own."""


def bank_account(account: str) -> str:
    """Return the account of money at a bank."""
    return f"Assets:Bank:{account}"


def payout_of_store(platform: str, settled_fen: int, fees_fen: int) -> Postings:
    """Return what a settled platform day means for one store: `settled_fen` is gross less refunds, before fees."""
    return summed(
        [
            (HEADQUARTERS, settled_fen - fees_fen),
            (PLATFORM_FEES, fees_fen),
            (clearing_account(platform), -settled_fen),
        ]
    )


def payout_line(bank: str, amount_fen: int, stores_fen: int, more_fees_fen: int) -> Postings:
    """Return what a bank's line means that pays days of a merchant account.

    `stores_fen` is what the stores' postings handed over, `more_fees_fen` what the platform's bills charged above the
    fees that those count with; what then is left is a difference of the payout.
    """
    difference_fen = stores_fen - more_fees_fen - amount_fen
    return summed(
        [
            (bank_account(bank), amount_fen),
            (HEADQUARTERS, -stores_fen),
            (PLATFORM_FEES, more_fees_fen),
            (PAYOUT_DIFFERENCES, difference_fen),
        ]
    )


def deposit_declared(amount_fen: int) -> Postings:
    """Return what a deposit slip means: its cash is on the way."""
    return summed([(IN_TRANSIT, amount_fen), (SAFE, -amount_fen)])


def deposit_arrived(amount_fen: int, difference_fen: int) -> Postings:
    """Return what it means that a slip's cash is at the bank, which counted `difference_fen` more."""
    return summed(
        [(HEADQUARTERS, amount_fen + difference_fen), (OVER_SHORT, -difference_fen), (IN_TRANSIT, -amount_fen)]
    )


def bank_line(bank: str, amount_fen: int, against: str) -> Postings:
    """Return what a bank's line means against an account."""
    return summed([(bank_account(bank), amount_fen), (against, -amount_fen)])


def taken_over_fen(found: Mapping[str, Any], settlement: str) -> int:
    """Return by how much a settled difference changes what the platform owes: the bill's word less the journal's.

    `found` is the body of its `difference.found`. Nothing when facts or a refund settled it, and for fees, which the
    bill's sum has.
    """
    if settlement not in _TAKEN_OVER or found["line_class"] == LineClass.FEE_DIFFERS.value:
        return 0
    return int(found["bill_fen"]) - int(found["journal_fen"])


def difference_settled(platform: str, changed_fen: int) -> Postings:
    """Return what it means that the platform owes `changed_fen` more than the journals said."""
    return summed([(clearing_account(platform), changed_fen), (PAYMENT_DIFFERENCES, -changed_fen)])
