"""The handlers of the page, called as Gradio calls them. What a reader sees in a browser: see `browser/`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from assistant.assistant import Assistant
from assistant.corpus import Corpus, Speech
from assistant.render import Exchange
from assistant.settings import Language
from assistant.web.handlers import MAX_EXCHANGES, UPDATES, Handlers

PEOPLE = "怎样让创新成果更好惠及人民？"
MARS = "火星上有水吗？"
DAMAGES = "惩罚性赔偿制度怎么落实？"
CHOSEN: tuple[str, int, Language] = ("extractive", 8, "auto")
READER = gr.Request(headers={"accept-language": "zh-CN,zh;q=0.9"}, session_hash="reader")
ENGLISH = gr.Request(headers={"accept-language": "en-GB"}, session_hash="english")


def click(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index")) as assistant:
        yield assistant


@pytest.fixture
def handle(assistant: Assistant, tmp_path: Path) -> Handlers:
    return Handlers(assistant, tmp_path / "kept" / "feedback.jsonl")


def ask(handle: Handlers, question: str, session: Any = (), request: gr.Request = READER) -> tuple[Exchange, ...]:
    """Ask, and return the conversation at the end."""
    _, *shown = list(handle.ask(question, session, *CHOSEN, request))[-1]
    session = shown[1]
    assert isinstance(session, tuple)
    return session


def html_of(shown: list[Any]) -> str:
    return "".join(message["content"].value for message in shown[0])


class Scripted:
    name, prompt = "scripted-quotes", None

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def draft(self, question: str, passages: Any) -> Iterator[str]:  # noqa: ARG002
        yield from self.lines

    def restate(self, question: str, turns: Any) -> str:  # noqa: ARG002
        return question


def test_the_conversation_grows_while_a_model_answers(assistant: Assistant, tmp_path: Path) -> None:
    lines = "要加强地理标志、商业秘密等领域立法。[6.3]\n", "保护知识产权就是保护创新。[3.2]\n"
    handle = Handlers(Assistant(assistant.corpus, assistant.index, Scripted(*lines)), tmp_path / "f")
    updates = list(handle.ask(PEOPLE, (), "scripted-quotes", 8, "auto", READER))
    assert updates[0][0] == ""
    assert all(update[0] != "" for update in updates[1:])
    assert [update[2][-1].state for update in updates] == ["running"] * 4 + ["done"]
    assert [len(update[1]) for update in updates] == [3] * 5
    steps = ["检索", "作答", "核对 1/1", "核对 2/2", "核对 2/2"]
    assert all(step in html_of(update[1:]) for step, update in zip(steps, updates, strict=True))


def test_quotes_are_there_at_once(handle: Handlers) -> None:
    (update,) = handle.ask(PEOPLE, (), *CHOSEN, READER)
    assert "核对 1/1" in html_of(update[1:])


def test_updates_are_bounded_and_the_last_is_whole(assistant: Assistant, tmp_path: Path) -> None:
    text = "题\n" + "\n".join(f"第{n}点，要加强保护工作。" for n in range(100))
    corpus = Corpus((Speech.from_text("x", text),))

    quoting = Scripted(*(f"{paragraph.text}[{paragraph.number}.1]\n" for paragraph in corpus.paragraphs))
    from assistant.embedders import LexicalEmbedder
    from assistant.index import Index

    index = Index.open(corpus, LexicalEmbedder([p.text for p in corpus.paragraphs]), tmp_path / "index")
    with Assistant(corpus, index, quoting) as many:
        updates = list(Handlers(many, tmp_path / "f").ask("要做什么？", (), "scripted-quotes", 8, "auto", READER))
    assert len(updates[-1][2][-1].reply.claims) == 100
    assert len(updates) < 100
    assert len(updates) >= UPDATES
    assert assistant.corpus is not corpus


def test_an_empty_question_changes_nothing(handle: Handlers) -> None:
    session = ask(handle, PEOPLE)
    assert ask(handle, "  \n", session) == session


def test_a_question_that_cannot_be_asked_becomes_a_sentence(handle: Handlers) -> None:
    (exchange,) = ask(handle, "问" * 3000)
    assert (exchange.state, exchange.reply) == ("failed", None)
    assert "2,000" in exchange.error


def test_a_bug_becomes_a_sentence_and_a_line_in_the_log(
    assistant: Assistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name, prompt = "scripted-broken", None

        def draft(self, question: str, passages: Any) -> Iterator[str]:  # noqa: ARG002
            raise ZeroDivisionError("secret of the inside")

        def restate(self, question: str, turns: Any) -> str:  # noqa: ARG002
            return question

    broken = Assistant(assistant.corpus, assistant.index, Broken())
    *_, last = Handlers(broken, tmp_path / "f").ask(PEOPLE, (), "scripted-broken", 8, "auto", ENGLISH)
    exchange = last[2][-1]
    assert exchange.state == "failed"
    assert exchange.error.startswith("Something went wrong")
    assert "secret" not in html_of(last[1:])
    assert "ZeroDivisionError" in caplog.text


def test_a_follow_up_leans_on_what_was_asked_before(handle: Handlers) -> None:
    session = ask(handle, "还有吗？", ask(handle, "惩罚性赔偿制度怎么落实？"))
    reply = session[-1].reply
    assert reply is not None
    assert reply.restated
    assert session[-1].question == "还有吗？"


def test_a_long_conversation_forgets_its_beginning(handle: Handlers) -> None:
    session = tuple(Exchange(f"{n}", None, "failed", "x") for n in range(MAX_EXCHANGES + 5))
    assert len(ask(handle, PEOPLE, session)) == MAX_EXCHANGES + 1


def test_clicked_questions_are_asked(handle: Handlers) -> None:
    *_, last = handle.ask_clicked((), *CHOSEN, click(ask=PEOPLE), READER)
    session = last[1]
    assert session[0].question == PEOPLE
    session = ask(handle, MARS, session)
    *_, last = handle.ask_clicked(session, *CHOSEN, click(again=1), READER)
    assert [e.question for e in last[1]] == [PEOPLE, MARS]
    *_, last = handle.ask_clicked(session, *CHOSEN, click(again=0), READER)
    assert [e.question for e in last[1]] == [PEOPLE, MARS, PEOPLE]


@pytest.mark.parametrize("data", [None, 7, "x", [], {"again": -1}, {"again": 99}, {"again": "0"}, {"ask": ""}, {}])
def test_nonsense_from_a_visitor_asks_nothing(handle: Handlers, data: Any) -> None:
    session = ask(handle, PEOPLE)
    event = gr.EventData(None, data)
    *_, last = handle.ask_clicked(session, *CHOSEN, event, READER)
    assert last[1] == session
    assert "update" in str(handle.edit(session, event))
    handle.rate(session, event, READER)
    assert "update" in str(handle.open_speech(event, READER))


def test_stop_edit_and_clear(handle: Handlers) -> None:
    session = (*ask(handle, PEOPLE), Exchange(MARS))
    stopped = handle.stop(session, READER)
    assert [e.state for e in stopped[1]] == ["done", "stopped"]
    assert "已停止" in html_of(stopped)
    assert handle.edit(session, click(turn=1)) == MARS
    assert handle.clear(READER)[1] == ()


def test_the_page_opens_in_the_language_of_the_browser(handle: Handlers) -> None:
    header, speech, *shown = handle.open((), ENGLISH)
    assert "Ask a speech" in header
    assert "paragraph 7" in speech
    assert "Try asking" in html_of(shown)
    assert "离线摘句" in handle.open((), READER)[0]
    assert "openai:x" in handle.choose("openai:x", READER)


def test_a_conversation_is_taken_away(handle: Handlers) -> None:
    session = (*ask(handle, PEOPLE), Exchange(MARS, None, "failed", "坏了"))
    assert f"## {PEOPLE}" in handle.to_markdown(session, READER)
    data = json.loads(handle.to_json(session))
    assert [item["state"] for item in data] == ["done", "failed"]
    assert data[0]["reply"]["citations"][0]["start"] > 0


def test_what_readers_think_is_kept_line_by_line(handle: Handlers, tmp_path: Path) -> None:
    session = ask(handle, MARS, ask(handle, PEOPLE))
    for turn, verdict in ((0, "up"), (1, "wrongly_refused"), (1, "nonsense")):
        said = handle.rate(session, click(turn=turn, verdict=verdict), READER)
        assert ("谢谢" in said) == (verdict != "nonsense")
    lines = (tmp_path / "kept" / "feedback.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [(r["verdict"], r["question"], r["turns"]) for r in records] == [
        ("up", PEOPLE, []),
        ("wrongly_refused", MARS, [PEOPLE]),
    ]


def test_feedback_that_cannot_be_kept_is_said_and_the_file_named_in_the_log_only(
    assistant: Assistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    handle = Handlers(assistant, tmp_path / "file" / "feedback.jsonl")
    said = handle.rate(ask(handle, PEOPLE), click(turn=0, verdict="up"), ENGLISH)
    assert "Something went wrong" in said
    assert str(tmp_path) not in said
    assert "ASSISTANT_FEEDBACK" in caplog.text


# --- Two things at once ---


@pytest.fixture
def slow(assistant: Assistant, tmp_path: Path) -> Handlers:
    lines = "要加强地理标志、商业秘密等领域立法。[6.3]\n", "保护知识产权就是保护创新。[3.2]\n"
    return Handlers(Assistant(assistant.corpus, assistant.index, Scripted(*lines)), tmp_path / "f")


MODEL: tuple[str, int, Language] = ("scripted-quotes", 8, "auto")


def test_a_question_asked_while_another_runs_stops_that_one(slow: Handlers) -> None:
    first = slow.ask(PEOPLE, (), *MODEL, READER)
    session = next(first)[2]
    *_, last = slow.ask_clicked(session, *MODEL, click(ask=DAMAGES), READER)
    assert [(e.question, e.state) for e in last[1]] == [(PEOPLE, "stopped"), (DAMAGES, "done")]
    assert list(first) == []


@pytest.mark.parametrize("by", ["stop", "clear", "leave"])
def test_what_was_stopped_goes_no_further(slow: Handlers, by: str) -> None:
    running = slow.ask(PEOPLE, (), *MODEL, READER)
    session = next(running)[2]
    match by:
        case "stop":
            assert slow.stop(session, READER)[1][0].state == "stopped"
        case "clear":
            assert slow.clear(READER)[1] == ()
        case _:
            slow.leave(READER)
    shown = [[e.state for e in update[2]] for update in running]
    assert shown == ([] if by == "clear" else [["stopped"]])


def test_one_visitor_does_not_stop_another(slow: Handlers) -> None:
    running = slow.ask(PEOPLE, (), *MODEL, READER)
    next(running)
    slow.leave(ENGLISH)
    slow.clear(ENGLISH)
    *_, last = running
    assert last[2][-1].state == "done"


def test_an_empty_question_stops_nothing(slow: Handlers) -> None:
    running = slow.ask(PEOPLE, (), *MODEL, READER)
    session = next(running)[2]
    *_, last = slow.ask("", session, *MODEL, READER)
    assert last[2] == session
    *_, last = running
    assert last[2][-1].state == "done"


# --- Several speeches ---


def test_a_place_opens_the_speech_that_holds_it(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name in ("ip-2020", "ip", "讲话"):
        (seeds / f"{name}.txt").write_text(f"{name}的题目\n{name}的第一句。第二句。\n", "utf-8")
    with Assistant.from_settings(seeds=seeds, index=tmp_path / "index") as several:
        handle = Handlers(several, tmp_path / "f")
        for name in ("ip-2020", "ip", "讲话"):
            for anchor in (f"s-{name}-1-2", f"p-{name}-1"):
                assert f"{name}的第一句" in handle.open_speech(click(anchor=anchor), READER)
        for nonsense in ("s1-2", "s-no-1-1", "", "x"):
            assert "update" in str(handle.open_speech(click(anchor=nonsense), READER))
