"""Requests that can be left at any moment, because they are read in the background.

A thread that is blocked in a read cannot be interrupted. A task can be cancelled wherever it waits: for a connection,
between two tries, for the first piece or for the next.
"""

import asyncio
import atexit
import os
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import Future
from contextlib import aclosing
from contextvars import Context, ContextVar, copy_context
from functools import cache
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import TypeVar

from assistant.errors import AssistantError

T = TypeVar("T")

_PAUSE = 0.05
"""Seconds between two looks at whether the reader has stopped."""


class Stopped(Exception):  # noqa: N818  (it is no error: the reader wants no more)
    """The reader has stopped the answer."""


def stoppable(stopped: Event | None) -> Context:
    """Return a context; what runs in it ends with `Stopped` soon after the event is set, even while it waits."""
    context = copy_context()
    context.run(_stopped.set, stopped)
    return context


def check_stopped() -> None:
    """Raise `Stopped` if the event of this context is set."""
    event = _stopped.get()
    if event is not None and event.is_set():
        raise Stopped


def read(items: AsyncGenerator[T]) -> Generator[T]:
    """Yield what an asynchronous generator yields; closing this one cancels that one at once.

    Raises:
        Stopped: the event of this context was set, or Python ends.
        AssistantError: as raised by `items`.
    """
    check_stopped()
    # Without a limit: whoever yields faster than it is read must set itself one.
    arrived: SimpleQueue[T | AssistantError | Future[None]] = SimpleQueue()

    async def gather() -> None:
        try:
            async with aclosing(items):
                async for item in items:
                    arrived.put(item)
        except AssistantError as error:
            # Not left to the task: asyncio prints what a task raised that nobody waits for any more.
            arrived.put(error)

    request = asyncio.run_coroutine_threadsafe(gather(), _loop())
    request.add_done_callback(arrived.put)
    try:
        while True:
            check_stopped()
            try:
                item = arrived.get(timeout=_PAUSE)
            except Empty:
                continue
            if isinstance(item, AssistantError):
                raise item
            if isinstance(item, Future):
                if item.cancelled():
                    raise Stopped
                item.result()  # raises what is not ours
                return
            yield item
    finally:
        request.cancel()


_stopped: ContextVar[Event | None] = ContextVar("stopped", default=None)
_starting = Lock()


def _loop() -> asyncio.AbstractEventLoop:
    """Return the one event loop of this process: the connections that a client keeps open belong to their loop."""
    with _starting:
        return _started()


@cache
def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="requests", daemon=True)
    thread.start()
    # Python ends a daemon in the middle of what it does, and the process with it if that is code in Rust or C++.
    atexit.register(_end, loop, thread)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_started.cache_clear)  # the child has the loop and not its thread
    return loop


def _end(loop: asyncio.AbstractEventLoop, thread: Thread) -> None:
    """Cancel what still runs and wait for the thread; a forked process has none."""
    if thread.is_alive():
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=1)
