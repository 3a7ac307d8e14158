"""What holds for the whole public API: arguments stay as they are, results stay as they were."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mnist_scratch as ms

# Plain values: to make one does nothing that a test below could find wrong.
NOTHING_TO_HOLD = {
    *("MnistScratchError", "__version__"),
    *(name for name in ms.__all__ if name.endswith("Config")),
}


class Make:
    """New arguments, from a seed and in a layout of memory; all arrays are read-only."""

    def __init__(self, seed: int, layout: str = "C", folder: Path = Path()) -> None:
        self.rng = np.random.default_rng(seed)
        self.layout = layout
        self.folder = folder

    def array(self, values: Any) -> Any:
        """Return values as an array that cannot be written to."""
        array = np.array(values, order="F" if self.layout == "F" else "C")
        if self.layout == "strided":
            array = np.repeat(array, 2, axis=0)[::2]
        array.flags.writeable = False
        return array

    def logits(self) -> Any:
        return self.array(self.rng.normal(0.0, 3.0, (6, 10)).astype(np.float32))

    def predictions(self) -> Any:
        return self.array(self.rng.dirichlet(np.ones(10), 6).astype(np.float32))

    def targets(self) -> Any:
        return self.array(np.eye(10, dtype=np.float32)[self.rng.integers(0, 10, 6)])

    def pixels(self) -> Any:
        return self.array(self.rng.integers(0, 256, (60, 28, 28)).astype(np.uint8))

    def labels(self) -> Any:
        return self.array(np.arange(60, dtype=np.uint8) % 10)

    def images(self) -> Any:
        return self.array(self.rng.normal(size=(6, 784)).astype(np.float32))

    def dataset(self) -> ms.Dataset:
        return ms.Dataset("digits", self.pixels(), self.labels())

    def network(self) -> ms.Network:
        seed = int(self.rng.integers(100))
        return ms.Network([ms.Dense(784, 4), ms.Tanh(), ms.Dense(4, 10)], rng=seed)

    def config(self) -> ms.Config:
        return ms.Config(training=ms.TrainingConfig(epochs=2, batch_size=16))

    def picture(self) -> Path:
        from PIL import Image

        page = np.full((60, 60), 255, np.uint8)
        page[15:45, 28:33] = 0
        path = self.folder / "one.png"
        Image.fromarray(page).save(path)
        return path

    def model(self) -> Path:
        path = self.folder / "model.npz"
        ms.save_model(path, self.network())
        return path


@dataclasses.dataclass
class Use:
    """Public names in use.

    Attributes
    ----------
    arguments
        What `call` is called with and must not change.
    call
        Returns all that a user can get from the call.
    later
        What may come after it: whatever was returned must not change by it.
    shows_progress
        Whether it writes to standard error.
    """

    arguments: tuple[Any, ...]
    call: Callable[..., Any]
    later: Callable[[], object] = lambda: None
    shows_progress: bool = False


def use_loss(kind: Any) -> Callable[[Make], Use]:
    def use(make: Make) -> Use:
        loss = kind()

        def call(logits: Any, targets: Any) -> Any:
            value = loss.forward(logits, targets)
            return value, loss.predictions, loss.backward(), loss.backward()

        def later() -> None:
            loss.forward(make.logits(), make.targets())
            loss.backward()

        return Use((make.logits(), make.targets()), call, later)

    return use


def use_activation(kind: Any) -> Callable[[Make], Use]:
    def use(make: Make) -> Use:
        layer = kind()
        return Use(
            (make.images(), make.images()),
            lambda inputs, d_outputs: (layer.forward(inputs), layer.backward(d_outputs)),
            lambda: layer.backward(layer.forward(make.images())),
        )

    return use


def use_network(make: Make) -> Use:
    network = make.network()
    optimizer = ms.SGD(network, 0.1)

    def call(images: Any, d_logits: Any) -> Any:
        logits = network.forward(images)
        network.backward(d_logits)
        return logits, repr(network)

    def later() -> None:
        network.forward(make.images())
        network.backward(make.logits())
        optimizer.step()

    return Use((make.images(), make.logits()), call, later)


def use_optimizer(kind: Any) -> Callable[[Make], Use]:
    def use(make: Make) -> Use:
        network = make.network()
        network.forward(make.images())
        network.backward(make.logits())

        def call(gradients: Any) -> Any:
            kind(network, 0.01).step()

        return Use((network.gradients,), call)

    return use


def use_loader(make: Make) -> Use:
    def call(images: Any, labels: Any) -> Any:
        return list(loader_of(images, labels)), loader_of(images, labels).order

    def later() -> None:
        for batch in loader_of(make.pixels(), make.labels()):
            batch.images[...] = 0.0
            batch.targets[...] = 0.0

    def loader_of(images: Any, labels: Any) -> ms.BatchLoader:
        return ms.BatchLoader(ms.Dataset("digits", images, labels), 16, rng=0)

    return Use((make.pixels(), make.labels()), call, later)


def use_evaluate(make: Make) -> Use:
    network, loss = make.network(), ms.SoftmaxCrossEntropy()

    def call(*arguments: Any) -> Any:
        result = ms.evaluate(*arguments)
        return vars(result), result.report()

    return Use(
        (network, make.dataset(), loss),
        call,
        lambda: ms.evaluate(network, make.dataset(), loss),
    )


def use_predict(make: Make) -> Use:
    network = make.network()

    def later() -> None:
        network.parameters[...] = 0.0
        ms.predict(network, make.pixels())

    return Use((network, make.pixels()), lambda *given: vars(ms.predict(*given)), later)


def use_trainer(make: Make) -> Use:
    network = make.network()

    def call(training: Any, validation: Any, config: Any) -> Any:
        trainer = ms.Trainer(network, training, validation, config)
        trainer.run()
        return trainer.history.rows, trainer.norms

    return Use(
        (make.dataset(), make.dataset(), make.config()),
        call,
        lambda: network.forward(make.images()),
        shows_progress=True,
    )


def use_runs(make: Make) -> Use:
    from mnist_scratch.data.idx import format_idx

    folder = str(make.folder)
    for part in ("train", "t10k"):
        for name, array in (("images-idx3", make.pixels()), ("labels-idx1", make.labels())):
            (make.folder / f"{part}-{name}-ubyte").write_bytes(format_idx(array))
    data = ms.DataConfig(dataset="files", data_dir=folder, validation_examples=10)

    def call(config: Any, path: Any) -> Any:
        result = ms.run_training(config, path)
        again = ms.resume_training(path)
        return vars(result.evaluation), vars(again.evaluation), ms.load_model(path).parameters

    return Use(
        (dataclasses.replace(make.config(), data=data), make.folder / "run"),
        call,
        lambda: ms.load_dataset("files", folder),
        shows_progress=True,
    )


def use_explain_step(make: Make) -> Use:
    network = make.network()
    image = make.array(make.pixels()[0])
    return Use(
        (network, image, ms.SGD(network, 0.1, momentum=0.9)),
        lambda network, image, sgd: ms.explain_step(network, image, 3, sgd).as_json(),
    )


def use_split(make: Make) -> Use:
    return Use(
        (make.dataset(),),
        lambda dataset: [vars(part) for part in ms.split(dataset, 10, rng=0)],
        lambda: ms.split(make.dataset(), 10, rng=1),
    )


def plain(function: Any, *names: str, **options: Any) -> Callable[[Make], Use]:
    """Return the use of a function whose arguments `Make` makes by these names."""
    return lambda make: Use(
        tuple(getattr(make, name)() for name in names),
        lambda *arguments: function(*arguments, **options),
        lambda: function(*(getattr(make, name)() for name in names), **options),
    )


# Quick enough for arrays of many seeds and every layout of memory.
OF_ARRAYS: dict[tuple[str, ...], Callable[[Make], Use]] = {
    ("Dataset", "Batch", "BatchLoader"): use_loader,
    ("Network", "Dense"): use_network,
    ("ReLU",): use_activation(ms.ReLU),
    ("Sigmoid",): use_activation(ms.Sigmoid),
    ("SoftmaxCrossEntropy",): use_loss(ms.SoftmaxCrossEntropy),
    ("SquaredError",): use_loss(ms.SquaredError),
    ("Tanh",): use_activation(ms.Tanh),
    ("cross_entropy_gradient",): plain(ms.cross_entropy_gradient, "predictions", "targets"),
    ("cross_entropy_loss",): plain(ms.cross_entropy_loss, "predictions", "targets"),
    ("evaluate", "Evaluation"): use_evaluate,
    ("log_softmax",): plain(ms.log_softmax, "logits"),
    ("predict", "Predictions"): use_predict,
    ("softmax",): plain(ms.softmax, "logits"),
    ("softmax_cross_entropy",): plain(
        ms.softmax_cross_entropy, "logits", "targets", reduction="none"
    ),
    ("softmax_cross_entropy_gradient",): plain(
        ms.softmax_cross_entropy_gradient, "logits", "targets"
    ),
    ("split",): use_split,
    ("standardise",): plain(ms.standardise, "pixels"),
}
OTHERS: dict[tuple[str, ...], Callable[[Make], Use]] = {
    ("Adam",): use_optimizer(ms.Adam),
    ("SGD",): use_optimizer(ms.SGD),
    ("Trainer",): use_trainer,
    ("explain_step", "ExplainedStep"): use_explain_step,
    ("read_digits", "PictureDigits"): plain(ms.read_digits, "picture"),
    ("read_picture",): plain(ms.read_picture, "picture"),
    ("run_training", "resume_training", "load_model", "load_dataset"): use_runs,
    ("save_model",): plain(ms.save_model, "model", "network"),
}


def frozen(value: Any) -> bytes:
    """Return all that a value is made of."""
    return pickle.dumps(copy.deepcopy(value))


def check(use: Use, capfd: pytest.CaptureFixture[str]) -> None:
    before = [frozen(argument) for argument in use.arguments]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = use.call(*use.arguments)
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "" or use.shows_progress
    assert [frozen(argument) for argument in use.arguments] == before
    returned = frozen(result)
    for argument in use.arguments:
        if isinstance(argument, np.ndarray):  # its owner may fill it anew
            argument.flags.writeable = True
            argument[...] = 0
    use.later()
    assert frozen(result) == returned


@pytest.mark.parametrize("names", OF_ARRAYS, ids="-".join)
@settings(max_examples=9, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), layout=st.sampled_from(["C", "F", "strided"]))
def test_a_use_of_arrays_changes_none_says_nothing_and_what_it_returned_stays(
    names: tuple[str, ...], seed: int, layout: str, capfd: pytest.CaptureFixture[str]
) -> None:
    check(OF_ARRAYS[names](Make(seed, layout)), capfd)


@pytest.mark.parametrize("names", OTHERS, ids="-".join)
def test_a_use_changes_no_argument_and_says_nothing_and_what_it_returned_stays(
    names: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    check(OTHERS[names](Make(3, folder=tmp_path)), capfd)


def test_every_public_name_has_a_use() -> None:
    used = [name for names in (*OF_ARRAYS, *OTHERS) for name in names]
    assert sorted([*used, *NOTHING_TO_HOLD]) == sorted(ms.__all__)


@pytest.mark.parametrize("use", [use_evaluate, use_predict])
def test_results_are_right_while_another_thread_uses_the_same_network(
    use: Callable[[Make], Use], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, alone = use(Make(1)), use(Make(1))
    network, loss = one.arguments[0], one.arguments[2:]
    expected = frozen(alone.call(*alone.arguments))
    forward, other = ms.Network.forward, (Make(2).dataset() if loss else Make(2).pixels())
    inside: list[bool] = []

    def interrupted(self: ms.Network, images: Any) -> Any:
        """Let another whole use run before a forward of the first, and another after it."""
        if inside:
            return forward(self, images)
        inside.append(True)
        one.call(network, other, *loss)
        logits = forward(self, images)
        one.call(network, other, *loss)
        inside.clear()
        return logits

    monkeypatch.setattr(ms.Network, "forward", interrupted)
    assert frozen(one.call(*one.arguments)) == expected


def test_only_public_names_and_rooms_are_shown() -> None:
    assert set(ms.__all__) <= set(dir(ms))
    shown = {name for name in dir(ms) if not name.startswith("__")}
    modules = {name for name in shown if isinstance(getattr(ms, name), types.ModuleType)}
    assert shown - modules == {name for name in ms.__all__ if not name.startswith("__")}
    assert all(getattr(ms, name).__name__.startswith("mnist_scratch.") for name in modules)
