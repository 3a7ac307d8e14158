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

import mnist_scratch as ms

# What trains shows its progress; what is missing is drawn or downloaded, and says so.
SHOWS_PROGRESS = {"Trainer", "resume_training", "run_training"}
# What is called for its effect on the network that it is given.
CHANGES_ITS_NETWORK = {"Adam", "SGD", "Trainer"}


class Make:
    """New arguments, from a seed and in several layouts of memory; all arrays are read-only."""

    def __init__(self, seed: int, layout: str, folder: Path) -> None:
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

    def images(self) -> Any:
        return self.array(self.rng.normal(size=(6, 784)).astype(np.float32))

    def dataset(self) -> ms.Dataset:
        labels = self.array(np.arange(60, dtype=np.uint8) % 10)
        return ms.Dataset("digits", self.pixels(), labels)

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
    """A public name in use.

    Attributes
    ----------
    arguments
        What `call` is called with.
    call
        Returns all that a user can get from the call.
    later
        What may come after it: whatever was returned must not change by it.
    """

    arguments: tuple[Any, ...]
    call: Callable[..., Any]
    later: Callable[[], object] = lambda: None


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

        def call(network: Any) -> Any:
            before = network.gradients.copy()
            kind(network, 0.01).step()
            np.testing.assert_array_equal(network.gradients, before)

        return Use((network,), call)

    return use


def use_loader(make: Make) -> Use:
    dataset = make.dataset()
    loader = ms.BatchLoader(dataset, 16, rng=0)

    def later() -> None:
        for batch in loader:
            batch.images[...] = 0.0
            batch.targets[...] = 0.0

    return Use((dataset,), lambda _: (list(loader), loader.order), later)


def use_evaluate(make: Make) -> Use:
    network, loss = make.network(), ms.SoftmaxCrossEntropy()
    return Use(
        (network, make.dataset(), loss),
        lambda *arguments: vars(result := ms.evaluate(*arguments)) | {"said": result.report()},
        lambda: ms.evaluate(network, make.dataset(), loss),
    )


def use_predict(make: Make) -> Use:
    network = make.network()
    return Use(
        (network, make.pixels()),
        lambda *arguments: vars(ms.predict(*arguments)),
        lambda: ms.predict(network, make.pixels()),
    )


def use_trainer(make: Make) -> Use:
    network, config, dataset = make.network(), make.config(), make.dataset()

    def call(network: Any, training: Any, validation: Any, config: Any) -> Any:
        trainer = ms.Trainer(network, training, validation, config)
        trainer.run()
        return trainer.history.rows, trainer.norms

    return Use(
        (network, dataset, make.dataset(), config), call, lambda: network.forward(make.images())
    )


def use_runs(make: Make) -> Use:
    from mnist_scratch.data.idx import format_idx

    folder = make.folder / "idx"
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k"):
        data = make.dataset()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            format_idx(np.ascontiguousarray(data.images))
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(format_idx(data.labels))
    data_config = ms.DataConfig(dataset="files", data_dir=str(folder), validation_examples=10)
    config = dataclasses.replace(make.config(), data=data_config)
    run = make.folder / "run"

    def call(config: Any, path: Any) -> Any:
        result = ms.run_training(config, path)
        again = ms.resume_training(path)
        return vars(result.evaluation), vars(again.evaluation), ms.load_model(path).parameters

    return Use((config, run), call, lambda: ms.load_dataset("files", str(folder)))


def use_explain_step(make: Make) -> Use:
    network = make.network()
    image = make.array(make.pixels()[0])
    return Use(
        (network, image, ms.SGD(network, 0.1, momentum=0.9)),
        lambda network, image, sgd: ms.explain_step(network, image, 3, sgd).as_json(),
    )


def use_split(make: Make) -> Use:
    dataset = make.dataset()
    return Use((dataset,), lambda dataset: [vars(part) for part in ms.split(dataset, 10, rng=0)])


def plain(function: Any, *names: str, **options: Any) -> Callable[[Make], Use]:
    """Return the use of a function whose arguments `Make` makes by these names."""
    return lambda make: Use(
        tuple(getattr(make, name)() for name in names),
        lambda *arguments: function(*arguments, **options),
        lambda: function(*(getattr(make, name)() for name in names), **options),
    )


USES: dict[str, Callable[[Make], Use]] = {
    "Adam": use_optimizer(ms.Adam),
    "Batch": plain(ms.Batch, "images", "targets"),
    "BatchLoader": use_loader,
    "Dataset": plain(repr, "dataset"),
    "Dense": use_network,
    "ExplainedStep": use_explain_step,
    "Evaluation": use_evaluate,
    "MnistScratchError": plain(lambda: str(ms.MnistScratchError("message"))),
    "Network": use_network,
    "Predictions": use_predict,
    "ReLU": use_activation(ms.ReLU),
    "SGD": use_optimizer(ms.SGD),
    "Sigmoid": use_activation(ms.Sigmoid),
    "SoftmaxCrossEntropy": use_loss(ms.SoftmaxCrossEntropy),
    "SquaredError": use_loss(ms.SquaredError),
    "Tanh": use_activation(ms.Tanh),
    "Trainer": use_trainer,
    "__version__": plain(lambda: ms.__version__),
    "cross_entropy_gradient": plain(ms.cross_entropy_gradient, "predictions", "targets"),
    "cross_entropy_loss": plain(ms.cross_entropy_loss, "predictions", "targets"),
    "evaluate": use_evaluate,
    "explain_step": use_explain_step,
    "load_dataset": use_runs,
    "load_model": plain(lambda path: ms.load_model(path).parameters, "model"),
    "log_softmax": plain(ms.log_softmax, "logits"),
    "predict": use_predict,
    "read_picture": plain(ms.read_picture, "picture"),
    "resume_training": use_runs,
    "run_training": use_runs,
    "save_model": plain(ms.save_model, "model", "network"),
    "softmax": plain(ms.softmax, "logits"),
    "softmax_cross_entropy": plain(ms.softmax_cross_entropy, "logits", "targets", reduction="none"),
    "softmax_cross_entropy_gradient": plain(ms.softmax_cross_entropy_gradient, "logits", "targets"),
    "split": use_split,
    "standardise": plain(ms.standardise, "pixels"),
} | {name: plain(kind) for name, kind in vars(ms).items() if name.endswith("Config")}


def frozen(value: Any) -> bytes:
    """Return all that a value is made of; of a network, what it remembers for backward aside."""
    if isinstance(value, ms.Network):
        value = (repr(value), value.parameters, value.gradients)
    return pickle.dumps(copy.deepcopy(value))


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        (name, layout)
        for name, use in USES.items()
        for layout in (["C"] if use is use_runs else ["C", "F", "strided"])
    ],
)
def test_a_use_changes_no_argument_and_says_nothing_and_what_it_returned_stays(
    name: str, layout: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    use = USES[name](Make(3, layout, tmp_path))
    before = [frozen(argument) for argument in use.arguments]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = use.call(*use.arguments)
    said = capfd.readouterr()
    assert said.out == ""
    if name not in {*SHOWS_PROGRESS, "load_dataset"}:
        assert said.err == ""
    kept = [
        argument
        for argument in use.arguments
        if not (name in CHANGES_ITS_NETWORK and isinstance(argument, ms.Network))
    ]
    after = [frozen(argument) for argument in kept]
    assert all(state in before for state in after)
    returned = frozen(result)
    use.later()
    assert frozen(result) == returned


def test_every_public_name_has_a_use() -> None:
    assert set(USES) == set(ms.__all__)


def test_only_public_names_and_rooms_are_shown() -> None:
    assert set(ms.__all__) <= set(dir(ms))
    shown = {name for name in dir(ms) if not name.startswith("__")}
    modules = {name for name in shown if isinstance(getattr(ms, name), types.ModuleType)}
    assert shown - modules == {name for name in ms.__all__ if not name.startswith("__")}
    assert all(getattr(ms, name).__name__.startswith("mnist_scratch.") for name in modules)
