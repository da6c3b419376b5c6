"""Sentences of setup mode: what a technician reads on paper when a code cannot be taken.

Each entry as in `sentences_sync`. There is no trade yet, so nothing is said about money; the one thing to do comes
first.
"""

from agent.core.sentences_codes import Texts

SENTENCES: dict[str, Texts] = {
    "setup.not_enrolment_code": (
        "这不是开通码",
        "请扫总部[门店-开通盒子]页上的码。什么都没变。",
        "Not an enrolment code",
        "Scan the code of headquarters' page [Stores-Enrol box]. Nothing changed.",
        "开通码以E1开头,总部的门店页出;顾客的码、商品码都开通不了盒子。",
        "An enrolment code begins with E1 and comes from HQ's store page; no other code enrols a box.",
    ),
    "setup.code_damaged": (
        "这个码没读全",
        "请把屏幕调亮、擦擦镜头,再扫一次。什么都没变。",
        "The code was not read whole",
        "Turn the screen brighter, wipe the lens, scan again. Nothing changed.",
        "总是这样:扫自检单上的字符码,看扫码枪的键盘布局和大小写;或用 storebox enrol --code 输入。",
        "If it stays: scan the character code of the test slip for layout and Caps Lock; or storebox enrol --code.",
    ),
    "setup.code_newer": (
        "这个码比盒子新",
        "盒子的版本还不认识它。请先给盒子升级。什么都没变。",
        "The code is newer than the box",
        "This release does not know it. Upgrade the box first. Nothing changed.",
        "码的格式 {layout},本盒不认识:用U盘升级,storebox upgrade;再出一张码。",
        "Layout {layout} is unknown here: upgrade from a stick, storebox upgrade; then make a new code.",
    ),
    "setup.network_wrong": (
        "网络码里有一项不对",
        "是 {field} 这一项:{value}。请在总部改好再出一张。网络没有动。",
        "One field of the network code is wrong",
        "It is {field}: {value}. Correct it at headquarters and make a new code. The network is unchanged.",
        "网关要和地址在同一网段;WiFi密码8到63个英文字符;VLAN 1到4094;代理写成 主机:端口。",
        "The gateway lies in the address's network; a Wi-Fi password has 8 to 63 ASCII characters; VLAN 1 to 4094.",
    ),
    "setup.network_unsupported": (
        "这种WiFi盒子接不了",
        "它用的是 {kind}。请换一个WiFi或插网线。网络没有动。",
        "The box cannot join this kind of Wi-Fi",
        "It uses {kind}. Take another Wi-Fi or a cable. The network is unchanged.",
        "WEP不安全,802.1X要证书:请商场按本单上的MAC放行,或给一条网线。",
        "WEP is unsafe, 802.1X needs certificates: ask the site to admit the MAC on this slip, or for a cable.",
    ),
}
