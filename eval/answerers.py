"""Who is asked: by name, as `--answerer` takes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict

from assistant.assistant import Answerer, Assistant
from assistant.errors import AssistantError
from assistant.extractive import ExtractiveAnswerer
from assistant.glossary import Glossary
from assistant.index import Passage
from assistant.replies import Turn
from assistant.settings import bundled
from eval.errors import EvalError, MissingError
from eval.recordings import ReplayAnswerer
from eval.yaml_files import load_yaml

OFFLINE = "extractive"
UNREFUSING = "unrefusing"
"""The embedded answerer, however unsure it is: what it chooses is measured apart from when it refuses. It still refuses where there
is nothing to choose: a place that does not exist, a word that stands nowhere."""
REPLAY = "replay:"
"""Before the folder of recordings."""
SCRIPT = "drafts.yaml"
"""What a scripted model writes, in the folder of its recordings."""


@contextmanager
def open_assistant(answerer: str, seeds: Path | None, *, index: Path | None = None) -> Iterator[Assistant]:
    """Open the assistant that `--answerer` and `--seeds` name: `extractive`, `unrefusing`, or `replay:FOLDER`.

    Raises:
        EvalError: there is no such answerer.
        MissingError: it cannot be made here: no speech, no index, no recording, a wrong setting.
    """
    if answerer not in (OFFLINE, UNREFUSING) and not answerer.startswith(REPLAY):
        raise EvalError(f"There is no answerer {answerer!r}. Known: {OFFLINE}, {UNREFUSING}, {REPLAY}FOLDER.")
    try:
        replay = ReplayAnswerer(Path(answerer.removeprefix(REPLAY))) if answerer.startswith(REPLAY) else None
        assistant = Assistant.from_settings(answerer=OFFLINE, **_folders(seeds, index))
    except AssistantError as error:
        raise MissingError(str(error)) from error
    with assistant:
        # Without a fallback: quotes must not take the place of what is not recorded.
        other = replay or (UnrefusingAnswerer(assistant.corpus, _glossary(seeds)) if answerer == UNREFUSING else None)
        yield assistant if other is None else answering(assistant, other)


def answering(assistant: Assistant, answerer: Answerer) -> Assistant:
    """Return an assistant of the same corpus and index with another answerer and no fallback."""
    return Assistant(
        assistant.corpus, assistant.index, answerer, passages=assistant.passages, language=assistant.language
    )


def open_model(seeds: Path | None) -> Assistant:
    """Return the assistant with the language model that the `ASSISTANT_…` settings name.

    Raises:
        MissingError: it cannot be made here.
    """
    try:
        return Assistant.from_settings(answerer="llm", **_folders(seeds, None))
    except AssistantError as error:
        raise MissingError(str(error)) from error


@dataclass(frozen=True)
class UnrefusingAnswerer(ExtractiveAnswerer):
    """The embedded answerer with no least confidence."""

    min_confidence: float = 0.0

    @property
    def name(self) -> str:
        """Another name, so that its replies are never taken for those that readers get."""
        return UNREFUSING


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Script(_Part):
    drafts: dict[str, str]
    """By the question."""
    restated: dict[str, str] = {}


@dataclass(frozen=True)
class ScriptedAnswerer:
    """Writes what a file says; it stands for a model where there is none, and its name says that it is none."""

    name: str
    script: _Script
    prompt: str | None = None

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Read `drafts.yaml`; the folder gives the name.

        Raises:
            EvalError: the file cannot be read or holds something else.
        """
        path = folder / SCRIPT
        try:
            return cls(folder.resolve().name, _Script.model_validate(load_yaml(path.read_text("utf-8"))))
        except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, or another content
            raise EvalError(f"{path} cannot be read: {' '.join(str(error).split())}") from error

    @property
    def questions(self) -> frozenset[str]:
        """Those for which something is written."""
        return frozenset(self.script.drafts) | frozenset(self.script.restated)

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        """Yield what is written for the question; nothing, as for a question that is not answered, where nothing is."""
        yield self.script.drafts.get(question, "")

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        """Return what is written for the question, or the question."""
        return self.script.restated.get(question, question)


def _folders(seeds: Path | None, index: Path | None) -> dict[str, Any]:
    return {name: folder for name, folder in (("seeds", seeds), ("index", index)) if folder is not None}


def _glossary(seeds: Path | None) -> Glossary:
    """Return the words that the answerer of a folder of speeches knows."""
    return Glossary.load(bundled("seeds") if seeds is None else seeds)
