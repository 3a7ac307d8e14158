"""Make the files of tests/golden/: what PyTorch computes where the tests compare with it.

    pip install torch==2.13.0 numpy
    python scripts/make_golden.py

torch_training.npz: for every activation and every kind of optimizer, a network of 12-8-5-3 takes
five steps on five batches in float32. The file has what goes in (initial parameters, images,
labels) and what comes out (the loss of each step, the first logits and gradients, the parameters
at the end). Weights are stored (inputs, outputs), the transpose of PyTorch's.

torch_step.npz: the same networks in float64, for each loss and optimizer. After a step on each of
the first two batches they take one on the first image of the third. The file has what autograd and
the optimizer make of that image: logits, loss, gradients by the logits, and of every activation and
parameter, and the parameters and the loss after the step.

torch_cross_entropy.npz: `cross_entropy` in every mode. The file has the inputs by name; the cases,
each a dictionary of names and options, as JSON; and, flat, the losses and gradients of all cases in
a row (for reduction "none", the gradient of the sum of the losses). They are PyTorch's also where
it is known to be wrong: the loss of a masked class with no part in the target is NaN there (-inf
times 0), and that of a right answer with a very high confidence 0.
"""

from __future__ import annotations

import json
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import torch

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden"

# Of the training.
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

# Of the cross-entropy.
WEIGHTS = [0.5, 2.0, 1.25, 0.0, 3.0]  # one for each of 5 classes
SMOOTHINGS = (0.0, 0.1, 1.0)
REDUCTIONS = ("mean", "sum", "none")
IGNORED = -100


def flat(tensors: list[torch.Tensor]) -> Any:
    """Return weights (transposed) and biases as one flat array."""
    return np.concatenate([tensor.detach().numpy().T.ravel() for tensor in tensors])


def make_training() -> dict[str, Any]:
    """Train every combination; return the arrays of its file."""
    torch.manual_seed(0)
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
    return golden


def squared_error(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the sum over the classes of (p - y)^2, averaged over the batch."""
    targets = torch.nn.functional.one_hot(labels, WIDTHS[-1])
    return (torch.softmax(logits, 1) - targets).square().sum(1).mean()


STEP_OPTIMIZERS = ("plain", "momentum", "all", "adam_all")
LOSSES = {"cross-entropy": torch.nn.functional.cross_entropy, "squared-error": squared_error}


def run(parameters: list[torch.Tensor], function: Any, images: torch.Tensor) -> list[torch.Tensor]:
    """Return the outputs of every layer behind its activation, and last the logits."""
    values = [images]
    for layer in range(0, len(parameters), 2):
        outputs = torch.nn.functional.linear(values[-1], *parameters[layer : layer + 2])
        values.append(outputs if layer + 2 == len(parameters) else function(outputs))
        values[-1].retain_grad()
    return values[1:]


def make_step(training: dict[str, Any]) -> dict[str, Any]:
    """Take a step on one image with every combination; return the arrays of its file."""
    images = torch.tensor(training["images"], dtype=torch.float64)
    labels = torch.tensor(training["labels"])
    initial, start = [], 0
    for inputs, outputs in pairwise(WIDTHS):
        end = start + inputs * outputs
        weights = training["initial"][start:end].reshape(inputs, outputs).T
        start = end + outputs
        initial += [np.ascontiguousarray(weights), training["initial"][end:start]]
    golden: dict[str, Any] = {}
    for activation, loss_name, name in product(ACTIVATIONS, LOSSES, STEP_OPTIMIZERS):
        function, loss_of = ACTIVATIONS[activation], LOSSES[loss_name]
        parameters = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in initial]
        kind, arguments = OPTIMIZERS[name]
        optimizer = kind(parameters, **arguments)
        for batch in range(2):
            optimizer.zero_grad()
            loss_of(run(parameters, function, images[batch])[-1], labels[batch]).backward()
            optimizer.step()
        optimizer.zero_grad()
        image, label = images[2, :1], labels[2, :1]
        values = run(parameters, function, image)
        loss = loss_of(values[-1], label)
        loss.backward()
        found = {
            "loss": loss.item(),
            "logits": values[-1].detach().numpy()[0],
            "d_values": np.concatenate([value.grad.numpy()[0] for value in values]),
            "gradients": flat([p.grad for p in parameters]),
        }
        optimizer.step()
        found["parameters"] = flat(parameters)
        found["loss_after"] = loss_of(run(parameters, function, image)[-1], label).item()
        golden |= {f"{activation}.{loss_name}.{name}.{key}": found[key] for key in found}
    return golden


def make_inputs() -> dict[str, Any]:
    """Return the logits and the targets of each."""
    rng = np.random.default_rng(0)
    classes = len(WEIGHTS)
    labels = np.array([2, 0, 4, 1, 3, 2])
    batch = 2.0 * rng.normal(size=(6, classes))
    extreme = rng.choice([-1e4, -80.0, 0.0, 90.0, 1e4], size=(6, classes))
    extreme[0], extreme[1] = 1e4, [200.0, 0.0, 0.0, 0.0, 0.0]
    masked = rng.normal(size=(6, classes))
    masked[:, 1] = -np.inf
    inputs: dict[str, Any] = {"weights": np.array(WEIGHTS)}
    for name, logits in {"batch": batch, "extreme": extreme, "masked": masked}.items():
        inputs[f"{name}.logits"] = logits
        inputs[f"{name}.indices"] = np.where(labels == 1, 2, labels) if name == "masked" else labels
        inputs[f"{name}.some_ignored"] = np.where(labels % 2, IGNORED, labels)
        inputs[f"{name}.all_ignored"] = np.full_like(labels, IGNORED)
        inputs[f"{name}.one_hot"] = np.eye(classes)[labels]
        inputs[f"{name}.probabilities"] = rng.dirichlet(np.ones(classes), len(labels))
    # In half of the targets the masked class has no part.
    parts = inputs["masked.probabilities"]
    parts[::2, 1] = 0.0
    parts /= parts.sum(axis=1, keepdims=True)
    for name in ("indices", "all_ignored", "one_hot", "probabilities", "logits"):
        inputs[f"one.{name}"] = inputs[f"batch.{name}"][2]
    return inputs


def make_cases(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of dtype, targets and options."""
    cases = []
    for targets in inputs:
        if targets == "weights" or targets.endswith("logits"):
            continue
        # Beside the number that is no class, a class can be the one to ignore. Of the single
        # example 4 is the true one and 2 is not; in the batches both occur.
        ignored: tuple[int | None, ...] = (None,)
        if "ignored" in targets:
            ignored = (IGNORED,)
        elif targets.endswith("indices"):
            ignored = (None, 4, 2)
        grid = product(("float64", "float32"), (False, True), ignored, SMOOTHINGS, REDUCTIONS)
        cases += [
            {
                "logits": targets.split(".")[0] + ".logits",
                "targets": targets,
                "dtype": dtype,
                "class_weights": weights,
                "ignore_index": ignore_index,
                "label_smoothing": smoothing,
                "reduction": reduction,
            }
            for dtype, weights, ignore_index, smoothing, reduction in grid
        ]
    return cases


def compute(case: dict[str, Any], inputs: dict[str, Any]) -> tuple[Any, Any]:
    """Return PyTorch's loss and gradient of a case, flat."""
    dtype = getattr(torch, case["dtype"])
    logits = torch.tensor(inputs[case["logits"]], dtype=dtype, requires_grad=True)
    given = inputs[case["targets"]]
    targets = torch.tensor(given, dtype=torch.int64 if given.dtype.kind == "i" else dtype)
    ignore_index = case["ignore_index"]
    loss = torch.nn.functional.cross_entropy(
        logits,
        targets,
        weight=torch.tensor(inputs["weights"], dtype=dtype) if case["class_weights"] else None,
        ignore_index=IGNORED if ignore_index is None else ignore_index,
        label_smoothing=case["label_smoothing"],
        reduction=case["reduction"],
    )
    loss.sum().backward()
    return loss.detach().numpy().ravel(), logits.grad.numpy().ravel()


def make_cross_entropy() -> dict[str, Any]:
    """Compute every case; return the arrays of its file."""
    inputs = make_inputs()
    cases = make_cases(inputs)
    losses, gradients = zip(*(compute(case, inputs) for case in cases), strict=True)
    return inputs | {
        "cases": np.frombuffer(json.dumps(cases).encode(), np.uint8),
        "losses": np.concatenate(losses).astype(np.float64),
        "gradients": np.concatenate(gradients).astype(np.float64),
    }


def main() -> None:
    """Write all files."""
    torch.set_num_threads(1)
    training = make_training()
    np.savez_compressed(FOLDER / "torch_training.npz", **training)
    np.savez_compressed(FOLDER / "torch_step.npz", **make_step(training))
    np.savez_compressed(FOLDER / "torch_cross_entropy.npz", **make_cross_entropy())
    print(f"{FOLDER}: PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
