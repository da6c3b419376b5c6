"""One finding of `storebox doctor`: what was looked at, how it is, by which evidence, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.core.errors import StoreboxError
from agent.core.sentences import help_code, sentence_for, sentence_of

State = Literal["ok", "degraded", "fail"]
Said = tuple[str, str]
"""Chinese and English."""
NOTHING: Said = ("", "")
Value = int | str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. What is not well has a stable code, a sentence and a remedy; `ok` has none."""

    name: str
    state: State
    evidence: Said
    """What was measured or read, for a person who asks why."""
    remedy: Said = NOTHING
    code: str | None = None
    sentence: Said = NOTHING
    part: str = ""
    """Which part of the examination it belongs to; the runner fills it in."""

    @property
    def help_code(self) -> str:
        """Return the four characters to read out on the telephone, empty when all is well."""
        return help_code(self.code) if self.code else ""

    def as_row(self) -> dict[str, Any]:
        """Return it as one row of the JSON document."""
        return {
            "part": self.part,
            "name": self.name,
            "state": self.state,
            "code": self.code,
            "help": self.help_code or None,
            "sentence": _both(self.sentence),
            "evidence": _both(self.evidence),
            "remedy": _both(self.remedy),
        }


def well(name: str, zh: str, en: str) -> Finding:
    """Return the finding that something is as it should be."""
    return Finding(name, "ok", (zh, en))


def degraded(code: str, name: str, evidence: Said, **values: Value) -> Finding:
    """Return the finding that something is not well and the shop trades all the same."""
    return _of_code(code, name, "degraded", evidence, values)


def failing(code: str, name: str, evidence: Said, **values: Value) -> Finding:
    """Return the finding that something does not work."""
    return _of_code(code, name, "fail", evidence, values)


def of_error(name: str, error: StoreboxError, state: State = "fail") -> Finding:
    """Return what an error says, as a finding."""
    said = sentence_of(error)
    values = ", ".join(f"{key}={value}" for key, value in error.values.items())
    evidence = f"{error.code} ({values})" if values else error.code
    remedy = (said.zh_remedy or said.zh_detail, said.en_remedy or said.en_detail)
    return Finding(name, state, (evidence, evidence), remedy, error.code, (said.zh_title, said.en_title))


def _of_code(code: str, name: str, state: State, evidence: Said, values: Mapping[str, Value]) -> Finding:
    said = sentence_for(code, values)
    remedy = (said.zh_remedy or said.zh_detail, said.en_remedy or said.en_detail)
    return Finding(name, state, evidence, remedy, code, (said.zh_title, said.en_title))


def _both(said: Said) -> dict[str, str] | None:
    return {"zh": said[0], "en": said[1]} if any(said) else None
