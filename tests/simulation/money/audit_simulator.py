"""What the simulator's own books say of a merchant's orders, straight from their SQLite file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3


def net_of_orders(file: Path) -> dict[str, int]:
    """Return what a merchant has of each order in a file of books: paid and not undone, less what was given back.

    No file: the merchant was never asked for anything.
    """
    if not file.exists():
        return {}
    connection: Any = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        net_fen = Counter[str]()
        for number, state, amount_fen in connection.execute("SELECT out_trade_no, state, amount_fen FROM trade_order"):
            net_fen[number] += amount_fen if state == "paid" else 0
        for number, amount_fen in connection.execute("SELECT out_trade_no, amount_fen FROM refund"):
            net_fen[number] -= amount_fen
    finally:
        connection.close()
    return dict(net_fen)
