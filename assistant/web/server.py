"""Shows the page: an address to listen at, who may come, and a clean end."""

import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.errors import IndexingError, SettingsError
from assistant.servers import is_loopback
from assistant.web.users import Users

ASKING = 16
"""Questions of readers that are answered at the same time."""
WAITING = 64
"""Questions that may wait; more are told that the page is busy."""
_log = logging.getLogger(__name__)

SECONDS_TO_END = 1
"""That answers under way have, once the server is told to stop."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that already takes connections: who comes before the page is ready waits.

    Raises:
        SettingsError: nothing can listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except socket.gaierror as error:
        raise SettingsError(f"--host {host} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        reason = "is in use" if "in use" in str(error) else f"cannot be had ({error.strerror})"
        raise SettingsError(f"Port {port} of {host} {reason}. Choose another one with --port.") from error


def check_access(host: str, *, auth: bool, public: bool) -> None:
    """Raise `SettingsError` where others than this machine could come in without a password."""
    if not (auth or public or is_loopback(host)):
        raise SettingsError(
            f"--host {host} lets other machines in: name who may come with --auth-file FILE, or say --public."
        )


def url_of(listening: socket.socket) -> str:
    """Return the address to type into a browser here; with several, that of this machine."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def make_app(
    assistant: Assistant,
    feedback: Path,
    *,
    users: Users | None = None,
    public: bool = False,
    root_path: str = "",
    mcp: bool = False,
) -> Any:
    """Return the ASGI application: the page behind its gate, and `/healthz`.

    Args:
        assistant: answers the questions; it stays the caller's to close.
        feedback: the file that keeps what readers think of replies.
        users: who may come in; None if no name is asked for.
        public: whether it may be asked by another name than this machine's.
        root_path: where a reverse proxy shows the page, such as `/speech`.
        mcp: whether the endpoints are offered as tools of MCP, too.

    Raises:
        SettingsError: MCP is asked for and not installed.
    """
    if mcp:
        _check_mcp()
    from fastapi import FastAPI, Response
    from gradio import mount_gradio_app

    from assistant.web import page
    from assistant.web.api import Endpoints
    from assistant.web.gate import HEALTH, Gate

    endpoints = Endpoints(assistant)
    tools = endpoints.mcp_server() if mcp else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with tools.session_manager.run() if tools else nullcontext():
            yield

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    @app.get(HEALTH)
    def healthz(response: Response) -> dict[str, str]:
        try:
            assistant.index.probe()
        except IndexingError as error:
            _log.error("%s", error)  # for who runs the page: it names a folder
            response.status_code = 503
            return {"status": "failed"}
        return {"status": "ok"}

    if tools:
        app.router.routes.extend(tools.streamable_http_app().routes)
    blocks = page.build(assistant, feedback, endpoints)
    blocks.queue(default_concurrency_limit=ASKING, max_size=WAITING)
    mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=root_path or None,
        # Whatever Gradio's own variables in the environment say.
        mcp_server=False,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        **page.look(),
    )
    return Gate(app, users=users, public=public)


def _check_mcp() -> None:
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise SettingsError("--mcp needs one more package. Install it with: pip install 'speech-assistant[mcp]'")


def serve(app: Any, listening: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Answer until SIGINT (Ctrl-C) or SIGTERM; call `ready` when there is something to see."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Pages that are open are cut off then, which is no error to write down.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await super().shutdown(sockets)

    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=SECONDS_TO_END)
    # Uvicorn ends in order and then raises the signal once more, for whom it may concern.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            Server(config).run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)
