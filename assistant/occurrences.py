"""Questions for where, and how often, a word stands in a text: “诚信”出现几次？ 哪些段落提到反垄断？ How often is WIPO mentioned?

What asks so is found first; what is left of the question, without the words that belong to asking, is what is looked for. A word
that is named as such, “诚信” or 诚信一词, may be asked for in any way (有没有, 在什么地方), anything else only with a verb of
mentioning, or for a place that only a text has (第几段).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.text import Span, located_words


def either(chinese: str, english: str) -> re.Pattern[str]:
    """Return a pattern of what is said in Chinese, or in whole English words."""
    return re.compile(rf"{chinese}|\b(?:{english})\b")


FEW = "(?<![这那好上头前后])几"
"""How few or how many, and not 这几部, 好几年."""
QUOTED = re.compile(r"[“\"「『《‘]([^“”\"「」『』《》‘’]+)[”\"」』》’]")
"""A phrase in quotation marks."""
_TIMES = f"(?:{FEW}|多少)[次处回遍]"
_NOT_RECENT = "(?<!最近)(?<!过去)(?<!为什么)(?<!为何)(?<!为啥)"
_MENTION = "提到|提及|说到|讲到|谈到"
_SAID = f"{_MENTION}|写到|用到|含有"
_VERB = f"(?:{_SAID}|出现)"
_ANY_VERB = f"(?:{_VERB}|使用|包含|[提说讲谈写用有含])[了过到]*"
_TOGETHER = "(?:一共|总共|共|都|分别|各自?|加起来){0,2}"
# Not 公共提到几次: what is one character may belong to the word before.
_LEADING = "(?:一共|总共|分别|各自|加起来){0,2}"
# Of a text, and of nothing else: 第几段.
_PARAGRAPH = "段(?![时历经路距日期岁])落?"
_OF_A_TEXT = f"(?:第几(?:{_PARAGRAPH}|[句处])(?:的?第几句)?|哪一?[几些]?个?(?:{_PARAGRAPH}|句子?|句话)|几个?(?:{_PARAGRAPH}|句子?))"
_ANYWHERE = "(?:哪[里儿]|哪一?[几些]?个?(?:地方|处)|什么地方|几个地方|几处|何处)"
_COUNTED = (
    rf"{_LEADING}{_VERB}[了过]*的?{_TOGETHER}{_TIMES}|{_LEADING}[提说讲谈][了过到]*{_TIMES}(?![话课])"
    # Not 最近几次出现侵权的原因, nor 几次提到国家安全是为了什么.
    rf"|{_LEADING}有?{_NOT_RECENT}{_TIMES}(?:地方)?(?:{_VERB}|讲|说)(?=(?:(?!为|原因|怎|如何|的)[^,;?!。])+[?!。\s]*$)"
    rf"|(?:{_VERB}|使?用)[了过]?的?(?:总)?次数(?:{_TOGETHER}[是有为]?多少|[是有]几次)?"
    rf"|(?:{_MENTION})[了过]?(?=[^,;?!。]{{1,20}}{_TIMES}[?!。\s]*$)|有(?:几|多少)个(?=[“\"「『《‘])"
)
_PLACED = (
    rf"{_LEADING}在{_OF_A_TEXT}(?:话?[里中])?(?:{_ANY_VERB})?|{_OF_A_TEXT}(?:话?[里中])?{_TOGETHER}(?:{_VERB}|包含|使?用)[了过]*"
    rf"|(?:{_LEADING}在)?{_ANYWHERE}(?:话?[里中])?{_TOGETHER}被?(?:{_SAID})[了过]*|{_LEADING}{_VERB}[了过]*(?:的|是)*在(?:{_OF_A_TEXT}|{_ANYWHERE}|哪|几)"
    r"|多次出现(?=[^，。?!]{1,20}在(?:哪|几))"
    # 请把提到反垄断的几处都找出来: what is mentioned stands between.
    rf"|(?:所有|全部|每一?[处句个])的?(?:{_MENTION})[了过]*|(?:{_MENTION})[了过]*(?=[^,，。?!]{{1,20}}的(?:所有|全部|每一?|各|那?几)?(?:(?:地方|处)(?![理罚分置境立政])|句子|原话|原文))"
)
_ENGLISH_COUNTED = r"how (?:often|many times)|(?:the )?number of (?:times|occurrences|mentions)(?: of)?|count(?: the)?(?: number of)?(?: occurrences| mentions)?(?: of)?"
_MENTIONED_IN_ENGLISH = r"(?= .*\b(?:mention|appear|occur|the (?:word|phrase|term)\b.* used))"
_ENGLISH_PLACED = (
    rf"where{_MENTIONED_IN_ENGLISH}|(?:which|in which) (?:paragraphs?|sentences?)(?= .*\b(?:mention|appear|occur|contain|use|include))"
    r"|(?:all|every|each) (?:\w+ )?(?:that |which )?(?:mention|contain)\w*"
)
WHERE_MENTIONED = either(f"{_COUNTED}|{_PLACED}", rf"(?:{_ENGLISH_COUNTED}){_MENTIONED_IN_ENGLISH}|{_ENGLISH_PLACED}")
"""The words that ask where something is mentioned, whatever it is."""
_OF_NAMED = either(
    rf"(?:{_ANY_VERB})?{_TOGETHER}{_TIMES}|{_TOGETHER}在?(?:{_OF_A_TEXT}|{_ANYWHERE})(?:话?[里中])?(?:{_ANY_VERB})?|(?:出现)?的?次数(?:是多少)?"
    rf"|(?:有没有|有无|提没提|说没说|是否有?)(?:{_ANY_VERB})?(?!.*(?:什么|怎|如何|为|谁))|(?:{_ANY_VERB})(?:吗|没有?)|有(?=[“\"「『《‘][^”\"」』》’]+[”\"」』》’].{{0,4}}吗)"
    r"|数一?数|统计|数一下",
    rf"{_ENGLISH_COUNTED}|where|which (?:paragraphs?|sentences?)|(?:is|are) there",
)
"""The words that ask so of a word that is named as such."""
_HOW_OFTEN = either(rf"{_TIMES}|次数|(?:几|多少)个$|数一?数|统计|数一下", _ENGLISH_COUNTED)
_AND_MORE = either(
    "为|原因|怎|如何|总结|概括|归纳|解释|说明|分析|介绍|意味|[,;。?!]\\s*[^\\s?!。]",
    "why|explain|summar\\w+|and (?:what|how)",
)
OF_TEXT = frozenset(
    "找 找出 找出来 摘 摘出 摘出来 抄 引 引用 挑出 标出 贴 贴出来 念 读 看 写 列 列出来 发 句 句子 原话 原文 正文 所有 全部 每处 每句 地方 段落 出现 多次 反复 提没提 "
    "词 一词 词语 字 字样 二字 次数 统计 数 麻烦 标题 算上 些啥 "
    "find show quote copy print count number every all each sentence sentences appear appears say says passage passages paragraph paragraphs place places "
    "mention mentions mentioning occur occurs occurrence occurrences word words phrase term times used use uses contain contains topic topics subject theme content contents".split()
)
"""Words with which one asks for a text or its words, and which name nothing in it."""
_AS_WORD = "(?:这个词语?|[这一]词|[这那]?[几一两二三四五六七八九十]个?字|这个?字|字样|这个说法|这个提法|的名字|[这那]?[一两二三四五]个词)"
_NAMED = re.compile(rf"([^“”\"「」『』《》‘’、,?]*?){_AS_WORD}")
_COMMAND = re.compile(r"(?:请|麻烦|帮我?忙?|你|给我|[\s,])*(?:统计一?下|数一?数|数一下|查一?下)")
_FILLERS = frozenset(
    "请 请问 麻烦 帮 帮我 帮忙 我 你 给 给我 想 我想 知道 想知道 把 看看 告诉 一下 讲话 报告 文章 全文 原文 正文 通篇 全篇 文中 文内 文 篇 这 那 本 该 份 这篇 这份 里 里面 "
    "中 内 在 的 关于 算上 含 标题 有 没有 有没有 是否 一共 总共 共 共有 都 各 各自 分别 总 了 过 呢 吗 啊 呀 所有 全部 地方 处 段 段落 句子 原话 几 几处 几次 多少 次 遍 回 找 找出 找出来 列 列出 "
    "列出来 摘出 摘出来 标出 标出来 挑出 挑出来 抄出 抄出来 出来 来 字 话 和 与 及 以及 提到 提及 说到 讲到 谈到 写到 用到 出现 the a an word words phrase term in of speech "
    "几段 几句 report text occurrences number times appear appears occur occurs mention mentions mentioned use used uses does do is are there contain contains please anywhere come up".split()
)
"""Words that belong to asking, before and behind what is looked for."""
_CHINESE = re.compile("[一-鿿]+")
_SEPARATE = re.compile(r"、|以及|还有|[和与及跟]|,? and ")


@dataclass(frozen=True)
class Occurrence:
    """What a question asks about the words of a text. Make it with `read`."""

    asking: Span
    """The words that ask so: 出现了几次."""
    words: tuple[Span, ...]
    """The words that are looked for, as they stand; none where something else is named beside one in quotation marks."""
    parts: tuple[Span, ...]
    """The same, each by itself where the question joins them: 改革和开放."""
    named: tuple[Span, ...]
    """Those that are named as such."""
    how_often: bool
    """Whether only their number is asked for."""


def read(folded: str) -> Occurrence | None:
    """Return what a question, in its normal form, asks about the words of a text; None where it asks something else."""
    named = _named(folded)
    asking = [match.span() for match in WHERE_MENTIONED.finditer(folded)]
    by_name = not asking
    if by_name:
        asking = [match.span() for match in _OF_NAMED.finditer(folded)] if named else []
    only_named = named and not _left(folded, [*asking, *named])
    if not asking or (by_name and not only_named):
        return None
    words = named if only_named else [] if named else _looked_for(folded, asking)
    parts = tuple(part for span in words for part in _parts(folded, span))
    often = bool(re.search(_TIMES, folded)) or any(_HOW_OFTEN.search(folded[start:end]) for start, end in asking)
    return Occurrence(asking[0], tuple(words), parts, tuple(named), often and not _AND_MORE.search(folded))


def _named(folded: str) -> list[Span]:
    """Return where the words stand that a question names as such: in quotation marks, or before 一词."""
    quoted = [match.span(1) for match in QUOTED.finditer(folded)]
    found = [_trimmed(folded, *match.span(1)) for match in _NAMED.finditer(folded)]
    return [*quoted, *((a, b) for a, b in found if a < b and not any(c - 1 <= a and b <= d + 1 for c, d in quoted))]


def _looked_for(folded: str, asking: Sequence[Span]) -> list[Span]:
    """Return the words before those that ask, or else behind them; of an English question those that are Chinese."""
    if folded[slice(*asking[0])].isascii():
        return [match.span() for match in _CHINESE.finditer(folded)]
    ends = [0, *(end for _, end in asking)]
    pieces = [(end, start) for end, (start, _) in zip(ends, asking, strict=False)]
    before, behind = ([_trimmed(folded, a, b) for a, b in part] for part in (pieces, [(ends[-1], len(folded))]))
    # 讲话出现几次: what belongs to asking elsewhere may be what is looked for.
    itself = [
        (a + word.start, a + word.end)
        for a, b in pieces
        for word in located_words(folded[a:b])[-1:]
        if word.end - word.start > 1
    ]
    return next((found for spans in (before, behind, itself) if (found := [(a, b) for a, b in spans if a < b])), [])


def _left(folded: str, spans: Sequence[Span]) -> list[str]:
    """Return the words of a question outside some spans that do not belong to asking."""
    rest = "".join(" " if any(a <= i < b for a, b in spans) else c for i, c in enumerate(folded))
    return [
        word.text
        for word in located_words(re.sub(f"{_COMMAND.pattern}|{_AS_WORD}", " ", rest))
        if word.text not in _FILLERS
    ]


def _trimmed(folded: str, start: int, end: int) -> Span:
    """Return a part of a question without the words that belong to asking, which may leave nothing."""
    if command := _COMMAND.match(folded, start, end):
        start = command.end()
    words = located_words(folded[start:end])
    kept = [i for i, word in enumerate(words) if word.text not in _FILLERS]
    if not kept:
        return start, start
    found = start + words[kept[0]].start, start + words[kept[-1]].end
    # 首都 may have been cut into 首 and 都.
    return found if found[1] - found[0] > 1 or end - start > 2 else (start, end)


def _parts(folded: str, span: Span) -> list[Span]:
    """Return the parts of a span between 和, 、; all of it where it stands in quotation marks."""
    if QUOTED.match(folded, max(0, span[0] - 1)):
        return [span]
    cuts = [span[0], *(edge for match in _SEPARATE.finditer(folded, *span) for edge in match.span()), span[1]]
    parts = [_trimmed(folded, a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    return [(a, b) for a, b in parts if a < b] or [span]
