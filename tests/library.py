"""A small speech of its own with a handful of cases, for the tests of the evaluation."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from assistant.assistant import Assistant
from assistant.corpus import Corpus, Speech
from assistant.embedders import make_embedder
from assistant.index import Index, Passage
from assistant.replies import Turn
from assistant.settings import Settings
from eval.cases import Case, load
from eval.sources import Source

TEXT = """图书馆工作会议纪要

市图书馆3月5日召开会议，讨论延长开放时间。馆长陈思远主持会议，他说，图书馆每周开放六十小时。

会议提出三项要求。要增加夜间值班人员。要更新借书系统。要修缮儿童阅览室；要在八月底以前完成。

会议强调，图书馆免费向市民开放，不收取任何押金。儿童阅览室周末也开放。
"""

ENTRIES: list[dict[str, Any]] = [
    {
        "id": "fact-001",
        "kind": "fact",
        "question": "谁主持会议？",
        "group": "chair",
        "gold": [["馆长陈思远主持会议"]],
        "key_points": [{"any": ["陈思远"], "forbid": ["陈思源"]}],
    },
    {
        "id": "number-001",
        "kind": "number",
        "question": "图书馆每周开放多少小时？",
        "gold": [["每周开放六十小时"]],
        "key_points": [{"any": ["六十小时", "60小时"], "forbid": ["十六小时"]}],
    },
    {
        "id": "list-001",
        "kind": "list",
        "question": "会议提出哪些要求？",
        "gold": [["要增加夜间值班人员", "要更新借书系统", "要修缮儿童阅览室"]],
        "key_points": [{"any": ["值班人员"]}, {"any": ["借书系统"]}, {"any": ["儿童阅览室"]}],
    },
    {
        "id": "follow_up-001",
        "kind": "follow_up",
        "question": "它什么时候开放？",
        "turns": ["儿童阅览室要怎么修缮？"],
        "gold": [["儿童阅览室周末也开放"]],
        "key_points": [{"any": ["周末"]}],
    },
    {"id": "near-001", "kind": "near_miss", "question": "副馆长叫什么？", "refuses": "没有提到副馆长"},
    {"id": "foreign-001", "kind": "foreign", "question": "今天天气怎么样？", "refuses": "与纪要无关"},
]


def write(folder: Path, entries: list[dict[str, Any]] = ENTRIES, text: str = TEXT) -> tuple[Path, Path]:
    """Write the cases and the speech into two new folders and return them."""
    cases, seeds = folder / "cases", folder / "seeds"
    cases.mkdir()
    seeds.mkdir()
    (cases / "all.yaml").write_text(yaml.safe_dump(entries, allow_unicode=True), "utf-8")
    (seeds / "library.txt").write_text(text, "utf-8")
    return cases, seeds


def make_cases(folder: Path, entries: list[dict[str, Any]] = ENTRIES, text: str = TEXT) -> dict[str, Case]:
    """Return the cases by id, loaded from files."""
    cases, seeds = write(folder, entries, text)
    return {case.id: case for case in load(cases, Source.from_folder(seeds))}


class Librarian:
    """Answers the questions of this file right, whatever the assistant's own answerers can do."""

    name = "librarian"
    prompt = None
    _answers = (
        ("主持", "馆长陈思远主持会议，他说，图书馆每周开放六十小时。[1.2]"),
        ("多少小时", "馆长陈思远主持会议，他说，图书馆每周开放六十小时。[1.2]"),
        ("要求", "要增加夜间值班人员。[2.2]要更新借书系统。[2.3]要修缮儿童阅览室；[2.4]"),
        ("什么时候", "儿童阅览室周末也开放。[3.2]"),
    )

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield the answer that belongs to a word of the question."""
        yield from [answer for word, answer in self._answers if word in question and passages][:1]

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return the question with the last one behind it."""
        return f"{question}（{turns[-1].question}）"


def make_assistant(folder: Path) -> Assistant:
    """Return an assistant of the small speech, without settings."""
    corpus = Corpus((Speech.from_text("library", TEXT),))
    embedder = make_embedder(Settings.load(), [paragraph.text for paragraph in corpus.paragraphs])
    return Assistant(corpus, Index.open(corpus, embedder, folder / "index"), Librarian())
