"""A match as people and programs read it: totals by class, each difference with its sentence, way out and owner."""

from collections.abc import Iterator

from agent.core.money import yuan
from agent.core.reconcile.classes import (
    AGREED,
    CLASS_WORDS,
    DIFFERENCES,
    OWNER_WORDS,
    SETTLEMENT_WORDS,
)
from agent.core.reconcile.finding import Finding, Match
from agent.core.reconcile.statement import Statement
from agent.core.sentences import sentence_for


def has_differences(match: Match) -> bool:
    """Tell whether somebody must do something."""
    return bool(match.alarms) or any(match.totals[one].findings for one in DIFFERENCES)


def document(match: Match, statement: Statement, unreadable: list[str]) -> dict[str, object]:
    """Return the match as plain data; findings in agreement are in the totals only."""
    return {
        "platform": statement.platform,
        "merchant": statement.merchant,
        "day": statement.day.isoformat(),
        "sha256": statement.sha256,
        "differs": has_differences(match),
        "alarms": [{"code": one.code, "values": dict(one.values)} for one in match.alarms],
        "classes": {
            line_class.value: {
                "findings": total.findings,
                "lines": total.lines,
                "journal_fen": total.journal_fen,
                "bill_fen": total.bill_fen,
                "fee_fen": total.fee_fen,
            }
            for line_class, total in match.totals.items()
        },
        "findings": [_finding(one) for one in match.findings if one.line_class not in AGREED],
        "unreadable": unreadable,
    }


def text(match: Match, statement: Statement, chinese: bool) -> Iterator[str]:
    """Yield the lines of a report in one language."""
    language = 0 if chinese else 1
    yield f"{statement.platform} {statement.merchant} {statement.day}  sha256 {statement.sha256[:16]}"
    for alarm in match.alarms:
        said = sentence_for(alarm.code, alarm.values)
        yield f"! {said.zh_detail if chinese else said.en_detail}"
    for line_class, total in match.totals.items():
        if total.findings:
            words = CLASS_WORDS[line_class][language]
            yield f"{words}: {total.findings}  {yuan(total.journal_fen)} / {yuan(total.bill_fen)}"
    for one in match.findings:
        if one.line_class not in AGREED:
            said = sentence_for(one.reason.code, one.reason.values)
            detail = said.zh_detail if chinese else said.en_detail
            yield f"- {_number(one)}  {CLASS_WORDS[one.line_class][language]}  {detail}"
            yield f"  {OWNER_WORDS[one.owner][language]}: {SETTLEMENT_WORDS[one.settlement][language]}"


def _number(one: Finding) -> str:
    return one.out_refund_no or one.out_trade_no or one.transaction or "-"


def _finding(one: Finding) -> dict[str, object]:
    said = sentence_for(one.reason.code, one.reason.values)
    return {
        "class": one.line_class.value,
        "code": one.reason.code,
        "values": dict(one.reason.values),
        "zh": said.zh_detail,
        "en": said.en_detail,
        "settlement": one.settlement.value,
        "owner": one.owner.value,
        "kind": one.kind,
        "out_trade_no": one.out_trade_no,
        "out_refund_no": one.out_refund_no,
        "transaction": one.transaction,
        "store": one.store,
        "business_day": one.business_day,
        "platform_day": one.platform_day.isoformat(),
        "journal_fen": one.journal_fen,
        "bill_fen": one.bill_fen,
    }
