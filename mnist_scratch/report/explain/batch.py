"""The gradient of a batch: the mean of its images' gradients, and why it is the mean.

Shapes: B images in a batch, I inputs and O outputs of a layer, C classes.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.nn.loss import Loss
from mnist_scratch.nn.network import Network
from mnist_scratch.report.explain.backward import (
    Check,
    Weight,
    in_float64,
    largest_weight,
    measured,
)

SIZES = (8, 16, 32, 64, 128, 256, 512)
MOST = SIZES[-1]  # images in an explained batch


class Norms(NamedTuple):
    """How large the gradient of all parameters is for batches of one size, on the average.

    The Euclidean norm of the mean and of the sum of the images' gradients, of the network as it is
    and as it was before training.
    """

    size: int
    mean: float
    sum: float
    untrained_mean: float
    untrained_sum: float


@dataclass(frozen=True, eq=False)
class ExplainedBatch:
    """One weight's derivative over a batch, and the size of the gradient for batches of many sizes.

    Attributes
    ----------
    weight
        Layer from 1, input and output from 0.
    labels, losses, derivatives
        (B,), of each image alone: its class, its loss, and the derivative of that by the weight.
    check
        The derivative of the batch's loss by the weight, as the backward pass of the whole batch
        states it, and measured.
    images
        How many images the batches of `norms` are made of.
    norms
        A row for each size of batch.
    """

    weight: Weight
    labels: npt.NDArray[np.int64]
    losses: npt.NDArray[np.float64]
    derivatives: npt.NDArray[np.float64]
    check: Check
    images: int
    norms: tuple[Norms, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as JSON values, by name."""
        return {
            "batch": len(self.losses),
            "weight": dict(zip(("layer", "input", "output"), self.weight, strict=True)),
            "labels": self.labels.tolist(),
            "losses": self.losses.tolist(),
            "derivatives": self.derivatives.tolist(),
            "sum": float(self.derivatives.sum()),
            "mean": float(self.derivatives.mean()),
            "check": self.check.as_json(),
            "norms_of_images": self.images,
            "norms": [row._asdict() for row in self.norms],
        }


def explain_batch(
    network: Network,
    untrained: Network,
    dataset: Examples,
    size: int,
    loss_function: Loss,
    weight: Weight | None,
) -> ExplainedBatch:
    """Compute the derivative by one weight for each of the first images and for all at once.

    Parameters
    ----------
    network, untrained
        The network as it is, and as it was before training. Both stay as they are.
    dataset
        Its first `size` images are the batch; its first 512 make the batches of many sizes.
    size
        B.
    loss_function
        What the network is trained with.
    weight
        By default the one with the largest derivative.
    """
    wide, loss_of = in_float64(network), copy.copy(loss_function)
    inputs, targets = _first(dataset, size)  # (B, 784), (B, C)
    loss_of.forward(wide.forward(inputs), targets)
    wide.backward(loss_of.backward())
    gradients = [layer.d_weights.copy() for layer in wide.dense_layers]
    if weight is None:
        weight = largest_weight(gradients)
    layer, i, o = weight
    check = measured(
        f"weight {layer},{i},{o}",
        float(gradients[layer - 1][i, o]),
        wide.layers,
        inputs,
        wide.dense_layers[layer - 1].weights,
        (i, o),
        loss_of,
        targets,
    )
    losses, derivatives = np.empty(size), np.empty(size)
    for n in range(size):
        one = slice(n, n + 1)
        losses[n] = loss_of.forward(wide.forward(inputs[one]), targets[one])
        wide.backward(loss_of.backward())
        derivatives[n] = wide.dense_layers[layer - 1].d_weights[i, o]

    images = min(MOST, len(dataset))
    many = _first(dataset, images)
    untrained = in_float64(untrained)
    norms = []
    for batch in SIZES:
        if batch <= images:
            mean, begun = (_norm(each, loss_of, many, batch) for each in (wide, untrained))
            norms.append(Norms(batch, mean, batch * mean, begun, batch * begun))
    return ExplainedBatch(
        weight, targets.argmax(axis=1), losses, derivatives, check, images, tuple(norms)
    )


def _first(dataset: Examples, count: int) -> tuple[Any, Any]:
    """Return the first images of a data set, (B, 784), and their targets, (B, C), in float64."""
    images, targets = next(iter(BatchLoader(dataset, count)))
    return images.astype(np.float64), targets.astype(np.float64)


def _norm(network: Network, loss_of: Loss, examples: tuple[Any, Any], size: int) -> float:
    """Return the norm of the mean gradient, on the average over the whole batches of a size."""
    images, targets = examples
    norms = []
    for start in range(0, len(images) - size + 1, size):
        batch = slice(start, start + size)
        loss_of.forward(network.forward(images[batch]), targets[batch])
        network.backward(loss_of.backward())
        norms.append(float(np.linalg.norm(network.gradients)))
    return float(np.mean(norms))
