from __future__ import annotations

import pytest

from mnist_scratch.config.schema import Config, settings
from mnist_scratch.config.toml import format_config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.sweep.grid import combinations, read_variation


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("optimizer.learning_rate=0.05,0.1", (0.05, 0.1)),
        ("optimizer.learning_rate=1, 2e-3", (1.0, 0.002)),
        ("network.hidden=[800],[512, 512],[]", ((800,), (512, 512), ())),
        ("optimizer.nesterov=true,false", (True, False)),
        ("schedule.name=cosine, one-cycle", ("cosine", "one-cycle")),
        ('data.data_dir="a, b"', ("a, b",)),
        ("training.epochs=7", (7,)),
    ],
)
def test_values_are_toml_with_commas_between(text: str, values: tuple[object, ...]) -> None:
    assert read_variation(text).values == values


def test_every_setting_but_the_seed_can_be_varied() -> None:
    lines = iter(format_config(Config()).splitlines())
    section = ""
    read = 0
    for line in lines:
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("seed"):
            key, _, value = line.partition(" = ")
            variation = read_variation(f"{section}.{key}={value}")
            assert variation.values == (variation.setting.default,)
            read += 1
    assert read == len(settings()) - 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("learning_rate=1", "did you mean 'optimizer.learning_rate'"),
        ("optimizer.learnin_rate=1", "did you mean 'optimizer.learning_rate'"),
        ("optimizer=1", "there is no setting 'optimizer', did you mean 'optimizer.name'?"),
        ("optimizer.lr=1", "did you mean 'optimizer.learning_rate'"),
        ("training.batch=1", "did you mean 'training.batch_size'"),
        ("optimizer.learning_rate", "no value; write optimizer.learning_rate=VALUE,VALUE"),
        ("schedule.name=", "no value"),
        ("optimizer.learning_rate=0.1,0", "learning_rate = 0: must be above 0"),
        ("optimizer.learning_rate=fast", "cannot read the values"),
        ("optimizer.learning_rate=1]\nx=[1", "cannot read the values"),
        ("optimizer.learning_rate=1,1.0", "1.0 is repeated"),
        ("network.hidden=800,512", "must be a list of whole numbers, like [128, 64]"),
        ("schedule.name=cosin", "did you mean 'cosine'"),
    ],
)
def test_what_cannot_be_is_named(text: str, problem: str) -> None:
    with pytest.raises(MnistScratchError) as caught:
        read_variation(text)
    assert str(caught.value).startswith(f"--set {text}")
    assert problem in str(caught.value)


def test_every_combination_is_there_once_with_a_name_that_windows_takes_too() -> None:
    texts = ("network.hidden=[30,20],[]", "training.epochs=9", "schedule.name=cosine,step")
    found = combinations(Config(), [read_variation(text) for text in texts])
    assert [each.labels for each in found] == [
        ["hidden=30x20", "schedule=cosine"],
        ["hidden=30x20", "schedule=step"],
        ["hidden=none", "schedule=cosine"],
        ["hidden=none", "schedule=step"],
    ]
    assert found[1].values == {"network.hidden": (30, 20), "schedule.name": "step"}
    assert {each.config.training.epochs for each in found} == {9}
    assert [each.config.network.hidden for each in found] == [(30, 20), (30, 20), (), ()]
    (odd, _) = combinations(Config(), [read_variation("data.data_dir=a/b: c,d")])
    assert odd.labels == ["data_dir=a_b__c"]


def test_without_variations_there_is_one_combination_without_a_name() -> None:
    (only,) = combinations(Config(), [])
    assert (only.labels, only.config) == ([], Config())


def test_a_setting_that_is_varied_twice_is_an_error() -> None:
    twice = [read_variation(f"training.epochs={number}") for number in (1, 2)]
    with pytest.raises(MnistScratchError, match=r"--set training\.epochs is given twice"):
        combinations(Config(), twice)


def test_a_sweep_does_not_vary_the_seed_but_counts_seeds() -> None:
    with pytest.raises(MnistScratchError, match=r"--set training\.seed: choose .* --seeds"):
        combinations(Config(), [read_variation("training.seed=1,2")])
