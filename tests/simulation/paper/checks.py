"""What must hold of paper, spool, journal and cashier's list after each case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from agent.services.shop import Shop
from agent.store import spool
from agent.store.spool import Slip, SlipState
from drivers.emulators.paper import Barcode, Cut, Image, Line, Mark, Qr, line_text
from drivers.emulators.printer import EmulatedPrinter
from drivers.printer.encoder import encode
from tests.simulation.paper.case import Model, document_of

CUT = "✂"
_NAME = "S000000N0-P0"
ENDED = (SlipState.PRINTED, SlipState.PRINTED_UNVERIFIED, SlipState.UNCONFIRMED, SlipState.NOT_PRINTED)


def name_of(case: int, number: int) -> str:
    """A slip's name; all are of one length, so that one printed example stands for all."""
    return f"S{case:06}N{number}-P0"


def tokens_of(marks: Iterable[Mark]) -> list[str]:
    """What a person sees on the paper, one text a thing."""
    tokens = []
    for mark in marks:
        match mark.op:
            case Line() as line:
                tokens.append(line_text(line).strip())
            case Qr(payload):
                tokens.append("QR " + payload.decode("utf-8", "replace"))
            case Image(width, height, rows):
                tokens.append(f"{width}x{height} {hash(rows)}")
            case Barcode(payload):
                tokens.append("bars " + payload.decode("ascii", "replace"))
            case Cut():
                tokens.append(CUT)
    return [token for token in tokens if token]


@cache
def _example(model: Model, length: str) -> tuple[str, ...]:
    return tuple(_printed(model, document_of(_NAME, length)))


def _printed(model: Model, document: dict[str, Any]) -> list[str]:
    printer = EmulatedPrinter(model.emulated)
    data = encode(document, model.profile)
    while data:
        printer.feed(data[:512])
        data = data[512:]
    assert not printer.dropped_bytes and not printer.unknown_bytes
    return tokens_of(printer.marks)


def slip_tokens(model: Model, slip: str, length: str) -> list[str]:
    """What is on the paper when this slip is there whole."""
    if length == "coded":  # dots can't be renamed
        return _printed(model, document_of(slip, length))
    return [token.replace(_NAME, slip) for token in _example(model, length)]


class Paper:
    """The roll, read after a case."""

    def __init__(self, model: Model, marks: Iterable[Mark]) -> None:
        self.model = model
        self.tokens = tokens_of(marks)

    def whole(self, slip: str, length: str) -> list[int]:
        """Where the slip's text stands whole, copies included: the places after its last line."""
        wanted = [token for token in slip_tokens(self.model, slip, length) if token != CUT]
        size = len(wanted)
        return [
            at + size
            for at, token in enumerate(self.tokens)
            if token == wanted[0] and self.tokens[at : at + size] == wanted
        ]

    def begun(self, slip: str) -> int:
        """How often the slip's first line is there."""
        return self.tokens.count(f"单号 {slip} 起")

    def originals(self, slip: str, length: str) -> list[int]:
        """As `whole`, without those that say that they are copies."""
        size = len([token for token in slip_tokens(self.model, slip, length) if token != CUT])
        return [at for at in self.whole(slip, length) if not self._marked(at - size)]

    def _marked(self, start: int) -> bool:
        before = self.tokens[max(0, start - 4) : start]
        while CUT in before:
            before = before[before.index(CUT) + 1 :]
        return any("重印" in token for token in before)


def spool_of(shop: Shop) -> list[Slip]:
    """Every slip, in the order of the queue."""
    names = [name for (name,) in shop.read().execute("SELECT slip FROM spool ORDER BY number")]
    return [slip for name in names if (slip := spool.find_slip(shop.read(), name)) is not None]


def wrong_about_slip(paper: Paper, slip: Slip, length: str) -> list[str]:
    """What the spool claims about a first slip and the paper does not show."""
    found = paper.originals(slip.slip, length)
    wrong = []
    if slip.state not in ENDED:
        wrong.append(f"{slip.slip} is {slip.state} ({slip.code}) for ever")
    if len(found) > 1:
        wrong.append(f"{slip.slip} is on paper {len(found)} times")
    if slip.state is SlipState.PRINTED:
        if paper.model.profile.process_ids or paper.model.profile.fence:
            wrong += _wrong_about_printed(paper, slip, found)
        else:
            wrong.append(f"{slip.slip} is printed by the word of a printer that has none")
    return wrong


def _wrong_about_printed(paper: Paper, slip: Slip, found: Sequence[int]) -> list[str]:
    if not found:
        return [f"{slip.slip} is printed ({slip.code}) and not whole on paper; begun {paper.begun(slip.slip)} times"]
    if slip.code == "printer.printed" and paper.model.profile.cutter and paper.tokens[found[0] : found[0] + 1] != [CUT]:
        return [f"{slip.slip} is printed and not cut off"]
    return []
