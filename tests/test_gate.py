"""What may pass to the page: names and passwords, paths, sizes; and what is added on the way back."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from assistant.web.gate import HEALTH, MAX_BODY, Gate
from assistant.web.users import Users, user_line
from assistant.web.words import EN, ZH


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """What is behind the gate: says how much it was sent; its queue is full for who asks for that."""
    request = Request(scope, receive)
    length = len(await request.body())
    full = request.headers.get("x-full")
    response: Response = JSONResponse({"detail": "Queue is full."}, 503) if full else JSONResponse({"length": length})
    await response(scope, receive, send)


def client(users: Users | None = None, *, public: bool = False, **options: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Gate(inside, users=users, public=public), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860", **options)


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Users:
    file = tmp_path_factory.mktemp("gate") / "users"
    file.write_text(user_line("编辑", "密码"), encoding="utf-8")
    return Users.from_file(file)


NEEDED = [
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/config"),
    ("GET", "/assets/index.js"),
    ("GET", "/gradio_api/queue/data?session_hash=x"),
    ("GET", "/gradio_api/heartbeat/x"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/queue/join?__theme=dark"),
    ("POST", "/gradio_api/run/ask"),
    ("POST", "/gradio_api/call/v2/ask"),
    ("POST", "/mcp"),
]
NEEDLESS = [
    ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/file=/etc/passwd"),
    ("GET", "/gradio_api/file/etc/passwd"),
    ("GET", "/gradio_api/proxy=https://example.org/"),
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("GET", "/gradio_api/runs"),
    ("GET", "/gradio_api/deep_link"),
    ("POST", "/gradio_api/component_server"),
    ("GET", "/gradio_api/dev/reload"),
    ("GET", "/gradio_api/vibe-code"),
    ("POST", "/gradio_api/vibe-edit"),
    ("POST", "/login"),
    ("POST", "/"),
    ("PUT", "/config"),
    ("DELETE", "/"),
    ("OPTIONS", "/"),
    ("GET", "/docs"),
    ("GET", "//etc/passwd"),
]


@pytest.mark.parametrize(("method", "path"), NEEDED)
async def test_what_the_page_needs_passes(method: str, path: str) -> None:
    async with client() as visitor:
        assert (await visitor.request(method, path)).status_code == 200


@pytest.mark.parametrize(("method", "path"), NEEDLESS)
async def test_nothing_else_exists(method: str, path: str) -> None:
    async with client() as visitor:
        assert (await visitor.request(method, path)).status_code == 404


@pytest.mark.parametrize(("method", "path"), NEEDED + NEEDLESS)
async def test_with_users_nothing_is_seen_without_logging_in(method: str, path: str, users: Users) -> None:
    async with client(users) as visitor:
        answer = await visitor.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_health_is_told_to_everybody(users: Users) -> None:
    async with client(users) as visitor:
        assert (await visitor.get(HEALTH)).status_code == 200


async def test_a_user_comes_in_and_is_known_from_then_on(users: Users) -> None:
    async with client(users, auth=("编辑", "密码")) as visitor:
        assert [(await visitor.get("/")).status_code for _ in range(20)] == [200] * 20


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !", "Basic /w==", "Bearer x", "Basic eDp5", "basic 编".encode()]
)
async def test_a_wrong_header_is_not_let_in(header: bytes, users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.web.gate.SECONDS_WRONG", 0)
    async with client(users) as visitor:
        request = httpx.Request("GET", "http://127.0.0.1:7860/", headers={b"authorization": header})
        assert (await visitor.send(request)).status_code == 401


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "[::1]:7860"])
async def test_this_machine_is_served_by_its_names(host: str) -> None:
    async with client() as visitor:
        assert (await visitor.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "[", ""])
async def test_another_name_for_this_machine_needs_users_or_public(host: str, users: Users) -> None:
    async with client() as visitor:
        assert (await visitor.get("/", headers={"host": host})).status_code == 403
    async with client(public=True) as visitor:
        assert (await visitor.get("/", headers={"host": host})).status_code == 200
    async with client(users, auth=("编辑", "密码")) as visitor:
        assert (await visitor.get("/", headers={"host": host})).status_code == 200


async def test_another_site_does_not_ask_in_a_readers_name() -> None:
    async with client(headers={"sec-fetch-site": "cross-site"}) as visitor:
        assert (await visitor.post("/gradio_api/queue/join")).status_code == 403
        assert (await visitor.get("/")).status_code == 200, "a link from elsewhere leads here"


async def test_a_long_body_is_not_taken() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(MAX_BODY // 2)

    async with client() as visitor:
        assert (await visitor.post("/gradio_api/queue/join", content=bytes(MAX_BODY))).json() == {"length": MAX_BODY}
        assert (await visitor.post("/gradio_api/queue/join", content=bytes(MAX_BODY + 1))).status_code == 413
        assert (await visitor.post("/gradio_api/queue/join", content=pieces())).status_code >= 400
        wrong = {"content-length": "many"}
        assert (await visitor.post("/gradio_api/queue/join", content=b"", headers=wrong)).status_code == 413


@pytest.mark.parametrize(("language", "words"), [("zh-CN,en;q=0.5", ZH), ("en", EN)])
async def test_a_full_queue_is_told_in_the_readers_language(language: str, words: dict[str, str]) -> None:
    async with client(headers={"accept-language": language, "x-full": "1"}) as visitor:
        answer = await visitor.post("/gradio_api/queue/join")
        assert (answer.status_code, answer.json()) == (429, {"detail": words["busy"]})
        assert (await visitor.get(HEALTH)).status_code == 503, "only a queue is busy"


async def test_the_browser_is_told_to_fetch_nothing_from_elsewhere() -> None:
    async with client() as visitor:
        policy = (await visitor.get("/")).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy
