"""What programs may ask of a running page: `ask`, `search` and `speech`, over HTTP and as tools of MCP."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import getdoc
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
from anyio import CapacityLimiter, to_thread
from gradio.events import api

from assistant.assistant import MAX_PASSAGES, Assistant
from assistant.conversation import Conversation
from assistant.corpus import Paragraph, Sentence, Speech
from assistant.errors import AddressError, AssistantError, ModelError, QuestionError
from assistant.replies import Turn

if TYPE_CHECKING:
    from mcp.server.fastmcp import FastMCP

AT_ONCE = 16
"""Calls that are worked on at the same time; more wait for their turn."""
MCP = "/mcp"
WAITING = 64
"""Calls that may wait; more are told to come back."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Endpoints:
    """The endpoints of one page. Their docstrings are what programs and models read."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        # Of its own: a model that is slow to answer programs does not keep readers from opening the page.
        self._threads = CapacityLimiter(AT_ONCE)

    def register(self) -> None:
        """Add the endpoints to the `gr.Blocks` that is being built."""
        for endpoint in (self.ask, self.search, self.speech):
            # They have a queue of their own, which MCP's calls stand in, too.
            api(endpoint, queue=False, concurrency_limit=None)

    def mcp_server(self) -> "FastMCP":
        """Return a server of MCP with the endpoints as its tools; it needs the `mcp` package.

        Gradio has one, too: it answers with Python's way of writing a dict, and asks itself over HTTP, at whatever host
        a caller names.
        """
        from mcp.server.fastmcp import FastMCP
        from mcp.server.transport_security import TransportSecuritySettings

        server = FastMCP(
            "speech-assistant",
            instructions="Ask official speeches: answers in their own words, every sentence cited and checked.",
            streamable_http_path=MCP,
            stateless_http=True,
            json_response=True,
            log_level="WARNING",
            # The gate has seen to that.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        for endpoint in (self.ask, self.search, self.speech):
            server.add_tool(endpoint, description=getdoc(endpoint))
        return server

    async def ask(self, question: str, history: list[dict[str, str]] | None = None) -> dict[str, Any]:
        """Answer a question on the speech in its own words, every sentence cited and checked, or refuse.

        In the reply, `kind` is "answer" or "refusal"; `text` is what to show, with marks such as [1]; `citations` holds
        for each mark the address (7.5 is paragraph 7, sentence 5), the offsets and the exact quote. In a refusal,
        `passages` are the closest paragraphs and no support for anything.

        Args:
            question: in your own words; Chinese finds most in a Chinese speech.
            history: earlier turns that the question may lean on, oldest first, each {"question": ..., "answer": ...},
                with "kind": "refusal" where there was no answer.

        Returns:
            The reply.
        """
        turns = _turns(history)
        conversation = Conversation(self._assistant, turns)
        return await self._call(lambda: conversation.ask(_text(question, "question")).to_dict())

    async def search(self, question: str, k: int = 5) -> list[dict[str, Any]]:
        """Find the paragraphs of the speech that are closest to a question, best first, each with its address.

        Args:
            question: in your own words.
            k: how many paragraphs, from 1 to 50.

        Returns:
            The paragraphs.
        """
        if not isinstance(k, int) or not 1 <= k <= MAX_PASSAGES:
            raise _Told(f"k must be a whole number from 1 to {MAX_PASSAGES}.")
        found = await self._call(lambda: self._assistant.search(_text(question, "question"), k))
        return [_place(passage.paragraph) | {"score": round(passage.score, 4)} for passage in found]

    async def speech(self, address: str = "") -> dict[str, Any]:
        """Read the text itself: the whole speech, a paragraph or a sentence, cut into sentences with their offsets.

        Offsets count the characters (code points) of the whole speech.

        Args:
            address: 7 for a paragraph, 7.5 for a sentence, the id of a speech, or nothing where there is only one.

        Returns:
            The text, what is known of the speech, and the sentences.
        """
        return await self._call(lambda: self._read(_text(address, "address")))

    def _read(self, address: str) -> dict[str, Any]:
        corpus = self._assistant.corpus
        if not address and len(corpus.speeches) > 1:
            known = ", ".join(speech.id for speech in corpus.speeches)
            raise AddressError(f"There are several speeches here. Give the id of one: {known}.")
        # By id first: an id may be a number.
        whole = {"": corpus.speeches[0], **{speech.id: speech for speech in corpus.speeches}}.get(address)
        if whole is not None:
            return _about(whole) | {
                "address": whole.id,
                "start": 0,
                "end": len(whole.text),
                "text": whole.text,
                "sentences": [_place(sentence) for sentence in whole.sentences],
            }
        place = corpus.find(address)
        sentences = [place] if isinstance(place, Sentence) else place.sentences
        return _about(corpus.speech(place.speech)) | _place(place) | {"sentences": [_place(each) for each in sentences]}

    async def _call(self, work: Callable[[], T]) -> T:
        """Return what `work` returns in a thread, once there is a place."""
        if self._threads.statistics().tasks_waiting >= WAITING:
            raise _Told("The server is busy. Please try again in a moment.")
        with _readable():
            return await to_thread.run_sync(work, limiter=self._threads)


@contextmanager
def _readable() -> Iterator[None]:
    """Hand what a caller can mend to them as it stands; the rest is for who runs the page, and may name a folder."""
    try:
        yield
    except (QuestionError, AddressError, ModelError) as error:
        raise _Told(str(error)) from error
    except AssistantError as error:
        _log.error("%s", error)
        raise _Told("The server cannot answer now; who runs it finds the reason in its log.") from error


class _Told(gr.Error):
    """What went wrong, in words for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message, print_exception=False)

    def __str__(self) -> str:
        return str(self.message)  # Gradio's own has quotation marks around it


def _text(value: Any, name: str) -> str:
    """Return what a caller sent as text; Gradio does not look at types."""
    if not isinstance(value, str):
        raise QuestionError(f"{name} must be text.")
    return value


def _turns(history: Any) -> list[Turn]:
    """Return the earlier turns that a caller sent."""
    if not isinstance(history, list | None):
        raise _Told('history must be a list of {"question": ..., "answer": ...}, oldest first.')
    turns = []
    for item in history or []:
        match item:
            case {"question": str(question), "answer": str(answer), "kind": "refusal"}:
                turns.append(Turn(question, answer, "refusal"))
            case {"question": str(question), "answer": str(answer)}:
                turns.append(Turn(question, answer))
            case _:
                raise _Told('Every item of history must be {"question": ..., "answer": ...}, both of them text.')
    return turns


def _about(speech: Speech) -> dict[str, Any]:
    names = ("title", "speaker", "date", "occasion", "source", "sha256")
    return {"speech": speech.id} | {name: getattr(speech, name) for name in names}


def _place(place: Paragraph | Sentence) -> dict[str, Any]:
    number = (
        {"paragraph": place.paragraph, "sentence": place.number}
        if isinstance(place, Sentence)
        else {"paragraph": place.number}
    )
    return {
        "speech": place.speech,
        "address": place.address,
        **number,
        "start": place.start,
        "end": place.end,
        "text": place.text,
    }
