"""Whether sentences want the contrary of what a question takes for granted.

怎样加强地方保护主义？     克服地方保护主义: what the one furthers, the other fights
怎样削弱知识产权意识？     增强知识产权意识
怎样鼓励侵权假冒？         侵权假冒多发的重点领域要整治到底: nobody furthers a harm

The reader, which weighs all words of both, sees the same topic and takes it for an answer. Where no verb of the lists goes before the
thing, nothing is said. Of the 2,560 questions that the texts in `eval/reader/data/speeches` answer and 324 of the tune split, no
sentence that answers is taken for the contrary.
"""

import re
from collections.abc import Sequence

from assistant.offers import folded_once
from assistant.questions import Kind, Question, Term

_FURTHER = (
    "加强 强化 增强 提高 提升 扩大 加大 加快 鼓励 支持 推动 推进 促进 完善 健全 保护 维护 重视 增加 延长 放开 扶持 倡导 提倡 激励 奖励 保障 巩固 壮大 发展 "
    "允许 同意 上调 拓宽 拓展 增设 恢复 容忍 纵容 包庇"
).split()
_FIGHT = (
    "削弱 减弱 弱化 降低 下调 缩小 缩减 缩短 压缩 压减 减少 减轻 放松 放宽 放慢 放缓 限制 禁止 严禁 打击 遏制 阻止 克服 破除 反对 防止 防范 杜绝 取消 废除 "
    "停止 淡化 忽视 制止 治理 整治 惩治 查处 打破 消除 抵制 纠正 清理 避免 减缓 关闭 撤销 拒绝 阻碍 妨碍 抑制 严惩 惩处 铲除 排斥"
).split()
_FURTHERS = dict.fromkeys(_FURTHER, True) | dict.fromkeys(_FIGHT, False)
_VERB = re.compile("|".join(_FURTHERS))
# Not 反腐败, and not 侵权损害赔偿.
_HARM = re.compile(
    "(?:地方)?保护主义|(?:侵权|假冒|盗版|侵权盗版|违法|犯罪|违法犯罪|腐败|造假|弄虚作假|浪费|污染|欺诈|诈骗|滥用|垄断)+(?:行为)?"
)
_NOT = re.compile("[不勿别没未]|禁|防|避免|反对")
"""A question with such a word before its verb, or a clause, is turned round; what that means is not told here."""
_ENDS = re.compile(r"的?(?:行为|现象|活动)?(?:$|[,;。?!吗呢])")
_CLAUSE_END = re.compile(r"[,;。!?:]")
# Behind the thing itself, and not behind what is only named after it: 侵权损害赔偿.
_THING_ENDS = re.compile(r"$|[,;。、!?:和与及]|力度|水平|能力|强度|工作|范围|门槛")
_BETWEEN = re.compile("[对了好]?")
"""What may stand between a verb of a question and its thing; not 反: 加强反欺诈."""


def contrary(question: Question, sentences: Sequence[str]) -> bool:
    """Return whether sentences want the contrary: fight the thing that the question furthers, or further what that fights."""
    verb = _VERB.search(question.folded)
    things = _things(question, verb.end()) if verb and not _NOT.search(question.folded, 0, verb.start()) else []
    if verb is None or not things:
        return False
    furthers, thing = _FURTHERS[verb[0]], question.folded[things[0].start : things[-1].end]
    forms = (thing, *(things[0].equivalents if len(things) == 1 else ()))
    wants = {want for sentence in sentences for want in _wants(sentence, forms)}
    if not wants:
        return furthers and bool(_HARM.fullmatch(thing))
    return wants == {not furthers}


def _things(question: Question, end: int) -> list[Term]:
    """Return what a verb that ends there is about: the things that follow one another, 行政 and 执法 of 加强行政执法.

    None where another verb comes between, or more behind: 加强打击侵权, 提高侵权的代价.
    """
    found: list[Term] = []
    for term in question.terms:
        if term.kind is Kind.OTHER or term.start < end:
            continue
        if not _BETWEEN.fullmatch(question.folded[found[-1].end if found else end : term.start]):
            break
        found.append(term)
    if not found or _VERB.search(question.folded, end, found[-1].start):
        return []
    return found if _ENDS.match(question.folded, found[-1].end) else []


def _wants(sentence: str, forms: Sequence[str]) -> set[bool]:
    """Return what a sentence wants of a thing: True to further it, False to fight it, wherever a verb of the lists precedes it."""
    text = folded_once(sentence)
    wants = set()
    for form in forms:
        for match in re.finditer(re.escape(form), text):
            if not _THING_ENDS.match(text, match.end()):
                continue
            clause = _CLAUSE_END.split(text[: match.start()])[-1]
            verbs = list(_VERB.finditer(clause))
            if verbs and not _NOT.search(clause[: verbs[-1].start()]):
                wants.add(_FURTHERS[verbs[-1][0]])
    return wants
