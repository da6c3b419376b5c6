"""The same matching in SQL, as PostgreSQL and DuckDB both understand it: typed lines, a full join, classes, totals."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agent.bench.matching_data import BILL, DAY, FACT_COLUMNS, FACTS, FOOT, HEAD, RATE_PPM

Found = tuple[float, dict[str, tuple[int, int, int]]]
"""Seconds, and findings, journal's fen and bill's fen of each class."""
SEPARATOR = b"\x1f"
"""Stands in no bill: takes the place of comma and back-tick, since most readers split at one byte only."""
MIDNIGHT_MS = 1_790_956_800_000 + 86_400_000
NEAR_MS = 10 * 60 * 1000
_NUMBERS = ("amount_fen", "settled_fen", "at_ms")


def rows_of_bill(folder: Path) -> bytes:
    """Return a bill's rows without head and foot, with a separator of one byte."""
    text = (folder / BILL).read_bytes()
    rows = text[text.index(b"\n") + 1 : text.rindex(FOOT.encode())]
    return rows.replace(b",`", SEPARATOR)


def in_postgresql(folder: Path, url: str) -> Found:
    """COPY both into temporary tables and join them there."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        began_s = time.perf_counter()
        run: Callable[..., Any] = connection.execute
        run("SET work_mem = '256MB'")
        columns = ", ".join(f'"{name}" text' for name in HEAD.split(","))
        run(f"CREATE TEMP TABLE bill ({columns})")
        run(f"CREATE TEMP TABLE fact ({_fact_columns()})")
        with connection.cursor() as cursor:
            form = "FORMAT csv, QUOTE E'\\x02', NULL E'\\x03', DELIMITER"
            with cursor.copy(f"COPY bill FROM STDIN ({form} E'\\x1f')") as copy:
                copy.write(rows_of_bill(folder))
            with cursor.copy(f"COPY fact FROM STDIN ({form} E'\\t')") as copy:
                copy.write((folder / FACTS).read_bytes())
        run("ANALYZE bill")
        run("ANALYZE fact")
        return _joined(run, began_s)


def in_duckdb(folder: Path) -> Found:
    """Let DuckDB read both files with all its processors and all the memory that it wants."""
    import duckdb

    with duckdb.connect() as connection:
        began_s = time.perf_counter()
        text = "auto_detect = false, header = false, quote = '', escape = '', nullstr = '\x02'"
        bill = ", ".join(f"'{name}': 'VARCHAR'" for name in HEAD.split(","))
        facts = ", ".join(f"'{name}': '{'BIGINT' if name in _NUMBERS else 'VARCHAR'}'" for name in FACT_COLUMNS)
        foot = f'starts_with("交易时间", \'{FOOT}\') OR "微信订单号" IS NULL OR "商户号" IS NULL'
        connection.execute(
            f"CREATE VIEW bill AS SELECT * FROM read_csv('{folder / BILL}', {text}, delim = ',`', skip = 1, "
            f"null_padding = true, columns = {{{bill}}}) WHERE NOT ({foot})"
        )
        connection.execute(
            f"CREATE VIEW fact AS SELECT * FROM read_csv('{folder / FACTS}', {text}, delim = '\t', "
            f"columns = {{{facts}}})"
        )
        return _joined(connection.execute, began_s)


def _fact_columns() -> str:
    return ", ".join(f"{name} {'bigint' if name in _NUMBERS else 'text'}" for name in FACT_COLUMNS)


def _joined(run: Callable[[str], Any], began_s: float) -> Found:
    for statement in _statements():
        run(statement)
    totals = run(
        "SELECT class, count(*), sum(CASE WHEN state = 'paid' THEN amount_fen WHEN state = 'done' THEN -amount_fen "
        "ELSE 0 END), sum(CASE WHEN listed_fen IS NULL THEN 0 WHEN is_back THEN -listed_fen ELSE listed_fen END) "
        "FROM judged GROUP BY class"
    ).fetchall()
    run("SELECT * FROM judged WHERE class <> 'matched'").fetchall()
    took_s = time.perf_counter() - began_s
    return took_s, {name: (int(count), int(ours or 0), int(theirs or 0)) for name, count, ours, theirs in totals}


def _fen(name: str) -> str:
    return f'abs(CAST(CAST("{name}" AS decimal(14, 5)) * 100 AS bigint))'


def _statements() -> Iterator[str]:
    yield f"""
        CREATE TEMP TABLE line AS
        SELECT *, row_number() OVER (PARTITION BY transaction, back) AS nth FROM (
            SELECT "微信订单号" AS transaction, "商户订单号" AS number,
                CASE "商户退款单号" WHEN '0' THEN '' ELSE "商户退款单号" END AS back,
                CAST(replace("交易时间", '`', '') AS timestamp) AS sold_at, {_fen("手续费")} AS fee_fen,
                CASE "交易状态" WHEN 'SUCCESS' THEN {_fen("订单金额")} ELSE {_fen("申请退款金额")} END AS listed_fen,
                CASE "交易状态" WHEN 'SUCCESS' THEN {_fen("应结订单金额")} ELSE {_fen("退款金额")} END AS moved_fen
            FROM bill
        ) AS typed
    """
    yield f"""
        CREATE TEMP TABLE pair AS
        SELECT {_PAIR} FROM (SELECT * FROM line WHERE nth = 1) AS line
        FULL JOIN fact
        ON CASE fact.back WHEN '' THEN fact.transaction ELSE fact.back END
            = CASE line.back WHEN '' THEN line.transaction ELSE line.back END
    """
    # What found nothing by the platform's number is tried by ours; what is left is one side's alone.
    yield "CREATE TEMP TABLE alone AS SELECT * FROM pair WHERE NOT is_back AND (state IS NULL OR listed_fen IS NULL)"
    yield f"""
        CREATE TEMP TABLE judged AS
        SELECT {_CLASS} AS class, * FROM (
            SELECT * FROM pair WHERE is_back OR (state IS NOT NULL AND listed_fen IS NOT NULL)
            UNION ALL
            SELECT coalesce(ours.is_back, theirs.is_back), theirs.listed_number, ours.number, ours.state,
                ours.amount_fen, ours.settled_fen, ours.at_ms, theirs.listed_fen, theirs.moved_fen, theirs.fee_fen,
                theirs.sold_at, coalesce(theirs.nth, 1)
            FROM (SELECT * FROM alone WHERE state IS NOT NULL) AS ours
            FULL JOIN (SELECT * FROM alone WHERE state IS NULL) AS theirs ON ours.number = theirs.listed_number
            UNION ALL
            SELECT back <> '', number, NULL, NULL, NULL, NULL, NULL, listed_fen, moved_fen, fee_fen, sold_at, nth
            FROM line WHERE nth > 1
        ) AS every
    """


_PAIR = (
    "coalesce(fact.back, line.back) <> '' AS is_back, line.number AS listed_number, fact.number, fact.state, "
    "fact.amount_fen, fact.settled_fen, fact.at_ms, line.listed_fen, line.moved_fen, line.fee_fen, line.sold_at, "
    "coalesce(line.nth, 1) AS nth"
)
_CLASS = f"""
    CASE WHEN nth > 1 THEN 'duplicate'
        WHEN listed_fen IS NULL AND at_ms > {MIDNIGHT_MS - NEAR_MS} THEN 'not_yet'
        WHEN state IS NULL THEN CASE WHEN is_back THEN 'refund_extra' ELSE 'platform_only' END
        WHEN listed_fen IS NULL THEN CASE WHEN is_back THEN 'refund_missing' ELSE 'journal_only' END
        WHEN state NOT IN ('paid', 'done') THEN 'status_differs'
        WHEN amount_fen <> listed_fen OR settled_fen <> moved_fen THEN 'amount_differs'
        WHEN abs((moved_fen * {RATE_PPM} + 500000) / 1000000 - fee_fen) > 1 THEN 'fee_differs'
        WHEN CAST(sold_at AS date) <> DATE '{DAY.isoformat()}' THEN 'other_day'
        ELSE 'matched' END
"""
