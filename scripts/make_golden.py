"""Make tests/golden/torch_training.npz: what PyTorch computes where the tests compare with it.

    pip install torch==2.13.0 numpy
    python scripts/make_golden.py

For every activation and every optimizer, a network of 12-8-5-3 takes five steps on five batches
in float32. Kept are what goes in (initial parameters, images, labels) and what comes out (the loss
of each step, the first logits and gradients, the parameters at the end), so that the tests need no
PyTorch. Weights are stored (inputs, outputs), the transpose of PyTorch's.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

WIDTHS = (12, 8, 5, 3)
BATCHES, BATCH_SIZE = 5, 6
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
# Adam's weight decay is decoupled, as that of torch.optim.AdamW is.
OPTIMIZERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (torch.optim.SGD, {"lr": 0.1}),
    "momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "weight_decay": (torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.01}),
    "all": (
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    "adam": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.0}),
    "adam_all": (
        torch.optim.AdamW,
        {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1},
    ),
}


def flat(tensors: list[torch.Tensor]) -> Any:
    """Return weights (transposed) and biases as one flat array."""
    return np.concatenate([tensor.detach().numpy().T.ravel() for tensor in tensors])


def main() -> None:
    """Train every combination and write the file."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images = torch.randn(BATCHES, BATCH_SIZE, WIDTHS[0])
    labels = torch.randint(0, WIDTHS[-1], (BATCHES, BATCH_SIZE))
    initial: list[torch.Tensor] = []
    for inputs, outputs in pairwise(WIDTHS):
        initial += [torch.randn(outputs, inputs) / inputs**0.5, 0.1 * torch.randn(outputs)]
    golden = {"images": images.numpy(), "labels": labels.numpy(), "initial": flat(initial)}
    for activation, function in ACTIVATIONS.items():
        for name, (kind, arguments) in OPTIMIZERS.items():
            parameters = [tensor.clone().requires_grad_() for tensor in initial]
            optimizer = kind(parameters, **arguments)
            losses = []
            for step in range(BATCHES):
                outputs = images[step]
                for layer in range(0, len(parameters), 2):
                    outputs = torch.nn.functional.linear(outputs, *parameters[layer : layer + 2])
                    if layer + 2 < len(parameters):
                        outputs = function(outputs)
                loss = torch.nn.functional.cross_entropy(outputs, labels[step])
                optimizer.zero_grad()
                loss.backward()
                if step == 0:
                    golden[f"{activation}.logits"] = outputs.detach().numpy()
                    golden[f"{activation}.gradients"] = flat([p.grad for p in parameters])
                losses.append(loss.item())
                optimizer.step()
            golden[f"{activation}.{name}.losses"] = np.array(losses, np.float32)
            golden[f"{activation}.{name}.parameters"] = flat(parameters)
    target = Path(__file__).resolve().parents[1] / "tests" / "golden" / "torch_training.npz"
    np.savez(target, **golden)
    print(f"{target}: {len(golden)} arrays, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
