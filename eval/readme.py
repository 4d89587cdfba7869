"""The figures in README.md and README.zh.md: a table between two comments, made from a run and never by hand."""

import re
from collections.abc import Sequence
from pathlib import Path

from eval.cases import SPLITS
from eval.causal import Outcome
from eval.errors import EvalError, MissingError
from eval.judgements import Judgement, pairs
from eval.tables import table, with_interval

LANGUAGES = ("en", "zh")
HEADS = {"en": ("score", "what it says"), "zh": ("分数", "含义")}
SCORES = {
    "right": (
        "right: refused where the speech does not answer; else all that matters said, nothing wrong, gold cited",
        "答对：原文没有回答则拒答；否则要点齐全、无错、引对",
    ),
    "truth": ("+1 right, 0 refused though answerable, −1 wrong", "答对 +1，该答而拒答 0，答错 −1"),
    "answered": (
        "answerable questions that are answered; the rest is over-refusal",
        "可答的问题中作答的；其余为过度拒答",
    ),
    "refused": ("other questions that are refused; the rest is false answers", "不可答的问题中拒答的；其余为误答"),
    "key_points": ("what a right answer must say and this one says", "应有要点中说到的"),
    "right_values": ("answers without a wrong number, name or verb", "没有错误数字、名称或动词的回答"),
    "citation_recall": ("sentences that answer and are cited", "能回答的句子中被引用的"),
    "citation_precision": ("cited sentences that answer", "被引用的句子中能回答的"),
    "quotes": ("quotes that stand in the speech, character for character", "引文与原文逐字相同"),
    "grounded_numbers": ("numbers of the answer that stand in its quotes", "回答中的数字见于其引文"),
    "recall@5": ("sentences that answer and are in the first five paragraphs found", "能回答的句子在检索到的前五段中"),
}
CHANGED = {
    "follow": ("the cited sentence is changed: answer and quote say the new", "改动被引的句子：回答与引文随之改变"),
    "honest_without": ("it is deleted: refused, or answered from other gold", "删去它：拒答，或改引其他正确的句子"),
    "sufficiency": ("nothing else is left: the key points are still there", "只留下它：要点仍在"),
    "keeps_original": ("someone else says the opposite: it is still cited", "另有人说相反的话：仍引用它"),
    "ignores_decoy": ("the same: what they say is not quoted", "同上：不引那人的话"),
}


def scores_table(judgements: Sequence[Judgement], language: str) -> str:
    """Return the table of scores in `en` or `zh`."""
    splits = {split: [j for j in judgements if j.case.split == split] for split in SPLITS}
    return _table(SCORES, {split: {name: pairs(js, name) for name in SCORES} for split, js in splits.items()}, language)


def changed_table(outcomes: Sequence[Outcome], language: str) -> str:
    """Return the table of changed speeches in `en` or `zh`."""
    return _table(
        CHANGED, {split: _changed([o for o in outcomes if o.case.split == split]) for split in SPLITS}, language
    )


def stale(path: Path, tables: dict[str, str]) -> list[str]:
    """Return the names of the tables that the file does not show as they are.

    Raises:
        EvalError: the file has no place for one.
        MissingError: the file cannot be read.
    """
    text = _read(path)
    return [name for name, wanted in tables.items() if _place(path, text, name)[2].strip() != wanted.strip()]


def put(path: Path, tables: dict[str, str]) -> None:
    """Put the tables into the file. Raises what `stale` raises."""
    text = _read(path)
    for name, wanted in tables.items():
        begin = _place(path, text, name)
        text = text[: begin.start(2)] + f"\n{wanted}\n" + text[begin.end(2) :]
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise MissingError(f"{path} cannot be written: {error.strerror}.") from error


def _table(
    rows: dict[str, tuple[str, str]], values: dict[str, dict[str, tuple[list[float], list[str]]]], language: str
) -> str:
    column = LANGUAGES.index(language)
    body = [
        [f"`{name}`", meaning[column], *(with_interval(*found[name]).replace(" to ", "–") for found in values.values())]
        for name, meaning in rows.items()
    ]
    lines = table([*HEADS[language], *values], body).split("\n")
    return "\n".join([lines[0], "| --- | --- | --: | --: |", *lines[2:]])


def _changed(outcomes: Sequence[Outcome]) -> dict[str, tuple[list[float], list[str]]]:
    found: dict[str, tuple[list[float], list[str]]] = {name: ([], []) for name in CHANGED}
    for outcome in outcomes:
        name = "follow" if outcome.name.startswith("follow_") else outcome.name
        if name in found and outcome.score.value is not None:
            found[name][0].append(outcome.score.value)
            found[name][1].append(outcome.case.cluster)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise MissingError(f"{path} cannot be read: {error.strerror}.") from error


def _place(path: Path, text: str, name: str) -> re.Match[str]:
    found = re.search(rf"(<!-- {name}[^>]*-->\n)(.*?)(<!-- end -->)", text, re.DOTALL)
    if found is None:
        raise EvalError(f"{path} has no place for the table. Put these lines there: <!-- {name} --> and <!-- end -->")
    return found
