"""The settings that a sweep varies: `section.key=VALUE,VALUE` read, checked and combined."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from typing import Any, NamedTuple

from mnist_scratch.config.schema import SYNONYMS, Config, Setting, settings, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import nearest, shown


class Variation(NamedTuple):
    """A setting and the values it takes, one or more."""

    setting: Setting
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The setting as `section.key`."""
        return _name(self.setting)


class Combination(NamedTuple):
    """One value of each setting that a sweep varies.

    Attributes
    ----------
    values
        `section.key` to value, of the settings that take several.
    config
        The config of its runs, except for their seed.
    """

    values: dict[str, Any]
    config: Config

    @property
    def labels(self) -> list[str]:
        """What distinguishes it, such as ["learning_rate=0.05", "hidden=512x512"]."""
        flags = {_name(each): each.flag.replace("-", "_") for each in settings()}
        return [f"{flags[name]}={_label(value)}" for name, value in self.values.items()]


def read_variation(text: str, flag: str = "--set ") -> Variation:
    """Read an argument of `--set`, or of `train`.

    Parameters
    ----------
    text
        `section.key=VALUE,VALUE`, with the values as in TOML, such as
        "network.hidden=[800],[512,512]". Text needs no quotes.
    flag
        What stands before it, for the error.

    Raises
    ------
    MnistScratchError
        If there is no such setting, or a value is impossible or repeated.
    """
    name, _, values = text.partition("=")
    known = {_name(setting): setting for setting in settings()}
    if name not in known:
        by_key = {setting.key: name for name, setting in known.items()}
        key = name.rpartition(".")[2].replace("_", "-")
        by_flag = {setting.flag: name for name, setting in known.items()}
        meant = by_flag.get(SYNONYMS.get(key, key)) or by_key.get(name.rpartition(".")[2])
        hint = f", did you mean '{meant}'?" if meant else nearest(name, known)
        raise MnistScratchError(
            f"{flag}{text}: there is no setting {shown(name)}{hint}; "
            "write section.key=VALUE,VALUE with the names of a run's config.toml"
        )
    setting = known[name]
    checked: list[Any] = []
    for value in _read_values(f"{flag}{text}", values, setting):
        config = with_values(Config(), {(setting.section, setting.key): value}, f"{flag}{text}")
        checked.append(getattr(getattr(config, setting.section), setting.key))
        if checked.count(checked[-1]) > 1:
            raise MnistScratchError(f"{flag}{text}: {shown(value)} is repeated; name it once")
    if not checked:
        raise MnistScratchError(f"{flag}{text}: no value; write {name}=VALUE,VALUE")
    return Variation(setting, tuple(checked))


def combinations(config: Config, variations: Sequence[Variation]) -> list[Combination]:
    """Return every combination of the values; the last setting changes fastest.

    Variations of one value only replace that of the config.

    Raises
    ------
    MnistScratchError
        If a setting is varied twice, or the seed is varied.
    """
    names = [each.name for each in variations]
    if "training.seed" in names:
        raise MnistScratchError("--set training.seed: choose the number of seeds with --seeds")
    for name in names:
        if names.count(name) > 1:
            raise MnistScratchError(
                f"--set {name} is given twice; name all its values in one, separated by commas"
            )
    found = []
    for values in itertools.product(*(each.values for each in variations)):
        pairs = list(zip(variations, values, strict=True))
        replaced = {(each.setting.section, each.setting.key): value for each, value in pairs}
        varied = {each.name: value for each, value in pairs if len(each.values) > 1}
        found.append(Combination(varied, with_values(config, replaced, "--set")))
    return found


def _read_values(where: str, values: str, setting: Setting) -> list[Any]:
    """Return the values between the commas, not checked yet."""
    if setting.type is str and not values.lstrip().startswith(('"', "'")):
        return [value.strip() for value in values.split(",")] if values else []
    try:
        table = tomllib.loads(f"values = [{values}]")
    except (ValueError, RecursionError):
        table = {}
    if set(table) != {"values"}:
        raise MnistScratchError(
            f"{where}: cannot read the values; write them as in TOML, separated by commas, "
            "such as 0.05,0.1 or true,false or [800],[512,512]"
        )
    read: list[Any] = table["values"]
    return read


def _name(setting: Setting) -> str:
    return f"{setting.section}.{setting.key}"


def _label(value: Any) -> str:
    """Return a value in characters that a folder's name can have, on Windows too."""
    match value:
        case bool():
            text = str(value).lower()
        case tuple():
            text = "x".join(map(str, value)) or "none"
        case _:
            text = str(value)
    return "".join(each if each.isalnum() or each in "+-._" else "_" for each in text)
