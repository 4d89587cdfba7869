"""Two runs of the same cases: how much better the second is, how sure that is, and which cases flipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.errors import EvalError
from eval.judgements import Judgement, one_line
from eval.statistics import Interval, bootstrap, holm, mcnemar, mean
from eval.tables import percent, table


@dataclass(frozen=True)
class Change:
    """How a score changed over the cases to which it applies in both runs."""

    score: str
    cases: int
    before: float
    after: float
    interval: Interval
    """Of the difference: 95 %, paired bootstrap by cluster."""
    lost: int
    won: int
    p: float
    """McNemar's, of the cases that were full before and are not now, or the other way round; adjusted by Holm."""

    @property
    def difference(self) -> float:
        return self.after - self.before


def align(
    before: Sequence[Judgement], after: Sequence[Judgement], *, intersect: bool = False
) -> list[tuple[Judgement, Judgement]]:
    """Return the judgements of the same cases side by side.

    Raises:
        EvalError: the runs are not of the same cases, and `intersect` does not allow for it; or they share none.
    """
    first, second = ({j.case.id: j for j in judgements} for judgements in (before, after))
    if (others := first.keys() ^ second.keys()) and not intersect:
        raise EvalError(
            f"{len(others)} cases, {min(others)} the first, are in one of the two runs only. Add --intersect to compare "
            "the others."
        )
    shared = [(first[id], second[id]) for id in first if id in second]
    if not shared:
        raise EvalError("The two runs share no case.")
    return shared


def changes(shared: Sequence[tuple[Judgement, Judgement]]) -> list[Change]:
    """Return the change of every score that applies somewhere."""
    found = [change for name in shared[0][0].scores if (change := _change(name, shared))]
    adjusted = holm([change.p for change in found])
    return [Change(**(vars(change) | {"p": p})) for change, p in zip(found, adjusted, strict=True)]


def flipped(shared: Sequence[tuple[Judgement, Judgement]], *, open_test: bool = False) -> list[str]:
    """Return one line for each case that is right in one of the runs only; those lost first."""
    lines = [
        f"{'+' if after.passed else '-'} {one_line(after, open_test=open_test)}"
        for before, after in shared
        if before.passed != after.passed
    ]
    return sorted(lines, key=lambda line: line[0] == "+")


def change_table(found: Sequence[Change]) -> str:
    """Return a row for every score."""
    rows = [
        [
            f"`{c.score}`",
            str(c.cases),
            percent(c.before),
            percent(c.after),
            f"{100 * c.difference:+.1f} ({100 * c.interval[0]:+.1f} to {100 * c.interval[1]:+.1f})",
            f"-{c.lost} +{c.won}",
            f"{c.p:.3f}",
        ]
        for c in found
    ]
    return table(["score", "cases", "before", "after", "difference", "flipped", "p"], rows)


def _change(name: str, shared: Sequence[tuple[Judgement, Judgement]]) -> Change | None:
    rows = [
        (old, new, after.case.cluster)
        for before, after in shared
        if (old := before.value(name)) is not None and (new := after.value(name)) is not None
    ]
    if not rows:
        return None
    lost = sum(new < 1 <= old for old, new, _ in rows)
    won = sum(old < 1 <= new for old, new, _ in rows)
    return Change(
        score=name,
        cases=len(rows),
        before=mean([old for old, _, _ in rows]),
        after=mean([new for _, new, _ in rows]),
        interval=bootstrap([new - old for old, new, _ in rows], [cluster for _, _, cluster in rows]),
        lost=lost,
        won=won,
        p=mcnemar(lost, won),
    )
