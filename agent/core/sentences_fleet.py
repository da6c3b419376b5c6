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
    "bundle.unknown": _told(
        "没有这个诊断包",
        "There is no such bundle",
        "{store} 只留最近的几个;请盒子再发:storebox bundle --send。",
        "Of {store} only the newest are kept; have the box send another: storebox bundle --send.",
    ),
}
