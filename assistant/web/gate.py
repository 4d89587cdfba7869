"""Stands before the page: who may come in, what there is to see, and how much may be sent.

Gradio serves much that this page does not need: uploads, files of the server, monitoring, an editor of its own code.
What is not named here does not exist.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.servers import is_loopback
from assistant.web.users import Users
from assistant.web.words import words_for

HEALTH = "/healthz"
MAX_BODY = 1_000_000
"""Bytes of a request: a question and its earlier turns are far shorter."""
_NAMED = "(?:ask|search|speech)"
_READ = re.compile(
    r"/(?:config|theme\.css|favicon\.ico|robots\.txt|manifest\.json|mcp)?"
    r"|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:info|openapi\.json|theme\.css|app_id|startup-events|user|login_check|queue/data|heartbeat/[^/]+)"
    rf"|/gradio_api/call/(?:v2/)?{_NAMED}/[^/]+"
)
_SENT = re.compile(
    r"/mcp"
    r"|/gradio_api/(?:queue/join|cancel|reset|run/predict)"  # the page, whose events have numbers
    rf"|/gradio_api/(?:run|call|call/v2)/{_NAMED}/?"  # programs
)
_METHODS = {"GET": _READ, "HEAD": _READ, "POST": _SENT}
SECONDS_WRONG = 1.0
"""How long the answer to a wrong password takes: guessing is slow."""
_HEADERS = {
    # Even where something of the page wanted to, a browser fetches nothing from elsewhere, and sends nothing there.
    "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "frame-ancestors 'self'; form-action 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Gate:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp, *, users: Users | None, public: bool) -> None:
        self._app = app
        self._users = users
        self._local = users is None and not public
        self._known: set[bytes] = set()
        self._secret = secrets.token_bytes(32)
        # One guess at a time: a hash takes 32 MB and a core.
        self._guesses = anyio.CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # the page has no web sockets
        headers = Headers(scope=scope)
        answer = None if scope["path"] == HEALTH else await self._refusal(scope["method"], scope["path"], headers)
        if answer is not None:
            await answer(scope, receive, send)
            return
        busy = words_for(headers.get("accept-language"))["busy"]
        await self._app(scope, _limited(receive), _sender(send, busy if _joins(scope) else None))

    async def _refusal(self, method: str, path: str, headers: Headers) -> Response | None:
        """Return the answer to a request that may not pass; None if it may."""
        if self._local and not is_loopback(_host(headers) or ""):
            # A web site may give its own name the address 127.0.0.1, and would then be served as if it were the reader.
            return PlainTextResponse(
                "Only this machine may ask: start with --auth-file or --public to be reached by another name.\n", 403
            )
        if self._users is not None and not await self._let_in(headers.get("authorization", "")):
            return PlainTextResponse(
                "请登录。 Please log in.\n",
                401,
                {"www-authenticate": 'Basic realm="speech-assistant", charset="UTF-8"'},
            )
        if method not in _METHODS or not _METHODS[method].fullmatch(path):
            return PlainTextResponse("Not found.\n", 404)
        if headers.get("sec-fetch-site") == "cross-site" and method == "POST":
            return PlainTextResponse("Another site may not ask in a reader's name.\n", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return PlainTextResponse(f"At most {MAX_BODY:,} bytes may be sent.\n", 413)
        return None

    async def _let_in(self, authorization: str) -> bool:
        """Return whether the header holds a name and its password; a wrong one waits for the answer."""
        assert self._users is not None
        mark = hmac.digest(self._secret, authorization.encode("latin-1"), hashlib.sha256)
        if mark in self._known:
            return True
        name, password = _credentials(authorization)
        if not name:
            return False
        if await anyio.to_thread.run_sync(self._users.accept, name, password, limiter=self._guesses):
            self._known.add(mark)
            return True
        await anyio.sleep(SECONDS_WRONG)
        return False


def _host(headers: Headers) -> str | None:
    """Return the name by which the server is asked, without the port."""
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return None


def _credentials(authorization: str) -> tuple[str, str]:
    """Return name and password of a `Basic` header; two empty texts if it is none."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except ValueError:  # not of base64, or not in UTF-8
        return "", ""
    name, _, password = decoded.partition(":")
    return (name, password) if scheme.lower() == "basic" else ("", "")


def _joins(scope: Scope) -> bool:
    return bool(scope["path"].startswith(("/gradio_api/queue/join", "/gradio_api/call/")))


def _limited(receive: Receive) -> Receive:
    """Return `receive`, which ends the connection where a body without a length turns out too long."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > MAX_BODY else message

    return limited


def _sender(send: Send, busy: str | None) -> Send:
    """Return `send`, which adds our headers; and says `busy` in place of Gradio's words where its queue is full."""
    full = False

    async def sender(message: Message) -> None:
        nonlocal full
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            if busy and message["status"] == 503:
                full = True
                # For 503 the page has English words of its own; any other code shows the words that come with it.
                message["status"] = 429
                message["headers"] = [(b"content-type", b"application/json"), (b"retry-after", b"5")]
        elif full:
            if message.get("more_body"):
                return
            message["body"] = json.dumps({"detail": busy}, ensure_ascii=False).encode()
        await send(message)

    return sender
