"""Summaries in Markdown: every score with its interval for each split, and the main ones for each kind of question."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import isnan

from eval.cases import KINDS, SPLITS
from eval.judgements import Judgement, pairs
from eval.statistics import interval, mean

MAIN = ("right", "key_points", "first_citation", "citation_recall", "citation_precision", "hit@3", "all_evidence@8")


def score_table(judgements: Sequence[Judgement]) -> str:
    """Return a row for every score: mean and 95 % interval in each split that has cases."""
    splits = [split for split in SPLITS if any(j.case.split == split for j in judgements)]
    rows = [
        [f"`{name}`", *(_with_interval([j for j in judgements if j.case.split == split], name) for split in splits)]
        for name in judgements[0].scores
    ]
    extra = ["paraphrase groups agree", *(_agreement([j for j in judgements if j.case.split == s]) for s in splits)]
    heads = [f"{split}, {sum(j.case.split == split for j in judgements)} cases" for split in splits]
    return table(["score", *heads], [*rows, extra])


def kind_table(judgements: Sequence[Judgement]) -> str:
    """Return a row for every kind of question: the main scores."""
    rows = []
    for kind in KINDS:
        if chosen := [j for j in judgements if j.case.kind == kind]:
            rows.append([kind, str(len(chosen)), *(_plain(chosen, name) for name in MAIN)])
    rows.append(["all", str(len(judgements)), *(_plain(judgements, name) for name in MAIN)])
    return table(["kind", "cases", *MAIN], rows)


def length_line(judgements: Sequence[Judgement]) -> str:
    """Return one line on how long answers are and how much they cite."""
    answers = [j.reply for j in judgements if j.reply.answered]
    if not answers:
        return "No answers."
    said = mean([sum(len(claim.text) for claim in reply.claims) for reply in answers])
    cited = mean([sum(len(citation.quote) for citation in reply.citations) for reply in answers])
    return f"{len(answers)} answers: {said:.0f} characters and {cited:.0f} cited characters on average."


def confidence_line(judgements: Sequence[Judgement]) -> str:
    """Return one line on the confidence that replies carry, held against whether the speech answers the question.

    AUROC: how often a question that is answered gets more confidence than one that is not. ECE: by how much the
    confidence misses the share of questions that are answered, over ten bins of it.
    """
    rows = [(j.reply.confidence, j.case.answerable) for j in judgements if j.reply.confidence is not None]
    yes, no = ([c for c, answerable in rows if answerable is wanted] for wanted in (True, False))
    if not yes or not no:
        return "No confidence."
    auroc = mean([1.0 if a > b else 0.5 if a == b else 0.0 for a in yes for b in no])
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, answerable in rows:
        bins.setdefault(min(int(10 * confidence), 9), []).append((confidence, answerable))
    ece = sum(abs(sum(a for _, a in held) - sum(c for c, _ in held)) for held in bins.values()) / len(rows)
    return f"Confidence over {len(rows)} replies: AUROC {auroc:.3f}, ECE {ece:.3f}."


def agreement(judgements: Sequence[Judgement]) -> list[float]:
    """Return for each group of questions that ask the same how alike the cited sentences are: mean Jaccard of its pairs.

    Two refusals agree.
    """
    groups: dict[str, list[set[tuple[str, int]]]] = {}
    for j in judgements:
        if j.case.entry.group and j.case.answerable:
            groups.setdefault(j.case.entry.group, []).append({(c.speech, c.start) for c in j.reply.citations})
    return [
        mean([len(a & b) / len(a | b) if a | b else 1.0 for a, b in combinations(cited, 2)])
        for cited in groups.values()
        if len(cited) > 1
    ]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; columns after the first are aligned to the right."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal; nothing for what is not a number."""
    return "" if isnan(value) else f"{100 * value:.1f}"


def with_interval(values: Sequence[float], clusters: Sequence[str]) -> str:
    """Return the mean of some shares as a percentage with its 95 % interval and their number; nothing of none."""
    if not values:
        return ""
    low, high = interval(values, clusters)
    return f"{percent(mean(values))} ({percent(low)} to {percent(high)}), n={len(values)}"


def _with_interval(judgements: Sequence[Judgement], score: str) -> str:
    return with_interval(*pairs(judgements, score))


def _plain(judgements: Sequence[Judgement], score: str) -> str:
    return percent(mean(pairs(judgements, score)[0]))


def _agreement(judgements: Sequence[Judgement]) -> str:
    values = agreement(judgements)
    return f"{percent(mean(values))}, n={len(values)}" if values else ""
