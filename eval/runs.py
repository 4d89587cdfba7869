"""A run: what the assistant replied to each case, kept apart from what the replies are worth.

    runs/<name>/run.json        what was asked of what: hashes of the cases, the speech, the prompt, the code, …
    runs/<name>/replies.jsonl   one line a case, in the order of the cases; the same bytes whenever the same is asked

A run is made beside its place, in `runs/.<name>.unfinished`, and takes it when it is whole: what stands there is always
a whole run with what was measured on it, and stays until the next one is whole. Lines are added as replies come, so a
run that was stopped goes on where it ended, if it still asks the same of the same.
"""

import hashlib
import json
import platform
import shutil
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.assistant import Assistant
from assistant.conversation import Conversation
from assistant.glossary import GLOSSARY
from assistant.replies import Reply
from eval.cases import Case, digest
from eval.errors import EvalError, MissingError
from eval.retrieval import DEPTH

SCHEMA = 1
"""Raised when a run of an older version could no longer be scored."""
_PROJECT = Path(__file__).parent.parent


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class _Cases(_Part):
    number: int
    sha256: str


class _Asked(_Part):
    cases: _Cases
    answerer: str
    code: str


class _About(_Part):
    seconds: dict[str, float] = {}


class _File(_Part):
    """What of `run.json` is relied on."""

    asked: _Asked
    about: _About


@dataclass(frozen=True)
class Line:
    """What came back for one case."""

    id: str
    case: str
    """Hash of the case that was asked."""
    reply: Any
    """`to_dict()` of the reply, as JSON."""
    found: tuple[tuple[str, int], ...]
    """(speech, paragraph) of the search for the question as it was understood, best first."""

    def to_json(self) -> str:
        content = {"id": self.id, "case": self.case, "reply": self.reply, "found": self.found}
        return json.dumps(content, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Run:
    """A run that was read or made; `asked` is what two runs must share to be one and the same."""

    folder: Path
    asked: dict[str, Any]
    lines: tuple[Line, ...]
    about: dict[str, Any]
    """What may differ between two runs of the same: commit, times."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a run.

        Raises:
            EvalError: there is none, it is unfinished, damaged, or of another schema.
        """
        if not (folder / "run.json").exists() and _unfinished(folder).exists():
            raise EvalError(f"{folder} is not whole yet. Go on with the command that began it.")
        run = cls._read(folder)
        if len(run.lines) != run.asked["cases"]["number"]:
            raise EvalError(f"{folder / 'replies.jsonl'} is damaged: replies are missing. {_remedy(folder)}")
        return run

    @classmethod
    def _read(cls, folder: Path) -> Self:
        """Read a run that may be unfinished. Raises what `read` raises."""
        content = _read_json(folder / "run.json")
        if content.get("schema") != SCHEMA:
            raise EvalError(
                f"{folder} is a run of schema {content.get('schema')}; {SCHEMA} is read here. {_remedy(folder)}"
            )
        try:
            _File.model_validate(content)
        except ValidationError:
            raise EvalError(f"{folder / 'run.json'} is damaged. {_remedy(folder)}") from None
        lines = tuple(_lines(folder / "replies.jsonl"))
        if len({line.id for line in lines}) < len(lines):
            raise EvalError(f"{folder / 'replies.jsonl'} is damaged: replies are there twice. {_remedy(folder)}")
        return cls(folder, content["asked"], lines, content["about"])

    def by_id(self) -> dict[str, Line]:
        return {line.id: line for line in self.lines}

    @property
    def sha256(self) -> str:
        """Hash of the replies."""
        return hashlib.sha256("".join(f"{line.to_json()}\n" for line in self.lines).encode()).hexdigest()

    def keep(self, name: str, content: object) -> None:
        """Write what was measured on these replies beside them."""
        write_json(self.folder / f"{name}.json", {"schema": SCHEMA, "replies": self.sha256, name: content})

    def kept(self, name: str) -> Any:
        """Return what was kept; None if nothing was, or of other replies than these."""
        path = self.folder / f"{name}.json"
        content = _read_json(path) if path.exists() else {}
        same = (content.get("schema"), content.get("replies")) == (SCHEMA, self.sha256)
        return content[name] if same else None


def describe(assistant: Assistant, cases: Sequence[Case], *, recordings: str | None = None) -> dict[str, Any]:
    """Return what a run of these cases asks, and of what: a run may only go on if this is the same."""
    made_by = assistant.made_by
    return {
        "cases": {"number": len(cases), "sha256": digest(cases)},
        "source": cases[0].source.sha256 if cases else None,
        "speech": made_by.speech,
        "embedder": made_by.embedder,
        "answerer": made_by.answerer,
        "prompt": made_by.prompt,
        "passages": assistant.passages,
        "recordings": recordings,
        "code": code_hash(),
    }


def ask(
    assistant: Assistant,
    cases: Sequence[Case],
    folder: Path,
    *,
    asked: dict[str, Any],
    again: bool = False,
    watch: Callable[[Iterable[Case]], Iterable[Case]] = iter,
) -> Run:
    """Ask what has not been asked yet, and return the whole run; one that is whole already is returned as it is.

    Args:
        assistant: the one to ask.
        cases: what to ask, in this order.
        folder: of the run; made if need be.
        asked: what `describe` says of this run.
        again: whether to ask anew what is there, and then replace it.
        watch: wraps the cases that are left, for a progress bar.

    Raises:
        EvalError: the folder holds a run of something else.
        MissingError: it cannot be written.
        AssistantError: whatever the assistant raises; what was answered until then is kept.
    """
    try:
        if _taken(folder) and not again:
            return _same(Run.read(folder), asked)
        making = _begun(_unfinished(folder), asked, again=again)
        known, seconds = making.by_id(), list[float]()
        _write_lines(making.folder, making.lines)
        with (making.folder / "replies.jsonl").open("a", encoding="utf-8", newline="\n") as file:
            for case in watch([case for case in cases if case.id not in known]):
                start = time.perf_counter()
                line = known[case.id] = reply_to(assistant, case)
                seconds.append(time.perf_counter() - start)
                file.write(f"{line.to_json()}\n")
                file.flush()
        made = Run(folder, asked, tuple(known[case.id] for case in cases), making.about | {"seconds": _times(seconds)})
        _write_lines(making.folder, made.lines)
        _write_about(making.folder, asked, made.about)
        _put(making.folder, folder)
    except OSError as error:
        raise MissingError(f"{folder} cannot be written: {error.strerror}. Make room, or give another name.") from error
    return made


def reply_to(assistant: Assistant, case: Case) -> Line:
    """Ask one case, its earlier turns first."""
    reply = converse(assistant, case.entry.turns, case.entry.question)
    found = assistant.search(reply.restated or reply.question, DEPTH)
    places = tuple((passage.paragraph.speech, passage.paragraph.number) for passage in found)
    # Through JSON, so that a run just made and one read from disk are the same.
    return Line(case.id, case.sha256, json.loads(json.dumps(reply.to_dict())), places)


def converse(assistant: Assistant, turns: Iterable[str], question: str) -> Reply:
    """Ask the earlier turns and then the question, and return the reply to it."""
    conversation = Conversation(assistant)
    for turn in turns:
        conversation.ask(turn)
    return conversation.ask(question)


def code_hash(project: Path = _PROJECT) -> str:
    """Return one hash over what answers: the modules of `assistant`, its weights, the prompts and the glossary."""
    paths = sorted(
        [
            *(project / "assistant").rglob("*.py"),
            *(project / "assistant" / "weights").glob("*"),
            *(project / "prompts").glob("*.md"),
            project / "seeds" / GLOSSARY,
        ]
    )
    content = hashlib.sha256()
    for path in paths:
        content.update(f"{path.relative_to(project).as_posix()}\n".encode() + path.read_bytes())
    return content.hexdigest()


# --- Files -----------------------------------------------------------------------------------------------------------


def _taken(folder: Path) -> bool:
    """Return whether a run stands there.

    Raises:
        EvalError: something else does, which no run may replace.
    """
    if (folder / "run.json").exists():
        return True
    if folder.exists() and any(folder.iterdir()):
        raise EvalError(f"{folder} holds something else than a run. Give another name.")
    return False


def _unfinished(folder: Path) -> Path:
    """Return where a run is made."""
    return folder.with_name(f".{folder.name}.unfinished")


def _remedy(folder: Path) -> str:
    name = folder.name.removeprefix(".").removesuffix(".unfinished")
    return f"Ask again: python -m eval run {name} --again"


def _begun(folder: Path, asked: dict[str, Any], *, again: bool) -> Run:
    """Return the run that was begun there, if it is one of the same; begin it if there is none, or again."""
    if again and folder.exists():
        shutil.rmtree(folder)
    if (folder / "run.json").exists() and (begun := Run._read(folder)).lines:
        return _same(begun, asked)
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder, asked, (), _here())
    _write_lines(folder, ())
    _write_about(folder, asked, run.about)
    return run


def _same(run: Run, asked: dict[str, Any]) -> Run:
    """Return the run, if it is one of the same."""
    if changed := sorted(key for key in asked.keys() | run.asked.keys() if asked.get(key) != run.asked.get(key)):
        raise EvalError(
            f"{run.folder} was asked with other {', '.join(changed)}. Give another name, or add --again to replace it."
        )
    return run


def _put(made: Path, place: Path) -> None:
    """Move a whole run to its place. Where this is cut short, `made` is still whole, and going on with it ends it."""
    old = place.with_name(f".{place.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if place.exists():
        place.replace(old)
    made.replace(place)
    if old.exists():
        shutil.rmtree(old)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise EvalError(f"{path.parent} holds no run. Make one: python -m eval run {path.parent.name}") from None
    except (OSError, ValueError) as error:
        raise EvalError(f"{path} cannot be read: {error}. Restore it, or ask again.") from error
    if not isinstance(content, dict):
        raise EvalError(f"{path} is no run. Restore it, or ask again.")
    return content


def _lines(path: Path) -> Iterator[Line]:
    """Yield the lines, without what a run that was stopped left of one."""
    try:
        rows = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"{path} cannot be read: {error}. Restore it, or ask again.") from error
    for number, row in enumerate(rows[:-1], start=1):
        try:
            content = json.loads(row)
            found = tuple((str(speech), int(paragraph)) for speech, paragraph in content["found"])
            yield Line(str(content["id"]), str(content["case"]), content["reply"], found)
        except (ValueError, KeyError, TypeError) as error:
            raise EvalError(f"{path}, line {number} is no reply: {error}. Restore it, or ask again.") from error


def _write_lines(folder: Path, lines: Iterable[Line]) -> None:
    write_text(folder / "replies.jsonl", "".join(f"{line.to_json()}\n" for line in lines))


def _write_about(folder: Path, asked: dict[str, Any], about: dict[str, Any]) -> None:
    write_json(folder / "run.json", {"schema": SCHEMA, "asked": asked, "about": about})


def write_json(path: Path, content: object) -> None:
    """Replace a file by `content` as JSON: whole, or not at all."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def write_text(path: Path, text: str) -> None:
    """Replace a file by `text`: whole, or not at all."""
    new = path.with_name(f".{uuid.uuid4().hex}.new")
    try:
        new.write_text(text, encoding="utf-8", newline="\n")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _times(seconds: list[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    p95 = statistics.quantiles(seconds, n=20)[18]
    return {"total": sum(seconds), "median": statistics.median(seconds), "p95": p95, "asked": len(seconds)}


def _here() -> dict[str, Any]:
    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain")),
        "python": platform.python_version(),
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _git(*arguments: str) -> str | None:
    """Return what git prints about this checkout; None where there is no git or no checkout."""
    try:
        done = subprocess.run(["git", *arguments], cwd=_PROJECT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
