"""Public questions, asked through the same `Assistant`: nobody tuned it on them, so they tell what holds elsewhere.

Every question is asked twice: once as it is, and once with its own passage hidden from the search, when the right
reply is a refusal. A neighbour from the same article may still answer then, and such an answer counts as false; the
words of the hidden passage stay known to the answerer. Both make refusing harder than it is.
"""

import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import floor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.assistant import Assistant
from assistant.bm25 import WordSearch
from assistant.corpus import Corpus
from assistant.embedders import make_embedder
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Index, Passage
from assistant.settings import Settings
from eval.confidence import confidence
from eval.forms import form
from eval.overlap import bag_f1
from eval.squad import Question, QuestionSet
from eval.statistics import auroc, bootstrap, mean, wilson
from eval.tables import percent, table

if TYPE_CHECKING:
    from assistant.bm25 import Scores

OVER_REFUSAL = 0.05
"""Share of answerable questions that a threshold on the confidence may refuse, where false answers are counted."""
WORTH_A_PROCESS = 200
"""Questions. Fewer are asked sooner than another process is started."""


class HidingWords(WordSearch):
    """A search for words that can be told to leave one paragraph out.

    Scores are shares of the best. Were it left out of what is found only, every other score would stay below 1 and
    tell that something better is hidden.
    """

    hidden: int | None = None

    def scores(self, wanted: list[str], stand_ins: Sequence[Sequence[str]] = ()) -> "tuple[Scores, Scores]":
        """Return what `WordSearch.scores` does, as if the hidden paragraph were not there."""
        first, second = super().scores(wanted, stand_ins)
        if self.hidden is not None:
            first[self.hidden] = second[self.hidden] = 0
        return first / (first.max() or 1), second / (second.max() or 1)


class HidingIndex(Index):
    """An index of speeches of one paragraph that can be told to leave one of them out of what it finds."""

    def __init__(self, corpus: Corpus, *arguments: Any, **options: Any) -> None:
        super().__init__(corpus, *arguments, **options)
        self._order = {paragraph.speech: i for i, paragraph in enumerate(corpus.paragraphs)}
        self._words: HidingWords = HidingWords(corpus.paragraphs)

    def hide(self, speech: str | None) -> None:
        """Leave a speech out from now on, or none."""
        self._words.hidden = None if speech is None else self._order[speech]

    def search(self, question: str, k: int) -> list[Passage]:
        """Return what `Index.search` does, as if the hidden speech were not there."""
        found = super().search(question, k + 1)
        return [p for p in found if self._order[p.paragraph.speech] != self._words.hidden][:k]


@dataclass(frozen=True)
class Asked:
    """What came of one question."""

    speech: str
    answerable: bool
    rank: int | None
    """Of its passage among those found, from 1."""
    answered: bool
    first: bool
    """Whether the first cited sentence holds an accepted answer."""
    three: bool
    """Whether one of the first three does."""
    evidence: float | None
    """F1 of the cited sentences; None without gold evidence."""
    confidence: float
    confidence_is: str
    seconds: float
    answered_hidden: bool
    """Whether it was answered with its passage hidden."""
    confidence_hidden: float


def ask_all(path: Path, folder: Path, jobs: int) -> tuple[QuestionSet, list[Asked]]:
    """Ask every question of a file; `folder` takes the index.

    Raises:
        EvalError: the file cannot be read.
    """
    questions = QuestionSet.from_file(path)
    jobs = max(1, min(jobs, len(questions.questions) // WORTH_A_PROCESS))
    with _assistant(questions, folder) as assistant:
        if jobs == 1:
            return questions, list(_ask(assistant, questions.questions))
    # Started anew and not forked: what is open in Chroma must not be shared.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        parts = pool.map(_ask_part, [path] * jobs, [folder] * jobs, range(jobs), [jobs] * jobs)
        return questions, [asked for part in parts for asked in part]


def figures(questions: QuestionSet, asked: Sequence[Asked]) -> str:
    """Return a table of all figures with their intervals."""
    answerable = [a for a in asked if a.answerable]
    impossible = [a for a in asked if not a.answerable]
    evidence = [(a.evidence, a.speech) for a in answerable if a.evidence is not None]
    rows = [
        *(_rate(f"passage recall@{k}", [a.rank is not None and a.rank <= k for a in answerable]) for k in (1, 3, 5)),
        _rate("first cited sentence holds an answer", [a.first for a in answerable]),
        _rate("one of the first three does", [a.three for a in answerable]),
        _rate("over-refusal", [not a.answered for a in answerable]),
        _rate("false answers, own passage hidden", [a.answered_hidden for a in answerable]),
        _rate("false answers, impossible question", [a.answered for a in impossible]),
    ]
    if evidence:
        low, high = bootstrap([f1 for f1, _ in evidence], [speech for _, speech in evidence])
        value = mean([f1 for f1, _ in evidence])
        rows.append(["evidence F1", percent(value), f"{percent(low)} to {percent(high)}", str(len(evidence))])
    rows.extend(_separation(answerable))
    head = f"{len(questions.corpus.speeches)} passages, {len(asked)} questions"
    return f"{head}\n\n{table(['', '%', '95 % interval', 'n'], [row for row in rows if row])}\n\n{_cost(asked)}"


def _separation(answerable: Sequence[Asked]) -> list[list[str]]:
    """Return how well the confidence tells a question from the same one whose passage is hidden."""
    if not answerable:
        return []
    seen, hidden = [a.confidence for a in answerable], [a.confidence_hidden for a in answerable]
    threshold = sorted(seen)[floor(OVER_REFUSAL * len(seen))]
    false = [value >= threshold for value in hidden]
    by = answerable[0].confidence_is
    name = f"false answers, own passage hidden, at {OVER_REFUSAL:.0%} over-refusal by the {by}"
    return [
        [f"AUROC of the {by}, own passage hidden", percent(auroc(seen, hidden)), "", str(len(seen))],
        _rate(name, false),
    ]


def _rate(name: str, passed: Sequence[bool]) -> list[str]:
    if not passed:
        return []
    low, high = wilson(sum(passed), len(passed))
    return [name, percent(sum(passed) / len(passed)), f"{percent(low)} to {percent(high)}", str(len(passed))]


def _cost(asked: Sequence[Asked]) -> str:
    seconds = sorted(a.seconds for a in asked)
    median, p95 = statistics.median(seconds), seconds[floor(0.95 * len(seconds))]
    unit = 1 if sys.platform == "darwin" else 1024
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * unit
    return (
        f"{1000 * median:.0f} ms a question (95 % within {1000 * p95:.0f} ms); at most {peak / 2**20:.0f} MB a process"
    )


# --- Asking ----------------------------------------------------------------------------------------------------------


def _assistant(questions: QuestionSet, folder: Path) -> Assistant:
    embedder = make_embedder(Settings.load(), [paragraph.text for paragraph in questions.corpus.paragraphs])
    index = HidingIndex.open(questions.corpus, embedder, folder)
    return Assistant(questions.corpus, index, ExtractiveAnswerer(questions.corpus))


def _ask_part(path: Path, folder: Path, part: int, parts: int) -> list[Asked]:
    """Ask one of `parts` equal runs of questions; those of one passage follow each other, and share what is cached."""
    questions = QuestionSet.from_file(path)
    size = -(-len(questions.questions) // parts)
    with _assistant(questions, folder) as assistant:
        return list(_ask(assistant, questions.questions[part * size : (part + 1) * size]))


def _ask(assistant: Assistant, questions: Sequence[Question]) -> Iterator[Asked]:
    index = assistant.index
    assert isinstance(index, HidingIndex)
    for question in questions:
        start = time.perf_counter()
        reply = assistant.ask(question.text)
        seconds = time.perf_counter() - start
        index.hide(question.speech)
        hidden = assistant.ask(question.text)
        index.hide(None)
        sure, by = confidence(reply.to_dict())
        quotes = [citation["quote"] for citation in reply.to_dict()["citations"]]
        speeches = [passage.paragraph.speech for passage in reply.passages]
        yield Asked(
            speech=question.speech,
            answerable=bool(question.answers),
            rank=speeches.index(question.speech) + 1 if question.speech in speeches else None,
            answered=reply.kind == "answer",
            first=_holds(quotes[:1], question.answers),
            three=_holds(quotes[:3], question.answers),
            evidence=bag_f1("".join(quotes), question.evidences) if question.evidences else None,
            confidence=sure,
            confidence_is=by,
            seconds=seconds,
            answered_hidden=hidden.kind == "answer",
            confidence_hidden=confidence(hidden.to_dict())[0],
        )


def _holds(quotes: Sequence[str], answers: Sequence[str]) -> bool:
    return any(form(answer) in form(quote) for quote in quotes for answer in answers)
