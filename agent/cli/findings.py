"""One finding of `storebox doctor`: what was looked at, how it is, by which evidence, and what to do."""

from dataclasses import dataclass
from typing import Literal

from agent.core.errors import StoreboxError

State = Literal["ok", "degraded", "fail"]
Said = tuple[str, str]
"""Chinese and English."""
NOTHING: Said = ("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    evidence: Said
    remedy: Said = NOTHING
    code: str | None = None
    """The stable code of what is wrong, where there is one."""


def of_error(name: str, error: StoreboxError) -> Finding:
    """Return what an error says, as a finding."""
    from agent.core.sentences import sentence_of

    said = sentence_of(error)
    evidence = (f"{error.code}:{said.zh_title}", f"{error.code}: {said.en_title}")
    return Finding(name, "fail", evidence, (said.zh_remedy, said.en_remedy), code=error.code)
