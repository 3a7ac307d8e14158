"""Telling a digit from dust and from a second digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_scratch.data.pictures.components import are_several, connected_components, digit_among
from mnist_scratch.data.sources.load import load_dataset

INK = {" ": 0.0, ".": 0.2, "#": 1.0}


def drawn(*rows: str) -> NDArray[np.float32]:
    return np.array([[INK[letter] for letter in row] for row in rows], np.float32)


def test_components_are_8_connected_and_come_heaviest_first() -> None:
    ink = drawn(
        "##      #  ",
        "  #    # # ",
        "   #    #  ",
        " .       ##",
    )
    components = connected_components(ink, ink > 0)
    assert [(p.top, p.bottom, p.left, p.right) for p in components] == [
        (0, 4, 7, 11),
        (0, 3, 0, 4),
        (3, 4, 1, 2),
    ]
    assert [round(each.mass, 3) for each in components] == [6.0, 4.0, 0.2]


def test_a_spiral_is_one_component() -> None:
    ink = drawn(
        "#########", "#        ", "# #######", "# #     #", "# ##### #", "#       #", "#########"
    )
    (component,) = connected_components(ink, ink > 0)
    assert component.mass == (ink > 0).sum()


def test_no_ink_has_no_components() -> None:
    assert connected_components(np.zeros((4, 4), np.float32), np.zeros((4, 4), np.bool_)) == []


def test_small_and_far_is_dust_and_small_and_near_is_of_the_digit() -> None:
    ink = np.zeros((60, 60), np.float32)
    ink[10:30, 10:14] = 1
    ink[10:12, 17:22] = 1  # a stroke beside
    ink[50:53, 50:53] = 1  # a blot, far away
    digit = digit_among(connected_components(ink, ink > 0))
    assert digit == (90, 10, 30, 10, 22)


def pair(
    images: NDArray[np.uint8], rng: np.random.Generator, gap: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Two of the images side by side, their ink `gap` pixels apart."""
    halves = []
    for image in images[rng.integers(0, len(images), 2)]:
        lit = np.flatnonzero((image > 25).any(axis=0))
        halves.append(image[:, lit[0] : lit[-1] + 1])
    both = np.hstack([halves[0], np.zeros((28, gap), np.uint8), halves[1]]).astype(np.float32)
    return both, both > 25


@pytest.mark.mnist
def test_mnist_s_single_digits_are_single_and_its_pairs_are_several(mnist_dir: Path) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[::4]
    ink = images.astype(np.float32)
    refused = [k for k in range(len(ink)) if are_several(connected_components(ink[k], ink[k] > 25))]
    assert refused == []
    rng = np.random.default_rng(4)
    pairs = [pair(images, rng, gap) for gap in (1, 3, 8) for _ in range(100)]
    assert np.mean([are_several(connected_components(*each)) for each in pairs]) > 0.96
