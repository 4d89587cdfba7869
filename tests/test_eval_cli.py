"""`python -m eval`, as it is typed: what it prints, where, and its exit codes."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from library import ENTRIES, Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell("validate", *shell.of, "--freeze")
    return shell


def test_the_whole_way(shell: Shell) -> None:
    code, out, _ = shell("validate", *shell.of)
    assert code == 0
    assert out.startswith("6 cases (")
    code, out, err = shell("run", "a", *shell.runs)
    assert (code, out) == (0, "")
    assert err.startswith("6 replies in ")
    code, out, _ = shell("score", "a", *shell.runs, "--show")
    assert code == 0
    assert "| `right` |" in out
    assert "| near_miss | 1 | 100.0 |" in out
    kept = json.loads((shell.folder / "runs/a/scores.json").read_text("utf-8"))["scores"]
    assert kept["foreign-001"]["right"] == {"value": 1.0, "why": ""}
    assert shell("baseline", "a", *shell.gates, "--accept")[0] == 0
    assert shell("gate", "a", *shell.gates)[0] == 0
    assert shell("gate", *shell.gates)[0] == 0
    assert shell("baseline", "a", *shell.gates)[1].count("pass  ") == 3
    assert shell("run", "b", *shell.runs)[0] == 0
    code, out, _ = shell("compare", "a", "b", *shell.runs)
    assert code == 0
    assert "| `right` | 6 |" in out


def test_a_gate_that_fails_is_exit_code_1(shell: Shell) -> None:
    shell("run", "a", *shell.runs)
    shell("baseline", "a", *shell.gates, "--accept")
    path = shell.folder / "runs/a/replies.jsonl"
    rows = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    for row in rows:
        for citation in row["reply"]["citations"]:
            citation["quote"] = citation["quote"].replace("六", "七")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = shell("gate", "a", *shell.gates)
    assert code == 1
    assert "FAIL  quotes everywhere" in out


def test_a_run_is_asked_once_unless_again(shell: Shell) -> None:
    shell("run", "a", *shell.runs)
    assert shell("run", "a", *shell.runs)[2].startswith("6 replies are there already: ")
    assert shell("run", "a", *shell.runs, "--again")[2].startswith("6 replies in ")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["run", name] for name in ("..", ".", "../a", "a/b", "/a", "", ".a", "a\n", "a b")),
        *(["score", ".."], ["compare", "a", ".."], ["gate", ".."], ["run", "a", "--failing=.."], ["report", ".."]),
    ],
)
def test_a_run_stands_in_the_folder_of_runs_and_nowhere_else(arguments: list[str], shell: Shell) -> None:
    code, out, err = shell(*arguments, *shell.runs)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "is no name of a run" in err
    assert not (shell.folder / "runs").exists()


def test_the_test_split_stays_closed_unless_opened(shell: Shell) -> None:
    shell("run", "a", *shell.runs)
    refused = shell.folder / "runs/b"
    shutil.copytree(shell.folder / "runs/a", refused)
    rows = [json.loads(row) for row in (refused / "replies.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        row["reply"] |= {"kind": "refusal", "claims": [], "citations": [], "reason": "not_found"}
    (refused / "replies.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for verb in (["score", "b", "--show"], ["compare", "a", "b"]):
        _, out, err = shell(*verb, *shell.runs)
        assert "number-001 (test)\n" in out
        assert "图书馆每周开放多少小时" not in out + err
        assert "`--open-test` shows them all the same" in err
        _, out, err = shell(*verb, *shell.runs, "--open-test")
        assert "number-001 (test) 图书馆每周开放多少小时？ [refused: not_found]\n" in out
        assert "--open-test" not in err
    assert "它什么时候开放？ [refused: not_found]" in shell("score", "b", "--show", *shell.runs)[1]


def test_filters_choose_cases(shell: Shell) -> None:
    assert shell("run", "a", *shell.runs, "--kind=foreign", "--kind=near_miss")[2].startswith("2 replies")
    assert "| all | 1 |" in shell("score", "a", *shell.runs, "--kind=foreign")[1]
    code, _, err = shell("baseline", "a", *shell.gates, "--accept")
    assert (code, err.count("\n")) == (2, 1)
    assert "holds 2 of 6 cases" in err
    code, _, err = shell("run", "b", *shell.runs, "--failing=a")
    assert (code, err) == (2, "No case is left to ask. Choose others.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "a", "--kind=riddle"], "There is no kind 'riddle'"),
        (["run", "a", "--split=half"], "There is no split 'half'"),
        (["run", "a", "--tag=none"], "No case is left"),
        (["run", "a", "--answerer=oracle"], "There is no answerer 'oracle'"),
        (["run", "a", "--recorded"], "Add --answerer replay:FOLDER"),
        (["score", "none"], "holds no run"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(arguments: list[str], message: str, shell: Shell) -> None:
    code, out, err = shell(*arguments, *shell.runs)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_changed_cases_must_be_frozen_again(shell: Shell) -> None:
    (shell.cases / "all.yaml").write_text(yaml.safe_dump(ENTRIES[:-1], allow_unicode=True), "utf-8")
    code, _, err = shell("run", "a", *shell.runs)
    assert code == 2
    assert "are not those frozen" in err
    assert not (shell.folder / "runs").exists()


def test_what_is_missing_is_exit_code_3(shell: Shell) -> None:
    shell.folder.joinpath("runs").write_text("not a folder")
    code, _, err = shell("run", "a", *shell.runs)
    assert (code, err.count("\n")) == (3, 1)
    assert "cannot be written" in err
