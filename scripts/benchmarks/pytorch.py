"""PyTorch's contestant: data in memory, the fused optimizer, and never waiting for a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from benchmarks.rivals import EVALUATED_TOGETHER, Array, initial_parameters
from benchmarks.turns import Data, Turns, Work
from torch.nn.functional import cross_entropy


class Model:
    """A network, its optimizer, and what it is trained on."""

    def __init__(self, work: Work, images: Array, labels: Array, seed: int = 0) -> None:
        torch.manual_seed(seed)
        layers: list[Any] = []
        for width_in, width_out in pairwise(work.widths):
            layers += [torch.nn.Linear(width_in, width_out), torch.nn.ReLU()]
        self._network = torch.nn.Sequential(*layers[:-1])
        self.parameters = initial_parameters(work.widths, seed)
        self._optimizer = torch.optim.SGD(
            self._network.parameters(),
            lr=work.learning_rate,
            momentum=work.momentum,
            nesterov=work.nesterov,
            weight_decay=work.weight_decay,
            fused=True,
        )
        self._images, self._labels = torch.from_numpy(images), torch.from_numpy(labels)
        self._batch_size = work.batch_size

    @property
    def parameters(self) -> list[Array]:
        """Weights (I, O) and biases (O,) of every layer."""
        return [tensor.detach().numpy().T.copy() for tensor in self._network.parameters()]

    @parameters.setter
    def parameters(self, arrays: Iterable[Array]) -> None:
        with torch.no_grad():
            for tensor, array in zip(self._network.parameters(), arrays, strict=True):
                tensor.copy_(torch.from_numpy(array.T))

    def epoch(self, turns: Any, rates: Sequence[float]) -> None:
        """Train on every image once."""
        order = torch.randperm(len(self._images)).split(self._batch_size)
        for numbers, rate in zip(order, rates, strict=True):
            self._optimizer.param_groups[0]["lr"] = rate
            self._optimizer.zero_grad()
            logits = self._network(self._images[numbers])
            cross_entropy(logits, self._labels[numbers]).backward()
            self._optimizer.step()
            turns.step()

    def batches(self, images: Array, labels: Array) -> Any:
        """Return examples for `evaluate`."""
        tensors = torch.from_numpy(images), torch.from_numpy(labels)
        return list(zip(*(tensor.split(EVALUATED_TOGETHER) for tensor in tensors), strict=True))

    def evaluate(self, batches: Any) -> tuple[float, float]:
        """Return loss and accuracy."""
        loss, correct = torch.zeros(()), torch.zeros(())
        with torch.inference_mode():
            for inputs, targets in batches:
                logits = self._network(inputs)
                loss += cross_entropy(logits, targets, reduction="sum")
                correct += (logits.argmax(dim=1) == targets).sum()
        count = sum(len(labels) for _, labels in batches)
        return loss.item() / count, correct.item() / count


def loss(turns: Turns, work: Work, data: Data, *, one_hot: bool) -> None:
    """Compute the loss and its gradient with respect to the logits."""
    del data  # it needs none
    logits = torch.randn(work.batch_size, 10, requires_grad=True)
    targets = torch.arange(work.batch_size) % 10
    targets = torch.eye(10)[targets] if one_hot else targets
    turns.ready()
    while True:
        logits.grad = None
        cross_entropy(logits, targets).backward()
        turns.step()
