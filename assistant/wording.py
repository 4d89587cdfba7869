"""Whether a statement says what a cited sentence says, in its words: the sentence shortened, and nothing else.

Likeness is not asked for, since one exchanged word makes a false sentence: with 80 % of the words required, 109 of 187
sentences of the speech with one foreign word passed, and no share of words notices their order. What is asked for
instead, and what it costs, is measured by `python -m eval.kernel`. A word left out can still change the sense where no
marker, condition or clause shows it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from assistant.corpus import Sentence
from assistant.text import Word, fold, is_function_word, located_words, numbers, supported_numbers, without_numbers

_PART_END = re.compile(r"[;!?。…\n]+")
_CLAUSE_END = re.compile(r"(?:(?<!\d),|,(?!\d)|[:—]|\.(?!\d))+")
_NUMERAL = "[0-9一二三四五六七八九十百千万亿]"
# What turns a clause round or changes its force: it must keep all of it and add none.
_MARKER = re.compile(
    r"不|未|没|无|非|勿|莫|反(?!映|复|馈|应|而|正)|禁止|严禁|防止|避免|杜绝|拒绝|停止|取消|废除|否认|难以"
    r"|打击|惩处|惩罚|惩治|克服|遏制|制止|纠正|查处|侵犯|侵权|假冒|滥用|违"
    r"|必须|务必|务须|必需|必定|必将|一定要|一律|只能|只许|可能|可以|或许|也许|力争|争取|有望|大概"
    rf"|近(?={_NUMERAL})|约(?={_NUMERAL})|(?<={_NUMERAL})[余多]|超过|以上|以下|至少|至多|左右"
    r"|\b(?:not|no|never|nor|neither|without|cannot|none|prohibit\w*|forbid\w*|prevent\w*|oppose\w*"
    r"|must|shall|only|may|might|could|perhaps|possibly|nearly|about|over|under)\b|n['’]t\b"
)
# Words with a negative character that negate nothing.
_IDIOM = re.compile(
    r"不断|不仅|不但|不光|不只|不久|不同|不少|不过|不论|不管|不妨|不懈|无论|未来|非常|除非|是非|非洲|无线|无人机|无疑|没收|无偿"
    r"|无形|莫过"
)
# What the rest of a sentence hangs on: it cannot be cut off.
_CONDITION = re.compile(r"如果|假如|倘若|若(?!干)|只有|除非|有人说|据说|所谓|\b(?:if|unless)\b")
# Little words that say who does what to whom; a statement may leave them out but not bring its own.
_ROLES = frozenset(
    "从 向 由 给 把 为 对 使 让 是 他 她 它 他们 我们 通过 "
    "from to by was were is are he she they we his her their our".split()
)
_DEMAND = re.compile(r"要|应|必须|\b(?:must|should|shall)\b")
_DONE = frozenset("了 过 已 已经 正 正在".split())
_LONGEST_WORD = 12


class Rule(Enum):
    """What a statement can break; the value says so in English, {} standing for the detail."""

    NO_ADDRESS = "it names no sentence of the speech"
    NOT_SHOWN = "no sentence {} was shown for this question"
    NUMBER = "number {} is not in the cited sentences"
    PHRASE = "the phrase “{}” is not in the cited sentences"
    SIGN = "the sign {} is not in the cited sentences"
    NEGATION = "its negation is not that of the cited sentences"
    OBLIGATION = "its obligation is not that of the cited sentences"
    NOTHING = "it says nothing that could be checked"
    WORDS = "no cited sentence says this in these words: {}"
    FORCE = "what it denies, demands or allows is not what the cited sentence does: {}"
    DONE = "it tells as done what the cited sentence demands: {}"
    CONDITION = "it leaves out what the cited sentence hangs on: {}"


Broken = tuple[Rule, str]
"""A rule that a statement breaks, and the detail."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause in normal form, its numbers and list markers left out of `text`."""

    text: str
    words: tuple[Word, ...]
    """Content words and words of role, in order."""
    starts: frozenset[int]
    ends: frozenset[int]
    """Where words, and words inside long ones, begin and end."""
    numbers: tuple[str, ...]
    markers: tuple[str, ...]
    done: frozenset[str]
    """The words that tell it as done, 了 and its like."""


def objection(text: str, cited: Sequence[Sentence]) -> Broken | None:
    """Return why `text` is not a cited sentence, shortened; None if it is.

    Each part of `text` between stops and semicolons must be found in one of the sentences, its clauses in order: their
    words in their order, their numbers in their order, the same markers of negation and force, no condition cut off,
    and nothing told as done that is demanded.
    """
    parts = [part for part in _PART_END.split(fold(text)) if part.strip()]
    if not any(clause.words for part in parts for clause in _clauses(part)):
        return Rule.NOTHING, ""
    for part in parts:
        reasons = [_objection(part, sentence.text) for sentence in cited]
        if None not in reasons:
            return next((reason for reason in reasons if reason and reason[0] is not Rule.WORDS), reasons[0])
    return None


def _objection(part: str, sentence: str) -> Broken | None:
    source = _clauses(fold(sentence))
    begin = 0
    for clause in _clauses(part):
        if not clause.words and not clause.numbers:
            continue
        spans = [
            (first, span) for first, span in _spans(clause, source) if first >= begin and _bear(span, clause.numbers)
        ]
        if not spans:
            return Rule.WORDS, clause.text.strip() or part.strip()
        kept = [(first, span) for first, span in spans if _markers(span) == Counter(clause.markers)]
        if not kept:
            return Rule.FORCE, clause.text.strip()
        begin, span = kept[0]
        if _DEMAND.search(fold(sentence)) and any(word not in c.text for word in clause.done for c in span):
            return Rule.DONE, clause.text.strip()
    missing = set(_CONDITION.findall(fold(sentence))) - set(_CONDITION.findall(part))
    return (Rule.CONDITION, min(missing)) if missing else None


def _markers(span: Sequence[_Clause]) -> Counter[str]:
    return Counter(marker for clause in span for marker in clause.markers)


def _bear(span: Sequence[_Clause], stated: Sequence[str]) -> bool:
    """Whether the span states these numbers in this order; a date bears out its parts."""
    theirs = iter([number for clause in span for number in clause.numbers])
    return all(any(number == their or _is_part(number, their) for their in theirs) for number in stated)


def _is_part(number: str, date: str) -> bool:
    return bool(re.search("[年月日]", date)) and number in supported_numbers(date)


def _spans(clause: _Clause, source: Sequence[_Clause]) -> Iterator[tuple[int, list[_Clause]]]:
    """Yield where `clause` may begin in `source`, with the cited clauses that hold its words in their order."""
    for first in range(len(source)):
        if span := _span(clause, source[first:]):
            yield first, span


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
    """Return the offset behind `word` in `clause`, from `position` on; None if it does not stand there.

    A Chinese word that the segmenter left whole may stand there in two parts: 保护意识 in 保护知识产权意识.
    """
    whole = _stands(word, clause, position)
    if whole is not None or word.isascii() or len(word) > _LONGEST_WORD:
        return whole
    for cut in range(1, len(word)):
        left, right = word[:cut], word[cut:]
        middle = position if is_function_word(left) else _stands(left, clause, position) if cut > 1 else None
        if middle is not None and is_function_word(right):
            return middle
        if middle is not None and len(right) > 1 and (end := _stands(right, clause, middle)) is not None:
            return end
    return None


def _stands(word: str, clause: _Clause, position: int) -> int | None:
    """Return the offset behind `word` where it stands at the bounds of words: 信力 does not stand in 公信力."""
    start = clause.text.find(word, position)
    while start >= 0:
        if start in clause.starts and start + len(word) in clause.ends:
            return start + len(word)
        start = clause.text.find(word, start + 1)
    return None


@lru_cache(maxsize=4096)
def _clauses(text: str) -> tuple[_Clause, ...]:
    """Return the clauses of a text in normal form."""
    return tuple(_clause(part) for part in re.split(f"{_PART_END.pattern}|{_CLAUSE_END.pattern}", text) if part.strip())


def _clause(part: str) -> _Clause:
    text = without_numbers(part)
    bounds, words = located_words(text, parts=True), located_words(text)
    return _Clause(
        text=text,
        words=tuple(word for word in words if word.text in _ROLES or not is_function_word(word.text)),
        starts=frozenset(word.start for word in bounds),
        ends=frozenset(word.end for word in bounds),
        numbers=tuple(numbers(part)),
        markers=tuple(_MARKER.findall(_IDIOM.sub("", part))),
        done=frozenset(word.text for word in words if word.text in _DONE),
    )
