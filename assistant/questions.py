"""What a question asks: its shape, and the terms that say what it is about.

Words that ask (谁, 什么时候, what), words about the speech as such (讲话, 提到) and words that fit any matter (东西, 方面)
say nothing about the topic. The rest are terms, each with what official Chinese says for it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from assistant import occurrences
from assistant.english import MONTHS, english_numbers
from assistant.glossary import Glossary, Match
from assistant.names import is_name
from assistant.occurrences import FEW, QUOTED, WHERE_MENTIONED, either
from assistant.text import Number, Span, fold, is_chinese, is_function_word, is_word, located_numbers, original, tagged


class Shape(StrEnum):
    """What a question asks for."""

    OUTLINE = "outline"
    LIST = "list"
    HOW_MANY = "how many"
    WHEN = "when"
    WHO = "who"
    WHERE = "where"
    OTHER = "other"


class Kind(StrEnum):
    """How much it matters that the speech has a term."""

    EXACT = "exact"
    """A number, a numbered meeting or plan: nothing stands in for it."""
    NAME = "name"
    """A place, a body, a person, a quoted phrase; the sentence that answers may call it 我国, 他 or 《条例》."""
    NOUN = "noun"
    """A thing; without it the question may be about something else."""
    OTHER = "other"
    """A verb or a quality, which people put in many ways."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or set phrase of a question, in its normal form."""

    text: str
    kind: Kind
    start: int
    end: int
    """Where it stands in the question's normal form; behind the measure word of a number: 第二十四届."""
    equivalents: tuple[str, ...] = ()
    """What official texts say for it, in normal form."""
    is_number: bool = False
    """Whether `text` is a number by value, as `text.numbers` gives it."""
    carried: bool = False
    """Whether it comes from an earlier question, in the brackets that a follow-up was given."""


# A place, and not the point of something: 问题在哪里; nor 如何处理.
_NOT_FIGURATIVE = "".join(
    f"(?<!{word}在)"
    for word in "根子 根源 原因 问题 关键 差距 不足 短板 难点 重点 意义 区别 不同 优势 症结 出路 潜力".split()
)
_SOMEWHERE = rf"{_NOT_FIGURATIVE}(?:哪里|哪儿)|何地|(?<!如)何处(?![理置罚分])|什么地方"
# Tried in this order: 从哪几个方面 asks for a list and not for a number.
_ASKS = {
    Shape.OUTLINE: either(
        r"[讲说谈](?:了|的是)(?:些|一些|哪些)?(?:什么|啥|内容)|主要(?:内容|精神|观点|[讲谈说])|中心思想|核心(?:内容|要点)|总结|概括|概述|归纳"
        r"|大意|提纲|梗概|摘要|要点|主旨|宗旨|主线|脉络|中心(?:意思|内容)|核心思想|围绕(?:什么|啥|哪)"
        r"|(?:讲话|报告|会议|文章|全文|整篇|通篇)的?(?:意思|精神|重点)|[讲说谈](?:了|的是)?(?:什么|啥|哪些|哪几[件个样])(?:事情?|问题|东西)?",
        r"summar\w+|(?:main|key) (?:points?|ideas?|content|messages?|takeaways?)|outline|overview|gist|takeaways?"
        r"|(?:speech|report|text|it) about",
    ),
    Shape.LIST: either(
        rf"哪?几(?:个|大)?方面|哪几[个项点种类条件]?|哪些|{FEW}[点项]|(?:什么|何种)(?:任务|要求|措施|举措|方面|手段|领域|部署)|分别|列举|列出|逐一",
        r"which (?:\w+ )?\w+s\b|what (?:are|were) the|list",
    ),
    Shape.HOW_MANY: either(
        rf"多少|第几|{FEW}(?:个|名|人|位|次|件|家|种|条|届|倍|成|亿|万|千|百)",
        r"how (?:many|much)|what (?:number|percentage|share)",
    ),
    Shape.WHEN: either(
        rf"什么(?:时候|时间|日期|年份)|何时|哪一?[年天日月]|{FEW}[年月号日点时]|多久|多长时间",
        r"when|(?:what|which) (?:year|date|day|time)|how long",
    ),
    Shape.WHO: either(r"谁|哪一?(?:位|个人)|何人|什么人", r"who|whom|whose"),
    Shape.WHERE: either(
        rf"{_SOMEWHERE}|哪一?个?(?:省|市|城市|国家|地方|地区)",
        r"where|(?:which|what) (?:city|country|place)",
    ),
}
_NO_GLOSSARY = Glossary({}, {}, frozenset())
_OF_THE_SPEECH = "[这那本]?篇?(?:讲话|报告|文章|原文|全文)[里中]?"
HE = re.compile(r"(?<![其排])[他她](?![们人国乡方])|\b(?:he|him|his|she|her)\b")
_IT = re.compile("它们?")
_MORE = re.compile(r"^那?(?:还有|除此之外|除了这些|另外|其[他它]的?呢)|\belse\b|\banything more\b")
_SAID_OF = re.compile(
    rf"(?:{_OF_THE_SPEECH})?(?:对于?|关于|就)?((?:(?![对他她]|关于)[^,;?!。]){{2,30}}?)(?:这[个一]?问题|方面)?(?:在?{_OF_THE_SPEECH})?(?:是?怎么[说讲谈提]的?|有?(?:哪些|什么)(?:说法|论述|表述|提法))[?!。\s]*"
    r"|(?:what|anything)(?: (?:does|did) (?:the|this) (?:speech|report|text) say| is said)?(?: about| on| regarding) (?:the )?([^,;?!]{2,60}?)[?!.\s]*"
)
_CARRIED = re.compile(r"\([^()]*\)$")
_ASKING = either(
    "|".join(pattern.pattern for pattern in [WHERE_MENTIONED, *_ASKS.values()])
    + "|[有是](?:什么|啥|何|没有)?关系|怎么样?|怎样|如何|什么|为何|为啥|哪[个种一]?|吗|是否|有没有|能否|多[大长高远快]|几岁"
    "|要不要|能不能|会不会|是不是|该不该|可不可以|可以不可以",
    r"what|which|how|why|does|do|did|is|are|was|were",
)
# Words that ask, and words about the speech as such: they say nothing about what is asked for.
_NOISE = either(
    f"{_ASKING.pattern}|呢|吧|请问?|告诉我|请|[这那本该][篇次份个](?:讲话|报告|文章)?"
    "|讲话|报告|文章|文[中里内]|全文|原文|本文|演讲|发言|内容|提到|提出|谈到|指出|强调|认为|说到|关于",
    r"the|a|an|of|in|to|about|this|that|speech|report|say|said|please|tell me",
)
# Words that fit any matter: 想知道, 东西, 方面, and the auxiliaries.
_VAGUE = frozenset(
    "好的 好 行 嗯 还有 别的 其他 内容 想 知道 具体 东西 事情 事儿 事 问题 情况 时候 人 人们 方面 部分 有 没有 是 来 去 做 搞 弄 出来 算 到底 咱 咱们 自己 大家 别人 "
    "意思 理解 叫 用 说 讲 提 指 提到 提出 谈到 指出 强调 认为 说到 说法 包括 包含 属于 安排 办法 要求 态度 立场 目的 效果 作用 原因 "
    "用处 好处 打算 觉得 看待 涉及 列举 列出 进行 时 名字 样子 一样 一下 分别 各自 所谓 视为 当作 看作 后 前 里 咋 啥 能 要 会 应 可以 得 "
    "给 让 把 被 将 需要 必须 不能 不要 词 句话 工作 一共 总共 定义 何谓 何为 叫做 最后 究竟 起来 时 过来 这部分 前前后后 活动 职务 主题 方向 办 解决 普通 现行 处理 处置 办理 应对 对待 收拾 整治 治理 管管 坏人 玩意儿 这帮 东东 这 那 我 你 您 咱 "
    "should shall must will would can could may might have has had having not no any some all into between during "
    "after before such than then also more most much many other mention mentioned according give me there their they "
    "them i you we us our your my when where who whom whose if so only just out up make made take took get go talk "
    "want does been being do did done call called mean meaning use used be by with from for as at on it its "
    "described behind play played anything else place gave given first besides tough tougher handled handle thing things kind kinds part parts way ways work worked involved concerning regarding".split()
)
# Beside these a question for the whole names no topic: 用几句话给我介绍一下.
ABOUT_THE_WHOLE = _VAGUE | frozenset(
    "报道 材料 稿子 文件 会议 领导 总书记 习近平 这次 这份 整个 全部 我们 一句话 几句话 三句话 一两句 句 话 简单 简要 简短 大概 大致 大体 介绍 讲讲 说说 谈谈 聊聊 听 "
    "看看 了解 展开 意思 精神 重点 思想 观点 件 事 帮 帮忙 麻烦 不能 brief briefly short document article give key text whole".split()
)
# Tags of jieba that no topic has: pronouns, particles, prepositions, conjunctions, adverbs, measure words, numerals.
_EMPTY_TAGS = frozenset("r uj ul uz ug ud uv u p c y e o x d df zg k h q m f".split())
# Glued to a word by the segmenter; not to one that it knows: 会议, 要素, 被告人.
_GLUED = re.compile(r"^(?:[要会能被把得该不是]|各[个种]?|这种)+(?=.)|(?<=.)[了的过着是点]+$")
# What is asked how is the action: 商标怎么注册 is about 注册.
_HOW = re.compile(r"怎么样?|怎样|如何")
# An English word that begins with a capital and no sentence, or an abbreviation.
_CAPITALS = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+|\b[A-Z]{2,}\b")
_MONTH = rf"\b(?:{'|'.join(MONTHS)})"
_ENGLISH_NUMBER = re.compile(
    rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b|\d[\d.,]*(?:%|st|nd|rd|th)?|[a-z]+-?(?:first|second|third|fourth|fifth|sixth|"
    r"seventh|eighth|ninth|tenth|teenth|tieth))(?![a-z])"
)
NUMERAL = re.compile(r"[一二三四五六七八九十\d](?!致|样|般|些|体|切)")
"""A numeral in a set phrase, but not in a word such as 一致."""
_MEASURES = "条章款页次届名位"
"""Words behind an ordinal where one cannot stand for another: 第几条 asks for no 第25次."""
_NEIGHBOUR = re.compile(r"[上下]一?[次届]")
"""Another meeting or the like than the one that is spoken of."""
_NUMBERED = re.compile(r"[一二三四五六七八九十](?:大$|中全会|届)|^十[一二三四五]五|^\d+[a-z]$|^[a-z]+\d+$")
_TITLED = re.compile(
    r"^..+(?<![办方立执司守普违依])法$|^..+(?:条例|公约|协定)$|^..{2,}(?<!党)(?<!社会)(?<!基层)(?<!犯罪)组织$"
)
"""A law, a treaty or an organisation, of which another is another: 反不正当竞争法, 上海合作组织."""


class Thing(StrEnum):
    """The kind of thing that an answer must hold beside what the question says itself."""

    PERSON = "person"
    TIME = "time"
    CLOCK = "time of day"
    DURATION = "duration"
    AGE = "age"
    MONEY = "money"
    ORDINAL = "ordinal"
    COUNT = "count"
    BODY = "body"
    COUNTRY = "country"
    PLACE = "place"
    NAME = "name"


# The narrower first: 多长时间 asks for no date, 多少钱 for no count.
_THINGS = {
    Thing.CLOCK: either(r"几点钟?(?!要求|意见|建议)|几时", r"what time"),
    Thing.DURATION: either(
        rf"多久|多长时间|{FEW}个(?:小时|钟头|星期|月|周)|{FEW}(?:小时|星期|周|天|年)|多少[天年]|期限?多长|有多长",
        r"how long",
    ),
    Thing.AGE: either(r"多大(?:年纪|岁数|年龄|了)|几岁|多少岁", r"how old"),
    Thing.MONEY: either(
        rf"多少(?:钱|元|费|美元|万|资金|经费)|费用是?多少|{FEW}[元块]", r"how much .*(?:cost|pay|money|fee)|cost"
    ),
    Thing.ORDINAL: either(r"第几", r"which number"),
    Thing.TIME: either(
        rf"什么(?:时候|时间|日期|年份)|何时|哪一?[年天日月]|{FEW}[年月号日]", r"when|(?:what|which) (?:year|date|day)"
    ),
    Thing.PERSON: either(r"谁|哪一?(?:位|个人)|何人|什么人", r"who|whom|whose"),
    Thing.BODY: either(
        r"(?:哪一?[个家些]|什么)(?:具体)?(?:部门|机构|单位|机关|组织|公司|企业|法院)",
        r"(?:which|what) (?:department|body|agency|ministry|organi[sz]ation|company|court)",
    ),
    Thing.COUNTRY: either(r"哪一?[个些几]?(?:国家?|地区)", r"(?:which|what) countr(?:y|ies)"),
    Thing.PLACE: either(
        rf"{_SOMEWHERE}|哪一?[个座]?(?:省|市|城市|地方|州|县)",
        r"where|(?:what|which) (?:city|place|province)",
    ),
    Thing.NAME: either(r"叫(?:什么|啥)|什么名字|名称是", r"called what|what (?:is|are) .*called|name of"),
    Thing.COUNT: either(
        rf"多少|{FEW}(?:名|人|位|次|件|家|条|部|倍|成|亿|万|千|百)", r"how many|what (?:number|percentage|share)"
    ),
}


class Mentioned(NamedTuple):
    """What is looked for in a text, taken more and more loosely; empty where a question cannot be taken so."""

    whole: list[Term]
    """As it stands in the question."""
    parts: list[Term]
    """Each by itself, where the question joins them: 改革和开放."""
    terms: list[Term]
    """By the question's terms."""


@dataclass(frozen=True)
class Question:
    """A question as it was read; make it with `Question.read`."""

    text: str
    folded: str
    """Its normal form, without what was carried to it."""
    carried: str
    """That: the brackets that a follow-up was given."""
    shape: Shape
    terms: tuple[Term, ...]

    @classmethod
    def read(cls, text: str, glossary: Glossary) -> "Question":
        """Return the shape and terms of a question, in the order in which they stand in it."""
        folded = fold(text)
        names = frozenset(word.casefold() for word in _CAPITALS.findall(text))
        own = _CARRIED.sub("", folded)
        carried = folded[len(own) :]
        terms = [*_terms(own, names, glossary)]
        # Apart: a Chinese name behind an English question does not make its numbers Chinese.
        terms += [
            replace(
                term,
                kind=term.kind if _named(term, own) else Kind.OTHER,
                carried=True,
                start=len(own) + term.start,
                end=len(own) + term.end,
            )
            for term in _terms(carried, names, glossary)
        ]
        return cls(text, own, carried, shape_of(own), tuple(sorted(terms, key=lambda term: term.start)))

    @property
    def thing(self) -> Thing | None:
        """The kind of thing that an answer must hold; None where it may be anything."""
        return self._asked_for[0]

    @property
    def asking(self) -> str:
        """The words that ask for it: 谁, how long."""
        return self._asked_for[1]

    @cached_property
    def _asked_for(self) -> tuple[Thing | None, str]:
        if self.shape is Shape.OUTLINE or re.search("哪些|哪几", self.folded):
            return None, ""
        asked = (
            (thing, _asks(pattern, text)) for text in (self.folded, self.carried) for thing, pattern in _THINGS.items()
        )
        return next(((thing, words) for thing, words in asked if words), (None, ""))

    def typed(self, term: Term) -> str:
        """Return a term as the reader typed it: in their script and case, a number in their numerals."""
        return original(self.text, term.start, term.end)

    def shared_pairs(self, folded: str) -> float:
        """Return the share of its pairs of neighbouring characters that a text in normal form has."""
        return sum(pair in folded for pair in self._pairs) / len(self._pairs) if self._pairs else 0.0

    @cached_property
    def _pairs(self) -> frozenset[str]:
        return frozenset(a + b for a, b in pairwise(self.folded))

    @property
    def spoken(self) -> str:
        """The question as one would say it: with the name that was carried to it in the place of 他, and without a frame.

        What the speech says about a thing is asked for with the thing alone, as the reader was trained.
        """
        if match := _SAID_OF.fullmatch(self.folded):
            return str(match[1] or match[2])
        if self.carried and self.asks_for_more:
            return self.carried.strip("()")
        if self.carried and "、" not in self.carried and _IT.search(self.folded):
            return _IT.sub(lambda _: self.carried.strip("()"), self.folded, count=1)
        name = next((term.text for term in self.terms if term.carried and term.kind is Kind.NAME), "")
        return HE.sub(lambda _: name, self.folded, count=1) if name and is_chinese(self.folded) else self.text

    @property
    def asks_for_more(self) -> bool:
        """Whether it asks for more than was quoted before, and names nothing itself: 还有吗."""
        return bool(_MORE.search(self.folded)) and all(term.carried for term in self.terms)

    @property
    def measure(self) -> str:
        """The measure word behind 第几."""
        found = re.search(f"第几([{_MEASURES}])", self.folded)
        return found[1] if found else ""

    @property
    def asks_where_mentioned(self) -> bool:
        """Whether the question asks where, or how often, the speech mentions something."""
        return bool(self._occurrence or (self.carried and occurrences.read(self.carried)))

    @property
    def asks_how_often(self) -> bool:
        """Whether it asks how often the speech mentions something, and nothing else."""
        return self._occurrence is not None and self._occurrence.how_often

    @property
    def asking_of_mentions(self) -> str:
        """The words that ask so: 出现了多少次, how often mentioned; "" where it asks something else."""
        if self._occurrence is None:
            return ""
        start, end = self._occurrence.asking
        if is_chinese(self.folded):
            return original(self.text, start, end)
        return f"{self.folded[start:end].partition(' ment')[0]} mentioned"

    @property
    def mentioned(self) -> Mentioned:
        """What a question names that asks where something is mentioned, as it can be taken."""
        found = self._occurrence
        terms = [term for term in self.terms if term.text not in occurrences.OF_TEXT and not term.carried]
        if found is None:
            return Mentioned([], [], terms)
        others = [term for term in terms if not any(start <= term.start < end for start, end in found.named)]
        return Mentioned(self._phrases(found.words), self._phrases(found.parts), [*self._phrases(found.named), *others])

    def _phrases(self, spans: Sequence[Span]) -> list[Term]:
        """Return what stands at some places: Chinese as it stands there, numbers and words of other languages as terms."""
        found = []
        for start, end in spans:
            terms = [term for term in self.terms if start <= term.start < term.end <= end and not term.carried]
            as_it_stands = is_chinese(self.folded[start:end]) and not (len(terms) == 1 and terms[0].is_number)
            found += [Term(self.folded[start:end], Kind.NAME, start, end)] if as_it_stands else terms
        return found

    @cached_property
    def _occurrence(self) -> occurrences.Occurrence | None:
        return occurrences.read(self.folded)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers that name something, by value."""
        return frozenset(term.text for term in self.terms if term.is_number)


def _named(term: Term, own: str) -> bool:
    """Whether a carried term stands for 他."""
    return term.kind is Kind.NAME and bool(HE.search(own))


def shape_of(question: str) -> Shape:
    """Return what `question` asks for; an outline only if it names no topic besides the speech itself."""
    folded = fold(question)
    facts = any(_asks(_ASKS[shape], folded) for shape in (Shape.WHEN, Shape.WHO, Shape.WHERE))
    # Its words alone: in a glossary, 习近平总书记 is one.
    topic = (term.text for term in _terms(folded, frozenset(), _NO_GLOSSARY))
    if not facts and _ASKS[Shape.OUTLINE].search(folded) and ABOUT_THE_WHOLE.issuperset(topic):
        return Shape.OUTLINE
    shape = next((shape for shape, pattern in _ASKS.items() if _asks(pattern, folded)), Shape.OTHER)
    return Shape.LIST if shape is Shape.OUTLINE else shape


def asks_something(folded: str) -> bool:
    """Return whether a text in normal form has words that ask; 那商标法呢 only names something."""
    return bool(_ASKING.search(folded))


def _asks(pattern: re.Pattern[str], folded: str) -> str:
    """Return the words that ask so. In English the first that asks does: "How is it handled when …" asks for no time."""
    if not (match := pattern.search(folded)):
        return ""
    first = None if is_chinese(folded) else re.search(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b", folded)
    return match[0] if first is None or match.start() <= first.start() else ""


def _terms(folded: str, names: frozenset[str], glossary: Glossary) -> Iterator[Term]:
    noise = [match.span() for match in _NOISE.finditer(folded)]
    matches = [
        match
        for match in glossary.matches(folded)
        if match.phrase not in _VAGUE and not any(a <= match.start and match.end <= b for a, b in noise)
    ]
    quoted = [match.span(1) for match in QUOTED.finditer(folded) if len(match[1]) > 1]
    how = {match.end() for match in _HOW.finditer(folded)}
    free = [True] * len(folded)
    for a, b in [*noise, *((m.start, m.end) for m in matches)]:
        free[a:b] = [False] * (b - a)
    for other in _NEIGHBOUR.finditer(folded):
        free[other.start() : other.end()] = [False] * len(other[0])
        yield Term(other[0], Kind.EXACT, *other.span())
    numbers = [n for n in _numbers(folded) if all(free[n.start : n.end])]
    for number in numbers:
        free[number.start : number.end] = [False] * (number.end - number.start)
        end = number.end + folded.startswith(tuple(_MEASURES), number.end)
        yield Term(number.form, Kind.EXACT, number.start, end, is_number=True)
    for match in matches:
        # An English name is written with a capital: to trump is no Trump.
        named = match.name and (is_chinese(match.phrase) or not names.isdisjoint(match.phrase.split()))
        kind = Kind.NAME if named else Kind.NOUN if match.start in how else _kind_of(match)
        is_quoted = any(a <= match.start and match.end <= b for a, b in quoted)
        yield Term(
            match.phrase,
            Kind.NAME if is_quoted and kind is not Kind.EXACT else kind,
            match.start,
            match.end,
            match.terms,
        )
    position = 0
    for word, tag in tagged(folded):
        start = folded.find(word, position)
        if start < 0:
            continue
        position = start + len(word)
        left = "".join(c for c, is_free in zip(word, free[start:position], strict=True) if is_free).strip()
        if not left or _is_empty(left, tag):
            continue
        left = left if is_word(left) else _GLUED.sub("", left)
        if left and not _is_empty(left, tag):
            if _NUMBERED.search(left):
                kind = Kind.EXACT
            elif is_name(left, tag) or any(a <= start and position <= b for a, b in quoted):
                kind = Kind.NAME
            else:
                kind = Kind.NOUN if left in names or (start in how and len(left) > 1) else _kind(tag)
            at = folded.find(left, start, position)
            yield Term(left, kind, *((start, position) if at < 0 else (at, at + len(left))))


def _numbers(folded: str) -> list[Number]:
    """Return the numbers of a question that name something."""
    if is_chinese(folded):
        found = located_numbers(folded)
    else:
        found = [
            Number(form, *match.span())
            for match in _ENGLISH_NUMBER.finditer(folded)
            for form in english_numbers(match[0])
        ]
    return [number for number in found if is_specific(number.form)]


def _is_empty(word: str, tag: str) -> bool:
    if not re.search(r"\w", word) or is_function_word(word) or word in _VAGUE:
        return True
    return tag in _EMPTY_TAGS if is_chinese(word) else len(word) == 1


def _kind_of(match: Match) -> Kind:
    """Return the kind of a glossary phrase: that of its last word, of an English one that of its first equivalent.

    What official texts use as a set phrase is a matter of its own, whatever its part of speech: 扶贫, 立法. A numbered
    meeting or plan is that or another: 六中全会 is no 五中全会.
    """
    said = match.phrase if is_chinese(match.phrase) else match.terms[0]
    word, tag = tagged(said)[-1]
    if _NUMBERED.search(match.phrase):
        return Kind.EXACT
    if _TITLED.search(said) or (is_chinese(match.phrase) and is_name(word, tag)):
        return Kind.NAME
    kind = _kind(tag)
    return Kind.NOUN if match.official and kind is Kind.OTHER else kind


def _kind(tag: str) -> Kind:
    return Kind.NOUN if tag.startswith("n") or tag in ("vn", "an", "l", "i", "j") else Kind.OTHER


def is_specific(number: str) -> bool:
    """Whether a number in a question names something: 第26, 2035年, 5% do; the two of 哪两个 does not, nor does 一年挣多少."""
    return number != "1年" and (not number.isdecimal() or len(number) > 2 or int(number) > 10)
