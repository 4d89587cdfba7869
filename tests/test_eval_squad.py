import json
import math
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval.errors import EvalError
from eval.overlap import bag_f1
from eval.public import HidingIndex, ask_all, figures
from eval.squad import QuestionSet

PASSAGES = (
    "长江全长六千三百公里，发源于青藏高原。它是亚洲最长的河流。",
    "黄河全长五千四百公里，流经九个省区。黄河水含沙量很高。",
    "泰山位于山东省中部。泰山主峰海拔一千五百三十三米。",
)


def layout(*paragraphs: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {"data": [{"paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs]}]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    content = layout(
        (
            PASSAGES[0],
            [
                {"question": "长江全长多少公里？", "answers": [{"text": "六千三百"}], "evidences": [PASSAGES[0][:20]]},
                {"question": "长江的入海口在哪个城市？", "answers": [], "is_impossible": True},
            ],
        ),
        (PASSAGES[1], [{"question": "黄河流经几个省区？", "answers": [{"text": "九个"}]}]),
        (PASSAGES[2], [{"question": " ", "answers": [{"text": "泰山"}]}]),
        (PASSAGES[0], [{"question": "亚洲最长的河流是哪条？", "answers": [{"text": "长江"}, {"text": "它"}]}]),
    )
    path = tmp_path / "rivers.json"
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def test_a_file_is_read(file: Path) -> None:
    read = QuestionSet.from_file(file)
    assert [speech.id for speech in read.corpus.speeches] == ["p0", "p1", "p2"]
    assert [(q.speech, q.answers, len(q.evidences)) for q in read.questions] == [
        ("p0", ("六千三百",), 1),
        ("p0", (), 0),
        ("p1", ("九个",), 0),
        ("p0", ("长江", "它"), 0),
    ]


@pytest.mark.parametrize("content", ["{", "[]", '{"data": [{"paragraphs": [{"qas": []}]}]}', '{"data": []}'])
def test_another_layout_is_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(EvalError, match=r"a\.json (is not in SQuAD layout|holds no question)") as raised:
        QuestionSet.from_file(tmp_path / "a.json")
    assert "\n" not in str(raised.value)
    with pytest.raises(EvalError, match="cannot be read"):
        QuestionSet.from_file(tmp_path / "none.json")


def test_questions_are_asked_and_counted(file: Path, tmp_path: Path) -> None:
    questions, asked = ask_all(file, tmp_path / "index", jobs=4)
    assert [a.rank for a in asked if a.answerable] == [1, 1, 1]
    assert asked[0].answered
    assert asked[0].first
    assert asked[0].evidence is not None
    assert asked[0].evidence > 0.9
    shown = figures(questions, asked)
    assert shown.startswith("3 passages, 4 questions")
    assert "| passage recall@1 | 100.0 | 43.9 to 100.0 | 3 |" in shown
    assert re.search(r"\| false answers, impossible question \| [\d.]+ \| [\d.]+ to [\d.]+ \| 1 \|", shown)


def test_a_hidden_passage_leaves_no_trace(file: Path, tmp_path: Path) -> None:
    from assistant.embedders import make_embedder
    from assistant.settings import Settings

    corpus = QuestionSet.from_file(file).corpus
    embedder = make_embedder(Settings.load(), list(PASSAGES))
    with HidingIndex.open(corpus, embedder, tmp_path / "index") as index:
        question = "黄河流经几个省区？"
        assert index.search(question, 3)[0].paragraph.speech == "p1"
        index.hide("p1")
        found = index.search(question, 3)
        assert [p.paragraph.speech for p in found] == ["p0", "p2"]
        # What is left over is as good as anything can be, but for the vectors' share.
        assert found[0].score >= 0.8
        index.hide(None)
        assert index.search(question, 1)[0].paragraph.speech == "p1"


# --- Overlap ---


@pytest.mark.parametrize("seed", range(30))
def test_bag_f1_by_its_definition(seed: int) -> None:
    """Precision and recall of characters, as ExpMRC's paper defines them, on random texts."""
    chance = random.Random(seed)

    def text() -> str:
        return "".join(chance.choice("中国知识产权保护创新。，、") for _ in range(chance.randint(1, 30)))

    said, accepted = text(), [text(), text()]
    best = 0.0
    for gold in accepted:
        one, other = ([c for c in each if c not in "。，、"] for each in (said, gold))
        same = sum((Counter(one) & Counter(other)).values())
        if not one or not other:
            best = max(best, float(one == other))
        elif same:
            precision, recall = same / len(one), same / len(other)
            best = max(best, 2 * precision * recall / (precision + recall))
    assert math.isclose(bag_f1(said, accepted), best, abs_tol=1e-9)


def test_bag_f1_hardly_sees_a_flip() -> None:
    assert bag_f1("要加强保护，不得滥用知识产权", ["要加强保护，得滥用知识产权"]) > 0.95
    assert bag_f1("", ["无"]) == 0
    assert bag_f1("The river Rhine", ["river rhine"]) == 1
