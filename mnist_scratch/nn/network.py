"""A network: layers in a row, all parameters in one flat array, all gradients in another."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from itertools import pairwise, zip_longest
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array
from mnist_scratch.nn.attributes import fixed_array
from mnist_scratch.nn.checks import as_batch, as_generator, as_gradient, kind_of
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, Layer
from mnist_scratch.nn.memory import flat_zeros

_Item = TypeVar("_Item")

# The network that a layer belongs to, by the layer's `id`, for as long as the network exists. A
# layer keeps what its backward needs, so it can only have one place in one network.
_NETWORKS: WeakValueDictionary[int, Network] = WeakValueDictionary()


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
        to change the other. What is assigned to them is copied into them.

    Raises
    ------
    ValueError, TypeError
        If the layers do not fit each other, or one is no layer or belongs to another network.
    """

    parameters: Array = fixed_array("parameters")  # (P,)
    gradients: Array = fixed_array("gradients")  # (P,)

    def __init__(
        self,
        layers: Sequence[Layer],
        rng: np.random.Generator | int,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._layers = _listed(layers, "layers")
        self._check_layers()
        self._dense_layers = tuple(layer for layer in self.layers if isinstance(layer, Dense))
        self._check_widths()
        rng = as_generator(rng)
        self._bind(_float_type(dtype))
        for layer, following in zip_longest(self.layers, self.layers[1:]):
            if isinstance(layer, Dense):
                layer.initialise(rng, getattr(following, "initialisation", "glorot"))

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
        widths = _listed(widths, "widths")
        if len(widths) < 2:
            raise ValueError(f"widths = {widths}: give two at least, such as (784, 128, 10)")
        if activation not in (names := tuple(ACTIVATIONS)):
            raise ValueError(f"activation = {activation!r:.60}: choose one of {', '.join(names)}")
        layers: list[Layer] = []
        for width_in, width_out in pairwise(widths):
            layers += [Dense(width_in, width_out), ACTIVATIONS[activation]()]
        return cls(layers[:-1], rng)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order."""
        return self._layers

    @property
    def dense_layers(self) -> tuple[Dense, ...]:
        """The `Dense` layers in order."""
        return self._dense_layers

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of the input and of every `Dense` layer's output: (784, 128, 10)."""
        first = self.dense_layers[0]
        return (first.width_in, *(layer.width_out for layer in self.dense_layers))

    def forward(self, images: Array) -> Array:
        """Map images (B, 784) to logits (B, 10), in the dtype of the network.

        The first layer keeps a reference to the images; they have to stay as they are until
        `backward`. Several threads can call this at once, but not while one of them trains.

        Raises
        ------
        ValueError
            If the images are not floats (B, 784).
        """
        outputs = images
        if type(outputs) is not np.ndarray or outputs.dtype is not self._parameters.dtype:
            outputs = as_batch(images, self.widths[0], self._parameters.dtype)
        for layer in self._layers:
            outputs = layer.forward(outputs)
        return outputs

    def logits(self, images: Array) -> Array:
        """Return what `forward` would, and leave what `backward` needs as the last forward left it.

        To evaluate and predict: between forward and backward, and from several threads at once.
        """
        return self._twin().forward(images)

    def with_scaled_inputs(self, scale: float, shift: float) -> Network:
        """Return a network to evaluate, whose logits of x are those of x * scale - shift here.

        (x * scale - shift) @ weights + biases = x @ (scale * weights) + (biases - shift * sums),
        where the sums are those of the weights over the inputs. It shares all other parameters.
        """
        twin = self._twin()
        first = twin._dense_layers[0]
        first._biases = first.biases - shift * first.weights.sum(axis=0)
        first._weights = first.weights * scale
        return twin

    def _twin(self) -> Network:
        """Return a network with the same arrays, which remembers a forward on its own."""
        twin = object.__new__(Network)
        layers = tuple(map(_with_the_same_arrays, self._layers))
        dense_layers = tuple(layer for layer in layers if isinstance(layer, Dense))
        vars(twin).update(vars(self), _layers=layers, _dense_layers=dense_layers)
        return twin

    def backward(self, d_logits: Array) -> None:
        """Given dL/d(logits) (B, 10) of the last forward, set `gradients`.

        By the chain rule a layer computes its gradients from dL/d(outputs) alone, so one pass from
        the last layer to the first is enough.

        Raises
        ------
        AttributeError, ValueError
            If there was no forward, or its logits have another shape.
        """
        d_outputs, dtype = d_logits, self._parameters.dtype
        if type(d_outputs) is not np.ndarray or d_outputs.dtype is not dtype:
            last = self._dense_layers[-1]
            shape = (len(last.inputs), last.width_out)
            d_outputs = as_gradient(d_outputs, shape).astype(dtype, copy=False)
        for layer in reversed(self._layers[1:]):
            d_outputs = layer.backward(d_outputs)
        # dL/d(images) is not needed; it would cost another product as large as the first layer's.
        self._dense_layers[0].backward_parameters(d_outputs)

    def _bind(self, dtype: np.dtype[Any]) -> None:
        """Make the flat arrays, and let the layers hold views of them."""
        size = sum(layer.size for layer in self.layers)
        self._parameters, self._gradients = flat_zeros(size, dtype), flat_zeros(size, dtype)
        start = 0
        for layer in self.dense_layers:
            end = start + layer.size
            layer.bind(self.parameters[start:end], self.gradients[start:end])
            start = end
        _NETWORKS.update({id(layer): self for layer in self.layers})

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Of a deep copy or a pickle, whose layers hold no views yet.
        vars(self).update(state)
        self._bind(state["_parameters"].dtype)
        self.parameters[...] = state["_parameters"]
        self.gradients[...] = state["_gradients"]

    @property
    def title(self) -> str:
        """The widths in one word: "784-128-10"."""
        return "-".join(map(str, self.widths))

    def __copy__(self) -> Network:
        return copy.deepcopy(self)  # two networks cannot share layers

    def __repr__(self) -> str:
        activations = (layer.name for layer in self.layers if not isinstance(layer, Dense))
        words = [self.title, *dict.fromkeys(activations)]
        words.append(f"{self.parameters.size:,} parameters")
        if self.parameters.dtype == np.float64:
            words.append("float64")
        return f"Network({', '.join(words)})"

    def _check_layers(self) -> None:
        for number, layer in enumerate(self.layers, start=1):
            if isinstance(layer, type):
                raise TypeError(
                    f"layer {number} is {kind_of(layer)}: write {layer.__name__}(...) to make one"
                )
            for name in ("name", "size", "forward", "backward"):
                if not hasattr(layer, name):
                    raise TypeError(
                        f"layer {number}, {kind_of(layer)}, has no {name}: "
                        "a layer has name, size, forward and backward"
                    )
            if layer.size and not isinstance(layer, Dense):
                raise ValueError(f"{type(layer).__name__}: only Dense layers can have parameters")
            initialisation = getattr(layer, "initialisation", "he")
            if initialisation not in ("he", "glorot"):
                raise ValueError(
                    f"layer {number}, {layer!r}: its initialisation is {initialisation!r}; "
                    "he or glorot"
                )
            if type(layer) is not Dense and isinstance(layer, Dense):
                raise TypeError(
                    f"layer {number}, {layer!r}, is of a class made from Dense; use Dense itself"
                )
            if id(layer) in _NETWORKS:
                raise ValueError(
                    f"layer {number}, {layer!r}, belongs to another network: make one for each"
                )
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("a layer is there twice: make one for each place, it keeps its inputs")
        if not (self.layers and isinstance(self.layers[0], Dense)):
            raise ValueError("the first layer must be a Dense layer: its inputs are the pixels")
        if not isinstance(self.layers[-1], Dense):
            raise ValueError("the last layer must be a Dense layer: its outputs are the logits")

    def _check_widths(self) -> None:
        for number, (layer, following) in enumerate(pairwise(self.dense_layers), start=1):
            if layer.width_out != following.width_in:
                raise ValueError(
                    f"Dense layer {number} has {layer.width_out} outputs, "
                    f"but Dense layer {number + 1} takes {following.width_in} inputs"
                )


def _with_the_same_arrays(layer: Layer) -> Layer:
    twin: Layer = object.__new__(type(layer))
    vars(twin).update(vars(layer))
    return twin


def check_network(network: object, what: str = "network") -> None:
    """Raise a TypeError if something is not a network."""
    if not isinstance(network, Network):
        raise TypeError(f"{what} must be a Network, not {kind_of(network)}")


def _listed(items: Iterable[_Item], what: str) -> tuple[_Item, ...]:
    if not isinstance(items, Iterable):
        raise TypeError(f"{what} must be a list, not {kind_of(items)}")
    return tuple(items)


def _float_type(dtype: npt.DTypeLike) -> np.dtype[Any]:
    for kind in (np.dtype(np.float32), np.dtype(np.float64)):
        if kind == dtype and dtype is not None:  # NumPy takes None for float64
            return kind
    raise ValueError(f"dtype = {dtype!r}: must be numpy.float32 or numpy.float64")
