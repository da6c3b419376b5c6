"""Sentences for matching: first where the money is, then one thing to do; the remedy is for who keeps the books.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese. `ours` is what the journal or the contract says, `theirs` what the bill says.
"""

from agent.core.sentences_codes import Texts

_NEXT_ZH = "不用处理,下一份账单来了再对。"
_NEXT_EN = "Nothing to do; it is matched again with the next bill."
_ASK_ZH = "先向平台查这一单,再决定。"
_ASK_EN = "Ask the platform about this order first, then decide."


def _agrees(zh: str, en: str, zh_detail: str, en_detail: str) -> Texts:
    return (zh, zh_detail, en, en_detail, "", "")


_WHOLE: dict[str, Texts] = {
    "bill.differs": (
        "对账有不一致",
        "{platform} {day} 的账单和门店对不上,有 {count} 笔要看。钱都有记录,照常营业。",
        "A bill does not agree",
        "{platform}: {count} lines of {day} do not agree with the store. All money is on record; go on trading.",
        "storebox bill differences 一笔一笔列出原因。",
        "storebox bill differences lists each with its reason.",
    ),
    "bill.not_ours": (
        "这台盒子没有它的账单",
        "没有对账。{platform} 的商户密钥不在这台盒子,账单由总部来对。",
        "No bill for this box",
        "Nothing was matched. The keys of {platform} are not on this box; headquarters match its bills.",
        "在总部看:storebox-hq match。",
        "See headquarters: storebox-hq match.",
    ),
    "bill.stopped": (
        "今天的对账没做完",
        "钱都有记录,不影响营业。过一小时自己再来。",
        "Matching was not finished",
        "All money is on record and trade goes on. It is tried again in an hour.",
        "看盘还有没有空间,再看日志。",
        "See whether the disk has room, then the log.",
    ),
    "bill.overdue": (
        "账单该来了,还没来",
        "{day} 的钱门店都有记录。平台的账单还没到,先别核销。",
        "The bill is overdue",
        "All money of {day} is on record. The platform's bill is not here; write nothing off yet.",
        "从平台后台下载,再对一次。",
        "Download it from the platform's portal and match it.",
    ),
    "bill.nothing_but_payments": (
        "平台说没账单,门店有",
        "{day} 门店收了 {count} 笔共 {amount} 元,平台一笔都没列。钱还不能算到账。",
        "No bill, but payments of ours",
        "On {day} the store took {count} payments, {amount} yuan; the platform lists none. It is not received.",
        "核对商户号对不对;对的话马上找平台。",
        "See whether the merchant number is right; if so, call the platform at once.",
    ),
    "bill.other_merchant": (
        "这份账单是别家商户的",
        "没有对账,什么都没变。要的是商户 {merchant},文件里是 {found}。",
        "The bill of another merchant",
        "Nothing was matched or changed. Wanted is merchant {merchant}, the file has {found}.",
        "下载商户 {merchant} 的账单再来。",
        "Download the bill of merchant {merchant}.",
    ),
    "bill.other_day": (
        "这份账单是另一天的",
        "没有对账,什么都没变。要的是 {day},文件里是 {found}。",
        "The bill of another day",
        "Nothing was matched or changed. Wanted is {day}, the file has {found}.",
        "下载 {day} 的账单再来。",
        "Download the bill of {day}.",
    ),
    "bill.wrong_unit": (
        "账单的金额单位不对",
        "没有对账,什么都没变。每一笔都正好差一百倍。",
        "Amounts in another unit",
        "Nothing was matched or changed. Every amount is off by exactly a hundred.",
        "文件里是 {found}:用平台原样的账单,不要改过的表格。",
        "The file is in {found}: take the bill as the platform made it, not an edited table.",
    ),
    "bill.hash_differs": (
        "账单和平台给的不一样",
        "没有对账,什么都没变。文件在路上坏了或被改过。",
        "Not the bill that was announced",
        "Nothing was matched or changed. The file was damaged or edited on its way.",
        "重新下载。应是 {expected},现在是 {found}。",
        "Download it again. Expected is {expected}, found is {found}.",
    ),
    "bill.unknown_form": (
        "认不出是哪家的账单",
        "没有对账,什么都没变。请用平台下载的原文件。",
        "Nobody's bill that is known",
        "Nothing was matched or changed. Please use the file as the platform gives it.",
        "微信的交易账单、支付宝的业务明细 ZIP 可以直接用。",
        "WeChat's trade bill and Alipay's ZIP of the business bill can be used as they come.",
    ),
}

_PAIRS: dict[str, Texts] = {
    "difference.none": _agrees("两边一致", "Both agree", "门店和平台说的一样。", "Store and platform say the same."),
    "difference.net_of_coupon": _agrees(
        "一致,账单是减券后的",
        "Agrees, less the coupon",
        "账单写的是减掉优惠券的金额,门店也知道这张券。",
        "The bill gives the amount less a coupon that the store knows of.",
    ),
    "difference.reversed_pair": _agrees(
        "撤销了,一收一退抵平",
        "Reversed, nets to zero",
        "钱没收:先扣后撤,账单上一正一负。",
        "No money was kept: it was taken and reversed.",
    ),
    "difference.given_back": _agrees(
        "多收的已经退了",
        "What was taken is given back",
        "钱已退回:这一单没卖成,平台收的已原路退。",
        "The money is back: the order was not kept, and its refund is on the bill.",
    ),
    "difference.other_day": (
        "在另一天的账单里",
        "钱对得上:门店算在 {day},平台列在 {found}。",
        "On another day's bill",
        "The money agrees: ours of {day}, on the bill of {found}.",
        "不用处理。",
        "Nothing to do.",
    ),
    "difference.amount_differs": (
        "金额不一样",
        "门店记 {ours} 元,平台列 {theirs} 元。钱以平台为准,先别改账。",
        "The amount differs",
        "The store has {ours} yuan, the platform {theirs}. The platform holds the money; change nothing yet.",
        _ASK_ZH,
        _ASK_EN,
    ),
    "difference.settled_differs": (
        "应结金额不一样",
        "按优惠分担应结 {ours} 元,平台列 {theirs} 元。",
        "What is settled differs",
        "By who bears the discount {ours} yuan should be settled, the platform has {theirs}.",
        "核对活动的出资方,再找平台。",
        "See who bears the discount, then ask the platform.",
    ),
    "difference.fee_differs": (
        "手续费不一样",
        "按合同该收 {ours} 元,平台收了 {theirs} 元。",
        "The fee differs",
        "By contract it is {ours} yuan, the platform took {theirs}.",
        "核对费率和生效日期;不对就找平台退差额。",
        "See rate and dates of the contract; else claim the difference from the platform.",
    ),
    "difference.listed_twice": (
        "账单里列了两遍",
        "钱只有一笔,平台把同一笔列了两遍。",
        "Listed twice on the bill",
        "There was one payment; the platform lists it twice.",
        "问平台哪一行是真的。",
        "Ask the platform which line is true.",
    ),
    "difference.charged_twice": (
        "同一单收了两笔钱",
        "平台按同一单号收了两笔,另一笔是 {other}。多的要退。",
        "One order, charged twice",
        "The platform took money twice for one order; the other is {other}. One must go back.",
        "在商户后台退掉这一笔。",
        "Refund this one in the merchant portal.",
    ),
    "difference.refunded_twice": (
        "同一退款退了两次",
        "平台按同一退款号退了两次,有一次多退了。",
        "One refund, paid twice",
        "The platform paid one refund twice.",
        "找平台追回多退的一次。",
        "Claim one of them from the platform.",
    ),
    "difference.recorded_twice": (
        "门店把一笔记了两遍",
        "钱只有一笔,{other} 也记了它。",
        "Recorded twice by the store",
        "There was one payment; {other} has it too.",
        "核对哪一单真的卖了,另一单经批准核销。",
        "See which sale is true; write the other off with approval.",
    ),
}

_ONE_SIDE: dict[str, Texts] = {
    "difference.not_on_bill": (
        "门店有·平台无",
        "门店记了收款,{day} 的账单里没有。钱还不能算到账。",
        "Store only",
        "The store recorded a payment which is not on the bill of {day}. Do not count it as received.",
        _ASK_ZH,
        _ASK_EN,
    ),
    "difference.no_bill": (
        "门店有·平台没有账单",
        "门店记了钱,平台说 {day} 没有账单。钱还不能算到账。",
        "Store only, no bill at all",
        "The store recorded money, the platform says that there is no bill of {day}.",
        "核对商户号;对的话马上找平台。",
        "See whether the merchant number is right; if so, call the platform.",
    ),
    "difference.our_number": (
        "平台有·门店无",
        "平台收了钱,单号是门店 {store} 的,门店没有这一单。",
        "Platform only, a number of ours",
        "The platform holds money under a number of store {store}, whose journal does not have it.",
        "看门店的账传全了没有;全了就查是不是换过盒子。",
        "See whether the store's journal is complete; if so, whether its box was replaced.",
    ),
    "difference.foreign_number": (
        "平台有·门店无,不是我们的单号",
        "平台收了钱,单号不是门店开的:码牌、后台收款或别的系统。",
        "Platform only, not a number of ours",
        "The platform holds money under a number that no box made: static code, portal, another system.",
        "人工认领到门店;不能只凭金额和时间。",
        "A person assigns it to a store; never by amount and time alone.",
    ),
    "difference.journal_late": (
        "平台有,门店的账还没传到",
        "钱在平台,门店 {store} 的账还没传到那个时候。",
        "The store's journal is not here yet",
        "The platform holds the money; the journal of store {store} has not come that far.",
        "等门店的账传上来再对。",
        "It is matched again when the journal is here.",
    ),
    "difference.refund_not_on_bill": (
        "退款·门店有·平台无",
        "门店记了退款,{day} 的账单里没有。顾客可能还没拿到钱。",
        "Refund: store only",
        "The store recorded a refund which is not on the bill of {day}. The customer may be waiting.",
        _ASK_ZH,
        _ASK_EN,
    ),
    "difference.refund_unknown": (
        "退款·平台有·门店无",
        "平台退了 {amount} 元,门店没记。多半是在商户后台退的。",
        "Refund: platform only",
        "The platform gave back {amount} yuan that the store has not: most likely in the portal.",
        "盒子已记上,不会再退一次;店长确认是谁退的。",
        "The box has it on record and refunds it no second time; the store manager finds out who did it.",
    ),
    "difference.other_number": (
        "平台的交易号不一样",
        "两边都有这一单,交易号不同,平台的是 {other}。",
        "Another number at the platform",
        "Both have the order, under different platform numbers; the bill has {other}.",
        _ASK_ZH,
        _ASK_EN,
    ),
}

_STATES: dict[str, Texts] = {
    "difference.paid_there": (
        "平台已收,门店还没结果",
        "钱已收好:平台收了 {amount} 元,门店这一单还没查到结果。",
        "Paid there, unknown here",
        "The money is there: the platform took {amount} yuan, the store does not know yet.",
        "盒子会自己再查;两天还没有,按账单记上。",
        "The box asks again by itself; after two days take the bill's word.",
    ),
    "difference.taken_not_kept": (
        "平台收了,门店算没收",
        "平台收了 {amount} 元,门店记的是{state}。顾客的钱要退。",
        "Taken there, not kept here",
        "The platform took {amount} yuan, the store has it as {state}. The customer's money must go back.",
        "盒子会自己退;没退就在商户后台退。",
        "The box refunds it by itself; if it does not, refund it in the portal.",
    ),
    "difference.undone_there": (
        "平台已撤,门店还没结果",
        "钱没收:平台先扣后撤,门店这一单还没查到结果。",
        "Undone there, unknown here",
        "No money was kept: taken and reversed there; the store does not know yet.",
        "盒子会自己再查。",
        "The box asks again by itself.",
    ),
    "difference.reversed_there": (
        "门店算收了,平台撤了",
        "平台撤掉了 {amount} 元,门店算收到了。钱没到账。",
        "Kept here, reversed there",
        "The platform reversed {amount} yuan that the store counts as paid. The money is not there.",
        _ASK_ZH,
        _ASK_EN,
    ),
    "difference.refund_done_there": (
        "平台已退,门店还没结果",
        "钱已退给顾客,门店这笔退款还没查到结果。",
        "Refunded there, unknown here",
        "The customer has the money; the store does not know yet.",
        "盒子会自己再查。",
        "The box asks again by itself.",
    ),
    "difference.refund_done_after_refusal": (
        "门店算没退,平台退了",
        "钱已退给顾客,门店记的是没退成。别再退一次。",
        "Refunded there, refused here",
        "The customer has the money; the store has the refund as refused. Do not refund again.",
        "按账单记上。",
        "Take the bill's word.",
    ),
    "difference.still_open": (
        "门店还在查这一单",
        "还不知道收没收到,账单里也没有。",
        "The store still asks",
        "Nobody knows yet whether it was paid; it is not on the bill either.",
        "盒子会自己再查。",
        "The box asks again by itself.",
    ),
    "difference.refund_open": (
        "退款还没有结果",
        "退款登记好了,平台还没说退成,账单里也没有。",
        "The refund has no end yet",
        "It is registered; the platform has not done it, and it is not on the bill.",
        "盒子会自己再查。",
        "The box asks again by itself.",
    ),
    "difference.next_bill": (
        "等下一份账单",
        "钱有记录,正好在半夜前后,可能在隔天的账单里。",
        "Waits for the next bill",
        "It is on record and near midnight: it may be on the neighbouring day's bill.",
        _NEXT_ZH,
        _NEXT_EN,
    ),
    "difference.bill_not_due": (
        "等平台出账单",
        "钱有记录。{day} 的账单平台还没出。",
        "The bill is not made yet",
        "It is on record. The platform has not made the bill of {day} yet.",
        _NEXT_ZH,
        _NEXT_EN,
    ),
    "difference.bill_late": (
        "等账单,已经晚了",
        "钱有记录。{day} 的账单早该来了。",
        "Waits for a bill that is late",
        "It is on record. The bill of {day} should be here by now.",
        "从平台后台下载再对。",
        "Download it from the platform's portal and match it.",
    ),
    "difference.reversal_next_bill": (
        "撤销在下一份账单",
        "钱没收:半夜前扣的,半夜后撤的。",
        "The reversal is on the next bill",
        "No money was kept: taken before midnight, reversed after it.",
        _NEXT_ZH,
        _NEXT_EN,
    ),
}

SENTENCES: dict[str, Texts] = {**_WHOLE, **_PAIRS, **_ONE_SIDE, **_STATES}
