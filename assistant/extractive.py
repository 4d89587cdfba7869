"""The embedded answerer: it picks the sentences that answer and quotes them. No model, no download.

A sentence is as good as the share of the question's weight that it covers, where rare words weigh more. What the
question asks for decides the rest: a person, a time, a place or a number must stand in the sentence; a list takes all
its parts in reading order; the whole speech takes its topic sentences. Where too little is covered, nothing is drafted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from math import log

from assistant.corpus import Corpus, Sentence
from assistant.index import Passage
from assistant.replies import Turn
from assistant.text import content_runs, content_words, fold, numbers, supported_numbers, tagged, tokens

MIN_COVERED = 0.45
"""Share of the question's weight that the first quoted sentence must cover; below it the speech does not answer."""
CONTEXT = 0.25
"""What the rest of the paragraph covers counts this much: a sentence that begins with 要 leans on its topic sentence."""
RIVAL = 0.8
"""A further sentence is quoted if it reaches this share of the best one's score."""
MAX_SENTENCES = 3
MAX_PARTS = 20
MAX_CARRIED = 6
"""Words of the last question that a follow-up is given: a chain of follow-ups must not pile them up."""


class Shape(StrEnum):
    """What a question asks for."""

    OUTLINE = "outline"
    LIST = "list"
    HOW_MANY = "how many"
    WHEN = "when"
    WHO = "who"
    WHERE = "where"
    OTHER = "other"


def _any(chinese: str, english: str) -> re.Pattern[str]:
    return re.compile(rf"{chinese}|\b(?:{english})\b")


# What these ask for is one thing: nearly the right one is wrong.
_FACTS = (Shape.HOW_MANY, Shape.WHEN, Shape.WHO, Shape.WHERE)
# Tried in this order: 从哪几个方面 asks for a list and not for a number.
_ASKS = {
    Shape.OUTLINE: _any(
        r"[讲说谈](?:了|的是)(?:些|一些|哪些)?(?:什么|啥|内容)|主要(?:内容|精神|观点|[讲谈说])|中心思想|核心(?:内容|要点)|总结|概括|概述|归纳"
        r"|大意|提纲|梗概|摘要",
        r"summar\w+|main (?:points?|ideas?|content)|outline|overview|(?:speech|report|text|it) about",
    ),
    Shape.LIST: _any(
        r"哪?几(?:个|大)?方面|哪几[个项点种类条]?|哪些|几[点项]|(?:什么|何种)(?:任务|要求|措施|举措|方面|手段|领域|部署)|分别|列举|列出|逐一",
        r"which (?:\w+ )?\w+s\b|what (?:are|were) the|list",
    ),
    Shape.HOW_MANY: _any(
        r"多少|第几|几(?:个|名|人|位|次|件|家|种|条|届|倍|成|亿|万|千|百)",
        r"how (?:many|much)|what (?:number|percentage|share)",
    ),
    Shape.WHEN: _any(
        r"什么(?:时候|时间|日期|年份)|何时|哪一?[年天日月]|几[年月号日点时]|多久|多长时间",
        r"when|what (?:year|date|day|time)|how long",
    ),
    Shape.WHO: _any(r"谁|哪一?(?:位|个人)|何人|什么人", r"who|whom|whose"),
    Shape.WHERE: _any(
        r"哪里|哪儿|何地|何处|什么地方|哪一?个?(?:省|市|城市|国家|地方|地区)",
        r"where|(?:which|what) (?:city|country|place)",
    ),
}
# Words that ask, and words about the speech as such: they say nothing about what is asked for.
_NOISE = _any(
    "|".join(pattern.pattern for pattern in _ASKS.values())
    + "|怎么样?|怎样|如何|什么|为何|为啥|哪[个种一]?|吗|呢|吧|请问?|告诉我|是否|有没有|能否|请|[这那本该][篇次份个](?:讲话|报告|文章)?"
    "|讲话|报告|文章|文[中里内]|全文|原文|本文|演讲|发言|内容|提到|提出|谈到|指出|强调|认为|说到|关于",
    r"what|which|how|why|does|do|did|is|are|was|were|the|a|an|of|in|to|about|this|that|speech|report|say|said|please|tell me",
)
_PERSON_WORD = re.compile(
    r"总书记|主席|总理|部长|主任|教授|院长|书记|国务院|政府|党委|\b(?:mr|mrs|ms|dr|president|minister)\b"
)
_TIME_WORD = re.compile(
    r"今[年天日后]|去年|明年|近年|昨[天日]|时期|期间|以来|当前|目前|不久|世纪|年代|上午|下午|\b(?:today|year|month|century|monday|january)\b"
)
_NUMERAL_OF_COUNT = re.compile(r"^\d[\d.]*[%/\d]*$")
# How the parallel paragraphs of such a speech begin: 某某指出，要……
_FRAME = re.compile(r"^[^，。]{0,15}(?:指出|强调|要求|提出|认为)，")
# A follow-up points back so.
_LEANS = _any(r"^还有|它|其中|这方面|这[个些]|上述|^[他她]", r"it|its|they|them|these|those")
_PARTS = frozenset("方面 任务 要求 措施 举措 工作 部署 重点 要点 各项 具体 主要".split())


def shape_of(question: str) -> Shape:
    """Return what `question` asks for; an outline only if it names no topic besides the speech itself."""
    folded = fold(question)
    found = next((shape for shape, pattern in _ASKS.items() if pattern.search(folded)), Shape.OTHER)
    return Shape.LIST if found is Shape.OUTLINE and topic_words(question) else found


def topic_words(question: str) -> list[str]:
    """Return the words of `question` that say what it is about, without those that ask."""
    return content_words(_NOISE.sub(" ", fold(question)))


def _asked(question: str) -> Counter[str]:
    """Return the search tokens of what `question` is about."""
    return Counter(token for run in content_runs(_NOISE.sub(" ", fold(question))) for token in tokens(run))


@dataclass(frozen=True)
class _Candidate:
    sentence: Sentence
    covered: float
    """Share of the question's weight that the sentence itself covers, 0 to 1."""
    score: float
    """The same with the paragraph's share added."""


@dataclass(frozen=True)
class ExtractiveAnswerer:
    """Answers with the speech's own sentences; every draft of it is a run of verbatim quotes."""

    corpus: Corpus

    @property
    def name(self) -> str:
        """The name that stands in every reply."""
        return "extractive"

    @property
    def prompt(self) -> None:
        """It uses no prompt."""

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield the chosen sentences, each with its address; nothing where the passages do not answer."""
        for sentence in self._choose(question, passages):
            yield f"{sentence.text.strip()}[{sentence.address}]\n"

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return `question` with the topic of the last turn, if it leans on it (它有什么要求, 还有吗).

        那专利法呢 names its own topic, and with the old one beside it would be answered with the old sentence again.
        """
        known = set(topic_words(question))
        leans = not known or _LEANS.search(fold(question))
        if not turns or not leans or shape_of(question) is Shape.OUTLINE:
            return question
        carried = [word for word in dict.fromkeys(topic_words(turns[-1].question)) if word not in known]
        return f"{question}（{'、'.join(carried[:MAX_CARRIED])}）" if carried else question

    def _choose(self, question: str, passages: Sequence[Passage]) -> list[Sentence]:
        shape = shape_of(question)
        topics = [
            p.paragraph.sentences[0] for p in sorted(passages, key=lambda p: (p.paragraph.speech, p.paragraph.start))
        ]
        if shape is Shape.OUTLINE:
            return topics[:MAX_PARTS]
        if shape is Shape.LIST and self._is_theme(question):
            return ([s for s in topics if _FRAME.match(s.text) and "要" in s.text] or topics)[:MAX_PARTS]
        if shape in _FACTS and not self._knows(topic_words(question)):
            return []
        asked_numbers = {number for number in numbers(question) if _is_specific(number)}
        ranked = [
            candidate
            for candidate in self._rank(question, passages)
            if _offers(candidate.sentence.text, shape)
            and (not asked_numbers or asked_numbers <= self._numbers_around(candidate.sentence))
        ]
        if not ranked or ranked[0].covered < MIN_COVERED:
            return []
        near = [c.sentence for c in ranked if c.score >= RIVAL * ranked[0].score]
        if shape is Shape.LIST:
            return sorted(near[:MAX_PARTS], key=lambda s: (s.speech, s.start))
        return near[:MAX_SENTENCES]

    def _knows(self, asked: Sequence[str]) -> bool:
        """Whether every word asked about stands in the corpus: a dean it never names is not the professor it does."""
        return all(len(word) == 1 or self._frequency[word] or word in self._text for word in asked)

    @cached_property
    def _text(self) -> str:
        return fold("\n".join(paragraph.text for paragraph in self.corpus.paragraphs))

    def _rank(self, question: str, passages: Sequence[Passage]) -> list[_Candidate]:
        """Return the sentences of the passages, best first; ties in the order of the passages."""
        asked = {token: count * self._rarity(token) for token, count in _asked(question).items()}
        total = sum(asked.values())
        if not total:
            return []
        found = []
        for passage in passages:
            paragraph = passage.paragraph
            around = sum(asked[t] for t in asked.keys() & _token_set(paragraph.text)) / total
            for sentence in paragraph.sentences:
                covered = sum(asked[t] for t in asked.keys() & _token_set(sentence.text)) / total
                found.append(_Candidate(sentence, covered, covered + CONTEXT * around))
        return sorted(found, key=lambda c: -c.score)

    def _numbers_around(self, sentence: Sentence) -> frozenset[str]:
        """Return the numbers of a sentence's paragraph and of what the catalogue says of its speech."""
        speech = self.corpus.speech(sentence.speech)
        paragraph = speech.paragraphs[sentence.paragraph]
        return _supported(f"{paragraph.text}\n{speech.title}\n{speech.date}\n{speech.occasion}")

    def _is_theme(self, question: str) -> bool:
        """Whether the question speaks only of what the whole speech is about: words that a third of it holds."""
        asked = set(topic_words(question)) - _PARTS
        return all(self._frequency[word] * 3 >= len(self.corpus.paragraphs) for word in asked)

    def _rarity(self, token: str) -> float:
        """Inverse document frequency of BM25 (Robertson and Zaragoza, 2009), over the paragraphs; above 0."""
        seen, total = self._frequency[token], len(self.corpus.paragraphs)
        return log(1 + (total - seen + 0.5) / (seen + 0.5))

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(token for paragraph in self.corpus.paragraphs for token in _token_set(paragraph.text))


@lru_cache(maxsize=2**14)
def _token_set(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


# Reading numbers is the dearest step; the sentences of a paragraph, and the next question, ask for the same ones.
@lru_cache(maxsize=2**14)
def _supported(text: str) -> frozenset[str]:
    return frozenset(supported_numbers(text))


@lru_cache(maxsize=2**14)
def _numbers(text: str) -> tuple[str, ...]:
    return tuple(numbers(text))


def _is_specific(number: str) -> bool:
    """Whether a number in a question names something: 第26, 2035年, 5% do, the two of 哪两个 does not."""
    return not number.isdecimal() or len(number) > 2 or int(number) > 10


def _offers(sentence: str, shape: Shape) -> bool:
    """Whether `sentence` holds the kind of thing that the question asks for."""
    match shape:
        case Shape.HOW_MANY:
            return any(_NUMERAL_OF_COUNT.match(number) or number.startswith("第") for number in _numbers(sentence))
        case Shape.WHEN:
            return any(unit in number for number in _numbers(sentence) for unit in "年月日") or bool(
                _TIME_WORD.search(fold(sentence))
            )
        case Shape.WHO:
            return bool(_PERSON_WORD.search(fold(sentence))) or any(
                # Of two characters, most of what the tagger takes for a name is a word: 公正, 蓝图.
                tag == "nr" and len(word) == 3
                for word, tag in tagged(sentence)
            )
        case Shape.WHERE:
            return any(tag in ("ns", "nt") for _, tag in tagged(sentence))
        case _:
            return True
