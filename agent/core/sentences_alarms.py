"""Sentences of alarms that headquarters sends out, and of where it sends them.

Read on a telephone by somebody who is not at a desk: first what it means for the money, then one thing to do.
"""

from agent.core.sentences_codes import Texts
from agent.core.sentences_sync import office_sentence

_SEE_ZH = "总部网页的门店页有全部证据。"
_SEE_EN = "The store's page at headquarters has all evidence."

SENTENCES: dict[str, Texts] = {
    "alarm.fork": (
        "盒子送来另一本账",
        "总部已收的账没有变,另一本留作证据。先问门店:换过盘吗?有人动过盒子吗?",
        "A box sent a second history",
        "What headquarters has is unchanged; the other is kept as evidence. Ask the store: other disk, other hands?",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.gap": (
        "盒子的账中间缺一段",
        "前面的账都在,后面的没收。请让技术员看这台盒子的盘。",
        "A part of a box's journal is missing",
        "What came before is here; what follows was not taken. Have the technician look at the box's disk.",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.chain_broken": (
        "账和封条对不上",
        "有问题的一条留作证据,没有改。那一天先别核销,请查盒子。",
        "A journal does not fit its seal",
        "The entry is kept as it came. Write nothing off for that day; have the box examined.",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.release_turned_away": (
        "门店退回了新版本",
        "店里照常收银,用的还是原来的版本。请看是几家店,再决定要不要停发。",
        "A store turned a release away",
        "The shop trades on with the release that it had. See how many stores did, then whether to stop it.",
        "storebox-hq release list;两家店退回就已自动暂停。",
        "storebox-hq release list; two stores pause it by themselves.",
    ),
    "alarm.truncated": (
        "盒子的账比总部少",
        "总部的账都在。盒子已停收款:多半是旧盘或旧备份,按恢复步骤开新的一段。",
        "A box knows less than headquarters",
        "Headquarters has everything. The box stopped taking money: an old disk or backup. Give it a new epoch.",
        "storebox restore;" + _SEE_ZH,
        "storebox restore. " + _SEE_EN,
    ),
    "alarm.revoked_box": (
        "停用的盒子又来连",
        "没有收它的任何东西。被盗的盒子可能通了网,请记下时间报警或找回。",
        "A box out of use knocks",
        "Nothing of it was taken. A stolen box may be online: note the time.",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.wrong_key": (
        "有人用错的钥匙冒充盒子",
        "没有收它的任何东西。盒子换过或重装过的话给它开通;否则查是谁。",
        "A wrong key under a box's name",
        "Nothing of it was taken. Enrol the box if it was reinstalled; otherwise find out who it is.",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.hq_went_back": (
        "总部回到了旧备份",
        "盒子会把缺的账再传一遍,不丢不重。请看是谁恢复的、人工做的事要不要补。",
        "Headquarters went back to an older copy",
        "Boxes send the rest again; nothing is lost or doubled. See who restored it, and what people did since.",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.not_closed": (
        "门店没有日结",
        "收的钱都在盒子里。请打电话让门店日结。",
        "A store has not closed its day",
        "The money is on the box's record. Call the store to close the day.",
        "storebox-hq morning",
        "storebox-hq morning",
    ),
    "alarm.not_deposited": (
        "现金该存没存",
        "钱按账还在保险柜或路上。请打电话问店长。",
        "Cash was not deposited in time",
        "By the books it is in the safe or on its way. Call the store manager.",
        "storebox-hq morning",
        "storebox-hq morning",
    ),
    "alarm.not_complete": (
        "门店的账没有到齐",
        "盒子里有,总部还没有。先别对这家的账,请看盒子和网络。",
        "A store's books are not complete",
        "The box has them, headquarters not yet. Reconcile nothing of it before; look at box and line.",
        "storebox-hq morning",
        "storebox-hq morning",
    ),
    "alarm.difference": (
        "有一笔差异超过限额",
        "还没有人核销。请财务去对账页看这一笔。",
        "A difference above the limit",
        "Nobody has settled it. Somebody of accounting should look at it.",
        _SEE_ZH,
        _SEE_EN,
    ),
    "alarm.test": (
        "试一下提醒",
        "收到这条就说明提醒能送到。不用做什么。",
        "A trial alarm",
        "That you read this means that alarms arrive. Nothing to do.",
        "",
        "",
    ),
    "webhook.bad_url": office_sentence(
        "这个地址不能用",
        "This address can't be used",
        "{url};写成 https://主机/路径,不带密码和井号。",
        "{url}; like https://host/path, without a password or fragment.",
    ),
    "webhook.not_https": office_sentence(
        "要用加密的地址",
        "The address must be https",
        "{url};不加密的只能发给本机。",
        "{url}; plain http goes to this machine only.",
    ),
    "webhook.private_address": office_sentence(
        "不往内网地址发",
        "Not sent into a private network",
        "{host} 是 {address};要发就加 --private。",
        "{host} is {address}; --private allows it.",
    ),
    "webhook.bad_name": office_sentence(
        "名字不能用", "This name can't be used", "{name};字母、数字、-、_。", "{name}; letters, digits, -, _."
    ),
    "webhook.exists": office_sentence(
        "这个名字已经有了", "The name is taken", "{name};先 storebox-hq webhook remove。", "{name}; remove it first."
    ),
    "webhook.unknown": office_sentence(
        "没有这个提醒地址",
        "No such webhook",
        "{name};名单见 storebox-hq webhook list。",
        "{name}; see storebox-hq webhook list.",
    ),
    "webhook.not_taken": office_sentence(
        "对方没有收下提醒",
        "The receiver did not take it",
        "看对方的日志;storebox-hq webhook test 再试。",
        "See the receiver's log; storebox-hq webhook test tries again.",
    ),
}
