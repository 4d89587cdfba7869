"""Recording and replay at the command line, and the recordings that were made up: what the worst model writes is caught."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from library import Shell
from model_server import KEY, MODES, ModelServer, says, serving

from assistant.settings import bundled
from eval.answerers import OFFLINE, UNREFUSING, ScriptedAnswerer, open_assistant
from eval.cases import Case, load
from eval.errors import EvalError, MissingError
from eval.judgements import Judgement, judge
from eval.options import CASES, HERE
from eval.record import MAX_FAILURES
from eval.recordings import ReplayAnswerer
from eval.replies import read
from eval.runs import Run, ask, describe
from eval.scores import SCORES
from eval.sources import Source

RECORDINGS = HERE / "recordings"
SCRIPTED = ("scripted-good", "scripted-adversarial")


@pytest.fixture(scope="module")
def tune() -> dict[str, Case]:
    return {c.id: c for c in load(CASES, Source.from_folder(bundled("seeds"))) if c.split == "tune"}


@contextmanager
def replayed(name: str, tune: dict[str, Case], folder: Path) -> Iterator[list[Judgement]]:
    recordings = ReplayAnswerer(RECORDINGS / name)
    cases = [case for case in tune.values() if case.entry.question in recordings.questions]
    with open_assistant(f"replay:{RECORDINGS / name}", None) as assistant:
        yield judge(cases, ask(assistant, cases, folder / "run", asked=describe(assistant, cases)))


# --- The recordings of this project ---


def test_the_kernel_withholds_all_that_the_worst_model_writes(tune: dict[str, Case], tmp_path: Path) -> None:
    with replayed("scripted-adversarial", tune, tmp_path) as judgements:
        assert len(judgements) == 17
        for j in judgements:
            assert j.reply.kind == "refusal", j.reply.text
            assert not j.reply.claims
            assert not j.reply.citations
            assert j.value("well_formed") == 1


CAUGHT = yaml.safe_load((RECORDINGS / "scripted-adversarial/replies.yaml").read_text("utf-8"))


@pytest.mark.parametrize("row", CAUGHT, ids=[row["what"] for row in CAUGHT])
def test_the_scores_catch_what_no_assistant_may_reply(row: dict[str, Any], tune: dict[str, Case]) -> None:
    reply = read(row["reply"])
    scores = {name: score(tune["definition-001"], reply) for name, score in SCORES.items()}
    caught = {name for name, score in scores.items() if score.value is not None and score.value < 1}
    assert set(row["caught_by"]) <= caught
    assert bool(row["caught_by"]) == bool(caught)
    assert all(scores[name].why for name in caught)


def test_a_good_model_is_right(tune: dict[str, Case], tmp_path: Path) -> None:
    """From the draft to the score. What the check withholds although it is right is the price that the README names."""
    with replayed("scripted-good", tune, tmp_path) as judgements:
        assert len(judgements) == 27
        assert {j.case.id for j in judgements if not j.passed} <= {"everyday-025"}
        assert {j.case.kind for j in judgements} >= {"english", "follow_up", "near_miss", "several", "traditional"}


@pytest.mark.parametrize("name", SCRIPTED)
def test_the_recordings_are_those_of_the_script(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path, monkeypatch, capsys)
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(RECORDINGS / name / "drafts.yaml", folder)
    assert shell("record", str(folder), "--script", "--split=tune")[0] == 0
    made, kept = ({p.name: p.read_bytes() for p in f.glob("*.json")} for f in (folder, RECORDINGS / name))
    assert made == kept
    script = ScriptedAnswerer.from_folder(folder)
    assert script.questions <= ReplayAnswerer(folder).questions


# --- The verbs ---


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell("validate", *shell.of, "--freeze")
    return shell


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server of ours, whose model says that it is none."""
    with serving() as server:
        for name, value in (
            ("BASE_URL", server.url),
            ("API_KEY", KEY),
            ("MODEL", "openai:scripted-clerk"),
            ("MAX_RETRIES", "0"),
        ):
            monkeypatch.setenv(f"ASSISTANT_{name}", value)
        monkeypatch.setitem(MODES, "scripted-clerk", says("馆长陈思远主持会议，他说，图书馆每周开放六十小时。[1.2]"))
        yield server


@pytest.mark.slow
def test_a_model_is_recorded_once_and_judged_without_it(shell: Shell, server: ModelServer) -> None:
    folder = shell.folder / "recordings"
    chosen = ["--kind=fact", "--kind=number", "--kind=follow_up"]
    code, _, err = shell("record", str(folder), *shell.of, *chosen)
    assert (code, err) == (0, f"3 cases are recorded: {folder}\n")
    asked = len(server.requests)
    assert asked
    assert shell("record", str(folder), *shell.of, *chosen)[0] == 0
    assert len(server.requests) == asked
    code, _, err = shell("run", "a", *shell.runs, *chosen, f"--answerer=replay:{folder}")
    assert code == 0
    assert "No model was asked" in err
    assert len(server.requests) == asked
    assert Run.read(shell.folder / "runs/a").asked["recordings"]
    code, out, err = shell("score", "a", *shell.runs)
    assert "No model was asked" in err
    assert "| fact | 1 | 100.0 |" in out
    code, _, err = shell("run", "b", *shell.runs, f"--answerer=replay:{folder}")
    assert code == 3
    assert "Record it: python -m eval record" in err
    code, _, err = shell("run", "b", *shell.runs, f"--answerer=replay:{folder}", "--recorded", "--again")
    assert (code, err.splitlines()[-1].startswith("3 replies")) == (0, True)


def test_a_recording_goes_on_where_it_failed(
    shell: Shell, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shell.folder / "recordings"
    good = MODES["scripted-clerk"]
    monkeypatch.setitem(MODES, "scripted-clerk", lambda handler, _: handler.answer(503, {"error": {"message": "busy"}}))
    code, _, err = shell("record", str(folder), *shell.of)
    assert (code, err.count("\n")) == (3, 1)
    assert f"0 of 6 cases are recorded in {folder}" in err
    assert len(server.requests) == MAX_FAILURES
    monkeypatch.setitem(MODES, "scripted-clerk", good)
    assert shell("record", str(folder), *shell.of)[0] == 0
    assert len(list(folder.glob("*.json"))) >= 6


def test_without_a_model_nothing_is_recorded(shell: Shell) -> None:
    code, _, err = shell("record", str(shell.folder / "recordings"), *shell.of)
    assert (code, err.count("\n")) == (3, 1)
    assert "ASSISTANT_MODEL" in err


@pytest.mark.usefixtures("server")
def test_scripted_replies_are_no_baseline(shell: Shell) -> None:
    folder = shell.folder / "recordings"
    shell("record", str(folder), *shell.of)
    shell("run", "a", *shell.runs, f"--answerer=replay:{folder}")
    code, _, err = shell("baseline", "a", *shell.gates, "--accept")
    assert code == 2
    assert "is scripted and can be no baseline" in err
    assert not (shell.folder / "baseline.json").exists()
    assert shell("report", "a", *shell.runs)[0] == 0
    assert "no figure here is any model" in (shell.folder / "runs/a/report.html").read_text("utf-8")
    for verb in ("causal", "robust", "readme"):
        code, _, err = shell(verb, "a", *shell.runs)
        assert (code, "are scripted" in err) == (2, True)


def test_a_run_with_broken_json_is_one_line(shell: Shell) -> None:
    shell("run", "a", *shell.runs)
    path = shell.folder / "runs/a/replies.jsonl"
    path.write_text(path.read_text("utf-8").replace("{", "", 1), "utf-8")
    code, _, err = shell("score", "a", *shell.runs)
    assert (code, err.count("\n")) == (2, 1)
    assert "line 1 is no reply" in err


def test_what_cannot_be_replayed_says_why(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="holds no recording"), open_assistant(f"replay:{tmp_path}", None):
        pass
    with pytest.raises(EvalError, match="There is no answerer"), open_assistant("oracle", None):
        pass
    (tmp_path / "drafts.yaml").write_text(json.dumps({"draft": {}}))
    with pytest.raises(EvalError, match="cannot be read"):
        ScriptedAnswerer.from_folder(tmp_path)
    with open_assistant(OFFLINE, None) as assistant:
        assert assistant.answerer.name == OFFLINE


def test_the_unrefusing_answerer_chooses_where_the_other_refuses() -> None:
    question = "专利的保护期是多少年？"
    with open_assistant(OFFLINE, None) as assistant:
        assert assistant.ask(question).kind == "refusal"
    with open_assistant(UNREFUSING, None) as assistant:
        assert assistant.ask(question).kind == "answer"
        assert assistant.ask("第九十段讲了什么？").kind == "refusal"
        assert assistant.made_by.answerer == UNREFUSING
