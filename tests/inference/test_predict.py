"""Pictures of digits: MNIST's test images, enlarged, moved and saved, are read as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.inference.predict import predict, probabilities_of
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder


def moved(
    image: NDArray[np.uint8], resampling: Image.Resampling, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Enlarge to 280 x 280, move as far off centre as the ink allows, invert."""
    enlarged = np.asarray(Image.fromarray(image).resize((280, 280), resampling))
    rows, columns = (np.flatnonzero((enlarged > 5).any(axis=axis)) for axis in (1, 0))
    shift = [rng.integers(-lit[0], 280 - lit[-1]) for lit in (rows, columns)]
    return 255 - np.roll(enlarged, shift, (0, 1))


def lost_by_being_pictures(
    network: Network, test: Dataset, resampling: Image.Resampling, folder: Path
) -> float:
    """Return by how much the accuracy falls. A picture that is refused is an error."""
    rng = np.random.default_rng(8)
    read = []
    for number, image in enumerate(test.images):
        path = folder / f"{number}.png"
        Image.fromarray(moved(image, resampling, rng)).save(path, compress_level=1)
        read.append(predict(network, str(path), "auto").digit)
        path.unlink()
    original = probabilities_of(network, test.images).argmax(axis=1)
    accuracies = [float((digits == test.labels).mean()) for digits in (original, np.array(read))]
    print(  # pytest -s shows the figures
        f"{resampling.name}: {accuracies[0]:.2%} of the images, {accuracies[1]:.2%} as pictures"
    )
    return accuracies[0] - accuracies[1]


@pytest.fixture(scope="module")
def network(mnist_run: Path) -> Network:
    """Return that of the default recipe, trained on MNIST."""
    return RunFolder(mnist_run).model()


@pytest.mark.mnist
def test_five_hundred_enlarged_test_images_lose_less_than_half_a_point(
    network: Network, mnist_dir: Path, tmp_path: Path
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    few = Dataset("few", test.images[::20], test.labels[::20])
    nearest = Image.Resampling.NEAREST
    assert lost_by_being_pictures(network, few, nearest, tmp_path) < 0.005


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize(
    "resampling",
    [Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS],
    ids=lambda resampling: resampling.name,
)
def test_all_enlarged_test_images_lose_less_than_half_a_point(
    network: Network, mnist_dir: Path, tmp_path: Path, resampling: Image.Resampling
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    assert lost_by_being_pictures(network, test, resampling, tmp_path) < 0.005


@pytest.mark.mnist
def test_a_test_image_saved_as_it_is_comes_back_byte_for_byte(
    network: Network, mnist_dir: Path, tmp_path: Path
) -> None:
    for image in load_dataset("mnist", str(mnist_dir)).test.images[:200]:
        for picture in (image, 255 - image):
            Image.fromarray(picture).save(tmp_path / "image.png")
            seen = predict(network, str(tmp_path / "image.png"), "auto").image
            assert np.array_equal(seen, image)
