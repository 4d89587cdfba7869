"""How the page holds up: `python -m eval.load [--readers N] [--rounds N] [--make]`.

Starts `assistant web`, or `make chat`, as a process of its own and prints one Markdown table: how long readers wait who
ask at the same moment, in the page and over the API; and, where Playwright and a Chromium are installed, how long one
reader waits for the page and, after Enter, for the answer. Times are wall clock on the machine named above the table,
which readers and server share; it answers offline.
"""

import asyncio
import json
import os
import platform
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from eval.benchmark import QUESTIONS

PATIENCE = 120
"""Seconds that anything may take."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(
    readers: Annotated[int, typer.Option(min=1, help="How many ask at the same moment.")] = 20,
    rounds: Annotated[int, typer.Option(min=1, help="How often they do.")] = 5,
    port: Annotated[int, typer.Option(help="Where `assistant web` listens; `make chat` takes its own.")] = 7868,
    make: Annotated[bool, typer.Option("--make", help="Start `make chat` in place of `assistant web`.")] = False,
) -> None:
    """Measure and print."""
    typer.echo(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n"
    )
    typer.echo("| what | median | p95 | most | number | errors |\n| --- | --: | --: | --: | --: | --: |")
    script = shutil.which("assistant", path=str(Path(sys.executable).parent)) or "assistant"
    command = ["make", "chat"] if make else [script, "web", "--no-open", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder, _server(command, 7860 if make else port, Path(folder)) as server:
        _print("from the command to the first answer of the server", [server.answering - server.started])
        for name, times in _watched(server, rounds).items():
            _print(name, times)
        for name, ask in (("the page", _ask_page), ("the API", _ask_api)):
            done, failed = asyncio.run(_rounds(server.url, ask, readers, rounds))
            _print(f"{readers} ask {name} at once", done, len(failed))
            for reason in sorted(set(failed)):
                typer.echo(reason, err=True)


def _print(name: str, times: list[float], errors: int = 0) -> None:
    if not times:
        typer.echo(f"| {name} | | | | 0 | {errors} |")
        return
    p95 = statistics.quantiles(times, n=20, method="inclusive")[18] if len(times) > 1 else times[0]
    middle = statistics.median(times)
    typer.echo(f"| {name} | {middle:.2f} s | {p95:.2f} s | {max(times):.2f} s | {len(times)} | {errors} |")


# --- The server ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    url: str
    started: float
    answering: float


@contextmanager
def _server(command: list[str], port: int, folder: Path) -> Iterator[Server]:
    """Run a command that serves the page, offline and with an index of its own, until the block ends."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    environment = kept | {"ASSISTANT_INDEX": str(folder / "index")}
    url, log = f"http://127.0.0.1:{port}/", folder / "log"
    if _answers(url):
        sys.exit(f"Another server is at {url}. Stop it, or choose another --port.")
    started = time.perf_counter()
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            while not _answers(url):
                if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                    sys.exit(f"{' '.join(command)} does not come up:\n{log.read_text('utf-8')}")
                time.sleep(0.05)
            yield Server(url, started, time.perf_counter())
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # `make` and what it has started


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}healthz", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


# --- Many readers ----------------------------------------------------------------------------------------------------

Ask = Callable[[httpx.AsyncClient, str, dict[str, Any]], Awaitable[None]]
"""Waits for the whole answer; raises `AnswerError`."""


class AnswerError(Exception):
    """A question was not answered."""


async def _rounds(url: str, ask: Ask, readers: int, rounds: int) -> tuple[list[float], list[str]]:
    """Return the seconds of each answer, and what went wrong with the others."""
    done: list[float] = []
    failed: list[str] = []
    config = httpx.get(f"{url}config", timeout=PATIENCE).json()

    async def read(number: int, began: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers={"accept-language": "zh-CN"}) as client:
            await client.get("theme.css")  # who has opened the page is connected
            await began.wait()
            start = time.perf_counter()
            try:
                await ask(client, QUESTIONS[number % len(QUESTIONS)], config)
            except (AnswerError, httpx.HTTPError) as error:
                failed.append(f"{type(error).__name__}: {error}")
            else:
                done.append(time.perf_counter() - start)

    for _ in range(rounds):
        began = asyncio.Event()
        async with asyncio.TaskGroup() as crowd:
            for number in range(readers):
                crowd.create_task(read(number, began))
            await asyncio.sleep(1)
            began.set()
    return done, failed


async def _ask_page(client: httpx.AsyncClient, question: str, config: dict[str, Any]) -> None:
    """Ask as the page does: join the queue, and read the stream until the answer is whole."""
    textbox = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "question")
    event = next(d for d in config["dependencies"] if [textbox, "submit"] in d["targets"])
    held = {c["id"]: c["props"].get("value") for c in config["components"]}
    data = [question, *(held[id] for id in event["inputs"][1:])]
    session = secrets.token_hex(6)
    asked = {"data": data, "fn_index": event["id"], "session_hash": session, "trigger_id": textbox}
    joined = await client.post("gradio_api/queue/join", json=asked)
    if not joined.is_success:
        raise AnswerError(f"{joined.status_code} {joined.text}")
    shown = 0
    async with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            shown += message.get("msg") == "process_generating"
            if message.get("msg") == "process_completed":
                if not (message["success"] and shown):
                    raise AnswerError(str(message["output"]))
                return
    raise AnswerError("the stream ended before the answer")


async def _ask_api(client: httpx.AsyncClient, question: str, _: dict[str, Any]) -> None:
    """Ask as a program does."""
    answer = await client.post("gradio_api/run/ask", json={"data": [question, None]})
    if not answer.is_success or not answer.json()["data"][0]["passages"]:
        raise AnswerError(f"{answer.status_code} {answer.text}")


# --- One reader ------------------------------------------------------------------------------------------------------


def _watched(server: Server, rounds: int) -> dict[str, list[float]]:
    """Return what a reader sees in a browser, in seconds; nothing where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found or not find_spec("playwright"):
        return {}
    from playwright.sync_api import sync_playwright

    usable: list[float] = []
    answered: list[float] = []
    first = 0.0
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=found, args=["--no-sandbox"]) as it,
    ):
        for _ in range(rounds + 1):
            with it.new_context(locale="zh-CN") as context:
                page = context.new_page()
                start = time.perf_counter()
                page.goto(server.url)
                page.wait_for_selector(".welcome .questions button")
                page.wait_for_selector("textarea:not([disabled])")
                usable.append(time.perf_counter() - start)
                first = first or time.perf_counter() - server.started
                for number, question in enumerate(QUESTIONS, 1):
                    page.fill("textarea", question)
                    start = time.perf_counter()
                    page.press("textarea", "Enter")
                    page.wait_for_function(
                        f"[...document.querySelectorAll('.reply')].filter(r => r.querySelector('.claim, .refused'))"
                        f".length === {number}"
                    )
                    answered.append(time.perf_counter() - start)
                    page.wait_for_selector("#stop", state="hidden")
    return {
        "from the command to a page that can be used, browser's start included": [first],
        "from opening the page to being able to use it, first visit": usable[:1],
        "the same, later visits": usable[1:],
        "from Enter to the first sentence of the answer, or the refusal": answered,
    }


if __name__ == "__main__":
    typer.run(main)
