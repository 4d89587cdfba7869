"""What our side adds to a model's stream, and how soon its server is left; `python -m eval.benchmark` prints both.

The model is a server in this process that writes at a steady pace. A delay runs from the moment before it sends what
completes a sentence to the moment when the reply with that sentence is there.
"""

import json
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from assistant.assistant import Assistant
from assistant.llm import LLMAnswerer
from assistant.replies import Turn
from assistant.settings import Settings

QUESTION = "这篇讲话主要讲了什么？"
TURNS = (Turn("知识产权工作正在发生哪些转变？", "知识产权工作正在从追求数量向提高质量转变。"),)
PIECE, PACE = 6, 0.01
"""Characters of a piece, and seconds before each: some 400 tokens a second, faster than most servers."""
WHOLE_DRAFTS = 3
"""How often the whole speech is written out; fifty sentences each time."""


def measure(folder: Path, runs: int) -> Iterator[tuple[str, list[float]]]:
    """Yield the rows: a name and its times in seconds."""
    with Assistant.from_settings(index=folder / "index") as quotes, _black_hole() as nowhere:
        draft = [f"{sentence.text.strip()}[{sentence.address}]\n" for sentence in quotes.corpus.sentences]
        with _serving(draft) as server:

            def asking(model: str, url: str = server.url) -> Assistant:
                settings = Settings.load(model=f"openai:{model}", base_url=url, connect_timeout=60)
                return Assistant(quotes.corpus, quotes.index, LLMAnswerer.from_settings(settings))

            steady, slow, silent = asking("steady"), asking("slow"), asking("silent")
            _delays(steady, server, 1)  # loads the client
            whole = [_delays(steady, server, len(draft)) for _ in range(WHOLE_DRAFTS)]
            yield "a model's sentence, from sent to shown", [delay for delays in whole for delay in delays]
            first = [_delays(steady, server, 1)[0] for _ in range(runs)]
            yield "a model's first sentence, from sent to shown", first

            seen, ended = "until the server sees it", "until the stream ends"
            stops: dict[str, Callable[[], float]] = {
                f"leaving the stream, {seen}": lambda: _leave(slow, server),
                f"stop before the first word, {seen}": lambda: _stop(silent, server),
                f"stop between two words, {seen}": lambda: _stop(slow, server),
                f"stop while a follow-up is restated, {seen}": lambda: _stop(silent, server, TURNS),
                f"stop between two tries, {ended}": lambda: _stop(asking("busy"), server, seen=False),
                f"stop while connecting, {ended}": lambda: _stop(asking("x", nowhere), None, seen=False),
            }
            for name, stop in stops.items():
                yield name, [stop() for _ in range(runs)]


def _delays(assistant: Assistant, server: "_Server", sentences: int) -> list[float]:
    """Return for each of the first sentences of the draft how long it took to be shown."""
    shown: list[float] = []
    with closing(assistant.stream(QUESTION)) as replies:
        for reply in replies:
            if reply.kind == "answer" and len(reply.claims) > len(shown):
                shown.append(time.perf_counter())
            if len(shown) == sentences:
                break
    return [at - sent for at, sent in zip(shown, server.sent[:sentences], strict=True)]


def _leave(assistant: Assistant, server: "_Server") -> float:
    """Return how long after its iterator was closed a request was seen to end."""
    replies = assistant.stream(QUESTION)
    while not next(replies).to_dict()["claims"]:
        pass
    server.waits.get(timeout=60)
    began = time.perf_counter()
    replies.close()
    return server.left.get(timeout=60) - began


def _stop(assistant: Assistant, server: "_Server | None", turns: Sequence[Turn] = (), *, seen: bool = True) -> float:
    """Return how long after the event was set a request was seen to end, or else its stream ended."""
    stopped, ended = Event(), SimpleQueue[float]()

    def read() -> None:
        for _ in assistant.stream(QUESTION, turns, stopped=stopped):
            pass
        ended.put(time.perf_counter())

    reader = Thread(target=read)
    reader.start()
    if server:
        server.waits.get(timeout=60)
    time.sleep(random.uniform(0.1, 0.2))  # anywhere between two looks at the event
    began = time.perf_counter()
    stopped.set()
    end = (server.left if server and seen else ended).get(timeout=60)
    reader.join()
    return end - began


# --- The server ------------------------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    """Speaks as much of OpenAI's protocol as a stream needs; the name of the model says what it does."""

    daemon_threads = True

    def __init__(self, draft: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.draft = draft
        self.sent: list[float] = []
        """When each sentence of the last request's draft was complete."""
        self.waits = SimpleQueue[float]()
        """When it began to say nothing."""
        self.left = SimpleQueue[float]()
        """When a client was seen to hang up meanwhile."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None: ...

    def do_POST(self) -> None:
        model = json.loads(self.rfile.read(int(self.headers["content-length"])))["model"]
        if model == "busy":
            self.send_response(429)
            self.send_header("retry-after", "30")
            self.end_headers()
            self.server.waits.put(time.perf_counter())
            return
        if model != "silent":
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            with suppress(OSError):
                self._write(self.server.draft[: 1 if model == "slow" else None])
        if model != "steady":
            self.server.waits.put(time.perf_counter())
            with suppress(OSError):
                self.connection.recv(1)
            self.server.left.put(time.perf_counter())

    def _write(self, draft: Sequence[str]) -> None:
        sent = self.server.sent = []
        for sentence in draft:
            for i in range(0, len(sentence), PIECE):
                time.sleep(PACE)
                if i + PIECE >= len(sentence):
                    sent.append(time.perf_counter())
                self._send({"content": sentence[i : i + PIECE]})
        if draft == self.server.draft:
            self._send({}, "stop")

    def _send(self, delta: dict[str, str], finish: str | None = None) -> None:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        message = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": choices}
        self.wfile.write(b"data: " + json.dumps(message).encode() + b"\n\n")


@contextmanager
def _serving(draft: Sequence[str]) -> Iterator[_Server]:
    with _Server(draft) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _black_hole() -> Iterator[str]:
    """Yield an address where connecting neither succeeds nor fails: its queue is full, and nobody accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(5)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            for each in waiting:
                each.close()
