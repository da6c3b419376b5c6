"""Sentences for printers, scanners and the drawer. Money first, then one thing to do.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces.
"""

from collections.abc import Iterator

from agent.core.sentences_codes import Texts

_KEPT_ZH = "钱已收好,小票都存着,好了自己接着打。"
_KEPT_EN = "The money is booked and the slips are kept; they print by themselves afterwards. "
_SELL_ZH = "钱和单子都不受影响。"
_SELL_EN = "Money and sales are not affected. "
_TYPE_ZH = "没扣钱,单子没变。先用手输条码、点商品。"
_TYPE_EN = "Nothing charged, the sale is unchanged. Type codes or touch items meanwhile."
_WEIGH_ZH = "没扣钱,单子没变。先看秤面,用手输克数。"
_WEIGH_EN = "Nothing charged, the sale is unchanged. Read the scale and type the grams meanwhile."
_TEST_ZH = "storebox device list;再看打印机自检单(按住走纸键开机)。"
_TEST_EN = "storebox device list; then the printer's own test slip (hold the feed key while switching on)."
_PROFILE_ZH = "看设备文件 devices/*.toml 里这台打印机的那一项。"
_PROFILE_EN = "See this printer's entry in devices/*.toml."


def _printer(zh: str, do_zh: str, en: str, do_en: str, remedy_zh: str = _TEST_ZH, remedy_en: str = _TEST_EN) -> Texts:
    return (zh, _KEPT_ZH + do_zh, en, _KEPT_EN + do_en, remedy_zh, remedy_en)


def unaffected(
    zh: str, en: str, remedy_zh: str, remedy_en: str, do_zh: str = "接着卖。", do_en: str = "Go on."
) -> Texts:
    """Return the sentences of something that hinders no sale."""
    return (zh, _SELL_ZH + do_zh, en, _SELL_EN + do_en, remedy_zh, remedy_en)


def asked_about(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
    """Return the sentences of a slip that only a look at the paper can tell about."""
    detail_zh = "钱已收好。小票出来了按'出来了',没有按'补打'。"
    detail_en = "The money is booked. Press It came out, or Print a copy."
    return (zh, detail_zh, en, detail_en, remedy_zh, remedy_en)


_CONNECTION: dict[str, tuple[str, str, str, str]] = {
    "absent": (
        "没接上",
        "is not connected",
        "查电源和线;storebox device list 看盒子看到了什么,再核对设置里的地址。",
        "Check power and cable; storebox device list shows what the box sees; compare the address in the settings.",
    ),
    "lost": (
        "断开了",
        "was unplugged",
        "查电源、USB线和分线器,换一根线或一个口;dmesg 看断开的时间。插回去不用重启。",
        "Check power, USB cable and hub; try another cable or port; dmesg tells when. No restart after replugging.",
    ),
    "busy": (
        "正被占用",
        "is in use",
        "有别的程序占着端口:fuser 或 lsof 看是谁,关掉它。",
        "Another program holds the port: see which by fuser or lsof, and end it.",
    ),
    "denied": (
        "不让盒子用",
        "refuses the box",
        "storebox 用户要在 dialout、lp 和 input 组;网口打印机看它的访问名单。",
        "The user storebox belongs into the groups dialout, lp and input; a network printer may list who may print.",
    ),
    "wrong_kind": (
        "地址指的不是它",
        "is another device",
        "地址指到了别的设备:storebox device list 对一下;扫码枪要设成键盘、HID-POS 或串口之一。",
        "The address leads elsewhere: compare storebox device list; set a scanner to keyboard, HID-POS or serial.",
    ),
    "no_library": (
        "缺驱动程序",
        "lacks its driver",
        "装上 python 的 evdev:pip install 'storebox[hid]';或把扫码枪设成串口模式。",
        "Install Python's evdev: pip install 'storebox[hid]'; or set the scanner to its serial mode.",
    ),
    "open_failed": (
        "打不开",
        "can't be opened",
        "拔插一次;storebox device list 里看原因,设备文件在不在。",
        "Replug it; storebox device list names the cause and whether the device file exists.",
    ),
    "closed": (
        "连接已关",
        "is disconnected",
        "盒子在停或在重连;几秒后仍这样看 systemctl status storebox。",
        "The box stops or reconnects; if it stays, see systemctl status storebox.",
    ),
    "gone": (
        "断开了",
        "went away",
        "查电源和线,换一个USB口;dmesg 看断开的时间。",
        "Check power and cable, try another USB port; dmesg tells when.",
    ),
    "stopped": (
        "停用了",
        "is stopped",
        "盒子在停或在升级;看 systemctl status storebox。",
        "The box stops or is upgraded; see systemctl status storebox.",
    ),
    "silent": (
        "不回话",
        "does not answer",
        "查电源和线;串口再看波特率、收发线和流控。盒子会自己重连。",
        "Check power and cable; on a serial line speed, TX/RX and flow control. The box reconnects by itself.",
    ),
    "no_libusb": (
        "缺少USB组件",
        "lacks a USB library",
        "装 libusb:apt-get install libusb-1.0-0;或改用内核驱动的地址 file:/dev/usb/lp0(storebox device list)。",
        "Install libusb: apt-get install libusb-1.0-0; or use the kernel's driver, file:/dev/usb/lp0 "
        "(storebox device list).",
    ),
    "ambiguous": (
        "有两台一样的",
        "has a twin",
        "两台同型号:地址后面加 ?serial= 或 ?port=,storebox device list 给出现成的一行。",
        "Two of one model: add ?serial= or ?port= to the address; storebox device list gives the line.",
    ),
    "no_printer_port": (
        "不是打印机接口",
        "is no USB printer",
        "这个USB设备没有打印机接口(类7);storebox device list 看真正的打印机。",
        "This USB device has no interface of the printer class (7); storebox device list shows the real ones.",
    ),
    "record_failed": (
        "记录文件打不开",
        "can't be recorded",
        "地址里 ?record= 的文件要能写、是普通文件、只给一台设备用;不查问题时把它去掉。",
        "The file of ?record= has to be writable, a plain file, and for one device only; remove it when not needed.",
    ),
    "replay_unreadable": (
        "回放文件读不了",
        "can't be played back",
        "replay: 只认 ?record= 记下的文件;详情里有第几行。",
        "replay: takes files written by ?record= only; the detail names the line.",
    ),
    "fault": (
        "暂时用不了",
        "can't be used now",
        "驱动出错,会自己重连;把诊断包发给总部:storebox bundle。",
        "A defect of the driver, which reconnects by itself; send a bundle to HQ: storebox bundle.",
    ),
    "url_scheme": (
        "地址写错了",
        "has a wrong address",
        "地址要以 serial:、usb:、tcp:、file: 或 hid: 开头;storebox config check。",
        "An address begins with serial:, usb:, tcp:, file: or hid:; storebox config check.",
    ),
    "url_value": (
        "地址写错了",
        "has a wrong address",
        "例:serial:/dev/serial/by-id/…?baud=115200、tcp:192.168.1.50:9100;storebox config check。",
        "Such as serial:/dev/serial/by-id/…?baud=115200, tcp:192.168.1.50:9100; storebox config check.",
    ),
    "url_option": (
        "地址的参数不对",
        "has a wrong option",
        "问号后面的参数不认识;storebox config check 会列出能用的。",
        "An option after the question mark is unknown; storebox config check lists those there are.",
    ),
}


def _connections() -> Iterator[tuple[str, Texts]]:
    for code, (zh, en, remedy_zh, remedy_en) in _CONNECTION.items():
        remedy = (remedy_zh, remedy_en)
        do_zh, do_en = "请看电源和线。", "Please look at its power and cable."
        yield f"printer.{code}", _printer(f"打印机{zh}", do_zh, f"The printer {en}", do_en, *remedy)
        yield f"scanner.{code}", (f"扫码枪{zh}", _TYPE_ZH, f"The scanner {en}", _TYPE_EN, *remedy)
        yield f"display.{code}", unaffected(f"客显{zh}", f"The customer display {en}", *remedy, do_zh, do_en)
        yield f"scale.{code}", (f"电子秤{zh}", _WEIGH_ZH, f"The scale {en}", _WEIGH_EN, *remedy)
        yield f"device.{code}", unaffected(f"设备{zh}", f"A device {en}", *remedy, do_zh, do_en)


SENTENCES: dict[str, Texts] = {
    **dict(_connections()),
    "printer.ready": unaffected("打印机好了", "The printer is ready", "不用处理。", "Nothing to do."),
    "printer.identified": unaffected(
        "认出打印机型号",
        "The printer told its model",
        "型号见 storebox device list。",
        "See the model in storebox device list.",
    ),
    "printer.printed": unaffected("小票打好了", "The slip is printed", "不用处理。", "Nothing to do."),
    "printer.printed_late": unaffected(
        "刚才的小票打好了",
        "An earlier slip is printed",
        "打印机的回话来晚了;看线速和网络。",
        "The printer's word came late; look at line speed and network.",
    ),
    "printer.unverified": unaffected(
        "小票应该打好了",
        "The slip should be printed",
        "这种打印机不回话;要它作证请换能回话的型号。",
        "This model gives no word; take one that does to be sure.",
        "看一眼纸。",
        "Please glance at the paper.",
    ),
    "printer.paper_low": unaffected(
        "纸快用完了",
        "Paper is running low",
        "装80毫米或58毫米热敏纸,看纸将尽传感器的位置。",
        "80 mm or 58 mm thermal paper; see the position of the near-end sensor.",
        "请备好一卷纸。",
        "Please have a roll at hand.",
    ),
    "printer.paper_out": (
        "没纸了,钱已收好",
        "换上纸、盖好盖子,自己会接着打。可以先招呼下一位。",
        "Out of paper, the money is booked",
        "Put in a roll and close the cover; printing goes on by itself. Serve the next customer meanwhile.",
        "有纸还这样报:擦纸传感器,看纸卷方向。",
        "If there is paper: wipe the paper sensor, see which way round the roll is.",
    ),
    "printer.cover_open": _printer(
        "盖子没盖好",
        "请按紧两边再盖一次。",
        "The cover is open",
        "Press both sides until it clicks.",
        "盖好还报:看盖子卡扣和传感器。",
        "If it is closed: look at latch and sensor.",
    ),
    "printer.cutter_jammed": _printer(
        "切刀卡住了",
        "请关电再开,拿掉卡住的纸。",
        "The cutter is jammed",
        "Switch off and on, take the jammed paper out.",
        "用切刀边上的旋钮退回切刀,清纸屑。",
        "Turn the cutter back by its knob and clear the scraps.",
    ),
    "printer.mechanical": _printer(
        "打印机卡住了",
        "请关电,拿掉卡住的纸,再开。",
        "The printer is jammed",
        "Switch off, take the jammed paper out, switch on.",
    ),
    "printer.broken": _printer(
        "打印机要关电再开",
        "请关电,等五秒,再开。",
        "Switch the printer off and on",
        "Switch off, wait five seconds, switch on.",
        "还报就换机:任一型号接上改地址即可,小票自动改排版。",
        "If it stays, swap it: any model will do with a new address, slips fit themselves to its paper.",
    ),
    "printer.overheated": _printer(
        "打印头太热,歇一下",
        "不用动它,凉了自己会打。",
        "The print head is hot",
        "Leave it alone; it goes on when it has cooled down.",
        "通风口别堵,浓度别调太高。",
        "Keep its vents free and its density low.",
    ),
    "printer.feeding": _printer(
        "有人按着走纸键",
        "请松开走纸键。",
        "The feed key is pressed",
        "Let go of the feed key.",
        "没人按还报:走纸键卡住了。",
        "If nobody presses it, the key is stuck.",
    ),
    "printer.waiting": _printer(
        "打印机在等按键",
        "请按一下走纸键。",
        "The printer waits for its key",
        "Press the feed key once.",
    ),
    "printer.offline": _printer(
        "打印机没上线", "请看它的灯和盖子。", "The printer is offline", "See its lamps and cover."
    ),
    "printer.not_ready": _printer(
        "打印机还没好", "请看它的灯、纸和盖子。", "The printer is not ready", "See its lamps."
    ),
    "printer.silent": _printer(
        "打印机不回话",
        "请看电源和线。",
        "The printer does not answer",
        "Please look at its power and cable.",
        "串口看波特率、收发线(TX/RX)和流控;型号不回话的在设备文件里设 status = false。",
        "Serial: baud rate, TX/RX and flow control; for a model without answers set status = false in its profile.",
    ),
    "printer.stalled": asked_about(
        "看一眼:小票打完了吗?",
        "Is the slip complete?",
        "打印机中途不收数据:看线、流控(DTR/XON)和电源。",
        "The printer stopped taking data: look at cable, flow control (DTR/XON) and power.",
    ),
    "printer.unconfirmed": asked_about(
        "看一眼:小票出来了吗?",
        "Did the slip come out?",
        "打印机没有说打完;storebox why 可看它最后的回话。",
        "The printer did not say that it finished; storebox why shows its last words.",
    ),
    "printer.cut_unconfirmed": unaffected(
        "小票打好,可能没切",
        "Printed, perhaps not cut",
        "看切刀;设备文件里的 cutter 要和机型相符。",
        "Look at the cutter; cutter in the profile has to fit the model.",
        "请顺手撕下。",
        "Please tear it off.",
    ),
    "printer.reset": asked_about(
        "打印机断过电,小票齐吗?",
        "The printer lost its power: a slip missing?",
        "打印途中打印机断过电,没打的丢了:看它的电源插头。",
        "It was switched off and on while printing and lost the rest: look at its power plug.",
    ),
    "printer.no_chinese": _printer(
        "这台打印机没有中文",
        "请叫技术员换一台。",
        "This printer has no Chinese",
        "Please ask for another one.",
        "自检单上的字库不是简体中文(GB2312 或 GB18030);换国行型号。",
        "Its font is not Simplified Chinese (GB2312 or GB18030); take the model for China.",
    ),
    "discovery.unknown_target": unaffected(
        "没有这台打印机",
        "There is no such printer",
        "{target}:写收银机号、打印机名(receipt1)或地址;storebox device list。",
        "{target}: give a till, a printer's name (receipt1) or an address; storebox device list.",
    ),
    "discovery.cannot_ask": unaffected(
        "这种设备问不出型号",
        "It cannot be asked who it is",
        "{url} 是扫码枪:扫一下看 storebox device watch;只有打印机能问。",
        "{url} is a scanner: see storebox device watch; only printers can be asked.",
    ),
    "discovery.bad_network": unaffected(
        "网段写得不对",
        "That is no network",
        "要写成 192.168.1.0/24;storebox device list --network。",
        "Write it as 192.168.1.0/24; storebox device list --network.",
    ),
    "discovery.network_not_local": unaffected(
        "只找店里的网段",
        "Only local networks",
        "只找内网地址:10.、172.16.、192.168. 开头的。",
        "Only private addresses are looked through: those of 10., 172.16. and 192.168.",
    ),
    "discovery.network_too_large": unaffected(
        "网段太大了",
        "That network is too large",
        "一次最多 1024 个地址:用 /22 或更小的网段。",
        "At most 1024 addresses at a time: a /22 or smaller.",
    ),
    "scanner.ready": unaffected("扫码枪好了", "The scanner is ready", "不用处理。", "Nothing to do."),
    "scanner.overflow": (
        "这一枪太长,没算数",
        "没扣钱。请再扫一次。",
        "That scan was too long",
        "Nothing charged. Please scan again.",
        "给扫码枪设回车后缀;波特率对不上也会这样。",
        "Set the scanner to end with a carriage return; a wrong baud rate does this too.",
    ),
    "scanner.corrupt": (
        "没读全,请再扫一次",
        "没扣钱,单子没变。请再扫一次。",
        "Not read whole: scan again",
        "Nothing charged, the sale is unchanged. Please scan it again.",
        "常有:换线或换口,串口看波特率,键盘模式设成美式键盘;中文码改用串口或 HID-POS 模式。",
        "If it stays: cable or port, the baud rate, the US keyboard layout; Chinese codes need serial or HID-POS mode.",
    ),
    "scanner.too_fast": (
        "扫得太快,有没记上的",
        "没扣钱。请对一下单子,少的再扫一次。",
        "Too fast: some are missing",
        "Nothing charged. Compare the list, and scan again what is missing.",
        "盒子忙不过来:storebox doctor 看硬盘快慢。",
        "The box can't keep up: storebox doctor tells how quick its disk is.",
    ),
    "scanner.not_taken": (
        "这一枪没处理成",
        "没扣钱。请看一眼单子,没有就再扫一次。",
        "That scan could not be taken",
        "Nothing charged. Look at the list; scan it again when it is not there.",
        "程序出错:把诊断包发给总部:storebox bundle。",
        "A defect of the program: send a bundle to HQ: storebox bundle.",
    ),
    "scanner.setting_refused": unaffected(
        "扫码枪没接受设置",
        "The scanner refused a setting",
        "scanner_model 要和扫码枪的牌子相符;后缀也可扫说明书里的设置码来设。",
        "scanner_model has to fit its maker; the suffix can also be set by the codes in its manual.",
    ),
    "drawer.open": unaffected(
        "抽屉开着",
        "The drawer is open",
        "一直报:看抽屉开关线和 drawer_open_is_high。",
        "If it stays: its switch, or drawer_open_is_high.",
        "找完零请关上。",
        "Close it after giving change.",
    ),
    "drawer.pulsed": unaffected(
        "抽屉该弹开了",
        "The drawer was told to open",
        "没弹开:看抽屉的线是不是插在打印机上、锁开了没有。",
        "If it stays shut: see that its cable is in the printer and that it is not locked.",
    ),
    "drawer.not_opened": (
        "抽屉没弹开",
        "钱已收好。请用钥匙开抽屉。",
        "The drawer did not open",
        "The money is booked. Please open it with its key.",
        "打印机收不到开抽屉的命令(小票 {slip}):看打印机的电源、线和纸。",
        "Its printer could not be told (slip {slip}): look at the printer's power, cable and paper.",
    ),
    "drawer.left_open": (
        "{till} 号机的抽屉没关",
        "已经开了 {seconds} 秒。钱和单子都不受影响。请关上。",
        "The drawer of till {till} is open",
        "It has been open for {seconds} seconds. Money and sales are not affected. Please close it.",
        "关着还报:看抽屉的开关线和设备文件里的 drawer_open_is_high;不要提醒:printing.drawer_open_s = 0。",
        "If it is closed: see its switch and drawer_open_is_high; for no reminder set printing.drawer_open_s = 0.",
    ),
    "drawer.closed": unaffected("抽屉关好了", "The drawer is closed", "不用处理。", "Nothing to do."),
    "profile.unreadable": unaffected("打印机资料读不了", "A printer's profile is unreadable", _PROFILE_ZH, _PROFILE_EN),
    "profile.unknown": unaffected(
        "没有这种打印机资料",
        "There is no such profile",
        "没有 {profile};有的是 {known}。",
        "There is none called {profile}; there are {known}.",
    ),
    "profile.unknown_key": unaffected("打印机资料有错", "A printer's profile is wrong", _PROFILE_ZH, _PROFILE_EN),
    "profile.bad_value": unaffected("打印机资料有个值不对", "A wrong value in a profile", _PROFILE_ZH, _PROFILE_EN),
}
