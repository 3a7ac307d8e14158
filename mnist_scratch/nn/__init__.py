"""The mathematics of training: layers, network, loss, optimizer, schedule.

Nothing here knows where images come from or where results go; NumPy is the only import.

Read first, in this order: `layers.py`, `network.py` (forward, backward), `loss.py` down to
`LOSSES`, `optimizer.py`; then `data/loader.py` and `Trainer._train_step`, for a whole step of
training. Skip at first: `checks.py` and `attributes.py` (what is refused), `memory.py`, and
`cross_entropy_reference.py` (PyTorch's options, which training does not use).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
