"""Which settings a sweep varies: `section.key=V,V` read, checked and combined."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from typing import Any, NamedTuple

from mnist_scratch.config.schema import Config, Setting, settings, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import nearest, shown


class Variation(NamedTuple):
    """One setting and the values that it takes, one or several."""

    setting: Setting
    values: tuple[Any, ...]


class Combination(NamedTuple):
    """One value for each setting that a sweep varies.

    Attributes
    ----------
    values
        "section.key" to value, of those settings that take several.
    config
        Of its runs, but for their seed.
    """

    values: dict[str, Any]
    config: Config

    @property
    def names(self) -> list[str]:
        """What tells it from the others, such as ["learning_rate=0.05", "hidden=512x512"]."""
        flags = {f"{each.section}.{each.key}": each.flag for each in settings()}
        return [
            f"{flags[key].replace('-', '_')}={_name(value)}" for key, value in self.values.items()
        ]


def read_variation(text: str) -> Variation:
    """Read what `--set` takes.

    Parameters
    ----------
    text
        A setting's section and key, and its values in TOML with commas between them, such as
        "network.hidden=[800],[512,512]". A text needs no quotes.

    Raises
    ------
    MnistScratchError
        If there is no such setting, or a value is impossible or there twice.
    """
    name, _, values = text.partition("=")
    known = {f"{each.section}.{each.key}": each for each in settings()}
    place = f"--set {text}"
    if name not in known:
        by_key = {setting.key: name for name, setting in known.items()}
        meant = by_key.get(name.rpartition(".")[2])
        hint = f", did you mean '{meant}'?" if meant else nearest(name, known)
        raise MnistScratchError(
            f"{place}: there is no setting {shown(name)}{hint}; "
            "write section.key=VALUE,VALUE with the names that a run's config.toml has"
        )
    setting = known[name]
    if name == "training.seed":
        raise MnistScratchError(f"{place}: --seeds says how many seeds, from 0, each value gets")
    checked: list[Any] = []
    for value in _values(values, setting, place):
        config = with_values(Config(), {(setting.section, setting.key): value}, place)
        checked.append(_value(config, setting))
        if checked.count(checked[-1]) > 1:
            raise MnistScratchError(f"{place}: {shown(value)} is there twice; leave one out")
    if not checked:
        raise MnistScratchError(f"{place}: no value; write {name}=VALUE,VALUE")
    return Variation(setting, tuple(checked))


def _values(text: str, setting: Setting, place: str) -> list[Any]:
    """Return the values between the commas, not checked yet."""
    if setting.type is str and not text.lstrip().startswith(('"', "'")):
        return [value.strip() for value in text.split(",")] if text else []
    try:
        tables = tomllib.loads(f"values = [{text}]")
    except (ValueError, RecursionError):
        tables = {}
    if set(tables) != {"values"}:
        raise MnistScratchError(
            f"{place}: cannot read the values; write them as in TOML with commas between them, "
            "such as 0.05,0.1 or true,false or [800],[512,512]"
        )
    values: list[Any] = tables["values"]
    return values


def combinations(config: Config, variations: Sequence[Variation]) -> list[Combination]:
    """Return every combination of the values, the last setting's changing fastest.

    Parameters
    ----------
    config
        What the other settings are.
    variations
        As from `read_variation`; those of a single value only replace the config's.

    Raises
    ------
    MnistScratchError
        If a setting is there twice.
    """
    names = [f"{each.setting.section}.{each.setting.key}" for each in variations]
    for name in names:
        if names.count(name) > 1:
            raise MnistScratchError(
                f"--set {name} is there twice; name all its values in one, with commas between"
            )
    return [
        Combination(
            {
                name: value
                for name, value, variation in zip(names, values, variations, strict=True)
                if len(variation.values) > 1
            },
            with_values(
                config,
                {
                    (each.setting.section, each.setting.key): value
                    for each, value in zip(variations, values, strict=True)
                },
                "--set",
            ),
        )
        for values in itertools.product(*(each.values for each in variations))
    ]


def _value(config: Config, setting: Setting) -> Any:
    return getattr(getattr(config, setting.section), setting.key)


def _name(value: Any) -> str:
    """Return a value as it can stand in the name of a folder, on Windows too."""
    match value:
        case bool():
            text = str(value).lower()
        case tuple():
            text = "x".join(map(str, value)) or "none"
        case _:
            text = str(value)
    return "".join(each if each.isalnum() or each in "+-._" else "_" for each in text)
