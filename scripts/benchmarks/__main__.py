"""The command line of the benchmark, scripts/benchmark, and the list of its sections."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib.util
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import threadpoolctl
from benchmarks import programs, sections
from benchmarks.ours import load
from benchmarks.output import Row, Section, as_json, draw, markdown_lines, terminal_lines
from benchmarks.turns import BenchmarkError, Contest, Data

from mnist_scratch import MnistScratchError, __version__
from mnist_scratch.data.sources.files import data_folder
from mnist_scratch.system.files import write_text_whole
from mnist_scratch.system.threads import usable_cpus

# Name to title and function.
Plans = dict[str, tuple[str, Callable[[Contest], list[Row]]]]
SECTIONS: Plans = {
    "step": ("a training step beside PyTorch's", sections.step),
    "limit": ("a training step over its own matrix products (1 is the limit)", sections.limit),
    "epoch": ("an epoch beside scikit-learn's MLPClassifier (SGD)", sections.epoch),
    "evaluation": ("evaluation beside PyTorch's", sections.evaluation),
    "loss": ("the loss alone beside PyTorch's", sections.loss),
    "start": ("the start of the process", programs.start),
    "train": ("a whole default run beside a PyTorch program's", programs.train),
    "98": ("the time to 98.0 % test accuracy, by speedrun", programs.accuracy_98),
    "98.5": ("the time to 98.5 % test accuracy", programs.accuracy_98_5),
    "distortion": ("a training step on distorted images", sections.distortion),
    "finite": ("what it costs to check for numbers that are not finite", sections.finite),
    "checkpoint": ("what it costs to save a run, flushed to disk", sections.checkpoint),
    "scale": ("training on a file of millions of images", programs.scale),
    "width": ("a training step as the network widens", sections.width),
}
# They take many minutes: without --quick they have to be asked for by name.
SLOW = ("scale", "width")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return the exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        for name, (title, _) in SECTIONS.items():
            print(f"{name:<12}{title}{'  (slow)' if name in SLOW else ''}")
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
    parser.add_argument(
        "--against",
        type=Path,
        metavar="CHECKOUT",
        help="measure instead a training step of this checkout and of another in pairs",
    )
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the ratios, PNG")
    return parser


def _measure(options: argparse.Namespace) -> None:
    plans = _plans(options)
    # Draws the synthetic digits where there is no MNIST, and finds damaged files now.
    dataset = load("auto").training.name
    data = Data(dataset, str(data_folder(dataset).resolve()))
    machine = _machine(dataset)
    head = [f"{name}: {value}" for name, value in machine.items()]
    print("\n".join(head), end="\n\n", flush=True)
    lines = markdown_lines if options.markdown else terminal_lines
    measured: list[Section] = []
    # Two rounds are too few for pairs.
    rounds = sections.LEAST_PAIRED_ROUNDS if options.against and options.quick else None
    with Contest(data, quick=options.quick, rounds=rounds) as contest:
        for name, (title, measure) in plans.items():
            print(f"measuring {name}: {title} ...", file=sys.stderr, flush=True)
            started = time.perf_counter()
            measured.append(Section(name, title, measure(contest)))
            print(f"  took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            print("\n".join(lines(measured[-1])), end="\n\n", flush=True)
            if options.output:  # after every section: a run takes long, and can be interrupted
                found = {section.name: as_json(section) for section in measured}
                content = {"machine": machine | {"quick": options.quick}, "sections": found}
                write_text_whole(options.output, json.dumps(content, indent=1) + "\n")
    if options.picture:
        draw(measured, head, options.picture)


def _plans(options: argparse.Namespace) -> Plans:
    """Return what the command line asks for."""
    if options.against:
        if options.sections:
            raise BenchmarkError("--against measures a section of its own: name no other")
        checkout = options.against.resolve()
        title = f"a training step of this checkout and of {checkout}, in pairs"
        return {"against": (title, lambda contest: sections.against(contest, checkout))}
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        raise BenchmarkError(
            f"there is no section {', '.join(unknown)}; sections are {', '.join(SECTIONS)}"
        )
    missing = [name for name in ("torch", "sklearn") if importlib.util.find_spec(name) is None]
    if missing:
        raise BenchmarkError(
            f"{', '.join(missing)} cannot be imported; install what the benchmark compares with: "
            "./scripts/install dev bench, or pip install -e '.[bench]'"
        )
    asked = options.sections or [name for name in SECTIONS if options.quick or name not in SLOW]
    return {name: SECTIONS[name] for name in asked}


def _machine(dataset: str) -> dict[str, str]:
    """Return what the figures are measured on."""
    versions = [f"mnist_scratch {__version__}", f"Python {platform.python_version()}"]
    for name in ("numpy", "torch", "scikit-learn"):
        with contextlib.suppress(PackageNotFoundError):
            versions.append(f"{name} {version(name)}")
    pools = threadpoolctl.threadpool_info()
    blas = [f"{pool['internal_api']} {pool['version']} {pool['architecture']}" for pool in pools]
    return {
        "CPU": f"{_cpu_name()}, usable cores: {usable_cpus()}",
        "system": platform.platform(),
        "versions": ", ".join(versions),
        "NumPy's BLAS": ", ".join(blas),
        "data": dataset,
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }


def _cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
