"""What is written on a store's packet, in Chinese and English: its reader may be a technician or a shop assistant."""

from agent.core.recognition import Command, SetupCommand

STEPS: tuple[tuple[str, str], ...] = (
    (
        "插上电源、网线、打印机、扫码枪。盒子会打出一张单:等待开通。",
        "Plug in power, network, printer, scanner. The box prints: waiting for enrolment.",
    ),
    (
        "要配网络的,先扫左边的网络码,等打出结果。",
        "Where the network needs it, scan the network code on the left; wait for the slip.",
    ),
    (
        "扫右边的开通码。只能用一次,别给别人看。",
        "Scan the enrolment code on the right. It works once; show it to nobody.",
    ),
    (
        "盒子打出自检单:看字清不清,再用同一把枪扫单上的码。",
        "The box prints a test slip: look at it, then scan its code with the same scanner.",
    ),
    (
        "每个柜台都打一张、扫一张。总部铺店页变绿就好了。",
        "One slip for each till, scanned at that till. HQ's roll-out page turns green.",
    ),
    ("走一遍背面的演练,双方签字,把这张留在店里。", "Walk the drill overleaf, both sign, leave this sheet in the shop."),
)

OFFLINE_STEPS: tuple[tuple[str, str], ...] = (
    (
        "这张纸和 U 盘分开带:两样都有的人,能开通这家店。",
        "Carry this sheet apart from the stick: who has both can enrol this store.",
    ),
    (
        "插上电源、打印机、扫码枪,再插 U 盘。盒子打出一张单:找到 U 盘。",
        "Plug in power, printer, scanner, then the stick. The box prints: stick found.",
    ),
    (
        "扫上面的码;没有扫码枪,就用键盘或网页输 8 个字。",
        "Scan the code above; without a scanner type the eight characters on a keyboard or the page.",
    ),
    ("盒子打出自检单,用同一把枪扫单上的码,就能收银。", "The box prints a test slip: scan its code, and it trades."),
    (
        "网通了,盒子自己向总部报到。这个包只给一台盒子用。",
        "With a line it reports to headquarters by itself. The packet is for one box only.",
    ),
)

DRILL: tuple[tuple[str, str], ...] = (
    ("拔网线,卖一单现金,再插上:账自己补传", "Pull the network, sell for cash, plug in: it is sent by itself"),
    ("拔盒子电源,插上:接着卖,单子不少", "Pull the box's power, plug in: it sells on, nothing is lost"),
    ("打印机没纸,装上:没打完的自己补", "Take the paper out, put it in: what is missing is printed"),
    ("拔扫码枪,插上:接着扫", "Unplug the scanner, plug in: it scans on"),
    ("卖一单微信或支付宝,再退掉", "Sell by WeChat or Alipay, refund it"),
)

CARD: tuple[tuple[Command | SetupCommand, str, str], ...] = (
    (Command.HELP, "帮助", "Help"),
    (Command.DOCTOR, "检查盒子", "Check the box"),
    (Command.OPENSHIFT, "开班", "Open the shift"),
    (Command.CASH, "收现金", "Cash"),
    (Command.CANCEL, "取消", "Cancel"),
    (Command.REPRINT, "重印上一张", "Reprint the last"),
    (Command.NOSALE, "开钱箱", "Open the drawer"),
    (Command.PAID, "顾客说付过了", "The customer has paid"),
    (Command.XREPORT, "看账 X", "Shift so far, X"),
    (Command.ZREPORT, "交班 Z", "Close the shift, Z"),
    (SetupCommand.INVITE, "重打开通单", "Print the invitation"),
    (SetupCommand.ENC, "字乱码,换编码", "Garbled: other encoding"),
)
"""What a shop without a screen runs by, and the two codes that help before it trades."""
