"""Other speeches: invented ones of other fields, with questions that they answer and near misses.

What holds on one speech may not hold on the next. Each of `speeches/*.txt` is indexed alone; `speeches/*.jsonl` holds its
questions, one a line: `q`, `kind`, and `gold`, parts of the sentences of which each by itself answers; none for a near miss.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from eval.answerers import OFFLINE, open_assistant
from eval.options import HERE
from eval.statistics import mean
from eval.tables import percent, table

SPEECHES = HERE / "speeches"
SETTINGS = frozenset(
    "antidoping archive charity chip cotton diplomacy film flood health metro nuclear pension soil standards village".split()
)
"""The speeches that settings of the embedded answerer are chosen with; the others are only measured."""


@dataclass(frozen=True)
class Asked:
    """What came of one question."""

    speech: str
    answerable: bool
    answered: bool
    first: bool
    """Whether the first sentence that was quoted answers."""
    right: bool
    """Refused what is not answered; else whether a quoted sentence answers."""


def ask_elsewhere(folder: Path = SPEECHES, answerer: str = OFFLINE) -> list[Asked]:
    """Return what came of every question, speech by speech."""
    return [asked for text in sorted(folder.glob("*.txt")) for asked in _ask(text, answerer)]


def elsewhere_table(asked: Sequence[Asked]) -> str:
    """Return the shares as a Markdown table, a row a speech, and one for those that no setting was chosen with."""
    speeches = dict.fromkeys(item.speech for item in asked)
    rows = [_row(speech, [item for item in asked if item.speech == speech]) for speech in speeches]
    rows.append(_row("not used for settings", [item for item in asked if item.speech not in SETTINGS]))
    return table(["speech", "questions", "answered", "first quote answers", "right", "near misses refused"], rows)


def _row(name: str, asked: Sequence[Asked]) -> list[str]:
    told = [item for item in asked if item.answerable]
    near = [item for item in asked if not item.answerable]
    shares = [
        mean([item.answered for item in told]),
        mean([item.first for item in told]),
        mean([item.right for item in told]),
        mean([item.right for item in near]),
    ]
    return [name, str(len(asked)), *map(percent, shares)]


def _ask(text: Path, answerer: str) -> Iterator[Asked]:
    with TemporaryDirectory() as folder:
        seeds, index = Path(folder) / "seeds", Path(folder) / "index"
        seeds.mkdir()
        copy(text, seeds)
        with open_assistant(answerer, seeds, index=index) as assistant:
            for line in text.with_suffix(".jsonl").read_text("utf-8").splitlines():
                entry = json.loads(line)
                reply = assistant.ask(entry["q"])
                quotes = [citation.quote for citation in reply.citations] if reply.kind == "answer" else []
                hits = [any(part in quote for part in entry["gold"]) for quote in quotes]
                right = any(hits) if entry["gold"] else not quotes
                yield Asked(text.stem, bool(entry["gold"]), bool(quotes), hits[:1] == [True], right)
