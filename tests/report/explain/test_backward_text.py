from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.layers import ACTIVATIONS
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS, SGD, Adam, Optimizer
from mnist_scratch.report.explain import backward, backward_text
from mnist_scratch.report.explain.backward import Check, ExplainedStep, explain_step
from mnist_scratch.report.explain.backward_text import describe_step, difference, show

IMAGE = np.random.default_rng(3).integers(0, 256, (28, 28), np.uint8)


def step_of(
    network: Network, optimizer: Optimizer, loss: str = "cross-entropy", **options: object
) -> tuple[ExplainedStep, Example]:
    step = explain_step(
        network,
        IMAGE,
        3,
        optimizer,
        loss_function=LOSSES[loss](),
        **options,  # type: ignore[arg-type]  # a weight
    )
    return step, Example(17, IMAGE, 3, step.logits.astype(np.float64))


def text_of(
    widths: tuple[int, ...] = (784, 12, 6, 10),
    activation: str = "relu",
    loss: str = "cross-entropy",
    width: int = 80,
    optimizer: Optimizer | None = None,
    **options: object,
) -> str:
    network = Network.of_widths(widths, activation, np.random.default_rng(0))
    mover = optimizer or SGD(network, 0.001, momentum=0.9)
    step, example = step_of(network, mover, loss, **options)
    is_chosen = "weight" not in options
    return describe_step(step, example, DIGITS, mover, "", is_chosen=is_chosen, width=width)


def number_behind(text: str, name: str, occurrence: int = 0) -> float:
    """Return the number of a row."""
    return float(re.findall(rf"^    {re.escape(name)} +(\S+)$", text, re.MULTILINE)[occurrence])


@pytest.mark.parametrize("width", [30, 40, 57, 80, 200])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_line_fits_terminals_from_40_columns_on(
    activation: str, loss: str, optimizer: str, width: int
) -> None:
    network = Network.of_widths((784, 120, 110, 10), activation, np.random.default_rng(0))
    mover = OPTIMIZERS[optimizer](network, 0.01)
    step, example = step_of(network, mover, loss, weight=(2, 101, 105))
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=False, width=width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= max(40, min(80, width))
    assert lines == [line.rstrip() for line in lines]


@dataclass(frozen=True)
class Printed:
    """A number as it is printed, or computed from such, and how far off rounding can make it."""

    value: float
    error: float = 0.0

    @classmethod
    def read(cls, shown: str) -> Printed:
        mantissa, _, exponent = shown.partition("e")
        decimals = len(mantissa.partition(".")[2])
        half = 0.5 * 10.0 ** (int(exponent or 0) - decimals)
        return cls(float(shown), 0.0 if shown == "0" else half)

    def __add__(self, other: Printed) -> Printed:
        return Printed(self.value + other.value, self.error + other.error)

    def __mul__(self, other: Printed) -> Printed:
        error = abs(self.value) * other.error + abs(other.value) * self.error
        return Printed(self.value * other.value, error + self.error * other.error)

    def through(self, function: Callable[[float], float]) -> Printed:
        low, at, high = (float(function(self.value + x)) for x in (-self.error, 0.0, self.error))
        return Printed(at, 1.001 * max(abs(low - at), abs(high - at)))

    def must_be(self, printed: Printed, where: str) -> None:
        limit = 1.001 * (self.error + printed.error) + 1e-15 * abs(self.value)
        assert abs(self.value - printed.value) <= limit, (where, self, printed)


def rows_of(text: str) -> list[tuple[str, Printed]]:
    """Return the rows of numbers, in order; a name that is too long stands on its own line."""
    number = r"-?[0-9][0-9.]*(?:e-?[0-9]+)?"
    found = re.findall(rf"^    (\S.*?|  \S.*?)(?:\n {{5}})? +({number})$", text, re.M)
    return [(name, Printed.read(shown)) for name, shown in found]


def table_of(text: str, *heads: str) -> list[tuple[str, list[Printed]]]:
    """Return the first table with these heads."""
    lines = iter(text.splitlines())
    next(line for line in lines if line.split() == " ".join(heads).split())
    found = []
    for line in lines:
        match = re.match(r"^ *(> *\d+|\d+ more|\d+) +(\S.*)$", line[:40])
        if match is None:
            break
        cells = [cell for cell in match[2].split() if cell != "rounding"]
        found.append((match[1].strip("> "), [Printed.read(cell) for cell in cells[: len(heads)]]))
    return found


def total(terms: Iterable[Printed]) -> Printed:
    return reduce(Printed.__add__, terms, Printed(0.0))


@pytest.mark.parametrize(
    ("widths", "activation", "loss", "settings"),
    [
        (
            (784, 20, 16, 10),
            "relu",
            "cross-entropy",
            {"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
        ),
        ((784, 20, 10), "relu", "squared-error", {"momentum": 0.9, "weight_decay": 0.01}),
        ((784, 20, 16, 10), "sigmoid", "cross-entropy", {"weight_decay": 0.01}),
        ((784, 20, 16, 10), "tanh", "squared-error", {"beta1": 0.8, "weight_decay": 0.1}),
        ((784, 12, 47), "tanh", "cross-entropy", {"epsilon": 1e-3}),
        ((784, 10), "relu", "cross-entropy", {"momentum": 0.9}),
    ],
)
def test_every_printed_number_can_be_computed_from_printed_numbers(
    widths: tuple[int, ...], activation: str, loss: str, settings: dict[str, Any]
) -> None:
    network = Network.of_widths(widths, activation, np.random.default_rng(0))
    is_adam = not settings.keys().isdisjoint(("beta1", "epsilon"))
    mover: Any = (Adam if is_adam else SGD)(network, 1e-4, **settings)
    for name in mover.state_names:
        if is_adam or mover.momentum:
            getattr(mover, name)[...] = 0.25
    mover.steps = 6
    step, example = step_of(network, mover, loss)
    names = [str(c) for c in range(widths[-1])]
    text = describe_step(step, example, names, mover, "", is_chosen=True)
    rows = rows_of(text)
    by_name = dict(reversed(rows))  # the first of each name

    so_far = Printed(0.0)
    computed = 0
    for name, number in rows:
        sign, _, what = name.partition(" ")
        if sign == "=":
            so_far.must_be(number, name)
            computed += 1
        if "expected" in name or name == "- L before = change":
            continue
        so_far = {
            "*": so_far * number,
            "+": so_far + number,
            "-": so_far + Printed(-1.0) * number,
        }.get(sign if what else "", number)
    assert computed >= 3 * len(step.layers) + 1

    # Forward.
    pixel = int(text.split("Pixel ")[1].split()[0])
    grey = IMAGE.reshape(-1)[pixel] / 255
    Printed((grey - 0.1307) / 0.3081).must_be(by_name[f"pixel {pixel}"], "pixel")
    functions: dict[str, Callable[[float], float]] = {
        "relu": lambda z: max(z, 0.0),
        "tanh": np.tanh,
        "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    }
    function = functions[activation]
    slopes: dict[str, Callable[[float], float]] = {
        "relu": lambda z: float(z > 0.0),
        "tanh": lambda z: 1.0 - np.tanh(z) ** 2,
        "sigmoid": lambda z: function(z) * (1.0 - function(z)),
    }
    for (_, z), (name, a) in pairwise(rows):
        if name.startswith(f"{activation}: a"):
            z.through(function).must_be(a, name)
        if name == "slope":
            z.through(slopes[activation]).must_be(a, name)
    softmax = table_of(text, "class", "z", "e^(z-max)", "p")
    listed = [row for row in softmax if " more" not in row[0]]
    largest = max((z for _, (z, *_) in listed), key=lambda z: z.value)
    exponentials = [e for _, (*_, e, _) in softmax]
    s = by_name["S = sum of e^(z-max)"]
    total(exponentials).must_be(s, "S")
    for name, (z, e, p) in listed:
        if z != largest:
            (z + Printed(-1.0) * largest).through(np.exp).must_be(e, name)
        (e * s.through(lambda x: 1.0 / x)).must_be(p, name)

    # The loss and the logits.
    minus_one, two = Printed(-1.0), Printed(2.0)
    if loss == "cross-entropy":
        s.through(np.log).must_be(by_name["  log S"], "log S")
        true = next(z for c, (z, *_) in listed if int(c) == 3)
        (largest + minus_one * true).must_be(by_name["+ (max - z)"], "max - z")
        logits = dict(table_of(text, "class", "p - y", "check", "rel. diff."))
        for name, (_, _, p) in listed:
            (p + Printed(-float(int(name) == 3))).must_be(logits[name][0], name)
        others = total(d for name, (d, *_) in logits.items() if name != "3")
        (minus_one * others).must_be(logits["3"][0], "p - y of the true class")
    else:
        errors = {name: d for name, (d,) in table_of(text, "class", "p - y")}
        logits = dict(table_of(text, "class", "dL/dz", "check", "rel. diff."))
        total(d * d for d in errors.values()).must_be(by_name["L"], "L")
        ps = {name: d + Printed(float(int(name) == 3)) for name, d in errors.items()}
        total(two * d * ps[c] for c, d in errors.items()).must_be(by_name["s"], "s")
        for c, d in errors.items():
            (ps[c] * (two * d + minus_one * by_name["s"])).must_be(logits[c][0], f"dL/dz {c}")

    # Back to the weights.
    for part in text.split("Back through layer ")[1:]:
        heads = ("class" if "\nclass" in part[:800] else "unit", "weight", "dL/dz", "product")
        table = table_of(part, *heads)
        for name, cells in table:
            if "more" not in name:
                (cells[0] * cells[1]).must_be(cells[2], name)
        values = dict(reversed(rows_of(part)))
        d_a = values["dL/da, the sum"]
        total(cells[-1] for _, cells in table).must_be(d_a, "dL/da")
        d_z = next(x for name, x in rows_of(part) if name.startswith("dL/dz of"))
        (values["slope"] * d_a).must_be(d_z, "dL/dz")

    # The step.
    r = mover.learning_rate
    constant = Printed
    at = dict(rows_of(text[text.index("The step\n") :]))
    first = dict(reversed(rows_of(text[text.index("The step\n") :])))
    w, g, change, c = first["w"], first["g = dL/dw"], first["= change of w"], mover.weight_decay
    (w + change).must_be(at["w new"], "w new")
    assert w.error <= abs(change.value) / 1e2
    total(x for name, x in first.items() if re.match("gradient:|momentum:|decay:", name)).must_be(
        change, "the three parts"
    )
    if is_adam:
        b1, b2, t = mover.beta1, mover.beta2, 7
        (constant(1 - b1) * g).must_be(first["+ (1 - b1) * g"], "g")
        (constant(1 - b2) * g * g).must_be(first["+ (1 - b2) * g^2"], "g^2")
        large_m, large_v = first["M = m new / (1 - b1^t)"], first["V = v new / (1 - b2^t)"]
        (first["= m new"] * constant(1 / (1 - b1**t))).must_be(large_m, "M")
        (first["= v new"] * constant(1 / (1 - b2**t))).must_be(large_v, "V")
        divisor = first["D = sqrt(V) + eps"]
        (large_v.through(np.sqrt) + constant(mover.epsilon)).must_be(divisor, "D")
        scaled = constant(-r) * large_m * divisor.through(lambda x: 1 / x)
        scaled.must_be(first["  -r * M / D"], "-r * M / D")
        (constant(-r * c) * w).must_be(first["+ -r * c * w"], "decay")
    else:
        m = mover.momentum
        for name, number in first.items():
            if name == "+ c * w":
                (constant(c) * w).must_be(number, name)
            elif name == "  m * v old":
                (constant(m) * first["v old"]).must_be(number, name)
            elif name == "+ m * v new":
                (constant(m) * first["= v new"]).must_be(number, name)
            elif name == "  -r * v new":
                (constant(-r) * first["= v new"]).must_be(number, name)
            elif name == "  -r * g":
                (constant(-r) * g).must_be(number, name)
        times = -r * (1 + m if mover.nesterov else 1.0)
        expected = next(x for name, x in at.items() if "= expected" in name)
        (constant(times) * at["sum of squares"]).must_be(expected, "expected")
        (constant(times) * g).must_be(next(x for n, x in at.items() if "gradient:" in n), "part")
    alone = at["L with these alone"] + minus_one * at["L before"]
    alone.must_be(at["- L before = change"], "change")
    assert alone.error <= abs(alone.value) / 1e2
    assert at["L before"].value == pytest.approx(at["L after"].value, rel=0.9)


def test_every_stated_derivative_has_its_check_below_it() -> None:
    text = text_of()
    stated = re.findall(r"^    (?:= )?dL/d.*\n    check .*\n    relative difference ", text, re.M)
    # Of three layers the weight and the bias, of two units a and z.
    assert len(stated) == 3 * 2 + 2 * 2
    assert re.search(r"All 20 derivatives above agree with their checks, to a\s+relative", text)
    table = table_of(text, "class", "p - y", "check", "rel. diff.")
    assert len(table) == 10
    for name, (stated_here, measured, *_) in table:
        assert stated_here.value == pytest.approx(measured.value, rel=2e-5), name


def test_a_derivative_that_differs_is_named_and_not_said_to_agree() -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.001)
    step, example = step_of(network, mover)
    first = step.checks[0]
    wrong = Check(first.of, first.stated, first.stated + 0.1, first.nudge, first.rounding)
    step = step._replace(checks=(wrong, *step.checks[1:]))
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    assert "These derivatives do not agree with their checks: logit 0" in text
    assert "agree with their checks, to" not in text
    assert difference(wrong).endswith("DIFFERS")


def test_differences_of_rounding_and_of_zeros_are_called_that() -> None:
    assert difference(Check("x", 0.0, 0.0, 1e-4, 1e-11)) == "both are 0"
    assert difference(Check("x", 1e-12, 2e-12, 1e-4, 1e-11)) == "rounding"
    assert difference(Check("x", 1.0, 1.0 + 2e-9, 1e-4, 1e-11)) == "2e-9"


def test_numbers_have_six_digits() -> None:
    assert [show(each) for each in (0.0, 1.0, -0.123456789, 2e-5, 2e-10, 12345678.0)] == [
        *("0", "1.00000", "-0.123457", "2.00000e-5", "2.00000e-10", "1.23457e7")
    ]


@pytest.mark.parametrize(
    ("gradient", "velocity", "said"),
    [(-1.0, 0.0, "move it up. The optimizer"), (-1.0, 1e6, "together it moves down.")],
)
def test_the_way_of_the_gradient_is_told_from_that_of_the_whole_step(
    gradient: float, velocity: float, said: str
) -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.01, momentum=0.9)
    mover.velocities[...] = velocity * 1e-3
    step, example = step_of(network, mover)
    assert step.weight.gradient * gradient > 0.0, "choose another sign"
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    assert said in re.sub(r"\s+", " ", text)
    assert (step.weight.after > step.weight.before) == ("up" in said)


def test_checks_below_rounding_are_counted_apart() -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.001)
    step, example = step_of(network, mover)
    tiny = Check("logit 0", 1e-12, 2e-12, 1e-4, 1e-11)
    step = step._replace(checks=(tiny, *step.checks[1:]))
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    said = re.sub(r"\s+", " ", text)
    assert f"{len(step.checks) - 1} of the {len(step.checks)} derivatives above agree" in said
    assert "The other one is too small" in said
    assert "uncertain by up to 1e-11" in said
    assert "1e-12 at most" in said


def test_every_optimizer_whose_step_is_explained_has_words() -> None:
    assert backward_text._WORDS.keys() == backward._SPLITS.keys()


def test_a_weight_that_gets_no_gradient_is_said_not_to_move_by_this_image() -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    network.dense_layers[0].biases[2] = -1000.0
    mover = SGD(network, 0.01)
    step, example = step_of(network, mover, weight=(1, 7, 2))
    text = re.sub(
        r"\s+", " ", describe_step(step, example, DIGITS, mover, "", is_chosen=False, width=80)
    )
    assert "Its derivative is 0, and so is its own part of the change." in text
    assert "The slope is 0: the unit is off, nothing passes back through it" in text
    assert "check 0 relative difference both are 0" in text


def test_a_loss_that_rises_is_explained_by_what_makes_it_rise() -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 1e-6, momentum=0.9)
    step, _ = step_of(network, mover)
    mover.velocities[...] = -1e5 * np.concatenate(
        [np.concatenate([x.d_weights.ravel(), x.d_biases]) for x in step.layers]
    )
    step, example = step_of(network, mover)
    assert step.loss_after > step.loss > step.loss_by_gradient
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    assert "what is left of earlier steps, and weight decay, outweigh" in re.sub(r"\s+", " ", text)


def test_softmax_regression_and_classes_with_names_are_explained_too() -> None:
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.001)
    step, example = step_of(network, mover)
    names = class_names("fashion-mnist")
    text = describe_step(step, example, names, mover, "", is_chosen=True)
    assert "true class 3 = Dress" in text
    assert "Layer 1, logit " in text
    assert "Back through" not in text
