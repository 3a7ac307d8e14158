"""An explanation in words: what each number is, where it comes from, and a check of the result."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from mnist_scratch.report.explain.steps import EPSILON, Explanation

_ALL_SHOWN = 20  # classes; of more, the true one and the most probable are shown
_SHOWN = 10
_CLIP = f"{EPSILON:g}".replace("e-0", "e-")
_ROUNDING = 1e-12  # below this the two ways differ in the last places of float64 alone


def describe(explanation: Explanation) -> str:
    """Return the explanation as text, 80 columns wide at most."""
    sections = (_forward, _loss, _gradient, _check, _clip)
    return "\n\n".join("\n".join(section(explanation)) for section in sections)


def _forward(explanation: Explanation) -> Iterator[str]:
    largest = int(np.argmax(explanation.logits))
    classes = len(explanation.logits)
    counted = "1 logit" if classes == 1 else f"{classes} logits"
    yield f"From {counted} to the loss; the true class is {explanation.target}"
    yield ""
    yield "1. The logits z are the network's scores. Only their differences matter."
    yield f"2. Shifted: the largest, {_short(explanation.logits[largest])}, is subtracted from all."
    yield "   Nothing above 0 is left, so exp cannot overflow. The predictions stay the"
    yield "   same: exp turns the difference into a common factor, which cancels in step 4."
    if np.isneginf(explanation.logits).any():
        yield "   A logit of -inf masks its class: its probability is 0."
    yield f"3. Exponentials: e to the shifted logits. Their sum is {_number(explanation.total)}."
    yield "4. Predictions p (softmax): each exponential's share of the sum, so they are"
    yield "   probabilities and sum to 1. The targets y are one-hot: 1 for the true class."
    yield ""
    width = _width(explanation)
    yield (
        f"{'class':>{width}} {'logit':>13} {'shifted':>13} {'exp':>13} {'prediction':>13} "
        f"{'target':>7}"
    )
    shown = _shown(explanation)
    for number in shown:
        yield (
            f"{_marked(number, explanation)} {_short(explanation.logits[number]):>13} "
            f"{_short(explanation.shifted[number]):>13} "
            f"{_number(explanation.exponentials[number]):>13} "
            f"{_number(explanation.predictions[number]):>13} {explanation.targets[number]:>7.0f}"
        )
    if left := classes - len(shown):
        rest = np.delete(np.arange(classes), shown)
        yield (
            f"{f'{left} more':>{width}} {'':>13} {'':>13} "
            f"{_number(float(explanation.exponentials[rest].sum())):>13} "
            f"{_number(float(explanation.predictions[rest].sum())):>13} {0:>7}"
        )
    yield (
        f"{'sum':>{width}} {'':>13} {'':>13} {_number(explanation.total):>13} "
        f"{_number(float(explanation.predictions.sum())):>13} {1:>7}"
    )


def _loss(explanation: Explanation) -> Iterator[str]:
    target = explanation.target
    surviving = _number(explanation.predictions[target])
    yield "5. The loss is -sum of y log p over the classes. Where y is 0 the term is 0; one"
    yield f"   term remains, that of class {target}:"
    yield ""
    yield f"     loss = -log p[{target}] = -log {surviving} = {_number(explanation.loss)}"
    yield ""
    if np.isneginf(explanation.logits[target]):
        yield "   The true class is masked: its probability is 0, and the loss of an impossible"
        yield "   class is infinite. Mask other classes, or correct the target."
    elif math.isinf(explanation.fused_loss):
        yield "   The logits are further apart than the largest number of float64, and the"
        yield "   true loss is larger than that number too."
    elif math.isinf(explanation.loss):
        yield "   That is rounding: the probability is too small for a floating-point number"
        yield "   and became 0. The check in step 7 has the true loss."
    else:
        yield "   It is 0 if the true class has probability 1, and grows without bound as that"
        yield "   probability falls: 0.105 at 0.9, 0.693 at 0.5, 2.303 at 0.1, 4.605 at 0.01."


def _gradient(explanation: Explanation) -> Iterator[str]:
    yield "6. The gradient of the loss with respect to the logits: predictions - targets."
    yield "   Gradient descent moves each logit against its gradient: up for the true"
    yield "   class, whose gradient is negative, and down for the others, in proportion"
    yield "   to their probabilities. The gradient sums to 0."
    yield ""
    name = "class".rjust(_width(explanation))
    yield f"{name} {'prediction':>13} {'target':>7} {'gradient':>14}  the logit goes"
    shown = _shown(explanation)
    for number in shown:
        gradient = explanation.gradient[number]
        yield (
            f"{_marked(number, explanation)} {_number(explanation.predictions[number]):>13} "
            f"{explanation.targets[number]:>7.0f} {_signed(gradient):>14}  {_way(gradient)}"
        )
    if left := len(explanation.logits) - len(shown):
        rest = float(np.delete(explanation.gradient, shown).sum())
        more = f"{left} more".rjust(_width(explanation))
        yield f"{more} {_number(rest):>13} {0:>7} {_signed(rest):>14}  {_way(rest)}"


def _check(explanation: Explanation) -> Iterator[str]:
    difference = explanation.loss_difference
    yield "7. Check: the same in one call, from logits to loss (softmax_cross_entropy):"
    yield ""
    yield f"     loss in steps {explanation.loss!r}"
    yield f"     fused         {explanation.fused_loss!r}"
    yield (
        f"     difference    {difference:.1e}; "
        f"of the gradients at most {explanation.gradient_difference:.1e}"
    )
    yield ""
    if math.isinf(difference):
        yield "   They differ: in steps, the probability was rounded to 0. The fused form takes"
        yield "   log p = z - max - log(sum) and never computes p."
    elif math.isinf(explanation.loss):
        yield "   They agree: both are infinite."
    elif difference <= _ROUNDING * max(1.0, explanation.loss):
        yield "   They agree up to rounding in float64."
    else:
        yield "   They differ: in steps, digits of a tiny probability were lost. The fused form"
        yield "   takes log p = z - max - log(sum) and never computes p."


def _clip(explanation: Explanation) -> Iterator[str]:
    clipped, exact = explanation.clipped_loss, explanation.fused_loss
    end = -math.log(EPSILON)
    yield f"8. Clip: many programs clip predictions to [{_CLIP}, 1 - {_CLIP}] to avoid log 0."
    yield "   The log-softmax of the fused form needs no clip:"
    yield ""
    yield f"     clipped       {_number(clipped)}"
    yield f"     log-softmax   {_number(exact)}"
    yield ""
    if math.isclose(clipped, exact, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
        yield "   They agree up to rounding. They differ where the true class's probability is"
        yield f"   above 1 - {_CLIP}, or below {_CLIP}. Below, the clipped loss stays at {end:.3f}"
        yield "   and the true one keeps growing (try --logits 200 0 --target 1)."
    elif clipped < exact:
        yield f"   They differ: the probability is below {_CLIP}, and the clip replaces it by"
        yield f"   {_CLIP}. However wrong the network is, the clipped loss stays the same: it is"
        yield "   flat there, with a gradient of 0."
    else:
        yield f"   They differ: the probability is clipped to 1 - {_CLIP}, which makes the"
        yield "   loss larger."


def _shown(explanation: Explanation) -> list[int]:
    """Return the classes that get a line, in order: all, or the true and the most probable."""
    classes = len(explanation.logits)
    if classes <= _ALL_SHOWN:
        return list(range(classes))
    most = np.argsort(-explanation.logits, kind="stable")[:_SHOWN].tolist()
    return sorted({explanation.target, *most})


def _width(explanation: Explanation) -> int:
    """Return the width of a table's first column: the mark of the true class and a class."""
    return 8 + max(3, len(str(len(explanation.logits) - 1)))


def _marked(number: int, explanation: Explanation) -> str:
    mark = "true ->" if number == explanation.target else ""
    return mark + str(number).rjust(_width(explanation) - len(mark))


def _short(number: float) -> str:
    return f"{number:.6g}"


def _number(number: float) -> str:
    """Return a number to six places, or in powers of ten where those would not show it."""
    if number == 0.0 or math.isinf(number):
        return f"{number:g}"
    return f"{number:.6f}" if 1e-4 <= abs(number) < 1e5 else f"{number:.5e}"


def _way(gradient: float) -> str:
    return "up" if gradient < 0.0 else "down" if gradient > 0.0 else "stays"


def _signed(number: float) -> str:
    text = _number(number)
    return f"+{text}" if number > 0.0 else text
