"""`Assistant`: search, draft, check. The one place that knows every implementation is `Assistant.from_settings`."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from importlib.metadata import version
from types import TracebackType
from typing import Any, Protocol, Self

from assistant.citations import Claim, Withheld, check, cite
from assistant.corpus import Corpus
from assistant.errors import QuestionError
from assistant.extractive import ExtractiveAnswerer, Shape, shape_of
from assistant.index import Index, Passage
from assistant.replies import Answer, Provenance, Reason, Refusal, Reply, Turn
from assistant.settings import Settings
from assistant.text import visible

MAX_QUESTION = 2_000
"""Characters. A longer text is a document and not a question."""
SHORT_CORPUS = 8_000
"""Characters. What is not longer is shown to the answerer whole, best paragraph first: most single speeches."""
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

    def __init__(self, corpus: Corpus, index: Index, answerer: Answerer, *, passages: int = 8) -> None:
        self.corpus = corpus
        self.index = index
        self.answerer = answerer
        self._passages = passages

    @classmethod
    def from_settings(cls, **overrides: Any) -> Self:
        """Return an assistant made of the settings; `overrides` win over the environment.

        Without any, it holds the bundled speech and the embedded answerer: no key, no network, no download.

        Raises:
            SettingsError: a setting is unknown or cannot be honoured.
            CorpusError: no speech can be read.
            IndexingError: the index can neither be opened nor built.
            ModelError: an embedding server failed.
        """
        from assistant.embedders import make_embedder

        settings = Settings.load(**overrides)
        corpus = Corpus.from_folder(settings.seeds.expanduser())
        embedder = make_embedder(settings, [paragraph.text for paragraph in corpus.paragraphs])
        index = Index.open(corpus, embedder, settings.index_folder)
        return cls(corpus, index, ExtractiveAnswerer(corpus), passages=settings.passages)

    def search(self, question: str, k: int | None = None) -> list[Passage]:
        """Return the `k` closest paragraphs (by default as many as the settings say), best first.

        Raises:
            QuestionError: the question is empty or too long.
        """
        return self.index.search(_readable(question), k or self._passages)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Reply:
        """Answer a question, or refuse.

        Args:
            question: in the reader's own words, in any script.
            history: earlier turns; a question that leans on them is made to stand alone first.

        Raises:
            QuestionError: the question is empty or too long.
            ModelError: a model failed.
        """
        # Not a list of all replies: each holds all claims so far.
        return deque(self.stream(question, history), maxlen=1).pop()

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Generator[Reply]:
        """Yield replies that grow by one checked claim at a time; the last one is what `ask` returns.

        Closing the iterator stops the answerer. Raises what `ask` raises.
        """
        question = self._stand_alone(_readable(question), history)
        shown = self._show(question)
        passages = tuple(shown[: self._passages])
        claims: list[Claim] = []
        withheld: list[Withheld] = []
        reply: Reply | None = None
        with closing(_pieces(self.answerer.draft(question, shown))) as draft:
            for result in check(draft, [s for passage in shown for s in passage.paragraph.sentences]):
                if isinstance(result, Claim):
                    claims.append(result)
                    reply = self._answer(question, claims, withheld, passages)
                    yield reply
                else:
                    withheld.append(result)
        if reply is None:
            reason = Reason.UNSUPPORTED if withheld else Reason.NOT_FOUND
            yield Refusal(question, reason, tuple(withheld), passages, self.made_by)
        elif len(withheld) > len(reply.withheld):
            yield self._answer(question, claims, withheld, passages)

    @property
    def made_by(self) -> Provenance:
        """What every reply of this assistant is made by."""
        return Provenance(
            speech=f"sha256:{self.corpus.sha256}",
            embedder=self.index.embedder.fingerprint,
            answerer=self.answerer.name,
            prompt=self.answerer.prompt,
            version=version("speech-assistant"),
        )

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stand_alone(self, question: str, history: Sequence[Turn]) -> str:
        """Return the question as the answerer restates it; as it is where there is nothing to lean on, or no sense."""
        restated = visible(self.answerer.restate(question, history)).strip() if history else ""
        return restated if 0 < len(restated) <= MAX_QUESTION else question

    def _show(self, question: str) -> list[Passage]:
        """Return what the answerer gets to see, best first: a short corpus whole, else the closest paragraphs."""
        paragraphs = self.corpus.paragraphs
        if sum(len(paragraph.text) for paragraph in paragraphs) <= SHORT_CORPUS:
            return self.index.search(question, len(paragraphs))
        found = self.index.search(question, self._passages)
        if shape_of(question) is not Shape.OUTLINE:
            return found
        body = self.corpus.speech(found[0].paragraph.speech).body[:MAX_OUTLINE]
        return [*found, *(Passage(p, 0.0) for p in body if all(p is not f.paragraph for f in found))]

    def _answer(
        self, question: str, claims: Sequence[Claim], withheld: Sequence[Withheld], passages: tuple[Passage, ...]
    ) -> Answer:
        citations = cite(claims, {speech.id: speech.title for speech in self.corpus.speeches})
        return Answer(question, tuple(claims), citations, tuple(withheld), passages, self.made_by)


def _pieces(draft: Iterator[str]) -> Generator[str]:
    """Make any iterator closable: leaving the stream early must end a model's request."""
    yield from draft


def _readable(question: str) -> str:
    """Return the question without invisible characters and outer white space."""
    question = visible(question).strip()
    if not question:
        raise QuestionError("The question is empty. Ask something, for example: 怎样让创新成果更好惠及人民？")
    if len(question) > MAX_QUESTION:
        raise QuestionError(f"The question has {len(question):,} characters; {MAX_QUESTION:,} are allowed. Shorten it.")
    return question
