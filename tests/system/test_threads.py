from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from threadpoolctl import ThreadpoolController

from mnist_scratch.system import threads
from mnist_scratch.system.threads import blas_threads


def reported() -> list[int]:
    libraries = ThreadpoolController().select(user_api="blas").info()
    return [library["num_threads"] for library in libraries]


def test_the_blas_computes_with_the_number_until_the_context_ends() -> None:
    before = reported()
    for number in (1, 3):
        with blas_threads(number) as now:
            assert now == number
            assert set(reported()) == {number}
    assert reported() == before


@pytest.mark.parametrize("libraries", [[], [{"num_threads": None}]])
def test_a_blas_that_cannot_be_told_reports_no_threads(
    libraries: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Controller:
        def limit(self, limits: int) -> nullcontext[int]:
            return nullcontext(limits)

        def info(self) -> list[dict[str, Any]]:
            return libraries

    monkeypatch.setattr(threads, "_blas", Controller)
    with blas_threads(2) as now:
        assert now == 0
