"""Sentences for the store: disk, journal, verification, spool and backup. Money first, then one thing to do.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

Texts = tuple[str, str, str, str, str, str]

_CALL_ZH = "已收的钱都有记录。请叫技术员。"
_CALL_EN = "All money taken is on record. Please call the technician."
_STOP_ZH = "以前收的钱有记录,现在先别收钱。请叫店长和技术员。"
_STOP_EN = "Money taken before is on record; take none now. Please call the manager and the technician."
_FOUND_ZH = "已上传的钱总部都有底。请叫店长和技术员来看。"
_FOUND_EN = "HQ has a copy of all money that was sent up. Please call the manager and the technician."
_TOTALS_ZH = "流水没变,钱一分不少。请通知技术员。"
_TOTALS_EN = "The journal is unchanged, not a cent is missing. Please tell the technician."
_AGAIN_ZH = "这一步没有记账,没有收钱。请再按一次。"
_AGAIN_EN = "Nothing was booked and no money taken. Please press again."
_DEFECT_ZH = "把诊断包发给总部:storebox bundle。"
_DEFECT_EN = "Send a bundle to HQ: storebox bundle."
_VERIFY_ZH = "先用 storebox ledger verify 看从哪一条起不对;再用 storebox restore,或 storebox journal set-aside。"
_VERIFY_EN = (
    "See by storebox ledger verify from which entry on it is wrong; then storebox restore, or storebox journal"
    " set-aside."
)
_REBUILD_ZH = "用 storebox ledger rebuild 重算;流水本身没有变。"
_REBUILD_EN = "Recompute by storebox ledger rebuild; the journal itself is unchanged."
_ASK_HQ_ZH = "别清除数据。请总部对照回执,查是谁、何时动过这块盘。"
_ASK_HQ_EN = "Wipe nothing. HQ compares with its receipts and finds out who had this disk, and when."
_DISK_ZH = "看磁盘:dmesg、storebox doctor;换盘前先用U盘把未上传的流水带出来。"
_DISK_EN = "Look at the disk: dmesg, storebox doctor; before replacing it take the unsent journal out on a USB stick."


def _defect(zh: str, en: str) -> Texts:
    return (zh, _CALL_ZH, en, _CALL_EN, _DEFECT_ZH, _DEFECT_EN)


def _stopped(zh: str, en: str, remedy: tuple[str, str] = (_VERIFY_ZH, _VERIFY_EN)) -> Texts:
    return (zh, _STOP_ZH, en, _STOP_EN, *remedy)


def _found(zh: str, en: str, remedy: tuple[str, str] = (_VERIFY_ZH, _VERIFY_EN)) -> Texts:
    return (zh, _FOUND_ZH, en, _FOUND_EN, *remedy)


def _totals(zh: str, en: str, remedy: tuple[str, str] = (_REBUILD_ZH, _REBUILD_EN)) -> Texts:
    return (zh, _TOTALS_ZH, en, _TOTALS_EN, *remedy)


SENTENCES: dict[str, Texts] = {
    # The disk
    "store.disk_full": (
        "没记上,盒子存满了",
        "这一步没有记账,没有收钱。请叫技术员清出空间。",
        "Not booked, the box is full",
        "Nothing was booked and no money taken. Please call the technician to make room.",
        "删旧备份和日志;流水本身绝不能删。腾出空间后不用重启。",
        "Delete old backups and logs, never the journal. No restart is needed once there is room.",
    ),
    "store.read_only": (
        "没记上,磁盘只能读",
        "这一步没有记账,没有收钱。请叫技术员。",
        "Not booked, the disk is read-only",
        "Nothing was booked and no money taken. Please call the technician.",
        _DISK_ZH,
        _DISK_EN,
    ),
    "store.disk_fault": (
        "没记上,磁盘出了问题",
        "这一步没有记账,没有收钱。请再按一次;还不行叫技术员。",
        "Not booked, the disk has a fault",
        "Nothing was booked and no money taken. Press again; if it stays, call the technician.",
        _DISK_ZH,
        _DISK_EN,
    ),
    "store.no_memory": (
        "没记上,内存不够",
        _AGAIN_ZH,
        "Not booked, out of memory",
        _AGAIN_EN,
        "看 storebox doctor 里谁占内存;必要时重启服务。",
        "See in storebox doctor what uses the memory; restart the service if need be.",
    ),
    "store.busy": (
        "没记上,盒子正忙",
        _AGAIN_ZH,
        "Not booked, the box is busy",
        _AGAIN_EN,
        "有别的程序占着 journal.db;关掉它,不要在营业时用数据库工具打开。",
        "Another program holds journal.db; close it and open no database tool on it during trade.",
    ),
    "store.commit_failed": (
        "没记上,请再按一次",
        "没有重复收钱。再按一次就知道记上没有,不会记两次。",
        "Not booked, please press again",
        "Nothing is charged twice. Pressing again shows whether it was booked, and never books it twice.",
        _DISK_ZH,
        _DISK_EN,
    ),
    "store.unavailable": (
        "没记上,磁盘没有应答",
        "这一步没有记账。先别收钱,请叫技术员。",
        "Not booked, the disk does not answer",
        "Nothing was booked. Take no money now and call the technician.",
        _DISK_ZH,
        _DISK_EN,
    ),
    "store.outcome_unknown": (
        "还不知道记上没有",
        "先别再收一次钱。请看最近的单子里有没有这一笔。",
        "Not known whether it was booked",
        "Take no money again yet. See whether it is among the latest sales.",
        _DISK_ZH,
        _DISK_EN,
    ),
    "store.damaged": _stopped("账本文件坏了", "The journal's file is damaged"),
    "store.closed": (
        "没记上,盒子正在重启",
        "这一步没有记账,没有收钱。稍等几秒再按。",
        "Not booked, the box is restarting",
        "Nothing was booked and no money taken. Wait a few seconds and press again.",
        "服务正在停止或升级;看 systemctl status storebox。",
        "The service is stopping or being upgraded; see systemctl status storebox.",
    ),
    # Opening
    "store.missing": (
        "没有账本,先别收钱",
        "这台盒子还没开通,或账本不在这里。请叫技术员。",
        "No journal, take no money yet",
        "This box is not enrolled, or its journal is elsewhere. Please call the technician.",
        "新盒子用 storebox enrol;旧盒子看状态目录对不对,用 storebox restore。",
        "A new box: storebox enrol. An old one: check the state folder, then storebox restore.",
    ),
    "store.not_enrolled": (
        "盒子还没开通",
        "先别收钱。请叫技术员开通。",
        "The box is not enrolled",
        "Take no money yet. Please have the technician enrol it.",
        "用总部的开通码运行 storebox enrol;没有总部用 storebox enrol --alone。",
        "Run storebox enrol with HQ's code; without HQ, storebox enrol --alone.",
    ),
    "store.already_enrolled": (
        "盒子早就开通了",
        "账都在,什么都没变。不用再开通。",
        "The box is enrolled already",
        "All records are here and unchanged. No need to enrol again.",
        "换身份用 storebox retire 或 journal set-aside,不要删文件。",
        "To change its identity use storebox retire or journal set-aside; delete no file.",
    ),
    "store.not_durable": _stopped(
        "磁盘设置不保险,已停收",
        "Storage is not safe, sales stopped",
        (
            "状态目录必须在本机磁盘(不能是网络盘),并允许 WAL 和 synchronous=FULL。",
            "The state folder must be on a local disk (no network share) that allows WAL and synchronous=FULL.",
        ),
    ),
    "store.sqlite_too_old": _stopped(
        "组件太旧,已停收",
        "A component is too old, sales stopped",
        (
            "SQLite {version} 有会丢数据的缺陷;装 pysqlite3 0.6.1 或更新。",
            "SQLite {version} can lose data; install pysqlite3 0.6.1 or newer.",
        ),
    ),
    "store.schema_newer": _stopped(
        "软件比账本旧,已停收",
        "The software is older than the journal",
        (
            "装回新版本;账本里已有 {migration}。",
            "Install the newer release again; the journal already has {migration}.",
        ),
    ),
    "store.guard_missing": _stopped(
        "账本的保护被拿掉了",
        "The journal's guards were removed",
        (_ASK_HQ_ZH, _ASK_HQ_EN),
    ),
    # Defects of ours
    "store.statement_wrong": _defect("没记上,软件有错", "Not booked, a defect"),
    "store.unit_spoiled": _defect("没记上,软件出错", "Not booked, a defect of the software"),
    "store.writer_fault": _defect("没记上,记账停了一下", "Not booked, the writer stumbled"),
    "store.writer_waits_for_itself": _defect("没记上,软件自己等自己", "Not booked, the writer waits for itself"),
    "journal.kind_malformed": _defect("没记上,这类账没有名", "Not booked, an entry without a proper name"),
    "journal.no_such_place": _defect("账本里没有这一条", "No such entry in the journal"),
    "journal.unknown_epoch": _defect("账本里没有这一段", "No such part of the journal"),
    "spool.unknown_slip": _defect("没有这张小票", "No such slip"),
    "spool.bad_transition": _defect("小票状态对不上", "A slip's state does not fit"),
    # Epochs
    "journal.epoch_stopped": (
        "总部的账比这台多",
        "以前收的钱都在总部,现在先别收钱。请叫技术员。",
        "HQ has more than this box",
        "Money taken before is at HQ; take none now. Please call the technician.",
        "这块盘是旧的:用 storebox restore 换新的一段再营业。",
        "This disk is an old copy: storebox restore begins a new epoch.",
    ),
    "journal.epoch_not_new": (
        "这个编号用过了",
        "账都在,什么都没变。请向总部要新的编号。",
        "This epoch was used before",
        "All records are here and unchanged. Ask HQ for a new epoch.",
        "编号 {epoch} 不比现在的大;由总部发,从不重用。",
        "Epoch {epoch} is not above the present one; HQ hands them out and never reuses one.",
    ),
    "journal.not_past": (
        "这段账不是以前的",
        "账都在,什么都没变。请看拿的是不是这家店的旧盘。",
        "These entries are not of the past",
        "All records are here and unchanged. See whether this is an old disk of this shop.",
        "只能导入比现在小的编号;这里是 {epoch}。",
        "Only epochs below the present one can be imported; this is {epoch}.",
    ),
    "journal.fork": _stopped("同一号有两笔账,先停", "Two entries of one number", (_ASK_HQ_ZH, _ASK_HQ_EN)),
    "idempotency.key_reused": (
        "单号用过了,没再收钱",
        "同一个请求号已用于另一笔。请重新开单。",
        "Number used before, nothing charged",
        "The same request key belongs to another request. Please start a new one.",
        "第三方收银:每个新请求换一个 Idempotency-Key({key})。",
        "Third-party till: give every new request an Idempotency-Key of its own ({key}).",
    ),
    # What verification finds
    "chain.gap": _found("账本少了一条", "An entry is missing"),
    "chain.hash_differs": _found("账本有一条被改过", "An entry was changed"),
    "journal.truncated": _found("账本后面少了一截", "The end of the journal is gone"),
    "journal.wrong_enrolment": _found("账本开头不对", "The journal begins wrongly"),
    "journal.key_differs": _found("盒子的钥匙对不上", "The box's key does not fit", (_ASK_HQ_ZH, _ASK_HQ_EN)),
    "journal.previous_differs": _found("新旧账接不上", "Old and new journal do not join", (_ASK_HQ_ZH, _ASK_HQ_EN)),
    "seal.head_differs": _found("封条和账对不上", "A seal does not fit the entries"),
    "seal.signature_differs": _found("封条的签名不对", "A seal's signature is wrong", (_ASK_HQ_ZH, _ASK_HQ_EN)),
    "seal.record_differs": _found("封条的记录不对", "The record of the last seal differs", (_ASK_HQ_ZH, _ASK_HQ_EN)),
    "receipt.beyond_journal": _found(
        "总部有、盒子里没有的账",
        "HQ has entries that are not here",
        ("盒子里是旧数据:用 storebox restore 从总部取回。", "This is old data: storebox restore brings it from HQ."),
    ),
    "receipt.head_differs": _found("和总部的回执对不上", "It differs from HQ's receipt", (_ASK_HQ_ZH, _ASK_HQ_EN)),
    "views.behind": _totals("汇总落后于流水", "Totals are behind the journal"),
    "views.row_differs": _totals("汇总和流水对不上", "Totals differ from the journal"),
    "views.schema_differs": _totals("汇总表被改过", "The tables of totals were changed"),
    "views.cannot_evolve": _totals("有一条账算不进汇总", "An entry cannot be totalled", (_DEFECT_ZH, _DEFECT_EN)),
    "backup.damaged": (
        "今天的备份没做成",
        "营业照常,钱都有记录。请通知技术员。",
        "Today's backup did not succeed",
        "Trade goes on and all money is on record. Please tell the technician.",
        "旧备份还在。用 storebox ledger verify 检查账本,再看磁盘。",
        "Older copies are kept. Check by storebox ledger verify, then look at the disk.",
    ),
}
