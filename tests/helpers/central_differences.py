"""The derivative of a function measured, to hold against the one that was derived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

STEP = 1e-6  # the error is about STEP squared from the formula, and 1e-16 / STEP from rounding


def central_differences(
    function: Callable[[], float], variable: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.floating[Any]]:
    """Return df/d(variable), nudging each of its numbers in place, up and down."""
    assert variable.dtype == np.float64, "in float32 the differences are lost in rounding"
    gradient = np.empty_like(variable)
    for place in np.ndindex(variable.shape):
        kept = variable[place]
        variable[place] = kept + STEP
        above = function()
        variable[place] = kept - STEP
        below = function()
        variable[place] = kept
        gradient[place] = (above - below) / (2 * STEP)
    return gradient
