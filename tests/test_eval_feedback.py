"""From readers to cases: nothing is lost, nothing doubled, nothing overwritten."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from library import TEXT, Shell

from assistant.assistant import Assistant
from assistant.corpus import Corpus, Speech
from assistant.embedders import make_embedder
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Index
from assistant.settings import Settings
from assistant.web.feedback import keep
from eval.cases import Entry
from eval.feedback import drafts


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell("validate", *shell.of, "--freeze")
    return shell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """As the page writes it."""
    corpus = Corpus((Speech.from_text("library", TEXT),))
    embedder = make_embedder(Settings.load(), [paragraph.text for paragraph in corpus.paragraphs])
    path = tmp_path / "feedback.jsonl"
    with Assistant(corpus, Index.open(corpus, embedder, tmp_path / "index"), ExtractiveAnswerer(corpus)) as assistant:
        for question, verdict, turns in (
            ("押金要交多少？", "not_answered", []),
            ("押金 要交多少", "wrong_quote", []),
            ("押金要交多少？", "not_answered", ["图书馆免费吗？"]),
            ("几点开门？", "up", []),
            ("谁主持会议？", "wrongly_refused", []),
            ("“: #”\n[1]？", "wrongly_refused", []),
        ):
            keep(path, verdict, assistant.ask(question), turns)
    return path


def test_drafts_are_what_readers_disliked_once(shell: Shell, file: Path) -> None:
    out = shell.folder / "drafts.yaml"
    code, _, err = shell("feedback", str(file), f"--out={out}", *shell.of)
    assert (code, err) == (0, f"3 drafts: {out}\n")
    text = out.read_text("utf-8")
    rows: list[dict[str, Any]] = yaml.safe_load(text)
    assert [row["question"] for row in rows] == ["押金要交多少？", "押金要交多少？", "“: #”\n[1]？"]
    assert [row.get("turns") for row in rows] == [None, ["图书馆免费吗？"], None]
    assert "# 1 × not_answered, 1 × wrong_quote\n" in text
    assert "谁主持会议" not in text
    for row in rows:
        assert Entry.model_validate(row | {"kind": "near_miss", "refuses": "没有提到"})
        with pytest.raises(ValueError, match="is no kind"):
            Entry.model_validate(row)


def test_nothing_is_overwritten(shell: Shell, file: Path) -> None:
    out = shell.folder / "drafts.yaml"
    out.write_text("mine")
    code, _, err = shell("feedback", str(file), f"--out={out}", *shell.of)
    assert (code, err.count("\n"), out.read_text()) == (2, 1, "mine")


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_one_line_and_makes_no_drafts(content: str, shell: Shell) -> None:
    file, out = shell.folder / "feedback.jsonl", shell.folder / "drafts.yaml"
    file.write_text(content)
    code, _, err = shell("feedback", str(file), f"--out={out}", *shell.of)
    assert (code, err) == (2, f"{file} holds no feedback. Give the page's file of feedback.\n")
    assert not out.exists()


def test_where_all_were_content_no_drafts_are_made(shell: Shell) -> None:
    file, out = shell.folder / "feedback.jsonl", shell.folder / "drafts.yaml"
    file.write_text(json.dumps({"verdict": "up", "question": "几点？", "turns": [], "reply": {}}))
    code, _, err = shell("feedback", str(file), f"--out={out}", *shell.of)
    assert (code, "no drafts are written" in err) == (0, True)
    assert not out.exists()


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"verdict": "up"}', json.dumps({"verdict": "x", "question": "", "turns": [], "reply": {}})]
)
def test_a_damaged_line_is_named(line: str, tmp_path: Path) -> None:
    from eval.errors import EvalError

    path = tmp_path / "feedback.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(EvalError, match="line 2 is no feedback") as error:
        drafts(path, [])
    assert "\n" not in str(error.value)
    assert "http" not in str(error.value)
    with pytest.raises(EvalError, match="cannot be read"):
        drafts(tmp_path / "none", [])
