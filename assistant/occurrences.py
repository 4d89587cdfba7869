"""Questions for where, and how often, a word stands in a text: “诚信”出现几次？ 哪些段落提到反垄断？ How often is WIPO mentioned?

Read from their words alone. A word that is named as such, “诚信” or 诚信一词, may be asked for in any way (有没有, 在什么地方, 几回),
if nothing else is named; anything else only with a verb of mentioning.
"""

import re


def either(chinese: str, english: str) -> re.Pattern[str]:
    """Return a pattern of what is said in Chinese, or in whole English words."""
    return re.compile(rf"{chinese}|\b(?:{english})\b")


FEW = "(?<![这那好上头前后])几"
"""How few or how many, and not 这几部, 好几年."""
QUOTED = re.compile(r"[“\"「『《‘]([^“”\"「」『』《》‘’]+)[”\"」』》’]")
"""A phrase in quotation marks."""
_COUNT = "(?:几|多少)[次处回遍]"
# 创新一词: what stands before it is a word, and no thing.
_AS_WORD = "(?:这个词|一词|这个?字|字样|这个说法|这个提法|的名字)"
_WORD_NAMED = '(?:[”"」』》’]字?|[一这]个?[词字])'
_MENTION = "(?:提到|提及|说到|讲到|谈到)"
_OF_TEXT = "(?:讲话|报告|文章|全文|原文|文)[里中]?"
_NAMED = re.compile(rf"(?:(?:{_OF_TEXT})?(?:有没有|是否有)?)([^“”\"「」『』《》‘’、和与,?有]{{2,12}}?){_AS_WORD}")
_COUNTED = re.compile(
    rf"(?:{_OF_TEXT})?([^“”\"「」『』《》‘’、和与,?]{{2,12}}?){_AS_WORD}?(?:在{_OF_TEXT})?(?:一共|总共|共)?(?:出现|使?用|有)[过到]?了?{_COUNT}"
)
WHERE_MENTIONED = either(
    rf"(?:{_MENTION}|出现)了?{_COUNT}|(?:提|说|讲|谈)[了过]{_COUNT}(?![话课])"
    # Not 最近几次出现侵权的原因, nor 几次提到国家安全是为了什么.
    rf"|(?:(?<!最近)(?<!过去)(?<!为什么)(?<!为何)(?<!为啥){FEW}|多少)[次处回遍](?:{_MENTION}|出现)(?=(?:(?!为|原因|怎|如何|的)[^,;?!。])+[?!。\s]*$)|(?:哪些|哪几个?|几个?|多少)(?:地方|处|段落?|句子?)(?:话?里?){_MENTION}"
    rf"|在哪(?:里|儿|些地方)?{_MENTION}|(?:{_MENTION}|出现)过?在(?:哪|几)|多次出现(?=[^，。?!]{{1,20}}在(?:哪|几))"
    # 请把提到反垄断的几处都找出来: what is mentioned stands between.
    rf"|{_WORD_NAMED}(?:一共|总共|共|都)?(?:使?用|写|有)[过到]?了?{_COUNT}|有(?:几|多少)个(?=[“\"「『《‘])"
    rf"|{_WORD_NAMED}(?:都|分别)?在哪(?:些|几个?)(?:段落?|句子?|地方)"
    rf"|(?:所有|全部|每一?[处句个])的?{_MENTION}|{_MENTION}(?=[^,，。?!]{{1,20}}的(?:所有|全部|每一?|各|那?几)?(?:(?:地方|处)(?![理罚分置境立政])|句子|原话|原文))",
    r"(?:how (?:often|many times)|where)(?= .*(?:mention|appear|occur))|(?:all|every|each) (?:\w+ )?(?:that |which )?mention\w*",
)
"""The words that ask where something is mentioned, whatever it is."""
_OF_NAMED = either(
    rf"{_COUNT}|哪一?[些几]?个?(?:段落?|句子?|处|地方)|[在到](?:哪[里儿]|什么地方)|第几[段句]"
    rf"|(?:有没有|有无|提没提|说没说)(?!.*(?:什么|怎|如何|为|谁))|(?:{_MENTION}|出现|用|写|有)[过到了]*(?:吗|没有?)|有(?=[“\"「『《‘][^”\"」』》’]+[”\"」』》’].{{0,4}}吗)",
    r"how (?:often|many times)|where|which (?:paragraphs?|sentences?)|(?:is|are) there",
)
"""The words that ask so of a word that is named as such."""
_HOW_OFTEN = either(rf'{_COUNT}|(?:几|多少)个[“"「『《‘]', "how (?:often|many times)")
_AND_MORE = either(
    "为|原因|怎|如何|总结|概括|归纳|解释|说明|分析|介绍|意味|[,;。?!]\\s*[^\\s?!。]",
    "why|explain|summar\\w+|and (?:what|how)",
)
OF_TEXT = frozenset(
    "找 找出 找出来 摘 摘出 摘出来 抄 引 引用 挑出 标出 贴 念 读 写 列 句 句子 原话 原文 所有 全部 每处 每句 地方 段落 出现 多次 反复 提没提 词 一词 词语 字 字样 二字 "
    "find show quote copy print every all each sentence sentences appear appears say says passage passages paragraph paragraphs place places "
    "mention mentions mentioning occur occurs word words times".split()
)
"""Words with which one asks for a text or its words, and which name nothing in it."""


def asking_of(folded: str, *, only_named: bool) -> re.Match[str] | None:
    """Return the words of a question, in its normal form, that ask where or how often something is mentioned.

    Args:
        folded: the question.
        only_named: whether it names words as such, and nothing else.
    """
    return WHERE_MENTIONED.search(folded) or (_OF_NAMED.search(folded) if only_named else None)


def counts_only(folded: str) -> bool:
    """Return whether a question for mentions asks how often, and nothing else."""
    return bool(_HOW_OFTEN.search(folded)) and not _AND_MORE.search(folded)


def named_words(folded: str) -> list[tuple[int, int]]:
    """Return where the words stand that a question names as such: in quotation marks, or before 一词."""
    quoted = [match.span(1) for match in QUOTED.finditer(folded)]
    named = (match.span(1) for match in _NAMED.finditer(folded))
    return [*quoted, *(span for span in named if not any(a < span[1] and span[0] < b for a, b in quoted))]


def counted_words(folded: str) -> list[tuple[int, int]]:
    """Return where the words stand whose mentions are counted as they are: those named as such, else what is before 出现几次."""
    counted = _COUNTED.match(folded)
    return named_words(folded) or ([counted.span(1)] if counted else [])
