"""Finding: the sentences of the passages, those first that say most of what a question asks for.

A sentence is as good as the share of the question's weight that it covers, in the reader's words or in those that
official Chinese has for them, where rare words weigh more and the paragraph's first sentence helps the ones that lean
on it; and the better, the nearer it is to the question in meaning, and the surer the reader that it answers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.corpus import Sentence
from assistant.coverage import Coverage
from assistant.index import Passage
from assistant.offers import folded_once, offers
from assistant.questions import Question
from assistant.reader import Reader

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
MAX_HEADING = 40
"""Characters of a sentence that only announces: 习近平指出，要强化知识产权全链条保护。"""
# How the parallel paragraphs of such a speech begin: 某某指出，要……
FRAME = re.compile(r"^[^，。]{0,15}(?:指出|强调|要求|提出|认为)，")


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, and what speaks for it."""

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

    @property
    def place(self) -> tuple[str, int]:
        """Its speech and paragraph."""
        return self.sentence.speech, self.sentence.paragraph


def rank(question: Question, passages: Sequence[Passage], coverage: Coverage) -> list[Candidate]:
    """Return the sentences of the passages, best first, ties in their order, without the headings that say no more than others.

    Empty if nothing is asked for: 为什么呢.
    """
    weights = coverage.weights(question)
    if not weights and question.thing is None:
        return []
    total = sum(weights) or 1.0
    found = []
    for passage, nearness in zip(passages, _nearness(passages), strict=True):
        sentences = passage.paragraph.sentences
        known = coverage.known_of(passage.paragraph.speech)
        lead = [coverage.cover(term, sentences[0].text, known) for term in question.terms]
        for sentence, near in zip(sentences, nearness, strict=True):
            covers = tuple(coverage.cover(term, sentence.text, known) for term in question.terms)
            leaning = tuple(max(c, LEAD * first) for c, first in zip(covers, lead, strict=True))
            score = sum(w * c for w, c in zip(weights, leaning, strict=True)) / total
            score += PRIOR * passage.score + OFFER * offers(sentence.text, question)
            score += PHRASE * question.shared_pairs(folded_once(sentence.text)) + NEARNESS * near
            covered = sum(w * c for w, c in zip(weights, covers, strict=True)) / total
            found.append(Candidate(sentence, covers, leaning, covered, score))
    return _without_idle_headings(sorted(found, key=lambda c: -c.score))


def reread(question: Question, ranked: list[Candidate], coverage: Coverage, reader: Reader) -> list[Candidate]:
    """Return the candidates, best first, after the reader has read the best of them; the others for no better."""
    sentences = [c.sentence.text for c in ranked[:READ]]
    odds = reader.odds(question.spoken, sentences).tolist()
    if official := coverage.in_official_words(question):
        odds = [max(pair) for pair in zip(odds, reader.odds(official, sentences).tolist(), strict=True)]
    odds += [min(odds)] * (len(ranked) - len(odds)) if odds else []
    read = [replace(c, score=c.score + ODDS * o, odds=o) for c, o in zip(ranked, odds, strict=True)]
    return sorted(read, key=lambda c: -c.score)


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


def _without_idle_headings(ranked: list[Candidate]) -> list[Candidate]:
    """Return the candidates without the headings of which a sentence below says as much, and more."""
    below: dict[tuple[str, int], float] = {}
    for c in ranked:
        if not is_heading(c.sentence):
            below[c.place] = max(c.covered, below.get(c.place, 0.0))
    return [c for c in ranked if not is_heading(c.sentence) or c.covered > below.get(c.place, 0.0)]


def is_heading(sentence: Sentence) -> bool:
    """Whether a sentence only announces what its paragraph says."""
    return sentence.number == 1 and len(sentence.text) <= MAX_HEADING and bool(FRAME.match(sentence.text))
