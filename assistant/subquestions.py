"""Questions that ask several things are answered one by one.

什么时候起步，如今成效如何？         two clauses that ask
When did it start and how has it gone?
民事、刑事、行政三条路各要怎样加强？  one clause that asks of several things
"""

import re
from itertools import pairwise

from assistant.questions import Kind, Question, Term, asks_something
from assistant.text import fold

MAX_CLAUSES = 3
"""Of a question that are answered one by one; one with more is asked whole."""

# In English a comma parts too much: if the law is revised, what changes?
_END = re.compile(
    r"(?<=[，；;？?。！!])(?!\s)|(?<=[㐀-鿿”》],)|(?<=[;?!]\s)|(?<=\s)(?=and (?:what|which|who|when|where|why|how)\b)"
)
_COMMAND = re.compile(r"请?[你您]?(?:列举|列出|逐一|逐项|举例|说明|简要)")
_WHETHER = re.compile(r"吗[,;?!。\s]*$|^(?:is|are|was|were|do|does|did|has|have|can|should)\b")
_BETWEEN = re.compile(r"、|(?:以及|[和与及跟])对?|, (?:and )?| and ")


def clauses(question: str) -> list[str]:
    """Return the parts of a question that each ask something, with what leads to them; one if it asks one thing."""
    parts: list[str] = []
    lead = ""
    for clause in _END.split(question):
        lead += clause
        folded = fold(clause)
        if asks_something(folded) and not _COMMAND.match(folded):
            parts.append(lead)
            lead = ""
    if lead and parts:
        parts[-1] += lead
    return parts if 1 < len(parts) <= MAX_CLAUSES else [question]


def asks_whether(clause: str) -> bool:
    """Return whether a clause asks for yes or no."""
    return bool(_WHETHER.search(fold(clause)))


def coordinated(question: Question) -> list[Term]:
    """Return the things that a question names in one breath: 民事、刑事、行政; none if it names one."""
    terms = [term for term in question.terms if not term.carried]
    joined = [bool(_BETWEEN.fullmatch(question.folded[a.end : b.start])) for a, b in pairwise(terms)]
    beside = zip(terms, [False, *joined], [*joined, False], strict=True) if terms else ()
    return [t for t, before, behind in beside if (before or behind) and t.kind not in (Kind.NAME, Kind.EXACT)]
