"""JAX's contestant: all of a turn's or an epoch's steps in one compiled loop, data on the device.

The loop is what `lax.scan` over the rows of an epoch's order becomes, and takes as long; as
`lax.fori_loop` it can be left where a turn ends without being compiled again. The last batch of an
epoch is left out if it is smaller than the others: it would have to be compiled apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.rivals import EVALUATED_TOGETHER, Array, initial_parameters
from benchmarks.turns import Data, Turns, Work
from jax import lax


def _logits(parameters: Any, inputs: Any) -> Any:
    *hidden, last = zip(parameters[::2], parameters[1::2], strict=True)
    for weights, biases in hidden:
        inputs = jax.nn.relu(inputs @ weights + biases)
    return inputs @ last[0] + last[1]


def _cross_entropy(logits: Any, targets: Any) -> Any:
    """Return the loss of each example; the targets are class indices or one-hot."""
    if targets.ndim == 1:
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], axis=1)[:, 0]
    return -jnp.sum(targets * jax.nn.log_softmax(logits), axis=1)


def _mean_loss(parameters: Any, inputs: Any, targets: Any) -> Any:
    return _cross_entropy(_logits(parameters, inputs), targets).mean()


@jax.jit  # type: ignore[untyped-decorator]
def _evaluated(parameters: Any, inputs: Any, targets: Any) -> Any:
    logits = _logits(parameters, inputs)
    return _cross_entropy(logits, targets).sum(), (logits.argmax(axis=1) == targets).sum()


class Model:
    """A network, its optimizer, and what it is trained on."""

    compile_seconds = 0.0  # of this process so far, with tracing and lowering

    def __init__(self, work: Work, images: Array, labels: Array, seed: int = 0) -> None:
        self._work = work
        self._rng = np.random.default_rng(seed)
        self._images, self._labels = jnp.asarray(images), jnp.asarray(labels.astype(np.int32))
        self.parameters = initial_parameters(work.widths, seed)
        self._velocities = jax.tree.map(jnp.zeros_like, self._parameters)
        self._loop = jax.jit(self._steps, donate_argnums=0)

    @property
    def parameters(self) -> list[Array]:
        """Weights (I, O) and biases (O,) of every layer."""
        return [np.array(array) for array in self._parameters]

    @parameters.setter
    def parameters(self, arrays: Sequence[Array]) -> None:
        self._parameters = [jnp.array(array) for array in arrays]

    def epoch(self, turns: Any, rates: Sequence[float]) -> None:
        """Train on every image once, those left over by whole batches apart."""
        steps = len(self._images) // self._work.batch_size
        order = self._rng.permutation(len(self._images))[: steps * self._work.batch_size]
        rows = jnp.asarray(order.reshape(steps, -1).astype(np.int32))
        rates_there = jnp.asarray(rates, jnp.float32)
        first = 0
        while first < steps:
            last = min(steps, first + turns.left)
            state = self._parameters, self._velocities
            examples = self._images, self._labels, rows, rates_there
            state, loss = self._loop(state, examples, first, last)
            self._parameters, self._velocities = state
            loss.block_until_ready()
            turns.step(last - first)
            first = last

    def _steps(self, state: Any, examples: Any, first: Any, last: Any) -> Any:
        """Return parameters and velocities after the steps, and the sum of their losses."""
        images, labels, rows, rates = examples
        work = self._work

        def step(number: Any, carried: Any) -> Any:
            (parameters, velocities), loss_sum = carried
            chosen = rows[number]
            loss, gradients = jax.value_and_grad(_mean_loss)(
                parameters, images[chosen], labels[chosen]
            )
            moved = []
            for p, v, g in zip(parameters, velocities, gradients, strict=True):
                gradient = g + work.weight_decay * p if work.weight_decay else g
                velocity = work.momentum * v + gradient
                direction = gradient + work.momentum * velocity if work.nesterov else velocity
                moved.append((p - rates[number] * direction, velocity))
            return tuple(map(list, zip(*moved, strict=True))), loss_sum + loss

        return lax.fori_loop(first, last, step, (state, 0.0))

    def batches(self, images: Array, labels: Array) -> Any:
        """Return examples for `evaluate`, on the device."""
        starts = range(0, len(images), EVALUATED_TOGETHER)
        arrays = images, labels.astype(np.int32)
        return [[jnp.asarray(a[i : i + EVALUATED_TOGETHER]) for a in arrays] for i in starts]

    def evaluate(self, batches: Any) -> tuple[float, float]:
        """Return loss and accuracy."""
        sums = [_evaluated(self._parameters, *batch) for batch in batches]
        loss, correct = np.array(sums, np.float64).sum(axis=0)
        count = sum(len(labels) for _, labels in batches)
        return float(loss) / count, float(correct) / count


def _count(event: str, seconds: float, **_: Any) -> None:
    if event.startswith("/jax/core/compile/"):
        Model.compile_seconds += seconds


jax.monitoring.register_event_duration_secs_listener(_count)


def loss(turns: Turns, work: Work, data: Data, *, one_hot: bool) -> None:
    """Compute the loss and its gradient with respect to the logits."""
    del data  # it needs none
    logits = jax.random.normal(jax.random.key(0), (work.batch_size, 10))
    targets = jnp.arange(work.batch_size) % 10
    targets = jax.nn.one_hot(targets, 10) if one_hot else targets
    both = jax.jit(jax.value_and_grad(lambda logits: _cross_entropy(logits, targets).mean()))
    turns.ready()
    while True:
        jax.block_until_ready(both(logits))
        turns.step()
