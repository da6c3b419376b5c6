"""What a cashier can meet at a payment platform, said once: its meaning, the sentence, the remedy.

The tables of codes (`wechat/errors.py`, `alipay/errors.py`) point here, so that the same situation is said the same way
whichever platform it comes from. Money first, then one thing to do, as in `agent.core.sentences`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a listed code means for the one who asked; it decides what is done next."""

    PENDING = "pending"
    """The customer is still at it: ask again."""
    UNKNOWN = "unknown"
    """It may have happened: ask again, undo in the end."""
    LOOK_UP = "look_up"
    """The order is in another state than we thought: its query decides."""
    DECLINED = "declined"
    """No money moved, and won't."""
    MERCHANT = "merchant"
    """No money moved: something about the merchant or our request is wrong."""
    TRY_LATER = "try_later"
    """Nothing happened; the same request may succeed later."""
    NOT_FOUND = "not_found"
    """The platform knows no such order or refund."""
    REFUSED = "refused"
    """A refund, close or bill that will never be done like this."""
    NOTHING = "nothing"
    """There is no bill of that day."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation with its sentences; `zh` and `en` are for the cashier, the remedies for the technician."""

    meaning: Meaning
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


_NOT_CHARGED = "没扣钱。"
_AGAIN_ZH = "这个单号接着查就行,不要另开一单。"
_AGAIN_EN = "Go on asking about this number; start no new sale."
_PORTAL_ZH = "在商户平台核对商户号、应用号和开通的产品。"
_PORTAL_EN = "In the merchant's portal compare merchant, application and the products that are enabled."
_SELF_ZH = "顾客在自己的钱包里就能解决。"
_SELF_EN = "The customer can settle this in the own wallet."

ENTERING_PASSWORD = Situation(
    Meaning.PENDING,
    "顾客正在输密码,请稍等。先别重扫。",
    "The customer is entering a password. Please wait, and do not scan again.",
    _AGAIN_ZH,
    _AGAIN_EN,
)
PLATFORM_BUSY = Situation(
    Meaning.UNKNOWN,
    "还不知道收没收到,盒子正在查。先别重扫,也先别给货。",
    "Not known yet whether it was paid; the box is asking. Scan nothing again and hand nothing over yet.",
    _AGAIN_ZH,
    _AGAIN_EN,
)
PARTLY_BACK = Situation(
    Meaning.UNKNOWN,
    "这一笔收到过,后来又退过,退了多少还不知道。先别重扫;急着走可请领班挂起。",
    "It was paid and money went back since; how much is not known yet. Scan nothing again; a shift lead may park it.",
    "配上 api_v2_key 马上就能查清;没有的话,第二天十点账单出来自动查清。",
    "With api_v2_key it is known at once; without, by itself from ten o'clock the next day, by the bill.",
)
ORDER_ELSEWHERE = Situation(
    Meaning.LOOK_UP,
    "这个单号在平台已有状态,盒子正在查。先别重扫。",
    "The platform has this number in a state already; the box is asking. Do not scan again.",
    "按单号查平台的状态;只有查到的结果算数。",
    "Query the number; only what the query says counts.",
)
CODE_EXPIRED = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "付款码过期或用过了,请顾客刷新后再扫。",
    "Nothing charged. The code is out of date or used; ask the customer to refresh it, then scan.",
    "付款码一分钟一换,一码一用。",
    "A code lives for a minute and serves once.",
)
CODE_NOT_OURS = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "这不是能用的付款码,请顾客打开付款页再扫。",
    "Nothing charged. This is no payment code; ask the customer to open the payment page, then scan.",
    "看扫码枪有没有漏字、加字:storebox device list。",
    "See whether the scanner drops or adds characters: storebox device list.",
)
BALANCE_LOW = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "顾客的余额不够,请换一张卡或换一种方式。",
    "Nothing charged. The customer's balance is too low; please use another card or another way.",
    _SELF_ZH,
    _SELF_EN,
)
CARD_NOT_TAKEN = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "这张卡在这里用不了,请顾客换一张。",
    "Nothing charged. This card is not taken here; please use another one.",
    _SELF_ZH,
    _SELF_EN,
)
PAYER_LIMIT = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "超过了顾客的付款限额,请换一种方式。",
    "Nothing charged. It is above the customer's limit; please use another way.",
    "限额由银行或钱包定,店里改不了。",
    "Bank or wallet set the limit; the shop can't change it.",
)
PAYER_BARRED = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "顾客的钱包现在付不了,请换一种方式。",
    "Nothing charged. The customer's wallet can't pay at present; please use another way.",
    "顾客打开钱包看提示,或问平台客服。",
    "The wallet tells the customer why, or its hotline does.",
)
PAYER_DIFFERS = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "付款的人和上次不是同一个,请重新收款。",
    "Nothing charged. Another person paid before under this number; please take the payment anew.",
    "同一单号只能由同一个顾客付。",
    "One number is for one payer.",
)
NOT_PAID = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "顾客取消了或没有付成,请重新收款。",
    "Nothing charged. The customer cancelled, or it did not work; please take the payment anew.",
    "反复出现就换一种方式,并看平台公告。",
    "When it comes again and again use another way, and read the platform's notices.",
)
RISK = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "平台为了安全拦下了这一笔,请换一种方式。",
    "Nothing charged. The platform stopped this for safety; please use another way.",
    "平台的风控,店里改不了;顾客可看钱包里的提示。",
    "The platform's risk control; the wallet tells the customer more.",
)
WALLET_SETTING = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "顾客的钱包没开付款功能,请在钱包里打开,或换一种方式。",
    "Nothing charged. Payment is switched off in the customer's wallet; switch it on there, or use another way.",
    _SELF_ZH,
    _SELF_EN,
)
AMOUNT_NOT_TAKEN = Situation(
    Meaning.DECLINED,
    _NOT_CHARGED + "金额超过平台能收的范围,请分开收或换一种方式。",
    "Nothing charged. The platform does not take this amount; please split it or use another way.",
    "看商户的单笔限额。",
    "See the merchant's limit for one payment.",
)
ORDER_CLOSED = Situation(
    Meaning.LOOK_UP,
    "这一笔已经关了,盒子正在核对。请等一下再收。",
    "This payment is closed; the box is making sure. Please wait before you take it anew.",
    "关掉的单号不能再付,要用新单号。",
    "A closed number can't be paid; a new one is needed.",
)
MERCHANT_NOT_ENABLED = Situation(
    Meaning.MERCHANT,
    _NOT_CHARGED + "本店在这个平台收不了款,请换一种方式并通知技术员。",
    "Nothing charged. This shop can't take payments there; use another way and tell the technician.",
    _PORTAL_ZH,
    _PORTAL_EN,
)
MERCHANT_SETTINGS = Situation(
    Meaning.MERCHANT,
    _NOT_CHARGED + "平台不认本店的设置,请换一种方式并通知技术员。",
    "Nothing charged. The platform does not accept this shop's settings; use another way and tell the technician.",
    "核对平台文件里的商户号、应用号、密钥和证书序列号。",
    "Compare merchant, application, keys and certificate number in the platform's file.",
)
REQUEST_NOT_TAKEN = Situation(
    Meaning.MERCHANT,
    _NOT_CHARGED + "平台没收下这个请求,请换一种方式并通知技术员。",
    "Nothing charged. The platform did not take the request; use another way and tell the technician.",
    "把诊断包发给总部:storebox bundle。",
    "Send a bundle to HQ: storebox bundle.",
)
TOO_OFTEN = Situation(
    Meaning.TRY_LATER,
    "平台忙不过来,盒子过一会儿再办。",
    "The platform takes no more at present; the box tries again in a while.",
    "一直这样就看是不是有别的系统用同一个商户号狂刷。",
    "When it stays so see whether another system uses the same merchant too often.",
)
MERCHANT_BALANCE_LOW = Situation(
    Meaning.TRY_LATER,
    "还没退给顾客:商户账户里的钱不够。已登记,有钱了自动退。",
    "Not given back yet: the merchant's balance is too low. It is registered and goes back by itself later.",
    "给商户账户充值,或等当天的收款到账。",
    "Top the merchant's account up, or wait for the day's takings.",
)
REFUND_LATER = Situation(
    Meaning.TRY_LATER,
    "还没退给顾客,已登记,盒子过一会儿再办。",
    "Not given back yet; it is registered and the box tries again in a while.",
    "用同一个退款单号再办,不会退两次。",
    "The same refund number again never pays twice.",
)
NO_SUCH_ORDER = Situation(
    Meaning.NOT_FOUND,
    "平台没有这一笔,没有扣钱。",
    "The platform has no such payment; nothing was charged.",
    "单号没送到,或是别的商户的。",
    "The number never arrived, or belongs to another merchant.",
)
NO_SUCH_REFUND = Situation(
    Meaning.NOT_FOUND,
    "平台没有这笔退款,盒子会再办。",
    "The platform has no such refund; the box does it again.",
    "退款单号没送到。",
    "The refund's number never arrived.",
)
REFUND_TOO_LATE = Situation(
    Meaning.REFUSED,
    "退不了:超过了平台能退的时间。请店长按规定退现金。",
    "Not possible: the platform's time for refunds is over. The manager may give cash by the rules.",
    "微信一年、支付宝三个月(可延)内能原路退。",
    "WeChat refunds within a year, Alipay within three months unless agreed longer.",
)
REFUND_NOT_POSSIBLE = Situation(
    Meaning.REFUSED,
    "退不了:这一笔没收到,或已经退完。请看这一单的经过。",
    "Not possible: it was not paid, or all went back already. Please look at the sale's story.",
    "用 storebox why 看单号;累计退款不能超过实收。",
    "See storebox why NUMBER; refunds never add up to more than was paid.",
)
REFUND_FROZEN = Situation(
    Meaning.REFUSED,
    "退不了:平台冻结了这一笔。请联系平台客服。",
    "Not possible: the platform has frozen this payment. Please ask the platform's hotline.",
    "在商户平台看冻结的原因。",
    "The merchant's portal says why.",
)
REFUND_STRANDED = Situation(
    Meaning.UNKNOWN,
    "钱退出去了,没到顾客账上:收款的银行卡注销或冻结了。请店长在商户平台处理,先别给现金。",
    "It left, and could not reach the customer: the bank card is closed or frozen. The manager settles it in the"
    " merchant's portal; give no cash meanwhile.",
    "商户平台「交易中心」找这笔退款,改退到别的账户;办好后盒子自动知道。",
    "Find the refund in the merchant's portal and send it to another account; the box then learns it by itself.",
)
REVERSE_TOO_LATE = Situation(
    Meaning.REFUSED,
    "撤不了:这一笔太久了。收到的钱会按退款退回。",
    "Too old to undo. Money that was taken goes back as a refund.",
    "撤单只在七天内能做。",
    "An order can be undone for seven days.",
)
NO_BILL = Situation(
    Meaning.NOTHING,
    "平台说那天没有账单。店里有收款就要查。",
    "The platform says there is no bill of that day. With sales in the shop this needs a look.",
    "核对商户号;店里那天有这个平台的收款就不算平账。",
    "Compare the merchant; with payments that day it is no proof that all is well.",
)
BILL_LATER = Situation(
    Meaning.TRY_LATER,
    "账单还没出,盒子过一会儿再取。",
    "The bill is not made yet; the box fetches it later.",
    "账单次日十点以后才有。",
    "A bill is there from ten o'clock the next day.",
)

ALL: dict[str, Situation] = {name: value for name, value in list(globals().items()) if isinstance(value, Situation)}
"""Every situation by its name."""
