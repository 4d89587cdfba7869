"""Every figure against another implementation, on random data."""

import math
import random

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, Success
from library import TEXT
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from eval.cases import Case, Entry
from eval.retrieval import all_evidence, recall, reciprocal_rank
from eval.sources import Place, Source
from eval.statistics import (
    auroc,
    bootstrap,
    ece,
    holm,
    interval,
    mcnemar,
    mean,
    reliability,
    wilson,
)

EXACT = 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_wilson(seed: int) -> None:
    chance = random.Random(seed)
    total = chance.randint(1, 500)
    successes = chance.randint(0, total)
    ours, theirs = wilson(successes, total), binomtest(successes, total).proportion_ci(method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=EXACT)


def test_all_passed_leaves_room_for_doubt() -> None:
    assert wilson(100, 100)[0] == pytest.approx(0.963, abs=5e-4)
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (3, 9), (12, 12), (40, 5)])
def test_mcnemar(lost: int, won: int) -> None:
    expected = binomtest(lost, lost + won).pvalue if lost + won else 1
    assert mcnemar(lost, won) == pytest.approx(expected, abs=EXACT)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_bootstrap_of_single_clusters_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(size=400).tolist()
    low, high = bootstrap(values, [str(i) for i in range(400)])
    error = 1.96 * np.std(values) / math.sqrt(400)
    assert (low, high) == pytest.approx((mean(values) - error, mean(values) + error), abs=0.015)


def test_bootstrap_draws_whole_clusters() -> None:
    # Two clusters of one value each: a draw of two is all low, half and half, or all high.
    assert bootstrap([0.0] * 50 + [1.0] * 50, ["a"] * 50 + ["b"] * 50) == (0, 1)
    apart = bootstrap([0.0] * 50 + [1.0] * 50, [str(i) for i in range(100)])
    assert apart[1] - apart[0] < 0.25


def test_the_same_numbers_give_the_same_interval() -> None:
    values, clusters = [0.1, 0.5, 0.9, 0.3], ["a", "a", "b", "c"]
    assert bootstrap(values, clusters) == bootstrap(values, clusters)
    assert interval([1, 0, 1], ["a", "b", "c"]) == wilson(2, 3)
    assert interval(values, clusters) == bootstrap(values, clusters)
    assert all(math.isnan(end) for end in bootstrap([], []))


@pytest.mark.parametrize("seed", range(10))
def test_confidence_against_scikit_learn(seed: int) -> None:
    chance = np.random.default_rng(seed)
    outcomes = chance.integers(0, 2, size=200)
    outcomes[:2] = 0, 1
    # Rounded, so that there are ties.
    confidences = chance.random(200).round(1)
    positive, negative = confidences[outcomes == 1].tolist(), confidences[outcomes == 0].tolist()
    assert auroc(positive, negative) == pytest.approx(roc_auc_score(outcomes, confidences), abs=EXACT)


def test_auroc_of_nothing_is_no_number() -> None:
    assert math.isnan(auroc([], [0.5]))


@pytest.mark.parametrize("seed", range(5))
def test_ece_by_hand(seed: int) -> None:
    chance = np.random.default_rng(seed)
    confidences = chance.random(100)
    outcomes = (chance.random(100) < confidences).astype(float)
    rank = np.argsort(np.argsort(confidences))
    expected = sum(abs(confidences[rank // 20 == i].mean() - outcomes[rank // 20 == i].mean()) / 5 for i in range(5))
    assert ece(confidences.tolist(), outcomes.tolist(), most=5) == pytest.approx(expected, abs=EXACT)


def test_bins_hold_at_least_fifteen() -> None:
    confidences = [i / 40 for i in range(40)]
    assert [number for _, _, number in reliability(confidences, confidences)] == [20, 20]
    assert ece(confidences, confidences) == pytest.approx(0, abs=EXACT)
    assert math.isnan(ece([], []))


# --- Retrieval against ir-measures ---


@pytest.mark.parametrize("seed", range(20))
def test_retrieval_against_ir_measures(seed: int) -> None:
    """One gold sentence a paragraph, so that a paragraph is a document; rank by rank, so that there are no ties."""
    chance = random.Random(seed)
    gold = chance.sample(range(1, 13), chance.randint(1, 4))
    found = chance.sample(range(1, 13), 10)
    entry = Entry(id="a", kind="fact", question="什么？")
    places = frozenset(Place("s", paragraph, 1, 0, 1) for paragraph in gold)
    case = Case(entry, Source.from_texts({"s": TEXT}), (places,))
    qrels = [ir_measures.Qrel("q", str(paragraph), 1) for paragraph in gold]
    run = [ir_measures.ScoredDoc("q", str(paragraph), 1 / rank) for rank, paragraph in enumerate(found, start=1)]
    measures = [R @ 1, R @ 3, R @ 5, R @ 8, RR @ 10, Success @ 3]
    expected = ir_measures.calc_aggregate(measures, qrels, run)
    ranked = [("s", paragraph) for paragraph in found]
    for k in (1, 3, 5):
        assert recall(case, ranked, k).value == pytest.approx(expected[R @ k], abs=EXACT)
    assert reciprocal_rank(case, ranked).value == pytest.approx(expected[RR @ 10], abs=EXACT)
    assert all_evidence(case, ranked, 8).value == (1 if expected[R @ 8] == 1 else 0)
