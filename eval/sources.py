"""The speeches as the scorers read them: straight from the files, by none of the code that is measured.

If the assistant cut or read a file wrongly, its offsets would agree with its own reading; here they would not.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from eval.errors import EvalError

_SENTENCE = re.compile(r"[^。！？；]*[。！？；]+[”’」』）》】]*|[^。！？；]+$")
_LINE = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, order=True)
class Place:
    """A sentence of a speech, in code points of the file; paragraph 0 is the title."""

    speech: str
    paragraph: int
    number: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.paragraph}.{self.number}"


@dataclass(frozen=True)
class Source:
    """The texts by the id of their speech, and all their sentences in reading order."""

    texts: dict[str, str]
    places: tuple[Place, ...] = field(repr=False)
    sha256: str

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Read the `.txt` and `.md` files of a folder in UTF-8.

        Raises:
            EvalError: there is none, or one is not UTF-8.
        """
        ids = _ids(folder)
        texts: dict[str, str] = {}
        try:
            for path in sorted(folder.iterdir()):
                if path.suffix in (".txt", ".md") and path.name != "questions.txt":
                    texts[ids.get(path.name, path.stem)] = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise EvalError(f"{folder} cannot be read: {error}. Give a folder of speeches in UTF-8.") from error
        if not texts:
            raise EvalError(f"{folder} holds no speech. Put .txt or .md files there.")
        return cls.from_texts(texts)

    @classmethod
    def from_texts(cls, texts: dict[str, str]) -> Self:
        """Cut the texts into paragraphs (lines that hold something) and sentences (up to 。！？；)."""
        places = tuple(place for speech, text in texts.items() for place in _places(speech, text))
        digest = hashlib.sha256("".join(f"{id}\n{text}\n" for id, text in texts.items()).encode())
        return cls(texts, places, digest.hexdigest())

    def text(self, place: Place) -> str:
        """Return the sentence at a place."""
        return self.texts[place.speech][place.start : place.end]

    def find(self, quotation: str) -> list[Place]:
        """Return the sentences that hold a quotation; those of a title only if no other does."""
        found = [place for place in self.places if quotation in self.text(place)]
        return [place for place in found if place.paragraph] or found

    def touched(self, speech: str, start: int, end: int) -> list[Place]:
        """Return the sentences of which something besides white space stands between two offsets."""
        return [
            place
            for place in self.places
            if place.speech == speech
            and self.texts[speech][max(start, place.start) : max(0, min(end, place.end))].strip()
        ]


def _ids(folder: Path) -> dict[str, str]:
    path = folder / "corpus.toml"
    if not path.exists():
        return {}
    try:
        speeches = tomllib.loads(path.read_text("utf-8-sig")).get("speech", [])
        return {speech["file"]: speech["id"] for speech in speeches if "id" in speech}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise EvalError(f"{path} cannot be read: {error}.") from error


def _places(speech: str, text: str) -> list[Place]:
    lines = [line for line in _LINE.finditer(text) if line[0].strip()]
    return [
        Place(speech, paragraph, number, line.start() + match.start(), line.start() + match.end())
        for paragraph, line in enumerate(lines)
        for number, match in enumerate(_SENTENCE.finditer(line[0]), start=1)
    ]
