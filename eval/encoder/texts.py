"""The training texts: `data/*.jsonl`, one paragraph a line.

`p` holds its sentences; `asks` questions `q`, each with the places `a` of the sentences that answer it, from 0, and its
kind `k`; `near` questions that the paragraph nearly answers. See `assistant/weights/README.md` for who wrote them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Text:
    """A paragraph, questions with the sentences that answer them, and questions that it nearly answers."""

    sentences: list[str]
    asked: list[tuple[str, list[int]]]
    near: list[str]


def read_texts() -> list[Text]:
    """Return all training texts, in the order of the files."""
    rows = [json.loads(line) for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [Text(row["p"], [(ask["q"], ask["a"]) for ask in row["asks"]], row["near"]) for row in rows]
