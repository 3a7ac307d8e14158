"""Every reader that is fuzzed, by name."""

from __future__ import annotations

from archive_targets import CHECKPOINT, MODEL
from config_target import CONFIG
from idx_target import IDX

TARGETS = {"idx": IDX, "model": MODEL, "checkpoint": CHECKPOINT, "config": CONFIG}
