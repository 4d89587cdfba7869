"""A run: what the assistant replied to each case, kept apart from what the replies are worth.

    runs/<name>/run.json        what was asked of what: hashes of the cases, the speech, the prompt, the code, …
    runs/<name>/replies.jsonl   one line a case, in the order of the cases; the same bytes whenever the same is asked

Lines are added as replies come, so a run that was stopped goes on where it ended. `run.json` is replaced whole.
"""

import hashlib
import json
import platform
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from assistant.assistant import Assistant
from assistant.conversation import Conversation
from assistant.replies import Reply
from eval.cases import Case, digest
from eval.errors import EvalError, MissingError
from eval.retrieval import DEPTH

SCHEMA = 1
"""Raised when a run of an older version could no longer be scored."""
_PROJECT = Path(__file__).parent.parent


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
        """Read a finished or unfinished run.

        Raises:
            EvalError: there is none, it is damaged, or of another schema.
        """
        content = _read_json(folder / "run.json")
        if content.get("schema") != SCHEMA:
            raise EvalError(
                f"{folder} is a run of schema {content.get('schema')}; {SCHEMA} is read here. Ask again: "
                f"python -m eval run {folder.name} --again"
            )
        asked, about = content.get("asked"), content.get("about")
        if not isinstance(asked, dict) or not isinstance(about, dict):
            raise EvalError(f"{folder / 'run.json'} is damaged. Ask again: python -m eval run {folder.name} --again")
        complete = bool(about.get("complete"))
        lines = tuple(_lines(folder / "replies.jsonl", complete=complete))
        if len({line.id for line in lines}) < len(lines) or (complete and len(lines) != asked["cases"]["number"]):
            raise EvalError(
                f"{folder / 'replies.jsonl'} is damaged: replies are missing, or there twice. Ask again: "
                f"python -m eval run {folder.name} --again"
            )
        return cls(folder, asked, lines, about)

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
    """Ask what has not been asked yet, and return the whole run.

    Args:
        assistant: the one to ask.
        cases: what to ask, in this order.
        folder: of the run; made if need be.
        asked: what `describe` says of this run.
        again: whether to forget what is there.
        watch: wraps the cases that are left, for a progress bar.

    Raises:
        EvalError: the folder holds a run of something else.
        MissingError: it cannot be written.
        AssistantError: whatever the assistant raises; what was answered until then is kept.
    """
    known = {} if again else _resumed(folder, asked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "replies.jsonl", "".join(f"{line.to_json()}\n" for line in known.values()))
        _write_about(folder, asked, {"complete": False})
        seconds: list[float] = []
        with (folder / "replies.jsonl").open("a", encoding="utf-8", newline="\n") as file:
            for case in watch([case for case in cases if case.id not in known]):
                start = time.perf_counter()
                line = known[case.id] = reply_to(assistant, case)
                seconds.append(time.perf_counter() - start)
                file.write(f"{line.to_json()}\n")
                file.flush()
        lines = tuple(known[case.id] for case in cases)
        write_text(folder / "replies.jsonl", "".join(f"{line.to_json()}\n" for line in lines))
        about = {"complete": True, "seconds": _times(seconds), **_here()}
        _write_about(folder, asked, about)
    except OSError as error:
        raise MissingError(f"{folder} cannot be written: {error.strerror}. Make room, or give another name.") from error
    return Run(folder, asked, lines, about)


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


def code_hash() -> str:
    """Return one hash over what answers: the modules of `assistant` and the prompts."""
    paths = sorted([*(_PROJECT / "assistant").rglob("*.py"), *(_PROJECT / "prompts").glob("*.md")])
    content = hashlib.sha256()
    for path in paths:
        content.update(f"{path.relative_to(_PROJECT).as_posix()}\n".encode() + path.read_bytes())
    return content.hexdigest()


# --- Files -----------------------------------------------------------------------------------------------------------


def _resumed(folder: Path, asked: dict[str, Any]) -> dict[str, Line]:
    """Return the lines of the run that is there, if it is one of the same."""
    if not (folder / "run.json").exists():
        return {}
    run = Run.read(folder)
    if changed := sorted(key for key in asked.keys() | run.asked.keys() if asked.get(key) != run.asked.get(key)):
        raise EvalError(
            f"{folder} was asked with other {', '.join(changed)}. Give another name, or add --again to replace it."
        )
    return run.by_id()


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


def _lines(path: Path, *, complete: bool) -> Iterator[Line]:
    try:
        rows = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"{path} cannot be read: {error}. Restore it, or ask again.") from error
    last = rows.pop()
    if complete and last:
        raise EvalError(f"{path} ends in the middle of a line. Restore it, or ask again.")
    for number, row in enumerate(rows, start=1):
        try:
            content = json.loads(row)
            found = tuple((str(speech), int(paragraph)) for speech, paragraph in content["found"])
            yield Line(content["id"], content["case"], content["reply"], found)
        except (ValueError, KeyError, TypeError) as error:
            raise EvalError(f"{path}, line {number} is no reply: {error}. Restore it, or ask again.") from error


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
