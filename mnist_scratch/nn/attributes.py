"""Attributes that take care of what is assigned to them, and words for those that are missing."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NoReturn

import numpy.typing as npt

from mnist_scratch.nn.checks import as_array, kind_of


def fixed_array(name: str) -> Any:
    """Return a property, the array `_name`: what is assigned to it is copied into that array."""

    def copy_into(holder: object, given: npt.ArrayLike) -> None:
        array = getattr(holder, name)
        if given is array:  # as after +=
            return
        values = as_array(given, name)
        if values.shape != array.shape or values.dtype.kind not in "fiub":
            raise AttributeError(
                f"{name} must stay {kind_of(array)}, and {kind_of(values)} cannot be copied into "
                f"it; to change its values in place, write "
                f"{type(holder).__name__.lower()}.{name}[...] = x"
            )
        array[...] = values

    return property(attrgetter(f"_{name}"), copy_into)


def say_what_is_missing(holder: object, name: str) -> NoReturn:
    """Raise an AttributeError with a remedy, as `__getattr__`: Python calls it for such names."""
    hint = ""
    if name in ("inputs", "outputs", "predictions", "targets"):
        hint = " yet: call forward first"
    elif name in ("weights", "biases", "d_weights", "d_biases"):
        hint = " yet: it belongs to no network, and Network([...], 0) gives it some"
    raise AttributeError(f"{type(holder).__name__} has no {name}{hint}")
