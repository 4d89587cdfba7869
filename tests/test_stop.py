"""Leaving an answer: by closing its stream, or by an event that another thread sets while nothing arrives.

The times of it are measured by `python -m eval.benchmark`; here it must only come to an end, and leave nothing behind.
"""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
from model_server import KEY, QUOTE, ModelServer, serving

from assistant import background
from assistant.assistant import Assistant
from assistant.background import Stopped, check_stopped, read, stoppable
from assistant.conversation import Conversation
from assistant.errors import ModelError
from assistant.index import Passage
from assistant.llm import LLMAnswerer
from assistant.replies import Answer, Reply, Turn
from assistant.settings import Settings

QUESTION = "怎样让创新成果更好惠及人民？"
TURNS = [Turn("知识产权工作正在发生哪些转变？", "知识产权工作正在从追求数量向提高质量转变。")]
LONG = 30.0
"""Seconds that a test waits for what must happen, and that a model may be silent."""

Make = Callable[..., Assistant]


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def requests_running() -> int:
    return len(asyncio.all_tasks(background._loop()))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index") / "index") as assistant:
        yield assistant


@pytest.fixture
def make(plain: Assistant, server: ModelServer) -> Iterator[Make]:
    """Makes an assistant whose model does what `mode` says; afterwards no request may be left."""

    def make(mode: str, **settings: Any) -> Assistant:
        patient = {"base_url": server.url, "api_key": KEY, "read_timeout": 2 * LONG, "connect_timeout": 2 * LONG}
        model = LLMAnswerer.from_settings(Settings.load(model=f"openai:{mode}", **(patient | settings)))
        return Assistant(plain.corpus, plain.index, model, fallback=plain.answerer)

    yield make
    wait_until(lambda: not requests_running())


def claims(replies: Sequence[Reply]) -> list[int]:
    """Return how many claims each reply holds; each must be an answer without a notice."""
    assert all(isinstance(reply, Answer) and reply.notice is None for reply in replies)
    return [len(reply.claims) for reply in replies if isinstance(reply, Answer)]


class Reader(threading.Thread):
    """Reads a stream as a page does, in a thread of its own, until it ends or is stopped."""

    def __init__(self, assistant: Assistant | Conversation, *history: Sequence[Turn]) -> None:
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self.replies: list[Reply] = []
        self._stream = assistant.stream(QUESTION, *history, stopped=self.stopped)
        self.start()

    def run(self) -> None:
        self.replies.extend(self._stream)

    def stop(self) -> list[Reply]:
        self.stopped.set()
        self.join(LONG)
        assert not self.is_alive()
        return self.replies


# --- By the event, in every state of a request ---


@pytest.mark.parametrize("mode", ["silent", "thinks-apart", "thinks-for-ever"])
def test_stopped_before_the_first_word(make: Make, server: ModelServer, mode: str) -> None:
    reader = Reader(make(mode))
    assert server.asked.wait(LONG)
    assert claims(reader.stop()) == [0]
    assert server.gone.wait(LONG)


def test_stopped_in_mid_stream_keeps_what_was_shown(make: Make, server: ModelServer) -> None:
    reader = Reader(make("slow"))
    wait_until(lambda: len(reader.replies) == 3)
    assert claims(reader.stop()) == [0, 1, 2]
    assert server.gone.wait(LONG)


def test_stopped_while_a_model_writes(make: Make, server: ModelServer) -> None:
    reader = Reader(make("writes-slowly"))
    wait_until(lambda: len(reader.replies) > 1)
    assert claims(reader.stop())
    assert server.gone.wait(LONG)


def test_stopped_before_the_next_try(make: Make, server: ModelServer) -> None:
    reader = Reader(make("busy", max_retries=2))
    assert server.asked.wait(LONG)
    assert claims(reader.stop()) == [0]
    wait_until(lambda: not requests_running())
    assert len(server.requests) == 1


def test_stopped_while_a_follow_up_is_restated(make: Make, server: ModelServer) -> None:
    reader = Reader(make("silent"), TURNS)
    assert server.asked.wait(LONG)
    assert reader.stop() == []
    assert server.gone.wait(LONG)
    assert len(server.requests) == 1


def test_stopped_while_a_server_does_not_accept(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = Reader(make("good", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1"))
        wait_until(requests_running)
        assert claims(reader.stop()) == [0]


@contextmanager
def black_hole() -> Iterator[str]:
    """An address where connecting neither succeeds nor fails: its queue is full and nobody accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        try:
            for _ in range(5):
                waiting.append(socket.socket())
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(listener.getsockname())
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            for each in waiting:
                each.close()


def test_stopped_while_connecting(make: Make) -> None:
    with black_hole() as url:
        reader = Reader(make("good", base_url=url))
        wait_until(requests_running)
        assert claims(reader.stop()) == [0]
        wait_until(lambda: not requests_running())


def test_stopped_before_it_began_asks_nobody(make: Make, server: ModelServer) -> None:
    stopped = threading.Event()
    stopped.set()
    assert list(make("good").stream(QUESTION, stopped=stopped)) == []
    assert list(make("restates").stream(QUESTION, TURNS, stopped=stopped)) == []
    assert server.requests == []


def test_an_event_that_nobody_sets_changes_nothing(make: Make) -> None:
    assistant = make("good")
    assert list(assistant.stream(QUESTION, stopped=threading.Event())) == list(assistant.stream(QUESTION))


def test_stopping_one_answer_leaves_the_others(make: Make, server: ModelServer) -> None:
    assistant = make("slow")
    one, other = Reader(assistant), Reader(assistant)
    wait_until(lambda: len(one.replies) == len(other.replies) == 3)
    one.stop()
    assert server.gone.wait(LONG)
    wait_until(lambda: requests_running() == 1)
    assert other.is_alive()
    other.stop()


def test_a_stopped_reply_is_no_turn(make: Make) -> None:
    conversation = Conversation(make("slow"))
    reader = Reader(conversation)
    wait_until(lambda: reader.replies)
    reader.stop()
    assert conversation.turns == []
    conversation = Conversation(make("good"))
    assert claims(list(conversation.stream(QUESTION, stopped=threading.Event()))) == [0, 1, 2]
    assert len(conversation.turns) == 1


# --- Answerers without a model ---


class Scripted:
    """Sets the event itself, before one of its pieces or behind the last; then ends, or fails."""

    name = "scripted"
    prompt = None

    def __init__(self, stopped: threading.Event, before: int, *, fails: bool = False) -> None:
        self._stopped, self._before, self._fails = stopped, before, fails

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        for i, piece in enumerate([f"{QUOTE}[7.5]\n", "保护知识产权就是保护创新。[3.2]"]):
            if i == self._before:
                self._stopped.set()
            yield piece
        self._stopped.set()
        if self._fails:
            raise ModelError("The model went away.")

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        return question


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("before", "shown"), [(0, [0]), (1, [0, 1]), (2, [0, 1])])
def test_any_answerer_is_stopped_between_its_pieces(
    plain: Assistant, before: int, shown: list[int], fails: bool
) -> None:
    stopped = threading.Event()
    assistant = Assistant(plain.corpus, plain.index, Scripted(stopped, before, fails=fails))
    assert claims(list(assistant.stream(QUESTION, stopped=stopped))) == shown


# --- By closing ---


def test_closing_in_every_state_leaves_no_thread(make: Make, server: ModelServer) -> None:
    make("good").ask(QUESTION)
    wait_until(lambda: not requests_running())
    gc.collect()
    threads = threading.active_count()
    for mode in ("good", "slow", "writes-slowly"):
        server.gone.clear()
        make(mode).stream(QUESTION).close()
        replies = make(mode).stream(QUESTION)
        assert [claims([next(replies)]) for _ in range(2)] == [[0], [1]]
        replies.close()
        replies.close()
        assert list(replies) == []
    for _ in range(5):
        Reader(make("silent")).stop()
    with closing(make("good").stream(QUESTION)) as ended:
        assert claims(list(ended)) == [0, 1, 2]
    wait_until(lambda: threading.active_count() <= threads)


def test_a_forgotten_stream_hangs_up(make: Make, server: ModelServer) -> None:
    for reply in make("slow").stream(QUESTION):
        if claims([reply]) == [1]:
            break
    assert server.gone.wait(LONG)


def test_no_connection_stays_open_behind_an_answer(make: Make, server: ModelServer) -> None:
    assert isinstance(make("keeps-open").ask(QUESTION), Answer)
    assert server.gone.wait(LONG)


# --- The reading itself ---


class Source:
    """An asynchronous generator that writes down how it ended."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.ended = threading.Event()

    async def items(self) -> Any:
        try:
            yield 1
            yield 2
            if self.error:
                raise self.error
            await asyncio.sleep(2 * LONG)
        finally:
            self.ended.set()


@pytest.mark.parametrize("error", [ModelError("The model went away."), ZeroDivisionError("a bug")])
def test_what_is_raised_comes_behind_the_items(error: Exception) -> None:
    found: list[int] = []
    with pytest.raises(type(error), match=str(error)):
        found.extend(read(Source(error).items()))
    numbers = read(Source(error).items())
    assert [next(numbers), next(numbers)] == [1, 2]
    with pytest.raises(type(error)):
        next(numbers)


def test_a_generator_that_is_closed_ends_in_its_own_way() -> None:
    source = Source()
    numbers = read(source.items())
    assert next(numbers) == 1
    numbers.close()
    assert source.ended.wait(LONG)


def test_an_error_of_a_request_that_was_left_is_not_printed(caplog: pytest.LogCaptureFixture) -> None:
    source = Source(ModelError("Nobody waits for this."))
    numbers = read(source.items())
    next(numbers)
    assert source.ended.wait(LONG)
    numbers.close()
    wait_until(lambda: not requests_running())
    gc.collect()
    assert caplog.text == ""


def test_only_what_runs_in_the_context_is_stopped() -> None:
    stopped = threading.Event()
    context = stoppable(stopped)
    context.run(check_stopped)
    stopped.set()
    check_stopped()
    with pytest.raises(Stopped):
        context.run(check_stopped)
    stoppable(None).run(check_stopped)


LEAVES = """
import sys, threading
from contextlib import suppress
from assistant.background import Stopped, stoppable
from assistant.errors import ModelError
from assistant.llm import LLMAnswerer
from assistant.settings import Settings

settings = Settings.load(model="openai:silent", base_url=sys.argv[1])
with suppress(ModelError):
    list(LLMAnswerer.from_settings(settings.model_copy(update={"read_timeout": 0.1, "max_retries": 0})).draft("", []))

def read(stopped):
    with suppress(Stopped):
        stoppable(stopped).run(list, LLMAnswerer.from_settings(settings).draft("", []))

threading.Thread(target=read, args=[None], daemon=True).start()
stopped = threading.Event()
threading.Timer(float(sys.argv[2]), stopped.set).start()
read(stopped)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", ["0.01", "0.5"], ids=["client being made", "answer awaited"])
def test_python_may_end_right_behind_a_stop(server: ModelServer, seconds: str) -> None:
    """A thread that is busy in another language's code when Python ends takes the process down with it."""
    # anyio's own, where a connection is cancelled before its first step.
    known = "ignore:coroutine 'connect_tcp.<locals>.try_connect' was never awaited:RuntimeWarning"
    command = [sys.executable, "-W", "always", "-W", known, "-c", LEAVES, server.url, seconds]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_threads_that_come_at_once_share_one_loop() -> None:
    loops = set[asyncio.AbstractEventLoop]()
    threads = [threading.Thread(target=lambda: loops.add(background._loop())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loops) == 1
