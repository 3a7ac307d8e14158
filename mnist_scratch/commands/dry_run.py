"""`mnist-scratch train --dry-run`: what a run would do; nothing is written, fetched or drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_scratch.config.schema import Config
from mnist_scratch.data.dataset import PIXELS, split
from mnist_scratch.data.sources.files import data_folder
from mnist_scratch.data.sources.load import load_dataset, to_fetch
from mnist_scratch.data.sources.registry import DATASETS, class_names
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import FILES
from mnist_scratch.runs.threads import computing, scratch_trainer, take_steps
from mnist_scratch.system.text import labelled
from mnist_scratch.system.threads import usable_cpus
from mnist_scratch.training.evaluation import evaluate

_SIZES = 60_000, 10_000  # of the synthetic digits, before they are drawn
_TIMED_BATCHES = 20  # at most, in one epoch of the network that is timed
_TIMED = 0.5  # seconds, at least


def plan(config: Config, path: Path) -> dict[str, Any]:
    """Return what a run would do, as JSON values.

    Parameters
    ----------
    config
        The run's.
    path
        Its folder.

    Raises
    ------
    MnistScratchError
        If the data that are on disk are damaged, or too few.
    """
    data, training = config.data, config.training
    dataset = "mnist" if data.dataset == "auto" else data.dataset
    folder = data_folder(dataset, data.data_dir)
    absent = to_fetch(dataset, folder)
    sizes, classes = _sizes(config) if absent else _loaded_sizes(config)
    batch = min(training.batch_size, sizes["training"])
    steps = training.epochs * -(-sizes["training"] // batch)
    with computing(config) as (found, threads):
        network, seconds_a_step, seconds_an_image = _measured(found, batch, classes)
    evaluated = training.epochs * sizes["validation"] + sizes["test"]
    return {
        "dataset": dataset,
        "data_dir": str(folder),
        "missing": [file.published[0] for file in absent],
        "missing_bytes": sum(file.published[1] for file in absent),
        "examples": sizes,
        "distorted": config.augmentation.distorts,
        "widths": list(network.widths),
        "activation": config.network.activation,
        "parameters": network.parameters.size,
        "optimizer": config.optimizer.name,
        "epochs": training.epochs,
        "batch_size": batch,
        "steps": steps,
        "threads": found.training.threads,
        "threads_tried": threads.tried,
        "seconds_per_step": seconds_a_step,
        "estimated_seconds": steps * seconds_a_step + evaluated * seconds_an_image,
        "run": str(path),
        "files": list(FILES),
    }


def describe(planned: dict[str, Any], *, auto: bool) -> str:
    """Return a plan in lines; `auto` is whether any data set will do."""
    sizes, folder, dataset = planned["examples"], planned["data_dir"], planned["dataset"]
    where = f"{dataset}, in {folder}"
    if planned["missing"] and dataset == "synthetic":
        where = f"{dataset}, which would be drawn into {folder} (55 MB)"
    elif planned["missing"]:
        size = planned["missing_bytes"] / 1e6
        where = f"{dataset}, not on disk: would be downloaded into {folder} ({size:.0f} MB)"
        where += "; if that fails, synthetic digits instead" if auto else ""
    widths, batch = planned["widths"], planned["batch_size"]
    activation = f", {planned['activation']}" if len(widths) > 2 else ""
    distorted = ", distorted in every epoch" if planned["distorted"] else ""
    threads = f"{planned['threads'] or 'as many as the BLAS chooses'}"
    if tried := planned["threads_tried"]:
        times = " or ".join(f"{1000 * took:.3g} ms with {number}" for number, took in tried.items())
        threads += f", tried now: a step takes {times}; --threads fixes the number"
    elif planned["threads"] and usable_cpus() > 1:
        threads += ", as given"
    epochs, seconds = planned["epochs"], planned["estimated_seconds"]
    took = f"{1000 * planned['seconds_per_step']:.3g} ms a step, measured now"
    rows = {
        "data": where,
        "images": f"{sizes['training']:,} to train on{distorted}, {sizes['validation']:,} for "
        f"validation, {sizes['test']:,} to test on",
        "network": f"{'-'.join(map(str, widths))}{activation}: "
        f"{planned['parameters']:,} parameters",
        "a batch": " -> ".join(f"{batch}x{width}" for width in widths),
        "training": f"{epochs:,} epochs of {planned['steps'] // epochs:,} steps: "
        f"{planned['steps']:,} steps of {planned['optimizer']}",
        "threads": threads,
        "time": f"about {_duration(seconds)} ({took})",
        "files": f"{planned['run']}: {', '.join(planned['files'])}",
    }
    return "\n".join(
        [*(labelled(label, text) for label, text in rows.items()), "", "nothing was written"]
    )


def _sizes(config: Config) -> tuple[dict[str, int], int]:
    """Return the numbers of examples and of classes of a published data set that is not on disk."""
    dataset = "mnist" if config.data.dataset == "auto" else config.data.dataset
    files = DATASETS[dataset].files
    counts = [(file.size - 16) // PIXELS or 0 for file in (files[0], files[2])]
    training, test = counts if min(counts) > 0 else _SIZES
    validation = config.data.validation_examples
    sizes = {"training": max(training - validation, 1), "validation": validation, "test": test}
    return sizes, len(class_names(dataset))


def _loaded_sizes(config: Config) -> tuple[dict[str, int], int]:
    """Return the same numbers of a data set that is on disk, and is verified so."""
    data = config.data
    splits = load_dataset(data.dataset, data.data_dir, invert=data.invert)
    training, validation = split(splits.training, data.validation_examples, 0)
    sizes = {"training": len(training), "validation": len(validation), "test": len(splits.test)}
    return sizes, len(training.classes)


def _measured(config: Config, batch: int, classes: int) -> tuple[Network, float, float]:
    """Return the run's network, and the seconds that a step and the evaluation of an image take."""
    sized = replace(config, training=replace(config.training, batch_size=batch))
    trainer = scratch_trainer(sized, min(_TIMED_BATCHES, max(2, 4096 // batch)), classes)
    steps = take_steps(trainer)
    next(steps)  # slower than others
    count, started = 0, time.perf_counter()
    while (ended := time.perf_counter()) < started + _TIMED or count < 2:
        next(steps)
        count += 1
    evaluate(trainer.network, trainer.validation)
    seconds_an_image = (time.perf_counter() - ended) / len(trainer.validation)
    return trainer.network, (ended - started) / count, seconds_an_image


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:.1f} hours"
