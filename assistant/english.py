"""Numbers in English sentences, in the form that `text.numbers` gives Chinese ones, so that the two can be compared.

    November 30, 2020 = 2020年11月30日    the 25th = 第25    1.2 billion = 12亿    five percent = 百分之五

Vague amounts (half, dozens, double) are not read; nor are a lone zero, one, first and second, which mostly count nothing.
"""

import re
from decimal import Decimal

from assistant.text import fold, numbers, supported_numbers

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_CARDINALS = {word: i for i, word in enumerate(_SMALL)} | {word: 10 * i for i, word in enumerate(_TENS, start=2)}
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
} | {word: f"{word[:-1]}ieth" for word in _TENS}
_ORDINALS = {_IRREGULAR.get(word, f"{word}th"): value for word, value in _CARDINALS.items()}
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NOT_COUNTING = {"zero", "one", "first", "second"}


def _one_of(names: "dict[str, int]") -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_WORD = rf"(?:{_one_of(_CARDINALS | _ORDINALS | _SCALES)})"
_SPELLED = re.compile(rf"\b{_WORD}(?:(?:[ -]|(?:(?<=hundred)|(?<=thousand)|(?<=million))[ ]and[ ]){_WORD})*\b")
_PARTS = {name: value for name, value in _ORDINALS.items() if 3 <= value <= 10} | {"half": 2, "quarter": 4}
_FRACTION = re.compile(rf"\b({'|'.join(_SMALL[1:10])})[ -]({_one_of(_PARTS)})s?\b")
_SCALED = re.compile(rf"(\d[\d,]*(?:\.\d+)?)[ -]({_one_of(_SCALES)})\b")
MONTHS = dict(
    zip(
        "january february march april may june july august september october november december".split(),
        range(1, 13),
        strict=True,
    )
)
_MONTH = rf"(?P<m>{_one_of(MONTHS)})"
_DATES = [
    re.compile(rf"\b{_MONTH} (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y>\d{{4}})\b)?"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? (?P<y>\d{{4}})\b)?"),
    re.compile(rf"\b{_MONTH}(?: of|,)? (?P<y>\d{{4}})\b(?P<d>)"),
    # A lone may or march is mostly none.
    re.compile(rf"\b(?!may\b|march\b){_MONTH}\b(?P<d>)(?P<y>)"),
]
_CENTURY = re.compile(r"([\d一二三四五六七八九十]+)世纪")
_PLAN = re.compile(r"十([一二三四五六七八九])五")


def english_numbers(text: str) -> list[str]:
    """Return the numbers that an English text states, in the forms of `text.numbers`."""
    text = _FRACTION.sub(lambda m: f"{_PARTS[m[2]]}分之{_CARDINALS[m[1]]}", fold(text))
    text = _SPELLED.sub(_digits, text)
    text = _SCALED.sub(lambda m: _scaled(m[1], m[2]), text)
    for date in _DATES:
        text = date.sub(_date, text)
    text = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", r"第\1", text)
    return numbers(re.sub(r"(\d) ?(?:percent|per cent)\b", r"\1%", text))


def borne_out(chinese: str) -> set[str]:
    """Return the numbers that a Chinese sentence bears out for an English one: 21世纪 the 21st, 十四五 the 14th and five."""
    found = supported_numbers(chinese)
    found.update(form for century in _CENTURY.findall(fold(chinese)) for form in numbers(f"第{century}"))
    found.update(form for digit in _PLAN.findall(chinese) for form in (*numbers(f"第十{digit}"), "5"))
    return found


def _digits(match: re.Match[str]) -> str:
    """Return spelled numerals in digits: two hundred and five = 205, twenty-fifth = 25th."""
    spelled = re.split(r"[ -]+", match[0].replace(" and ", " "))
    if len(spelled) == 1 and (spelled[0] in _NOT_COUNTING or spelled[0] in _SCALES):
        return match[0]
    total = part = 0
    for word in spelled:
        if word in _SCALES:
            part = (part or 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, part = total + part, 0
        else:
            part += _CARDINALS.get(word, _ORDINALS.get(word, 0))
    return f"{total + part}{'th' if spelled[-1] in _ORDINALS else ''}"


def _scaled(digits: str, scale: str) -> str:
    value = Decimal(digits.replace(",", "")) * _SCALES[scale]
    return format(value.normalize(), "f")


def _date(match: re.Match[str]) -> str:
    year = f"{match['y']}年" if match["y"] else ""
    day = f"{match['d']}日" if match["d"] else ""
    return f"{year}{MONTHS[match['m']]}月{day}"
