"""What is read in a question: its terms, the kind of thing it asks for, and whether a sentence offers that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.glossary import bundled_glossary
from assistant.offers import offers
from assistant.questions import Kind, Question, Shape, Thing, shape_of


def read(text: str) -> Question:
    return Question.read(text, bundled_glossary())


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("请问这篇讲话对惩罚性赔偿提出了什么要求？", "惩罚性赔偿"),
        ("山寨货怎么治理？", "山寨货"),
        ("What does the speech say about punitive damages?", "punitive damages"),
        ("我想知道2035年的目标是什么", "2035年 目标"),
        ("在哪一年？", ""),
        ("第二十六次集体学习", "第26 集体学习"),
        ("到底是怎么回事？", "回事"),
        ("目的是什么？", ""),
        ("还有什么要求？", ""),
        ("下一次集体学习", "下一次 集体学习"),
        ("上届会议", "上届 会议"),
        ("the 24th day", "第24 day"),
        ("on the twenty-fourth day", "第24 day"),
        ("on November 30, 2020", "2020年11月30日"),
        ("on November 30th", "11月30日"),
    ],
)
def test_terms_are_what_a_question_is_about(text: str, terms: str) -> None:
    assert " ".join(term.text for term in read(text).terms) == terms


@pytest.mark.parametrize(
    ("text", "term", "kind"),
    [
        ("易继明是谁？", "易继明", Kind.NAME),
        ("美国怎么看？", "美国", Kind.NAME),
        ("中国怎么看？", "中国", Kind.NOUN),
        ("六中全会说了什么？", "六中全会", Kind.EXACT),
        ("攸关安全的技术？", "攸关", Kind.NOUN),
        ("“双循环”是什么意思？", "双循环", Kind.NAME),
        ("红烧肉好吃吗？", "红烧肉", Kind.NOUN),
        ("商标怎么注册？", "注册", Kind.NOUN),
        ("已经泄露了吗？", "泄露", Kind.OTHER),
        ("2019年有多少？", "2019年", Kind.EXACT),
        ("欧盟怎么看？", "欧盟", Kind.NAME),
        ("沙湾县怎么做？", "沙湾县", Kind.NAME),
        ("大庆市怎么做？", "大庆市", Kind.NAME),
        ("最高人民法院怎么做？", "最高人民法院", Kind.NAME),
        ("幼儿园怎么办？", "幼儿园", Kind.NOUN),
        ("边境县怎么办？", "边境县", Kind.NOUN),
        ("城市怎么治理？", "城市", Kind.NOUN),
        ("戴眼镜的有多少？", "戴眼镜", Kind.NOUN),
        ("What did Huawei do?", "huawei", Kind.NOUN),
        ("要修订反不正当竞争法吗？", "反不正当竞争法", Kind.NAME),
        ("上海合作组织国家怎么合作？", "上海合作组织", Kind.NAME),
        ("商业秘密的立法要怎样？", "立法", Kind.NOUN),
        ("特朗普说了什么？", "特朗普", Kind.NAME),
        ("习主席有什么要求？", "习主席", Kind.NAME),
        ("李强有什么要求？", "李强", Kind.NAME),
        ("What did Obama say?", "obama", Kind.NAME),
        ("What did Macron say?", "macron", Kind.NAME),
        ("马克龙说了什么？", "马克龙", Kind.NAME),
        ("How should statutes trump contracts?", "trump", Kind.NOUN),
        ("What is said about royalty?", "royalty", Kind.NOUN),
    ],
)
def test_kinds_of_terms(text: str, term: str, kind: Kind) -> None:
    assert {t.text: t.kind for t in read(text).terms}[term] is kind


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("第二十四屆會議讲了什么？", "第二十四屆 會議"),
        ("赔偿五年的規定", "赔偿 五年 規定"),
        ("ＡＩ和GDP", "ＡＩ GDP"),
        ("它有什么要求？（懲罰性賠償、第二十五次）", "懲罰性賠償 第二十五次"),
        ("Loans in the 24th year?（貸款）", "Loans 24th year 貸款"),
    ],
)
def test_a_term_is_told_as_it_was_typed(text: str, typed: str) -> None:
    question = read(text)
    assert " ".join(question.typed(term) for term in question.terms) == typed


@pytest.mark.parametrize(
    ("text", "thing", "asking"),
    [
        ("那讲课的呢？（谁、集体学习）", Thing.PERSON, "谁"),
        ("And for trademarks?（How long）", Thing.DURATION, "how long"),
        ("谁主持？（什么时候）", Thing.PERSON, "谁"),
        ("那商标呢？（怎么修订）", None, ""),
    ],
)
def test_what_a_question_does_not_ask_itself_may_be_carried_to_it(text: str, thing: Thing | None, asking: str) -> None:
    question = read(text)
    assert (question.thing, question.asking) == (thing, asking)


def test_a_chinese_name_behind_an_english_question_does_not_make_its_numbers_chinese() -> None:
    assert read("What did he say on the 24th day?（习近平）").numbers == {"第24"}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("还有吗？（怎样加强国际合作）", "怎样加强国际合作"),
        ("那商标法呢？（怎么修订）", "那商标法呢？（怎么修订）"),
        ("它有什么要求？（公共服务体系）", "公共服务体系有什么要求?"),
        ("还有吗？（对惩罚性赔偿有什么要求）", "对惩罚性赔偿有什么要求"),
        ("商标法怎么修订呢？", "商标法怎么修订呢？"),
    ],
)
def test_a_follow_up_is_read_as_one_would_say_it(text: str, spoken: str) -> None:
    assert read(text).spoken == spoken


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("还有吗？", True),
        ("还有别的吗？（怎样加强国际合作）", True),
        ("Anything else?", True),
        ("What else does it say?", True),
        ("另外呢？", True),
        ("还有哪些法律要修订？", False),
        ("Who else gave a lecture?", False),
        ("怎样加强国际合作？", False),
    ],
)
def test_more_is_asked_for_where_nothing_is_named(text: str, more: bool) -> None:
    assert read(text).asks_for_more is more


def test_what_is_carried_over_is_required_of_no_sentence() -> None:
    question = read("它有什么要求？（公共服务、体系）")
    assert question.terms
    assert all(term.carried and term.kind is Kind.OTHER for term in question.terms)


THINGS = {
    Thing.PERSON: ["谁主持？", "哪位教授讲解？", "Who spoke?"],
    Thing.TIME: ["什么时候举行？", "哪一年开始？", "When did it begin?"],
    Thing.CLOCK: ["下午几点开始？"],
    Thing.DURATION: ["讲解了多长时间？", "How long did it take?"],
    Thing.AGE: ["他今年多大年纪？", "他几岁？"],
    Thing.MONEY: ["要赔多少钱？"],
    Thing.ORDINAL: ["这是第几次修订？"],
    Thing.COUNT: ["有多少件专利？", "How many patents are there?"],
    Thing.BODY: ["归哪个部门审批？", "Which department approves it?"],
    Thing.COUNTRY: ["先从哪个国家开始？"],
    Thing.PLACE: ["在哪座城市举行？", "Where was it held?"],
    Thing.NAME: ["规划叫什么名字？"],
    None: ["怎样保护？", "要修订哪些法律？", "这篇讲话讲了什么？", "How is it handled when it is abroad?", "", "？"],
}


@pytest.mark.parametrize(("text", "thing"), [(text, thing) for thing, texts in THINGS.items() for text in texts])
def test_the_kind_of_thing_that_is_asked_for(text: str, thing: Thing | None) -> None:
    assert read(text).thing is thing


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("谁讲解？", "易继明教授讲解。", "会上作了讲解。"),
        ("什么时候举行？", "11月30日下午举行。", "已经举行。"),
        ("党的十八大是什么时候召开的？", "党的十八大于2012年召开。", "党的十八大以来，成绩显著。"),
        ("几点开始？", "下午三点开始。", "11月30日下午开始。"),
        ("讲解了多长时间？", "讲解了两个小时。", "11月30日作了讲解。"),
        ("他多大年纪？", "他今年45岁。", "他是教授。"),
        ("要赔多少钱？", "最高赔偿500万元。", "要赔偿300人。"),
        ("民法典第几条？", "民法典第1185条。", "第二十五次集体学习讲民法典。"),
        ("处罚了多少人？", "处罚了三千人。", "党的十八大以来处罚了一批人。"),
        ("归哪个部门审批？", "由商务部审批。", "要依法审批。"),
        ("在哪里举行？", "在北京举行。", "已经举行。"),
        ("规划叫什么名字？", "规划名为《知识产权强国建设纲要》。", "要制定规划。"),
        ("怎样保护？", "随便什么。", ""),
    ],
)
def test_whether_a_sentence_offers_it(question: str, yes: str, no: str) -> None:
    assert offers(yes, read(question))
    assert not no or not offers(no, read(question))


def test_where_something_is_mentioned() -> None:
    for text in ("反垄断提到几次？", "哪些地方提到反垄断？", "反垄断出现了多少次？", "How often is WIPO mentioned?"):
        assert read(text).asks_where_mentioned
    assert not read("地方保护主义怎么办？").asks_where_mentioned


@given(text=st.text(max_size=60))
@settings(deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    question = read(text)
    assert [term.start for term in question.terms] == sorted(term.start for term in question.terms)
    assert isinstance(offers("易继明教授讲解。", question), bool)


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("会议强调什么", ["会议"]),
        ("各种要素怎么流动", ["要素", "流动"]),
        ("会计怎么管", ["会计", "管"]),
        ("被告人有什么权利", ["被告人", "权利"]),
        ("能耗怎么降", ["能耗", "降"]),
        ("要修水渠吗", ["修", "水渠"]),
        ("该查哪些企业", ["查", "企业"]),
    ],
)
def test_an_auxiliary_is_cut_from_a_word_only_where_the_segmenter_glued_it(question: str, terms: list[str]) -> None:
    assert [term.text for term in Question.read(question, bundled_glossary()).terms] == terms


@pytest.mark.parametrize("question", ["这次会议讲了什么？", "会议主要讲了什么", "會議講了什麼"])
def test_a_meeting_is_no_topic_of_its_own(question: str) -> None:
    assert shape_of(question) is Shape.OUTLINE


@pytest.mark.parametrize(
    ("question", "spoken"),
    [
        ("What does the speech say about punitive damages?", "punitive damages"),
        ("Anything on loans?", "loans"),
        ("讲话对惩罚性赔偿怎么说", "惩罚性赔偿"),
        ("关于惩罚性赔偿有哪些表述？", "惩罚性赔偿"),
        ("惩罚性赔偿在讲话里是怎么讲的", "惩罚性赔偿"),
        ("习近平对创新怎么说", "习近平对创新怎么说"),
        ("怎么说才好", "怎么说才好"),
    ],
)
def test_what_is_said_of_a_thing_is_asked_with_the_thing(question: str, spoken: str) -> None:
    assert Question.read(question, bundled_glossary()).spoken == spoken
