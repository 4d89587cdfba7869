"""What readers of the page disliked, as drafts of cases: a person reads them, finds the gold and finishes them."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.text import fold
from eval.cases import KINDS, Case
from eval.errors import EvalError, MissingError

LIKED = "up"


class _Record(BaseModel):
    """A line of the page's file, as far as a case needs it."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    verdict: str
    question: str = Field(min_length=1)
    turns: list[str]
    reply: dict[str, Any]


@dataclass
class Draft:
    """A question that somebody was not content with, once, however often it was asked."""

    question: str
    turns: list[str]
    verdicts: Counter[str] = field(default_factory=Counter)
    replies: dict[str, None] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        return asked(self.turns, self.question)


def asked(turns: Iterable[str], question: str) -> tuple[str, ...]:
    """Return what two questions share that ask the same in the same words."""
    return tuple("".join(fold(text).split()).rstrip("?？。.!！") for text in (*turns, question))


def drafts(file: Path, known: Iterable[Case]) -> list[Draft]:
    """Return the questions of all thumbs down, without those that are cases already.

    Raises:
        EvalError: the file cannot be read, holds nothing, or a line of it is no record.
    """
    cases = {asked(case.entry.turns, case.entry.question) for case in known}
    found: dict[tuple[str, ...], Draft] = {}
    if not (records := list(_records(file))):
        raise EvalError(f"{file} holds no feedback. Give the page's file of feedback.")
    for record in records:
        draft = Draft(record.question, record.turns)
        if record.verdict == LIKED or draft.key in cases:
            continue
        draft = found.setdefault(draft.key, draft)
        draft.verdicts[record.verdict] += 1
        draft.replies[" ".join(str(record.reply.get("text", "")).split())] = None
    return list(found.values())


def write(found: Iterable[Draft], path: Path) -> None:
    """Write drafts to a new file.

    Raises:
        EvalError: the file is there already.
        MissingError: it cannot be written.
    """
    head = (
        "# Drafts. For each: find out whether the speech answers it; give it a kind "
        f"({', '.join(KINDS)}),\n# gold and key points, or `refuses`; see eval/cases/README.md. Then move it to eval/cases.\n"
    )
    text = head + "".join(_yaml(number, draft) for number, draft in enumerate(found, start=1))
    try:
        with path.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except FileExistsError:
        raise EvalError(f"{path} is there already. Finish or move it, or give another name with --out.") from None
    except OSError as error:
        raise MissingError(f"{path} cannot be written: {error.strerror}. Give another name with --out.") from error


def _records(file: Path) -> Iterable[_Record]:
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"{file} cannot be read: {error}. Give the page's file of feedback.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _Record.model_validate(json.loads(line))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise EvalError(
                f"{file}, line {number} is no feedback: {where}: {first['msg']}. Remove the line."
            ) from None
        except ValueError as error:
            raise EvalError(f"{file}, line {number} is no feedback: {error}. Remove the line.") from None


def _yaml(number: int, draft: Draft) -> str:
    verdicts = ", ".join(f"{count} × {verdict}" for verdict, count in sorted(draft.verdicts.items()))
    entry: dict[str, Any] = {"id": f"draft-{number:03}", "kind": "", "question": draft.question}
    if draft.turns:
        entry["turns"] = draft.turns
    entry |= {"gold": [], "key_points": [], "tags": ["feedback"], "reviews": 0}
    replies = "".join(f"# replied: {_comment(text)}\n" for text in draft.replies)
    body = yaml.safe_dump([entry], allow_unicode=True, sort_keys=False, width=1000)
    return f"\n# {_comment(verdicts)}\n{replies}{body}"


def _comment(text: str) -> str:
    return "".join(c for c in text if c.isprintable())
