"""What a scanned or typed code is, decided by one pure function from the text and the state of the till.

The order is the shop's: own codes, numbers to look up, own links, articles, scale labels, identity numbers, payment
codes, codes of others. What has two readings asks: asking is free, charging isn't.
"""

import base64
import binascii
import re
from urllib.parse import urlsplit

from agent.core import code_shapes, gs1
from agent.core.recognition import Command, Kind, Recognition, SetupCommand, Situation, TechnicianCommand
from agent.core.scale_labels import ScaleLabel, read_label

__all__ = [
    "CHARACTER_PROBE",
    "Command",
    "Kind",
    "Recognition",
    "SetupCommand",
    "Situation",
    "command_code",
    "receipt_code",
    "recognise",
    "self_test_code",
]

LENGTH_MAX = 512
"""A longer text is refused unread; our longest code has about 250 characters."""

CHARACTER_PROBE = "T1ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz$%*+-./:"
"""Every character of our codes, then those that a wrong keyboard layout or Caps Lock turns into others."""

_PROBE_BEGINS = CHARACTER_PROBE[:16]
"""Long enough that nothing else begins so; what follows may have been changed on its way."""

TEST_NONCE_BYTES_MIN = 10
"""80 bits: nobody guesses one, no two slips share one."""

PASS_PREFIXES = ("C1", "M1", "O1", "P1", "B1", "A1")
_PASS = re.compile(r"(C1|M1|O1|P1|B1|A1)[A-Z2-7]{16,}")
_ENROL = re.compile(r"E1[A-Z2-7]{16,}")
_TEST = re.compile(r"T1[A-Z0-9]{8,}")
_RECEIPT = re.compile(r"R1[A-Z2-7]{8,}")
_COMMAND = re.compile(r"X1[A-Z]{2,20}")
_NUMBER = re.compile(r"[A-Z0-9]{1,10}-[0-9]{1,9}-[0-9]{6,9}(-R[0-9]{1,4})?")


def receipt_code(number: str) -> str:
    """Return the text of a receipt's QR: `R1` and the sale's or refund's number in Base32."""
    return "R1" + base64.b32encode(number.encode()).decode().rstrip("=")


def self_test_code(nonce: bytes) -> str:
    """Return the text of a test slip's QR: `T1` and a random number in Base32. At least 10 bytes prove one slip."""
    if len(nonce) < TEST_NONCE_BYTES_MIN:
        raise ValueError(f"{len(nonce)} bytes may be met again by chance; give {TEST_NONCE_BYTES_MIN}")
    return "T1" + base64.b32encode(nonce).decode().rstrip("=")


def command_code(command: Command | SetupCommand | TechnicianCommand) -> str:
    """Return the text of a command's QR, `X1OPENSHIFT`."""
    return f"X1{command.value}"


def recognise(text: str, situation: Situation) -> Recognition:
    """Say what a text is at this till now. Never raises and never decides that something is charged by guessing."""
    cleaned = text.strip(" \t\r\n")
    refusal = _refusal(cleaned)
    if refusal is not None:
        return Recognition(Kind.UNKNOWN, code=refusal)
    known_item = _known_item(cleaned, situation)
    certain = _own_code(cleaned) or _lookup(cleaned) or _own_link(cleaned, situation)
    if certain is not None:
        return certain if known_item is None else _ask("code.two_readings", certain, known_item)
    articles = [reading for reading in (known_item, *_scale_items(cleaned, situation)) if reading is not None]
    payment = _payment(cleaned)
    if articles:
        return _article(cleaned, articles, payment, situation)
    if code_shapes.is_identity_number(cleaned):
        return _identity(cleaned, payment, situation)
    if payment is not None:
        return _payment_now(payment, situation)
    return _unsupported(cleaned) or _unknown_article(cleaned, situation) or _unknown(cleaned)


def _refusal(text: str) -> str | None:
    if not text:
        return "code.empty"
    if len(text) > LENGTH_MAX:
        return "code.too_long"
    return None if all(" " <= character <= "~" for character in text) else "code.characters"


def _own_code(text: str) -> Recognition | None:
    if _PASS.fullmatch(text.upper()):
        # Caps Lock on a keyboard scanner swaps case; Base32 is read in either.
        return Recognition(Kind.PASS, text.upper(), prefix=text[:2].upper())
    if _RECEIPT.fullmatch(text):
        number = _receipt_number(text)
        return None if number is None else Recognition(Kind.RECEIPT, text, number=number)
    if _COMMAND.fullmatch(text) and text[2:] in list(Command):
        return Recognition(Kind.COMMAND, text, command=Command(text[2:]))
    if _COMMAND.fullmatch(text) and text[2:] in list(TechnicianCommand):
        return Recognition(Kind.COMMAND, text, technician=TechnicianCommand(text[2:]))
    if _COMMAND.fullmatch(text) and text[2:] in list(SetupCommand):
        return Recognition(Kind.SETUP, text, setup=SetupCommand(text[2:]))
    if _TEST.fullmatch(text) or text == CHARACTER_PROBE:
        return Recognition(Kind.TEST, text)
    if text.upper().startswith(_PROBE_BEGINS):
        swapped = text.swapcase() == CHARACTER_PROBE
        return Recognition(Kind.TEST, text, code="code.test_case" if swapped else "code.test_characters")
    return Recognition(Kind.ENROL, text) if _ENROL.fullmatch(text) else None


def _receipt_number(text: str) -> str | None:
    body = text[2:]
    try:
        number = base64.b32decode(body + "=" * (-len(body) % 8)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return number if _NUMBER.fullmatch(number) else None


def _lookup(text: str) -> Recognition | None:
    if _NUMBER.fullmatch(text):
        return Recognition(Kind.RECEIPT, text, number=text)
    store = code_shapes.store_of_number(text)
    if store is not None:
        return Recognition(Kind.LOOKUP, text, number=text, store=store)
    platform = code_shapes.platform_number_of(text)
    return None if platform is None else Recognition(Kind.LOOKUP, text, number=text, platform=platform)


def _own_link(text: str, situation: Situation) -> Recognition | None:
    try:
        parts = urlsplit(text)
        own = parts.scheme in ("http", "https") and parts.hostname in situation.own_hosts
    except ValueError:
        return None
    return Recognition(Kind.URL, text) if own else None


def _known_item(text: str, situation: Situation) -> Recognition | None:
    gtin = gs1.gtin_of_link(text) or text
    candidates = [text]
    if gs1.has_right_check(gtin) and len(gtin) in (8, 12, 13, 14):
        padded = gs1.gtin_13(gtin)
        candidates += [gtin, padded, padded.removeprefix("0")]
    found = next((code for code in candidates if situation.has_item(code)), None)
    return None if found is None else Recognition(Kind.ITEM, text, item=found)


def _scale_items(text: str, situation: Situation) -> list[Recognition]:
    padded = gs1.gtin_13(text) if len(text) == 12 else text
    labels = {
        (label.plu, label.amount_fen, label.weight_g): label
        for layout in situation.scale_layouts
        if (label := read_label(padded, layout)) is not None and situation.has_plu(label.plu)
    }
    return [_scale_item(text, label, situation) for label in labels.values()]


def _scale_item(text: str, label: ScaleLabel, situation: Situation) -> Recognition:
    price_fen = situation.plu_price_fen(label.plu)
    differs = price_fen is not None and label.agrees_with(price_fen) is False
    return Recognition(
        Kind.SCALE_ITEM,
        text,
        code="code.scale_price_differs" if differs else None,
        item=label.plu,
        weight_g=label.weight_g,
        amount_fen=label.amount_fen,
    )


def _article(text: str, articles: list[Recognition], payment: Recognition | None, situation: Situation) -> Recognition:
    first = articles[0]
    if len(articles) > 1:
        return _ask("code.two_readings", *articles)
    if payment is not None and situation.takes_payment and not _is_proved_by_price(first, situation):
        return _ask("code.label_or_payment", first, payment)
    return _ask("code.scale_price_differs", first) if first.code else first


def _is_proved_by_price(reading: Recognition, situation: Situation) -> bool:
    """Amount = weight × price leaves a payment code one chance in some ten thousand: it is a label."""
    if reading.kind is not Kind.SCALE_ITEM or reading.item is None or reading.code is not None:
        return False
    has_both = reading.amount_fen is not None and reading.weight_g is not None
    return has_both and situation.plu_price_fen(reading.item) is not None


def _identity(text: str, payment: Recognition | None, situation: Situation) -> Recognition:
    identity = Recognition(Kind.UNKNOWN, code="code.identity_number", masked=code_shapes.masked(text))
    if payment is not None and situation.takes_payment:
        return _ask("code.identity_number", identity, payment)
    return _ask("code.identity_number", identity)


def _payment(text: str) -> Recognition | None:
    platform = code_shapes.wallet_of(text)
    if platform is None:
        return None
    return Recognition(Kind.PAYMENT_CODE, text, platform=platform, masked=code_shapes.masked(text))


def _payment_now(payment: Recognition, situation: Situation) -> Recognition:
    if situation.takes_payment:
        return payment
    code = "code.log_in_first" if situation.login else "code.total_first"
    return Recognition(Kind.ASK, code=code, platform=payment.platform, masked=payment.masked)


def _unsupported(text: str) -> Recognition | None:
    name = code_shapes.unsupported_of(text)
    if name is None:
        return None
    return Recognition(Kind.NAMED_UNSUPPORTED, code=f"code.{name}", platform=name, masked=code_shapes.masked(text))


def _unknown_article(text: str, situation: Situation) -> Recognition | None:
    gtin = gs1.gtin_of_link(text) or text
    if not gs1.has_right_check(gtin) or len(gtin) not in (8, 12, 13, 14):
        return None
    inner = gs1.inner_of_case(gtin)
    if inner is not None and situation.has_item(inner):
        return _ask("code.case_of_item", Recognition(Kind.ITEM, text, item=inner))
    padded = gs1.gtin_13(gtin)
    if len(padded) == 13 and padded.startswith(("02", "2")):
        return Recognition(Kind.UNKNOWN, text, code="code.scale_label_unknown")
    return Recognition(Kind.ITEM, text, code="code.item_not_in_catalogue", item=padded, known=False)


def _unknown(text: str) -> Recognition:
    if text[:2] in (*PASS_PREFIXES, "E1", "R1", "T1", "X1"):
        code = "code.unknown_command" if text.startswith("X1") else "code.damaged"
    elif code_shapes.is_courier_number(text):
        code = "code.courier"
    elif text.lower().startswith(("http://", "https://")):
        code = "code.foreign_link"
    elif gs1.is_digits(text) and len(text) in (8, 12, 13, 14):
        code = "code.check_digit"
    else:
        code = "code.unknown"
    return Recognition(Kind.UNKNOWN, text, code=code)


def _ask(code: str, *readings: Recognition) -> Recognition:
    return Recognition(Kind.ASK, code=code, readings=readings)
