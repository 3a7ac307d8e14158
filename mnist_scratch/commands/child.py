"""`python -m mnist_scratch.commands.child`: the command line, for a sweep that starts it.

Its standard input is a pipe that the parent process keeps open and never writes to. When the pipe
closes, this process gets SIGTERM: it finishes its step, saves and exits. The operating system also
closes the pipe of a parent that was killed, so no child outlives its parent; and Windows has pipes,
but not such signals.
"""

import os
import signal
import sys
import threading

from mnist_scratch.cli import main


def _stop_with_input() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock the interpreter takes at its exit
        pass
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_input, daemon=True).start()
    sys.exit(main())
