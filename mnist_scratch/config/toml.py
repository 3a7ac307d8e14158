"""Recipes: configs in TOML files, read, found by name, and written."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_scratch.config.schema import Config, DataConfig, TrainingConfig, settings, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import nearest, shown

# A key of many parts takes tomllib a time that grows with their square: in this many bytes, 2 s.
_MOST_BYTES = 16_384


def read_config(path: Path) -> Config:
    """Read a TOML file; settings that it leaves out keep their defaults.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, is no TOML, or has a section, key or value that is not known.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MnistScratchError(f"{path}: a config has at most {_MOST_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MnistScratchError(
            f"cannot read the config {path}: {error.strerror}; name a TOML file that you may read"
        ) from error
    except UnicodeDecodeError as error:
        raise MnistScratchError(f"{path}: not a text file in UTF-8: {error}") from error
    return parse_config(text, str(path))


def parse_config(text: str, where: str) -> Config:
    """Return the config that a text in TOML describes.

    Parameters
    ----------
    text
        What `format_config` returned, or a person wrote.
    where
        What to call it in the error: the file's name.

    Raises
    ------
    MnistScratchError
        If it is no TOML, or has a section, key or value that is not known.
    """
    import tomllib  # 3% of the import of NumPy, for a file alone

    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise MnistScratchError(f"{where}: its values are nested too deeply") from error
    except ValueError as error:  # a number may be too long, too
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


def find_config(name: str) -> Path:
    """Return the file of a recipe: a path that ends in .toml, or one of the program's recipes.

    Raises
    ------
    MnistScratchError
        If there is no such recipe, listing those that there are.
    """
    if name.endswith(".toml"):
        return Path(name)
    recipes = {recipe.stem: recipe for recipe in sorted(recipe_folder().glob("*.toml"))}
    if name not in recipes:
        raise MnistScratchError(
            f"there is no recipe '{name}'{nearest(name, recipes)}; recipes are "
            f"{', '.join(recipes)}; a file's name ends in .toml"
        )
    return recipes[name]


def recipe_of(config: Config) -> str | None:
    """Return the name of the recipe that a config follows; None if it follows none.

    It follows one that it differs from at most in its data, its seed, its threads and how often it
    is saved.
    """
    return _recipes().get(_essence(config))


@functools.cache
def _recipes() -> dict[Config, str]:
    recipes = sorted(recipe_folder().glob("*.toml"))
    return {_essence(read_config(recipe)): recipe.stem for recipe in recipes}


def _essence(config: Config) -> Config:
    """Return the config with the same values in all that can differ within a recipe."""
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


def run_config(path: Path) -> Path:
    """Return the config.toml in the folder of a run, which tells that it is one.

    Raises
    ------
    MnistScratchError
        If there is none.
    """
    config = path / "config.toml"
    try:
        is_run = config.is_file()
        runs = [] if is_run else sorted(path.glob("*/config.toml"))
    except OSError as error:
        raise MnistScratchError(f"cannot look into {path}: {error.strerror}") from error
    if runs:
        raise MnistScratchError(
            f"{path} is not the folder of a run but has runs in it, as a sweep does; "
            f"name one of them: {runs[0].parent}"
        )
    if not is_run:
        raise MnistScratchError(
            f"{path} is not the folder of a run: it has no config.toml; "
            "'mnist-scratch train' makes one"
        )
    return config


def recipe_folder() -> Path:
    """Return the folder of the recipes: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def format_config(config: Config) -> str:
    """Return a config as TOML with every setting in it, which `read_config` reads back the same."""
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
