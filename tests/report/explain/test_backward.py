"""One step on one image: beside PyTorch's autograd, with every kind of layer, loss, optimizer."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import Array
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, ReLU
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS, SGD, Adam, Optimizer
from mnist_scratch.report.explain import backward
from mnist_scratch.report.explain.backward import (
    Check,
    ExplainedStep,
    explain_step,
    optimizer_of,
)
from mnist_scratch.runs.folder import RunFolder

FOLDER = Path(__file__).parents[2] / "golden"
TRAINING = np.load(FOLDER / "torch_training.npz")
STEP = np.load(FOLDER / "torch_step.npz")  # see scripts/make_golden.py
MADE: dict[str, Callable[[Network], Optimizer]] = {
    "plain": lambda network: SGD(network, 0.1),
    "momentum": lambda network: SGD(network, 0.1, momentum=0.9),
    "all": lambda network: SGD(network, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam_all": lambda network: Adam(
        network, 0.02, beta1=0.8, beta2=0.95, epsilon=1e-3, weight_decay=0.1
    ),
}
IMAGE, LABEL = TRAINING["images"][2, 0], int(TRAINING["labels"][2, 0])


def trained(activation: str, loss: str, kind: str) -> tuple[Network, Optimizer]:
    """Return a network after two steps in float64, and its optimizer with what it remembers."""
    network = Network.of_widths((12, 8, 5, 3), activation, np.random.default_rng(0))
    network = Network(
        [
            Dense(x.width_in, x.width_out) if isinstance(x, Dense) else copy.copy(x)
            for x in network.layers
        ],
        np.random.default_rng(0),
        np.float64,
    )
    network.parameters[...] = TRAINING["initial"]
    optimizer, loss_function = MADE[kind](network), LOSSES[loss]()
    for images, labels in zip(TRAINING["images"][:2], TRAINING["labels"][:2], strict=True):
        loss_function.forward(network.forward(images.astype(np.float64)), np.eye(3)[labels])
        network.backward(loss_function.backward())
        optimizer.step()
    return network, optimizer


def explained(
    activation: str = "relu", loss: str = "cross-entropy", kind: str = "all"
) -> ExplainedStep:
    network, optimizer = trained(activation, loss, kind)
    return explain_step(network, IMAGE, LABEL, optimizer, loss_function=LOSSES[loss]())


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_every_number_of_a_step_is_that_of_pytorch(activation: str, loss: str, kind: str) -> None:
    step = explained(activation, loss, kind)

    def close(actual: Any, name: str) -> None:
        expected = STEP[f"{activation}.{loss}.{kind}.{name}"]
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-12)

    close(step.logits, "logits")
    close(step.loss, "loss")
    close(step.loss_after, "loss_after")
    d_values = [layer.d_inputs for layer in step.layers[1:]] + [step.d_logits]
    close(np.concatenate(d_values), "d_values")
    close(np.concatenate([flat(x.d_weights, x.d_biases) for x in step.layers]), "gradients")
    before = [flat(x.weights, x.biases) for x in step.layers]
    sizes = [x.weights.size + x.biases.size for x in step.layers]
    w = step.weight
    place = sum(sizes[: w.layer - 1]) + w.input * len(step.layers[w.layer - 1].biases) + w.output
    after = STEP[f"{activation}.{loss}.{kind}.parameters"]
    assert w.before == np.concatenate(before)[place]
    assert w.after == pytest.approx(after[place], rel=1e-6)
    parts = w.by_gradient + w.by_momentum + w.by_decay
    assert parts == pytest.approx(w.after - w.before, rel=1e-9)
    assert (w.by_momentum == 0.0) == (kind == "plain")
    assert (w.by_decay == 0.0) == (kind in ("plain", "momentum"))
    assert step.agrees


def flat(weights: Array, biases: Array) -> Array:
    return np.concatenate([weights.ravel(), biases])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_everything_that_can_be_trained_with_is_explained_or_refused_by_name(
    activation: str, loss: str, optimizer: str
) -> None:
    network = Network.of_widths((12, 8, 5, 3), activation, np.random.default_rng(0))
    made = OPTIMIZERS[optimizer](network, 0.01)
    if type(made) not in backward._SPLITS:
        with pytest.raises(MnistScratchError, match=type(made).__name__):
            explain_step(network, IMAGE, LABEL, made)
        return
    step = explain_step(network, IMAGE, LABEL, made, loss_function=LOSSES[loss]())
    assert step.agrees
    assert len(step.checks) == 3 + 3 * 2 + 2 * 2
    assert step.loss_by_gradient == step.loss_after < step.loss


def test_a_made_up_optimizer_is_refused_by_name_and_a_made_up_activation_is_explained() -> None:
    class Halving(SGD):
        """A made-up optimizer: a subclass may step in another way."""

    class Twice(ReLU):
        name = "twice"

        def forward(self, inputs: Array) -> Array:
            return 2.0 * super().forward(inputs)

        def backward(self, d_outputs: Array) -> Array:
            return 2.0 * super().backward(d_outputs)

    network = Network([Dense(12, 8), Twice(), Dense(8, 3)], np.random.default_rng(0))
    with pytest.raises(MnistScratchError, match=r"how Halving moves a weight; it explains SGD, "):
        explain_step(network, IMAGE, LABEL, Halving(network, 0.1))
    step = explain_step(network, IMAGE, LABEL, SGD(network, 0.1))
    assert step.agrees
    assert set(step.layers[0].slopes.tolist()) == {0.0, 2.0}


def test_network_and_optimizer_stay_as_they_are() -> None:
    network, optimizer = trained("relu", "cross-entropy", "all")
    before = copy.deepcopy((network.parameters, network.gradients, vars(optimizer)))
    network.dense_layers[0].inputs = kept = np.zeros((1, 12))
    explain_step(network, IMAGE, LABEL, optimizer)
    after = (network.parameters, network.gradients, vars(optimizer))
    assert np.array_equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])
    assert network.dense_layers[0].inputs is kept
    assert optimizer.steps == 2
    assert isinstance(optimizer, SGD)
    assert np.array_equal(before[2]["_velocities"], optimizer.velocities)


def test_the_weight_is_the_one_that_the_gradient_moves_most_or_the_one_asked_for() -> None:
    step = explained()
    largest = [np.abs(layer.d_weights).max() for layer in step.layers]
    assert abs(step.weight.gradient) == max(largest)
    network, optimizer = trained("relu", "cross-entropy", "all")
    asked = explain_step(network, IMAGE, LABEL, optimizer, weight=(2, 3, 1))
    assert (asked.weight.layer, asked.weight.input, asked.weight.output) == (2, 3, 1)
    assert asked.path[1:3] == (3, 1)
    assert asked.weight.before == asked.layers[1].weights[3, 1]
    assert asked.weight.gradient == asked.layers[1].d_weights[3, 1]


def test_the_path_goes_from_a_pixel_to_a_logit_over_what_passes_the_most_back() -> None:
    step = explained("tanh")
    network, optimizer = trained("tanh", "cross-entropy", "all")
    for number, i, o in ((1, 4, 2), (2, 3, 1), (3, 2, 0)):
        path = explain_step(network, IMAGE, LABEL, optimizer, weight=(number, i, o)).path
        assert len(path) == 4
        assert path[number - 1 : number + 1] == (i, o)
        for above in range(number, 3):
            coming = np.abs(step.layers[above].weights[path[above]] * step.layers[above].d_outputs)
            assert path[above + 1] == np.argmax(coming)


def test_a_wrong_derivative_does_not_agree_with_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(self: ReLU, d_outputs: Array) -> Array:
        return 2.0 * d_outputs * (self.outputs > 0.0)

    monkeypatch.setattr(ReLU, "backward", doubled)
    step = explained()
    wrong = [check.of for check in step.checks if not check.agrees]
    assert not step.agrees
    assert wrong
    # What is computed before the first ReLU on the way back is right.
    assert all(
        name.startswith(("z of", "weight 1", "weight 2", "bias 1", "bias 2", "a of unit "))
        for name in wrong
    )
    assert f"weight 3,{step.path[2]},{step.path[3]}" not in wrong


def test_checks_tell_agreement_rounding_and_difference() -> None:
    assert Check("x", 0.0, 0.0, 1e-4, 1e-11).relative_difference == 0.0
    assert Check("x", 1.0, 1.0 + 1e-9, 1e-4, 1e-11).agrees
    assert Check("x", 1e-12, 2e-12, 1e-4, 1e-11).agrees
    assert not Check("x", 1e-3, 1.001e-3, 1e-4, 1e-11).agrees


def test_a_kink_is_measured_with_a_smaller_nudge() -> None:
    network = Network([Dense(2, 1), ReLU(), Dense(1, 2)], np.random.default_rng(0), np.float64)
    first, last = network.dense_layers
    first.weights[...], first.biases[...] = [[1.0], [0.0]], -0.99995  # z = 0.00005
    last.weights[...] = [[1.0, -1.0]]
    step = explain_step(network, np.array([1.0, 0.0]), 1, SGD(network, 0.1), weight=(1, 0, 0))
    nudges = {check.of: check.nudge for check in step.checks}
    assert nudges["z of unit 0 of layer 1"] == pytest.approx(1e-5)
    assert nudges["logit 0"] == 1e-4
    assert step.agrees


def test_a_unit_that_is_off_gets_no_gradient_and_says_so_without_a_warning() -> None:
    network = Network([Dense(2, 2), ReLU(), Dense(2, 2)], np.random.default_rng(0), np.float64)
    network.dense_layers[0].biases[...] = -100.0
    step = explain_step(network, np.array([1.0, 0.0]), 1, SGD(network, 0.1), weight=(1, 0, 1))
    assert step.weight.gradient == step.weight.by_gradient == 0.0
    assert step.agrees


def test_an_image_is_taken_as_bytes_or_as_the_network_takes_it() -> None:
    network = Network.of_widths((784, 4, 10), "relu", np.random.default_rng(0))
    optimizer = SGD(network, 0.1)
    image = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    step = explain_step(network, image, 3, optimizer)
    standardised = ((image.reshape(784) / 255.0 - 0.1307) / 0.3081).astype(np.float32)
    np.testing.assert_allclose(step.image, standardised, rtol=1e-5, atol=1e-6)
    same = explain_step(network, step.image, 3, optimizer)
    assert same.loss == step.loss


@pytest.mark.parametrize(
    ("image", "label", "weight", "message"),
    [
        (np.zeros((28, 28)), 0, None, r"image must be one image: .*uint8 \(28, 28\) .* float64"),
        (np.zeros((1, 784), np.float32), 0, None, r"not float32 \(1, 784\)"),
        (np.full(784, np.nan), 0, None, r"image\[0\] is not finite"),
        (np.zeros(784), 10, None, "label = 10: the classes are 0 to 9"),
        (np.zeros(784), True, None, "label = True: must be a class, 0 to 9"),
        (np.zeros(784), 1.0, None, "label = 1.0: must be a class, 0 to 9"),
        (np.zeros(784), 0, (3, 0, 0), r"weight = \(3, 0, 0\): the layers are 1 to 2"),
        (np.zeros(784), 0, (1, 784, 0), "the inputs of layer 1 are 0 to 783, not 784"),
        (np.zeros(784), 0, (2, 0, -1), "the outputs of layer 2 are 0 to 9, not -1"),
        (np.zeros(784), 0, (1, 2), "must be three whole numbers: layer, input and output"),
        (np.zeros(784), 0, (1, 2.0, 0), "must be three whole numbers"),
    ],
)
def test_what_does_not_fit_the_network_is_named(
    image: Array, label: int, weight: tuple[int, int, int] | None, message: str
) -> None:
    network = Network.of_widths((784, 4, 10), "relu", np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        explain_step(network, image, label, SGD(network, 0.1), weight=weight)


def test_what_is_no_network_loss_or_optimizer_is_named() -> None:
    network = Network.of_widths((12, 4, 3), "relu", 0)
    optimizer = SGD(network, 0.1)
    with pytest.raises(TypeError, match="network must be a Network, not str"):
        explain_step("runs/first", IMAGE, LABEL, optimizer)  # type: ignore[arg-type]
    with pytest.raises(
        TypeError, match=r"loss_function = <class .*: must be an instance of a loss"
    ):
        explain_step(network, IMAGE, LABEL, optimizer, loss_function=LOSSES["squared-error"])  # type: ignore[arg-type]
    with pytest.raises(MnistScratchError, match=r"optimizer = None: .* it explains SGD, Adam"):
        explain_step(network, IMAGE, LABEL, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weight = 5: must be three whole numbers"):
        explain_step(network, IMAGE, LABEL, optimizer, weight=5)  # type: ignore[arg-type]


def test_a_step_says_in_a_line_what_it_is() -> None:
    said = repr(explained())
    assert said.startswith(f"ExplainedStep(class {LABEL}, predicted ")
    assert said.endswith("checks agree)")
    assert len(said) < 120


def test_the_optimizer_of_another_network_is_refused() -> None:
    network, other = (Network.of_widths((12, n, 3), "relu", 0) for n in (4, 5))
    with pytest.raises(ValueError, match=r"the optimizer moves another network; .* SGD\(network"):
        explain_step(network, IMAGE, LABEL, SGD(other, 0.1))


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_step_that_ends_in_no_number_is_refused(kind: type[SGD | Adam]) -> None:
    network = Network.of_widths((12, 3), "relu", 0)
    with pytest.raises(ValueError, match=r"learning_rate = 1e\+308: after the step the loss is no"):
        explain_step(network, IMAGE, LABEL, kind(network, 1e308))
    network.parameters[...] = np.nan
    with pytest.raises(ValueError, match="the loss of the image is nan: the network is no longer"):
        explain_step(network, IMAGE, LABEL, kind(network, 0.1))


def test_json_has_the_numbers_by_name() -> None:
    step = explained()
    values = json.loads(json.dumps(step.as_json(), allow_nan=False))
    assert values["logits"] == step.logits.tolist()
    assert values["d_logits"] == (step.predictions - step.targets).tolist()
    assert values["weight"]["state"] == {"velocities": step.weight.state["velocities"]}
    assert values["weight"]["after"] == step.weight.after
    assert values["layers"][1]["inputs"] == step.layers[1].inputs.tolist()
    assert values["layers"][1]["d_outputs"] == step.layers[1].d_outputs.tolist()
    assert "d_weights" not in values["layers"][1]
    outer = np.outer(values["layers"][1]["inputs"], values["layers"][1]["d_outputs"])
    np.testing.assert_allclose(outer, step.layers[1].d_weights, rtol=1e-12)
    assert [check["agrees"] for check in values["checks"]] == [True] * len(step.checks)
    assert (values["loss"], values["loss_after"]) == (step.loss, step.loss_after)


def test_a_run_without_checkpoint_starts_at_zero_with_its_peak_rate_and_says_so(
    tmp_path: Path,
) -> None:
    config = with_values(Config(), {("optimizer", "learning_rate"): 0.25}, "")
    run = RunFolder.create(tmp_path / "run", config)
    network = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    run.save_model(network)
    optimizer, origin = optimizer_of(run, network)
    assert isinstance(optimizer, SGD)
    assert optimizer.learning_rate == 0.25
    assert not optimizer.velocities.any()
    assert "the run's peak" in origin
    assert "The velocities start at 0: no checkpoint of the run can be read." in origin


def test_a_run_s_optimizer_stands_where_its_checkpoint_and_history_end(trained_run: Path) -> None:
    run = RunFolder(trained_run)
    network, checkpoint = run.model(), run.checkpoint()
    optimizer, origin = optimizer_of(run, network)
    assert checkpoint is not None
    assert isinstance(optimizer, SGD)
    assert np.array_equal(optimizer.velocities, checkpoint.state.optimizer["velocities"])
    assert optimizer.velocities.any()
    last = run.history().rows[-1]
    assert optimizer.learning_rate == last.learning_rate < run.config().optimizer.learning_rate
    assert f"of the run's last step, {last.step}; its peak was 0.02, so a step is short" in origin
    assert f"checkpoint, saved after step {last.step}." in origin
    other = Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))
    assert "start at 0: the run's checkpoint is of another model" in optimizer_of(run, other).origin


def test_a_masked_image_is_refused_and_numpy_s_integers_name_a_weight() -> None:
    network, optimizer = trained("relu", "cross-entropy", "all")
    with pytest.raises(ValueError, match="image: a masked array would lose its mask"):
        explain_step(network, np.ma.masked_array(IMAGE), LABEL, optimizer)
    weight: Any = (np.int64(1), np.int8(2), 3)
    step = explain_step(network, IMAGE, LABEL, optimizer, weight=weight)
    assert json.loads(json.dumps(step.as_json()))["weight"]["layer"] == 1
    assert step.path[:2] == (2, 3)


def test_json_has_what_the_sums_along_the_path_are_made_of() -> None:
    step = explained()
    for n, layer in enumerate(step.as_json()["layers"]):
        z = np.dot(layer["inputs"], layer["weights_to_output"]) + layer["biases"][step.path[n + 1]]
        np.testing.assert_allclose(z, layer["outputs"][step.path[n + 1]])
        d_a = np.dot(layer["weights_from_input"], layer["d_outputs"])
        np.testing.assert_allclose(d_a, layer["d_inputs"][step.path[n]])


@pytest.mark.parametrize("kind", MADE)
def test_the_expected_change_is_that_of_a_short_step(kind: str) -> None:
    network, optimizer = trained("tanh", "cross-entropy", kind)
    optimizer.learning_rate *= 1e-4
    step = explain_step(network, IMAGE, LABEL, optimizer)
    change = step.loss_by_gradient - step.loss
    assert change == pytest.approx(step.expected_by_gradient, rel=1e-3)
    squares = sum(np.sum(x.d_weights**2) + np.sum(x.d_biases**2) for x in step.layers)
    assert step.squared_gradient == pytest.approx(squares)
