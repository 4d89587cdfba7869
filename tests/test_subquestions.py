"""Questions that ask several things: where they are cut, and that each part gets its own sentence."""

import pytest

from assistant.assistant import Assistant
from assistant.follow_ups import lean
from assistant.glossary import bundled_glossary
from assistant.questions import Question, Term
from assistant.replies import Answer, partly
from assistant.subquestions import clauses, coordinated


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant.from_settings(answerer="extractive")


@pytest.mark.parametrize(
    "question",
    [
        "什么时候起步，|如今成效如何？",
        "什么时候起步,|如今成效如何?",
        "教授讲了之后，政治局做了什么？|教授又是谁？",
        "惩罚性赔偿怎么办；|地理标志有没有立法；|谁来负责？",
        "When did it start |and how has it gone?",
        "Which laws will be revised? |Are punitive damages mentioned?",
    ],
)
def test_it_is_cut_before_each_clause_that_asks(question: str) -> None:
    parts = question.split("|")
    assert clauses("".join(parts)) == parts


@pytest.mark.parametrize(
    "question",
    [
        "怎样让创新成果更好惠及人民？",
        "专利官司一拖好几年，能不能判快点？",
        "对群众反映强烈、社会舆论关注的领域，要怎么办？",
        "请列举一下，有哪些要求。",
        "有哪些要求？请逐一列出。",
        "专利法、商标法、著作权法要怎么修改？",
        "What is said about patents, trademarks and copyright?",
        "How many of the 1,000 firms were fined?",
        "If the law is revised, what changes?",
        "",
        "？？？",
        "为什么，为什么，为什么，为什么？",
    ],
)
def test_one_question_is_left_whole(question: str) -> None:
    assert clauses(question) == [question]


def test_what_was_carried_to_a_question_stays_with_it(assistant: Assistant) -> None:
    reply = assistant.ask("它有什么要求，还要做什么？（惩罚性赔偿）")
    assert isinstance(reply, Answer)
    assert reply.citations[0].sentence.address == "8.5"


@pytest.mark.parametrize("question", ["a，b，c", "什么时候，怎样。其他", "好的，谁？还有，哪里？"])
def test_nothing_is_lost(question: str) -> None:
    assert "".join(clauses(question)) == question


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("民事、刑事、行政三条路各要怎样加强？", "民事 刑事 行政"),
        ("行业自律、诚信和公众意识怎么抓", "行业自律 诚信 公众"),
        ("公共服务和数字化基础设施要怎么建设？", "公共服务 数字化"),
        ("惩罚性赔偿怎么办？", ""),
        ("", ""),
    ],
)
def test_what_is_named_in_one_breath(question: str, things: str) -> None:
    found = coordinated(Question.read(question, bundled_glossary()))
    assert [term.text for term in found] == things.split()


def known(term: Term) -> bool:
    return term.text == "国家安全"


@pytest.mark.parametrize(
    ("clause", "restated"),
    [
        ("具体又要怎么维护？", "具体又要怎么维护？（国家安全）"),
        ("它有什么要求？", "它有什么要求？（国家安全）"),
        ("惩罚性赔偿怎么办？", "惩罚性赔偿怎么办？"),
    ],
)
def test_a_clause_that_names_nothing_leans_on_the_first(clause: str, restated: str) -> None:
    assert lean(clause, "国家安全有什么意义，", bundled_glossary(), known) == restated


@pytest.mark.parametrize(
    ("question", "must"),
    [
        ("惩罚性赔偿怎么办，地理标志有没有立法？", "8.5 6.3"),
        ("地理标志怎么立法？反垄断的法律要怎么完善？", "6.3 10.3"),
        ("民事、刑事、行政三条路各要怎样加强？", "6.4 6.7"),
        ("授课教授讲了之后，政治局的人做了什么？教授又是谁？", "2.2 2.1"),
    ],
)
def test_each_part_is_answered(assistant: Assistant, question: str, must: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert set(must.split()) <= {c.sentence.address for c in reply.citations}


@pytest.mark.parametrize(
    ("question", "there", "notice"),
    [
        ("惩罚性赔偿要怎么落实，赔几倍？", "8.5", "原文没有回答其中的“赔几倍”。"),
        ("知识产权工作何时开始？预算是多少？", "4.1", "原文没有回答其中的“预算是多少”。"),
        ("集体学习是哪天举行的，有多少人参加？", "1.1", "原文没有回答其中的“有多少人参加”。"),
        ("谁作了讲解，他多大年纪？", "2.1", "原文没有回答其中的“他多大年纪”。"),
        ("要健全人工智能、区块链领域的制度吗？", "8.4", "原文没有回答其中的“区块链”。"),
        ("How are punitive damages to be handled? And who won the football match?", "8.5", "The speech does not answer: 'who won the football match'."),
    ],
)  # fmt: skip
def test_what_is_not_answered_of_a_question_is_told(
    assistant: Assistant, question: str, there: str, notice: str
) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert [c.sentence.address for c in reply.citations] == [there]
    assert reply.notice == notice
    assert reply.to_dict()["notice"] == notice


def test_where_the_first_part_is_not_answered_another_that_stands_alone_is(assistant: Assistant) -> None:
    reply = assistant.ask("火星上的水有多少？怎样加强立法？")
    assert isinstance(reply, Answer)
    assert "立法" in reply.text
    assert reply.notice == partly("火星上的水有多少？怎样加强立法？", ("火星上的水有多少？",))


@pytest.mark.parametrize("question", ["奥运会什么时候开幕？谁来管？", "火星上的水有多少，由谁负责？"])
def test_what_leans_on_a_part_that_is_not_answered_is_not_either(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert reply.kind == "refusal"
    assert reply.notice is None


@pytest.mark.parametrize(
    "question",
    ["你知道惩罚性赔偿吗？谁发明了它？", "加强立法了吗？哪天生效？", "Is IP protected? How much is the fine?"],
)
def test_who_asks_whether_only_leads_to_what_is_asked(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).kind == "refusal"


@pytest.mark.parametrize("question", ["火星上有水吗？股票该买哪一只？", "谁发明了印刷术，红烧肉怎么做？"])
def test_two_questions_that_it_does_not_answer_are_refused(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).kind == "refusal"
