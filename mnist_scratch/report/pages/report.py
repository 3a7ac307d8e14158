"""The report of a run on one page: how it learned and what it gets wrong."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from mnist_scratch.config.schema import settings
from mnist_scratch.data.dataset import Examples
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.examples import Example, worst_examples
from mnist_scratch.nn.cross_entropy_reference import softmax_cross_entropy
from mnist_scratch.nn.loss import LOSSES, softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.report.explain.backward import explain_step, optimizer_of
from mnist_scratch.report.explain.backward_picture import step_figure, strongest
from mnist_scratch.report.pages.template import fill, read
from mnist_scratch.report.plots.evaluation import (
    calibration_figure,
    confusion_figure,
    examples_figure,
)
from mnist_scratch.report.plots.layers import norms_figure, shown_units, weights_figure
from mnist_scratch.report.plots.loss_curve import loss_curve_figure
from mnist_scratch.report.plots.style import drawn, plain
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.files import write_text_whole, written_whole
from mnist_scratch.system.text import percent, printable, share_text
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.history import History
from mnist_scratch.training.metrics import METRICS, class_scores, most_confused

_WORST = 25  # images in the picture of the largest losses
_UNFOLDED = 50  # rows of a table that stands open


class _Section(NamedTuple):
    """A section of the page: a title, and what of the rest it has, in this order."""

    title: str
    text: str = ""
    picture: str = ""  # the name of its file in the folder of pictures, without ".png"
    alternative: str = ""  # what the picture shows, for those who do not see it
    make: Callable[[], Figure] | None = None  # draws the picture in the current colours
    tables: str = ""  # HTML


def write_report(run: RunFolder, network: Network, test: Examples) -> None:
    """Measure a run's model on its test set, and write report/ and report.html.

    Parameters
    ----------
    run, network
        The run and its model.
    test
        Its test set.

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read, or the report cannot be written.
    """
    history = run.history()
    evaluation = evaluate(network, test)
    worst = worst_examples(network, test, min(_WORST, len(test)))
    sections = [
        _about_learning(run, history),
        *_about_errors(run, evaluation, worst),
        *_about_layers(run, network, test.classes),
        _about_a_step(run, network, worst[0], test.classes),
        _about_run(run, network, history, evaluation),
    ]
    drawn_sections = []
    with progress_bar(len(sections), "sections", title="drawing") as bar:
        for section in sections:
            drawn_sections.append(_section(run, section))
            bar.update()
    body = "\n".join(drawn_sections)
    drawn_digits = " (digits drawn by the program)" if test.name == "synthetic" else ""
    low, high = evaluation.accuracy_interval
    page = fill(
        "report_page/page.html",
        title=html.escape(f"Run {printable(run.path.resolve().name)}"),
        accuracy=f"{evaluation.accuracy:.2%}",
        result=html.escape(
            f"accuracy on {evaluation.examples:,} test images of {test.name}{drawn_digits}, "
            f"95% interval {low:.2%} to {high:.2%}"
        ),
        style=read("style.css") + read("report_page/style.css"),
        sections=body,
    )
    write_text_whole(run.report_path, page)


def _about_run(
    run: RunFolder, network: Network, history: History, evaluation: Evaluation
) -> _Section:
    best = history.best
    low, high = evaluation.accuracy_interval
    result = [
        ("data set", evaluation.dataset),
        ("network", "-".join(map(str, network.widths))),
        ("parameters", f"{network.parameters.size:,}"),
        ("test accuracy", f"{evaluation.accuracy:.2%} ({low:.2%} to {high:.2%})"),
        ("test loss", f"{evaluation.loss:.4f}"),
        *((METRICS[name].title, f"{value:.2%}") for name, value in evaluation.metrics.items()),
        ("validation accuracy", f"{best.validation_accuracy:.2%}, epoch {best.epoch}"),
        ("epochs", str(len(history.epochs))),
        ("steps", f"{history.rows[-1].step:,}"),
        ("training", f"{history.epochs[-1].seconds or 0.0:.1f} s"),
    ]
    config, values, changed = run.config(), [], []
    for setting in settings():
        value = getattr(getattr(config, setting.section), setting.key)
        text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        row = f"{setting.section}: {setting.key.replace('_', ' ')}", printable(text) or "-"
        values.append(row)
        if value != setting.default:
            changed.append(row)
    tables = [_table("Result", result)]
    if changed:
        tables.append(_table("Settings that differ from the defaults", changed))
    fold = f"<details><summary>All settings</summary>{_table('Settings', values)}</details>"
    return _Section("The run", tables=f"{_beside(*tables)}\n{fold}")


def _about_learning(run: RunFolder, history: History) -> _Section:
    return _Section(
        "Learning curve",
        "Training loss of every step; validation loss and accuracy after every epoch. The model "
        "has the parameters of the best epoch.",
        "learning",
        f"Loss and validation accuracy over {len(history.epochs)} epochs; the best epoch is "
        f"{history.best.epoch}.",
        lambda: loss_curve_figure(run),
    )


def _about_errors(
    run: RunFolder, evaluation: Evaluation, worst: Sequence[Example]
) -> list[_Section]:
    names, bins = evaluation.classes, evaluation.calibration
    pairs = ", ".join(
        f"true {names[pair.true]} predicted {names[pair.predicted]}, {pair.examples} times"
        for pair in most_confused(evaluation.confusion)
    )
    shown = ", ".join(
        f"true {names[example.label]} predicted {names[int(np.argmax(example.logits))]}"
        for example in worst
    )
    error = f"{bins.expected_error:.2%}"
    return [
        _Section(
            "Confusion matrix",
            "Rows: true class, columns: predicted. A dot is zero; errors are coloured.",
            "confusion",
            f"Confusion matrix with counts; most confused: {pairs or 'no errors'}.",
            lambda: confusion_figure(evaluation.confusion, names, _title(run, "confusion matrix")),
        ),
        _Section(
            "Each class", tables=_beside(_class_table(evaluation, names), _pairs(evaluation, names))
        ),
        _Section(
            "Largest losses",
            f"The {len(worst)} test images with the largest loss, largest first. Above each image: "
            "its number, its true class and the predicted class, each with its probability.",
            "mistakes",
            f"The {len(worst)} test images with the largest loss: {shown}.",
            lambda: examples_figure(worst, names, _title(run, "largest losses")),
            f"<details><summary>As a table</summary>{_losses(worst, names)}</details>",
        ),
        _Section(
            "Calibration",
            "Confidence is the probability of the predicted class. On the dashed line, accuracy "
            "equals confidence; below it, the network is overconfident. The expected calibration "
            f"error is {error}: the mean distance from the line, weighted by the number of images.",
            "calibration",
            f"Confidence and accuracy; the expected calibration error is {error}.",
            lambda: calibration_figure(bins, _title(run, "calibration")),
        ),
    ]


def _about_layers(run: RunFolder, network: Network, names: Sequence[str]) -> list[_Section]:
    units, shown = network.widths[1], len(shown_units(network))
    chosen = f"The {shown} of {units:,} units with the largest weights"
    sections = [
        _Section(
            "Weights of the first layer",
            f"{chosen if shown < units else f'All {units} units'}, each with its 28 x 28 weights, "
            "on one scale: ink on orange raises the unit's output, ink on blue lowers it.",
            "weights",
            f"The weights of {shown} units of the first layer as images.",
            lambda: weights_figure(network, names, _title(run, "weights of the first layer")),
        )
    ]
    norms = run.norms() if run.norms_path.exists() else np.empty((0, 0, 2))
    if len(norms):
        last = "; ".join(f"layer {n}: {row[0]:.3g}" for n, row in enumerate(norms[-1], start=1))
        sections.append(
            _Section(
                "Norms of weights and gradients",
                "The Euclidean norm of each layer's weights after every epoch, and of their "
                "gradient in the last step of that epoch.",
                "norms",
                "Norms of weights and gradients over the epochs; of the weights at the end, "
                f"{last}.",
                lambda: norms_figure(norms, network.widths, _title(run, "norms of each layer")),
            )
        )
    return sections


def _about_a_step(
    run: RunFolder, network: Network, example: Example, names: Sequence[str]
) -> _Section:
    title = "Back from the loss to the weights"
    try:
        optimizer, origin = optimizer_of(run, network)
        loss_function = LOSSES[run.config().training.loss]()
        step = explain_step(
            network, example.image, example.label, optimizer, loss_function=loss_function
        )
    except MnistScratchError as error:  # an optimizer that it cannot explain
        return _Section(title, f"{error}.")
    units = ", ".join(map(str, strongest(step)))
    kind = "units of the first layer" if len(step.layers) > 1 else "logits"
    return _Section(
        title,
        "The test image with the largest loss: what the strongest units see in it and how they "
        "pull on the logits; below, which way the gradient of this image alone pushes them. The "
        "step has what is left of earlier steps, and weight decay, too. "
        f"{origin} With every number, and each derivative checked: mnist-scratch explain RUN "
        f"--index {example.number} --backward",
        "step",
        f"Test image {example.number}, true {names[example.label]}, predicted "
        f"{names[step.predicted]}, the strongest {kind} ({units}), the probabilities, and what "
        f"the gradient adds to the weights; the loss is {step.loss:.4g} before a step and "
        f"{step.loss_after:.4g} after it.",
        lambda: step_figure(step, example, names),
    )


def _title(run: RunFolder, what: str) -> str:
    """Return the title of a picture, which is a file too that may be looked at without the page."""
    return f"{plain(' '.join(run.path.resolve().name.splitlines()))}: {what}"


def _class_table(evaluation: Evaluation, names: Sequence[str]) -> str:
    rows = [
        (name, *map(percent, (score.precision, score.recall, score.f1)), f"{score.examples:,}")
        for name, score in zip(names, class_scores(evaluation.confusion), strict=True)
    ]
    header = ("class", "precision", "recall", "F1", "images")
    table = _table("Precision, recall and F1", rows, header)
    if len(rows) <= _UNFOLDED:
        return table
    return f"<details><summary>All {len(rows)} classes</summary>{table}</details>"


def _pairs(evaluation: Evaluation, names: Sequence[str]) -> str:
    rows = [
        (
            f"{names[pair.true]} as {names[pair.predicted]}",
            f"{pair.examples:,}",
            f"{pair.examples / int(evaluation.confusion[pair.true].sum()):.2%}",
        )
        for pair in most_confused(evaluation.confusion, 10)
    ]
    return _table("Most confused", rows, ("true as predicted", "images", "of the class"))


def _losses(worst: Sequence[Example], names: Sequence[str]) -> str:
    rows = []
    for example in worst:
        probabilities = softmax(example.logits)
        true, predicted = example.label, int(np.argmax(probabilities))
        loss = softmax_cross_entropy(example.logits, true)
        rows.append(
            (
                f"image {example.number}",
                *(names[true], share_text(probabilities[true])),
                *(names[predicted], share_text(probabilities[predicted])),
                f"{loss:.3f}",
            )
        )
    header = ("image", "true", "probability", "predicted", "probability", "cross-entropy")
    return _table("Largest losses", rows, header)


def _section(run: RunFolder, section: _Section) -> str:
    parts = [f"<section>\n<h2>{html.escape(section.title)}</h2>"]
    if section.text:
        parts.append(f"<p>{html.escape(section.text)}</p>")
    if section.make:
        parts.append(_picture(run, section.picture, section.alternative, section.make))
    return "\n".join([*parts, section.tables, "</section>"])


def _picture(run: RunFolder, name: str, alternative: str, make: Callable[[], Figure]) -> str:
    """Write a picture as a file, and return it in HTML, for light and for dark ground."""
    light, dark = drawn(make, "light"), drawn(make, "dark")
    with written_whole(run.pictures_path / f"{name}.png") as file:
        file.write(light)
    sources = [base64.b64encode(png).decode("ascii") for png in (dark, light)]
    return (
        '<picture><source media="screen and (prefers-color-scheme: dark)" '
        f'srcset="data:image/png;base64,{sources[0]}">'
        f'<img alt="{html.escape(alternative)}" src="data:image/png;base64,{sources[1]}">'
        "</picture>"
    )


def _table(caption: str, rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """Return a table whose first column names the row; under a header there are numbers."""
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    lines = [f"<caption>{html.escape(caption)}</caption>"]
    if header:
        lines.append(f"<thead><tr>{head}</tr></thead>")
    lines.append("<tbody>")
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    content = "\n".join([*lines, "</tbody>", "</table>"])
    if not header:
        return f"<table>\n{content}"
    return f'<div class="wide"><table class="numbers">\n{content}</div>'


def _beside(*tables: str) -> str:
    return f'<div class="tables">{"".join(tables)}</div>'
