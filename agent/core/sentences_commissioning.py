"""Sentences of commissioning: what became of an enrolment, offline packets, the sheet of a roll-out.

Each entry as in `sentences_sync`; who reads them stands before the box with a code in hand, or at headquarters.
"""

from agent.core.sentences_codes import Texts
from agent.core.sentences_sync import office_sentence

_KEPT_ZH = "盒子没有开通,什么都没变。请叫技术员。"
_KEPT_EN = "The box is not enrolled, nothing changed. Please call the technician."
_REPLACE_ZH = "要换盒子:在总部的开通页点换盒子,写明原因,再扫那张码。"
_REPLACE_EN = "To replace it: on HQ's page of enrolment, with a reason; then scan that code."
_PACKET_ZH = "在总部另做一个:storebox-hq store packet {store}。"
_PACKET_EN = "Make another at HQ: storebox-hq store packet {store}."


def _enrolling(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _KEPT_ZH, en, _KEPT_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    "enrol.done": (
        "盒子开通了",
        "可以开始自检和营业。",
        "The box is enrolled",
        "It may test itself and trade.",
        "",
        "",
    ),
    "enrol.again": (
        "早就开通了,又答了一次",
        "还是原来那一段,什么都没变。",
        "Enrolled before, answered again",
        "The same epoch as before, nothing changed.",
        "",
        "",
    ),
    "enrol.store_has_box": _enrolling(
        "这家店已经有盒子了",
        "The store has a box already",
        "{store} 在用盒子 {box},第 {epoch} 段。" + _REPLACE_ZH,
        "{store} trades with box {box}, epoch {epoch}. " + _REPLACE_EN,
    ),
    "enrol.too_many_tries": _enrolling(
        "开通码输错太多次",
        "Too many wrong codes",
        "过一小时再输;扫码不受限制。",
        "Type again in an hour; scanning the code is not limited.",
    ),
    "enrol.too_many_from_address": _enrolling(
        "这条网线上试错太多次",
        "Too many tries from here",
        "等 {wait_minutes} 分钟,盒子自己再试。同一个网络里有人一直拿错码来试:先核对码和店号。",
        "The box tries again by itself in {wait_minutes} min. Wrong codes keep coming from this network: check code "
        "and store first.",
    ),
    "enrol.too_many_at_hq": _enrolling(
        "总部正挡着试码的人",
        "HQ holds off wrong codes",
        "等 {wait_minutes} 分钟,盒子自己再试。好多地方拿错码来试:告诉总部。",
        "The box tries again by itself in {wait_minutes} min. Wrong codes come from many places: tell headquarters.",
    ),
    "tls.pin_no_spare": office_sentence(
        "要登记至少两把钥匙",
        "At least two keys",
        "给了 {pins} 把:在用的一把,锁在柜里备用的一把,最多 {most} 把。",
        "{pins} given: the one in use and one that waits in a safe, {most} at most.",
    ),
    "tls.pin_unreadable": office_sentence(
        "这不是证书也不是公钥",
        "Neither certificate nor key",
        "{file}:要 PEM 的证书或公钥,或 64 位十六进制,或 sha256/…。",
        "{file}: a PEM certificate or public key, or 64 hex digits, or sha256/….",
    ),
    "key.root_elsewhere": office_sentence(
        "根钥匙不在这台机器上",
        "The root key is kept elsewhere",
        "在放根钥匙的地方签 {file},把 tls_pins 写进去,再拷到 keys/。",
        "Sign {file} where the root key is, with tls_pins in it, and put it into keys/.",
    ),
    "enrol.token_not_open": office_sentence(
        "没有这个没用过的码",
        "No such unused code",
        "用过、过期或收回了。看 storebox-hq store token list {store}。",
        "Used, expired or withdrawn. See storebox-hq store token list {store}.",
    ),
    "enrol.packet_unknown": _enrolling("没有这个离线开通包", "No such offline packet", _PACKET_ZH, _PACKET_EN),
    "enrol.packet_used": (
        "这个开通包另一台用了",
        "这台卖的都在盒子里,不会丢;现在先别卖。请叫技术员。",
        "Another box used this packet",
        "What this one sold is on it and stays; sell nothing now. Please call the technician.",
        "{store} 第 {epoch} 段是盒子 {box} 的。这台的账先留好,再用换盒子的码重新开通。",
        "Epoch {epoch} of {store} belongs to box {box}. Keep this journal, then enrol with a code of replacement.",
    ),
    "enrol.packet_expired": _enrolling(
        "离线开通包过期了",
        "The packet has expired",
        _PACKET_ZH + "盒子的钟快了也会这样:storebox doctor clock。",
        _PACKET_EN + " A clock that is ahead looks the same: storebox doctor clock.",
    ),
    "enrol.packet_damaged": _enrolling(
        "这不是完整的开通包",
        "Not a whole enrolment packet",
        "{reason}。再从总部拷一次到 U 盘。",
        "{reason}. Copy it from HQ to the stick again.",
    ),
    "enrol.packet_wrong_code": _enrolling(
        "口令和开通包对不上",
        "The code does not open the packet",
        "8 个字,不分大小写;口令在总部做包的那张纸上。",
        "8 characters, in either case; it stands on the paper that HQ made with the packet.",
    ),
    "enrol.packet_locked": (
        "口令错了三次,开通包收起来了",
        "请拔下 U 盘再插上,看清口令再扫。什么都没变。",
        "Three wrong codes: the packet rests",
        "Pull the stick, plug it in again, read its code carefully. Nothing changed.",
        "口令在总部做包的那张纸上;找不到就另做一个:storebox-hq store packet。",
        "The code is on the paper that HQ made with the packet; lost: storebox-hq store packet makes another.",
    ),
    "enrol.no_packet": (
        "没找到离线开通包",
        "请先插上带开通包的 U 盘,等单子打出来再扫口令。",
        "No offline packet is here",
        "Plug in the stick that holds it, wait for the slip, then scan its code.",
        "U 盘要有分区,文件放在最外层;或用命令 storebox enrol --packet。",
        "The file lies on top of a stick with a partition; or storebox enrol --packet.",
    ),
    "box.replaced": (
        "这台盒子已经被换下",
        "账都在盒子里,没传完的会自己传。请在新盒子上收钱。",
        "Another box took this one's place",
        "All records are here; what is unsent goes up by itself. Take money on the new box.",
        "第 {epoch} 段已停,新的是第 {newest} 段。要用回这台:在总部换盒子,再开通一次。",
        "Epoch {epoch} has ended, {newest} took its place. To use it again: replace the box at HQ, enrol anew.",
    ),
    "upload.late": (
        "换下的盒子补传了账",
        "已收下,记为迟到。",
        "A replaced box sent what it still had",
        "It was taken in and is marked late.",
        "",
        "",
    ),
    "epoch.claimed_twice": (
        "两台盒子用了同一个包",
        "先来的那台算数,后来的账没有收。",
        "Two boxes used one packet",
        "The first one counts; nothing was taken of the second.",
        "看开通记录里第二台的地址,把它的账用 U 盘交上来,再换码开通。",
        "See the second one's address in the record of enrolments; hand its journal over by stick, then enrol it anew.",
    ),
    "report.malformed": office_sentence(
        "自检报告看不懂",
        "A malformed report of a self-test",
        "{field} 不对:盒子升级。",
        "{field} is wrong: upgrade the box.",
    ),
    "rollout.bad_sheet": office_sentence(
        "这张表读不了",
        "The sheet can't be read",
        "{reason}。存成 CSV 或 XLSX 再试。",
        "{reason}. Save it as CSV or XLSX.",
    ),
    "rollout.bad_rows": office_sentence(
        "表里有 {count} 处不对,没导入",
        "{count} places are wrong; nothing taken",
        "{reason}。改好整张再导。",
        "{reason}. Correct them and import the whole sheet.",
    ),
    "rollout.no_store": office_sentence(
        "没有要做的门店",
        "No store to do",
        "先导入名单:storebox-hq rollout import。",
        "Import the sheet: storebox-hq rollout import.",
    ),
    "rollout.font_missing": office_sentence(
        "缺中文字体,没做成 PDF",
        "A Chinese font is missing for the PDF",
        "装一个:apt-get install fonts-wqy-zenhei。",
        "Install one: apt-get install fonts-wqy-zenhei.",
    ),
    "rollout.bad_host": office_sentence(
        "总部的地址不能进码",
        "HQ's address does not fit a code",
        "{host};写成小写的 主机 或 主机:端口,用 --host 给出。",
        "{host}; give it by --host as host or host:port in lower case.",
    ),
}
