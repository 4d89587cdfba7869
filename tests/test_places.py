"""Questions for a place: what stands there is quoted, all of it, and what does not exist is not made up."""

from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.conversation import Conversation
from assistant.corpus import Corpus, Speech
from assistant.places import Places
from assistant.replies import Answer, Refusal, Turn

SEVENTH = " ".join(f"7.{i}" for i in range(1, 9))


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant.from_settings(answerer="extractive")


def cited(assistant: Assistant, question: str) -> str:
    reply = assistant.ask(question)
    return " ".join(c.sentence.address for c in reply.citations) if isinstance(reply, Answer) else ""


@pytest.mark.parametrize(
    ("question", "there"),
    [
        ("第七段讲了什么？", SEVENTH),
        ("这篇讲话开头第一句是怎么写的？", "1.1"),
        ("正文开头第一句讲的什么", "1.1"),
        ("第八段结尾两句分别说了什么？", "8.5 8.6"),
        ("第八段首句", "8.1"),
        ("第八段的末句是什么", "8.6"),
        ("末句是什么", "11.2"),
        ("头三句", "1.1 1.2 1.3"),
        ("把第七段第六句到第八句找出来", "7.6 7.7 7.8"),
        ("麻烦把第七段最后两句念一下", "7.7 7.8"),
        ("二段是什么内容", "2.1 2.2"),
        ("二段都写了些啥", "2.1 2.2"),
        ("段落六第四句话", "6.4"),
        ("第6段裏第四句", "6.4"),
        ("第10段的倒数第二句是哪句？", "10.4"),
        ("倒数第三段的第二句话，我想看原文", "9.2"),
        ("麻烦贴一下3.4", "3.4"),
        ("6.2的下一句是什么", "6.3"),
        ("第八段关于大数据怎么说", "8.4"),
        ("Quote sentences 1 to 2 of the fourth paragraph.", "4.1 4.2"),
        ("show me the last sentence of para 8", "8.6"),
        ("the second to last paragraph", "10.1 10.2 10.3 10.4 10.5"),
        ("The penultimate sentence of paragraph 8", "8.5"),
        ("The next-to-last paragraph, what is its topic?", "10.1 10.2 10.3 10.4 10.5"),
        ("the last sentence of the penultimate paragraph", "10.5"),
        ("Para. 8, sentence 2", "8.2"),
        ("看一下 7.5", "7.5"),
        ("3.4的下一句", "3.5"),
        ("How does the speech begin?", "1.1 1.2 1.3"),
        ("How does this report end?", "11.1 11.2"),
        ("第7段", SEVENTH),
        ("第７自然段說了什麼", SEVENTH),
        ("What does paragraph 7 say?", SEVENTH),
        ("7", SEVENTH),
        ("7.5", "7.5"),
        ("[7.5]", "7.5"),
        ("【7.5】是什么意思？", "7.5"),
        ("第7段第5句是什么", "7.5"),
        ("第七段的第五句话", "7.5"),
        ("paragraph 7, sentence 5", "7.5"),
        ("第三段和第五段分别讲了什么", "3.1 3.2 3.3 3.4 3.5 5.1 5.2 5.3 5.4"),
        ("开头讲了什么", "1.1 1.2 1.3"),
        ("最后一段讲了什么？", "11.1 11.2"),
        ("倒数第二段讲了什么", "10.1 10.2 10.3 10.4 10.5"),
        ("what is in the last paragraph?", "11.1 11.2"),
        ("最后一句话是什么", "11.2"),
        ("第一句话是什么", "1.1"),
        ("0", "0.1"),
        ("７．５", "7.5"),
        ("第七段的最后一句是什么", "7.8"),
        ("最后一段第一句讲了什么", "11.1"),
        ("第七段和第7段讲了什么", SEVENTH),
        ("倒數第二段第一句", "10.1"),
        ("倒数第2到第3段", "9.1 9.2 9.3 9.4 10.1 10.2 10.3 10.4 10.5"),
        ("第十段最后一句", "10.5"),
        ("最后两段的第一句", "10.1 11.1"),
        ("第3到5段第2句", "3.2 4.2 5.2"),
        ("标题是什么？", "0.1"),
        ("这篇讲话的题目叫什么", "0.1"),
        ("这篇讲话叫什么名字？", "0.1"),
        ("what is the title?", "0.1"),
        ("What's the title of this speech?", "0.1"),
        ("3.4和7.5", "3.4 7.5"),
        ("7.5、3.4分别说了什么", "7.5 3.4"),
        ("[3.4][7.5]", "3.4 7.5"),
        ("第10段到第11段讲了什么？", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第十至十一段", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第10-11段说了啥", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("最后两段讲了什么？", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第 七 段 第 5 句", "7.5"),
        ("第十段到结尾", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("倒数第二段到最后一段讲了什么", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第七段第二句到最后一句", "7.2 7.3 7.4 7.5 7.6 7.7 7.8"),
        ("第七段第2到第4句", "7.2 7.3 7.4"),
        ("第七段前两句", "7.1 7.2"),
        ("7.5-7.7", "7.5 7.6 7.7"),
        ("7.2到7.4讲了什么", "7.2 7.3 7.4"),
        ("第七段最后两句", "7.7 7.8"),
        ("第七段倒数第二句", "7.7"),
        ("从第十段开始到文章结尾讲了什么", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第十段~结尾", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第九段到倒数第二段讲了什么", "9.1 9.2 9.3 9.4 10.1 10.2 10.3 10.4 10.5"),
        ("第 10 到 第 11 段", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第七段到底讲了什么", SEVENTH),
        ("第六段的下一段讲了什么", SEVENTH),
        ("第七段第五句的上一句", "7.4"),
        ("第六段最后一句的下一句是什么", "7.1"),
        ("第六段第三句和第五句", "6.3 6.5"),
        ("第3段第2、4、5句", "3.2 3.4 3.5"),
        ("第六段第三句和第七段第一句", "6.3 7.1"),
        ("最后三句", "10.5 11.1 11.2"),
        ("全文最后两句话", "11.1 11.2"),
        ("开头三句", "1.1 1.2 1.3"),
        ("倒数第二句是什么", "11.1"),
        ("第10句", "3.5"),
        ("这篇讲话的第三句话", "1.3"),
        ("第三到第五句", "1.3 2.1 2.2"),
        ("第一句和第三句", "1.1 1.3"),
        ("第十一段有哪些措施？", "11.1 11.2"),
        ("第六段的第一句和最后一句", "6.1 6.8"),
        ("3-5段的第一句", "3.1 4.1 5.1"),
        ("第十、十一段", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("第三、五段的第一句", "3.1 5.1"),
        ("first two sentences", "1.1 1.2"),
        ("What are the last three sentences of the speech?", "10.5 11.1 11.2"),
        ("the first two sentences of paragraph 4", "4.1 4.2"),
        ("second sentence of paragraph 7", "7.2"),
        ("sentence 5 of paragraph 7", "7.5"),
        ("sentences 2-4 of paragraph 7", "7.2 7.3 7.4"),
        ("sentences 2 and 4 of paragraph 7", "7.2 7.4"),
        ("the last sentence of paragraph 6", "6.8"),
        ("the first sentence of the last paragraph", "11.1"),
        ("paragraphs 10 to 11", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("paragraphs 3 and 5", "3.1 3.2 3.3 3.4 3.5 5.1 5.2 5.3 5.4"),
        ("last two paragraphs", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
        ("What does the eleventh paragraph say?", "11.1 11.2"),
        ("列出最后一段提到的所有措施", "11.1 11.2"),
        ("倒数第二到第三句", "10.5 11.1"),
        ("第六段倒数第三到第二句", "6.6 6.7"),
        ("第二、四、五句", "1.2 2.1 2.2"),
        ("第一句和最后两句", "1.1 11.1 11.2"),
        ("讲话前三句和最后三句", "1.1 1.2 1.3 10.5 11.1 11.2"),
        ("开头五句", "1.1 1.2 1.3 2.1 2.2"),
        ("结尾三句", "10.5 11.1 11.2"),
        ("第七段第五句，一句话概括是什么意思", "7.5"),
        ("还有最后一段呢？", "11.1 11.2"),
        ("后2段", "10.1 10.2 10.3 10.4 10.5 11.1 11.2"),
    ],
)
def test_what_stands_there_is_quoted_whole(assistant: Assistant, question: str, there: str) -> None:
    assert cited(assistant, question) == there


@pytest.mark.parametrize(
    ("question", "there"),
    [
        ("第七段怎么说创新成果？", "7.5"),
        ("第八段对惩罚性赔偿有什么要求？", "8.5"),
        ("结尾对领导干部有什么要求？", "11.2"),
        ("第七段提到惩罚性赔偿了吗？", ""),
        ("第十段提到几次措施？", "10.3"),
        ("结尾有没有提到反垄断？", ""),
    ],
)
def test_what_is_asked_of_a_place_is_answered_from_there(assistant: Assistant, question: str, there: str) -> None:
    assert set(there.split()) <= set(cited(assistant, question).split())
    assert bool(there) == bool(cited(assistant, question))
    assert {address.split(".")[0] for address in cited(assistant, question).split()} <= {
        there.split(".", maxsplit=1)[0]
    }


@pytest.mark.parametrize(
    "question",
    [
        "第二十段讲了什么？",
        "7.99",
        "第七段第九句",
        "404",
        "倒数第三十段",
        "paragraph 50",
        "7.5和7.99",
        "第十段到第二十段",
        "第五至三段",
        "第二十段到最后一段",
        "第七段第五句到结尾",
        "7.5-8.1",
        "下一段的第一句",
        "第七段第三到第九句",
        "最后一段的下一段",
        "倒数第三十段到结尾",
        "第99句",
        "第六段第三句和第九十句",
    ],
)
def test_a_place_that_does_not_exist_is_named(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert isinstance(reply, Refusal)
    assert reply.missing
    assert all(word in question for word in reply.missing)
    assert ("原文" in reply.text) == ("paragraph" not in question)
    assert reply.nowhere
    if "段" in question or "." in question:
        assert reply.text.startswith("原文没有这一处：")


@pytest.mark.parametrize(
    "question",
    [
        "第二十五次集体学习是什么时候？",
        "这一段时间有什么进展？",
        "第一阶段做什么？",
        "第二段隧道什么时候完工？",
        "第一段时期",
        "用三段话介绍一下",
        "最后要达到什么目的？",
        "到2035年要怎样？",
        "2020",
        "3.5%",
        "77年",
        "2020 11",
        "有哪些科研题目？",
        "标题党怎么治理？",
        "题目太难怎么办？",
        "文章叫什么人写的？",
        "Who won the title?",
        "What sentence did the court give him?",
        "the first three laws",
        "who holds the title of national laboratory?",
        "前三天做了什么？",
        "后两段时间",
        "开展什么？",
        "第七段到最后阶段怎么做",
        "排名第一到最后的省",
        "从第十到最后一名的城市有哪些",
        "第二段几时通车？",
        "他说的第二句话",
        "第三到第五章",
        "用前两句话概括",
        "倒数第二、三句是什么",
        "第一段多少公里",
        "第一段多年经历",
        "第二段出现拥堵怎么办",
        "哪几段以习近平指出开头？",
        "What comes first?",
        "At last, what was decided?",
    ],
)
def test_what_only_looks_like_a_place_is_none(corpus: Corpus, question: str) -> None:
    assert Places.read(question, corpus) is None


@pytest.mark.parametrize(
    ("question", "there"), [("7.5", "7.5"), ("最后一段呢？", "11.1 11.2"), ("第七段呢？", SEVENTH)]
)
def test_a_place_leans_on_nothing(assistant: Assistant, question: str, there: str) -> None:
    reply = assistant.ask(question, [Turn("惩罚性赔偿制度怎么落实？", "抓紧落实。")])
    assert isinstance(reply, Answer)
    assert reply.restated is None
    assert " ".join(c.sentence.address for c in reply.citations) == there


@pytest.mark.parametrize("question", ["7.5" + " " * 1990 + "x", "7.5 到" + " " * 1990, "下一句" + " " * 1990 + "x"])
def test_long_blanks_are_read_like_one(corpus: Corpus, question: str) -> None:
    """As they stood, the patterns took twelve seconds for them."""
    short = " ".join(question.split())
    assert Places.read(question, corpus) == Places.read(short, corpus)
    assert bool(Places.step(question, "7.5", "", corpus)) == bool(Places.step(short, "7.5", "", corpus))


def test_the_next_paragraph_is_the_one_behind_that_was_asked_for(assistant: Assistant, speech: Speech) -> None:
    conversation = Conversation(assistant)
    for question, paragraphs in (
        ("第九段讲了什么？", [9]),
        ("下一段呢？", [10]),
        ("接下来一段说了什么", [11]),
        ("下一段", []),
        ("倒数第一段", [11]),
        ("上一段呢", [10]),
        ("and the next paragraph?", [11]),
        ("第三段到第七段讲了什么", [3, 4, 5, 6, 7]),
        ("后一段呢", [8]),
        ("What does the previous paragraph say?", [7]),
    ):
        reply = conversation.ask(question)
        there = [sentence for number in paragraphs for sentence in speech.paragraphs[number].sentences]
        assert [c.sentence for c in getattr(reply, "citations", ())] == there, question
        assert bool(reply.restated) == (question not in ("第九段讲了什么？", "倒数第一段", "第三段到第七段讲了什么"))


def test_the_next_sentence_is_the_one_behind_the_place_or_the_quote(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    for question, there in (
        ("怎样让创新成果更好惠及人民？", "7.5"),
        ("下一句呢？", "7.6"),
        ("后面那句话说了什么", "7.7"),
        ("上一句是什么？", "7.6"),
        ("下一段呢", "8.1 8.2 8.3 8.4 8.5 8.6"),
        ("the previous sentence?", "7.8"),
        ("next sentence", "8.1"),
        ("最后一句话是什么", "11.2"),
        ("下一句呢", ""),
        ("标题是什么", "0.1"),
        ("第一句话", "1.1"),
        ("前一句呢", ""),
        ("第七段讲了什么", SEVENTH),
        ("再往下一段的第一句", "8.1"),
        ("上一段的最后一句", "7.8"),
    ):
        reply = conversation.ask(question)
        assert " ".join(c.sentence.address for c in getattr(reply, "citations", ())) == there, question


def test_a_step_is_counted_from_what_was_quoted_of_a_place(assistant: Assistant) -> None:
    for asked, steps in (
        ("第七段怎么说创新成果？", ["7.6"]),
        ("第七段提到几次创新？", ["7.6"]),
        ("第三段到第五段讲了什么", ["6.1"]),
        ("第七段前两句", ["7.3"]),
    ):
        conversation = Conversation(assistant)
        conversation.ask(asked)
        reply = conversation.ask("下一句呢")
        assert [c.sentence.address for c in getattr(reply, "citations", ())] == steps, asked


@pytest.mark.parametrize(
    "question",
    [
        "之前一段对知识产权保护有什么要求？",
        "以上一段是什么意思",
        "目前一段对知识产权保护有什么要求？",
        "当前一段的工作重点是什么？",
        "前一段，我国知识产权保护有什么进展？",
        "Translate the next sentence: hello world",
        "“创新是引领发展的第一动力”的下一句是什么？",
        "上一段讲了什么，下一段讲了什么",
        "下一段时间做什么",
    ],
)
def test_what_only_looks_like_a_step_is_none(corpus: Corpus, question: str) -> None:
    quote = next(sentence.text for sentence in corpus.sentences if sentence.address == "7.5")
    assert Places.step(question, "怎样让创新成果更好惠及人民？", quote, corpus) is None


def test_a_next_paragraph_without_one_before_it_is_none(assistant: Assistant) -> None:
    question = "下一段讲了什么？"
    for turns in ([], [Turn("惩罚性赔偿制度怎么落实？", "不在原文的话。")], [Turn("标题是什么？", "标题")]):
        restated = assistant.ask(question, turns).restated or question
        assert restated.startswith(question)


def test_a_long_paragraph_is_quoted_whole(tmp_path: Path) -> None:
    text = "".join(f"第{i}件事要办好。" for i in range(1, 41))
    (tmp_path / "long.txt").write_text(f"长段\n{text}\n", "utf-8")
    with Assistant.from_settings(answerer="extractive", seeds=tmp_path, index=tmp_path / "index") as assistant:
        assert len(cited(assistant, "第一段讲了什么？").split()) == 40


def test_of_several_speeches_an_address_says_which(tmp_path: Path) -> None:
    for name, crop in (("a", "小麦"), ("b", "水稻")):
        (tmp_path / f"{name}.txt").write_text(f"关于{crop}\n要种好{crop}。\n要收好{crop}。\n", "utf-8")
    with Assistant.from_settings(answerer="extractive", seeds=tmp_path, index=tmp_path / "index") as assistant:
        assert cited(assistant, "b/2.1") == "b/2.1"
        assert cited(assistant, "a/1") == "a/1.1"
        assert cited(assistant, "第二段讲了什么？") != "a/2.1"
        assert isinstance(assistant.ask("2.1"), Refusal)


def test_a_place_of_a_long_speech_is_shown_though_the_search_does_not_find_it(tmp_path: Path) -> None:
    lines = ["长篇", *(f"第{i}件事是修第{i}座桥，" + "要按图纸施工，" * 40 + "按期完成。" for i in range(1, 120))]
    (tmp_path / "long.txt").write_text("\n".join(lines), "utf-8")
    with Assistant.from_settings(answerer="extractive", seeds=tmp_path, index=tmp_path / "index") as assistant:
        assert cited(assistant, "第八十七段讲了什么？") == "87.1"
        assert cited(assistant, "最后一段讲了什么？") == "119.1"


@pytest.mark.parametrize(
    "question",
    [
        "一段讲话要怎么写？",
        "三段讲话",
        "一段写作要求",
        "第五段首付多少",
        "期末句子",
        "三首句子",
        "1.2米是多少",
        "10.1国庆节前要做什么",
        "增长3.4%是怎么回事",
        "What about 4.2 million patents?",
        "How does the speech end the monopoly?",
        "How does the report close the gap in enforcement?",
    ],
)
def test_numbers_and_words_like_those_of_places_are_none(assistant: Assistant, question: str) -> None:
    assert Places.read(question, assistant.corpus) is None
