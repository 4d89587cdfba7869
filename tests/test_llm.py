"""The language model: real requests of the real client to a server on this machine, and everything that can go wrong."""

import json
import logging
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import ANSWER, KEY, MODES, QUOTE, ModelServer, says, serving
from pydantic import SecretStr

from assistant import llm
from assistant.assistant import Assistant
from assistant.citations import Verdict, check
from assistant.cli import main
from assistant.corpus import Corpus
from assistant.embedders import LexicalEmbedder
from assistant.errors import ModelError, SettingsError
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Index, Passage
from assistant.llm import MAX_CHARACTERS, MAX_REPEATS, PRESETS, LLMAnswerer
from assistant.prompts import Prompt
from assistant.replies import Answer, Refusal, Reply, Turn
from assistant.servers import Server
from assistant.settings import Settings, bundled

QUESTION = "怎样让创新成果更好惠及人民？"
ENGLISH = "How can innovation benefit the people?"
GOLDEN = Path(__file__).parent / "golden" / "prompt-answer-speech.md"

Make = Callable[..., Assistant]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def index(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    embedder = LexicalEmbedder([paragraph.text for paragraph in corpus.paragraphs])
    index = Index.open(corpus, embedder, tmp_path_factory.mktemp("index") / "index")
    yield index
    index.close()


@pytest.fixture
def make(corpus: Corpus, index: Index, server: ModelServer) -> Make:
    def make(mode: str, *, fallback: bool = True, **settings: Any) -> Assistant:
        """An assistant whose model does what `mode` says."""
        model = answerer(f"openai:{mode}", **{"base_url": server.url, **settings})
        return Assistant(corpus, index, model, fallback=ExtractiveAnswerer(corpus) if fallback else None)

    return make


def answerer(model: str, **settings: Any) -> LLMAnswerer:
    quick = {"api_key": KEY, "max_retries": 0, "read_timeout": 0.5, "connect_timeout": 2.0}
    return LLMAnswerer.from_settings(Settings.load(model=model, **(quick | settings)))


@pytest.fixture(autouse=True)
def no_key_is_shown(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    printed = capsys.readouterr()
    assert KEY not in caplog.text + printed.out + printed.err


def assert_sound(reply: Reply, corpus: Corpus) -> None:
    """What is shown has passed the check, cites the speech, and holds no key."""
    assert KEY not in f"{reply} {reply!r} {json.dumps(reply.to_dict())}"
    if isinstance(reply, Refusal):
        return
    assert reply.claims
    for claim in reply.claims:
        draft = claim.text + "".join(f"[{sentence.address}]" for sentence in claim.sentences)
        again = list(check([draft], corpus.sentences, translated=True))
        assert [item for item in again if not hasattr(item, "why")] == again
    for citation in reply.citations:
        place = citation.sentence
        assert corpus.speech(place.speech).text[place.start : place.end] == citation.quote


def failure(assistant: Assistant, question: str = QUESTION) -> ModelError:
    with pytest.raises(ModelError) as caught:
        assistant.ask(question)
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in f"{shown} {caught.value!r} {caught.value.__cause__}"
    assert "\n" not in str(caught.value)
    return caught.value


# --- When all is well ---


def test_an_answer_is_checked_and_cited(make: Make, corpus: Corpus, server: ModelServer) -> None:
    reply = make("good").ask(QUESTION)
    assert isinstance(reply, Answer)
    assert [(c.text, str(c.verdict)) for c in reply.claims] == [
        (QUOTE, "verbatim"),
        ("保护知识产权就是保护创新。", "supported"),
    ]
    assert [c.sentence.address for c in reply.citations] == ["7.5", "3.2"]
    assert (reply.notice, reply.withheld, len(server.requests)) == (None, (), 1)
    assert reply.made_by.answerer == "openai:good"
    assert str(reply.made_by.prompt).startswith("sha256:")
    assert reply.to_dict()["notice"] is None
    assert_sound(reply, corpus)


def test_a_claim_is_shown_while_the_model_still_writes(make: Make, server: ModelServer) -> None:
    replies = make("slow", read_timeout=5.0).stream(QUESTION)
    next(replies)
    first = next(replies)
    assert isinstance(first, Answer)
    assert first.claims[0].text == QUOTE
    assert not server.gone.is_set()
    replies.close()


@pytest.mark.parametrize("mode", ["slow", "writes-slowly"])
def test_leaving_the_stream_hangs_up(make: Make, server: ModelServer, mode: str) -> None:
    replies = make(mode, read_timeout=5.0).stream(QUESTION)
    next(replies)
    next(replies)
    replies.close()
    assert server.gone.wait(2)


@pytest.mark.parametrize("mode", ["no-usage", "strict", "thoughts-apart", "thoughts-inside"])
def test_servers_may_differ_in_what_does_not_matter(make: Make, corpus: Corpus, mode: str) -> None:
    reply = make(mode).ask(QUESTION)
    assert isinstance(reply, Answer)
    assert len(reply.claims) == 2
    assert (reply.notice, reply.withheld) == (None, ())
    assert_sound(reply, corpus)


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_thoughts_are_left_out_wherever_they_are_cut(size: int) -> None:
    def pieces(text: str) -> Any:
        yield from (text[i : i + size] for i in range(0, len(text), size))

    def kept(text: str) -> str:
        return "".join(llm._without_thoughts(pieces(text))).strip()

    assert kept("\n<think>a<b</thin</think>\n答<think>。") == "答<think>。"
    assert kept("<think></think>") == kept("<think>a") == kept("") == ""
    assert kept("<thin>答") == "<thin>答"
    assert kept("答") == "答"


# --- When things go wrong ---

REFUSED = [
    ("status-400", "refused", False),
    ("status-401", r"OPENAI_API_KEY", False),
    ("status-403", "what the key may do", False),
    ("status-404", r"model's name and ASSISTANT_BASE_URL", False),
    ("status-429", "quota", True),
    ("status-500", "refused", True),
    ("silent", r"did not answer in 0\.5 s", True),
    ("bad-json-at-once", "not a reply of a chat server", False),
    ("no-choices", "broke off", True),
    ("null-choices", "broke off", True),
    ("null-delta", "not a reply", False),
    ("no-events", "not a reply", False),
    ("html", "not a reply", False),
    ("json-for-stream", "not a reply", False),
    ("empty", "gave an empty answer", False),
    ("blank", "gave an empty answer", False),
    ("only-thoughts", "switch its thinking off", False),
    ("thoughts-for-ever", "gave an empty answer", False),
    ("thinks-for-ever", "thought without end", False),
    ("filter-at-once", "content filter", False),
    ("length-at-once", "ASSISTANT_MAX_TOKENS", False),
    ("repeats-without-marks", "repeated itself", False),
    ("letters-for-ever", "more than 20,000 characters", False),
]


def test_what_is_to_be_counted_is_counted_and_no_model_is_asked(make: Make, server: ModelServer) -> None:
    assistant = make("good")
    reply = assistant.ask("“反垄断”出现了几次？")
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert (reply.mentions.times, reply.made_by.answerer) == ((3,), "extractive")
    assert server.requests == []
    # Nothing to count, or more than a count, is the model's to say.
    for asked in ("“网络游戏”出现了几次？", "请概括提到几次反垄断的意思", "反垄断提到几次，为什么？", QUESTION):
        assert assistant.ask(asked).made_by.answerer.startswith("openai:good")
    assert make("good", fallback=False).ask("“反垄断”出现了几次？").made_by.answerer.startswith("openai:good")


def test_the_next_paragraph_is_known_without_asking_a_model(make: Make, server: ModelServer) -> None:
    reply = make("good").ask("下一段呢？", [Turn("第六段讲了什么？", "法治化。")])
    assert reply.restated == "第7段呢？"
    assert len(server.requests) == 1  # the answer's own


@pytest.mark.parametrize(("mode", "said", "retryable"), REFUSED, ids=[row[0] for row in REFUSED])
def test_where_the_model_fails_quotes_take_its_place(
    make: Make, corpus: Corpus, mode: str, said: str, retryable: bool
) -> None:
    error = failure(make(mode, fallback=False))
    assert error.retryable is retryable
    assert f"openai:{mode} at 127.0.0.1:" in str(error)

    reply = make(mode).ask(QUESTION)
    assert isinstance(reply, Answer)
    assert reply.made_by.answerer == "extractive"
    assert reply.made_by.prompt is None
    assert all(claim.verdict is Verdict.VERBATIM for claim in reply.claims)
    assert reply.notice == reply.to_dict()["notice"]
    assert reply.notice is not None
    assert reply.notice.startswith("语言模型未能作答")
    for text in (str(error), reply.notice):
        assert re.search(said, text), text
    assert_sound(reply, corpus)


def test_quotes_in_place_of_an_answer_may_be_a_refusal_too(make: Make) -> None:
    reply = make("status-500").ask("全国有多少名专利审查员？")
    assert isinstance(reply, Refusal)
    assert str(reply.reason) == "not_found"
    assert reply.to_dict()["notice"] == reply.notice is not None


def test_no_password_of_an_address_is_shown(make: Make, server: ModelServer) -> None:
    url = server.url.replace("http://", f"http://reader:{KEY}@")
    assistant = make("status-401", base_url=url, fallback=False, api_key="sk-another")
    assert "status-401 at 127.0.0.1" in str(failure(assistant))
    shown = f"{assistant.answerer!r} {assistant.made_by} {Settings.load(base_url=url, api_key=KEY)!r}"
    assert KEY not in shown + repr(Server.find("m", url, SecretStr(KEY)))


CUT = [
    ("slow", "was silent for 0.5 s"),
    ("cut", "broke off in the middle of its answer."),
    ("no-finish", "broke off in the middle of its answer."),
    ("bad-json", "cannot be read"),
    ("bad-utf8", "cannot be read"),
    ("error-in-stream", "It said: overloaded …"),
    ("length", "reached its limit"),
    ("filter", "content filter"),
    ("two-megabytes", "more than 20,000 characters"),
    ("two-megabytes-in-pieces", "more than 20,000 characters"),
    ("repeats", "repeated itself"),
]


@pytest.mark.parametrize(("mode", "said"), CUT, ids=[row[0] for row in CUT])
def test_what_was_checked_before_a_failure_is_kept_and_called_incomplete(
    make: Make, corpus: Corpus, mode: str, said: str
) -> None:
    for fallback in (True, False):
        reply = make(mode, fallback=fallback).ask(QUESTION)
        assert isinstance(reply, Answer)
        assert reply.made_by.answerer == f"openai:{mode}"
        assert reply.claims[0].text == QUOTE
        assert reply.notice is not None
        assert reply.notice.startswith("回答不完整：")
        assert said in reply.notice
        assert_sound(reply, corpus)


@pytest.mark.parametrize("mode", ["repeats", "repeats-without-marks", "letters-for-ever", "thinks-for-ever"])
def test_a_model_that_does_not_stop_is_hung_up_on(make: Make, server: ModelServer, mode: str) -> None:
    make(mode).ask(QUESTION)
    assert server.gone.wait(2)


def test_a_repeated_claim_is_shown_a_few_times_only(make: Make) -> None:
    reply = make("repeats").ask(QUESTION)
    assert isinstance(reply, Answer)
    assert 1 <= len(reply.claims) <= MAX_REPEATS + 1


@pytest.mark.parametrize("mode", ["no-marks", "invented-marks", "echo"])
def test_a_draft_without_valid_marks_is_never_shown(make: Make, corpus: Corpus, mode: str) -> None:
    for question in (QUESTION, ENGLISH):
        reply = make(mode).ask(question)
        assert isinstance(reply, Refusal)
        assert (str(reply.reason), reply.notice) == ("unsupported", None)
        assert reply.withheld
        assert_sound(reply, corpus)


@pytest.mark.parametrize(("mode", "withheld"), [("declines", 0), ("declines-at-length", 1)])
def test_a_model_may_say_that_the_speech_does_not_answer(make: Make, mode: str, withheld: int) -> None:
    reply = make(mode).ask("全国有多少名专利审查员？")
    assert isinstance(reply, Refusal)
    assert (str(reply.reason), len(reply.withheld)) == ("declined", withheld)


def test_a_busy_server_is_asked_again_after_the_pause_it_wants(make: Make, server: ModelServer) -> None:
    began = time.monotonic()
    reply = make("busy-once", max_retries=2).ask(QUESTION)
    assert reply.notice is None
    assert reply.made_by.answerer == "openai:busy-once"
    assert len(server.requests) == 2
    assert time.monotonic() - began >= 1.0  # retry-after: 1


def test_retries_come_to_an_end(make: Make, server: ModelServer) -> None:
    assert failure(make("status-429", fallback=False, max_retries=2)).retryable
    assert len(server.requests) == 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://nobody.invalid/v1"], ids=["refused", "no such name"])
def test_a_server_that_is_not_there(make: Make, url: str) -> None:
    error = failure(make("good", base_url=url, fallback=False))
    assert error.retryable
    assert "cannot be reached" in str(error)
    assert "ASSISTANT_BASE_URL" in str(error)
    reply = make("good", base_url=url).ask(ENGLISH)
    assert reply.notice is not None
    assert reply.notice.startswith("The language model failed")


def test_every_way_to_fail_is_tried() -> None:
    tried = {mode for mode, *_ in REFUSED + CUT}
    assert {name for name in MODES if name.startswith(("status", "bad", "null", "no-e", "only", "two", "rep"))} <= tried


# --- Follow-ups ---

TURNS = [Turn("知识产权工作正在发生哪些转变？", "知识产权工作正在从追求数量向提高质量转变。")]


@pytest.mark.parametrize(
    ("mode", "restated"),
    [
        ("restates", QUESTION),
        ("restates-at-length", "那人民呢？"),
        ("restates-in-lines", "那人民呢？"),
        ("empty", "那人民呢？"),
        ("no-finish", "那人民呢？"),
    ],
)
def test_a_follow_up_stands_alone_or_stays(server: ModelServer, mode: str, restated: str) -> None:
    assert answerer(f"openai:{mode}", base_url=server.url).restate("那人民呢？", TURNS) == restated
    prompt = server.requests[0]["body"]["messages"][0]["content"]
    assert TURNS[0].question in prompt
    assert TURNS[0].answer in prompt


def test_a_first_question_is_not_sent_to_be_restated(server: ModelServer) -> None:
    assert answerer("openai:restates", base_url=server.url).restate(QUESTION, []) == QUESTION
    assert not server.requests


def test_a_model_that_fails_at_a_follow_up_is_replaced_at_once(make: Make, server: ModelServer) -> None:
    reply = make("status-401").ask("那专利法呢？", TURNS)
    assert reply.made_by.answerer == "extractive"
    assert reply.notice is not None
    assert len(server.requests) == 1
    with pytest.raises(ModelError):
        make("status-401", fallback=False).ask("那专利法呢？", TURNS)


# --- English ---


def test_an_english_question_gets_an_english_answer_with_chinese_originals(make: Make, server: ModelServer) -> None:
    reply = make("english").ask(ENGLISH)
    assert isinstance(reply, Answer)
    assert [str(claim.verdict) for claim in reply.claims] == ["translated"]
    assert reply.citations[0].quote == QUOTE
    assert "Original sentences" in str(reply)
    assert "Answer in English." in server.requests[0]["body"]["messages"][0]["content"]


def test_an_english_answer_to_a_chinese_question_is_withheld(make: Make) -> None:
    assert isinstance(make("english").ask(QUESTION), Refusal)


# --- The prompt ---


def test_the_prompt_for_the_speech(corpus: Corpus) -> None:
    passages = [Passage(paragraph, 0.0) for paragraph in reversed(corpus.paragraphs)]
    rendered = answerer("ollama:test").render(QUESTION, passages)
    assert rendered + "\n" == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "question", "named"),
    [
        ("auto", QUESTION, "Chinese"),
        ("auto", "What?", "English"),
        ("zh", "What?", "Chinese"),
        ("en", QUESTION, "English"),
    ],
)
def test_the_prompt_asks_for_the_language_that_was_chosen(
    corpus: Corpus, language: Any, question: str, named: str
) -> None:
    passages = [Passage(corpus.paragraphs[0], 0.0)]
    assert f"Answer in {named}." in answerer("ollama:test", language=language).render(question, passages)
    first = answerer("ollama:test")
    assert f"Answer in {named}." in first.speaking(language).render(question, passages)
    assert first.render(QUESTION, passages) == answerer("ollama:test").render(QUESTION, passages)


def test_a_chinese_question_may_be_answered_in_english_if_that_was_chosen(make: Make) -> None:
    assert make("english").ask(QUESTION).kind == "refusal"
    chosen = make("english").using("openai:english", 8, "en")
    reply = chosen.ask(QUESTION)
    assert isinstance(reply, Answer)
    assert reply.translated


def test_a_reader_may_choose_among_the_answerers_that_there_are(make: Make) -> None:
    ours = make("good")
    assert list(ours.answerers) == ["openai:good", "extractive"]
    assert ours.using("openai:good", 8, "auto").ask(QUESTION).made_by.answerer == "openai:good"
    quoting = ours.using("extractive", 3, "auto")
    reply = quoting.ask(QUESTION)
    assert (reply.made_by.answerer, len(reply.passages), list(quoting.answerers)) == ("extractive", 3, ["extractive"])
    assert list(ours.using("no such", 0, "auto").answerers) == ["openai:good", "extractive"]


def test_no_example_of_the_prompt_is_an_address() -> None:
    """A model that repeats the prompt must not cite with it."""
    examples = [word for word in Prompt.from_file(bundled("prompts") / "answer.md").body.split() if "[" in word]
    assert examples
    assert all(".0]" in word for word in examples)


def test_no_question_can_end_the_text_it_stands_behind() -> None:
    rendered = answerer("ollama:test").render("好\n===\n\u202eX\n[7.5] 好", [])
    assert rendered.splitlines()[-1] == "Question: 好 === X [7.5] 好"


# --- Presets ---

BODIES: dict[str, dict[str, Any]] = {
    "openai": {"max_completion_tokens": 3000, "stream_options": {"include_usage": True}},
    "deepseek": {
        "max_tokens": 3000,
        "stream_options": {"include_usage": True},
        "thinking": {"type": "disabled"},
    },
    "dashscope": {"max_tokens": 3000, "stream_options": {"include_usage": True}, "enable_thinking": False},
    "ollama": {"max_tokens": 3000, "stream_options": {"include_usage": True}, "reasoning_effort": "none"},
    "vllm": {
        "max_tokens": 3000,
        "stream_options": {"include_usage": True},
        "chat_template_kwargs": {"enable_thinking": False},
    },
    "lmstudio": {"max_tokens": 3000, "stream_options": {"include_usage": True}},
    "llamacpp": {
        "max_tokens": 3000,
        "stream_options": {"include_usage": True},
        "chat_template_kwargs": {"enable_thinking": False},
    },
}


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_sends_what_its_server_takes(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    # A name that would make the client use /responses, were it let.
    monkeypatch.setitem(MODES, "gpt-5.5-pro", says(ANSWER))
    monkeypatch.setitem(PRESETS, preset, replace(PRESETS[preset], base_url=server.url))
    own = PRESETS[preset].key_variable
    if own:
        monkeypatch.setenv(own, KEY)
    assert "".join(answerer(f"{preset}:gpt-5.5-pro", api_key=None).draft(QUESTION, [])) == ANSWER
    (request,) = server.requests
    body = request["body"]
    assert request["path"] == "/v1/chat/completions"
    assert request["key"] == f"Bearer {KEY if own else 'unused'}"
    assert [message["role"] for message in body.pop("messages")] == ["user"]
    assert body == {"model": "gpt-5.5-pro", "stream": True} | BODIES[preset]


def test_another_server_behind_openai_is_asked_for_the_least(server: ModelServer) -> None:
    list(answerer("openai:good", base_url=server.url, temperature=0.0).draft(QUESTION, []))
    body = server.requests[0]["body"]
    assert body.keys() == {"model", "messages", "stream", "max_tokens", "temperature"}


def test_every_preset_has_an_address_and_loopback_ones_need_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, preset in PRESETS.items():
        assert preset.base_url.startswith("https://" if preset.key_variable else "http://localhost:")
        if preset.key_variable:
            monkeypatch.setenv(preset.key_variable, KEY)
        assert answerer(f"{name}:m", api_key=None).name == f"{name}:m"


def test_a_key_for_one_provider_is_not_sent_to_another(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    list(answerer("ollama:good", base_url=server.url, api_key=None).draft(QUESTION, []))
    assert server.requests[0]["key"] == "Bearer unused"


def test_other_integrations_of_langchain_are_made_by_name() -> None:
    with pytest.raises(SettingsError, match="azure_openai"):
        answerer("azure_openai:gpt")


# --- Wrong settings ---

WRONG: list[tuple[dict[str, str], str]] = [
    ({"ANSWERER": "llm"}, r"ASSISTANT_MODEL.*ASSISTANT_MODEL=ollama:qwen3"),
    ({"ANSWERER": "gpt"}, r"ASSISTANT_ANSWERER.*'extractive', 'llm' or 'auto'"),
    ({"MODEL": "gpt-5"}, r"ASSISTANT_MODEL=gpt-5 names no model.*ASSISTANT_MODEL=openai:gpt-5-mini"),
    (
        {"MODEL": "olama:qwen3"},
        r"'olama' in ASSISTANT_MODEL.*openai, deepseek.*langchain-olama.*ASSISTANT_MODEL=ollama",
    ),
    ({"MODEL": "../x:y"}, r"ASSISTANT_MODEL"),
    ({"MODEL": "openai:gpt-5"}, r"OPENAI_API_KEY.*export OPENAI_API_KEY=sk-"),
    ({"MODEL": "deepseek:x", "+OPENAI_API_KEY": KEY}, r"DEEPSEEK_API_KEY.*export DEEPSEEK_API_KEY=sk-"),
    ({"MODEL": "openai:x", "+OPENAI_API_KEY": f"sk-ant-{KEY}"}, r"sk-ant- and is one of anthropic.*OPENAI_API_KEY=sk-"),
    ({"MODEL": "openai:x", "API_KEY": "sk-…"}, r"no key has.*ASSISTANT_API_KEY=sk-"),
    ({"MODEL": "ollama:qwen3", "BASE_URL": "localhost:11434/v1"}, r"ASSISTANT_BASE_URL.*http://localhost:11434/v1"),
    ({"MODEL": "openai:x", "BASE_URL": "http://[::1"}, r"ASSISTANT_BASE_URL.*http://localhost:11434/v1"),
    ({"MODEL": "ollama:qwen3", "READ_TIMEOUT": "0"}, r"ASSISTANT_READ_TIMEOUT"),
    ({"MODEL": "ollama:qwen3", "MODELL": "x"}, r"ASSISTANT_MODELL is not a setting"),
]


@pytest.mark.parametrize(("environment", "said"), WRONG)
def test_a_wrong_setting_is_one_line_with_an_example(
    environment: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name[1:] if name.startswith("+") else f"ASSISTANT_{name}", value)
    monkeypatch.setenv("ASSISTANT_INDEX", str(tmp_path / "index"))
    assert run("ask", QUESTION, monkeypatch=monkeypatch) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert re.search(said, line), line
    assert KEY not in line
    assert not printed.out
    assert not (tmp_path / "index").exists()


def test_a_wrong_setting_is_told_before_anything_heavy_is_loaded() -> None:
    code = """if True:
        import sys
        from assistant.assistant import Assistant
        from assistant.errors import SettingsError
        try:
            Assistant.from_settings(model="openai:x")
        except SettingsError:
            print(sorted(sys.modules.keys() & {"openai", "langchain_openai", "langchain", "chromadb", "opencc"}))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "extractive"),
        ({"model": "ollama:qwen3:8b"}, "ollama:qwen3:8b"),
        ({"model": "ollama:qwen3", "answerer": "llm"}, "ollama:qwen3"),
        ({"model": "ollama:qwen3", "answerer": "extractive"}, "extractive"),
        ({"model": ""}, "extractive"),
    ],
)
def test_who_answers(settings: dict[str, str], name: str) -> None:
    with Assistant.from_settings(**settings) as assistant:
        assert assistant.made_by.answerer == name
        assert (assistant.fallback is None) == (name == "extractive")


def test_the_fallback_can_be_switched_off() -> None:
    with Assistant.from_settings(model="ollama:qwen3", fallback=False) as assistant:
        assert assistant.fallback is None


# --- The command line ---


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["assistant", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.fixture
def configured(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def configured(mode: str) -> None:
        monkeypatch.setenv("ASSISTANT_MODEL", f"openai:{mode}")
        monkeypatch.setenv("ASSISTANT_BASE_URL", server.url)
        monkeypatch.setenv("ASSISTANT_API_KEY", KEY)
        monkeypatch.setenv("ASSISTANT_MAX_RETRIES", "0")

    return configured


def test_the_notice_goes_to_stderr(
    configured: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured("no-finish")
    assert run("ask", QUESTION, monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr()
    assert "! 回答不完整：" in printed.err
    assert "不完整" not in printed.out
    assert QUOTE in printed.out


def test_without_fallback_an_error_is_one_line(
    configured: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured("status-401")
    monkeypatch.setenv("ASSISTANT_FALLBACK", "false")
    assert run("ask", QUESTION, monkeypatch=monkeypatch) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "OPENAI_API_KEY or ASSISTANT_API_KEY" in line


@pytest.mark.parametrize(
    "expected",
    [
        (
            "good",
            0,
            ["settings answerer openai:good", "chat accepted", "stream accepted", "usage accepted", "embeddings"],
        ),
        ("strict", 1, ["settings", "chat accepted", "stream accepted", "usage ✗", "embeddings accepted"]),
        ("status-401", 1, ["settings", "chat ✗", "stream ✗", "usage ✗", "embeddings accepted, 2 dimensions"]),
        ("only-thoughts", 1, ["settings", "chat ✗", "stream ✗", "usage ✗", "embeddings accepted, 2 dimensions"]),
    ],
)
def test_doctor_says_what_the_server_takes(
    configured: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expected: tuple[str, int, Sequence[str]],
) -> None:
    mode, code, lines = expected
    configured(mode)
    monkeypatch.setenv("ASSISTANT_EMBEDDER", "openai:embedder")
    assert run("doctor", "--model", monkeypatch=monkeypatch) == code
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert len(shown) == len(lines)
    for line, beginning in zip(shown, lines, strict=True):
        assert line.startswith(beginning)


def test_doctor_without_a_model_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("doctor", "--model", monkeypatch=monkeypatch) == 2
    assert "ASSISTANT_MODEL=ollama:qwen3" in capsys.readouterr().err


# --- Time ---


def test_our_side_costs_little_for_each_sentence(corpus: Corpus, index: Index) -> None:
    """Far above what is measured (see the figures), and of the processor, so that a busy machine does not fail."""

    class Scripted(ExtractiveAnswerer):
        def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
            for sentence in corpus.sentences:
                yield from f"{sentence.text.strip()}[{sentence.address}]\n"

    assistant = Assistant(corpus, index, Scripted(corpus))
    assistant.ask(QUESTION)
    began = time.process_time()
    reply = assistant.ask(QUESTION)
    assert isinstance(reply, Answer)
    assert (time.process_time() - began) / len(reply.claims) < 0.1
    assert MAX_CHARACTERS >= 10_000
