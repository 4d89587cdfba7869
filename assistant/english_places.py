"""Places of a speech that a question names in English, as one names them in Chinese: one grammar reads both.

sentence 5 of paragraph 7      第7段第5句
the last two paragraphs        最后2段
"""

import re

_NUMERALS = {word: f"{i}" for i, word in enumerate("two three four five six seven eight nine".split(), 2)}
_ORDINALS = {
    word: f"{i}"
    for i, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 1
    )
}
_FROM_THE_END = {"next": "2", "second": "2", "third": "3", "fourth": "4"}
_FEW = rf"(?:{'|'.join(_NUMERALS)}|[2-9])"
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th)|last|final)"
_PLACE = re.compile(
    rf"""
    \b(?:the\ )?(?:
      (?:
          (?P<side>first|last|final)\ (?P<few>{_FEW})\ sentences
        | (?P<ordinal>{_ORDINAL})\ sentence
        | sentences?\ (?P<start>\d{{1,3}})(?:(?P<to>\ ?(?:to|through|[-–])\ ?|\ and\ )(?P<end>\d{{1,3}}))?
      )(?:\ (?:of|in|from)\ (?:the\ )?(?:paragraph\ (?P<of>\d{{1,3}})|(?P<of_ordinal>{_ORDINAL})\ paragraph|(?P<of_back>倒数第\d段)|speech|report|text))?
      | (?P<paragraphs_side>first|last|final)\ (?P<paragraphs_few>{_FEW})\ paragraphs
      | paragraphs\ (?P<first>\d{{1,3}})(?P<until>\ ?(?:to|through|[-–])\ ?|\ and\ )(?P<last>\d{{1,3}})
      | (?P<paragraph>(?!first|last|final){_ORDINAL})\ paragraph
    )\b(?:\ of\ (?:the|this)\ (?:speech|report|text))?
    """,
    re.IGNORECASE | re.VERBOSE,
)

_BACK = re.compile(
    rf"""
    \b(?:the\ )?(?:(?P<number>next|second|third|fourth)[ -](?:to[ -](?:the[ -])?|from[ -](?:the[ -])?)?(?:last|end)|penultimate)\ (?P<unit>paragraph|sentence)
    (?:\ (?:of|in|from)\ (?:the\ )?(?:paragraph\ (?P<of>\d{{1,3}})|(?P<of_ordinal>{_ORDINAL})\ paragraph|(?:this\ )?(?:speech|report|text)))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Not: how does the speech end the monopoly?
_OPENS = re.compile(
    r"\bhow (?:does|did) (?:the|this) (?:speech|report|text) (?:(?P<opens>begin|start|open)|end|close|conclude)(?=\s*(?:[?.!,;]|$))",
    re.IGNORECASE,
)
_PARA = re.compile(r"\bpara\b\.?", re.IGNORECASE)


def in_chinese(question: str) -> str:
    """Return a question whose places are named in Chinese; unchanged where it names none in English."""
    question = _OPENS.sub(lambda m: f"the {'beginning' if m['opens'] else 'end'} of the speech", question)
    return _PLACE.sub(_one_in_chinese, _BACK.sub(_back_in_chinese, _PARA.sub("paragraph", question)))


def _back_in_chinese(match: re.Match[str]) -> str:
    """Return a place that is counted from the end: 倒数第2段."""
    number = _FROM_THE_END[(match["number"] or "next").lower()]
    if match["unit"].lower() == "paragraph":
        return f"倒数第{number}段"
    return f"{_paragraph(match) if match['of'] or match['of_ordinal'] else '全文'}倒数第{number}句"


def _one_in_chinese(match: re.Match[str]) -> str:
    """Return a place that was named in English as one names it in Chinese: 第7段第5句."""
    if match["first"]:
        return f"第{match['first']}段{'和' if 'and' in match['until'] else '到'}第{match['last']}段"
    if match["paragraphs_few"]:
        return f"{_many(match['paragraphs_side'], match['paragraphs_few'])}段"
    if match["paragraph"]:
        return f"第{_value(match['paragraph'])}段"
    return _paragraph(match) + _sentences(match)


def _paragraph(match: re.Match[str]) -> str:
    """Return the paragraph that sentences are of; "" where it is named before them."""
    if match.groupdict().get("of_back"):
        return str(match["of_back"])
    if match["of"] or match["of_ordinal"]:
        number = match["of"] or _value(match["of_ordinal"])
        return f"第{number}段" if number else "最后一段"
    before = re.search(r"paragraph \d+,? ?$", match.string[: match.start()], re.IGNORECASE)
    return "" if before else "全文"


def _sentences(match: re.Match[str]) -> str:
    if match["few"]:
        return f"{_many(match['side'], match['few'])}句"
    if match["to"]:
        joined = "句和" if "and" in match["to"] else "到"
        return f"第{match['start']}{joined}第{match['end']}句"
    number = match["start"] or _value(match["ordinal"])
    return f"第{number}句" if number else "最后1句"


def _many(side: str, few: str) -> str:
    return f"{'前' if side.lower() == 'first' else '最后'}{_value(few)}"


def _value(word: str) -> str:
    """Return the digits of an English numeral; "" for the last."""
    word = word.lower()
    return (_NUMERALS | _ORDINALS).get(word, "".join(filter(str.isdecimal, word)))
