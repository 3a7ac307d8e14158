"""The picture of the loss while a run trains, drawn by a process of its own.

To draw takes a quarter of a second, and the training would wait for it, in a thread of this process
too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

_PATIENCE = 30.0  # seconds for the last picture


class LivePicture:
    """A context in which the picture of a run is drawn whenever the object is called.

    Calls return at once, and calls that come while a picture is being drawn bring one more picture
    together. What goes wrong with it is told once on standard error, and the training goes on.

    Parameters
    ----------
    path
        The run's folder, which has a finished epoch when the object is called.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the process, so that it is ready after the first epoch."""
        # Ctrl-C in the terminal is for the training; the process ends when its input does.
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        try:
            self._process = subprocess.Popen(  # noqa: S603  # a module of this program
                [sys.executable, "-m", "mnist_scratch.report.plots.redraw", str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                bufsize=0,
                **apart,
            )
        except OSError as error:
            _tell(error.strerror or str(error))
        return self

    def __call__(self) -> None:
        """Have the picture drawn."""
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(b".")
        except OSError:  # it has ended, and has said why
            self._close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the last picture, so that it takes no other's place later."""
        if self._process is not None:
            self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            _, said = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            said = f"it was not drawn within {_PATIENCE:.0f} seconds".encode()
        finally:
            process.kill()  # if it still runs
            process.wait()
        if process.returncode:
            lines = said.decode(errors="replace").strip().splitlines()
            _tell(lines[-1] if lines else f"exit status {process.returncode}")


def _tell(reason: str) -> None:
    # Above the bar, if there is one.
    tqdm.write(f"loss_curve.png is not kept fresh: {reason}", file=sys.stderr)
