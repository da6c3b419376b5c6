"""Double-entry postings of every event, balanced: debits positive, credits negative, the sum is zero.

At day end `Liabilities:Tendered` and `Liabilities:Refunds` hold exactly what is not finished.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

TENDERED = "Liabilities:Tendered"
REFUNDS = "Liabilities:Refunds"
SALES = "Income:Sales"
DISCOUNTS = "Income:Discounts"
ROUNDING = "Income:Rounding"
PORTAL_REFUNDS = "Income:PortalRefunds"
"""Sales that were taken back without the tills: apart from `SALES`, which stays what tills sold and gave back."""
SAFE = "Assets:Cash:Safe"
OVER_SHORT = "Expenses:CashOverShort"

Body = Mapping[str, Any]
Postings = dict[str, int]


def till_account(till: str) -> str:
    """Return the account of the cash in a till's drawer."""
    return f"Assets:Cash:Till{till}"


def clearing_account(platform: str) -> str:
    """Return the account of money that a platform owes us."""
    return f"Assets:Clearing:{platform.capitalize()}"


def summed(pairs: Iterable[tuple[str, int]]) -> Postings:
    """Return the sum of each account; accounts at zero are left out."""
    postings: Postings = {}
    for account, amount_fen in pairs:
        if amount_fen:
            postings[account] = postings.get(account, 0) + amount_fen
    return {account: amount_fen for account, amount_fen in postings.items() if amount_fen}


def _sale(body: Body) -> Postings:
    pairs = [(TENDERED if tender["attempt"] else tender["account"], tender["amount_fen"]) for tender in body["tenders"]]
    list_fen = sum(line["list_fen"] for line in body["lines"])
    pairs.append((DISCOUNTS, list_fen - body["total_fen"]))
    pairs.append((ROUNDING, body["rounding_fen"]))
    pairs.append((SALES, -list_fen))
    return summed(pairs)


def _refund(body: Body) -> Postings:
    pairs = [(SALES, body["total_fen"])]
    pairs += [
        (REFUNDS if tender["attempt"] else tender["account"], -tender["amount_fen"]) for tender in body["tenders"]
    ]
    return summed(pairs)


def _attempt_ended(body: Body) -> Postings:
    if body["outcome"] != "paid":
        return {}
    merchant_fen = body["merchant_discount_fen"]
    return summed(
        [
            (clearing_account(body["platform"]), body["amount_fen"] - merchant_fen),
            (DISCOUNTS, merchant_fen),
            (TENDERED, -body["amount_fen"]),
        ]
    )


def _attempt_contradicted(body: Body) -> Postings:
    if not body.get("booked"):
        return {}
    return summed([(clearing_account(body["platform"]), body["amount_fen"]), (TENDERED, -body["amount_fen"])])


def _refund_started(body: Body) -> Postings:
    if not body["orphan"]:
        return {}
    return summed([(TENDERED, body["amount_fen"]), (REFUNDS, -body["amount_fen"])])


def _refund_ended(body: Body) -> Postings:
    if body.get("unclaimed"):
        return summed([(REFUNDS, body["amount_fen"]), (TENDERED, -body["amount_fen"])])
    if body["outcome"] != "done":
        return {}
    merchant_fen = body.get("merchant_fen", 0)
    return summed(
        [
            (REFUNDS, body["amount_fen"]),
            (clearing_account(body["platform"]), merchant_fen - body["amount_fen"]),
            (DISCOUNTS, -merchant_fen),
        ]
    )


def _refund_found(body: Body) -> Postings:
    """Post money that went back at the platform by itself: of a sale, or of a payment that no sale has taken."""
    account = TENDERED if body["sale"] is None else PORTAL_REFUNDS
    return summed([(account, body["amount_fen"]), (clearing_account(body["platform"]), -body["amount_fen"])])


def _shift_opened(body: Body) -> Postings:
    return summed([(till_account(body["till"]), body["float_fen"]), (SAFE, -body["float_fen"])])


def _shift_closed(body: Body) -> Postings:
    return summed(
        [
            (SAFE, body["counted_fen"]),
            (OVER_SHORT, body["short_fen"] - body["over_fen"]),
            (till_account(body["till"]), -body["expected_fen"]),
        ]
    )


_MOVEMENT_ACCOUNT = {"paid_in": "Income:PaidIn", "paid_out": "Expenses:PaidOut", "drop": SAFE}


def _drawer_moved(body: Body) -> Postings:
    movement = body["movement"]
    if movement == "no_sale":
        return {}
    amount_fen = body["amount_fen"] if movement == "paid_in" else -body["amount_fen"]
    return summed([(till_account(body["till"]), amount_fen), (_MOVEMENT_ACCOUNT[movement], -amount_fen)])


_RULES: dict[str, Callable[[Body], Postings]] = {
    "sale.completed": _sale,
    "sale.refunded": _refund,
    "attempt.ended": _attempt_ended,
    "attempt.contradicted": _attempt_contradicted,
    "refund.started": _refund_started,
    "refund.ended": _refund_ended,
    "refund.found": _refund_found,
    "shift.opened": _shift_opened,
    "shift.closed": _shift_closed,
    "drawer.moved": _drawer_moved,
}


KINDS = tuple(_RULES)
"""The kinds of entries that move money."""


def postings(kind: str, body: Body) -> Postings:
    """Return account -> fen of an entry, debits positive; empty for kinds that move no money. The sum is zero."""
    rule = _RULES.get(kind)
    return rule(body) if rule else {}
