"""Plots of our own: nothing, negative, huge and hostile."""

from sync.hq.pages.plots import hours_plot, shares_plot


def test_nothing_is_drawn_of_nothing() -> None:
    assert hours_plot({}, "x") == hours_plot({9: 0, 10: -5}, "x") == shares_plot([], "x") == ""
    assert shares_plot([("cash", -100)], "x") == ""


def test_the_highest_hour_is_written_and_refunds_draw_no_bar() -> None:
    drawn = hours_plot({9: 100, 12: 36_000, 13: -5, 23: 1}, "hours")
    assert drawn.count("<rect") == 3
    assert "¥360.00</text>" in drawn


def test_shares_fill_the_bar_whatever_the_amounts() -> None:
    drawn = shares_plot([(str(number), 10**15) for number in range(9)], "shares")
    assert drawn.count("<rect") == 9 and 'class="share-5"' in drawn and "share-6" not in drawn


def test_names_are_escaped() -> None:
    drawn = shares_plot([("<script>", 5)], '"><script>') + hours_plot({9: 5}, '"><script>')
    assert "<script>" not in drawn


def test_the_label_of_an_hour_at_the_edge_stays_within_the_picture() -> None:
    assert 'text-anchor="end">¥1.00' in hours_plot({23: 100}, "hours")
    assert 'text-anchor="start">¥1.00' in hours_plot({0: 100}, "hours")
