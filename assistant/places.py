"""Questions for a place of the speech: 第七段讲了什么, 7.5, 结尾, the last paragraph."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from assistant.corpus import Corpus, Paragraph, Sentence
from assistant.errors import AddressError
from assistant.text import numbers

_NUMERAL = r"[\d一二三四五六七八九十百]{1,4}"
_TEXT = "(?:讲话|講話|报告|報告|文章|全文)"
_PART = "(?:部分|一段|那段)?"
# Behind 第二段 stands what is asked of it, and no word that it belongs to: 第二段隧道, 第一段时间.
_NAMED = re.compile(
    rf"(?:(?P<back>倒[数數])?第(?P<paragraph>{_NUMERAL})[个個]?(?:自然)?段落?(?=[的里裡中第呢讲講说說谈談写寫是怎有对對提主内內总總概分和与與、及，,。?？!！\s]|$)"
    rf"|(?P<last>最[后後]一?段|末段|(?:{_TEXT}的?)?(?:[结結]尾|末尾){_PART}|\b(?:last|final) paragraph\b|\bend of the (?:speech|report|text)\b)"
    rf"|(?P<first>首段|(?:^|在|{_TEXT}的?)[开開](?:[头頭]|篇){_PART}|\bfirst paragraph\b|\b(?:beginning|start) of the (?:speech|report|text)\b)"
    r"|\bparagraph (?P<english>\d{1,3})\b)"
    rf"(?:[的里裡中,，]*\s*(?:第(?P<sentence>{_NUMERAL})句|(?P<ending>最[后後]一句)|sentence (?P<within>\d{{1,3}})\b)[话話]?)?"
    r"|(?P<last_sentence>最[后後]一句[话話]?|\blast sentence\b)|(?P<first_sentence>第一句[话話]?|\bfirst sentence\b)",
    re.IGNORECASE,
)
# Narrower than what `Corpus.find` takes: 2020 alone is a year.
_ADDRESS = re.compile(r"\s*[\[【]?(?P<address>(?:[\w-]+/)?\d{1,3}(?:\.\d{1,3})?)[\]】]?(?P<rest>.*)", re.DOTALL)
_OF_AN_ADDRESS = re.compile(
    r"(?:这|這|那)?一?[句段]?[话話]?(?:是|[说說讲講])?的?了?(?:什么|什麼|啥)?(?:意思)?[?？。!！\s]*"
)


@dataclass(frozen=True)
class Places:
    """The places that a question names, and what it asks of them. Make it with `Places.read`."""

    question: str
    """Without the places; empty where only they were named."""
    found: tuple[Paragraph | Sentence, ...]
    missing: tuple[str, ...]
    """Those that the speech does not have, as they were typed."""

    @classmethod
    def read(cls, question: str, corpus: Corpus) -> Self | None:
        """Return the places; None where the question names none, or one of several speeches without saying of which."""
        question = unicodedata.normalize("NFKC", question)
        if (bare := _ADDRESS.fullmatch(question)) and _OF_AN_ADDRESS.fullmatch(bare["rest"]):
            named, rest = {bare["address"]: bare["address"]}, ""
        elif len(corpus.speeches) > 1:
            return None
        else:
            body = corpus.speeches[0].body
            named = {match[0]: _address(match, body) for match in _NAMED.finditer(question)}
            rest = _NAMED.sub("", question)
        found, missing = [], []
        for typed, address in named.items():
            try:
                found.append(corpus.find(address))
            except AddressError:
                missing.append(typed)
        return cls(rest, tuple(found), tuple(missing)) if named else None

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences that stand there, in the order of the places, each once."""
        there = (s for place in self.found for s in ([place] if isinstance(place, Sentence) else place.sentences))
        return list(dict.fromkeys(there))


def _address(match: re.Match[str], body: tuple[Paragraph, ...]) -> str:
    """Return the address that a place stands for, or what is none where there can be no such place."""
    last = body[-1].number
    if match["last_sentence"]:
        return f"{last}.{len(body[-1].sentences)}"
    if match["first_sentence"]:
        return "1.1"
    if match["paragraph"]:
        number = _value(match["paragraph"])
        paragraph = last + 1 - number if match["back"] else number
    else:
        paragraph = int(match["english"] or (1 if match["first"] else last))
    if not 1 <= paragraph <= last:
        return ""
    if match["ending"]:
        return f"{paragraph}.{len(body[paragraph - body[0].number].sentences)}"
    sentence = match["sentence"] or match["within"]
    return f"{paragraph}.{_value(sentence)}" if sentence else str(paragraph)


def _value(numeral: str) -> int:
    """Return the value of a numeral behind 第; 0 for what has none: 第二三."""
    return int("".join(filter(str.isdecimal, numbers(f"第{numeral}")[0])) or 0)
