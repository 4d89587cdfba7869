"""Follow-ups: what is put in brackets behind a question that leans on the turns before it, and what is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.corpus import Corpus
from assistant.extractive import ExtractiveAnswerer
from assistant.follow_ups import MAX_CARRIED
from assistant.replies import Turn

FOREST = Turn("森林怎么样？", "……")
LECTURE = Turn("谁作了讲解？", "北京大学法学院教授、北京大学国际知识产权研究中心主任易继明就这个问题进行讲解。[1]")
CHAIR = Turn("谁主持了集体学习？", "中共中央总书记习近平在主持学习时强调，知识产权保护工作关系国家治理体系。[1]")
NAMELESS = Turn("谁作了讲解？", "大会代表作了讲解。[1]")
DAMAGES = Turn("惩罚性赔偿制度怎么落实？", "……")
GAMES = Turn("讲话提到网络游戏了吗？", "原文没有回答这个问题：没有提到“网络游戏”。", "refusal")
MARS = Turn("火星上有水吗？", "……", "refusal")
THANKS = Turn("谢谢", "……", "refusal")


def restated(corpus: Corpus, question: str, *turns: Turn) -> str:
    """Return what is put behind a question."""
    understood = ExtractiveAnswerer(corpus).restate(question, turns)
    assert understood.startswith(question)
    return understood[len(question) :]


@pytest.mark.parametrize(
    ("question", "before", "carried"),
    [
        # It points.
        ("它有什么要求？", "公共服务体系怎么建设？", "公共服务体系"),
        ("它有什么要求？", "专利法要怎么修订？", "专利法"),
        ("其中最重要的是什么？", "有哪些法律？", "法律"),
        ("里面得写明哪些东西？", "“十四五”规划有什么要求？", "十四五、规划"),
        ("Why is it protected?", "What about innovation?", "innovation"),
        # It names nothing.
        ("还有吗？", "惩罚性赔偿制度怎么落实？", "惩罚性赔偿制度怎么落实"),
        ("還有嗎？", "懲罰性賠償制度怎麼落實？", "懲罰性賠償制度怎麼落實"),
        ("还有哪些法律？", "惩罚性赔偿制度怎么落实？", "惩罚性赔偿、制度、落实"),
        ("目的是什么？", "公共服务体系怎么建设？", "公共服务体系、建设"),
        ("为什么？", "要加强立法吗？", "加强、立法"),
        ("还有谁？", "谁作了讲解？", "谁作了讲解"),
        ("第二十五次？", "谁主持？", ""),
        ("Why?", "How are patents protected?", "patents、protected"),
        ("What else?", "How are patents protected?", "How are patents protected"),
        ("还有吗？", "第二十五次集体学习讲了什么？", "第二十五次集体学习讲了什么"),
        # What it holds already is not said again, and what says nothing is not carried.
        ("那创新呢？", "创新是什么？", ""),
        ("它和专利法有什么关系？", "专利法要怎么修订？", ""),
        ("还有吗？", "还有吗？", "森林怎么样"),
        ("还有吗？", "这篇讲话讲了什么？", "这篇讲话讲了什么"),
        # Nor is what the speech has not.
        ("它有什么要求？", "火星的法律怎么修订？", "法律"),
        # It can stand alone.
        ("怎样让创新成果更好惠及人民？", "火星上有水吗？", ""),
        ("要修订哪些法律？", "谁主持了集体学习？", ""),
        ("其他领域的专利怎么保护？", "专利法要怎么修订？", ""),
        ("知识产权保护应该怎样加强？", "专利法要怎么修订？", ""),
        ("因此要打击侵权吗？", "专利法要怎么修订？", ""),
        ("How are patents and trademarks protected?", "专利法要怎么修订？", ""),
        ("他国的专利呢？", "谁主持了集体学习？", ""),
        # It is about the whole speech.
        ("这篇讲话讲了什么？", "专利法要怎么修订？", ""),
        ("总结一下全文", "专利法要怎么修订？", ""),
        # It names another thing: what was asked about the old one, and not that.
        ("那专利法呢？", "要修订商标法吗？", ""),
        ("那商标呢？", "专利法要怎么修订？", "怎么修订"),
        ("商标法呢", "专利法应该如何修订？", "如何修订"),
        ("那么，至于商标法呢？！", "专利法要怎么修订？", "怎么修订"),
        ("那商標法呢？", "專利法要怎麼修訂？", "怎麼修訂"),
        ("那著作权法呢？", "那商标法呢？（怎么修订）", "怎么修订"),
        ("那评估体系呢？", "还有吗？（惩罚性赔偿、制度）", ""),
        ("那评估体系呢？", "知识产权审判有什么要求？", ""),
        ("那第二十四次呢？", "谁主持了第二十五次集体学习？", ""),
        ("那下一次呢？", "这次集体学习是什么时候举行的？", ""),
        ("And for trademarks?", "How will patent law be amended?", "amended"),
        ("What about trademarks?", "How will patent law be amended?", "amended"),
        ("And how about copyright?", "How are patents protected?", "protected"),
        ("And for trade secrets?", "What does the speech say about punitive damages?", ""),
        ("How about big data?", "Who gave the lecture?", ""),
        # It names another act.
        ("那讲课的呢？", "这次政治局集体学习是谁主持的？", "谁、政治局、集体学习"),
        # It asks something of its own.
        ("那怎么落实呢？", "惩罚性赔偿有什么要求？", ""),
        ("那专利由谁管呢？", "商标怎么保护？", ""),
        ("And who drafts the plan?", "How are patents protected?", ""),
    ],
)
def test_what_a_question_leans_on(corpus: Corpus, question: str, before: str, carried: str) -> None:
    assert restated(corpus, question, FOREST, Turn(before, "……")) == (f"（{carried}）" if carried else "")
    assert not restated(corpus, question)


@pytest.mark.parametrize(
    ("question", "turns", "carried"),
    [
        ("还有什么要求？", [GAMES], ""),
        ("它有什么规定？", [DAMAGES, GAMES], "惩罚性赔偿、制度"),
        ("还有什么要求？", [DAMAGES, GAMES, MARS, THANKS], "惩罚性赔偿制度怎么落实"),
        ("它有什么规定？", [GAMES, DAMAGES], "惩罚性赔偿、制度"),
        ("它有什么规定？", [GAMES, MARS], ""),
        ("那商标呢？", [DAMAGES, GAMES], ""),
        ("那网络小说呢？", [GAMES], ""),
        # The speech has it, if not what was asked of it.
        ("它要修订吗？", [DAMAGES, Turn("专利法是哪一年通过的？", "……", "refusal")], "专利法"),
        ("它有什么要求？", [Turn("惩罚性赔偿是几倍？", "……", "refusal")], "惩罚性赔偿"),
        # Of two things it lacks one.
        ("它有什么规定？", [DAMAGES, Turn("网络游戏的版权怎么保护？", "……", "refusal")], "惩罚性赔偿、制度"),
    ],
)
def test_nobody_goes_on_with_what_the_speech_does_not_have(
    corpus: Corpus, question: str, turns: list[Turn], carried: str
) -> None:
    assert restated(corpus, question, *turns) == (f"（{carried}）" if carried else "")


@pytest.mark.parametrize(
    ("question", "turns", "carried"),
    [
        ("他是哪个学校的？", [LECTURE], "易继明"),
        ("他的职务是什么？", [LECTURE, Turn("他是哪个学校的？（易继明）", "……")], "易继明"),
        ("那他强调了什么？", [LECTURE, CHAIR], "习近平"),
        ("他强调了什么？", [CHAIR, LECTURE], "易继明"),
        ("他是谁？", [Turn("易继明多少岁？", "……", "refusal")], "易继明"),
        ("他是谁？", [LECTURE, Turn("讲话提到王小明了吗？", "没有提到“王小明”。", "refusal")], "王小明"),
        # Whom a refusal names was named by the question, or by nobody.
        ("他是谁？", [LECTURE, Turn("谁写的？", "没有提到“王小明”。", "refusal")], ""),
        ("他是哪个学校的？", [LECTURE, DAMAGES], "易继明"),
        ("他是哪个学校的？", [LECTURE, Turn("专利法要怎么修订？", "习近平强调，要严格执行民法典。[1]")], "易继明"),
        ("他是哪个学校的？", [NAMELESS], "讲解"),
        ("Which university is he from?", [LECTURE], "易继明"),
        ("What is her job?", [LECTURE], "易继明"),
        # Nobody was spoken of.
        ("他要修订专利法吗？", [DAMAGES], ""),
        ("What did he say about patents?", [DAMAGES], ""),
        # No pronoun
        ("其他教授呢？", [LECTURE], ""),
        ("各级领导干部要做什么？他们呢？", [LECTURE], ""),
        # It names someone itself.
        ("习近平主持学习时他听取了讲解吗？", [LECTURE], ""),
    ],
)
def test_he_and_she_are_the_person_named_last(corpus: Corpus, question: str, turns: list[Turn], carried: str) -> None:
    assert restated(corpus, question, FOREST, *turns) == (f"（{carried}）" if carried else "")


def test_what_is_carried_does_not_pile_up(corpus: Corpus) -> None:
    long = "专利法、商标法、著作权法、反垄断法、科学技术进步法、民法典、惩罚性赔偿、地理标志怎么样？"
    carried = restated(corpus, "它们有什么要求？", Turn(long, "……")).strip("（）").split("、")
    assert len(carried) == MAX_CARRIED


WORDS = "谁 什么时候 哪里 多少 哪些 怎样 怎么 第 次 2020年 第二十五次 百分之 五 不 知识产权 专利法 創新 修订 人民 讲了什么 那 呢 ？ 它 他 还有 （ ） 、 who when list the and for patents amended".split()
words = st.lists(st.sampled_from(WORDS))


@given(
    question=st.builds("".join, words) | st.builds(" ".join, words),
    before=st.lists(st.builds(Turn, st.builds("".join, words) | st.builds(" ".join, words), st.just("……"))),
)
@settings(max_examples=150, deadline=None)
def test_a_question_is_kept_and_only_words_of_the_turns_are_added(
    corpus: Corpus, question: str, before: list[Turn]
) -> None:
    said = "".join(turn.question.translate(str.maketrans("（）", "，，")) for turn in before)
    added = restated(corpus, question, *before)
    assert added == "" or (added[0], added[-1]) == ("（", "）")
    assert all(word in said or word in said.lower() for word in added[1:-1].split("、"))
