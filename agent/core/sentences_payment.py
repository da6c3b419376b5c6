"""Sentences for attempts to take money on a platform, for tenders and for platforms. Money first, then one thing to do.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

TENDER_WORDS: dict[str, tuple[str, str]] = {
    "cash": ("现金", "cash"),
    "wechat": ("微信", "WeChat Pay"),
    "alipay": ("支付宝", "Alipay"),
    "wallet": ("钱包", "wallet"),
    "pay_proof": ("手机付款凭证", "phone pay-proof"),
    "static_code": ("码牌", "static code"),
    "card": ("银行卡", "bank card"),
    "stored_value": ("储值卡", "stored value"),
    "meituan": ("美团券", "Meituan voucher"),
    "on_account": ("挂账", "on account"),
    "comp": ("免单", "on the house"),
    "staff_meal": ("员工餐", "staff meal"),
    "deposit": ("订金抵扣", "deposit"),
}
PLATFORM_WORDS: dict[str, tuple[str, str]] = {
    "wechat": ("微信", "WeChat Pay"),
    "alipay": ("支付宝", "Alipay"),
    "wallet": ("模拟钱包", "simulated wallet"),
    "unionpay": ("云闪付", "UnionPay"),
    "meituan": ("美团", "Meituan"),
}

_HOLD_ZH = "平台说收了,但和这一单对不上,所以没算数。先别给货,别再扫;领班可以先收现金,多的自动退。"
_HOLD_EN = (
    "The platform says paid, and it does not fit this sale, so it does not count. Hand nothing over and scan nothing"
    " again; the shift lead may take cash, and what is too much goes back by itself."
)
_ASK_ZH = "还不知道收没收到。先别重扫;盒子会接着查,查不到自动撤单。"
_ASK_EN = "Not known yet whether it was paid. Do not scan again; the box goes on asking and undoes what it can't find."
_STORY_ZH = "用 storebox why 看这笔的经过;发给总部和平台核对。"
_STORY_EN = "See its story by storebox why; let HQ and the platform compare."
_TAKE_ZH = "还没收钱。"
_TAKE_EN = "No money was taken. "
_SETTING_ZH = "其他方式照常收。请通知技术员。"
_SETTING_EN = "Other tenders are taken as usual. Please tell the technician."


def _held(zh: str, en: str) -> Texts:
    return (zh, _HOLD_ZH, en, _HOLD_EN, _STORY_ZH, _STORY_EN)


def _asking(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _ASK_ZH, en, _ASK_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    "attempt.amount_differs": _held("平台的金额对不上", "The platform's amount differs"),
    "attempt.no_transaction": _held("平台没给流水号", "The platform gave no transaction number"),
    "attempt.no_platform_time": _held("平台没给付款时间", "The platform gave no time of payment"),
    "attempt.platform_time_before_start": _held("这笔钱是以前付的", "This was paid before the sale"),
    "attempt.transaction_known": _held("这笔钱用过一次了", "This payment was used before"),
    "attempt.paid_after_end": (
        "撤了又收到,正在退",
        "这笔撤单以后平台才说收到。钱会原路退回,不用再退现金。",
        "Paid after it was undone",
        "The platform says paid after it was undone. The money goes back by itself; give no cash.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "attempt.second_transaction": (
        "同一单付了两笔",
        "第一笔算数,第二笔请领班核对后退。",
        "Paid twice under one number",
        "The first payment counts. Let the shift lead check and give the second one back.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "attempt.number_used": (
        "单号重了,请再收一次",
        "平台上这个单号是以前的一单,这位顾客没有付。请直接再收一次,会换新单号。",
        "The number was used before",
        "The platform has an earlier order under this number; this customer has not paid. Please take it once more.",
        "盒子多半是从旧备份恢复的。以前那一单的钱不动,对账时按单号找。",
        "The box was probably put back to an older state. The earlier order keeps its money; matching finds it.",
    ),
    "attempt.used": (
        "这笔付款已经用掉了",
        "已经算进一单,或者正在退给顾客。没有再扣钱。",
        "This payment is used already",
        "It is part of a sale, or on its way back to the customer. Nothing more was charged.",
        _STORY_ZH,
        _STORY_EN,
    ),
    "refund.platform_too_late": (
        "太久了,平台不给退了",
        "钱还没退。平台只退 {days} 天内的,请店长决定怎么退。",
        "Too long ago for the platform",
        "Nothing was given back. The platform refunds for {days} days; the store manager decides how.",
        "这笔付款超过了平台的退款期限。",
        "This payment is older than the platform refunds.",
    ),
    "refund.too_many_parts": (
        "这一单退的次数太多",
        "钱还没退。平台一单最多退 {parts} 次,请店长决定怎么退。",
        "Too many refunds of one sale",
        "Nothing was given back. The platform takes {parts} refunds of a sale; the store manager decides how.",
        "平台对一个订单的退款次数有上限。",
        "The platform limits the number of refunds of an order.",
    ),
    "code.used_before": (
        "这个码刚用过,没扣钱",
        "一个付款码只能用一次。请顾客刷新付款码,再扫一次。",
        "Code used before, nothing charged",
        "A payment code serves once. Ask the customer to refresh it, then scan again.",
        "盒子十分钟内不再收同一个付款码。",
        "For ten minutes the box does not take the same payment code again.",
    ),
    "attempt.unknown": (
        "没查到这笔付款",
        "没有再扣钱。请顾客点开账单,扫里面的商户单号。",
        "No such payment here",
        "Nothing more was charged. Ask the customer to open the bill and scan the merchant's number in it.",
        "支付单号 {attempt} 不在这台盒子的流水里。",
        "Attempt {attempt} is not in this box's journal.",
    ),
    "attempt.ended": (
        "这笔已经有结果了",
        "结果是:{state}。请看屏上的单子。",
        "This payment has ended",
        "It is {state}. Please look at the screen.",
        "有结果的付款不能再放一边。",
        "A payment with an end can't be parked.",
    ),
    "attempt.bad_transition": (
        "这笔付款的状态对不上",
        "已收的钱都有记录,没有再扣。请叫技术员。",
        "A payment's state does not fit",
        "All money taken is on record, nothing more was charged. Please call the technician.",
        "从{state}到不了{to}:把诊断包发给总部,storebox bundle。",
        "No way from {state} to {to}: send a bundle to HQ, storebox bundle.",
    ),
    "payment.not_supported": (
        "本店收不了{platform}",
        "没扣钱。请顾客换一种,现金都可以。",
        "{platform} is not taken here",
        "Nothing charged. Please use another way; cash is always taken.",
        "在 tenders.toml 打开这种方式,并配好平台的密钥。",
        "Enable it in tenders.toml and set up the platform's keys.",
    ),
    "tender.unknown": (
        "没有这种收款方式",
        _TAKE_ZH + "请选屏上有的方式。",
        "No such way to pay",
        _TAKE_EN + "Choose one that the screen offers.",
        "{kind} 不在 tenders.toml 里,或没有打开。",
        "{kind} is not in tenders.toml, or not enabled.",
    ),
    "tender.above_due": (
        "比应收的还多,没收",
        "还差 {due} 元。请按应收的金额收。",
        "More than is due, not taken",
        "{due} yuan are due. Please take just that.",
        "要收的是 {amount} 元;只有现金可以多给并找零。",
        "{amount} yuan were asked for; only cash may be given in excess, with change.",
    ),
    "tender.bad_amount": (
        "金额不对,没记上",
        "钱没有动。请重新输入金额。",
        "Wrong amount, not booked",
        "No money moved. Please enter the amount again.",
        "输入的是 {amount} 元。",
        "It said {amount} yuan.",
    ),
    "tender.needs_platform": (
        "请扫顾客的付款码",
        "还没收钱。{kind}不能手工记。",
        "Scan the payment code",
        "No money was taken. {kind} is not entered by hand.",
        "这种方式由平台作证,见 tenders.toml 的 proof。",
        "The platform is its proof; see proof in tenders.toml.",
    ),
    "tender.reference_missing": (
        "请输凭证号",
        "还没记上。{kind}要有单号或后四位。",
        "Please enter the reference",
        "Not booked yet. {kind} needs its number, or the last four digits.",
        "见 tenders.toml 的 reference。",
        "See reference in tenders.toml.",
    ),
    "platform.failed": _asking(
        "平台没给准话",
        "No clear word of the platform",
        "平台回了 HTTP {status};不是店里的问题,先用别的方式收。",
        "The platform answered HTTP {status}; not the shop's fault, use other tenders meanwhile.",
    ),
    "platform.garbage_answer": _asking(
        "平台的回话看不懂",
        "The platform's answer is unclear",
        "看是不是路由器或上网登录页代答;换网再试。",
        "See whether a router or a log-in page of the line answers instead; try another line.",
    ),
    "platform.answer_not_signed": _asking(
        "回话没有签名,没信它",
        "An unsigned answer, not believed",
        "HTTP {status}:核对平台公钥和商户密钥;看有没有人代理流量。",
        "HTTP {status}: check the platform's public key and the merchant's key; see who proxies the line.",
    ),
    "platform.answer_of_another": _asking(
        "回话是别的单的",
        "An answer about another order",
        _STORY_ZH,
        _STORY_EN,
    ),
    "platform.unknown": (
        "没有这个平台",
        _SETTING_ZH,
        "No such platform",
        _SETTING_EN,
        "设置里写的是 {platform};能用的有:{known}。",
        "The settings say {platform}; there are: {known}.",
    ),
    "platform.setting_missing": (
        "平台设置少一项",
        _SETTING_ZH,
        "A platform's setting is missing",
        _SETTING_EN,
        "缺 {setting}。",
        "{setting} is missing.",
    ),
    "platform.setting_malformed": (
        "平台设置写错了",
        _SETTING_ZH,
        "A platform's setting is wrong",
        _SETTING_EN,
        "{platform}:密钥是十六进制。",
        "{platform}: the secret is hexadecimal.",
    ),
    "platform.setting_wrong": (
        "平台设置写错了",
        _SETTING_ZH,
        "A platform's setting is wrong",
        _SETTING_EN,
        "看平台文件里的 {setting}:格式见 docs/platforms.md。",
        "See {setting} in the platform's file; its form stands in docs/platforms.md.",
    ),
    "platform.setting_unknown": (
        "平台设置有一项不认识",
        _SETTING_ZH,
        "A platform's setting is not known",
        _SETTING_EN,
        "没有 {setting} 这一项,看是不是写错了字:docs/platforms.md。",
        "There is no setting {setting}; see whether it is misspelt: docs/platforms.md.",
    ),
    "platform.setting_unreadable": (
        "平台的文件读不到",
        _SETTING_ZH,
        "A platform's file can't be read",
        _SETTING_EN,
        "{setting} 写的是 {file}:看文件在不在,盒子能不能读。",
        "{setting} says {file}: see whether it is there and the box may read it.",
    ),
    "platform.keys_differ": (
        "商户证书和私钥不配",
        _SETTING_ZH,
        "Certificate and key do not match",
        _SETTING_EN,
        "{setting} 和 private_key 不是一对:从商户平台重新下载。",
        "{setting} and private_key are no pair: download them again from the merchant's portal.",
    ),
    "platform.clock_differs": _asking(
        "盒子的钟和平台差太多",
        "The clock and the platform's differ",
        "相差 {seconds} 秒,平台只容五分钟:把盒子的钟对准。",
        "They differ by {seconds} s, five minutes are allowed: set the box's clock.",
    ),
    "platform.probed": _asking(
        "平台在探测,没信它",
        "The platform probes, not believed",
        "平台偶尔发假签名,看我们查不查;接着问就好。",
        "Now and then the platform sends a false signature to see whether it is checked; asking again is enough.",
    ),
    "platform.signature_refused": _asking(
        "平台不认我们的签名",
        "The platform refuses our signature",
        "核对商户号、证书序列号和私钥是不是一套,再对一下钟。",
        "See whether merchant, certificate number and key belong together, and set the clock.",
    ),
    "platform.certificate_unknown": _asking(
        "平台不认我们的证书号",
        "The platform does not know our certificate",
        "在商户平台看商户证书的序列号;换过证书就连同私钥一起换。",
        "See the certificate's serial number in the portal; a new certificate goes with its own key.",
    ),
    "platform.merchant_unknown": _asking(
        "平台不认这个商户",
        "The platform does not know the merchant",
        "核对商户号和应用号,看应用上没上线。",
        "Compare merchant and application number; see whether the application is online.",
    ),
    "platform.secret_refused": _asking(
        "和平台的密钥对不上",
        "A shared key is not the platform's",
        "在商户平台重设 {setting},再写进平台文件。",
        "Set {setting} anew in the merchant's portal, then in the platform's file.",
    ),
    "platform.order_differs": _asking(
        "单号被别的单用了",
        "The number belongs to another order",
        _STORY_ZH,
        _STORY_EN,
    ),
    "platform.not_offered": (
        "这个平台没有这项",
        "钱没有动。请用别的方式。",
        "The platform does not offer this",
        "No money moved. Please use another way.",
        "看商户开没开通,平台文件里有没有打开。",
        "See whether the merchant has the product, and whether the platform's file enables it.",
    ),
    "platform.bill_broken": (
        "账单没下载完整",
        "店里的账都在。盒子会再下载。",
        "The bill did not come whole",
        "The shop's books are complete. The box fetches it again.",
        "哈希对不上;一直这样就把原件发给平台。",
        "Its hash differs; when it stays so, send the file to the platform.",
    ),
    "platform.bill_unreadable": (
        "账单看不懂",
        "店里的账都在,原件也留着。请通知总部。",
        "The bill can't be read",
        "The shop's books are complete and the file is kept. Please tell HQ.",
        "缺一列:{column}。平台可能换了格式。",
        "Column {column} is missing. The platform may have changed its form.",
    ),
    "sale.reference_known": (
        "这一单已经记过了",
        "单号 {reference} 已记为 {sale},钱没有重复记。",
        "This sale is recorded already",
        "Number {reference} is recorded as {sale}; no money was recorded twice.",
        "外部收银机每一单用自己的新单号;重试时用同一个 Idempotency-Key。",
        "The other till gives each sale a number of its own, and repeats a request under the same Idempotency-Key.",
    ),
    "sale.not_covered": (
        "收的钱和应收对不上",
        "应收 {total} 元,收款合计 {tendered} 元。这一单没有记账。",
        "The tenders do not make the total",
        "{total} yuan are due, the tenders make {tendered}. The sale was not recorded.",
        "外部收银机送来的各项收款之和必须等于各行金额之和。",
        "The tenders that the other till sends must add up to the lines' totals exactly.",
    ),
    "refund.not_refundable": (
        "这一单没收过钱,不能退",
        "是按 {kind} 结的,顾客没有付钱,别给现金。",
        "Nothing was paid, nothing goes back",
        "It was settled as {kind}; the customer paid nothing, so give no cash.",
        "config/tenders.toml 里这种收款方式写着 refundable = false。",
        "This tender says refundable = false in config/tenders.toml.",
    ),
}
