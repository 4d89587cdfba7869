"""The protocol as somebody else understands it: LiteLLM's proxy with mock answers, installed for this test only.

It has an environment of its own, because it pins other versions than ours. Where it differs from `model_server.py`:
it answers an unknown model and a wrong key with 400 and not with 404 and 401, and tries again by itself before it
hands on a 429.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.errors import ModelError
from assistant.llm import LLMAnswerer
from assistant.replies import Answer

LITELLM = "litellm[proxy]==1.106.2"
KEY = "sk-test-5f3a9c-secret"
QUESTION = "怎样让创新成果更好惠及人民？"
CONFIG = f"""
model_list:
  - model_name: good
    litellm_params:
      model: openai/anything
      api_key: none
      mock_response: "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。[7.5]\\n保护知识产权就是保护创新。[3.2]"
  - model_name: busy
    litellm_params:
      model: openai/anything
      api_key: none
      mock_response: litellm.RateLimitError
router_settings:
  num_retries: 0
general_settings:
  master_key: {KEY}
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running proxy."""
    folder = tmp_path_factory.mktemp("litellm")
    venv.create(folder / "venv", with_pip=True)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", LITELLM], check=True)
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command: list[str | Path] = [
        scripts / "litellm",
        "--config",
        folder / "config.yaml",
        "--host",
        "127.0.0.1",
        "--port",
        port,
    ]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("COVERAGE_", "COV_CORE_", "PYTHONPATH"))}
    offline = inherited | {"HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*command, "--telemetry", "False"], env=offline, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/health/liveliness", running, folder / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def wait_for(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert running.poll() is None, log.read_text(errors="replace")
            time.sleep(0.5)
    raise AssertionError(log.read_text(errors="replace"))


def assistant(proxy: str, model: str, folder: Path, key: str = KEY, **settings: bool) -> Assistant:
    return Assistant.from_settings(
        model=f"openai:{model}", base_url=proxy, api_key=key, max_retries=0, index=folder / "index", **settings
    )


def test_an_answer_is_streamed_and_checked(proxy: str, tmp_path: Path) -> None:
    with assistant(proxy, "good", tmp_path) as ours:
        replies = list(ours.stream(QUESTION))
        assert isinstance(replies[-1], Answer)
        assert [len(reply.claims) for reply in replies if isinstance(reply, Answer)] == [0, 1, 2]
        assert (replies[-1].notice, replies[-1].withheld) == (None, ())
        assert isinstance(ours.answerer, LLMAnswerer)
        for name, probe in ours.answerer.probes().items():
            assert probe().startswith("accepted"), name


@pytest.mark.parametrize(("model", "key"), [("busy", KEY), ("unknown", KEY), ("good", "sk-wrong-1a2b3c-secret")])
def test_a_refusal_becomes_one_line_or_quotes(proxy: str, tmp_path: Path, model: str, key: str) -> None:
    with assistant(proxy, model, tmp_path, key, fallback=False) as ours:
        with pytest.raises(ModelError, match="refused") as caught:
            ours.ask(QUESTION)
        assert caught.value.retryable == (model == "busy")
        assert key not in str(caught.value)
    with assistant(proxy, model, tmp_path, key) as ours:
        reply = ours.ask(QUESTION)
        assert reply.made_by.answerer == "extractive"
        assert reply.notice is not None


def test_leaving_a_stream_leaves_the_proxy_well(proxy: str, tmp_path: Path) -> None:
    with assistant(proxy, "good", tmp_path) as ours:
        for _ in range(3):
            replies = ours.stream(QUESTION)
            next(replies)
            next(replies)
            replies.close()
        assert isinstance(ours.ask(QUESTION), Answer)
