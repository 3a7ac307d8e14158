"""The synthetic digits as files: drawn once, and kept with a record of what they must be."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.registry import DATASETS, FILE_NAMES, SourceFile
from mnist_scratch.data.synthetic.digits import SYNTHETIC_VERSION, make_synthetic
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import write_text_whole, written_whole
from mnist_scratch.system.reading import read_whole

# A data set has to be the same for two runs to be compared, so its seed is not the run's.
SYNTHETIC_SEED = 0
_MANIFEST = "synthetic.json"
_MOST_MANIFEST_BYTES = 16_384


def files_on_record(folder: Path) -> Sequence[SourceFile]:
    """Return what the files in a folder must be; nothing before this version has drawn them."""
    try:
        manifest = json.loads(read_whole(folder / _MANIFEST, _MOST_MANIFEST_BYTES).decode())
        if manifest["version"] != SYNTHETIC_VERSION or manifest["seed"] != SYNTHETIC_SEED:
            return ()
        return [_recorded(manifest["files"][file.name], file) for file in DATASETS["mnist"].files]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def _recorded(record: dict[str, Any], counterpart: SourceFile) -> SourceFile:
    """Return what is on record of a file, which is no larger than its counterpart in MNIST."""
    size, sha256 = record["bytes"], record["sha256"]
    if type(size) is not int or not 0 < size <= counterpart.size or type(sha256) is not str:
        raise ValueError("not the record of a file")
    return SourceFile(counterpart.name, size, sha256)


def draw_files(folder: Path, report: Callable[[str], object]) -> Sequence[SourceFile]:
    """Draw the synthetic digits into a folder and return what is on record of them.

    What they hash to is written first. Interrupted between two files, the next run finds that some
    are missing and draws all again; and files without it are not this program's to overwrite.

    Raises
    ------
    MnistScratchError
        If files of others lie there, or one cannot be written.
    """
    foreign = [name for name in FILE_NAMES if (folder / name).exists()]
    if foreign and not (folder / _MANIFEST).exists():
        raise MnistScratchError(
            f"{folder} holds {foreign[0]}, but no {_MANIFEST}: it is not known to be a file of the "
            f"synthetic digits, and is not overwritten; move {', '.join(foreign)} out of the way"
        )
    for name in (*FILE_NAMES, _MANIFEST):
        for leftover in folder.glob(f".{name}.*.part"):  # of a process that was killed
            leftover.unlink(missing_ok=True)
    report(f"drawing synthetic digits into {folder} (once; they are kept)")
    with tqdm(
        total=70_000, desc="drawing digits", unit=" images", disable=not sys.stderr.isatty()
    ) as bar:
        training, test = make_synthetic(seed=SYNTHETIC_SEED, progress=bar.update)
    contents = [format_idx(array) for array in (*training, *test)]
    files = [
        SourceFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in zip(FILE_NAMES, contents, strict=True)
    ]
    manifest = {
        "version": SYNTHETIC_VERSION,
        "seed": SYNTHETIC_SEED,
        "files": {file.name: {"bytes": file.size, "sha256": file.sha256} for file in files},
    }
    write_text_whole(folder / _MANIFEST, json.dumps(manifest, indent=2) + "\n")
    for file, content in zip(files, contents, strict=True):
        with written_whole(folder / file.name) as output:
            output.write(content)
    return files
