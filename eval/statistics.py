"""How sure a figure is: pure functions on numbers, with fixed seeds."""

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray

SEED = 20201130
RESAMPLES = 2_000
Z = 1.959963984540054
"""Of a 95 % interval."""

Interval = tuple[float, float]


def mean(values: Sequence[float]) -> float:
    """Return the mean; of nothing, not a number."""
    return float(sum(values)) / len(values) if values else float("nan")


def interval(values: Sequence[float], clusters: Sequence[str]) -> Interval:
    """Return the 95 % interval of a mean: Wilson's for a rate, a clustered bootstrap's for anything else."""
    if all(value in (0, 1) for value in values):
        return wilson(round(sum(values)), len(values))
    return bootstrap(values, clusters)


def wilson(successes: int, total: int) -> Interval:
    """Return Wilson's score interval (1927) of a rate; of nothing, all of 0 to 1."""
    if not total:
        return 0.0, 1.0
    rate, square = successes / total, Z * Z
    middle = (rate + square / (2 * total)) / (1 + square / total)
    half = Z / (1 + square / total) * sqrt(rate * (1 - rate) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(values: Sequence[float], clusters: Sequence[str]) -> Interval:
    """Return the percentile interval of a mean when whole clusters are drawn: questions on one paragraph hang together.

    Of a paired difference it is the paired bootstrap.
    """
    if not values:
        return float("nan"), float("nan")
    names = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    sums, sizes = np.zeros(len(names)), np.zeros(len(names))
    for value, cluster in zip(values, clusters, strict=True):
        sums[names[cluster]] += value
        sizes[names[cluster]] += 1
    drawn = np.random.default_rng(SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    means = (drawn @ sums) / (drawn @ sizes)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def mcnemar(lost: int, won: int) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947) for two counts of flipped cases."""
    total, fewer = lost + won, min(lost, won)
    tail = sum(comb(total, i) for i in range(fewer + 1))
    return min(1.0, 2 * tail / float(2**total))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values as Holm (1979) adjusts them for their number, in the given order."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted


# --- Confidence ------------------------------------------------------------------------------------------------------


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return how often a value of the first kind is above one of the second; a tie counts half."""
    if not positive or not negative:
        return float("nan")
    high, low = np.asarray(positive, dtype=float), np.sort(np.asarray(negative, dtype=float))
    below, not_above = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + not_above).sum() / 2 / len(high) / len(low))


def reliability(
    confidences: Sequence[float], outcomes: Sequence[float], *, least: int = 15, most: int = 10
) -> list[tuple[float, float, int]]:
    """Return (mean confidence, mean outcome, number) of equally filled bins of at least `least` values."""
    order = np.argsort(np.asarray(confidences, dtype=float), kind="stable")
    bins: list[NDArray[np.intp]] = np.array_split(order, max(1, min(most, len(order) // least)))
    return [
        (mean([confidences[i] for i in chosen]), mean([outcomes[i] for i in chosen]), len(chosen))
        for chosen in bins
        if len(chosen)
    ]


def ece(confidences: Sequence[float], outcomes: Sequence[float], *, least: int = 15, most: int = 10) -> float:
    """Return the expected calibration error over the bins of `reliability`."""
    rows = reliability(confidences, outcomes, least=least, most=most)
    return sum(number * abs(said - was) for said, was, number in rows) / len(confidences) if rows else float("nan")
