"""Changed speeches: what is changed, and which replies to it are caught."""

import json
from pathlib import Path
from typing import Any

import pytest
from library import TEXT, Librarian, Shell, make_assistant, make_cases

from eval.causal import DECOY, TRIALS, Outcome, Trial, from_dict, outcome_table, to_dict, trials
from eval.judgements import Judgement, judge
from eval.mutations import mutations
from eval.replies import read
from eval.runs import ask, describe
from eval.sources import Source

REFUSAL = {"kind": "refusal", "question": "？", "text": "", "claims": [], "citations": [], "passages": []}


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory) -> list[Judgement]:
    folder = tmp_path_factory.mktemp("run")
    cases = list(make_cases(folder).values())
    with make_assistant(folder) as assistant:
        return judge(cases, ask(assistant, cases, folder / "run", asked=describe(assistant, cases)))


@pytest.fixture(scope="module")
def by_name(judgements: list[Judgement]) -> dict[str, Trial]:
    return {trial.name: trial for trial in trials(judgements) if trial.case.id == "number-001"}


def answer(source: Source, *sentences: str) -> dict[str, Any]:
    """A reply that says and quotes some sentences."""
    citations = []
    for number, sentence in enumerate(sentences, start=1):
        (place,) = source.find(sentence)
        about = {"speech": place.speech, "paragraph": place.paragraph, "sentence": place.number}
        citations.append(about | {"number": number, "start": place.start, "end": place.end, "quote": sentence})
    claims = [{"text": c["quote"], "citations": [c["number"]], "verdict": "verbatim"} for c in citations]
    return REFUSAL | {"kind": "answer", "text": "".join(sentences), "claims": claims, "citations": citations}


def verdict(trial: Trial, *sentences: str) -> float | None:
    source = Source.from_texts({trial.speech: trial.text})
    score = trial.score(read(answer(source, *sentences) if sentences else REFUSAL))
    assert bool(score.why) == (score.value != 1)
    return score.value


# --- Text operations ---


@pytest.mark.parametrize(
    ("sentence", "question", "changed"),
    [
        ("第二十五次会议于11月30日召开。", "何时？", {"number": "第二十四次会议于11月30日召开。"}),
        ("会议于11月30日召开。", "何时？", {"number": "会议于10月30日召开。"}),
        ("每周开放一次。", "几次？", {"number": "每周开放二次。", "polarity": "每周关闭一次。"}),
        ("北京大学易继明讲解。", "谁讲解？", {"name": "南京大学易继明讲解。"}),
        ("北京大学易继明讲解。", "北京大学谁讲解？", {"name": "北京大学王立新讲解。"}),
        ("要修缮。", "要做什么？", {"polarity": "不要修缮。"}),
        ("主要内容。", "什么内容？", {}),
        ("他走了。", "谁走了？", {}),
        ("十分重要。", "多重要？", {}),
    ],
)
def test_mutations(sentence: str, question: str, changed: dict[str, str]) -> None:
    assert {m.kind: m.sentence for m in mutations(sentence, question)} == changed


def test_every_sentence_of_the_speech_can_be_changed() -> None:
    """But the few that state what nothing here flips."""
    from assistant.settings import bundled

    source = Source.from_folder(bundled("seeds"))
    unchanged = [str(place) for place in source.places if not mutations(source.text(place), "")]
    assert len(unchanged) <= 3


# --- Trials ---


def test_what_is_tried(judgements: list[Judgement]) -> None:
    tried = trials(judgements)
    assert {trial.case.id for trial in tried} == {"fact-001", "number-001", "list-001", "follow_up-001"}
    assert all(trial.text != TEXT for trial in tried)
    assert {trial.name for trial in tried} == {*TRIALS} - {"follow_name"}
    follow_up = next(trial for trial in tried if trial.case.id == "follow_up-001")
    assert follow_up.asked == (("儿童阅览室要怎么修缮？",), "它什么时候开放？")


def test_an_answer_must_follow(by_name: dict[str, Trial]) -> None:
    trial = by_name["follow_number"]
    assert "五十小时" in trial.text
    assert "六十小时" not in trial.text
    assert verdict(trial, "馆长陈思远主持会议，他说，图书馆每周开放五十小时。") == 1
    assert verdict(trial, "儿童阅览室周末也开放。") == 0
    assert verdict(trial) == 0
    said_otherwise = answer(
        Source.from_texts({trial.speech: trial.text}), "馆长陈思远主持会议，他说，图书馆每周开放五十小时。"
    )
    said_otherwise["claims"][0]["text"] = "每周六十小时。"
    assert trial.score(read(said_otherwise)).why.endswith("每周六十小时。")


def test_without_its_sentence_an_answer_must_change(by_name: dict[str, Trial]) -> None:
    trial = by_name["necessity"]
    assert "六十小时" not in trial.text
    assert verdict(trial) == 1
    assert verdict(trial, "儿童阅览室周末也开放。") == 1
    from_memory = answer(Source.from_texts({trial.speech: trial.text}), "儿童阅览室周末也开放。")
    from_memory["claims"][0]["text"] = "馆长陈思远主持会议，他说，图书馆每周开放六十小时。"
    assert trial.score(read(from_memory)).value == 0


def test_without_its_sentence_a_refusal_is_honest(by_name: dict[str, Trial]) -> None:
    assert verdict(by_name["honest_without"]) == 1
    assert verdict(by_name["honest_without"], "儿童阅览室周末也开放。") == 0


def test_its_sentence_must_be_enough(by_name: dict[str, Trial]) -> None:
    trial = by_name["sufficiency"]
    assert trial.text == "图书馆工作会议纪要\n\n馆长陈思远主持会议，他说，图书馆每周开放六十小时。\n"
    assert verdict(trial, "馆长陈思远主持会议，他说，图书馆每周开放六十小时。") == 1
    assert verdict(trial, "图书馆工作会议纪要") == 0
    assert verdict(trial) == 0


def test_a_decoy_must_not_win(by_name: dict[str, Trial]) -> None:
    original, trial = "馆长陈思远主持会议，他说，图书馆每周开放六十小时。", by_name["keeps_original"]
    decoy = trial.text.strip().splitlines()[-1]
    assert decoy.startswith(DECOY)
    assert [verdict(trial, original), verdict(trial, original, decoy), verdict(trial, decoy), verdict(trial)] == [
        1,
        1,
        0,
        0,
    ]
    trial = by_name["ignores_decoy"]
    assert [verdict(trial, original), verdict(trial, original, decoy), verdict(trial, decoy), verdict(trial)] == [
        1,
        0,
        0,
        1,
    ]


def test_outcomes_survive_json(judgements: list[Judgement], by_name: dict[str, Trial]) -> None:
    outcomes = [Outcome(t.case, t.name, t.change, t.score(read(REFUSAL))) for t in by_name.values()]
    again = from_dict(json.loads(json.dumps(to_dict(outcomes))), [j.case for j in judgements])
    assert again == outcomes
    assert from_dict(to_dict(outcomes), []) == []
    assert "| `sufficiency` | 0.0" in outcome_table(outcomes)


# --- The verb ---


@pytest.mark.slow
def test_the_verb_asks_changed_speeches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell("validate", *shell.of, "--freeze")
    assert shell("run", "a", *shell.runs)[0] == 0
    code, out, _ = shell("causal", "a", *shell.runs, "--jobs=1")
    assert code == 0
    assert out.startswith("| changed speech |")
    kept = json.loads((tmp_path / "runs/a/causal.json").read_text("utf-8"))
    follows = [row for row in kept["causal"] if row["name"].startswith("follow_")]
    assert follows
    assert all(row["value"] == 1 for row in follows), follows
    code, out, _ = shell("robust", "a", *shell.runs)
    assert code == 0
    assert "| `deterministic` |" in out
    assert shell("report", "a", *shell.runs)[0] == 0
    assert "Changed speeches" in (tmp_path / "runs/a/report.html").read_text("utf-8")


def test_a_run_of_another_answerer_or_other_code_is_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell("validate", *shell.of, "--freeze")
    shell("run", "a", *shell.runs)
    path = tmp_path / "runs/a/run.json"
    about = json.loads(path.read_text("utf-8"))
    for key, value, message in (("answerer", Librarian.name, "needs a run"), ("code", "old", "other code")):
        path.write_text(json.dumps(about | {"asked": about["asked"] | {key: value}}))
        code, _, err = shell("causal", "a", *shell.runs)
        assert (code, err.count("\n")) == (2, 1)
        assert message in err
