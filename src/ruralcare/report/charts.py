"""Charts of the report as SVG text, made without a browser.

Texts are escaped; positions are rounded, so that the same figures give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

__all__ = ["Line", "proof_bar", "spread", "stage_chart"]

_WIDTH: Final = 880
_HEIGHT: Final = 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 190, 18, 44


@dataclass(frozen=True)
class Line:
    """A line of a chart: its name, its colour and dashes, and a share for each stage."""

    name: str
    colour: str
    dashes: str
    shares: Sequence[float]


def spread(positions: Sequence[float], least: float) -> list[float]:
    """Move positions apart until neighbours are at least ``least`` apart, as little as possible.

    Neighbours that would touch are moved as a block round its mean; the order stays.

    Examples
    --------
    >>> spread([10.0, 12.0, 40.0], 10.0)
    [6.0, 16.0, 40.0]
    """
    order = sorted(range(len(positions)), key=lambda i: (positions[i], i))
    # Each block: its members, and the mean of (position − offset inside the block).
    blocks: list[tuple[list[int], float]] = []
    for i in order:
        members, start = [i], positions[i]
        while blocks and blocks[-1][1] + least * len(blocks[-1][0]) > start:
            earlier, first = blocks.pop()
            total = first * len(earlier) + (start - least * len(earlier)) * len(members)
            members = earlier + members
            start = total / len(members)
        blocks.append((members, start))
    moved = [0.0] * len(positions)
    for members, start in blocks:
        for k, i in enumerate(members):
            moved[i] = start + k * least
    return moved


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def stage_chart(lines: Sequence[Line], stages: Sequence[str], title: str) -> str:
    """Return a line chart of shares over the stages; names stand at the line ends."""
    inner_w, inner_h = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(stage: int) -> float:
        return _LEFT + inner_w * (stage / (len(stages) - 1) if len(stages) > 1 else 0.5)

    def y(share: float) -> float:
        return _TOP + inner_h * (1 - share)

    parts = [
        f'<svg class="stage-chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">'
    ]
    parts.extend(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_n(y(tick))}" '
        f'y2="{_n(y(tick))}"/><text class="tick" x="{_LEFT - 8}" y="{_n(y(tick) + 4)}" '
        f'text-anchor="end">{round(100 * tick)}%</text>'
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    parts.extend(
        f'<text class="tick" x="{_n(x(k))}" y="{_HEIGHT - _BOTTOM + 24}" '
        f'text-anchor="middle">{escape(stage)}</text>'
        for k, stage in enumerate(stages)
    )
    known = [line for line in lines if any(not math.isnan(share) for share in line.shares)]
    ends = [next(s for s in reversed(line.shares) if not math.isnan(s)) for line in known]
    names = spread([y(end) for end in ends], 19.0)
    for line, end, at in zip(known, ends, names, strict=True):
        points = [(x(k), y(s)) for k, s in enumerate(line.shares) if not math.isnan(s)]
        path = "M" + "L".join(f"{_n(px)} {_n(py)}" for px, py in points)
        parts.append(
            f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="3" '
            f'stroke-dasharray="{line.dashes}"/>'
        )
        parts.extend(
            f'<circle cx="{_n(px)}" cy="{_n(py)}" r="5" fill="{line.colour}"/>' for px, py in points
        )
        edge = _WIDTH - _RIGHT
        parts.append(
            f'<path d="M{edge + 7} {_n(y(end))}L{edge + 17} {_n(at)}" fill="none" '
            f'stroke="{line.colour}" stroke-width="1"/>'
            f'<text class="name" x="{edge + 21}" y="{_n(at + 5)}" fill="{line.colour}">'
            f"{escape(line.name)} {100 * end:.1f}%</text>"
        )
    parts.append("</svg>")
    return "".join(parts)


def proof_bar(objective: float, bound: float, reached: str, limit: str) -> str:
    """Return a bar that shows how much of the proven upper limit the plan reaches."""
    share = min(1.0, objective / bound) if bound > 0 else 1.0
    wide = 600
    return (
        f'<svg class="proof" viewBox="0 0 {wide + 10} 62" role="img" '
        f'aria-label="{escape(reached)}; {escape(limit)}">'
        f'<rect x="0" y="24" width="{wide}" height="16" rx="3" fill="#d3dce6"/>'
        f'<rect x="0" y="24" width="{_n(wide * share)}" height="16" rx="3" fill="#0a4fd0"/>'
        f'<line x1="{wide}" x2="{wide}" y1="18" y2="46" stroke="#10243e" stroke-width="2"/>'
        f'<text x="0" y="15">{escape(reached)}</text>'
        f'<text x="{wide}" y="59" text-anchor="end">{escape(limit)}</text></svg>'
    )
