"""Time the fused loss with its gradient beside PyTorch's forward and backward, in one process.

    pip install -e ".[bench]"
    python scripts/benchmark_loss.py

Logits (128, 10) and one-hot targets, float32, unweighted, the same arrays for all. The
contestants take turns; printed are medians over the rounds, least and greatest, in microseconds,
and the ratio of each median to that of PyTorch.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from mnist_scratch import (
    SoftmaxCrossEntropy,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

ROUNDS, CALLS = 60, 200


def contestants() -> dict[str, Callable[[], object]]:
    """Return what is timed: each computes the loss and the gradient with respect to the logits."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(128, 10)).astype(np.float32)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 128)]
    tensor = torch.tensor(logits, requires_grad=True)
    tensor_targets = torch.tensor(targets)
    loss_function = SoftmaxCrossEntropy()

    def pytorch() -> None:
        tensor.grad = None
        torch.nn.functional.cross_entropy(tensor, tensor_targets).backward()

    def training_class() -> None:
        loss_function.forward(logits, targets)
        loss_function.backward()

    def functions() -> None:
        softmax_cross_entropy(logits, targets)
        softmax_cross_entropy_gradient(logits, targets)

    return {
        "PyTorch cross_entropy, forward and backward": pytorch,
        "SoftmaxCrossEntropy, forward and backward": training_class,
        "softmax_cross_entropy and its gradient, all checks": functions,
    }


def main() -> None:
    """Time the contestants with one thread of PyTorch's and with its default."""
    default = torch.get_num_threads()
    for threads in dict.fromkeys((1, default)):
        torch.set_num_threads(threads)
        times: dict[str, list[float]] = {name: [] for name in contestants()}
        functions = contestants()
        for number in range(ROUNDS + 1):
            for name, function in functions.items():
                started = time.perf_counter()
                for _ in range(CALLS):
                    function()
                if number:  # the first round warms up
                    times[name].append((time.perf_counter() - started) / CALLS * 1e6)
        reference = statistics.median(next(iter(times.values())))
        print(f"PyTorch {torch.__version__}, {threads} threads; NumPy {np.__version__}")
        for name, measured in times.items():
            median = statistics.median(measured)
            print(
                f"  {name:<51} {median:6.1f} us ({min(measured):.1f} to {max(measured):.1f}), "
                f"ratio {median / reference:.2f}"
            )


if __name__ == "__main__":
    main()
