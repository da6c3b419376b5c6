"""Sentences for replay, demo and emulators, which touch no shop's records.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

_APART_ZH = "重放和演示只动自己的文件夹,门店的账没变。"
_APART_EN = "Replay and demo touch their own folders only; the shop's records are unchanged."


def _apart(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _APART_ZH, en, _APART_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    "replay.no_baskets": _apart(
        "文件里没有购物篮",
        "No baskets in the file",
        "{file} 要一行一个 JSON 对象,可以是 .gz。",
        "{file} needs one JSON object a line; .gz will do.",
    ),
    "replay.malformed": _apart(
        "这个购物篮写得不对",
        "A basket is malformed",
        "这一行跳过了,见结果里的 refused。",
        "The line was skipped; see refused in the result.",
    ),
    "replay.sum_differs": _apart(
        "购物篮的数加不拢",
        "A basket does not add up",
        "行、折扣、付款要和总额相等;见结果里的 refused。",
        "Lines, discounts and tenders have to equal the total; see refused in the result.",
    ),
    "replay.duplicate": _apart(
        "这个购物篮前面有了",
        "This basket came before",
        "同一个编号只记一次;见结果里的 refused。",
        "A number is recorded once; see refused in the result.",
    ),
    "replay.mixed_stores": _apart(
        "这个购物篮是别店的",
        "A basket of another store",
        "一个文件只放一家店;见结果里的 refused。",
        "A file holds one store's baskets; see refused in the result.",
    ),
    "replay.unreadable": _apart(
        "文件读不出来",
        "The file cannot be read",
        "{file}:{reason}。重新拿一份。",
        "{file}: {reason}. Get the file again.",
    ),
    "replay.other_store": _apart(
        "文件夹是别的店的",
        "The folder is another store's",
        "里面是 {store} 的盒子;换一个 --state。",
        "It holds a box of {store}; choose another --state.",
    ),
    "replay.surroundings": _apart(
        "重放的配套没起来",
        "A helper of the replay did not start",
        "{name}:看 {log}。",
        "{name}: see {log}.",
    ),
    "replay.payment_unresolved": _apart(
        "有一笔付款没结果",
        "A payment has no end yet",
        "再跑一次同一条命令,会接着查。",
        "Run the same command again; it goes on asking.",
    ),
    "replay.not_drained": _apart(
        "总部还没收全",
        "HQ has not got all of it",
        "还差 {unsent} 条;再跑一次同一条命令接着传。",
        "{unsent} entries wait; run the same command again.",
    ),
    "demo.child_died": _apart(
        "演示的一部分停了",
        "A part of the demo ended",
        "{name}:{said}。看 {log}。",
        "{name}: {said}. See {log}.",
    ),
    "demo.running": _apart(
        "演示已经在运行",
        "The demo runs already",
        "{state} 里已有一个;先停掉它,或换一个 --state。",
        "One runs in {state}; end it first, or choose another --state.",
    ),
    "demo.not_ready": _apart(
        "演示还没准备好",
        "The demo is not ready",
        "等了 {seconds} 秒;看演示文件夹里的 log。",
        "Waited {seconds} seconds; see log in the demo's folder.",
    ),
    "desk.gone": _apart(
        "模拟台停了", "The emulators are gone", "重新启动 storebox demo。", "Start storebox demo again."
    ),
    "desk.refused": _apart("模拟台听不懂", "The emulators refused it", "{reason}。", "{reason}."),
    "desk.no_reader": _apart(
        "这台电脑还不会认图片里的码",
        "Pictures of codes cannot be read here yet",
        "在 storebox 的环境里执行 pip install 'storebox[desk]'。",
        "Run pip install 'storebox[desk]' in storebox's environment.",
    ),
    "desk.bad_picture": _apart(
        "这不是能看的图片",
        "That is no picture that can be read",
        "换一张 PNG 或 JPEG,不超过 {bytes_max} 字节。",
        "Take a PNG or JPEG of at most {bytes_max} bytes.",
    ),
    "desk.no_code": _apart(
        "图片里没看到码",
        "No code was found in the picture",
        "拍近一点,码要完整、清楚。",
        "Take it from nearer; the code must be whole and sharp.",
    ),
    "emulator.font_missing": _apart(
        "模拟器缺中文字体",
        "The emulator lacks a Chinese font",
        "apt-get install fonts-wqy-zenhei。",
        "apt-get install fonts-wqy-zenhei.",
    ),
    "simulator.state_too_old": _apart(
        "模拟平台的数据太旧",
        "The simulator's state is of an older version",
        "换一个新的文件夹:--state。",
        "Use a new folder: --state.",
    ),
    "simulator.unknown_word": _apart(
        "模拟平台听不懂",
        "Unknown word for the simulator",
        "不认识:{words};storebox sim platform --help。",
        "Unknown: {words}; storebox sim platform --help.",
    ),
}
