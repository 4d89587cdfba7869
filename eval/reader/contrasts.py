"""The training texts of the reader: `data/*.jsonl`, two sentences of one frame a line.

`a` and `b` differ in what decides; `qa` holds questions that only `a` answers, `qb` those that only `b` answers, `no`
those that neither does. Whoever sees only a question, or only a sentence, cannot tell whether it is answered. See
`assistant/weights/README.md` for who wrote them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Contrast:
    """Two sentences, the questions that each of them alone answers, and questions that neither answers."""

    sentences: tuple[str, str]
    asked: tuple[list[str], list[str]]
    neither: list[str]


def read_contrasts() -> list[Contrast]:
    """Return all contrasts, in the order of the files."""
    rows = [json.loads(line) for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [Contrast((row["a"], row["b"]), (row["qa"], row["qb"]), row["no"]) for row in rows]
