"""The way to a cluster: the form of its address, its scheduler, and what its workers have."""

from __future__ import annotations

import asyncio
import platform
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Any

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message

__all__ = ["check_scheduler", "check_workers", "connected", "lost"]

_PING_S = 5.0
_CONNECT_S = 10.0
_WORKERS_S = 30.0
_CLOSE_S = 2.0

# A host's name or IPv4 address, or an IPv6 address in brackets; then the port.
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:[^\s/:@?#\[\]]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\]):([0-9]{1,5})")
# Of a cluster within this process, which no user types.
_WITHIN = "inproc://"


def check_scheduler(address: str) -> None:
    """Make sure that a scheduler answers at an address; quick, so that it can be asked first.

    Parameters
    ----------
    address : str
        Address of the scheduler: ``tcp://host:port`` or ``tls://host:port``.

    Raises
    ------
    InputError
        The address has another form (told at once), ``distributed`` is not installed, or no
        scheduler answers at the address within 5 s.
    """
    _check_form(address)
    _library()
    error = _asked(address)
    if error is None:
        return
    # TimeoutError is an OSError, and so is a connection that broke.
    if isinstance(error, OSError):
        raise _silent(address) from error
    raise _refused(
        Message("What answers at this address is not a dask.distributed scheduler."),
        Message(
            "Give the address that the scheduler shows when it starts, not that of its web page "
            "or of a worker."
        ),
        address,
    ) from error


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Give a ``distributed.Client`` for a while, which is closed without a word.

    Parameters
    ----------
    address : str
        Address of the scheduler.

    Yields
    ------
    distributed.Client
        The client; it is not the default one of dask.

    Raises
    ------
    InputError
        As for :func:`check_scheduler`.
    """
    check_scheduler(address)
    distributed = _library()

    base: Any = distributed.Client

    class Client(base):  # type: ignore[misc]
        """A client that does not complain of a scheduler that is gone when it is thrown away."""

        def __del__(self) -> None:
            with suppress(Exception):
                self.close(timeout=_CLOSE_S)

    with warnings.catch_warnings():
        # Versions are compared below, and told in the user's words.
        warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
        try:
            client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise _silent(address) from error
    try:
        yield client
    finally:
        # A scheduler that is gone must not hide what went wrong, nor make the user wait.
        with suppress(Exception):
            client.close(timeout=_CLOSE_S)


def check_workers(client: Any, address: str) -> int:  # noqa: ANN401 - distributed.Client
    """Return the number of threads of all workers, or raise if they cannot do the work.

    Parameters
    ----------
    client : distributed.Client
        Connected to the scheduler.
    address : str
        Address of the scheduler, for the messages.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    InputError
        There are no workers, or they have other versions of the program or of what it stands on;
        every difference is listed.
    """
    try:
        client.wait_for_workers(1, timeout=_WORKERS_S)
    except TimeoutError as error:
        raise _refused(
            Message("The scheduler has no workers."),
            Message("Start some on each computer with: dask worker {address}", address=address),
            address,
        ) from error
    faults = []
    for name, mine in _versions().items():
        # Functions of others: a worker without this program is to be told, not to fail.
        if name == "Python":
            answers = client.run(platform.python_version, on_error="return")
        else:
            answers = client.run(version, name, on_error="return")
        for worker, theirs in sorted(answers.items()):
            # An OSError: the worker died meanwhile, which is no matter of versions.
            if theirs != mine and not isinstance(theirs, OSError):
                known = theirs if isinstance(theirs, str) else "–"
                faults.append(
                    Fault(
                        Message(
                            "A worker has another version of {name}: {theirs}, and not {mine} as "
                            "here.",
                            name=name,
                            theirs=known,
                            mine=mine,
                        ),
                        Message("Install the same versions on all computers."),
                        column="--scheduler",
                        value=worker,
                    )
                )
    if faults:
        raise InputError(faults)
    threads: int = sum(client.nthreads().values())
    return max(1, threads)


def lost(address: str) -> InputError:
    """Return the error for workers that are gone, or end again and again.

    Parameters
    ----------
    address : str
        Address of the scheduler.

    Returns
    -------
    InputError
        To be raised.
    """
    return _refused(
        Message("The computers that measured travel times are gone, or end again and again."),
        Message("Look into the log of the workers; they may need more memory."),
        address,
    )


def _check_form(address: str) -> None:
    if address.startswith(_WITHIN):
        return
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[1]) < 2**16:
        raise _refused(
            Message("This is not the address of a scheduler."),
            Message("Write it as tcp://host:port or tls://host:port, such as tcp://10.0.0.5:8786."),
            address,
        )


def _asked(address: str) -> Exception | None:
    """Ask who is there; return None for a scheduler, or why there is none.

    In a thread of its own: a notebook has an event loop already, and the name of a host may be
    looked up for longer than anybody wants to wait.
    """
    distributed = _library()
    outcome: list[Exception | None] = []

    async def ask() -> None:
        arguments = distributed.Security().get_connection_args("client")
        async with distributed.rpc(address, timeout=_PING_S, connection_args=arguments) as there:
            kind = (await there.identity())["type"]
        if kind != "Scheduler":
            raise ValueError(kind)

    async def bounded() -> None:
        try:
            await asyncio.wait_for(ask(), _PING_S)
        except Exception as error:  # noqa: BLE001
            # Anything: what answers may be any program, and its bytes are read as a length.
            outcome.append(error)
        else:
            outcome.append(None)

    thread = threading.Thread(target=lambda: asyncio.run(bounded()), daemon=True)
    thread.start()
    thread.join(_PING_S + 0.5)
    return outcome[0] if outcome else TimeoutError()


def _library() -> Any:  # noqa: ANN401 - the module
    try:
        import distributed
    except ImportError as error:
        raise _refused(
            Message("Several computers are used through dask.distributed, which is not installed."),
            Message("Install it with: pip install ruralcare[distributed]"),
            None,
        ) from error
    return distributed


def _versions() -> dict[str, str]:
    """Return what workers must have in the same version."""
    programs = {name: version(name) for name in ("ruralcare", "numpy", "pyarrow", "distributed")}
    return programs | {"Python": platform.python_version()}


def _silent(address: str) -> InputError:
    return _refused(
        Message("No dask.distributed scheduler answers at this address."),
        Message("Check the address and the firewall; a scheduler is started with: dask scheduler"),
        address,
    )


def _refused(problem: Message, remedy: Message, address: str | None) -> InputError:
    return InputError([Fault(problem, remedy, column="--scheduler", value=address)])
