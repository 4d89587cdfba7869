"""Charts as inline SVG: no script, no font and no colour of their own; they take those of the page."""

from collections.abc import Sequence
from html import escape
from math import isnan

_ROW, _LEFT, _WIDTH, _RIGHT = 26, 150, 360, 70


def intervals(title: str, rows: Sequence[tuple[str, float, float, float]]) -> str:
    """Return a chart of shares with their intervals: (name, value, low, high), one a line, from 0 to 100 %."""
    shown = [(*row[:2], *(row[1:2] * 2 if isnan(row[2]) else row[2:])) for row in rows if not isnan(row[1])]
    height = _ROW * len(shown) + 30
    parts = [_grid(height - 22)]
    for i, (name, value, low, high) in enumerate(shown):
        y = _ROW * i + 16
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>'
            f'<line x1="{_x(low):.1f}" x2="{_x(high):.1f}" y1="{y}" y2="{y}" class="whisker"/>'
            f'<circle cx="{_x(value):.1f}" cy="{y}" r="5"/>'
            f'<text x="{_LEFT + _WIDTH + 12}" y="{y + 4}">{100 * value:.1f} %</text>'
        )
    return _svg(title, _LEFT + _WIDTH + _RIGHT, height, parts)


def reliability_chart(title: str, rows: Sequence[tuple[float, float, int]]) -> str:
    """Return a chart of (mean confidence, share that is right, number); on the diagonal the two are equal."""
    size, pad = 240, 40
    most = max((number for _, _, number in rows), default=1)
    parts = [
        f'<line x1="{pad}" y1="{size + 10}" x2="{size + pad}" y2="10" class="grid"/>',
        f'<path d="M{pad} 10V{size + 10}H{size + pad}" fill="none" class="axis"/>',
        f'<text x="{pad + size / 2:.0f}" y="{size + 34}" text-anchor="middle">mean confidence</text>',
        f'<text x="14" y="{10 + size / 2:.0f}" text-anchor="middle" transform="rotate(-90 14 {10 + size / 2:.0f})">'
        "share right</text>",
    ]
    for sure, was, number in rows:
        x, y = pad + size * min(max(sure, 0), 1), 10 + size * (1 - was)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 5 * number / most:.1f}"/>')
    return _svg(title, size + pad + 20, size + 44, parts)


def _x(share: float) -> float:
    return _LEFT + _WIDTH * share


def _grid(height: int) -> str:
    return "".join(
        f'<line x1="{_x(share):.0f}" x2="{_x(share):.0f}" y1="4" y2="{height}" class="grid"/>'
        f'<text x="{_x(share):.0f}" y="{height + 16}" text-anchor="middle">{100 * share:.0f}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    label = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}">'
        f"<title>{label}</title>{''.join(parts)}</svg>"
    )
