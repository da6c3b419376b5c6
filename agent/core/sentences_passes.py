"""Sentences for signed codes, and for the page on which a customer pays on the own phone. As in `sentences_codes`."""

from agent.core.sentences_codes import Texts

_OPEN_AGAIN_ZH = "请顾客点开刚才付的那一笔,再扫一次。"
_OPEN_AGAIN_EN = "Please ask for the page of the payment just made, and scan again."

SENTENCES: dict[str, Texts] = {
    "pass.cannot_encode": (
        "这一单做不成手机码",
        "没扣钱。请换一种方式收。",
        "No code can be made for this sale",
        "Nothing charged. Please take the money in another way.",
        "{kind}:单号或金额超出了码的格式;把诊断包发给总部。",
        "{kind}: number or amount do not fit the code's layout; send a bundle to HQ.",
    ),
    "pass.other_kind": (
        "这里要扫的是另一种码",
        "没扣钱。" + _OPEN_AGAIN_ZH,
        "Another kind of code is needed here",
        "Nothing charged. " + _OPEN_AGAIN_EN,
        "这里只认 {wanted} 开头的码。",
        "Only codes that begin with {wanted} are taken here.",
    ),
    "pass.damaged": (
        "码没读全,没记账",
        "请把手机调亮、整个码露出来,再扫一次。",
        "Code not complete, nothing booked",
        "Turn the screen brighter, show the whole code and scan again.",
        "自检单上的码能扫,就是手机屏的问题;不能扫,查扫码枪的设置。",
        "If the code of a test slip reads well it is the screen; else look at the scanner's settings.",
    ),
    "pass.newer": (
        "这个码比盒子新",
        "没记账。来网后自己会查到;急的话先收别的。",
        "This code is newer than the box",
        "Nothing booked. It is found by itself once the network is back; else take other money first.",
        "码的版本是 {version};升级盒子。",
        "The code has version {version}; upgrade the box.",
    ),
    "payer.code_refused": (
        "没扣钱,请重新打开付款页",
        "请再扫一次店里的码。",
        "Nothing charged, please open it again",
        "Scan the shop's code once more.",
        "网页授权的码只能用一次;总是这样:核对应用的密钥和授权域名。",
        "A page's authorization code serves once; if it never works compare the application's secret and its domain.",
    ),
    "payer.busy": (
        "没扣钱,微信那边忙",
        "请过一会儿再打开付款页。",
        "Nothing charged, WeChat is busy",
        "Please open the page again in a moment.",
        "",
        "",
    ),
}
