"""Enumerations: 专利法、商标法、著作权法 in the sentence that answers 要修订哪些法律, so that the reader sees them at once.

Where the first thing begins and the last one ends is not written; it is guessed from the things between, which are alike.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from statistics import median

from assistant.questions import Question, Shape
from assistant.text import Span, fold, tagged

_CLAUSE = re.compile(r"[^，,。；;：:！!？?]+")
_MARK = "、"
_JOINED = re.compile(r"([^和与及或]+)(?:以及|或者|[和与及或])(.+)")
# What begins a clause and belongs to no thing: 要, 从, 对.
_BEFORE = frozenset("要 从 对 对于 把 在 以 就 和 与 及 了 的 等 将 由 向 并 更 既 又 也 都".split())
_AND_OTHERS = re.compile("(?<![高平同均优中初上下相对])等(?![级于待同式])")
_CLOSING = {"”": "“", '"': '"', "》": "《", "」": "「", "』": "『", "’": "‘", ")": "("}
_MANY = 2
"""Things, from more of which their length tells where the last one ends."""
_MIN_REPEATED = 3
"""Clauses that begin with one word, from which they are an enumeration: 关系……，关系……，关系……"""


def enumeration(question: Question, text: str) -> Span | None:
    """Return where a sentence enumerates what a question for several things asks for; None where it does not.

    Of several enumerations, the one in the clause that has most in common with the question, then the longest.
    """
    folded = fold(text)
    if question.shape is not Shape.LIST or len(folded) != len(text):
        return None
    found = [*_listed(folded), *_repeated(folded)]
    if not found:
        return None
    span, _ = max(found, key=lambda item: (question.shared_pairs(item[1]), item[0][1] - item[0][0]))
    return span


def _listed(text: str) -> Iterator[tuple[Span, str]]:
    """Yield the enumerations with 、, and the clause that each stands in; none whose ends seem doubtful."""
    for clause in _CLAUSE.finditer(text):
        first, *others = clause[0].split(_MARK)
        if not others or not all((first, *others)):
            continue
        rest = others[-1]
        joined = None if _AND_OTHERS.search(rest) else _JOINED.fullmatch(rest)
        between, last = ([*others[:-1], joined[1]], joined[2]) if joined else (others[:-1], rest)
        length = median(map(len, between or [first]))
        ending = _ending(last, length, [first, *between])
        start = _beginning(first, length if between else ending)
        if start is not None and ending:
            end = len(clause[0]) - len(last) + ending
            while clause[0][end - 1] in _CLOSING and _CLOSING[clause[0][end - 1]] not in clause[0][start:end]:
                end -= 1
            yield (clause.start() + start, clause.start() + end), clause[0]


def _repeated(text: str) -> Iterator[tuple[Span, str]]:
    """Yield the clauses side by side that begin with the same word, and their text; from that word in the clause before."""
    clauses = list(_CLAUSE.finditer(text))
    openings = [tagged(clause[0])[0][0] for clause in clauses]
    for opening, group in groupby(range(len(clauses)), key=openings.__getitem__):
        alike = list(group)
        if len(alike) < _MIN_REPEATED or opening in _BEFORE:
            continue
        start, end = clauses[alike[0]].start(), clauses[alike[-1]].end()
        before = text.rfind(opening, clauses[alike[0] - 1].start(), start) if alike[0] else -1
        start = start if before < 0 else before
        yield (start, end), text[start:end]


def _ending(last: str, length: float, others: list[str]) -> int:
    """Return where the last thing ends; 0 where that cannot be told.

    Before 等; before 的 or at the end, if it is about as long as the others; of two things, behind the word that ends as the other
    does, 信息化、智能化基础设施; of many things of one length, behind a word of that length, 创造、运用、保护、服务全链条.

    Args:
        last: the last thing and what follows it.
        length: of the others, about.
        others: these, the first with what is before it.
    """
    if others_follow := _AND_OTHERS.search(last):
        return others_follow.start()
    words = [word for word, _ in tagged(last)]
    ends = [sum(map(len, words[: i + 1])) for i in range(len(words))]
    if "的" in words and 0.6 * length <= last.index("的") <= _longest(length):
        return last.index("的")
    if len(others) == 1:
        like = next((end for end in ends if last[end - 1] == others[0][-1]), 0)
        if like > 1:
            return like
    if "的" not in words and len(last) <= _longest(length):
        return len(last)
    alike = len(others) > _MANY and len({len(other) for other in others[1:]}) == 1
    return int(length) if alike and length in ends else 0


def _beginning(first: str, length: float) -> int | None:
    """Return where the first thing begins, which is about as long as the others; None where that cannot be told."""
    tags = tagged(first)
    starts = [sum(len(word) for word, _ in tags[:i]) for i in range(len(tags))]
    barred = max((i for i, (word, _) in enumerate(tags) if word in _BEFORE), default=-1)
    able = range(barred + 1, len(tags))
    if not able:
        return None
    best = min(able, key=lambda i: (abs(len(first) - starts[i] - length), -i))
    if len(first) - starts[best] > _longest(length):
        return None
    # Behind 要 stands the verb of the clause, whatever its tag: 要整治, 要坚持以我为主.
    verb = barred + 1 if barred >= 0 and tags[barred][0] == "要" else -1
    # 知识产权 before 创造.
    while best - 1 in able and best - 1 != verb and tags[best - 1][1][:1] == "n" and tags[best][1] in ("n", "vn", "v"):
        best -= 1
    if best + 1 < len(tags) and ((best == verb and tags[best][1][:1] in "nv") or (best == 0 and tags[0][1] == "v")):
        best += 1
    # 四千五百吨大米、……: the number belongs to it.
    before = tags[best - 1][1] if best else ""
    return None if before[:1] in ("m", "q") else starts[best]


def _longest(length: float) -> float:
    """Return how long a thing may be beside others of about this length."""
    return 1.5 * length + 1.5
