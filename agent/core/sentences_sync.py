"""Sentences for the network, headquarters, keys and enrolment. The shop goes on selling; the remedy is concrete.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

_GOES_ON_ZH = "照常卖。账都存在盒子里,来网自己传,不会丢。"
_GOES_ON_EN = "Trade goes on. All records are on the box and go up by themselves; nothing is lost."
_KEPT_ZH = "照常卖。账都在盒子里。请通知技术员。"
_KEPT_EN = "Trade goes on. All records are on the box. Please tell the technician."
_STOP_ZH = "以前收的钱都有记录,现在先别收钱。请叫店长和技术员。"
_STOP_EN = "Money taken before is on record; take none now. Please call the manager and the technician."
_ENROL_ZH = "盒子没有开通,什么都没变。请叫技术员。"
_ENROL_EN = "The box is not enrolled, nothing changed. Please call the technician."
_OFFICE_ZH = "账都在,什么都没变。请看要的是不是这个。"
_OFFICE_EN = "All records are here and unchanged. See whether this is what you want."
_LINE_ZH = "storebox sync status 看断在哪一段:局域网、外网、总部;查路由器和网线。"
_LINE_EN = "storebox sync status names the part at fault: LAN, internet, HQ; check router and cable."
_DEFECT_ZH = "盒子和总部的版本对不上:两边升级,再把诊断包发给总部,storebox bundle。"
_DEFECT_EN = "Box and HQ differ in release: upgrade both, then send a bundle to HQ, storebox bundle."
_FORGED_ZH = "有人在中间改流量,或总部换了钥匙:核对地址和证书,storebox sync status。"
_FORGED_EN = (
    "Somebody changes the traffic, or HQ renewed its keys: check address and certificate, storebox sync status."
)
_CLOSE_KEY_ZH = "看状态目录的 keys/:文件在不在、storebox 用户能不能读;丢了用 storebox restore 换新的一段。"
_CLOSE_KEY_EN = "See keys/ of the state folder: is it there, may the user storebox read it; if lost, storebox restore."
_TOKEN_ZH = "在总部另发一个开通码:storebox-hq store token {store}。"
_TOKEN_EN = "Issue another one at HQ: storebox-hq store token {store}."
_WHO_ZH = "在总部看这台盒子:storebox-hq store list;换过盘的用 storebox restore。"
_WHO_EN = "See this box at HQ: storebox-hq store list; after a change of disks storebox restore."


def _said(detail: tuple[str, str], zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, detail[0], en, detail[1], remedy_zh, remedy_en)


def _line(zh: str, en: str, remedy_zh: str = _LINE_ZH, remedy_en: str = _LINE_EN) -> Texts:
    return _said((_GOES_ON_ZH, _GOES_ON_EN), zh, en, remedy_zh, remedy_en)


def _kept(zh: str, en: str, remedy_zh: str = _DEFECT_ZH, remedy_en: str = _DEFECT_EN) -> Texts:
    return _said((_KEPT_ZH, _KEPT_EN), zh, en, remedy_zh, remedy_en)


def _stopped(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return _said((_STOP_ZH, _STOP_EN), zh, en, remedy_zh, remedy_en)


def _enrolling(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return _said((_ENROL_ZH, _ENROL_EN), zh, en, remedy_zh, remedy_en)


def office_sentence(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    """Return the texts of a refusal that people of headquarters read."""
    return _said((_OFFICE_ZH, _OFFICE_EN), zh, en, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    # The line
    "network.unreachable": _line("断网了,照常卖", "Offline, trade goes on"),
    "network.no_answer": _line("网很慢,照常卖", "The line is slow, trade goes on"),
    "network.answer_cut": _line("网断断续续,照常卖", "The line comes and goes"),
    "network.answer_too_large": _line(
        "对方回话太长,没收",
        "An answer too large, not taken",
        "{server} 不是总部:看是不是路由器登录页。",
        "{server} is not HQ: see whether a log-in page of the line answers.",
    ),
    "network.certificate": _line(
        "对方证件不对,没连",
        "A certificate does not hold",
        "{server}:看盒子的时间对不对(timedatectl),再看证书和根证书。",
        "{server}: see the box's clock (timedatectl), then the certificate and its root.",
    ),
    "network.bad_url": _kept(
        "总部的地址写错了",
        "HQ's address is wrong",
        "写成 https://主机:端口。用 storebox config check。",
        "Write https://host:port. Use storebox config check.",
    ),
    # Headquarters
    "hq.busy": _line("总部正忙,稍后再传", "HQ is busy", "不用处理,盒子会再试。", "Nothing to do; the box tries again."),
    "hq.database_away": _line(
        "总部的数据库连不上,稍后再传",
        "HQ can't reach its database",
        "盒子会再试。一直这样,总部要看数据库开着没有、地址和密码对不对。",
        "The box tries again. If it stays, HQ has to see whether its database runs, and its address and password.",
    ),
    "hq.database_lost": _line(
        "总部的数据库断了,不知道存上没有",
        "HQ lost its database in the middle",
        "不用处理,盒子会再传同样的内容,不会重复。",
        "Nothing to do; the box sends the same again, and nothing is kept twice.",
    ),
    "hq.backlog": _line(
        "总部在排队,稍后再传", "HQ has a queue", "不用处理,盒子会再试。", "Nothing to do; it tries again."
    ),
    "box.too_many_requests": _line(
        "传得太勤,稍后再传",
        "Too many requests",
        "看是不是有两台盒子用同一身份。",
        "See whether two boxes share one identity.",
    ),
    "hq.failed": _line(
        "总部那边出了状况", "HQ has a defect", "看总部日志;盒子会再试。", "See HQ's log; the box tries again."
    ),
    "hq.refused": _kept(
        "总部没有收下",
        "HQ did not take it",
        "HTTP {status};storebox sync now 看原因。",
        "HTTP {status}; storebox sync now names the cause.",
    ),
    "hq.not_allowed": _kept(
        "总部不认这台盒子", "HQ does not admit this box", "HTTP {status}。" + _WHO_ZH, "HTTP {status}. " + _WHO_EN
    ),
    "hq.garbage_answer": _line(
        "回话的不是总部",
        "That was not HQ's answer",
        "看是不是路由器登录页;storebox sync status。",
        "See whether a log-in page of the line answers; storebox sync status.",
    ),
    "hq.contradicts_itself": _kept("总部的话前后不一", "HQ contradicts itself"),
    "hq.receipt_of_another": _kept("回执是别的盒子的", "A receipt of another box"),
    "hq.receipt_not_signed": _kept(
        "总部的回执没信", "A receipt not believed", "{reason}。" + _FORGED_ZH, "{reason}. " + _FORGED_EN
    ),
    "receipt.malformed": _kept("总部的回执看不懂", "A malformed receipt"),
    "hq.answer_of_another": _kept("总部答的不是这一问", "HQ's answer is to something else"),
    "hq.answer_not_signed": _kept(
        "总部的答复签名不对",
        "HQ's answer is not signed",
        "{reason};盒子的密钥表可能旧了,或总部换过密钥:storebox sync status。",
        "{reason}; the box's key list may be old, or HQ changed its keys: storebox sync status.",
    ),
    "hq.knows_more": _stopped(
        "总部的账比这台多",
        "HQ has more than this box",
        "这块盘是旧的:用 storebox restore 换新的一段再营业。",
        "This disk is an old copy: storebox restore begins a new epoch.",
    ),
    "hq.forked": _stopped(
        "和总部的账岔开了",
        "The journal differs from HQ's",
        "别清数据。请总部对照,再用 storebox restore 换新的一段。",
        "Wipe nothing. HQ compares, then storebox restore begins a new epoch.",
    ),
    "uplink.journal_damaged": _stopped(
        "有一条账坏了,没上传",
        "A damaged entry, not sent",
        "storebox ledger verify 看是哪一条,再 storebox restore 或 journal set-aside。",
        "storebox ledger verify names it; then storebox restore or journal set-aside.",
    ),
    # Uploads as HQ sees them
    "upload.malformed": _kept(
        "上传的内容不对", "A malformed upload", "看 {field}。" + _DEFECT_ZH, "See {field}. " + _DEFECT_EN
    ),
    "upload.too_large": _kept("上传的内容太大", "An upload too large"),
    "upload.not_deflate": _kept("上传没压好", "An upload not deflated"),
    "upload.unknown_encoding": _kept(
        "上传的压缩不认识", "An unknown encoding", "{encoding}。" + _DEFECT_ZH, "{encoding}. " + _DEFECT_EN
    ),
    "upload.of_another_box": _kept("上传的不是自己的账", "Entries of another box", _WHO_ZH, _WHO_EN),
    "upload.gap": _line(
        "中间少几条,会补传",
        "A gap, will be sent again",
        "不用处理,盒子从总部要的那条传起。",
        "Nothing to do; the box follows the number that HQ wants.",
    ),
    "upload.replayed": _line(
        "送来的账总部都已经有",
        "All of it was here already",
        "多半是上次的回答丢了,不用处理;一天很多次就查线路。",
        "Most likely an answer was lost, nothing to do; look at the line when it is often.",
    ),
    "upload.fork": _kept("总部有同号不同的账", "HQ has other entries", _WHO_ZH, _WHO_EN),
    "upload.first_not_enrolment": _kept("第一条不是开通", "The first entry is not enrolment", _WHO_ZH, _WHO_EN),
    "upload.other_key": _kept("开通时的钥匙不是这把", "Not the key of enrolment", _WHO_ZH, _WHO_EN),
    "request.not_signed": _kept("请求没有签名", "A request without signature", _WHO_ZH, _WHO_EN),
    "request.wrong_signature": _kept("请求的签名不对", "A request's signature is wrong", _WHO_ZH, _WHO_EN),
    "request.timeout": _line("网太慢,没传完", "Too slow, not sent completely"),
    "request.cut": _line("传到一半断了", "Cut off half-way"),
    "box.unknown": _kept(
        "总部没有这台盒子",
        "HQ does not know this box",
        "盒子 {box},第 {epoch} 段。" + _WHO_ZH,
        "Box {box}, epoch {epoch}. " + _WHO_EN,
    ),
    "box.revoked": _kept(
        "这台盒子被总部停用",
        "HQ revoked this box",
        "盒子 {box},第 {epoch} 段。" + _WHO_ZH,
        "Box {box}, epoch {epoch}. " + _WHO_EN,
    ),
    "epoch.unknown": _kept(
        "总部没有这一段账",
        "HQ lacks this epoch",
        "{store} 第 {epoch} 段。" + _WHO_ZH,
        "{store}, epoch {epoch}. " + _WHO_EN,
    ),
    "entry.unreadable": _kept("总部读不懂一条账", "HQ can't read an entry"),
    "heartbeat.too_large": _kept("盒子报的情况太长", "The box tells too much of itself"),
    "seal.other_head": _kept(
        "封条和账对不上",
        "A seal does not fit",
        "storebox ledger verify,请总部对照。",
        "storebox ledger verify; HQ compares.",
    ),
    "seal.wrong_signature": _kept(
        "封条的签名不对",
        "A seal's signature is wrong",
        "storebox ledger verify,请总部对照。",
        "storebox ledger verify; HQ compares.",
    ),
    # Keys
    "keys.bad_signature": _kept("总部的签名不对,没采用", "HQ's signature is wrong", _FORGED_ZH, _FORGED_EN),
    "keys.malformed": _kept("总部的钥匙单看不懂", "HQ's key list is malformed", _FORGED_ZH, _FORGED_EN),
    "keys.not_for_this": _kept("总部这把钥匙不管这个", "HQ's key is not for this", _FORGED_ZH, _FORGED_EN),
    "keys.older_list": _kept(
        "总部给了旧的钥匙单",
        "An older key list",
        "给的是第 {version} 版,已有第 {known} 版。",
        "Version {version}, and {known} is known.",
    ),
    "keys.unknown_kid": _kept("总部用了没见过的钥匙", "An unknown key of HQ", _FORGED_ZH, _FORGED_EN),
    "key.missing": _stopped(
        "盒子的钥匙不见了", "The box's key is missing", "{file}。" + _CLOSE_KEY_ZH, "{file}. " + _CLOSE_KEY_EN
    ),
    "key.unreadable": _stopped(
        "盒子的钥匙读不出", "The key can't be read", "{file}。" + _CLOSE_KEY_ZH, "{file}. " + _CLOSE_KEY_EN
    ),
    "key.wrong_kind": _stopped(
        "盒子的钥匙不是这种",
        "The key is of another kind",
        "{file} 要 Ed25519。" + _CLOSE_KEY_ZH,
        "{file} should be Ed25519. " + _CLOSE_KEY_EN,
    ),
    "key.seal_lost": (
        "封好的钥匙打不开了",
        "营业照常,钱都有记录,只是暂时不发总部。请通知技术员。",
        "The sealed key does not open",
        "Trade goes on and all money is on record; only headquarters hears nothing. Please tell the technician.",
        "主板、TPM 或系统换过:systemctl status storebox-unseal。回不去就用总部的换机码 storebox restore,旧账都在。",
        "Board, TPM or system changed: systemctl status storebox-unseal. Else: storebox restore, with HQ's token.",
    ),
    "key.not_sealed": (
        "盒子的钥匙没封上",
        "营业照常,钱都有记录。请通知技术员。",
        "The key was not sealed",
        "Trade goes on and all money is on record. Please tell the technician.",
        "systemd-creds 说:{reason}。",
        "systemd-creds said: {reason}.",
    ),
    "key.nothing_to_seal": (
        "没有要封的钥匙",
        "营业照常。",
        "There is no key to seal",
        "Trade goes on.",
        "{state}/keys 里没有敞着的钥匙:封好了,或还没开通。",
        "No open key lies in {state}/keys: it is sealed, or the box is not enrolled.",
    ),
    "key.not_the_enrolled": _stopped(
        "钥匙和开通时不同", "Not the key of enrolment", "{file}。" + _CLOSE_KEY_ZH, "{file}. " + _CLOSE_KEY_EN
    ),
    # Enrolment
    "enrol.damaged": _stopped(
        "盒子的身份文件坏了",
        "The box's identity is damaged",
        "{file}:从备份取回,或 storebox restore。",
        "{file}: bring it back from a copy, or storebox restore.",
    ),
    "enrol.other_root": _enrolling(
        "总部不是码上那个",
        "Not the HQ of the code",
        "核对地址;开通码里有总部根钥匙的指纹。",
        "Check the address; the code holds the fingerprint of HQ's root key.",
    ),
    "enrol.token_unknown": _enrolling("没有这个开通码", "No such code", _TOKEN_ZH, _TOKEN_EN),
    "enrol.token_used": _enrolling("开通码用过了", "The code was used", _TOKEN_ZH, _TOKEN_EN),
    "enrol.token_withdrawn": _enrolling("开通码收回了", "The code was withdrawn", _TOKEN_ZH, _TOKEN_EN),
    "enrol.token_expired": _enrolling("开通码过期了", "The code has expired", _TOKEN_ZH, _TOKEN_EN),
    "enrol.token_missing": _enrolling(
        "还要一个开通码",
        "A code is needed",
        "向 {hq} 要一个开通码,用 --token 给出,或设 STOREBOX_ENROL_TOKEN。",
        "Ask {hq} for one, give it by --token, or set STOREBOX_ENROL_TOKEN.",
    ),
    # People at HQ
    "access.token_missing": office_sentence(
        "没带总部的通行码", "No token was given", "设 STOREBOX_HQ_TOKEN。", "Set STOREBOX_HQ_TOKEN."
    ),
    "access.token_unknown": office_sentence(
        "总部的通行码不对",
        "HQ does not know this token",
        "另发一个:storebox-hq token add。",
        "Issue another: storebox-hq token add.",
    ),
    "access.not_this_store": office_sentence(
        "这个通行码不看这家店",
        "Not a token for this store",
        "{store} 不在它的范围里。",
        "{store} is outside its scope.",
    ),
    "store.unknown": office_sentence(
        "总部没有这家店",
        "No such store at HQ",
        "{store};名单见 storebox-hq store list。",
        "{store}; see storebox-hq store list.",
    ),
    "store.exists": office_sentence(
        "这家店早就有了", "The store exists already", "{store};换一个编号。", "{store}; choose another number."
    ),
    "hq.no_state": office_sentence(
        "这里没有总部的数据",
        "No HQ in this folder",
        "{state};用 --state 指对目录。",
        "{state}; name the right one by --state.",
    ),
    "hq.state_unusable": office_sentence(
        "总部的目录用不了", "HQ's folder can't be used", "{state}:{reason}。", "{state}: {reason}."
    ),
    "hq.address_taken": office_sentence(
        "总部的端口被占着",
        "HQ's address is taken",
        "{host}:{port},{reason};换一个端口。",
        "{host}:{port}, {reason}; choose another port.",
    ),
    "hq.processes_need_server": office_sentence(
        "这个数据库只能用一个进程",
        "This database serves one process",
        "要 {processes} 个进程,先用 --database 指到 PostgreSQL。",
        "For {processes} processes name a PostgreSQL by --database.",
    ),
    "load.differences": office_sentence(
        "总部存的和发去的不一样",
        "HQ does not hold what was sent",
        "{boxes} 台不一样,上面逐台写着。",
        "{boxes} boxes differ, named above.",
    ),
    "hq.no_citus": office_sentence(
        "这个数据库不是 Citus",
        "This database is no Citus coordinator",
        "--database 要指到装了 citus 扩展的协调节点。",
        "Name a coordinator with the citus extension by --database.",
    ),
    "file.too_large": office_sentence(
        "文件太大",
        "The file is too large",
        "最大 {bytes_max} 字节;按天分开导出。",
        "At most {bytes_max} bytes; export by day.",
    ),
    "file.not_text": office_sentence(
        "这不是文本文件", "Not a text file", "要 CSV,UTF-8 或 GBK。", "A CSV is needed, in UTF-8 or GBK."
    ),
    "file.column_missing": office_sentence(
        "表头里少列",
        "A column is missing",
        "缺:{columns}。对一下列名设置。",
        "Missing: {columns}. Compare the mapping.",
    ),
    "file.row_short": office_sentence(
        "有一行没写完",
        "A row ends early",
        "第 {row} 行;可能没下载全,再导出一次。",
        "Row {row}; it may be cut off, export again.",
    ),
    "file.wrong_amount": office_sentence(
        "有一行金额看不懂",
        "A row has no amount that can be read",
        "第 {row} 行,{column}:{text}。",
        "Row {row}, {column}: {text}.",
    ),
    "file.wrong_date": office_sentence(
        "有一行日期看不懂",
        "A row has no date that can be read",
        "第 {row} 行,{column}:{text};对一下日期格式设置。",
        "Row {row}, {column}: {text}; compare the date format.",
    ),
    "file.unknown_kind": office_sentence(
        "有一行种类没见过",
        "A row is of a kind that nobody named",
        "第 {row} 行:{text};在设置里写明是收款还是退款。",
        "Row {row}: {text}; say in the mapping whether it is a payment or refund.",
    ),
    "bank.no_amount": office_sentence(
        "列名设置里没有金额",
        "The mapping names no amount",
        "写 amount,或 credit 和 debit。",
        "Name amount, or credit and debit.",
    ),
    "note.line_break": office_sentence(
        "总部记录里有换行",
        "A note of HQ holds a line break",
        "{kind};这是程序的错,请报修。",
        "{kind}; a defect of ours.",
    ),
    "note.gap": office_sentence(
        "总部记录断号了",
        "A note of HQ is missing",
        "从备份里找回,再核一遍。",
        "Fetch it from the backup, then verify again.",
    ),
    "note.hash_differs": office_sentence(
        "总部记录被改过",
        "A note of HQ was changed",
        "从备份里找回,再核一遍。",
        "Fetch it from the backup, then verify again.",
    ),
    "note.cut_off": office_sentence(
        "总部记录少了结尾",
        "HQ's notes lack their end",
        "数据库可能是旧备份;找更新的那份。",
        "The database may be an older backup; find the newer one.",
    ),
    "store.group_unknown": office_sentence(
        "没有这个门店组", "No such group of stores", "{group};看看有哪些组。", "{group}; look which groups there are."
    ),
    "store.bad_group": office_sentence(
        "门店组名不能用",
        "No name for a group",
        "1 到 40 个字,头尾不留空格。",
        "1 to 40 characters, no blank at its ends.",
    ),
    "pull.wrong_cursor": office_sentence(
        "续传的位置对不上", "This place belongs to another pull", "从头再取一次。", "Pull again from the beginning."
    ),
    "pull.too_many_rows": office_sentence(
        "行数太多,一张表放不下",
        "Too many rows for a workbook",
        "最多 {rows_max} 行;分几段日期取,或用 CSV、Parquet。",
        "At most {rows_max}; pull fewer days, or CSV or Parquet.",
    ),
    "pull.incomplete": office_sentence(
        "没取全,文件没写完",
        "Incomplete, nothing to rely on",
        "取到 {rows} 行,{total} 元;再取一次。",
        "{rows} rows, {total} yuan; pull again.",
    ),
}
