"""Choosing: which of the ranked sentences are quoted, the best one and those that add to it."""

import re

from assistant.corpus import Sentence
from assistant.coverage import HALF, Coverage
from assistant.offers import names_someone, offers
from assistant.questions import Question, Shape, Thing
from assistant.ranking import Candidate, is_heading
from assistant.subquestions import coordinated

RIVAL = 0.25
"""A further sentence is quoted if its score is less than this below the best one's."""
DOUBTED = -3.0
"""And if the reader's log-odds that it answers are higher than this, or it covers more of the question than the best one."""
EQUAL = 0.12
"""Less than this apart, two sentences are equally good."""
GAIN = 0.3
"""Or if it covers this share of the question's weight that the chosen ones lack."""
MIN_OWN = 0.2
"""Share of the question's weight that a sentence must cover itself to be quoted for the name it holds."""
MAX_SENTENCES = 3
MAX_PARTS = 20
"""Of a list, of what a heading announces, or of the whole speech."""

_PRONOUN = re.compile("[他她]")


def choose(question: Question, ranked: list[Candidate], coverage: Coverage) -> list[Sentence]:
    """Return the best sentence, those as good, and those that have what the others lack."""
    best = ranked[0]
    if question.shape is Shape.LIST and (parts := _parts(best, ranked)):
        return parts
    ranked = _without_old_answers(question, ranked)
    near = [
        c
        for c in ranked
        if c is best or (best.score - c.score < RIVAL and (c.odds > DOUBTED or c.covered > best.covered))
    ]
    if question.thing:
        # Who and when are told in full where they are first mentioned.
        equal = [c for c in near if best.score - c.score < EQUAL and offers(c.sentence.text, question)] or [best]
        first = min(equal, key=lambda c: (c.sentence.speech, c.sentence.start))
        return [c.sentence for c in _named(question, first, ranked)]
    limit = MAX_PARTS if question.shape is Shape.LIST else MAX_SENTENCES
    chosen = near[:limit]
    weights = coverage.weights(question)
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


def _named(question: Question, best: Candidate, ranked: list[Candidate]) -> list[Candidate]:
    """Return the best sentence, behind the first of its paragraph if that names the person whom it calls 他."""
    if question.thing is not Thing.PERSON or not _PRONOUN.search(best.sentence.text):
        return [best]
    lead = next((c for c in ranked if c.place == best.place and c.sentence.number == 1), best)
    names = lead.covered >= MIN_OWN and names_someone(lead.sentence.text, question)
    return [lead, best] if names and lead is not best else [best]


def _parts(best: Candidate, ranked: list[Candidate]) -> list[Sentence]:
    """Return a paragraph whole where its heading is what answers: what it announces stands below it."""
    here = sorted((c.sentence for c in ranked if c.place == best.place), key=lambda s: s.start)
    return here if is_heading(here[0]) else []


def _without_old_answers(question: Question, ranked: list[Candidate]) -> list[Candidate]:
    """Return the best candidate and those that have something of what a follow-up names itself, if it names anything."""
    own = [i for i, term in enumerate(question.terms) if not term.carried]
    if len(own) in (0, len(question.terms)):
        return ranked
    return [c for c in ranked if c is ranked[0] or any(c.leaning[i] for i in own)]
