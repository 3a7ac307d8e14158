"""Cross-entropy beside PyTorch's; scripts/make_cross_entropy_golden.py made the file.

Two kinds of numbers PyTorch loses: 0 * log 0 is NaN there, and the loss of a right answer it is
very sure of is 0, because 1 + exp(-gap) rounds to 1. They are compared with arithmetic of 400
digits in its place, and so is every other number, beside PyTorch's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.exact_cross_entropy import exact_cross_entropy

from mnist_scratch.nn.arrays import Array
from mnist_scratch.nn.softmax_cross_entropy import (
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


def test_the_file_has_every_combination_and_pytorch_loses_few_of_its_numbers() -> None:
    assert len({case.id for case in CASES}) == len(CASES) == 972
    without_number = vanished = 0
    for case, losses, _ in (case.values for case in CASES):
        exact, _ = exact_of(case)
        without_number += int((np.isnan(losses) & ~np.isnan(exact)).sum())
        vanished += int(((losses == 0.0) & (exact != 0.0)).sum())
    assert (len(GOLDEN["losses"]), without_number, vanished) == (2232, 48, 26)


def exact_of(case: dict[str, Any]) -> tuple[Array, Array]:
    """Return losses and gradient of a case by 400 digits, rounded to its dtype."""
    logits, targets, options = read_arguments(case)
    losses, gradient = exact_cross_entropy(logits, targets, **options)
    return losses.astype(case["dtype"]), gradient.astype(case["dtype"])


@pytest.mark.parametrize(("case", "losses", "gradient"), CASES)
def test_losses_and_gradients_are_those_of_pytorch_and_of_400_digits(
    case: dict[str, Any], losses: Array, gradient: Array
) -> None:
    tolerance = TOLERANCES[case["dtype"]]
    logits, targets, options = read_arguments(case)
    exact_losses, exact_gradient = exact_of(case)
    lost = (np.isnan(losses) & ~np.isnan(exact_losses)) | (losses == 0.0)
    # The last place of the smallest numbers is not small beside them.
    place = float(np.finfo(case["dtype"]).smallest_subnormal)
    actual = np.ravel(softmax_cross_entropy(logits, targets, **options))
    np.testing.assert_allclose(actual[~lost], losses[~lost], rtol=tolerance)
    np.testing.assert_allclose(actual, exact_losses, rtol=tolerance, atol=place)
    actual = softmax_cross_entropy_gradient(logits, targets, **options)
    assert_gradients_are_close(actual, gradient, tolerance)
    assert_gradients_are_close(actual, exact_gradient, tolerance)
    if not case["label_smoothing"] and not case["targets"].endswith("probabilities"):
        # With all on one class nothing is subtracted, and every number has all its digits.
        np.testing.assert_allclose(actual, exact_gradient, rtol=tolerance, atol=place)


def test_losses_and_gradients_are_those_of_the_pytorch_that_is_installed() -> None:
    # In float64 on its side: where p is near 1, the p - 1 of its float32 has few places left.
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
        expected = loss.detach().numpy().ravel()
        if np.min(expected) < 1e-3:  # a sure right answer, of which PyTorch has not all digits
            exact, _ = exact_cross_entropy(logits, targets, **options)
            np.testing.assert_allclose(exact, expected, rtol=1e-12, atol=1e-15, err_msg=seeded)
            expected = exact
        place = float(np.finfo(logits.dtype).smallest_subnormal)
        actual = np.ravel(softmax_cross_entropy(logits, targets, **options))
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=place, err_msg=seeded)
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
