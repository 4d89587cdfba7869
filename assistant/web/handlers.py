"""What happens on a click: handlers that take what the page holds and return what it shows.

The conversation of a visitor is the value of a `gr.State` and is kept nowhere else. What a visitor sees of a reply is
made by `assistant.render`.
"""

import json
import logging
import re
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import gradio as gr

from assistant import render
from assistant.assistant import Assistant
from assistant.conversation import Conversation, turn_of
from assistant.errors import FeedbackError, ModelError, QuestionError
from assistant.render import Exchange, Words
from assistant.replies import EXTRACTIVE
from assistant.settings import Language
from assistant.web import feedback
from assistant.web.words import words_for

UPDATES = 20
"""In one second at most, while an answer grows: each one is drawn by the browser."""
MAX_EXCHANGES = 200
"""A longer conversation forgets its beginning."""

_log = logging.getLogger(__name__)
_ANCHOR = re.compile(r"s-(?P<sentence>.+)-\d+-\d+|p-(?P<paragraph>.+)-\d+")

Exchanges = Sequence[Exchange]


class Handlers:
    """The handlers of one page. Of a visitor they keep what stops a running answer, and nothing else."""

    def __init__(self, assistant: Assistant, feedback: Path) -> None:
        self._assistant = assistant
        self._feedback = feedback
        self._running: dict[str | None, Event] = {}
        """By visitor; setting an event ends the answer, even while a model says nothing."""

    # --- Opening ---

    def open(self, session: Exchanges, request: gr.Request) -> list[Any]:
        """Return the header, the speech and the conversation, in the browser's language."""
        words, corpus = _words(request), self._assistant.corpus
        header = render.header_html(self._assistant.answerer.name, words)
        return [header, render.speech_html(corpus.speeches[0], corpus, words), *self._show(session, words)]

    def choose(self, answerer: str, request: gr.Request) -> str:
        """Return the header that names the answerer."""
        return render.header_html(answerer, _words(request))

    def open_speech(self, event: gr.EventData, request: gr.Request) -> Any:
        """Return the speech that holds an anchor."""
        match = _ANCHOR.fullmatch(str(_clicked(event).get("anchor", "")))
        id = (match["sentence"] or match["paragraph"]) if match else None
        corpus = self._assistant.corpus
        speech = next((s for s in corpus.speeches if s.id == id), None)
        return render.speech_html(speech, corpus, _words(request)) if speech else gr.skip()

    # --- Asking ---

    def ask(
        self,
        question: str,
        session: Exchanges,
        answerer: str,
        passages: float,
        language: Language,
        request: gr.Request,
    ) -> Generator[list[Any]]:
        """Yield the input, emptied once, and the conversation while it grows by the reply."""
        assistant = self._assistant.using(answerer, int(passages), language)
        for i, shown in enumerate(self._ask(question, session, assistant, request)):
            # Only once: by then the next question may be half typed.
            yield [gr.skip() if i else "", *shown]

    def ask_clicked(
        self,
        session: Exchanges,
        answerer: str,
        passages: float,
        language: Language,
        event: gr.EventData,
        request: gr.Request,
    ) -> Generator[list[Any]]:
        """Yield the conversation while it grows by the reply to a question that was clicked on.

        That is one to start with (`ask`), or one to be answered again (`again`, with its place in the conversation): the
        last answer is replaced, an earlier one stays and the question is asked anew.
        """
        clicked = _clicked(event)
        question, session = str(clicked.get("ask", "")), tuple(session)
        if (turn := _turn(clicked.get("again"), session)) is not None:
            question = session[turn].question
            session = session[:turn] if turn == len(session) - 1 else session
        assistant = self._assistant.using(answerer, int(passages), language)
        yield from self._ask(question, session, assistant, request)

    def _ask(
        self, question: str, session: Exchanges, assistant: Assistant, request: gr.Request
    ) -> Generator[list[Any]]:
        words = _words(request)
        if not question.strip():
            yield self._show(session, words)
            return
        self.leave(request)
        past = _stopped(session)[-MAX_EXCHANGES:]
        stopped = self._running[request.session_hash] = Event()
        # Quotes are there at once; steps on the way would cost many times what the answer does.
        updates = 0 if assistant.answerer.name == EXTRACTIVE else UPDATES
        drawn = deque[float](maxlen=updates)
        try:
            for exchange in _answer(question, past, assistant, words, stopped):
                if stopped.is_set():
                    # After Stop the two may arrive in either order, so both say the same; after another question or
                    # Clear, this answer is no longer shown.
                    if self._running.get(request.session_hash) is stopped:
                        yield self._show((*past, replace(exchange, state="stopped")), words)
                    return
                if exchange.state != "running" or len(drawn) < updates or (updates and monotonic() - drawn[0] > 1):
                    drawn.append(monotonic())
                    yield self._show((*past, exchange), words)
        finally:
            if self._running.get(request.session_hash) is stopped:
                del self._running[request.session_hash]

    # --- The conversation ---

    def stop(self, session: Exchanges, request: gr.Request) -> list[Any]:
        """End a running answer; return the conversation with it marked as stopped."""
        self.leave(request)
        return self._show(_stopped(session), _words(request))

    def clear(self, request: gr.Request) -> list[Any]:
        """End a running answer; return an empty conversation."""
        self.leave(request)
        self._running.pop(request.session_hash, None)
        return self._show((), _words(request))

    def edit(self, session: Exchanges, event: gr.EventData) -> Any:
        """Return a question for the input; the conversation stays as it is."""
        turn = _turn(_clicked(event).get("turn"), session)
        return gr.skip() if turn is None else session[turn].question

    def rate(self, session: Exchanges, event: gr.EventData, request: gr.Request) -> Any:
        """Keep what a reader thinks of a reply, and return the sentence that says so."""
        clicked = _clicked(event)
        turn = _turn(clicked.get("turn"), session)
        if turn is None or (reply := session[turn].reply) is None:
            return gr.skip()
        try:
            feedback.keep(self._feedback, str(clicked.get("verdict")), reply, [e.question for e in session[:turn]])
        except FeedbackError as error:
            _log.error("%s", error)  # for who runs the page: a visitor cannot mend it
            return render.spoken_html(_words(request)["failed"])
        return render.spoken_html(_words(request)["thanks"])

    def leave(self, request: gr.Request) -> None:
        """End the answer that a visitor no longer waits for."""
        if stopped := self._running.get(request.session_hash):
            stopped.set()

    def to_markdown(self, session: Exchanges, request: gr.Request) -> str:
        """Return the conversation as Markdown."""
        return render.markdown(session, _words(request))

    def to_json(self, session: Exchanges) -> str:
        """Return the conversation as JSON, with the offsets of every citation."""
        data = [
            {"question": e.question, "state": e.state, "error": e.error or None, "reply": e.reply and e.reply.to_dict()}
            for e in session
        ]
        return json.dumps(data, ensure_ascii=False, indent=2)

    def _show(self, session: Exchanges, words: Words) -> list[Any]:
        """Return what `shown` takes: messages, state, and the sentence for those who hear the page."""
        spoken = render.spoken_html(render.status(session[-1], words)) if session else ""
        return [self._messages(session, words), tuple(session), spoken]

    def _messages(self, session: Exchanges, words: Words) -> list[dict[str, Any]]:
        messages = [_message("assistant", render.welcome_html(self._assistant.corpus, words))]
        for turn, exchange in enumerate(session):
            running = exchange.state == "running"
            messages.append(_message("user", render.question_html(exchange.question, turn, words, running=running)))
            messages.append(_message("assistant", render.reply_html(exchange, turn, words)))
        return messages


def _answer(question: str, past: Exchanges, assistant: Assistant, words: Words, stopped: Event) -> Generator[Exchange]:
    """Yield the exchange as it grows; the last one is done or failed, unless it was stopped."""
    exchange = Exchange(question)
    yield exchange
    turns = [turn_of(e.reply) for e in past if e.reply is not None and e.state == "done"]
    try:
        with closing(Conversation(assistant, turns).stream(question, stopped=stopped)) as replies:
            for reply in replies:
                exchange = replace(exchange, reply=reply)
                yield exchange
        yield replace(exchange, state="done")
    except (QuestionError, ModelError) as error:
        yield replace(exchange, state="failed", error=str(error))
    except Exception:  # noqa: BLE001
        # The one place where any error is caught: a visitor reads a sentence and not a traceback, nor a path of ours.
        _log.exception("a question could not be answered")
        yield replace(exchange, state="failed", error=words["failed"])


def _message(role: str, html: str) -> dict[str, Any]:
    # As a component: what is in it is ours and escaped, and keeps its attributes, which Markdown would lose.
    return {"role": role, "content": gr.HTML(html)}


def _clicked(event: gr.EventData) -> dict[str, Any]:
    """Return what the page sent with an event: anything, since a visitor can send what they like."""
    return event._data if isinstance(event._data, dict) else {}


def _stopped(session: Exchanges) -> tuple[Exchange, ...]:
    """Return the conversation with what was still running marked as stopped."""
    return tuple(replace(e, state="stopped") if e.state == "running" else e for e in session)


def _turn(value: Any, session: Exchanges) -> int | None:
    """Return a place in the conversation; None if it is none."""
    return value if isinstance(value, int) and 0 <= value < len(session) else None


def _words(request: gr.Request) -> Words:
    return words_for(request.headers.get("accept-language"))
