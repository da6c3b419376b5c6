"""docs/doctor.md says of every code what the program says: its tables are the sentences, word for word."""

import ast
import re
from pathlib import Path

import pytest

from agent.core import sentences_diagnosis, sentences_drill
from agent.core.drill import Step
from agent.core.sentences import help_code, known_codes, sentence_for
from agent.diagnosis.examine import PARTS

ROOT = Path(__file__).resolve().parents[3]
PAGES = {"en": ROOT / "docs" / "doctor.md", "zh": ROOT / "docs" / "doctor.zh-CN.md"}
HEADS = {"en": "| help | code | what you read | what to do |", "zh": "| 求助码 | 代码 | 看到的话 | 怎么办 |"}
FINDERS = ("failing", "degraded", "make", "Broken", "Refused", "UnknownOutcome", "TryLater")


def codes() -> list[str]:
    """Return every code that an examination or a drill can report by itself."""
    found = {code for table in (sentences_diagnosis, sentences_drill) for code in table.SENTENCES}
    for part in (ROOT / "agent" / "diagnosis").glob("*.py"):
        if part.name.startswith("bundle") or part.name == "closed.py":
            continue
        for node in ast.walk(ast.parse(part.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FINDERS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and first.value in known_codes():
                    found.add(str(first.value))
    return sorted(found)


def table(language: str) -> list[str]:
    """Return the lines of the table as the page has to have them."""
    rows = [HEADS[language], "|---|---|---|---|"]
    for code in codes():
        said = sentence_for(code, {name: f"‹{name}›" for name in re.findall(r"\{(\w+)\}", _template(code))})
        title, remedy = (said.zh_title, said.zh_remedy) if language == "zh" else (said.en_title, said.en_remedy)
        rows.append(f"| `{help_code(code)}` | `{code}` | {title} | {_cell(remedy)} |")
    return rows


def _template(code: str) -> str:
    from agent.core.sentences import TABLES

    return "".join(next(texts for texts in (one.get(code) for one in TABLES) if texts is not None))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


@pytest.mark.parametrize("language", PAGES)
def test_the_page_has_every_code_as_the_program_says_it(language: str) -> None:
    lines = [line for line in PAGES[language].read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    kept = lines[lines.index(HEADS[language]) :]
    wanted = [line for line in table(language) if not line.startswith("|---")]
    assert kept == wanted, "\n".join(["the table has to be:", *table(language)])


@pytest.mark.parametrize("language", PAGES)
def test_the_page_names_every_part_and_every_step(language: str) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    assert [part for part in PARTS if f"`{part}`" not in text] == []
    assert [step.value for step in Step if f"`{step.value}`" not in text] == []
