"""Questions for a place of the speech: 第七段讲了什么, 7.5, 结尾, the last paragraph."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from assistant.corpus import Corpus, Paragraph, Sentence
from assistant.english_places import in_chinese
from assistant.errors import AddressError
from assistant.text import is_chinese, numbers

_NUMERAL = r"[\d一二三四五六七八九十百]{1,4}"
_FEW = "[2-9两兩二三四五六七八九]"
_TEXT = "(?:讲话|講話|报告|報告|文章|全文|正文)"
# 第二、四句 and 第二句和第四句
_AND = "[、，,和与與及]"
_MORE_SENTENCES = rf"(?:\s*{_AND}\s*第?\s*{_NUMERAL})+\s*句"
_UNIT = "[个個]?(?:自然)?段落?"
_TO = r"\s*(?:[开開]始)?[,，]?(?:一?直)?[到至~—–-]+\s*"
# Behind 第二段 stands what is asked of it, and no word that it belongs to: 第二段隧道, 第一段时间, 第二段几时通车.
_COUNTED = "[^,，。?？!！]{0,16}?(?:(?:出[现現]|提到|提及)[过過]?了?(?:[几幾]|多少)[次处處]|(?:[几幾]|多少)[次处處](?:出[现現]|提到|提及))"
_ENDS = rf"(?=[的里裡裏中第呢讲講说說谈談写寫是怎有对對提主内內总總概分各都和与與、及最末,，。?？!！\s]|到底|首句|(?:前|[后後]|[开開][头頭]的?|[结結]尾的?)[一两兩\d二三四五]句|倒[数數]第|关于|[^,，。?？]{{1,12}}?(?:怎[么麼][说說讲講写寫]|[说說讲講写寫]了?[什些])|{_COUNTED}|$)"
_WITHIN = "(?:[里裡裏内內]面?|中(?![国國华華央]))?"
_SENTENCE = rf"""
    (?:
      第\s*(?P<first>{_NUMERAL})\s*(?:
          (?:句[话話]?)?{_TO}(?:第?\s*(?P<until>{_NUMERAL})\s*句|(?P<end>最[后後]一句))
        | (?={_MORE_SENTENCES})
        | 句
      )
      | 倒[数數]第\s*(?P<back>{_NUMERAL})\s*(?:(?:句[话話]?)?{_TO}(?:倒[数數])?第?\s*(?P<until_back>{_NUMERAL})\s*)?句
      | (?:[前头頭](?![1一])|(?:[开開][头頭]|(?<=[头頭]))的?)(?P<beginning>[1一]|{_FEW})句
      | (?:最?[后後]|(?:[结結]尾|末尾|(?<=尾))的?)(?P<ending>[1一]|{_FEW})句
      | (?P<opening>首句) | (?P<closing>末句)
      | sentence\ (?P<english>\d{{1,3}})\b
    )[话話]?
"""
_UNNAMED = re.sub(r"\?P<\w+>", "?:", _SENTENCE)
_PLACE = re.compile(
    rf"""
    (?P<whole>(?:^|{_TEXT}[里裡裏中]?的?)(?:(?:[开開][头頭]|[结結]尾)的?)?)(?={_UNNAMED})
    | (?:(?<![现現])在|[从從])?(?:
      (?P<back>倒[数數])?第\s*(?P<first>{_NUMERAL})\s*(?:
          {_UNIT}{_TO}(?:{_TEXT}的?)?(?P<end>最[后後](?:一段)?|末段|[结結]尾|末尾){_ENDS}
        | (?:{_UNIT})?{_TO}(?P<until_back>倒[数數])?第?\s*(?P<until>{_NUMERAL})\s*{_UNIT}{_ENDS}
        | {_UNIT}{_ENDS}
      )
      | (?:(?P<beginning>前|[开開][头頭])|最?[后後])(?P<few>{_FEW}){_UNIT}{_ENDS}
      | (?P<last_one>最[后後]一?段|末段|(?:{_TEXT}的?)?(?:[结結]尾|末尾)(?:部分|一段|那段)?)
      | (?P<first_one>首段|(?:^|(?<=在)|{_TEXT}的?)[开開](?:[头頭]|篇)(?:部分|一段|那段)?)
    ){_WITHIN}
    | \bparagraph\ (?P<english>\d{{1,3}})\b
    | \b(?P<last_english>(?:last|final)\ paragraph|end\ of\ the\ (?:speech|report|text))\b
    | \b(?P<first_english>first\ paragraph|(?:beginning|start)\ of\ the\ (?:speech|report|text))\b
    | (?P<title>
          (?:^|{_TEXT}的?)(?:标题|標題|题目|題目)(?=[是叫呢里裡裏?？。]|$){_WITHIN}
        | ^\s*[这這]?篇?{_TEXT}(?=叫(?:什么|什麼|啥)(?:名字?|题目|題目|[?？]|$))
        | (?:(?<=what\ is\ )|(?<=what's\ ))the\ title\b
      )(?:\ of\ (?:the|this)\ (?:speech|report|text))?
    | (?:^|(?<=[\s,，贴貼看念读讀引抄把查下]))(?P<address>\d{{1,3}}\.\d{{1,3}})(?=[的是讲講说說写寫怎,，。?？!！、和与與及]|\s*$|\s[^a-zA-Z\d])
    | (?P<last_sentence>(?:最[后後]一|(?:^|(?<=[的，,\s把看]))末)句[话話]?)
    | (?P<first_sentence>(?:第一|(?:^|(?<=[的，,\s把看]))首)句[话話]?)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SENTENCES = re.compile(rf"[的中,，\s]*{_SENTENCE}", re.IGNORECASE | re.VERBOSE)
_FURTHER = re.compile(
    rf"""
    \s*{_AND}\s*{_SENTENCE}
    | (?<![句话話])\s*{_AND}\s*(?P<bare>{_NUMERAL})\s*(?:句[话話]?|(?={_MORE_SENTENCES}))
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SEVERAL = re.compile(rf"第\s*{_NUMERAL}(?:\s*[、和与與及]\s*第?\s*{_NUMERAL})+\s*段")
# 段落六
_NUMBER_BEHIND = re.compile(rf"(?:^|(?<=[，,\s的在把看]))段落?\s*({_NUMERAL})(?=[的里裡裏中第,，是讲講说說写寫]|$)")
# 3-5段, 二段讲什么; not 一段话, and no number of them: 两段.
_BARE = re.compile(
    rf"^(?=\d{{1,3}}\s*[到至~—–-]\s*\d{{1,3}}\s*段|{_NUMERAL}段(?=[的里裡裏中第]|[首末]句|主要|[都全分]?[讲講说說写寫][了的什甚些啥]|是什|是啥|有哪))"
)
_RANGE_BEFORE = re.compile(r"(?:^|[^提说說讲講谈談写寫想看找感])[到至]\s*$")
_RANGE_BEHIND = re.compile(r"\s*[到至~](?!底)")
# Narrower than what `Corpus.find` takes: 2020 alone is a year.
_ADDRESS = r"[\[【]?(?:[\w-]+/)?\d{1,3}(?:\.\d{1,3})?[\]】]?"
_ADDRESSES = re.compile(
    rf"\s*(?P<addresses>{_ADDRESS}(?:(?:\s*(?:[、，,和与與及]|and)\s*|\s+|(?<=[\]】])){_ADDRESS})*)(?P<rest>.*)",
    re.DOTALL,
)
_ADDRESS_RANGE = re.compile(
    rf"\s*(?P<range>(?P<paragraph>\d{{1,3}})\.(?P<first>\d{{1,3}}){_TO}(?:(?P<other>\d{{1,3}})\.)?(?P<until>\d{{1,3}}))(?P<rest>.*)",
    re.DOTALL,
)
# The next one, or the one before: not 最后一段, 目前一段.
_BESIDE = re.compile(
    r"""
    (?<![最以之目当當此先])(?:
      (?P<onward>[下后後](?:面?的?那)?一|[下后後]面的?那|接[着著]的?|接下[来來]的?那?一?)|[上前](?:面?的?那)?一|[上前]面的?那
    )[个個]?(?:(?P<sentence>句[话話]?)|(?:自然)?段落?)(?=[的里裡裏讲講说說写寫是怎有对對内內呢,，。?？!！\s]|$)
    | \b(?:the\ )?(?:(?P<following>next|following)|previous|preceding)\ (?:paragraph|(?P<within>sentence))\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NOTHING_MORE = re.compile(
    r"\s*(?:(?:(?:and|what|is|does|say|show|me|please|about)\b|'s)\s*)*[那再]?(?:[请請]|分别|分別|各)?[这這那]?[一两兩几幾]?[句段]?[话話]?"
    r"(?:是|[说說讲講写寫])?的?了?(?:什么|什麼|啥)?(?:意思|内容)?\s*(?:(?:say|please)\s*)*呢?[?？。.!！\s]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Places:
    """The places that a question names, and what it asks of them. Make it with `Places.read`."""

    question: str
    """Without the places; empty where only they were named."""
    found: tuple[Paragraph | Sentence, ...]
    missing: tuple[str, ...]
    """Those that the speech does not have, or that were not understood, as they were typed."""

    @classmethod
    def read(cls, question: str, corpus: Corpus) -> Self | None:
        """Return the places; None where the question names none, or one of several speeches without saying of which."""
        question = " ".join(unicodedata.normalize("NFKC", question).split())  # long blanks take the patterns seconds
        if (bare := _ADDRESS_RANGE.fullmatch(question)) and _NOTHING_MORE.fullmatch(bare["rest"]):
            first, until = int(bare["first"]), int(bare["until"])
            same = bare["paragraph"] == (bare["other"] or bare["paragraph"]) and first <= until
            sentences = [f"{bare['paragraph']}.{sentence}" for sentence in range(first, until + 1)]
            named, rest = {bare["range"]: sentences if same else [""]}, ""
        elif (bare := _ADDRESSES.fullmatch(question)) and _NOTHING_MORE.fullmatch(bare["rest"]):
            named, rest = {address: [address] for address in re.findall(_ADDRESS, bare["addresses"])}, ""
        elif len(corpus.speeches) > 1:
            return None
        else:
            named, rest = _named(_spelled_out(question), corpus.speeches[0].paragraphs)
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

        It is counted from what was quoted of the place that the earlier question named; where that named none and this one asks
        nothing else, from what the answer quotes of the paragraph of its first quote: onward from the last sentence of that,
        back from the first. None otherwise, and where there are several speeches.
        """
        besides = list(_BESIDE.finditer(question))
        if len(besides) != 1 or len(corpus.speeches) > 1:
            return None
        beside, quoted = besides[0], corpus.quoted_in(answer)
        if _PLACE.search(question[: beside.start()]):  # 第七段的下一段
            return None
        if places := cls.read(earlier, corpus):
            behind = [s for s in places.sentences if s in quoted] or places.sentences
        elif _NOTHING_MORE.fullmatch(" ".join((question[: beside.start()] + question[beside.end() :]).split())):
            first = min(quoted, key=lambda s: answer.index(s.text.strip()), default=None)
            behind = [s for s in quoted if first and s.paragraph == first.paragraph]
        else:
            return None
        if not behind or not behind[0].paragraph:
            return None
        number, sentence = _beside(beside, behind[0], behind[-1], corpus.speeches[0].paragraphs)
        if is_chinese(question):
            named = f"第{number}段第{sentence}句" if sentence else f"第{number}段"
        else:
            named = f"paragraph {number}, sentence {sentence}" if sentence else f"paragraph {number}"
        return question[: beside.start()] + named + question[beside.end() :]

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences that stand there, in the order of the places, each once."""
        there = (s for place in self.found for s in ([place] if isinstance(place, Sentence) else place.sentences))
        return list(dict.fromkeys(there))


def _spelled_out(question: str) -> str:
    """Return a question whose places are written as the patterns have them: 第三、五段, 3-5段, sentence 5 of paragraph 7."""
    question = _SEVERAL.sub(_each, question)
    question = _NUMBER_BEHIND.sub(r"第\1段", question)
    return in_chinese(_BARE.sub("第", question))


def _each(match: re.Match[str]) -> str:
    """Return several paragraphs by themselves, each with the sentences that are named behind them all."""
    within = _SENTENCES.match(match.string, match.end())
    return f"{within[0] if within else ''}、".join(f"第{number}段" for number in re.findall(_NUMERAL, match[0]))


def _named(question: str, paragraphs: Sequence[Paragraph]) -> tuple[dict[str, list[str]], str]:
    """Return the places as they were typed, with their addresses, and the question without them.

    What is no address stands where the speech can have no such place, or where a range was not understood.
    """
    named: dict[str, list[str]] = {}
    rest, end = [], 0
    begin = 0
    while match := _PLACE.search(question, begin):
        begin = match.end()
        if match["address"] and not _stands(match["address"], paragraphs):
            continue  # 3.5 is a number
        within = (
            _SENTENCES.match(question, match.end()) if not (match["last_sentence"] or match["first_sentence"]) else None
        )
        behind = within.end() if within else match.end()
        further: list[re.Match[str]] = []
        while within and (also := _FURTHER.match(question, behind)):
            further.append(also)
            behind = also.end()
        addresses = _addresses(match, [within, *further] if within else [], paragraphs)
        if beside := _BESIDE.match(question, behind + question.startswith("的", behind)):
            addresses, behind = _addresses_beside(beside, addresses, paragraphs), beside.end()
        lone = match["last_sentence"] or match["first_sentence"]
        if lone and any(
            step.end() + question.startswith("的", step.end()) == match.start() for step in _BESIDE.finditer(question)
        ):
            addresses = [""]  # 下一段的第一句, and nobody knows of which
        if _RANGE_BEFORE.search(question[: match.start()]) or _RANGE_BEHIND.match(question, behind):
            addresses = [""]
        named[question[match.start() : behind].strip()] = addresses
        rest.append(question[end : match.start()])
        begin = end = behind
    return named, "".join([*rest, question[end:]])


def _addresses(match: re.Match[str], within: Sequence[re.Match[str]], paragraphs: Sequence[Paragraph]) -> list[str]:
    """Return the addresses that a place stands for, or what is none where there can be no such place.

    Args:
        match: the place; of the whole text, or a paragraph.
        within: the sentences of it that are named, if any.
        paragraphs: those of the speech, the title first.
    """
    last = len(paragraphs) - 1
    if match["address"]:
        return [match["address"]]
    if match["title"]:
        return ["0"]
    if match["last_sentence"]:
        return [f"{last}.{len(paragraphs[last].sentences)}"]
    if match["first_sentence"]:
        return ["1.1"]
    if match["whole"] is not None:
        told = [sentence.address for paragraph in paragraphs[1:] for sentence in paragraph.sentences]
        asked = [number for part in within for number in _sentences(part, len(told)) or [0]]
        return [told[number - 1] if 0 < number <= len(told) else "" for number in asked]
    numbers = _paragraphs(match, last)
    if not numbers or numbers[0] < 1 or numbers[-1] > last:
        return [""]
    if not within:
        return [str(number) for number in numbers]
    return [
        f"{number}.{sentence}"
        for number in numbers
        for part in within
        for sentence in _sentences(part, len(paragraphs[number].sentences)) or [0]
    ]


def _stands(address: str, paragraphs: Sequence[Paragraph]) -> bool:
    """Whether a speech has a sentence of this address."""
    paragraph, sentence = map(int, address.split("."))
    return 0 < paragraph < len(paragraphs) and 0 < sentence <= len(paragraphs[paragraph].sentences)


def _paragraphs(match: re.Match[str], last: int) -> list[int]:
    """Return the numbers of the paragraphs, in their order, of which the speech may not have all."""
    if match["few"]:
        few = _value(match["few"])
        return list(range(1, few + 1) if match["beginning"] else range(last + 1 - few, last + 1))
    if match["english"]:
        return [int(match["english"])]
    if not match["first"]:
        return [1 if match["first_one"] or match["first_english"] else last]
    first, until = _value(match["first"]), _value(match["until"] or match["first"])
    if match["back"] and match["until"] and not match["until_back"]:  # 倒数第二到第三段
        first, until = last + 1 - until, last + 1 - first
    elif match["back"] or match["until_back"]:
        first = last + 1 - first if match["back"] else first
        until = last + 1 - until
    return list(range(first, (last if match["end"] else until) + 1))


def _sentences(within: re.Match[str], count: int) -> list[int]:
    """Return the numbers of the sentences of a paragraph of so many, which may not have all; none if they make no range."""
    named = {name: value for name, value in within.groupdict().items() if value}
    if "opening" in named or "closing" in named:
        return [1 if "opening" in named else count]
    if few := named.get("beginning") or named.get("ending"):
        number = min(_value(few), count)
        return list(range(1, number + 1) if "beginning" in named else range(count + 1 - number, count + 1))
    if "back" in named:
        ends = sorted((_value(named["back"]), _value(named.get("until_back", named["back"]))))
        return list(range(count + 1 - ends[1], count + 2 - ends[0]))
    first = _value(named.get("first") or named.get("bare") or named["english"])
    until = count if "end" in named else _value(named["until"]) if "until" in named else first
    return list(range(first, until + 1))


def _addresses_beside(beside: re.Match[str], addresses: list[str], paragraphs: Sequence[Paragraph]) -> list[str]:
    """Return the address of what stands behind, or before, some others: 第七段的下一段."""
    there = [s for p in paragraphs for s in p.sentences if {s.address, str(s.paragraph)} & set(addresses)]
    if not there:
        return [""]
    number, sentence = _beside(beside, there[0], there[-1], paragraphs)
    return [f"{number}.{sentence}" if sentence else str(number)]


def _beside(
    beside: re.Match[str], first: Sentence, last: Sentence, paragraphs: Sequence[Paragraph]
) -> tuple[int, int | None]:
    """Return the numbers of the paragraph, and the sentence if one was asked for, behind the last or before the first.

    The speech may have none there.
    """
    onward = bool(beside["onward"] or beside["following"])
    start, step = (last, 1) if onward else (first, -1)
    if not (beside["sentence"] or beside["within"]):
        return start.paragraph + step, None
    if 1 <= start.number + step <= len(paragraphs[start.paragraph].sentences):
        return start.paragraph, start.number + step
    number = start.paragraph + step
    return number, 1 if onward else len(paragraphs[number].sentences)


def _value(numeral: str) -> int:
    """Return the value of a numeral behind 第; 0 for what has none: 第二三."""
    if numeral in ("两", "兩"):
        return 2
    return int("".join(filter(str.isdecimal, numbers(f"第{numeral}")[0])) or 0)
