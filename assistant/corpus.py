"""The speeches: files read once, cut into paragraphs and sentences that know where they stand.

`speech.text[s.start:s.end] == s.text` for every sentence and paragraph, in code points of the file as read. Nothing
here changes a character; what matching needs is made in `assistant.text`.
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

from assistant.errors import AddressError, CorpusError
from assistant.text import split_sentences

MAX_FILE_BYTES = 4 * 2**20
"""Larger files are refused: some 1.4 million characters, forty times the longest congress report."""

CATALOGUE = "corpus.toml"
QUESTIONS = "questions.txt"

_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_ADDRESS = re.compile(r"(?:(?P<speech>[\w-]+)/)?(?:第?(?P<paragraph>\d{1,9})段?)(?:[.第](?P<sentence>\d{1,9})句?)?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; `text` may end in the white space that separates it from the next."""

    speech: str
    paragraph: int
    number: int
    address: str
    """`6.3`, or `ip-2020/6.3` where the corpus holds several speeches: what marks in a draft and `show` use."""
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One non-empty line without the white space around it; number 0 is the title."""

    speech: str
    number: int
    address: str
    start: int
    end: int
    text: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Speech:
    """A speech and what its catalogue entry says of it (empty where it says nothing)."""

    id: str
    text: str
    sha256: str
    paragraphs: tuple[Paragraph, ...]
    title: str
    speaker: str = ""
    date: str = ""
    occasion: str = ""
    source: str = ""

    @classmethod
    def from_text(cls, id: str, text: str, *, sha256: str = "", qualified: bool = False, **about: str) -> Self:
        """Cut `text` into paragraphs and sentences.

        Args:
            id: the name of the speech in addresses: letters, digits, `_` and `-`.
            text: the speech; its first non-empty line is the title.
            sha256: of the file's bytes; of the text in UTF-8 if left out.
            qualified: whether addresses carry the id, for a corpus of several speeches.
            about: `title`, `speaker`, `date`, `occasion`, `source`.

        Raises:
            CorpusError: `text` holds nothing but white space.
        """
        prefix = f"{id}/" if qualified else ""
        paragraphs = tuple(_paragraphs(id, text, prefix))
        if not paragraphs:
            raise CorpusError(f"The speech {id!r} is empty. Put its text in the file, or remove the file.")
        title = about.pop("title", "") or paragraphs[0].text.lstrip("# ")
        sha256 = sha256 or hashlib.sha256(text.encode()).hexdigest()
        return cls(id=id, text=text, sha256=sha256, paragraphs=paragraphs, title=title, **about)

    @property
    def body(self) -> tuple[Paragraph, ...]:
        """The paragraphs behind the title; the only paragraph, where there is no other."""
        return self.paragraphs[1:] or self.paragraphs

    @property
    def sentences(self) -> Iterator[Sentence]:
        """Every sentence in reading order, the title's included."""
        return (sentence for paragraph in self.paragraphs for sentence in paragraph.sentences)


def _paragraphs(id: str, text: str, prefix: str) -> Iterator[Paragraph]:
    number = 0
    for line in _LINE.finditer(text):
        content = line[0].strip()
        if not content.strip("\ufeff\u200b"):
            continue
        start = line.start() + line[0].index(content)
        address = f"{prefix}{number}"
        sentences = tuple(
            Sentence(id, number, i, f"{address}.{i}", start + a, start + b, content[a:b])
            for i, (a, b) in enumerate(split_sentences(content), start=1)
        )
        yield Paragraph(id, number, address, start, start + len(content), content, sentences)
        number += 1


@dataclass(frozen=True)
class Corpus:
    """The speeches of one folder, the files in it that could not be read, and questions to start with."""

    speeches: tuple[Speech, ...]
    problems: tuple[CorpusError, ...] = field(default=())
    questions: tuple[str, ...] = field(default=())
    """From `questions.txt`, one a line; the page shows them on its first screen."""

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Read every `.txt` and `.md` file of `folder` (its sub-folders are left alone).

        `corpus.toml` in the folder may give title, speaker, date, occasion, source, id and sha256 of a file;
        `questions.txt` holds questions to start with and is no speech. A file that cannot be read becomes one of the
        `problems`; the others are read all the same.

        Raises:
            CorpusError: the folder or its catalogue cannot be read, or no speech is left.
        """
        if not _is_folder(folder):
            raise CorpusError(f"{folder} is not a folder. Give a folder that holds speeches as .txt or .md files.")
        about = _read_catalogue(folder / CATALOGUE)
        paths = sorted(p for p in _list(folder) if p.suffix.lower() in (".txt", ".md") and p.name != QUESTIONS)
        found: dict[str, tuple[Path, str, bytes]] = {}
        problems = [
            CorpusError(f"{CATALOGUE} names {name}, which is not in {folder}. Add the file or remove its entry.")
            for name in about.keys() - {p.name for p in paths}
        ]
        for path in paths:
            try:
                id = about.get(path.name, {}).get("id") or _slug(path.stem)
                text, data = _read_speech(path, about.get(path.name, {}).get("sha256"))
                if id in found:
                    raise CorpusError(
                        f"{path} has the same id {id!r} as {found[id][0].name}. "
                        f"Rename one of them, or give them different ids in {CATALOGUE}."
                    )
                found[id] = (path, text, data)
            except CorpusError as problem:
                problems.append(problem)
        if not found:
            reasons = "".join(f"\n- {problem}" for problem in problems)
            raise CorpusError(f"{folder} holds no speech that can be read: put .txt or .md files there.{reasons}")
        speeches = tuple(
            Speech.from_text(
                id,
                text,
                sha256=hashlib.sha256(data).hexdigest(),
                qualified=len(found) > 1,
                **{k: v for k, v in about.get(path.name, {}).items() if k not in ("id", "sha256", "file")},
            )
            for id, (path, text, data) in found.items()
        )
        return cls(speeches, tuple(problems), _read_questions(folder / QUESTIONS))

    @cached_property
    def sha256(self) -> str:
        """One hash over the ids and hashes of all speeches; the speech's own where there is one."""
        if len(self.speeches) == 1:
            return self.speeches[0].sha256
        return hashlib.sha256("\n".join(f"{s.id} {s.sha256}" for s in self.speeches).encode()).hexdigest()

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """What can be found: the body paragraphs of all speeches, in order."""
        return tuple(paragraph for speech in self.speeches for paragraph in speech.body)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of `paragraphs`, in order: no title's, other than `Speech.sentences`."""
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph.sentences)

    def quoted_in(self, text: str) -> list[Sentence]:
        """Return the sentences that a text holds word for word, in order."""
        return [sentence for sentence in self.sentences if sentence.text.strip() in text]

    def speech(self, id: str) -> Speech:
        """Return the speech with this id.

        Raises:
            AddressError: there is none.
        """
        if id not in self._by_id:
            raise AddressError(f"There is no speech {id!r} here. Known: {', '.join(self._by_id)}.")
        return self._by_id[id]

    @cached_property
    def _by_id(self) -> dict[str, Speech]:
        return {speech.id: speech for speech in self.speeches}

    def find(self, address: str) -> Paragraph | Sentence:
        """Return what stands at `6`, `6.3`, `ip-2020/6.3` or 第6段第3句.

        Raises:
            AddressError: it is no address, or nothing stands there.
        """
        match = _ADDRESS.fullmatch(unicodedata.normalize("NFKC", address).strip().strip("[]【】").strip())
        if not match:
            raise AddressError(f"{address!r} is not an address. Write 6 for a paragraph or 6.3 for a sentence.")
        if not match["speech"] and len(self.speeches) > 1:
            example = f"{self.speeches[0].id}/{match['paragraph']}"
            raise AddressError(f"There are several speeches here: put the id before {address!r}, as in {example}.")
        speech = self.speech(match["speech"]) if match["speech"] else self.speeches[0]
        number = int(match["paragraph"])
        if number >= len(speech.paragraphs):
            raise AddressError(f"{speech.id} has no paragraph {number}: the last is {len(speech.paragraphs) - 1}.")
        paragraph = speech.paragraphs[number]
        if not match["sentence"]:
            return paragraph
        number = int(match["sentence"])
        if not 1 <= number <= len(paragraph.sentences):
            raise AddressError(f"Paragraph {paragraph.address} has {len(paragraph.sentences)} sentences, no {number}.")
        return paragraph.sentences[number - 1]


# --- Reading files ---------------------------------------------------------------------------------------------------


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long
        return False


def _list(folder: Path) -> list[Path]:
    try:
        return [
            path for path in folder.iterdir() if (path.is_file() or path.is_symlink()) and not path.name.startswith(".")
        ]
    except OSError as error:
        raise CorpusError(f"{folder} cannot be read: {error.strerror}. Check its permissions.") from error


def _slug(stem: str) -> str:
    return re.sub(r"[^\w-]+", "-", unicodedata.normalize("NFKC", stem)).strip("-") or "speech"


def _read_speech(path: Path, sha256: str | None) -> tuple[str, bytes]:
    """Return the text of a file and its bytes; raise `CorpusError` with the reason and the remedy."""
    try:
        if not path.is_file():
            raise CorpusError(
                f"{path} is a link to nothing, or to no file. Put the file itself there, or remove the link."
            )
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise CorpusError(
                f"{path} is {size / 2**20:.0f} MB; a speech may have up to {MAX_FILE_BYTES // 2**20} MB. Split it."
            )
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error
    if sha256 and hashlib.sha256(data).hexdigest() != sha256.lower():
        raise CorpusError(
            f"{path} is not the text whose sha256 stands in {CATALOGUE}. Restore the file, or correct the entry."
        )
    text = _decode(data)
    if text is None:
        raise CorpusError(f"{path} is not a text file. Save the speech as plain text in UTF-8, or remove the file.")
    if not text.strip().strip("\ufeff\u200b"):
        raise CorpusError(f"{path} is empty. Put the text of the speech in it, or remove the file.")
    return text, data


def _decode(data: bytes) -> str | None:
    """Decode by byte order mark, then as UTF-8, then as what Chinese files are else written in; None if none fits."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif b"\x00" not in data:
        candidates = ["utf-8-sig"]
    else:
        candidates = []
    for encoding in candidates:
        try:
            return _as_text(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    from charset_normalizer import from_bytes

    # Strict GB18030 accepts nearly every Big5 file, so the four are weighed against each other.
    guess = from_bytes(data, cp_isolation=["gb18030", "big5hkscs", "utf_16_le", "utf_16_be"]).best()
    if guess is None or (guess.encoding.startswith("utf_16") and not _is_common(str(guess))):
        return None
    return _as_text(str(guess))


def _is_common(text: str) -> bool:
    """Whether most of `text` is in everyday use: nearly any bytes make UTF-16, but not of such characters."""
    common = sum(bool(c.encode("gb2312", "ignore") or c.encode("big5", "ignore")) for c in text)
    return common >= 0.9 * len(text)


def _as_text(text: str) -> str | None:
    """Return `text`, or None where its control and unassigned characters show that it is something else."""
    odd = sum(unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs") and c not in "\t\r\n\f\v\x1a\x85" for c in text)
    return None if "\x00" in text or odd > len(text) / 100 else text


def _read_questions(path: Path) -> tuple[str, ...]:
    """Return the questions of `questions.txt`, one a line; lines that begin with # are comments."""
    if not path.exists():
        return ()
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read: {error}. Save it in UTF-8, or remove it.") from error
    return tuple(line for line in lines if line and not line.startswith("#"))


def _read_catalogue(path: Path) -> dict[str, dict[str, str]]:
    """Return what `corpus.toml` says, by file name; nothing if there is none."""
    if not path.exists():
        return {}
    allowed = {"file", "id", "title", "speaker", "date", "occasion", "source", "sha256"}
    entries: dict[str, dict[str, str]] = {}
    try:
        catalogue = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    if unknown := sorted(catalogue.keys() - {"speech"}):
        raise CorpusError(f"{path}: unknown entry {unknown[0]!r}. Every speech begins with a line [[speech]].")
    tables = catalogue.get("speech", [])
    for table in tables if isinstance(tables, list) else [tables]:
        if not isinstance(table, dict) or "file" not in table:
            raise CorpusError(f'{path}: every [[speech]] needs a line such as file = "speech.txt".')
        if unknown := sorted(table.keys() - allowed):
            raise CorpusError(f"{path}: unknown key {unknown[0]!r}. Known: {', '.join(sorted(allowed))}.")
        entry = {k: v.isoformat() if isinstance(v, date) else v for k, v in table.items()}
        if wrong := [k for k, v in entry.items() if not isinstance(v, str)]:
            raise CorpusError(f'{path}: {wrong[0]} must be text in quotes, as in {wrong[0]} = "…".')
        if "id" in entry and not re.fullmatch(r"[\w-]+", entry["id"]):
            raise CorpusError(f"{path}: the id {entry['id']!r} may hold letters, digits, _ and - only.")
        if entry["file"] in entries:
            raise CorpusError(f"{path}: {entry['file']} has two entries. Keep one.")
        entries[entry["file"]] = entry
    return entries
