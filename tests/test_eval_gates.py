import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from library import make_assistant, make_cases

from eval.errors import EvalError
from eval.gates import Baseline, Gates, accept, check
from eval.judgements import Judgement, judge
from eval.runs import ask, describe
from eval.scores import Score

TODAY = date(2026, 11, 22)
DECLARED = {
    "invariants": ["well_formed", "quotes"],
    "floors": {"tune": {"right": 0.0}, "test": {"right": 0.0}},
    "ratchet": {"scores": ["right", "recall@5"], "loss": 0.005},
}


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Judgement]]:
    folder = tmp_path_factory.mktemp("run")
    cases = list(make_cases(folder).values())
    with make_assistant(folder) as assistant:
        yield judge(cases, ask(assistant, cases, folder / "run", asked=describe(assistant, cases)))


@pytest.fixture
def baseline(judgements: list[Judgement], tmp_path: Path) -> Baseline:
    accept(tmp_path / "baseline.json", judgements, gates(), {"code": "abc"})
    return Baseline.from_file(tmp_path / "baseline.json")


def gates(**changes: object) -> Gates:
    return Gates.model_validate(DECLARED | changes)


def worse(judgements: list[Judgement], id: str, name: str) -> list[Judgement]:
    """The same judgements, but one score of one case is 0."""
    return [
        dataclasses.replace(j, scores=j.scores | {name: Score(0, "spoiled")}) if j.case.id == id else j
        for j in judgements
    ]


def failed(judgements: list[Judgement], declared: Gates, baseline: Baseline) -> list[str]:
    return [str(outcome) for outcome in check(judgements, declared, baseline, TODAY) if not outcome.passed]


def test_nothing_changed_passes(judgements: list[Judgement], baseline: Baseline) -> None:
    assert not failed(judgements, gates(), baseline)
    assert baseline.asked == {"code": "abc"}


def test_an_invariant_has_no_tolerance(judgements: list[Judgement], baseline: Baseline) -> None:
    spoiled = worse(worse(judgements, "list-001", "quotes"), "follow_up-001", "quotes")
    # list-001 is of the test split, and what came of it stays closed.
    assert failed(spoiled, gates(), baseline) == ["FAIL  quotes everywhere: list-001; follow_up-001: spoiled"]


def test_a_floor_is_under_the_lower_end(judgements: list[Judgement], baseline: Baseline) -> None:
    # Even if all are right, so few cases prove no 90 %.
    declared = gates(floors={"test": {"well_formed": 0.9}})
    (why,) = failed(judgements, declared, baseline)
    assert why.startswith("FAIL  well_formed, test: 100.0 (")
    assert why.endswith("floor 90.0")


def test_the_ratchet_names_what_was_lost(judgements: list[Judgement], baseline: Baseline) -> None:
    (why,) = failed(worse(judgements, "list-001", "right"), gates(), baseline)
    assert why == "FAIL  right, against the baseline: -16.7 points in 6 cases; worse: list-001"


def test_a_little_may_be_lost(judgements: list[Judgement], baseline: Baseline) -> None:
    declared = gates(ratchet={"scores": ["right"], "loss": 0.2})
    assert not failed(worse(judgements, "list-001", "right"), declared, baseline)


def test_a_sure_loss_fails_however_small(judgements: list[Judgement], baseline: Baseline) -> None:
    declared = gates(ratchet={"scores": ["citation_recall"], "loss": 0.2}, invariants=[])
    known = {id: case | {"scores": {"citation_recall": 1.0}} for id, case in baseline.cases.items()}
    a_bit_worse = [
        dataclasses.replace(j, scores=j.scores | {"citation_recall": Score(0.9, "spoiled")}) for j in judgements
    ]
    (why,) = failed(a_bit_worse, declared, Baseline({}, known))
    assert "-10.0 points" in why


def test_a_waiver_holds_until_its_day(judgements: list[Judgement], baseline: Baseline) -> None:
    spoiled = worse(judgements, "list-001", "right")
    waiver = {"case": "list-001", "reason": "the speech is ambiguous", "until": TODAY}
    assert not failed(spoiled, gates(waivers=[waiver]), baseline)
    over = failed(spoiled, gates(waivers=[waiver | {"until": date(2026, 11, 21)}]), baseline)
    assert over[1] == "FAIL  waiver of list-001: the speech is ambiguous (until 2026-11-21)"
    assert len(over) == 2


@pytest.mark.parametrize("until", [TODAY, date(2026, 11, 21)])
def test_a_waiver_of_no_case_is_refused(until: date, judgements: list[Judgement], baseline: Baseline) -> None:
    waiver = {"case": "list-01", "reason": "a slip of the pen", "until": until}
    with pytest.raises(EvalError, match="waive 'list-01', which is no case"):
        check(judgements, gates(waivers=[waiver]), baseline, TODAY)


def test_a_waiver_may_be_of_a_case_that_was_not_asked(judgements: list[Judgement], baseline: Baseline) -> None:
    waiver = {"case": "list-001", "reason": "the speech is ambiguous", "until": TODAY}
    assert not failed([j for j in judgements if j.case.id != "list-001"], gates(waivers=[waiver]), baseline)


def test_a_score_that_the_baseline_lacks_fails(judgements: list[Judgement], baseline: Baseline) -> None:
    declared = gates(ratchet={"scores": ["right", "refused"], "loss": 0.005})
    assert failed(judgements, declared, baseline) == [
        "FAIL  refused, against the baseline: not in the baseline for 6 cases, fact-001 the first. Look at what they "
        "score now, then accept a run: python -m eval baseline RUN --accept"
    ]


def test_a_baseline_of_other_cases_is_not_used(judgements: list[Judgement], baseline: Baseline) -> None:
    known = {id: case for id, case in baseline.cases.items() if id != "fact-001"}
    with pytest.raises(EvalError, match="1 are new or changed, fact-001 the first"):
        check(judgements, gates(), Baseline({}, known), TODAY)


def test_a_gate_on_no_score_is_told(judgements: list[Judgement], baseline: Baseline) -> None:
    with pytest.raises(EvalError, match="'rouge', which is no score"):
        check(judgements, gates(invariants=["rouge"]), baseline, TODAY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "cannot be read"),
        (yaml.safe_dump(DECLARED) + "invariants: []\n", "the key 'invariants' is there twice"),
        (yaml.safe_dump(DECLARED | {"wishes": 1}), "wishes: Extra inputs"),
        (yaml.safe_dump(DECLARED | {"waivers": [{"case": "a", "until": TODAY}]}), "waivers.0.reason: Field required"),
        (yaml.safe_dump(DECLARED | {"waivers": [{"case": "a", "until": TODAY, "reason": " "}]}), "waivers.0.reason"),
    ],
)
def test_gates_that_cannot_be_read_are_one_line(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "gates.yaml").write_text(content)
    with pytest.raises(EvalError, match=message) as raised:
        Gates.from_file(tmp_path / "gates.yaml")
    assert "\n" not in str(raised.value)


def test_a_baseline_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="is missing"):
        Baseline.from_file(tmp_path / "baseline.json")
    for content, message in (
        ({"schema": 0}, "is no baseline"),
        ({"schema": 1, "asked": {}}, "is damaged: cases is missing"),
        ({"schema": 1, "asked": {}, "cases": {"fact-001": {"sha256": ""}}}, "is damaged: cases.fact-001.scores"),
    ):
        (tmp_path / "baseline.json").write_text(json.dumps(content))
        with pytest.raises(EvalError, match=message):
            Baseline.from_file(tmp_path / "baseline.json")
