"""The arithmetic of measurements, and what a row makes of it."""

import pytest

from agent.bench.figures import Round, is_noisy, middle, percentile, rounded, spread
from agent.bench.rows import Bar, Row


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 1), (1, 1), (50, 50), (95, 95), (99.5, 100), (100, 100)],
)
def test_a_percentile_is_a_sample_by_nearest_rank(percent: float, expected: float) -> None:
    samples = [float(number) for number in range(100, 0, -1)]
    assert percentile(samples, percent) == expected


def test_a_percentile_of_few_samples() -> None:
    assert percentile([7.0], 50) == 7.0
    assert percentile([1.0, 2.0], 50) == 1.0
    assert percentile([1.0, 2.0], 51) == 2.0
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)


def test_the_middle_round_keeps_figure_and_floor_together() -> None:
    rounds = [Round(10, 1), Round(4, 2), Round(9, 3), Round(8, 1), Round(1, 1)]
    assert middle(rounds) == Round(9, 3)
    assert middle(rounds[:2]) == Round(4, 2)


def test_a_floor_that_moves_is_noise() -> None:
    assert spread([1.0, 1.1, 1.2]) == pytest.approx(0.2 / 1.1)
    assert not is_noisy([1.0, 1.1, 1.2])
    assert is_noisy([1.0, 1.1, 1.5])
    assert not is_noisy([1.0])


def test_four_digits_are_shown() -> None:
    assert rounded(1234.567) == 1235
    assert rounded(0.000123456) == 0.0001235
    assert rounded(0.0) == 0.0


def test_a_row_says_whether_its_bar_holds() -> None:
    row = Row.of_round("sale", Round(0.004, 0.001), "ms", Bar("ratio", "<=", 5), 1000)
    assert row.data() == {
        "name": "sale",
        "value": 4.0,
        "unit": "ms",
        "floor": 1.0,
        "ratio": 4.0,
        "bar": "ratio <= 5",
        "holds": True,
    }
    assert not Row("sale", 6.0, "ms", 1.0, Bar("ratio", "<=", 5)).holds
    assert not Row("slip", 96.0, "B/s", 100.0, Bar("ratio", ">=", 0.97)).holds
    assert not Row("start", 1.5, "s", None, Bar("value", "<", 1.5)).holds


def test_a_row_without_bar_or_floor() -> None:
    row = Row("processor", 0.25, "%")
    assert (row.ratio, row.holds, row.data()["bar"]) == (None, True, None)
    assert not Row("processor", 0.25, "%", 0.0, Bar("ratio", "<=", 5)).holds, "no floor keeps no bar on the ratio"
