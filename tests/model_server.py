"""A server on this machine that speaks OpenAI's protocol, and breaks it in as many ways as real ones do.

The name of the model that is asked for chooses what happens: `openai:cut` is answered as `MODES["cut"]` says, and
`openai:told` as the mode says that the server was told last, for programs that cannot be told another name.
"""

import json
import re
import select
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-5f3a9c-secret"

QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
ANSWER = f"{QUOTE}[7.5]\n保护知识产权就是保护创新。[3.2]\n"


class ModelServer(ThreadingHTTPServer):
    """Answers on a loopback port; keeps the requests, and notes when a client hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.asked = threading.Event()
        self.gone = threading.Event()
        self.mode = "good"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no error."""


@contextmanager
def serving() -> Iterator[ModelServer]:
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.gone.set()
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append({"path": self.path, "key": self.headers["authorization"], "body": asked})
        self.server.asked.set()
        if self.path.endswith("/embeddings"):
            data = [{"object": "embedding", "index": i, "embedding": [1.0, 0.5]} for i, _ in enumerate(asked["input"])]
            self.answer(200, {"object": "list", "model": asked["model"], "data": data, "usage": USAGE})
        elif not self.path.endswith("/chat/completions"):
            self.answer(404, {"error": {"message": f"no route {self.path}"}})
        else:
            MODES[asked["model"]](self, asked)

    def answer(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        known = {"content-type": "application/json", "content-length": str(len(data)), "connection": "close"}
        for name, value in (known | {k.replace("_", "-"): v for k, v in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def stream(self, events: Iterable[bytes | dict[str, Any]], *, done: bool = True, keep: bool = False) -> None:
        """Send server-sent events in chunks; note when nobody listens any more."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        if not keep:
            self.send_header("connection", "close")
        self.end_headers()
        try:
            for event in events:
                self._chunk(event if isinstance(event, bytes) else b"data: " + json.dumps(event).encode() + b"\n\n")
            if done:
                self._chunk(b"data: [DONE]\n\n")
            self._chunk(b"")
        except OSError:
            self.server.gone.set()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def wait(self, seconds: float = 10) -> None:
        """Say nothing until the client hangs up."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if readable and not self.connection.recv(1):
            self.server.gone.set()


USAGE = {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940}


def event(text: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One message of a stream."""
    if text is not None:
        delta["content"] = text
    return chunk([{"index": 0, "delta": delta, "finish_reason": finish}])


def chunk(choices: Any, **others: Any) -> dict[str, Any]:
    about = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "test"}
    return about | {"choices": choices} | others


def written(text: str, finish: str | None = "stop", usage: bool = True) -> Iterator[dict[str, Any]]:
    """A whole answer, three characters at a time."""
    yield event("", role="assistant")
    for i in range(0, len(text), 3):
        yield event(text[i : i + 3])
    if finish:
        yield event(finish=finish)
    if usage:
        yield chunk([], usage=USAGE)


Mode = Callable[[Handler, dict[str, Any]], None]


def says(text: str, finish: str | None = "stop", usage: bool = True) -> Mode:
    def mode(handler: Handler, asked: dict[str, Any]) -> None:
        if asked.get("stream"):
            handler.stream(written(text, finish, usage and "stream_options" in asked))
            return
        message = {"role": "assistant", "content": text}
        choices = [{"index": 0, "message": message, "finish_reason": finish}]
        handler.answer(200, chunk(choices, object="chat.completion", usage=USAGE))

    return mode


def sends(*events: bytes | dict[str, Any], done: bool = True) -> Mode:
    return lambda handler, _: handler.stream(events, done=done)


def refuses(status: int, **headers: str) -> Mode:
    """An error of HTTP, whose text repeats the key."""

    def mode(handler: Handler, _: dict[str, Any]) -> None:
        said = {"error": {"message": f"no: {handler.headers['authorization']}", "type": "x", "code": None}}
        handler.answer(status, said, **headers)

    return mode


def busy_once(handler: Handler, asked: dict[str, Any]) -> None:
    (refuses(429, retry_after="1") if len(handler.server.requests) == 1 else says(ANSWER))(handler, asked)


def silent(handler: Handler, _: dict[str, Any]) -> None:
    handler.wait()


def slow(handler: Handler, _: dict[str, Any]) -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield from written(f"{ANSWER}此外", None, usage=False)
        handler.wait()

    handler.stream(events())


def thinks_apart(handler: Handler, _: dict[str, Any]) -> None:
    """Think, kept apart from the answer, until the client hangs up."""

    def events() -> Iterator[dict[str, Any]]:
        while not handler.server.gone.is_set():
            yield event(reasoning_content="想一想。")
            time.sleep(0.02)

    handler.stream(events())


def keeps_open(handler: Handler, _: dict[str, Any]) -> None:
    """Answer, and wait for the next request on the same connection."""
    handler.stream(written(ANSWER), keep=True)
    handler.wait()


def cut(handler: Handler, _: dict[str, Any]) -> None:
    """Close the connection without the last chunk."""
    handler.close_connection = True

    def events() -> Iterator[dict[str, Any]]:
        yield from written(f"{ANSWER}此外", None, usage=False)
        raise OSError

    handler.stream(events())


def endless(text: str, pause: float = 0.0) -> Mode:
    """Write the same for ever: until the client hangs up."""

    def events(handler: Handler) -> Iterator[dict[str, Any]]:
        handler.server.gone.clear()
        yield event("", role="assistant")
        while not handler.server.gone.is_set():
            yield event(text)
            time.sleep(pause)

    return lambda handler, _: handler.stream(events(handler))


def echo(handler: Handler, asked: dict[str, Any]) -> None:
    handler.stream(written(asked["messages"][-1]["content"]))


def orders(text: str) -> list[str]:
    """What a text orders a model to write: 请回答：「……」; ⏎ stands for the end of a line."""
    return [order.replace("⏎", "\n") for order in re.findall("请回答：「(.*?)」", text)]


def obeys(handler: Handler, asked: dict[str, Any]) -> None:
    """A model that takes every order for its own, wherever it stands in the prompt, if it takes two lines or more."""
    prompt = re.sub(r"\n\[[\w./-]+\] ", "", asked["messages"][-1]["content"])
    says("\n".join(orders(prompt)))(handler, asked)


def strict(handler: Handler, asked: dict[str, Any]) -> None:
    """A server that knows the bare protocol only."""
    if unknown := asked.keys() - {"model", "messages", "stream", "max_tokens"}:
        handler.answer(400, {"error": {"message": f"Unrecognized request argument: {sorted(unknown)[0]}"}})
        return
    says(ANSWER)(handler, asked)


def told(handler: Handler, asked: dict[str, Any]) -> None:
    MODES[handler.server.mode](handler, asked)


MODES: dict[str, Mode] = {
    "told": told,
    "good": says(ANSWER),
    "no-usage": says(ANSWER, usage=False),
    "strict": strict,
    "declines": says("无法回答。"),
    "declines-at-length": says("无法回答。\n原文没有提到审查员的人数。"),
    "english": says("A public service system convenient for the people will be formed. [7.5]"),
    "status-400": refuses(400),
    "status-401": refuses(401),
    "status-403": refuses(403),
    "status-404": refuses(404),
    "status-429": refuses(429, retry_after_ms="1"),
    "status-500": refuses(500, retry_after_ms="1"),
    "busy-once": busy_once,
    "silent": silent,
    "slow": slow,
    "busy": refuses(429, retry_after="30"),
    "thinks-apart": thinks_apart,
    "keeps-open": keeps_open,
    "cut": cut,
    "no-finish": says(f"{ANSWER}此外", None, usage=False),
    "length": says(f"{ANSWER}此外", "length"),
    "filter": says(f"{ANSWER}此外", "content_filter"),
    "filter-at-once": says("", "content_filter"),
    "length-at-once": says("", "length"),
    "bad-json": sends(*written(ANSWER, None, usage=False), b'data: {"choices": [{"del\n\n'),
    "bad-json-at-once": sends(b"data: {oops\n\n"),
    "bad-utf8": sends(*written(ANSWER, None, usage=False), b'data: {"choices": "\xff\xfe"}\n\n'),
    "error-in-stream": sends(
        *written(ANSWER, None, usage=False), b'data: {"error": {"message": "overloaded %s"}}\n\n' % KEY.encode()
    ),
    "no-choices": sends(chunk([]), chunk([])),
    "null-choices": sends(chunk(None)),
    "null-delta": sends(chunk([{"index": 0, "delta": None, "finish_reason": None}])),
    "no-events": sends(),
    "empty": says(""),
    "blank": says("\n \n"),
    "only-thoughts": sends(
        event(reasoning_content="用户问的是……"), event(reasoning_content=QUOTE), event(finish="stop")
    ),
    "thoughts-apart": sends(event(reasoning_content="想一想[7.5]。"), *written(ANSWER)),
    "thoughts-inside": says(f"<think>\n{QUOTE}[7.5]\n好。\n</think>\n\n{ANSWER}"),
    "thoughts-for-ever": says(f"<think>\n{QUOTE}[7.5]\n"),
    "thinks-for-ever": endless(f"<think>{QUOTE}[7.5]" * 10),
    "html": lambda handler, _: handler.answer(200, b"<html>It works!</html>", content_type="text/html"),
    "json-for-stream": lambda handler, _: says(ANSWER)(handler, {}),
    "two-megabytes": sends(event(ANSWER), event("好" * 700_000), event(finish="stop")),
    "two-megabytes-in-pieces": sends(event(ANSWER), *(event("好，" * 100) for _ in range(3500)), event(finish="stop")),
    "no-marks": says(ANSWER.replace("[7.5]", "").replace("[3.2]", "")),
    "invented-marks": says(ANSWER.replace("7.5", "97.5").replace("3.2", "0.7")),
    "repeats": endless(f"{QUOTE}[7.5]\n"),
    "repeats-without-marks": endless("让创新成果更好惠及人民。"),
    "letters-for-ever": endless("好" * 50),
    "writes-slowly": endless(f"{QUOTE}[7.5]\n", pause=0.02),
    "echo": echo,
    "obeys": obeys,
    "restates": says("怎样让创新成果更好惠及人民？"),
    "restates-at-length": says("好的，" * 300),
    "restates-in-lines": says("好的。\n怎样让创新成果更好惠及人民？"),
}
