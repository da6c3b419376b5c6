"""The data of the slip of an examination: a box with three things that are not well, and one without any."""

from dataclasses import replace

from agent.core.chain import Identity
from agent.core.drill import Step, StepState
from agent.core.receipt_diagnosis import Complaint, Examined
from agent.core.sentences import help_code, sentence_for
from agent.diagnosis.drill_record import DrillRecord, StepRecord

_FOUND: tuple[tuple[bool, str, dict[str, int | str]], ...] = (
    (False, "clock.unsynchronised", {}),
    (True, "node.not_in_group", {"device": "receipt1", "group": "lp", "user": "storebox"}),
    (True, "network.captive_portal", {"page": "http://10.1.1.1/login"}),
)


def _complaints(chosen: int) -> tuple[Complaint, ...]:
    said = [(fails, code, sentence_for(code, values)) for fails, code, values in _FOUND]
    titles = [(one.zh_title, one.en_title)[chosen] for _, _, one in said]
    remedies = [(one.zh_remedy, one.en_remedy)[chosen] for _, _, one in said]
    return tuple(
        Complaint(fails, title, remedy, help_code(code))
        for (fails, code, _), title, remedy in zip(said, titles, remedies, strict=True)
    )


EXAMINED = Examined("S001", "SB-7K2M-QX", "1.4.0", "2026-10-03 12:41:07", 32, _complaints(0))
EXAMINED_EN = replace(EXAMINED, complaints=_complaints(1))
EXAMINED_WELL = replace(EXAMINED, complaints=())

DRILLED = DrillRecord(
    Identity("S001", "B1", 2),
    "1",
    1_790_995_200_000,
    1_790_995_500_000,
    (
        StepRecord(Step.WAN, StepState.PASSED),
        StepRecord(Step.POWER, StepState.PASSED),
        StepRecord(Step.PAPER, StepState.FAILED, "drill.slip_doubtful"),
        StepRecord(Step.SCANNER, StepState.PASSED),
        StepRecord(Step.PLATFORM, StepState.LEFT_OUT),
    ),
    "D1" + "AEAAAAACAAAADIQ572FA4AIBAEBAHL2JNXI6SCBEXRO6I5LIAKI6MZCTGA" * 3,
)
"""Its code has the length of a real one and is signed by nobody."""
