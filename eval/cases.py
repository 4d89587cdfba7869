"""The cases: questions on the speech, what answers them as quotations, and which of them nothing may be tuned on.

Gold is kept as quotations and found in the speech when the cases are loaded, so it survives every change of how the
assistant cuts a text; a quotation that is not there, or stands in two sentences, is an error.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from eval.errors import EvalError
from eval.forms import form, holds
from eval.sources import Place, Source
from eval.yaml_files import load_yaml

ANSWERABLE = (
    *("fact", "number", "list", "definition", "reason", "several", "whole", "place", "mention"),
    *("paraphrase", "everyday", "english", "traditional", "follow_up"),
)
TIERS = ("foreign", "other_document", "near_miss")
"""Of questions that the speech does not answer: of another field, of this field but another document, nearly answered."""
KINDS = (*ANSWERABLE, *TIERS)
SPLITS = ("tune", "test")
Split = Literal["tune", "test"]
SPLIT_FILE = "split.json"


Words = Annotated[str, Field(pattern=r"\S")]
"""Not only white space."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class KeyPoint(_Strict):
    """What a right answer says, in any of several forms."""

    any: list[Words] = Field(min_length=1)
    vital: bool = True
    """Without it the answer is not right."""
    forbid: list[Words] = []
    """Forms that make the answer wrong: the wrong number, the flipped verb."""
    derived: bool = False
    """It stands in no gold sentence literally, such as a count."""


class Entry(_Strict):
    """A case as it stands in a file."""

    id: str = Field(pattern=r"^[\w-]+$")
    kind: str
    question: Words
    turns: list[Words] = []
    group: str | None = None
    gold: list[list[Words]] = []
    key_points: list[KeyPoint] = []
    refuses: str | None = None
    tags: list[str] = []
    reviews: int = 0
    split: Literal["tune"] | None = None
    """Says that a case was written to be developed on. `test` cannot be claimed; it follows from the hash alone."""

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind. Known: {', '.join(KINDS)}.")
        return kind


@dataclass(frozen=True)
class Case:
    """A case whose quotations were found in the speech that it was written about."""

    entry: Entry
    source: Source = field(repr=False, compare=False)
    gold: tuple[frozenset[Place], ...]
    """Alternatives: the sentences of any one of them together answer the question. Empty where it is not answerable."""

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def answerable(self) -> bool:
        return self.kind not in TIERS

    @cached_property
    def sha256(self) -> str:
        """Hash of all that is asked and expected; notes such as `reviews` and `tags` change nothing."""
        content = self.entry.model_dump(exclude={"reviews", "tags", "split"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @cached_property
    def split(self) -> Split:
        """`tune` or `test`; cases of one group ask the same thing and stay together."""
        if self.entry.split:
            return self.entry.split
        digest = hashlib.sha256((self.entry.group or self.id).encode()).hexdigest()
        return "tune" if int(digest, 16) % 10 < 3 else "test"

    @cached_property
    def cluster(self) -> str:
        """What its result hangs on beside chance: the first gold paragraph, or the group, or nothing but itself."""
        if self.kind == "whole":
            return "whole"
        if self.gold:
            first = min(min(alternative) for alternative in self.gold)
            return f"{first.speech}/{first.paragraph}"
        return self.entry.group or self.id


def load(folder: Path, source: Source) -> tuple[Case, ...]:
    """Return the cases of every `.yaml` file of a folder, in the order of the files.

    Raises:
        EvalError: a file or a case is wrong; the message names every case that is.
    """
    if not (paths := sorted(folder.glob("*.yaml"))):
        raise EvalError(f"{folder} holds no cases. Put .yaml files there, or give another folder with --cases.")
    entries = [entry for path in paths for entry in _entries(path)]
    problems = list(_repeated(entries))
    cases = []
    for entry in entries:
        case = Case(entry, source, tuple(_alternatives(entry, source)))
        problems.extend(f"{entry.id}: {problem}" for problem in _problems(case))
        cases.append(case)
    problems.extend(_parted(cases))
    if problems:
        raise EvalError("\n".join(problems))
    return tuple(cases)


def hashes(cases: Sequence[Case]) -> dict[str, Any]:
    """Return what `split.json` holds: how many cases there are in each split, and a hash over them."""
    return {
        split: {"cases": len(chosen), "sha256": digest(chosen)}
        for split in SPLITS
        for chosen in ([case for case in cases if case.split == split],)
    }


def digest(cases: Sequence[Case]) -> str:
    """Return one hash over cases, whatever their order."""
    return hashlib.sha256("\n".join(sorted(f"{case.id} {case.sha256}" for case in cases)).encode()).hexdigest()


def check_split(folder: Path, cases: Sequence[Case]) -> None:
    """Raise `EvalError` unless the cases are those whose hash was committed."""
    path = folder / SPLIT_FILE
    try:
        frozen = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise EvalError(f"{path} is missing. Freeze the split with: python -m eval validate --freeze") from None
    except (OSError, ValueError) as error:
        raise EvalError(f"{path} cannot be read: {error}. Restore it.") from error
    now = hashes(cases)
    if not isinstance(frozen, dict):
        raise EvalError(f"{path} holds no hashes. Restore it.")
    if changed := [split for split in SPLITS if frozen.get(split) != now[split]]:
        raise EvalError(
            f"The cases of {' and '.join(changed)} are not those frozen in {path}. Restore them, or, if they were "
            "changed on purpose, freeze them with: python -m eval validate --freeze"
        )


# --- Reading ---------------------------------------------------------------------------------------------------------


def _entries(path: Path) -> list[Entry]:
    try:
        rows = load_yaml(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, or a date that does not exist
        raise EvalError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(rows, list) or not rows:
        raise EvalError(f"{path} is empty, or no list of cases. Begin every case with a line such as: - id: fact-001")
    return [_entry(path, i, row) for i, row in enumerate(rows, start=1)]


def _entry(path: Path, number: int, row: object) -> Entry:
    try:
        return Entry.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = row.get("id", number) if isinstance(row, dict) else number
        where = ".".join(str(part) for part in first["loc"])
        raise EvalError(": ".join(filter(None, (f"{path}, case {name}", where, first["msg"])))) from None


def _alternatives(entry: Entry, source: Source) -> Iterator[frozenset[Place]]:
    for quotations in entry.gold:
        yield frozenset(place for quotation in quotations for place in source.find(quotation)[:1])


# --- Checking --------------------------------------------------------------------------------------------------------


def _repeated(entries: Sequence[Entry]) -> Iterator[str]:
    for id, count in Counter(entry.id for entry in entries).items():
        if count > 1:
            yield f"{id}: {count} cases have this id"
    asked: dict[tuple[str, ...], str] = {}
    for entry in entries:
        # Not folded: the same question in Traditional characters is another case.
        question = (*entry.turns, "".join(entry.question.split()))
        if question in asked:
            yield f"{entry.id}: asks the same as {asked[question]}"
        asked[question] = entry.id


def _parted(cases: Sequence[Case]) -> Iterator[str]:
    """Yield the cases of `test` that ask what an open case of their group asks."""
    opened = {case.entry.group for case in cases if case.entry.group and case.entry.split}
    for case in cases:
        if case.entry.group in opened and case.split == "test":
            yield f"{case.id}: others of its group {case.entry.group} say `split: tune`; say it here too, or nowhere"


def _problems(case: Case) -> Iterator[str]:
    entry = case.entry
    if not case.answerable:
        if not entry.refuses:
            yield "`refuses` must say why the speech does not answer"
        if entry.gold or entry.key_points:
            yield "a question that is not answered has neither gold nor key points"
        return
    if entry.refuses:
        yield f"`refuses` is not for a case of kind {entry.kind}"
    if not entry.gold or not all(entry.gold):
        yield "gold is missing"
    if not any(point.vital for point in entry.key_points):
        yield "no key point is vital"
    counts = {quotation: len(case.source.find(quotation)) for quotations in entry.gold for quotation in quotations}
    for quotation, count in counts.items():
        if count != 1:
            yield f"the quotation {quotation!r} stands in {count} sentences of the speech; it must stand in one"
    if set(counts.values()) == {1}:
        yield from _unsupported(case)


def _unsupported(case: Case) -> Iterator[str]:
    """Yield the vital key points of which no form stands in the sentences of an alternative."""
    for i, alternative in enumerate(case.gold, start=1):
        text = form("".join(case.source.text(place) for place in sorted(alternative)))
        for point in case.entry.key_points:
            if point.vital and not point.derived and not any(holds(text, form(alias), text) for alias in point.any):
                yield f"no form of {point.any[0]!r} stands in gold alternative {i}; add one, or say `derived: true`"
