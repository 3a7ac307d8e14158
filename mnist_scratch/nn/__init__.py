"""The mathematics of training: layers, network, loss, optimizer, schedule.

Nothing here knows where images come from or where results go; NumPy is the only import.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
