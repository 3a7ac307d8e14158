"""The command line of the benchmark: scripts/benchmark."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import FULL, QUICK, BenchmarkError, Effort, Workers
from benchmarks.figures import Section, as_json
from benchmarks.machine import describe, head
from benchmarks.sections import SECTIONS
from benchmarks.text import markdown_lines, terminal_lines
from benchmarks.work import Data, find_data, load
from mnist_scratch.data.sources.files import data_folder
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import write_text_whole

_NEEDED = ("torch", "sklearn", "threadpoolctl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return the exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        for name, plan in SECTIONS.items():
            print(f"{name:<12}{plan.title}{'  (slow)' if plan.slow else ''}")
        return 0
    try:
        _measure(options)
    except (BenchmarkError, MnistScratchError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("benchmark: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Measure this program beside PyTorch and scikit-learn, taking turns in one "
        "run. Tables go to standard output, progress to standard error.",
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help="what to measure; by default every section, the slow ones only with --quick",
    )
    parser.add_argument("--list", action="store_true", help="list the sections and stop")
    parser.add_argument(
        "--quick", action="store_true", help="few and short rounds: every row in three minutes"
    )
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw a picture, PNG")
    return parser


def _measure(options: argparse.Namespace) -> None:
    data = find_data()
    names = _chosen(options, data)
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BenchmarkError(
            f"{', '.join(missing)} cannot be imported; install what the benchmark compares with: "
            "./scripts/install dev bench, or pip install -e '.[bench]'"
        )
    load(*data)  # damaged files show now, and synthetic digits are drawn once
    machine = describe(data)
    lines = head(machine)
    print("\n".join(lines), end="\n\n", flush=True)
    sections: list[Section] = []
    render = markdown_lines if options.markdown else terminal_lines
    effort = QUICK if options.quick else FULL
    with Workers() as workers:
        for name in names:
            sections.append(_measure_section(name, workers, data, effort))
            print("\n".join(render(sections[-1])), end="\n\n", flush=True)
            if options.output:  # after every section: a run takes long, and can be interrupted
                _write(options.output, machine | {"quick": options.quick}, sections)
    if options.picture:
        from benchmarks.picture import draw  # noqa: PLC0415  # Matplotlib is slow to import

        draw(sections, lines, options.picture)


def _chosen(options: argparse.Namespace, data: Data) -> list[str]:
    """Return which sections to measure."""
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        raise BenchmarkError(
            f"there is no section {', '.join(unknown)}; sections are {', '.join(SECTIONS)}"
        )
    names = options.sections or [
        name for name, plan in SECTIONS.items() if options.quick or not plan.slow
    ]
    without = [name for name in names if SECTIONS[name].mnist and data.dataset != "mnist"]
    if without:
        reason = (
            f"{', '.join(without)}: MNIST itself is needed, and is not in "
            f"{data_folder('mnist')}; 'mnist-scratch data download' fetches it"
        )
        if options.sections:
            raise BenchmarkError(reason)
        print(f"left out {reason}", file=sys.stderr)
    return [name for name in names if name not in without]


def _measure_section(name: str, workers: Workers, data: Data, effort: Effort) -> Section:
    plan = SECTIONS[name]
    print(f"measuring {name}: {plan.title} ...", file=sys.stderr, flush=True)
    started = time.perf_counter()
    rows = plan.measure(workers, data, effort)
    print(f"  took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return Section(name, plan.title, rows)


def _write(path: Path, machine: dict[str, Any], sections: Sequence[Section]) -> None:
    found = {section.name: as_json(section) for section in sections}
    write_text_whole(path, json.dumps({"machine": machine, "sections": found}, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
