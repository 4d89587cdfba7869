"""Whether a sentence holds the kind of thing that a question asks for: a person, a date, a price, an ordinal.

What the question says itself is no answer to it: 党的十八大以来 tells nobody when 党的十八大 was.
"""

import re
from functools import lru_cache

from assistant.questions import Question, Thing
from assistant.text import fold, numbers, tagged

_NUMERAL = r"[\d一二三四五六七八九十百千万亿零半两几]+"
_PERSON = re.compile(
    r"总书记|主席|总理|部长|主任|教授|院长|书记|国务院|政府|党委|委员会|公司|集团|大学|协会|法院|检察院|公安|合作社|企业|医院|银行|(?<!政治)局(?![面限势部])|(?<!\|的)同志|\b(?:mr|mrs|ms|dr|president|minister)\b"
)
_TIME = re.compile(
    r"今[年天日后]|去年|明年|近年|昨[天日]|时期|期间|以来|当前|目前|不久|世纪|年代|上午|下午|\b(?:today|year|month|century|monday|january)\b"
)
_DURATION = re.compile(rf"{_NUMERAL}个?多?(?:小时|分钟|天|个月|年(?!\d)|周|星期|世纪|秒)")
_BODY = re.compile(r"[部局委办院厅署会社]|机构|机关|中心|公安|政府|公司|集团|组织|大学|学校|银行")
_WHERE = re.compile(r"地点|在[^，。、]{1,8}?(?:[厅馆室楼校园村镇山河街路]|操场|广场|会场)")
# 提出了工作建议。 says that there are some, and not which.
_ANNOUNCES = re.compile(r"提出[^，。；]{0,10}(建议|要求|意见|措施|任务)[。.!！\s]*$")
_CONTENT = r"(?:什么|啥|哪些|哪几[个条项点句]).{{0,6}}{0}|{0}.{{0,6}}(?:具体|有|是|包括).{{0,4}}(?:什么|啥|哪些|哪几)|哪几[条项点].{{0,4}}{0}"
# What something is: not 目标是什么, which asks for its contents.
_DEFINED = re.compile(
    r"(?:请问?)?(?:什么(?:是|叫做?|才叫)|何谓|何为)([^,;?!。]{2,12})[呢?!。\s]*|([^,;?!。]{2,12}?)的(?:法律)?定义(?:是什么)?[呢?!。\s]*"
    r"|((?:(?!的|目标|任务|要求|原则|主题|重点|内容|目的|措施|原因|方向|关键)[^,;?!。]){3,12}?)是(?:个|一种)?(?:什么|啥)[呢?!。\s]*"
)
# 创新是第一动力, 第一动力是创新, 所谓第一动力.
_DEFINES = '(?:^|[,;:、，。]|所谓)[“「『]?{0}[”"」』]?[,，]?(?:就?是|是?指|即|意味着|——)|(?:所谓|称为|称作|叫做?)[“「『]?{0}|是[^,;，。；]{{0,10}}{0}[”"」』]?(?:$|[,;，。；])'
_COUNT = re.compile(r"^\d[\d.]*[%/\d]*$")


def offers(sentence: str, question: Question) -> bool:
    """Return whether `sentence` holds what `question` asks for; true where the question asks for nothing of a kind.

    A sentence that only announces 建议 holds none.
    """
    announced = _ANNOUNCES.search(folded_once(sentence))
    if announced and re.search(_CONTENT.format(announced[1]), question.folded):
        return False
    if question.thing is None:
        return True
    return _offers(_without(folded_once(sentence), question), folded_once(sentence), question)


def leaves_undefined(sentence: str, question: Question) -> bool:
    """Return whether a question asks what something is, 什么叫域外适用, and a sentence only uses the word."""
    asked = _DEFINED.fullmatch(question.folded)
    if not asked:
        return False
    term, folded = next(filter(None, asked.groups())).strip('“”"「」『』 '), folded_once(sentence)
    return term in folded and not re.search(_DEFINES.format(re.escape(term)), folded)


def names_someone(sentence: str, question: Question) -> bool:
    """Return whether a sentence names a person or a body beside those of the question; a pronoun names nobody."""
    rest = _without(folded_once(sentence), question)
    return bool(_PERSON.search(rest) or persons(rest))


def persons(text: str) -> list[str]:
    """Return the persons that a text names. Of two characters, most that the tagger takes for a name are words: 公正."""
    return [word for word, tag in _tagged(text) if tag.startswith("nr") and len(word) >= 3]


def _offers(rest: str, sentence: str, question: Question) -> bool:
    # 十八大 and 五中全会 are names.
    told = re.sub(rf"{_NUMERAL}(?:大|中全会)", "|", rest)
    counts = [number for number in _numbers(told) if _COUNT.match(number) and number not in question.numbers]
    match question.thing:
        case Thing.COUNT:
            return bool(counts)
        case Thing.AGE:
            return bool(counts) and "岁" in rest
        case Thing.MONEY:
            return bool(counts) and bool(re.search("[元币镑圆]", rest))
        case Thing.ORDINAL:
            return bool(re.search(rf"第{_NUMERAL}{question.measure}", sentence)) or (
                not question.measure and bool(_numbers(rest))
            )
        case Thing.TIME:
            return bool(_TIME.search(rest)) or any(unit in number for number in _numbers(rest) for unit in "年月日")
        case Thing.DURATION:
            return bool(_DURATION.search(rest))
        case Thing.CLOCK:
            return bool(re.search(rf"{_NUMERAL}[点时:]", rest))
        case Thing.PERSON:
            return bool(re.search("[他她]", rest)) or names_someone(sentence, question)
        case Thing.BODY:
            return bool(_BODY.search(rest)) or any(tag == "nt" for _, tag in _tagged(rest))
        case Thing.COUNTRY | Thing.PLACE:
            # 中央政治局 is where nobody meets.
            places = any(tag in ("ns", "nt") and not word.endswith("政治局") for word, tag in _tagged(rest))
            return places or bool(_WHERE.search(rest))
        case _:
            return bool(re.search(r"[《“]|名为|叫|称", rest))


def _without(sentence: str, question: Question) -> str:
    """Return a sentence without what the question says itself."""
    for term in question.terms:
        for form in (term.text, *term.equivalents):
            sentence = sentence.replace(f"{form}以来", "|")
            if len(form) > 1:
                sentence = sentence.replace(form, "|")
    return sentence


@lru_cache(maxsize=2**14)
def folded_once(text: str) -> str:
    """Return `text.fold` of a sentence that will be asked for again."""
    return fold(text)


@lru_cache(maxsize=2**14)
def _numbers(text: str) -> tuple[str, ...]:
    return tuple(numbers(text))


@lru_cache(maxsize=2**14)
def _tagged(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(tagged(text))
