"""`python -m mnist_scratch.commands.child`: the command line, for a program that starts it.

Its standard input is a pipe that the other program holds open, and nothing is ever written to. Once
that is closed, this process is told to stop, as by SIGTERM: it finishes its step, saves and ends.
The operating system closes the pipe of a program that was killed, too, so that nothing is left
running that nobody waits for; and it is the same on Windows, which has pipes but not such signals.
"""

import os
import signal
import sys
import threading


def _stop_with_input() -> None:
    while os.read(0, 1):  # not through sys.stdin, whose lock the interpreter wants at its end
        pass
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_input, daemon=True).start()
    from mnist_scratch.cli import main

    sys.exit(main())
