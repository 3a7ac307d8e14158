"""The layers of a network, each with its forward and its backward side by side.

Shapes: B examples in a batch, I inputs of a layer, O outputs of a layer.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Protocol

import numpy as np

from mnist_scratch.nn import Array
from mnist_scratch.nn.attributes import fixed_array, read_only, set_by_forward, set_by_network
from mnist_scratch.nn.checks import as_array, as_gradient, as_inputs, as_width

Initialisation = Literal["he", "glorot"]

_SMALL = 2**15  # weights: below, the product whose call costs less is the faster one


class Layer(Protocol):
    """The interface of a layer.

    Attributes
    ----------
    name
        The layer's name in model files.
    """

    name: str

    @property
    def size(self) -> int:
        """How many parameters the layer has."""

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to outputs (B, O), leave them as they are, keep what backward needs."""

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, O) of the last forward, return dL/d(inputs) (B, I)."""


class Activation(Layer, Protocol):
    """The interface of an element-wise function without parameters.

    Attributes
    ----------
    initialisation
        That of the `Dense` layer before it, chosen to keep the variance of the signal.
    """

    initialisation: Initialisation


class Dense:
    """A fully connected layer: outputs = inputs @ weights + biases.

    Its parameters are views of a network's flat arrays; `Network` calls `bind` and `initialise`. A
    layer that is copied or pickled alone has none.

    Parameters
    ----------
    inputs, outputs
        The widths I and O.
    """

    name = "dense"
    # Views of the network's arrays, set by `bind`. What is assigned to them is copied into them.
    weights: Array = fixed_array("weights")  # (I, O)
    biases: Array = fixed_array("biases")  # (O,)
    d_weights: Array = fixed_array("d_weights")  # (I, O)
    d_biases: Array = fixed_array("d_biases")  # (O,)
    _weights: Array = set_by_network()
    _biases: Array = set_by_network()
    _d_weights: Array = set_by_network()
    _d_biases: Array = set_by_network()
    inputs: Array = set_by_forward()  # (B, I)
    width_in: int = read_only("width_in", "make another Dense")
    width_out: int = read_only("width_out", "make another Dense")

    def __init__(self, inputs: int, outputs: int) -> None:
        self._width_in = as_width(inputs, "inputs")
        self._width_out = as_width(outputs, "outputs")

    @property
    def size(self) -> int:
        """How many parameters the layer has: I * O weights and O biases."""
        return (self.width_in + 1) * self.width_out

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Make weights, biases and their gradients views of two flat arrays (size,)."""
        shape, split = (self.width_in, self.width_out), self.width_in * self.width_out
        self._weights = parameters[:split].reshape(shape)
        self._biases = parameters[split:]
        self._d_weights = gradients[:split].reshape(shape)
        self._d_biases = gradients[split:]

    def initialise(self, rng: np.random.Generator, initialisation: Initialisation) -> None:
        """Draw the weights from a normal distribution; set the biases to zero.

        "he" preserves the signal through ReLU, which halves its mean square: variance 2 / I
        (He et al. 2015, section 2.2). "glorot" preserves it through units that are linear around
        zero, forward and backward: variance 2 / (I + O) (Glorot and Bengio 2010, section 4.2.1).
        """
        inputs, outputs = self.width_in, self.width_out
        variance = 2.0 / inputs if initialisation == "he" else 2.0 / (inputs + outputs)
        self.weights[...] = rng.normal(0.0, math.sqrt(variance), self.weights.shape)
        self.biases[...] = 0.0

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to outputs (B, O); keeps a reference to the inputs for `backward`."""
        if type(inputs) is not np.ndarray or inputs.shape[1:] != (self._width_in,):
            inputs = as_inputs(inputs, self._width_in)
        self.inputs = inputs
        # For arrays (B, I) `dot` is `@`, which takes longer to see that these are no stacks of
        # matrices: with `dot` a step of 784-30-10 with 10 images is a twentieth shorter.
        outputs: Array = np.dot(inputs, self._weights)  # (B, O)
        outputs += self._biases
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, O), set dL/d(weights), dL/d(biases); return dL/d(inputs) (B, I).

        outputs[b, o] = sum over i of inputs[b, i] weights[i, o], plus biases[o]. Input i affects
        every output o through weights[i, o]: dL/d(inputs[b, i]) = sum over o of
        d_outputs[b, o] weights[i, o].
        """
        self.backward_parameters(d_outputs)
        d_inputs: Array = np.dot(d_outputs, self._weights.T)  # (B, I)
        return d_inputs

    def backward_parameters(self, d_outputs: Array) -> None:
        """Given dL/d(outputs) (B, O), set dL/d(weights) (I, O) and dL/d(biases) (O,) alone.

        In outputs[b, o], weights[i, o] is multiplied by inputs[b, i], and biases[o] by 1:
        dL/d(weights[i, o]) = sum over b of inputs[b, i] d_outputs[b, o], and
        dL/d(biases[o]) = sum over b of d_outputs[b, o].
        """
        shape, dtype = (len(self.inputs), self._width_out), self._weights.dtype
        if (
            type(d_outputs) is not np.ndarray
            or d_outputs.shape != shape
            or d_outputs.dtype is not dtype
        ):
            d_outputs = as_gradient(d_outputs, shape).astype(dtype, copy=False)
        # `dot` fills the array with zeros first: with two threads 5% of a step of 784-800-10.
        multiply = np.dot if self._d_weights.size < _SMALL else np.matmul
        multiply(self.inputs.T, d_outputs, out=self._d_weights)
        d_outputs.sum(axis=0, out=self._d_biases)

    def __getstate__(self) -> dict[str, Any]:
        views = ("_weights", "_biases", "_d_weights", "_d_biases")
        return {name: value for name, value in vars(self).items() if name not in views}

    def __repr__(self) -> str:
        return f"Dense({self.width_in}, {self.width_out})"


class ReLU:
    """The rectified linear unit: max(0, x)."""

    name = "relu"
    initialisation: Initialisation = "he"
    size = 0
    outputs: Array = set_by_forward()  # (B, I)

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to max(0, inputs) (B, I)."""
        if type(inputs) is not np.ndarray:
            inputs = as_array(inputs, "inputs")
        # NumPy compares rows two and a half times as fast as it compares rows with one number: 33
        # of the 3,800 us of a step of 784-512-512-10 with 128 images, at either of its two layers.
        zeros = np.zeros(inputs.shape[-1:], inputs.dtype)  # (I,)
        outputs: Array = np.maximum(inputs, zeros)
        self.outputs = outputs
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, I), return dL/d(inputs) (B, I).

        The slope is 1 where the input was positive and 0 where it was not; at 0 it is taken as 0.
        """
        outputs = self.outputs
        if (
            type(d_outputs) is not np.ndarray
            or d_outputs.shape != outputs.shape
            or d_outputs.dtype is not outputs.dtype
        ):
            d_outputs = as_gradient(d_outputs, outputs.shape)
        return d_outputs * (outputs > 0.0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Tanh:
    """The hyperbolic tangent."""

    name = "tanh"
    initialisation: Initialisation = "glorot"
    size = 0
    outputs: Array = set_by_forward()  # (B, I)

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to tanh(inputs) (B, I)."""
        outputs: Array = np.tanh(as_array(inputs, "inputs"))
        self.outputs = outputs
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, I), return dL/d(inputs) (B, I).

        tanh = sinh / cosh, so tanh' = (cosh^2 - sinh^2) / cosh^2 = 1 - tanh^2.
        """
        d_outputs = as_gradient(d_outputs, self.outputs.shape)
        d_inputs: Array = d_outputs * (1.0 - self.outputs * self.outputs)
        return d_inputs

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Sigmoid:
    """The logistic function: 1 / (1 + exp(-x))."""

    name = "sigmoid"
    initialisation: Initialisation = "glorot"
    size = 0
    outputs: Array = set_by_forward()  # (B, I)

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to sigmoid(inputs) (B, I).

        Computed as (1 + tanh(x / 2)) / 2, which is the same function and overflows nowhere.
        """
        outputs: Array = (1.0 + np.tanh(as_array(inputs, "inputs") * 0.5)) * 0.5
        self.outputs = outputs
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, I), return dL/d(inputs) (B, I).

        s = 1 / (1 + u) with u = exp(-x) and u' = -u, so s' = u / (1 + u)^2 = s (1 - s).
        """
        d_outputs = as_gradient(d_outputs, self.outputs.shape)
        d_inputs: Array = d_outputs * (self.outputs * (1.0 - self.outputs))
        return d_inputs

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# The only list of the activations: recipes, model files, exporters and pages ask it.
ACTIVATIONS: dict[str, type[Activation]] = {kind.name: kind for kind in (ReLU, Tanh, Sigmoid)}
