"""Differences as matching would find them."""

from agent.core.events_matching import BillMatched, DifferenceFound, DifferenceSettled
from agent.core.reconcile.differences import Changes

BOOK = "@wechat:1230000109"
BILL_DAY = "2026-11-18"
NOW_MS = 1_795_000_000_000


def found(number: str = "D1", **more: object) -> DifferenceFound:
    """Return 2.00 yuan that only the store has, or what is said otherwise."""
    told: dict[str, object] = {
        "difference": number,
        "platform": "wechat",
        "merchant": "1230000109",
        "bill_day": BILL_DAY,
        "line_kind": "payment",
        "line_class": "journal_only",
        "code": "difference.not_on_bill",
        "settlement": "re_query",
        "owner": "box",
        "out_trade_no": f"S001_1_00000{number[-1]}_A1K7QF",
        "out_refund_no": None,
        "transaction": f"42000023452026111800000000000{number[-1]}",
        "store": "S001",
        "business_day": BILL_DAY,
        "till": "1",
        "journal_fen": 200,
        "bill_fen": 0,
        "fee_fen": 0,
        "values": {"day": BILL_DAY},
    }
    return DifferenceFound(**{**told, **more})  # type: ignore[arg-type]


def stranger(number: str = "D2", **more: object) -> DifferenceFound:
    """Return 300.00 yuan that only the platform has, under a number that is nobody's."""
    nobody = {"store": None, "business_day": None, "till": None, "out_trade_no": "STATIC88", "owner": "store_manager"}
    told = {"line_class": "platform_only", "code": "difference.foreign_number", "settlement": "assign", "values": {}}
    return found(number, **{**nobody, **told, "journal_fen": 0, "bill_fen": 30_000, **more})


def gone(number: str) -> DifferenceSettled:
    """Return the end by facts."""
    return DifferenceSettled(number, "facts", "", "", None)


def matched(**more: object) -> BillMatched:
    """Return what a match of the bill says as a whole."""
    classes = {"matched": {"lines": 6, "journal_fen": 3_000, "bill_fen": 3_000, "fee_fen": 18}}
    told = {"platform": "wechat", "merchant": "1230000109", "bill_day": BILL_DAY, "sha256": "ab" * 32, "state": "ready"}
    return BillMatched(**{**told, "classes": classes, "alarms": (), **more})  # type: ignore[arg-type]


def changes(*news: DifferenceFound, settled: tuple[DifferenceSettled, ...] = (), told: bool = False) -> Changes:
    """Return what a match changes."""
    return Changes(matched() if told else None, news, settled)
