"""The embedded answerer: it picks the sentences that answer and quotes them. No language model, no download.

A sentence is as good as the share of the question's weight that it covers, in the reader's words or in those that
official Chinese has for them, where rare words weigh more and the paragraph's first sentence helps the ones that lean
on it; and the better, the nearer it is to the question in meaning. Whether it answers is weighed from what the reader and
the encoder find, the kind of thing that the question asks for and what it names; where that is doubtful nothing is
drafted, and the words that the speech lacks are named.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from math import exp

from assistant.corpus import Corpus, Sentence
from assistant.coverage import Coverage, token_set
from assistant.encoder import Encoder, bundled_encoder
from assistant.follow_ups import lean, restate
from assistant.glossary import Glossary, bundled_glossary
from assistant.index import Passage
from assistant.mentions import find_mentions
from assistant.offers import folded_once, names_someone, offers
from assistant.opposites import contrary
from assistant.places import Places
from assistant.questions import Kind, Question, Shape, Term, Thing, shape_of
from assistant.reader import Reader, bundled_reader
from assistant.replies import EXTRACTIVE, Mentions, Turn
from assistant.subquestions import clauses, coordinated
from assistant.text import words

LEAD = 0.9
"""What the first sentence of a paragraph covers counts this much for those that lean on it."""
PRIOR, OFFER, PHRASE = 0.2, 0.6, 0.6
"""Beside the share covered, 0 to 1: the passage's score, the kind of thing asked for, pairs of characters in common."""
NEARNESS = 0.2
"""Beside them: how many standard deviations a sentence is nearer to the question than the others, as vectors."""
READ = 5
"""Sentences that the reader reads with the question, the best first; on the tune split, more of them find no more."""
ODDS = 0.07
"""What a unit of its log-odds adds to a score."""
RIVAL = 0.25
"""A further sentence is quoted if its score is less than this below the best one's."""
EQUAL = 0.12
"""Less than this apart, two sentences are equally good."""
GAIN = 0.3
"""Or if it covers this share of the question's weight that the chosen ones lack."""
UNHEARD, UNHEARD_THING = 0.0, -2.0
"""Log-odds from which a sentence answers a question of which the corpus has no word in any form: hello; and where a kind of thing is
asked for, which the sentence must hold: 多少人参加？"""
STRANGE = 0.85
"""Share of the question's weight in words that the corpus has nowhere, above which it is about something else."""
AGAINST = -1.0
"""The encoder's verdict counts as no lower, except where things are named and nothing of the question is said: of short
questions it is often far lower, and wrong."""
MIN_OWN = 0.2
"""Share of the question's weight that a sentence must cover itself to be quoted for the name it holds."""
MIN_CONFIDENCE = 0.6
MAX_SENTENCES = 3
HALF = 0.5
"""What a sentence must cover of a term to tell of it."""
WHOLE = 0.8
"""Of a name or a number: 世界知识产权组织 is half of 世界贸易组织."""
MAX_PARTS = 20
MAX_HEADING = 40
"""Characters of a sentence that only announces: 习近平指出，要强化知识产权全链条保护。"""

ALIKE = 0.82
"""Cosine from which a question asks the same as an example: on the tune split those on the whole speech reach 0.82 to
0.94 and the next other one 0.80."""
GIST = (
    "这篇讲话主要讲了什么？",
    "讲话的中心思想是什么？",
    "用一句话概括这篇报告。",
    "总结一下全文的要点。",
    "这次学习的主题是什么？",
    "给我介绍一下这篇讲话的主要内容。",
    "What is the speech about?",
    "Summarize the main points of the speech.",
)
TASKS = (
    "讲话部署了哪些主要任务？",
    "讲话从哪几个方面提出了要求？",
    "列出全文的主要任务。",
    "What are the main tasks set out in the speech?",
)

CERTAIN = 0.95
"""Confidence where nothing had to be weighed: an outline, a place, a count of mentions."""
# What evidence adds to the log-odds that the question is answered. Rounded from a search for the fewest near misses answered
# while 10 % of the other questions are refused, on the tune split and on other speeches alike (fifteen of `eval/speeches`, five
# that were held out from the reader's training). Set by hand, so that hardly anything outweighs them: `_OFFERED`, `_NOWHERE`,
# `_CONTRARY`, `_UNHEARD`. What only the bundled speech gained from, whose field the glossary knows, was left out: the share of the question
# that is lacking, a name that is lacking here.
_BASE = -4.5
_ODDS, _VERDICT = 0.25, 0.3
"""For each unit of the reader's odds, of the best sentence and the highest of all; of the encoder's verdict."""
_OFFERED = 6.0
"""The best sentence holds the kind of thing asked for."""
_SWAPPED = -2.0
"""For the share covered, where a noun is lacking: as in a question of which one thing was exchanged."""
_NOWHERE = -6.0
"""It lacks what is exact, or a name that the corpus has nowhere."""
_STRANGE = -1.5
"""The corpus has hardly a name or noun of the question."""
_CONTRARY = -6.0
_UNHEARD = -6.0
"""The corpus has no word of the question, and the reader is not sure."""

# How the parallel paragraphs of such a speech begin: 某某指出，要……
_FRAME = re.compile(r"^[^，。]{0,15}(?:指出|强调|要求|提出|认为)，")
_PRONOUN = re.compile("[他她]")
_PARTS = frozenset("方面 任务 要求 措施 举措 工作 部署 重点 要点 各项 具体 主要".split())


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

    @property
    def pieces(self) -> Iterator[str]:
        """The pieces of the draft: each sentence with its address."""
        return (f"{sentence.text.strip()}[{sentence.address}]\n" for sentence in self.sentences)


@dataclass(frozen=True)
class _Candidate:
    sentence: Sentence
    covers: tuple[float, ...]
    """How much of each term of the question the sentence itself has."""
    leaning: tuple[float, ...]
    """The same where its paragraph's first sentence helps."""
    covered: float
    """Share of the question's weight that it covers itself."""
    score: float
    odds: float = 0.0
    """The reader's log-odds that it answers, once it has been read."""


@dataclass(frozen=True)
class ExtractiveAnswerer:
    """Answers with the speech's own sentences; every draft of it is a run of verbatim quotes."""

    corpus: Corpus
    glossary: Glossary = field(default_factory=bundled_glossary)
    encoder: Encoder = field(default_factory=bundled_encoder)
    reader: Reader = field(default_factory=bundled_reader)

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
        """Return `question` with what it leans on: 它有什么要求, 还有吗, 下一句呢."""
        if turns and (stepped := Places.step(question, turns[-1].question, turns[-1].answer, self.corpus)):
            return stepped
        return restate(question, turns, self.glossary, self._coverage.has)

    def counts(self, question: str, passages: Sequence[Passage]) -> bool:
        """Return whether a question asks where or how often something is mentioned that is: no model counts reliably."""
        asked = Question.read(question, self.glossary).asks_where_mentioned
        return asked and self.find(question, passages).mentions is not None

    def find(self, text: str, passages: Sequence[Passage]) -> Finding:
        """Return the sentences that answer a question, how sure that is, and what the speech lacks.

        They are sentences of the passages; where mentions are asked for, of the whole corpus.
        Of a question that asks several things, each is answered by itself if all of them are; else it is asked whole.
        """
        if places := Places.read(text, self.corpus):
            return self._find_in(places, passages)
        parts = [self._find(part, passages, self.corpus.sentences) for part in self._parts_of(text)]
        if parts and all(part.sentences for part in parts):
            return _joined(parts)
        return self._find(text, passages, self.corpus.sentences)

    def _find_in(self, places: Places, passages: Sequence[Passage]) -> Finding:
        """Return what stands in some places, all of it or what answers the question; nothing if there is no such place."""
        if places.missing:
            return Finding((), 0.0, places.missing)
        there = {(sentence.speech, sentence.paragraph) for sentence in places.sentences}
        within = [p for p in passages if (p.paragraph.speech, p.paragraph.number) in there]
        asked = Question.read(places.question, self.glossary)
        if asked.terms and asked.shape is not Shape.OUTLINE:
            return self._find(places.question, within, places.sentences)
        shown = {sentence for passage in within for sentence in passage.paragraph.sentences}
        return Finding(tuple(sentence for sentence in places.sentences if sentence in shown), CERTAIN)

    def _parts_of(self, text: str) -> list[str]:
        """Return what a question asks, each with what it leans on; nothing where it asks one thing."""
        question = Question.read(text, self.glossary)
        if question.carried or question.asks_where_mentioned:
            return []
        first, *others = clauses(text)
        asked = [first, *(lean(part, first, self.glossary, self._coverage.has) for part in others)]
        whole = any(shape_of(part) is Shape.OUTLINE for part in asked)
        return asked if others and not whole else []

    def _find(self, text: str, passages: Sequence[Passage], told: Sequence[Sentence]) -> Finding:
        """Return what answers one question; what is to be counted is counted in, and quoted from, the sentences `told`."""
        question = Question.read(text, self.glossary)
        if question.asks_where_mentioned:
            if mentioned := find_mentions(question, told):
                mentions, sentences = mentioned
                return Finding(sentences, CERTAIN, matched=_stood_in(question, sentences), mentions=mentions)
            absent = [term for term in question.mentioned if not self._coverage.says(term)]
            if absent or not question.mentioned:
                return Finding((), 0.0, tuple(question.typed(term) for term in absent))
        if sure := self._without_weighing(question, passages):
            return Finding(tuple(sure[:MAX_PARTS]), CERTAIN)
        ranked = self._reread(question, _without_idle_headings(self._rank(question, passages)))
        if not ranked:
            return Finding((), 0.0)
        chosen = self._select(question, ranked)
        quoted = [c for c in ranked if c is ranked[0] or c.sentence in chosen]
        confidence, missing = self._judge(question, ranked, quoted)
        unknown = tuple(question.typed(term) for term in missing if self._coverage.lacks(term))
        if confidence < MIN_CONFIDENCE:
            return Finding((), confidence, unknown)
        return Finding(tuple(chosen), confidence, unknown, _stood_in(question, chosen))

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage(self.corpus)

    # --- Choosing ---

    def _without_weighing(self, question: Question, passages: Sequence[Passage]) -> list[Sentence]:
        """Return what answers a question on the whole speech, or on its theme."""
        paragraphs = sorted((p.paragraph for p in passages), key=lambda p: (p.speech, p.start))
        topics = [paragraph.sentences[0] for paragraph in paragraphs]
        sentences = [s for paragraph in paragraphs for s in paragraph.sentences]
        whole = question.shape is Shape.OUTLINE
        theme = question.shape is Shape.LIST and self._is_theme(question)
        if not whole and (theme or self._resembles(question, TASKS)):
            return [s for s in topics if _FRAME.match(s.text) and "要" in s.text] or topics
        if whole or (question.thing is None and self._resembles(question, GIST)):
            return list(dict.fromkeys([*self._theme(sentences), *topics]))
        return []

    def _resembles(self, question: Question, examples: tuple[str, ...]) -> bool:
        """Whether a question asks the same as one of the examples, in whatever words."""
        if any(term.carried for term in question.terms):
            return False
        (asked,) = self.encoder.embed_questions([question.text])
        return bool((self.encoder.embed_questions(examples) @ asked).max() >= ALIKE)

    def _theme(self, sentences: list[Sentence]) -> list[Sentence]:
        """Return, of each speech, the sentence that says most of what its title says."""
        titles = {speech.id: token_set(speech.title) for speech in self.corpus.speeches}
        best: dict[str, Sentence] = {}
        for sentence in sorted(sentences, key=lambda s: -len(token_set(s.text) & titles[s.speech])):
            best.setdefault(sentence.speech, sentence)
        return list(best.values())

    def _select(self, question: Question, ranked: list[_Candidate]) -> list[Sentence]:
        """Return the best sentence, those as good, and those that have what the others lack."""
        best = ranked[0]
        if question.shape is Shape.LIST and (parts := self._parts(best, ranked)):
            return parts
        ranked = _without_old_answers(question, ranked)
        near = [c for c in ranked if best.score - c.score < RIVAL]
        if question.thing:
            # Who and when are told in full where they are first mentioned.
            equal = [c for c in near if best.score - c.score < EQUAL and offers(c.sentence.text, question)] or [best]
            first = min(equal, key=lambda c: (c.sentence.speech, c.sentence.start))
            return [c.sentence for c in self._named(question, first, ranked)]
        limit = MAX_PARTS if question.shape is Shape.LIST else MAX_SENTENCES
        chosen = near[:limit]
        weights = self._coverage.weights(question)
        held = [max(c.covers[i] for c in chosen) for i in range(len(weights))]
        for c in ranked:
            gain = sum(w * max(0.0, new - old) for w, new, old in zip(weights, c.covers, held, strict=True))
            if c not in chosen and len(chosen) < MAX_SENTENCES and gain >= GAIN * sum(weights):
                chosen.append(c)
                held = [max(a, b) for a, b in zip(held, c.covers, strict=True)]
        # As many as the question names, beyond `MAX_SENTENCES` too.
        for thing in coordinated(question):
            i = question.terms.index(thing)
            if held[i] < HALF and (tells := next((c for c in ranked if c.covers[i] >= HALF), None)):
                chosen.append(tells)
                held = [max(a, b) for a, b in zip(held, tells.covers, strict=True)]
        sentences = [c.sentence for c in chosen]
        return sorted(sentences, key=lambda s: (s.speech, s.start)) if question.shape is Shape.LIST else sentences

    def _named(self, question: Question, best: _Candidate, ranked: list[_Candidate]) -> list[_Candidate]:
        """Return the best sentence, behind the first of its paragraph if that names the person whom it calls 他."""
        if question.thing is not Thing.PERSON or not _PRONOUN.search(best.sentence.text):
            return [best]
        lead = next((c for c in ranked if _place(c) == _place(best) and c.sentence.number == 1), best)
        names = lead.covered >= MIN_OWN and names_someone(lead.sentence.text, question)
        return [lead, best] if names and lead is not best else [best]

    def _parts(self, best: _Candidate, ranked: list[_Candidate]) -> list[Sentence]:
        """Return a paragraph whole where its heading is what answers: what it announces stands below it."""
        here = sorted((c.sentence for c in ranked if _place(c) == _place(best)), key=lambda s: s.start)
        return here if _is_heading(here[0]) else []

    def _judge(
        self, question: Question, ranked: list[_Candidate], chosen: list[_Candidate]
    ) -> tuple[float, list[Term]]:
        """Return the confidence, and the names and nouns of the question that `chosen` does not cover."""
        best = ranked[0]
        held = [max(c.leaning[i] for c in chosen) for i in range(len(question.terms))]
        missing = [
            term
            for term, cover in zip(question.terms, held, strict=True)
            if term.kind is not Kind.OTHER and cover < (HALF if term.kind is Kind.NOUN else WHOLE)
        ]
        unknown = [term for term in missing if self._coverage.lacks(term)]
        nowhere = any(term.kind is Kind.EXACT or term in unknown for term in missing if term.kind is not Kind.NOUN)
        weights = dict(zip(question.terms, self._coverage.weights(question), strict=True))
        strange = sum(weights[term] for term in unknown) > STRANGE * sum(weights.values())
        heard = best.covered or any(self._coverage.has(term) for term in question.terms)
        unheard = not heard and best.odds < (UNHEARD_THING if question.thing else UNHEARD)
        verdict = max(self.encoder.verdicts(question.spoken, [c.sentence.text for c in ranked[:READ]]).tolist())
        if best.covered or not missing:
            verdict = max(verdict, AGAINST)
        evidence = (
            _BASE + _ODDS * (best.odds + max(c.odds for c in ranked)) + _VERDICT * verdict
            + _OFFERED * offers(best.sentence.text, question) + _SWAPPED * best.covered * bool(missing)
            + _NOWHERE * nowhere + _STRANGE * strange + _CONTRARY * contrary(question, [c.sentence.text for c in ranked[:READ]])
            + _UNHEARD * unheard
        )  # fmt: skip
        return round(1 / (1 + exp(-evidence)), 4), missing

    # --- Weighing ---

    def _rank(self, question: Question, passages: Sequence[Passage]) -> list[_Candidate]:
        """Return the sentences of the passages, best first; ties in their order. None if nothing is asked for: 为什么呢."""
        weights = self._coverage.weights(question)
        if not weights and question.thing is None:
            return []
        total = sum(weights) or 1.0
        found = []
        for passage, nearness in zip(passages, _nearness(passages), strict=True):
            sentences = passage.paragraph.sentences
            known = self._coverage.known_of(passage.paragraph.speech)
            lead = [self._coverage.cover(term, sentences[0].text, known) for term in question.terms]
            for sentence, near in zip(sentences, nearness, strict=True):
                covers = tuple(self._coverage.cover(term, sentence.text, known) for term in question.terms)
                leaning = tuple(max(c, LEAD * first) for c, first in zip(covers, lead, strict=True))
                score = sum(w * c for w, c in zip(weights, leaning, strict=True)) / total
                score += PRIOR * passage.score + OFFER * offers(sentence.text, question)
                score += PHRASE * question.shared_pairs(folded_once(sentence.text)) + NEARNESS * near
                covered = sum(w * c for w, c in zip(weights, covers, strict=True)) / total
                found.append(_Candidate(sentence, covers, leaning, covered, score))
        return sorted(found, key=lambda c: -c.score)

    def _reread(self, question: Question, ranked: list[_Candidate]) -> list[_Candidate]:
        """Return the candidates, best first, after the reader has read the best of them; the others for no better."""
        sentences = [c.sentence.text for c in ranked[:READ]]
        odds = self.reader.odds(question.spoken, sentences).tolist()
        if official := self._coverage.in_official_words(question):
            odds = [max(pair) for pair in zip(odds, self.reader.odds(official, sentences).tolist(), strict=True)]
        odds += [min(odds)] * (len(ranked) - len(odds)) if odds else []
        read = [replace(c, score=c.score + ODDS * o, odds=o) for c, o in zip(ranked, odds, strict=True)]
        return sorted(read, key=lambda c: -c.score)

    def _is_theme(self, question: Question) -> bool:
        """Whether the question speaks only of what the whole speech is about: words that a third of it holds."""
        asked = {word for term in question.terms for word in words(term.text)} - _PARTS
        if not asked and not any(part in question.folded for part in _PARTS):
            return False
        paragraphs = [token_set(paragraph.text) for paragraph in self.corpus.paragraphs]
        return all(sum(word in tokens for tokens in paragraphs) * 3 >= len(paragraphs) for word in asked)


def _joined(parts: Sequence[Finding]) -> Finding:
    """Return the answers of several questions as one: of each the best sentence, then of each the next."""
    turns = zip_longest(*(part.sentences for part in parts))
    sentences = dict.fromkeys(sentence for turn in turns for sentence in turn if sentence is not None)
    return Finding(
        tuple(sentences)[:MAX_SENTENCES],
        min(part.confidence or 0.0 for part in parts),
        matched=tuple(dict.fromkeys(pair for part in parts for pair in part.matched)),
    )


def _nearness(passages: Sequence[Passage]) -> list[tuple[float, ...]]:
    """Return how many standard deviations the cosine of each sentence lies above the mean; 0 where vectors were not asked.

    Not the cosines themselves: their scale differs by embedder.
    """
    values = [value for passage in passages for value in passage.similarities]
    mean = sum(values) / (len(values) or 1)
    deviation = (sum((value - mean) ** 2 for value in values) / (len(values) or 1)) ** 0.5 or 1.0
    return [
        tuple((value - mean) / deviation for value in passage.similarities) or (0.0,) * len(passage.paragraph.sentences)
        for passage in passages
    ]


def _stood_in(question: Question, sentences: Sequence[Sentence]) -> tuple[tuple[str, str], ...]:
    text = "\n".join(folded_once(sentence.text) for sentence in sentences)
    pairs = {
        question.typed(term): next((form for form in term.equivalents if form in text), "")
        for term in question.terms
        if term.text not in text
    }
    return tuple((word, form) for word, form in pairs.items() if form)


def _place(candidate: _Candidate) -> tuple[str, int]:
    return candidate.sentence.speech, candidate.sentence.paragraph


def _without_old_answers(question: Question, ranked: list[_Candidate]) -> list[_Candidate]:
    """Return the best candidate and those that have something of what a follow-up names itself, if it names anything."""
    own = [i for i, term in enumerate(question.terms) if not term.carried]
    if len(own) in (0, len(question.terms)):
        return ranked
    return [c for c in ranked if c is ranked[0] or any(c.leaning[i] for i in own)]


def _without_idle_headings(ranked: list[_Candidate]) -> list[_Candidate]:
    """Return the candidates without the headings of which a sentence below says as much, and more."""
    below: dict[tuple[str, int], float] = {}
    for c in ranked:
        if not _is_heading(c.sentence):
            below[_place(c)] = max(c.covered, below.get(_place(c), 0.0))
    return [c for c in ranked if not _is_heading(c.sentence) or c.covered > below.get(_place(c), 0.0)]


def _is_heading(sentence: Sentence) -> bool:
    """Whether a sentence only announces what its paragraph says."""
    return sentence.number == 1 and len(sentence.text) <= MAX_HEADING and bool(_FRAME.match(sentence.text))
