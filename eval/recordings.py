"""What a model wrote, kept on disk: asked once, judged as often as one likes, without it and without a network.

    folder/<key>.json       one draft or one restated question; the key is the SHA-256 of what was asked

A folder holds the recordings of one model. What was asked is the kind (`draft` or `restate`), the question, the
sentences shown with their addresses, the earlier turns, the version of the prompt and the name of the model. The
language, the temperature and the limit of tokens are no part of it: record with the same settings, or into a folder of
their own. A file is
written beside its place and moved there, so any number of processes may record into a folder, and one that is killed
leaves whole recordings only; a `.new` of it may be deleted.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_serializer

from assistant.assistant import Answerer
from assistant.errors import AssistantError
from assistant.index import Passage
from assistant.llm import LLMAnswerer
from assistant.prompts import Prompt
from assistant.replies import Turn, excerpt
from assistant.settings import bundled

RECORD = "python -m eval record"
"""The command that asks the model for what is not recorded yet."""

Kind = Literal["draft", "restate"]

_PROMPTS: dict[Kind, str] = {"draft": "answer.md", "restate": "restate.md"}


class RecordingError(AssistantError):
    """A recording is missing, damaged or for another prompt, or one may not be made.

    It stands here because what is shipped knows no recordings. It is no `ModelError`: an `Assistant` would let quotes
    take the place of the answer, and nobody would see what is missing.
    """


class Request(BaseModel):
    """What was asked of a model. Two requests are the same if every field is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    model: str
    prompt: str | None
    """Version of the prompt file; None for an answerer that uses none."""
    question: str
    history: tuple[Turn, ...] = ()
    shown: str
    """Hash of the sentences shown and their addresses; their texts would make up most of the file."""

    @field_serializer("history")
    def _as_shown(self, turns: tuple[Turn, ...]) -> list[dict[str, str]]:
        """Return the turns as `prompts/restate.md` shows them, without their kind."""
        return [{"question": turn.question, "answer": turn.answer} for turn in turns]

    @property
    def key(self) -> str:
        """SHA-256 of the request as canonical JSON."""
        return _sha256(self.model_dump(include=set(Request.model_fields)))


class Recording(Request):
    """A request and what came back: the whole draft, or the question restated.

    The pieces of a draft are joined: where a draft is cut does not matter to the check, not even inside a mark.
    """

    text: str


class RecordingAnswerer:
    """Asks another answerer, and keeps in `folder` what it gave to the end.

    What is there already is not asked again, so that a recording can be resumed; to renew one, delete its file. A draft
    that fails or is left half-way leaves nothing behind, and neither does a restatement that fails: in replay each is
    missing, and says so. Where an `LLMAnswerer` could not use what its model restated, it gives the question unchanged,
    and that is what is kept.

    Only an `LLMAnswerer` may record under the name of its model; that there is a real model behind its server cannot be
    seen from here, so a server that only pretends must be asked for a model called `scripted-…`. So must anything else
    be called.
    """

    def __init__(self, inner: Answerer, folder: Path) -> None:
        """Make the folder if need be.

        Raises:
            RecordingError: `inner` may not record under its name, or the folder cannot be used or holds the recordings
                of another model or a damaged one.
        """
        # Not `isinstance`: a subclass could draft what it likes.
        if type(inner) is not LLMAnswerer and not is_scripted(inner.name):
            raise RecordingError(
                f"{inner.name} is not a language model. Only what one wrote is recorded under its name; call anything "
                f"else scripted-…, for example scripted-{inner.name}."
            )
        self._inner, self._folder = inner, folder
        self.name, self.prompt = inner.name, inner.prompt
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(f"{folder} cannot be made: {error.strerror}. Give another folder.") from error
        if others := {recording.model for recording in _read_all(folder)} - {self.name}:
            raise RecordingError(
                f"{folder} holds recordings of {min(others)}. Give {self.name} a folder of its own, or delete them."
            )

    def draft(self, question: str, passages: Sequence[Passage]) -> Generator[str]:
        """Yield the pieces of the draft as they arrive, and keep it once it is whole.

        Raises:
            ModelError: whatever the answerer raises.
            RecordingError: the draft cannot be kept.
        """
        request = _request("draft", self, question, passages=passages)
        if held := self._held(request):
            yield held.text
            return
        draft, pieces = self._inner.draft(question, passages), list[str]()
        try:
            for piece in draft:
                pieces.append(piece)
                yield piece
        finally:
            if isinstance(draft, Generator):
                draft.close()
        self._keep(request, "".join(pieces))

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return the question as the answerer restates it, and keep it. Raises what `draft` raises."""
        request = _request("restate", self, question, turns=turns)
        if held := self._held(request):
            return held.text
        restated = self._inner.restate(question, turns)
        self._keep(request, restated)
        return restated

    def _held(self, request: Request) -> Recording | None:
        path = _path(self._folder, request)
        return _read(path) if path.exists() else None

    def _keep(self, request: Request, text: str) -> None:
        what = f"What {self.name} gave for {_short(request.question)}"
        recording = Recording(**dict(request), text=text).model_dump(mode="json")
        content = json.dumps(recording, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        if isinstance(self._inner, LLMAnswerer) and self._inner.holds_key(content):
            raise RecordingError(f"{what} holds the key, and is not kept. Find out why the server repeats it.")
        try:
            data = content.encode()
        except UnicodeEncodeError:
            raise RecordingError(f"{what} holds half a character and cannot be kept. Ask again.") from None
        _write(_path(self._folder, request), data)


class ReplayAnswerer:
    """Gives what was recorded in a folder, under the name of the model that was recorded.

    Attributes:
        name: of the recorded model.
        scripted: whether no real model wrote the recordings; then nothing of them is any model's quality.
        questions: those of which something is recorded.
        prompt: version of `prompts/answer.md` as it is now; None if the recorded answerer used no prompt.
    """

    def __init__(self, folder: Path) -> None:
        """Read all recordings.

        Raises:
            RecordingError: there is none, one is damaged, or they are of several models.
        """
        self._folder = folder
        self._recordings = {recording.key: recording for recording in _read_all(folder)}
        names = sorted({recording.model for recording in self._recordings.values()})
        if not names:
            raise RecordingError(f"{folder} holds no recording. Make them: {RECORD}")
        if len(names) > 1:
            raise RecordingError(f"{folder} holds recordings of {' and '.join(names)}. Give each a folder of its own.")
        self.name = names[0]
        self.scripted = is_scripted(self.name)
        self.questions = frozenset(recording.question for recording in self._recordings.values())
        uses_prompt = any(recording.prompt for recording in self._recordings.values())
        self.prompt = _version("draft") if uses_prompt else None

    @property
    def sha256(self) -> str:
        """Hash of all recordings."""
        return _sha256([self._recordings[key].model_dump(mode="json") for key in sorted(self._recordings)])

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield the recorded draft in one piece.

        Raises:
            RecordingError: it is not recorded; the message says what is missing and how to record it.
        """
        yield self._find(_request("draft", self, question, passages=passages)).text

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return the question as it was restated. Raises what `draft` raises."""
        return self._find(_request("restate", self, question, turns=turns)).text

    def _find(self, request: Request) -> Recording:
        found = self._recordings.get(request.key)
        if not found:
            raise RecordingError(
                f"{self._folder}: the {request.kind} of {self.name} for {_short(request.question)} "
                f"{self._what_differs(request)}. Record it: {RECORD}"
            )
        return found

    def _what_differs(self, request: Request) -> str:
        """Return in words what keeps the recordings of the same question from being used."""
        alike = [r for r in self._recordings.values() if (r.kind, r.question) == (request.kind, request.question)]
        if not alike:
            return "is not recorded"
        for recording in alike:
            if recording.model_copy(update={"prompt": request.prompt}).key == request.key:
                file = _PROMPTS[request.kind]
                return f"is recorded for the prompt {recording.prompt}, and prompts/{file} is now {request.prompt}"
        if all(recording.shown != request.shown for recording in alike):
            return "is recorded for other sentences: the speech, or what the search finds in it, has changed"
        return "is recorded after other turns"


def is_scripted(name: str) -> bool:
    """Whether a name says that no real model wrote: `scripted-lies`, or `openai:scripted-lies` from a server of ours."""
    return bool(re.search(r"(?:^|:)scripted-", name))


def _request(
    kind: Kind, answerer: Answerer, question: str, *, passages: Sequence[Passage] = (), turns: Sequence[Turn] = ()
) -> Request:
    # In reading order, as a prompt shows them: a search that only ranks them otherwise changes nothing.
    paragraphs = sorted((passage.paragraph for passage in passages), key=lambda p: (p.speech, p.start))
    shown = [(sentence.address, sentence.text) for paragraph in paragraphs for sentence in paragraph.sentences]
    prompt = answerer.prompt if kind == "draft" or answerer.prompt is None else _version(kind)
    return Request(
        kind=kind,
        model=answerer.name,
        prompt=prompt,
        question=question,
        history=tuple(turns),
        shown=f"sha256:{_sha256(shown)}",
    )


def _version(kind: Kind) -> str:
    return Prompt.from_file(bundled("prompts") / _PROMPTS[kind]).version


def _short(question: str) -> str:
    return repr(excerpt(question, 60))


def _sha256(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


# --- Files -----------------------------------------------------------------------------------------------------------


def _path(folder: Path, request: Request) -> Path:
    return folder / f"{request.key}.json"


def _read_all(folder: Path) -> list[Recording]:
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def _read(path: Path) -> Recording:
    remedy = f"Restore the file, or delete it and run: {RECORD}"
    try:
        recording = Recording.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}. {remedy}") from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise RecordingError(f"{path} is damaged: {where + ': ' if where else ''}{problem['msg']}. {remedy}") from None
    if recording.key != path.stem:
        raise RecordingError(f"{path} is damaged: its name is not the hash of what was asked. {remedy}")
    return recording


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f"{uuid.uuid4().hex}.new")
    try:
        new.write_bytes(data)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise RecordingError(
            f"{path} cannot be written: {error.strerror}. Make room, or give another folder."
        ) from error
