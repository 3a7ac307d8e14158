"""A data set of four small files, and a program that fetches it."""

from __future__ import annotations

import gzip
import hashlib
import random

from mnist_scratch.data.sources.registry import FILE_NAMES, SourceFile

# Random, so that compressing leaves their size; odd, so that no piece ends where they do.
_PLAIN = {name: random.Random(name).randbytes(150_001) for name in FILE_NAMES}
_COMPRESSED = {name: gzip.compress(content, mtime=0) for name, content in _PLAIN.items()}
CONTENTS = {f"{name}.gz": content for name, content in _COMPRESSED.items()}
FILES = [
    SourceFile(
        name,
        len(_PLAIN[name]),
        hashlib.sha256(_PLAIN[name]).hexdigest(),
        len(_COMPRESSED[name]),
        hashlib.sha256(_COMPRESSED[name]).hexdigest(),
    )
    for name in FILE_NAMES
]

# `python -c PROGRAM FOLDER MIRROR ...`, with `tests` on its path.
PROGRAM = """
import sys
from pathlib import Path
from mnist_scratch.data.sources import load
from helpers.published import FILES

load.DATASETS["mnist"] = load.DATASETS["mnist"]._replace(files=FILES, mirrors=sys.argv[2:])
report = lambda text: print(text, file=sys.stderr, flush=True)
load.fetch_missing("mnist", Path(sys.argv[1]), report)
"""
