"""Slips for people who set up: the printer's self-test and the invitation of a box that waits for its enrolment.

Pure. Separate from the slips of trade because no customer ever gets one and because they are printed when nothing else
works yet: without a shop's data, without a network, perhaps without a readable character.
"""

import base64
from dataclasses import dataclass
from enum import StrEnum

from agent.core.codes import CHARACTER_PROBE, command_code
from agent.core.receipt_parts import (
    Block,
    Document,
    Translate,
    both,
    centred,
    document,
    either,
    pair,
    qr,
    rule,
    text,
)
from agent.core.recognition import SetupCommand

TEST_EAN13 = "6901234567892"
"""The bar code of the self-test; 690 to 699 are the prefixes of GS1 China, the number is nobody's."""

_BAR_ROWS = 24
_SHADES = ((0xAA, 0x00), (0xAA, 0x55), (0xFF, 0xAA), (0xFF, 0xFF))
"""Two neighbouring rows of each grey: a quarter, half, three quarters and all of the dots are black."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test of one printer says about it, every text as it is printed.

    `code` is the text of the test's own QR (`codes.self_test_code`), which holds a random number: whoever scans it has
    read this very slip. `till` is the till whose receipts this printer prints, None for another printer, which is then
    shown by `name` (`kitchen`). `line` is how it is connected (`USB 04b8:0e15`, `串口 115200`).
    `store` and `branch` are empty on a box that is not enrolled. `drawer` and `cutter`: whether there is one to watch;
    the slip's own pulse opens the drawer.
    """

    box: str
    version: str
    name: str
    model: str
    line: str
    code: str
    till: str | None = None
    store: str = ""
    branch: str = ""
    firmware: str = ""
    drawer: bool = True
    cutter: bool = True


class DeviceRole(StrEnum):
    """What a device found at the box is for."""

    RECEIPT_PRINTER = "receipt_printer"
    KITCHEN_PRINTER = "kitchen_printer"
    LABEL_PRINTER = "label_printer"
    SCANNER = "scanner"
    DRAWER = "drawer"
    DISPLAY = "display"
    SCALE = "scale"


class DeviceFinding(StrEnum):
    """How a device was found."""

    GOOD = "good"
    ON_PRINTER = "on_printer"
    SILENT = "silent"
    NOT_FOUND = "not_found"


class NetworkLayer(StrEnum):
    """How far from the box a finding is about, nearest first."""

    CABLE = "cable"
    WIFI = "wifi"
    INTERNET = "internet"
    HEADQUARTERS = "headquarters"


class NetworkFinding(StrEnum):
    """What was found of a layer of the network."""

    GOOD = "good"
    ADDRESS = "address"
    NO_ADDRESS = "no_address"
    UNPLUGGED = "unplugged"
    LOGIN_PAGE = "login_page"
    BLOCKED = "blocked"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class SeenDevice:
    """One device, found or missed; `where` tells two of a kind apart (`/dev/usb/lp0`, `Newland 串口`)."""

    role: DeviceRole
    finding: DeviceFinding
    where: str = ""


@dataclass(frozen=True, slots=True)
class SeenNetwork:
    """One layer of the network; `detail` is what a firewall form asks for: the address, the box's MAC."""

    layer: NetworkLayer
    finding: NetworkFinding
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a box that is not enrolled knows about itself.

    `store` names the store's menu at headquarters when the box was prepared for one, empty otherwise. `help_phone`
    empty: no line is printed. `minutes` is how long headquarters lets an enrolment code live.
    """

    box: str
    version: str
    clock_set: bool
    devices: tuple[SeenDevice, ...]
    networks: tuple[SeenNetwork, ...]
    store: str = ""
    help_phone: str = ""
    minutes: int = 15
    spare: str = ""
    """The headquarters that a sealed spare was prepared for; empty for any other box."""


def self_test_document(test: SelfTest, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the self-test of a printer, for paper of any width. What each part proves:

    1. ruler: dots and cells of the profile are those of the paper (it folds on narrower paper, ends early on wider);
    2. Chinese and what looks alike: the font, its encoding, two cells a character;
    3. an amount at the right edge: no proportional font, no margin left by another program;
    4. sizes: the printer enlarges Chinese as it does ASCII; a printer that needs other commands prints them small;
    5. grey bars: heat and head. Bars that look alike are too dark, white stripes through all of them are dead dots;
    6. EAN-13: the printer draws bar codes, and a scanner reads them from its paper;
    7. drawer and cutter do what no answer of a printer can prove: somebody sees it.

    The QR code with the random number proves paper *and* scanner, and which scanner stands at which till. It is
    scanned last, so who got there has looked at the rest. The character code holds every character that our codes use
    and those that keyboards confuse: what arrives tells a wrong keyboard layout, Caps Lock or a lost character from a
    dirty window. The command ENC answers garbled Chinese; its text below is ASCII, readable then too.
    """
    blocks = [
        centred(translate("PRINTER TEST"), "double"),
        *_test_head(test, translate),
        rule("="),
        *_samples(translate),
        *_mechanics(test, translate),
        rule(),
        *_scan_me(test, translate),
        rule(),
        *_when_it_fails(translate),
        text(translate("Not for customers")),
    ]
    return document(f"{translate('PRINTER TEST')} {test.name}", language, blocks)


def _test_head(test: SelfTest, translate: Translate) -> list[Block]:
    store = f"{translate('Store {store}').format(store=test.store)} {test.branch}".rstrip() if test.store else ""
    role = test.name if test.till is None else translate("receipts of till {till}").format(till=test.till)
    firmware = translate("firmware {version}").format(version=test.firmware) if test.firmware else ""
    printer = translate("Printer {model}").format(model=" ".join((test.model, test.line)).strip())
    version = translate("version {version}").format(version=test.version)
    return [
        both(store, role),
        both(translate("Box {box}").format(box=test.box), version),
        both(printer, firmware),
    ]


def _samples(translate: Translate) -> list[Block]:
    return [
        text(translate("1 Width: the next line fills it")),
        {"kind": "ruler"},
        text(translate("2 Chinese: in cells, readable")),
        either([text("中文标点,。;!?￥《》")], [text("中文简体标点,。;!?￥《》【】")]),
        text("鑫淼焱磊 0Oo1Il 8B5S"),
        pair(translate("3 Amount at the right"), "12345.67"),
        text(translate("4 Sizes")),
        text(translate("wide size"), size="wide"),
        text(translate("tall size"), size="tall"),
        text(translate("double size"), size="double"),
        text(translate("5 Shades 25% 50% 75% 100%")),
        either([_shades(72, 24)], [_shades(96, 40)]),
        text(translate("6 Bar code EAN-13")),
        {"kind": "barcode", "symbology": "ean13", "data": TEST_EAN13},
    ]


def _shades(bar_dots: int, gap_dots: int) -> Block:
    """Return four bars side by side. They fit any paper of their kind unscaled, since scaling would spoil the greys."""
    gap = bytes(gap_dots // 8)
    rows = [gap.join(bytes((shade[row % 2],)) * (bar_dots // 8) for shade in _SHADES) for row in range(_BAR_ROWS)]
    return {
        "kind": "image",
        "width": 4 * bar_dots + 3 * gap_dots,
        "height": _BAR_ROWS,
        "rows": base64.b64encode(b"".join(rows)).decode("ascii"),
    }


def _mechanics(test: SelfTest, translate: Translate) -> list[Block]:
    short = [translate("drawer opens")] if test.drawer else []
    long = [translate("drawer: hear it click")] if test.drawer else []
    if test.cutter:
        short.append(translate("paper is cut"))
        long.append(translate("cutter: paper is cut"))
    if not short:
        return []
    kick: list[Block] = [{"kind": "kick"}] if test.drawer else []
    return [*kick, either([text(f"7 {' '.join(short)}")], [text(f"7 {'  '.join(long)}")])]


def _scan_me(test: SelfTest, translate: Translate) -> list[Block]:
    if test.till is None:
        who, proved = translate("With any till's scanner"), [translate("read = this printer is good")]
    else:
        who = translate("With the scanner of till {till}").format(till=test.till)
        proved = [translate("read = printer and scanner good"), translate("and both belong to this till")]
    return [
        centred(who),
        centred(translate("scan this code")),
        qr(test.code, millimetres=25),
        *map(centred, proved),
    ]


def _when_it_fails(translate: Translate) -> list[Block]:
    encoding = command_code(SetupCommand.ENC)
    short = translate("Not read? Wipe the lens; then scan the character code")
    long = translate("Not read? Wipe the lens, try again; then scan the character code. Still not: reset the scanner.")
    return [
        either([text(short)], [text(long)]),
        qr(CHARACTER_PROBE, millimetres=28),
        text(translate("Garbled? Scan this to change the encoding")),
        qr(encoding, caption=encoding, millimetres=22),
    ]


def invitation_document(invitation: Invitation, translate: Translate, language: str = "zh-CN") -> Document:
    """Return what a box prints by itself until it is enrolled: what it sees, and the three steps that are left.

    Nothing on it is secret. The two command codes stand one below the other, since a scanner takes whichever of two
    neighbours it likes.
    """
    title = translate("SEALED SPARE") if invitation.spare else translate("STORE BOX - to be enrolled")
    blocks = [
        centred(title, "tall"),
        rule("="),
        text(translate("Box {box}").format(box=invitation.box)),
        *([text(translate("Headquarters {url}").format(url=invitation.spare))] if invitation.spare else []),
        text(_clock(invitation, translate)),
        rule(),
        text(translate("Devices that I see")),
        *(_device(one, translate) for one in invitation.devices),
        text(translate("Network that I see")),
        *(block for one in invitation.networks for block in _network(one, translate)),
        rule(),
        *_steps(invitation, translate),
        rule(),
        *_commands(translate),
        rule(),
        text(translate("No secret is on this slip. Without a code of headquarters nobody can enrol this box.")),
    ]
    if invitation.help_phone:
        help_text = translate("Help {phone}  please give the box's number").format(phone=invitation.help_phone)
        blocks.append(text(help_text))
    return document(f"{title} {invitation.box}", language, blocks)


def _clock(invitation: Invitation, translate: Translate) -> str:
    clock = translate("clock set") if invitation.clock_set else translate("clock not set")
    return _spaced(translate("Version {version}").format(version=invitation.version), clock, gap="   ")


def _device(seen: SeenDevice, translate: Translate) -> Block:
    role = {
        DeviceRole.RECEIPT_PRINTER: translate("Receipt printer"),
        DeviceRole.KITCHEN_PRINTER: translate("Kitchen printer"),
        DeviceRole.LABEL_PRINTER: translate("Label printer"),
        DeviceRole.SCANNER: translate("Scanner"),
        DeviceRole.DRAWER: translate("Drawer"),
        DeviceRole.DISPLAY: translate("Display"),
        DeviceRole.SCALE: translate("Scale"),
    }[seen.role]
    finding = {
        DeviceFinding.GOOD: translate("good"),
        DeviceFinding.ON_PRINTER: translate("at the printer"),
        DeviceFinding.SILENT: translate("does not answer"),
        DeviceFinding.NOT_FOUND: translate("not found"),
    }[seen.finding]
    return pair(f"{role} {seen.where}".rstrip(), finding)


def _network(seen: SeenNetwork, translate: Translate) -> list[Block]:
    layer = {
        NetworkLayer.CABLE: translate("Cable"),
        NetworkLayer.WIFI: translate("Wi-Fi"),
        NetworkLayer.INTERNET: translate("Internet"),
        NetworkLayer.HEADQUARTERS: translate("Headquarters"),
    }[seen.layer]
    finding = {
        NetworkFinding.GOOD: translate("reached"),
        NetworkFinding.ADDRESS: translate("plugged in, has an address"),
        NetworkFinding.NO_ADDRESS: translate("plugged in, no address"),
        NetworkFinding.UNPLUGGED: translate("not connected"),
        NetworkFinding.LOGIN_PAGE: translate("no (a login page)"),
        NetworkFinding.BLOCKED: translate("no"),
        NetworkFinding.UNTRIED: translate("not tried yet"),
    }[seen.finding]
    return [pair(layer, finding), *([text(seen.detail, indent=2)] if seen.detail else [])]


def _steps(invitation: Invitation, translate: Translate) -> list[Block]:
    menu = translate("[Stores-{store}-Enrol box]") if invitation.store else translate("[Stores-Enrol box]")
    enrol = translate("Headquarters {menu} makes a code; hold it to the scanner. Valid {minutes} minutes, once.")
    making = enrol.format(menu=menu.format(store=invitation.store), minutes=invitation.minutes)
    return [
        text(translate("Step 1  no network: scan a network code")),
        text(
            translate("Headquarters on your phone, [Stores-Network]: Wi-Fi, fixed address and proxy codes all work."),
            indent=2,
        ),
        *_second_step(invitation, making, translate),
        text(translate("Step 3  scan the test code")),
        text(translate("The box prints a test slip; scan the code on it and the box is enrolled."), indent=2),
    ]


def _second_step(invitation: Invitation, enrol: str, translate: Translate) -> list[Block]:
    step = translate("Step 2  scan the enrolment code")
    if invitation.spare:
        step = translate("Step 2  scan the code of replacement")
        enrol = translate("Headquarters makes it: [Enrolment], the store, [Replace the box].")
    stick = translate("No line? Plug in the stick with the store's packet, then scan its code.")
    return [text(step), text(enrol, indent=2), text(stick, indent=2)]


def _commands(translate: Translate) -> list[Block]:
    again, passcode = command_code(SetupCommand.INVITE), command_code(SetupCommand.PASSCODE)
    short = text(translate("Cannot scan it? Scan a command:"))
    long = text(translate("Cannot scan it? Scan a command with the scanner:"))
    return [
        either([short], [long]),
        qr(again, caption=translate("Print this again"), millimetres=22),
        qr(passcode, caption=translate("Type 8 characters instead"), millimetres=22),
    ]


def _spaced(left: str, right: str, gap: str = "  ") -> str:
    return gap.join(part for part in (left, right) if part)
