"""How well the paragraphs of an answer are found, by gold sentence: a paragraph counts if it holds one.

A question that the speech does not answer has nothing to find and no score. Equal scores are no ties here: the order
in which the paragraphs came is the ranking.
"""

from collections.abc import Sequence

from eval.cases import Case
from eval.scores import NOT_ASKED, Score

DEPTH = 10
"""Paragraphs that a run asks for."""

Found = Sequence[tuple[str, int]]
"""(speech, paragraph), best first."""


def recall(case: Case, found: Found, k: int) -> Score:
    """Share of the gold sentences whose paragraph is among the first `k`, of the alternative that is found best."""
    if not case.answerable:
        return NOT_ASKED
    first = set(found[:k])
    value = max(
        sum((place.speech, place.paragraph) in first for place in alternative) / len(alternative)
        for alternative in case.gold
    )
    return Score(value, "" if value == 1 else f"found {_list(found[:k])}")


def hit(case: Case, found: Found, k: int) -> Score:
    """Whether a paragraph with a gold sentence of any alternative is among the first `k`."""
    if not case.answerable:
        return NOT_ASKED
    return Score(1) if _gold(case) & set(found[:k]) else Score(0, f"found {_list(found[:k])}")


def reciprocal_rank(case: Case, found: Found) -> Score:
    """One divided by the rank of the first paragraph with a gold sentence of any alternative, 0 beyond `DEPTH`."""
    if not case.answerable:
        return NOT_ASKED
    gold = _gold(case)
    value = next((1 / rank for rank, paragraph in enumerate(found[:DEPTH], start=1) if paragraph in gold), 0.0)
    return Score(value, "" if value == 1 else f"found {_list(found[:3])}")


def _gold(case: Case) -> set[tuple[str, int]]:
    return {(place.speech, place.paragraph) for alternative in case.gold for place in alternative}


def all_evidence(case: Case, found: Found, k: int) -> Score:
    """Whether all gold sentences of an alternative are within the first `k` paragraphs."""
    result = recall(case, found, k)
    return Score(result.value and float(result.value == 1), result.why)


def retrieval_scores(case: Case, found: Found) -> dict[str, Score]:
    """Return all of them by name."""
    return {
        **{f"recall@{k}": recall(case, found, k) for k in (1, 3, 5)},
        "hit@3": hit(case, found, 3),
        f"mrr@{DEPTH}": reciprocal_rank(case, found),
        "all_evidence@8": all_evidence(case, found, 8),
    }


def _list(found: Found) -> str:
    return ", ".join(str(paragraph) for _, paragraph in found) or "nothing"
