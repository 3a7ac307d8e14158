"""Pictures as people take them: how many digits of each kind are right, wrong, or refused.

`python -m pytest -m slow -rP tests/data/pictures/test_kinds.py` prints the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from helpers.kinds_of_pictures import KINDS, NOTHING, WANTED
from helpers.load_digits import load_digits
from PIL import Image

from mnist_scratch.config.schema import with_values
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.pictures.own import read_picture
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.predict import predict_found
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.model import load_model
from mnist_scratch.runs.run import run_training

pytestmark = pytest.mark.mnist


class Answer(NamedTuple):
    """What was said of a picture; the class is None if it was refused."""

    kind: str
    digit: int
    answer: int | None
    probability: float

    @property
    def is_right(self) -> bool:
        return self.answer == self.digit and KINDS[self.kind][0] != NOTHING

    @property
    def is_sure(self) -> bool:
        return self.answer is not None and self.probability > 0.9


@pytest.fixture(scope="module")
def network(mnist_run: Path) -> Network:
    return load_model(mnist_run)


@pytest.fixture(scope="module")
def images(mnist_dir: Path) -> Examples:
    return load_dataset("mnist", str(mnist_dir)).test


def answers(
    network: Network, images: Examples, kind: str, count: int, seed: int, folder: Path
) -> list[Answer]:
    """Make pictures of test images, and read them as `predict --one` does."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    found = []
    for index in rng.integers(0, len(images.images), count).tolist():
        path = folder / "picture"
        path.write_bytes(KINDS[kind][1](images.images[index], rng))
        found.append(answer(network, path, kind, int(images.labels[index])))
    return found


def answer(network: Network, path: Path, kind: str, digit: int) -> Answer:
    try:
        said = predict_found(network, read_picture(path)[np.newaxis])[0]
    except MnistScratchError:
        return Answer(kind, digit, None, 0.0)
    return Answer(kind, digit, int(said.argmax()), said.max())


def line(name: str, found: list[Answer]) -> str:
    right = np.mean([each.is_right for each in found])
    refused = np.mean([each.answer is None for each in found])
    sure = np.mean([each.is_sure and not each.is_right for each in found])
    numbers = (right, 1 - right - refused, sure, refused)
    return f"{name:26}{len(found):6}" + "".join(f"{100 * each:10.1f}" for each in numbers)


@pytest.mark.slow
def test_of_200_pictures_of_each_group_as_many_are_right_as_the_table_wants(
    network: Network, images: Examples, tmp_path: Path
) -> None:
    print(f"{'':26}{'of':>6}{'right %':>10}{'wrong':>10}{'sure,wrong':>10}{'refused':>10}")
    everything, failed = [], []
    for group, (right, sure_and_wrong) in WANTED.items():
        kinds = [kind for kind, (of, _) in KINDS.items() if of == group]
        found = []
        for kind in kinds:
            of_kind = answers(network, images, kind, -(-200 // len(kinds)), 2, tmp_path)
            print(line(f"  {kind}", of_kind))
            found += of_kind
        print(line(group, found))
        everything += found
        sure = np.mean([each.is_sure and not each.is_right for each in found])
        if 100 * np.mean([each.is_right for each in found]) < right or 100 * sure > sure_and_wrong:
            failed.append(group)
    sure_ones = [each.is_right for each in everything if each.is_sure]
    print(f"of answers of 90 to 100%, right: {np.mean(sure_ones):.1%}")
    assert not failed
    assert np.mean(sure_ones) >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "right", "sure_and_wrong"), [("default", 0.90, 0.03), ("fast99", 0.92, 0.01)]
)
def test_of_scikit_learn_s_digits_nine_of_ten_are_right_and_few_surely_wrong(
    mnist_dir: Path, tmp_path: Path, recipe: str, right: float, sure_and_wrong: float
) -> None:
    values: dict[tuple[str, str], object] = {
        ("data", "dataset"): "mnist",
        ("data", "data_dir"): str(mnist_dir),
    }
    networks = []
    for seed in range(3):
        values["training", "seed"] = seed
        config = with_values(read_config(find_config(recipe)), values, "test")
        networks.append(run_training(config, tmp_path / f"run {seed}").directory.model())
    path, found = tmp_path / "picture.png", []
    for pixels, digit in zip(*load_digits(), strict=True):
        small = Image.fromarray(np.rint(255 - 255 / 16 * pixels).astype(np.uint8))
        small.resize((120, 120), Image.Resampling.BICUBIC).save(path)
        found += [answer(network, path, "plain", int(digit)) for network in networks]
    print(line(f"load_digits, {recipe}", found))
    assert np.mean([each.is_right for each in found]) >= right
    assert np.mean([each.is_sure and not each.is_right for each in found]) <= sure_and_wrong


FEW = [
    "enlarged MNIST",
    "shadow edge across",
    "dark table, two sides",
    "black table, four sides",
    "lighter table",
    "scan with black corners",
    "frame",
    "boxes of a form",
    "ruled, dark as pencil",
    "squared",
    "dotted",
    "faint pencil",
]


def test_few_pictures_of_many_kinds_are_read_and_none_surely_wrong(
    network: Network, images: Examples, tmp_path: Path
) -> None:
    found = [each for kind in FEW for each in answers(network, images, kind, 3, 1, tmp_path)]
    assert np.mean([each.is_right for each in found]) > 0.9
    assert not [each for each in found if each.is_sure and not each.is_right]


@pytest.mark.parametrize("kind", ["blank", "noise", "scribble", "photograph"])
def test_what_is_no_digit_is_not_answered_surely(
    kind: str, network: Network, images: Examples, tmp_path: Path
) -> None:
    assert not any(each.is_sure for each in answers(network, images, kind, 3, 1, tmp_path))
