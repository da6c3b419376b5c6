"""Sentences for slips: what can't be printed, what was not confirmed. Money first, then one thing to do.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts
from agent.core.sentences_device import asked_about, unaffected

_DEFECT_ZH = "把诊断包发给总部:storebox bundle。"
_DEFECT_EN = "Send a bundle to HQ: storebox bundle."


def _document(zh: str, en: str) -> Texts:
    detail_zh = "钱已收好。这张打不出来,请顾客看屏上的单子。"
    detail_en = "The money is booked. This slip can't be printed; show the sale on the screen."
    return (zh, detail_zh, en, detail_en, _DEFECT_ZH, _DEFECT_EN)


SENTENCES: dict[str, Texts] = {
    "document.unknown_block": _document("小票里有打不了的", "A block that can't be printed"),
    "document.bad_field": _document("小票内容有错", "A wrong field in a slip"),
    "document.too_deep": _document("小票层次太多", "A slip nested too deeply"),
    "document.too_long": _document("小票太长,打不了", "A slip too long to print"),
    "document.too_wide": _document("小票里的码太宽", "A code wider than the paper"),
    "logo.unreadable": (
        "店标读不出来",
        "钱没有影响。小票照打,不带店标。",
        "The logo cannot be read",
        "Money is not touched. Slips are printed without it.",
        "店标要是 PNG,不超过 2 MB;看设置 [store] logo 和状态目录里的 logo.png,换好重启。原因:{reason}",
        "It has to be a PNG of at most 2 MB: see [store] logo and logo.png in the state folder; then restart. {reason}",
    ),
    "slip.unknown": (
        "没有这张小票",
        "钱的记录不受影响。请按单号补打。",
        "No such slip",
        "The record of the money is not affected. Print a copy by the sale's number.",
        "查的是 {slip}。",
        "Asked for {slip}.",
    ),
    "slip.not_unconfirmed": (
        "这张小票不用再确认",
        "钱已记好。小票现在是:{state}。",
        "This slip needs no word",
        "The money is booked. The slip is {state}.",
        "小票 {slip}。",
        "Slip {slip}.",
    ),
    "slip.interrupted": asked_about(
        "断电前的小票出来了吗?",
        "Did the slip before the power cut come out?",
        "盒子在打印途中重启过;看电源。",
        "The box restarted while printing; look at its power.",
    ),
    "slip.unconfirmed": asked_about(
        "看一眼:小票出来了吗?",
        "Did the slip come out?",
        "打印机没有说打完。",
        "The printer did not say that it finished.",
    ),
    "slip.seen_by_cashier": unaffected("小票已有人看过", "Somebody saw the slip", "不用处理。", "Nothing to do."),
    "slip.missing_by_cashier": unaffected(
        "小票没出来,已补打",
        "It did not come out; copy printed",
        "补打的印有重印和次数。",
        "The copy says that it is one.",
    ),
    "slip.moved": (
        "小票换一台打",
        "钱已收好。打印机 {printer} 打不了,小票到 {deputy} 取。",
        "Slips come out elsewhere",
        "The money is booked. Printer {printer} can't print; fetch the slips at {deputy}.",
        "{printer}:{reason}。好了以后新的小票自己回去打。",
        "{printer}: {reason}. Once it is well, new slips go there again by themselves.",
    ),
    "kitchen.not_acknowledged": (
        "后厨没收到 {calling} 的单",
        "请马上告诉后厨。代打:{deputy}。",
        "The kitchen does not have {calling}",
        "Please tell the kitchen now. Printed instead by: {deputy}.",
        "打印机 {printer} 三十秒没有回话,小票 {slip}:看它的电源、纸和网线。",
        "Printer {printer} has not answered for 30 seconds, slip {slip}: look at power, paper and network cable.",
    ),
    "kitchen.withdrawn": unaffected(
        "后厨单由别的机器代打了",
        "Another printer printed the kitchen slip",
        "原来的打印机没回话,一个字没打,这张撤回了。",
        "Its own printer did not answer and got not a byte of it; this one was withdrawn.",
    ),
}
