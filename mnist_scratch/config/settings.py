"""The settings that config.py declares: what there is, and a config with some of them replaced."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, get_type_hints

from mnist_scratch.config.limits import Limits, shown
from mnist_scratch.config.schema import Config
from mnist_scratch.errors import MnistScratchError

_KINDS = {
    str: 'a text in "quotes"',
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of whole numbers, like [128, 64]",
}


class Setting(NamedTuple):
    """One setting, as the TOML file and the command line see it.

    Attributes
    ----------
    section, key
        `[section]` and `key` in TOML.
    flag
        `--flag` on the command line, without the dashes.
    type
        str, int, float, bool, or tuple for a list of whole numbers.
    default, meaning
        For `--help`.
    limits
        Which values are possible.
    """

    section: str
    key: str
    flag: str
    type: type
    default: Any
    meaning: str
    limits: Limits


@functools.cache
def settings() -> tuple[Setting, ...]:
    """Return every setting in the order of the file."""
    found = []
    for section in dataclasses.fields(Config):
        section_type = type(getattr(Config(), section.name))
        types = get_type_hints(section_type)
        for key in dataclasses.fields(section_type):
            declared = types[key.name]
            setting = Setting(
                section.name,
                key.name,
                key.metadata["flag"] or key.name.replace("_", "-"),
                getattr(declared, "__origin__", declared),
                key.default,
                key.metadata["meaning"],
                key.metadata["limits"],
            )
            found.append(setting)
    return tuple(found)


def with_values(config: Config, values: Mapping[tuple[str, str], Any], where: str) -> Config:
    """Return a config with some settings replaced, each checked.

    Parameters
    ----------
    config
        What stays where `values` is silent.
    values
        (section, key) to new value.
    where
        Where they come from, for the error: a file, or "" for the command line, whose error then
        names the flag.

    Raises
    ------
    MnistScratchError
        If a value has the wrong type or is impossible, naming place and key.
    """
    known = {(setting.section, setting.key): setting for setting in settings()}
    for (section, key), value in values.items():
        setting = known[section, key]
        place = f"{where}: [{section}] {key}" if where else f"--{setting.flag}"
        part = getattr(config, section)
        checked = _checked(setting, value, place)
        config = dataclasses.replace(
            config, **{section: dataclasses.replace(part, **{key: checked})}
        )
    return config


def _checked(setting: Setting, value: Any, place: str) -> Any:
    """Return the value in the setting's type, or raise an error that names the place."""
    wrong = f"{place} = {shown(value)}: "
    if isinstance(value, list):
        value = tuple(value)
    if setting.type is float and type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            raise MnistScratchError(f"{wrong}must be a finite number") from None
    fits = type(value) is setting.type
    if setting.type is tuple:
        fits = fits and all(type(item) is int for item in value)
    if not fits:
        raise MnistScratchError(f"{wrong}must be {_KINDS[setting.type]}")
    if broken := setting.limits.broken_by(value):
        raise MnistScratchError(wrong + broken)
    return value
