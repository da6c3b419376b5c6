"""What a platform's code means, by platform: the one place where tables of codes are looked up, and told as a page."""

from collections.abc import Mapping
from importlib import import_module

from sync.platforms.situations import ALL, Situation

_TABLES = {"wechat": "sync.platforms.wechat.errors", "alipay": "sync.platforms.alipay.errors"}
_TITLES = {"wechat": "WeChat Pay · 微信支付", "alipay": "Alipay · 支付宝"}
_INTRODUCTION = """\
# Codes of the payment platforms

Each code that a platform may answer with, what it means to the box, and what cashier and technician are told. Written
from `sync/platforms/situations.py` and the tables in `sync/platforms/*/errors.py`; a test compares this page with them.
Write it anew: `python -m tests.unit.sync.platforms.test_error_page`.

A code that stands nowhere here is an **unknown outcome**: the box goes on asking, and undoes the order in the end.

| meaning | what the box does |
|---|---|
| `pending` | asks again: the customer is still at it |
| `unknown` | asks again, undoes the order in the end |
| `look_up` | asks for the order's state; to a payment or offer, sent once: the number was used by an earlier order |
| `declined` | ends the attempt: no money moved; another way may be tried |
| `merchant` | ends the attempt: no money moved; the technician is needed |
| `try_later` | does the same under the same number later |
| `not_found` | the number is unknown there: asks until it is time to undo it |
| `refused` | ends the refund or the wish for good |
| `nothing` | there is no bill that day |
"""


def situation(platform: str, code: str | None, *, refund: bool = False) -> Situation | None:
    """Return what a code of a platform means in an answer about a payment or a refund; None when no table knows it."""
    name = _TABLES.get(platform)
    if name is None or not code:
        return None
    module = import_module(name)
    table: Mapping[str, Situation] = module.REFUND_CODES if refund else module.ORDER_CODES
    return table.get(code)


def page() -> str:
    """Return `docs/payment-errors.md`."""
    parts = [_INTRODUCTION, *(_platform(name) for name in _TABLES), _situations()]
    return "\n".join(parts)


def _platform(name: str) -> str:
    module = import_module(_TABLES[name])
    lines = [f"## {_TITLES[name]}", "", "| code | in a payment | in a refund |", "|---|---|---|"]
    for code in sorted({*module.ORDER_CODES, *module.REFUND_CODES}):
        said = (_named(table.get(code)) for table in (module.ORDER_CODES, module.REFUND_CODES))
        lines.append(f"| `{code}` | {' | '.join(said)} |")
    return "\n".join([*lines, ""])


def _named(found: Situation | None) -> str:
    if found is None:
        return "–"
    name = next(name for name, one in ALL.items() if one == found)
    return f"[{_anchor(name)}](#{_anchor(name)}) ({found.meaning})"


def _anchor(name: str) -> str:
    return name.lower().replace("_", "-")


def _situations() -> str:
    lines = ["## What is said", ""]
    for name, one in ALL.items():
        lines += [
            f"### {_anchor(name)}",
            "",
            f"*{one.meaning}*",
            "",
            f"- {one.zh}",
            f"- {one.en}",
            f"- 技术员:{one.remedy_zh}",
            f"- Technician: {one.remedy_en}",
            "",
        ]
    return "\n".join(lines)
