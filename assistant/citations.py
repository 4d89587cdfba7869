"""The kernel: what a drafted sentence must pass before anybody sees it.

A draft is text whose sentences end in addresses, `……人民。[7.5]`. `check` cuts it into statements, looks up every
address among the sentences that were shown, and yields each statement as a `Claim` with the sentences it rests on, or
as `Withheld` with the reason. Nothing here does I/O, calls a model or matches fuzzily; whoever wrote the draft is not
trusted. The checks do not prove entailment: they refuse what can be seen to be wrong.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from assistant.corpus import Sentence
from assistant.english import borne_out, english_numbers
from assistant.text import (
    content_words,
    fold,
    is_chinese,
    is_function_word,
    numbers,
    split_sentences,
    supported_numbers,
    visible,
    words,
)

MIN_COVERAGE = 1.0
"""Share of a statement's content words, and of each of its clauses', that must stand in the cited sentences.

All of them: one exchanged word makes a false sentence. `python -m eval.kernel` shows the price: of 28 faithful
paraphrases one is withheld, and of 187 sentences with a word of another sentence put in, one passes; at 0.8 more than
half of them do.
"""


class Verdict(StrEnum):
    """How a claim is borne out."""

    VERBATIM = "verbatim"
    """It is a cited sentence, character for character."""
    SUPPORTED = "supported"
    """It passed every check of this module against the cited sentences."""
    TRANSLATED = "translated"
    """It is English and cites Chinese: addresses, numbers and quoted phrases were checked, words cannot be compared."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that passed, with the sentences it cites."""

    text: str
    sentences: tuple[Sentence, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Withheld:
    """A statement that did not pass, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited sentence with its number in the answer; `quote` is the text of the speech itself."""

    number: int
    sentence: Sentence
    title: str

    @property
    def quote(self) -> str:
        """The sentence as it stands between its offsets."""
        return self.sentence.text


def check(draft: Iterable[str], shown: Sequence[Sentence], *, translated: bool = False) -> Iterator[Claim | Withheld]:
    """Check a draft, piece by piece as it arrives.

    Args:
        draft: the pieces of the draft; where it is cut does not matter, not even inside a mark.
        shown: the sentences whose addresses the draft may use.
        translated: whether a statement without Chinese characters may rest on Chinese sentences, because the question
            was not asked in Chinese; else it is withheld, since none of its words stands in them.

    Yields:
        One `Claim` or `Withheld` a statement, in order, each as soon as the next statement begins.
    """
    by_address = {sentence.address: sentence for sentence in shown}
    for statement in _statements(draft):
        yield _judge(statement, by_address, translated)


def cite(claims: Iterable[Claim], titles: Mapping[str, str]) -> tuple[Citation, ...]:
    """Number the cited sentences in the order of their first use, from 1; the same sentence keeps its number."""
    sentences = dict.fromkeys(sentence for claim in claims for sentence in claim.sentences)
    return tuple(Citation(i, sentence, titles[sentence.speech]) for i, sentence in enumerate(sentences, start=1))


# --- From a draft to statements --------------------------------------------------------------------------------------

_ADDRESS = r"(?:[\w-]+[/／])?[0-9０-９]+[.．][0-9０-９]+"
_MARK = re.compile(
    rf"""
    [ \t]* [\[［【] \s*
    (?: (?P<addresses> {_ADDRESS} (?: [\s,，、;；]+ {_ADDRESS} )*)
      | (?P<unreadable> [0-9０-９] [0-9０-９.．,，、;；\s—–~～-]*) )   # [6], [6.3-6.5]: meant as a mark, but no address
    \s* [\]］】]
    """,
    re.VERBOSE,
)
_OPEN_MARK = re.compile(r"[ \t]*(?:[\[［【][^\[\]［］【】\n]{0,200})?$")
_LIST_MARKER = re.compile(r"\s*(?:(?:[-*•>]|#{1,6}|\d{1,2}[.)])\s+)*")
_MAY_END = frozenset("。！？；!?.\n]］】")


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    addresses: tuple[str, ...]
    end: int
    """Offset in the draft behind the statement and its marks."""


def _statements(draft: Iterable[str]) -> Iterator[_Statement]:
    """Cut a stream into statements; the last one waits until the next begins, or the stream ends."""
    buffer, may_end, tried = "", False, 0
    for piece in draft:
        buffer += piece
        may_end = may_end or not _MAY_END.isdisjoint(piece)
        # Looking again only once the buffer has grown by a share of itself keeps a draft without ends linear.
        if not may_end or len(buffer) - tried <= len(buffer) // 64:
            continue
        tried = len(buffer)
        # A mark that is still being written belongs to the statement before it: wait for the rest.
        half = _OPEN_MARK.search(buffer)
        complete = _cut(buffer[: half.start()] if half else buffer)[:-1]
        yield from complete
        if complete:
            buffer, tried = buffer[complete[-1].end :], 0
            may_end = not _MAY_END.isdisjoint(buffer)
    yield from _cut(buffer)


def _cut(draft: str) -> list[_Statement]:
    """Cut a whole draft into statements, line by line."""
    found: list[_Statement] = []
    start = 0
    for line in draft.splitlines(keepends=True):
        found.extend(_cut_line(line, start))
        start += len(line)
    return found


def _cut_line(line: str, offset: int) -> Iterator[_Statement]:
    text, marks = _lift_marks(line)
    ends = [end for _, end in split_sentences(text)]
    start = 0
    for end in ends:
        # A mark belongs to the sentence that it stands in or directly behind.
        addresses = [address for at, _, found in marks if start < at <= end for address in found]
        # 甲；乙。[6.3] is one statement: a semicolon parts only what has an address of its own.
        if not addresses and end != ends[-1] and text[start:end].rstrip().rstrip("”’」』）)】").endswith("；"):
            continue
        if statement := _plain(text[start:end]):
            behind = offset + end + sum(length for at, length, _ in marks if at <= end)
            yield _Statement(statement, tuple(dict.fromkeys(addresses)), behind)
        start = end


def _lift_marks(line: str) -> tuple[str, list[tuple[int, int, list[str]]]]:
    """Return `line` without its marks, and for each mark its offset there, its length in `line` and its addresses."""
    text, marks, start = "", [], 0
    for match in _MARK.finditer(line):
        text += line[start : match.start()]
        content = unicodedata.normalize("NFKC", match["addresses"] or match["unreadable"])
        addresses = re.findall(_ADDRESS, content) if match["addresses"] else [content.strip()]
        marks.append((len(text), len(match[0]), addresses))
        start = match.end()
    return text + line[start:], marks


def _plain(text: str) -> str:
    """Return a statement without list markers, invisible characters and outer white space."""
    return _LIST_MARKER.sub("", visible(text), count=1).strip()


# --- The check -------------------------------------------------------------------------------------------------------


def _judge(statement: _Statement, shown: Mapping[str, Sentence], translated: bool) -> Claim | Withheld:
    """Apply the four rules, strictest reading first."""
    text, addresses = statement.text, statement.addresses
    if not addresses:
        return Withheld(text, "it names no sentence of the speech")
    cited = tuple(dict.fromkeys(shown[address] for address in addresses if address in shown))
    unknown = [address for address in addresses if address not in shown]
    for sentence in cited:
        itself, own_marks = _lift_marks(sentence.text)
        # A speech may hold text that looks like a mark; in a quote it is text.
        literal = {address for _, _, found in own_marks for address in found}
        if text == _plain(itself) and literal.issuperset(unknown):
            return Claim(sentence.text.strip(), (sentence,), Verdict.VERBATIM)
    if unknown:
        return Withheld(text, f"no sentence {unknown[0]} was shown for this question")
    if translated and not is_chinese(text) and all(is_chinese(sentence.text) for sentence in cited):
        why = _translation(text, cited)
        return Withheld(text, why) if why else Claim(text, cited, Verdict.TRANSLATED)
    why = _number(text, cited) or _phrase(text, cited) or _polarity(text, cited) or _coverage(text, cited)
    return Withheld(text, why) if why else Claim(text, cited, Verdict.SUPPORTED)


def _number(text: str, cited: Sequence[Sentence]) -> str | None:
    supported = set[str]().union(*(supported_numbers(sentence.text) for sentence in cited))
    missing = [number for number in numbers(text) if number not in supported]
    return f"number {missing[0]} is not in the cited sentences" if missing else None


_QUOTED = re.compile(r"“([^“”]+)”|‘([^‘’]+)’|「([^「」]+)」|『([^『』]+)』|《([^《》]+)》|\"([^\"]+)\"")


def _phrase(text: str, cited: Sequence[Sentence]) -> str | None:
    """A quoted phrase must stand in one cited sentence, or run across cited neighbours."""
    sources = _joined(cited)
    for match in _QUOTED.finditer(text):
        # A comma or stop before the closing quote belongs to the sentence around it.
        phrase = match[match.lastindex or 0].strip().rstrip("，。；、,.;")
        if not any(phrase in source for source in sources):
            return f"the phrase “{phrase}” is not in the cited sentences"
    return None


def _joined(cited: Sequence[Sentence]) -> list[str]:
    """Return the cited texts in reading order, neighbours joined to one."""
    joined: list[str] = []
    behind: tuple[str, int] | None = None
    for sentence in sorted(cited, key=lambda s: (s.speech, s.start)):
        if behind == (sentence.speech, sentence.start):
            joined[-1] += sentence.text
        else:
            joined.append(sentence.text)
        behind = (sentence.speech, sentence.end)
    return joined


# Markers of one kind must come as often in a clause of the statement as in the clauses that it restates.
_MARKERS = {
    "negation": re.compile(
        r"不|未|没|无|非|勿|莫|禁止|严禁|防止|避免|杜绝|反对|拒绝|停止|取消|废除|否认|难以"
        r"|\b(?:not|no|never|nor|neither|without|cannot|none|prohibit\w*|forbid\w*|prevent\w*|oppose\w*)\b|n['’]t\b"
    ),
    "obligation": re.compile(
        r"必须|务必|务须|必需|必定|必将|一定要|严禁|一律|只能|只许|不得不|\b(?:must|shall|only)\b"
    ),
    "possibility": re.compile(r"可能|可以|或许|也许|力争|争取|有望|大概|\b(?:may|might|could|perhaps|possibly)\b"),
}
# Words with a negative character that negate nothing; new in a statement, they count all the same.
_IDIOM = re.compile(
    r"不断|不仅|不但|不光|不只|不久|不同|不少|不过|不论|不管|不足|不妨|不懈|不良|不法|不正当|无论|未来|非常|非法|除非|是非"
    r"|非洲|无线|无人机|无疑|没收|无偿|无形|莫过"
)


def _polarity(text: str, cited: Sequence[Sentence]) -> str | None:
    """A statement must not say the opposite, nor the same with more or less force."""
    source = fold("".join(sentence.text for sentence in cited))
    theirs = [clause for sentence in cited for clause in _clauses(sentence.text)]
    for clause in _clauses(text):
        aligned = _align(clause, theirs)
        for kind in _MARKERS:
            mine = _count(kind, clause.text, source)
            if mine not in {sum(_count(kind, c.text) for c in clauses) for clauses in aligned}:
                return f"its {kind} is not that of the cited sentences: {clause.text}"
    return None


def _count(kind: str, clause: str, source: str | None = None) -> int:
    """Count the markers of a kind, leaving out idioms; in a statement only those that `source` has as well."""
    kept = _IDIOM.sub(lambda m: "" if source is None or m[0] in source else m[0], clause)
    return len(_MARKERS[kind].findall(kept))


def _align(clause: "_Clause", theirs: Sequence["_Clause"]) -> list[list["_Clause"]]:
    """Return the groups of cited clauses that `clause` may be restating: each best match, and all it covers together."""
    overlap = {id(c): len(clause.words & c.words) for c in theirs}
    best = max(overlap.values(), default=0)
    covered = [c for c in theirs if c.words and overlap[id(c)] >= 0.6 * len(c.words)]
    nearest = [[c] for c in theirs if overlap[id(c)] == best] if best else [[]]
    return [*nearest, covered] if covered else nearest


def _coverage(text: str, cited: Sequence[Sentence]) -> str | None:
    """Enough content words of the statement, and of each of its clauses, must stand in the cited sentences."""
    source = fold("".join(sentence.text for sentence in cited))
    latin = frozenset(words(source))
    clauses = [clause.words for clause in _clauses(text) if clause.words]
    if not clauses:
        return "it says nothing that could be checked"
    for content in (*clauses, frozenset[str]().union(*clauses)):
        new = sorted(word for word in content if word not in latin and not _stands_in(word, source))
        if len(new) > (1 - MIN_COVERAGE) * len(content):
            return f"the cited sentences do not speak of {'、'.join(new)}"
    return None


def _stands_in(word: str, source: str) -> bool:
    """Whether a Chinese word stands in `source`, or is put together of words that do: 保护意识 of 保护 and 意识."""
    if word.isascii():
        return False
    reached = {0}
    for start in range(len(word)):
        if start in reached:
            pieces = ((end, word[start:end]) for end in range(start + 1, len(word) + 1))
            whole = len(word) == 1
            reached.update(end for end, p in pieces if is_function_word(p) or ((len(p) > 1 or whole) and p in source))
    return len(word) in reached


# --- Across languages ------------------------------------------------------------------------------------------------

# What in a Chinese sentence can stand behind the English marker; idioms such as 不断 count, since they may be rendered so.
_BEHIND = {
    "negation": re.compile(r"[不未没无非勿莫免禁止防避杜反拒停取废否难缺少零绝]|摆脱|克服|纠正|打击|遏制|惩"),
    "obligation": re.compile(r"[要必须需应该当务只仅唯严定得绝全皆都]"),
}
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely)\b|\bno (?:matter|longer|doubt)\b")


def _translation(text: str, cited: Sequence[Sentence]) -> str | None:
    """Hold an English statement against Chinese sentences.

    Numbers and quoted phrases must stand there, as in any statement. A negation or an obligation must have something
    behind it; one that was dropped cannot be told from one that was put in other words, and which clause is restated
    cannot be seen, so neither is checked. Words cannot be compared at all: who reads the claim must read the original.
    """
    if not re.search(r"[^\W\d_]", text):
        return "it says nothing that could be checked"
    supported = set[str]().union(*(borne_out(sentence.text) for sentence in cited))
    if missing := [number for number in english_numbers(text) if number not in supported]:
        return f"number {missing[0]} is not in the cited sentences"
    if why := _phrase(text, cited):
        return why
    source, folded = fold("".join(sentence.text for sentence in cited)), _NOT_ONLY.sub("", fold(text))
    for kind, behind in _BEHIND.items():
        if _MARKERS[kind].search(folded) and not behind.search(source):
            return f"its {kind} is not that of the cited sentences"
    return None


# --- Clauses ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    words: frozenset[str]


_CLAUSE_END = re.compile(r"(?:[,;:!?。…—\n]|\.(?!\d))+")


@lru_cache(maxsize=4096)
def _clauses(text: str) -> tuple[_Clause, ...]:
    """Return the clauses of `text` in normal form with their content words: no function words, no numbers."""
    return tuple(
        _Clause(part, frozenset(word for word in content_words(part) if not numbers(word)))
        for part in _CLAUSE_END.split(fold(text))
        if part.strip()
    )
