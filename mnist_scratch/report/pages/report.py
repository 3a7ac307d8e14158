"""The report of a run: what it learned and what it gets wrong, in pictures and on one page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from tqdm import tqdm

from mnist_scratch.config.schema import settings
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.examples import Example, worst_examples
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.softmax import softmax
from mnist_scratch.nn.softmax_cross_entropy import softmax_cross_entropy
from mnist_scratch.report.pages.parts import Picture, facts, page, section, table
from mnist_scratch.report.plots.evaluation import (
    calibration_figure,
    confusion_figure,
    mistakes_figure,
    share_text,
)
from mnist_scratch.report.plots.layers import norms_figure, shown_units, weights_figure
from mnist_scratch.report.plots.loss_curve import loss_curve_figure
from mnist_scratch.report.plots.style import drawn
from mnist_scratch.report.text.evaluation import percent
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import write_text_whole, written_whole
from mnist_scratch.system.text import printable
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.history import History
from mnist_scratch.training.metrics import class_scores, most_confused

WORST = 25


class _Findings(NamedTuple):
    """What a report is about, read and measured once."""

    run: RunFolder
    network: Network
    names: tuple[str, ...]
    history: History
    norms: npt.NDArray[np.float64] | None
    evaluation: Evaluation
    worst: list[Example]


def write_report(run: RunFolder, test: Dataset) -> None:
    """Measure a run's model on its test set, and write report/ and report.html.

    Parameters
    ----------
    run
        The run.
    test
        Its test set.

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read, or the report cannot be written.
    """
    network = run.model()
    found = _Findings(
        run=run,
        network=network,
        names=class_names(test.name),
        history=run.history(),
        norms=run.norms() if run.norms_path.exists() else None,
        evaluation=evaluate(network, test),
        worst=worst_examples(network, test, min(WORST, len(test))),
    )
    makers = _makers(found)
    pictures = {}
    bar = tqdm(makers.items(), "drawing", unit=" pictures", disable=not sys.stderr.isatty())
    for name, (alternative, make) in bar:
        picture = Picture(name, alternative, drawn(make, "light"), drawn(make, "dark"))
        with written_whole(run.pictures_path / f"{name}.png") as file:
            file.write(picture.light)
        pictures[name] = picture.as_html()
    write_text_whole(run.report_path, _page(found, pictures))


def _makers(found: _Findings) -> dict[str, tuple[str, Callable[[], Figure]]]:
    """Return, of each picture, its name, what it shows in words, and what makes it."""
    evaluation, names = found.evaluation, found.names
    best, epochs = found.history.best, len(found.history.epochs)
    pairs = ", ".join(
        f"{names[pair.true]} read as {names[pair.predicted]} {pair.examples} times"
        for pair in most_confused(evaluation.confusion)
    )
    error = f"{evaluation.calibration.expected_error:.2%}"
    mistakes = ", ".join(
        f"{names[example.label]} read as {names[int(np.argmax(example.logits))]}"
        for example in found.worst
    )
    makers: dict[str, tuple[str, Callable[[], Figure]]] = {
        "learning": (
            f"Loss and validation accuracy; of {epochs} epochs the best is {best.epoch}.",
            lambda: loss_curve_figure(found.run),
        ),
        "confusion": (
            f"Confusion matrix with counts; most confused: {pairs or 'nothing'}.",
            lambda: confusion_figure(evaluation.confusion, names),
        ),
        "mistakes": (
            f"The {len(found.worst)} test images with the largest loss: {mistakes}.",
            lambda: mistakes_figure(found.worst, names),
        ),
        "calibration": (
            f"How sure it was and how often right; the expected calibration error is {error}.",
            lambda: calibration_figure(evaluation.calibration),
        ),
        "weights": (
            f"The weights of {len(shown_units(found.network))} units of the first layer as images.",
            lambda: weights_figure(found.network, names),
        ),
    }
    if (norms := found.norms) is not None and len(norms):
        last = "; ".join(f"layer {n}: {row[0]:.3g}" for n, row in enumerate(norms[-1], start=1))
        makers["norms"] = (
            f"Norms of weights and gradients over the epochs; of the weights at the end, {last}.",
            lambda: norms_figure(norms, found.network.widths),
        )
    return makers


def _page(found: _Findings, pictures: dict[str, str]) -> str:
    evaluation = found.evaluation
    low, high = evaluation.accuracy_interval
    drawn_digits = " (digits drawn by the program)" if evaluation.dataset == "synthetic" else ""
    result = (
        f"of {evaluation.examples:,} test images of {evaluation.dataset}{drawn_digits} read "
        f"rightly (95% interval {low:.2%} to {high:.2%})"
    )
    sections = [
        section("The run", "", f'<div class="tables">{_summary(found)}{_config(found)}</div>'),
        section(
            "How it learned",
            "The loss of every step, and what the validation images said after every epoch. The "
            "parameters of the best epoch are the run's model.",
            pictures["learning"],
        ),
        section(
            "What it takes for what",
            "Test images of each class (row) by what they were read as (column). Mistakes are "
            "coloured; a point is none.",
            pictures["confusion"],
        ),
        section(
            "Class by class", "", f'<div class="tables">{_classes(found)}{_pairs(found)}</div>'
        ),
        section(
            "What it is most wrong about",
            f"The {len(found.worst)} test images with the largest loss, largest first: the truth "
            "and the probability that it was given, then what was read instead.",
            pictures["mistakes"],
            f"<details><summary>As a table</summary>{_worst(found)}</details>",
        ),
        section(
            "How sure it is",
            "Confidence is the probability of the class that is named. On the dashed line the "
            "network is right as often as it believes; below it, it is too sure. The expected "
            f"calibration error is {evaluation.calibration.expected_error:.2%}: how far from the "
            "line the images lie on average.",
            pictures["calibration"],
        ),
        section(
            "What the first layer looks for",
            _about_weights(found.network),
            pictures["weights"],
        ),
    ]
    if "norms" in pictures:
        sections.append(
            section(
                "What moved while it learned",
                "The Euclidean norm of each layer's weights after every epoch, and of their "
                "gradient in that epoch's last step.",
                pictures["norms"],
            )
        )
    name = printable(found.run.path.resolve().name)
    return page(f"Run {name}", f"{evaluation.accuracy:.2%}", result, sections)


def _about_weights(network: Network) -> str:
    units, count = network.widths[1], len(shown_units(network))
    chosen = (
        f"The {count} of {units:,} units with the largest weights"
        if count < units
        else (f"All {units} units")
    )
    return (
        f"{chosen}, each with its 28 x 28 weights: ink on orange drives the unit up, ink on blue "
        "drives it down. The scale is one for all."
    )


def _summary(found: _Findings) -> str:
    evaluation, best = found.evaluation, found.history.best
    seconds = found.history.epochs[-1].seconds or 0.0
    low, high = evaluation.accuracy_interval
    rows = [
        ("data set", evaluation.dataset),
        ("network", "-".join(map(str, found.network.widths))),
        ("parameters", f"{found.network.parameters.size:,}"),
        ("test accuracy", f"{evaluation.accuracy:.2%} ({low:.2%} to {high:.2%})"),
        ("test loss", f"{evaluation.loss:.4f}"),
        ("calibration error", f"{evaluation.calibration.expected_error:.2%}"),
        ("mean confidence", f"{evaluation.calibration.mean_confidence:.2%}"),
        ("validation accuracy", f"{best.validation_accuracy:.2%}, epoch {best.epoch}"),
        ("epochs", str(len(found.history.epochs))),
        ("steps", f"{found.history.rows[-1].step:,}"),
        ("training", f"{seconds:.1f} s"),
    ]
    return facts("Result", rows)


def _config(found: _Findings) -> str:
    config = found.run.config()
    rows = []
    for setting in settings():
        value = getattr(getattr(config, setting.section), setting.key)
        text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        rows.append((f"{setting.section}: {setting.key.replace('_', ' ')}", printable(text) or "-"))
    return facts("Config", rows)


def _classes(found: _Findings) -> str:
    rows = [
        (
            name,
            *(percent(share).strip() for share in (score.precision, score.recall, score.f1)),
            f"{score.examples:,}",
        )
        for name, score in zip(found.names, class_scores(found.evaluation.confusion), strict=True)
    ]
    return table("Each class", ("class", "precision", "recall", "F1", "images"), rows)


def _pairs(found: _Findings) -> str:
    confusion = found.evaluation.confusion
    rows = [
        (
            f"{found.names[pair.true]} read as {found.names[pair.predicted]}",
            f"{pair.examples:,}",
            f"{pair.examples / int(confusion[pair.true].sum()):.2%}",
        )
        for pair in most_confused(confusion, 10)
    ]
    return table("Most confused", ("truth and answer", "images", "of the class"), rows)


def _worst(found: _Findings) -> str:
    rows = []
    for example in found.worst:
        probabilities = softmax(example.logits)
        read = int(np.argmax(probabilities))
        loss = softmax_cross_entropy(example.logits, example.label)
        rows.append(
            (
                f"image {example.number}",
                found.names[example.label],
                share_text(probabilities[example.label]),
                found.names[read],
                share_text(probabilities[read]),
                f"{loss:.3f}",
            )
        )
    header = ("image", "truth", "its probability", "read as", "probability", "cross-entropy")
    return table("The largest losses", header, rows)
