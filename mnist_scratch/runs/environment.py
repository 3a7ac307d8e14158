"""The environment of a run, on which its result depends beside the config."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np

from mnist_scratch.config.schema import Config
from mnist_scratch.data.dataset import Examples
from mnist_scratch.system.threads import usable_cpus
from mnist_scratch.version import __version__

# What a result's bytes depend on, beside the config and the data. Another version of the program
# may compute in another order, and so may another NumPy or BLAS, on another CPU or on more of them.
SAME_BYTES = ("mnist_scratch", "numpy", "blas", "cpu", "usable_cpus")


def describe_environment(config: Config, dataset: Examples) -> dict[str, Any]:
    """Return what must be the same for a run to give the same bytes, as JSON values.

    Parameters
    ----------
    config
        The run's, with the number of threads that it computes with.
    dataset
        What it was trained on.
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "mnist_scratch": __version__,
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": {
            "name": blas.get("name"),
            "version": blas.get("version"),
            "threads": config.training.threads,
        },
        "platform": platform.platform(),
        "cpu": _cpu_name(),
        "usable_cpus": usable_cpus(),
        "seed": config.training.seed,
        "dataset": dataset.name,
        "data_sha256": dict(dataset.sha256),
        "same_bytes_need_the_same": ["config.toml with its threads", "data_sha256", *SAME_BYTES],
    }


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git_commit() -> str | None:
    """Return the commit of the checkout that the program runs from, with "+" if it is changed."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    import subprocess  # only in a checkout

    try:
        described = subprocess.run(
            [
                "git",
                "-C",
                str(checkout),
                "describe",
                "--always",
                "--abbrev=40",
                "--dirty=+",
                "--exclude=*",
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
