"""Questions for a place of the speech: 第七段讲了什么, 7.5, 结尾, the last paragraph."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from assistant.corpus import Corpus, Paragraph, Sentence
from assistant.errors import AddressError
from assistant.text import is_chinese, numbers

_NUMERAL = r"[\d一二三四五六七八九十百]{1,4}"
_TEXT = "(?:讲话|講話|报告|報告|文章|全文)"
_PART = "(?:部分|一段|那段)?"
# Behind 第二段 stands what is asked of it, and no word that it belongs to: 第二段隧道, 第一段时间.
_PARAGRAPH = r"\s*[个個]?(?:自然)?段落?(?=[的里裡中第呢讲講说說谈談写寫是怎有对對提主内內总總概分各都和与與、及最末几幾多，,。?？!！\s]|出[现現]|$)"
_END = r"最[后後](?:一段)?|末段|[结結]尾|末尾"
_NAMED = re.compile(
    rf"(?:(?P<back>倒[数數])?第\s*(?P<paragraph>{_NUMERAL})(?:\s*段?[到至](?P<onto>{_END})|(?:\s*段?[到至~—–-]+第?(?P<until>{_NUMERAL}))?{_PARAGRAPH})"
    rf"|(?:(?P<beginning>前|[开開][头頭])|最?[后後])(?P<few>[2-9两兩二三四五六七八九]){_PARAGRAPH}"
    rf"|(?P<last>最[后後]一?段|末段|(?:{_TEXT}的?)?(?:[结結]尾|末尾){_PART}|\b(?:last|final) paragraph\b|\bend of the (?:speech|report|text)\b)"
    rf"|(?P<first>首段|(?:^|在|{_TEXT}的?)[开開](?:[头頭]|篇){_PART}|\bfirst paragraph\b|\b(?:beginning|start) of the (?:speech|report|text)\b)"
    r"|\bparagraph (?P<english>\d{1,3})\b)"
    rf"(?:[的里裡中,，]*\s*(?:第\s*(?P<sentence>{_NUMERAL})\s*句|(?P<ending>最[后後]一句)|sentence (?P<within>\d{{1,3}})\b)[话話]?)?"
    rf"|(?P<title>(?:^|{_TEXT}的?)(?:标题|標題|题目|題目)(?=[是叫呢?？。]|$)|^\s*[这這]?篇?{_TEXT}(?=叫(?:什么|什麼|啥)(?:名字?|题目|題目|[?？]|$))"
    r"|(?<=what is )the title\b|(?<=what's )the title\b)(?: of (?:the|this) (?:speech|report|text))?"
    r"|(?P<last_sentence>最[后後]一句[话話]?|\blast sentence\b)|(?P<first_sentence>第一句[话話]?|\bfirst sentence\b)",
    re.IGNORECASE,
)
# Narrower than what `Corpus.find` takes: 2020 alone is a year.
_ADDRESS = r"[\[【]?(?:[\w-]+/)?\d{1,3}(?:\.\d{1,3})?[\]】]?"
_ADDRESSES = re.compile(
    rf"\s*(?P<addresses>{_ADDRESS}(?:(?:\s*(?:[、，,和与與及]|and)\s*|\s+|(?<=[\]】])){_ADDRESS})*)(?P<rest>.*)",
    re.DOTALL,
)
_BESIDE = re.compile(
    r"(?:(?<![最以之])(?P<onward>[下后後]面?的?那?一|[下后後]面的?那|接[着著]的?|接下[来來]的?那?一?)|[上前]面?的?那?一|[上前]面的?那)[个個]?"
    r"(?:(?P<sentence>句[话話]?)|(?:自然)?段落?)(?=[的里裡讲講说說写寫是怎有对對内內呢,，。?？!！\s]|$)"
    r"|\b(?:the )?(?:(?P<following>next|following)|previous|preceding) (?:paragraph|(?P<within>sentence))\b",
    re.IGNORECASE,
)
_OF_AN_ADDRESS = re.compile(
    r"(?:[这這那]|分别|分別|各)?[一两兩几幾]?[句段]?[话話]?(?:是|[说說讲講])?的?了?(?:什么|什麼|啥)?(?:意思)?[?？。!！\s]*"
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
        if (bare := _ADDRESSES.fullmatch(question)) and _OF_AN_ADDRESS.fullmatch(bare["rest"]):
            named, rest = {address: [address] for address in re.findall(_ADDRESS, bare["addresses"])}, ""
        elif len(corpus.speeches) > 1:
            return None
        else:
            body = corpus.speeches[0].body
            named = {match[0]: _addresses(match, body) for match in _NAMED.finditer(question)}
            rest = _NAMED.sub("", question)
        found, missing = [], []
        for typed, addresses in named.items():
            try:
                found += [corpus.find(address) for address in addresses]
            except AddressError:
                missing.append(typed.strip("[]【】"))
        return cls(rest, tuple(found), tuple(missing)) if named else None

    @classmethod
    def step(cls, question: str, earlier: str, answer: str, corpus: Corpus) -> str | None:
        """Return a question for the next paragraph or sentence, or the one before, with its number.

        It is counted from the place that the earlier question named, or else from the first quote of its answer. None where
        the question asks for neither, the answer quoted nothing, or there are several speeches.
        """
        beside = _BESIDE.search(question)
        if beside is None or len(corpus.speeches) > 1:
            return None
        places = cls.read(earlier, corpus)
        behind = places.sentences if places else _quoted(answer, corpus)
        if not behind or not behind[0].paragraph:
            return None
        onward = bool(beside["onward"] or beside["following"])
        start, chinese = behind[-1] if onward else behind[0], is_chinese(question)
        if beside["sentence"] or beside["within"]:
            number, sentence = _beside(start, corpus.speeches[0].paragraphs, 1 if onward else -1)
            named = f"第{number}段第{sentence}句" if chinese else f"paragraph {number}, sentence {sentence}"
        else:
            number = start.paragraph + (1 if onward else -1)
            named = f"第{number}段" if chinese else f"paragraph {number}"
        return question[: beside.start()] + named + question[beside.end() :]

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences that stand there, in the order of the places, each once."""
        there = (s for place in self.found for s in ([place] if isinstance(place, Sentence) else place.sentences))
        return list(dict.fromkeys(there))


def _quoted(answer: str, corpus: Corpus) -> list[Sentence]:
    """Return the sentences that stand in an answer, as far as they are of the paragraph of the first."""
    quoted = [sentence for sentence in corpus.sentences if sentence.text.strip() in answer]
    first = min(quoted, key=lambda sentence: answer.index(sentence.text.strip()), default=None)
    return [sentence for sentence in quoted if first and sentence.paragraph == first.paragraph]


def _beside(start: Sentence, paragraphs: tuple[Paragraph, ...], step: int) -> tuple[int, int]:
    """Return the numbers of the paragraph and the sentence one further on, or back; the speech may have none there."""
    number, sentence = start.paragraph, start.number + step
    if 1 <= sentence <= len(paragraphs[number].sentences):
        return number, sentence
    number += step
    return number, len(paragraphs[number].sentences) if step < 0 else 1


def _addresses(match: re.Match[str], body: tuple[Paragraph, ...]) -> list[str]:
    """Return the addresses that a place stands for, or what is none where there can be no such place."""
    last = body[-1].number
    if match["title"]:
        return ["0"]
    if match["last_sentence"]:
        return [f"{last}.{len(body[-1].sentences)}"]
    if match["first_sentence"]:
        return ["1.1"]
    paragraphs = _paragraphs(match, last)
    if not paragraphs or paragraphs[0] < 1 or paragraphs[-1] > last:
        return [""]
    if match["ending"]:
        return [f"{number}.{len(body[number - body[0].number].sentences)}" for number in paragraphs]
    sentence = match["sentence"] or match["within"]
    return [f"{number}.{_value(sentence)}" if sentence else str(number) for number in paragraphs]


def _paragraphs(match: re.Match[str], last: int) -> list[int]:
    """Return the numbers of the paragraphs, in their order, of which the speech may not have all."""
    if few := match["few"]:
        count = 2 if few in "两兩" else _value(few)
        return list(range(1, count + 1) if match["beginning"] else range(last + 1 - count, last + 1))
    if match["paragraph"]:
        first, until = _value(match["paragraph"]), _value(match["until"] or match["paragraph"])
        if match["onto"]:
            return list(range(last + 1 - first if match["back"] else first, last + 1))
        return list(range(last + 1 - until, last + 2 - first) if match["back"] else range(first, until + 1))
    return [int(match["english"] or (1 if match["first"] else last))]


def _value(numeral: str) -> int:
    """Return the value of a numeral behind 第; 0 for what has none: 第二三."""
    return int("".join(filter(str.isdecimal, numbers(f"第{numeral}")[0])) or 0)
