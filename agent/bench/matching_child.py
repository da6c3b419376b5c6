"""The process whose matching is measured: tells seconds, the peak of its memory, and what it found, as JSON."""

import json
import re
import sys
import time
from pathlib import Path

from agent.bench.matching_data import BILL, DAY, FLAT_FACTS, MERCHANT, RATE_PPM
from agent.bench.matching_sql import Found

_KIB = 1024


def main() -> None:
    """Match with what the first argument names the files in a folder; the third is an empty folder or a database."""
    what, folder, place = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    took_s, classes = _found(what, folder, place)
    said = {"took_s": took_s, "peak_bytes": peak_bytes(), "classes": classes}
    sys.stdout.write(json.dumps(said) + "\n")


def peak_bytes() -> int:
    """Return the most memory that this program held; `getrusage` would count its parent's before the exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) * _KIB if found else 0


def _found(what: str, folder: Path, place: str) -> Found:
    if what == "ours":
        return _ours(folder, Path(place))
    if what == "PostgreSQL":
        from agent.bench.matching_sql import in_postgresql

        return in_postgresql(folder, place)
    if what == "DuckDB":
        from agent.bench.matching_sql import in_duckdb

        return in_duckdb(folder)
    from agent.bench.matching_rivals import with_pandas, with_polars

    return with_pandas(folder) if what == "pandas" else with_polars(folder)


def _ours(folder: Path, spill: Path) -> Found:
    import duckdb  # noqa: F401 - the others' clocks do not run while they are loaded, either

    from agent.core.reconcile.fees import FeeContract
    from agent.core.reconcile.scope import Terms
    from sync.hq.matching.bulk import match_in_bulk
    from sync.hq.matching.bulk_facts import FlatFacts
    from sync.platforms.bill_files import open_bill

    bill, facts = open_bill(folder / BILL), FlatFacts(folder / FLAT_FACTS, DAY)
    began_s = time.perf_counter()
    totals = match_in_bulk(bill, MERCHANT, DAY, facts, Terms(contracts=(FeeContract(RATE_PPM),)), spill).match.totals
    took_s = time.perf_counter() - began_s
    found = {name.value: (one.findings, one.journal_fen, one.bill_fen) for name, one in totals.items() if one.findings}
    return took_s, found


if __name__ == "__main__":
    main()
