"""One step of training on one image: from its pixels to the loss, back to the weights, the step.

All of it happens on a copy in float64, so that every derivative can be checked there and then:
`Check` holds what the backward pass states beside what raising and lowering the number itself does
to the loss.

Shapes: I inputs and O outputs of a layer, C classes, P parameters.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import PIXELS
from mnist_scratch.data.loader import standardise
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import Array
from mnist_scratch.nn.checks import as_array
from mnist_scratch.nn.layers import Dense, Layer
from mnist_scratch.nn.loss import Loss, SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network, check_network
from mnist_scratch.nn.optimizer import SGD, Adam, Optimizer
from mnist_scratch.report.explain.steps import as_json
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.text import shown
from mnist_scratch.training.evaluation import check_loss
from mnist_scratch.training.trainer import make_optimizer

Weight = tuple[int, int, int]  # layer from 1; input and output from 0

NUDGE = 1e-4  # by which a number is raised and lowered
# It is made smaller, but not below this, where a slope of an activation changes by more than
# `_BENT` in between, as ReLU's does where a unit becomes
# active, or a logit by more than `_MOVED`.
_SMALLEST_NUDGE = 1e-7
_BENT, _MOVED = 0.1, 2e-3
_AGREED = 1e-6  # relative


class Check(NamedTuple):
    """A derivative of the loss as the backward pass states it, and measured.

    Attributes
    ----------
    of
        What it is the derivative of the loss by: "weight 2,41,17", "logit 3".
    stated
        By the backward pass.
    measured
        The central difference (L(x + nudge) - L(x - nudge)) / (2 nudge), in float64.
    nudge
        1e-4; smaller where an activation has a kink that near, or the logits move far.
    rounding
        How much of `measured` can be rounding.
    """

    of: str
    stated: float
    measured: float
    nudge: float
    rounding: float

    @property
    def relative_difference(self) -> float:
        """The distance of the two over the larger; 0 where both are 0."""
        larger = max(abs(self.stated), abs(self.measured))
        return abs(self.stated - self.measured) / larger if larger else 0.0

    @property
    def agrees(self) -> bool:
        """Whether the two are the same to 1e-6, or to rounding where both are tiny."""
        distance = abs(self.stated - self.measured)
        return self.relative_difference <= _AGREED or distance <= self.rounding

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as JSON values, by name."""
        found = {"relative_difference": self.relative_difference, "agrees": self.agrees}
        return self._asdict() | found


class LayerStep(NamedTuple):
    """What went through a `Dense` layer and its activation, forward and back.

    Attributes
    ----------
    inputs, d_inputs
        float64 (I,): what the layer was given, and the derivative of the loss by it.
    weights, d_weights
        float64 (I, O), before the step.
    biases, d_biases
        float64 (O,), before the step.
    outputs, d_outputs
        float64 (O,): inputs @ weights + biases.
    activation
        The name of the activation that follows; "" behind the last layer.
    slopes
        float64 (O,): the activation's derivative at `outputs`; 1 behind the last layer.
    """

    inputs: Array
    weights: Array
    biases: Array
    outputs: Array
    activation: str
    slopes: Array
    d_inputs: Array
    d_weights: Array
    d_biases: Array
    d_outputs: Array


class WeightStep(NamedTuple):
    """What the step did to one weight.

    Attributes
    ----------
    layer, input, output
        Which: its layer from 1, its input and its output from 0.
    before, gradient, after
        The weight, the derivative of the loss by it, and the weight after the step.
    state, state_after
        The optimizer's numbers for it by name, such as its velocity, before and after the step.
    by_gradient, by_momentum, by_decay
        The three parts of the change: this image's, that of earlier steps, and weight decay's.
    """

    layer: int
    input: int
    output: int
    before: float
    gradient: float
    state: dict[str, float]
    by_gradient: float
    by_momentum: float
    by_decay: float
    state_after: dict[str, float]
    after: float


class ExplainedStep(NamedTuple):
    """Every number of one step of training on one image, all in float64.

    Attributes
    ----------
    image
        (784,), as the network takes it.
    label
        The true class.
    loss_name
        The class of the loss: "SoftmaxCrossEntropy".
    layers
        What went through each `Dense` layer, from the image to the logits.
    logits, predictions, targets, d_logits
        (C,).
    path
        A way through the network on which the explained weight lies: a pixel, a unit of every
        hidden layer, and a logit; the derivatives on it are among the checks.
    weight
        The explained weight.
    learning_rate
        Of the step.
    loss, loss_after, loss_by_gradient
        The loss of the image before and after the step, and if only the part of the change that
        comes from this image's gradient is made.
    squared_gradient
        The sum of the squares of all parameters' derivatives.
    expected_by_gradient
        By how much the loss would change by the gradient's part alone if its slopes stayed as they
        are: the sum over all parameters of derivative times change.
    predictions_after
        (C,), after the step.
    checks
        Of every derivative that the explanation states.
    """

    image: Array
    label: int
    loss_name: str
    layers: tuple[LayerStep, ...]
    logits: Array
    predictions: Array
    targets: Array
    d_logits: Array
    path: tuple[int, ...]
    weight: WeightStep
    learning_rate: float
    loss: float
    loss_after: float
    loss_by_gradient: float
    squared_gradient: float
    expected_by_gradient: float
    predictions_after: Array
    checks: tuple[Check, ...]

    def __repr__(self) -> str:
        weight = f"{self.weight.layer},{self.weight.input},{self.weight.output}"
        return (
            f"ExplainedStep(class {self.label}, predicted {self.predicted}, loss {self.loss:.4g} "
            f"and {self.loss_after:.4g} after it, weight {weight}, {len(self.checks)} checks "
            f"{'agree' if self.agrees else 'of which some do not agree'})"
        )

    @property
    def predicted(self) -> int:
        """The most probable class."""
        return int(np.argmax(self.logits))

    @property
    def rival(self) -> int:
        """The class that the true one competes with: the most probable of the others."""
        others = np.where(np.arange(len(self.logits)) == self.label, -math.inf, self.logits)
        return int(np.argmax(others))

    @property
    def agrees(self) -> bool:
        """Whether every derivative agrees with its check."""
        return all(check.agrees for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as JSON values, by name.

        Matrices stay out: `d_weights` of a layer is the product of its `inputs` and `d_outputs`.
        Of its weights those to the path's output, (I,), and from the path's input, (O,), are there.
        """
        layers = [
            {
                name: as_json(value)
                for name, value in layer._asdict().items()
                if name not in ("weights", "d_weights")
            }
            | {
                "weights_to_output": as_json(layer.weights[:, self.path[n + 1]]),
                "weights_from_input": as_json(layer.weights[self.path[n]]),
            }
            for n, layer in enumerate(self.layers)
        ]
        checks = [check.as_json() for check in self.checks]
        own = {"layers": layers, "weight": self.weight._asdict(), "checks": checks}
        plain = {name: as_json(value) for name, value in self._asdict().items() if name not in own}
        return plain | {"predicted": self.predicted} | own


def explain_step(
    network: Network,
    image: npt.NDArray[Any],
    label: int,
    optimizer: Optimizer,
    *,
    loss_function: Loss | None = None,
    weight: Weight | None = None,
) -> ExplainedStep:
    """Take one step of training on one image, on a copy, and return every number of it.

    Parameters
    ----------
    network
        Stays as it is; so does the optimizer.
    image
        uint8 (28, 28) or (784,), which is standardised as in training; or floats (I,), as the
        network takes them.
    label
        Its true class, from 0.
    optimizer
        An `SGD` or `Adam` of this network. Its learning rate is that of the step, and its
        velocities or moments are where the step starts.
    loss_function
        By default `SoftmaxCrossEntropy()`.
    weight
        The weight to explain: its layer from 1, its input and its output from 0. By default the
        one with the largest derivative.

    Raises
    ------
    MnistScratchError
        If the optimizer is none that can be explained.
    TypeError
        If the network or the loss is none.
    ValueError
        If the image, the label or the weight does not fit the network, the optimizer is another
        network's, or the loss is not finite before or after the step.
    """
    loss_of = copy.copy(loss_function) if loss_function is not None else SoftmaxCrossEntropy()
    _check_call(network, label, optimizer, loss_of, weight)
    inputs = _as_inputs(image, network)  # (1, I)
    wide = in_float64(network)
    mover, split = _moving(optimizer, network, wide), _SPLITS[type(optimizer)]
    targets = np.eye(network.widths[-1])[[int(label)]]  # (1, C)
    values = [inputs]  # what each layer is given, and last the logits
    for layer in wide.layers:
        values.append(layer.forward(values[-1]))
    loss = loss_of.forward(values[-1], targets)
    if not math.isfinite(loss):
        raise ValueError(f"the loss of the image is {loss}: the network is no longer finite")
    predictions, d_logits = loss_of.predictions[0], loss_of.backward()
    derivatives = [d_logits]  # of the loss by each of the values, filled from the end
    for layer in reversed(wide.layers):
        derivatives.insert(0, layer.backward(derivatives[0]))
    layers = tuple(
        _layer_step(layer, following, *values[n : n + 2], *derivatives[n : n + 2])
        for n, (layer, following) in enumerate(zip_longest(wide.layers, wide.layers[1:]))
        if isinstance(layer, Dense)
    )

    state = {name: getattr(mover, name).copy() for name in mover.state_names}
    before, gradient = wide.parameters.copy(), wide.gradients.copy()  # (P,)
    with np.errstate(over="ignore", invalid="ignore"):
        parts = split(mover, before, gradient)
    places = _places(wide)
    if weight is None:
        weight = largest_weight([layer.d_weights for layer in layers])
    number, i, o = weight = int(weight[0]), int(weight[1]), int(weight[2])  # of NumPy's too
    path = _path(layers, weight)
    checks = _checks(wide, loss_of, values, targets, layers, path)

    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        mover.step()
        loss_after = loss_of.forward(wide.forward(inputs), targets)
        predictions_after = loss_of.predictions[0]
        after = wide.parameters.copy()
        wide.parameters[...] = before + parts.by_gradient
        loss_by_gradient = loss_of.forward(wide.forward(inputs), targets)
    if not (math.isfinite(loss_after) and math.isfinite(loss_by_gradient)):
        raise ValueError(
            f"learning_rate = {mover.learning_rate:g}: after the step the loss is no finite "
            "number; take a smaller one"
        )
    at = int(places[number - 1][i, o])
    return ExplainedStep(
        image=inputs[0],
        label=int(label),
        loss_name=type(loss_of).__name__,
        layers=layers,
        logits=values[-1][0],
        predictions=predictions,
        targets=targets[0],
        d_logits=d_logits[0],
        path=path,
        weight=WeightStep(
            layer=number,
            input=i,
            output=o,
            before=float(before[at]),
            gradient=float(gradient[at]),
            state={name: float(array[at]) for name, array in state.items()},
            by_gradient=float(parts.by_gradient[at]) + 0.0,  # -0.0 would be shown as such
            by_momentum=float(parts.by_momentum[at]) + 0.0,
            by_decay=float(parts.by_decay[at]) + 0.0,
            state_after={name: float(getattr(mover, name)[at]) for name in mover.state_names},
            after=float(after[at]),
        ),
        learning_rate=float(mover.learning_rate),
        loss=loss,
        loss_after=loss_after,
        loss_by_gradient=loss_by_gradient,
        squared_gradient=float(gradient @ gradient),
        expected_by_gradient=float(gradient @ parts.by_gradient),
        predictions_after=predictions_after,
        checks=tuple(checks),
    )


def _check_call(
    network: Network, label: object, optimizer: object, loss_of: object, weight: object
) -> None:
    """Raise an error that names the argument of `explain_step` that is wrong."""
    check_network(network)
    check_loss(loss_of)
    if type(optimizer) not in _SPLITS:
        known = ", ".join(kind.__name__ for kind in _SPLITS)
        raise MnistScratchError(
            f"optimizer = {shown(optimizer)}: explain_step does not know how "
            f"{type(optimizer).__name__} moves a weight; it explains {known}"
        )
    classes = network.widths[-1]
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
        raise ValueError(f"label = {shown(label)}: must be a class, 0 to {classes - 1}")
    if not 0 <= label < classes:
        raise ValueError(f"label = {label}: the classes are 0 to {classes - 1}")
    if weight is not None and (problem := weight_problem(network, weight)):
        raise ValueError(f"weight = {shown(weight)}: {problem}")


def weight_problem(network: Network, weight: object) -> str:
    """Return why a network has no such weight (layer, input, output), and its range; or ""."""
    layers = network.dense_layers
    parts = weight if isinstance(weight, (tuple, list)) else ()
    if len(parts) != 3 or any(
        isinstance(part, bool) or not isinstance(part, (int, np.integer)) for part in parts
    ):
        return "must be three whole numbers: layer, input and output"
    number, i, o = parts
    if not 1 <= number <= len(layers):
        return f"the layers are 1 to {len(layers)}" if len(layers) > 1 else "there is layer 1 alone"
    layer = layers[number - 1]
    if not 0 <= i < layer.width_in:
        return f"the inputs of layer {number} are 0 to {layer.width_in - 1}, not {i}"
    if not 0 <= o < layer.width_out:
        return f"the outputs of layer {number} are 0 to {layer.width_out - 1}, not {o}"
    return ""


class OptimizerOfRun(NamedTuple):
    """A run's optimizer as it stood after the last step, and where its numbers come from.

    Attributes
    ----------
    optimizer
        Of the run's model.
    origin
        Its learning rate and its state, in a sentence each.
    """

    optimizer: Optimizer
    origin: str


def optimizer_of(run: RunFolder, network: Network) -> OptimizerOfRun:
    """Return a run's optimizer with the learning rate and the state of its last step.

    Without history the learning rate is the peak. Without a checkpoint that can be read and fits
    the model, the state is that before the first step: zero.
    """
    optimizer = make_optimizer(network, run.config())
    try:
        row = run.history().rows[-1]
        peak, optimizer.learning_rate = optimizer.learning_rate, row.learning_rate
        rate = f"The learning rate is that of the run's last step, {row.step:,}"
        rate += f"; its peak was {peak:g}" if peak != row.learning_rate else ""
        rate += ", so a step is short by now." if peak > row.learning_rate else "."
    except MnistScratchError:
        rate = "The learning rate is the run's peak: it has no history that says how it ended."
    names = " and ".join(name.replace("_", " ") for name in optimizer.state_names)
    try:
        checkpoint = run.checkpoint() if run.checkpoint_path.exists() else None
    except MnistScratchError:
        checkpoint = None
    if checkpoint is None:
        return OptimizerOfRun(
            optimizer, f"{rate} The {names} start at 0: no checkpoint of the run can be read."
        )
    state = checkpoint.state
    kept = [state.optimizer.get(name) for name in optimizer.state_names]
    if any(array is None or array.shape != network.parameters.shape for array in kept):
        return OptimizerOfRun(
            optimizer, f"{rate} The {names} start at 0: the run's checkpoint is of another model."
        )
    for name, array in zip(optimizer.state_names, kept, strict=True):
        getattr(optimizer, name)[...] = array
    optimizer.steps = state.step
    origin = f"The {names} are those of the run's checkpoint, saved after step {state.step:,}."
    if not np.array_equal(state.parameters, network.parameters):
        origin += (
            f" The model is that of epoch {state.best_epoch}, the best one, which was earlier."
        )
    return OptimizerOfRun(optimizer, f"{rate} {origin}")


class _Parts(NamedTuple):
    """The change of every parameter in a step, (P,), by where it comes from."""

    by_gradient: Array
    by_momentum: Array
    by_decay: Array


def _split_sgd(sgd: SGD, p: Array, g: Array) -> _Parts:
    """Multiply SGD's formulas out: p <- p - r (g + w p + m v), or with Nesterov's look ahead.

    Nesterov: p <- p - r (g' + m v') with g' = g + w p and v' = m v + g', so g' counts 1 + m times
    and v m^2 times.
    """
    r, m, w = sgd.learning_rate, sgd.momentum, sgd.weight_decay
    of_gradient, of_velocity = (1.0 + m, m * m) if sgd.nesterov else (1.0, m)
    v: Any = sgd.velocities
    return _Parts(-r * of_gradient * g, -r * of_velocity * v, -r * of_gradient * w * p)


def _split_adam(adam: Adam, p: Array, g: Array) -> _Parts:
    """Split the mean (b1 m + (1 - b1) g) / (1 - b1^t); the divisor is that of the whole step."""
    b1, b2, t = adam.beta1, adam.beta2, adam.steps + 1
    m: Any = adam.first_moments
    v: Any = adam.second_moments
    squares = b2 * v + (1.0 - b2) * g**2
    scale = adam.learning_rate / (np.sqrt(squares / (1.0 - b2**t)) + adam.epsilon) / (1.0 - b1**t)
    decay = -adam.learning_rate * adam.weight_decay * p
    return _Parts(-scale * (1.0 - b1) * g, -scale * b1 * m, decay)


_SPLITS: dict[type, Callable[[Any, Array, Array], _Parts]] = {
    SGD: _split_sgd,
    Adam: _split_adam,
}


def in_float64(network: Network) -> Network:
    """Return an independent copy in float64."""
    layers: list[Layer] = [
        Dense(layer.width_in, layer.width_out) if isinstance(layer, Dense) else copy.copy(layer)
        for layer in network.layers
    ]
    wide = Network(layers, np.random.default_rng(0), np.float64)
    wide.parameters[...] = network.parameters
    return wide


def _moving(optimizer: Optimizer, network: Network, wide: Network) -> Optimizer:
    """Return an optimizer like the network's that moves its copy."""
    arrays = {name: getattr(optimizer, name) for name in optimizer.state_names}
    is_other = getattr(optimizer, "network", network) is not network
    if is_other or any(array.shape != network.parameters.shape for array in arrays.values()):
        raise ValueError(
            "the optimizer moves another network; make one of this: "
            f"{type(optimizer).__name__}(network, learning_rate=...)"
        )
    names = [*inspect.signature(type(optimizer)).parameters][1:]  # without the network
    mover = type(optimizer)(wide, **{name: getattr(optimizer, name) for name in names})
    for name, array in arrays.items():
        getattr(mover, name)[...] = array
    mover.steps = optimizer.steps
    return mover


def _as_inputs(image: npt.NDArray[Any], network: Network) -> Array:
    """Return an image as the network takes it, (1, I)."""
    width = network.widths[0]
    given = as_array(image, "image")
    if given.dtype == np.uint8 and given.shape in ((28, 28), (PIXELS,)) and width == PIXELS:
        return standardise(given).astype(np.float64)
    if given.dtype.kind != "f" or given.shape != (width,):
        pixels = "uint8 (28, 28) or (784,), or " if width == PIXELS else ""
        raise ValueError(
            f"image must be one image: {pixels}floats ({width},) as the network takes them, not "
            f"{given.dtype} {given.shape}"
        )
    if not np.isfinite(given).all():
        raise ValueError(f"image[{int(np.argmin(np.isfinite(given)))}] is not finite")
    return given.astype(np.float64)[None]


def _layer_step(
    layer: Dense,
    following: Layer | None,
    inputs: Array,
    outputs: Array,
    d_inputs: Array,
    d_outputs: Array,
) -> LayerStep:
    """Return what went through a layer, given what follows it and arrays of one row, (1, I)."""
    slopes, activation = np.ones_like(outputs), ""
    if following is not None and not isinstance(following, Dense):
        slopes, activation = following.backward(slopes), following.name
    return LayerStep(
        inputs=inputs[0],
        weights=layer.weights.copy(),
        biases=layer.biases.copy(),
        outputs=outputs[0],
        activation=activation,
        slopes=slopes[0],
        d_inputs=d_inputs[0],
        d_weights=layer.d_weights.copy(),
        d_biases=layer.d_biases.copy(),
        d_outputs=d_outputs[0],
    )


def _places(network: Network) -> list[npt.NDArray[np.int64]]:
    """Return, for each `Dense` layer, where in the flat array each weight (I, O) is."""
    places, start = [], 0
    for layer in network.dense_layers:
        shape, end = layer.weights.shape, start + layer.weights.size
        places.append(np.arange(start, end).reshape(shape))
        start += layer.size
    return places


def largest_weight(matrices: Sequence[Array]) -> Weight:
    """Return the weight with the largest number beside it, given (I, O) of every layer."""
    largest = [np.abs(matrix) for matrix in matrices]
    layer = int(np.argmax([each.max() for each in largest]))
    i, o = np.unravel_index(np.argmax(largest[layer]), largest[layer].shape)
    return layer + 1, int(i), int(o)


def _path(layers: Sequence[LayerStep], weight: Weight) -> tuple[int, ...]:
    """Return the way through the network, from a pixel to a logit, that a weight lies on.

    Above the weight it takes, layer by layer, the connection over which the largest derivative
    comes back; below it too, and at last the pixel whose weight has the largest derivative.
    """
    number, i, o = weight
    path = {number - 1: i, number: o}
    for above in range(number, len(layers)):
        layer = layers[above]
        coming = np.abs(layer.weights[path[above]] * layer.d_outputs)  # (O,)
        path[above + 1] = int(np.argmax(coming))
    for below in range(number - 2, -1, -1):
        layer = layers[below]
        coming = np.abs(layer.d_weights[:, path[below + 1]])  # (I,)
        if below:
            returned = layer.weights[:, path[below + 1]] * layers[below - 1].slopes
            coming = np.abs(returned) * (coming > 0.0) if coming.any() else np.abs(returned)
        path[below] = int(np.argmax(coming))
    return tuple(path[place] for place in range(len(layers) + 1))


def measured(
    of: str,
    stated: float,
    layers: Sequence[Layer],
    inputs: Array,
    array: Array,
    place: Any,
    loss_of: Loss,
    targets: Array,
) -> Check:
    """Check a derivative: nudge a number up and down, and compute the loss both times.

    Parameters
    ----------
    of, stated
        What it is the derivative by, and what the backward pass says.
    layers, inputs
        The layers that the number matters to, and what the first of them is given, (B, I).
    array, place
        Where the number is: in these inputs, or in a parameter of these layers.
    loss_of, targets
        The loss behind them, and the targets, (B, C).
    """
    kept, nudge = array[place], NUDGE
    while True:
        array[place] = kept + nudge
        above, slopes_above, logits_above = _run(layers, inputs, loss_of, targets)
        array[place] = kept - nudge
        below, slopes_below, logits = _run(layers, inputs, loss_of, targets)
        array[place] = kept
        pairs = zip(slopes_above, slopes_below, strict=True)
        bent = max((float(np.abs(a - b).max()) for a, b in pairs), default=0.0)
        moved = float(np.abs(logits_above - logits).max())
        if (bent < _BENT and moved < _MOVED) or nudge <= _SMALLEST_NUDGE:
            break
        nudge /= 10.0
    largest = 1.0 + abs(above) + float(np.abs(logits).max())
    rounding = 4.0 * float(np.finfo(np.float64).eps) * largest / nudge
    return Check(of, stated, (above - below) / (2.0 * nudge), nudge, rounding)


def _run(
    layers: Sequence[Layer], inputs: Any, loss_of: Loss, targets: Array
) -> tuple[float, list[Any], Array]:
    """Return the loss behind some layers, their activations' slopes, and the logits."""
    slopes, outputs = [], inputs
    for layer in layers:
        outputs = layer.forward(outputs)
        if not isinstance(layer, Dense):
            slopes.append(layer.backward(np.ones_like(outputs)))
    return loss_of.forward(outputs, targets), slopes, outputs


def _checks(
    network: Network,
    loss_of: Loss,
    values: Sequence[Any],
    targets: Array,
    layers: Sequence[LayerStep],
    path: Sequence[int],
) -> list[Check]:
    """Check every derivative by a logit, and of every layer those on the path, from the end."""
    inputs = [value.copy() for value in values]
    starts = [n for n, layer in enumerate(network.layers) if isinstance(layer, Dense)]

    def check(of: str, stated: Any, start: int, array: Any, place: Any) -> Check:
        behind, given = network.layers[start:], inputs[start]
        return measured(of, float(stated), behind, given, array, place, loss_of, targets)

    end = len(network.layers)
    checks = [
        check(f"logit {c}", derivative, end, inputs[end], (0, c))
        for c, derivative in enumerate(layers[-1].d_outputs)
    ]
    for number in range(len(layers), 0, -1):
        layer, dense = layers[number - 1], network.dense_layers[number - 1]
        start, (i, o) = starts[number - 1], path[number - 1 : number + 1]
        stated = layer.d_weights[i, o]
        checks.append(check(f"weight {number},{i},{o}", stated, start, dense.weights, (i, o)))
        checks.append(check(f"bias {number},{o}", layer.d_biases[o], start, dense.biases, o))
        if number > 1:
            unit, stated = f"{i} of layer {number - 1}", layer.d_inputs[i]
            checks.append(check(f"a of unit {unit}", stated, start, inputs[start], (0, i)))
            stated, start = layers[number - 2].d_outputs[i], starts[number - 2] + 1
            checks.append(check(f"z of unit {unit}", stated, start, inputs[start], (0, i)))
    return checks
