"""Make tests/golden/torch_cross_entropy.npz: PyTorch's cross_entropy in every mode it has.

    pip install torch==2.13.0 numpy
    python scripts/make_cross_entropy_golden.py

Kept are the inputs by name; the cases, each a dictionary of names and options, as JSON; and of all
cases in a row, flat, the losses and the gradients (for reduction "none", of the sum of the losses).
Kept is what PyTorch says, also where it is known to be wrong: the loss of a masked class without a
part in the target is NaN there (-inf times 0), and that of a very sure right answer 0.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

WEIGHTS = [0.5, 2.0, 1.25, 0.0, 3.0]  # one for each of 5 classes
SMOOTHINGS = (0.0, 0.1, 1.0)
REDUCTIONS = ("mean", "sum", "none")
IGNORED = -100


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


def main() -> None:
    """Compute every case and write the file."""
    torch.set_num_threads(1)
    inputs = make_inputs()
    cases = make_cases(inputs)
    losses, gradients = zip(*(compute(case, inputs) for case in cases), strict=True)
    target = Path(__file__).resolve().parents[1] / "tests" / "golden" / "torch_cross_entropy.npz"
    np.savez_compressed(
        target,
        **inputs,
        cases=np.frombuffer(json.dumps(cases).encode(), np.uint8),
        losses=np.concatenate(losses).astype(np.float64),
        gradients=np.concatenate(gradients).astype(np.float64),
    )
    print(f"{target}: {len(cases)} cases, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
