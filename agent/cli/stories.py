"""One sentence an entry, in Chinese and English, for whoever asks what happened to a number."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.core.money import yuan

Body = Mapping[str, Any]
Said = tuple[str, str]

_OUTCOMES: dict[str, Said] = {
    "paid": ("已付款", "paid"),
    "declined": ("被拒绝", "declined"),
    "reversed": ("已撤销", "reversed"),
    "closed": ("已关闭", "closed"),
    "never_existed": ("平台没有这笔", "unknown to the platform"),
    "done": ("已退到账", "done"),
    "refused": ("被平台拒绝", "refused by the platform"),
}


def told(kind: str, body: Body, *, chinese: bool) -> str:
    """Return what an entry says; a kind without a sentence of its own is named."""
    teller = _TELLERS.get(kind)
    said = (kind, kind) if teller is None else teller(body)
    return said[0] if chinese else said[1]


def _money(body: Body, name: str = "amount_fen") -> str:
    return yuan(int(body.get(name) or 0))


def _tenders(body: Body) -> str:
    return ", ".join(f"{one['kind']} {yuan(one['amount_fen'])}" for one in body.get("tenders") or ())


def _outcome(body: Body) -> Said:
    outcome = str(body.get("outcome"))
    return _OUTCOMES.get(outcome, (outcome, outcome))


def _because(body: Body, name: str = "code") -> str:
    return f" ({body[name]})" if body.get(name) else ""


def _sold(body: Body) -> Said:
    total, tenders, count = _money(body, "total_fen"), _tenders(body), len(body.get("lines") or ())
    return (
        f"收银台 {body['till']} {body['staff']} 完成销售 {body['sale']}:{count} 行,{total} 元,{tenders}",
        f"till {body['till']}, {body['staff']}: sale {body['sale']} completed, {count} lines, {total}, {tenders}",
    )


def _refunded(body: Body) -> Said:
    total, tenders = _money(body, "total_fen"), _tenders(body)
    approved = body.get("approved_by")
    return (
        f"退货 {body['refund']}:{total} 元,{tenders},原因 {body['reason']}{f',批准 {approved}' if approved else ''}",
        f"refund {body['refund']}: {total}, {tenders}, because {body['reason']}"
        f"{f', approved by {approved}' if approved else ''}",
    )


def _cancelled(body: Body) -> Said:
    total = _money(body, "total_fen")
    return f"取消 {body['sale']}:{total} 元,{body['reason']}", f"cancelled: {total}, {body['reason']}"


def _removed(body: Body) -> Said:
    amount = _money(body)
    return f"删行 {body['sku']}:{amount} 元", f"line {body['sku']} removed: {amount}"


def _attempt_started(body: Body) -> Said:
    amount, tail = _money(body), body.get("code_tail") or "-"
    if body.get("method") == "phone":
        return (
            f"开始收款 {body['attempt']}:顾客自己的手机付 {amount} 元",
            f"payment {body['attempt']} started: {amount} on the customer's own phone",
        )
    return (
        f"开始收款 {body['attempt']}:{body['platform']} {amount} 元,付款码尾号 {tail}",
        f"payment {body['attempt']} started: {body['platform']} {amount}, code ends in {tail}",
    )


def _attempt_ended(body: Body) -> Said:
    zh, en = _outcome(body)
    transaction = body.get("transaction")
    return (
        f"收款 {body['attempt']} {zh}{_because(body)}{f',平台单号 {transaction}' if transaction else ''}",
        f"payment {body['attempt']} {en}{_because(body)}{f', transaction {transaction}' if transaction else ''}",
    )


def _pass_accepted(body: Body) -> Said:
    amount = _money(body)
    return (
        f"{body['scanned_at']}号台收下付款凭证:{body['platform']} {amount} 元,平台单号 {body['transaction']}",
        f"till {body['scanned_at']} took a pay-proof: {body['platform']} {amount}, transaction {body['transaction']}",
    )


def _parked(body: Body) -> Said:
    by = body["approved_by"]
    return (
        f"收款 {body['attempt']} 结果不明,{by} 放行换别的方式",
        f"payment {body['attempt']} parked by {by}: outcome unknown, the customer pays otherwise",
    )


def _undoing(body: Body) -> Said:
    return (
        f"{body['attempt']} 开始撤销,之后只认撤销的结果",
        f"payment {body['attempt']} is being undone; only the answer to that ends it",
    )


def _contradicted(body: Body) -> Said:
    amount = _money(body)
    return (
        f"平台说法与记录不符{_because(body)}:{amount} 元",
        f"the platform contradicts what is recorded{_because(body)}: {amount}",
    )


def _refund_started(body: Body) -> Said:
    amount = _money(body)
    orphan = bool(body.get("orphan"))
    return (
        f"登记原路退款 {body['out_refund_no']}:{amount} 元{',没有对应的销售' if orphan else ''}",
        f"refund {body['out_refund_no']} to the payer registered: {amount}{', no sale took it' if orphan else ''}",
    )


def _refund_ended(body: Body) -> Said:
    zh, en = _outcome(body)
    return f"退款 {body['out_refund_no']} {zh}{_because(body)}", f"refund {body['out_refund_no']} {en}{_because(body)}"


def _looked_up(body: Body) -> Said:
    asked = body["number"] or f"{_money(body)} ± {int(body['within_ms'] or 0) // 60_000} min"
    found = body.get("found_attempt") or body.get("found_sale") or "-"
    return (
        f"{body['staff']} 查付款 {asked}:{body['answer']}/{body['reason']}{_because(body)},找到 {found}",
        f"{body['staff']} looked up {asked}: {body['answer']}/{body['reason']}{_because(body)}, found {found}",
    )


def _queued(body: Body) -> Said:
    copy = int(body.get("copy") or 0)
    return (
        f"小票 {body['slip']} 排队打印({body['printer']}{f',第 {copy} 份补打' if copy else ''})",
        f"slip {body['slip']} queued for {body['printer']}{f', copy {copy}' if copy else ''}",
    )


def _printed(body: Body) -> Said:
    verified = bool(body.get("verified"))
    return (
        f"小票 {body['slip']} {'已打印,打印机已确认' if verified else '已打印(未经打印机确认)'}",
        f"slip {body['slip']} printed{', by the word of the printer' if verified else ' (unverified)'}",
    )


def _unconfirmed(body: Body) -> Said:
    return (
        f"小票 {body['slip']} 是否打出不明{_because(body)}",
        f"slip {body['slip']}: nobody knows whether it is on paper{_because(body)}",
    )


def _not_printed(body: Body) -> Said:
    return f"小票 {body['slip']} 没有打印{_because(body)}", f"slip {body['slip']} was not printed{_because(body)}"


def _reprinted(body: Body) -> Said:
    return (
        f"{body['staff']} 补打 {body['original']} 为 {body['slip']}",
        f"{body['staff']} asked for a copy of {body['original']}: {body['slip']}",
    )


def _approved(body: Body) -> Said:
    return (
        f"{body['approver']} 批准 {body['staff']}:{body['act']}{_because(body, 'reason')}",
        f"{body['approver']} approved {body['act']} of {body['staff']}{_because(body, 'reason')}",
    )


_TELLERS: dict[str, Callable[[Body], Said]] = {
    "sale.completed": _sold,
    "sale.refunded": _refunded,
    "sale.cancelled": _cancelled,
    "sale.line_removed": _removed,
    "attempt.started": _attempt_started,
    "attempt.ended": _attempt_ended,
    "attempt.parked": _parked,
    "pass.accepted": _pass_accepted,
    "attempt.undoing": _undoing,
    "attempt.contradicted": _contradicted,
    "payment.looked_up": _looked_up,
    "refund.started": _refund_started,
    "refund.ended": _refund_ended,
    "slip.queued": _queued,
    "slip.printed": _printed,
    "slip.unconfirmed": _unconfirmed,
    "slip.not_printed": _not_printed,
    "slip.reprinted": _reprinted,
    "staff.approved": _approved,
}
