"""Write baskets.jsonl: forty made-up baskets with every oddity that real tills write. Same seed, same file.

python tests/data/make_baskets.py
"""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SEED = 20_261_003
PLAIN = 30
GOODS = (
    ("100001", "红富士苹果", "PRODUCE", 1280),
    ("100002", "FRESH MILK 1 L", "DAIRY", 1290),
    ("100003", "白面包", "BAKERY", 750),
    ("100004", "康师傅红烧牛肉面", "GROCERY", 450),
    ("100005", "MINERAL WATER 550 ML", "DRINKS", 200),
    ("100006", "鸡蛋十枚装", "DAIRY", 1399),
    ("100007", "PAPER TOWELS", "HOUSEHOLD", 1599),
)
Line = dict[str, Any]


def line(
    sku: str,
    name: str,
    department: str,
    quantity: int,
    list_fen: int,
    member_fen: int = 0,
    coupon_fen: int = 0,
) -> Line:
    """Return one line; what was paid follows from the rest."""
    return {
        "sku": sku,
        "name": name,
        "department": department,
        "size": "",
        "quantity": quantity,
        "list": list_fen,
        "member_discount": member_fen,
        "coupon": coupon_fen,
        "paid": list_fen - member_fen - coupon_fen,
    }


def plain(chance: random.Random) -> list[Line]:
    """Return the lines of a usual basket."""
    lines = []
    for sku, name, department, price_fen in chance.sample(GOODS, chance.randrange(1, 5)):
        quantity = chance.choice((1, 1, 1, 2, 3))
        member_fen = chance.choice((0, 0, price_fen * quantity // 10))
        lines.append(line(sku, name, department, quantity, price_fen * quantity, member_fen))
    return lines


def odd() -> list[list[Line]]:
    """Return the oddities, each as the lines of one basket."""
    apples, milk = ("100001", "红富士苹果", "PRODUCE"), ("100002", "FRESH MILK 1 L", "DAIRY")
    return [
        [line(*apples, 0, 1280)],  # sold, though nothing was counted
        [line(*apples, 0, 0), line(*milk, 1, 1290)],
        [line("900001", "GASOLINE-REG UNLEADED", "FUEL", 29_404, 7_350)],  # millilitres, or whatever the pump counts
        [line(*milk, 1, 1290, 0, 1290)],  # all of it paid by a coupon
        [line(*milk, 1, 1290), line(*apples, 1, 500, 0, 700)],  # a coupon above its line
        [line(*milk, 1, 1290), line("900002", "COUPON", "COUPON", 1, 0, 0, 300)],  # a coupon is a line of its own
        [line(*milk, 3, 1000)],  # the price does not divide
        [line(*milk, 1, 1290, 0, 2000)],  # more came back than was paid
        [line(*milk, 1, 1290), line(*apples, 2, 0, 0, 3000)],
        [line(*apples, 1, 1280) for _ in range(60)],  # a long slip
    ]


def baskets() -> list[dict[str, Any]]:
    """Return the whole file."""
    chance = random.Random(SEED)
    contents = [plain(chance) for _ in range(PLAIN)]
    for lines in odd():
        contents.insert(chance.randrange(len(contents) + 1), lines)
    at = datetime(2026, 10, 3, 9, 0)
    found = []
    for number, lines in enumerate(contents, 1):
        at += timedelta(minutes=chance.randrange(5, 120))
        found.append(
            {
                "basket": f"70000{number:05d}",
                "store": "T900",
                "at": at.isoformat(),
                "member": str(chance.randrange(100, 120)),
                "lines": lines,
                "paid": sum(one["paid"] for one in lines),
            }
        )
    return found


def main() -> None:
    """Write the file beside this script."""
    text = "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in baskets())
    (Path(__file__).parent / "baskets.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
