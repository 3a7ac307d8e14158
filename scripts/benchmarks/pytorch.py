"""PyTorch's contestants, as its users write it and as its experts do, and a whole program.

    python -m benchmarks.pytorch OPTIONS    a JSON object, as programs.py makes it

It imports nothing of the program that it is compared with, whose start would be added to its own.
"Users" follow the tutorials: a `DataLoader`, and `.item()` in every step. "Experts" keep the data
in memory, take the fused optimizer and never wait for a number.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from benchmarks.turns import Data, Turns, Work
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

_MEAN, _STD = 0.1307, 0.3081  # of MNIST's training pixels
_PROBED = 1000  # test images on which the loss must fall


def _read_idx(path: Path, header: int) -> Any:
    """Return the bytes after the header of a file, compressed or not."""
    packed = path.with_name(f"{path.name}.gz")
    content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(content, np.uint8, offset=header)


@cache
def _read_set(folder: str, name: str) -> tuple[Any, Any]:
    """Return images float32 (N, 784), standardised, and labels int64 (N,)."""
    images = _read_idx(Path(folder, f"{name}-images-idx3-ubyte"), 16).reshape(-1, 784)
    labels = _read_idx(Path(folder, f"{name}-labels-idx1-ubyte"), 8)
    pixels = torch.from_numpy(images.astype(np.float32)).div_(255.0)
    return pixels.sub_(_MEAN).div_(_STD), torch.from_numpy(labels.astype(np.int64))


def _model(widths: Sequence[int]) -> Any:
    """Return the network with He initialisation."""
    layers: list[Any] = []
    for width_in, width_out in pairwise(widths):
        linear = torch.nn.Linear(width_in, width_out)
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _optimizer(model: Any, work: Any, *, fused: bool) -> Any:
    return torch.optim.SGD(
        model.parameters(),
        lr=work.learning_rate,
        momentum=work.momentum,
        nesterov=work.nesterov,
        weight_decay=work.weight_decay,
        fused=fused,
    )


def _train_epoch(
    model: Any,
    optimizer: Any,
    examples: tuple[Any, Any],
    batch_size: int,
    after_step: Callable[[], Any],
    *,
    experts: bool,
) -> None:
    images, labels = examples
    batches: Any = DataLoader(TensorDataset(images, labels), batch_size=batch_size, shuffle=True)
    if experts:
        order = torch.randperm(len(images)).split(batch_size)
        batches = ((images[numbers], labels[numbers]) for numbers in order)
    running_loss = 0.0
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        if not experts:
            running_loss += loss.item()
        after_step()


def train(turns: Turns, work: Work, data: Data, *, experts: bool) -> None:
    """Take steps of training."""
    training = _read_set(data.folder, "train")
    probed = [tensor[:_PROBED] for tensor in _read_set(data.folder, "t10k")]
    model = _model(work.widths)
    optimizer = _optimizer(model, work, fused=experts)

    def measured_loss() -> float:
        with torch.no_grad():
            return float(cross_entropy(model(probed[0]), probed[1]))

    turns.ready(measured_loss)
    while True:
        _train_epoch(model, optimizer, training, work.batch_size, turns.step, experts=experts)


def evaluation(turns: Turns, work: Work, data: Data, *, experts: bool) -> None:
    """Evaluate in batches of 1,000, from a `DataLoader` or out of memory."""
    images, labels = _read_set(data.folder, "t10k")
    loader: Any = DataLoader(TensorDataset(images, labels), batch_size=1000)
    batches = list(zip(images.split(1000), labels.split(1000), strict=True)) if experts else loader
    model = _model(work.widths)
    turns.ready()
    while True:
        loss, correct = 0.0, 0
        with torch.inference_mode():
            for inputs, targets in batches:
                logits = model(inputs)
                loss += cross_entropy(logits, targets, reduction="sum")
                correct += (logits.argmax(dim=1) == targets).sum()
        turns.step()


def loss(turns: Turns, work: Work, data: Data, *, one_hot: bool) -> None:
    """Compute the loss and its gradient with respect to the logits."""
    del data  # it needs none
    logits = torch.randn(work.batch_size, 10, requires_grad=True)
    targets = torch.randint(10, (work.batch_size,))
    if one_hot:
        targets = torch.eye(10)[targets]
    turns.ready()
    while True:
        logits.grad = None
        cross_entropy(logits, targets).backward()
        turns.step()


def _accuracy(model: Any, images: Any, labels: Any) -> float:
    with torch.inference_mode():
        predicted = torch.cat([model(part).argmax(dim=1) for part in images.split(1000)])
    return float((predicted == labels).double().mean())


def main() -> None:
    """Read the files, train with a one-cycle schedule, save, print the accuracy on the test set.

    The model that is saved has the parameters that were best on validation.
    """
    options = SimpleNamespace(**json.loads(sys.argv[1]))
    work, experts = Work(**options.work), options.experts
    torch.manual_seed(options.seed)
    images, labels = _read_set(options.folder, "train")
    order = torch.randperm(len(images))
    held_out, kept = order.tensor_split([options.validation_examples])
    training, validation = (images[kept], labels[kept]), (images[held_out], labels[held_out])
    _read_set.cache_clear()
    del images, labels
    started = time.perf_counter()
    model = _model(work.widths)
    optimizer = _optimizer(model, work, fused=experts)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=work.learning_rate,
        total_steps=options.epochs * -(-len(training[0]) // work.batch_size),
        pct_start=options.warmup,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    best, best_accuracy = {}, -1.0
    for _ in range(options.epochs):
        _train_epoch(model, optimizer, training, work.batch_size, scheduler.step, experts=experts)
        reached = _accuracy(model, *validation)
        if reached > best_accuracy:
            best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            best_accuracy = reached
    model.load_state_dict(best)
    seconds = time.perf_counter() - started
    torch.save(model.state_dict(), "model.pt")
    accuracy = _accuracy(model, *_read_set(options.folder, "t10k"))
    print(json.dumps({"training_seconds": seconds, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
