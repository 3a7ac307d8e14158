"""mnist-scratch explain: the loss of numbers and of test images, a step back, and curves."""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.commands.common import add_data_dir, add_dataset, add_json, test_set
from mnist_scratch.commands.output import result
from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.examples import Example, show_examples, worst_examples
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.nn.network import Network
from mnist_scratch.report.explain.backward import (
    Weight,
    explain_step,
    optimizer_of,
    weight_problem,
)
from mnist_scratch.report.explain.backward_text import describe_batch, describe_step
from mnist_scratch.report.explain.batch import MOST, explain_batch
from mnist_scratch.report.explain.comparison import compare_losses
from mnist_scratch.report.explain.steps import explain
from mnist_scratch.report.explain.text import describe
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.text import printable
from mnist_scratch.training.seeding import generator

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
    chosen.add_argument(
        "--batch",
        type=int,
        metavar="B",
        help="instead, as text: the gradient of the first B test images together, and why it is "
        "their mean",
    )
    images.add_argument(
        "--backward",
        action="store_true",
        help="one image, as text: from its pixels to the loss, back to the weights, and one step "
        "of the run's optimizer, each derivative checked; --output draws it too",
    )
    images.add_argument(
        "--weight",
        metavar="LAYER,I,O",
        help="with --backward or --batch: the weight to follow, its layer counted from 1, its "
        "input and output from 0 (default: the one with the largest derivative)",
    )
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
        help="PNG to write (default: RUN/explanation.png; with --curves: cross_entropy_curves.png; "
        "with --backward: none)",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Explain numbers, test images or curves, whichever the options name."""
    forms = {
        _explain_images: ("run", "index", "worst", "batch", "backward", "weight"),
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
            "--logits Z ... with --target K, or RUN with --index I, --worst N or --batch B, or "
            "--curves"
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
    if options.run is None or (
        options.index is None and options.worst is None and options.batch is None
    ):
        raise MnistScratchError(
            "name a run and its test images: RUN with --index I, --worst N or --batch B"
        )
    if options.batch is not None:
        _explain_batch(options)
    elif options.backward:
        _explain_backward(options)
    elif options.weight is not None:
        raise MnistScratchError(
            f"--weight {options.weight}: say how to explain it, with --backward or --batch B"
        )
    else:
        _draw_images(options)


def _draw_images(options: argparse.Namespace) -> None:
    # Matplotlib
    from mnist_scratch.report.explain.picture import draw_explanations, summarise
    from mnist_scratch.report.plots.style import plain

    run = RunFolder(options.run)
    network = run.model()
    test = test_set(run, options)
    names = test.classes
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


def _chosen_examples(
    network: Network, test: Examples, options: argparse.Namespace
) -> list[Example]:
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


def _explain_backward(options: argparse.Namespace) -> None:
    count = options.worst if options.index is None else len(options.index)
    if count != 1:
        raise MnistScratchError(
            f"--backward explains one image, not {count}: name one --index I, or --worst 1"
        )
    run = RunFolder(options.run)
    network = run.model()
    weight = _read_weight(options.weight, network)
    if options.output:
        from mnist_scratch.report.plots.style import check_picture  # Matplotlib

        check_picture(options.output)
    test = test_set(run, options)
    (example,) = _chosen_examples(network, test, options)
    names = test.classes
    optimizer, origin = optimizer_of(run, network)
    step = explain_step(
        network,
        example.image,
        example.label,
        optimizer,
        loss_function=LOSSES[run.config().training.loss](),
        weight=weight,
    )
    if options.output:
        from mnist_scratch.report.explain.backward_picture import draw_step

        draw_step(step, example, names, options.output)
    if options.json:
        values = {
            "picture": str(options.output) if options.output else None,
            "dataset": test.name,
            "index": example.number,
            "optimizer": type(optimizer).__name__,
            "origin": origin,
        }
        result(json.dumps(values | step.as_json()))
        return
    text = describe_step(
        step, example, names, optimizer, origin, is_chosen=weight is None, width=_columns()
    )
    result(f"{text}\n\n{options.output}" if options.output else text)


def _explain_batch(options: argparse.Namespace) -> None:
    if options.backward:
        raise MnistScratchError("--backward explains one image, --batch many; leave one out")
    if options.output:
        raise MnistScratchError(
            f"--output {options.output}: --batch is explained in text, without a picture; leave it "
            "out"
        )
    run = RunFolder(options.run)
    network, config = run.model(), run.config()
    weight = _read_weight(options.weight, network)
    test = test_set(run, options)
    most = min(MOST, len(test))
    if not 1 <= options.batch <= most:
        raise MnistScratchError(f"--batch {options.batch}: must be from 1 to {most}")
    untrained = Network.of_widths(
        network.widths, config.network.activation, generator(config.training.seed, "initialisation")
    )
    loss_function = LOSSES[config.training.loss]()
    batch = explain_batch(network, untrained, test, options.batch, loss_function, weight)
    if options.json:
        result(json.dumps({"dataset": test.name} | batch.as_json()))
    else:
        result(describe_batch(batch, test.classes, _columns()))


def _read_weight(given: str | None, network: Network) -> Weight | None:
    """Return --weight, checked against the network; None if the program is to choose."""
    if given is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9},-?[0-9]{1,9},-?[0-9]{1,9}", given):
        raise MnistScratchError(
            f"--weight {printable(given)}: must be LAYER,I,O, three whole numbers such as 1,406,3"
        )
    layer, i, o = map(int, given.split(","))
    if problem := weight_problem(network, (layer, i, o)):
        raise MnistScratchError(f"--weight {given}: {problem}")
    return layer, i, o


def _columns() -> int:
    """Return the width of the terminal; of a pipe or a file, $COLUMNS or 80."""
    return shutil.get_terminal_size().columns


def _explain_curves(options: argparse.Namespace) -> None:
    from mnist_scratch.report.explain.curves import as_json, draw_curves  # Matplotlib
    from mnist_scratch.report.plots.style import check_picture

    output = options.output or Path("cross_entropy_curves.png")
    check_picture(output)  # before the trainings, not after
    dataset = load_dataset(options.dataset or "auto", options.data_dir).training
    compared = compare_losses(dataset, lambda text: print(text, file=sys.stderr))
    draw_curves(compared, output)
    result(json.dumps({"picture": str(output)} | as_json(compared)) if options.json else output)
