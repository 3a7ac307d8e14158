"""Divergence: a training whose numbers become NaN or infinite is stopped, with where and when."""

from __future__ import annotations

import numpy as np

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network

ADVICE = "train again with a lower learning rate, a longer warm-up or less momentum"


class DivergedError(MnistScratchError):
    """A training has diverged: its numbers are NaN or infinite."""


def all_finite(network: Network) -> bool:
    """Return whether every parameter and every gradient is a finite number."""
    return bool(np.isfinite(network.parameters).all() and np.isfinite(network.gradients).all())


def diverged(
    network: Network, what: str, step: int, epoch: int, learning_rate: float
) -> DivergedError:
    """Return the error that says where the numbers of a training stopped being finite.

    Parameters
    ----------
    network
        The network, in the state in which that was seen.
    what
        Where it was seen: "loss", "validation loss", "parameters or gradients".
    step, epoch
        The step in which it was seen, and its epoch, both from 1.
    learning_rate
        Of the last step that moved the parameters.
    """
    return DivergedError(
        f"the training has diverged: at step {step} (epoch {epoch}, learning rate "
        f"{learning_rate:g}) the {what} became NaN or infinite.\n"
        f"First found in {_first_not_finite(network)}.\n"
        f"To prevent it, {ADVICE}."
    )


def _first_not_finite(network: Network) -> str:
    """Name the first array of the network with NaN or infinity in it, and its layer."""
    for number, layer in enumerate(network.dense_layers, start=1):
        arrays = {
            "weights": layer.weights,
            "biases": layer.biases,
            "gradient of the weights": layer.d_weights,
            "gradient of the biases": layer.d_biases,
        }
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                return f"the {name} of dense layer {number} ({layer.width_in}-{layer.width_out})"
    # All of them are finite, so the products of a forward were not: an output overflowed.
    for number, layer in enumerate(network.dense_layers[1:], start=1):
        if not np.isfinite(layer.inputs).all():
            return f"the outputs of dense layer {number}"
    return f"the outputs of dense layer {len(network.dense_layers)}, the logits"
