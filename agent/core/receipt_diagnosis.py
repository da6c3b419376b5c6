"""The slip of an examination: what is not well at this box, each with its remedy and the code to read out. Pure.

Short on purpose: it is read at the counter, and whoever helps on the telephone finds the rest by the four characters.
"""

from dataclasses import dataclass

from agent.core.receipt_parts import Block, Document, Translate, both, centred, document, pair, rule, text

COMPLAINTS_MAX = 8
"""More do not help at a counter; the first ones usually are the cause of the others."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is not well, in the language of the slips. `fails`: it does not work; else the shop trades on."""

    fails: bool
    sentence: str
    remedy: str
    help_code: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at, by whom and when, and what came of it. `looked_at` counts everything."""

    store: str
    box: str
    version: str
    written_at: str
    looked_at: int
    complaints: tuple[Complaint, ...] = ()


def examination_document(examined: Examined, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the slip: failures first, then what is degraded, at most COMPLAINTS_MAX of them."""
    title = translate("BOX CHECK")
    ordered = sorted(examined.complaints, key=lambda one: not one.fails)
    blocks: list[Block] = [
        centred(title, "double"),
        both(f"{examined.store} / {examined.box}", translate("version {version}").format(version=examined.version)),
        text(translate("Time {time}").format(time=examined.written_at)),
        rule("="),
        *(block for one in ordered[:COMPLAINTS_MAX] for block in _complaint(one, translate)),
        *_end(examined, translate),
        text(translate("Not for customers")),
    ]
    return document(f"{title} {examined.box}", language, blocks)


def _complaint(one: Complaint, translate: Translate) -> list[Block]:
    mark = translate("[wrong]") if one.fails else translate("[look]")
    return [pair(f"{mark}{one.sentence}", one.help_code), text(one.remedy, indent=2), rule()]


def _end(examined: Examined, translate: Translate) -> list[Block]:
    count = len(examined.complaints)
    if not count:
        return [centred(translate("All is well"), "tall"), text(_looked_at(examined.looked_at, translate)), rule()]
    blocks = [text(_looked_at(examined.looked_at, translate))]
    if count > COMPLAINTS_MAX:
        more = translate("{count} more: storebox doctor").format(count=count - COMPLAINTS_MAX)
        blocks.append(text(more))
    return [*blocks, text(translate("On the telephone read out the four characters.")), rule()]


def _looked_at(count: int, translate: Translate) -> str:
    return translate("{count} things were looked at").format(count=count)
