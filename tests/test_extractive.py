"""The embedded answerer: which sentences it quotes for a question, and when it quotes none.

The questions are written from the speech and from how people ask, never from what the code answers. A case that the
answerer fails stands in a table of known gaps with the reason, and is asserted to fail: whoever closes the gap has to
move it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.conversation import Conversation
from assistant.corpus import Corpus, Sentence, Speech
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Passage
from assistant.questions import Shape, shape_of
from assistant.replies import Answer, Refusal, Reply
from assistant.text import numbers

NOTHING = ""
PARTS = "5.1 6.1 7.1 8.1 9.1 10.1"
"""The six demands of the speech, one a paragraph."""
WHOLE = f"1.1 1.3 2.1 3.1 4.1 {PARTS} 11.1"
"""The sentence that says most of what the title says, and the first one of every paragraph."""


@dataclass(frozen=True)
class Case:
    """A question, the addresses that must be quoted, and those that may be quoted besides."""

    question: str
    must: str
    may: str = ""
    either: str = ""
    """Any of these must be quoted: they say the same."""

    def holds(self, reply: Reply) -> bool:
        must, may, got = set(self.must.split()), set(self.may.split()), set(cited(reply))
        if either := set(self.either.split()):
            return bool(got & either) and got <= either | may
        return must <= got <= must | may if must else not got


def cited(reply: Reply) -> list[str]:
    return [c.sentence.address for c in reply.citations] if isinstance(reply, Answer) else []


# --- Questions on the speech ---

# fmt: off
CASES = {
    "what and how": [
        Case("怎样让创新成果更好惠及人民？", "7.5"),
        Case("创新是引领发展的什么？", "3.2"),
        Case("专利法要怎么修改？", "6.2"),
        Case("商业秘密的立法要怎样？", "6.3"),
        Case("讲话对惩罚性赔偿怎么说？", "8.5"),
        Case("惩罚性赔偿怎么办？", "8.5"),
        Case("诉讼规范怎么制定？", "6.4", "8.5"),
        Case("怎么提高知识产权审判质量和效率？", "6.5", "8.5"),
        Case("刑事打击力度要怎么样？", "6.7"),
        Case("专利打官司的规矩怎么改？", "6.4", "8.5"),
        Case("对侵权假冒多发的重点领域要怎么办？", "6.8", "11.1"),
        Case("行政执法和司法怎么衔接？", "6.6"),
        Case("怎样构建大保护工作格局？", "7.2"),
        Case("知识产权综合管理体制怎么健全？", "7.3"),
        Case("怎样促进创新要素自主有序流动？", "7.4"),
        Case("怎样推动线上线下融合发展？", "7.6"),
        Case("诚信体系怎么建设？", "7.7"),
        Case("怎么增强全社会尊重和保护知识产权的意识？", "7.8", "4.3"),
        Case("人工智能的知识产权怎么保护？", "8.4"),
        Case("传统文化怎么保护？", "8.4"),
        Case("惩罚性赔偿制度怎么落实？", "8.5"),
        Case("怎样防止知识产权滥用？", "8.6"),
        Case("怎样参与全球知识产权治理？", "9.2"),
        Case("怎么讲好中国知识产权故事？", "9.3"),
        Case("怎样同“一带一路”沿线国家合作？", "9.4"),
        Case("知识产权对外转让怎么管理？", "10.2"),
        Case("跨境司法协作怎么安排？", "10.4"),
        Case("国际知识产权风险怎么预警？", "10.5"),
        Case("地方保护主义怎么办？", "11.1"),
        Case("各级领导干部要做什么？", "11.2"),
        Case("我国正在从知识产权引进大国向什么转变？", "3.4"),
        Case("“十四五”时期要制定什么规划？", "5.2"),
        Case("五中全会《建议》对知识产权保护提出了什么？", "3.3"),
        Case("党的十八大以来知识产权保护工作取得了什么成就？", "4.3", "4.2"),
        Case("顶层设计要怎么做？", "5.1", "5.2 5.3 5.4"),
        Case("既严格保护知识产权又要确保什么？", "5.3"),
        Case("易继明提出了什么？", "2.1"),
        Case("老百姓能从中得到什么好处？", "7.5", "1.2 5.3"),
    ],
    "who": [
        Case("谁主持了这次集体学习？", "1.2", "3.1"),
        Case("谁作了讲解？", "2.1", "2.2"),
        Case("易继明是谁？", "2.1"),
        Case("知识产权保护工作由谁落实责任？", "11.1"),
    ],
    "when": [
        Case("这次集体学习是什么时候举行的？", "1.1"),
        Case("集体学习在哪一天举行？", "1.1"),
        Case("我国知识产权保护工作是什么时候开始的？", "4.1"),
        Case("11月30日下午中央政治局做了什么？", "1.1"),
        Case("从什么时候起部署推动了一系列改革？", "", either="4.2 8.2"),
    ],
    "who, in English": [Case("Who gave the explanation?", "2.1")],
    "where": [
        Case("易继明在哪里当教授？", "2.1"),
        Case("讲解的教授是哪个大学的？", "2.1"),
        Case("要同哪些国家和地区深化知识产权合作？", "9.4"),
    ],
    "how many": [
        Case("这是中央政治局第几次集体学习？", "1.1"),
        Case("第25次集体学习是关于什么的？", "1.1"),
        Case("第二十五次集体学习是关于什么的？", "1.1"),
        Case("是党的十九届几中全会提出了明确要求？", "3.3"),
    ],
    "lists": [
        Case("要修订哪些法律？", "6.2"),
        Case("哪些新领域新业态要有知识产权保护制度？", "8.4"),
        Case("要综合运用哪些手段？", "7.2"),
        Case("全链条包括哪些环节？", "7.3", "7.1 7.2"),
        Case("知识产权保护工作关系哪些方面？", "1.2"),
        Case("哪些领域要加强立法？", "6.3"),
        Case("司法保护有哪些要求？", "6.4", "6.5 6.6 6.7 7.2 8.5"),
        Case("审判领域有哪些改革？", "8.5", "6.5"),
        Case("加强知识产权保护工作有哪几方面的要求？", PARTS, "11.1"),
        Case("知识产权保护有哪些任务？", PARTS, "11.1"),
    ],
    "the whole speech": [
        Case("这篇讲话讲了什么？", WHOLE),
        Case("总结一下全文。", WHOLE),
        Case("讲话的主要内容是什么？", WHOLE),
        Case("概括一下这篇讲话的中心思想", WHOLE),
        Case("What is the speech about?", WHOLE),
        Case("Summarize the speech.", WHOLE),
        Case("這篇講話的主要內容是什麼？", WHOLE),
    ],
    "Traditional characters": [
        Case("怎樣讓創新成果更好惠及人民？", "7.5"),
        Case("誰主持了這次集體學習？", "1.2", "3.1"),
        Case("專利法要怎麼修訂？", "6.2"),
        Case("懲罰性賠償制度怎麼落實？", "8.5"),
        Case("要加強哪些領域的立法？", "6.3"),
        Case("著作權法要怎麼修訂？", "6.2"),
    ],
    "unusual typing": [
        Case("专利法", "6.2"),
        Case("惠及人民", "7.5"),
        Case("知识产权故事怎么讲好", "9.3"),
        Case("请问一下，这次集体学习是什么时候举行的呀？", "1.1"),
        Case("专利 商标 著作权 修订", "6.2"),
        Case("第２５次集体学习", "1.1"),
    ],
    "everyday words": [
        Case("山寨货怎么治理？", "6.8", "6.7 11.1"),
        Case("版权法要修改吗？", "6.2"),
        Case("AI的知识产权怎么保护？", "8.4"),
        Case("当官的要懂知识产权吗？", "11.2"),
        Case("跟外国怎么合作搞知识产权？", "9.1", "9.2 9.4"),
    ],
    "English": [
        Case("What is the first driving force of development?", "3.2"),
        Case("Which laws will be amended?", "6.2"),
        Case("When did the group study take place?", "1.1"),
        Case("What does the speech say about punitive damages?", "8.5"),
    ],
    "who, when, where and lists": [
        Case("谁听取了讲解？", "2.2", "2.1"),
        Case("谁指出创新是引领发展的第一动力？", "3.2"),
        Case("十一月三十日下午举行了什么？", "1.1"),
        Case("在国际合作方面有哪些要求？", "9.1 9.2 9.4", "9.3"),
        Case("在维护国家安全方面有哪些措施？", "10.1 10.2", "1.2 10.3 10.4 10.5"),
        Case("反垄断在哪些地方提到？", "6.2 7.4 10.3"),
        Case("谁给中央政治局作了讲解？", "2.1", "2.2"),
    ],
    "unanswerable: another world": [
        Case("火星上有水吗？", NOTHING),
        Case("集体学习持续了多长时间？", NOTHING),
        Case("北京大学校长是谁？", NOTHING),
        Case("清华大学法学院教授是谁？", NOTHING),
        Case("党的十八大什么时候召开？", NOTHING),
        Case("世界知识产权组织总部在哪里？", NOTHING),
        Case("今天天气怎么样？", NOTHING),
        Case("红烧肉怎么做？", NOTHING),
        Case("美国总统是谁？", NOTHING),
        Case("1+1等于几？", NOTHING),
        Case("法国的首都是哪里？", NOTHING),
        Case("写一首关于春天的诗", NOTHING),
        Case("Who won the World Cup?", NOTHING),
        Case("What is the capital of France?", NOTHING),
        Case("股票该买哪一只？", NOTHING),
        Case("谁发明了印刷术？", NOTHING),
        Case("怎么减肥？", NOTHING),
    ],
    "unanswerable: the same field": [
        Case("专利的保护期是多少年？", NOTHING),
        Case("商标怎么注册？", NOTHING),
        Case("著作权的保护期限有多长？", NOTHING),
        Case("侵犯专利权要赔多少钱？", NOTHING),
        Case("惩罚性赔偿是几倍？", NOTHING),
        Case("知识产权法院设在哪里？", NOTHING),
        Case("北京知识产权法院是哪年成立的？", NOTHING),
        Case("专利法是哪一年通过的？", NOTHING),
        Case("我国有多少件发明专利？", NOTHING),
        Case("哪个国家的专利申请最多？", NOTHING),
        Case("反垄断罚款最高是多少？", NOTHING),
        Case("商业秘密泄露了怎么起诉？", NOTHING),
        Case("怎样放宽对侵权行为的处罚？", NOTHING),
        Case("怎样维护网络安全？", NOTHING),
        Case("国家知识产权局局长是谁？", NOTHING),
        Case("最高人民法院院长是谁？", NOTHING),
        Case("民法典是哪一年实施的？", NOTHING),
    ],
    "unanswerable: announced and not told": [
        Case("易继明提出了什么工作建议？", NOTHING),
        Case("《建议》提出的明确要求具体是哪几句话？", NOTHING),
    ],
    "unanswerable: near misses": [
        Case("怎样建设医疗公共服务体系？", NOTHING),
        Case("教育体制机制怎么改革？", NOTHING),
        Case("怎样加强关键领域粮食储备？", NOTHING),
        Case("世界贸易组织的改革怎么推进？", NOTHING),
        Case("要讲好美国知识产权故事吗？", NOTHING),
        Case("易继明批评了什么？", NOTHING),
        Case("十九届六中全会对知识产权提出了什么要求？", NOTHING),
        Case("第二十六次集体学习是什么时候举行的？", NOTHING),
        Case("谁主持了第二十四次集体学习？", NOTHING),
        Case("第26次集体学习讲了什么？", NOTHING),
        Case("世界知识产权组织总干事是谁？", NOTHING),
        Case("2019年11月30日举行了什么活动？", NOTHING),
        Case("12月30日举行了什么活动？", NOTHING),
        Case("11月29日下午举行了什么？", NOTHING),
        Case("党的二十大以来部署了什么改革？", NOTHING),
        Case("清华大学的教授讲解了什么？", NOTHING),
        Case("易继明多少岁？", NOTHING),
        Case("易继明的电话是多少？", NOTHING),
        Case("2035年的目标是什么？", NOTHING),
        Case("“十五五”时期要制定什么规划？", NOTHING),
        Case("“一带一路”沿线有多少个国家？", NOTHING),
        Case("有多少人参加了集体学习？", NOTHING),
        Case("集体学习在哪座城市举行？", NOTHING),
        Case("推进农业法、水法修订了吗？", NOTHING),
        Case("下一次集体学习是什么时候举行？", NOTHING),
        Case("上一届会议讲了什么？", NOTHING),
        Case("What was decided at the 24th session?", NOTHING),
        Case("What has happened since the 20th National Congress?", NOTHING),
        Case("提到哪些人？", NOTHING),
        Case("惩罚性赔偿的比例是5%吗？", NOTHING),
        Case("李克强强调了什么？", NOTHING),
        Case("上海的知识产权保护工作怎么样？", NOTHING),
        Case("怎样提高粮食产量？", NOTHING),
        Case("怎样加大扶贫力度？", NOTHING),
        Case("怎样提高农业生产质量和效率？", NOTHING),
        Case("怎样减少国际贸易摩擦？", NOTHING),
        Case("怎样推动旅游线上线下融合？", NOTHING),
    ],
}

KNOWN_GAPS = [
    (Case("教授给政治局提了哪些具体的建议？", NOTHING), "2.2 comes first, and only the first is asked whether it holds any"),
    (Case("保护知识产权就是保护什么？", "3.2"), "the reader takes 激励创新 in 5.3 for as good an answer"),
    (Case("商业秘密怎么保护？", "6.3"), "the reader does not take making laws for a way to protect them"),
    (Case("坏人盗版被抓了怎么罚？", "6.7", "6.8 8.5"), "盗版 and 罚 have stand-ins in 4.2, 6.8 and 11.1 rather than in 6.7"),
    (Case("为什么说搞创新最要紧？", "3.2"), "3.2 comes first, but 最要紧 is not understood and 3.5 is quoted too"),
]

# Earlier questions, then the follow-up.
FOLLOW_UPS = [
    (["惩罚性赔偿制度怎么落实？"], Case("还有吗？", NOTHING, "6.5")),
    (["怎样加强国际合作？"], Case("还有吗？", "9.4")),
    (["怎样让创新成果更好惠及人民？"], Case("它的目的是什么？", "7.5")),
    (["怎样维护国家安全？"], Case("它跟创新是什么关系？", "3.2", "10.2")),
    (["公共服务体系有什么要求？"], Case("它有什么要求？", "7.5")),
    (["专利法要怎么修订？"], Case("那商标法呢？", "6.2")),
    (["哪些法律要修订？"], Case("那商业秘密呢？", "6.3")),
    (["知识产权审判有什么要求？"], Case("那评估体系呢？", "8.6")),
    (["谁作了讲解？"], Case("他是哪个大学的？", "2.1")),
    (["易继明是谁？"], Case("他讲了什么？", "2.1", "2.2")),
    (["这次集体学习是什么时候举行的？"], Case("谁主持的？", "3.1", "1.2")),
    (["专利法要怎么修订？"], Case("那地理标志呢？", "6.3")),
    (["什么是第一动力？"], Case("那评估体系呢？", "8.6")),
    (["地理标志怎么立法？"], Case("那审判呢？", "8.5", "6.4 6.5")),
    (["怎样让创新成果更好惠及人民？"], Case("那地方保护主义呢？", "11.1")),
    (["怎样让创新成果更好惠及人民？"], Case("知识产权审判应该怎样完善？", "8.5", "6.5")),
    (["专利法要怎么修订？", "那地理标志呢？"], Case("那评估体系呢？", "8.6")),
    (["专利法要怎么修订？"], Case("那火星呢？", NOTHING)),
    (["火星上有水吗？"], Case("那专利法呢？", "6.2")),
    # Nobody goes on with what the speech does not have.
    (["讲话提到网络游戏了吗？"], Case("还有什么要求？", PARTS, "11.1")),
    (["讲话提到网络游戏了吗？"], Case("还有吗？", NOTHING)),
    (["火星上有水吗？"], Case("为什么？", NOTHING)),
    (["专利法要怎么修订？", "讲话提到网络游戏了吗？"], Case("还有什么要求？", NOTHING)),
    (["惩罚性赔偿制度怎么落实？", "讲话提到网络游戏了吗？"], Case("它有什么规定？", "8.5")),
    (["惩罚性赔偿制度怎么落实？", "网络游戏的版权怎么保护？", "火星上有水吗？"], Case("还有吗？", NOTHING)),
    (["专利法要怎么修订？", "谢谢"], Case("它有什么要求？", "6.2")),
    (["How will patent law be amended?", "What does it say about loans?"], Case("Why is it important?", "6.2", "3.5")),
    # But with what it has, though it does not say what was asked of that.
    (["惩罚性赔偿是几倍？"], Case("它有什么要求？", "8.5")),
    (["地理标志怎么立法？", "专利法是哪一年通过的？"], Case("它要修订吗？", "6.2")),
    # He and she
    (["谁在会上作了讲解？"], Case("他是哪个学校的？", "2.1")),
    (["谁给中央政治局作了讲解？"], Case("他在哪里工作？", "2.1")),
    (["谁给中央政治局作了讲解？", "专利法要怎么修订？"], Case("他的职务是什么？", "2.1")),
    (["易继明多少岁？"], Case("他是谁？", "2.1")),
    (["Who gave the lecture?"], Case("Which university is he from?", "2.1")),
    (["讲话提到王小明了吗？"], Case("他是谁？", NOTHING)),
    (["谁主持了集体学习？"], Case("他对国家安全有什么要求？", "10.1", "10.2 10.3 10.4 10.5")),
    # Another thing or act
    (["How will patent law be amended?"], Case("And for trademarks?", "6.2")),
    (["What does the speech say about punitive damages?"], Case("And for trade secrets?", "6.3")),
    (["How should AI be protected?"], Case("What about big data?", "8.4")),
    (["专利法要怎么修订？"], Case("那商标呢？", "6.2")),
    (["专利法要怎么修订？", "那商标法呢？"], Case("那地理标志呢？", "6.3")),
    (["专利法要怎么修订？", "那商标法呢？"], Case("它有什么要求？", "6.2")),
    (["行政执法力度要怎么加大？"], Case("那刑事打击呢？", "6.7", "6.8")),
    (["谁主持了集体学习？"], Case("那讲课的呢？", "2.1", "2.2")),
    (["谁主持了集体学习？"], Case("那第二十四次呢？", NOTHING)),
    (["这次集体学习是什么时候举行的？"], Case("那下一次呢？", NOTHING)),
    # It names nothing itself.
    (["公共服务体系怎么建设？"], Case("目的是什么？", "7.5")),
    (["要加强知识产权保护宣传教育吗？"], Case("目的是什么？", "7.8")),
    (["“十四五”时期要制定什么规划？"], Case("里面要写明哪些东西？", "5.2")),
]

# fmt: on


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index")) as assistant:
        yield assistant


ALL_CASES = [pytest.param(case, id=f"{kind}-{case.question}") for kind, cases in CASES.items() for case in cases]


@pytest.mark.parametrize("case", ALL_CASES)
def test_a_question_is_answered_with_its_sentences_or_refused(assistant: Assistant, case: Case) -> None:
    reply = assistant.ask(case.question)
    assert case.holds(reply), f"{case.question} must have {case.must or 'nothing'} and has {cited(reply)}"


@pytest.mark.parametrize(("case", "why"), KNOWN_GAPS, ids=[case.question for case, _ in KNOWN_GAPS])
def test_a_known_gap_is_still_open(assistant: Assistant, case: Case, why: str) -> None:
    assert not case.holds(assistant.ask(case.question)), f"Well done: move it to CASES. It was open because {why}."


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("谁主持了第二十四届集体学习？", ["第二十四届"]),
        ("谁主持了第24届集体学习？", ["第24届"]),
        ("谁主持了第２４次集体学习？", ["第２４次"]),
        ("赔偿五年是什么规定？", ["五年"]),
        ("二〇三五年的目标是什么？", ["二〇三五年"]),
        ("2035年的目标是什么？", ["2035年"]),
        ("赔偿百分之五十吗？", ["百分之五十"]),
        ("網絡遊戲的版權怎麼保護？", ["網絡遊戲"]),
        ("网络游戏怎么保护？", ["网络游戏"]),
        ("讲话提到5G了吗？", ["5G"]),
        ("What was decided at the 24th session?", ["24th"]),
        ("What was decided at the twenty-fourth session?", ["twenty-fourth"]),
        ("Does the speech mention Loans?", ["Loans"]),
        ("Does the speech mention 5G?", ["5G"]),
        ("奥巴马对知识产权怎么看？", ["奥巴马"]),
        ("李强对知识产权有什么要求？", ["李强"]),
        ("What did Trump say about intellectual property?", ["Trump"]),
        ("Who is Biden?", ["Biden"]),
        # The speech has these numbers, if not in the sentence that comes closest.
        ("第二十五次集体学习提到网络游戏了吗？", ["网络游戏"]),
        ("2020年11月30日提到网络游戏了吗？", ["网络游戏"]),
    ],
)
def test_a_refusal_names_what_is_missing_as_it_was_typed(
    assistant: Assistant, question: str, missing: list[str]
) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Refusal)
    assert list(reply.missing) == missing
    assert all(word in question and word in reply.text for word in missing)


def after(assistant: Assistant, earlier: list[str], question: str) -> Reply:
    conversation = Conversation(assistant)
    for one in earlier:
        conversation.ask(one)
    return conversation.ask(question)


@pytest.mark.parametrize(("earlier", "case"), FOLLOW_UPS)
def test_a_follow_up_is_understood(assistant: Assistant, earlier: list[str], case: Case) -> None:
    reply = after(assistant, earlier, case.question)
    assert case.holds(reply), f"{reply.restated} must have {case.must or 'nothing'} and has {cited(reply)}"


def test_the_tables_are_sound(corpus: Corpus) -> None:
    """Every address stands in the speech, no question stands in two tables, and there are enough of both kinds."""
    cases = [case for cases in CASES.values() for case in cases] + [case for case, _ in KNOWN_GAPS]
    follow_ups = [case for _, case in FOLLOW_UPS]
    for case in cases + follow_ups:
        assert all(
            isinstance(corpus.find(address), Sentence) for address in f"{case.must} {case.may} {case.either}".split()
        )
    assert len({case.question for case in cases}) == len(cases)
    assert sum(bool(case.must) for case in cases) >= 80
    assert sum(not (case.must or case.either) for case in cases) >= 40


# --- What a question asks for ---

SHAPES = {
    Shape.OUTLINE: [
        "这篇讲话讲了什么？", "总结一下全文", "概括主要内容", "讲话的中心思想是什么", "文章的核心要点", "这篇报告说了些什么",
        "Give me an overview", "用几句话总结一下", "这篇报道的主旨", "主要讲了哪几件事", "这次会议的精神是什么",
        "這篇講話講了什麼？", "全文大意", "What is the speech about?", "Summarize the speech.", "What are the main points?",
    ],
    Shape.LIST: [
        "要修订哪些法律？", "有哪几项任务？", "从哪几个方面加强保护？", "请列出各项措施", "分别是什么领域？", "讲了什么任务",
        "关于反垄断讲了什么？", "总结一下专利法的修订", "What are the measures?", "Which laws will be amended?",
    ],
    Shape.HOW_MANY: [
        "有多少人？", "第几次集体学习？", "几个方案？", "花了多少钱？", "有幾個國家參加？", "How many laws?",
        "what percentage of patents",
    ],
    Shape.WHEN: [
        "什么时候举行？", "哪年开始的？", "何时完成？", "哪一天开会？", "持续多久？", "几月几号？", "什麼時候開始的？",
        "When did it take place?", "What year was it?", "How long did it take?",
    ],
    Shape.WHO: ["谁主持的？", "哪位教授讲解的？", "什么人参加了？", "由何人负责？", "誰講解的？", "Who spoke?"],
    Shape.WHERE: ["在哪里举行？", "会议在什么地方开？", "哪个国家最先立法？", "在哪儿举行？", "Where was it held?"],
    Shape.OTHER: [
        "怎样让创新成果更好惠及人民？", "专利法", "为什么要保护知识产权？", "知识产权是什么？", "", "？？？", "易继明",
        "这里讲的创新", "几乎没有变化吗", "How is innovation protected?", "Is the whole law new?",
    ],
}  # fmt: skip

KNOWN_SHAPE_GAPS = [
    ("有几部法律？", Shape.HOW_MANY, "部 is not among the measure words"),
    ("在哪座城市举行？", Shape.WHERE, "哪座 is not among the words for where"),
    ("Which city is it?", Shape.WHERE, "the s of `is` makes `city is` a plural, hence a list"),
]


@pytest.mark.parametrize(("question", "shape"), [(q, shape) for shape, qs in SHAPES.items() for q in qs])
def test_shape_of_a_question(question: str, shape: Shape) -> None:
    assert shape_of(question) is shape


@pytest.mark.parametrize(("question", "shape", "why"), KNOWN_SHAPE_GAPS)
def test_a_known_gap_of_shapes_is_still_open(question: str, shape: Shape, why: str) -> None:
    assert shape_of(question) is not shape, f"Well done: move it to SHAPES. It was open because {why}."


# --- The form of a draft ---


def passages_of(corpus: Corpus) -> list[Passage]:
    return [Passage(paragraph, 0.0) for paragraph in corpus.paragraphs]


def drafted(corpus: Corpus, question: str) -> list[Sentence]:
    """Return the sentences that are quoted; each piece of the draft must be one of them with its address."""
    quotes = {f"{s.text.strip()}[{s.address}]\n": s for s in corpus.sentences}
    return [quotes[piece] for piece in ExtractiveAnswerer(corpus).draft(question, passages_of(corpus))]


def of_text(*texts: str) -> Corpus:
    return Corpus(tuple(Speech.from_text(f"s{i}", t, qualified=len(texts) > 1) for i, t in enumerate(texts)))


@pytest.mark.parametrize("question", [case.question for cases in CASES.values() for case in cases])
def test_every_piece_is_a_sentence_with_its_address_and_no_sentence_comes_twice(corpus: Corpus, question: str) -> None:
    sentences = drafted(corpus, question)
    assert len(set(sentences)) == len(sentences)


@given(question=st.text(alphabet=st.characters(codec="utf-8"), max_size=100))
@settings(max_examples=150, deadline=None)
def test_any_text_gets_sentences_of_the_speech_or_none(corpus: Corpus, question: str) -> None:
    drafted(corpus, question)


WORDS = "谁 什么时候 哪里 多少 哪些 怎样 第 几 次 2020年 一 百分之 五 亿 不 知识产权 专利法 创新 保护 人民 讲了什么 总结 那 呢 它 它们 who when list the".split()


@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
@settings(max_examples=100, deadline=None)
def test_any_mixture_of_asking_words_gets_sentences_of_the_speech_or_none(corpus: Corpus, words: list[str]) -> None:
    for question in ("".join(words), " ".join(words)):
        drafted(corpus, question)


def test_without_passages_nothing_is_drafted(corpus: Corpus) -> None:
    for question in ("专利法", "讲了什么？", "有哪些任务？", ""):
        assert list(ExtractiveAnswerer(corpus).draft(question, [])) == []


@pytest.mark.parametrize("question", ["为什么呢？", "什么？", "哈哈哈", "Why?", "What?"])
def test_a_question_about_nothing_is_refused(assistant: Assistant, question: str) -> None:
    assert not cited(assistant.ask(question))


def test_nothing_is_taken_from_a_paragraph_that_was_not_shown(corpus: Corpus) -> None:
    shown = [p for p in passages_of(corpus) if p.paragraph.number != 6]
    for question in ("要修订哪些法律？", "专利法怎么修改？", "讲了什么？"):
        assert "[6." not in "".join(ExtractiveAnswerer(corpus).draft(question, shown))


def test_the_order_of_the_passages_does_not_decide_what_is_quoted(corpus: Corpus) -> None:
    answerer, passages = ExtractiveAnswerer(corpus), passages_of(corpus)
    for question in ("要修订哪些法律？", "谁作了讲解？", "讲了什么？", "怎样让创新成果更好惠及人民？"):
        assert set(answerer.draft(question, passages)) == set(answerer.draft(question, passages[::-1]))


@pytest.mark.parametrize(
    "question",
    ["加强知识产权保护工作有哪几方面的要求？", "反垄断有哪些要求？", "哪些领域要加强立法？", "要修订哪些法律？"],
)
def test_a_list_comes_in_reading_order(corpus: Corpus, question: str) -> None:
    passages = sorted(passages_of(corpus), key=lambda p: -p.paragraph.number)
    places = [corpus.find(a) for a in _addresses(ExtractiveAnswerer(corpus).draft(question, passages))]
    assert places
    assert all(a.start < b.start for a, b in pairwise(places))


def _addresses(draft: Iterator[str]) -> list[str]:
    return [piece.rsplit("[", 1)[1].rstrip("]\n") for piece in draft]


def test_an_outline_has_the_theme_and_the_first_sentence_of_each_paragraph_in_order(corpus: Corpus) -> None:
    passages = passages_of(corpus)[::-1]
    expected = ["1.3", *(paragraph.sentences[0].address for paragraph in corpus.paragraphs)]
    assert _addresses(ExtractiveAnswerer(corpus).draft("这篇讲话讲了什么？", passages)) == expected


# --- A person, a time, a place, a number ---

KINDS = {
    "谁{}？": ("易继明教授{}。", "相关单位{}。"),
    "什么时候{}？": ("2020年11月30日{}。", "全体人员{}。"),
    "在哪里{}？": ("在北京{}。", "全体人员{}。"),
    "多少人{}？": ("三百人{}。", "全体人员{}。"),
}


@pytest.mark.parametrize(("asked", "told", "untold"), [(q, *told) for q, told in KINDS.items()])
def test_what_is_asked_for_must_stand_in_the_sentence(asked: str, told: str, untold: str) -> None:
    matter = "参观了海底电缆铺设工程"
    question, yes, no = asked.format(matter), told.format(matter), untold.format(matter)
    assert [s.text for s in drafted(of_text(f"题\n{yes}\n森林覆盖面积扩大。"), question)] == [yes]
    assert drafted(of_text(f"题\n{no}\n森林覆盖面积扩大。"), question) == []
    assert [s.text for s in drafted(of_text(f"题\n{no}\n{yes}\n森林覆盖面积扩大。"), question)] == [yes]


def test_short_questions_on_a_short_text_are_answered_by_what_is_told() -> None:
    corpus = of_text(
        "题\n三月十二日，县长王建国在青龙山和五百名干部群众一起种下两千棵松树。\n"
        "活动由县林业局主办，上午九点开始。\n下一次植树活动定在清明节，地点是白水河畔。"
    )
    for question, address in (
        ("多少人参加？", "1.1"),
        ("谁主办的？", "2.1"),
        ("下一次在哪里？", "3.1"),
    ):
        assert [s.address for s in drafted(corpus, question)] == [address], question
    for question in ("花了多少钱？", "你好", "多少人受伤？"):
        assert drafted(corpus, question) == [], question


@pytest.mark.parametrize(
    ("question", "answers"),
    [("2035年粮食产量怎样？", True), ("2036年粮食产量怎样？", False), ("第二十届会议粮食产量怎样？", False)],
)
def test_a_number_in_the_question_must_be_the_one_of_the_speech(question: str, answers: bool) -> None:
    corpus = of_text("题\n到2035年，粮食产量要翻一番。\n森林覆盖面积扩大。")
    assert bool(drafted(corpus, question)) is answers


def test_the_date_of_the_catalogue_counts_as_said() -> None:
    speech = Speech.from_text("s", "题\n11月30日，会议讨论粮食产量。\n森林覆盖面积扩大。", date="2020-11-30")
    corpus = Corpus((speech,))
    assert [s.address for s in drafted(corpus, "2020年11月30日讨论粮食产量的会议怎样？")] == ["1.1"]
    assert drafted(corpus, "2019年11月30日讨论粮食产量的会议怎样？") == []


def test_a_number_in_the_question_is_not_asked_of_the_answer(corpus: Corpus) -> None:
    """第二十五次 narrows the question; it is no number that is asked for."""
    for sentence in drafted(corpus, "第二十五次集体学习是什么时候举行的？"):
        assert numbers(sentence.text)


def test_several_speeches_are_quoted_with_their_names() -> None:
    corpus = of_text("甲\n要抓好粮食生产。", "乙\n要保护森林。")
    assert [s.address for s in drafted(corpus, "怎样保护森林？")] == ["s1/1.1"]
    assert [s.address for s in drafted(corpus, "讲了什么？")] == ["s0/1.1", "s1/1.1"]


# --- Itself ---


def test_the_answerer_says_its_name_and_uses_no_prompt(corpus: Corpus, tmp_path: Path) -> None:
    answerer = ExtractiveAnswerer(corpus)
    assert (answerer.name, answerer.prompt) == ("extractive", None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("thing", ["知识产权", "地方保护主义", "域外适用", "新发展格局", "全链条保护", "知识共享"])
@pytest.mark.parametrize("form", ["什么是{}？", "什么叫{}", "请问何谓“{}”？", "{}的定义是什么？", "{}是什么？"])
def test_a_sentence_that_only_uses_a_word_does_not_say_what_it_is(assistant: Assistant, thing: str, form: str) -> None:
    assert assistant.ask(form.format(thing)).kind == "refusal"


@pytest.mark.parametrize(
    "question",
    [
        "什么是引领发展的第一动力？",
        "什么是创新？",
        "“第一动力”指的是什么？",
        "第一动力是什么？",
        "第一动力的定义是什么？",
    ],
)
def test_a_sentence_that_says_what_a_thing_is_answers(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert reply.citations[0].sentence.address == "3.2"


@pytest.mark.parametrize(
    "question",
    [
        "What does the speech say about football?",
        "What does the speech say about blockchain?",
        "讲话对区块链提出了什么要求？",
        "讲话对航天提出了哪些要求？",
        "What is the role of the WTO?",
        "RCEP怎么说？",
    ],
)
def test_what_is_asked_of_a_thing_is_no_question_on_the_whole_speech(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).kind == "refusal"


@pytest.mark.parametrize(
    ("question", "address"),
    [("讲话对人才提出了什么要求？", "11.1"), ("讲话在宣传方面讲了什么？", "7.8"), ("什么时候开的会？", "1.1")],
)
def test_what_is_asked_of_a_thing_is_answered_with_what_tells_of_it(
    assistant: Assistant, question: str, address: str
) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert [citation.sentence.address for citation in reply.citations] == [address]
