"""One sentence made to say something else: explicit operations on its text, each of which flips one fact.

Number: a numeral before a counter goes down by one (第二十五次 → 第二十四次), or up from one. Name: a name of `NAMES` is
replaced by another of its kind. Polarity: a word of `OPPOSITES` is replaced by its opposite, or 不 is put before 要 or
是. The first of each kind is taken whose place in the sentence the question does not name: a question for 北京大学 must
not be answered from 南京大学.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eval.forms import form

NAMES = {
    "北京大学": "南京大学",
    "易继明": "王立新",
    "民法典": "行政法典",
    "专利法": "种子法",
    "商标法": "广告法",
    "世界知识产权组织": "世界贸易组织",
    "地理标志": "集成电路",
    "商业秘密": "植物品种",
    "人工智能": "量子计算",
    "传统文化": "网络文化",
    "刑事法律": "行政法律",
    "惩罚性赔偿": "补偿性赔偿",
    "一带一路": "东盟成员",
    "创新是": "投资是",
    "下午": "上午",
}
OPPOSITES = {
    "提高": "降低",
    "提升": "降低",
    "加强": "削弱",
    "增强": "减弱",
    "强化": "弱化",
    "加大": "减小",
    "完善": "取消",
    "健全": "废除",
    "促进": "阻碍",
    "推动": "阻止",
    "坚持": "放弃",
    "坚决": "暂不",
    "严格": "宽松",
    "深化": "停止",
    "形成": "打破",
    "打击": "容忍",
    "维护": "忽视",
    "鼓励": "禁止",
    "倡导": "反对",
    "落实": "搁置",
    "抓紧": "暂缓",
    "开放": "关闭",
    "增加": "减少",
    "历史性": "暂时性",
    "要": "不要",
    "是": "不是",
}
_DIGITS = "一二三四五六七八九"
_NUMERAL = re.compile(r"(\d+|[一二三四五六七八九十百]+)(?=[届中次年月日项名小时%])")


@dataclass(frozen=True)
class Mutation:
    """A sentence before and after, and what was replaced in it."""

    kind: str
    """`number`, `name` or `polarity`."""
    old: str
    new: str
    sentence: str
    """As it reads now."""


def mutations(sentence: str, question: str) -> list[Mutation]:
    """Return at most one mutation of each kind; none where no operation applies."""
    asked = form(question)
    found: dict[str, Mutation] = {}
    for kind, start, old, new in _operations(sentence):
        # A word put before another leaves what the question names in its place.
        if kind not in found and (new.endswith(old) or form(old) not in asked):
            changed = sentence[:start] + new + sentence[start + len(old) :]
            found[kind] = Mutation(kind, old, new, changed)
    return list(found.values())


def _operations(sentence: str) -> Iterator[tuple[str, int, str, str]]:
    """Yield (kind, start, old, new)."""
    for match in _NUMERAL.finditer(sentence):
        if (new := _next_to(match[1])) != match[1]:
            yield "number", match.start(), match[1], new
    for kind, pairs in (("name", NAMES), ("polarity", OPPOSITES)):
        for old, new in pairs.items():
            if (start := sentence.find(old)) >= 0 and not sentence[:start].endswith(("不", "未", "主", "重")):
                yield kind, start, old, new


def _next_to(numeral: str) -> str:
    """Return the numeral beside this one: one less, or one more than one."""
    if numeral.isdecimal():
        return str(int(numeral) - 1 if int(numeral) > 1 else int(numeral) + 1)
    for i in reversed(range(len(numeral))):
        if (value := _DIGITS.find(numeral[i])) >= 0:
            return numeral[:i] + _DIGITS[value - 1 if value else 1] + numeral[i + 1 :]
    return numeral
