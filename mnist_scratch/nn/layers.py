"""The layers of a network, each with its forward and its backward side by side.

Shapes: B examples in a batch, I inputs of a layer, O outputs of a layer.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Protocol

import numpy as np

from mnist_scratch.nn import Array
from mnist_scratch.nn.checks import FixedArray, as_array, as_width, call, from_forward

Initialisation = Literal["he", "glorot"]


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
        """Map inputs (B, I) to outputs (B, O), and remember what `backward` needs."""

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
    weights, biases = FixedArray(), FixedArray()  # (I, O) and (O,)
    d_weights, d_biases = FixedArray(), FixedArray()  # (I, O) and (O,)
    inputs: Array = from_forward()  # (B, I)

    def __init__(self, inputs: int, outputs: int) -> None:
        self.width_in = as_width(inputs, "inputs")
        self.width_out = as_width(outputs, "outputs")

    @property
    def size(self) -> int:
        """How many parameters the layer has: I * O weights and O biases."""
        return (self.width_in + 1) * self.width_out

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Make weights, biases and their gradients views of two flat arrays (size,)."""
        shape, split = (self.width_in, self.width_out), self.width_in * self.width_out
        # Not by assignment, which copies into the array that is there.
        vars(self).update(
            weights=parameters[:split].reshape(shape),
            biases=parameters[split:],
            d_weights=gradients[:split].reshape(shape),
            d_biases=gradients[split:],
        )

    def initialise(self, rng: np.random.Generator, initialisation: Initialisation) -> None:
        """Draw the weights from a normal distribution; set the biases to zero.

        "he" preserves the signal through ReLU, which halves its mean square: variance 2 / I
        (He et al. 2015, section 2.2). "glorot" preserves it through units that are linear around
        zero, forward and backward: variance 2 / (I + O) (Glorot and Bengio 2010, section 4.2.1).
        """
        fan = self.width_in if initialisation == "he" else self.width_in + self.width_out
        self.weights[...] = rng.normal(0.0, math.sqrt(2.0 / fan), self.weights.shape)
        self.biases[...] = 0.0

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to outputs (B, O); keeps a reference to the inputs for `backward`."""
        self.inputs = inputs = as_array(inputs, "inputs")
        outputs: Array = inputs @ self.weights  # (B, O)
        outputs += self.biases
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, O), set dL/d(weights), dL/d(biases); return dL/d(inputs) (B, I).

        outputs[b, o] = sum over i of inputs[b, i] weights[i, o], plus biases[o]. Input i affects
        every output o through weights[i, o]: dL/d(inputs[b, i]) = sum over o of
        d_outputs[b, o] weights[i, o].
        """
        self.backward_parameters(d_outputs)
        return d_outputs @ self.weights.T  # (B, I)

    def backward_parameters(self, d_outputs: Array) -> None:
        """Given dL/d(outputs) (B, O), set dL/d(weights) (I, O) and dL/d(biases) (O,) alone.

        In outputs[b, o], weights[i, o] is multiplied by inputs[b, i], and biases[o] by 1:
        dL/d(weights[i, o]) = sum over b of inputs[b, i] d_outputs[b, o], and
        dL/d(biases[o]) = sum over b of d_outputs[b, o].
        """
        np.matmul(self.inputs.T, d_outputs, out=self.d_weights)
        d_outputs.sum(axis=0, out=self.d_biases)

    def __getstate__(self) -> dict[str, Any]:
        views = ("weights", "biases", "d_weights", "d_biases")
        return {name: value for name, value in vars(self).items() if name not in views}

    def __repr__(self) -> str:
        return f"Dense({self.width_in}, {self.width_out})"


class ReLU:
    """The rectified linear unit: max(0, x)."""

    name = "relu"
    initialisation: Initialisation = "he"
    size = 0
    outputs: Array = from_forward()  # (B, I)

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to max(0, inputs) (B, I)."""
        inputs = as_array(inputs, "inputs")
        # NumPy compares rows two and a half times as fast as it compares rows with one number: 33
        # of the 3,800 us of a step of 784-512-512-10 with 128 images, at either of its two layers.
        zeros = np.zeros(inputs.shape[-1], inputs.dtype)  # (I,)
        outputs: Array = np.maximum(inputs, zeros)
        self.outputs = outputs
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, I), return dL/d(inputs) (B, I).

        The slope is 1 where the input was positive and 0 where it was not; at 0 it is taken as 0.
        """
        return d_outputs * (self.outputs > 0.0)

    __repr__ = call


class Tanh:
    """The hyperbolic tangent."""

    name = "tanh"
    initialisation: Initialisation = "glorot"
    size = 0
    outputs: Array = from_forward()  # (B, I)

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to tanh(inputs) (B, I)."""
        outputs: Array = np.tanh(as_array(inputs, "inputs"))
        self.outputs = outputs
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, I), return dL/d(inputs) (B, I).

        tanh = sinh / cosh, so tanh' = (cosh^2 - sinh^2) / cosh^2 = 1 - tanh^2.
        """
        d_inputs: Array = d_outputs * (1.0 - self.outputs * self.outputs)
        return d_inputs

    __repr__ = call


class Sigmoid:
    """The logistic function: 1 / (1 + exp(-x))."""

    name = "sigmoid"
    initialisation: Initialisation = "glorot"
    size = 0
    outputs: Array = from_forward()  # (B, I)

    def forward(self, inputs: Array) -> Array:
        """Map inputs (B, I) to sigmoid(inputs) (B, I).

        Computed as (1 + tanh(x / 2)) / 2, which is the same function and overflows nowhere.
        """
        outputs: Array = (1.0 + np.tanh(as_array(inputs, "inputs") * 0.5)) * 0.5
        self.outputs = outputs
        return outputs

    def backward(self, d_outputs: Array) -> Array:
        """Given dL/d(outputs) (B, I), return dL/d(inputs) (B, I).

        s = 1 / (1 + e) with e = exp(-x), so s' = e / (1 + e)^2 = s (1 - s).
        """
        d_inputs: Array = d_outputs * (self.outputs * (1.0 - self.outputs))
        return d_inputs

    __repr__ = call


# The only list of the activations: recipes, model files, exporters and pages ask it.
ACTIVATIONS: dict[str, type[Activation]] = {kind.name: kind for kind in (ReLU, Tanh, Sigmoid)}
