"""Follow-ups: what is kept of a conversation, and what a question makes of it."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant.assistant import MAX_TURNS, Assistant
from assistant.conversation import Conversation
from assistant.errors import ModelError, QuestionError
from assistant.index import Passage
from assistant.replies import Answer, Reply, Turn

PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
DAMAGES = "惩罚性赔偿制度怎么落实？"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index")) as assistant:
        yield assistant


@dataclass
class Listening:
    """Writes down with how many turns it was asked to restate a question; drafts one true sentence, then breaks off."""

    heard: list[list[str]] = field(default_factory=list)
    fails: bool = False
    name: str = "listening"
    prompt: str | None = None

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        yield f"{PEOPLE_QUOTE}[7.5]\n"
        yield "要加强地理标志、商业秘密等领域立法。[6.3]\n"
        if self.fails:
            raise ModelError("The model went away.")

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        self.heard.append([turn.question for turn in turns])
        return question


def cited(reply: Reply) -> list[str]:
    return [c.sentence.address for c in reply.citations] if isinstance(reply, Answer) else []


def test_every_question_becomes_a_turn_a_refused_one_too(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    assert conversation.turns == []
    first, second = conversation.ask(PEOPLE), conversation.ask("火星上有水吗？")
    assert conversation.turns == [Turn(PEOPLE, first.text), Turn("火星上有水吗？", second.text, "refusal")]
    assert first.text == f"{PEOPLE_QUOTE}[1]"
    assert second.text == "原文没有回答这个问题：没有提到“火星”。"


def test_a_follow_up_leans_on_the_last_question(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    alone = conversation.assistant.ask("还有吗？")
    conversation.ask(DAMAGES)
    assert cited(alone) == []
    assert cited(conversation.ask("它要怎么落实？")) == ["8.5"]


def test_more_is_what_was_not_quoted_before(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    replies = [conversation.ask("怎样加强国际合作？")]
    while cited(replies[-1]):
        replies.append(conversation.ask("还有吗？"))
    quoted = [address for reply in replies for address in cited(reply)]
    assert quoted[:2] == ["9.1", "9.4"]
    assert len(set(quoted)) == len(quoted)
    assert replies[-1].kind == "refusal"
    assert replies[-1].text == "除了前面引用的句子，没有找到别的回答。"
    assert replies[0].notice is None


@pytest.mark.parametrize("question", ["第十一段讲了什么？", "这篇讲话讲了什么？"])
def test_there_is_no_more_than_all_of_it(assistant: Assistant, question: str) -> None:
    conversation = Conversation(assistant)
    assert cited(conversation.ask(question))
    assert cited(conversation.ask("还有别的吗？")) == []
    assert conversation.ask("Anything else?").text == "Nothing was found beyond what was quoted before."


@pytest.mark.parametrize("more", ["另外呢？", "其它呢？", "除此之外呢？", "anything more?"])
@pytest.mark.parametrize(
    "chain",
    [
        ["地理标志有没有立法？"],
        ["各级党委和政府要做什么？", "领导干部呢？"],
        ["怎样加强国际合作？", "它有什么要求？"],
        ["How should punitive damages work?"],
    ],
)
def test_what_is_about_something_else_is_no_more(assistant: Assistant, chain: list[str], more: str) -> None:
    conversation = Conversation(assistant)
    assert all(cited(conversation.ask(question)) for question in chain)
    reply = conversation.ask(more)
    assert reply.kind == "refusal"
    assert reply.text in ("除了前面引用的句子，没有找到别的回答。", "Nothing was found beyond what was quoted before.")


def test_more_is_still_told_after_many_turns(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    conversation.ask(PEOPLE)
    for _ in range(2 * MAX_TURNS):
        assert not set(cited(conversation.ask("还有吗？"))) & {"7.5"}


def test_what_only_begins_like_that_leans_on_nothing(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    conversation.ask("怎样加强国际合作？")
    reply = conversation.ask("另外，惩罚性赔偿怎么落实？")
    assert reply.restated is None
    assert cited(reply) == ["8.5"]


def test_more_is_looked_for_in_all_speeches(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("小麦\n小麦要在九月播种。\n", "utf-8")
    (tmp_path / "b.txt").write_text("农时\n小麦要在十月播种，不能再晚。\n", "utf-8")
    with Assistant.from_settings(answerer="extractive", seeds=tmp_path, index=tmp_path / "index") as both:
        conversation = Conversation(both)
        quoted = [cited(conversation.ask(question)) for question in ("小麦什么时候播种？", "还有吗？", "还有吗？")]
    assert sorted(quoted[0] + quoted[1]) == ["a/1.1", "b/1.1"]
    assert quoted[2] == []


def test_a_count_has_no_more(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    conversation.ask("反垄断提到几次？")
    assert conversation.ask("还有吗？").restated is None


def test_a_question_of_its_own_may_be_answered_with_the_same_sentence(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    assert cited(conversation.ask(DAMAGES)) == cited(conversation.ask(DAMAGES)) == ["8.5"]


def test_two_conversations_do_not_hear_each_other(assistant: Assistant) -> None:
    one, other = Conversation(assistant), Conversation(assistant)
    one.ask(DAMAGES)
    assert cited(other.ask("还有吗？")) == []
    assert len(one.turns) == 1


def test_a_stand_alone_question_is_answered_as_if_asked_first(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    conversation.ask(DAMAGES)
    assert conversation.ask(PEOPLE) == assistant.ask(PEOPLE)


def test_history_may_be_handed_to_the_assistant_directly(assistant: Assistant) -> None:
    history = [Turn(PEOPLE, "……"), Turn(DAMAGES, "……")]
    assert cited(assistant.ask("还有吗？", history)) == ["8.5"]
    assert list(assistant.stream("还有吗？", history))[-1] == assistant.ask("还有吗？", history)
    assert cited(assistant.ask("还有吗？", ())) == []
    assert len(history) == 2


def test_a_stream_yields_what_the_assistant_yields(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    question = "这篇讲话讲了什么？"
    assert list(conversation.stream(question)) == list(assistant.stream(question))
    assert len(conversation.turns) == 1


def test_a_reply_left_half_way_is_no_turn(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    with closing(conversation.stream("这篇讲话讲了什么？")) as replies:
        next(replies)
        next(replies)
    assert conversation.turns == []
    assert cited(conversation.ask("还有吗？")) == []


@pytest.mark.parametrize("question", ["", "\u200b", "问" * 2001])
def test_what_is_no_question_is_no_turn(assistant: Assistant, question: str) -> None:
    conversation = Conversation(assistant)
    with pytest.raises(QuestionError):
        conversation.ask(question)
    assert conversation.turns == []


def test_a_reply_that_broke_off_is_a_turn_with_what_was_checked(assistant: Assistant) -> None:
    conversation = Conversation(Assistant(assistant.corpus, assistant.index, Listening(fails=True)))
    reply = conversation.ask(PEOPLE)
    assert cited(reply) == ["7.5", "6.3"]
    assert reply.notice is not None
    assert [turn.answer for turn in conversation.turns] == [reply.text]


def test_the_answerer_hears_the_last_turns_in_order_and_the_first_question_none(assistant: Assistant) -> None:
    listening = Listening()
    conversation = Conversation(Assistant(assistant.corpus, assistant.index, listening))
    asked = [f"第{n}问" for n in range(1, 9)]
    for question in asked:
        assert cited(conversation.ask(question)) == ["7.5", "6.3"]
    assert listening.heard == [asked[max(0, n - MAX_TURNS) : n] for n in range(1, len(asked))]
    assert [turn.question for turn in conversation.turns] == asked


def test_a_turn_keeps_the_question_as_it_was_understood(assistant: Assistant) -> None:
    conversation = Conversation(assistant)
    conversation.ask(DAMAGES)
    reply = conversation.ask("还有吗？")
    assert reply.question == "还有吗？"
    assert reply.restated
    assert "惩罚性" in reply.restated
    assert conversation.turns[-1].question == reply.restated


def test_a_long_chain_of_follow_ups_stays_a_question(assistant: Assistant) -> None:
    """What is carried over from turn to turn must not pile up."""
    conversation = Conversation(assistant)
    topics = [word for sentence in assistant.corpus.sentences for word in sentence.text.split("，")][:25]
    for topic in topics:
        reply = conversation.ask(f"那{topic.strip('。')}呢？")
    assert len(reply.restated or reply.question) < 200
