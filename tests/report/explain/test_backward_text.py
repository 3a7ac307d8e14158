from __future__ import annotations

import re

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


def test_the_numbers_can_be_followed_from_the_pixel_to_the_new_weight() -> None:
    text = text_of((784, 12, 10), weight=(1, 300, 5))
    pixel = number_behind(text, "pixel 300")
    assert pixel == pytest.approx((IMAGE.reshape(-1)[300] / 255 - 0.1307) / 0.3081, rel=1e-5)
    product = number_behind(text, "= this product")
    assert product == pytest.approx(pixel * number_behind(text, "x weight 1,300,5"), rel=1e-4)
    z = number_behind(text, "= z")
    others = number_behind(text, "+ the other 783") + number_behind(text, "+ bias 1,5")
    assert z == pytest.approx(product + others, rel=1e-4)
    d_z = number_behind(text, "x dL/dz of unit 5")
    derivative = number_behind(text, "= dL/dw of 1,300,5")
    assert derivative == pytest.approx(pixel * d_z, rel=1e-4)
    assert derivative == number_behind(text, "g = dL/dw")
    parts = [number_behind(text, name) for name in ("gradient: -r g", "momentum: -r m v")]
    change = number_behind(text, "= w after - w before")
    assert change == pytest.approx(sum(parts), rel=1e-4)
    assert parts[0] == pytest.approx(-0.001 * derivative, rel=1e-4)
    assert number_behind(text, "L after") < number_behind(text, "L before")


def test_every_stated_derivative_has_its_check_below_it() -> None:
    text = text_of()
    stated = re.findall(r"^    (?:= )?dL/d.*\n    check .*\n    relative difference ", text, re.M)
    # Of three layers the weight and the bias, of two units a and z.
    assert len(stated) == 3 * 2 + 2 * 2
    assert re.search(r"All 20 derivatives above agree with their checks, to a\s+relative", text)
    rows = re.findall(r"^(?:true -> | +)\d +\S+ +(\S+) +(\S+)$", text, re.M)
    table = text[text.index("p - y     dL/dz     check") :].splitlines()[1:11]
    assert rows
    assert all(line.split()[-1] == line.split()[-2] for line in table)


def test_a_derivative_that_differs_is_named_and_not_said_to_agree() -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.001)
    step, example = step_of(network, mover)
    first = step.checks[0]
    wrong = Check(first.of, first.stated, first.stated + 0.1, first.nudge, first.rounding)
    object.__setattr__(step, "checks", (wrong, *step.checks[1:]))
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    assert "These derivatives do not agree with their checks: logit 0" in text
    assert "agree with their checks, to" not in text
    assert difference(wrong).endswith("DIFFERS")


def test_differences_of_rounding_and_of_zeros_are_called_that() -> None:
    assert difference(Check("x", 0.0, 0.0, 1e-4, 1e-11)) == "both are 0"
    assert difference(Check("x", 1e-12, 2e-12, 1e-4, 1e-11)) == "rounding"
    assert difference(Check("x", 1.0, 1.0 + 2e-9, 1e-4, 1e-11)) == "2e-09"


def test_numbers_have_six_digits() -> None:
    assert [show(each) for each in (0.0, 1.0, -0.123456789, 2e-5, 12345678.0)] == [
        *("0", "1.00000", "-0.123457", "2e-05", "1.23457e+07")
    ]


@pytest.mark.parametrize(
    ("nesterov", "momentum", "formula", "part"),
    [
        (False, 0.9, "w = w - r v", "momentum: -r m v"),
        (True, 0.9, "w = w - r (g + c w + m v)", "momentum: -r m^2 v"),
    ],
)
def test_the_formulas_of_sgd_give_the_numbers_beside_them(
    nesterov: bool, momentum: float, formula: str, part: str
) -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.01, momentum=momentum, nesterov=nesterov, weight_decay=0.001)
    mover.velocities[...] = 0.25
    step, example = step_of(network, mover)
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    assert "    v = m v + g + c w\n    " + formula in text
    w, g, v = (number_behind(text, name) for name in ("w before", "g = dL/dw", "v before"))
    assert v == 0.25
    new_v = 0.9 * v + g + 0.001 * w
    assert number_behind(text, "v after") == pytest.approx(new_v, rel=1e-4)
    new_w = w - 0.01 * (g + 0.001 * w + 0.9 * new_v if nesterov else new_v)
    assert number_behind(text, "w after") == pytest.approx(new_w, rel=1e-4)
    expected = -0.01 * (0.81 if nesterov else 0.9) * 0.25
    assert number_behind(text, part) == pytest.approx(expected, rel=1e-4)


def test_the_formulas_of_adam_give_the_numbers_beside_them() -> None:
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    mover = Adam(network, 0.01, beta1=0.8, beta2=0.95, epsilon=1e-3, weight_decay=0.1)
    mover.first_moments[...], mover.second_moments[...], mover.steps = 0.25, 0.5, 7
    step, example = step_of(network, mover)
    text = describe_step(step, example, DIGITS, mover, "", is_chosen=True)
    assert "This is step t = 8." in re.sub(r"\s+", " ", text)
    w, g = number_behind(text, "w before"), number_behind(text, "g = dL/dw")
    m, v = 0.8 * 0.25 + 0.2 * g, 0.95 * 0.5 + 0.05 * g * g
    assert number_behind(text, "m after") == pytest.approx(m, rel=1e-4)
    assert number_behind(text, "v after") == pytest.approx(v, rel=1e-4)
    scaled = m / (1 - 0.8**8) / (np.sqrt(v / (1 - 0.95**8)) + 1e-3)
    assert number_behind(text, "w after") == pytest.approx(w - 0.01 * scaled - 0.001 * w, rel=1e-4)


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
    assert "its derivative is 0, so this image does not move it" in text
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
    assert "momentum and weight decay outweigh" in text


def test_softmax_regression_and_classes_with_names_are_explained_too() -> None:
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.001)
    step, example = step_of(network, mover)
    names = class_names("fashion-mnist")
    text = describe_step(step, example, names, mover, "", is_chosen=True)
    assert "true class 3 = Dress" in text
    assert "Layer 1, logit " in text
    assert "Back through" not in text
