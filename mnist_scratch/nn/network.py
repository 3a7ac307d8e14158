"""A network: layers in a row, all parameters in one flat array, all gradients in another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, zip_longest

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array
from mnist_scratch.nn.checks import as_generator
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, Layer

_CACHE_LINE = 64  # bytes


def flat_zeros(size: int, dtype: npt.DTypeLike) -> Array:
    """Return zeros (size,) that begin with a line of the CPU's cache.

    NumPy's own large arrays begin 16 bytes behind one, so that half of what a CPU reads at once
    lies across two lines: with two threads a step of 784-512-512-10 with 128 images takes 4.1 ms
    instead of 3.8.
    """
    dtype = np.dtype(dtype)
    memory = np.zeros(size * dtype.itemsize + _CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % _CACHE_LINE
    return memory[start : start + size * dtype.itemsize].view(dtype)


class Network:
    """Layers in a row, from images to logits.

    Parameters
    ----------
    layers
        `Dense` layers with activations between them. The first is a `Dense`; its inputs are the
        pixels. The last is a `Dense` too: its outputs are the logits, one for each class. Softmax
        is not a layer but part of the loss.
    rng
        Draws the weights, with the initialisation that the activation after them names. A seed
        such as 0 stands for `numpy.random.default_rng(0)`.
    dtype
        float32 for training, float64 for checking gradients.

    Attributes
    ----------
    parameters, gradients : Array (P,)
        All parameters and all gradients, flat, in the order of the layers, of each `Dense` first
        the weights in C order and then the biases. The layers hold views of them: to change one is
        to change the other.

    Raises
    ------
    ValueError
        If the layers do not fit each other.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        rng: np.random.Generator | int,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.layers = list(layers)
        self.dense_layers = [layer for layer in self.layers if isinstance(layer, Dense)]
        self._check_layers()
        rng = as_generator(rng)
        size = sum(layer.size for layer in self.layers)
        self.parameters: Array = flat_zeros(size, dtype)  # (P,)
        self.gradients: Array = flat_zeros(size, dtype)  # (P,)
        start = 0
        for layer, following in zip_longest(self.layers, self.layers[1:]):
            if isinstance(layer, Dense):
                end = start + layer.size
                layer.bind(self.parameters[start:end], self.gradients[start:end])
                layer.initialise(rng, getattr(following, "initialisation", "glorot"))
                start = end

    @classmethod
    def of_widths(
        cls, widths: Sequence[int], activation: str, rng: np.random.Generator | int
    ) -> Network:
        """Make a network of `Dense` layers with the same activation between all of them.

        Parameters
        ----------
        widths
            From the pixels through the hidden layers to the classes: (784, 128, 10).
        activation
            A key of `ACTIVATIONS`, such as "relu".
        rng
            Draws the weights; a seed or a generator.
        """
        layers: list[Layer] = []
        for width_in, width_out in pairwise(widths):
            layers += [Dense(width_in, width_out), ACTIVATIONS[activation]()]
        return cls(layers[:-1], rng)

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of the input and of every `Dense` layer's output: (784, 128, 10)."""
        first = self.dense_layers[0]
        return (first.width_in, *(layer.width_out for layer in self.dense_layers))

    def forward(self, images: Array) -> Array:
        """Map images (B, 784) to logits (B, 10)."""
        outputs = images
        for layer in self.layers:
            outputs = layer.forward(outputs)
        return outputs

    def backward(self, d_logits: Array) -> None:
        """Given dL/d(logits) (B, 10) of the last forward, set `gradients`.

        By the chain rule a layer computes its gradients from dL/d(outputs) alone, so one pass from
        the last layer to the first is enough.
        """
        d_outputs = d_logits
        for layer in reversed(self.layers[1:]):
            d_outputs = layer.backward(d_outputs)
        # dL/d(images) is not needed; it would cost another product as large as the first layer's.
        self.dense_layers[0].backward_parameters(d_outputs)

    def _check_layers(self) -> None:
        if not (self.layers and isinstance(self.layers[0], Dense)):
            raise ValueError("the first layer must be a Dense layer: its inputs are the pixels")
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("a layer is there twice: make one for each place, it keeps its inputs")
        for layer in self.layers:
            if layer.size and not isinstance(layer, Dense):
                raise ValueError(f"{type(layer).__name__}: only Dense layers can have parameters")
        if not isinstance(self.layers[-1], Dense):
            raise ValueError("the last layer must be a Dense layer: its outputs are the logits")
        for number, (layer, following) in enumerate(pairwise(self.dense_layers), start=1):
            if layer.width_out != following.width_in:
                raise ValueError(
                    f"Dense layer {number} has {layer.width_out} outputs, "
                    f"but Dense layer {number + 1} takes {following.width_in} inputs"
                )
