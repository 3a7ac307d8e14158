"""The others' contestants: PyTorch as its users write it and as its experts do; scikit-learn."""

from __future__ import annotations

import functools
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.ours import PROBED, loss_inputs
from benchmarks.turns import Turns
from benchmarks.work import Work, load
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD


def standardised(dataset: Dataset) -> np.ndarray[Any, Any]:
    """Return images, float32 (N, 784), as this program's batches have them."""
    images = dataset.images.reshape(len(dataset), -1).astype(np.float32)
    images /= 255.0
    images -= PIXEL_MEAN
    images /= PIXEL_STD
    return images


@functools.cache  # so much work would be done again for each of the networks
def _training_tensors(dataset: str, folder: str) -> tuple[Any, Any]:
    """Return the tensors of a training set."""
    return _tensors(load(dataset, folder).training)


def _tensors(dataset: Dataset) -> tuple[Any, Any]:
    """Return images float32 (N, 784) and labels int64 (N,)."""
    labels = torch.from_numpy(dataset.labels.astype(np.int64))
    return torch.from_numpy(standardised(dataset)), labels


def _model(widths: tuple[int, ...]) -> Any:
    """Return the network with this program's initialisation."""
    torch.manual_seed(0)
    layers: list[Any] = []
    for width_in, width_out in pairwise(widths):
        linear = torch.nn.Linear(width_in, width_out)
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _optimizer(model: Any, work: Work, *, fused: bool) -> Any:
    return torch.optim.SGD(
        model.parameters(),
        lr=work.learning_rate,
        momentum=work.momentum,
        nesterov=work.nesterov,
        weight_decay=work.weight_decay,
        fused=fused,
    )


def _ready(turns: Turns, model: Any, test: Dataset) -> None:
    images, labels = _tensors(Dataset(test.name, test.images[:PROBED], test.labels[:PROBED]))

    def loss() -> float:
        with torch.no_grad():
            return float(cross_entropy(model(images), labels))

    turns.ready(loss)


def train_as_users(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Train as the tutorials do: a `DataLoader`, and `.item()` in every step."""
    loaded, made = load(*data), Work.from_arguments(work)
    loader = DataLoader(
        TensorDataset(*_training_tensors(*data)), batch_size=made.batch_size, shuffle=True
    )
    model = _model(made.widths)
    loss_function = torch.nn.CrossEntropyLoss()
    optimizer = _optimizer(model, made, fused=False)
    running_loss = 0.0
    _ready(turns, model, loaded.test)
    while True:
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            turns.step()


def train_as_experts(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Train with the data in memory, a fused optimizer and no `.item()`."""
    loaded, made = load(*data), Work.from_arguments(work)
    images, labels = _training_tensors(*data)
    model = _model(made.widths)
    optimizer = _optimizer(model, made, fused=True)
    _ready(turns, model, loaded.test)
    while True:
        for examples in torch.randperm(len(images)).split(made.batch_size):
            loss = cross_entropy(model(images[examples]), labels[examples])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            turns.step()


def evaluate_as_users(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Evaluate as the tutorials do, in batches of 1,000."""
    loader = DataLoader(TensorDataset(*_tensors(load(*data).test)), batch_size=1000)
    model = _model(Work.from_arguments(work).widths)
    turns.ready()
    while True:
        loss, correct = 0.0, 0
        with torch.no_grad():
            for images, labels in loader:
                logits = model(images)
                loss += cross_entropy(logits, labels, reduction="sum").item()
                correct += (logits.argmax(dim=1) == labels).sum().item()
        turns.step()


def evaluate_as_experts(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Evaluate with the data in memory, in batches of 1,000, in inference mode."""
    images, labels = _tensors(load(*data).test)
    model = _model(Work.from_arguments(work).widths)
    turns.ready()
    while True:
        with torch.inference_mode():
            parts = [model(part) for part in images.split(1000)]
            logits = torch.cat(parts)
            cross_entropy(logits, labels).item()
            (logits.argmax(dim=1) == labels).sum().item()
        turns.step()


def loss(turns: Turns, batch: int, *, one_hot: bool) -> None:
    """Compute the loss and its gradient with respect to the logits."""
    logits, targets = (torch.from_numpy(array) for array in loss_inputs(batch))
    if one_hot:
        targets = torch.eye(10)[targets]
    logits.requires_grad_()
    turns.ready()
    while True:
        logits.grad = None
        cross_entropy(logits, targets).backward()
        turns.step()


def train_scikit_learn(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Train scikit-learn's MLPClassifier; a step is an epoch."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415  # PyTorch's need no other

    loaded, made = load(*data), Work.from_arguments(work)
    images, labels = standardised(loaded.training), loaded.training.labels
    probed, probed_labels = standardised(loaded.test)[:PROBED], loaded.test.labels[:PROBED]
    model = MLPClassifier(
        hidden_layer_sizes=made.widths[1:-1],
        solver="sgd",
        batch_size=made.batch_size,
        learning_rate_init=made.learning_rate,
        momentum=made.momentum,
        nesterovs_momentum=made.nesterov,
        alpha=made.weight_decay,
        max_iter=1,
        tol=0.0,
        n_iter_no_change=10**6,
        warm_start=True,
        random_state=0,
    )
    warnings.simplefilter("ignore")  # that it has not converged
    model.fit(images[:1000], labels[:1000])  # makes the parameters

    def measured_loss() -> float:
        chosen = model.predict_proba(probed)[np.arange(PROBED), probed_labels]
        return float(-np.log(np.maximum(chosen, 1e-7)).mean())

    turns.ready(measured_loss)
    while True:
        # All epochs of a turn in one call: it looks at all of its input at the beginning.
        model.max_iter = turns.left
        model.fit(images, labels)
        turns.step(turns.left)
