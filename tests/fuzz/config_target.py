"""The reader of configs."""

from __future__ import annotations

import random
import zlib

from target import Mutate, Target, file_holding

from mnist_scratch.config.schema import Config, settings
from mnist_scratch.config.toml import format_config, read_config

_LARGEST = 512
_VALUES = [
    *("1", "0", "-1", "0.5", "1e400", "nan", "inf", "true", '"auto"', "'x'", "[]", "[1, 2]", "0x1"),
    *("[" * 390, "{a=" * 130, "9" * 350, "0x" + "f" * 350, "1979-05-27T07:32:00Z", "07:32:00"),
    *('"\\ud800"', '"\\u0000"', '"\\U0010ffff"', '"""\n', "'''", "{a.b.c = 1}", "[[1], 'a']"),
]


def _read_config(content: bytes) -> None:
    config = read_config(file_holding(content))
    if zlib.crc32(content) % 8:  # reading once more takes longer than all else
        return
    assert read_config(file_holding(format_config(config).encode())) == config


def _config_seeds() -> list[bytes]:
    sections = format_config(Config()).encode().split(b"\n\n")
    return [*sections, b"", b'network.hidden = [ 1_0, 0x1f ] # comment\n"data" = {}\r\n']


def _change_config(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    if rng.random() < 0.5:
        return mutate(content, _LARGEST)
    lines = content.splitlines()
    setting = rng.choice(_SETTINGS)
    key, value = setting.key, rng.choice(_VALUES)
    made = [
        f"[{setting.section}]",
        f"[[{setting.section}]]",
        f"{key} = {value}",
        f"[{setting.section}]\n{key} = {value}",
        f"{setting.section}.{key} = {value}",
        f"{key}{'.a' * rng.choice([1, 3, 150])} = {value}",
        f"{key} = {mutate(value.encode(), 64).decode('latin-1')}",
    ]
    place = rng.randint(0, len(lines))
    lines[place : place + rng.randint(0, 2)] = [rng.choice(made).encode()]
    return b"\n".join(lines)[:_LARGEST]


_SETTINGS = list(settings())


CONFIG = Target(_read_config, _config_seeds, _change_config, _LARGEST)
