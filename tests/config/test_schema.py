from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_scratch
from mnist_scratch.config.schema import (
    Config,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    Setting,
    TrainingConfig,
    settings,
    with_values,
)
from mnist_scratch.config.toml import find_config, format_config, parse_config, read_config, recipes
from mnist_scratch.errors import MnistScratchError

WRONG: list[tuple[type, str, Any, str]] = [
    (TrainingConfig, "epochs", 1.5, "TrainingConfig: epochs = 1.5: must be a whole number"),
    (TrainingConfig, "epochs", np.float64(2.0), r"np.float64\(2.0\): must be a whole number"),
    (TrainingConfig, "epochs", True, "epochs = True: must be a whole number"),
    (TrainingConfig, "batch_size", 0, "TrainingConfig: batch_size = 0: must be at least 1"),
    (TrainingConfig, "loss", "mse", "'mse': must be one of cross-entropy, squared-error$"),
    (TrainingConfig, "loss", None, 'must be a text in "quotes", one of cross-entropy, squared-e'),
    (NetworkConfig, "activation", "rleu", r"'rleu': .* of relu, .*, did you mean 'relu'\?"),
    (NetworkConfig, "hidden", 128, "hidden = 128: must be a list of whole numbers, like"),
    (NetworkConfig, "hidden", [3.5], "hidden = .*: must be a list of whole numbers"),
    (NetworkConfig, "hidden", np.array([[3]]), r"array\(\[\[3\]\]\): must be a list of whole"),
    (NetworkConfig, "hidden", np.ma.array([3, 4], mask=[False, True]), "must be a list of whole"),
    (OptimizerConfig, "learning_rate", np.nan, "learning_rate = nan: must be a finite number"),
    (OptimizerConfig, "learning_rate", "0.1", "learning_rate = '0.1': must be a number"),
    (OptimizerConfig, "learning_rate", np.array([0.1]), "must be a number"),
]


@pytest.mark.parametrize(("kind", "key", "value", "message"), WRONG)
def test_a_section_that_is_wrong_is_refused_when_it_is_made(
    kind: type, key: str, value: Any, message: str
) -> None:
    with pytest.raises(MnistScratchError, match=message) as error:
        kind(**{key: value})
    assert "\n" not in str(error.value)
    with pytest.raises(MnistScratchError, match=message):
        dataclasses.replace(kind(), **{key: value})


ODD: list[Any] = [None, True, 0, 1, -1, 3, 10**10, 0.0, 0.5, -0.5, 1.0, 1e300, np.inf, "", "sgd"]
ODD += ["\0", (), (3,), [0], ["3"], {}, b"sgd", 1j]


@pytest.mark.parametrize("setting", settings(), ids=lambda setting: setting.flag)
def test_python_refuses_what_a_file_refuses(setting: Setting) -> None:
    kind: Callable[..., object] = type(getattr(Config(), setting.section))
    key = setting.section, setting.key

    def outcome(make: Callable[[], Any], place: str) -> object:
        try:
            return make()
        except MnistScratchError as error:
            return str(error).removeprefix(place)

    for value in ODD:
        ours = outcome(
            functools.partial(kind, **{setting.key: value}), f"{setting.section.title()}Config: "
        )
        read = outcome(
            functools.partial(with_values, Config(), {key: value}, "f"), f"f: [{setting.section}] "
        )
        assert ours == getattr(read, setting.section, read)


def test_numbers_and_texts_of_numpy_become_pythons_own(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "learning_rate": np.float64(0.2),
        "momentum": np.float32(0.5),
        "weight_decay": np.array(0.25),
        "beta1": np.longdouble(0.5),
        "beta2": np.int16(0),
        "nesterov": np.bool_(False),
        "name": np.str_("adam"),
    }
    optimizer = OptimizerConfig(**values)
    plain = OptimizerConfig(
        "adam", 0.2, 0.5, nesterov=False, weight_decay=0.25, beta1=0.5, beta2=0.0
    )
    training = TrainingConfig(epochs=np.int64(3), seed=np.uint64(2**63))  # type: ignore[arg-type]
    for hidden in ([np.int32(30), 20], np.array([30, 20], np.uint8), (30, np.int64(20))):
        config = Config(
            data=DataConfig(data_dir=tmp_path),  # type: ignore[arg-type]
            network=NetworkConfig(hidden=hidden),  # type: ignore[arg-type]
            optimizer=optimizer,
            training=training,
        )
        expected = Config(
            data=DataConfig(data_dir=str(tmp_path)),
            network=NetworkConfig(hidden=(30, 20)),
            optimizer=plain,
            training=TrainingConfig(epochs=3, seed=2**63),
        )
        assert repr(config) == repr(expected), "1 == np.int64(1), but their texts differ"
        assert parse_config(format_config(config), "here") == expected
        assert hash(config) == hash(expected)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"training": TrainingConfig},
            r"Config: training = <class .*>: must be an instance of TrainingConfig, like Training",
        ),
        ({"training": {"epochs": 3}}, r"Config: training = {'epochs': 3}: must be an instance of"),
        (
            {"data": TrainingConfig()},
            r"Config: data = TrainingConfig\(.*: must be an instance of Da",
        ),
        ({"epochs": 3}, r"Config.* unexpected keyword argument 'epochs'"),
    ],
)
def test_a_config_takes_its_sections_alone(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Config(**sections)


def test_a_config_shows_what_differs_from_the_defaults() -> None:
    assert repr(Config()) == "Config()"
    config = Config(network=NetworkConfig(hidden=(30,)), training=TrainingConfig(epochs=3, seed=1))
    assert repr(config) == (
        "Config(network=NetworkConfig(hidden=(30,)), training=TrainingConfig(epochs=3, seed=1))"
    )


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_is_shown_in_a_few_lines_that_make_it_again(name: str) -> None:
    config = read_config(find_config(name))
    assert len(repr(config).splitlines()) <= 5
    assert eval(repr(config), vars(mnist_scratch)) == config  # noqa: S307


@pytest.mark.parametrize(
    "made", [Config(), Config().training], ids=lambda made: type(made).__name__
)
def test_a_config_is_not_changed_in_place(made: Any) -> None:
    (name, *_) = vars(made)
    words = f"{name}: a {type(made).__name__} is not changed in place; make a new one with"
    with pytest.raises(AttributeError, match=words):
        setattr(made, name, 1)
    with pytest.raises(AttributeError, match=words):
        delattr(made, name)
    assert copy.deepcopy(made) == made
