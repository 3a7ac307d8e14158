"""mnist-scratch sweep: train many runs and compare them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.commands.common import add_config, add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import find_config, format_config, read_config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.report.text.sweep import sweep_table
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.sweep.cluster import cluster_workers
from mnist_scratch.sweep.execute import (
    Job,
    JobResult,
    Workers,
    is_finished,
    local_workers,
    run_jobs,
)
from mnist_scratch.sweep.grid import Combination, combinations, read_variation
from mnist_scratch.sweep.plan import SweepRun, fitting_jobs, locked_sweep, plan_runs
from mnist_scratch.sweep.results import best, read_results
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.files import write_text_whole
from mnist_scratch.system.signals import DeferredSignals
from mnist_scratch.system.threads import usable_cpus

_DATA_VARIABLES = ("MNIST_SCRATCH_DATA", "XDG_CACHE_HOME")  # where data are looked for


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the recipe, the seeds, the settings to vary, and where the runs go."""
    add_config(command)
    command.add_argument(
        "--seeds",
        type=int,
        required=True,
        metavar="N",
        help="train each combination N times, with the seeds 0 to N - 1",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=V,V",
        help="the values of a setting, named as in config.toml, such as "
        "optimizer.learning_rate=0.05,0.1 or network.hidden=[800],[512,512]; one value replaces "
        "the recipe's; can be given several times",
    )
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="folder of the runs' folders; finished runs in it are kept, interrupted ones are "
        "resumed (default: runs/sweep-RECIPE)",
    )
    command.add_argument(
        "--jobs",
        type=int,
        metavar="J",
        help="runs at a time, which share the CPUs (default: as many as leave a CPU to each "
        "thread of a run)",
    )
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="run on the workers of the Dask scheduler there, such as tcp://192.168.0.1:8786; "
        "they need this program, and this machine's file system under the same names; each run "
        "takes one thread of a worker, unless training.threads is set",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Train the runs of a sweep that are not finished, and print the results of all."""
    for flag, number in (("--seeds", options.seeds), ("--jobs", options.jobs)):
        if number is not None and number < 1:
            raise MnistScratchError(f"{flag} {number}: must be at least 1")
    if options.cluster and options.jobs:
        raise MnistScratchError(
            f"--jobs {options.jobs}: the workers of a cluster determine the number of runs at a "
            "time; leave out --jobs or --cluster"
        )
    recipe = find_config(options.config) if options.config is not None else None
    config = read_config(recipe) if recipe else Config()
    compared = combinations(config, [read_variation(text) for text in options.set])
    folder = options.run or Path("runs", f"sweep-{recipe.stem if recipe else 'default'}")
    most_threads = None
    if options.cluster:
        most_threads = 1
    elif options.jobs:
        most_threads = max(1, usable_cpus() // options.jobs)
    with locked_sweep(folder):
        runs = plan_runs(compared, options.seeds, folder, most_threads)
        workers = (
            cluster_workers(options.cluster, lambda text: print(text, file=sys.stderr))
            if options.cluster
            else local_workers(options.jobs or fitting_jobs(runs))
        )
        with workers as started:
            failed = _train(runs, folder, started)
        finished = _report(compared, runs, folder, options)
    if failed:
        raise MnistScratchError(
            f"{len(failed)} of {len(runs)} runs failed, {finished} are finished; "
            "the same command tries again:\n"
            + "\n".join(f"{each.path.name}: {each.error}" for each in failed)
        )


def _train(runs: Sequence[SweepRun], folder: Path, workers: Workers) -> list[JobResult]:
    """Train the runs that are not finished; return those that failed."""
    data = {name: os.environ[name] for name in _DATA_VARIABLES if name in os.environ}
    jobs = [
        Job(run.path.absolute(), format_config(run.config), Path.cwd(), data)
        for run in runs
        if not is_finished(run.path)
    ]
    done = len(runs) - len(jobs)
    print(f"{folder}: {len(runs)} runs, {done} of them finished", file=sys.stderr)
    failed = []
    try:
        with (
            progress_bar(len(runs), "runs", done) as bar,
            DeferredSignals() as signals,
        ):
            for ended in run_jobs(jobs, workers, lambda: signals.signal_number != 0):
                if ended.state != "stopped":
                    bar.update()
                    bar.write(_describe(ended), file=sys.stderr)
                if ended.state == "failed":
                    failed.append(ended)
    except KeyboardInterrupt:
        print(f"{folder} keeps what is done; the same command resumes the sweep", file=sys.stderr)
        raise
    return failed


def _describe(ended: JobResult) -> str:
    """Return a line about a run, without its accuracy on the test set."""
    if ended.state == "failed":
        return f"{ended.path.name}  failed: {ended.error.splitlines()[0]}"
    best_epoch = RunFolder(ended.path).epochs().best
    return f"{ended.path.name}  validation accuracy {best_epoch.validation_accuracy:.2%}"


def _report(
    compared: Sequence[Combination],
    runs: Sequence[SweepRun],
    folder: Path,
    options: argparse.Namespace,
) -> int:
    """Print and write the results of all runs so far; return how many are finished."""
    from mnist_scratch.report.plots.sweep import draw_sweep

    results = read_results(compared, runs)
    finished = sum(len(each.runs) for each in results)
    chosen = best(results)
    datasets = sorted({run.config.data.dataset for run in runs})
    values = {
        "folder": str(folder),
        "datasets": datasets,
        "seeds": options.seeds,
        "unfinished": [run for each in results for run in each.unfinished],
        "best": chosen.combination.values if chosen else None,
        "combinations": [each.as_json() for each in results],
    }
    written = json.dumps(values, indent=2)
    written_to = folder / "sweep.json"
    write_text_whole(written_to, f"{written}\n")
    if options.json:
        result(written)
    if finished:
        picture = folder / "sweep.png"
        draw_sweep(results, f"{folder.name}: {', '.join(datasets)}", picture)
        if not options.json:
            result(
                f"data set  {', '.join(datasets)}\n\n{sweep_table(results)}\n\n"
                f"{picture}\n{written_to}"
            )
    return finished
