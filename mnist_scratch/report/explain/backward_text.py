"""One step on one image in words, formulas and numbers, for terminals from 40 columns on."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD
from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.optimizer import SGD, Adam, Optimizer
from mnist_scratch.report.explain.backward import NUDGE, Check, ExplainedStep, LayerStep, WeightStep
from mnist_scratch.report.explain.batch import ExplainedBatch
from mnist_scratch.system.text import called

NARROWEST, WIDEST = 40, 80
_INDENT = 4
_DIGITS, _MANY_DIGITS = 6, 12
_ALL_TERMS = 10  # of a sum; of more, the largest are listed
_LARGEST_TERMS = 5

_ACTIVATIONS = {
    "relu": ("max(0, z)", "1 where z is above 0, else 0"),
    "tanh": ("tanh(z)", "1 - a^2"),
    "sigmoid": ("1 / (1 + e^-z)", "a * (1 - a)"),
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
        self._wrap(text, margin, margin)

    def step(self, text: str) -> None:
        self.number += 1
        self.lines.append("")
        self._wrap(text, f"{self.number}.".ljust(_INDENT), " " * _INDENT)

    def more(self, text: str) -> None:
        self.say(text, _INDENT)

    def _wrap(self, text: str, first: str, margin: str) -> None:
        self.lines += textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=margin,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def row(self, name: str, number: float, digits: int = _DIGITS) -> None:
        self.note(name, show(number, digits))

    def note(self, name: str, said: str) -> None:
        room = NARROWEST - _INDENT
        if len(name) + len(said) >= room:
            self.lines.append(f"{'':{_INDENT}}{name}")
            name = ""
        self.lines.append(f"{'':{_INDENT}}{name}{said:>{room - len(name)}}")

    def check(self, check: Check) -> None:
        nudge = "" if check.nudge == NUDGE else f" (h = {show(check.nudge, 1)})"
        self.row(f"check{nudge}", check.measured)
        self.note("relative difference", difference(check))


def show(number: float, digits: int = _DIGITS) -> str:
    """Return a number to six digits, or to as many as are asked for."""
    if number == 0.0:
        return "0"
    if 1e-3 <= abs(number) < 1e6:
        return f"{number:#.{digits}g}".removesuffix(".")
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{number:.{digits - 1}e}")


def _digits_for(number: float, difference: float) -> int:
    """Return how many digits a number needs, 6 to 16, to show a difference to three digits."""
    if not number or not difference:
        return _DIGITS
    places = math.floor(math.log10(abs(number))) - math.floor(math.log10(abs(difference)))
    return min(max(_DIGITS, places + 3), 16)


def difference(check: Check) -> str:
    """Return the relative difference of a derivative and its check, or why there is none to say."""
    if check.stated == check.measured == 0.0:
        return "both are 0"
    if _is_below_rounding(check):
        return "rounding"
    return show(check.relative_difference, 1) + ("" if check.agrees else " DIFFERS")


def _is_below_rounding(check: Check) -> bool:
    """Return whether a check agrees as far as it goes, which is less far than others go."""
    return check.agrees and check.relative_difference > 1e-6


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
    _outcome(text, step, optimizer)
    return "\n".join(text.lines)


def _introduce(
    text: _Text, step: ExplainedStep, example: Example, names: Sequence[str], is_chosen: bool
) -> None:
    hidden = step.layers[:-1]
    widths = "-".join(str(len(layer.inputs)) for layer in step.layers)
    kind = step.layers[0].activation
    classes = f"true class {called(step.label, names)}, predicted {called(step.predicted, names)}"
    units = " and ".join(
        f"{len(layer.outputs)} units in layer {n}" for n, layer in _counted(hidden)
    )
    text.say(
        f"One step of training on test image {example.number} alone: {classes}. The network is "
        f"{widths}-{len(step.logits)}: {len(step.image)} pixels, {f'{units}, ' if units else ''}"
        f"and {len(step.logits)} logits, one for each class."
        + (
            " A unit sums up what comes in to a number z, and passes on its activation a, which "
            f"{kind}, the activation function, makes of z."
            if hidden
            else ""
        )
    )
    text.lines.append("")
    text.say(
        "Layers are counted from 1; pixels, units and classes from 0. Weight 2,5,7 is in layer 2, "
        "from its input 5 to its output 7; bias 2,7 is added there. A * is times. Six digits are "
        "printed, and about 16 computed with (float64): what you compute from printed numbers may "
        "differ in the last digit, and further up where nearly equal numbers cancel."
    )
    weight = step.weight
    name = f"{weight.layer},{weight.input},{weight.output}"
    passed = [f"unit {u} of layer {n}" for n, u in enumerate(step.path[1:-1], start=1)]
    way = " -> ".join([f"pixel {step.path[0]}", *passed, f"logit {step.path[-1]}"])
    why = ", the one with the largest derivative for this image" if is_chosen else ""
    layers = len(step.layers)
    found, moved = 2 * layers - 2 * weight.layer + layers + 5, 3 * layers + 4
    text.lines.append("")
    text.say(
        f"Followed is weight {name}{why}: paragraph {found} has its derivative, {moved} its new "
        f"value. It lies on the path {way}, and the paragraphs between go along that path, which "
        "beyond the weight takes the connections that carry the largest derivative."
        if hidden
        else f"Followed is weight {name}{why}, from pixel {step.path[0]} to logit "
        f"{step.path[-1]}: paragraph {found} has its derivative, {moved} its new value."
    )
    text.lines.append("")
    text.say(
        "dL/dx, the derivative of the loss L by x, is the slope of L: raise x alone by a small h, "
        "and L rises by dL/dx * h. One rule finds them all, the chain rule: where x changes y, and "
        "y changes L, the slopes multiply; where x acts in several ways, the effects of small "
        "changes add up. The derivatives of all weights and biases together are the gradient."
    )
    text.lines.append("")
    text.say(
        f"A check below each uses none of this: x is raised and lowered by h = {NUDGE:g}, L is "
        "computed both times, and the difference divided by 2h. The relative difference is the "
        "distance of derivative and check over the larger of the two; it is called rounding where "
        "they are too small for the 16 digits of L. All on a copy: the run stays as it is."
    )


def _counted(layers: Sequence[LayerStep]) -> Iterator[tuple[int, LayerStep]]:
    return enumerate(layers, start=1)


def _forward(text: _Text, step: ExplainedStep, example: Example) -> None:
    pixel = step.path[0]
    grey = int(np.asarray(example.image).reshape(-1)[pixel])
    text.step(
        f"Pixel {pixel} (row {pixel // 28}, column {pixel % 28}) is {grey} on the scale from 0, "
        "paper, to 255, ink. The network gets every pixel standardised with MNIST's mean and "
        f"standard deviation, this one as ({grey} / 255 - {PIXEL_MEAN}) / {PIXEL_STD}; that is "
        "meant by its number from here on."
    )
    text.row(f"pixel {pixel}", float(step.image[pixel]))
    for number, layer in _counted(step.layers):
        i, o = step.path[number - 1 : number + 1]
        inputs = "pixels" if number == 1 else f"activations of layer {number - 1}"
        last = number == len(step.layers)
        what = f"logit {o}" if last else f"unit {o}"
        text.step(
            f"Layer {number}, {what}: each of the {len(layer.inputs)} {inputs} times its weight, "
            "summed, plus a bias."
            + (
                " One product is written out; --json has what the others take."
                if number == 1
                else ""
            )
        )
        term = float(layer.inputs[i] * layer.weights[i, o])
        bias = float(layer.biases[o])
        text.row(f"{'  pixel' if number == 1 else '  a of unit'} {i}", float(layer.inputs[i]))
        text.row(f"* weight {number},{i},{o}", float(layer.weights[i, o]))
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
        "Softmax makes probabilities of the logits z, positive and of sum 1: p = e^z / (sum of e^z "
        "over the classes). The largest logit, max, is subtracted from all first, so that no e^z "
        "is too large for a computer; it divides e^z and the sum by the same number and leaves p "
        f"as it is. > marks the true class, {step.label}."
    )
    largest = float(step.logits.max())
    exponentials = np.exp(step.logits - largest)
    total = float(exponentials.sum())
    _table(
        text,
        ("class", "z", "e^(z-max)", "p"),
        [
            (_marked(c, step), step.logits[c], exponentials[c], step.predictions[c])
            for c in _shown(step)
        ],
        (None, exponentials, step.predictions),
        _shown(step),
    )
    is_cross_entropy = step.loss_name == "SoftmaxCrossEntropy"
    text.row(
        "S = sum of e^(z-max)",
        total,
        _digits_for(total, step.loss / 1e3) if is_cross_entropy else 6,
    )
    if is_cross_entropy:
        text.step(
            "The loss, cross-entropy, is L = -log p of the true class, with the natural logarithm: "
            "0 at p = 1, and without bound as p falls to 0. As p = e^(z-max) / S, that is log S + "
            "(max - z)."
        )
        text.row("  log S", math.log(total))
        text.row("+ (max - z)", largest - float(step.logits[step.label]))
        text.row("= L", step.loss)
    elif step.loss_name == "SquaredError":
        text.step(
            "The loss, squared error, is L = sum of (p - y)^2 over the classes, where the target y "
            "is 1 for the true class and 0 for the others. (Here p - y has more digits than p "
            "above, for later, where most of them cancel.)"
        )
        _differences(text, step)
        text.row("L", step.loss)
    else:
        text.step(f"The loss is {step.loss_name}, computed from the logits.")
        text.row("L", step.loss)


def _differences(text: _Text, step: ExplainedStep) -> None:
    """Print p - y of the classes to twelve digits."""
    errors = step.predictions - step.targets
    text.lines.append(f"{'class':>4}{'p - y':>23}")
    for c in _shown(step):
        text.lines.append(f"{_marked(c, step):>4}{show(float(errors[c]), _MANY_DIGITS):>24}")
    if left := len(errors) - len(_shown(step)):
        rest = float((np.delete(errors, _shown(step)) ** 2).sum())
        text.row(f"(p - y)^2 of {left} more", rest)


def _logits(text: _Text, step: ExplainedStep, checks: dict[str, Check]) -> None:
    name = "dL/dz"
    if step.loss_name == "SoftmaxCrossEntropy":
        name = "p - y"
        text.step(
            "The logits. L = log(sum of e^z) - z of the true class. Raise one z by a small h. The "
            "derivative of e^z is e^z, so the sum grows by e^z * h; the derivative of log is 1 "
            "/ sum, so log(sum) grows by e^z / sum * h, which is p * h. The true class's z is "
            "subtracted too: there it is p * h - h. So dL/dz = p - y, with y = 1 for the true "
            "class and 0 for the others. (As all p sum to 1, the true class's p - 1 is minus the "
            "sum of the others: so it has all its digits.)"
        )
    elif step.loss_name == "SquaredError":
        text.step(
            "The logits. Raise one logit z by a small h: its own p grows by p * (1 - p) * h, and "
            "every other p' shrinks by p' * p * h, since all share the sum of e^z. A term (p - "
            "y)^2 grows by 2 (p - y) times what its p grows. Together: dL/dz = p * (2 (p - y) - "
            "s), where s is the sum over the classes of 2 (p - y) * p."
        )
        s = float((2.0 * (step.predictions - step.targets) * step.predictions).sum())
        text.row("s", s, _MANY_DIGITS)
    else:
        text.step(f"The logits. {step.loss_name} states dL/dz of each; the checks are beside.")
    rows = [
        (_marked(c, step), step.d_logits[c], of.measured, difference(of))
        for c in _shown(step)
        for of in [checks[f"logit {c}"]]
    ]
    _table(text, ("class", name, "check", "rel. diff."), rows, (step.d_logits,), _shown(step))
    text.more(
        "A negative dL/dz: raising this logit lowers the loss. "
        + ("Only the true class has one." if step.loss_name == "SoftmaxCrossEntropy" else "")
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
        f"by h, and {what} rises by {factor} * h, and L by that times dL/dz. So dL/dw = {factor} * "
        "dL/dz."
    )
    text.row(f"  {given}", float(layer.inputs[i]))
    text.row(f"* dL/dz of {what.removeprefix('the z of ')}", float(layer.d_outputs[o]))
    text.row(f"= dL/dw of {name}", float(layer.d_weights[i, o]))
    text.check(checks[f"weight {name}"])
    if last:
        text.more("The bias is added as it is, so its derivative is dL/dz itself.")
    text.row(f"dL/db of bias {number},{o}", float(layer.d_biases[o]))
    text.check(checks[f"bias {number},{o}"])


def _pass_back(text: _Text, step: ExplainedStep, number: int, checks: dict[str, Check]) -> None:
    layer, below = step.layers[number - 1], step.layers[number - 2]
    unit = step.path[number - 1]
    outputs = len(layer.outputs)
    last = number == len(step.layers)
    products = layer.weights[unit] * layer.d_outputs  # (O,)
    shown = list(range(outputs))
    if outputs > _ALL_TERMS:
        shown = sorted(np.argsort(-np.abs(products), kind="stable")[:_LARGEST_TERMS].tolist())
    what = "logits" if last else f"units of layer {number}"
    others = "" if last else f" Every dL/dz is found as in {text.number - 1}."
    text.step(
        f"Back through layer {number} to unit {unit} of layer {number - 1}. Its activation goes "
        f"into all {outputs} {what}, each time through another weight. Raise it by h, and each z "
        "rises by its weight * h, and L by that times dL/dz. So dL/da is the sum of weight * "
        f"dL/dz.{others}" + (" Shown are the largest products." if len(shown) < outputs else "")
    )
    _table(
        text,
        ("class" if last else "unit", "weight", "dL/dz", "product"),
        [
            (str(place), layer.weights[unit, place], layer.d_outputs[place], products[place])
            for place in shown
        ],
        (None, None, products),
        shown,
    )
    text.row("dL/da, the sum", float(layer.d_inputs[unit]))
    text.check(checks[f"a of unit {unit} of layer {number - 1}"])
    _, slope = _ACTIVATIONS.get(below.activation, ("", ""))
    text.more(
        f"Back through {below.activation}: raise z by h, and a rises by slope * h"
        f"{f'; its slope is {slope}' if slope else ''}. So dL/dz = slope * dL/da."
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
    weight, words = step.weight, _WORDS[type(optimizer)](optimizer, step.weight)
    change = weight.by_gradient + weight.by_momentum + weight.by_decay
    added = ["what is left of earlier steps"] if weight.by_momentum else []
    added += ["weight decay"] if weight.by_decay else []
    says = f"Its derivative is {'negative' if weight.gradient < 0.0 else 'positive'}, so the "
    says += f"gradient alone would move it {_way(-weight.gradient)}."
    if not weight.gradient:
        says = "Its derivative is 0, and so is its own part of the change."
    if added:
        says += f" Added {'is' if len(added) == 1 else 'are'} {' and '.join(added)}: together it "
        says += f"moves {_way(change)}."
    text.step(
        f"The new value of weight {weight.layer},{weight.input},{weight.output}. {says} "
        f"{words.settings} {origin}".rstrip()
    )
    if len(words.formulas) > 1:
        text.more("Each line uses what those before it set:")
    text.lines += [f"{'':{_INDENT}}{line}" for line in words.formulas]
    digits = _digits_for(weight.before, change)
    text.row("w", weight.before, digits)
    text.row("g = dL/dw", weight.gradient)
    for name, number in words.rows:
        text.row(name, number)
    text.row("= change of w", change)
    text.row("w new", weight.before + change, digits)
    text.more(f"Multiplied out, the change has three parts{words.scaled}:")
    of_gradient, of_momentum, of_decay = words.parts
    text.row(f"gradient: {of_gradient}", weight.by_gradient)
    text.row(f"momentum: {of_momentum}", weight.by_momentum)
    text.row(f"decay: {of_decay}", weight.by_decay)


def _way(change: float) -> str:
    return "up" if change > 0.0 else "down" if change < 0.0 else "not at all"


class _Words(NamedTuple):
    """What is said of the step of one weight by an optimizer.

    Attributes
    ----------
    settings
        Its name, its settings, what they are for, and what it keeps from step to step.
    formulas
        Of a step, a line each.
    rows
        The same with numbers, from what it kept to the change.
    parts
        The three parts of a change, from gradient, momentum and decay, as formulas short enough for
        a row.
    scaled
        What the parts have to be multiplied by.
    """

    settings: str
    formulas: tuple[str, ...]
    rows: list[tuple[str, float]]
    parts: tuple[str, str, str]
    scaled: str = ""


_DECAY = (
    "Weight decay pulls every weight a little towards 0, so that none is larger than it need be."
)


def _words_of_sgd(sgd: SGD, weight: WeightStep) -> _Words:
    r, m, c = sgd.learning_rate, sgd.momentum, sgd.weight_decay
    settings = f"The optimizer is SGD with learning rate r = {show(r)}, "
    settings += (
        f"{'Nesterov ' if sgd.nesterov else ''}momentum m = {m:g} and weight decay c = {c:g}."
    )
    if m:
        settings += (
            " Momentum keeps up the direction that many images agree on: the velocity v is a "
        )
        settings += "running sum of their gradients, multiplied by m at each step."
    if sgd.nesterov:
        settings += " Nesterov's form looks a step ahead: it takes what v would become if the same "
        settings += "gradient came again."
    if c:
        settings += f" {_DECAY}"
    g, decay = weight.gradient, c * weight.before
    rows = []
    if m:
        old, new = weight.state["velocities"], weight.state_after["velocities"]
        rows = [("v old", old), ("  m * v old", m * old)]
        rows += [("+ g", g), ("+ c * w", decay), ("= v new", new)]
    if sgd.nesterov:
        rows += [("  g", g), ("+ c * w", decay), ("+ m * v new", m * new)]
        rows += [("= sum", g + decay + m * new), ("* -r", -r)]
        formulas = (
            "v new = m * v old + g + c * w",
            "sum = g + c * w + m * v new",
            "w new = w - r * sum",
        )
        parts = ("-r (1 + m) g", "-r m^2 v old", "-r (1 + m) c w")
        return _Words(settings, formulas, rows, parts)
    parts = ("-r g", "-r m v old", "-r c w")
    if m:
        rows += [("  -r * v new", -r * new)]
        return _Words(
            settings, ("v new = m * v old + g + c * w", "w new = w - r * v new"), rows, parts
        )
    rows = [("  -r * g", -r * g), ("+ -r * c * w", -r * decay)]
    return _Words(settings, ("w new = w - r * (g + c * w)",), rows, parts)


def _words_of_adam(adam: Adam, weight: WeightStep) -> _Words:
    r, b1, b2, c, t = (
        *(adam.learning_rate, adam.beta1, adam.beta2),
        *(adam.weight_decay, adam.steps + 1),
    )
    settings = (
        f"The optimizer is Adam with learning rate r = {show(r)}, b1 = {b1:g}, b2 = {b2:g}, "
        f"eps = {adam.epsilon:g} and weight decay c = {c:g}. m is the running mean of the "
        "gradients, which keeps up the direction that many images agree on; v is that of their "
        "squares, by whose root the step is divided, so that weights with small gradients move as "
        "far as others. Both started at 0: M and V make up for that. eps keeps from dividing by 0. "
        f"This is step t = {t}."
    )
    if c:
        settings += f" {_DECAY}"
    m, v = weight.state["first_moments"], weight.state["second_moments"]
    new_m, new_v = weight.state_after["first_moments"], weight.state_after["second_moments"]
    g, first, second = weight.gradient, 1.0 - b1**t, 1.0 - b2**t
    scaled = new_m / first / (math.sqrt(new_v / second) + adam.epsilon)
    rows = [
        ("m old", m),
        ("v old", v),
        ("  b1 * m old", b1 * m),
        ("+ (1 - b1) * g", (1.0 - b1) * g),
        ("= m new", new_m),
        ("  b2 * v old", b2 * v),
        ("+ (1 - b2) * g^2", (1.0 - b2) * g * g),
        ("= v new", new_v),
        ("M = m new / (1 - b1^t)", new_m / first),
        ("V = v new / (1 - b2^t)", new_v / second),
        ("D = sqrt(V) + eps", math.sqrt(new_v / second) + adam.epsilon),
        ("  -r * M / D", -r * scaled),
        ("+ -r * c * w", -r * c * weight.before),
    ]
    formulas = (
        "m new = b1 * m old + (1 - b1) * g",
        "v new = b2 * v old + (1 - b2) * g^2",
        "M = m new / (1 - b1^t)",
        "V = v new / (1 - b2^t)",
        "D = sqrt(V) + eps",
        "w new = w - r * M / D - r * c * w",
    )
    return _Words(
        settings,
        formulas,
        rows,
        ("(1 - b1) g", "b1 m old", "-r c w"),
        ", the first two of them times -r / (D (1 - b1^t))",
    )


# Of every optimizer whose step `explain_step` explains.
_WORDS: dict[type, Callable[[Any, WeightStep], _Words]] = {
    SGD: _words_of_sgd,
    Adam: _words_of_adam,
}


def _outcome(text: _Text, step: ExplainedStep, optimizer: Optimizer) -> None:
    parameters = sum(layer.weights.size + layer.biases.size for layer in step.layers)
    text.step(
        f"All {parameters:,} weights and biases change in the same way at the same time. Then the "
        "same image again:"
    )
    before = step.loss
    _before_and_after(text, "L", before, step.loss_after)
    p = (float(each[step.label]) for each in (step.predictions, step.predictions_after))
    _before_and_after(text, f"p of class {step.label}", *p)
    if step.loss_after > before:
        text.more(
            "The loss of this image rises: "
            + (
                "what is left of earlier steps, and weight decay, outweigh its own gradient's part."
                if step.loss_by_gradient <= before
                else "the step is too long for the slope to hold that far."
            )
        )
    text.more(
        "With the gradient's part of every change alone, the chain rule expects L to change by the "
        "sum of derivative * change over all of them"
        + (
            ". Each change is the derivative times the same number, so this is that number times "
            "the sum of the squared derivatives:"
            if isinstance(optimizer, SGD)
            else ":"
        )
    )
    if isinstance(optimizer, SGD):
        text.row("sum of squares", step.squared_gradient)
        number = "-r (1 + m)" if optimizer.nesterov else "-r"
        text.row(f"* {number} = expected", step.expected_by_gradient)
    else:
        text.row("expected", step.expected_by_gradient)
    text.row(
        "L with these alone",
        step.loss_by_gradient,
        _digits_for(before, step.loss_by_gradient - before),
    )
    text.row("- L before = change", step.loss_by_gradient - before)
    _conclude(text, step.checks)


def _before_and_after(text: _Text, name: str, before: float, after: float) -> None:
    digits = _digits_for(before, after - before)
    text.row(f"{name} before", before, digits)
    text.row(f"{name} after", after, digits)


def _conclude(text: _Text, checks: Sequence[Check]) -> None:
    """Say how many derivatives agree with their checks, and how well."""
    if wrong := [check.of for check in checks if not check.agrees]:
        text.step("These derivatives do not agree with their checks: " + ", ".join(wrong))
        return
    small = [check for check in checks if _is_below_rounding(check)]
    clear = [check.relative_difference for check in checks if check not in small]
    if not small:
        text.step(
            f"All {len(checks)} derivatives above agree with their checks, to a relative "
            f"difference of {show(max(clear), 1)}."
        )
        return
    said = f"{len(clear)} of the {len(checks)} derivatives above agree with their checks to a "
    said += f"relative difference of {show(max(clear), 1)}. " if clear else "None. "
    distance = max(abs(check.stated - check.measured) for check in small)
    limit = max(check.rounding for check in small)
    others = "The other one is" if len(small) == 1 else f"The other {len(small)} are"
    text.step(
        f"{said}{others} too small to be checked as far: L has about 16 digits, which leaves a "
        f"check uncertain by up to {show(limit, 1)}. The distance is {show(distance, 1)} at most."
    )


def _shown(step: ExplainedStep) -> list[int]:
    """Return the classes that get a line: all, or of many the true and the most probable."""
    classes = len(step.logits)
    if classes <= _ALL_TERMS:
        return list(range(classes))
    most = np.argsort(-step.logits, kind="stable")[:_LARGEST_TERMS].tolist()
    return sorted({step.label, *most})


def _table(
    text: _Text,
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    sums: Sequence[Any] = (),
    shown: Sequence[int] = (),
) -> None:
    """Print rows, and below them the sums of what is not shown of some columns' arrays."""
    text.lines.append(_cells(*heads))
    for first, *cells in rows:
        text.lines.append(
            _cells(
                first, *(cell if isinstance(cell, str) else _short(float(cell)) for cell in cells)
            )
        )
    left = next((len(array) for array in sums if array is not None), len(shown)) - len(shown)
    if left:
        rest = ["" if a is None else _short(float(np.delete(a, shown).sum())) for a in sums]
        text.lines.append(_cells(f"{left} more", *rest))


def _cells(*cells: str) -> str:
    """Return a line of cells that end in the columns 4, 16, 28 and 40."""
    line = ""
    for end, cell in zip((4, 16, 28, 40), cells, strict=False):
        line += cell.rjust(max(end - len(line), len(cell) + bool(line)))
    return line.rstrip()


def _short(number: float) -> str:
    """Return a number in eleven columns: to six digits, or as many as fit."""
    candidates = (show(number, digits) for digits in range(_DIGITS, 0, -1))
    return next(each for each in candidates if len(each) <= 11)


def _marked(c: int, step: ExplainedStep) -> str:
    return f">{c:2}" if c == step.label else str(c)


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
        "L is the loss, dL/dw its derivative by the weight: raise the weight by a small h, and L "
        "rises by dL/dw * h. All is computed with about 16 digits (float64)."
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
