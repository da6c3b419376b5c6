"""Which profile fits a printer that was examined, and what nobody but the paper can tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from drivers.discovery.examine import Examination
from drivers.printer.profiles import PrinterProfile

_MODEL_WORD = re.compile(r"[A-Z][A-Z-]*\d+[A-Z0-9-]*")
_NARROW, _WIDE = re.compile(r"(?<!\d)5[78](?!\d)"), re.compile(r"(?<!\d)8[0238](?!\d)")


class Doubt(Enum):
    """What a proposal is not sure of; the self-test slip answers the most."""

    MODEL = "model"
    """No profile is about this model; the proposed one is of its kind."""
    SILENT = "silent"
    """It answered nothing: a model that never does, or a wrong speed, wiring or flow control."""
    BLOCKED = "blocked"
    """It needs help (paper, cover) before the rest can be asked."""
    WIDTH = "width"
    CUTTER = "cutter"
    NATIVE_QR = "native_qr"
    CHARSET = "charset"
    PROCESS_IDS = "process_ids"
    FENCE = "fence"
    AUTOMATIC_STATUS = "automatic_status"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A profile by name and the doubts about it, most important first."""

    profile: str
    doubts: tuple[Doubt, ...]


def propose(seen: Examination, profiles: Mapping[str, PrinterProfile], model: str = "") -> Proposal:
    """The profile that fits best. `model` is what else is known of the model (device ID, USB name).

    A profile is about a model when a word of its title begins the model's name: "TM-T88" in its title fits a TM-T88V.
    """
    named = seen.model or model
    exact = profile_of_model(named, profiles)
    if not seen.answers:
        return Proposal(exact or "write-only", (Doubt.SILENT, *([] if exact else [Doubt.MODEL, Doubt.WIDTH])))
    chosen = exact or ("pos58" if _NARROW.search(named) else "pos80")
    doubts = [Doubt.BLOCKED] if seen.health.blocked else []
    if exact is None:
        doubts.append(Doubt.MODEL)
        if not (_NARROW.search(named) or _WIDE.search(named)):
            doubts.append(Doubt.WIDTH)
        doubts += [Doubt.CUTTER, Doubt.NATIVE_QR]
    profile = profiles.get(chosen)
    if profile is not None:
        doubts += _contradictions(seen, profile)
    return Proposal(chosen, tuple(doubts))


def profile_of_model(model: str, profiles: Mapping[str, PrinterProfile]) -> str | None:
    """The profile whose title names this model, the longest name first."""
    words = [(word, name) for name, profile in profiles.items() for word in _MODEL_WORD.findall(profile.title.upper())]
    spoken = model.upper()
    return next((name for word, name in sorted(words, key=lambda one: -len(one[0])) if spoken.startswith(word)), None)


def _contradictions(seen: Examination, profile: PrinterProfile) -> list[Doubt]:
    """What the profile says and the printer did not show, or showed otherwise."""
    asked = {
        Doubt.PROCESS_IDS: (seen.process_ids, profile.process_ids),
        Doubt.FENCE: (seen.fence, profile.fence),
        Doubt.AUTOMATIC_STATUS: (seen.automatic_status, profile.automatic_status),
    }
    found = [doubt for doubt, (shown, claimed) in asked.items() if shown is not None and shown != claimed]
    font = seen.font.upper().replace("-", "")
    if not any(word in font for word in ("GB2312", "GBK", "GB18030")) or profile.charset.repertoire.upper() not in font:
        found.append(Doubt.CHARSET)
    return found
