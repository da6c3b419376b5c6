"""How far setup has come, in `STATE/setup/progress.json`: a power cut in any step finds the step again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken
from agent.core.ports import Entropy
from agent.core.setup import SetupState
from agent.disk import write_private
from agent.store.connection import JOURNAL_FILE
from sync.enrol import load_enrolment

FOLDER = "setup"
FILE = "progress.json"
UNFINISHED = frozenset({SetupState.ENROLLING, SetupState.UNSEALING, SetupState.TESTING})
"""What a restart goes on with although the box has its store: a power cut came before its test slips."""
_NAME_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_NAME_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Progress:
    """What is kept. `code` is the enrolment code whose answer is awaited: a secret until it was used."""

    box: str
    state: SetupState = SetupState.INVITED
    code: str = field(default="", repr=False)


def load_progress(state: Path) -> Progress | None:
    """Return what is kept, None when setup never began; raises `Broken` `setup.progress_damaged`."""
    path = progress_path(state)
    if not path.exists():
        return None
    try:
        document = parse(path.read_bytes())
        if not isinstance(document, Mapping):
            raise TypeError("progress is an object")
        return Progress(str(document["box"]), SetupState(document["state"]), str(document["code"]))
    except (KeyError, TypeError, ValueError, Broken) as error:
        raise Broken("setup.progress_damaged", file=str(path)) from error


def save_progress(state: Path, progress: Progress) -> None:
    """Keep it, whole or not at all, readable by the box's user alone."""
    document = {"box": progress.box, "state": progress.state.value, "code": progress.code}
    write_private(progress_path(state), canonical_bytes(document))


def begun(state: Path, entropy: Entropy) -> Progress:
    """Return the progress of this box; the first call draws its name, which no hardware decides.

    A damaged file is begun anew: nothing in it is worth more than a second scan.
    """
    try:
        known = load_progress(state)
    except Broken:
        known = None
    if known is None:
        drawn = entropy.random_bytes(_NAME_LENGTH)
        name = "".join(_NAME_CHARACTERS[byte % len(_NAME_CHARACTERS)] for byte in drawn)
        known = Progress(f"SB{name}")
        save_progress(state, known)
    return known


def progress_path(state: Path) -> Path:
    """Return where progress is kept."""
    return state / FOLDER / FILE


def needs_setup(state: Path) -> bool:
    """Tell whether a box in this state folder has to be set up first.

    A journal without an enrolment is damage and no blank box: nothing may be enrolled over it.
    """
    try:
        progress = load_progress(state)
    except Broken:
        progress = None
    if load_enrolment(state) is None:
        return not (state / JOURNAL_FILE).exists()
    return progress is not None and progress.state in UNFINISHED
