"""The form in which an answer and what is expected of it are compared. Never used to judge a quote."""

import re
from collections.abc import Sequence
from functools import lru_cache

from assistant.text import fold

_QUOTES = str.maketrans(
    dict.fromkeys("“”„‟〝〞「」『』«»＂", '"') | dict.fromkeys("‘’`´", "'") | dict.fromkeys("‐‑‒–—―−", "-")
)
_NEGATION = "不未没无非莫勿"
_NUMERAL = "0123456789〇零一二三四五六七八九十百千万亿"


@lru_cache(maxsize=2**14)
def form(text: str) -> str:
    """Return `text` in `assistant.text.fold`'s form, with one kind of quotes and dashes and no space beside Chinese."""
    folded = " ".join(fold(text).translate(_QUOTES).split())
    return re.sub(r"(?<![!-~]) | (?![!-~])", "", folded)


def holds(text: str, wanted: str, known: str = "") -> bool:
    """Whether `wanted` stands in `text`, both in their form, as a whole.

    25 does not stand in 125, art not in part, and 公正 not in 不公正 (unless 不公正 stands in `known`, the speech's form).
    """
    start = text.find(wanted)
    while start >= 0:
        if _is_whole(text, start, start + len(wanted), known):
            return True
        start = text.find(wanted, start + 1)
    return False


def first_held(text: str, wanted: Sequence[str], known: str = "") -> str | None:
    """Return the first of some forms that stands in `text` (in its form), or None."""
    return next((each for each in wanted if holds(text, form(each), known)), None)


def _is_whole(text: str, start: int, end: int, known: str) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if not text[start:end]:
        return False
    if before and before in _NEGATION and before + text[start:end] not in known:
        return False
    return not (_continues(before, text[start]) or _continues(text[end - 1], after))


def _continues(left: str, right: str) -> bool:
    """Whether two neighbours belong to one numeral or one Latin word."""
    if not left or not right:
        return False
    if left in _NUMERAL and right in _NUMERAL:
        return True
    return left.isascii() and left.isalnum() and right.isascii() and right.isalnum()
