"""Fuzz one reader with Atheris, which looks for inputs that reach new code.

    python tests/fuzz/run.py NAME CORPUS [libFuzzer's options]

`./scripts/fuzz NAME` installs what this needs and chooses the options.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris
import numpy as np  # noqa: F401  # before what follows is instrumented: NumPy itself is not

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
with atheris.instrument_imports(include=["mnist_scratch"]):
    from targets import TARGETS


def main() -> None:
    """Fuzz until an option of libFuzzer ends it, or a defect is found."""
    name, corpus, *options = sys.argv[1:]
    target = TARGETS[name]

    def change(content: bytes, most: int, seed: int) -> bytes:
        return target.change(content, random.Random(seed), atheris.Mutate)[:most]

    for number, seed in enumerate(target.seeds()):
        Path(corpus, f"seed-{number}").write_bytes(seed)
    arguments = [sys.argv[0], f"-max_len={target.largest}", *options, corpus]
    atheris.Setup(arguments, target.run, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
