"""The slips of a drill: one thing to do each, and at the end how it went, with the box's signature as a code."""

from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.codes import command_code
from agent.core.drill import Step, StepState
from agent.core.receipt_parts import Block, Document, centred, document, pair, qr, rule, signature, text
from agent.core.recognition import TechnicianCommand
from agent.core.sentences import sentence_for
from agent.diagnosis import drill_words as words
from agent.diagnosis.drill_record import DrillRecord, StepRecord
from agent.diagnosis.drill_words import WORDS, chosen


def advice(step: Step, state: StepState, language: str, *, can_skip: bool = False) -> Document:
    """Return the slip that tells what to break, or what to mend; with `can_skip` it has the code that leaves it out."""
    said = WORDS[step]
    what = said.break_it if state is StepState.ASKED else said.mend_it
    title = chosen(said.title, language)
    not_for_customers = text(chosen(words.NOT_FOR_CUSTOMERS, language))
    blocks: list[Block] = [centred(title, "tall"), rule(), text(chosen(what, language))]
    if can_skip:
        blocks.append(qr(command_code(TechnicianCommand.DRILLSKIP), caption=chosen(words.SKIP, language)))
    return document(title, language, [*blocks, not_for_customers])


def pass_slip(record: DrillRecord, zone: ZoneInfo, language: str) -> Document:
    """Return the slip of a drill that is over."""
    title = chosen(words.PASSED if record.drilled().passed else words.NOT_PASSED, language)
    identity, at = record.identity, datetime.fromtimestamp(record.at_ms / 1000, zone)
    store = chosen(words.STORE, language).format(store=identity.store, box=identity.box, epoch=identity.epoch)
    blocks: list[Block] = [
        centred(title, "double"),
        text(store),
        text(chosen(words.TIME, language).format(time=at.strftime("%Y-%m-%d %H:%M:%S"))),
        rule("="),
        *(block for one in record.steps for block in _step(one, language)),
        rule(),
        qr(record.code, caption=chosen(words.SIGNED_BY_BOX, language), millimetres=35),
        signature(chosen(words.TECHNICIAN, language)),
        signature(chosen(words.MANAGER, language)),
        text(chosen(words.NOT_FOR_CUSTOMERS, language)),
    ]
    return document(title, language, blocks)


def _step(one: StepRecord, language: str) -> list[Block]:
    blocks = [pair(chosen(WORDS[one.step].title, language), chosen(words.STATES[one.state], language))]
    if one.code is not None:
        said = sentence_for(one.code)
        blocks.append(text(chosen((said.zh_title, said.en_title), language), indent=2))
    return blocks
