"""Sentences for payments through headquarters: what became of a wish. Money first, then one thing to do.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

_ASK_ZH = "还不知道收没收到。先别重扫;盒子会接着查,查不到自动撤单。"
_ASK_EN = "Not known yet whether it was paid. Do not scan again; the box goes on asking and undoes what it can't find."
_NOT_TAKEN_ZH = "没扣钱。请换一种方式收,并通知技术员。"
_NOT_TAKEN_EN = "Nothing charged. Please take another tender, and tell the technician."
_OFFICE_ZH = "账都在,什么都没变。请看要的是不是这个。"
_OFFICE_EN = "All records are here and unchanged. See whether this is what you want."
_DEFECT_ZH = "盒子和总部的版本对不上:两边升级,再把诊断包发给总部,storebox bundle。"
_DEFECT_EN = "Box and HQ differ in release: upgrade both, then send a bundle to HQ, storebox bundle."
_STORY_ZH = "用 storebox why 看这笔的经过;和总部的记录核对。"
_STORY_EN = "See its story by storebox why; compare with headquarters' records."


def _asking(zh: str, en: str, remedy_zh: str = _STORY_ZH, remedy_en: str = _STORY_EN) -> Texts:
    return (zh, _ASK_ZH, en, _ASK_EN, remedy_zh, remedy_en)


def _not_taken(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _NOT_TAKEN_ZH, en, _NOT_TAKEN_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    "wish.under_way": _asking(
        "总部正在办这一笔",
        "HQ is at work on this payment",
        "不用处理:一分钟内有结果,盒子会再问。",
        "Nothing to do: it is known within a minute, and the box asks again.",
    ),
    "wish.held_up": _asking(
        "总部太忙,没送到平台",
        "HQ was too busy to send it",
        "没有送到平台,盒子会撤掉。常出现就看总部机器的负载。",
        "It was not sent; the box undoes it. When it comes often see the load of HQ's machine.",
    ),
    "wish.differs": _asking("这个单号是另一笔", "This number is another payment's"),
    "wish.answer_of_another": _asking(
        "总部回的不是这一笔",
        "HQ answered about something else",
        "有人在中间改流量,或重放旧的回话:核对地址和证书。",
        "Somebody changes the traffic or repeats old answers: check address and certificate.",
    ),
    "wish.answer_malformed": _asking("看不懂总部的回话", "HQ's answer can't be read", _DEFECT_ZH, _DEFECT_EN),
    "wish.malformed": _asking(
        "总部看不懂这个请求", "HQ can't read the request", "{field}:" + _DEFECT_ZH, "{field}: " + _DEFECT_EN
    ),
    "wish.of_another_store": _asking(
        "这个单号不是本店的",
        "This number is not of this store",
        "单号要以门店号 {store} 开头;看盒子是不是开通到了别的门店。",
        "A number begins with the store {store}; see whether the box is enrolled for another one.",
    ),
    "wish.order_gone": _asking(
        "总部的记录不完整",
        "HQ's records are incomplete",
        "总部数据库里少了 {order} 的记录:有人删过行。恢复总部的备份。",
        "HQ's database lacks the row of {order}: somebody removed it. Restore HQ's backup.",
    ),
    "wish.forbidden": _not_taken(
        "这一笔已经撤了",
        "This payment was undone before",
        "撤单之后到的付款不再送出;用新的单号收。",
        "A payment that comes after its undoing is never sent; take it under a new number.",
    ),
    "wish.over_cap": _not_taken(
        "超过总部给本店的限额",
        "Above the store's cap at HQ",
        "总部 pay.toml 的 [caps] 限了每天的笔数和金额;要放宽请总部改,再重开 storebox-hq pay。",
        "[caps] in HQ's pay.toml bounds wishes and money a day; HQ changes it and restarts storebox-hq pay.",
    ),
    "wish.refund_over_cap": (
        "退款超过总部的限额",
        "还没退给顾客。已登记,限额够了自动退;先别给现金。",
        "Refund above the store's cap at HQ",
        "Not given back yet. It is registered and goes back by itself when the cap allows it; give no cash meanwhile.",
        "总部 pay.toml 的 [caps] 限了每天退的笔数和金额,明天自动再办;要今天办请总部改,再重开 storebox-hq pay。",
        "[caps] in HQ's pay.toml bounds refunds and money a day, and tomorrow it goes by itself; to have it today HQ"
        " changes it and restarts storebox-hq pay.",
    ),
    "wish.box_replaced": (
        "没收款:盒子被换下了",
        "没扣钱,这笔没有发到平台。请在新盒子上收。",
        "Not taken: box replaced",
        "Nothing charged, it was not sent to the platform. Please take it on the new box.",
        "这台存着的账会自己传。要用回这台:在总部换盒子,再开通一次。",
        "What this box holds goes up by itself. To use it again: replace the box at HQ, enrol anew.",
    ),
    "wish.no_merchant": _not_taken(
        "总部没给本店配商户",
        "HQ has no merchant for this store",
        "看总部的 platforms/ 和 pay.toml:这个平台用哪个商户文件,文件对不对。",
        "See platforms/ and pay.toml at HQ: which merchant's file this platform uses, and whether it is right.",
    ),
    "payments.no_headquarters": _not_taken(
        "没开通总部,收不了",
        "Not enrolled at HQ, so no payments",
        '[payments] custody = "hq" 要先在总部开通:storebox enrol;或改成 direct。',
        '[payments] custody = "hq" needs enrolment at HQ: storebox enrol; or set it to direct.',
    ),
    "key.not_listed": (
        "收款的钥匙不在名单里",
        _OFFICE_ZH,
        "The payments' key is not listed",
        _OFFICE_EN,
        "用根钥匙签一份新的名单,里面有 {file},用途 {uses},放到总部的 keys/key-list.json。",
        "Sign a new list by the root key with {file} for {uses}, and put it at HQ as keys/key-list.json.",
    ),
}
