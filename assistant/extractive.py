"""The embedded answerer: it picks the sentences that answer and quotes them. No language model, no download.

Sentences are found (`ranking`), chosen (`choosing`) and judged (`judging`); where it is doubtful that they answer, nothing is
drafted, and the words that the speech lacks are named. Some questions need no weighing: on the whole speech (`outlines`), for a
place (`places`), for mentions (`mentions`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest

from assistant.choosing import MAX_PARTS, MAX_SENTENCES, choose
from assistant.corpus import Corpus, Sentence
from assistant.coverage import HALF, Coverage
from assistant.encoder import Encoder, bundled_encoder
from assistant.enumerations import enumeration
from assistant.follow_ups import lean, own_things, restate, things_of
from assistant.glossary import Glossary, bundled_glossary
from assistant.index import Passage
from assistant.judging import MIN_CONFIDENCE, judge
from assistant.mentions import find_mentions
from assistant.offers import folded_once
from assistant.outlines import outline, own_words
from assistant.places import Places
from assistant.questions import Kind, Question, Shape, shape_of
from assistant.ranking import rank, reread
from assistant.reader import Reader, bundled_reader
from assistant.replies import EXTRACTIVE, Mentions, Turn
from assistant.subquestions import asks_whether, clauses, coordinated
from assistant.text import Span, is_chinese, words

CERTAIN = 0.95
"""Confidence where nothing had to be weighed: an outline, a place, a count of mentions."""


@dataclass(frozen=True)
class Finding:
    """What was found for a question."""

    sentences: tuple[Sentence, ...] = ()
    """Empty where the passages do not answer."""
    confidence: float | None = None
    """Of there being an answer, 0 to 1."""
    missing: tuple[str, ...] = ()
    """Names and nouns of the question that the corpus has in no form, as they were typed."""
    matched: tuple[tuple[str, str], ...] = ()
    """Words of the question, and what stands in the sentences for them: (盗版, 侵权假冒)."""
    mentions: Mentions | None = None
    """How often the corpus has what the question asks for, where it asks that."""
    unanswered: tuple[str, ...] = ()
    """The parts of a question, and the things named in one breath with others, that are not answered, as they were typed."""
    listed: tuple[tuple[Sentence, Span], ...] = ()
    """Where in some of the sentences the things stand that the question asks for, if it asks for several: 要修订哪些法律."""
    more: bool = False
    """Whether more was asked for than was quoted before."""
    nowhere: bool = False
    """Whether what is missing is a place that was asked for."""

    @property
    def pieces(self) -> Iterator[str]:
        """The pieces of the draft: each sentence with its address."""
        return (f"{sentence.text.strip()}[{sentence.address}]\n" for sentence in self.sentences)


@dataclass(frozen=True)
class ExtractiveAnswerer:
    """Answers with the speech's own sentences; every draft of it is a run of verbatim quotes."""

    corpus: Corpus
    glossary: Glossary = field(default_factory=bundled_glossary)
    encoder: Encoder = field(default_factory=bundled_encoder)
    reader: Reader = field(default_factory=bundled_reader)
    min_confidence: float = MIN_CONFIDENCE
    """Where it is less sure, it quotes nothing."""

    @property
    def name(self) -> str:
        """The name that stands in every reply."""
        return EXTRACTIVE

    @property
    def prompt(self) -> None:
        """It uses no prompt."""

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield the chosen sentences, each with its address; nothing where the passages do not answer."""
        yield from self.find(question, passages).pieces

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return `question` with what it leans on: 它有什么要求, 还有吗."""
        return restate(question, turns, self.glossary, self._coverage.has)

    def counts(self, question: str, passages: Sequence[Passage]) -> bool:
        """Return whether a question only asks how often something is mentioned, and it is. No model counts reliably."""
        asked = Question.read(question, self.glossary).asks_how_often
        return asked and self.find(question, passages).mentions is not None

    def find(self, text: str, passages: Sequence[Passage], quoted: Collection[Sentence] = ()) -> Finding:
        """Return the sentences that answer a question, how sure that is, and what the speech lacks.

        They are sentences of the passages; where mentions are asked for, of the whole corpus. Where the question asks for more
        than was quoted before, 还有吗, they are others than those `quoted`.
        Of a question that asks several things, each is answered by itself, and those that are not are told; where the first is not
        answered, it is asked whole, and only what names its own things is answered by itself: the others may lean on the first.
        Where the first only asks whether, 你知道版权吗？谁发明了它？, and one of them is not answered, it is asked whole.
        """
        question = Question.read(text, self.glossary)
        if quoted and question.carried and question.asks_for_more:
            return self._find_more(question, passages, quoted)
        if places := Places.read(text, self.corpus):
            return self._find_in(places, passages)
        return self._find_parts(text, passages) or self._find(text, passages, self.corpus.sentences)

    def _find_more(self, question: Question, passages: Sequence[Passage], quoted: Collection[Sentence]) -> Finding:
        """Return what answers a question, or stands in a place, beyond what was quoted.

        Sentences that tell, themselves or by their paragraph's first one, of a thing that the question names.
        """
        if places := Places.read(question.spoken, self.corpus):
            found = self._find_in(places, passages)
            return replace(found, sentences=tuple(s for s in found.sentences if s not in quoted), more=True)
        asked = Question.read(question.spoken, self.glossary)
        things = [asked.terms.index(thing) for thing in things_of(asked)]
        telling = {
            c.sentence
            for c in rank(asked, passages, self._coverage)
            if not things or any(c.leaning[i] >= HALF for i in things)
        }
        return replace(self._find(question.text, passages, self.corpus.sentences, telling - set(quoted)), more=True)

    def _find_parts(self, text: str, passages: Sequence[Passage]) -> Finding | None:
        """Return what answers the parts of a question, or it as a whole where they lean on what is not answered.

        None where it asks one thing, or where the first part only asks whether.
        """
        asked = self._parts_of(text)
        parts = [self._find(part, passages, self.corpus.sentences) for part in asked.values()]
        if not parts or (not all(part.sentences for part in parts) and asks_whether(next(iter(asked)))):
            return None
        if not parts[0].sentences:
            # What names its own things is answered all the same; else the others may lean on the first.
            whole = self._find(text, passages, self.corpus.sentences)
            parts = [
                part if self._stands_alone(asked[clause], clause) else Finding()
                for clause, part in zip(asked, parts, strict=True)
            ]
            if whole.sentences or not any(part.sentences for part in parts):
                return whole
        unanswered = [clause for clause, part in zip(asked, parts, strict=True) if not part.sentences]
        joined = _joined([part for part in parts if part.sentences])
        return replace(joined, unanswered=(*joined.unanswered, *unanswered))

    def _find_in(self, places: Places, passages: Sequence[Passage]) -> Finding:
        """Return what stands in some places; nothing if there is no such place.

        All of it, unless the question names something else than any part of a speech has (措施), or is for mentions.
        """
        if places.missing:
            return Finding((), 0.0, places.missing, nowhere=True)
        there = {(sentence.speech, sentence.paragraph) for sentence in places.sentences}
        within = [p for p in passages if (p.paragraph.speech, p.paragraph.number) in there]
        asked = Question.read(places.question, self.glossary)
        if asked.asks_where_mentioned or (
            asked.shape is not Shape.OUTLINE and self._asks_within(asked, places.sentences)
        ):
            return self._find(places.question, within, places.sentences)
        shown = {sentence for passage in within for sentence in passage.paragraph.sentences}
        return Finding(tuple(sentence for sentence in places.sentences if sentence in shown), CERTAIN)

    def _asks_within(self, question: Question, sentences: Sequence[Sentence]) -> bool:
        """Whether a question asks for more of a place than what stands there: it names a thing, or does what is done there.

        Other verbs, as in 麻烦贴一下, only ask for the text.
        """
        own = own_words(question)
        terms = [term for term in question.terms if own.intersection(words(term.text))]
        return any(
            term.kind is not Kind.OTHER
            or not is_chinese(term.text)
            or any(self._coverage.cover(term, sentence.text, "") >= HALF for sentence in sentences)
            for term in terms
        )

    def _parts_of(self, text: str) -> dict[str, str]:
        """Return what a question asks, each with what it leans on, by its clause; nothing where it asks one thing."""
        question = Question.read(text, self.glossary)
        if question.carried or question.asks_where_mentioned:
            return {}
        first, *others = clauses(text)
        asked = {first: first} | {part: lean(part, first, self.glossary, self._coverage.has) for part in others}
        whole = any(shape_of(part) is Shape.OUTLINE for part in asked.values())
        return asked if others and not whole else {}

    def _stands_alone(self, restated: str, clause: str) -> bool:
        """Whether a later part of a question names a thing itself, and leans on nothing: not 由谁负责."""
        things = own_things(Question.read(clause, self.glossary))
        return restated == clause and any(self._coverage.has(thing) for thing in things)

    def _find(
        self, text: str, passages: Sequence[Passage], told: Sequence[Sentence], only: Collection[Sentence] | None = None
    ) -> Finding:
        """Return what answers one question, with the sentences `only`, if they are given.

        What is to be counted is counted in, and quoted from, the sentences `told`.
        """
        question = Question.read(text, self.glossary)
        if question.asks_where_mentioned:
            if mentioned := find_mentions(question, told):
                mentions, sentences = mentioned
                return Finding(sentences, CERTAIN, matched=_stood_in(question, sentences), mentions=mentions)
            looked_for = question.mentioned.parts or question.mentioned.terms
            absent = [term for term in looked_for if not self._coverage.says(term)]
            if absent or not looked_for:
                return Finding((), 0.0, tuple(question.typed(term) for term in absent))
        if sure := [s for s in outline(question, passages, self.corpus, self.encoder) if only is None or s in only]:
            return Finding(tuple(sure[:MAX_PARTS]), CERTAIN)
        found = [c for c in rank(question, passages, self._coverage) if only is None or c.sentence in only]
        ranked = reread(question, found, self._coverage, self.reader)
        if not ranked:
            return Finding((), 0.0)
        chosen = choose(question, ranked, self._coverage)
        quoted = [c for c in ranked if c is ranked[0] or c.sentence in chosen]
        confidence, missing = judge(question, ranked, quoted, self._coverage, self.encoder)
        unknown = tuple(question.typed(term) for term in missing if self._coverage.lacks(term))
        if confidence < self.min_confidence:
            return Finding((), confidence, unknown)
        beside = [term for term in coordinated(question) if term in missing and self._coverage.lacks(term)]
        unanswered = tuple(question.typed(term) for term in beside)
        best = ranked[0].sentence
        span = enumeration(question, best.text)
        listed = ((best, span),) if span else ()
        return Finding(
            tuple(chosen), confidence, unknown, _stood_in(question, chosen), unanswered=unanswered, listed=listed
        )

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage(self.corpus)


def _joined(parts: Sequence[Finding]) -> Finding:
    """Return the answers of several questions as one: of each the best sentence, then of each the next."""
    turns = zip_longest(*(part.sentences for part in parts))
    sentences = dict.fromkeys(sentence for turn in turns for sentence in turn if sentence is not None)
    return Finding(
        tuple(sentences)[:MAX_SENTENCES],
        min(part.confidence or 0.0 for part in parts),
        matched=tuple(dict.fromkeys(pair for part in parts for pair in part.matched)),
        unanswered=tuple(thing for part in parts for thing in part.unanswered),
        listed=tuple({sentence: span for part in reversed(parts) for sentence, span in part.listed}.items()),
    )


def _stood_in(question: Question, sentences: Sequence[Sentence]) -> tuple[tuple[str, str], ...]:
    text = "\n".join(folded_once(sentence.text) for sentence in sentences)
    pairs = {
        question.typed(term): next((form for form in term.equivalents if form in text), "")
        for term in question.terms
        if term.text not in text
    }
    return tuple((word, form) for word, form in pairs.items() if form)
