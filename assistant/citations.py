"""The kernel: what a drafted sentence must pass before anybody sees it.

A draft is text whose sentences end in addresses, `……人民。[7.5]`. `check` cuts it into statements, looks up every
address among the sentences that were shown, and yields each statement as a `Claim` with the sentences it rests on, or
as `Withheld` with the reason. Nothing here does I/O, calls a model or matches fuzzily; whoever wrote the draft is not
trusted. The checks do not prove entailment: they refuse what can be seen to be wrong.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from assistant.corpus import Sentence
from assistant.drafts import Statement, lift_marks, plain, statements
from assistant.english import borne_out, english_numbers
from assistant.text import (
    Word,
    fold,
    is_chinese,
    is_function_word,
    located_words,
    numbers,
    supported_numbers,
    without_numbers,
)


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
    by_address = {f"{s.speech}/{s.paragraph}.{s.number}": s for s in shown} | {s.address: s for s in shown}
    for statement in statements(draft):
        yield _judge(statement, by_address, translated)


def cite(claims: Iterable[Claim], titles: Mapping[str, str]) -> tuple[Citation, ...]:
    """Number the cited sentences in the order of their first use, from 1; the same sentence keeps its number."""
    sentences = dict.fromkeys(sentence for claim in claims for sentence in claim.sentences)
    return tuple(Citation(i, sentence, titles[sentence.speech]) for i, sentence in enumerate(sentences, start=1))


# --- The check -------------------------------------------------------------------------------------------------------


def _judge(statement: Statement, shown: Mapping[str, Sentence], translated: bool) -> Claim | Withheld:
    """Apply the rules, the ones with the clearest reasons first."""
    text, addresses = statement.text, statement.addresses
    if not addresses:
        return Withheld(text, "it names no sentence of the speech")
    cited = tuple(dict.fromkeys(shown[address] for address in addresses if address in shown))
    unknown = [address for address in addresses if address not in shown]
    for sentence in cited:
        itself, own_marks = lift_marks(sentence.text)
        # A speech may hold text that looks like a mark; in a quote it is text.
        literal = {address for _, _, found in own_marks for address in found}
        if text == plain(itself) and literal.issuperset(unknown):
            return Claim(sentence.text.strip(), (sentence,), Verdict.VERBATIM)
    if unknown:
        return Withheld(text, f"no sentence {unknown[0]} was shown for this question")
    if translated and not is_chinese(text) and all(is_chinese(sentence.text) for sentence in cited):
        why = _translation(text, cited)
        return Withheld(text, why) if why else Claim(text, cited, Verdict.TRANSLATED)
    why = _number(text, cited) or _phrase(text, cited) or _wording(text, cited)
    return Withheld(text, why) if why else Claim(text, cited, Verdict.SUPPORTED)


def _number(text: str, cited: Sequence[Sentence]) -> str | None:
    """Every number must stand in the cited sentences."""
    supported = frozenset[str]().union(*(clause.bears for sentence in cited for clause in _clauses(sentence.text)))
    missing = [number for number in numbers(text) if number not in supported]
    return f"number {missing[0]} is not in the cited sentences" if missing else None


_QUOTED = re.compile(
    r"“([^“”]+)(?:”|$)|^([^“”]+)”|‘([^‘’]+)’|「([^「」]+)」|『([^『』]+)』|《([^《》]+)》|〈([^〈〉]+)〉"
    r"|〝([^〝〞]+)〞|«([^«»]+)»|[\"＂]([^\"＂]+)[\"＂]"
)


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


# --- Across languages ------------------------------------------------------------------------------------------------

# A marker in English, and what in a Chinese sentence can stand behind it; idioms such as 不断 may be rendered by one too.
_ACROSS = {
    "negation": (
        re.compile(
            r"\b(?:not(?! (?:only|just|merely)\b)|no(?! (?:matter|longer|doubt)\b)|never|nor|neither|without|cannot|none"
            r"|prohibit\w*|forbid\w*|prevent\w*|oppose\w*)\b|n['’]t\b"
        ),
        re.compile(r"[不未没无非勿莫免禁止防避杜反拒停取废否难缺少零绝]|摆脱|克服|纠正|打击|遏制|惩"),
    ),
    "obligation": (re.compile(r"\b(?:must|shall|only)\b"), re.compile(r"[要必须需应该当务只仅唯严定得绝全皆都]")),
}


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
    source, folded = fold("".join(sentence.text for sentence in cited)), fold(text)
    for kind, (marker, behind) in _ACROSS.items():
        if marker.search(folded) and not behind.search(source):
            return f"its {kind} is not that of the cited sentences"
    return _phrase(text, cited)


# --- The wording -----------------------------------------------------------------------------------------------------

_CLAUSE_END = re.compile(r"(?:(?<!\d),|,(?!\d)|[;:!?。…—\n]|\.(?!\d))+")
# What turns a sentence round or changes its force: a clause must keep all of it and add none.
_MARKER = re.compile(
    r"不|未|没|无|非|勿|莫|禁止|严禁|防止|避免|杜绝|反对|拒绝|停止|取消|废除|否认|难以"
    r"|必须|务必|务须|必需|必定|必将|一定要|一律|只能|只许|可能|可以|或许|也许|力争|争取|有望|大概"
    r"|\b(?:not|no|never|nor|neither|without|cannot|none|prohibit\w*|forbid\w*|prevent\w*|oppose\w*"
    r"|must|shall|only|may|might|could|perhaps|possibly)\b|n['’]t\b"
)
# Words with a negative character that negate nothing.
_IDIOM = re.compile(
    r"不断|不仅|不但|不光|不只|不久|不同|不少|不过|不论|不管|不足|不妨|不懈|不良|不法|不正当|无论|未来|非常|非法|除非|是非"
    r"|非洲|无线|无人机|无疑|没收|无偿|无形|莫过"
)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause in normal form without numbers and list markers; `numbers` are what it states, `bears` what it allows."""

    text: str
    words: tuple[Word, ...]
    """Its content words, in order."""
    starts: frozenset[int]
    ends: frozenset[int]
    """Where words, and words inside long ones, begin and end."""
    numbers: frozenset[str]
    bears: frozenset[str]

    @property
    def markers(self) -> Counter[str]:
        return Counter(_MARKER.findall(_IDIOM.sub("", self.text)))


def _wording(text: str, cited: Sequence[Sentence]) -> str | None:
    """Every clause must be a clause of one cited sentence, shortened: its content words in their order, its markers.

    Order and completeness replace a threshold of likeness, by measurement (`python -m eval.kernel`): with 80 % of the
    words required, more than half of the sentences with one exchanged word pass, and all with the words rearranged.
    """
    theirs = [_clauses(sentence.text) for sentence in cited]
    mine = [clause for clause in _clauses(text) if clause.words]
    if not mine:
        return "it says nothing that could be checked"
    for clause in mine:
        spans = [span for source in theirs for span in _spans(clause, source) if _bear(span, clause.numbers)]
        if not spans:
            return f"no cited sentence says this in these words: {clause.text.strip()}"
        if not any(clause.markers == sum((c.markers for c in span), Counter()) for span in spans):
            return f"what it denies, demands or allows is not what the cited sentence does: {clause.text.strip()}"
    return None


def _bear(span: Sequence[_Clause], stated: frozenset[str]) -> bool:
    return stated <= frozenset[str]().union(*(clause.bears for clause in span))


def _spans(clause: _Clause, source: Sequence[_Clause]) -> Iterator[list[_Clause]]:
    """Yield the cited clauses that hold the words of `clause` in their order, once for each clause they may begin in."""
    for first in range(len(source)):
        if span := _span(clause, source[first:]):
            yield span


def _span(clause: _Clause, source: Sequence[_Clause]) -> list[_Clause]:
    """Return the cited clauses that hold the words of `clause`, the first of `source` among them; [] if they do not.

    A later clause is entered from the last word of the one before it, or from a subject that governs both (各级政府要
    落实责任，形成合力): 加强环境保护，减少污染排放 does not say 加强污染排放.
    """
    at, position, span = 0, 0, [source[0]]
    for i, (word, _, _) in enumerate(clause.words):
        found = _find(word, source[at], position)
        if found is None and i:
            ahead = [at + 1] if position >= _tail(source[at]) else []
            ahead = [*range(at + 1, len(source))] if position <= _subject(source[at]) else ahead
            at, found = next(
                ((k, end) for k in ahead if k < len(source) and (end := _find(word, source[k], 0)) is not None),
                (at, None),
            )
            span.append(source[at])
        if found is None:
            return []
        position = found
    return span


def _subject(clause: _Clause) -> int:
    """Return where the subject before 要 ends; 0 if there is none."""
    modal = re.search(r"要|应当|应该|必须", clause.text)
    return modal.start() if modal else 0


def _tail(clause: _Clause) -> int:
    return clause.words[-1].end if clause.words else 0


def _find(word: str, clause: _Clause, position: int) -> int | None:
    """Return the offset behind `word` in `clause`, from `position` on and at the bounds of words; None if not there.

    A word that the segmenter left whole may stand there in parts: 保护意识 in 保护知识产权意识.
    """
    start = clause.text.find(word, position)
    while start >= 0:
        if start in clause.starts and start + len(word) in clause.ends:
            return start + len(word)
        start = clause.text.find(word, start + 1)
    for cut in range(1, len(word)):
        left, right = word[:cut], word[cut:]
        middle = position if is_function_word(left) else _find(left, clause, position) if cut > 1 else None
        if middle is None:
            continue
        if is_function_word(right):
            return middle
        if len(right) > 1 and (end := _find(right, clause, middle)) is not None:
            return end
    return None


@lru_cache(maxsize=4096)
def _clauses(text: str) -> tuple[_Clause, ...]:
    return tuple(_clause(part) for part in _CLAUSE_END.split(fold(text)) if part.strip())


def _clause(part: str) -> _Clause:
    text = without_numbers(part)
    bounds = located_words(text, parts=True)
    return _Clause(
        text=text,
        words=tuple(word for word in located_words(text) if not is_function_word(word.text)),
        starts=frozenset(word.start for word in bounds),
        ends=frozenset(word.end for word in bounds),
        numbers=frozenset(numbers(part)),
        bears=frozenset(supported_numbers(part)),
    )
