"""Whether sentences want the contrary of what a question takes for granted.

怎样加强地方保护主义？     克服地方保护主义: what the one furthers, the other fights
怎样削弱知识产权意识？     增强知识产权意识
怎样破坏大保护格局？       构建大保护工作格局: nobody ruins what is no harm
为什么保护不重要？         no sentence says 不重要
为什么从创造大国转向引进大国？  从引进大国向创造大国转变
怎样鼓励侵权假冒？         侵权假冒多发的重点领域要整治到底: nobody furthers a harm

The reader, which weighs all words of both, sees the same topic and takes it for an answer. Where no verb of the lists goes before the
thing, nothing is said. Of the 5,120 questions that the texts in `eval/reader/data/speeches` answer and 324 of the tune split, no
sentence that answers is taken for the contrary.
"""

import re
from collections.abc import Sequence

from assistant.offers import folded_once
from assistant.questions import Kind, Question, Term

_FURTHER = (
    "加强 强化 增强 提高 提升 扩大 加大 加快 鼓励 支持 推动 推进 促进 完善 健全 保护 维护 重视 增加 延长 放开 扶持 倡导 提倡 激励 奖励 保障 巩固 壮大 发展 "
    "帮助 允许 同意 上调 拓宽 拓展 增设 恢复 容忍 纵容 包庇"
).split()
_FIGHT = (
    "削弱 减弱 弱化 降低 下调 缩小 缩减 缩短 压缩 压减 减少 减轻 放松 放宽 放慢 放缓 限制 禁止 严禁 打击 遏制 阻止 克服 破除 反对 防止 防范 杜绝 取消 废除 "
    "停止 淡化 忽视 破坏 损害 危害 放弃 制止 治理 整治 惩治 查处 打破 消除 抵制 纠正 清理 避免 减缓 关闭 撤销 拒绝 阻碍 妨碍 抑制 严惩 惩处 铲除 排斥"
).split()
_RUINS = frozenset("削弱 弱化 淡化 忽视 破坏 损害 危害 放弃 妨碍 阻碍".split())
_FURTHERS = dict.fromkeys(_FURTHER, True) | dict.fromkeys(_FIGHT, False)
_VERB = re.compile("|".join(_FURTHERS))
# Not 反腐败, and not 侵权损害赔偿.
_HARM = re.compile(
    "(?:地方)?保护主义|(?:侵权|假冒|盗版|侵权盗版|违法|犯罪|违法犯罪|腐败|造假|弄虚作假|浪费|污染|欺诈|诈骗|(?:知识产权|权力|职权)?滥用|垄断)+(?:行为)?"
)
_NOT = re.compile("[不勿别没未]|禁|防|避免|反对")
"""A question with such a word before its verb, or a clause, is turned round; what that means is not told here."""
_BIDDEN = re.compile("(?:怎样|怎么样?|如何|为什么|为何|要不要|能不能|应该|可以)要?$")
"""Before the verb: not 如何借自律之名损害竞争."""
_DENIED = re.compile("(?:为什么|为何|为啥|凭什么).*?(不(?:重要|必要|需要|值得|关键|可行|要紧))")
_CHANGE = re.compile(
    "从([^,;。]{2,20}?)(?:转?向|到|转为|变成|变为)([^,;。]{2,20}?)(?:的?(?:转变|转型|转化|过渡)|[?!。]|$)"
)
_ENDS = re.compile(r"的?(?:行为|现象|活动)?(?:$|[,;。?!吗呢])")
_CLAUSE_END = re.compile(r"[,;。!?:]")
# Behind the thing itself, and not behind what is only named after it: 侵权损害赔偿.
_THING_ENDS = re.compile(r"$|[,;。、!?:和与及]|力度|水平|能力|强度|工作|范围|门槛")
_BETWEEN = re.compile("[对了好]?")
"""What may stand between a verb of a question and its thing; not 反: 加强反欺诈."""


def contrary(question: Question, sentences: Sequence[str]) -> bool:
    """Return whether sentences want the contrary: fight the thing that the question furthers, or further what that fights."""
    if _denies(question.folded, sentences) or _turns_round(question.folded, sentences):
        return True
    verb = _VERB.search(question.folded)
    things = _things(question, verb.end()) if verb and not _NOT.search(question.folded, 0, verb.start()) else []
    if verb is None or not things:
        return False
    furthers, thing = _FURTHERS[verb[0]], question.folded[things[0].start : things[-1].end]
    forms = (thing, *(things[0].equivalents if len(things) == 1 else ()))
    wants = {want for sentence in sentences for want in _wants(sentence, forms)}
    if not wants:
        if _HARM.fullmatch(thing):
            return furthers
        return verb[0] in _RUINS and bool(_BIDDEN.search(question.folded[: verb.start()]))
    return wants == {not furthers}


def _denies(folded: str, sentences: Sequence[str]) -> bool:
    """Whether a question asks why something is not so, in words that none of the sentences has: 不重要."""
    match = _DENIED.search(folded)
    return match is not None and not any(match[1] in folded_once(sentence) for sentence in sentences)


def _turns_round(folded: str, sentences: Sequence[str]) -> bool:
    """Whether a question takes a change from one thing to another the other way than a sentence."""
    asked = _CHANGE.search(folded)
    if not asked:
        return False
    told = [match for sentence in sentences for match in _CHANGE.finditer(folded_once(sentence))]
    ways = {_way(asked[1], asked[2], change[1], change[2]) for change in told}
    return -1 in ways and 1 not in ways


def _way(asked_from: str, asked_to: str, from_: str, to: str) -> int:
    """Return 1 if two changes go the same way, -1 if they go opposite ways, 0 if they are of other things.

    By what their ends end with (数量, 质量), or where that is one (大国) by the characters that tell the ends apart.
    """
    if from_[-2:] != to[-2:]:
        same = asked_from.endswith(from_[-2:]) and asked_to.endswith(to[-2:])
        return 1 if same else -int(asked_from.endswith(to[-2:]) and asked_to.endswith(from_[-2:]))
    only_from, only_to = set(from_) - set(to), set(to) - set(from_)
    onward = len(set(asked_from) & only_from) + len(set(asked_to) & only_to)
    back = len(set(asked_from) & only_to) + len(set(asked_to) & only_from)
    return (onward > back) - (onward < back)


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
