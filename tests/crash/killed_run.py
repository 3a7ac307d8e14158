"""Run the command line, and kill the process at a chosen point.

    python killed_run.py POINT[,POINT...] ARGUMENT ...

Points are counted from 1: before every flush to disk (`os.fsync`), before every rename, and in the
middle of every write, when half of its bytes are written. Point 0 kills nowhere, and the number of
points that were passed is printed to standard output at the end. Of several points each kills a
process of its own, begun when all is imported; "{}" in an argument stands for the point.
"""

from __future__ import annotations

import io
import os
import pathlib
import signal
import sys
from typing import Any

from mnist_scratch import cli
from mnist_scratch.commands import train  # noqa: F401  # once, not in every child

_chosen = 0
_passed = 0
_fsync, _replace, _open = os.fsync, pathlib.Path.replace, pathlib.Path.open


def _reached() -> bool:
    global _passed  # noqa: PLW0603  # a process counts once
    _passed += 1
    return _passed == _chosen


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _File(io.FileIO):
    """A file whose writes are points."""

    def write(self, content: Any) -> int:
        """Write half and die, or write."""
        if _reached():
            view = memoryview(content).cast("B")
            super().write(view[: len(view) // 2])
            _die()
        return super().write(content)


def _open_watched(path: pathlib.Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
    if mode == "xb":
        return io.BufferedWriter(_File(path, "x"))
    return _open(path, mode, *rest, **named)


def _fsync_watched(descriptor: int) -> None:
    if _reached():
        _die()
    _fsync(descriptor)


def _replace_watched(path: pathlib.Path, target: Any) -> pathlib.Path:
    if _reached():
        _die()
    return _replace(path, target)


for place, name, watched in (
    (os, "fsync", _fsync_watched),
    (pathlib.Path, "replace", _replace_watched),
    (pathlib.Path, "open", _open_watched),
):
    setattr(place, name, watched)


def _kill_one_after_the_other(points: list[int], arguments: list[str]) -> None:
    global _chosen
    for _chosen in points:
        child = os.fork()
        if not child:
            os._exit(cli.main([each.replace("{}", str(_chosen)) for each in arguments]))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != -signal.SIGKILL:
            sys.exit(f"point {_chosen} did not kill: status {status}")


_points = [int(point) for point in sys.argv[1].split(",")]
if len(_points) > 1:
    _kill_one_after_the_other(_points, sys.argv[2:])
else:
    _chosen = _points[0]
    status = cli.main(sys.argv[2:])
    print(_passed)
    sys.exit(status)
