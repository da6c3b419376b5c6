"""Plots as inline SVG of our own, without a style attribute: bars of the hours, and one bar of the tenders' shares."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from agent.core.money import yuan

WIDTH, HEIGHT, FOOT, TOP = 480, 150, 20, 16
TENDER_CLASSES = 6
"""Colours that the style sheet has; what comes after shares the last."""


def hours_plot(hours_fen: Mapping[int, int], title: str) -> Markup:
    """Return a bar an hour from the first to the last with trade, refunds below nothing shown as nothing."""
    busy = [hour for hour, amount_fen in hours_fen.items() if amount_fen > 0]
    if not busy:
        return Markup()
    first, last = min(*busy, 9), max(*busy, 20)
    highest_fen, step = max(hours_fen[hour] for hour in busy), WIDTH / (last - first + 1)
    parts = [_rule(HEIGHT - FOOT)]
    for hour in range(first, last + 1):
        amount_fen = max(0, hours_fen.get(hour, 0))
        left, height = (hour - first) * step, (HEIGHT - FOOT - TOP) * amount_fen / highest_fen
        if amount_fen:
            parts.append(
                f'<rect class="bar" x="{left + step * 0.15:.1f}" y="{HEIGHT - FOOT - height:.1f}" rx="2"'
                f' width="{step * 0.7:.1f}" height="{height:.1f}"><title>{hour}:00 ¥{yuan(amount_fen)}</title></rect>'
            )
        if amount_fen == highest_fen:
            anchor = "start" if hour == first else "end" if hour == last else "middle"
            x = {"start": left, "middle": left + step / 2, "end": left + step}[anchor]
            parts.append(_text(x, HEIGHT - FOOT - height - 4, f"¥{yuan(amount_fen)}", anchor))
        if (last - first) < 14 or hour % 2 == 0:
            parts.append(_text(left + step / 2, HEIGHT - 5, str(hour)))
    return _svg(WIDTH, HEIGHT, title, parts)


def shares_plot(shares: Sequence[tuple[str, int]], title: str) -> Markup:
    """Return one bar divided by what each tender took; amounts below nothing have no share."""
    whole_fen = sum(max(0, amount_fen) for _, amount_fen in shares)
    if whole_fen <= 0:
        return Markup()
    left, parts = 0.0, []
    for place, (name, amount_fen) in enumerate(shares):
        width = WIDTH * max(0, amount_fen) / whole_fen
        if width:
            said = f"{escape(name)} ¥{yuan(amount_fen)}"
            parts.append(
                f'<rect class="share-{min(place, TENDER_CLASSES - 1)}" x="{left:.1f}" y="0" width="{width:.1f}"'
                f' height="22"><title>{said}</title></rect>'
            )
        left += width
    return _svg(WIDTH, 22, title, parts)


def _rule(y: int) -> str:
    return f'<line class="rule" x1="0" y1="{y}" x2="{WIDTH}" y2="{y}"/>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> Markup:
    named = f'role="img" aria-label="{escape(title)}"'
    inner = "".join(parts)
    return Markup(f'<svg class="plot" viewBox="0 0 {width} {height}" {named}>{inner}</svg>')
