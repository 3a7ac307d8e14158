"""mnist-scratch sweep: many runs, and what they say together."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_scratch.commands.common import add_config, add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import find_config, format_config, read_config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.threads import usable_cpus

if TYPE_CHECKING:
    from mnist_scratch.sweep.execute import Order, Outcome
    from mnist_scratch.sweep.grid import Combination
    from mnist_scratch.sweep.plan import SweepRun

SUMMARY = "train with many seeds, and with every combination of some settings"

_DATA_VARIABLE = "MNIST_SCRATCH_DATA"

# Carries runs out: orders, and what says whether to stop.
_Carrier = Callable[["Sequence[Order]", Callable[[], bool]], "Iterator[Outcome]"]


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
        help="folder of the runs' folders; what is finished there is not done again, what was "
        "begun goes on (default: runs/sweep-RECIPE)",
    )
    command.add_argument(
        "--jobs",
        type=int,
        metavar="J",
        help="runs at a time, which share the CPUs (default: as many as the CPUs have room for "
        "with the threads that each takes alone)",
    )
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="give the runs to the Dask scheduler there, such as tcp://192.168.0.1:8786; its "
        "workers need this program, and this machine's file system under the same names. A run "
        "takes one of a worker's threads, if training.threads does not say otherwise",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Do what is missing of a sweep, and print what came of the whole."""
    from mnist_scratch.sweep.grid import combinations, read_variation
    from mnist_scratch.sweep.plan import fitting_jobs, only_sweep, planned_runs

    for flag, number in (("--seeds", options.seeds), ("--jobs", options.jobs)):
        if number is not None and number < 1:
            raise MnistScratchError(f"{flag} {number}: must be at least 1")
    if options.cluster and options.jobs:
        raise MnistScratchError(
            f"--jobs {options.jobs}: on a cluster, its workers' threads say how many runs go on at "
            "a time; leave --jobs or --cluster out"
        )
    recipe = find_config(options.config) if options.config is not None else None
    config = read_config(recipe) if recipe else Config()
    compared = combinations(config, [read_variation(text) for text in options.set])
    folder = options.run or Path("runs", f"sweep-{recipe.stem if recipe else 'default'}")
    jobs = options.jobs or fitting_jobs([each.config for each in compared])
    most_threads = max(1, usable_cpus() // options.jobs) if options.jobs else None
    with only_sweep(folder):
        if options.cluster:
            carrier = _on_cluster(options.cluster)
            most_threads = 1  # a run takes one of its worker's threads
        else:
            carrier = _here(jobs)
        runs = planned_runs(compared, options.seeds, folder, most_threads)
        failed = _carry_out(runs, folder, carrier)
        finished = _report(compared, runs, folder, options)
    if failed:
        raise MnistScratchError(
            f"{len(failed)} of {len(runs)} runs failed, {finished} are finished; "
            "the same command tries again:\n"
            + "\n".join(f"{each.path.name}: {each.error}" for each in failed)
        )


def _here(jobs: int) -> _Carrier:
    from mnist_scratch.sweep.execute import carry_out_here

    return lambda orders, is_interrupted: carry_out_here(orders, jobs, is_interrupted)


def _on_cluster(address: str) -> _Carrier:
    from mnist_scratch.sweep.cluster import carry_out_on_cluster, connect

    client = connect(address)
    workers = client.nthreads()
    print(
        f"{address} has {len(workers)} workers, for {sum(workers.values())} runs at a time"
        if workers
        else f"{address} has no workers yet; the runs wait for 'dask worker {address}'",
        file=sys.stderr,
    )

    def carry_out(orders: Sequence[Order], is_interrupted: Callable[[], bool]) -> Iterator[Outcome]:
        with client:
            yield from carry_out_on_cluster(orders, client, is_interrupted)

    return carry_out


def _carry_out(runs: Sequence[SweepRun], folder: Path, carrier: _Carrier) -> list[Outcome]:
    """Carry out the runs that are missing; return those that failed."""
    from tqdm import tqdm

    from mnist_scratch.sweep.execute import is_finished
    from mnist_scratch.system.signals import DeferredSignals

    orders = [_order(run) for run in runs if not is_finished(run.path)]
    print(
        f"{folder}: {len(runs)} runs, {len(runs) - len(orders)} of them finished", file=sys.stderr
    )
    failed = []
    try:
        with (
            tqdm(
                total=len(runs),
                initial=len(runs) - len(orders),
                unit=" runs",
                leave=False,
                dynamic_ncols=True,
                disable=not sys.stderr.isatty(),
            ) as bar,
            DeferredSignals() as signals,
        ):
            for outcome in carrier(orders, lambda: signals.signal_number != 0):
                if outcome.state != "stopped":
                    bar.update()
                    bar.write(_line(outcome), file=sys.stderr)
                if outcome.state == "failed":
                    failed.append(outcome)
    except KeyboardInterrupt:
        print(f"{folder} keeps what was done; the same command goes on with it", file=sys.stderr)
        raise
    return failed


def _order(run: SweepRun) -> Order:
    from mnist_scratch.sweep.execute import Order

    data = {name: os.environ[name] for name in (_DATA_VARIABLE,) if name in os.environ}
    return Order(run.path.absolute(), format_config(run.config), Path.cwd(), data)


def _line(outcome: Outcome) -> str:
    """Say in a line how a run ended; never how it did on the test set."""
    from mnist_scratch.runs.folder import RunFolder

    if outcome.state == "failed":
        return f"{outcome.path.name}  failed: {outcome.error.splitlines()[0]}"
    best = RunFolder(outcome.path).epochs().best
    return f"{outcome.path.name}  validation accuracy {best.validation_accuracy:.2%}"


def _report(
    compared: Sequence[Combination],
    runs: Sequence[SweepRun],
    folder: Path,
    options: argparse.Namespace,
) -> int:
    """Print and write what came of all runs so far; return how many are finished."""
    from mnist_scratch.report.plots.sweep import draw_sweep
    from mnist_scratch.report.text.sweep import sweep_table
    from mnist_scratch.sweep.execute import is_finished
    from mnist_scratch.sweep.results import best, results
    from mnist_scratch.system.files import write_text_whole

    finished = {run.path for run in runs if is_finished(run.path)}
    found = results(compared, runs, finished)
    chosen = best(found)
    datasets = sorted({run.config.data.dataset for run in runs})
    values = json.dumps(
        {
            "folder": str(folder),
            "datasets": datasets,
            "seeds": options.seeds,
            "unfinished": [str(run.path) for run in runs if run.path not in finished],
            "best": chosen.combination.values if chosen else None,
            "combinations": [each.as_json() for each in found],
        },
        indent=2,
    )
    write_text_whole(folder / "sweep.json", f"{values}\n")
    if options.json:
        result(values)
    if finished:
        picture = folder / "sweep.png"
        draw_sweep(found, f"{folder.name}: {', '.join(datasets)}", picture)
        if not options.json:
            result(f"data set  {', '.join(datasets)}\n\n{sweep_table(found)}\n\n{picture}")
    return len(finished)
