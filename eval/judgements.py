"""The replies of a run, scored. Making it asks nothing: a better scorer needs no new run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.cases import Case
from eval.errors import EvalError
from eval.replies import Reply, read
from eval.retrieval import retrieval_scores
from eval.runs import Line, Run
from eval.scores import SCORES, Score

CLOSED = (
    "Cases of the test split are named with their scores at most. Whoever reads why they failed tunes on them, and then "
    "nothing is left to measure with; `--open-test` shows them all the same."
)


@dataclass(frozen=True)
class Judgement:
    """A case, what was replied to it, and what that is worth."""

    case: Case
    reply: Reply
    scores: dict[str, Score]

    @property
    def passed(self) -> bool:
        return self.scores["right"].value == 1

    def value(self, score: str) -> float | None:
        return self.scores[score].value


def judge(cases: Iterable[Case], run: Run) -> list[Judgement]:
    """Score the replies of a run to those of the cases that it holds.

    Raises:
        EvalError: a case was changed after it was asked, or the speech was, or none was asked.
    """
    lines = run.by_id()
    chosen = [case for case in cases if case.id in lines]
    if not chosen:
        raise EvalError(f"{run.folder} holds none of these cases. Ask them, or choose others.")
    if changed := [case.id for case in chosen if lines[case.id].case != case.sha256]:
        raise EvalError(
            f"{len(changed)} cases, {changed[0]} the first, were changed after {run.folder} was asked. Ask again: "
            f"python -m eval run {run.folder.name} --again"
        )
    if run.asked.get("source") != chosen[0].source.sha256:
        raise EvalError(f"{run.folder} was asked of another speech. Give its folder with --seeds, or ask again.")
    return [_judge(case, lines[case.id]) for case in chosen]


def is_shown(case: Case, *, open_test: bool) -> bool:
    """Whether what a case asks, and what came of it, may be shown; if not, see `CLOSED`."""
    return open_test or case.split == "tune"


def one_line(j: Judgement, *, open_test: bool) -> str:
    """Return the case, and in words what is wrong with the reply if anything is, as far as it may be shown."""
    name = f"{j.case.id} ({j.case.split})"
    if not is_shown(j.case, open_test=open_test):
        return name
    why = "" if j.passed else f"  [{j.scores['right'].why}]"
    return " ".join(f"{name} {j.case.entry.question}{why}".split())


def pairs(judgements: Sequence[Judgement], score: str) -> tuple[list[float], list[str]]:
    """Return the values of a score where it applies, and the cluster of each."""
    applied = [(value, j.case.cluster) for j in judgements if (value := j.value(score)) is not None]
    return [value for value, _ in applied], [cluster for _, cluster in applied]


def to_dict(judgements: Iterable[Judgement]) -> dict[str, Any]:
    """Return values and reasons by case, ready for JSON."""
    return {
        j.case.id: {
            name: {"value": score.value, "why": score.why}
            for name, score in j.scores.items()
            if score.value is not None
        }
        for j in judgements
    }


def _judge(case: Case, line: Line) -> Judgement:
    reply = read(line.reply)
    scores = {name: score(case, reply) for name, score in SCORES.items()}
    return Judgement(case, reply, scores | retrieval_scores(case, line.found))
