"""The words of official Chinese for the words of a reader: “盗版” is 侵权假冒 there, `IP` 知识产权.

`seeds/glossary.toml` says what an entry is. The bundled one always holds; a seeds folder may bring its own, which is
added to it. A phrase is matched in the question's normal form, the longest first: Chinese ones from word to word,
English ones by their stems, so that `amended` finds `amend`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

from assistant.errors import CorpusError
from assistant.settings import bundled
from assistant.text import fold, is_chinese, located_words

GLOSSARY = "glossary.toml"

_LONGEST = 12
"""Characters of a Chinese phrase, words of an English one, that are tried."""
_CERTAIN = 4
"""Characters from which a Chinese phrase is matched wherever it stands, a name from one less: the segmenter may cut otherwise."""
_ENGLISH_WORD = re.compile(r"\d*[a-z][a-z0-9]*(?:['’.&-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of a question, where it stands in the question's normal form, and what official texts say for it."""

    phrase: str
    start: int
    end: int
    terms: tuple[str, ...]
    """In normal form; empty for a phrase that official texts use themselves."""
    official: bool = False
    """Whether official texts use the phrase themselves."""
    name: bool = False
    """Whether it names somebody, for whom nobody else can stand."""


class Entry(NamedTuple):
    """An entry, as `seeds/glossary.toml` describes it."""

    term: str
    also: Sequence[str]
    english: Sequence[str]
    name: bool = False


@dataclass(frozen=True)
class Glossary:
    """Phrases with their equivalents. Make it with `Glossary.load`."""

    chinese: Mapping[str, tuple[str, ...]]
    english: Mapping[tuple[str, ...], tuple[str, ...]]
    """By the stems of their words."""
    official: frozenset[str]
    """The phrases that official texts use."""
    names: frozenset[str] = frozenset()
    """Those of them that name somebody."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the bundled glossary with the entries of `folder`, if it has any.

        Raises:
            CorpusError: a glossary cannot be read, or an entry is not what `seeds/glossary.toml` describes.
        """
        own, ours = folder / GLOSSARY, bundled("seeds") / GLOSSARY
        if own.is_file() and own.resolve() != ours.resolve():
            return cls.of([entry for path in (ours, own) for entry in _read(path)])
        return cls.of(_read(ours))

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Return the glossary of some entries."""
        rows = list(entries)
        # Folded in one go: one by one it would take a tenth of a second.
        folded = iter(fold("\n".join(word for row in rows for word in (row.term, *row.also, *row.english))).split("\n"))
        chinese: dict[str, dict[str, None]] = {}
        by_stems: dict[tuple[str, ...], dict[str, None]] = {}
        official, names = set(), set()
        for _, also, english, name in rows:
            term = next(folded)
            names |= {term} if name else set()
            chinese.setdefault(term, {})
            official.add(term)
            for phrase in islice(folded, len(also) + len(english)):
                if is_chinese(phrase):
                    chinese.setdefault(phrase, {})[term] = None
                elif stems := tuple(stem(word[0]) for word in _ENGLISH_WORD.finditer(phrase)):
                    by_stems.setdefault(stems, {})[term] = None
        return cls(
            {phrase: tuple(terms) for phrase, terms in chinese.items()},
            {stems: tuple(terms) for stems, terms in by_stems.items()},
            frozenset(official),
            frozenset(names),
        )

    def matches(self, folded: str) -> list[Match]:
        """Return the phrases found in a text in its normal form, leftmost and longest first, none inside another."""
        return sorted([*self._chinese(folded), *self._english(folded)], key=lambda match: match.start)

    def _chinese(self, folded: str) -> Iterator[Match]:
        borders = {border for word in located_words(folded) for border in (word.start, word.end)}
        i = 0
        while i < len(folded):
            found = next((n for n in range(_LONGEST, 1, -1) if self._holds(folded, i, i + n, borders)), 0)
            if found:
                phrase = folded[i : i + found]
                terms = self.chinese[phrase]
                name = not self.names.isdisjoint((phrase, *terms))
                yield Match(phrase, i, i + found, terms, phrase in self.official, name)
            i += found or 1

    def _holds(self, folded: str, start: int, end: int, borders: set[int]) -> bool:
        if end > len(folded) or folded[start:end] not in self.chinese:
            return False
        certain = _CERTAIN - (folded[start:end] in self.names)
        return end - start >= certain or (start in borders and end in borders)

    def _english(self, folded: str) -> Iterator[Match]:
        words = list(_ENGLISH_WORD.finditer(folded))
        stems = [stem(word[0]) for word in words]
        i = 0
        while i < len(words):
            longest = min(_LONGEST, len(words) - i)
            found = next((n for n in range(longest, 0, -1) if tuple(stems[i : i + n]) in self.english), 0)
            if found:
                start, end = words[i].start(), words[i + found - 1].end()
                terms = self.english[tuple(stems[i : i + found])]
                yield Match(folded[start:end], start, end, terms, name=not self.names.isdisjoint(terms))
            i += found or 1


@cache
def bundled_glossary() -> Glossary:
    """Return the glossary that comes with this package; read once."""
    return Glossary.of(_read(bundled("seeds") / GLOSSARY))


def stem(word: str) -> str:
    """Return an English word in lower case without -s, -es, -ed, -ing and possessive: laws = law, amended = amend."""
    word = re.sub(r"['’]s?$", "", word)
    if len(word) <= 3:  # use is not us
        return word
    if word.endswith("ies"):
        word = f"{word[:-3]}y"
    for ending in ("ing", "ed", "es", "s"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and re.search("[aeiouy]", rest) and not re.search("(?:ss|us|is)$", word):
            word = rest
            break
    word = re.sub(r"([^aeiou])\1$", r"\1", word)
    return word.removesuffix("e")


def _read(path: Path) -> Iterator[Entry]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    tables = content.get("term", [])
    if content.keys() - {"term"} or not isinstance(tables, list):
        raise CorpusError(f"{path}: every entry begins with a line [[term]].")
    for table in tables:
        yield _entry(path, table)


def _entry(path: Path, table: Any) -> Entry:
    term, also, english = (table.get(key, default) for key, default in (("term", ""), ("also", []), ("english", [])))
    name = table.get("name", False)
    if table.keys() - {"term", "also", "english", "name"} or not (isinstance(term, str) and term.strip()):
        raise CorpusError(f'{path}: every entry has a line such as term = "侵权假冒", and also = [], english = [].')
    if not all(
        isinstance(words, list) and all(isinstance(w, str) and w.strip() for w in words) for words in (also, english)
    ):
        raise CorpusError(f'{path}: also and english of {term} must be lists of words, as in also = ["盗版"].')
    if not isinstance(name, bool):
        raise CorpusError(f"{path}: name of {term} must be true or false.")
    return Entry(term, also, english, name)
