"""The same question in another dress must get the same answer, and the same run the same bytes.

traditional     Simplified characters for Traditional ones and the other way round
full_width      every ASCII character in its full width
half_width      full-width letters, digits and punctuation in ASCII
punctuation     without the mark at the end, or with one if there is none
deterministic   asked again by an assistant made anew: the same bytes
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.assistant import Assistant
from eval.cases import SPLITS, Case
from eval.judgements import Judgement
from eval.replies import Reply, read
from eval.runs import Run, converse, reply_to
from eval.scores import FULL, NOT_ASKED, Score
from eval.tables import table, with_interval

_FULL = {i: i + 0xFEE0 for i in range(0x21, 0x7F)} | {0x20: 0x3000}
_HALF = {wide: narrow for narrow, wide in _FULL.items()} | {ord("。"): "."}
_END = "？?。.！!"


def traditional(text: str) -> str:
    """Return the text in the other script."""
    simplified = _converter("t2s")(text)
    return simplified if simplified != text else _converter("s2t")(text)


@lru_cache
def _converter(name: str) -> Callable[[str], str]:
    from opencc import OpenCC

    # Making one reads its dictionaries.
    convert: Callable[[str], str] = OpenCC(name).convert
    return convert


def full_width(text: str) -> str:
    """Return the text with every ASCII character in its full width."""
    return text.translate(_FULL)


def half_width(text: str) -> str:
    """Return the text with ASCII for what has a full width."""
    return text.translate(_HALF)


def punctuation(text: str) -> str:
    """Return the text without the marks at its end, or with one if there is none."""
    return text.rstrip(_END) or text if text.endswith(tuple(_END)) else f"{text}？"


DRESSES: dict[str, Callable[[str], str]] = {
    dress.__name__: dress for dress in (traditional, full_width, half_width, punctuation)
}
ROBUST = (*DRESSES, "deterministic")


@dataclass(frozen=True)
class Held:
    """Whether a case held under a change."""

    case: Case
    name: str
    score: Score


def measure(assistant: Assistant, judgements: Iterable[Judgement], run: Run) -> list[Held]:
    """Ask every case of a run again, as it is and in every dress; `assistant` must be made anew."""
    lines = run.by_id()
    return [held for j in judgements for held in _asked_again(assistant, j, lines[j.case.id].to_json())]


def robust_table(found: Sequence[Held]) -> str:
    """Return a row for every change: the share of cases that held, in each split."""
    splits = [split for split in SPLITS if any(held.case.split == split for held in found)]
    rows = []
    for name in ROBUST:
        chosen = [[h for h in found if h.name == name and h.case.split == split] for split in splits]
        rows.append([f"`{name}`", *(_rate(part) for part in chosen)])
    return table(["same reply", *splits], rows)


def to_dict(found: Iterable[Held]) -> list[dict[str, Any]]:
    """Return what was found, ready for JSON."""
    return [{"case": h.case.id, "name": h.name, "value": h.score.value, "why": h.score.why} for h in found]


def from_dict(rows: Iterable[dict[str, Any]], cases: Iterable[Case]) -> list[Held]:
    """Return what was found of those cases among `to_dict`'s rows."""
    by_id = {case.id: case for case in cases}
    return [
        Held(by_id[row["case"]], row["name"], Score(row["value"], row["why"])) for row in rows if row["case"] in by_id
    ]


def _asked_again(assistant: Assistant, j: Judgement, before: str) -> Iterable[Held]:
    same = reply_to(assistant, j.case).to_json() == before
    yield Held(j.case, "deterministic", FULL if same else Score(0, "other bytes than in the run"))
    entry = j.case.entry
    for name, dress in DRESSES.items():
        if dress(entry.question) == entry.question:
            yield Held(j.case, name, NOT_ASKED)
            continue
        reply = read(converse(assistant, map(dress, entry.turns), dress(entry.question)).to_dict())
        yield Held(j.case, name, _alike(dress(entry.question), j.reply, reply))


def _alike(question: str, before: Reply, after: Reply) -> Score:
    if before.kind != after.kind:
        return Score(0, f"{question}: {after.kind} where there was {before.kind}")
    old, new = ({(c.speech, c.start, c.end): c for c in reply.citations} for reply in (before, after))
    if old.keys() == new.keys():
        return FULL
    return Score(0, f"{question}: cites {' '.join(c.quote for c in new.values())}")


def _rate(found: Sequence[Held]) -> str:
    applied = [(h.score.value, h.case.cluster) for h in found if h.score.value is not None]
    return with_interval([value for value, _ in applied], [cluster for _, cluster in applied])
