"""What a reply looks like as data and as text. The schema here is written from the architecture, not from the code."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.corpus import Corpus
from assistant.index import Passage
from assistant.replies import Answer, Reason, Refusal, Reply, Turn, excerpt

GOLDEN = Path(__file__).parent / "golden" / "answer.json"
PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
SECRETS = "要加强地理标志、商业秘密等领域立法。"

# --- The schema ---

REPLY = {
    "kind": str,
    "question": str,
    "restated": (str, type(None)),
    "text": str,
    "claims": list,
    "withheld": list,
    "citations": list,
    "passages": list,
    "reason": (str, type(None)),
    "notice": (str, type(None)),
    "matched": list,
    "mentions": (dict, type(None)),
    "missing": list,
    "confidence": (float, type(None)),
    "made_by": dict,
}
CLAIM = {"text": str, "citations": list, "verdict": str}
WITHHELD = {"text": str, "why": str}
CITATION = {
    "number": int,
    "speech": str,
    "title": str,
    "paragraph": int,
    "sentence": int,
    "address": str,
    "start": int,
    "end": int,
    "listed": (list, type(None)),
    "quote": str,
}
PASSAGE = {"speech": str, "paragraph": int, "score": float, "text": str}
MADE_BY = {"speech": str, "embedder": str, "answerer": str, "prompt": (str, type(None)), "version": str}


def assert_is(data: Any, shape: dict[str, Any]) -> None:
    """Plain data of exactly these keys, in this order, and types: an enum or a numpy number is not plain."""
    assert type(data) is dict
    assert list(data) == list(shape)
    for key, types in shape.items():
        assert type(data[key]) in (types if isinstance(types, tuple) else (types,)), key


def assert_is_reply(data: Any) -> None:
    assert_is(data, REPLY)
    assert_is(data["made_by"], MADE_BY)
    for name, shape in (("claims", CLAIM), ("withheld", WITHHELD), ("citations", CITATION), ("passages", PASSAGE)):
        for item in data[name]:
            assert_is(item, shape)
    assert data["kind"] in ("answer", "refusal")
    assert all(claim["verdict"] in ("verbatim", "supported") for claim in data["claims"])
    assert all(type(n) is int for claim in data["claims"] for n in claim["citations"])
    assert all(0 <= passage["score"] <= 1 for passage in data["passages"])
    assert data["passages"]
    assert data["confidence"] is None or 0 <= data["confidence"] <= 1
    assert data["kind"] == "answer" or not data["matched"]
    assert data["kind"] == "refusal" or not data["missing"]
    assert data["made_by"]["speech"].startswith("sha256:")
    if data["kind"] == "answer":
        assert data["reason"] is None
        assert data["claims"]
        assert all(claim["citations"] for claim in data["claims"])
    else:
        assert data["reason"] in ("not_found", "declined", "unsupported")
        assert (data["claims"], data["citations"]) == ([], [])


# --- Replies of every kind ---


@dataclass
class Scripted:
    """Drafts what it is told to."""

    text: str
    name: str = "scripted"
    prompt: str | None = None

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        yield self.text

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        return question


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index")) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def reply_to(assistant: Assistant) -> Callable[..., Reply]:
    """The reply that a draft becomes."""

    def reply_to(draft: str, question: str = PEOPLE) -> Reply:
        return Assistant(assistant.corpus, assistant.index, Scripted(draft)).ask(question)

    return reply_to


SUPPORTED = "要形成知识产权公共服务体系。[7.5][6.3]"
LIE = "已有300部法律。[6.3]"


@pytest.mark.parametrize(
    "draft",
    [f"{PEOPLE_QUOTE}[7.5]", SUPPORTED, f"{PEOPLE_QUOTE}[7.5]\n{LIE}", LIE, ""],
    ids=["verbatim", "supported", "partly withheld", "unsupported", "not found"],
)
def test_a_reply_is_plain_data_of_the_agreed_shape(reply_to: Callable[..., Reply], draft: str) -> None:
    data = reply_to(draft).to_dict()
    assert_is_reply(data)
    assert json.loads(json.dumps(data)) == data


def test_the_shape_of_the_answerer_that_is_shipped(assistant: Assistant) -> None:
    for question in (PEOPLE, "这篇讲话讲了什么？", "火星上有水吗？", "?", "What is this about?"):
        assert_is_reply(assistant.ask(question).to_dict())


def test_an_answer_is_what_was_agreed(assistant: Assistant) -> None:
    """When it is changed on purpose, read the difference, then write the golden file anew."""
    # Figures to two places: another processor computes the same vectors with other last digits.
    data = json.loads(json.dumps(assistant.ask(PEOPLE).to_dict()), parse_float=lambda figure: round(float(figure), 2))
    data["made_by"]["version"] = "VERSION"
    assert data == json.loads(GOLDEN.read_text("utf-8"))


def test_a_quote_is_the_speech_between_its_offsets(reply_to: Callable[..., Reply], corpus: Corpus) -> None:
    data = reply_to("".join(f"{s.text}[{s.address}]\n" for s in corpus.sentences)).to_dict()
    assert len(data["citations"]) == len(corpus.sentences)
    for citation in data["citations"]:
        speech = corpus.speech(citation["speech"])
        assert speech.text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["address"] == f"{citation['paragraph']}.{citation['sentence']}"
        paragraph = speech.paragraphs[citation["paragraph"]]
        assert paragraph.sentences[citation["sentence"] - 1].text == citation["quote"]
        assert citation["title"] == "全面加强知识产权保护工作 激发创新活力推动构建新发展格局"


# --- Numbers ---


def test_sentences_are_numbered_by_first_use_and_keep_their_number(reply_to: Callable[..., Reply]) -> None:
    data = reply_to(f"{PEOPLE_QUOTE}[7.5]\n{SECRETS}[6.3]\n要加强立法。[6.3][7.5]\n{PEOPLE_QUOTE}[7.5]").to_dict()
    assert [claim["citations"] for claim in data["claims"]] == [[1], [2], [2, 1], [1]]
    assert [(c["number"], c["address"]) for c in data["citations"]] == [(1, "7.5"), (2, "6.3")]


def test_a_withheld_statement_takes_no_number(reply_to: Callable[..., Reply]) -> None:
    data = reply_to(f"{LIE}\n{PEOPLE_QUOTE}[7.5]").to_dict()
    assert [(c["number"], c["address"]) for c in data["citations"]] == [(1, "7.5")]
    assert [withheld["text"] for withheld in data["withheld"]] == ["已有300部法律。"]
    assert "300" in data["withheld"][0]["why"]


# --- As text ---


def test_an_answer_as_text_has_its_marks_and_below_it_the_quotes(reply_to: Callable[..., Reply]) -> None:
    reply = reply_to(f"{PEOPLE_QUOTE}[7.5]\n{SECRETS}[6.3]\n要加强立法。[6.3][7.5]")
    assert reply.text == f"{PEOPLE_QUOTE}[1]{SECRETS}[2]要加强立法。[2][1]"
    assert str(reply).splitlines() == [
        f"{PEOPLE_QUOTE}[1]",
        f"{SECRETS}[2]",
        "要加强立法。[2][1]",
        "",
        f"[1] 7.5 {PEOPLE_QUOTE}",
        f"[2] 6.3 {SECRETS}",
    ]


def test_english_sentences_are_parted_by_a_space(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\nInnovation comes first. We protect it.\n", "utf-8")
    with Assistant.from_settings(seeds=tmp_path, index=tmp_path / "index") as assistant:
        scripted = Scripted("Innovation comes first. [1.1]\nWe protect it. [1.2]")
        reply = Assistant(assistant.corpus, assistant.index, scripted).ask("What comes first?")
        assert reply.text == "Innovation comes first.[1] We protect it.[2]"
        assert str(reply).endswith("\n\n[1] 1.1 Innovation comes first.\n[2] 1.2 We protect it.")


@pytest.mark.parametrize(
    ("question", "heading"), [("火星上有水吗？", "最接近的段落："), ("Is there water on Mars?", "Closest passages:")]
)
def test_a_refusal_as_text_shows_the_three_closest_passages(assistant: Assistant, question: str, heading: str) -> None:
    reply = assistant.ask(question)
    lines = str(reply).splitlines()
    assert lines[:3] == [reply.text, "", heading]
    assert lines[3:] == [f"- {p.paragraph.address} {excerpt(p.paragraph.text)}" for p in reply.passages[:3]]


def test_a_refusal_without_passages_is_its_sentence(assistant: Assistant) -> None:
    reply = Refusal("?", Reason.NOT_FOUND, (), (), assistant.made_by)
    assert str(reply) == reply.text


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_speaks_the_language_of_the_question(assistant: Assistant, reason: Reason) -> None:
    def text(question: str) -> str:
        return Refusal(question, reason, (), (), assistant.made_by).text

    assert text("谁？") == text("GDP 是多少") == text("誰？")
    assert text("Who?") == text("?") == text("Qui ?")
    assert text("谁？").endswith("。")
    assert text("Who?").endswith(".")
    assert text("Who?").isascii()


def test_what_is_missing_is_named_and_no_more_is_said_than_is_known(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\nInnovation comes first.\n", "utf-8")
    with Assistant.from_settings(seeds=tmp_path, index=tmp_path / "index") as english:
        for asked, said in (
            ((assistant, "网络游戏怎么保护？"), "原文没有回答这个问题：没有提到“网络游戏”。"),
            (
                (assistant, "Anything on loans?"),
                "No answer was found: no word known here for 'loans' stands in the speech.",
            ),
            ((english, "Anything on loans?"), "No answer was found: the speech does not mention 'loans'."),
        ):
            who, question = asked
            assert who.ask(question).text == said


def test_each_reason_has_a_sentence_of_its_own(assistant: Assistant) -> None:
    replies = [Refusal(q, reason, (), (), assistant.made_by) for reason in Reason for q in ("谁？", "Who?")]
    assert len({reply.text for reply in replies}) == 2 * len(Reason)


def test_the_reason_says_why_there_is_no_answer(reply_to: Callable[..., Reply]) -> None:
    unsupported, not_found = reply_to(LIE), reply_to("")
    assert isinstance(unsupported, Refusal)
    assert isinstance(not_found, Refusal)
    assert (unsupported.reason, len(unsupported.withheld)) == (Reason.UNSUPPORTED, 1)
    assert (not_found.reason, len(not_found.withheld)) == (Reason.NOT_FOUND, 0)


@pytest.mark.parametrize(("length", "cut"), [(0, False), (99, False), (100, False), (101, True), (1000, True)])
def test_an_excerpt_shows_where_it_was_cut(length: int, cut: bool) -> None:
    text = "字" * length
    assert excerpt(text) == ("字" * 100 + "…" if cut else text)


def test_a_reply_does_not_change(reply_to: Callable[..., Reply]) -> None:
    reply = reply_to(f"{PEOPLE_QUOTE}[7.5]")
    assert isinstance(reply, Answer)
    with pytest.raises(AttributeError):
        reply.question = "x"  # type: ignore[misc]
    data = reply.to_dict()
    data["claims"].clear()
    data["made_by"]["answerer"] = "x"
    assert reply.to_dict() != data
    assert reply == reply_to(f"{PEOPLE_QUOTE}[7.5]")
