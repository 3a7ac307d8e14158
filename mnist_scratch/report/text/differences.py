"""In what runs differ: the settings of their configs that are not the same in all, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_scratch.config.schema import settings
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.text import printable

_WIDTH = 80
_LONGEST = 24  # columns for a cell


def describe_differences(runs: Sequence[RunFolder]) -> str:
    """Return a table, a line for each run: its best epoch, then the settings that differ.

    What does not fit into 80 columns goes on in a table below it.

    Parameters
    ----------
    runs
        Two or more.
    """
    configs = [run.config() for run in runs]
    best = [run.epochs().best for run in runs]
    columns = [
        ("validation", [f"{row.validation_accuracy:.2%}" for row in best]),
        ("best epoch", [str(row.epoch) for row in best]),
    ]
    for setting in settings():
        values = [getattr(getattr(config, setting.section), setting.key) for config in configs]
        if len(set(values)) > 1:
            columns.append((setting.flag, [_cell(value) for value in values]))
    names = ("run", [_cell(str(run.path)) for run in runs])
    tables, table = [], [names]
    for column in columns:
        if _width([*table, column]) > _WIDTH:
            tables.append(table)
            table = [names]
        table.append(column)
    text = "\n\n".join(map(_laid_out, [*tables, table]))
    return text if len(columns) > 2 else f"{text}\nTheir configs are the same."


def _cell(value: object) -> str:
    text = "-".join(map(str, value)) if isinstance(value, tuple) else printable(str(value))
    text = text or "none"
    return text if len(text) <= _LONGEST else f"...{text[3 - _LONGEST :]}"


_Column = tuple[str, list[str]]


def _column_width(column: _Column) -> int:
    return max(map(len, (column[0], *column[1])))


def _width(columns: Sequence[_Column]) -> int:
    return sum(map(_column_width, columns)) + 2 * (len(columns) - 1)


def _laid_out(columns: Sequence[_Column]) -> str:
    lines = zip(*([heading, *cells] for heading, cells in columns), strict=True)
    widths = list(map(_column_width, columns))
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
