"""Sentences for the customer display and the counter scale. Entries as in `sentences_device`."""

from agent.core.sentences_codes import Texts
from agent.core.sentences_device import unaffected

_SCALE_ZH = "scale_protocol 要和秤的输出一致;波特率看地址里的 baud;storebox sim scale 可对照。"
_SCALE_EN = "scale_protocol has to fit what the scale sends, baud in the address its speed; compare storebox sim scale."

SENTENCES: dict[str, Texts] = {
    "display.ready": unaffected("客显好了", "The customer display is ready", "不用处理。", "Nothing to do."),
    "display.stalled": unaffected(
        "客显不收数据",
        "The customer display takes nothing",
        "看客显电源;地址里去掉 rtscts 或 xonxoff 试试。",
        "Check its power; try the address without rtscts or xonxoff.",
    ),
    "scale.ready": unaffected("电子秤好了", "The scale is ready", "不用处理。", "Nothing to do."),
    "scale.none": (
        "这个收银台没接秤",
        "请用手输克数。",
        "This till has no scale",
        "Type the grams.",
        "在设置里给这个收银台写上 scale。",
        "Give this till its scale in the settings.",
    ),
    "scale.garbage": (
        "电子秤的读数看不懂",
        "没扣钱。先看秤面,用手输克数。",
        "The scale can't be understood",
        "Nothing charged. Read the scale and type the grams meanwhile.",
        _SCALE_ZH,
        _SCALE_EN,
    ),
    "scale.unstable": (
        "秤还没稳",
        "等数字不动了再取。",
        "The weight is not stable yet",
        "Take it when the figure stands still.",
        "一直不稳:秤要放平,避开风扇和震动。",
        "If it never is: level the scale, away from fans and shaking.",
    ),
    "scale.empty": (
        "秤盘是空的",
        "请把商品放上去。",
        "Nothing lies on the scale",
        "Put the goods on it.",
        "空盘不归零:按秤上的置零键。",
        "If it is not empty: press the scale's zero key.",
    ),
    "scale.negative": (
        "秤显示负数",
        "请按秤上的去皮或置零键,再称。",
        "The scale shows less than zero",
        "Press its tare or zero key and weigh again.",
        "多半是去皮没清:空盘时按去皮。",
        "A tare was probably left: press tare with the pan empty.",
    ),
    "scale.overload": (
        "超过秤的量程",
        "请分几次称。",
        "Too heavy for this scale",
        "Weigh it in parts.",
        "空盘也报超载:秤的传感器要修。",
        "If it says so with an empty pan, its cell needs repair.",
    ),
    "scale.same_weighing": (
        "这一秤已经卖过了",
        "拿走再称一次;确实还要,就再取一次。",
        "This weighing was sold already",
        "Empty the pan and weigh again; or take it once more if it is meant.",
        "两秤之间秤盘要空一下,归零再放。",
        "Between two weighings the pan has to be empty, at zero.",
    ),
    "item.not_weighed": (
        "{name}不按重量卖",
        "请按件数加。",
        "{name} is not sold by weight",
        "Add it by the piece.",
        "商品资料里的 unit 是 pc。",
        "Its unit in the catalogue is pc.",
    ),
}
