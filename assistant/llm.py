"""The answerer that asks a language model, through LangChain's chat models.

What it yields is a draft and no more: the check stands outside it. Here a model is chosen, asked and kept in bounds,
and what goes wrong becomes one `ModelError`, raised only behind the pieces that did arrive.
"""

import importlib.util
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

from assistant.background import read
from assistant.errors import ModelError, SettingsError
from assistant.index import Passage
from assistant.prompts import Prompt
from assistant.replies import Turn
from assistant.servers import OPENAI_URL, Server
from assistant.settings import Language, Settings, bundled
from assistant.text import is_chinese, visible

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

MAX_CHARACTERS = 20_000
"""Of one draft; behind them nothing is read."""
MAX_SILENT = 20_000
"""Messages of a stream without text, as a server sends them while a model thinks."""
MAX_READ = 10 * MAX_CHARACTERS
"""Characters of a stream with the thoughts that a server does not keep apart."""
MAX_REPEATS = 2
"""How often a draft may hold the same sentence; a model that goes on is in a loop."""
MAX_RESTATED = 500
"""Characters of a question that was made to stand alone; a longer one is an answer or chatter."""
MAX_TURN = 300
"""Characters of an earlier answer that a follow-up may lean on."""

# --- Which model -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preset:
    """What a kind of server needs. All of them are asked over /chat/completions, never over /responses."""

    base_url: str
    key_variable: str | None
    """Where the provider's key is looked for; None for servers of one's own, which need none."""
    limit: str = "max_tokens"
    """The request's name for the greatest number of tokens."""
    usage: bool = True
    """Whether it may be asked to count the tokens of a stream; some servers refuse the request then."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the request holds: how thinking is switched off, which is slow and adds nothing to quoting."""


_NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}

PRESETS = {
    "openai": Preset(OPENAI_URL, "OPENAI_API_KEY", limit="max_completion_tokens"),
    # https://api-docs.deepseek.com/guides/thinking_mode
    "deepseek": Preset("https://api.deepseek.com", "DEEPSEEK_API_KEY", extra={"thinking": {"type": "disabled"}}),
    # https://help.aliyun.com/zh/model-studio/deep-thinking
    "dashscope": Preset(
        "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", extra={"enable_thinking": False}
    ),
    # https://docs.ollama.com/api/openai-compatibility, ollama/ollama#14820
    "ollama": Preset("http://localhost:11434/v1", None, extra={"reasoning_effort": "none"}),
    # https://qwen.readthedocs.io/en/latest/deployment/vllm.html
    "vllm": Preset("http://localhost:8000/v1", None, extra=_NO_THINKING),
    "lmstudio": Preset("http://localhost:1234/v1", None),  # keeps thoughts apart; switched off in the program itself
    "llamacpp": Preset("http://localhost:8080/v1", None, extra=_NO_THINKING),
}
_COMPATIBLE = Preset("", "OPENAI_API_KEY", usage=False)
"""`openai:` at an address that is not OpenAI's: some server that speaks the protocol, asked for the least."""

# Integrations of LangChain whose package is not called after the provider.
_PACKAGES = {
    "azure_openai": "langchain_openai",
    "bedrock": "langchain_aws",
    "bedrock_converse": "langchain_aws",
    "nvidia": "langchain_nvidia_ai_endpoints",
}
_EXAMPLE = "for example ASSISTANT_MODEL=ollama:qwen3 or ASSISTANT_MODEL=openai:gpt-5-mini"


class LLMAnswerer:
    """Drafts with a language model. Making one checks the settings and loads nothing; the first question does."""

    def __init__(self, provider: str, model: str, settings: Settings) -> None:
        self._provider, self._name, self._settings = provider, model, settings
        self._preset, url = _choose(provider, settings)
        self._server: Server | None = None
        if url is not None:
            self._server = Server.find(self.name, url, settings.api_key, self._preset.key_variable)
            if url == self._preset.base_url:
                self._server.refuse_foreign_key(provider)
        else:
            self._model  # noqa: B018  (its own package checks its own variables: now, not at the first question)
        self._answer = Prompt.from_file(bundled("prompts") / "answer.md")
        self._restate = Prompt.from_file(bundled("prompts") / "restate.md")

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the answerer that `settings.model` names.

        Raises:
            SettingsError: no model is named, its provider is unknown, or its address or key is missing or wrong.
            PromptError: a prompt file cannot be used.
        """
        provider, _, model = (settings.model or "").strip().partition(":")
        if not provider:
            raise SettingsError(f"ASSISTANT_ANSWERER=llm needs a model. Set ASSISTANT_MODEL, {_EXAMPLE}.")
        if not model:
            raise SettingsError(f"ASSISTANT_MODEL={provider} names no model. Write <provider>:<model>, {_EXAMPLE}.")
        return cls(provider, model, settings)

    @property
    def name(self) -> str:
        """The name that stands in every reply, such as `openai:gpt-5-mini`."""
        return f"{self._provider}:{self._name}"

    @property
    def prompt(self) -> str:
        """Hash of `prompts/answer.md`."""
        return self._answer.version

    def speaking(self, language: Language) -> Self:
        """Return the same answerer for a language; both share one client."""
        if language == self._settings.language:
            return self
        self._model  # noqa: B018  (made now, so that the copy has it too)
        other = copy(self)
        other._settings = self._settings.model_copy(update={"language": language})
        return other

    def render(self, question: str, passages: Sequence[Passage]) -> str:
        """Return the prompt for a question: every sentence of the passages with its address, in reading order."""
        in_order = sorted((p.paragraph for p in passages), key=lambda p: (p.speech, p.start))
        lines = [f"[{s.address}] {_one_line(s.text)}" for paragraph in in_order for s in paragraph.sentences]
        chosen = self._settings.language
        language = "Chinese" if chosen == "zh" or (chosen == "auto" and is_chinese(question)) else "English"
        return self._answer.render(question=_one_line(question), sentences="\n".join(lines), language=language)

    def draft(self, question: str, passages: Sequence[Passage]) -> Generator[str]:
        """Yield the pieces of a draft as they arrive; closing the generator ends the request.

        Raises:
            ModelError: behind the pieces that did arrive, if the model failed, was cut off, said nothing or was stopped
                because it said too much or the same again and again.
        """
        written, end = False, _End()
        texts = read(self._texts(self.render(question, passages), end))
        with closing(_bounded(_without_thoughts(texts), self._who)) as pieces:
            for piece in pieces:
                written = written or not piece.isspace()
                yield piece
        if why := self._wrong_with(end):
            raise ModelError(f"{self._who} {why}", retryable=end.reason is None)
        if not written:
            raise ModelError(
                f"{self._who} gave an empty answer. If it is a model that thinks, switch its thinking off on the server, "
                "or raise ASSISTANT_MAX_TOKENS."
            )

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return `question` so that it stands alone; unchanged if the model gives nothing usable.

        Raises:
            ModelError: the model cannot be reached, or refuses.
        """
        if not turns:
            return question
        lines = [f"Question: {_one_line(t.question)}\nAnswer: {_one_line(t.answer)[:MAX_TURN]}" for t in turns]
        prompt = self._restate.render(question=_one_line(question), turns="\n".join(lines))
        restated, end = "", _End()
        with closing(_without_thoughts(read(self._texts(prompt, end)))) as pieces:
            for piece in pieces:
                restated += piece
                if len(restated) > MAX_RESTATED:
                    return question
        restated = restated.strip()
        return _one_line(restated) if restated and "\n" not in restated and not self._wrong_with(end) else question

    def holds_key(self, text: str) -> bool:
        """Return whether `text` holds the key that the model is asked with, as far as it was given to these settings."""
        key = self._settings.api_key
        return self._server.shows_key(text) if self._server else bool(key and key.get_secret_value() in text)

    def probes(self) -> dict[str, Callable[[], str]]:
        """Return the kinds of request that a server may take, each with a function that sends a tiny one.

        The function says what came back, or raises `ModelError`.
        """
        hello = "Reply with the single word OK."
        kinds = {"chat": lambda: self._tried(lambda: self._whole(hello))}
        if self._server is None:
            return kinds | {"stream": lambda: self._tried(lambda: self._model.astream(hello))}
        return kinds | {
            "stream": lambda: self._tried(lambda: self._model.astream(hello, stream_usage=False)),
            "usage": lambda: self._tried(lambda: self._model.astream(hello, stream_usage=True)),
        }

    def _tried(self, send: "Callable[[], AsyncIterator[AIMessage]]") -> str:
        """Send one request and say what came back."""
        began, said, tokens = perf_counter(), "", 0
        for message in read(self._messages(send)):
            said += message.text
            tokens += message.usage_metadata["total_tokens"] if message.usage_metadata else 0
        if not said.strip():
            raise ModelError(f"{self._who} took the request and gave no text.")
        counted = f", {tokens} tokens counted" if tokens else ""
        return f"accepted in {perf_counter() - began:.1f} s{counted}"

    @property
    def _who(self) -> str:
        return f"{self.name} at {self._server.name}" if self._server else self.name

    @cached_property
    def _model(self) -> "BaseChatModel":
        preset, server, settings = self._preset, self._server, self._settings
        if server is None:
            return _langchain_model(self._provider, self._name, settings)
        from langchain_openai import ChatOpenAI
        from openai import Timeout

        return ChatOpenAI(
            model=self._name,
            base_url=server.url,
            api_key=server.key,
            # Some names of models switch to an address that no other server has.
            use_responses_api=False,
            stream_usage=preset.usage,
            temperature=settings.temperature,
            timeout=Timeout(settings.read_timeout, connect=settings.connect_timeout),
            stream_chunk_timeout=None,  # LangChain's own, which would end a longer silence than two minutes
            max_retries=settings.max_retries,
            # Nothing stays open behind an answer, nor between two tries; nobody would close it when this object goes.
            default_headers={"Connection": "close"},
            # The limit stands here because LangChain renames its own.
            extra_body={preset.limit: settings.max_tokens, **preset.extra},
        )

    async def _whole(self, prompt: str) -> "AsyncGenerator[AIMessage]":
        """Yield an answer that is not streamed."""
        yield await self._model.ainvoke(prompt)

    async def _texts(self, prompt: str, end: "_End") -> AsyncGenerator[str]:
        """Yield the text of a streamed answer, and leave in `end` how it ended."""
        async with aclosing(self._messages(lambda: self._model.astream(prompt))) as messages:
            async for message in messages:
                end.note(message)
                if message.text:
                    yield message.text
                if end.silent > MAX_SILENT or end.read > MAX_READ:
                    raise ModelError(f"{self._who} thought without end and was stopped. Switch its thinking off.")
        _log.debug("%s used %s tokens", self.name, end.tokens)

    async def _messages(self, send: "Callable[[], AsyncIterator[AIMessage]]") -> "AsyncGenerator[AIMessage]":
        """Yield what the model sends; whatever its packages raise becomes a `ModelError` without the key."""
        begun = False
        try:
            async for message in send():
                begun = True
                yield message
        except _foreign_errors() as error:
            raise self._explained(error, begun) from None

    def _explained(self, error: Exception, begun: bool) -> ModelError:
        from openai import APIConnectionError, APITimeoutError, OpenAIError

        _log.debug("%s failed: %s", self.name, type(error).__name__)  # its text may hold the key
        if begun and isinstance(error, APIConnectionError):
            silent = f" and was silent for {self._settings.read_timeout:g} s" * isinstance(error, APITimeoutError)
            return ModelError(f"{self._who} {_BROKEN_OFF}{silent}.", retryable=True)
        if isinstance(error, OpenAIError) and self._server:
            return self._server.explain(error, self._who, self._settings.read_timeout)
        if begun:
            return ModelError(f"{self._who} {_BROKEN_OFF}: it sent what cannot be read.", retryable=True)
        if self._server:
            return ModelError(
                f"What {self._who} answered is not a reply of a chat server. Check ASSISTANT_BASE_URL, for example "
                "http://localhost:11434/v1, and that the model is one for chats."
            )
        # A package that we do not know may repeat the key.
        return ModelError(f"{self._who} failed: {type(error).__name__}. Check the model's name and the provider's key.")

    def _wrong_with(self, end: "_End") -> str | None:
        """Return in words why an answer is not whole; None if it is."""
        match end.reason:
            case None:
                # Other providers' packages do not all say how an answer ended.
                return f"{_BROKEN_OFF}." if self._server else None
            case "length" | "max_tokens" | "model_length":
                return f"reached its limit. Raise ASSISTANT_MAX_TOKENS ({self._settings.max_tokens}) or its context."
            case "content_filter" | "safety" | "refusal" | "sensitive":
                return "was stopped by its provider's content filter."
            case _:
                return None


_log = logging.getLogger(__name__)
_BROKEN_OFF = "broke off in the middle of its answer"


def _choose(provider: str, settings: Settings) -> tuple[Preset, str | None]:
    """Return the preset of a provider and the address of its server; without an address it is one of LangChain's."""
    if provider not in PRESETS:
        package = _PACKAGES.get(provider, f"langchain_{provider}")
        if not package.isidentifier() or importlib.util.find_spec(package) is None:
            raise SettingsError(
                f"{provider!r} in ASSISTANT_MODEL is no provider. Known: {', '.join(PRESETS)}; others of LangChain's need "
                f"their package, here {package.replace('_', '-')}. Set it again, {_EXAMPLE}."
            )
        return Preset("", None), None
    preset = PRESETS[provider]
    other = settings.base_url or (os.environ.get("OPENAI_BASE_URL") if provider == "openai" else None)
    if provider == "openai" and other and not other.startswith(OPENAI_URL):
        preset = _COMPATIBLE
    return preset, other or preset.base_url


def _langchain_model(provider: str, model: str, settings: Settings) -> "BaseChatModel":
    """Return a chat model of another of LangChain's integrations, which must be installed."""
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {
        "base_url": settings.base_url,
        "api_key": settings.api_key,
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "timeout": settings.read_timeout,
        "max_retries": settings.max_retries,
    }
    given = {name: value for name, value in given.items() if value is not None}
    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider, **given)
    except _foreign_errors() as error:
        raise SettingsError(
            f"LangChain's {provider!r} does not take these settings ({type(error).__name__}). Set the variables that its "
            f"documentation names, such as {provider.upper()}_API_KEY; or choose another model, {_EXAMPLE}."
        ) from None
    return made


def _foreign_errors() -> tuple[type[Exception], ...]:
    """Return what the packages behind a chat model raise; broken JSON or UTF-8 is a `ValueError`."""
    from httpx import HTTPError
    from langchain_core.exceptions import LangChainException
    from openai import OpenAIError

    return (
        OpenAIError,
        LangChainException,
        HTTPError,
        OSError,
        AttributeError,
        ImportError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    )


# --- An answer as it arrives -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _End:
    """How a stream ended, as far as its messages say."""

    reason: str | None = None
    silent: int = 0
    """Messages without text."""
    read: int = 0
    """Characters of text, thoughts included."""
    tokens: int | None = None

    def note(self, message: "AIMessage") -> None:
        """Take what a message says about the answer as a whole."""
        about = message.response_metadata
        reason = about.get("finish_reason") or about.get("stop_reason") or about.get("done_reason")
        self.reason = str(reason).lower() if reason else self.reason
        self.silent += not message.text
        self.read += len(message.text)
        if message.usage_metadata:
            self.tokens = message.usage_metadata["total_tokens"]


_THINK, _THOUGHT = "<think>", "</think>"


def _without_thoughts(pieces: Generator[str]) -> Generator[str]:
    """Leave out <think>…</think> at the beginning, which some servers do not keep apart."""
    head = ""
    with closing(pieces):
        for piece in pieces:
            head = (head + piece).lstrip()
            if not _THINK.startswith(head[: len(_THINK)]) or len(head) >= len(_THINK):
                break
        if head.startswith(_THINK):
            while _THOUGHT not in head:
                more = next(pieces, None)
                if more is None:
                    return
                head = head[-len(_THOUGHT) :] + more
            head = head.partition(_THOUGHT)[2].lstrip()
        if head:
            yield head
        yield from pieces


_SENTENCE_END = re.compile(r"[。！？；!?\n]|\.(?=\s)")
_MARK = re.compile(r"[\[［【][^\[\]［］【】]*[\]］】]|\s")


def _bounded(pieces: Generator[str], who: str) -> Generator[str]:
    """Yield the pieces until there are too many characters, or a sentence comes again too often."""
    left, begun = MAX_CHARACTERS, [""]
    seen = Counter[str]()
    with closing(pieces):
        for piece in pieces:
            yield piece[:left]
            left -= len(piece)
            if left < 0:
                raise ModelError(f"{who} wrote more than {MAX_CHARACTERS:,} characters and was stopped.")
            if not _SENTENCE_END.search(piece):
                begun.append(piece)
                continue
            *complete, rest = _SENTENCE_END.split("".join(begun) + piece)
            begun = [rest]
            for sentence in complete:
                bare = _MARK.sub("", sentence)
                seen[bare] += 1
                if bare and seen[bare] > MAX_REPEATS:
                    raise ModelError(f"{who} repeated itself and was stopped.")


def _one_line(text: str) -> str:
    """Return `text` so that no line of it can be taken for one of the prompt's."""
    return " ".join(visible(text).split())
