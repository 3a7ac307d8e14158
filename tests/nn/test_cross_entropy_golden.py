"""Cross-entropy beside PyTorch's; scripts/make_golden.py made the file.

0 * log 0 is NaN in PyTorch and 0 here: `test_cross_entropy.py` holds those cases.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.nn import Array
from mnist_scratch.nn.cross_entropy_reference import (
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

TOLERANCES = {"float64": 1e-12, "float32": 1e-6}
with np.load(Path(__file__).parents[1] / "golden" / "torch_cross_entropy.npz") as _file:
    GOLDEN = dict(_file)


def read_cases() -> list[Any]:
    """Return every case with PyTorch's losses and gradient, cut out of the flat arrays."""
    cases = []
    losses = gradients = 0
    for case in json.loads(GOLDEN["cases"].tobytes()):
        shape = GOLDEN[case["logits"]].shape
        count = shape[0] if case["reduction"] == "none" and len(shape) == 2 else 1
        size = int(np.prod(shape))
        expected = GOLDEN["losses"][losses : losses + count]
        gradient = GOLDEN["gradients"][gradients : gradients + size]
        losses, gradients = losses + count, gradients + size
        name = " ".join(str(value) for key, value in case.items() if key != "logits")
        cases.append(pytest.param(case, expected, gradient.reshape(shape), id=name))
    assert losses == len(GOLDEN["losses"])
    assert gradients == len(GOLDEN["gradients"])
    return cases


CASES = read_cases()


def assert_gradients_are_close(actual: Array, expected: Array, tolerance: float) -> None:
    """Compare relative to the largest: a difference of nearly equal numbers is all rounding."""
    largest = np.abs(expected).max(initial=0.0, where=np.isfinite(expected))
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * largest)


def read_arguments(case: dict[str, Any]) -> tuple[Array, Any, dict[str, Any]]:
    """Return logits, targets and options of a case, in its dtype."""
    logits, targets = GOLDEN[case["logits"]].astype(case["dtype"]), GOLDEN[case["targets"]]
    if targets.dtype.kind == "f":
        targets = targets.astype(case["dtype"])
    options = {
        "class_weights": GOLDEN["weights"] if case["class_weights"] else None,
        "ignore_index": case["ignore_index"],
        "label_smoothing": case["label_smoothing"],
        "reduction": case["reduction"],
    }
    return logits, targets, options


def test_the_file_has_every_combination() -> None:
    assert len({case.id for case in CASES}) == len(CASES) == 972
    assert len(GOLDEN["losses"]) == 2232


@pytest.mark.parametrize(("case", "losses", "gradient"), CASES)
def test_losses_and_gradients_are_those_of_pytorch(
    case: dict[str, Any], losses: Array, gradient: Array
) -> None:
    tolerance = TOLERANCES[case["dtype"]]
    logits, targets, options = read_arguments(case)
    actual = np.ravel(softmax_cross_entropy(logits, targets, **options))
    impossible = np.isnan(losses) & ~np.isnan(actual)  # 0 * log 0
    assert not impossible.any() or np.isneginf(logits).any()
    # A loss of nearly 0 is the logarithm of a number that was rounded near 1.
    place = float(np.finfo(case["dtype"]).eps)
    np.testing.assert_allclose(
        actual[~impossible], losses[~impossible], rtol=tolerance, atol=4 * place
    )
    actual = softmax_cross_entropy_gradient(logits, targets, **options)
    assert_gradients_are_close(actual, gradient, tolerance)


def test_losses_and_gradients_are_those_of_the_pytorch_that_is_installed() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the golden file stands")
    for seed in range(500):
        logits, targets, weights, options = random_case(np.random.default_rng(seed))
        tensor = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        indices = targets.dtype.kind == "i"
        loss = torch.nn.functional.cross_entropy(
            tensor,
            torch.tensor(targets, dtype=torch.int64 if indices else torch.float64),
            weight=None if weights is None else torch.tensor(weights),
            **options,
        )
        loss.sum().backward()
        tolerance, seeded = TOLERANCES[logits.dtype.name], f"seed {seed}"
        options["class_weights"] = weights
        actual = np.ravel(softmax_cross_entropy(logits, targets, **options))
        expected = loss.detach().numpy().ravel()
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=1e-14, err_msg=seeded)
        actual = softmax_cross_entropy_gradient(logits, targets, **options)
        assert_gradients_are_close(actual, tensor.grad.numpy(), tolerance)


def random_case(rng: np.random.Generator) -> tuple[Array, Any, Array | None, dict[str, Any]]:
    """Draw logits, targets, class weights and the other options."""
    dtype = rng.choice(list(TOLERANCES))
    classes, examples = int(rng.integers(1, 12)), int(rng.integers(1, 9))
    spread = rng.choice([1.0, 5.0, 100.0])
    logits: Array = np.asarray(spread * rng.normal(size=(examples, classes)), dtype=str(dtype))
    targets = rng.integers(0, classes, examples)
    options: dict[str, Any] = {
        "label_smoothing": float(rng.choice([0.0, rng.random(), 1.0])),
        "reduction": str(rng.choice(["mean", "sum", "none"])),
    }
    if rng.random() < 0.5:
        targets = rng.dirichlet(np.ones(classes), examples).astype(dtype)
    elif rng.random() < 0.5:
        targets = np.where(rng.random(examples) < 0.3, -7, targets)
        options["ignore_index"] = -7
    weights = rng.uniform(0.1, 3.0, classes) if rng.random() < 0.5 else None
    return logits, targets, weights, options
