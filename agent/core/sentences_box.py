"""Sentences for the box itself: settings, requests of pages and other tills, replay, emulators, defects.

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
_SETTINGS_ZH = "账和钱都没动,按原来的设置。请技术员改好再启动。"
_SETTINGS_EN = "Records and money are untouched. The technician corrects the settings, then starts again."
_REPLAY_ZH = "重放只动它自己的文件夹,门店的账没变。"
_REPLAY_EN = "A replay touches its own folder only; the shop's records are unchanged."
_API_ZH = "第三方收银按接口文档改;页面请按 F5。"
_API_EN = "Another till: see the API's documentation; a page: press F5."


def _defect(zh: str, en: str, remedy_zh: str = _DEFECT_ZH, remedy_en: str = _DEFECT_EN) -> Texts:
    return (zh, _BOOKED_ZH, en, _BOOKED_EN, remedy_zh, remedy_en)


def _settings(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _SETTINGS_ZH, en, _SETTINGS_EN, remedy_zh, remedy_en)


def _replay(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    return (zh, _REPLAY_ZH, en, _REPLAY_EN, remedy_zh, remedy_en)


def _request(
    zh: str,
    en: str,
    remedy_zh: str = _API_ZH,
    remedy_en: str = _API_EN,
    do_zh: str = "请再按一次。",
    do_en: str = "Please press again.",
) -> Texts:
    return (zh, _NOTHING_ZH + do_zh, en, _NOTHING_EN + do_en, remedy_zh, remedy_en)


SENTENCES: dict[str, Texts] = {
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
    "till.unknown": _request(
        "没有这个收银台",
        "No such till",
        "{till} 不在 storebox.toml 的 [[till]] 里。",
        "{till} is not among [[till]] of storebox.toml.",
        "请选屏上有的台。",
        "Please choose one that the screen offers.",
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
    "canonical.unsupported_type": _defect("账里有不认识的内容", "An unknown type in an entry"),
    "event.no_fields": _defect("这类账是空的", "An entry without fields"),
    # Replay, emulators
    "replay.no_baskets": _replay(
        "文件里没有购物篮",
        "No baskets in the file",
        "{file} 要一行一个 JSON 对象,可以是 .gz。",
        "{file} needs one JSON object a line; .gz will do.",
    ),
    "replay.malformed": _replay(
        "这个购物篮写得不对",
        "A basket is malformed",
        "这一行跳过了,见结果里的 refused。",
        "The line was skipped; see refused in the result.",
    ),
    "replay.sum_differs": _replay(
        "购物篮的数加不拢",
        "A basket does not add up",
        "行、折扣、付款要和总额相等;见结果里的 refused。",
        "Lines, discounts and tenders have to equal the total; see refused in the result.",
    ),
    "replay.other_store": _replay(
        "文件夹是别的店的",
        "The folder is another store's",
        "里面是 {store} 的盒子;换一个 --state。",
        "It holds a box of {store}; choose another --state.",
    ),
    "replay.surroundings": _replay(
        "重放的配套没起来",
        "A helper of the replay did not start",
        "{name}:看 {log}。",
        "{name}: see {log}.",
    ),
    "replay.payment_unresolved": _replay(
        "有一笔付款没结果",
        "A payment has no end yet",
        "再跑一次同一条命令,会接着查。",
        "Run the same command again; it goes on asking.",
    ),
    "replay.not_drained": _replay(
        "总部还没收全",
        "HQ has not got all of it",
        "还差 {unsent} 条;再跑一次同一条命令接着传。",
        "{unsent} entries wait; run the same command again.",
    ),
    "emulator.font_missing": _replay(
        "模拟器缺中文字体",
        "The emulator lacks a Chinese font",
        "apt-get install fonts-wqy-zenhei。",
        "apt-get install fonts-wqy-zenhei.",
    ),
    "simulator.unknown_word": _replay(
        "模拟平台听不懂",
        "Unknown word for the simulator",
        "不认识:{words};storebox sim platform --help。",
        "Unknown: {words}; storebox sim platform --help.",
    ),
}
