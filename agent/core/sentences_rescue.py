"""Sentences for a box that died or closes: history from headquarters, old disks, hand-over, warm copy, retirement.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en (see `agent.core.sentences_store`).
"""

from agent.core.sentences_codes import Texts

_TRADE_ZH = "可以照常收钱,老单子暂时退不了。请通知技术员。"
_TRADE_EN = "Sell as usual; refunds of older sales have to wait. Please tell the technician."
_NOTHING_ZH = "什么都没改,旧盘上的账还在旧盘上。请叫技术员。"
_NOTHING_EN = "Nothing was changed; what the old disk holds is still on it. Please call the technician."
_ASK_HQ_ZH = "已核对的部分留着。请总部用 storebox-hq 查第 {epoch} 段 #{seq} 前后的账。"
_ASK_HQ_EN = "What was proven stays. HQ looks at epoch {epoch}, about #{seq}, for what is wrong there."
_KEEP_ZH = "别清这块盘;用 storebox handover 交给总部看。"
_KEEP_EN = "Do not wipe this disk; hand it to HQ by storebox handover."


def _lying(zh: str, en: str) -> Texts:
    return (zh, _TRADE_ZH, en, _TRADE_EN, _ASK_HQ_ZH, _ASK_HQ_EN)


def _cut(zh: str, en: str) -> Texts:
    return (
        zh,
        _TRADE_ZH,
        en,
        _TRADE_EN,
        "会自己再试;看网络:storebox doctor。",
        "It tries again by itself: storebox doctor.",
    )


def _disk(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _NOTHING_ZH, en, _NOTHING_EN, remedy_zh, remedy_en)


def _stays(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (
        zh,
        "账都在,盒子照常营业。请按技术员的步骤办。",
        en,
        "All records are here and the box trades on. Please follow the technician's steps.",
        remedy_zh,
        remedy_en,
    )


SENTENCES: dict[str, Texts] = {
    # History from headquarters
    "restore.history_behind": (
        "老账还在取回",
        "钱和账都没动。这一单过几分钟再试;最近两天的单子现在就能退。",
        "Older records are still on their way",
        "Nothing was changed. Try this one in a few minutes; sales of the last two days can be refunded now.",
        "进度:storebox restore status。",
        "Progress: storebox restore status.",
    ),
    "restore.chain_broken": _lying("总部给的账接不上", "HQ's history does not join up"),
    "restore.head_differs": _lying("总部的账和回执不符", "HQ's history is not what it signed"),
    "restore.first_differs": _lying("总部先后给的账不一样", "HQ told one entry in two ways"),
    "restore.cut_short": _lying("总部的账没给全", "HQ's history ends too early"),
    "restore.box_unknown": (
        "总部的账没说是哪台的",
        _TRADE_ZH,
        "HQ named no box for its history",
        _TRADE_EN,
        "请总部查第 {epoch} 段。",
        "HQ looks at epoch {epoch}.",
    ),
    "restore.cut": _cut("取账断在半路", "The history was cut on its way"),
    "restore.receipt_not_signed": _cut("总部的回执验不过", "HQ's receipt is not signed by its key"),
    "restore.no_headquarters": _disk(
        "这台没有总部可取账",
        "This box has no headquarters",
        "单店:从备份或旧盘恢复,用 storebox restore import。",
        "A shop alone: take the old disk over by storebox restore import.",
    ),
    "restore.needs_token": _disk(
        "还差总部的换盒子码",
        "A code of replacement is needed",
        "总部开换盒子的码,再给 --hq、--token、--store。",
        "HQ makes a token of replacement; give --hq, --token and --store.",
    ),
    # Old disks
    "late.other_store": _disk(
        "这块盘是别的店的",
        "The disk is another store's",
        "盘是 {store} 的,拿回那家店。",
        "It is {store}'s; take it there.",
    ),
    "late.no_earlier_epoch": _disk(
        "这块盘就是现在的账",
        "The disk is of this very box",
        "盘上没有第 {epoch} 段之前的账,不用导。",
        "It has nothing of before epoch {epoch}: there is nothing to take over.",
    ),
    "late.epoch_unknown": _disk(
        "总部不认识这块盘的账",
        "HQ does not know this disk's epoch",
        "第 {epoch} 段没有在总部登记;用 storebox handover 交给总部。",
        "Epoch {epoch} is not registered; hand it to HQ by storebox handover.",
    ),
    "late.fork": _disk("旧盘的账和总部对不上", "The disk tells another history", _KEEP_ZH, _KEEP_EN),
    "late.nothing_there": _disk(
        "这里没有账",
        "No journal is there",
        "{path} 里找 journal.db、set-aside 开头的 db 或 storebox 开头的 copy 文件。",
        "Look in {path} for journal.db, set-aside-….db or storebox-….copy.",
    ),
    "late.no_room": _disk(
        "盒子的硬盘装不下旧账",
        "The old records do not fit",
        "要空出 {mib} MiB;或 storebox restore import 直接从盘上导。",
        "Free {mib} MiB; or take them from the disk itself by storebox restore import.",
    ),
    "late.unreadable": _disk(
        "这个文件读不出账",
        "The file can't be read as a journal",
        "{path}:换旁边的 backup-日期.db 试,storebox restore import;原件留好,交给总部。",
        "{path}: try the backup-DATE.db beside it by storebox restore import; keep the file for headquarters.",
    ),
    "late.taken_meanwhile": _disk(
        "已经有人导过了", "Somebody took it over already", "再跑一次看结果。", "Run it again to see what is there."
    ),
    "late.still_waiting": _stays(
        "盒子还没轮到导旧盘",
        "The old disk still waits its turn",
        "盘先别拔;过一会再看,单号 {order}。",
        "Leave the disk plugged in and look again later; order {order}.",
    ),
    # Hand-over
    "handover.no_journal": _disk(
        "没有找到账本",
        "There is no journal to hand over",
        "看 --state 指的文件夹:{path}。",
        "Check the state folder: {path}.",
    ),
    "handover.nothing_unsent": _stays(
        "没有要交的账", "Everything is at headquarters", "总部都有了,不用 U 盘。", "No stick is needed."
    ),
    "handover.no_room": _disk(
        "U盘写不进去", "The stick can't be written", "{path}:换一个空的 U 盘再试。", "{path}: try another, empty stick."
    ),
    "handover.no_rights": _disk(
        "U盘不让写",
        "The stick may not be written",
        "{path}:命令以 storebox 用户做事。重新挂:mount -o uid=storebox /dev/sdb1 {path}。",
        "{path}: the command acts as the user storebox. Mount it anew: mount -o uid=storebox /dev/sdb1 {path}.",
    ),
    "late.no_rights": _disk(
        "旧盘的文件夹不让读",
        "The old disk's folder may not be read",
        "{path}:用 root 拷出来再导:cp -r {path} /mnt/old,chown -R storebox: /mnt/old,"
        "storebox restore import /mnt/old。",
        "{path}: as root copy it and take the copy: cp -r {path} /mnt/old; chown -R storebox: /mnt/old;"
        " storebox restore import /mnt/old.",
    ),
    "handover.malformed": _disk(
        "这不是交账文件", "Not a file of a hand-over", "{reason};请重新拷一次。", "{reason}; copy it again."
    ),
    "handover.other_headquarters": _disk(
        "交账文件不是给这里的",
        "The file is for another headquarters",
        "文件用钥匙 {kid} 封的;交给有它的总部。",
        "It is sealed for key {kid}; take it to the headquarters that has it.",
    ),
    "handover.signature_differs": _disk(
        "交账文件的签名不对",
        "The file's signature does not hold",
        "{store} 第 {epoch} 段的钥匙没签过它;别导,查来路。",
        "The key of {store}, epoch {epoch}, did not sign it: find out where it comes from.",
    ),
    # Warm copy
    "copy.absent": _stays(
        "备份盘不在",
        "The second disk is not there",
        "{path}:插回去就自己补上;没传的账先只在盒子里。",
        "{path}: plug it in again, it catches up by itself. Until then what is unsent is on the box alone.",
    ),
    "copy.same_disk": _stays(
        "备份和账在同一块盘",
        "The copy is on the same disk",
        "{path} 没有挂上第二块盘;看 /etc/fstab 和 [rescue] copy_to。",
        "No second disk is mounted at {path}; see /etc/fstab and [rescue] copy_to.",
    ),
    "copy.not_written": _stays(
        "备份盘写不进去",
        "The second disk can't be written",
        "{path}:{reason};换一块盘。",
        "{path}: {reason}; replace it.",
    ),
    # Retirement
    "retire.not_yet": _stays(
        "还有没办完的事",
        "Something is not finished yet",
        "先办完这些:{unfinished}。",
        "First finish: {unfinished}.",
    ),
    "retire.other_head": _stays(
        "总部的账还不齐",
        "HQ does not have everything yet",
        "总部有到 #{wanted};等传完再来一次。",
        "HQ has up to #{wanted}; try again when everything went up.",
    ),
    "retire.done": (
        "这台盒子已经停用",
        "账都交清了,这台不再收钱。",
        "This box is retired",
        "All is handed over; this box takes no more money.",
        "证明在 retirement.json;要再开店:总部发新码,重新开通。",
        "Its certificate is retirement.json. To trade again: a new code of HQ, enrol anew.",
    ),
}
