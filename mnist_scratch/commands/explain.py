"""mnist-scratch explain: cross-entropy for numbers, for test images, and as curves."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.commands.common import add_data_dir, add_dataset, add_json, test_set
from mnist_scratch.commands.output import result
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.examples import Example, show_examples, worst_examples
from mnist_scratch.nn.network import Network
from mnist_scratch.report.explain.comparison import compare_losses
from mnist_scratch.report.explain.steps import explain
from mnist_scratch.report.explain.text import describe
from mnist_scratch.runs.folder import RunFolder

_MOST_SHOWN = 20  # images in a picture


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the three things that can be explained, and where to write."""
    # Without this, argparse takes -inf and -1e3 for options; it offers no other way.
    command._negative_number_matcher = re.compile(r"-\.?\d|-(inf|nan)", re.IGNORECASE)
    numbers = command.add_argument_group("explain numbers, as text")
    numbers.add_argument(
        "--logits",
        type=float,
        nargs="+",
        metavar="Z",
        help="one logit per class; -inf masks a class",
    )
    numbers.add_argument("--target", type=int, metavar="K", help="true class, counted from 0")
    images = command.add_argument_group("explain test images of a run, as a picture")
    images.add_argument("run", type=Path, nargs="?", metavar="RUN", help="folder of the run")
    chosen = images.add_mutually_exclusive_group()
    chosen.add_argument(
        "--index",
        type=int,
        action="append",
        metavar="I",
        help="number of a test image, counted from 0; can be repeated",
    )
    chosen.add_argument("--worst", type=int, metavar="N", help="the N test images of largest loss")
    curves = command.add_argument_group("compare cross-entropy with squared error, as a picture")
    curves.add_argument(
        "--curves",
        action="store_true",
        help="draw both losses as curves, and the training of a small network with each",
    )
    add_dataset(
        command,
        default=None,
        meaning=" (default: the run's; with --curves: mnist, or synthetic without a network)",
    )
    add_data_dir(command)
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="PNG to write (default: RUN/explanation.png; with --curves: cross_entropy_curves.png)",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Explain numbers, test images or curves, whichever the options name."""
    forms = {
        _explain_images: ("run", "index", "worst"),
        _explain_logits: ("logits", "target"),
        _explain_curves: ("curves",),
    }
    given = [
        name
        for names in forms.values()
        for name in names
        if getattr(options, name) is not options.parser.get_default(name)
    ]
    chosen = [explain for explain, names in forms.items() if not set(names).isdisjoint(given)]
    if len(chosen) != 1:
        said = [f"RUN {options.run}" if name == "run" else f"--{name}" for name in given]
        raise MnistScratchError(
            f"given {' and '.join(said) or 'nothing'}: name one thing to explain, "
            "--logits Z ... with --target K, or RUN with --index I or --worst N, or --curves"
        )
    chosen[0](options)


def _explain_logits(options: argparse.Namespace) -> None:
    for flag in ("dataset", "data_dir", "output"):
        if getattr(options, flag):
            raise MnistScratchError(
                f"--{flag.replace('_', '-')} {getattr(options, flag)}: --logits are explained in "
                "text, without data or pictures; leave it out"
            )
    _check_numbers(options.logits, options.target)
    explanation = explain(options.logits, options.target)
    result(json.dumps(explanation.as_json()) if options.json else describe(explanation))


def _check_numbers(logits: Sequence[float] | None, target: int | None) -> None:
    if logits is None:
        raise MnistScratchError(f"--target {target} needs --logits Z ..., one for each class")
    if target is None:
        raise MnistScratchError(
            f"--logits needs --target K too, the true class: 0 to {len(logits) - 1}"
        )
    for number, logit in enumerate(logits):
        if math.isnan(logit) or logit == math.inf:
            raise MnistScratchError(
                f"--logits: that of class {number} is {logit}; give a finite number, or -inf to "
                "mask the class"
            )
    if max(logits) == -math.inf:
        raise MnistScratchError("--logits: all are -inf, which leaves no class; make one finite")
    if not 0 <= target < len(logits):
        raise MnistScratchError(
            f"--target {target}: no such class; {len(logits)} logits have the classes 0 to "
            f"{len(logits) - 1}"
        )


def _explain_images(options: argparse.Namespace) -> None:
    # Matplotlib
    from mnist_scratch.report.explain.picture import draw_explanations, summarise
    from mnist_scratch.report.plots.style import plain

    if options.run is None or (options.index is None and options.worst is None):
        raise MnistScratchError("name a run and its test images: RUN with --index I or --worst N")
    run = RunFolder(options.run)
    network = run.model()
    test = test_set(run, options)
    names = class_names(test.name)
    examples = _chosen_examples(network, test, options)
    explained = [(example, explain(example.logits, example.label)) for example in examples]
    output = options.output or run.explanation_path
    trained_with = run.config().training.loss
    title = plain(run.path.resolve().name)
    if trained_with != "cross-entropy":
        title += f" (trained with {trained_with})"
    draw_explanations(f"{title}: test images of {test.name}", explained, names, output)
    if options.json:
        images = [{"index": e.number} | explanation.as_json() for e, explanation in explained]
        values = {"picture": str(output), "dataset": test.name, "trained_with": trained_with}
        result(json.dumps(values | {"images": images}))
    else:
        result("\n".join([str(output), *(summarise(*each, names) for each in explained)]))
        if trained_with != "cross-entropy":
            print(
                f"{run.path} was trained with {trained_with}; the losses and gradients shown are "
                "those of cross-entropy",
                file=sys.stderr,
            )


def _chosen_examples(network: Network, test: Dataset, options: argparse.Namespace) -> list[Example]:
    if options.index is None:
        most = min(_MOST_SHOWN, len(test))
        if not 1 <= options.worst <= most:
            raise MnistScratchError(f"--worst {options.worst}: must be from 1 to {most}")
        return worst_examples(network, test, options.worst)
    if len(options.index) > _MOST_SHOWN:
        raise MnistScratchError(f"--index: {len(options.index)} images; name at most {_MOST_SHOWN}")
    for number in options.index:
        if not 0 <= number < len(test):
            raise MnistScratchError(
                f"--index {number}: the test images of {test.name} are 0 to {len(test) - 1}"
            )
    return show_examples(network, test, options.index)


def _explain_curves(options: argparse.Namespace) -> None:
    from mnist_scratch.report.explain.curves import as_json, draw_curves  # Matplotlib
    from mnist_scratch.report.plots.style import check_picture

    output = options.output or Path("cross_entropy_curves.png")
    check_picture(output)  # before the trainings, not after
    dataset = load_dataset(options.dataset or "auto", options.data_dir).training
    compared = compare_losses(dataset, lambda text: print(text, file=sys.stderr))
    draw_curves(compared, output)
    result(json.dumps({"picture": str(output)} | as_json(compared)) if options.json else output)
