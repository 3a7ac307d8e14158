"""`python -m mnist_scratch`, and the command `mnist-scratch`."""

import sys

from mnist_scratch.cli import main
from mnist_scratch.system.signals import ignore_signals


def entry_point() -> None:
    """Run the command line and exit with its status."""
    try:
        status = main()
        ignore_signals()
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    entry_point()
