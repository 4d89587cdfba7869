"""From a draft to statements: sentences with the addresses that they name.

A draft is what an answerer writes: `要形成……，让……。[7.5]`. It arrives in pieces cut anywhere, even inside a mark, and
nothing in it is trusted: every step here is linear in its length.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from assistant.text import fold, split_sentences, visible

_ADDRESS = r"(?:[\w-]{1,64}[/／])?[0-9０-９]{1,6}[.．][0-9０-９]{1,6}"
# Every repetition is bounded, so that no draft makes the search go back and forth.
_MARK = re.compile(
    rf"""
    [\[［【] \s{{0,3}}
    (?: (?P<addresses> {_ADDRESS} (?: [\s,，、;；]{{1,3}} {_ADDRESS} ){{0,40}} )
      | (?P<unreadable> [0-9０-９][0-9０-９.．,，、;；\s—–~～-]{{0,99}}) )  # [6], [6.3-6.5]: meant as a mark, but no address
    \s{{0,3}} [\]］】]
    | (?P<emphasis> \*\*|__|`)
    """,
    re.VERBOSE,
)
_LONGEST_MARK = 4_000
_LIST_MARKER = re.compile(r"\s*(?:(?:[-*•>]|#{1,6}|\d{1,2}[.)])\s+)*")
_STOPS = "。！？!?."
# What prose needs besides letters, digits, white space, dashes and quotation marks.
_PUNCTUATION = frozenset("，。、；：！…·・‧•．／＆％＇＂（）《》〈〉「」『』〝〞〟,.;:!/&%‰'\"()")
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
# In normal form, and bounded as everything here.
_LINK = re.compile(
    r"""
    (?: (?<![a-z]) (?:https?|ftp|file|data|blob|javascript|vbscript|mailto|tel|sms): (?=\S)
      | //
      | [a-z0-9-]{1,63} \. [a-z]{2,}
      | & (?: \#\w+ | [a-z]\w+ ) ;  # what a page turns into a sign
    ) (?:[!-~]*[a-z0-9/])?
    | [\[【] [^\[\]【】]{0,99} [\]】]
    """,
    re.VERBOSE,
)
_MAY_END = frozenset("。！？；!?.]］】")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a draft without its marks, and the addresses they hold."""

    text: str
    addresses: tuple[str, ...]
    end: int
    """Offset in the draft behind the statement and its marks."""


def statements(draft: Iterable[str]) -> Iterator[Statement]:
    """Yield the statements of a draft, each as soon as its line ends or the next one begins.

    Where the draft is cut does not matter.
    """
    buffer, may_end, tried = "", False, 0
    for piece in draft:
        buffer += piece
        if "\n" in piece:
            # Neither a statement nor a mark goes on in the next line.
            end = buffer.rfind("\n") + 1
            yield from _cut(buffer[:end])
            buffer, may_end, tried = buffer[end:], False, 0
        may_end = may_end or not _MAY_END.isdisjoint(piece)
        # Looking again only once the buffer has grown by a share of itself keeps a draft without ends linear.
        if not may_end or len(buffer) - tried <= len(buffer) // (64 if len(buffer) < 1_000 else 4):
            continue
        tried = len(buffer)
        complete = _cut(buffer[: _settled(buffer)])[:-1]
        yield from complete
        if complete:
            buffer, tried = buffer[complete[-1].end :], 0
            may_end = not _MAY_END.isdisjoint(buffer)
    yield from _cut(buffer)


def lift_marks(line: str) -> tuple[str, list[tuple[int, int, list[str]]]]:
    """Return `line` without its marks, and for each mark its offset there, its length in `line` and its addresses.

    Markdown's emphasis is lifted too, as a mark without addresses.
    """
    parts: list[str] = []
    marks: list[tuple[int, int, list[str]]] = []
    start = length = 0
    for match in _MARK.finditer(line):
        before, behind = line[start : match.start()], match.end()
        if not match["emphasis"]:
            before = before.rstrip(" \t")
            # ……。[7.5]。 has one stop too many.
            if before[-1:] and before[-1] in _STOPS and line[behind : behind + 1] in ("。", "."):
                behind += 1
        parts.append(before)
        length += len(before)
        marks.append((length, behind - start - len(before), _addresses(match)))
        start = behind
    return "".join([*parts, line[start:]]), marks


def plain(text: str) -> str:
    """Return a statement without list markers, invisible characters and white space that prose does not need."""
    return " ".join(_LIST_MARKER.sub("", visible(text), count=1).split())


def foreign_sign(text: str, source: str) -> str | None:
    """Return the first link, mark or sign of `text` that `source` does not hold and prose does not need, or None.

    Brackets, crosses and strokes make marks, links, images or markup of words that may all be the source's own; a
    question mark, a cross or a strike through can turn a sentence round.
    """
    folded, held = fold(source), set(source.replace("?", "？"))
    links = (link[0] for link in _LINK.finditer(fold(text)) if link[0] not in folded)
    signs = (c for c in text.replace("?", "？") if c not in held and not _is_prose(c))
    return next(chain(links, signs), None)


def _is_prose(c: str) -> bool:
    if c in _PUNCTUATION or c in "0123456789０１２３４５６７８９":
        return True
    return (
        unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Zs", "Pd", "Pi", "Pf")
        and c not in _INVISIBLE_LETTERS
    )


def _addresses(match: re.Match[str]) -> list[str]:
    if match["emphasis"]:
        return []
    content = unicodedata.normalize("NFKC", match["addresses"] or match["unreadable"])
    return re.findall(_ADDRESS, content) if match["addresses"] else [content.strip()]


def _settled(buffer: str) -> int:
    """Return how much of the buffer can be read already: a mark that is still being written waits for its rest."""
    opened = max(buffer.rfind(bracket) for bracket in "[［【")
    unfinished = opened >= 0 and len(buffer) - opened < _LONGEST_MARK
    if unfinished and not any(c in "]］】" for c in buffer[opened:]):
        buffer = buffer[:opened]
    return len(buffer.rstrip(" \t*_"))


def _cut(draft: str) -> list[Statement]:
    found: list[Statement] = []
    start = 0
    for line in draft.splitlines(keepends=True):
        found.extend(_cut_line(line, start))
        start += len(line)
    return found


def _cut_line(line: str, offset: int) -> Iterator[Statement]:
    text, marks = lift_marks(line)
    ends = [end for _, end in split_sentences(text)]
    waiting = iter([*marks, (len(line) + 1, 0, list[str]())])
    at, length, found = next(waiting)
    start = begun = lifted = 0
    addresses: list[str] = []
    quoted = False
    for end in ends:
        # A mark belongs to the sentence that it stands in or directly behind.
        while at <= end:
            addresses.extend(found if at > start else [])
            lifted += length
            at, length, found = next(waiting)
        quoted = _is_open(text[begun:end], quoted)
        begun = end
        if end != ends[-1] and (quoted or _leans_on_next(text[start:end], addresses)):
            continue
        statement = plain(text[start:end])
        if statement:
            yield Statement(statement, tuple(dict.fromkeys(addresses)), offset + end + lifted)
        start, addresses = end, []


def _is_open(piece: str, quoted: bool) -> bool:
    """Whether a quotation is open behind `piece`: a stop inside it ends no statement."""
    opened, closed = piece.rfind("“"), piece.rfind("”")
    return quoted if opened == closed else opened > closed


def _leans_on_next(text: str, addresses: list[str]) -> bool:
    """甲；乙。[6.3] is one statement: a semicolon parts only what has an address of its own."""
    return not addresses and text.rstrip().rstrip("”’」』）)】").endswith("；")
