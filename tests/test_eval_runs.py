import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from library import ENTRIES, make_assistant, make_cases

from assistant.assistant import Assistant
from eval.cases import Case
from eval.compare import align, change_table, changes, flipped
from eval.errors import EvalError, MissingError
from eval.judgements import judge, to_dict
from eval.runs import Run, ask, code_hash, describe, write_json
from eval.tables import agreement, kind_table, length_line, score_table


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with make_assistant(tmp_path_factory.mktemp("assistant")) as assistant:
        yield assistant


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    (tmp_path / "of").mkdir()
    return list(make_cases(tmp_path / "of").values())


def run(assistant: Assistant, cases: list[Case], folder: Path, **options: Any) -> Run:
    return ask(assistant, cases, folder, asked=describe(assistant, cases), **options)


# --- Asking ---


def test_two_runs_are_the_same_bytes(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    first, second = (run(assistant, cases, tmp_path / name) for name in "ab")
    assert (tmp_path / "a/replies.jsonl").read_bytes() == (tmp_path / "b/replies.jsonl").read_bytes()
    assert first.asked == second.asked
    assert Run.read(tmp_path / "a") == first
    assert [line.id for line in first.lines] == [case.id for case in cases]


def test_a_follow_up_is_asked_after_its_turns(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    reply = run(assistant, cases, tmp_path / "a").by_id()["follow_up-001"].reply
    assert reply["restated"].startswith("它什么时候开放？（")


def stopped(assistant: Assistant, cases: list[Case], folder: Path, **options: Any) -> list[str]:
    """Begin a run and stop it after two cases; return their ids."""
    asked: list[str] = []

    def two(left: Iterable[Case]) -> Iterator[Case]:
        for case in left:
            if len(asked) == 2:
                raise KeyboardInterrupt
            asked.append(case.id)
            yield case

    with pytest.raises(KeyboardInterrupt):
        run(assistant, cases, folder, watch=two, **options)
    return asked


def test_a_run_that_was_stopped_goes_on(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    asked = stopped(assistant, cases, tmp_path / "a")
    with pytest.raises(EvalError, match="is not whole yet"):
        Run.read(tmp_path / "a")
    with (tmp_path / ".a.unfinished/replies.jsonl").open("a") as file:
        file.write('{"id": "half a li')

    def rest(left: Iterable[Case]) -> Iterator[Case]:
        for case in left:
            asked.append(case.id)
            yield case

    run(assistant, cases, tmp_path / "a", watch=rest)
    assert asked == [case.id for case in cases]
    run(assistant, cases, tmp_path / "b")
    assert (tmp_path / "a/replies.jsonl").read_bytes() == (tmp_path / "b/replies.jsonl").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "of"}


def test_a_run_that_was_stopped_does_not_go_on_with_something_else(
    assistant: Assistant, cases: list[Case], tmp_path: Path
) -> None:
    stopped(assistant, cases, tmp_path / "a")
    other = describe(assistant, cases) | {"code": "other"}
    with pytest.raises(EvalError, match=r"\.a\.unfinished was asked with other code\."):
        ask(assistant, cases, tmp_path / "a", asked=other)
    assert ask(assistant, cases, tmp_path / "a", asked=other, again=True).asked["code"] == "other"


def test_a_run_that_holds_no_reply_yet_is_in_nobodys_way(
    assistant: Assistant, cases: list[Case], tmp_path: Path
) -> None:
    def none(left: Iterable[Case]) -> Iterator[Case]:
        raise KeyboardInterrupt
        yield from left

    with pytest.raises(KeyboardInterrupt):
        run(assistant, cases, tmp_path / "a", watch=none)
    assert len(run(assistant, cases[:2], tmp_path / "a").lines) == 2


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_whole_run_stays_until_the_next_is_whole(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    run(assistant, cases, tmp_path / "a").keep("scores", {"right": 1})
    before = files(tmp_path / "a")
    stopped(assistant, cases, tmp_path / "a", again=True)
    assert files(tmp_path / "a") == before
    (tmp_path / ".a.old").mkdir()  # as it is left by who is killed between two moves
    (tmp_path / ".a.old" / "run.json").write_text("{}")
    made = run(assistant, cases[:3], tmp_path / "a", again=True)
    assert files(tmp_path / "a").keys() == {"run.json", "replies.jsonl"}, "the scores were those of other replies"
    assert Run.read(tmp_path / "a") == made
    assert {path.name for path in tmp_path.iterdir()} == {"a", "of"}


def test_a_run_killed_between_two_moves_is_not_lost(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    made = run(assistant, cases, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / ".a.unfinished")
    again = run(assistant, cases, tmp_path / "a", watch=nothing)
    assert (again.lines, again.about["made"]) == (made.lines, made.about["made"])


def nothing(left: Iterable[Case]) -> Iterable[Case]:
    assert not left
    return left


def test_a_whole_run_is_not_stamped_anew(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    made = run(assistant, cases, tmp_path / "a")
    path = tmp_path / "a" / "run.json"
    path.write_text(path.read_text("utf-8").replace(made.about["made"], "2020-11-30T15:00:00Z"), "utf-8")
    before = files(tmp_path / "a")
    assert run(assistant, cases, tmp_path / "a", watch=nothing).about["made"] == "2020-11-30T15:00:00Z"
    assert files(tmp_path / "a") == before


@pytest.mark.parametrize("again", [False, True])
def test_what_is_no_run_is_not_replaced(again: bool, assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "diary.txt").write_text("mine")
    with pytest.raises(EvalError, match="holds something else than a run"):
        run(assistant, cases, tmp_path / "a", again=again)
    assert files(tmp_path / "a") == {"diary.txt": b"mine"}


def test_a_run_of_something_else_is_not_overwritten(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    run(assistant, cases, tmp_path / "a")
    before = (tmp_path / "a/replies.jsonl").read_bytes()
    with pytest.raises(EvalError, match="was asked with other cases"):
        run(assistant, cases[:2], tmp_path / "a")
    assert (tmp_path / "a/replies.jsonl").read_bytes() == before
    assert len(run(assistant, cases[:2], tmp_path / "a", again=True).lines) == 2


def test_a_run_says_what_it_was_of(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    content = json.loads((run(assistant, cases, tmp_path / "a").folder / "run.json").read_text())
    assert content["asked"].keys() == {
        *("cases", "source", "speech", "embedder", "answerer", "prompt", "passages", "recordings", "code")
    }
    assert content["about"].keys() == {"seconds", "commit", "dirty", "python", "made"}


ANSWERING = ("assistant/web/page.py", "assistant/weights/reader.onnx", "prompts/answer.md", "seeds/glossary.toml")


@pytest.mark.parametrize("name", ANSWERING)
def test_what_answers_is_hashed(name: str, tmp_path: Path) -> None:
    for path in ANSWERING:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("before")
    before = code_hash(tmp_path)
    (tmp_path / name).write_text("after")
    assert code_hash(tmp_path) != before


def test_a_folder_that_cannot_be_written_is_told(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingError, match="cannot be written"):
        run(assistant, cases, tmp_path / "file" / "a")


# --- Reading ---


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "{", "cannot be read"),
        ("run.json", "[]", "is no run"),
        ("run.json", '{"schema": 0}', "is a run of schema 0; 1 is read here"),
        ("run.json", '{"schema": 1}', "run.json is damaged"),
        ("run.json", '{"schema": 1, "asked": {"cases": 6}, "about": {}}', "run.json is damaged"),
        ("replies.jsonl", "", "replies are missing"),
        ("replies.jsonl", "{}\n", "line 1 is no reply"),
        ("replies.jsonl", '{"id"', "replies are missing"),
    ],
)
def test_a_damaged_run_is_one_line(name: str, content: str, message: str, assistant: Assistant, tmp_path: Path) -> None:
    run(assistant, list(make_cases(tmp_path).values()), tmp_path / "a")
    (tmp_path / "a" / name).write_text(content)
    with pytest.raises(EvalError, match=message):
        Run.read(tmp_path / "a")


def test_a_run_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="python -m eval run a"):
        Run.read(tmp_path / "a")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"a": object()})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


# --- Judging and comparing ---


def test_the_whole_way(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    judgements = judge(cases, run(assistant, cases, tmp_path / "a"))
    right = {j.case.id: j.value("right") for j in judgements}
    assert set(right.values()) == {1}
    assert all(j.value(name) in (1, None) for j in judgements for name in ("well_formed", "quotes", "offsets"))
    assert set(to_dict(judgements)["near-001"]) == {"right", "truth", "refused", "well_formed"}
    assert "| list | 1 | 100.0 |" in kind_table(judgements)
    assert "`recall@1`" in score_table(judgements)
    assert "cited characters on average" in length_line(judgements)


def test_a_run_of_changed_cases_is_not_scored(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    made = run(assistant, cases, tmp_path / "a")
    (tmp_path / "new").mkdir()
    changed = make_cases(tmp_path / "new", [ENTRIES[0] | {"question": "会议由谁主持？"}, *ENTRIES[1:]])
    with pytest.raises(EvalError, match="1 cases, fact-001 the first, were changed"):
        judge(changed.values(), made)
    with pytest.raises(EvalError, match="holds none of these cases"):
        judge([], made)


def test_a_run_of_another_speech_is_not_scored(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    made = run(assistant, cases, tmp_path / "a")
    other = replace(made, asked=made.asked | {"source": "0" * 64})
    with pytest.raises(EvalError, match="another speech"):
        judge(cases, other)


def test_a_reply_that_stands_there_twice_is_damage(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    run(assistant, cases, tmp_path / "a")
    replies = tmp_path / "a" / "replies.jsonl"
    replies.write_text(replies.read_text("utf-8") + replies.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")
    with pytest.raises(EvalError, match="there twice"):
        Run.read(tmp_path / "a")


def spoiled(made: Run, folder: Path, id: str) -> Run:
    """A copy of a run in which one reply is a refusal."""
    shutil.copytree(made.folder, folder)
    rows = [json.loads(row) for row in (folder / "replies.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        if row["id"] == id:
            row["reply"] |= {"kind": "refusal", "claims": [], "citations": [], "reason": "not_found"}
    (folder / "replies.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return Run.read(folder)


def test_compare_names_what_flipped(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    made = run(assistant, cases, tmp_path / "a")
    before, after = judge(cases, made), judge(cases, spoiled(made, tmp_path / "b", "list-001"))
    shared = align(before, after)
    found = {change.score: change for change in changes(shared)}
    assert found["right"].lost == 1
    assert found["right"].won == 0
    assert found["right"].difference == pytest.approx(-1 / len(cases))
    assert flipped(shared) == ["- list-001 (test)"]
    assert flipped(shared, open_test=True) == ["- list-001 (test) 会议提出哪些要求？ [refused: not_found]"]
    opened = judge(cases, spoiled(made, tmp_path / "c", "follow_up-001"))
    assert flipped(align(before, opened)) == ["- follow_up-001 (tune) 它什么时候开放？ [refused: not_found]"]
    assert flipped(align(after, before))[0].startswith("+ list-001")
    assert "-1 +0" in change_table(list(found.values()))


def test_runs_of_other_cases_are_not_compared_silently(assistant: Assistant, cases: list[Case], tmp_path: Path) -> None:
    before = judge(cases, run(assistant, cases, tmp_path / "a"))
    with pytest.raises(EvalError, match="--intersect"):
        align(before, before[1:])
    assert len(align(before, before[1:], intersect=True)) == len(before) - 1
    with pytest.raises(EvalError, match="share no case"):
        align(before[:1], before[1:], intersect=True)


def test_paraphrases_agree_by_what_they_cite(assistant: Assistant, tmp_path: Path) -> None:
    asked = ["会议提出哪些要求？", "会议提出了哪些要求？", "今天天气怎么样？"]
    entries = [
        ENTRIES[2] | {"id": f"list-{i}", "group": "demands", "question": question} for i, question in enumerate(asked)
    ]
    cases = list(make_cases(tmp_path, entries).values())
    (value,) = agreement(judge(cases, run(assistant, cases, tmp_path / "a")))
    assert value == pytest.approx(1 / 3)
