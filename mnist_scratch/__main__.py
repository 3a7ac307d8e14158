"""`python -m mnist_scratch`, and the command `mnist-scratch`."""

import gc
import sys


def entry_point() -> None:
    """Run the command line and exit with its status."""
    try:
        # Ctrl-C can come while these are imported.
        from mnist_scratch.cli import main
        from mnist_scratch.system.signals import ignore_signals

        status = main()
        ignore_signals()
    except KeyboardInterrupt:
        status = 130
    gc.freeze()  # Python would look through everything once more before it ends: 0.05 s
    sys.exit(status)


if __name__ == "__main__":
    entry_point()
