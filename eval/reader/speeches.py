"""Whole speeches to train on: `data/speeches/*.txt`, their questions in `*.jsonl`, as `eval.elsewhere` has them.

Of a question that a speech does not answer, the sentences that come nearest are the ones that the reader is shown in use.
See `assistant/weights/README.md` for who wrote them.
"""

import json
from pathlib import Path

from assistant.corpus import Speech
from eval.encoder.texts import Text
from eval.reader.contrasts import DATA

SPEECHES = DATA / "speeches"


def read_speeches() -> list[Text]:
    """Return all speeches, in the order of the files' names."""
    return [_read(path) for path in sorted(SPEECHES.glob("*.txt"))]


def _read(path: Path) -> Text:
    sentences = [sentence.text for sentence in Speech.from_text(path.stem, path.read_text("utf-8")).sentences]
    rows = [json.loads(line) for line in path.with_suffix(".jsonl").read_text("utf-8").splitlines()]
    asked = [
        (row["q"], [i for i, sentence in enumerate(sentences) if any(part in sentence for part in row["gold"])])
        for row in rows
        if row["gold"]
    ]
    return Text(sentences, asked, [row["q"] for row in rows if not row["gold"]])
