"""Pictures of figures as SVG, small enough to read in a diff."""

import math
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.figures import Picture

WIDTH: Final = 720
HEIGHT: Final = 320
_LEFT: Final = 70
_RIGHT: Final = 130
_TOP: Final = 40
_BOTTOM: Final = 50
_COLOURS: Final = ("#2563eb", "#dc2626", "#6b7280", "#d97706", "#059669", "#7c3aed")
_BAR: Final = 26
_TENTHS: Final = 10


def draw(picture: Picture) -> str:
    """Return the SVG document: bars where every line is one number, else lines."""
    if all(len(points) == 1 for points in picture.lines.values()):
        return _bars(picture)
    return _lines(picture)


def _document(height: int, title: str, parts: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12" role="img" '
        f'aria-label="{escape(title)}">'
    )
    paper = f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    heading = _text(16, 22, title, size=14, weight="bold")
    return "\n".join([head, paper, heading, *parts, "</svg>", ""])


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="#111">{escape(words)}</text>'
    )


def _bars(picture: Picture) -> str:
    most = max(points[0][1] for points in picture.lines.values()) or 1.0
    least = min((points[0][1] for points in picture.lines.values() if points[0][1] > 0), default=1)
    room = WIDTH - 200 - 120
    parts = list[str]()
    for number, (name, points) in enumerate(picture.lines.items()):
        value, y = points[0][1], _TOP + number * (_BAR + 8)
        share = _share(value, least / 2, most) if picture.logarithmic else value / most
        colour = _COLOURS[number % len(_COLOURS)]
        length = max(1.0, room * share)
        parts += [
            _text(190, y + 17, name, anchor="end"),
            f'<rect x="200" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>',
            _text(206 + length, y + 17, f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"),  # noqa: PLR2004
        ]
    end = _TOP + len(picture.lines) * (_BAR + 8)
    scale = picture.y + (" (logarithmic)" if picture.logarithmic else "")
    parts.append(_text(200, end + 16, scale))
    return _document(end + 30, picture.title, parts)


def _share(value: float, least: float, most: float) -> float:
    """Return where a value lies between two others, by their logarithms."""
    if value <= least or most <= least:
        return 0.0
    return math.log(value / least) / math.log(most / least)


def _lines(picture: Picture) -> str:
    points = [point for line in picture.lines.values() for point in line]
    highest = max(y for _, y in points) or 1.0
    rightmost = max(x for x, _ in points) or 1.0
    leftmost = min((x for x, _ in points if x > 0), default=rightmost / 2)

    def place(x: float, y: float) -> tuple[float, float]:
        share = _share(x, leftmost, rightmost) if picture.logarithmic else x / rightmost
        across = _LEFT + share * (WIDTH - _LEFT - _RIGHT)
        return across, HEIGHT - _BOTTOM - y / highest * (HEIGHT - _TOP - _BOTTOM)

    parts = list[str]()
    for y in _ticks(highest):
        left, level = place(0, y)
        right = WIDTH - _RIGHT
        parts.append(f'<path d="M{left:.0f} {level:.1f}H{right}" stroke="#ddd"/>')
        parts.append(_text(left - 6, level + 4, f"{y:,.6g}", anchor="end"))
    marks = _decades(leftmost, rightmost) if picture.logarithmic else _ticks(rightmost)
    for x in marks:
        across, _ = place(x, 0)
        bottom = HEIGHT - _BOTTOM
        parts.append(f'<path d="M{across:.1f} {_TOP}V{bottom}" stroke="#eee"/>')
        parts.append(_text(across, bottom + 16, f"{x:,.6g}", anchor="middle"))
    for number, (name, line) in enumerate(picture.lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = _TOP + 10 + 18 * number
        parts.append(
            f'<rect x="{WIDTH - _RIGHT + 10}" y="{y - 9}" width="12" height="10" fill="{colour}"/>'
        )
        parts.append(_text(WIDTH - _RIGHT + 26, y, name))
    scale = picture.x + (" (logarithmic)" if picture.logarithmic else "")
    parts.append(_text((WIDTH - _RIGHT + _LEFT) / 2, HEIGHT - 12, scale, anchor="middle"))
    parts.append(_text(_LEFT, _TOP - 4, picture.y))
    return _document(HEIGHT, picture.title, parts)


def _ticks(most: float) -> list[float]:
    """Return some five round numbers from 0 to `most`."""
    rough = most / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, _TENTHS) if factor * power >= rough)
    return [step * number for number in range(int(most / step) + 1)]


def _decades(least: float, most: float) -> list[float]:
    """Return the 1, 2 and 5 of every decade between two numbers."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    every = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
    return [one for one in every if least <= one <= most]
