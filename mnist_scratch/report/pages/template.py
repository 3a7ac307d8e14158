"""Files of this folder as texts, and pages with their slots filled."""

from __future__ import annotations

from importlib import resources
from string import Template


def read(name: str) -> str:
    """Return a file of this folder as text."""
    return resources.files("mnist_scratch.report.pages").joinpath(name).read_text(encoding="utf-8")


def fill(name: str, **slots: str) -> str:
    """Return a page of this folder, each $slot in it replaced; slots must be HTML already."""
    return Template(read(name)).substitute(slots)
