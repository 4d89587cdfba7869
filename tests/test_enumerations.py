"""What a question for several things asks for stands out in the sentence that lists it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.citations import Citation
from assistant.corpus import Speech
from assistant.enumerations import enumeration
from assistant.glossary import bundled_glossary
from assistant.questions import Question
from assistant.render import Exchange, reply_html
from assistant.replies import Answer
from assistant.web.words import EN

LISTED = {
    "要修订哪些法律？": ("6.2", "专利法、商标法、著作权法、反垄断法、科学技术进步法"),
    "Which laws are to be revised?": ("6.2", "专利法、商标法、著作权法、反垄断法、科学技术进步法"),
    "哪些领域要加强立法？": ("6.3", "地理标志、商业秘密"),
    "要综合运用哪些手段？": ("7.2", "法律、行政、经济、技术、社会治理"),
    "从哪些环节完善保护体系？": ("7.2", "审查授权、行政执法、司法保护、仲裁调解、行业自律、公民诚信"),
    "知识产权全链条由哪几个部分组成？": ("7.3", "知识产权创造、运用、保护、管理、服务"),
    "新领域新业态有哪些？": ("8.4", "大数据、人工智能、基因技术"),
    "规划要明确哪些内容？": ("5.2", "目标、任务、举措和实施蓝图"),
    "保护知识产权要坚持哪些原则？": ("5.3", "以我为主、人民利益至上、公正合理保护"),
    "国际合作要坚持哪些原则？": ("9.2", "开放包容、平衡普惠"),
    "知识产权保护工作关系到哪些方面？": (
        "1.2",
        "关系国家治理体系和治理能力现代化，关系高质量发展，关系人民生活幸福，关系国家对外开放大局，关系国家安全",
    ),
}


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant.from_settings(answerer="extractive")


@pytest.mark.parametrize(("question", "where"), LISTED.items())
def test_what_is_listed_stands_out(assistant: Assistant, question: str, where: tuple[str, str]) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    marked = [(c.sentence.address, c.parts[1]) for c in reply.citations if c.listed]
    assert marked == [where]
    for citation, data in zip(reply.citations, reply.to_dict()["citations"], strict=True):
        assert "".join(citation.parts) == citation.quote.strip()
        text = assistant.corpus.speech(citation.sentence.speech).text
        if citation.listed:
            start, end = data["listed"]
            assert text[start:end] == citation.parts[1] == where[1]
        else:
            assert data["listed"] is None


@pytest.mark.parametrize("question", ["什么时候举行的集体学习？", "为什么要完善反垄断法规？", "专利法要修订吗？"])
def test_nothing_stands_out_where_one_thing_is_asked(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert not any(citation.listed for citation in reply.citations)


def found(sentence: str, question: str = "有哪些？") -> str | None:
    span = enumeration(Question.read(question, bundled_glossary()), sentence)
    return sentence[slice(*span)] if span else None


@pytest.mark.parametrize(
    ("sentence", "listed"),
    [
        ("要整治农贸市场、城中村和老旧小区的环境卫生。", "农贸市场、城中村和老旧小区"),
        ("可以选择原地回迁、异地安置或者货币补偿。", "原地回迁、异地安置或者货币补偿"),
        ("在江西、湖南、广东等六省开展治理。", "江西、湖南、广东"),
        ("实行“县招、乡管、村用”。", "县招、乡管、村用"),
        ("要推动信息化、智能化基础设施建设。", "信息化、智能化"),
        ("省、市、县、乡、村五级要全部到位。", "省、市、县、乡、村"),
        # Where an end cannot be told, nothing is marked.
        ("要严禁盗挖、滥挖和非法出售黑土。", None),
        ("运来四千五百吨大米、面粉。", None),
        ("把道路、桥梁、路况汇到一张图上。", None),
        ("会见了国家元首、政府首脑。", "国家元首、政府首脑"),
        ("在岚江、江北地区一并开展盐碱地综合利用。", None),
        ("没有列举什么。", None),
        ("", None),
        ("、、、", None),
        ("、甲、", None),
    ],
)
def test_where_it_begins_and_ends(sentence: str, listed: str | None) -> None:
    assert found(sentence) == listed


def test_of_several_the_one_that_is_asked_for() -> None:
    sentence = "要运用法律、行政、经济等手段，从审查、授权、执法等环节完善体系。"
    assert found(sentence, "运用哪些手段？") == "法律、行政、经济"
    assert found(sentence, "从哪些环节完善？") == "审查、授权、执法"


def test_a_speech_in_traditional_characters_is_marked_as_it_is_written() -> None:
    assert found("要綜合運用法律、行政、經濟等手段。") == "法律、行政、經濟"


@given(st.text(alphabet="要从对的等和、，。“”甲乙丙法律经济社会治理 a1", max_size=60))
def test_any_sentence_is_read_and_what_stands_out_is_a_part_of_a_clause(sentence: str) -> None:
    listed = found(sentence)
    assert listed is None or (listed.strip("、") == listed != "" and ("、" in listed or "，" in listed))


def test_white_space_around_a_sentence_is_not_shown() -> None:
    sentence = [*Speech.from_text("s", "题目\n其他的话。  要运用法律、行政、经济等手段。  \n").sentences][2]
    start = sentence.text.index("法律")
    assert Citation(1, sentence, "题目").parts == (sentence.text.strip(), "", "")
    marked = Citation(1, sentence, "题目", (start, start + 8))
    assert marked.parts == ("要运用", "法律、行政、经济", "等手段。")


def test_the_page_shows_it_in_the_claim_and_in_the_source(assistant: Assistant) -> None:
    reply = assistant.ask("要综合运用哪些手段？")
    html = reply_html(Exchange(reply.question, reply=reply, state="done"), 0, EN)
    assert html.count("<mark class='listed'>法律、行政、经济、技术、社会治理</mark>等多种手段") == 2
