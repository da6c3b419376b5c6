"""Small slips: pending payment, pre-bill, drawer, and the card of command codes. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.codes import Command, command_code
from agent.core.money import yuan
from agent.core.receipt_parts import (
    ORIGINAL,
    Block,
    Document,
    Marks,
    Person,
    Shop,
    SlipLine,
    Translate,
    centred,
    document,
    for_customers,
    items,
    marks,
    money,
    pair,
    qr,
    rule,
    signature,
    table_text,
    text,
    wide_item_head,
)


@dataclass(frozen=True, slots=True)
class PendingSlip:
    """A payment whose outcome nobody knows yet, and the tender that was taken instead, if any.

    `second` None: nothing else was taken. `code` is the QR by which the customer asks how it stands.
    """

    shop: Shop
    sale: str
    short_number: str
    written_at: str
    platform: str
    amount_fen: int
    cashier: Person
    second: str | None = None
    second_fen: int = 0
    approver: Person | None = None
    code: str | None = None
    marks: Marks = ORIGINAL


@dataclass(frozen=True, slots=True)
class PreBill:
    """The itemised list before payment; `code` is the link by which the customer's phone pays."""

    shop: Shop
    sale: str
    lines: tuple[SlipLine, ...]
    total_fen: int
    table: str | None = None
    guests: int | None = None
    code: str | None = None
    marks: Marks = ORIGINAL


class DrawerMove(StrEnum):
    """Why the drawer was opened without a sale."""

    NO_SALE = "no_sale"
    PAID_IN = "paid_in"
    PAID_OUT = "paid_out"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class DrawerSlip:
    """Proof of a movement of the drawer; `second` approved or witnessed it, `bag` is the number of a drop's bag."""

    shop: Shop
    move: DrawerMove
    written_at: str
    till: str
    staff: Person
    amount_fen: int
    reason: str = ""
    bag: str = ""
    second: Person | None = None
    marks: Marks = ORIGINAL


@dataclass(frozen=True, slots=True)
class CommandCard:
    """The card of QR commands by which a till runs with scanner and printer alone."""

    shop: Shop
    commands: tuple[Command, ...] = tuple(Command)


def pending_document(slip: PendingSlip, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the slip that a customer keeps while a payment's outcome is unknown."""
    blocks = [
        centred(translate("PAYMENT TO BE LOOKED UP"), "tall"),
        centred(slip.shop.full_name),
        *marks(slip.marks, translate),
        rule(),
        text(translate("Sale {number}").format(number=slip.sale)),
        text(translate("Time {time}").format(time=slip.written_at)),
        *_attempts(slip, translate),
        rule(),
        text(_promise(slip, translate)),
    ]
    if slip.shop.phone:
        blocks.append(text(translate("Ask how it stands: {phone}").format(phone=slip.shop.phone)))
        blocks.append(text(translate("and give the number {number}").format(number=slip.short_number)))
    if slip.code:
        blocks.append(qr(slip.code, caption=translate("how it stands")))
    approved = translate("Approved {person}").format(person=slip.approver) if slip.approver else ""
    blocks.append(pair(str(slip.cashier), approved))
    return document(f"{translate('Pending payment')} {slip.sale}", language, blocks)


def _attempts(slip: PendingSlip, translate: Translate) -> list[Block]:
    blocks = [
        money(translate("First {name}").format(name=slip.platform), slip.amount_fen),
        text(translate("no network: charged or not is unknown"), indent=2),
    ]
    if slip.second is not None:
        blocks.append(money(translate("Second {name}").format(name=slip.second), slip.second_fen))
        blocks.append(text(translate("received"), indent=2))
    return blocks


def _promise(slip: PendingSlip, translate: Translate) -> str:
    if slip.second is None:
        promise = translate(
            "It is looked up by itself once the network is back. If {platform} has charged {amount} yuan, this sale "
            "is paid: come with this slip. If not, nothing is owed."
        )
    else:
        promise = translate(
            "It is looked up by itself once the network is back. If {platform} has charged {amount} yuan, the money "
            "goes back to your {platform} by itself; there is no need to come again."
        )
    return promise.format(platform=slip.platform, amount=yuan(slip.amount_fen))


def prebill_document(slip: PreBill, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the itemised list that is shown before payment."""
    blocks = [
        centred(translate("BILL (not paid yet)"), "tall"),
        centred(slip.shop.full_name),
        *marks(slip.marks, translate),
    ]
    table = table_text(slip.table, slip.guests, translate)
    if table:
        blocks.append(text(table))
    blocks += [
        text(translate("Sale {number}").format(number=slip.sale)),
        rule(),
        *wide_item_head(translate),
        *items(slip.lines),
        rule(),
        pair(translate("Total"), f"￥{yuan(slip.total_fen)}", "tall"),
        text(translate("Member prices and coupons are taken off when you pay")),
    ]
    if slip.code:
        blocks.append(qr(slip.code, caption=translate("scan to pay, WeChat or Alipay")))
    blocks += [centred(translate("or pay cash at the till")), text(translate("This is no proof of payment"))]
    return for_customers(document(f"{translate('Bill')} {slip.sale}", language, blocks))


def drawer_document(slip: DrawerSlip, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the slip of a drawer movement, with room for two signatures."""
    title = {
        DrawerMove.NO_SALE: translate("DRAWER OPENED"),
        DrawerMove.PAID_IN: translate("CASH PAID IN"),
        DrawerMove.PAID_OUT: translate("CASH PAID OUT"),
        DrawerMove.DROP: translate("CASH TO THE SAFE"),
    }[slip.move]
    till = translate("Till {till}").format(till=slip.till)
    blocks = [
        centred(title, "tall"),
        centred(slip.shop.full_name),
        *marks(slip.marks, translate),
        rule(),
        text(translate("Time {time}").format(time=slip.written_at)),
        pair(till, str(slip.staff)),
    ]
    if slip.move is not DrawerMove.NO_SALE:
        blocks.append(pair(translate("Amount"), f"￥{yuan(slip.amount_fen)}", "tall"))
    if slip.bag:
        blocks.append(text(translate("Bag {number}").format(number=slip.bag)))
    if slip.reason:
        blocks.append(text(translate("Reason {reason}").format(reason=slip.reason)))
    blocks += [rule(), signature(translate("Cashier signs"))]
    if slip.second is not None:
        blocks.append(text(translate("Second person {person}").format(person=slip.second)))
        blocks.append(signature(translate("Second person signs")))
    return document(title, language, blocks)


def command_caption(command: Command, translate: Translate) -> str:
    """Return what a command does, in two or three words."""
    return {
        Command.OPENSHIFT: translate("Open the shift"),
        Command.SUBTOTAL: translate("Total"),
        Command.CASH: translate("Take cash"),
        Command.CANCEL: translate("Cancel this sale"),
        Command.HOLD: translate("Hold this sale"),
        Command.RECALL: translate("Recall a sale"),
        Command.REPRINT: translate("Reprint the last slip"),
        Command.NOSALE: translate("Open the drawer"),
        Command.PAID: translate("Find a payment"),
        Command.XREPORT: translate("Shift so far (X)"),
        Command.ZREPORT: translate("Close the shift (Z)"),
        Command.HELP: translate("Help"),
        Command.DOCTOR: translate("Check box"),
    }[command]


def command_card_document(card: CommandCard, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the card of command codes, each with what it does above and its text below."""
    blocks = [
        centred(translate("COMMAND CARD"), "double"),
        centred(card.shop.full_name),
        text(translate("Scan a code instead of touching the screen. Keep the card at the till.")),
    ]
    for command in card.commands:
        code = command_code(command)
        blocks += [rule(), centred(command_caption(command, translate), "double"), qr(code, caption=code)]
    return document(translate("COMMAND CARD"), language, [*blocks, rule()])
