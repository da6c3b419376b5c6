"""Sentences of the drill: what the box did wrong in it, and what is wrong with its code.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

_DETAIL_ZH = "这是演练,没有动钱。请技术员按说明再做一遍。"
_DETAIL_EN = "This is a drill, no money moved. The technician follows the remedy and repeats the step."


def _drill(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _DETAIL_ZH, en, _DETAIL_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    "drill.not_seen": _drill(
        "没看到发生什么",
        "Nothing was seen to happen",
        "{seconds} 秒里盒子没有察觉:拔对线了吗?storebox doctor devices network 看盒子看到了什么。",
        "The box noticed nothing in {seconds} s: was it the right cable? See storebox doctor devices network.",
    ),
    "drill.not_back": _drill(
        "没有恢复过来",
        "It did not come back",
        "{seconds} 秒后还没好:插回去了吗?storebox doctor 看卡在哪一层。",
        "Not well after {seconds} s: is it plugged in again? storebox doctor names the layer.",
    ),
    "drill.stopped_selling": _drill(
        "出事时不能卖了",
        "The box stopped selling",
        "断线、没纸时也必须能卖:storebox doctor journal disk,再看 journalctl -u storebox。",
        "It has to sell whatever is unplugged: storebox doctor journal disk, then journalctl -u storebox.",
    ),
    "drill.entries_lost": _drill(
        "断电后少了账",
        "Entries were lost in the power cut",
        "盘没有真的存好:storebox doctor disk;换盘之前不能交店。storebox ledger verify。",
        "The disk does not keep what it promised: storebox doctor disk, storebox ledger verify; do not hand over.",
    ),
    "drill.slip_doubtful": _drill(
        "缺纸的单子说不清",
        "A slip is in doubt after paper end",
        "这种打印机缺纸时不报:换能回话的型号,或核对 config/devices 里的设备文件。",
        "This printer does not tell about its paper: take one that does, or check its file in config/devices.",
    ),
    "drill.ended_twice": _drill(
        "一笔付款结了两次",
        "A payment ended twice",
        "这是软件的错:storebox why 看这一笔,把 storebox bundle 发给总部。",
        "A defect of ours: see that payment by storebox why, send a storebox bundle to HQ.",
    ),
    "drill.not_now": _drill(
        "这会儿不能开始演练",
        "No drill can begin now",
        "已经开店:请店长、领班或技术员先登录再扫;没开店时不用登录。",
        "A day is open: the manager, shift lead or technician logs in first; before the day is opened nobody need.",
    ),
    "drill.none_at_work": _drill(
        "没有在演练",
        "No drill is going on",
        "要演练,扫 X1DRILL。",
        "To begin one scan X1DRILL.",
    ),
    "drill.no_printer": _drill(
        "这个柜台没有打印机",
        "This till has no printer",
        "柜台 {till}:用有打印机的柜台扫,或用 storebox drill。",
        "Till {till}: scan at one that has a printer, or use storebox drill.",
    ),
    "drill.not_here": _drill(
        "这里不能演练",
        "No drill here",
        "只有正式跑着的盒子能演练:storebox run。",
        "Only a box that really runs can be drilled: storebox run.",
    ),
    "drill.box_not_running": _drill(
        "盒子没在跑,演练不了",
        "The box does not run",
        "systemctl start storebox;再 storebox drill。",
        "systemctl start storebox; then storebox drill.",
    ),
    "drill.unknown_step": _drill(
        "没有这一步演练",
        "No such step of the drill",
        "{step} 不认识;有:{known}。",
        "{step} is unknown; there are: {known}.",
    ),
    "drill.code_damaged": _drill(
        "演练单的码不完整",
        "The code of the slip is not whole",
        "把 D1 开头的整个码扫进来。",
        "Scan the whole code, from D1 on.",
    ),
    "drill.unknown_box": _drill(
        "不是这台盒子的演练单",
        "The slip is of another box",
        "{store}/{box}/{epoch}:在那台盒子上验,或用 --key 给出它的公钥。",
        "{store}/{box}/{epoch}: check it at that box, or give its public key by --key.",
    ),
    "drill.not_signed": _drill(
        "演练单不是真的",
        "The slip is not genuine",
        "签名不对:单子被改过,或是别的盒子打的。再做一次演练。",
        "Its signature does not hold: changed, or of another box. Repeat the drill.",
    ),
}
