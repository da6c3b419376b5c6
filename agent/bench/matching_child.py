"""The process whose matching is measured: tells seconds, the peak of its memory in bytes, and what it found."""

import re
import sys
import time
from pathlib import Path

from agent.core.reconcile.classes import DIFFERENCES
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.scope import Terms

_KIB = 1024


def main() -> None:
    """Do what the first argument names, `match` or `join`, with the files in a folder."""
    what, folder, spill = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    began_s = time.perf_counter()
    found = _match(folder, spill) if what == "match" else _join(folder, spill)
    took_s = time.perf_counter() - began_s
    sys.stdout.write(" ".join(map(str, (took_s, peak_bytes(), *found))) + "\n")


def peak_bytes() -> int:
    """Return the most memory that this program held; `getrusage` would count its parent's before the exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) * _KIB if found else 0


def _match(folder: Path, spill: Path) -> tuple[int, ...]:
    from agent.bench.matching import DAY, MERCHANT, RATE_PPM
    from sync.hq.matching.bulk import match_in_bulk
    from sync.platforms.bill_files import open_bill

    bill = open_bill(folder / "bill")
    terms = Terms(contracts=(FeeContract(RATE_PPM),))
    totals = match_in_bulk(bill, MERCHANT, DAY, folder / "facts", terms, spill).match.totals
    return sum(totals[one].findings for one in DIFFERENCES), sum(one.lines for one in totals.values())


def _join(folder: Path, spill: Path) -> tuple[int, ...]:
    """Join both files by the platform's number and count the lines; no classes, no judgement."""
    import duckdb

    from sync.hq.matching.bulk import MEMORY_MB, THREADS
    from sync.hq.matching.bulk_bill import prepared
    from sync.hq.matching.bulk_facts import COLUMNS
    from sync.hq.matching.bulk_query import csv_source
    from sync.platforms.bill_files import open_bill

    bill = prepared(open_bill(folder / "bill"), spill)
    source = csv_source(bill.text, {"line": "VARCHAR"}, "\x01")
    facts = csv_source(folder / "facts", dict.fromkeys(COLUMNS, "VARCHAR"), "\t")
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{MEMORY_MB}MB",
        "threads": THREADS,
        "temp_directory": str(spill),
    }
    with duckdb.connect(config=config) as connection:
        place = bill.names.index("微信订单号") + 1
        query = f"""
            SELECT count(*) FROM {facts} AS fact
            FULL OUTER JOIN (SELECT string_split(line, ',`')[{place}] AS transaction FROM {source}) AS line
            ON fact.transaction = line.transaction
        """
        found = connection.execute(query).fetchone()
    return (int(found[0]) if found else 0,)


if __name__ == "__main__":
    main()
