"""Canonical JSON: one text for one value, and no value that reads back as another."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.canonical import canonical, canonical_event, parse
from agent.core.errors import Broken

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_reading_back_and_writing_again_changes_nothing(value: dict[str, object]) -> None:
    """What is stored is what anybody computes from it."""
    text = canonical(value)
    assert canonical(parse(text)) == text
    assert unicodedata.is_normalized("NFC", json.dumps(parse(text), ensure_ascii=False)) or "\\" in text


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_the_quick_way_gives_the_same_text(value: dict[str, object]) -> None:
    """An event's body is hashed alike on both ways."""
    text, data = canonical_event(value)
    assert text == canonical(value)
    assert data == json.loads(text)


@pytest.mark.parametrize("value", [{"a": 1.0}, {"a": 2**53}, {"a": "\ud800"}, {"a": -(2**53)}, {"a": float("nan")}])
def test_what_has_no_canonical_form_is_refused_on_both_ways(value: dict[str, object]) -> None:
    """Floats, huge integers and lone surrogates never reach the chain."""
    with pytest.raises((Broken, ValueError)):
        canonical(value)
    with pytest.raises((Broken, ValueError)):
        canonical_event(value)


def test_what_is_nested_too_deep_is_refused_by_name() -> None:
    """The quick reader takes depths that the checks can't follow."""
    with pytest.raises(Broken, match=r"canonical\.too_deep"):
        canonical(parse("[" * 900 + "]" * 900))


def test_keys_are_sorted_and_text_is_composed() -> None:
    """Order of insertion and form of accents leave no trace."""
    assert canonical({"b": 1, "a": "e\u0301"}) == '{"a":"\u00e9","b":1}'
    with pytest.raises(Broken, match=r"canonical\.key_not_text"):
        canonical({1: 2})
