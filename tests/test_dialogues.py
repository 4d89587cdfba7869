"""Dialogues of five turns on the bundled speech, held with the embedded answerer and with a model.

The model is scripted, question by question, behind a server that speaks the real protocol: what it is asked decides
what it says, so a wrong prompt gets no answer. What the embedded answerer cites may be more than what is named here.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest
from model_server import MODES, Handler, ModelServer, says, serving

from assistant.assistant import Assistant
from assistant.conversation import Conversation
from assistant.corpus import Corpus
from assistant.embedders import LexicalEmbedder
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Index
from assistant.llm import LLMAnswerer
from assistant.replies import Answer, Reply
from assistant.settings import Settings


class Asked(NamedTuple):
    """One turn: what is asked, what the model makes of it and says, and what must be cited, nothing for a refusal."""

    question: str
    restated: str | None
    """As the model restates it; None if it repeats it."""
    draft: str
    cited: str
    quoted: str
    """What the embedded answerer must cite."""
    carried: str = ""
    """What it must carry over from the turns before."""
    gap: str | None = None
    """What it cites instead of what it should, as long as it cannot do better."""
    withheld: str = ""
    """What the model makes up."""


REVISION = "要统筹推进专利法、商标法、著作权法、反垄断法、科学技术进步法等修订工作。[6.2]"
DIALOGUES = {
    "a meeting": [
        Asked(
            "这次集体学习是什么时候举行的？",
            None,
            "中共中央政治局11月30日下午举行第二十五次集体学习。[1.1]",
            cited="1.1",
            quoted="1.1",
        ),
        Asked(
            "谁作了讲解？", "这次集体学习是谁作的讲解？", "易继明就这个问题进行讲解。[2.1]", cited="2.1", quoted="2.1"
        ),
        Asked(
            "他提出了什么？",
            "易继明在讲解时提出了什么？",
            "提出了工作建议。[2.1]",
            cited="2.1",
            quoted="2.1",
            carried="易继明",
        ),
        Asked(
            "学习的主题是什么？",
            "这次集体学习的主题是什么？",
            "就加强我国知识产权保护工作举行第二十五次集体学习。[1.1]",
            cited="1.1",
            quoted="1.1",
        ),
        Asked("那下一次呢？", "下一次集体学习什么时候举行？", "无法回答", cited="", quoted=""),
    ],
    "law": [
        Asked(
            "从哪几个方面加强知识产权保护工作？",
            None,
            "要加强知识产权保护工作顶层设计。[5.1]\n要提高知识产权保护工作法治化水平。[6.1]\n要强化全链条保护。[7.1]",
            cited="5.1 6.1 7.1",
            quoted="5.1 6.1 7.1 8.1 9.1 10.1 11.1",
        ),
        Asked(
            "其中法治化方面有什么要求？",
            "提高知识产权保护工作法治化水平有什么要求？",
            "要加快完善相关法律法规，增强法律之间的一致性。[6.2]\n要强化民事司法保护。[6.4]",
            cited="6.2 6.4",
            quoted="6.1",
            carried="知识产权",
        ),
        Asked(
            "那刑事方面呢？",
            "刑事法律方面有什么要求？",
            "要完善刑事法律和司法解释，加大刑事打击力度。[6.7]",
            cited="6.7",
            quoted="6.7",
        ),
        Asked("行政执法呢？", "行政执法方面有什么要求？", "要加大行政执法力度。[6.8]", cited="6.8", quoted="6.6"),
        Asked(
            "一共处罚了多少人？",
            None,
            "一共处罚了三千人。[6.8]",
            cited="",
            quoted="",
            withheld="一共处罚了三千人。",
        ),
    ],
    "abroad": [
        Asked(
            "国际合作方面提出了什么要求？",
            None,
            "要统筹推进知识产权领域国际合作和竞争。[9.1]",
            cited="9.1",
            quoted="9.1",
        ),
        Asked(
            "“一带一路”呢？",
            "对“一带一路”沿线国家的合作提出了什么要求？",
            "要深化同共建“一带一路”沿线国家和地区知识产权合作，倡导知识共享。[9.4]",
            cited="9.4",
            quoted="9.4",
        ),
        Asked(
            "它要倡导什么？",
            "同共建“一带一路”国家的合作要倡导什么？",
            "倡导知识共享。[9.4]",
            cited="9.4",
            quoted="9.4",
            carried="一带",
        ),
        Asked(
            "对外转让怎么管理？",
            "知识产权对外转让怎么管理？",
            "要依法管理涉及国家安全的知识产权对外转让行为。[10.2]",
            cited="10.2",
            quoted="10.2",
        ),
        Asked("那罚款多少？", "违反对外转让规定罚款多少？", "无法回答。", cited="", quoted=""),
    ],
    "people": [
        Asked(
            "怎样让创新成果更好惠及人民？",
            None,
            "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。[7.5]",
            cited="7.5",
            quoted="7.5",
        ),
        Asked("惩罚性赔偿制度怎么落实？", None, "要抓紧落实知识产权惩罚性赔偿制度。[8.5]", cited="8.5", quoted="8.5"),
        Asked(
            "它有什么要求？",
            "惩罚性赔偿制度有什么要求？",
            "要健全知识产权诉讼制度，抓紧落实知识产权惩罚性赔偿制度。[8.5]\n赔偿最高可达五倍。[8.5]",
            cited="8.5",
            quoted="8.5",
            carried="惩罚性",
            withheld="赔偿最高可达五倍。",
        ),
        Asked(
            "还有吗？",
            "除惩罚性赔偿制度外，还要健全哪些制度？",
            "要健全知识产权评估体系，改进知识产权归属制度。[8.6]",
            cited="8.6",
            quoted="8.6",
            carried="惩罚性",
            gap="",  # 8.6 does not say 惩罚性赔偿
        ),
        Asked("火星上有水吗？", None, "火星上有水。[8.6]", cited="", quoted="", withheld="火星上有水。"),
    ],
    "statutes": [
        Asked("专利法要怎么修改？", None, REVISION, cited="6.2", quoted="6.2"),
        Asked("那商标法呢？", "商标法要怎么修改？", REVISION, cited="6.2", quoted="6.2", carried="怎么修改"),
        Asked(
            "这些法律之间要注意什么？",
            "专利法和商标法之间要注意什么？",
            "增强法律之间的一致性。[6.2]",
            cited="6.2",
            quoted="6.2",
            carried="商标法",
        ),
        Asked("商业秘密呢？", "商业秘密方面要怎么做？", "要加强商业秘密等领域立法。[6.3]", cited="6.3", quoted="6.3"),
        Asked(
            "那人工智能呢？",
            "人工智能方面要怎么做？",
            "要健全大数据、人工智能、基因技术等新领域新业态知识产权保护制度。[8.4]",
            cited="8.4",
            quoted="8.4",
        ),
    ],
}


def restating(asked: list[Asked]) -> dict[str, str]:
    return {f"Last question: {turn.question}": turn.restated or turn.question for turn in asked[1:]}


def answering(asked: list[Asked]) -> dict[str, str]:
    return {f"Question: {turn.restated or turn.question}": turn.draft for turn in asked}


def scripted(handler: Handler, request: dict[str, Any]) -> None:
    """Say what the script says to the last line of the prompt."""
    last = request["messages"][-1]["content"].splitlines()[-1]
    said = {line: text for asked in DIALOGUES.values() for line, text in (restating(asked) | answering(asked)).items()}
    says(said[last])(handler, request)


@pytest.fixture(scope="module")
def quoting(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The embedded answerer."""
    embedder = LexicalEmbedder([paragraph.text for paragraph in corpus.paragraphs])
    with closing(Index.open(corpus, embedder, tmp_path_factory.mktemp("index") / "index")) as index:
        yield Assistant(corpus, index, ExtractiveAnswerer(corpus))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setitem(MODES, "scripted-dialogues", scripted)
    with serving() as server:
        yield server


@pytest.fixture
def writing(quoting: Assistant, server: ModelServer) -> Assistant:
    """A model, and nothing that could take its place."""
    settings = Settings.load(model="ollama:scripted-dialogues", base_url=server.url, max_retries=0)
    return Assistant(quoting.corpus, quoting.index, LLMAnswerer.from_settings(settings))


def cited(reply: Reply) -> list[str]:
    return [c.sentence.address for c in reply.citations] if isinstance(reply, Answer) else []


@pytest.mark.parametrize("name", DIALOGUES)
def test_with_the_embedded_answerer(quoting: Assistant, name: str) -> None:
    conversation = Conversation(quoting)
    for turn in DIALOGUES[name]:
        reply = conversation.ask(turn.question)
        assert bool(reply.restated) == bool(turn.carried)
        assert turn.carried in (reply.restated or "")
        assert turn.question in (reply.restated or turn.question)
        found, wanted = set(cited(reply)), set((turn.quoted if turn.gap is None else turn.gap).split())
        assert found >= wanted, turn.question
        assert bool(found) == bool(wanted), turn.question
        if turn.gap is not None:
            assert not found & set(turn.quoted.split()), f"{turn.question} is no gap any more: take it out"
    assert len(conversation.turns) == 5


@pytest.mark.parametrize("name", DIALOGUES)
def test_with_a_model(writing: Assistant, name: str) -> None:
    conversation = Conversation(writing)
    for turn in DIALOGUES[name]:
        reply = conversation.ask(turn.question)
        assert (reply.question, reply.restated) == (turn.question, turn.restated)
        assert cited(reply) == turn.cited.split(), turn.question
        assert "".join(item.text for item in reply.withheld) == turn.withheld
        assert reply.notice is None
    assert [turn.question for turn in conversation.turns] == [t.restated or t.question for t in DIALOGUES[name]]


@pytest.mark.parametrize("who", ["quoting", "writing"])
def test_dialogues_held_at_once_do_not_hear_each_other(request: pytest.FixtureRequest, who: str) -> None:
    assistant: Assistant = request.getfixturevalue(who)
    alone = {name: [*map(Conversation(assistant).ask, [t.question for t in d])] for name, d in DIALOGUES.items()}
    together = {name: Conversation(assistant) for name in DIALOGUES}
    for i in range(5):
        for name, conversation in together.items():
            assert conversation.ask(DIALOGUES[name][i].question) == alone[name][i]


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_model_hears_the_turns_when_it_restates_and_only_then(
    writing: Assistant, server: ModelServer, name: str
) -> None:
    conversation, asked = Conversation(writing), DIALOGUES[name]
    replies = [conversation.ask(turn.question) for turn in asked]
    prompts = [request["body"]["messages"][0]["content"] for request in server.requests]
    heard = [re.findall("^(?:Question|Answer): (.*)$", prompt, re.MULTILINE) for prompt in prompts]
    understood = [turn.restated or turn.question for turn in asked]
    told = [line for question, reply in zip(understood, replies, strict=True) for line in (question, reply.text)]
    assert heard[0::2] == [[question] for question in understood]  # the answers
    assert heard[1::2] == [told[: 2 * i] for i in range(1, 5)]
