"""A whole training with PyTorch: read the files, train a recipe, evaluate, save, print JSON.

    python pytorch_program.py --data FOLDER --way users|experts --hidden 128 ... --output FILE.pt

As a program of its own it shares nothing with the project that it is compared with, and needs
PyTorch and NumPy alone. Both ways train the same recipe: validation images set aside, one-cycle
learning rate, validation after every epoch, the test set at the end.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels


def read_idx(path: Path, header: int) -> Any:
    """Return the bytes after the header of a file, which may be compressed."""
    if path.exists():
        content = path.read_bytes()
    else:
        with gzip.open(f"{path}.gz") as file:
            content = file.read()
    return np.frombuffer(content, np.uint8, offset=header)


def read_set(folder: Path, name: str) -> tuple[Any, Any]:
    """Return images float32 (N, 784), standardised, and labels int64 (N,)."""
    images = read_idx(folder / f"{name}-images-idx3-ubyte", 16).reshape(-1, 784)
    labels = read_idx(folder / f"{name}-labels-idx1-ubyte", 8)
    pixels = torch.from_numpy(images.astype(np.float32)).div_(255.0)
    return pixels.sub_(MEAN).div_(STD), torch.from_numpy(labels.astype(np.int64))


def make_model(hidden: list[int]) -> Any:
    """Return the network, with He initialisation."""
    layers: list[Any] = []
    for width_in, width_out in pairwise([784, *hidden, 10]):
        linear = torch.nn.Linear(width_in, width_out)
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def users_batches(images: Any, labels: Any, batch_size: int) -> Any:
    """Return the batches of an epoch as the tutorials do."""
    return DataLoader(TensorDataset(images, labels), batch_size=batch_size, shuffle=True)


def experts_batches(images: Any, labels: Any, batch_size: int) -> Any:
    """Yield the batches of an epoch out of memory."""
    for examples in torch.randperm(len(images)).split(batch_size):
        yield images[examples], labels[examples]


def accuracy(model: Any, images: Any, labels: Any) -> float:
    """Return the share of the images that are read right."""
    model.eval()
    with torch.inference_mode():
        correct = sum(
            int((model(part).argmax(dim=1) == of_part).sum())
            for part, of_part in zip(images.split(1000), labels.split(1000), strict=True)
        )
    model.train()
    return correct / len(labels)


def train(options: argparse.Namespace, training: Any, validation: Any) -> Any:
    """Return the trained model."""
    images, labels = training
    experts = options.way == "experts"
    model = make_model(options.hidden)
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=options.learning_rate,
        momentum=options.momentum,
        nesterov=options.nesterov,
        weight_decay=options.weight_decay,
        fused=experts,
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=options.learning_rate,
        total_steps=options.epochs * -(-len(images) // options.batch_size),
        pct_start=options.warmup,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    batches = experts_batches if experts else users_batches
    best, best_accuracy = {}, -1.0
    for _ in range(options.epochs):
        running_loss = 0.0
        for batch, targets in batches(images, labels, options.batch_size):
            optimizer.zero_grad()
            loss = cross_entropy(model(batch), targets)
            loss.backward()
            optimizer.step()
            scheduler.step()
            if not experts:
                running_loss += loss.item()
        reached = accuracy(model, *validation)
        if reached > best_accuracy:
            best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            best_accuracy = reached
    model.load_state_dict(best)
    return model


def main() -> None:
    """Train and print the seconds of training and the accuracy on the test set."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--way", choices=("users", "experts"), required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--validation-examples", type=int, required=True)
    parser.add_argument("--hidden", type=int, nargs="*", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--momentum", type=float, required=True)
    parser.add_argument("--nesterov", action="store_true")
    parser.add_argument("--weight-decay", type=float, required=True)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    images, labels = read_set(options.data, "train")
    order = torch.randperm(len(images))
    kept, held_out = order[options.validation_examples :], order[: options.validation_examples]
    training, validation = (images[kept], labels[kept]), (images[held_out], labels[held_out])
    del images, labels
    started = time.perf_counter()
    model = train(options, training, validation)
    seconds = time.perf_counter() - started
    torch.save(model.state_dict(), options.output)
    reached = accuracy(model, *read_set(options.data, "t10k"))
    print(json.dumps({"training_seconds": seconds, "accuracy": reached}))


if __name__ == "__main__":
    main()
