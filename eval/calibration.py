"""Whether a reply knows how good it is: its confidence held against what it turned out to be worth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from eval.confidence import confidence
from eval.judgements import Judgement
from eval.statistics import SEED, Interval, auroc, ece, reliability
from eval.tables import percent, table

RESAMPLES = 500


@dataclass(frozen=True)
class Calibration:
    """How the confidence of some replies fits them."""

    confidence_is: str
    """What was taken for it: the replies' own, or the score of the best passage."""
    answerable: tuple[float, Interval]
    """AUROC: is it higher where the speech answers than where it does not?"""
    right: tuple[float, Interval]
    """AUROC, of answers: is it higher where they are right?"""
    error: tuple[float, Interval]
    """Of answers: expected calibration error of the confidence as a probability to be right."""
    rows: list[tuple[float, float, int]]
    """Of answers: mean confidence, share that is right, number."""

    @property
    def is_probability(self) -> bool:
        return self.confidence_is == "confidence"


def calibration(judgements: Sequence[Judgement]) -> Calibration:
    """Return the calibration of the replies, with intervals by a bootstrap of clusters."""
    found = [confidence(j.reply.model_dump()) for j in judgements]
    rows = [
        (j.case.cluster, sure, bool(j.case.answerable), j.reply.answered, float(j.passed))
        for j, (sure, _) in zip(judgements, found, strict=True)
    ]
    # Seldom two names: some replies say how sure they are and others do not.
    said = " or ".join(sorted({name for _, name in found}))
    answers = [row for row in rows if row[3]]
    bins = reliability([row[1] for row in answers], [row[4] for row in answers]) if answers else []
    return Calibration(said, _with(_answerable, rows), _with(_right, answers), _with(_error, answers), bins)


def calibration_table(found: Calibration) -> str:
    """Return the figures and the reliability table in Markdown, saying what was taken for the confidence."""
    rows = [
        ["AUROC: answered by the speech or not", *_cells(found.answerable)],
        ["AUROC: answer right or wrong", *_cells(found.right)],
        ["expected calibration error of answers", *_cells(found.error)],
    ]
    bins = [[f"{sure:.2f}", percent(was), str(number)] for sure, was, number in found.rows]
    note = "" if found.is_probability else "\nIt was never meant as a probability: read the AUROC and not the error.\n"
    return (
        f"Confidence: {found.confidence_is}.\n{note}\n{table(['confidence', '%', '95 % interval'], rows)}\n\n"
        f"{table(['mean confidence', '% right', 'answers'], bins)}"
    )


_Row = tuple[str, float, bool, bool, float]


def _answerable(rows: Sequence[_Row]) -> float:
    return auroc([row[1] for row in rows if row[2]], [row[1] for row in rows if not row[2]])


def _right(rows: Sequence[_Row]) -> float:
    return auroc([row[1] for row in rows if row[4]], [row[1] for row in rows if not row[4]])


def _error(rows: Sequence[_Row]) -> float:
    return ece([row[1] for row in rows], [row[4] for row in rows])


def _with(figure: Callable[[Sequence[_Row]], float], rows: Sequence[_Row]) -> tuple[float, Interval]:
    """Return a figure and its percentile interval when whole clusters are drawn."""
    clusters: dict[str, list[_Row]] = {}
    for row in rows:
        clusters.setdefault(row[0], []).append(row)
    groups, chance = list(clusters.values()), np.random.default_rng(SEED)
    values = []
    for _ in range(RESAMPLES if groups else 0):
        drawn = chance.integers(len(groups), size=len(groups))
        value = figure([row for i in drawn for row in groups[i]])
        if not isnan(value):
            values.append(value)
    if not values:
        return figure(rows), (float("nan"), float("nan"))
    low, high = np.percentile(values, [2.5, 97.5])
    return figure(rows), (float(low), float(high))


def _cells(found: tuple[float, Interval]) -> list[str]:
    value, (low, high) = found
    return [percent(value), f"{percent(low)} to {percent(high)}" if not isnan(low) else ""]
