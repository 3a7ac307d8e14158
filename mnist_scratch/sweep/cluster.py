"""The runs of a sweep on a Dask cluster: its scheduler, its workers, its way with their deaths."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.sweep.execute import PAUSE, Order, Outcome, carry_out

_CONNECT_SECONDS = 10


def connect(address: str) -> Any:
    """Return the client of a Dask cluster.

    Parameters
    ----------
    address
        Of its scheduler, such as "tcp://127.0.0.1:8786".

    Raises
    ------
    MnistScratchError
        If Dask is not installed, or nobody answers there.
    """
    try:
        import distributed  # noqa: PLC0415  # an extra brings it
    except ImportError as error:
        raise MnistScratchError(
            "--cluster needs Dask; install it with: pip install 'mnist_scratch[cluster]'"
        ) from error
    try:
        # A client that cannot read its address complains once more when it is deleted.
        distributed.comm.get_address_host_port(address, strict=True)
        return distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MnistScratchError(
            f"--cluster {address}: no Dask scheduler answers there ({type(error).__name__}); "
            "'dask scheduler' starts one and prints its address, such as tcp://192.168.0.1:8786"
        ) from error


def carry_out_on_cluster(
    orders: Sequence[Order], client: Any, is_interrupted: Callable[[], bool]
) -> Iterator[Outcome]:
    """Carry out runs on the workers of a cluster, which have this machine's file system.

    A worker that dies loses its run to another one, which goes on where the run was saved.

    Parameters
    ----------
    orders
        The runs.
    client
        As from `connect`.
    is_interrupted
        Is asked again and again whether to save what runs, and to leave it and the rest.

    Yields
    ------
    Outcome
        Of every run, as they end.
    """
    from distributed import Event  # noqa: PLC0415  # an extra brings it

    sweep = uuid.uuid4().hex[:8]
    stop = Event(f"stop-{sweep}", client=client)
    pending = {
        client.submit(
            _carry_out_on_worker,
            order,
            stop.name,
            key=f"{order.path.name}-{sweep}",
            pure=False,
        ): order
        for order in orders
    }
    try:
        while pending:
            time.sleep(PAUSE)
            if is_interrupted():
                _tell(stop.set)
            for future in [each for each in pending if each.done()]:
                yield _outcome(future, pending.pop(future))
    finally:
        _tell(stop.set if pending else stop.clear)  # some are left by a second Ctrl-C


def _tell(message: Callable[[], object]) -> None:
    """Tell the scheduler, if it is there; without it, workers stop by themselves."""
    with suppress(OSError):
        message()


def _carry_out_on_worker(order: Order, stop: str) -> Outcome:
    """Carry out a run where this worker is."""
    from distributed import Event, get_client  # noqa: PLC0415  # an extra brings it

    if not order.working_folder.is_dir():
        return Outcome(
            order.path,
            "failed",
            f"the worker on {socket.gethostname()} has no folder {order.working_folder}; workers "
            "need the file system of the machine that sweeps, under the same names",
        )
    return carry_out(order, Event(stop, client=get_client()).is_set)


def _outcome(future: Any, order: Order) -> Outcome:
    """Return what became of a task that is done, if only that it is lost."""
    try:
        outcome: Outcome = future.result()
    except Exception as error:  # noqa: BLE001  # whatever a worker raised, the others go on
        text = f"the cluster could not run it: {type(error).__name__}: {error}"
        return Outcome(order.path, "failed", text)
    return outcome
