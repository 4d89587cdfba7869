"""The server as it runs: who it lets in, what it offers to programs, whom it asks itself, and how it ends."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from model_server import KEY, MODES, Handler, serving

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.corpus import Corpus
from assistant.errors import SettingsError
from assistant.web.server import check_access, listen, url_of
from assistant.web.users import user_line

SCRIPT = Path(sys.executable).with_name("assistant")
PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
NAME, PASSWORD = "编辑", "一个好密码"
SECONDS_TO_START = 60
SECONDS_TO_END = 5  # two are promised, on a machine that does nothing else


# --- Where it listens ---


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_needs_no_leave(host: str) -> None:
    check_access(host, auth=False, public=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_other_machines_need_users_or_public(host: str) -> None:
    with pytest.raises(SettingsError, match=r"--auth-file.*--public"):
        check_access(host, auth=False, public=False)
    check_access(host, auth=True, public=False)
    check_access(host, auth=False, public=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_it_listens_before_there_is_anything_to_see(host: str) -> None:
    with listen(host, 0) as listening:
        port = listening.getsockname()[1]
        assert url_of(listening) == f"http://127.0.0.1:{port}/"
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def web(*arguments: str | Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Run `assistant web`, which must end with a usage error, and return what it says."""
    monkeypatch.setattr(sys, "argv", ["assistant", "web", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (2, "")
    return err


def test_what_is_wrong_is_one_line_that_names_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str | Path) -> str:
        text = web(*arguments, monkeypatch=monkeypatch, capsys=capsys)
        assert len(text.strip().splitlines()) == 1
        return text

    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert said("--port", str(port)) == f"Port {port} of 127.0.0.1 is in use. Choose another one with --port.\n"
    assert re.search(r"--auth-file FILE.*--public", said("--host", "0.0.0.0"))
    assert "--host" in said("--host", "203.0.113.1.", "--public", "--port", "0")
    assert "cannot be read" in said("--auth-file", tmp_path / "missing")


def test_mcp_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from assistant.web.server import make_app

    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(SettingsError, match=re.escape("pip install 'speech-assistant[mcp]'")):
        make_app(Assistant.from_settings(index=tmp_path / "index"), tmp_path / "feedback", mcp=True)


# --- Running servers ---


@dataclass(frozen=True)
class Site:
    """A running `assistant web`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def end(self, by: signal.Signals) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds it took."""
        start = time.monotonic()
        self.process.send_signal(by)
        return self.process.wait(30), time.monotonic() - start


@contextmanager
def running(folder: Path, *arguments: str | Path, **env: str) -> Iterator[Site]:
    """Run `assistant web` at a free port until the block ends."""
    log = folder / "web.log"
    command = [SCRIPT, "web", "--port", "0", *arguments]
    with log.open("wb") as output, subprocess.Popen(command, stderr=output, env=os.environ | env) as process:
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not (url := re.search(r"http://\S+/", log.read_text("utf-8"))):
                assert process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.05)
            yield Site(url[0], process, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The bundled speech, answered offline, with MCP."""
    with running(tmp_path_factory.mktemp("site"), "--mcp") as site:
        yield site


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same for one user."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "users").write_text(user_line(NAME, PASSWORD), encoding="utf-8")
    with running(folder, "--mcp", "--auth-file", folder / "users") as site:
        yield site


@pytest.mark.slow
def test_the_page_and_its_health_are_there(site: Site) -> None:
    assert httpx.get(f"{site.url}healthz").json() == {"status": "ok"}
    page = httpx.get(site.url)
    assert page.status_code == 200
    assert "gradio_config" in page.text


# --- Logging in ---

ROUTES = """
import json, sys
from pathlib import Path
from assistant.assistant import Assistant
from assistant.web.server import make_app

def walk(routes, prefix=""):
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(getattr(route, "app", None), "router", None)
        path = prefix + getattr(route, "path", "").rstrip("/")
        if inner is not None:
            yield from walk(inner.routes, path)
        else:
            for method in getattr(route, "methods", None) or ["GET", "POST"]:
                yield method, path or "/"

with Assistant.from_settings() as assistant:
    app = make_app(assistant, Path("feedback"), mcp=True)
    print(json.dumps(sorted(set(walk(app._app.routes)))))
"""


@pytest.mark.slow
def test_with_users_no_route_is_answered_without_logging_in(guarded: Site, tmp_path: Path) -> None:
    """Every route that Gradio and we have, by a real HTTP client: each but the health says 401, and nothing else."""
    done = subprocess.run([sys.executable, "-c", ROUTES], cwd=tmp_path, capture_output=True, check=True, timeout=100)
    routes = json.loads(done.stdout)
    assert {"/config", "/gradio_api/upload", "/mcp", "/assets/{path:path}", "/"} <= {path for _, path in routes}
    seen = {}
    with httpx.Client(base_url=guarded.url, timeout=30) as visitor:
        for method, path in routes:
            answer = visitor.request(method, re.sub(r"\{.*?\}", "x", path))
            seen[method, path] = answer.status_code
            assert "习近平" not in answer.text
    assert {route for route, code in seen.items() if code != 401} == {("GET", "/healthz")}


@pytest.mark.slow
def test_a_user_reads_and_asks(guarded: Site) -> None:
    with httpx.Client(base_url=guarded.url, auth=(NAME, PASSWORD), timeout=30) as user:
        assert "gradio_config" in user.get("/").text
        assert user.get("/config").status_code == 200
        answer = user.post("/gradio_api/run/ask", json={"data": [PEOPLE, None]})
    assert answer.json()["data"][0]["citations"][0]["quote"] == PEOPLE_QUOTE


@pytest.mark.slow
def test_a_wrong_password_is_not_let_in(guarded: Site) -> None:
    for auth in ((NAME, "wrong"), ("nobody", PASSWORD), (NAME, "")):
        assert httpx.get(guarded.url, auth=auth, timeout=30).status_code == 401
    header = "Basic " + base64.b64encode(f"{NAME}:{PASSWORD}x".encode()).decode()
    assert httpx.get(guarded.url, headers={"authorization": header}, timeout=30).status_code == 401


# --- Programs ---


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Any]:
    """Gradio's own client, which tells its makers nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        patch.setenv("HF_HUB_OFFLINE", "1")
        from gradio_client import Client

        client = Client(site.url, verbose=False, analytics_enabled=False, download_files=False)
        yield client
        client.close()


@pytest.mark.slow
def test_ask_gives_the_reply_as_json(client: Any) -> None:
    reply = client.predict(PEOPLE, api_name="/ask")
    with Assistant.from_settings() as assistant:
        assert reply == json.loads(json.dumps(assistant.ask(PEOPLE).to_dict()))


@pytest.mark.slow
def test_ask_leans_on_the_history(client: Any) -> None:
    history = [{"question": "惩罚性赔偿制度怎么落实？", "answer": "……"}]
    assert client.predict("它有什么要求？", history, api_name="/ask")["restated"]
    assert not client.predict("它有什么要求？", api_name="/ask")["restated"]
    refused = {"question": "讲话提到网络游戏了吗？", "answer": "……", "kind": "refusal"}
    restated = client.predict("它有什么要求？", [*history, refused], api_name="/ask")["restated"]
    assert restated == "它有什么要求？（惩罚性赔偿、制度）"


@pytest.mark.slow
def test_search_gives_the_closest_paragraphs_with_addresses(client: Any, corpus: Corpus) -> None:
    found = client.predict("惩罚性赔偿", 2, api_name="/search")
    assert [item["address"] for item in found][:1] == ["8"]
    assert len(found) == 2
    text = corpus.speeches[0].text
    assert all(text[item["start"] : item["end"]] == item["text"] for item in found)
    assert found[0]["score"] > found[1]["score"]
    assert len(client.predict("惩罚性赔偿", api_name="/search")) == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "sentences"), [("7.5", 1), ("第7段第5句", 1), ("7", None), ("", None), ("ip-2020", None)]
)
def test_speech_gives_the_text_with_its_offsets(
    client: Any, corpus: Corpus, address: str, sentences: int | None
) -> None:
    speech = corpus.speeches[0]
    shown = client.predict(address, api_name="/speech")
    assert (shown["speech"], shown["title"], shown["sha256"]) == (speech.id, speech.title, speech.sha256)
    assert speech.text[shown["start"] : shown["end"]] == shown["text"]
    assert all(speech.text[item["start"] : item["end"]] == item["text"] for item in shown["sentences"])
    assert sentences in (None, len(shown["sentences"]))
    if address in ("", "ip-2020"):
        assert len(shown["sentences"]) == len(list(speech.sentences))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("endpoint", "arguments", "said"),
    [
        ("/ask", ("",), "The question is empty"),
        ("/ask", ("问" * 2001,), "2,001 characters"),
        ("/ask", (5,), "question must be text"),
        ("/ask", (PEOPLE, [{"question": "x"}]), "Every item of history"),
        ("/ask", (PEOPLE, "x"), "history must be a list"),
        ("/search", ("", 3), "The question is empty"),
        ("/search", (PEOPLE, 0), "k must be"),
        ("/search", (PEOPLE, 51), "k must be"),
        ("/search", (PEOPLE, "3"), "k must be"),
        ("/speech", ("99",), "has no paragraph 99"),
        ("/speech", ("x",), "is not an address"),
        ("/speech", (7,), "address must be text"),
    ],
)
def test_errors_come_back_as_readable_messages(
    client: Any, site: Site, endpoint: str, arguments: tuple[Any, ...], said: str
) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=said):
        client.predict(*arguments, api_name=endpoint)
    assert "Traceback" not in site.log.read_text("utf-8")


@pytest.mark.slow
def test_one_request_is_enough_without_a_client(site: Site) -> None:
    asked = {"data": [PEOPLE, None]}
    reply = httpx.post(f"{site.url}gradio_api/run/ask", json=asked, timeout=30).json()["data"][0]
    assert reply["citations"][0]["address"] == "7.5"
    wrong = httpx.post(f"{site.url}gradio_api/run/ask", json={"data": ["", None]}, timeout=30)
    assert wrong.status_code == 500
    assert "The question is empty" in wrong.json()["error"]


@pytest.mark.slow
def test_programs_are_offered_three_endpoints_and_no_more(site: Site) -> None:
    info = httpx.get(f"{site.url}gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/ask", "/search", "/speech"}
    assert info["unnamed_endpoints"] == {}
    for endpoint in info["named_endpoints"].values():
        assert endpoint["description"]
    for name in ("open", "stop", "leave", "ask_clicked", "to_json"):
        for way in ("call", "call/v2", "run"):
            assert httpx.post(f"{site.url}gradio_api/{way}/{name}", json={"data": []}).status_code == 404


@pytest.mark.slow
async def test_the_same_three_are_tools_of_mcp(guarded: Site, corpus: Corpus) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx.AsyncClient(auth=(NAME, PASSWORD), timeout=30) as http,
        streamable_http_client(f"{guarded.url}mcp", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == {"ask", "search", "speech"}
        assert all("Args:" in (tool.description or "") for tool in tools.values())
        assert tools["ask"].inputSchema["required"] == ["question"]

        answered = await session.call_tool("ask", {"question": PEOPLE})
        assert answered.structuredContent is not None
        assert answered.structuredContent["citations"][0]["quote"] == PEOPLE_QUOTE
        assert json.loads(answered.content[0].text) == answered.structuredContent  # type: ignore[union-attr]

        found = await session.call_tool("search", {"question": "惩罚性赔偿", "k": 1})
        assert found.structuredContent is not None
        assert [item["address"] for item in found.structuredContent["result"]] == ["8"]

        shown = await session.call_tool("speech", {"address": "7.5"})
        assert shown.structuredContent is not None
        assert shown.structuredContent["text"] == corpus.find("7.5").text

        wrong = await session.call_tool("speech", {"address": "99"})
        assert wrong.isError
        assert "has no paragraph 99" in wrong.content[0].text  # type: ignore[union-attr]


@pytest.mark.slow
async def test_mcp_asks_for_the_password(guarded: Site) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        assert (await http.post(f"{guarded.url}mcp", json=hello)).status_code == 401


@pytest.mark.slow
@pytest.mark.parametrize(("language", "command"), [("py", [sys.executable, "-c"]), ("sh", ["bash", "-c"])])
def test_the_readme_shows_how(language: str, command: list[str], site: Site) -> None:
    readme = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8").partition("## For programs")[2]
    shown = re.search(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert shown
    if language == "sh" and not shutil.which("curl"):
        pytest.fail("curl is not installed") if os.environ.get("CI") else pytest.skip("curl is not installed")
    code = shown[1].replace("http://127.0.0.1:7860/", site.url).replace("http://127.0.0.1:7860", site.url)
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
    done = subprocess.run([*command, code], env=os.environ | quiet, capture_output=True, timeout=100, check=True)
    assert PEOPLE_QUOTE in done.stdout.decode()
    assert "7.5" in done.stdout.decode()


# --- What it keeps to itself ---

WATCHED = """
import http.client, json, os, signal, sys, threading, time

hosts = set()

def hook(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        hosts.add(str(args[0]))
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        hosts.add(str(args[1][0]))

sys.addaudithook(hook)
port, question = sys.argv[1:]

def visit():
    for _ in range(600):
        link = http.client.HTTPConnection("127.0.0.1", int(port))
        try:
            link.request("GET", "/")
            break
        except OSError:
            time.sleep(0.1)
    link.getresponse().read()
    asked = json.dumps({"data": [question, None]})
    link.request("POST", "/gradio_api/run/ask", asked, {"content-type": "application/json"})
    print(json.load(link.getresponse())["data"][0]["kind"])
    time.sleep(2)  # what asks elsewhere does so in a thread of its own
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=visit, daemon=True).start()
sys.argv = ["assistant", "web", "--port", port, "--mcp"]
from assistant.cli import main
try:
    main()
except SystemExit:
    print(hosts)
"""


@pytest.mark.slow
def test_it_asks_nobody_else_when_it_starts_and_answers(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", WATCHED, str(port), PEOPLE]
    open_minded = {k: v for k, v in os.environ.items() if not k.startswith(("GRADIO_", "HF_"))}
    done = subprocess.run(command, cwd=tmp_path, env=open_minded, capture_output=True, timeout=100, check=False)
    assert done.stdout.decode().splitlines() == ["answer", "{'127.0.0.1'}"], done.stderr.decode()


# --- How it ends ---


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_with_a_stream_open(by: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path) as site, httpx.stream("GET", f"{site.url}gradio_api/heartbeat/x", timeout=30) as stream:
        assert next(stream.iter_lines()) == "data: ALIVE"
        code, seconds = site.end(by)
        assert code == 0
        assert seconds < SECONDS_TO_END
        assert site.log.read_text("utf-8").count("\n") == 1, site.log.read_text("utf-8")


def silent(handler: Handler, _: dict[str, Any]) -> None:
    handler.wait(60)


@pytest.mark.slow
def test_it_ends_while_a_model_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODES, "silent", silent)
    with serving() as model:
        env = {"ASSISTANT_MODEL": "openai:silent", "ASSISTANT_BASE_URL": model.url, "ASSISTANT_API_KEY": KEY}
        with running(tmp_path, **env) as site:
            with httpx.Client(base_url=site.url, timeout=httpx.Timeout(30)) as visitor:
                joined = visitor.post("gradio_api/call/ask", json={"data": [PEOPLE, None]}).json()
                assert joined["event_id"]
                deadline = time.monotonic() + 20
                while not model.requests and time.monotonic() < deadline:
                    time.sleep(0.05)
                assert model.requests
                code, seconds = site.end(signal.SIGTERM)
            assert code == 0
            assert seconds < SECONDS_TO_END
            assert not re.search("Traceback|Error", site.log.read_text("utf-8"))
