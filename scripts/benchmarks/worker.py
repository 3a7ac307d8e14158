"""The process in which one side's contestants live, one after the other.

    python -m benchmarks.worker

Commands come in on standard input, answers go out on what was standard output; whatever a library
prints goes to standard error.
"""

from __future__ import annotations

import importlib
import os
import sys

from benchmarks.turns import Retired, Turns


def main() -> None:
    """Make one contestant after the other, until there is nobody to tell which."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        turns = Turns(sys.stdin, answers)
        try:
            while True:
                command = turns.command()
                if "make" in command:
                    module, _, name = command["make"].partition(":")
                    make = getattr(importlib.import_module(module), name)
                    try:
                        make(turns, **command["arguments"])
                    except Retired:
                        turns.answer({"retired": True})
        except EOFError:
            pass


if __name__ == "__main__":
    main()
