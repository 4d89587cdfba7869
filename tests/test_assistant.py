"""The whole way of a question, with answerers and questions that mean no good."""

import gc
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.assistant import MAX_QUESTION, SHORT_CORPUS, Answerer, Assistant
from assistant.citations import Verdict
from assistant.conversation import Conversation
from assistant.corpus import Corpus, Speech
from assistant.embedders import LexicalEmbedder
from assistant.errors import CorpusError, IndexingError, ModelError, QuestionError, SettingsError
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Index, Passage
from assistant.replies import Answer, Reason, Refusal, Reply, Turn

PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
OUTLINE = "这篇讲话讲了什么？"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index")) as assistant:
        yield assistant


@pytest.fixture
def ask_with(assistant: Assistant) -> Callable[[Answerer], Assistant]:
    """The same corpus and index with another answerer."""

    def ask_with(answerer: Answerer) -> Assistant:
        return Assistant(assistant.corpus, assistant.index, answerer)

    return ask_with


def small(*texts: str, folder: Path, answerer: Answerer | None = None, passages: int = 8) -> Assistant:
    """An assistant on speeches that are called s0, s1 and so on."""
    corpus = Corpus(tuple(Speech.from_text(f"s{i}", t, qualified=len(texts) > 1) for i, t in enumerate(texts)))
    index = Index.open(corpus, LexicalEmbedder([p.text for p in corpus.paragraphs]), folder)
    return Assistant(corpus, index, answerer or ExtractiveAnswerer(corpus), passages=passages)


def cited(reply: Reply) -> list[str]:
    return [c.sentence.address for c in reply.citations] if isinstance(reply, Answer) else []


def assert_sound(reply: Reply, corpus: Corpus) -> None:
    """What holds of every reply, whoever drafted it, and while it grows."""
    assert json.loads(json.dumps(reply.to_dict(), ensure_ascii=False)) == reply.to_dict()
    assert reply.passages
    if isinstance(reply, Refusal):
        return
    held = {s.address: s for speech in corpus.speeches for s in speech.sentences}
    for citation in reply.citations:
        sentence = citation.sentence
        assert held[sentence.address] is sentence
        assert corpus.speech(sentence.speech).text[sentence.start : sentence.end] == citation.quote
    for claim in reply.claims:
        assert claim.sentences
        if claim.verdict is Verdict.VERBATIM:
            assert claim.text in {s.text.strip() for s in claim.sentences}
    assert [c.number for c in reply.citations] == list(range(1, len(reply.citations) + 1))
    assert {s for claim in reply.claims for s in claim.sentences} == {c.sentence for c in reply.citations}


# --- From settings to an answer ---


def test_it_answers_with_the_sentence_of_the_bundled_speech(assistant: Assistant) -> None:
    reply = assistant.ask(PEOPLE)
    assert isinstance(reply, Answer)
    assert [(c.text, c.verdict) for c in reply.claims] == [(PEOPLE_QUOTE, Verdict.VERBATIM)]
    assert cited(reply) == ["7.5"]
    assert_sound(reply, assistant.corpus)


def test_it_says_what_it_is_made_by(assistant: Assistant) -> None:
    made_by = assistant.ask(PEOPLE).made_by
    assert made_by.speech == "sha256:a1e0a3094e85a09cd22830a8424cb058831df554f4bb9c7c92409d094ed96869"
    assert made_by.answerer == "extractive"
    assert made_by.prompt is None
    assert made_by.embedder.startswith("bundled-")
    assert made_by == assistant.ask("火星上有水吗？").made_by


def test_the_same_question_has_the_same_reply(assistant: Assistant) -> None:
    assert assistant.ask(OUTLINE) == assistant.ask(OUTLINE)


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"passages": 0}, SettingsError),
        ({"nonsense": 1}, SettingsError),
        ({"embedder": "magic"}, SettingsError),
        ({"seeds": "/nowhere/at/all"}, CorpusError),
    ],
)
def test_what_cannot_be_made_is_an_error_of_ours(overrides: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        Assistant.from_settings(**overrides)


def test_a_closed_assistant_says_so(tmp_path: Path) -> None:
    with small("题\n创新。", folder=tmp_path) as assistant:
        pass
    with pytest.raises(IndexingError, match="closed"):
        assistant.ask("创新")


def test_the_number_of_passages_is_that_of_the_settings(tmp_path: Path) -> None:
    with Assistant.from_settings(index=tmp_path, passages=2) as assistant:
        assert len(assistant.ask(PEOPLE).passages) == 2
        assert len(assistant.ask("火星上有水吗？").passages) == 2
        assert len(assistant.search(PEOPLE)) == 2
        assert len(assistant.search(PEOPLE, 5)) == 5
        # What is cited need not be among them: the whole speech was read.
        assert cited(assistant.ask(OUTLINE)) == ["1.3", *(f"{n}.1" for n in range(1, 12))]


def test_search_gives_the_paragraphs_best_first(assistant: Assistant) -> None:
    found = assistant.search("专利法、商标法、著作权法", 50)
    assert found[0].paragraph.address == "6"
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert len(found) == len(assistant.corpus.paragraphs)


# --- Streaming ---


@pytest.mark.parametrize("question", [PEOPLE, OUTLINE, "知识产权有哪些任务？", "火星上有水吗？", "审判"])
def test_a_stream_grows_by_one_claim_and_ends_as_ask(assistant: Assistant, question: str) -> None:
    replies = list(assistant.stream(question))
    assert replies[-1] == assistant.ask(question)
    assert isinstance(replies[0], Answer)
    assert (replies[0].text, replies[0].passages) == ("", replies[-1].passages)
    if isinstance(replies[-1], Refusal):
        assert len(replies) == 2
        return
    answers = [reply for reply in replies if isinstance(reply, Answer)]
    assert [len(a.claims) for a in answers] == list(range(len(answers)))
    for earlier, later in pairwise(answers):
        assert later.claims[: len(earlier.claims)] == earlier.claims
        assert later.citations[: len(earlier.citations)] == earlier.citations
        assert later.text.startswith(earlier.text)


def test_a_refusal_shows_the_closest_passages_and_cites_nothing(assistant: Assistant) -> None:
    reply = assistant.ask("第二十六次集体学习讲了什么？")
    assert isinstance(reply, Refusal)
    assert (reply.reason, reply.withheld) == (Reason.NOT_FOUND, ())
    assert [p.score for p in reply.passages] == sorted((p.score for p in reply.passages), reverse=True)
    assert reply.passages == tuple(assistant.search(reply.question))
    assert reply.to_dict()["citations"] == []


# --- Answerers that mean no good ---


@dataclass
class Scripted:
    """Drafts what it is told to, whatever the question."""

    pieces: Sequence[str]
    restated: str | None = None
    name: str = "scripted"
    prompt: str | None = "sha256:0"

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        yield from self.pieces

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        return question if self.restated is None else self.restated


def test_its_name_and_prompt_stand_in_the_reply(ask_with: Callable[[Answerer], Assistant]) -> None:
    made_by = ask_with(Scripted([])).ask(PEOPLE).made_by
    assert (made_by.answerer, made_by.prompt) == ("scripted", "sha256:0")


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        ("中共中央政治局12月30日下午举行第二十五次集体学习。[1.1]", "12月30日"),
        ("中共中央政治局11月30日下午举行第二十六次集体学习。[1.1]", "第26"),
        ("要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。[7.4]", "公共服务"),
        ("要形成便民利民的知识产权公共服务体系，不让创新成果更好惠及人民。[7.5]", "不"),
        ("必须形成便民利民的知识产权公共服务体系。[7.5]", "必须"),
        ("要形成便民利民的知识产权公共服务体系。[77.5]", "77.5"),
        ("要形成便民利民的知识产权公共服务体系。[7.99]", "7.99"),
        ("习近平在中央政治局第二十五次集体学习时强调。[0.1]", "0.1"),
        ("要形成便民利民的知识产权公共服务体系。[other/7.5]", "other/7.5"),
        ("要形成便民利民的知识产权公共服务体系。", "names no sentence"),
        ("要形成便民利民的知识产权公共服务体系。[7]", "7"),
        ("讲话说“知识产权强国”。[7.5]", "知识产权强国"),
        ("<img src=x onerror=alert()>[7.5]", "sign <"),
    ],
)
def test_a_lie_is_withheld_with_its_reason(ask_with: Callable[[Answerer], Assistant], draft: str, why: str) -> None:
    assistant = ask_with(Scripted([draft]))
    reply = assistant.ask(PEOPLE)
    assert isinstance(reply, Refusal)
    assert reply.reason is Reason.UNSUPPORTED
    assert [why in withheld.why for withheld in reply.withheld] == [True]
    assert_sound(reply, assistant.corpus)


def test_a_lie_between_two_truths_is_withheld_alone(ask_with: Callable[[Answerer], Assistant]) -> None:
    draft = ["要加强地理标志、商业秘密等领域立法。[6.3]\n", "已有300部法律。[6.3]\n", f"{PEOPLE_QUOTE}[7.5]"]
    replies = list(ask_with(Scripted(draft)).stream(PEOPLE))
    assert [len(r.to_dict()["claims"]) for r in replies] == [0, 1, 1, 2]
    assert [len(r.withheld) for r in replies] == [0, 0, 1, 1]
    assert cited(replies[-1]) == ["6.3", "7.5"]


def test_a_lie_at_the_end_is_reported_too(ask_with: Callable[[Answerer], Assistant]) -> None:
    replies = list(ask_with(Scripted([f"{PEOPLE_QUOTE}[7.5]\n已有300部法律。[6.3]"])).stream(PEOPLE))
    assert [(len(r.to_dict()["claims"]), len(r.withheld)) for r in replies] == [(0, 0), (1, 0), (1, 1)]


@pytest.mark.parametrize("pieces", [[], [""], ["", "", ""], ["\n\n"], ["[7.5]"], ["\u200b"], ["。"], ["---"]])
def test_one_that_says_nothing_is_a_refusal(ask_with: Callable[[Answerer], Assistant], pieces: list[str]) -> None:
    reply = ask_with(Scripted(pieces)).ask(PEOPLE)
    assert isinstance(reply, Refusal)
    assert reply.passages


def test_pieces_may_be_cut_anywhere_even_in_a_mark(ask_with: Callable[[Answerer], Assistant]) -> None:
    draft = f"{PEOPLE_QUOTE}[7.5]\n要加强地理标志、商业秘密等领域立法。[6.3][7.5]\n已有300部法律。[6.3]"
    whole = ask_with(Scripted([draft])).ask(PEOPLE)
    assert isinstance(whole, Answer)
    assert ask_with(Scripted(list(draft))).ask(PEOPLE) == whole
    for size in (2, 3, 5, 7):
        assert ask_with(Scripted([draft[i : i + size] for i in range(0, len(draft), size)])).ask(PEOPLE) == whole


@pytest.mark.parametrize(
    "draft", ["啊" * 100_000, "1" * 100_000 + "[7.5]", "[" * 100_000, "[7.5]" * 20_000, "。" * 100_000, "亿" * 100_000]
)
def test_a_hundred_thousand_characters_of_nonsense_are_a_refusal(
    ask_with: Callable[[Answerer], Assistant], draft: str
) -> None:
    assert isinstance(ask_with(Scripted([draft])).ask(PEOPLE), Refusal)


def test_a_truth_told_a_thousand_times_is_cited_once(ask_with: Callable[[Answerer], Assistant]) -> None:
    reply = ask_with(Scripted([f"{PEOPLE_QUOTE}[7.5]\n"] * 1000)).ask(PEOPLE)
    assert cited(reply) == ["7.5"]


def test_the_replies_of_a_long_answer_are_not_all_kept(ask_with: Callable[[Answerer], Assistant]) -> None:
    """`ask` returns the last reply; keeping the others takes memory that grows with the square of the claims."""

    @dataclass
    class Counting(Scripted):
        alive: list[int] = field(default_factory=list)

        def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
            self.alive.append(sum(isinstance(o, Answer) for o in gc.get_objects()))
            yield from [f"{PEOPLE_QUOTE}[7.5]\n"] * 50
            self.alive.append(sum(isinstance(o, Answer) for o in gc.get_objects()))

    counting = Counting([])
    ask_with(counting).ask(PEOPLE)
    assert counting.alive[1] - counting.alive[0] < 5


@dataclass
class Failing(Scripted):
    """Breaks off in the middle."""

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        yield from super().draft(question, passages)
        raise ModelError("The model went away. Try again.", retryable=True)


def test_a_model_that_breaks_off_leaves_what_was_checked_and_a_notice(
    ask_with: Callable[[Answerer], Assistant],
) -> None:
    assistant = ask_with(Failing([f"{PEOPLE_QUOTE}[7.5]\n", "要加强地理标志、商业秘密等领域立法。[6.3]"]))
    replies = list(assistant.stream(PEOPLE))
    assert cited(replies[1]) == ["7.5"]
    assert replies[1].notice is None
    assert cited(replies[-1]) == ["7.5", "6.3"]
    assert replies[-1].notice == "回答不完整：The model went away. Try again."


@dataclass
class Endless(Scripted):
    """Never stops by itself; says whether it was stopped."""

    stopped: bool = False

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        try:
            while True:
                yield from self.pieces
        finally:
            self.stopped = True


def test_an_endless_one_is_closed_when_the_reader_leaves(ask_with: Callable[[Answerer], Assistant]) -> None:
    endless = Endless([f"{PEOPLE_QUOTE}[7.5]\n"])
    with closing(ask_with(endless).stream(PEOPLE)) as replies:
        assert [len(next(replies).to_dict()["claims"]) for _ in range(4)] == [0, 1, 2, 3]
        assert not endless.stopped
    assert endless.stopped


def test_an_endless_one_is_closed_when_the_reader_forgets_the_stream(
    ask_with: Callable[[Answerer], Assistant],
) -> None:
    endless = Endless([f"{PEOPLE_QUOTE}[7.5]\n"])
    for reply in ask_with(endless).stream(PEOPLE):
        if cited(reply) == ["7.5"]:
            break
    assert endless.stopped


def test_one_that_breaks_off_is_closed_too(ask_with: Callable[[Answerer], Assistant]) -> None:
    class Both(Endless):
        def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
            for i, piece in enumerate(super().draft(question, passages)):
                if i == 3:
                    raise ModelError("gone")
                yield piece

    both = Both(["无。\n"])
    with pytest.raises(ModelError):
        ask_with(both).ask(PEOPLE)
    assert both.stopped


class Listing(Scripted):
    """Hands its whole draft over as a list's iterator, which cannot be closed."""

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        return iter(list(self.pieces))


def test_an_iterator_that_cannot_be_closed_will_do(ask_with: Callable[[Answerer], Assistant]) -> None:
    assistant = ask_with(Listing([f"{PEOPLE_QUOTE}[7.5]\n", "无。"]))
    assert cited(assistant.ask(PEOPLE)) == ["7.5"]
    with closing(assistant.stream(PEOPLE)) as replies:
        next(replies)


@pytest.mark.parametrize("restated", ["", "\u200b", "\ud800", "问" * 100_000])
def test_a_senseless_restatement_does_no_harm(ask_with: Callable[[Answerer], Assistant], restated: str) -> None:
    assistant = ask_with(Scripted([f"{PEOPLE_QUOTE}[7.5]"], restated=restated))
    reply = assistant.ask("那专利呢？", [Turn(PEOPLE, PEOPLE_QUOTE)])
    assert_sound(reply, assistant.corpus)
    assert reply.question == "那专利呢？"
    assert reply.restated is None or 0 < len(reply.restated.strip()) <= MAX_QUESTION
    json.dumps(reply.to_dict(), ensure_ascii=False).encode()


@given(draft=st.lists(st.text(alphabet=st.sampled_from("[]【】7.5,0 6、。；！“”不必须\n\r-*《》知识产权人民创新1一"))))
@settings(max_examples=100, deadline=None)
def test_no_draft_gets_an_unsound_reply_through(draft: list[str], assistant: Assistant) -> None:
    hostile = Assistant(assistant.corpus, assistant.index, Scripted(draft))
    for reply in hostile.stream(PEOPLE):
        assert_sound(reply, assistant.corpus)
    assert str(reply)
    assert isinstance(reply, Refusal) or reply.claims


# --- Questions ---


@pytest.mark.parametrize(
    "question", ["", " ", "\t\n", "\u3000", "\u200b", "\u200b\ufeff\u2060", "\x00", "\x1b\x07", "\ud800", "问" * 10_000]
)
def test_what_is_no_question_is_said_to_be_none(assistant: Assistant, question: str) -> None:
    for call in (assistant.ask, assistant.search, lambda q: list(assistant.stream(q))):
        with pytest.raises(QuestionError, match=r"^The question .* (Ask|Shorten)"):
            call(question)


@pytest.mark.parametrize(
    "question", [None, 7, 0, True, b"speech", ["专利法"], {"question": "专利法"}, Turn("专利法", "")]
)
def test_what_is_not_text_is_said_not_to_be(assistant: Assistant, question: Any) -> None:
    for call in (assistant.ask, assistant.search, Conversation(assistant).ask, lambda q: list(assistant.stream(q))):
        with pytest.raises(QuestionError, match=rf"^The question is not text but {type(question).__name__}\. Ask "):
            call(question)


def test_the_longest_question_is_a_question(assistant: Assistant) -> None:
    assert_sound(assistant.ask("创新" * (MAX_QUESTION // 2)), assistant.corpus)
    with pytest.raises(QuestionError):
        assistant.ask("创新" * (MAX_QUESTION // 2) + "？")


@pytest.mark.parametrize(
    "question",
    [
        "？", "!?……", "——", "😀😀", "👨‍👩‍👧‍👦", "(", "[7.5]", "[[[[", "\\", "%s%n", "{0}", "$question", "' OR 1=1; --",
        "'; DROP TABLE passages; --", "<script>alert(1)</script>", "../../etc/passwd", "*" * 2000, "(" * 2000,
        "ما هي الملكية الفكرية؟", "ทรัพย์สินทางปัญญาคืออะไร", "지식재산권", "知的財産権の保護", "ᚠᛇᚻ", "𠀀𪜶",
        "亿" * 600, "亿" * 2000, "9" * 2000, "一" * 2000, "1," * 1000, "1.1" * 600, "百分之" * 600, "第" * 2000,
        "年月日" * 600, "第亿亿亿亿次集体学习", "a" * 2000, "的" * 2000, "٣", "Ⅻ", "½", "\t\r\n知\n识\t",
    ],
)  # fmt: skip
def test_an_odd_question_gets_a_sound_reply(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question)
    assert_sound(reply, assistant.corpus)
    assert reply.question == "".join(c for c in question if unicodedata.category(c) != "Cf").strip()


@pytest.mark.parametrize(
    "question",
    [
        "怎樣讓創新成果更好惠及人民？",
        "怎样让创新成果更好惠及人民?",
        "怎\u200b样让\u200b创新\u200d成\ufeff果更好惠及\u2060人民？",
        "怎样让创新成果更好惠及人民？\x00\x1b",
        "\ud800怎样让创新成果更好惠及人民？\udfff",
        "  怎样让创新成果更好惠及人民？\n",
        "怎样让　创新成果　更好　惠及人民？",
        "\u202e怎样让创新成果更好惠及人民？\u202c",
    ],
)
def test_the_same_question_in_other_clothes_has_the_same_answer(assistant: Assistant, question: str) -> None:
    assert cited(assistant.ask(question)) == ["7.5"]


def test_full_width_letters_and_digits_are_the_plain_ones(tmp_path: Path) -> None:
    with small("题\n到2035年，GDP要翻一番。\n粮食要丰收。", folder=tmp_path) as assistant:
        for question in ("２０３５年ＧＤＰ怎么样？", "2035年gdp怎么样？"):
            assert cited(assistant.ask(question)) == ["1.1"]


@given(question=st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_answered_refused_or_no_question(question: str, assistant: Assistant) -> None:
    try:
        reply = assistant.ask(question)
    except QuestionError:
        assert not [c for c in question.strip() if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")]
    else:
        assert_sound(reply, assistant.corpus)


def test_two_threads_may_ask_at_once(assistant: Assistant) -> None:
    questions = [PEOPLE, OUTLINE, "火星上有水吗？", "审判", "专利法怎么修改？"] * 6
    expected = [assistant.ask(question) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(assistant.ask, questions)) == expected


def test_two_streams_may_be_read_in_turns(assistant: Assistant) -> None:
    first, second = assistant.stream(OUTLINE), assistant.stream("知识产权有哪些任务？")
    mixed = [(a, b) for a, b in zip(first, second, strict=False)]
    assert mixed[-1][0].to_dict()["claims"] == list(assistant.stream(OUTLINE))[len(mixed) - 1].to_dict()["claims"]
    first.close()
    second.close()


# --- A long speech ---

TOPICS = "粮食 水利 铁路 港口 教育 医疗 养老 住房 森林 海洋 航天 芯片 电网 煤炭 石油 旅游 体育 文物 邮政 气象".split()
"""Twenty topics, three paragraphs each: sixty, and longer than what is shown whole."""
DEEDS = ["投入要逐年增加", "队伍要加紧培养", "法规要抓紧修订"]


@pytest.fixture(scope="module")
def long_speech() -> str:
    filler = "这一条在会上反复讨论过，大家的意见是一致的，有关方面正在照此办理，并且会按期汇报进度，不能走过场。" * 3
    lines = [f"{topic}{deed}。{filler}" for topic in TOPICS for deed in DEEDS]
    return "\n".join(["一篇长讲话", *lines])


@pytest.fixture(scope="module")
def long_assistant(long_speech: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with small(long_speech, folder=tmp_path_factory.mktemp("long")) as assistant:
        assert len(assistant.corpus.paragraphs) == 60
        assert sum(len(p.text) for p in assistant.corpus.paragraphs) > SHORT_CORPUS
        yield assistant


@pytest.mark.parametrize("n", range(0, 60, 7))
def test_a_fact_of_a_long_speech_is_found(long_assistant: Assistant, n: int) -> None:
    sentence = long_assistant.corpus.speeches[0].paragraphs[n + 1].sentences[0]
    reply = long_assistant.ask(f"{TOPICS[n // 3]}的{DEEDS[n % 3][:2]}怎么办？")
    assert cited(reply) == [sentence.address]
    assert len(reply.passages) == 8


def test_a_long_speech_is_summed_up_by_the_first_sentence_of_paragraphs_in_order(long_assistant: Assistant) -> None:
    reply = long_assistant.ask(OUTLINE)
    assert_sound(reply, long_assistant.corpus)
    places = [tuple(map(int, address.split("."))) for address in cited(reply)]
    assert places == sorted(places)
    assert {sentence for _, sentence in places} == {1}
    assert len(places) > 8  # more than the closest passages: the whole speech was looked at


def test_only_the_closest_paragraphs_of_a_long_speech_may_be_cited(long_assistant: Assistant) -> None:
    far = next(p for p in reversed(long_assistant.search("粮食", 50)) if p.score == 0).paragraph
    answerer = Scripted([f"{far.sentences[0].text}[{far.sentences[0].address}]"])
    reply = Assistant(long_assistant.corpus, long_assistant.index, answerer).ask("粮食")
    assert isinstance(reply, Refusal)
    assert reply.reason is Reason.UNSUPPORTED
    assert far.address in reply.withheld[0].why


# --- Several speeches ---


def test_several_speeches_are_cited_with_their_names(tmp_path: Path) -> None:
    with small("甲\n要保护知识产权。", "乙\n要抓好粮食生产。", folder=tmp_path) as assistant:
        reply = assistant.ask("怎样抓好粮食生产？")
        assert cited(reply) == ["s1/1.1"]
        assert reply.to_dict()["citations"][0]["speech"] == "s1"
        assert reply.to_dict()["citations"][0]["title"] == "乙"
        assert_sound(reply, assistant.corpus)


def test_the_same_sentence_in_two_speeches_is_cited_where_the_mark_says(tmp_path: Path) -> None:
    text = "要抓好粮食生产。"
    scripted = Scripted([f"{text}[s1/1.1]\n", f"{text}[s0/1.1]\n", f"{text}[1.1]\n", f"{text}[s2/1.1]\n"])
    with small(f"甲\n{text}", f"乙\n{text}", folder=tmp_path, answerer=scripted) as assistant:
        reply = assistant.ask("粮食")
        assert cited(reply) == ["s1/1.1", "s0/1.1"]
        assert [w.why.split()[2] for w in reply.withheld] == ["1.1", "s2/1.1"]
        assert_sound(reply, assistant.corpus)


def test_a_folder_of_files_in_three_encodings(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    texts = {
        "utf-8-sig": "关于科技的讲话\n创新是引领发展的第一动力，要加强基础研究，打好关键核心技术攻坚战。",
        "gb18030": "关于农业的讲话\n粮食安全是国家安全的重要基础，要严守耕地红线，保障粮食生产和农民收入。",
        "big5": "關於環境的講話\n保護生態環境就是保護生產力，要減少污染排放，改善空氣和河流的品質。",
    }
    for encoding, text in texts.items():
        (seeds / f"{encoding}.txt").write_bytes(text.encode(encoding))
    with Assistant.from_settings(seeds=seeds, index=tmp_path / "index") as assistant:
        assert assistant.corpus.problems == ()
        for question, address, encoding in [
            ("什么是第一动力？", "utf-8-sig/1.1", "utf-8-sig"),
            ("粮食安全为什么重要？", "gb18030/1.1", "gb18030"),
            ("保护生态环境就是保护什么？", "big5/1.1", "big5"),
        ]:
            reply = assistant.ask(question)
            assert cited(reply) == [address]
            assert reply.to_dict()["citations"][0]["quote"] == texts[encoding].split("\n")[1]
            assert_sound(reply, assistant.corpus)


def test_a_speech_of_one_line_is_body_and_title(tmp_path: Path) -> None:
    with small("创新是引领发展的第一动力。", folder=tmp_path) as assistant:
        assert cited(assistant.ask("什么是第一动力？")) == ["0.1"]
