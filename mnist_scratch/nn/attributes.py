"""Attributes that copy what is assigned to them, and those that are there only later."""

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


def read_only(name: str, remedy: str) -> Any:
    """Return a property, the attribute `_name`, that refuses to be assigned."""

    def refuse(_holder: object, _given: object) -> NoReturn:
        raise AttributeError(f"{name} cannot be assigned: {remedy}")

    return property(attrgetter(f"_{name}"), refuse)


class OtherName:
    """A name that another library has for an attribute: an AttributeError tells ours."""

    def __init__(self, name: str) -> None:
        self._name_here = name

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, holder: object, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__} has no {self._name}: it is {self._name_here}")

    def __set__(self, holder: object, given: object) -> NoReturn:
        self.__get__(holder, type(holder))


class _Missing:
    """Stands for an attribute that an object gets later: until then it raises an AttributeError."""

    def __init__(self, remedy: str) -> None:
        self._remedy = remedy

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name.removeprefix("_")

    def __get__(self, holder: object, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__} has no {self._name} yet: {self._remedy}")


def set_by_forward() -> Any:
    """Return what stands for an attribute that `forward` sets."""
    return _Missing("call forward first")


def set_by_network() -> Any:
    """Return what stands for an attribute that a layer gets from its network."""
    return _Missing("it belongs to no network, and Network([...], 0) gives it some")
