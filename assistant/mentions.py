"""Where, and how often, the speeches mention something: counted exactly, in every sentence."""

import re
from collections.abc import Sequence

from assistant.corpus import Sentence
from assistant.offers import folded_once
from assistant.questions import Question, Term
from assistant.replies import Mentions
from assistant.subquestions import coordinated
from assistant.text import is_chinese, numbers

# Each has its own count: 各几次, or two questions.
_EACH = re.compile("各|分别|[?;].*[?;]")
MAX_LISTED = 100
"""Sentences that are listed; how many there are is told."""


def find_mentions(question: Question, sentences: Sequence[Sentence]) -> tuple[Mentions, tuple[Sentence, ...]] | None:
    """Return how often some sentences have what the question names, and the first of those that have it.

    It is taken as it stands, if any sentence has that; else each thing that it joins by itself (改革和开放); else by its terms, those
    that are named in one breath each by itself, others together if any sentence has them all; a word in another language also as
    official Chinese has it. None where the question does not ask for that, names nothing, or names what none of them has; of
    things named in one breath, if none of them has any.
    """
    if not question.asks_where_mentioned:
        return None
    whole, parts, terms = question.mentioned
    named_together = {term.text for term in terms} <= {term.text for term in coordinated(question)}
    apart = bool(_EACH.search(question.folded)) or named_together
    readings = ((whole, True), (parts, True), (terms, apart))
    return next((found for given, each in readings if given and (found := _find(given, sentences, apart=each))), None)


def _find(
    terms: Sequence[Term], sentences: Sequence[Sentence], *, apart: bool
) -> tuple[Mentions, tuple[Sentence, ...]] | None:
    counts: dict[str, list[int]] = {}
    for term in terms:
        forms = (term.text,) if is_chinese(term.text) else (term.text, *term.equivalents)
        told = ((form, [_count(term, form, sentence) for sentence in sentences]) for form in forms)
        word, times = next(((form, times) for form, times in told if any(times)), (term.text, [0] * len(sentences)))
        counts[word] = times
    absent = [times for times in counts.values() if not any(times)]
    if absent and (not apart or len(absent) == len(counts)):
        return None
    rows = list(zip(sentences, zip(*counts.values(), strict=True), strict=True))
    together = len(counts) > 1 and not apart and any(all(row) for _, row in rows)
    found = tuple(sentence for sentence, row in rows if (all(row) if together else any(row)))
    totals = tuple(sum(times) for times in counts.values())
    listed = found[:MAX_LISTED]
    return Mentions(tuple(counts), totals, len(found), len(listed), together), listed


def _count(term: Term, form: str, sentence: Sentence) -> int:
    """Return how often a sentence has a form: a number by its value, an English word as a whole."""
    text = folded_once(sentence.text)
    if term.is_number:
        return numbers(text).count(form)
    if is_chinese(form):
        return text.count(form)
    return len(re.findall(rf"(?<![a-z\d]){re.escape(form)}(?![a-z\d])", text))
