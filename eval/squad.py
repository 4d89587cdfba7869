"""Public question sets in SQuAD layout (CMRC, DRCD): read from a file that stays outside the project."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assistant.corpus import Corpus, Speech


@dataclass(frozen=True)
class QuestionSet:
    """The passages of a file as a corpus of one-paragraph speeches, and its questions."""

    corpus: Corpus
    questions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(id of the speech that answers, question, accepted answers)."""

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a file in SQuAD layout; line breaks inside a passage become spaces, so that it stays one paragraph."""
        paragraphs = [p for article in json.loads(path.read_text("utf-8"))["data"] for p in article["paragraphs"]]
        speeches = tuple(
            Speech.from_text(f"p{i}", " ".join(paragraph["context"].split()), qualified=True)
            for i, paragraph in enumerate(paragraphs)
        )
        return cls(Corpus(speeches), tuple(_questions(paragraphs)))


def _questions(paragraphs: list[dict[str, list[dict[str, object]]]]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for i, paragraph in enumerate(paragraphs):
        for qa in paragraph["qas"]:
            answers = qa["answers"]
            assert isinstance(answers, list)
            yield f"p{i}", str(qa["question"]), tuple(answer["text"] for answer in answers)
