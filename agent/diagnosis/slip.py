"""Findings as they go to paper: what is not well, in the language of the slips."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.core.receipt_diagnosis import Complaint
from agent.diagnosis.finding import Finding
from agent.diagnosis.site import Site

if TYPE_CHECKING:
    from agent.daemon.box import Box


def complaints_of(findings: Sequence[Finding], language: str) -> list[Complaint]:
    """Return what is not well; several findings of one code with one remedy are said once."""
    chosen = 0 if language.startswith("zh") else 1
    found = [
        Complaint(one.state == "fail", one.sentence[chosen], one.remedy[chosen], one.help_code)
        for one in findings
        if one.state != "ok"
    ]
    return list(dict.fromkeys(found))


def examine_running_box(box: "Box", language: str) -> tuple[int, list[Complaint]]:
    """Examine the box that runs in this very process, for the slip of its command card."""
    from agent.diagnosis.examine import examine

    findings = examine(Site(box.settings, known=box.devices.known))
    return len(findings), complaints_of(findings, language)
