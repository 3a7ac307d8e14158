"""What the figures were measured on: CPU, cores, BLAS, versions."""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.threads import environment
from benchmarks.work import Data
from mnist_scratch import __version__
from mnist_scratch.system.threads import usable_cpus

# In a process of its own, so that no library of the benchmark's stands beside the one asked about.
_POOLS = """
import json, numpy, threadpoolctl
kept = ("internal_api", "version", "architecture", "num_threads", "threading_layer")
print(json.dumps([{k: pool.get(k) for k in kept} for pool in threadpoolctl.threadpool_info()]))
"""
_TORCH_CONFIG = "import torch; print(torch.__config__.show())"


def describe(data: Data) -> dict[str, Any]:
    """Return the machine and the versions as JSON values."""
    packages = ("numpy", "torch", "scikit-learn")
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_name(),
        "usable_cores": usable_cpus(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages} | {"mnist_scratch": __version__},
        "numpy_pools": json.loads(_ask(_POOLS)),
        "torch_blas": _torch_blas(),
        "data": data.dataset,
    }


def head(machine: dict[str, Any]) -> list[str]:
    """Return the lines that stand above all figures."""
    versions = machine["versions"]
    numpy_pools = "; ".join(map(_pool_text, machine["numpy_pools"]))
    return [
        f"{machine['cpu']}, usable cores: {machine['usable_cores']}; {machine['system']}",
        f"Python {machine['python']}, NumPy {versions['numpy']}: {numpy_pools}",
        f"PyTorch {versions['torch']}, eager: {machine['torch_blas']}",
        f"scikit-learn {versions['scikit-learn']}; data: {machine['data']}; {machine['date']}",
    ]


def _pool_text(pool: dict[str, Any]) -> str:
    parts = [pool["internal_api"], pool["version"], pool["architecture"], pool["threading_layer"]]
    return " ".join(part for part in parts if part)


def _ask(program: str) -> str:
    """Return what a program in a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    return done.stdout


def _torch_blas() -> str:
    """Return the lines of PyTorch's description of itself that name what multiplies matrices."""
    lines = [line.strip(" -") for line in _ask(_TORCH_CONFIG).splitlines()]
    named = [line for line in lines if re.search("Math Kernel|OpenBLAS|MKL-DNN", line)]
    return "; ".join(
        re.sub(r"Intel\(R\) |oneAPI |-Product Build.*| \(Git Hash.*", "", line) for line in named
    )


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
