"""Numbers and names of things: sales, refunds, attempts; what they may look like."""

import re

from agent.core.errors import Refused

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID = re.compile(r"[A-Z0-9]{1,10}")


def checked_id(value: str, field: str) -> str:
    """Return `value` when it can name a store, box or till (`[A-Z0-9]{1,10}`); else refuse with `id.malformed`."""
    if not _ID.fullmatch(value):
        raise Refused("id.malformed", field=field, value=value[:40])
    return value


def sale_number(store: str, epoch: int, count: int) -> str:
    """Return the number of a sale, `S001-2-000421`."""
    return f"{store}-{epoch}-{count:06d}"


def refund_number(sale: str, count: int) -> str:
    """Return the number of the `count`-th refund of a sale, `S001-2-000421-R1`."""
    return f"{sale}-R{count}"


def attempt_number(sale: str, count: int, random_characters: str) -> str:
    """Return the out_trade_no of a sale's `count`-th attempt, `S001_2_000421_A1K7QF`.

    Both platforms accept `[0-9A-Za-z_]` up to 32 characters. The four random Base32 characters are drawn once, so
    that a restored box never meets an old order.
    """
    return f"{sale.replace('-', '_')}_A{count}{random_characters}"


def refund_attempt_number(sale: str, count: int, random_characters: str) -> str:
    """Return the out_refund_no of a sale's `count`-th refund at a platform, `S001_2_000421_R1K7QF`."""
    return f"{sale.replace('-', '_')}_R{count}{random_characters}"


def base32_characters(random_bytes: bytes) -> str:
    """Return one Base32 character for each of `random_bytes`."""
    return "".join(BASE32[byte % 32] for byte in random_bytes)


def calling_number(count: int) -> str:
    """Return the short number of the day that is called out, `A042`; after 999 the letter moves on."""
    letter = "ABCDEFGHJKLMNPQRSTUVWXYZ"[(count - 1) // 999 % 24]
    return f"{letter}{(count - 1) % 999 + 1:03d}"
