"""One step on one image in words, formulas and numbers, for terminals from 40 columns on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD
from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.optimizer import SGD, Adam, Optimizer
from mnist_scratch.report.explain.backward import NUDGE, Check, ExplainedStep
from mnist_scratch.report.explain.batch import ExplainedBatch
from mnist_scratch.report.text.evaluation import called

NARROWEST, WIDEST = 40, 80
_INDENT = 4
_ALL_TERMS = 10  # of a sum; of more, the largest are listed
_LARGEST_TERMS = 5

_ACTIVATIONS = {
    "relu": ("max(0, z)", "1 where z is above 0, else 0"),
    "tanh": ("tanh(z)", "1 - a^2"),
    "sigmoid": ("1 / (1 + e^-z)", "a (1 - a)"),
}


class _Text:
    """Lines of numbered paragraphs, wrapped, and of rows of numbers, 40 columns wide."""

    def __init__(self, width: int) -> None:
        self.width = max(NARROWEST, min(WIDEST, width))
        self.lines: list[str] = []
        self.number = 0

    def heading(self, text: str) -> None:
        self.lines += ["", text, "-" * len(text)]

    def say(self, text: str, indent: int = 0) -> None:
        margin = " " * indent
        self.lines += textwrap.wrap(
            text,
            self.width,
            initial_indent=margin,
            subsequent_indent=margin,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def step(self, text: str) -> None:
        self.number += 1
        first = f"{self.number}.".ljust(_INDENT)
        self.lines.append("")
        self.lines += textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=" " * _INDENT,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def more(self, text: str) -> None:
        self.say(text, _INDENT)

    def row(self, name: str, number: float) -> None:
        shown, room = show(number), NARROWEST - _INDENT
        if len(name) + len(shown) >= room:
            self.lines.append(f"{'':{_INDENT}}{name}")
            name = ""
        self.lines.append(f"{'':{_INDENT}}{name}{shown:>{room - len(name)}}")

    def note(self, name: str, said: str) -> None:
        self.lines.append(f"{'':{_INDENT}}{name}{said:>{NARROWEST - _INDENT - len(name)}}")

    def check(self, check: Check) -> None:
        nudge = "" if check.nudge == NUDGE else f" (h = {check.nudge:g})"
        self.row(f"check{nudge}", check.measured)
        self.note("relative difference", difference(check))


def show(number: float) -> str:
    """Return a number to six digits."""
    if number == 0.0:
        return "0"
    return f"{number:.6g}" if abs(number) < 1e-4 or abs(number) >= 1e6 else f"{number:#.6g}"


def difference(check: Check) -> str:
    """Return the relative difference of a derivative and its check, or why there is none to say."""
    if check.stated == check.measured == 0.0:
        return "both are 0"
    if check.agrees and check.relative_difference > 1e-6:
        return "rounding"
    return f"{check.relative_difference:.0e}" + ("" if check.agrees else " DIFFERS")


def describe_step(
    step: ExplainedStep,
    example: Example,
    names: Sequence[str],
    optimizer: Optimizer,
    origin: str,
    *,
    is_chosen: bool,
    width: int = WIDEST,
) -> str:
    """Return the explanation of a step as text.

    Parameters
    ----------
    step
        The numbers.
    example
        The image they are of.
    names
        Names of the classes.
    optimizer
        That of the step, before it.
    origin
        Where its learning rate and its state come from.
    is_chosen
        Whether the weight is the program's choice.
    width
        Columns of the terminal; used from 40 to 80.
    """
    text = _Text(width)
    checks = {check.of: check for check in step.checks}
    _introduce(text, step, example, names, is_chosen)
    text.heading("From the pixels to the loss")
    _forward(text, step, example)
    _loss(text, step)
    text.heading("From the loss back to the weights")
    _logits(text, step, checks)
    for number in range(len(step.layers), 0, -1):
        _weight(text, step, number, checks)
        if number > 1:
            _pass_back(text, step, number, checks)
    text.heading("The step")
    _step(text, step, optimizer, origin)
    _outcome(text, step)
    return "\n".join(text.lines)


def _introduce(
    text: _Text, step: ExplainedStep, example: Example, names: Sequence[str], is_chosen: bool
) -> None:
    widths = "-".join(str(len(layer.inputs)) for layer in step.layers)
    kind = step.layers[0].activation
    classes = f"true class {called(step.label, names)}, predicted {called(step.predicted, names)}"
    text.say(
        f"One step of training on test image {example.number} alone: {classes}. The network is "
        f"{widths}-{len(step.logits)}{f' with {kind}' if kind else ''}."
    )
    text.lines.append("")
    text.say(
        "Layers are counted from 1; pixels, units and classes from 0. Weight 2,5,7 is in layer 2, "
        "from its input 5 to its output 7. An output before its activation is called z, after it "
        "a; those of the last layer are the logits."
    )
    weight = step.weight
    name = f"{weight.layer},{weight.input},{weight.output}"
    units = [f"unit {u} of layer {n}" for n, u in enumerate(step.path[1:-1], start=1)]
    way = [f"pixel {step.path[0]}", *units, f"logit {step.path[-1]}"]
    why = ", the one that this image moves the most" if is_chosen else ""
    text.lines.append("")
    text.say(f"This follows weight {name}{why}, on the way {' -> '.join(way)}.")
    text.lines.append("")
    text.say(
        "dL/dx is the derivative of the loss L by x: how much L rises for each unit that x alone "
        "is raised, as long as that is little. The formula gives it, and the line below checks it "
        f"without the formula: x is raised and lowered by h = {NUDGE:g}, L is computed both times, "
        "and the difference is divided by 2h. All in float64, on a copy of the network."
    )


def _forward(text: _Text, step: ExplainedStep, example: Example) -> None:
    pixel = step.path[0]
    grey = int(np.asarray(example.image).reshape(-1)[pixel])
    text.step(
        f"Pixel {pixel} (row {pixel // 28}, column {pixel % 28}) is {grey} on the scale from 0, "
        "paper, to 255, ink. Every pixel is standardised with MNIST's mean and standard "
        f"deviation, here to ({grey} / 255 - {PIXEL_MEAN}) / {PIXEL_STD}."
    )
    text.row(f"pixel {pixel}", float(step.image[pixel]))
    for number, layer in enumerate(step.layers, start=1):
        i, o = step.path[number - 1 : number + 1]
        inputs = "pixels" if number == 1 else f"activations of layer {number - 1}"
        last = number == len(step.layers)
        what = f"logit {o}" if last else f"unit {o}"
        text.step(
            f"Layer {number}, {what}: each of the {len(layer.inputs)} {inputs} times its weight, "
            "summed, plus a bias."
        )
        term = float(layer.inputs[i] * layer.weights[i, o])
        bias = float(layer.biases[o])
        text.row(f"{'  pixel' if number == 1 else '  a of unit'} {i}", float(layer.inputs[i]))
        text.row(f"x weight {number},{i},{o}", float(layer.weights[i, o]))
        text.row("= this product", term)
        text.row(f"+ the other {len(layer.inputs) - 1}", float(layer.outputs[o]) - term - bias)
        text.row(f"+ bias {number},{o}", bias)
        text.row(f"= {what if last else 'z'}", float(layer.outputs[o]))
        if not last:
            formula, _ = _ACTIVATIONS.get(layer.activation, ("", ""))
            name = f"{layer.activation}: a = {formula}" if formula else f"a = {layer.activation}(z)"
            text.row(name, float(step.layers[number].inputs[o]))


def _loss(text: _Text, step: ExplainedStep) -> None:
    text.step(
        "Softmax makes probabilities of the logits, positive and of sum 1: p = e^z / (sum of e^z "
        "over the classes). The largest logit is subtracted from all first, so that no e^z is too "
        "large; that divides both by the same and leaves p as it is."
    )
    exponentials = np.exp(step.logits - step.logits.max())
    text.lines.append(_cells("class", "logit z", "e^(z-max)", "p"))
    for c in _shown_classes(step):
        values = (step.logits[c], exponentials[c], step.predictions[c])
        text.lines.append(_cells(_marked(c, step), *map(_short, map(float, values))))
    text.lines.append(
        _cells("sum", "", _short(float(exponentials.sum())), _short(float(step.predictions.sum())))
    )
    p = float(step.predictions[step.label])
    if step.loss_name == "SoftmaxCrossEntropy":
        text.step(
            f"The loss, cross-entropy, is L = -log p of the true class, {step.label}: 0 at p = 1, "
            "and without bound as p falls to 0."
        )
        text.row(f"L = -log {show(p)}", step.loss)
    elif step.loss_name == "SquaredError":
        text.step(
            "The loss, squared error, is L = sum of (p - y)^2 over the classes, where the target y "
            f"is 1 for the true class, {step.label}, and 0 for the others."
        )
        text.row("L", step.loss)
    else:
        text.step(f"The loss is {step.loss_name}, computed from the logits.")
        text.row("L", step.loss)


def _logits(text: _Text, step: ExplainedStep, checks: dict[str, Check]) -> None:
    if step.loss_name == "SoftmaxCrossEntropy":
        text.step(
            f"The logits. With p = e^z[{step.label}] / sum, -log p is log(sum) - z[{step.label}]. "
            "Raise one logit z by a little d: e^z, its own derivative, grows by e^z d, and so does "
            "the sum; log(sum), whose derivative is 1 / sum, grows by e^z d / sum, which is p d. "
            f"Logit {step.label} is also subtracted, so there it is p d - d. Therefore dL/dz = "
            "p - y, with y = 1 for the true class and 0 for the others."
        )
    elif step.loss_name == "SquaredError":
        text.step(
            "The logits. Raise one logit z by a little d: its own p grows by p (1 - p) d, and "
            "every other p' shrinks by p' p d, since all share the sum of e^z. A term (p - y)^2 "
            "grows by 2 (p - y) for each unit of its p. Together: dL/dz = p (2 (p - y) - s), where "
            "s is the sum over the classes of 2 (p - y) p."
        )
        s = float((2.0 * (step.predictions - step.targets) * step.predictions).sum())
        text.row("s", s)
    else:
        text.step(f"The logits. {step.loss_name} states dL/dz of each; the checks are beside.")
    text.lines.append(_cells("class", "p - y", "dL/dz", "check"))
    for c in _shown_classes(step):
        values = (
            step.predictions[c] - step.targets[c],
            step.d_logits[c],
            checks[f"logit {c}"].measured,
        )
        text.lines.append(_cells(_marked(c, step), *map(_short, map(float, values))))
    of_logits = [checks[f"logit {c}"] for c in range(len(step.logits))]
    text.note("largest relative difference", _largest(of_logits))
    text.more(
        "A negative dL/dz: raising this logit lowers the loss. It is so for the true class alone."
        if step.loss_name == "SoftmaxCrossEntropy"
        else "A negative dL/dz: raising this logit lowers the loss."
    )


def _weight(text: _Text, step: ExplainedStep, number: int, checks: dict[str, Check]) -> None:
    layer = step.layers[number - 1]
    i, o = step.path[number - 1 : number + 1]
    last = number == len(step.layers)
    what = f"logit {o}" if last else f"the z of unit {o}"
    name = f"{number},{i},{o}"
    given = f"pixel {i}" if number == 1 else f"a of unit {i} of layer {number - 1}"
    factor = "pixel" if number == 1 else "a"
    text.step(
        f"Layer {number}, weight {name}. In {what} it is multiplied by {given}: raise the weight "
        f"by d, and {what} rises by {factor} x d, and L by that x dL/dz. So dL/dw = {factor} x "
        "dL/dz."
    )
    text.row(given, float(layer.inputs[i]))
    text.row(f"x dL/dz of {what.removeprefix('the z of ')}", float(layer.d_outputs[o]))
    text.row(f"= dL/dw of {name}", float(layer.d_weights[i, o]))
    text.check(checks[f"weight {name}"])
    text.more("The bias is added as it is, so its derivative is dL/dz itself.")
    text.row(f"dL/db of bias {number},{o}", float(layer.d_biases[o]))
    text.check(checks[f"bias {number},{o}"])


def _pass_back(text: _Text, step: ExplainedStep, number: int, checks: dict[str, Check]) -> None:
    layer, below = step.layers[number - 1], step.layers[number - 2]
    unit = step.path[number - 1]
    outputs = len(layer.outputs)
    what = "logits" if number == len(step.layers) else f"units of layer {number}"
    text.step(
        f"Back through layer {number} to unit {unit} of layer {number - 1}. Its a goes into all "
        f"{outputs} {what}, each time through another weight. Raise a by d, and each z rises by "
        "its weight x d, and L by that x dL/dz. So dL/da is the sum of weight x dL/dz."
    )
    products = layer.weights[unit] * layer.d_outputs  # (O,)
    heads = "class" if number == len(step.layers) else "unit"
    text.lines.append(_cells(heads, "weight", "dL/dz", "product"))
    shown = list(range(outputs))
    if outputs > _ALL_TERMS:
        shown = sorted(np.argsort(-np.abs(products), kind="stable")[:_LARGEST_TERMS].tolist())
    for place in shown:
        values = (layer.weights[unit, place], layer.d_outputs[place], products[place])
        text.lines.append(_cells(str(place), *map(_short, map(float, values))))
    if left := outputs - len(shown):
        rest = float(np.delete(products, shown).sum())
        text.lines.append(_cells(f"{left} more", "", "", _short(rest)))
    text.row("dL/da, the sum", float(layer.d_inputs[unit]))
    text.check(checks[f"a of unit {unit} of layer {number - 1}"])
    _, slope = _ACTIVATIONS.get(below.activation, ("", ""))
    text.more(
        f"Back through {below.activation}: raise z by d, and a rises by slope x d"
        f"{f'; its slope is {slope}' if slope else ''}. So dL/dz = slope x dL/da."
    )
    text.row(f"z of unit {unit}", float(below.outputs[unit]))
    text.row("slope", float(below.slopes[unit]))
    text.row(f"dL/dz of unit {unit}", float(below.d_outputs[unit]))
    text.check(checks[f"z of unit {unit} of layer {number - 1}"])
    if not below.slopes[unit]:
        text.more(
            "The slope is 0: the unit is off, nothing passes back through it, and its weights get "
            "no gradient from this image."
        )


def _step(text: _Text, step: ExplainedStep, optimizer: Optimizer, origin: str) -> None:
    weight, words = step.weight, _WORDS[type(optimizer)](optimizer)
    way = "up" if weight.gradient < 0.0 else "down"
    text.step(
        f"Weight {weight.layer},{weight.input},{weight.output} takes a step against its "
        f"derivative, here {way}, so that the loss falls. {words.settings} {origin}"
        if weight.gradient
        else f"Weight {weight.layer},{weight.input},{weight.output}: its derivative is 0, so this "
        f"image does not move it. {words.settings} {origin}"
    )
    text.more("One line after the other, each with what the line before has set:")
    text.lines += [f"{'':{_INDENT}}{line}" for line in words.formulas]
    text.row("w before", weight.before)
    text.row("g = dL/dw", weight.gradient)
    for state, before in weight.state.items():
        text.row(f"{_LETTERS[state]} before", before)
        text.row(f"{_LETTERS[state]} after", weight.state_after[state])
    text.row("w after", weight.after)
    text.more(f"Multiplied out, the change has three parts{words.scaled}:")
    of_gradient, of_momentum, of_decay = words.parts
    text.row(f"gradient: {of_gradient}", weight.by_gradient)
    text.row(f"momentum: {of_momentum}", weight.by_momentum)
    text.row(f"decay: {of_decay}", weight.by_decay)
    text.row("= w after - w before", weight.after - weight.before)


_LETTERS = {"velocities": "v", "first_moments": "m", "second_moments": "v"}


class _Words(NamedTuple):
    """What is said of the steps of an optimizer.

    Attributes
    ----------
    settings
        Its name, its settings, and what it keeps from step to step.
    formulas
        Of a step, a line each.
    parts
        The three parts of a change, from gradient, momentum and decay, as formulas short enough for
        a row.
    scaled
        What the parts have to be multiplied by.
    """

    settings: str
    formulas: tuple[str, ...]
    parts: tuple[str, str, str]
    scaled: str = ""


def _words_of_sgd(sgd: SGD) -> _Words:
    momentum, last, parts = "momentum", "w = w - r v", ("-r g", "-r m v", "-r c w")
    if sgd.nesterov:
        momentum, last = "Nesterov momentum", "w = w - r (g + c w + m v)"
        parts = ("-r (1 + m) g", "-r m^2 v", "-r (1 + m) c w")
    return _Words(
        f"The optimizer is SGD with learning rate r = {show(sgd.learning_rate)}, {momentum} "
        f"m = {sgd.momentum:g} and weight decay c = {sgd.weight_decay:g}. v is the velocity, a "
        "running sum of the gradients of earlier steps.",
        ("v = m v + g + c w", last),
        parts,
    )


def _words_of_adam(adam: Adam) -> _Words:
    return _Words(
        f"The optimizer is Adam with learning rate r = {show(adam.learning_rate)}, "
        f"b1 = {adam.beta1:g}, b2 = {adam.beta2:g}, eps = {adam.epsilon:g} and weight decay "
        f"c = {adam.weight_decay:g}. m is the running mean of the gradients, v that of their "
        f"squares. This is step t = {adam.steps + 1}.",
        (
            "m = b1 m + (1 - b1) g",
            "v = b2 v + (1 - b2) g^2",
            "M = m / (1 - b1^t)",
            "V = v / (1 - b2^t)",
            "w = w - r M/(sqrt(V) + eps) - r c w",
        ),
        ("(1 - b1) g", "b1 m", "-r c w"),
        ", the first two of them over 1 - b1^t and times -r / (sqrt(V) + eps)",
    )


# Of every optimizer whose step `explain_step` explains.
_WORDS: dict[type, Callable[[Any], _Words]] = {SGD: _words_of_sgd, Adam: _words_of_adam}


def _outcome(text: _Text, step: ExplainedStep) -> None:
    parameters = sum(layer.weights.size + layer.biases.size for layer in step.layers)
    text.step(
        f"All {parameters:,} parameters take their step in the same way at the same time. Then the "
        "same image again:"
    )
    text.row("L before", step.loss)
    text.row("L after", step.loss_after)
    text.row("L after the gradient's part", step.loss_by_gradient)
    text.row(f"p of class {step.label} before", float(step.predictions[step.label]))
    text.row(f"p of class {step.label} after", float(step.predictions_after[step.label]))
    if step.loss_after > step.loss:
        text.more(
            "The loss of this image rises: "
            + (
                "momentum and weight decay outweigh the part of its own gradient."
                if step.loss_by_gradient <= step.loss
                else "the step is too long for the slope to hold that far."
            )
        )
    count = len(step.checks)
    text.step(
        f"All {count} derivatives above agree with their checks, to a relative difference of "
        f"{_largest(step.checks)}."
        if step.agrees
        else "These derivatives do not agree with their checks: "
        + ", ".join(check.of for check in step.checks if not check.agrees)
    )


def _largest(checks: Sequence[Check]) -> str:
    """Return the largest relative difference of those checks that are above rounding."""
    measurable = [
        check.relative_difference
        for check in checks
        if check.relative_difference <= 1e-6 or not check.agrees
    ]
    return f"{max(measurable, default=0.0):.0e}"


def _shown_classes(step: ExplainedStep) -> list[int]:
    """Return the classes that get a line: all, or of many the true and the most probable."""
    classes = len(step.logits)
    if classes <= _ALL_TERMS:
        return list(range(classes))
    most = np.argsort(-step.logits, kind="stable")[:_LARGEST_TERMS].tolist()
    return sorted({step.label, *most})


def _cells(*cells: str) -> str:
    first, *rest = cells
    return f"{first:>9}" + "".join(f"{cell:>10}" for cell in rest).rstrip()


def _short(number: float) -> str:
    """Return a number in nine columns: four decimals or, of what they do not show, three digits."""
    if number == 0.0:
        return "0"
    return f"{number:.5f}" if 1e-3 <= abs(number) < 100.0 else f"{number:.2e}"


def _marked(c: int, step: ExplainedStep) -> str:
    return f"true -> {c}" if c == step.label else str(c)


def describe_batch(batch: ExplainedBatch, names: Sequence[str], width: int = WIDEST) -> str:
    """Return the explanation of a batch's gradient as text.

    Parameters
    ----------
    batch
        The numbers.
    names
        Names of the classes.
    width
        Columns of the terminal; used from 40 to 80.
    """
    text, size = _Text(width), len(batch.losses)
    name = ",".join(map(str, batch.weight))
    one = "test image 0" if size == 1 else f"test images 0 to {size - 1}"
    text.say(
        f"The gradient of a batch: {one} ({size} of them). Followed is weight {name}: layer "
        f"{batch.weight[0]}, from its input {batch.weight[1]} to its output {batch.weight[2]}. "
        "L is the loss, dL/dw its derivative by the weight: how much L rises for each unit that "
        "the weight is raised, as long as that is little. All in float64."
    )
    text.step(
        "Each image by itself has its own loss, and its own derivative. The largest:"
        if size > _LARGEST_TERMS
        else "Each image by itself has its own loss, and its own derivative:"
    )
    text.lines.append(_cells("image", "true", "L", "dL/dw"))
    shown = np.argsort(-np.abs(batch.derivatives), kind="stable")[:_LARGEST_TERMS]
    for number in sorted(shown.tolist()):
        true = names[int(batch.labels[number])][:9]
        numbers = (float(batch.losses[number]), float(batch.derivatives[number]))
        text.lines.append(_cells(str(number), true, *map(_short, numbers)))
    if left := size - len(shown):
        losses = float(np.delete(batch.losses, shown).sum())
        rest = float(np.delete(batch.derivatives, shown).sum())
        text.lines.append(_cells(f"{left} more", "", _short(losses), _short(rest)))
    text.step(
        "The loss of a batch is the mean of its images' losses, so its derivative is the mean of "
        "theirs. The backward pass has it for all images at once, and the check (the weight raised "
        f"and lowered by h = {NUDGE:g}, and the difference of the two losses divided by 2h) too."
    )
    text.row("sum of dL/dw", float(batch.derivatives.sum()))
    text.row(f"mean: sum / {size}", float(batch.derivatives.mean()))
    text.row("backward pass", batch.check.stated)
    text.check(batch.check)
    _why_the_mean(text, batch)
    return "\n".join(text.lines)


def _why_the_mean(text: _Text, batch: ExplainedBatch) -> None:
    if len(batch.norms) < 2:
        text.step(
            f"Why the mean? To compare batches takes 16 test images or more; here are "
            f"{batch.images}."
        )
        return
    text.step(
        "Why the mean, not the sum? A step is the learning rate times the gradient. This is how "
        "long the gradient of all parameters is (its norm, the root of the sum of its squares), on "
        f"the average over the batches that the first {batch.images} test images make:"
    )
    text.lines.append(f"{'':>6}{'before training':>17}{'after':>17}")
    text.lines.append(f"{'batch':>6}" + f"{'mean':>8}{'sum':>9}" * 2)
    for row in batch.norms:
        numbers = (row.untrained_mean, row.untrained_sum, row.mean, row.sum)
        cells = [f"{n:#.3g}" if n < 100.0 else f"{n:,.0f}" for n in numbers]
        text.lines.append("{:>6}{:>8}{:>9}{:>8}{:>9}".format(row.size, *cells))
    first, last = batch.norms[0], batch.norms[-1]
    times = last.size // first.size
    text.more(
        f"From {first.size} to {last.size} images, {times} times as many, the sum grows to "
        f"{last.untrained_sum / first.untrained_sum:.1f} times its length before training and "
        f"{last.sum / first.sum:.1f} times after: with it, every size of batch would need a "
        "learning rate of its own. The mean does not grow. It becomes "
        f"{last.untrained_mean / first.untrained_mean:.2f} and {last.mean / first.mean:.2f} times "
        "as long, because what is particular to single images cancels, and what they have in "
        "common stays. So the mean keeps the learning rate: the rate that suits a small batch is "
        "not too large for a larger one."
    )
