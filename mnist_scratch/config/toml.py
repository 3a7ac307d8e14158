"""Configs in TOML files: read and written; recipes found by name."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_scratch.config.schema import Config, DataConfig, TrainingConfig, settings, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import as_path
from mnist_scratch.system.text import nearest, shown

# The time of tomllib grows with the square of the parts of a key: 2 s for this many bytes.
_MOST_BYTES = 16_384


def read_config(path: str | os.PathLike[str]) -> Config:
    """Read a TOML file; settings that are not in it have their defaults.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, is not TOML, or has an unknown section, key or value.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MnistScratchError(f"{path}: a config has at most {_MOST_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")  # Notepad begins a file with a BOM
    except OSError as error:
        raise MnistScratchError(
            f"cannot read the config {path}: {error.strerror}; name a TOML file that can be read"
        ) from error
    except UnicodeDecodeError as error:
        raise MnistScratchError(f"{path}: not a text file in UTF-8: {error}") from error
    return parse_config(text, str(path))


def parse_config(text: str, where: str) -> Config:
    """Return the config that a text in TOML describes.

    Parameters
    ----------
    text
        TOML, as `format_config` writes it or a person.
    where
        Where it is from, for the error: the name of a file.

    Raises
    ------
    MnistScratchError
        If the text is not TOML, or has an unknown section, key or value.
    """
    import tomllib  # 3% of the import of NumPy, for a file alone

    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise MnistScratchError(f"{where}: its values are nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, or a number with too many digits
        raise MnistScratchError(f"{where}: not TOML: {str(error)[:200]}") from error
    known: dict[str, list[str]] = {}
    for setting in settings():
        known.setdefault(setting.section, []).append(setting.key)
    values = {}
    for section, table in tables.items():
        if section not in known:
            raise MnistScratchError(
                f"{where}: unknown section or key {shown(section)}{nearest(section, known)}; "
                f"sections are {', '.join(known)}"
            )
        if not isinstance(table, dict):
            raise MnistScratchError(f"{where}: '{section}' must be a section, [{section}]")
        for key, value in table.items():
            if key not in known[section]:
                raise MnistScratchError(
                    f"{where}: unknown key {shown(key)} in [{section}]"
                    f"{nearest(key, known[section])}; its keys are {', '.join(known[section])}"
                )
            values[section, key] = value
    return with_values(Config(), values, where)


def find_config(name: str | os.PathLike[str]) -> Path:
    """Return the recipe of a name, or the file itself if the name ends in .toml.

    Raises
    ------
    MnistScratchError
        If there is no recipe of that name.
    TypeError
        If that is neither a name nor a path.
    """
    name = str(as_path(name, "recipe"))
    if name.endswith(".toml"):
        return Path(name)
    known = recipes()
    if name not in known:
        raise MnistScratchError(
            f"there is no recipe '{name}'{nearest(name, known)}; recipes are {', '.join(known)}; "
            "the name of a file ends in .toml"
        )
    return known[name]


def recipe_of(config: Config) -> str | None:
    """Return the name of the recipe that a config follows, or None.

    Data set, seed, threads and the time between checkpoints may differ.
    """
    return _names().get(_essence(config))


@functools.cache
def _names() -> dict[Config, str]:
    return {_essence(read_config(path)): name for name, path in recipes().items()}


def _essence(config: Config) -> Config:
    """Return the config with the defaults for all that can differ within a recipe."""
    data, training = DataConfig(), TrainingConfig()
    return replace(
        config,
        data=replace(config.data, dataset=data.dataset, data_dir=data.data_dir),
        training=replace(
            config.training,
            seed=training.seed,
            threads=training.threads,
            checkpoint_seconds=training.checkpoint_seconds,
        ),
    )


def recipes() -> dict[str, Path]:
    """Return the program's recipes by name, in alphabetical order."""
    return {path.stem: path for path in sorted(recipe_folder().glob("*.toml"))}


def recipe_folder() -> Path:
    """Return the folder of the recipes: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def format_config(config: Config) -> str:
    """Return a config as TOML with every setting; `read_config` reads the same config from it."""
    lines: list[str] = []
    for setting in settings():
        header = f"[{setting.section}]"
        if header not in lines:
            lines += ["", header] if lines else [header]
        value = getattr(getattr(config, setting.section), setting.key)
        lines.append(f"{setting.key} = {_format_value(value)}")
    return "\n".join(lines) + "\n"


def _format_value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + "".join(_escaped(character) for character in value) + '"'
        case tuple():
            return "[" + ", ".join(map(str, value)) + "]"
        case _:
            return repr(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    printable = character.isprintable()
    return character if printable else f"\\U{ord(character):08x}"
