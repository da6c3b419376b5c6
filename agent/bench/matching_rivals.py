"""The same matching with pandas and polars, as who knows them would write it: columns, a full join, classes."""

import io
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.bench.matching_data import BILL, DAY, FACT_COLUMNS, FACTS, HEAD, RATE_PPM
from agent.bench.matching_sql import MIDNIGHT_MS, NEAR_MS, SEPARATOR, Found, rows_of_bill

if TYPE_CHECKING:
    import polars as pl

_USED = (
    "交易时间", "微信订单号", "商户订单号", "交易状态", "应结订单金额", "商户退款单号", "退款金额", "手续费",
    "订单金额", "申请退款金额",
)  # fmt: skip
_NEAR_MS = MIDNIGHT_MS - NEAR_MS


def with_polars(folder: Path) -> Found:
    """Match with polars on all processors; lazy up to the join."""
    import polars as pl

    began_s = time.perf_counter()
    lines = _lines_of_polars(folder)
    types = {name: pl.Int64 if name.endswith(("_fen", "_ms")) else pl.String for name in FACT_COLUMNS}
    facts = pl.scan_csv(folder / FACTS, separator="\t", schema=types, quote_char=None, has_header=False)
    keyed = pl.when(pl.col("back") == "").then(pl.col("transaction")).otherwise(pl.col("back"))
    facts = facts.with_columns(pl.col("transaction", "back").fill_null("")).with_columns(keyed.alias("key"))
    joined = facts.join(lines.filter("is_first"), on="key", how="full")
    pairs, twins = pl.collect_all([joined, lines.filter(~pl.col("is_first"))])
    is_back = pl.coalesce("back", "l_back") != ""
    is_alone = ~is_back & (pl.col("number").is_null() | pl.col("l_number").is_null())
    alone = pairs.filter(is_alone)
    ours = alone.filter(pl.col("number").is_not_null()).select(FACT_COLUMNS)
    theirs = alone.filter(pl.col("number").is_null()).drop(*FACT_COLUMNS)
    again = ours.join(theirs, left_on="number", right_on="l_number", how="full")
    judged = pl.concat([pairs.filter(~is_alone), again, twins], how="diagonal").with_columns(is_back.alias("is_back"))
    judged = judged.with_columns(_class_of_polars().alias("class"))
    state, amount = pl.col("state"), pl.col("amount_fen")
    counted = pl.when(state == "paid").then(amount).when(state == "done").then(-amount).otherwise(0)
    listed = pl.when("is_back").then(-pl.col("listed_fen")).otherwise(pl.col("listed_fen"))
    totals = judged.group_by("class").agg(pl.len(), counted.sum().alias("ours"), listed.sum().alias("theirs"))
    judged.filter(pl.col("class") != "matched").rows()
    found = {name: (count, mine, other or 0) for name, count, mine, other in totals.rows()}
    return time.perf_counter() - began_s, found


def _lines_of_polars(folder: Path) -> "pl.LazyFrame":
    import polars as pl

    def cell(name: str) -> pl.Expr:
        return pl.col(name).str.strip_suffix(",")

    def fen(name: str) -> pl.Expr:
        return (cell(name).cast(pl.Decimal(14, 5)) * 100).cast(pl.Int64).abs()

    # Split at the back-tick alone, each cell keeps its comma: no copy of the bill with another separator is needed.
    columns = dict.fromkeys(("before", *HEAD.split(",")), pl.String)
    rows: dict[str, Any] = {"separator": "`", "quote_char": None, "has_header": False, "skip_rows": 1}
    lines = pl.scan_csv(folder / BILL, schema=columns, truncate_ragged_lines=True, **rows)
    lines = lines.filter(pl.col("before").is_null() & pl.col("商户号").is_not_null())
    is_paid = pl.col("交易状态") == "SUCCESS,"
    lines = lines.select(
        cell("微信订单号").alias("l_transaction"),
        cell("商户订单号").alias("l_number"),
        pl.when(pl.col("商户退款单号") == "0,").then(pl.lit("")).otherwise(cell("商户退款单号")).alias("l_back"),
        cell("交易时间").str.to_datetime("%Y-%m-%d %H:%M:%S").alias("at"),
        pl.when(is_paid).then(fen("订单金额")).otherwise(fen("申请退款金额")).alias("listed_fen"),
        pl.when(is_paid).then(fen("应结订单金额")).otherwise(fen("退款金额")).alias("moved_fen"),
        fen("手续费").alias("fee_fen"),
    )
    return lines.with_columns(
        pl.when(pl.col("l_back") == "").then(pl.col("l_transaction")).otherwise(pl.col("l_back")).alias("key"),
        pl.concat_str("l_transaction", "l_back").is_first_distinct().alias("is_first"),
    )


def _class_of_polars() -> "pl.Expr":
    import polars as pl

    there, here = pl.col("listed_fen").is_not_null(), pl.col("number").is_not_null()
    differs = (pl.col("amount_fen") != pl.col("listed_fen")) | (pl.col("settled_fen") != pl.col("moved_fen"))
    fee_fen = (pl.col("moved_fen") * RATE_PPM + 500_000) // 1_000_000
    return (
        pl.when(~pl.col("is_first"))
        .then(pl.lit("duplicate"))
        .when(~there & (pl.col("at_ms") > _NEAR_MS))
        .then(pl.lit("not_yet"))
        .when(~here)
        .then(pl.when("is_back").then(pl.lit("refund_extra")).otherwise(pl.lit("platform_only")))
        .when(~there)
        .then(pl.when("is_back").then(pl.lit("refund_missing")).otherwise(pl.lit("journal_only")))
        .when(~pl.col("state").is_in(["paid", "done"]))
        .then(pl.lit("status_differs"))
        .when(differs)
        .then(pl.lit("amount_differs"))
        .when((fee_fen - pl.col("fee_fen")).abs() > 1)
        .then(pl.lit("fee_differs"))
        .when(pl.col("at").dt.date() != DAY)
        .then(pl.lit("other_day"))
        .otherwise(pl.lit("matched"))
    )


def with_pandas(folder: Path) -> Found:
    """Match with pandas: text columns read by its C reader, classes by numpy."""
    import numpy as np
    import pandas as pd

    began_s = time.perf_counter()
    text: dict[str, Any] = {"header": None, "quoting": 3, "keep_default_na": False}
    rows = io.BytesIO(rows_of_bill(folder))
    bill = pd.read_csv(rows, sep=SEPARATOR.decode(), names=HEAD.split(","), usecols=_USED, dtype=str, **text)

    def fen(name: str) -> "pd.Series[int]":
        return (bill[name].astype(float) * 100).round().astype("int64").abs()

    is_paid = bill["交易状态"] == "SUCCESS"
    lines = pd.DataFrame(
        {
            "l_transaction": bill["微信订单号"],
            "l_number": bill["商户订单号"],
            "l_back": bill["商户退款单号"].where(bill["商户退款单号"] != "0", ""),
            "at": pd.to_datetime(bill["交易时间"].str[1:], format="%Y-%m-%d %H:%M:%S"),
            "listed_fen": fen("订单金额").where(is_paid, fen("申请退款金额")),
            "moved_fen": fen("应结订单金额").where(is_paid, fen("退款金额")),
            "fee_fen": fen("手续费"),
        }
    )
    lines["key"] = lines["l_back"].where(lines["l_back"] != "", lines["l_transaction"])
    is_twin = lines.duplicated(["l_transaction", "l_back"])
    types = {name: "int64" if name.endswith(("_fen", "_ms")) else str for name in FACT_COLUMNS}
    facts = pd.read_csv(folder / FACTS, sep="\t", names=list(FACT_COLUMNS), dtype=types, **text)
    facts["key"] = facts["back"].where(facts["back"] != "", facts["transaction"])
    pairs = facts.merge(lines[~is_twin], on="key", how="outer")
    is_back = pairs["back"].fillna(pairs["l_back"]) != ""
    is_alone = ~is_back & (pairs["number"].isna() | pairs["l_number"].isna())
    alone = pairs[is_alone]
    ours = alone[alone["number"].notna()][list(FACT_COLUMNS)]
    theirs = alone[alone["number"].isna()].drop(columns=list(FACT_COLUMNS))
    again = ours.merge(theirs, left_on="number", right_on="l_number", how="outer")
    judged = pd.concat([pairs[~is_alone], again, lines[is_twin].assign(twin=True)], ignore_index=True)
    back = judged["back"].fillna(judged["l_back"]) != ""
    there, here = judged["listed_fen"].notna(), judged["number"].notna()
    differs = (judged["amount_fen"] != judged["listed_fen"]) | (judged["settled_fen"] != judged["moved_fen"])
    fee_fen = (judged["moved_fen"] * RATE_PPM + 500_000) // 1_000_000
    tried = {
        "duplicate": judged["twin"].notna(),
        "not_yet": ~there & (judged["at_ms"] > _NEAR_MS),
        "refund_extra": ~here & back,
        "platform_only": ~here,
        "refund_missing": ~there & back,
        "journal_only": ~there,
        "status_differs": ~judged["state"].isin(["paid", "done"]),
        "amount_differs": differs,
        "fee_differs": (fee_fen - judged["fee_fen"]).abs() > 1,
        "other_day": judged["at"].dt.normalize() != pd.Timestamp(DAY),
    }
    judged["class"] = np.select(list(tried.values()), list(tried), "matched")
    amount = judged["amount_fen"]
    counted = amount.where(judged["state"] == "paid", (-amount).where(judged["state"] == "done", 0))
    listed = judged["listed_fen"].where(~back, -judged["listed_fen"])
    totals = pd.DataFrame({"class": judged["class"], "ours": counted, "theirs": listed}).groupby("class")
    sums = totals[["ours", "theirs"]].sum().join(totals.size().rename("lines"))
    judged[judged["class"] != "matched"].to_dict("records")
    found = {str(one.Index): (int(one.lines), int(one.ours), int(one.theirs)) for one in sums.itertuples()}
    return time.perf_counter() - began_s, found
