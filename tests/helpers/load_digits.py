"""scikit-learn's 1,797 digits of 8 x 8 pixels, as `sklearn.datasets.load_digits` has them.

They are read from its file. To import scikit-learn takes seconds, and loads a BLAS beside NumPy's.
"""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt


def load_digits() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return images (1797, 8, 8), grey levels from 0 to 16, and labels (1797,)."""
    package = find_spec("sklearn")
    assert package is not None, "pip install -e '.[dev]' installs scikit-learn"
    assert package.origin is not None
    with gzip.open(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz") as file:
        rows = np.loadtxt(file, delimiter=",")  # (1797, 65)
    return rows[:, :64].reshape(-1, 8, 8), rows[:, 64].astype(np.int64)
