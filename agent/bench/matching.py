"""Matching a bill of a million lines with as many of the journal, against a plain full outer join of the same files.

The match runs in a process of its own (`agent.bench.matching_child`), so that its memory can be told. The facts' flat
file and the bill are written before the clock runs; parsing, classes and findings are inside it.
"""

import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from agent.bench.figures import Round, middle
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Facts, Payment
from sync.hq.matching.bulk_facts import FlatFacts

LINES, QUICK_LINES = 1_000_000, 20_000
MEMORY_BAR_MB = 250
MERCHANT, DAY = "1900000001", date(2026, 10, 3)
DIFFERS_EVERY = 1_000
RATE_PPM = 6_000
_BEGINS_MS = 1_790_956_800_000
_MIB = 1024 * 1024
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注\r\n"
)


def measure(plan: Plan) -> list[Row]:
    """Measure lines a second and the peak of memory; the floor is DuckDB joining the same two files."""
    if find_spec("duckdb") is None:
        plan.note("matching was not measured: pip install duckdb (extra hq)")
        return []
    count = plan.count(LINES, QUICK_LINES)
    with plan.scratch("matching") as folder:
        _write(folder, count)
        rounds, peaks = [], []
        with plan.progress("matches", plan.rounds) as advance:
            for number in range(plan.rounds):
                took_s, peak_bytes = _matched(folder, number, count)
                rounds.append(Round(count / took_s, count / _run(folder, "join", number)[0]))
                peaks.append(peak_bytes)
                advance()
        plan.judge("matching", rounds, "lines/s", 1)
        others = [name for name in ("pandas", "polars") if find_spec(name) is not None]

    name = f"matching {count:,} lines of a journal with {count:,} of a bill, against a plain full outer join"
    bar = Bar("value", "<", MEMORY_BAR_MB)
    return [
        Row.of_round(name, middle(rounds), "lines/s"),
        Row("peak memory of the process that matches", max(peaks) / _MIB, "MB", None, bar),
    ]


def _matched(folder: Path, number: int, count: int) -> tuple[float, int]:
    took_s, peak_bytes, findings, lines = _run(folder, "match", number)
    differing = -(-count // DIFFERS_EVERY)
    if (findings, lines) != (differing, 2 * count):
        raise RuntimeError(f"{findings} differences in {lines} lines, {differing} in {2 * count} were planted")
    return took_s, int(peak_bytes)


def _run(folder: Path, what: str, number: int) -> tuple[float, ...]:
    """Run a child; returns the seconds inside it and what else it says."""
    spill = folder / f"{what}-{number}"
    spill.mkdir()
    command = [sys.executable, "-m", "agent.bench.matching_child", what, str(folder), str(spill)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return tuple(float(one) for one in done.stdout.split())


def _write(folder: Path, count: int) -> None:
    """Write a bill and facts; every `DIFFERS_EVERY`th order has another amount on the bill."""
    with (folder / "bill").open("w", encoding="utf-8", newline="") as bill:
        bill.write(_HEAD)
        for number in range(count):
            amount_fen = 1_000 + number * 7_919 % 29_000
            at_s = 3_600 + number * 104_729 % 76_000
            payment = _payment(number, amount_fen, _BEGINS_MS + at_s * 1_000)
            bill.write(_line(payment, amount_fen + (number % DIFFERS_EVERY == 0), at_s))
        bill.write(f"总交易单数,应结订单总金额\r\n`{count},`0.00\r\n")


def _payment(number: int, amount_fen: int, at_ms: int) -> Payment:
    store = f"S{number % 200:03d}"
    return Payment(
        store=store,
        attempt=f"{store}_1_{number:07d}_A1K7QF",
        platform="wechat",
        merchant=MERCHANT,
        method="code",
        sale="X",
        till="1",
        day=DAY.isoformat(),
        amount_fen=amount_fen,
        state=AttemptState.PAID,
        started_at_ms=at_ms - 4_000,
        ended_at_ms=at_ms + 900,
        transaction=f"42{number * 7_919:026d}",
        platform_at_ms=at_ms,
    )


def _line(payment: Payment, amount_fen: int, at_s: int) -> str:
    clock = f"{DAY.isoformat()} {at_s // 3600:02d}:{at_s // 60 % 60:02d}:{at_s % 60:02d}"
    yuan, fee_fen = _yuan(amount_fen), (amount_fen * RATE_PPM + 500_000) // 1_000_000
    cells = (clock, "wx0000000000000001", MERCHANT, "0", "T1", payment.transaction, payment.attempt, "oX", "MICROPAY",
             "SUCCESS", "OTHERS", "CNY", yuan, "0.00", "0", "0", "0.00", "0.00", "", "", "茶,大杯", "shift=1",
             f"{_yuan(fee_fen)}000", "0.60%", yuan, "0.00", "")  # fmt: skip
    return ",".join(f"`{cell}" for cell in cells) + "\r\n"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
