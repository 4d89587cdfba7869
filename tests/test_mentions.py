"""Where, and how often, something is mentioned: compared with a count over the file itself."""

import json
import re
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.conversation import Conversation
from assistant.glossary import bundled_glossary
from assistant.questions import Question
from assistant.replies import Answer, Mentions, Refusal
from assistant.text import numbers, words

SEED = Path("seeds/2020-11-30-intellectual-property.txt").read_text("utf-8")
BODY = SEED.split("\n", 1)[1]
"""The title is no sentence."""

WORDS = "知识产权 保护 反垄断 创新 坚决 国家安全 人民 公平竞争 惩罚性赔偿 习近平 要加强 法".split()
ASKED = (
    "{}提到几次？",
    "全文多少次提到{}？",
    "哪些地方提到{}？",
    "“{}”出现了多少次",
    "请把提到{}的几处都找出来。",
    "把所有提到“{}”的句子列出来",
    "摘出所有讲到{}的原话",
    "“{}”出现在哪几处？",
    "哪些句子提到了{}",
)


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant.from_settings(answerer="extractive")


@pytest.mark.parametrize("word", WORDS)
def test_the_count_is_that_of_the_file_and_every_place_is_quoted(assistant: Assistant, word: str) -> None:
    reply = assistant.ask(f"“{word}”出现了多少次？")
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert reply.mentions.times == (BODY.count(word),)
    quoted = [c.quote for c in reply.citations]
    assert all(word in quote for quote in quoted)
    assert sum(quote.count(word) for quote in quoted) == BODY.count(word)
    assert reply.mentions.sentences == reply.mentions.listed == len(quoted)


@pytest.mark.parametrize("form", ASKED)
@pytest.mark.parametrize("word", ["反垄断", "国家安全", "创新"])
def test_it_may_be_asked_in_many_ways(assistant: Assistant, form: str, word: str) -> None:
    reply = assistant.ask(form.format(word))
    assert isinstance(reply, Answer)
    assert reply.mentions == Mentions((word,), (BODY.count(word),), len(reply.citations), len(reply.citations))
    assert f"{BODY.count(word)} 次" in str(reply).splitlines()[0]


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ('How often is "innovation" mentioned?', "创新"),
        ("How often is WIPO mentioned?", "世界知识产权组织"),
        ("Find every sentence that mentions punitive damages.", "惩罚性赔偿"),
        ("Where does it mention antitrust?", "反垄断"),
    ],
)
def test_a_word_of_another_language_is_counted_as_the_speech_has_it(
    assistant: Assistant, question: str, word: str
) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert (reply.mentions.words, reply.mentions.times) == ((word,), (BODY.count(word),))
    assert word in dict(reply.matched).values()
    assert word in reply.count
    assert re.search(rf"\b{BODY.count(word)} times?\b", reply.count)


def test_things_that_are_named_in_one_breath_are_counted_each(assistant: Assistant) -> None:
    for question in (
        "反垄断和地理标志各提到几次？",
        "几次提到反垄断和地理标志",
        "反垄断提到几次？地理标志提到几次？",
        "“反垄断”和“地理标志”分别在哪一段提到？",
    ):
        reply = assistant.ask(question)
        assert isinstance(reply, Answer)
        assert reply.mentions == Mentions(("反垄断", "地理标志"), (3, 1), 4, 4)
        assert reply.count == "“反垄断”共出现 3 次，“地理标志”共出现 1 次，见于 4 句。"


def test_of_things_named_in_one_breath_one_may_not_stand_there_at_all(assistant: Assistant) -> None:
    reply = assistant.ask("区块链和反垄断各提到几次？")
    assert isinstance(reply, Answer)
    assert reply.mentions == Mentions(("区块链", "反垄断"), (0, 3), 3, 3)
    assert assistant.ask("区块链和火星各提到几次？").kind == "refusal"
    assert assistant.ask("“公平竞争”的区块链提到几次？").kind == "refusal"


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("“坚决”用了几回？", "坚决"),
        ("“诉讼”有几处？", "诉讼"),
        ("“国家安全”在哪些段落？", "国家安全"),
        ("“坚决”一共有多少处？", "坚决"),
        ("创新这个词用了多少次？", "创新"),
        ("诉讼一词有几处？", "诉讼"),
        ("习近平的名字出现几次？", "习近平"),
        ("有几个“要”字？", "要"),
        ("习近平强调出现几次？", "习近平强调"),
        ("讲话里“要”出现几次？", "要"),
        ("“不”字出现几次？", "不"),
        ("中国特色出现几次？", "中国特色"),
        ("中共中央出现几次？", "中共中央"),
        ("创新在全文中一共出现几次", "创新"),
        ("知识产权保护工作这个词一共出现了多少次", "知识产权保护工作"),
        ("How many times does 创新 appear?", "创新"),
        ("“国家安全”一共提了几次？", "国家安全"),
        ("“公平竞争”出现在什么地方？", "公平竞争"),
        ("文中有没有“诚信”这个词？", "诚信"),
        ("专利这个词出现过吗？在哪儿？", "专利"),
        ("哪些句子里有“人民”二字？", "人民"),
        ("讲话里有“诚信”吗", "诚信"),
        ("“商业秘密”提没提？", "商业秘密"),
        ("习近平这三个字出现了几遍", "习近平"),
        ("法律两个字出现多少次", "法律"),
        ("统计一下“改革”的次数", "改革"),
        ("知识产权出现的次数是多少", "知识产权"),
        ("共有几处提到改革", "改革"),
        ("文中有几处讲到国家安全", "国家安全"),
        ("文章提到“合作”多少遍", "合作"),
        ("数一数“强调”", "强调"),
        ("哪些句子含有“司法”", "司法"),
        ("哪里提到了司法", "司法"),
        ("司法在哪几段出现", "司法"),
        ("惩罚性赔偿在第几段", "惩罚性赔偿"),
        ("大数据在第几段第几句", "大数据"),
        ("“十四五”在文中哪里出现", "十四五"),
        ("尊重和保护知识产权提到几次", "尊重和保护知识产权"),
        ("Count the occurrences of “国家安全”", "国家安全"),
        ("number of times 创新 appears", "创新"),
        ("which paragraphs use the word 大国", "大国"),
    ],
)
def test_a_phrase_is_counted_as_it_stands(assistant: Assistant, question: str, word: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert (reply.mentions.words, reply.mentions.times) == ((word,), (BODY.count(word),))


def test_other_words_are_looked_for_together(assistant: Assistant) -> None:
    reply = assistant.ask("“公平竞争”的反垄断提到几次？")
    assert isinstance(reply, Answer)
    assert reply.mentions == Mentions(("公平竞争", "反垄断"), (2, 3), 2, 2, together=True)
    assert all("反垄断" in c.quote and "公平竞争" in c.quote for c in reply.citations)
    assert reply.count.endswith("同见于 2 句。")


def test_two_names_of_one_thing_are_counted_once(assistant: Assistant) -> None:
    reply = assistant.ask("How often does the speech mention IP (intellectual property)?")
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert (reply.mentions.words, reply.mentions.times) == (("知识产权",), (BODY.count("知识产权"),))


def test_english_words_and_numbers_are_counted_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Of art\nThe smart party started. We love art.\nPartners paid again.\n", "utf-8")
    (tmp_path / "b.txt").write_text("增速\n增速为5%，去年为15%，前年为百分之五。\n今后要达到25%。\n", "utf-8")
    with Assistant.from_settings(answerer="extractive", seeds=tmp_path, index=tmp_path / "index") as assistant:
        art, five = assistant.ask("How often is art mentioned?"), assistant.ask("5%提到几次？")
    assert isinstance(art, Answer)
    assert isinstance(five, Answer)
    assert art.mentions == Mentions(("art",), (1,), 1, 1)
    assert five.mentions
    assert (five.mentions.times, five.mentions.sentences) == ((2,), 1)


@pytest.mark.parametrize(
    "question",
    [
        "第七段提到几次创新？",
        "第七段里创新出现几次",
        "第七段创新出现几次",
        "第七段“创新”出现几次",
        "第七段一共提到几次创新",
        "创新一词在第七段出现几次？",
        "第七段几次提到创新",
    ],
)
def test_a_place_has_its_own_count(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Answer)
    assert reply.mentions == Mentions(("创新",), (2,), 2, 2)
    assert {c.sentence.paragraph for c in reply.citations} == {7}


def test_a_title_has_its_own_count(assistant: Assistant) -> None:
    reply = assistant.ask("标题里知识产权出现几次")
    assert isinstance(reply, Answer)
    assert reply.mentions == Mentions(("知识产权",), (SEED.split("\n", 1)[0].count("知识产权"),), 1, 1)


@pytest.mark.parametrize(
    "question",
    [
        "好几次提到创新，为什么？",
        "习近平几次提到创新是为了强调什么？",
        "最近几次出现侵权的原因是什么？",
        "这几次提到的侵权假冒怎么整治？",
        "为什么几次提到国家安全？",
        "财政赤字有几处？",
        "他讲了几次话？",
        "集体学习举行了几次？",
        "“一带一路”沿线国家有没有签协议？",
        "“最多跑一次”改革在哪里试点？",
        "“反垄断”有没有具体措施？",
        "“重拳出击”是针对什么地方的？",
        "“新发展格局”有没有说是什么",
        "哪一段最重要",
        "领导题字写过几次？",
    ],
)
def test_what_was_mentioned_several_times_is_not_to_be_counted(question: str) -> None:
    assert not Question.read(question, bundled_glossary()).asks_where_mentioned


@pytest.mark.parametrize(
    ("question", "only"),
    [
        ("反垄断提到几次？", True),
        ("How often is innovation mentioned?", True),
        ("反垄断和创新各提到几次", True),
        ("哪些地方提到反垄断？", False),
        ("反垄断提到几次，为什么要加强？", False),
        ("请总结提到几次创新的意思", False),
        ("反垄断提到几次？请逐条解释。", False),
        ("How often is innovation mentioned, and why?", False),
        ("创新怎么搞？", False),
    ],
)
def test_to_count_is_all_that_is_asked(question: str, only: bool) -> None:
    assert Question.read(question, bundled_glossary()).asks_how_often is only


@pytest.mark.parametrize(
    "question", ["网络游戏提到几次？", "把提到比特币的句子都列出来", "“剽窃”出现了多少次？", "盗版提到几次？"]
)
def test_what_the_speech_does_not_mention_is_not_counted(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Refusal)
    assert reply.missing
    assert all(word in question for word in reply.missing)


@pytest.mark.parametrize(
    ("earlier", "question", "word"),
    [
        ("知识产权出现了多少次？", "创新呢？", "创新"),
        ("哪些地方提到惩罚性赔偿？", "那反垄断呢", "反垄断"),
        ("网络游戏提到几次？", "那“人民”呢", "人民"),
        ("How often is innovation mentioned?", "what about competition?", "竞争"),
        ("Where is innovation mentioned?", "And monopoly?", "垄断"),
    ],
)
def test_a_follow_up_that_names_another_word_counts_that(
    assistant: Assistant, earlier: str, question: str, word: str
) -> None:
    conversation = Conversation(assistant)
    conversation.ask(earlier)
    reply = conversation.ask(question)
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert (reply.mentions.words, reply.mentions.times) == ((word,), (BODY.count(word),))
    other = conversation.ask("惩罚性赔偿制度怎么落实？")
    assert isinstance(other, Answer)
    assert other.mentions is None


def test_who_asks_for_mentions_of_nothing_is_refused(assistant: Assistant) -> None:
    assert isinstance(assistant.ask("出现了多少次？"), Refusal)


def test_no_count_is_told_where_none_was_asked_for(assistant: Assistant) -> None:
    for question in (
        "反垄断要怎么做？",
        "惩罚性赔偿制度怎么落实？",
        "地方保护主义怎么办？",
        "总书记提到侵权的处罚力度要怎样？",
        "如果谈到知识产权的话，要怎么办？",
        "How often does the Politburo study?",
    ):
        reply = assistant.ask(question)
        assert isinstance(reply, Answer)
        assert (reply.mentions, reply.count) == (None, "")
    assert isinstance(assistant.ask("哪些地方出现侵权假冒"), Refusal)  # 6.8 names no place, and nothing is counted


def test_what_is_not_listed_is_told() -> None:
    many = Mentions(("的",), (300,), 150, 100)
    assert many.text(chinese=True) == "“的”共出现 300 次，见于 150 句，以下列出其中 100 句。"
    assert many.text(chinese=False) == "“的”: 300 times, in 150 sentences; 100 of them are listed."


def test_every_place_is_quoted_also_where_the_search_does_not_find_it(tmp_path: Path) -> None:
    for n in range(6):
        lines = [f"第{n}篇", *(f"第{i}段说的是别的事情，与天气和庄稼有关，" * 30 + "灌溉要抓紧。" for i in range(9))]
        (tmp_path / f"{n}.txt").write_text("\n".join(lines), "utf-8")
    with Assistant.from_settings(answerer="extractive", seeds=tmp_path, index=tmp_path / "index") as assistant:
        reply = assistant.ask("灌溉提到几次？")
    assert isinstance(reply, Answer)
    assert reply.mentions
    assert (reply.mentions.times, reply.mentions.sentences) == ((54,), 54)
    assert reply.mentions.listed == len(reply.citations) == 54
    assert "列出其中" not in reply.count
    assert json.loads(json.dumps(reply.to_dict()))["mentions"]["times"] == [54]


# Numbers are looked for by value, and 地方 and 讲话 belong to asking; 地方出现几次 is below.
WORDS_OF_THE_SPEECH = sorted({word for word in words(BODY) if len(word) > 1 and not numbers(word)} - {"地方", "讲话"})


@pytest.mark.parametrize(
    "form", ["{}出现几次？", "全文一共提到{}多少次", "{}在哪几段提到", "请问{}这个词用了多少次？", "有几处讲到{}"]
)
def test_any_word_of_the_speech_is_looked_for_whole(form: str) -> None:
    found = {}
    for word in WORDS_OF_THE_SPEECH:
        whole = Question.read(form.format(word), bundled_glossary()).mentioned.whole
        if [term.text for term in whole] != [word]:
            found[word] = [term.text for term in whole]
    assert not found


@pytest.mark.parametrize(
    "word", ["文化", "公共", "首都", "高中", "统计局", "讲话", "地方", "惩处", "正在", "中国", "在职"]
)
def test_a_word_is_not_cut_where_it_begins_or_ends_like_a_filler(word: str) -> None:
    assert [t.text for t in Question.read(f"{word}出现几次？", bundled_glossary()).mentioned.whole] == [word]


@pytest.mark.parametrize("marks", ["“{}”", "《{}》", "「{}」"])
def test_what_stands_in_quotation_marks_is_not_parted(marks: str) -> None:
    asked = Question.read(f"{marks.format('法律、经济和技术')}出现几次？", bundled_glossary()).mentioned
    assert [term.text for term in asked.parts] == ["法律、经济和技术"]


@pytest.mark.parametrize(
    "question",
    [
        "对出现侵权假冒的地方要怎么做？",
        "每一个出现侵权的地方都要整治吗",
        "用到大数据的地方怎么保护知识产权",
        "知识产权保护在哪段时间取得了历史性成就？",
        "知识产权保护工作在哪一段时期开始的？",
        "What place does IP protection have in the national strategy?",
        "Where should punitive damages be used?",
        "How often are patents used in courts?",
        "What does every paragraph have in common?",
    ],
)
def test_a_question_on_the_matter_is_none_for_words(question: str) -> None:
    assert not Question.read(question, bundled_glossary()).asks_where_mentioned
