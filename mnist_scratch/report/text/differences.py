"""A table of the settings in which runs differ."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_scratch.config.schema import settings
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.text import columns as terminal_columns
from mnist_scratch.system.text import printable

_LONGEST = 24  # columns for a cell


def describe_differences(runs: Sequence[RunFolder]) -> str:
    """Return a table with a line for each run: its best epoch, then the settings that differ.

    Columns that do not fit into the terminal stand in another table below it.

    Parameters
    ----------
    runs
        Two or more.
    """
    configs = [run.config() for run in runs]
    best = [run.epochs().best for run in runs]
    columns = [
        ["validation", *(f"{row.validation_accuracy:.2%}" for row in best)],
        ["best epoch", *(str(row.epoch) for row in best)],
    ]
    for setting in settings():
        values = [getattr(getattr(config, setting.section), setting.key) for config in configs]
        if len(set(values)) > 1:
            columns.append([setting.flag, *map(_cell, values)])
    names = _padded(["run", *(_cell(str(run.path)) for run in runs)])
    tables = [[names]]
    for column in map(_padded, columns):
        if sum(len(cells[0]) + 2 for cells in tables[-1]) + len(column[0]) > terminal_columns():
            tables.append([names])
        tables[-1].append(column)
    text = "\n\n".join(
        "\n".join("  ".join(line).rstrip() for line in zip(*table, strict=True)) for table in tables
    )
    return text if len(columns) > 2 else f"{text}\nTheir configs are the same."


def _cell(value: object) -> str:
    text = "-".join(map(str, value)) if isinstance(value, tuple) else printable(str(value))
    text = text or "none"
    return text if len(text) <= _LONGEST else f"...{text[3 - _LONGEST :]}"


def _padded(cells: Sequence[str]) -> list[str]:
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]
