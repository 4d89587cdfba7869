"""Follow-ups: what a question leans on is put in brackets behind it; the reader's own words stay as they are.

    它有什么要求？（惩罚性赔偿）       it points, or names nothing: what the last turn was about
    他是哪个大学的？（易继明）         it says he or she: the person named last, in a question or in answer to who
    那商标法呢？（怎么修订）           it names another thing: what was asked about the last one
    那讲课的呢？（谁、集体学习）       it names another act: who or what the last one was asked about
    创新呢？（出现了多少次）           it names another word: the last one was to be counted

那商标法呢 is not given the law of the question before: it would be answered with the old sentence again. Nor does any
question lean on what was asked in vain and the speech does not have: 讲话提到网络游戏了吗？还有什么要求？
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.glossary import Glossary
from assistant.offers import persons
from assistant.questions import HE, Kind, Question, Shape, Term, Thing, asks_something
from assistant.replies import Turn
from assistant.text import fold

MAX_CARRIED = 6
"""Words that a follow-up is given: a chain of follow-ups must not pile them up."""

_POINTS = re.compile(r"它|其中|^里面|这方面|这[个些]|上述|\b(?:it|its|they|them|these|those)\b")
_MORE = re.compile(r"^那?还有|\belse\b")
_IN_BRACKETS = re.compile(r"[（(]([^（）()]*)[）)]$")
_NAMES = re.compile(r"呢[?!。\s]*$|^(?:(?:and|but) )?(?:what|how) about\b|^(?:and|but)\b")
_BEFORE_AN_ACT = re.compile("(?:怎么?样?|如何|谁来?)要?$")

Knows = Callable[[Term], bool]
"""Whether the corpus has a term in some form."""


def restate(question: str, turns: Sequence[Turn], glossary: Glossary, knows: Knows) -> str:
    """Return `question` with what it leans on; unchanged where it stands alone."""
    asked = Question.read(question, glossary)
    if not turns or (asked.shape is Shape.OUTLINE and not HE.search(asked.folded)):
        return question
    if asked.asks_for_more:
        whole = _whole([(turn, Question.read(turn.question, glossary)) for turn in reversed(turns)], knows)
        return f"{question}（{whole}）" if whole else question
    past = [(turn, Question.read(_opened(turn.question), glossary)) for turn in reversed(turns)]
    return _with(question, _carried(asked, past, knows), asked)


def lean(clause: str, first: str, glossary: Glossary, knows: Knows) -> str:
    """Return a further clause of a question with the things that the first one names; unchanged where it names one itself."""
    asked = Question.read(clause, glossary)
    names = len(asked.terms) > len(_acts(asked))
    if names and not _POINTS.search(asked.folded):
        return clause
    question = Question.read(first, glossary)
    return _with(clause, _words(question, things_of(question), knows), asked)


_Past = Sequence[tuple[Turn, Question]]
"""The earlier turns, the last first."""


def _carried(asked: Question, past: _Past, knows: Knows) -> list[str]:
    if HE.search(asked.folded) and not persons(asked.folded) and (person := _person(past, knows)) is not None:
        return person
    if _POINTS.search(asked.folded):
        return _last(past, knows, things_of)
    if not asked.terms or _MORE.search(asked.folded):
        return _last(past, knows, lambda question: question.terms)
    if _NAMES.search(asked.folded) and not asks_something(_NAMES.sub("", asked.folded)):
        return _what_was_asked(asked, past, knows)
    return []


def _person(past: _Past, knows: Knows) -> list[str] | None:
    """Return the name of the person named last, or what was asked of someone without a name; None if nobody was meant."""
    for turn, question in past:
        if names := persons(fold(turn.question)):
            return names[:1]
        if question.thing is Thing.PERSON:
            names = persons(fold(turn.answer)) if turn.kind == "answer" else []
            return names[:1] or _words(question, things_of(question), knows)
    return None


def _last(past: _Past, knows: Knows, part: Callable[[Question], Sequence[Term]]) -> list[str]:
    """Return a part of the last question that was answered, or asked in vain of things that the speech does have."""
    for turn, question in past:
        things = things_of(question)
        if turn.kind == "answer" or (things and all(knows(term) for term in things)):
            return _words(question, part(question), knows)
    return []


def _whole(past: _Past, knows: Knows) -> str:
    """Return the last question of which more can be asked for, as one would say it; "" if there is none."""
    for turn, question in past:
        if question.asks_for_more:
            if again := _IN_BRACKETS.search(turn.question):
                return str(again[1])
            continue
        things = things_of(question)
        if turn.kind == "answer" or (things and all(map(knows, things))):
            return "" if question.asks_where_mentioned else _opened(question.spoken).strip("，,？?。.！! ")
    return ""


def _what_was_asked(asked: Question, past: _Past, knows: Knows) -> list[str]:
    """Return what the last question asked beside the thing for which another one is named, or the act."""
    turn, question = past[0]
    if question.asks_where_mentioned:
        return [question.asking_of_mentions] if question.asking_of_mentions else []
    if turn.kind != "answer":
        return []
    acts = _acts(question)
    things = [term for term in question.terms if term not in acts]
    if all(term.kind is Kind.OTHER for term in asked.terms):
        return [*filter(None, [question.asking]), *_words(question, things, knows)]
    # 那专利呢 after 谁主持了集体学习 is no question on who presides over patents.
    return [_asked(question, act) for act in acts if knows(act)] if things and not question.thing else []


def things_of(question: Question) -> Sequence[Term]:
    """Return what a question is about: the things that it names; if there are none, what is done."""
    return own_things(question) or _acts(question)


def own_things(question: Question) -> list[Term]:
    """Return the things that a question names."""
    acts = _acts(question)
    return [term for term in question.terms if term not in acts]


def _acts(question: Question) -> list[Term]:
    """Return what is done, as far as it can be told: 讲课, and 修订 in 怎么修订, not in 修订的规划."""
    return [
        term
        for term in question.terms
        if term.kind is Kind.OTHER or _BEFORE_AN_ACT.search(question.folded[: term.start])
    ]


def _asked(question: Question, act: Term) -> str:
    """Return an act as it was typed, with the word that asked how it is done: 怎么修订."""
    asking = _BEFORE_AN_ACT.search(question.folded[: act.start])
    return question.typed(replace(act, start=asking.start()) if asking else act)


def _words(question: Question, terms: Sequence[Term], knows: Knows) -> list[str]:
    return [question.typed(term) for term in terms if knows(term)]


def _with(question: str, words: Sequence[str], asked: Question) -> str:
    """Return a question with words in brackets behind it, those that it lacks."""
    own = {term.text for term in asked.terms}
    carried = [word for word in dict.fromkeys(words) if fold(word) not in own]
    return f"{question}（{'、'.join(carried[:MAX_CARRIED])}）" if carried else question


def _opened(question: str) -> str:
    """Return a question that was restated, its brackets opened: what was carried to it is now its own."""
    return question.translate(str.maketrans("（）", "，，"))
