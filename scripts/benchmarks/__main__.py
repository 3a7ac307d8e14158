"""The command line of the benchmark, scripts/benchmark, and the list of its sections."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import programs, sections
from benchmarks.output import Row, lines, summary
from benchmarks.turns import BenchmarkError, Contest, Data

from mnist_scratch import Config, MnistScratchError, load_dataset
from mnist_scratch.data.sources.files import data_folder
from mnist_scratch.runs.environment import describe_environment
from mnist_scratch.system.files import write_text_whole

# Name to title and function.
Plans = dict[str, tuple[str, Callable[[Contest], list[Row]]]]
SECTIONS: Plans = {
    "step": ("a training step beside the rivals', and its own matrix products", sections.step),
    "epoch": ("an epoch beside the rivals', and the loss it leads to", sections.epoch),
    "evaluation": ("evaluation beside the rivals'", sections.evaluation),
    "loss": ("the loss alone beside the rivals'", sections.loss),
    "start": ("the start of the process", programs.start),
    "train": ("a whole default run, undistorted, beside the rivals' programs", programs.train),
    "98": ("the time to 98.0% test accuracy, by speedrun", programs.accuracy_98),
    "98.5": ("the time to 98.5% test accuracy", programs.accuracy_98_5),
    "threads": ("the number of threads that is chosen, beside fixed ones", sections.threads),
    "busy": ("the same for undistorted default runs on a busy machine", programs.busy),
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
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Measure this program beside its rivals, in one run.",
        epilog="sections:\n" + "\n".join(f"  {name:<12}{SECTIONS[name][0]}" for name in SECTIONS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"what to measure; by default all, {' and '.join(SLOW)} only with --quick",
    )
    parser.add_argument(
        "--quick", action="store_true", help="few and short rounds: every row in three minutes"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="CHECKOUT",
        help="measure instead a training step of this checkout and of another in pairs",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write everything as JSON")
    options = parser.parse_args(arguments)
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"there is no section {name}; sections are {', '.join(SECTIONS)}")
    if options.against and options.sections:
        parser.error("--against measures a section of its own: name no other")
    try:
        failed = _measure(options)
    except (BenchmarkError, MnistScratchError, OSError, PackageNotFoundError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("benchmark: interrupted", file=sys.stderr)
        return 130
    return 2 if failed else 0


def _measure(options: argparse.Namespace) -> bool:
    """Measure section after section; return whether one failed."""
    rivals = [] if options.against else ["torch", "jax", "scikit-learn"]
    versions = {name: version(name) for name in rivals}
    # Draws the synthetic digits where there is no MNIST, and finds damaged files now.
    dataset = load_dataset("auto").training
    machine = describe_environment(Config(), dataset) | versions
    if options.against:
        checkout = options.against.resolve()
        title = f"a training step of this checkout and of {checkout}, in pairs"
        plans: Plans = {"against": (title, lambda contest: sections.against(contest, checkout))}
    else:
        named = [name for name in SECTIONS if options.quick or name not in SLOW]
        plans = {name: SECTIONS[name] for name in options.sections or named}
    shown = ("git_commit", "numpy", *rivals, "cpu", "usable_cpus", "dataset")
    print(", ".join(f"{name} {machine[name]}" for name in shown if name in machine), end="\n\n")
    measured: dict[str, list[Row]] = {}
    failed = False
    data = Data(dataset.name, str(data_folder(dataset.name).resolve()))
    with Contest(data, quick=options.quick) as contest:
        for name, (title, measure) in plans.items():
            print(f"measuring {name}: {title} ...", file=sys.stderr, flush=True)
            started = time.perf_counter()
            try:
                measured[name] = measure(contest)
            except BenchmarkError as error:  # the others took an hour, or will
                print(f"benchmark: section {name}: {error}", file=sys.stderr, flush=True)
                failed = True
                contest.end_processes()
                continue
            print(f"  took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            print("\n".join(lines(title, measured[name])), end="\n\n", flush=True)
            if options.output:  # after every section: a run takes long, and can be interrupted
                rows = {section: list(map(asdict, rows)) for section, rows in measured.items()}
                content = {"machine": machine, "quick": options.quick, "sections": rows}
                write_text_whole(options.output, json.dumps(content, indent=1) + "\n")
    print("\n".join(summary(measured)))
    return failed


if __name__ == "__main__":
    sys.exit(main())
