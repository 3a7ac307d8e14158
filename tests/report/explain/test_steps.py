from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from mnist_scratch.report.explain import steps as module
from mnist_scratch.report.explain.steps import explain
from mnist_scratch.report.explain.text import describe

INF = math.inf


@pytest.mark.parametrize(
    ("logits", "target", "predictions", "loss"),
    [
        ((1.2, 0.9, 3.1), 2, (0.118670, 0.087913, 0.793417), 0.231407),
        ((1.0, 3.5, -0.5), 1, (0.074596, 0.908760, 0.016645), 0.095674),
        ((2.0, 1.0, 0.1), 0, (0.659001, 0.242433, 0.098566), 0.417030),
    ],
)
def test_known_logits_give_known_predictions_and_loss(
    logits: tuple[float, ...], target: int, predictions: tuple[float, ...], loss: float
) -> None:
    explanation = explain(logits, target)
    np.testing.assert_allclose(explanation.predictions, predictions, atol=6e-7)
    assert explanation.loss == pytest.approx(loss, abs=6e-7)
    assert explanation.fused_loss == pytest.approx(explanation.loss, rel=1e-14)
    assert explanation.clipped_loss == pytest.approx(explanation.loss, rel=1e-14)
    assert explanation.loss_difference < 1e-15
    assert explanation.gradient_difference < 1e-15
    text = describe(explanation)
    for number in (*predictions, loss):
        assert f"{number:.6f}" in text
    assert "They agree up to rounding in float64." in text
    assert "They agree up to rounding. They differ where" in text


def test_every_step_is_the_one_worked_out_by_hand() -> None:
    # exp(-ln 2) = 1/2, exp(-ln 4) = 1/4: shares 2/7, 4/7, 1/7.
    explanation = explain([math.log(6), math.log(12), math.log(3)], 0)
    np.testing.assert_allclose(explanation.shifted, [-math.log(2), 0, -math.log(4)], rtol=1e-14)
    np.testing.assert_allclose(explanation.exponentials, [1 / 2, 1, 1 / 4], rtol=1e-14)
    assert explanation.total == pytest.approx(1.75, rel=1e-15)
    np.testing.assert_allclose(explanation.predictions, [2 / 7, 4 / 7, 1 / 7], rtol=1e-14)
    assert explanation.targets.tolist() == [1.0, 0.0, 0.0]
    assert explanation.loss == pytest.approx(math.log(3.5), rel=1e-14)
    np.testing.assert_allclose(explanation.gradient, [-5 / 7, 4 / 7, 1 / 7], rtol=1e-14)
    lines = describe(explanation).splitlines()
    assert "true ->   0       1.79176     -0.693147      0.500000      0.285714       1" in lines
    assert "true ->   0      0.285714       1      -0.714286  up" in lines
    assert "          1      0.571429       0      +0.571429  down" in lines


def test_a_probability_below_the_clip_is_where_clipping_ends() -> None:
    explanation = explain([200.0, 0.0], 1)
    assert explanation.loss == explanation.fused_loss == 200.0
    assert explanation.clipped_loss == pytest.approx(16.118096, abs=1e-6)
    text = describe(explanation)
    assert "clipped       16.118096\n" in text
    assert "log-softmax   200.000000\n" in text
    assert "They differ: the probability is below 1e-7" in text


def test_a_probability_above_the_clip_costs_more_clipped() -> None:
    explanation = explain([30.0, 0.0], 0)
    assert explanation.clipped_loss == pytest.approx(1e-7, rel=1e-6)
    assert explanation.loss == pytest.approx(math.exp(-30), abs=1e-15)
    text = describe(explanation)
    assert "They agree up to rounding in float64." in text
    assert "the probability is clipped to 1 - 1e-7, which makes the\n   loss larger" in text


def test_a_probability_lost_to_rounding_is_told_from_the_true_loss() -> None:
    explanation = explain([1000.0, 0.0], 1)
    assert (explanation.loss, explanation.fused_loss) == (INF, 1000.0)
    assert explanation.loss_difference == INF
    text = describe(explanation)
    assert "That is rounding" in text
    assert "They differ: in steps, the probability was rounded to 0." in text
    # exp(-740) is a float64 of few digits.
    assert "digits of a tiny probability were lost" in describe(explain([740.0, 0.0], 1))


def test_a_masked_class_gets_no_probability_and_no_gradient() -> None:
    explanation = explain([1.0, -INF, 2.0], 0)
    assert explanation.predictions[1] == explanation.gradient[1] == 0.0
    assert explanation.loss == pytest.approx(math.log(1 + math.e), rel=1e-14)
    text = describe(explanation)
    assert "A logit of -inf masks its class" in text
    assert "          1             0       0              0  stays" in text
    assert "masks" not in describe(explain([1.0, 2.0], 0))


def test_a_masked_true_class_costs_infinity() -> None:
    explanation = explain([1.0, -INF, 2.0], 1)
    assert (explanation.loss, explanation.fused_loss) == (INF, INF)
    assert explanation.loss_difference == 0.0
    text = describe(explanation)
    assert "The true class is masked" in text
    assert "They agree: both are infinite." in text
    assert "They differ: the probability is below 1e-7" in text


def test_logits_at_the_ends_of_float64_need_no_warning_and_contradict_nothing() -> None:
    explanation = explain([1.7e308, -1.7e308], 1)
    assert explanation.gradient.tolist() == [1.0, -1.0]
    assert (explanation.loss, explanation.fused_loss) == (INF, INF)
    text = describe(explanation)
    assert "and the\n   true loss is larger than that number too." in text
    assert "That is rounding" not in text
    assert "They agree: both are infinite." in text


@pytest.mark.parametrize(("classes", "target"), [(3, 1), (1001, 1000), (12_000, 7)])
def test_the_columns_stand_below_their_names(classes: int, target: int) -> None:
    lines = describe(explain(np.arange(float(classes)), target)).splitlines()
    heads = [
        number
        for number, line in enumerate(lines)
        if line.startswith("      ") and "class  " in line
    ]
    assert len(heads) == 2
    for number in heads:
        for name in ("class", "prediction", "target"):
            end = lines[number].index(name) + len(name)
            for line in lines[number + 1 : number + 4]:
                assert re.match(r"\d( |$)", line[end - 1 : end + 1]), (name, line)


@pytest.mark.parametrize("classes", [1, 2, 20, 21, 1000])
def test_the_text_stays_readable_however_many_classes(classes: int) -> None:
    logits = np.random.default_rng(classes).normal(0.0, 1e4, classes)
    explanation = explain(logits, 0)
    lines = describe(explanation).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines == [line.rstrip() for line in lines]
    assert len(lines) < 100
    table = [line for line in lines if line.startswith("true -> ")]
    assert len(table) == 2
    rest = [line.split() for line in lines if re.match(r" +\d+ more ", line)]
    assert len(rest) == (2 if classes > 20 else 0)
    if rest:
        shown = 10 + (0 not in np.argsort(-logits)[:10])
        # The others' logits are so far below that nothing of them is left.
        assert rest == [
            [str(classes - shown), "more", "0", "0", "0"],
            [str(classes - shown), "more", "0", "0", "0", "stays"],
        ]


@pytest.mark.parametrize(
    ("logits", "target"),
    [
        ([1.2, 0.9, 3.1], 2),  # all agrees
        ([60.0, 0.0], 0),  # above the clip
        ([200.0, 0.0], 1),  # below the clip
        ([740.0, 0.0], 1),  # a tiny probability lost digits
        ([1000.0, 0.0], 1),  # and became 0
        ([1.0, -INF, 2.0], 0),
        ([1.0, -INF, 2.0], 1),
        ([1.7e308, -1.7e308], 1),
        ([-1.23457e-300] * 21, 3),
    ],
)
def test_no_branch_of_the_text_is_wider_than_a_terminal(logits: list[float], target: int) -> None:
    assert max(map(len, describe(explain(logits, target)).splitlines())) <= 80


def test_what_is_left_out_of_a_long_table_is_summed_up() -> None:
    text = describe(explain([0.0] * 100, 99))
    lines = [line for line in text.splitlines() if line.startswith("    89 more")]
    assert [line.split()[2:] for line in lines] == [
        ["89.000000", "0.890000", "0"],
        ["0.890000", "0", "+0.890000", "down"],
    ]


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> float:
        return 0.3

    monkeypatch.setattr(module, "softmax_cross_entropy", wrong)
    explanation = explain([1.2, 0.9, 3.1], 2)
    assert explanation.loss_difference == pytest.approx(0.3 - 0.231407, abs=1e-6)
    assert "They agree up to rounding in float64" not in describe(explanation)


def test_json_has_every_number_and_says_infinity_in_words() -> None:
    values = json.loads(json.dumps(explain([1.0, -INF], 1).as_json(), allow_nan=False))
    assert values["logits"] == [1.0, "-inf"]
    assert values["loss"] == "inf"
    assert values["gradient"] == [1.0, -1.0]
    assert (values["target"], values["predicted"]) == (1, 0)
    assert values["gradient_difference"] == 0.0


def test_a_target_that_is_no_class_is_an_error_with_a_name() -> None:
    with pytest.raises(ValueError, match="target 5 is no class"):
        explain([1.0, 2.0], 5)
    with pytest.raises(ValueError, match="is inf"):
        explain([1.0, math.inf], 0)
