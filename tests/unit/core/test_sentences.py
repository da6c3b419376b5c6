"""Every code of the product has its sentences, and every sentence keeps the tone."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperGroup
from typer.main import get_group

from agent.cli.app import NOUNS as NOUNS_OF_COMMANDS
from agent.cli.app import LazyNoun, present
from agent.core import events, events_matching, events_rescue, sentences, shift, undoing, verbs
from agent.core.errors import Broken, Credentials, Family, Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.reconcile.workflow import DifferenceAct
from agent.core.roles import Role
from agent.core.sentences import MISSING, TABLES, help_code, known_codes, sentence_for, sentence_of
from agent.core.sentences_codes import Texts
from agent.core.sentences_staff import ACT_WORDS
from agent.daemon.control import VERBS
from agent.setup.run import VERBS as VERBS_OF_SETUP
from drivers.drawer import DrawerState
from sync.hq.books.note_kinds import BookNote, MoneyNote
from sync.hq.cli import app as hq_app
from sync.hq.directives.note_kinds import FleetNote
from tests.shops import config

ROOT = Path(__file__).resolve().parents[3]
RAISED = {
    "StoreboxError",
    "Refused",
    "TryLater",
    "UnknownOutcome",
    "Credentials",
    "Broken",
    "Fault",
    "DeviceError",
    "DeviceGone",
    "DeviceTimeout",
    "DocumentError",
    "EmulatorError",
    "Reason",
    "failing",
    "degraded",
    "make",
}
CODE = re.compile(r"[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z0-9]+)*")
FILES = re.compile(
    r"\.(?:toml|json|jsonl|db|html|js|css|svg|cfg|key|pub|new|mo|py|csv|txt|log|gz|service|sock|lock|png)$"
)
FORBIDDEN = ("系统错误", "失败", "异常", "超时", "请联系管理员")
FORBIDDEN_EN = ("error", "fail", "timeout", "timed out", "administrator", "invalid", "your fault")
COMMAND_OF_HQ = re.compile(r"storebox-hq ([a-z]+)(?: ([a-z][a-z-]*))?")
TITLE_CHARACTERS = 16
BY_DEVICE = ("printer", "scanner", "display", "scale")
NOUNS = frozenset(code.partition(".")[0] for code in known_codes())
ENTRIES = frozenset(
    kind
    for place in (events, events_matching, events_rescue, shift, undoing, verbs)
    for name in vars(place)
    if isinstance(kind := getattr(getattr(place, name), "KIND", None), str)
) | {"hq.rolled_back", "clock.jumped", *BookNote, *MoneyNote, *FleetNote, *DifferenceAct}
"""Kinds of entries of the journal and of headquarters' own; some of them are codes too."""
STATUSES = Path("agent/web/errors.py")
"""Orders codes and says none itself."""
ALL: dict[str, Texts] = {code: texts for table in TABLES for code, texts in table.items()}


def _sources() -> list[Path]:
    found = [path for room in ("agent", "drivers", "sync") for path in (ROOT / room).rglob("*.py")]
    return [path for path in found if not path.name.startswith("sentences")]


@cache
def _trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in _sources())


def _literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of each literal that has the form of a code."""
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Constant) and isinstance(text, str) and CODE.fullmatch(text) and not FILES.search(text):
            yield node.lineno, text


def _called(call: ast.Call) -> str:
    name = call.func
    return name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""


def _raising(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in RAISED and node.args]


@cache
def _raised() -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Return place, code and names of the values of everything raised or reported; code "" when it is no literal."""
    found = []
    for path, tree in _trees():
        for call in _raising(tree):
            names = frozenset(word.arg.removesuffix("_fen") for word in call.keywords if word.arg)
            codes = [code for _, code in _literals(call.args[0])] or [""]
            found += [(f"{path}:{call.lineno}", code, names) for code in codes]
    return tuple(found)


@cache
def _mentioned() -> tuple[tuple[str, str], ...]:
    """Return place and text of each literal that looks like a code of a noun that has sentences."""
    return tuple(
        (f"{path}:{line}", code)
        for path, tree in _trees()
        for line, code in _literals(tree)
        if code.partition(".")[0] in NOUNS
        and code not in ENTRIES
        and code not in (*VERBS, *VERBS_OF_SETUP)
        and path != STATUSES
    )


def _given() -> dict[str, set[str]]:
    """Return the names of the values that the raise sites of each code give, as sentences call them."""
    names: dict[str, set[str]] = defaultdict(set)
    for _, code, given_here in _raised():
        names[code] |= given_here
    return names


def test_every_code_that_is_raised_or_reported_has_sentences() -> None:
    places = defaultdict(list)
    for place, code in (*((place, code) for place, code, _ in _raised() if code), *_mentioned()):
        places[code].append(place)
    lacking = {code: where[:3] for code, where in places.items() if code not in known_codes()}
    assert not lacking, "codes without sentences in agent/core/sentences_*.py"


@pytest.mark.parametrize("device", BY_DEVICE)
def test_what_a_transport_says_has_sentences_for_each_device(device: str) -> None:
    said = {code for _, code in _mentioned() if code.startswith("device.")}
    assert {f"{device}.{code.partition('.')[2]}" for code in said} <= known_codes()
    assert f"{device}.stopped" in known_codes()


def test_every_state_of_the_drawer_that_is_told_has_sentences() -> None:
    told = {f"drawer.{state.value}" for state in DrawerState if state is not DrawerState.UNKNOWN}
    assert told <= known_codes()


def test_no_code_stands_in_two_tables() -> None:
    assert sum(len(table) for table in TABLES) == len(ALL)


@pytest.mark.parametrize("code", sorted(ALL))
def test_a_sentence_keeps_the_tone(code: str) -> None:
    texts = ALL[code]
    zh_title, zh_detail, en_title, en_detail, zh_remedy, en_remedy = texts
    assert all((zh_title, zh_detail, en_title, en_detail))
    assert bool(zh_remedy) == bool(en_remedy)
    assert not [word for word in FORBIDDEN for text in texts if word in text]
    english = f"{en_title} {en_detail}".lower()
    assert not [word for word in FORBIDDEN_EN if re.search(rf"\b{word}", english)]
    assert len(re.sub(r"\{\w+\}", "…", zh_title)) <= TITLE_CHARACTERS
    assert len(en_title) <= 44
    assert zh_detail.endswith(("。", "?"))
    assert en_detail.endswith((".", "?"))
    assert not zh_title.endswith("。")


def test_titles_stay_short_when_they_are_filled() -> None:
    acts = [*config("roles.toml"), "metrics"]
    for act in acts:
        for role in Role:
            for code in ("approval.needed", "act.not_allowed"):
                said = sentence_for(code, {"act": act, "role": role.value, "needed": role.value})
                assert len(said.zh_title) <= TITLE_CHARACTERS, said.zh_title
                assert act not in said.zh_title


def test_every_brace_is_given_at_a_raise_site() -> None:
    given = _given()
    lacking = {
        code: names
        for code, texts in ALL.items()
        if (names := set(re.findall(r"\{(.*?)\}", "".join(texts))) - given.get(code, given[""]))
    }
    # what HQ refuses arrives at the box by its code, with HQ's values and the status
    assert not {code: names for code, names in lacking.items() if names != {"status"}}


def test_every_word_of_the_shops_data_is_translated() -> None:
    for kind in config("tenders.toml"):
        assert kind not in sentence_for("tender.needs_platform", {"kind": kind}).zh_detail
    for act in config("roles.toml"):
        assert act in ACT_WORDS


def test_every_command_that_a_remedy_names_exists() -> None:
    named = {
        found for texts in ALL.values() for found in re.findall(r"storebox ([a-z]+)(?: ([a-z][a-z-]*))?", texts[4])
    }
    assert {noun for noun, _ in named} <= set(NOUNS_OF_COMMANDS)
    for noun in {noun for noun, _ in named} & set(present()):
        loaded = LazyNoun(noun).load()
        verbs = set(loaded.commands) if isinstance(loaded, TyperGroup) else set()
        assert {verb for one, verb in named if one == noun and verb} <= verbs, noun
    offered = {line.name: line for line in get_group(hq_app).commands.values()}
    for noun, verb in (found for texts in ALL.values() for found in COMMAND_OF_HQ.findall(texts[4])):
        group = offered[noun]
        assert not verb or (isinstance(group, TyperGroup) and verb in group.commands), (noun, verb)


def test_values_are_written_for_people() -> None:
    said = sentence_of(Refused("tender.above_due", amount_fen=5_000, due_fen=3_600))
    assert said.zh_detail == "还差 36.00 元。请按应收的金额收。"
    assert said.en_remedy.startswith("50.00 yuan")
    said = sentence_of(Credentials("approval.needed", act="discount", needed="shift_lead"))
    assert (said.zh_title, said.en_title) == ("要领班点头:打折", "Call the shift lead: a discount")
    said = sentence_of(Broken("journal.bad_tail", reason="chain.gap", seq=7))
    assert "账本少了一条" in said.zh_remedy
    assert "An entry is missing" in said.en_remedy


def test_missing_hostile_and_surplus_values_never_raise() -> None:
    assert MISSING in sentence_for("tender.above_due").zh_detail
    said = sentence_for("item.unknown", {"code": "{due}\x1b[2J\n{0.__class__}", "surplus_fen": None})
    assert said.zh_remedy.startswith("条码 {due}□[2J□{0.__class__};")


@given(st.sampled_from(sorted(ALL)), st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.text())))
def test_filling_in_never_raises(code: str, values: dict[str, int | str | None]) -> None:
    assert all(isinstance(text, str) for text in sentence_for(code, values))


@pytest.mark.parametrize("family", list(Family))
def test_an_unknown_code_is_named_and_true(family: Family) -> None:
    class Unheard(StoreboxError):
        pass

    error = Unheard("brand.new", amount_fen=1)
    error.family = family
    said = sentence_of(error)
    assert "brand.new" in said.zh_remedy
    assert "brand.new" in said.en_remedy
    assert len(said.zh_title) <= TITLE_CHARACTERS
    promises = "没扣" in said.zh_detail or "钱没有动" in said.zh_detail
    assert not promises


def test_families_of_unknown_codes_differ_where_it_matters() -> None:
    assert "先别再收" in sentence_of(UnknownOutcome("brand.new")).zh_detail
    assert sentence_of(TryLater("brand.new")) == sentence_of(Refused("brand.new")) == sentence_for("brand.new")


def test_help_codes_are_four_characters_stable_and_lead_back() -> None:
    assert help_code("sale.empty") == help_code("sale.empty")
    assert all(re.fullmatch(r"[2-9A-HJ-NP-Z]{4}", help_code(code)) for code in ALL)
    assert len({help_code(code) for code in ALL}) == len(ALL)
    assert sentences.code_of_help(f" {help_code('printer.paper_out').lower()} ") == "printer.paper_out"
    assert sentences.code_of_help("IOIO") is None
