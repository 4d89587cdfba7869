"""Public question sets in SQuAD layout (CMRC, DRCD, ExpMRC, SQuAD 2): read from files that stay outside the project."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from assistant.corpus import Corpus, Speech
from assistant.errors import CorpusError
from eval.errors import EvalError


@dataclass(frozen=True)
class Question:
    """A question on one of the passages; without answers, one that it does not answer."""

    speech: str
    """Id of the passage."""
    text: str
    answers: tuple[str, ...]
    evidences: tuple[str, ...] = ()
    """Sentences that bear the answer out, by one annotator each (ExpMRC)."""


@dataclass(frozen=True)
class QuestionSet:
    """The passages of a file as a corpus of one-paragraph speeches, and its questions."""

    corpus: Corpus
    questions: tuple[Question, ...]

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a file in SQuAD layout.

        Line breaks inside a passage become spaces, so that it stays one paragraph; equal passages become one; a
        question without words is left out.

        Raises:
            EvalError: the file cannot be read, is in another layout or holds no question.
        """
        try:
            articles = json.loads(path.read_text("utf-8-sig"))["data"]
            paragraphs = [
                (" ".join(p["context"].split()), p["qas"]) for article in articles for p in article["paragraphs"]
            ]
            ids = {context: f"p{i}" for i, context in enumerate(dict.fromkeys(context for context, _ in paragraphs))}
            questions = tuple(question for context, qas in paragraphs for question in _questions(ids[context], qas))
            speeches = tuple(Speech.from_text(id, context, qualified=True) for context, id in ids.items())
        except OSError as error:
            raise EvalError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError, AttributeError, CorpusError) as error:
            raise EvalError(f"{path} is not in SQuAD layout: {error!r}.") from error
        if not questions:
            raise EvalError(f"{path} holds no question.")
        return cls(Corpus(speeches), questions)


def _questions(speech: str, qas: list[dict[str, Any]]) -> Iterator[Question]:
    for qa in qas:
        if not qa["question"].strip():  # CMRC has some
            continue
        answers = () if qa.get("is_impossible") else tuple(answer["text"] for answer in qa["answers"])
        yield Question(speech, qa["question"], answers, tuple(qa.get("evidences", ())))
