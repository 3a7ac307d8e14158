from __future__ import annotations

from contextlib import nullcontext
from threading import Barrier, get_ident
from typing import Any

import pytest
from threadpoolctl import ThreadpoolController

from mnist_scratch.system import threads
from mnist_scratch.system.threads import blas_threads, in_threads


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


def test_work_is_done_once_in_the_threads_of_the_blas_which_has_one_for_each_meanwhile() -> None:
    together = Barrier(3)

    def work(item: int) -> tuple[int, int, list[int]]:
        together.wait(timeout=60)
        return item, get_ident(), reported()

    with blas_threads(3):
        results = in_threads(work, range(30))
        assert set(reported()) == {3}
    assert sorted(item for item, *_ in results) == list(range(30))
    assert len({thread for _, thread, _ in results}) == 3
    assert all(set(numbers) == {1} for *_, numbers in results)


def test_a_second_caller_at_the_same_time_leaves_the_blas_as_it_is() -> None:
    with blas_threads(2):
        sums = in_threads(lambda tens: sum(in_threads(lambda n: 10 * tens + n, range(3))), range(4))
        assert sorted(sums) == [3, 33, 63, 93]
        assert set(reported()) == {2}


def test_after_an_error_no_more_work_begins_and_the_blas_has_its_threads_again() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise ValueError("no")

    with blas_threads(2):
        with pytest.raises(ValueError, match="no"):
            in_threads(work, range(1000))
        assert set(reported()) == {2}
    assert len(begun) <= 2
