"""What a change may not make worse: `gates.yaml` says it, `baseline.json` holds what there was.

Three kinds of gate: scores that must be full in every case; a floor under the lower end of a score's 95 % interval; and
a ratchet, which fails when a score has lost more against the baseline than it may. A case with a waiver, which needs
a reason and an end, is left out of the ratchet until then.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.cases import Split, Words
from eval.errors import EvalError
from eval.judgements import Judgement, is_shown, pairs
from eval.runs import write_json
from eval.statistics import bootstrap, interval, mean
from eval.tables import percent
from eval.yaml_files import load_yaml

SCHEMA = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ratchet(_Strict):
    """The scores that may not fall, and how far their mean may fall all the same."""

    scores: list[str]
    loss: float = Field(ge=0)


class Waiver(_Strict):
    """A case whose loss is accepted."""

    case: str
    reason: Words
    until: date


class Gates(_Strict):
    """What `gates.yaml` holds."""

    invariants: list[str]
    floors: dict[Split, dict[str, float]]
    ratchet: Ratchet
    waivers: list[Waiver] = []

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the gates.

        Raises:
            EvalError: the file cannot be read or holds something else.
        """
        try:
            return cls.model_validate(load_yaml(path.read_text("utf-8")))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise EvalError(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
        except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, or a date that does not exist
            raise EvalError(f"{path} cannot be read: {' '.join(str(error).split())}") from error


class _Known(_Strict):
    sha256: str
    scores: dict[str, float | None]


class _File(BaseModel):
    """What of `baseline.json` is relied on."""

    asked: dict[str, Any]
    cases: dict[str, _Known]


@dataclass(frozen=True)
class Baseline:
    """The gated scores of the run that was accepted, by case, and what that run was of."""

    asked: dict[str, Any]
    cases: dict[str, dict[str, Any]]

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the baseline.

        Raises:
            EvalError: there is none, it is damaged, or of another schema.
        """
        try:
            content = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise EvalError(f"{path} is missing. Accept a run: python -m eval baseline RUN --accept") from None
        except (OSError, ValueError) as error:
            raise EvalError(f"{path} cannot be read: {error}. Restore it.") from error
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise EvalError(
                f"{path} is no baseline of schema {SCHEMA}. Accept a run: python -m eval baseline RUN --accept"
            )
        try:
            _File.model_validate(content)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
            raise EvalError(f"{path} is damaged: {where} is missing or wrong. Restore it.") from None
        return cls(content["asked"], content["cases"])


@dataclass(frozen=True)
class Outcome:
    """One gate: whether it holds, and the figures."""

    gate: str
    passed: bool
    why: str

    def __str__(self) -> str:
        return f"{'pass' if self.passed else 'FAIL'}  {self.gate}: {self.why}"


def accept(path: Path, judgements: Sequence[Judgement], gates: Gates, asked: dict[str, Any]) -> None:
    """Write the baseline: the gated scores of these judgements."""
    _check_names(judgements, gates)
    cases = {
        j.case.id: {"sha256": j.case.sha256, "scores": {name: j.value(name) for name in gates.ratchet.scores}}
        for j in judgements
    }
    write_json(path, {"schema": SCHEMA, "asked": asked, "cases": cases})


def check(judgements: Sequence[Judgement], gates: Gates, baseline: Baseline, today: date) -> list[Outcome]:
    """Return the outcome of every gate for the splits that the judgements are of.

    Raises:
        EvalError: a gate names no score, a waiver no case, or the baseline is of other cases.
    """
    _check_names(judgements, gates)
    if changed := [j.case.id for j in judgements if baseline.cases.get(j.case.id, {}).get("sha256") != j.case.sha256]:
        raise EvalError(
            f"The baseline is of other cases: {len(changed)} are new or changed, {changed[0]} the first. Look at them, "
            "then accept a run: python -m eval baseline RUN --accept"
        )
    if unknown := [waiver.case for waiver in gates.waivers if waiver.case not in baseline.cases]:
        raise EvalError(f"The gates waive {unknown[0]!r}, which is no case. Correct its id, or remove the waiver.")
    waived = {waiver.case for waiver in gates.waivers if waiver.until >= today}
    kept = [j for j in judgements if j.case.id not in waived]
    return [
        *(_invariant(judgements, name) for name in gates.invariants),
        *_floors(judgements, gates),
        *(_ratchet(kept, baseline, name, gates.ratchet.loss) for name in gates.ratchet.scores),
        *_waivers(gates, today),
    ]


def _invariant(judgements: Sequence[Judgement], name: str) -> Outcome:
    broken = [
        f"{j.case.id}: {j.scores[name].why}" if is_shown(j.case, open_test=False) else j.case.id
        for j in judgements
        if (value := j.value(name)) is not None and value < 1
    ]
    why = "; ".join(broken) or f"full in all of {len(judgements)} cases"
    return Outcome(f"{name} everywhere", not broken, why)


def _floors(judgements: Sequence[Judgement], gates: Gates) -> Iterator[Outcome]:
    for split, floors in gates.floors.items():
        chosen = [j for j in judgements if j.case.split == split]
        for name, floor in floors.items() if chosen else ():
            values, clusters = pairs(chosen, name)
            low, high = interval(values, clusters)
            why = f"{percent(mean(values))} ({percent(low)} to {percent(high)}), floor {percent(floor)}"
            yield Outcome(f"{name}, {split}", low >= floor, why)


def _ratchet(judgements: Sequence[Judgement], baseline: Baseline, name: str, loss: float) -> Outcome:
    """Fail if the mean fell by more than `loss`, or surely fell at all: what it then lost is named."""
    gate = f"{name}, against the baseline"
    if lacking := [j.case.id for j in judgements if name not in baseline.cases[j.case.id]["scores"]]:
        why = f"not in the baseline for {len(lacking)} cases, {lacking[0]} the first. Look at what they score now"
        return Outcome(gate, passed=False, why=f"{why}, then accept a run: python -m eval baseline RUN --accept")
    rows = [
        (j, before, now)
        for j in judgements
        if (now := j.value(name)) is not None and (before := baseline.cases[j.case.id]["scores"][name]) is not None
    ]
    lost = [before - now for _, before, now in rows]
    low, _ = bootstrap(lost, [j.case.cluster for j, _, _ in rows])
    passed = not rows or (mean(lost) <= loss and not low > 0)
    worse = ", ".join(j.case.id for j, before, now in rows if now < before)
    why = f"{0 - 100 * mean(lost):+.1f} points in {len(rows)} cases" if rows else "no case"
    return Outcome(gate, passed, why + (f"; worse: {worse}" if worse else ""))


def _waivers(gates: Gates, today: date) -> Iterator[Outcome]:
    for waiver in gates.waivers:
        why = f"{waiver.reason} (until {waiver.until})"
        yield Outcome(f"waiver of {waiver.case}", waiver.until >= today, why)


def _check_names(judgements: Sequence[Judgement], gates: Gates) -> None:
    named = {*gates.invariants, *gates.ratchet.scores, *(name for floors in gates.floors.values() for name in floors)}
    if unknown := sorted(named - judgements[0].scores.keys()):
        raise EvalError(f"The gates name {unknown[0]!r}, which is no score. Known: {', '.join(judgements[0].scores)}.")
