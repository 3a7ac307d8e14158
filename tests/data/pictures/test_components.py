"""Finding the pieces of ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.pictures.components import connected_components

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
