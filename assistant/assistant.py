"""`Assistant`: search, draft, check. The one place that knows every implementation is `Assistant.from_settings`."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from contextvars import Context
from importlib.metadata import version
from threading import Event
from types import TracebackType
from typing import Any, Protocol, Self

from assistant.background import Stopped, check_stopped, stoppable
from assistant.citations import Claim, Withheld, check, cite
from assistant.corpus import Corpus, Paragraph, Sentence
from assistant.drafts import foreign_sign, lift_marks
from assistant.errors import ModelError, QuestionError
from assistant.extractive import ExtractiveAnswerer
from assistant.glossary import Glossary
from assistant.index import Index, Passage, Progress, log_progress
from assistant.places import Places
from assistant.questions import Shape, shape_of
from assistant.replies import Answer, Provenance, Reason, Refusal, Reply, Turn, incomplete, partly, replaced
from assistant.settings import Language, Settings
from assistant.text import is_chinese, visible

MAX_QUESTION = 2_000
"""Characters. A longer text is a document and not a question."""
MAX_TURNS = 5
"""Earlier turns that a follow-up may lean on."""
MAX_PASSAGES = 50
"""That a reader may ask for."""
_EXAMPLE = "怎样让创新成果更好惠及人民？"
"""What can be asked, for those who asked nothing."""
SHORT_CORPUS = 8_000
"""Characters. What is not longer is shown to the answerer whole, best paragraph first: most single speeches."""
NO_ANSWER = "无法回答"
"""What `prompts/answer.md` has a model write where the passages do not answer."""
MAX_OUTLINE = 200
"""Paragraphs of a long speech that are shown for a question on the whole of it."""


class Answerer(Protocol):
    """Writes drafts. It need not be trusted: the check stands outside it."""

    @property
    def name(self) -> str:
        """The name that stands in every reply."""
        ...

    @property
    def prompt(self) -> str | None:
        """Hash of the prompt it uses, if any."""
        ...

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield the pieces of a draft whose sentences end in addresses; nothing if the passages do not answer."""
        ...

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return `question` so that it can be understood without the earlier turns."""
        ...


class Assistant:
    """Answers questions on a corpus. Make it with `from_settings`; close it, or use it in a `with` block."""

    def __init__(
        self,
        corpus: Corpus,
        index: Index,
        answerer: Answerer,
        *,
        passages: int = 8,
        fallback: Answerer | None = None,
        language: Language = "auto",
    ) -> None:
        self.corpus = corpus
        self.index = index
        self.answerer = answerer
        self.fallback = fallback
        self.passages = passages
        self.language = language

    @classmethod
    def from_settings(cls, progress: Progress = log_progress, /, **overrides: Any) -> Self:
        """Return an assistant made of the settings.

        Without any, it holds the bundled speech and the embedded answerer: no key, no network, no download.

        Args:
            progress: is told how far it is, if the index must be built. Without a name: every name is a setting.
            overrides: settings; they win over the environment.

        Raises:
            SettingsError: a setting is unknown or cannot be honoured.
            CorpusError: no speech can be read.
            IndexingError: the index can neither be opened nor built.
            ModelError: an embedding server failed.
        """
        from assistant.embedders import make_embedder

        settings = Settings.load(**overrides)
        # First of all: a wrong setting is told at once, and not behind an index.
        model = _model(settings)
        corpus = Corpus.from_folder(settings.seeds)
        embedder = make_embedder(settings, [paragraph.text for paragraph in corpus.paragraphs])
        glossary = Glossary.load(settings.seeds)
        index = Index.open(corpus, embedder, settings.index_folder, glossary=glossary, progress=progress)
        if model is None:
            return cls(corpus, index, ExtractiveAnswerer(corpus, glossary), passages=settings.passages)
        fallback = ExtractiveAnswerer(corpus, glossary) if settings.fallback else None
        return cls(corpus, index, model, passages=settings.passages, fallback=fallback, language=settings.language)

    @property
    def answerers(self) -> dict[str, Answerer]:
        """Those that can answer, by name; the first choice first."""
        return {answerer.name: answerer for answerer in (self.answerer, self.fallback) if answerer is not None}

    def using(self, answerer: str, passages: int, language: Language) -> Self:
        """Return an assistant that answers by one of `answerers`, with another number of passages, in a language.

        It shares the corpus and the index with this one: close one of them only.
        """
        from assistant.llm import LLMAnswerer

        first = self.answerers.get(answerer, self.answerer)
        fallback = self.fallback if first is self.answerer else None
        if isinstance(first, LLMAnswerer):
            first = first.speaking(language)
        passages = max(1, min(passages, MAX_PASSAGES))
        return type(self)(self.corpus, self.index, first, passages=passages, fallback=fallback, language=language)

    def search(self, question: str, k: int | None = None) -> list[Passage]:
        """Return the `k` closest paragraphs (by default as many as the settings say), best first.

        Raises:
            QuestionError: the question is empty, too long or not text.
        """
        return self.index.search(_readable(question), self.passages if k is None else k)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Reply:
        """Answer a question, or refuse.

        Args:
            question: in the reader's own words, in any script.
            history: earlier turns, of which the last `MAX_TURNS` count; a question that leans on them is made to stand
                alone first.

        Raises:
            QuestionError: the question is empty, too long or not text.
            ModelError: a model failed, and no answerer takes its place.
        """
        # Not a list of all replies: each holds all claims so far.
        return deque(self.stream(question, history), maxlen=1).pop()

    def stream(self, question: str, history: Sequence[Turn] = (), *, stopped: Event | None = None) -> Generator[Reply]:
        """Yield replies that grow by one checked statement at a time; the last one is what `ask` returns.

        The first is an answer without claims, as soon as the passages are found: it says how the question was
        understood and what the answerer is shown. Closing the iterator stops the answerer; so does setting `stopped`,
        from any thread and while nothing arrives: the iterator then ends without another reply. Raises what `ask` raises.
        """
        question = _readable(question)
        context = stoppable(stopped)
        with suppress(Stopped):
            answerer, restated, notice = context.run(self._stand_alone, question, history)
            shown = self._show(restated or question)
            # Only a question that leans on earlier ones asks for more than they quoted.
            quoted = [s for turn in history for s in self.corpus.quoted_in(turn.answer)] if restated else []
            if isinstance(self.fallback, ExtractiveAnswerer) and self.fallback.counts(restated or question, shown):
                answerer = self.fallback
            try:
                yield from self._draft(answerer, question, restated, shown, quoted, notice=notice, context=context)
            except ModelError as error:
                if self.fallback is None or answerer is self.fallback:
                    raise
                notice = replaced(question, error)
                fallback = self.fallback
                yield from self._draft(fallback, question, restated, shown, quoted, notice=notice, context=context)

    @property
    def made_by(self) -> Provenance:
        """What every reply of this assistant is made by, unless its notice says that the answerer failed, or it is a count."""
        return self._made_by(self.answerer)

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _show(self, question: str) -> list[Passage]:
        """Return what the answerer gets to see, best first: a short corpus whole, else the closest paragraphs."""
        paragraphs = self.corpus.paragraphs
        more: tuple[Paragraph, ...] = ()
        short = sum(len(paragraph.text) for paragraph in paragraphs) <= SHORT_CORPUS
        found = self.index.search(question, len(paragraphs) if short else self.passages)
        if places := Places.read(question, self.corpus):
            more = self._paragraphs(places.sentences)
        elif shape_of(question) is Shape.OUTLINE:
            more = self.corpus.speech(found[0].paragraph.speech).body[:MAX_OUTLINE]
        return _beside(found, more)

    def _paragraphs(self, sentences: Sequence[Sentence]) -> tuple[Paragraph, ...]:
        """Return the paragraphs in which some sentences stand."""
        return tuple(self.corpus.speech(s.speech).paragraphs[s.paragraph] for s in sentences)

    def _stand_alone(self, question: str, history: Sequence[Turn]) -> tuple[Answerer, str | None, str | None]:
        """Return who answers, the question restated if it leans on `history`, and a notice if that answerer failed."""
        history = history[-MAX_TURNS:]
        if history and (stepped := Places.step(question, history[-1].question, history[-1].answer, self.corpus)):
            return self.answerer, stepped, None
        if not history or Places.read(question, self.corpus):
            return self.answerer, None, None
        try:
            return self.answerer, _restated(self.answerer, question, history), None
        except ModelError as error:
            if self.fallback is None:
                raise
            return self.fallback, _restated(self.fallback, question, history), replaced(question, error)

    def _draft(
        self,
        answerer: Answerer,
        question: str,
        restated: str | None,
        shown: Sequence[Passage],
        quoted: Sequence[Sentence],
        *,
        notice: str | None,
        context: Context,
    ) -> Generator[Reply]:
        """Yield growing replies of one answerer; if it fails before the first claim, its `ModelError`.

        `quoted` was quoted in earlier turns.
        """
        context.run(check_stopped)
        made_by, passages = self._made_by(answerer), tuple(shown[: self.passages])
        asked = restated or question
        # A model says nothing of its search.
        finding = answerer.find(asked, shown, quoted) if isinstance(answerer, ExtractiveAnswerer) else None
        if finding and finding.unanswered:
            notice = " ".join(filter(None, [notice, partly(question, finding.unanswered)]))
        if finding and finding.mentions:
            shown = _beside(shown, self._paragraphs(finding.sentences))  # the search does not find every place
        confidence = finding.confidence if finding else None
        titles = {speech.id: speech.title for speech in self.corpus.speeches}
        claims: list[Claim] = []
        withheld: list[Withheld] = []
        failed: list[ModelError] = []

        def answer() -> Answer:
            citations = cite(claims, titles, dict(finding.listed) if finding else None)
            return Answer(
                question, tuple(claims), citations, tuple(withheld), passages, made_by, restated=restated, notice=notice,
                matched=finding.matched if finding else (), mentions=finding.mentions if finding else None,
                confidence=confidence,
            )  # fmt: skip

        yield answer()
        sentences = [sentence for passage in shown for sentence in passage.paragraph.sentences]
        pieces = finding.pieces if finding else answerer.draft(asked, shown)
        with closing(_until_failure(pieces, failed, context)) as draft:
            for result in check(draft, sentences, translated=self.language == "en" or not is_chinese(question)):
                if isinstance(result, Withheld):
                    withheld.append(result)
                else:
                    claims.append(result)
                yield answer()
        if failed:
            if not claims:
                raise failed[0]
            notice = incomplete(question, failed[0])
        if claims:
            if failed:
                yield answer()
            return
        declined = [item for item in withheld if item.text.strip('。.！!“”"*') == NO_ANSWER]
        others = tuple(item for item in withheld if item not in declined)
        reason = Reason.DECLINED if declined else Reason.UNSUPPORTED if others else Reason.NOT_FOUND
        yield Refusal(
            question, reason, others, passages, made_by, restated=restated, notice=notice,
            missing=finding.missing if finding else (), confidence=confidence, more=bool(finding and finding.more),
            nowhere=bool(finding and finding.nowhere),
        )  # fmt: skip

    def _made_by(self, answerer: Answerer) -> Provenance:
        return Provenance(
            speech=f"sha256:{self.corpus.sha256}",
            embedder=self.index.embedder.fingerprint,
            answerer=answerer.name,
            prompt=answerer.prompt,
            version=version("speech-assistant"),
        )


def _beside(passages: Sequence[Passage], paragraphs: Sequence[Paragraph]) -> list[Passage]:
    """Return passages, and behind them the paragraphs that are not among them."""
    known = {passage.paragraph for passage in passages}
    return [*passages, *(Passage(p, 0.0) for p in dict.fromkeys(paragraphs) if p not in known)]


def _model(settings: Settings) -> Answerer | None:
    """Return the language model that the settings ask for, if they do."""
    if not settings.uses_model:
        return None
    from assistant.llm import LLMAnswerer

    return LLMAnswerer.from_settings(settings)


def _until_failure(draft: Iterator[str], failed: list[ModelError], context: Context) -> Generator[str]:
    """Yield the pieces until the answerer fails, and keep the error: what has arrived is checked all the same.

    Closing it closes the draft: leaving the stream early must end a model's request. Raises `Stopped`.
    """
    try:
        while (piece := context.run(next, draft, None)) is not None:
            context.run(check_stopped)
            yield piece
    except ModelError as error:
        failed.append(error)
    finally:
        if isinstance(draft, Generator):
            draft.close()
    context.run(check_stopped)


def _restated(answerer: Answerer, question: str, history: Sequence[Turn]) -> str | None:
    """Return the question as the answerer restates it; None where it stands alone, or where that makes no sense.

    The reader is shown it unchecked: one that brings a link or a sign of its own is no question of theirs.
    """
    restated = visible(answerer.restate(question, history)).strip()
    if not 0 < len(restated) <= MAX_QUESTION or restated == question:
        return None
    said, _ = lift_marks(
        "？".join([question, *(text for turn in history for text in (turn.question, turn.answer)), ""])
    )
    return None if foreign_sign(restated, said) else restated


def _readable(question: object) -> str:
    """Return the question without invisible characters and outer white space."""
    if not isinstance(question, str):
        raise QuestionError(f"The question is not text but {type(question).__name__}. Ask with a str: {_EXAMPLE}")
    # A stray byte does no harm; a question in another encoding must not be refused as if it had been understood.
    if 3 * sum(c == "\ufffd" or "\ud800" <= c <= "\udfff" for c in question) > len(question):
        raise QuestionError("The question is not readable as UTF-8. Ask again with the terminal or file set to UTF-8.")
    question = visible(question).strip()
    if not question:
        raise QuestionError(f"The question is empty. Ask something, for example: {_EXAMPLE}")
    if len(question) > MAX_QUESTION:
        raise QuestionError(f"The question has {len(question):,} characters; {MAX_QUESTION:,} are allowed. Shorten it.")
    return question
