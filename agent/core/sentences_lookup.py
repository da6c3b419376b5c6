"""Sentences for "I paid, you don't have it": where the money is, then one thing to do.

Laid out as in `agent.core.sentences_payment`.
"""

from agent.core.sentences_codes import Texts

_NOT_THIS_ZH = "这一单还没付。"
_NOT_THIS_EN = "This sale is not paid yet."
_STORY_ZH = "storebox why {number} 看经过;每次查找都记在账本里。"
_STORY_EN = "storebox why {number} tells the story; each look-up is in the journal."

SENTENCES: dict[str, Texts] = {
    "lookup.this_sale": (
        "查到了,钱算在这一单",
        "{platform} {time} 收到 {amount} 元。这笔不用再收。",
        "Found: it counts for this sale",
        "{platform}, {amount} yuan at {time}. Do not take it again.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.other_sale": (
        "钱付在本店另一单",
        "{time} {till}号机,{platform} {amount} 元,单号 {sale}。" + _NOT_THIS_ZH,
        "It paid another sale of this shop",
        "{time}, till {till}: {platform}, {amount} yuan, sale {sale}. " + _NOT_THIS_EN,
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.other_store": (
        "钱付在别的门店",
        "{name} {time} 收的 {amount} 元,单号 {sale}。请打电话核对。" + _NOT_THIS_ZH,
        "It was paid in another store",
        "{name} took {amount} yuan at {time}, sale {sale}. Ring them up. " + _NOT_THIS_EN,
        "总部的数据;{store} 店的盒子里 storebox why {sale} 看经过。",
        "By HQ's data; on the box of {store}, storebox why {sale} tells the story.",
    ),
    "lookup.store_silent": (
        "这是{store}店的单号",
        "{name} 那边的记录还没到总部,请打电话问一下。" + _NOT_THIS_ZH,
        "This number is of store {store}",
        "What {name} knows of it has not reached HQ; please ring them up. " + _NOT_THIS_EN,
        "看 {store} 店的盒子是否在线;门店电话在总部登记:storebox-hq store change。",
        "See whether the box of {store} is online; HQ keeps telephones by storebox-hq store change.",
    ),
    "lookup.already_used": (
        "这笔钱付过别的单了",
        "{time} 已经算在单号 {sale},{amount} 元。" + _NOT_THIS_ZH,
        "This payment was used for another sale",
        "It counted for sale {sale} at {time}, {amount} yuan. " + _NOT_THIS_EN,
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.refunded": (
        "这笔已经原路退了",
        "{time} 付的 {amount} 元已退:零钱几分钟,银行卡1至3个工作日。" + _NOT_THIS_ZH,
        "This one was paid back already",
        "{amount} yuan of {time} went back: minutes to a wallet, one to three days to a card. " + _NOT_THIS_EN,
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.sale_unknown": (
        "钱收到了,单子不在这",
        "平台说 {time} 收到 {amount} 元,这台盒子里没有这一单。先别退现金,请店长处理。",
        "The money is here, its sale is not",
        "The platform says {amount} yuan at {time}; this box has no such sale. Give no cash back; call the manager.",
        "多半是换盒子之前的单:对账会列为“平台有·门店无”,总部核对后退款或入账。",
        "Mostly a sale from before a box was replaced: matching lists it as platform only; HQ refunds or books it.",
    ),
    "lookup.candidates": (
        "有{count}笔像,核对单号",
        "金额和时间不算凭证。请顾客点开账单这一笔,扫“商户单号”。",
        "{count} look alike, compare the number",
        "Amount and time prove nothing. Have the customer open this payment and scan the merchant's number.",
        "本店和总部 {amount} 元、{time} 前后 {minutes} 分钟的付款。",
        "Payments of {amount} yuan within {minutes} minutes of {time}, of this store and of HQ.",
    ),
    "lookup.not_charged": (
        "没有扣款",
        "{asked} 查过,这笔没扣钱。手机上要是扣过,是撤单,会自动退。请顾客再付。",
        "Nothing was charged",
        "Looked up at {asked}: not charged. A charge that the phone shows was undone and comes back. Please pay again.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.not_ours": (
        "这笔不是付给我们的",
        "{asked} 查过,门店和总部都没有。请看账单里的收款方是谁。" + _NOT_THIS_ZH,
        "This one was not paid to us",
        "Looked up at {asked}: neither store nor HQ has it. See in the bill who received it. " + _NOT_THIS_EN,
        "单号 {number}。顾客扫的可能是店里的码牌,或别人的收款码。",
        "Number {number}. The customer may have paid the counter's static code, or somebody else's.",
    ),
    "lookup.nothing_then": (
        "那个时间没有扣款",
        "{asked} 查过:{time} 前后 {minutes} 分钟,没有 {amount} 元。扫账单里的“商户单号”最准。",
        "Nothing was charged around that time",
        "Looked up at {asked}: no {amount} yuan within {minutes} minutes of {time}. The merchant's number is surer.",
        "付在码牌上的钱不带单号,第二天账单里才看得到:按码牌收,待核。",
        "Money paid to a static code carries no number and shows in tomorrow's bill: take it as static code.",
    ),
    "lookup.still_open": (
        "还没查到结果,别重收",
        "平台还没说收没收到 {amount} 元。盒子会接着查,查不到自动撤单,撤了就不扣钱。",
        "No result yet, take nothing again",
        "The platform does not say yet whether {amount} yuan came. The box goes on asking and undoes it in the end.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.unreachable": (
        "现在查不到,钱丢不了",
        "{asked} 没连上。给顾客凭条,或由领班先收别的:两边都扣了,这边会自动原路退。",
        "It can't be looked up now, nothing is lost",
        "Nobody to ask at {asked}. Give a slip, or the lead takes other money: a double charge is paid back by itself.",
        "原因:{code}。网络回来后再查一次。",
        "Because of {code}. Look it up again when the network is back.",
    ),
    "lookup.not_asked": (
        "本店没有,别处没连上",
        "{asked} 没连上,查不全。这一单照常收;请顾客留好账单,网好了再查,多付的由收款的门店退。",
        "Not here, and the others can't be asked",
        "Not reached at {asked}. Take the money for this sale; with the bill it is looked up again later.",
        "原因:{code}。网络回来后再查一次,或请总部查。",
        "Because of {code}. Look it up again when the network is back, or let HQ do it.",
    ),
    "lookup.contradicted": (
        "平台说付了,但对不上",
        "{code},所以没算数。先别给货;领班可以先收现金,多的自动退。",
        "Paid, by the platform, but it does not fit",
        "{code}, so it does not count. Hand nothing over; the lead may take cash, and a surplus goes back by itself.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "lookup.not_a_number": (
        "这不是账单里的单号",
        "没有扣钱。请顾客点开账单这一笔,扫“商户单号”,或念出 28 位的订单号。",
        "This is no number of a bill",
        "Nothing was charged. Have the customer open the payment and scan the merchant's number, or read 28 digits.",
        "能查:商户单号、微信或支付宝的 28 位单号、小票上的单号。",
        "What can be looked up: merchant's numbers, the platforms' 28 digits, receipt numbers.",
    ),
    "lookup.terms": (
        "请填金额和时间",
        "没有扣钱。按顾客账单上的金额和时间填;不是今天的要带上单号。",
        "Please give amount and time",
        "Nothing was charged. As they stand in the customer's bill; another day's payment needs its number.",
        "要么 number,要么 amount_fen 和 paid_at_ms,前后最多 60 分钟。",
        "Either number, or amount_fen and paid_at_ms, at most 60 minutes around it.",
    ),
    "lookup.gone": (
        "这次查找不在了",
        "钱没有动。请再查一次。",
        "This look-up is gone",
        "No money moved. Please look it up again.",
        "结果只在内存里留一阵;查过的都在账本里(payment.looked_up)。",
        "Results stay in memory for a while; every look-up is in the journal (payment.looked_up).",
    ),
    "lookup.busy": (
        "正在查,稍等",
        "钱没有动。上一次还没查完。",
        "Looking it up, one moment",
        "No money moved. The look-up before has not ended.",
        "每台收银机一次查一笔。",
        "One look-up a till at a time.",
    ),
    "lookup.no_slip": (
        "这次不用打凭条",
        "凭条只给还查不到的付款。请看屏上的结果。",
        "No slip is needed here",
        "A slip is for a payment that nobody can look up yet. Please look at the answer on the screen.",
        "结果不是“查不到”,或那笔不是这一单的。",
        "The answer is another one, or the payment is of another sale.",
    ),
}
