"""Sentences for the box itself: settings, requests of pages and other tills, defects.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from agent.core.sentences_codes import Texts

_BOOKED_ZH = "已记的账都在。请叫技术员。"
_BOOKED_EN = "What was booked is kept. Please call the technician."
_DEFECT_ZH = "把诊断包发给总部:storebox bundle。"
_DEFECT_EN = "Send a bundle to HQ: storebox bundle."
_NOTHING_ZH = "这一步没有做,钱没有动。"
_NOTHING_EN = "Nothing was done, no money moved. "
_STOPPED_ZH = "命令停在这里;已记的账都在。"
_STOPPED_EN = "The command stopped here; what was booked is kept."
_SETTINGS_ZH = "账和钱都没动,按原来的设置。请技术员改好再启动。"
_SETTINGS_EN = "Records and money are untouched. The technician corrects the settings, then starts again."
_API_ZH = "第三方收银按接口文档改;页面请按 F5。"
_API_EN = "Another till: see the API's documentation; a page: press F5."


def _defect(zh: str, en: str, remedy_zh: str = _DEFECT_ZH, remedy_en: str = _DEFECT_EN) -> Texts:
    return (zh, _BOOKED_ZH, en, _BOOKED_EN, remedy_zh, remedy_en)


def _settings(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _SETTINGS_ZH, en, _SETTINGS_EN, remedy_zh, remedy_en)


def _request(
    zh: str,
    en: str,
    remedy_zh: str = _API_ZH,
    remedy_en: str = _API_EN,
    do_zh: str = "请再按一次。",
    do_en: str = "Please press again.",
) -> Texts:
    return (zh, _NOTHING_ZH + do_zh, en, _NOTHING_EN + do_en, remedy_zh, remedy_en)


def _command(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _STOPPED_ZH, en, _STOPPED_EN, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
    # What the system refuses a command
    "command.no_rights": _command(
        "这个用户没有权限",
        "This user may not do that",
        "{path}:前面加 sudo 再跑,命令以 storebox 用户做事;U 盘这样挂:mount -o uid=storebox。",
        "{path}: again with sudo, it then acts as the user storebox; mount a stick by mount -o uid=storebox.",
    ),
    "command.not_there": _command(
        "没有这个文件或文件夹",
        "There is no such file or folder",
        "{path}:{reason}。看名字写对没有,U 盘挂上没有。",
        "{path}: {reason}. Check the name, and whether the stick is mounted.",
    ),
    "command.read_only": _command(
        "这个盘只能读",
        "This disk is read-only",
        "{path}:换个文件夹或 U 盘;是盒子自己的盘就看 storebox doctor disk。",
        "{path}: another folder or stick; of the box's own disk see storebox doctor disk.",
    ),
    "command.no_room": _command(
        "盘满了",
        "The disk is full",
        "{path}:换个 U 盘,或删旧备份和日志;账本绝不能删。",
        "{path}: another stick, or delete old backups and logs; never the journal.",
    ),
    "command.system": _command(
        "系统没让做",
        "The system did not do it",
        "{path}:{reason}。看 storebox doctor。",
        "{path}: {reason}. See storebox doctor.",
    ),
    "command.store_differs": _command(
        "账本和程序对不上",
        "Journal and program do not fit",
        "{reason}。看版本对不对:storebox upgrade status;再把诊断包发给总部:storebox bundle。",
        "{reason}. See the release: storebox upgrade status; then send a bundle to HQ: storebox bundle.",
    ),
    # Settings
    "config.unknown_key": _settings(
        "设置里有不认识的项",
        "An unknown key in the settings",
        "{file}:{key} 不认识,是不是 {nearest}?",
        "{file}: {key} is unknown; {nearest} perhaps?",
    ),
    "config.wrong_value": _settings(
        "设置里有个值不对",
        "A wrong value in the settings",
        "{file}:{key} = {value};{rule}。",
        "{file}: {key} = {value}; {rule}.",
    ),
    "config.not_toml": _settings(
        "设置文件的写法不对",
        "A settings file is not TOML",
        "{file}:{reason}。",
        "{file}: {reason}.",
    ),
    "config.unreadable": _settings(
        "设置文件读不出来",
        "A settings file can't be read",
        "{file}:{reason};要 UTF-8,storebox 用户能读。",
        "{file}: {reason}; UTF-8, readable by the user storebox.",
    ),
    "config.not_shipped": _settings(
        "程序少了一个文件",
        "A file of the program is missing",
        "缺 config/{name};重装 storebox。",
        "config/{name} is missing; install storebox again.",
    ),
    "id.malformed": (
        "编号的写法不对",
        "账和钱都没动。请重新输入编号。",
        "A number is not well formed",
        "Records and money are untouched. Please enter it again.",
        "{field} = {value}:只用大写字母和数字。",
        "{field} = {value}: capital letters and digits only.",
    ),
    # The box
    "box.not_enrolled": (
        "盒子还没开通",
        "先别收钱。请叫技术员开通。",
        "The box is not enrolled",
        "Take no money yet. Please have the technician enrol it.",
        "状态目录 {state} 里没有身份;用 storebox enrol,或用 --state 指对目录。",
        "The state folder {state} has no identity; storebox enrol, or name the right one by --state.",
    ),
    "journal.bad_tail": (
        "账本末尾不对,先别收",
        "以前收的钱有记录。请叫店长和技术员。",
        "The journal's end is wrong",
        "Money taken before is on record; take none now. Please call the manager and the technician.",
        "从第 {seq} 条起:{reason}。用 storebox ledger verify 看,再 storebox restore 或 journal set-aside。",
        "From entry {seq} on: {reason}. See storebox ledger verify, then storebox restore or journal set-aside.",
    ),
    "journal.entry_missing": _defect(
        "账本里少这一条",
        "An entry is missing",
        "第 {epoch} 段第 {seq} 条;用 storebox ledger verify 检查。",
        "Epoch {epoch}, entry {seq}; check by storebox ledger verify.",
    ),
    "why.unknown_number": (
        "没查到这个号",
        "账都在,什么都没变。请扫小票下面的码,或核对一遍。",
        "Nothing under this number",
        "All records are here and unchanged. Scan the code on the receipt, or check the number.",
        "{number} 不在这台盒子的流水里;别的店的请总部查。",
        "{number} is not in this box's journal; HQ can look for another shop's.",
    ),
    "till.unknown": _request(
        "没有这个收银台",
        "No such till",
        "{till} 不在 storebox.toml 的 [[till]] 里。",
        "{till} is not among [[till]] of storebox.toml.",
        "请选屏上有的台。",
        "Please choose one that the screen offers.",
    ),
    "store.in_use": (
        "盒子已经在运行",
        "照常卖,账都在。不用再启动一次。",
        "The box runs already",
        "Trade goes on, all records are here. No need to start it again.",
        "状态目录 {state} 一次只归一个进程:systemctl status storebox。",
        "One process at a time owns the state folder {state}: systemctl status storebox.",
    ),
    "enrol.already": (
        "盒子早就开通了",
        "账都在,什么都没变。不用再开通。",
        "The box is enrolled already",
        "All records are here and unchanged. No need to enrol again.",
        "它是 {store} 的 {box},第 {epoch} 段;换身份用 storebox retire。",
        "It is box {box} of {store}, epoch {epoch}; to change its identity use storebox retire.",
    ),
    "control.unknown_verb": _defect(
        "盒子不认识这个命令",
        "The box does not know this verb",
        "{verb}:命令行和运行的盒子版本不同,重启服务。",
        "{verb}: the command line and the running box differ in release; restart the service.",
    ),
    "control.no_answer": (
        "盒子在运行,但没回话",
        "账都在。先看做成没有,再试一次。",
        "The box runs and did not answer",
        "All records are here. See whether it was done, then try again.",
        "状态目录 {state}:systemctl status storebox,再看日志 journalctl -u storebox。",
        "State folder {state}: systemctl status storebox, then journalctl -u storebox.",
    ),
    "box.not_running": (
        "盒子没有在运行",
        "账都在,什么都没变。请先启动盒子。",
        "The box is not running",
        "All records are here and unchanged. Start the box first.",
        "systemctl start storebox;状态目录是 {state}。",
        "systemctl start storebox; the state folder is {state}.",
    ),
    "journal.other_epoch": (
        "换账本换到一半,先别收",
        "以前收的钱有记录。请叫技术员。",
        "A new journal was begun and not finished",
        "Money taken before is on record; take none now. Please call the technician.",
        "账本是 {journal},开通的是 {enrolled}:把断电前的命令再跑一次,storebox restore"
        "(没有总部:storebox journal set-aside)。",
        "The journal is {journal}, the box {enrolled}: run again what was cut off, storebox restore"
        " (without headquarters: storebox journal set-aside).",
    ),
    "journal.unreadable": (
        "账本文件打不开了",
        "以前收的钱有记录,什么都没变。请叫技术员。",
        "The journal's file does not open",
        "Money taken before is on record and nothing was changed. Please call the technician.",
        "{path} 只能靠总部的账:要一个“换盒子”的码,storebox restore --token。",
        "{path} comes back from headquarters only: ask them for a code of replacement, storebox restore --token.",
    ),
    "journal.nothing_wrong": (
        "账本是好的,不用搁置",
        "账都在,什么都没变。",
        "The journal is sound",
        "All records are here and unchanged. There is nothing to set aside.",
        "{path} 从头到尾核对过;换身份用 storebox retire。",
        "{path} was verified from end to end; to change its identity use storebox retire.",
    ),
    "control.malformed": _defect(
        "盒子没听懂这个命令",
        "The box did not understand this",
        "命令行和运行的盒子版本不同,重启服务。",
        "The command line and the running box differ in release; restart the service.",
    ),
    "sync.no_headquarters": (
        "这台盒子没有接总部",
        "照常卖,账都在盒子里。不用处理。",
        "This box has no HQ",
        "Trade goes on, all records are on the box. Nothing to do.",
        "要接总部用 storebox enrol --hq。",
        "To join one use storebox enrol --hq.",
    ),
    "backup.failed": (
        "今天的备份没做成",
        "营业照常,钱都有记录。请通知技术员。",
        "Today's backup did not succeed",
        "Trade goes on and all money is on record. Please tell the technician.",
        "看备份盘插着没有、满了没有:storebox doctor。",
        "See whether the backup's disk is there and has room: storebox doctor.",
    ),
    "ledger.not_verified": (
        "账本今天没核对成",
        "营业照常,钱都有记录。请通知技术员。",
        "The journal was not verified today",
        "Trade goes on and all money is on record. Please tell the technician.",
        "storebox ledger verify 看从哪一条起不对。",
        "storebox ledger verify names the entry.",
    ),
    # Requests
    "request.malformed": _request(
        "发来的内容不对",
        "The request is malformed",
        "看这一项:{field}。" + _API_ZH,
        "Look at the field {field}. " + _API_EN,
    ),
    "request.not_found": _request(
        "没有这个地方", "No such place", do_zh="请回到收银页。", do_en="Go back to the till."
    ),
    "request.method_not_allowed": _request("这个地方不能这样用", "Not used this way"),
    "request.not_json": _request("发来的不是 JSON", "The body is not JSON"),
    "request.too_large": _request(
        "发来的内容太大",
        "The request is too large",
        "最多 {bytes_max} 字节。",
        "At most {bytes_max} bytes.",
    ),
    "request.foreign_host": _request(
        "请用盒子的地址打开",
        "Open it by the box's address",
        "用到的名字是 {host};要加进设置 web.hosts,或用 IP 打开。",
        "It was called {host}; add it to web.hosts of the settings, or use the IP address.",
        "请关掉这页重新打开。",
        "Close this page and open it again.",
    ),
    "request.foreign_origin": _request(
        "别的网页不能动收银",
        "Another page may not do this",
        "请求来自 {origin};只有盒子自己的页面可以。",
        "It came from {origin}; only the box's own pages may.",
        "请关掉不认识的网页。",
        "Close pages that you do not know.",
    ),
    "request.csrf": _request(
        "这页太旧了,请刷新",
        "This page is too old",
        "页面没带 X-Storebox-CSRF;重新登录即可。",
        "The page sent no X-Storebox-CSRF; log in again.",
        "请按 F5,再做一次。",
        "Press F5, then do it again.",
    ),
    "idempotency.key_missing": _request(
        "请求少了单号",
        "The request has no key",
        "动钱的请求要带 Idempotency-Key,重试时用同一个。",
        "A request that moves money needs Idempotency-Key; use the same one when repeating.",
    ),
    "web.address_taken": _settings(
        "盒子的端口被占着",
        "The box's address is taken",
        "{host}:{port},{reason};是不是已有一台在跑?或改 web.port。",
        "{host}:{port}, {reason}; does another one run? Or change web.port.",
    ),
    "web.defect": (
        "盒子这一步没走通",
        "先别再收一次钱。请按 F5,看最近的单子里有没有这一笔。",
        "The box stumbled over this",
        "Take no money again yet. Press F5 and see whether it is among the latest sales.",
        _DEFECT_ZH,
        _DEFECT_EN,
    ),
    # Defects of ours
    "canonical.float": _defect("账里不收带小数的数", "A fraction in an entry"),
    "canonical.integer_too_large": _defect("账里有个数太大", "A number too large in an entry"),
    "canonical.key_not_text": _defect("账里有个名字不对", "A name in an entry is no text"),
    "canonical.lone_surrogate": _defect("账里有坏字符", "A broken character in an entry"),
    "canonical.not_json": _defect("这段内容读不懂", "Contents that are not JSON"),
    "canonical.too_deep": _defect("账里的内容套得太深", "Contents nested too deep in an entry"),
    "canonical.unsupported_type": _defect("账里有不认识的内容", "An unknown type in an entry"),
    "event.no_fields": _defect("这类账是空的", "An entry without fields"),
}
