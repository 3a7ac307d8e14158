"""Distorted images of digits: what a hand might have written as well.

Every pixel of a distorted image is looked up at another place of the original. An affine map moves
all places together, a smooth random field moves each on its own; the two are added, so that the
image is sampled once and blurred once.

Shapes: B images in a batch; 784 = 28 x 28 pixels. Places are counted in pixels from the centre of
the first one.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import as_integer
from mnist_scratch.data.dataset import PIXELS
from mnist_scratch.nn.checks import NOT_NEGATIVE, POSITIVE, Range, as_number
from mnist_scratch.system.text import shown

Float32Array = npt.NDArray[np.float32]

_SHARE = Range("a number from 0 to 1", 0.0, math.nextafter(1.0, 2.0))

_SIDE = 28
_MIDDLE = (_SIDE - 1) / 2
_OFFSETS = np.arange(_SIDE, dtype=np.float32) - np.float32(_MIDDLE)  # (28,), from the middle

# Background around the image, for what is looked up outside: one pixel before, two behind, since a
# place between two pixels needs the second too.
_PADDED = _SIDE + 3

# Images at a time, whose arrays stay in the cache: 11 microseconds an image, affine and elastic, on
# one core. With 8 images it is 18, for all the calls; with 256 it is no less.
_CHUNK = 64


class Augmentation:
    """Distorts batches, each from a branch of its own of the run's random numbers.

    A batch's numbers depend on the seed, the epoch and the batch's place in it, and on nothing that
    was drawn before: a run that is resumed needs no more state than where it stands.

    Elastic fields are Simard, Steinkraus and Platt's (2003, section 2): uniform displacements
    between -1 and 1, convolved with a Gaussian, times alpha. Near the border, where part of the
    Gaussian has no displacements, the rest weighs more, so that the field is as strong there.

    Parameters
    ----------
    seeds
        The branch that belongs to augmentation.
    epochs
        How many the training has, for distortion that fades.
    rotation
        Degrees, to either side. How much an image is distorted is drawn evenly up to each amount.
    scale
        Share by which each axis is enlarged or shrunk.
    shear
        Pixels by which each row slips against the next.
    shift
        Pixels along each axis.
    elastic_alpha
        Strength of the elastic field, in pixels before smoothing.
    elastic_sigma
        Standard deviation of the Gaussian that smooths it, in pixels.
    fade
        Share of the epochs, at the end, over which all amounts shrink to nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another kind, an amount is negative or not finite, sigma is not above
        0, the share is above 1, or there is no epoch.
    """

    def __init__(
        self,
        seeds: np.random.SeedSequence,
        epochs: int = 1,
        *,
        rotation: float = 0.0,
        scale: float = 0.0,
        shear: float = 0.0,
        shift: float = 0.0,
        elastic_alpha: float = 0.0,
        elastic_sigma: float = 4.0,
        fade: float = 0.0,
    ) -> None:
        if not isinstance(seeds, np.random.SeedSequence):
            raise TypeError(f"seeds = {shown(seeds)}: must be a numpy.random.SeedSequence(seed)")
        self._seeds = seeds
        self.epochs = as_integer(epochs, "epochs")
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}: must be at least 1")
        self.rotation = as_number(rotation, "rotation", NOT_NEGATIVE)
        self.scale = as_number(scale, "scale", NOT_NEGATIVE)
        self.shear = as_number(shear, "shear", NOT_NEGATIVE)
        self.shift = as_number(shift, "shift", NOT_NEGATIVE)
        self.elastic_alpha = as_number(elastic_alpha, "elastic_alpha", NOT_NEGATIVE)
        self.elastic_sigma = as_number(elastic_sigma, "elastic_sigma", POSITIVE)
        self.fade = as_number(fade, "fade", _SHARE)
        self._smoothing = _smoothing(self.elastic_sigma)  # (28, 28)

    def distort(self, pixels: npt.NDArray[np.uint8], epoch: int, batch: int) -> Float32Array:
        """Return the distorted images of a batch.

        Parameters
        ----------
        pixels
            uint8 (B, 784).
        epoch, batch
            Which batch of the run it is, each counted from 0.

        Returns
        -------
        float32 (B, 784)
            0 to 255 still, with fractions.
        """
        seeds = np.random.SeedSequence(
            self._seeds.entropy, spawn_key=(*self._seeds.spawn_key, epoch, batch)
        )
        rng = np.random.default_rng(seeds)
        strength = self._strength(epoch)
        chunks = [pixels[start : start + _CHUNK] for start in range(0, len(pixels), _CHUNK)]
        return np.concatenate(
            [_sample(chunk, self._places(len(chunk), strength, rng)) for chunk in chunks]
        )

    def _strength(self, epoch: int) -> float:
        """Return what an epoch's amounts are multiplied by: 1, and less while they fade."""
        left = self.epochs - epoch  # with this one: the last epoch is not quite without distortion
        return min(1.0, left / (self.fade * self.epochs)) if self.fade else 1.0

    def _places(self, count: int, strength: float, rng: np.random.Generator) -> Float32Array:
        """Draw where the pixels of images are looked up: rows and columns (2, B, 28, 28)."""
        maps = self._maps(count, strength, rng)
        # A row and a column each contribute their part of a place, so two vectors an image are
        # multiplied and a sum over both makes the 784 places.
        by_row = maps[:, :, 0, None] * _OFFSETS + maps[:, :, 2, None]  # (2, B, 28)
        by_column = maps[:, :, 1, None] * _OFFSETS  # (2, B, 28)
        places: Float32Array = by_row[:, :, :, None] + by_column[:, :, None, :]  # (2, B, 28, 28)
        if self.elastic_alpha * strength:
            # Multiplied from both sides, along rows and along columns: two roots make alpha.
            smoothing = self._smoothing * np.float32(math.sqrt(self.elastic_alpha * strength))
            noise = rng.random((2, count, _SIDE, _SIDE), dtype=np.float32)
            noise *= 2.0
            noise -= 1.0
            places += smoothing.T @ (noise @ smoothing)
        return np.clip(places, -1.0, _SIDE, out=places)

    def _maps(self, count: int, strength: float, rng: np.random.Generator) -> Float32Array:
        """Draw affine maps (2, B, 3): row and column looked up, by row, by column, and constant."""
        turn, scale_rows, scale_columns, slip, *shifts = rng.uniform(-1.0, 1.0, (6, count))
        angle = math.radians(self.rotation * strength) * turn
        cosine, sine = np.cos(angle), np.sin(angle)
        scale_rows = (1.0 + self.scale * strength) ** scale_rows
        scale_columns = (1.0 + self.scale * strength) ** scale_columns
        slip = self.shear * strength * slip
        maps = np.empty((2, count, 3), np.float32)
        # Shear times rotation times the scale of each axis.
        maps[0, :, 0] = scale_rows * cosine
        maps[0, :, 1] = -scale_columns * sine
        maps[1, :, 0] = scale_rows * (sine + slip * cosine)
        maps[1, :, 1] = scale_columns * (cosine - slip * sine)
        maps[:, :, 2] = _MIDDLE + self.shift * strength * np.array(shifts)  # (2, B)
        return maps


def _sample(pixels: npt.NDArray[np.uint8], places: Float32Array) -> Float32Array:
    """Look places (2, B, 28, 28) up, each as a mean of four pixels. Overwrites the places."""
    count = len(pixels)
    padded = np.zeros((count, _PADDED, _PADDED), np.float32)
    padded[:, 1 : _SIDE + 1, 1 : _SIDE + 1] = pixels.reshape(count, _SIDE, _SIDE)
    flat = padded.reshape(-1)
    floors = np.floor(places)
    places -= floors
    down, right = places.reshape(2, count, PIXELS)  # how near the next pixel is
    # Below 2^24 float32 counts exactly, and its sums are four times as fast as those of int64.
    rows, columns = floors
    rows *= _PADDED
    rows += columns
    rows += np.arange(count, dtype=np.float32)[:, None, None] * _PADDED**2 + (_PADDED + 1)
    indices = rows.astype(np.intp).reshape(count, PIXELS)
    # The neighbours are the same indices in an array that begins later.
    above = _blend(flat.take(indices), flat[1:].take(indices), right)
    below = _blend(flat[_PADDED:].take(indices), flat[_PADDED + 1 :].take(indices), right)
    return _blend(above, below, down)


def _blend(here: Float32Array, there: Float32Array, nearness: Float32Array) -> Float32Array:
    """Return what lies between `here` and `there`, as far as it is near, 0 to 1."""
    there -= here
    there *= nearness
    there += here
    return there


def _smoothing(sigma: float) -> Float32Array:
    """Return the matrix (28, 28) whose columns smooth a line.

    A field is smoothed along its rows and along its columns. Uniform displacements have the
    variance 1/3, and a Gaussian whose weights sum to 1 leaves 1 / (2 sqrt(pi) sigma) of it along
    each axis: away from the border the field's standard deviation is alpha / (2 sqrt(3 pi) sigma)
    pixels, 1.4 with Simard's 34 and 4.
    """
    positions = np.arange(_SIDE)
    columns = np.exp(-((positions[:, None] - positions) ** 2) / (2.0 * sigma**2))
    lengths = np.sqrt(np.sum(columns**2, axis=0))
    inner = 1.0 / math.sqrt(2.0 * math.sqrt(math.pi) * sigma)
    smoothing: npt.NDArray[np.float64] = columns / lengths * inner
    return smoothing.astype(np.float32)
