"""Run a command; print its seconds, its peak memory and what it printed, as JSON.

    python launcher.py COMMAND ...

A process of its own, and a small one: on Linux a child's peak counts what its parent had when it
was started, and the benchmark itself has imported NumPy.
"""

import json
import subprocess
import sys
import time


def main() -> None:
    """Run the command that the arguments are."""
    started = time.perf_counter()
    done = subprocess.run(sys.argv[1:], capture_output=True, check=False)
    seconds = time.perf_counter() - started
    peak = None
    try:
        import resource  # noqa: PLC0415  # Windows has none

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    except ImportError:
        pass
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peak_bytes": peak,
                "status": done.returncode,
                "output": done.stdout.decode(errors="replace"),
                "errors": done.stderr.decode(errors="replace"),
            }
        )
    )


if __name__ == "__main__":
    main()
