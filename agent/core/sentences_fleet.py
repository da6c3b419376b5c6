"""Sentences for what is done from afar: diagnostics bundles, directives of headquarters, verbs of the fleet page.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

_GOES_ON_ZH = "照常卖,账和钱都没动。"
_GOES_ON_EN = "Trade goes on. Records and money are untouched."


def _told(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _GOES_ON_ZH, en, _GOES_ON_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    "bundle.cannot_write": _told(
        "诊断包写不下去",
        "The bundle can't be written there",
        "{place}:{reason};换个地方 storebox bundle --to,或 --send、--print。",
        "{place}: {reason}; another place by storebox bundle --to, or --send, --print.",
    ),
    "bundle.secret_inside": _told(
        "诊断包里有机密,没有出盒子",
        "The bundle holds a secret and stays here",
        "{file} 里有本机的钥匙或口令;这是程序的毛病,请把这句话告诉厂家。",
        "{file} holds a key or password of this box; a defect of the program, please tell its maker so.",
    ),
    "bundle.too_large": _told(
        "诊断包太大,发不出去",
        "The bundle is too large to be sent",
        "最多 {bytes_max} 字节;用 storebox bundle --to 写到U盘。",
        "At most {bytes_max} bytes; write it to a stick by storebox bundle --to.",
    ),
    "bundle.not_a_zip": _told(
        "总部收到的不是诊断包",
        "What HQ got is no bundle",
        "盒子和总部版本不同,或中间有人改了流量;升级后再发。",
        "Box and HQ differ in release, or somebody changes the traffic; upgrade, then send again.",
    ),
    "message.unknown": (
        "这条通知已经过了",
        "不用再点,什么都没变。",
        "This message is over",
        "Nothing more to do, nothing changed.",
        "",
        "",
    ),
    "hq.message": (
        "总部通知",
        "{text}。",
        "A message of headquarters",
        "{text}.",
        "",
        "",
    ),
    "item.stopped": (
        "{name} 停售,没有加上",
        "不扣钱。总部说:{reason}。请收回货架,告诉店长。",
        "Not to be sold, not added",
        "Nothing charged. Headquarters say: {reason}. Take it off the shelf, tell the manager.",
        "停售由总部发:storebox sync status 看版本。",
        "The stop-sale is headquarters': storebox sync status shows its version.",
    ),
    "sale.stopped": (
        "总部叫停,先别卖",
        "不扣钱。总部说:{reason}。已收的钱照样算数,请告诉店长。",
        "Headquarters stopped all sales",
        "Nothing charged. Headquarters say: {reason}. Money already taken counts; tell the manager.",
        "停售由总部发:storebox sync status 看版本。",
        "The stop-sale is headquarters': storebox sync status shows its version.",
    ),
    "directive.not_readable": _told(
        "总部发的内容读不出来",
        "A directive can't be read",
        "{kind}:{reason};在总部改好再发,盒子照旧的卖。",
        "{kind}: {reason}; correct it at HQ and put it again, the box sells by the one before.",
    ),
    "directive.too_large": _told(
        "总部要发的内容太大",
        "The directive is too large",
        "最多 {bytes_max} 字节;分成几份。",
        "At most {bytes_max} bytes; split it.",
    ),
    "directive.malformed": _told(
        "总部发的内容不合规矩",
        "A directive is not well formed",
        "{field} 不对;盒子和总部的版本不同,先升级盒子。",
        "{field} is wrong; box and HQ differ in release, upgrade the box first.",
    ),
    "directive.unknown_kind": _told(
        "总部发的内容不认识",
        "A directive of an unknown kind",
        "{kind};这个版本的盒子还不会,先升级盒子。",
        "{kind}; this release does not know it, upgrade the box first.",
    ),
    "directive.not_signed": _told(
        "总部发的内容签名不对",
        "A directive without a right signature",
        "{reason};有人在中间改流量,或总部换了钥匙:storebox sync status。",
        "{reason}; somebody changes the traffic, or HQ renewed its keys: storebox sync status.",
    ),
    "directive.of_another_box": _told(
        "总部发的是别的盒子的",
        "A directive for another box",
        "写的是盒子 {box};总部的地址对不对:storebox sync status。",
        "It names box {box}; is the address of HQ right: storebox sync status.",
    ),
    "directive.older": _told(
        "总部发的比现有的旧",
        "A directive older than the one in force",
        "盒子留着新的;总部的库退回过旧备份的话,再发一次。",
        "The box keeps the newer one; if HQ's database went back to an older copy, put it again.",
    ),
    "directive.refund_of_no_sale": _told(
        "退款对不上本店的销售",
        "A refund of no sale of this box",
        "平台退的这笔,账本里找不到对应的收款;由总部人工处理。",
        "The journal has no payment that this refund belongs to; people at HQ decide.",
    ),
    "verb.unknown": _told(
        "总部要做的事不认识",
        "HQ asks for something unknown",
        "{verb};这个版本的盒子不会,先升级盒子。",
        "{verb}; this release can't do it, upgrade the box first.",
    ),
    "verb.malformed": _told(
        "总部要做的事写法不对",
        "What HQ asks for is not well formed",
        "{field} 不对;要写明谁要求、为什么、到几时。",
        "{field} is wrong; who asks, why and until when must be given.",
    ),
    "verb.no_box": _told(
        "这家店没有在用的盒子",
        "No box is in use at this store",
        "{store} 先开通一台:storebox-hq store token {store}。",
        "Enrol one for {store} first: storebox-hq store token {store}.",
    ),
    "verb.expired": _told(
        "总部要做的事过时了",
        "What HQ asked for came too late",
        "盒子很久没连上;还要做就再发一次。",
        "The box was away for long; ask again if it is still wanted.",
    ),
    "verb.interrupted": _told(
        "做到一半断了",
        "It was broken off in the middle",
        "盒子重启过,不知道做到哪里;看结果,再发一次。",
        "The box was started again in the middle; look at what there is, then ask again.",
    ),
    "verb.not_here": _told(
        "这台盒子做不了这件事",
        "This box can't do that",
        "storebox run 才会做;看 storebox doctor。",
        "Only storebox run does it; see storebox doctor.",
    ),
    "verb.command_ended": _told(
        "命令没有说出结果",
        "The command gave no answer",
        "在盒子上运行 storebox {command} 看它说什么。",
        "Run storebox {command} on the box and see what it says.",
    ),
    "verb.disk": _told(
        "盘上写不了,没有做",
        "The disk did not take it, not done",
        "看 storebox doctor 的盘空间和挂载。",
        "See disk space and mounts in storebox doctor.",
    ),
    "verb.shop_busy": _told(
        "正在收款,先不重启",
        "A sale is under way, not restarted",
        "等收银台空了再发一次。",
        "Ask again when the tills are idle.",
    ),
    "verb.no_service_manager": _told(
        "没人会把它再启动",
        "Nobody would start it again",
        "盒子不是由 systemd 启动的;到店里重启。",
        "The box was not started by systemd; restart it on site.",
    ),
    "bundle.unknown": _told(
        "没有这个诊断包",
        "There is no such bundle",
        "{store} 只留最近的几个;请盒子再发:storebox bundle --send。",
        "Of {store} only the newest are kept; have the box send another: storebox bundle --send.",
    ),
}
