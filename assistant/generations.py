"""The folder of an index: sealed generations, a pointer to the one in use, a lock, and private copies.

    folder/CACHEDIR.TAG                 marks the folder as ours, and as one that backups may skip
    folder/lock                         held while anything below changes or is copied
    folder/current                      the id of the generation in use; replaced in one step
    folder/generations/<id>/manifest.json
    folder/generations/<id>/data/…      sealed: nobody writes here again
    folder/open/<id>/lock, data/…       one process's copy of a generation, locked while that process lives

A folder that may only be read is read without the lock, and its copy lies in the folder for temporary files.

Why copies: opening a Chroma folder changes its files (it refuses one that cannot be written), and a second process on
the same folder sees stale neighbours.
Why hashes: some damage makes Chroma answer wrongly without a word, some kills the interpreter, so every byte is
compared before Chroma sees any. This module knows files only; what they hold is `assistant.index`'s business.
"""

import errno
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import IndexingError

_TAG = "CACHEDIR.TAG"
_TAG_TEXT = """Signature: 8a477f597d28d172789f06886806bc55
# The index of speech-assistant. It is rebuilt when missing: delete the folder whenever you like.
# About this file: https://bford.info/cachedir/
"""
_POINTER = re.compile(r"[0-9a-f]{32}\n")

T = TypeVar("T")


class Manifest(BaseModel):
    """What a generation was made from. It fits as long as all of this is still wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal[3] = 3
    """Since 2, a row of Chroma is a sentence, named by its words, and no longer a paragraph; since 3, a speech is its hash."""
    embedder: str
    splitter: str
    chromadb: str
    dimensions: int
    speeches: dict[str, str]
    """SHA-256 over the numbers and texts of the paragraphs, by the id of the speech."""
    files: dict[str, str]
    """SHA-256 of every file under `data`, by its path with forward slashes."""


@dataclass(frozen=True)
class Generation:
    """A sealed generation whose every file has been compared with the manifest."""

    id: str
    manifest: Manifest


class PrivateCopy:
    """A place that belongs to one process: removed by `remove`, or by the next process once this one is dead.

    No next process looks into the folder for temporary files: there, it is left to whoever sweeps that.
    """

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # Not per thread: whoever removes the copy need not be who made it. Stays held until then.
        self._owner = FileLock(folder / "lock", timeout=0, thread_local=False)
        self._owner.acquire()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Delete the copy."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._owner.release()
        shutil.rmtree(self._folder, ignore_errors=True)


class Folder:
    """The folder of one index. Everything but the constructor expects the lock: use it inside `locked`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._generations = path / "generations"
        self._open = path / "open"

    @contextmanager
    def locked(self, seconds: float) -> Iterator[bool]:
        """Make the folder if need be, hold its lock, and remove what dead processes left behind.

        Yields whether it may be written; if not, nothing of this is done.

        Raises:
            IndexingError: the folder cannot be used, is somebody else's, or stays locked for `seconds`. Also whenever
                the body meets an `OSError`.
        """
        with ExitStack() as held:
            try:
                self._claim()
                lock = FileLock(self.path / "lock", timeout=seconds)
                writable = _allowed(lambda: held.enter_context(lock)) is not None
                if writable:
                    if not self._is_ours():
                        _write(self.path / _TAG, _TAG_TEXT)
                    self._sweep()
                yield writable
            except Timeout as error:
                raise IndexingError(
                    f"Another process has been building the index in {self.path} for {seconds:.0f} s. "
                    "Wait for it, end it, or give another folder with ASSISTANT_INDEX."
                ) from error
            except OSError as error:
                raise IndexingError(
                    f"The index folder {self.path} cannot be used: {error.strerror or error}. "
                    "Check its permissions and the free space, or give another folder with ASSISTANT_INDEX."
                ) from error

    def current(self) -> Generation | str:
        """Return the generation in use, or the reason why there is none that can be used."""
        if not (self.path / "current").exists():
            return "there was none yet"
        id = self._pointer()
        place = self._generations / id
        if not id or not (place / "manifest.json").is_file():
            return "the file `current` or the manifest is damaged or missing"
        try:
            manifest = Manifest.model_validate_json((place / "manifest.json").read_bytes())
        except ValidationError:
            return "the manifest is damaged or was written by another version"
        found = _hashes(place / "data")
        if damaged := [n for n in found.keys() | manifest.files.keys() if found.get(n) != manifest.files.get(n)]:
            return f"{min(damaged)} is damaged or missing"
        return Generation(id, manifest)

    def _pointer(self) -> str:
        """Return the id that the pointer holds; empty if it holds none."""
        path = self.path / "current"
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
        return text.strip() if _POINTER.fullmatch(text) else ""

    def check_out(self, generation: Generation) -> PrivateCopy:
        """Return a copy of the generation for this process alone; elsewhere, if there may be none in this folder.

        Raises:
            IndexingError: it can be nowhere.
        """
        with ExitStack() as undo:
            copy = undo.enter_context(_allowed(self.workplace) or self._place_elsewhere())
            for name in generation.manifest.files:
                (copy.data / name).parent.mkdir(parents=True, exist_ok=True)
                # Without its mode: the copy of a file that may only be read must be writable.
                shutil.copyfile(self._generations / generation.id / "data" / name, copy.data / name)
            undo.pop_all()
        return copy

    def _place_elsewhere(self) -> PrivateCopy:
        try:
            return PrivateCopy(Path(tempfile.mkdtemp(prefix="speech-assistant-")))
        except OSError as error:
            raise IndexingError(
                f"The index folder {self.path} may only be read, and Chroma writes to what it opens: it needs a copy, and "
                f"no folder for temporary files can be written ({error.strerror or error}). Give one with TMPDIR, or "
                "another folder for the index with ASSISTANT_INDEX."
            ) from error

    def workplace(self) -> PrivateCopy:
        """Return an empty private place, in which a generation can be built."""
        return PrivateCopy(self._open / uuid.uuid4().hex)

    def seal(self, work: PrivateCopy, manifest: Manifest) -> Generation:
        """Move what was built into a generation of its own, with its manifest, safely on disk but not yet in use."""
        generation = Generation(uuid.uuid4().hex, manifest.model_copy(update={"files": _hashes(work.data)}))
        place = self._generations / generation.id
        place.mkdir(parents=True)
        work.data.rename(place / "data")
        _write(place / "manifest.json", generation.manifest.model_dump_json(indent=1))
        for path in (*(place / "data").rglob("*"), place / "data", place, self._generations):
            _sync(path)
        return generation

    def publish(self, generation: Generation) -> None:
        """Make a sealed generation the one in use, in one step, and remove the others."""
        new = self.path / "current.new"
        _write(new, f"{generation.id}\n")
        new.replace(self.path / "current")
        _sync(self.path)
        self._discard_all_but(generation.id)

    def _claim(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in self.path.iterdir()} - {_TAG, "lock"}
        if names and not self._is_ours():
            raise IndexingError(
                f"{self.path} holds files that are not a whole index's ({min(names)}), and is left as it is. If it was one, delete it. "
                "Give an empty or a new folder with ASSISTANT_INDEX."
            )

    def _is_ours(self) -> bool:
        tag = self.path / _TAG
        text = tag.read_text("utf-8", "replace") if tag.is_file() else ""
        return text.startswith("Signature: ") and "speech-assistant" in text

    def _sweep(self) -> None:
        """Remove the private copies of dead processes, and generations that were never published."""
        for folder in self._open.glob("*/"):
            with suppress(Timeout), FileLock(folder / "lock", timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        self._discard_all_but(self._pointer())

    def _discard_all_but(self, id: str) -> None:
        for place in self._generations.glob("*/"):
            if place.name != id:
                shutil.rmtree(place, ignore_errors=True)


def _allowed(write: Callable[[], T]) -> T | None:
    """Return what `write` does, or None where nothing may be written: permissions, or a volume that is read-only."""
    try:
        return write()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return None
        raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return {p.relative_to(folder).as_posix(): _sha256(p) if p.is_file() else "not a file" for p in files}


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk; Windows cannot do the latter."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
