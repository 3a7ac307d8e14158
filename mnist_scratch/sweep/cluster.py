"""The workers of a Dask cluster as the executor of a sweep's jobs.

A job whose worker dies starts again on another worker, which resumes the run where it was saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.sweep.execute import Workers

_CONNECT_SECONDS = 10


@contextmanager
def cluster_workers(address: str, report: Callable[[str], object]) -> Iterator[Workers]:
    """Execute jobs on the cluster with a scheduler at `address`; what still runs at the end stops.

    The workers need this machine's file system. `report` is called with a line about them.

    Raises
    ------
    MnistScratchError
        If Dask is not installed, or no scheduler answers.
    """
    try:
        import distributed  # an extra brings it
    except ImportError as error:
        raise MnistScratchError(
            "--cluster needs Dask; install it with: pip install 'mnist_scratch[cluster]'"
        ) from error
    with _connect(distributed, address) as client:
        threads = client.nthreads().values()
        report(
            f"{address} has {len(threads)} workers, for {sum(threads)} runs at a time"
            if threads
            else f"{address} has no workers yet; the runs wait for 'dask worker {address}'"
        )
        stop = distributed.Event(client=client)
        try:
            yield Workers(client.get_executor(pure=False), stop)
        except BaseException:
            with suppress(OSError):  # the scheduler is gone; its workers stop by themselves
                stop.set()
            raise
        with suppress(OSError):
            stop.clear()  # the scheduler forgets it


def _connect(distributed: Any, address: str) -> Any:
    try:
        # A client that cannot read its address complains a second time when it is deleted.
        distributed.comm.get_address_host_port(address, strict=True)
        return distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MnistScratchError(
            f"--cluster {address}: no Dask scheduler answers there ({type(error).__name__}); "
            "'dask scheduler' starts one and prints its address, such as tcp://192.168.0.1:8786"
        ) from error
