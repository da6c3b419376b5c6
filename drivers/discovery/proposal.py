"""Which profile fits a printer that was examined, and what nobody but the paper can tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from drivers.discovery.examine import Examination
from drivers.printer.identity import repertoire_of
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
    COUNTERS = "counters"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A profile by name and the doubts about it, most important first."""

    profile: str
    doubts: tuple[Doubt, ...]


def propose(seen: Examination, profiles: Mapping[str, PrinterProfile], model: str = "") -> Proposal:
    """The profile that fits best. `model` is what else is known of the model (device ID, USB name).

    A profile is about a model when a word of its title begins the model's name: "TM-T88" in its title fits a TM-T88V.
    """
    named = seen.identity.model or model
    known = profiles_of_model(named, profiles)
    doubts = [Doubt.SILENT] if not seen.answers else [Doubt.BLOCKED] if seen.health.blocked else []
    if not known:
        doubts.append(Doubt.MODEL)
    if len(known) > 1 or not (known or _NARROW.search(named) or _WIDE.search(named)):
        doubts.append(Doubt.WIDTH)
    if not seen.answers:
        return Proposal(known[0] if known else "write-only", tuple(doubts))
    if not known:
        doubts += [Doubt.CUTTER, Doubt.NATIVE_QR]
    chosen = known[0] if known else "pos58" if _NARROW.search(named) else "pos80"
    profile = profiles.get(chosen)
    return Proposal(chosen, (*doubts, *(_contradictions(seen, profile) if profile is not None else ())))


def profiles_of_model(model: str, profiles: Mapping[str, PrinterProfile]) -> list[str]:
    """The profiles whose titles name this model by their longest word, the plainest name first; mostly one or none."""
    words = [(word, name) for name, profile in profiles.items() for word in _MODEL_WORD.findall(profile.title.upper())]
    fitting = [(len(word), name) for word, name in words if model.upper().startswith(word)]
    longest = max((length for length, _ in fitting), default=0)
    return sorted((name for length, name in fitting if length == longest), key=lambda name: (len(name), name))


def _contradictions(seen: Examination, profile: PrinterProfile) -> list[Doubt]:
    """What the profile says and the printer did not show, or showed otherwise."""
    asked = {
        Doubt.PROCESS_IDS: (seen.process_ids, profile.process_ids),
        Doubt.FENCE: (seen.fence, profile.fence),
        Doubt.AUTOMATIC_STATUS: (seen.automatic_status, profile.automatic_status),
        Doubt.COUNTERS: (seen.counters, profile.counters),
    }
    found = [doubt for doubt, (shown, claimed) in asked.items() if shown is not None and shown != claimed]
    # A font narrower than the profile's is known to the driver, which then sends less.
    return [*found, Doubt.CHARSET] if repertoire_of(seen.identity.font) in (None, "none") else found
