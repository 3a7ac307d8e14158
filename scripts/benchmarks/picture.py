"""The figures in one picture: how the sides compare, and the time over a network's width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.figures import Row, Section
from benchmarks.scale import WIDTHS, operations, work_of_width
from benchmarks.steps import EXPERTS, OURS, PRODUCTS, PYTORCH_OVER_OURS, USERS
from mnist_scratch.system.files import written_whole

# Of the palette of Okabe and Ito (2008), told apart with every common kind of colour blindness.
_COLOURS = {OURS: "#0072B2", EXPERTS: "#D55E00", USERS: "#E69F00", PRODUCTS: "#000000"}
_OTHER = "#009E73"
_PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def draw(sections: Sequence[Section], machine: Sequence[str], output: Path) -> None:
    """Draw what was measured.

    Parameters
    ----------
    sections
        Of which those with something to compare are drawn.
    machine
        Lines that say on what it was measured.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If it cannot be written.
    """
    panels: list[tuple[float, Callable[[Axes], None]]] = []  # its height in inches, who draws it
    for section in sections:
        rows = [row for row in section.rows if row.ratio is not None]
        if section.name == "width":
            panels.append((3.6, partial(_draw_width, rows)))
        elif rows:
            bars = sum(len(_relative(row)) for row in rows)
            height = 0.9 + 0.22 * bars + 0.1 * len(rows)
            panels.append((height, partial(_draw_bars, section.title, rows)))
    if not panels:
        panels = [(1.0, partial(_say, "nothing in these sections is compared"))]
    heights = [height for height, _ in panels]
    figure = Figure(figsize=(9.0, sum(heights) + 0.5), dpi=120, layout="constrained")
    all_axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
    for axes, (_, draw_panel) in zip(all_axes[:, 0], panels, strict=True):
        draw_panel(axes)
    figure.suptitle("\n".join(machine), fontsize=8)
    with written_whole(output) as file:
        figure.savefig(file, format="png")


def _relative(row: Row) -> list[tuple[str, float]]:
    """Return the other sides' medians over ours, as times: above 1, ours is quicker."""
    medians = {entry.side: entry.summary.median for entry in row.entries}
    medians.pop(f"{OURS}, as it comes", None)
    if OURS not in medians or row.ratio_name != PYTORCH_OVER_OURS:
        return [(row.ratio_name, row.ratio or 0.0)]
    ours = medians.pop(OURS)
    rates = row.unit.endswith("/s")
    return [(side, ours / value if rates else value / ours) for side, value in medians.items()]


def _draw_bars(title: str, rows: Sequence[Row], axes: Axes) -> None:
    """Draw a bar for each of the other sides, grouped by what was done."""
    position, ticks, labelled = 0.0, [], set()
    for row in rows:
        bars = _relative(row)
        ticks.append(position + (len(bars) - 1) / 2)
        for name, ratio in bars:
            label = None if name in labelled else name
            labelled.add(name)
            axes.barh(position, ratio, height=0.85, color=_COLOURS.get(name, _OTHER), label=label)
            axes.annotate(
                f"{ratio:.2f}",
                (ratio, position),
                (4, 0),  # to the right of the bar, in points
                textcoords="offset points",
                va="center",
                fontsize=8,
                bbox=_PLATE,
            )
            position += 1
        position += 0.5
    axes.set_yticks(ticks, [row.work for row in rows], fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylim(max(position, 2.0) - 0.5, -0.75)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlim(0.0, max(1.0, *(ratio for row in rows for _, ratio in _relative(row))) * 1.12)
    by_sides = any(row.ratio_name == PYTORCH_OVER_OURS for row in rows)
    axes.set_xlabel("theirs over ours" if by_sides else rows[0].ratio_name, fontsize=8)
    if by_sides:
        axes.legend(
            fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False
        )
    axes.spines[["top", "right"]].set_visible(False)


def _draw_width(rows: Sequence[Row], axes: Axes) -> None:
    """Draw the time of a step over its arithmetic, both logarithmic."""
    millions = [operations(work_of_width(width)) / 1e6 for width in WIDTHS]
    for side, style in ((OURS, "o-"), (PRODUCTS, "s--")):
        medians = [
            entry.summary.median for row in rows for entry in row.entries if entry.side == side
        ]
        axes.plot(millions, medians, style, color=_COLOURS[side], label=side, markersize=4)
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("floating-point operations of a step's products, millions", fontsize=8)
    axes.set_ylabel("microseconds a step", fontsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axis.set_major_formatter(FuncFormatter(_number))
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=8)
    axes.set_title("a step of 784-W-10, batch 128, W from 32 to 4096", fontsize=10, loc="left")
    axes.grid(visible=True, linewidth=0.4)
    axes.legend(fontsize=8)


def _number(value: float, _: Any) -> str:
    return f"{value:,.0f}"


def _say(text: str, axes: Axes) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center")
    axes.set_axis_off()
