"""What a question takes for granted, and the speech wants the contrary of, is refused."""

import pytest

from assistant.assistant import Assistant
from assistant.glossary import bundled_glossary
from assistant.opposites import contrary
from assistant.questions import Question
from assistant.replies import Answer


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant.from_settings(answerer="extractive")


@pytest.mark.parametrize(
    "question",
    [
        "怎样加强地方保护主义？",
        "怎样鼓励侵权假冒？",
        "怎樣鼓勵侵權假冒？",
        "如何支持侵权行为",
        "为什么要支持垄断？",
        "要不要允许侵权？",
        "怎样削弱知识产权意识？",
        "怎样降低审判质量？",
        "怎样削弱知识产权保护？",
        "怎样破坏大保护格局？",
        "怎么帮助地方保护主义？",
        "如何鼓励知识产权滥用？",
        "为什么知识产权保护不重要？",
        "为什么要从创造大国转向引进大国？",
        "为什么要从追求质量向提高数量转变？",
    ],
)
def test_a_false_premise_is_refused(assistant: Assistant, question: str) -> None:
    assert not isinstance(assistant.ask(question), Answer)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("怎样加强基层武装？", "要削弱基层武装。"),
        ("为什么缩短服务期？", "因此要延长服务期。"),
        ("怎样恢复贸易限制？", "要取消贸易限制，打破壁垒。"),
        ("怎样纵容腐败？", "腐败的一律通报。"),
    ],
)
def test_the_contrary_is_told_from_what_is_asked(question: str, sentence: str) -> None:
    assert contrary(Question.read(question, bundled_glossary()), [sentence])


def test_who_wants_the_same_outweighs_who_wants_the_contrary() -> None:
    question = Question.read("怎样缩短服务期？", bundled_glossary())
    assert contrary(question, ["要延长服务期。"])
    assert not contrary(question, ["要延长服务期。", "要缩短服务期。"])
    assert not contrary(question, [])


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("怎样打击侵权假冒？", "要打击侵权假冒。"),
        ("为什么不重要的会议要减少？", "不重要的会议要减少。"),
        ("为什么从追求数量向提高质量转变？", "正在从追求数量向提高质量转变。"),
        ("从引进大国到创造大国", "从引进大国向创造大国转变，从追求数量向提高质量转变。"),
        ("从粗放到精细", "从追求数量向提高质量转变。"),
        ("怎样放弃权利？", "可以放弃权利。"),
        ("怎样放宽准入？", "要限制准入。"),
        ("为什么不能削弱知识产权意识？", "要增强知识产权意识。"),
        ("为什么不允许侵权？", "侵权的一律通报。"),
        ("怎样提高审判质量？", "不得降低审判质量。"),
        ("怎样加强反欺诈？", "要建立机制。"),
        ("怎样减少侵权？", "要提高侵权损害赔偿。"),
        ("怎样加强反腐败？", "要惩治腐败。"),
        ("怎样加强打击侵权？", "要遏制侵权。"),
        ("怎样加大侵权打击力度？", "要降低侵权的发生率，加大打击力度。"),
        ("怎样提高侵权的代价？", "要打击侵权。"),
        ("加强对垄断的监管", "要反对垄断。"),
        ("怎样保护侵权人的权益？", "要打击侵权。"),
        ("怎样推进改革？", "要避免为改革而改革，推进改革。"),
        ("怎样加强保护？", "保护工作很重要。"),
        ("怎样发展？", "要限制发展。"),
        ("How to strengthen local protectionism?", "要克服地方保护主义。"),
        ("侵权怎么办？", "要打击侵权。"),
        ("", "要打击侵权。"),
    ],
)
def test_other_questions_are_left_to_the_reader(question: str, sentence: str) -> None:
    assert not contrary(Question.read(question, bundled_glossary()), [sentence])
