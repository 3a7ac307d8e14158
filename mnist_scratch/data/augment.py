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

from mnist_scratch.config.schema import AugmentationConfig
from mnist_scratch.data.dataset import PIXELS

_SIDE = 28
_MIDDLE = (_SIDE - 1) / 2

# Paper around the image, for what is looked up outside: one pixel before, two behind, since a place
# between two pixels needs the second too.
_PADDED = _SIDE + 3

# Images at a time. The arrays of so many stay in the cache: 11 microseconds an image, affine and
# elastic, on one core. With 8 images it is 18, for all the calls; with 256 it is no less.
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
    amounts
        How much each image is distorted at most; how much it is, is drawn evenly up to that.
    seeds
        The branch that belongs to augmentation.
    epochs
        How many the training has, for amounts that fade.
    """

    def __init__(
        self, amounts: AugmentationConfig, seeds: np.random.SeedSequence, epochs: int = 1
    ) -> None:
        self.amounts = amounts
        self.epochs = epochs
        self._seeds = seeds
        self._offsets = np.arange(_SIDE, dtype=np.float32) - np.float32(_MIDDLE)  # (28,)
        self._set_strength(amounts.strength(0, epochs))
        self._noise = np.empty((2, _CHUNK, _SIDE, _SIDE), np.float32)
        self._half_smooth = np.empty_like(self._noise)
        self._fields = np.empty_like(self._noise)
        self._places = np.empty_like(self._noise)
        self._floors = np.empty_like(self._noise)
        self._corners = np.empty((4, _CHUNK, PIXELS), np.float32)
        self._indices = np.empty((_CHUNK, PIXELS), np.intp)
        self._padded = np.zeros((_CHUNK, _PADDED, _PADDED), np.float32)
        starts = np.arange(_CHUNK, dtype=np.float32) * _PADDED**2 + (_PADDED + 1)
        self._starts = starts[:, None, None]  # of the images in the flat padded array

    def distort(
        self,
        pixels: npt.NDArray[np.uint8],
        out: npt.NDArray[np.float32],
        epoch: int,
        batch: int,
    ) -> None:
        """Distort the images of a batch.

        Parameters
        ----------
        pixels
            uint8 (B, 784).
        out
            float32 (B, 784), where the distorted images go, 0 to 255 still, with fractions.
        epoch, batch
            Which batch of the run it is, each counted from 0.
        """
        seeds = np.random.SeedSequence(
            self._seeds.entropy, spawn_key=(*self._seeds.spawn_key, epoch, batch)
        )
        rng = np.random.default_rng(seeds)
        strength = self.amounts.strength(epoch, self.epochs)
        if strength != self._strength:
            self._set_strength(strength)
        for start in range(0, len(pixels), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            self._place(len(pixels[chunk]), rng)
            self._sample(pixels[chunk], out[chunk])

    def _set_strength(self, strength: float) -> None:
        self._strength = strength
        self._now = self.amounts.weakened(strength)
        self._smoothing = _smoothing(self._now.elastic_alpha, self._now.elastic_sigma)

    def _place(self, count: int, rng: np.random.Generator) -> None:
        """Draw where the pixels of `count` images are looked up."""
        maps = self._draw_maps(count, rng)
        # A row and a column each contribute their part of a place, so two vectors an image are
        # multiplied and a sum over both makes the 784 places.
        by_row = maps[:, :, 0, None] * self._offsets + maps[:, :, 2, None]  # (2, B, 28)
        by_column = maps[:, :, 1, None] * self._offsets  # (2, B, 28)
        places = self._places[:, :count]
        np.add(by_row[:, :, :, None], by_column[:, :, None, :], out=places)
        if self._now.elastic_alpha:
            noise, half, fields = (
                array[:, :count] for array in (self._noise, self._half_smooth, self._fields)
            )
            for axis in range(2):
                rng.random(dtype=np.float32, out=noise[axis])
            noise *= 2.0
            noise -= 1.0
            np.matmul(noise, self._smoothing, out=half)
            np.matmul(self._smoothing.T, half, out=fields)
            places += fields
        np.clip(places, -1.0, _SIDE, out=places)

    def _draw_maps(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        """Draw affine maps (2, B, 3): row and column looked up, by row, by column, and constant."""
        amounts = self._now
        turn, scale_rows, scale_columns, slip, *shifts = rng.uniform(-1.0, 1.0, (6, count))
        angle = math.radians(amounts.rotation) * turn
        cosine, sine = np.cos(angle), np.sin(angle)
        scale_rows = (1.0 + amounts.scale) ** scale_rows
        scale_columns = (1.0 + amounts.scale) ** scale_columns
        slip = amounts.shear * slip
        middle = _MIDDLE + amounts.shift * np.array(shifts)  # (2, B)
        maps = np.empty((2, count, 3), np.float32)
        maps[0, :, 0] = scale_rows * cosine
        maps[0, :, 1] = -scale_columns * sine
        maps[1, :, 0] = scale_rows * (sine + slip * cosine)
        maps[1, :, 1] = scale_columns * (cosine - slip * sine)
        maps[:, :, 2] = middle
        return maps

    def _sample(self, pixels: npt.NDArray[np.uint8], out: npt.NDArray[np.float32]) -> None:
        """Look the places up, bilinearly: each pixel is a mean of four, weighted by nearness."""
        count = len(pixels)
        places, floors = self._places[:, :count], self._floors[:, :count]
        np.floor(places, out=floors)
        places -= floors  # what is left is how near the next pixel is
        down, right = (place.reshape(count, PIXELS) for place in places)
        rows, columns = floors
        # Below 2^24 float32 counts exactly, and its sums are four times as fast as those of int64.
        rows *= _PADDED
        rows += columns
        rows += self._starts[:count]
        indices = self._indices[:count]
        np.copyto(indices, rows.reshape(count, PIXELS), casting="unsafe")
        self._padded[:count, 1 : _SIDE + 1, 1 : _SIDE + 1] = pixels.reshape(count, _SIDE, _SIDE)
        flat = self._padded.reshape(-1)
        above, above_right, below, below_right = (corner[:count] for corner in self._corners)
        # The neighbours are the same indices in an array that begins later.
        flat.take(indices, out=above, mode="clip")
        flat[1:].take(indices, out=above_right, mode="clip")
        flat[_PADDED:].take(indices, out=below, mode="clip")
        flat[_PADDED + 1 :].take(indices, out=below_right, mode="clip")
        _blend(above, above_right, right, out=above)
        _blend(below, below_right, right, out=below)
        _blend(above, below, down, out=out)


def _blend(
    here: npt.NDArray[np.float32],
    there: npt.NDArray[np.float32],
    nearness: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
) -> None:
    """Go from `here` to `there` as far as it is near, 0 to 1; `there` is overwritten."""
    there -= here
    there *= nearness
    np.add(here, there, out=out)


def _smoothing(alpha: float, sigma: float) -> npt.NDArray[np.float32]:
    """Return the matrix (28, 28) whose columns smooth a line, times the square root of alpha.

    A field is smoothed along its rows and along its columns, so the two roots make alpha. Uniform
    displacements have the variance 1/3, and a Gaussian whose weights sum to 1 leaves
    1 / (2 sqrt(pi) sigma) of it along each axis: away from the border the field's standard
    deviation is alpha / (2 sqrt(3 pi) sigma) pixels, 1.4 with Simard's 34 and 4.
    """
    positions = np.arange(_SIDE)
    columns = np.exp(-((positions[:, None] - positions) ** 2) / (2.0 * sigma**2))
    lengths = np.sqrt(np.sum(columns**2, axis=0))
    inner = 1.0 / math.sqrt(2.0 * math.sqrt(math.pi) * sigma)
    smoothing: npt.NDArray[np.float64] = columns / lengths * (inner * math.sqrt(alpha))
    return smoothing.astype(np.float32)
