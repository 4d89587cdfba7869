"""Judging: how sure it is that the chosen sentences answer, and what of the question the speech lacks.

Weighed from what the reader and the encoder find, the kind of thing that the question asks for and what it names.
"""

from math import exp

from assistant.coverage import HALF, WHOLE, Coverage
from assistant.encoder import Encoder
from assistant.offers import leaves_undefined, offers
from assistant.opposites import contrary
from assistant.questions import Kind, Question, Term
from assistant.ranking import READ, Candidate

MIN_CONFIDENCE = 0.6
"""Below it nothing is quoted."""
UNHEARD, UNHEARD_THING = 0.0, -2.0
"""Log-odds from which a sentence answers a question of which the corpus has no word in any form: hello; and where a kind of thing is
asked for, which the sentence must hold: 多少人参加？"""
STRANGE = 0.85
"""Share of the question's weight in words that the corpus has nowhere, above which it is about something else."""
AGAINST = -1.0
"""The encoder's verdict counts as no lower, except where things are named and nothing of the question is said: of short
questions it is often far lower, and wrong."""
# What evidence adds to the log-odds that the question is answered. Rounded from a search for the fewest near misses answered
# while 9 % of the other questions are refused, on the tune split and on other speeches alike (fifteen of `eval/speeches`, ten
# that were held out from the reader's training); around the best it is flat. Set by hand, so that hardly anything outweighs
# them: `_OFFERED`, `_NOWHERE`, `_CONTRARY`, `_UNDEFINED`. What only the bundled speech gained from, whose field the glossary knows, was left
# out: the share of the question that is lacking, a name that is lacking here.
_BASE = -7.1
_ODDS, _HIGHEST, _VERDICT = 0.5, 0.3, 0.2
"""For each unit of the reader's odds of the best sentence, of the highest odds of all, of the encoder's verdict."""
_OFFERED = 10.0
"""The best sentence holds the kind of thing asked for."""
_SWAPPED = -4.0
"""For the share covered, where a noun is lacking: as in a question of which one thing was exchanged."""
_NOWHERE = -6.0
"""It lacks what is exact, or a name that the corpus has nowhere."""
_STRANGE = -1.0
"""The corpus has hardly a name or noun of the question."""
_CONTRARY = -6.0
_UNDEFINED = -8.0
"""It is asked what something is, and the best sentence only uses the word."""
_UNHEARD = -2.0
"""The corpus has no word of the question, and the reader is not sure."""


def judge(
    question: Question, ranked: list[Candidate], quoted: list[Candidate], coverage: Coverage, encoder: Encoder
) -> tuple[float, list[Term]]:
    """Return the confidence, and the names and nouns of the question that `quoted` do not cover."""
    best = ranked[0]
    held = [max(c.leaning[i] for c in quoted) for i in range(len(question.terms))]
    missing = [
        term
        for term, cover in zip(question.terms, held, strict=True)
        if term.kind is not Kind.OTHER and cover < (HALF if term.kind is Kind.NOUN else WHOLE)
    ]
    unknown = [term for term in missing if coverage.lacks(term)]
    nowhere = any(term.kind is Kind.EXACT or term in unknown for term in missing if term.kind is not Kind.NOUN)
    weights = dict(zip(question.terms, coverage.weights(question), strict=True))
    strange = sum(weights[term] for term in unknown) > STRANGE * sum(weights.values())
    heard = best.covered or any(coverage.has(term) for term in question.terms)
    unheard = not heard and best.odds < (UNHEARD_THING if question.thing else UNHEARD)
    verdict = max(encoder.verdicts(question.spoken, [c.sentence.text for c in ranked[:READ]]).tolist())
    if best.covered or not missing:
        verdict = max(verdict, AGAINST)
    evidence = (
        _BASE + _ODDS * best.odds + _HIGHEST * max(c.odds for c in ranked) + _VERDICT * verdict
        + _OFFERED * offers(best.sentence.text, question) + _SWAPPED * best.covered * bool(missing)
        + _NOWHERE * nowhere + _STRANGE * strange + _CONTRARY * contrary(question, [c.sentence.text for c in ranked[:READ]])
        + _UNHEARD * unheard + _UNDEFINED * leaves_undefined(best.sentence.text, question)
    )  # fmt: skip
    return round(1 / (1 + exp(-evidence)), 4), missing
