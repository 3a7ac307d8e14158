"""The fuzzed readers in the ordinary suite: what once went wrong, and a little chance."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from targets import TARGETS

CRASHERS = sorted(Path(__file__).parent.glob("crashers/*/*"))


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_begins_from_is_accepted(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds():
        assert len(seed) <= target.largest
        target.read(seed)


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_once_went_wrong_is_an_error_with_a_name(path: Path) -> None:
    TARGETS[path.parent.name].run(path.read_bytes())


@pytest.mark.no_cover
@pytest.mark.parametrize("name", TARGETS)
def test_a_thousand_changed_files_are_accepted_or_named(name: str) -> None:
    target, rng = TARGETS[name], random.Random(0)

    def mutate(content: bytes, most: int) -> bytes:
        changed = bytearray(content)
        for _ in range(rng.randint(1, 4)):
            place = rng.randint(0, len(changed))
            changed[place : place + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        return bytes(changed[:most])

    contents = target.seeds()
    for _ in range(1000):
        changed = target.change(rng.choice(contents), rng, mutate)
        target.run(changed)
        contents.append(changed)
