"""Questions on the whole speech, or on its theme: answered with the sentence of the theme and those that begin the paragraphs."""

from collections.abc import Sequence

from assistant.corpus import Corpus, Sentence
from assistant.coverage import token_set
from assistant.encoder import Encoder
from assistant.index import Passage
from assistant.occurrences import OF_TEXT
from assistant.questions import ABOUT_THE_WHOLE, Question, Shape, shape_of
from assistant.ranking import FRAME
from assistant.text import words

ALIKE = 0.82
"""Cosine from which a question asks the same as an example: on the tune split those on the whole speech reach 0.82 to
0.94 and the next other one 0.80."""
GIST = (
    "这篇讲话主要讲了什么？",
    "讲话的中心思想是什么？",
    "用一句话概括这篇报告。",
    "总结一下全文的要点。",
    "这次学习的主题是什么？",
    "给我介绍一下这篇讲话的主要内容。",
    "What is the speech about?",
    "Summarize the main points of the speech.",
)
TASKS = (
    "讲话部署了哪些主要任务？",
    "讲话从哪几个方面提出了要求？",
    "列出全文的主要任务。",
    "What are the main tasks set out in the speech?",
)

# Beside these a question that asks what the examples ask names nothing of its own.
_OF_THE_WHOLE = ABOUT_THE_WHOLE | frozenset(
    "学习 集体 今后 未来 下一步 提纲 大纲 主旨 核心 中心 思路 脉络 结论 结构 亮点 看点 启示 一条条 几大 大方面 main set task tasks message messages lay laid".split()
)
_ANY_PART = frozenset("方面 任务 要求 措施 举措 工作 部署 重点 要点 各项 具体 主要 所有".split())


def outline(question: Question, passages: Sequence[Passage], corpus: Corpus, encoder: Encoder) -> list[Sentence]:
    """Return what answers a question on the whole speech, or on its theme."""
    paragraphs = sorted((p.paragraph for p in passages), key=lambda p: (p.speech, p.start))
    topics = [paragraph.sentences[0] for paragraph in paragraphs]
    sentences = [s for paragraph in paragraphs for s in paragraph.sentences]
    # Not 他讲了什么 of a lecturer.
    whole = question.shape is Shape.OUTLINE and shape_of(question.spoken) is Shape.OUTLINE
    theme = question.shape is Shape.LIST and _is_theme(question, corpus)
    if not whole and (theme or _resembles(question, TASKS, corpus, encoder)):
        return [s for s in topics if FRAME.match(s.text) and "要" in s.text] or topics
    if whole or (question.thing is None and _resembles(question, GIST, corpus, encoder)):
        return list(dict.fromkeys([*_theme(sentences, corpus), *topics]))
    return []


def own_words(question: Question) -> set[str]:
    """Return the words of what a question names, without those that any part of a speech goes by: 措施."""
    return {word for term in question.terms for word in words(term.text)} - _ANY_PART - OF_TEXT


def _resembles(question: Question, examples: tuple[str, ...], corpus: Corpus, encoder: Encoder) -> bool:
    """Whether a question asks the same as one of the examples and names nothing of its own: 区块链."""
    if any(term.carried for term in question.terms) or not _is_common(own_words(question) - _OF_THE_WHOLE, corpus):
        return False
    (asked,) = encoder.embed_questions([question.text])
    return bool((encoder.embed_questions(examples) @ asked).max() >= ALIKE)


def _theme(sentences: list[Sentence], corpus: Corpus) -> list[Sentence]:
    """Return, of each speech, the sentence that says most of what its title says."""
    titles = {speech.id: token_set(speech.title) for speech in corpus.speeches}
    best: dict[str, Sentence] = {}
    for sentence in sorted(sentences, key=lambda s: -len(token_set(s.text) & titles[s.speech])):
        best.setdefault(sentence.speech, sentence)
    return list(best.values())


def _is_theme(question: Question, corpus: Corpus) -> bool:
    """Whether the question speaks only of what the whole speech is about: words that a third of it holds."""
    asked = own_words(question)
    if not asked and not any(part in question.folded for part in _ANY_PART):
        return False
    return _is_common(asked, corpus)


def _is_common(asked: set[str], corpus: Corpus) -> bool:
    """Whether a third of the paragraphs hold each of some words."""
    paragraphs = [token_set(paragraph.text) for paragraph in corpus.paragraphs]
    return all(sum(word in tokens for tokens in paragraphs) * 3 >= len(paragraphs) for word in asked)
