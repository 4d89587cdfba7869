"""Recordings: a replay gives what was recorded, to the byte; nothing half, nothing secret, nothing under a false name."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import KEY, MODES, QUOTE, ModelServer, says, serving

from assistant.assistant import Answerer, Assistant
from assistant.conversation import Conversation
from assistant.corpus import Corpus, Speech
from assistant.embedders import LexicalEmbedder
from assistant.errors import ModelError
from assistant.extractive import ExtractiveAnswerer
from assistant.index import Index, Passage
from assistant.llm import LLMAnswerer
from assistant.prompts import Prompt
from assistant.replies import Turn
from assistant.settings import Settings, bundled
from eval import recordings
from eval.recordings import RECORD, Recording, RecordingAnswerer, RecordingError, ReplayAnswerer, Request

QUESTION = "怎样让创新成果更好惠及人民？"
OTHER = "从哪几个方面加强知识产权保护工作？"
FOLLOW_UP = "那人民呢？"
TURNS = [Turn(QUESTION, QUOTE)]
DRAFT = f"{QUOTE}[7.5]\n已有300部法律。[6.3]\n要加强地理标志、商业秘密等领域立法。[6.3]\n"


@dataclass
class Scripted:
    """Writes the same whatever it is asked, in pieces of a few characters, and counts how often it is asked."""

    text: str = DRAFT
    restated: str = QUESTION
    name: str = "scripted-truths"
    prompt: str | None = None
    piece: int = 3
    asked: int = 0

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        self.asked += 1
        yield from (self.text[i : i + self.piece] for i in range(0, len(self.text), self.piece))

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        self.asked += 1
        return self.restated


@dataclass
class Failing(Scripted):
    """Breaks off behind its text."""

    closed: list[str] = field(default_factory=list)

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        try:
            yield from super().draft(question, passages)
            raise ModelError("The model went away.")
        finally:
            self.closed.append(question)

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        raise ModelError("The model went away.")


@pytest.fixture(scope="module")
def index(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    embedder = LexicalEmbedder([paragraph.text for paragraph in corpus.paragraphs])
    with closing(Index.open(corpus, embedder, tmp_path_factory.mktemp("index") / "index")) as index:
        yield index


@pytest.fixture
def assistant(corpus: Corpus, index: Index) -> Callable[[Answerer], Assistant]:
    return lambda answerer: Assistant(corpus, index, answerer)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture(scope="module")
def passages(corpus: Corpus) -> list[Passage]:
    return [Passage(paragraph, 0.5) for paragraph in corpus.paragraphs[:3]]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def one_line(error: pytest.ExceptionInfo[RecordingError]) -> str:
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


# --- The same again ---


def in_bytes(assistant: Assistant) -> list[str]:
    """Every reply of a stream and of a conversation, as JSON."""
    conversation = Conversation(assistant)
    replies = [*assistant.stream(QUESTION), conversation.ask(QUESTION), conversation.ask(FOLLOW_UP)]
    return [json.dumps(reply.to_dict(), ensure_ascii=False) for reply in replies]


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_a_replay_gives_the_same_replies_to_the_byte(
    assistant: Callable[[Answerer], Assistant], folder: Path, piece: int
) -> None:
    """However the draft was cut when it was recorded: a recording holds it in one piece."""
    scripted = Scripted(piece=piece)
    live = in_bytes(assistant(scripted))
    assert in_bytes(assistant(RecordingAnswerer(scripted, folder))) == live
    assert in_bytes(assistant(ReplayAnswerer(folder))) == live
    assert json.loads(live[-1])["restated"] == QUESTION
    assert [len(json.loads(reply)["claims"]) for reply in live] == [0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "text",
    ["", "\n", "无法回答", "无标记。", "\u2028[7.5]\u0085\x00\x1b[31m😀", '"\\\r\n\t', f"{QUOTE}[7.", DRAFT * 20],
)
def test_any_draft_is_given_back_as_it_was(passages: list[Passage], folder: Path, text: str) -> None:
    recorder = RecordingAnswerer(Scripted(text, restated=text), folder)
    assert "".join(recorder.draft(QUESTION, passages)) == text
    assert recorder.restate(QUESTION, TURNS) == text
    replay = ReplayAnswerer(folder)
    assert "".join(replay.draft(QUESTION, passages)) == text
    assert replay.restate(QUESTION, TURNS) == text


def test_half_a_character_is_not_kept(passages: list[Passage], folder: Path) -> None:
    recorder = RecordingAnswerer(Scripted("好\ud83d"), folder)
    with pytest.raises(RecordingError, match="half a character") as error:
        list(recorder.draft(QUESTION, passages))
    assert one_line(error)
    assert files(folder) == {}


def test_a_recording_can_be_read_by_people(assistant: Callable[[Answerer], Assistant], folder: Path) -> None:
    assistant(RecordingAnswerer(Scripted(), folder)).ask(FOLLOW_UP, TURNS)
    found = [(name, content.decode(), json.loads(content)) for name, content in files(folder).items()]
    assert sorted(held["kind"] for _, _, held in found) == ["draft", "restate"]
    for name, content, held in found:
        assert re.fullmatch(r"[0-9a-f]{64}\.json", name)
        assert list(held) == sorted(held)
        assert content == json.dumps(held, ensure_ascii=False, indent=1) + "\n"
        assert held["question"] in content  # and not \u521b\u65b0
        assert len(content) < 1_000  # the speech is not in it


def test_the_order_in_which_passages_were_found_does_not_matter(passages: list[Passage], folder: Path) -> None:
    list(RecordingAnswerer(Scripted(), folder).draft(QUESTION, passages))
    others = [replace(passage, score=0.1) for passage in reversed(passages)]
    assert "".join(ReplayAnswerer(folder).draft(QUESTION, others)) == DRAFT


@pytest.fixture
def current() -> str:
    """The version of the prompt as it is now."""
    return Prompt.from_file(bundled("prompts") / "answer.md").version


def test_the_prompt_is_the_one_of_now_or_none(
    assistant: Callable[[Answerer], Assistant], folder: Path, tmp_path: Path, current: str
) -> None:
    for place, version in ((folder, None), (tmp_path / "other", current)):
        live = assistant(RecordingAnswerer(Scripted(prompt=version), place)).ask(FOLLOW_UP, TURNS)
        assert assistant(ReplayAnswerer(place)).ask(FOLLOW_UP, TURNS) == live
        assert live.made_by.prompt == version


# --- What was asked ---

text = st.text(max_size=5)
turns = st.lists(st.builds(Turn, text, text), max_size=2).map(tuple)
requests = st.builds(
    Request,
    kind=st.sampled_from(["draft", "restate"]),
    model=text,
    prompt=st.none() | text,
    question=text,
    history=turns,
    shown=text,
)


@given(first=requests, second=requests, data=st.data())
def test_every_field_of_a_request_matters(first: Request, second: Request, data: st.DataObject) -> None:
    taken = data.draw(st.sets(st.sampled_from(sorted(Request.model_fields))))
    mixed = first.model_copy(update={name: getattr(second, name) for name in taken})
    assert (mixed.key == first.key) == (mixed == first)
    assert Request.model_validate_json(mixed.model_dump_json()).key == mixed.key
    assert Recording(**dict(mixed), text="any").key == mixed.key


@given(one=st.lists(text.filter(str.strip), min_size=1, max_size=3), other=st.lists(text.filter(str.strip), max_size=3))
def test_every_character_shown_matters(one: list[str], other: list[str]) -> None:
    def shown(texts: list[str]) -> tuple[list[tuple[str, str]], str]:
        speeches = [Speech.from_text(f"s{i}", f"题\n{t}", qualified=True) for i, t in enumerate(texts)]
        paragraphs = [paragraph for speech in speeches for paragraph in speech.body]
        request = recordings._request("draft", Scripted(), "", passages=[Passage(p, 0.0) for p in paragraphs])
        return [(s.address, s.text) for p in paragraphs for s in p.sentences], request.shown

    (sentences, key), (others, other_key) = shown(one), shown(other)
    assert (key == other_key) == (sentences == others)


def other_passages(passages: list[Passage], what: str) -> list[Passage]:
    paragraph = passages[0].paragraph
    first, *rest = paragraph.sentences
    match what:
        case "address":
            changed = replace(paragraph, sentences=(replace(first, address="9.9"), *rest))
        case "text":
            changed = replace(paragraph, sentences=(replace(first, text=first.text + " "), *rest))
        case _:
            return passages[1:]
    return [replace(passages[0], paragraph=changed), *passages[1:]]


@pytest.mark.parametrize("what", ["address", "text", "fewer"])
def test_other_sentences_are_another_request(passages: list[Passage], folder: Path, what: str) -> None:
    list(RecordingAnswerer(Scripted(), folder).draft(QUESTION, passages))
    with pytest.raises(RecordingError, match="for other sentences"):
        list(ReplayAnswerer(folder).draft(QUESTION, other_passages(passages, what)))


def test_whether_a_turn_was_refused_is_not_shown_to_a_model(folder: Path) -> None:
    RecordingAnswerer(Scripted(), folder).restate(FOLLOW_UP, TURNS)
    refused = [replace(turn, kind="refusal") for turn in TURNS]
    assert ReplayAnswerer(folder).restate(FOLLOW_UP, refused) == QUESTION


@pytest.mark.parametrize("history", [[], [Turn(OTHER, QUOTE)], [Turn(QUESTION, "")], TURNS * 2])
def test_other_turns_are_another_request(folder: Path, history: list[Turn]) -> None:
    RecordingAnswerer(Scripted(), folder).restate(FOLLOW_UP, TURNS)
    assert ReplayAnswerer(folder).restate(FOLLOW_UP, TURNS) == QUESTION
    with pytest.raises(RecordingError, match="after other turns"):
        ReplayAnswerer(folder).restate(FOLLOW_UP, history)


# --- What is missing ---


def test_a_missing_recording_says_what_to_record(
    assistant: Callable[[Answerer], Assistant], corpus: Corpus, index: Index, folder: Path
) -> None:
    assistant(RecordingAnswerer(Scripted(), folder)).ask(QUESTION)
    replay = ReplayAnswerer(folder)
    for bare in (assistant(replay), Assistant(corpus, index, replay, fallback=ExtractiveAnswerer(corpus))):
        for question, history, kind in ((OTHER, [], "draft"), (QUESTION, TURNS, "restate")):
            with pytest.raises(RecordingError) as error:
                bare.ask(question, history)
            said = one_line(error)
            assert str(folder) in said
            assert f"the {kind} of scripted-truths for '{question}' is not recorded" in said
            assert said.endswith(f"Record it: {RECORD}")
            assert not isinstance(error.value, ModelError)  # or quotes would take the place of the answer


def test_a_draft_is_no_restatement(passages: list[Passage], folder: Path) -> None:
    list(RecordingAnswerer(Scripted(), folder).draft(QUESTION, passages))
    with pytest.raises(RecordingError, match=r"the restate of .* is not recorded"):
        ReplayAnswerer(folder).restate(QUESTION, [])


@pytest.mark.parametrize("kind", ["draft", "restate"])
def test_a_recording_for_another_prompt_is_reported_as_that(
    passages: list[Passage], folder: Path, kind: str, current: str
) -> None:
    recorder = RecordingAnswerer(Scripted(prompt=current), folder)
    list(recorder.draft(QUESTION, passages))
    recorder.restate(FOLLOW_UP, TURNS)
    for path in folder.iterdir():  # as if the prompts had been others then
        recording = Recording.model_validate_json(path.read_bytes())
        path.unlink()
        old = recording.model_copy(update={"prompt": "sha256:0123"})
        (folder / f"{old.key}.json").write_text(old.model_dump_json(), "utf-8")
    replay = ReplayAnswerer(folder)
    with pytest.raises(RecordingError) as error:
        list(replay.draft(QUESTION, passages)) if kind == "draft" else replay.restate(FOLLOW_UP, TURNS)
    said = one_line(error)
    file = {"draft": "answer", "restate": "restate"}[kind]
    assert re.search(
        rf"recorded for the prompt sha256:0123, and prompts/{file}\.md is now sha256:[0-9a-f]{{16}}\.", said
    )
    assert said.endswith(RECORD)


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_recordings_is_no_model(folder: Path, make: bool) -> None:
    if make:
        folder.mkdir()
    with pytest.raises(RecordingError, match=r"holds no recording\. Make them: python -m eval record") as error:
        ReplayAnswerer(folder)
    assert one_line(error)


# --- What is not recorded ---


@pytest.mark.parametrize("text", ["", QUOTE, DRAFT])
def test_a_draft_that_fails_is_not_recorded(
    assistant: Callable[[Answerer], Assistant], folder: Path, text: str
) -> None:
    failing = Failing(text)
    for held in (failing, RecordingAnswerer(failing, folder)):
        try:
            assert assistant(held).ask(QUESTION).notice == "回答不完整：The model went away."
        except ModelError:
            assert text in ("", QUOTE)  # no claim before it
    with pytest.raises(ModelError):
        RecordingAnswerer(failing, folder).restate(FOLLOW_UP, TURNS)
    assert files(folder) == {}
    assert len(failing.closed) == 2


def test_a_draft_left_half_way_is_closed_and_not_recorded(
    assistant: Callable[[Answerer], Assistant], folder: Path
) -> None:
    failing = Failing(DRAFT)
    with closing(assistant(RecordingAnswerer(failing, folder)).stream(QUESTION)) as replies:
        assert [len(next(replies).to_dict()["claims"]) for _ in range(2)] == [0, 1]
        assert failing.closed == []
    assert failing.closed == [QUESTION]
    assert files(folder) == {}


def test_an_iterator_that_cannot_be_closed_will_do(passages: list[Passage], folder: Path) -> None:
    class Listing(Scripted):
        def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
            return iter([DRAFT])

    recorder = RecordingAnswerer(Listing(), folder)
    with closing(recorder.draft(QUESTION, passages)) as draft:
        next(draft)
    assert files(folder) == {}
    assert "".join(recorder.draft(QUESTION, passages)) == DRAFT
    assert len(files(folder)) == 1


@pytest.mark.parametrize("name", ["gpt-5", "extractive", "openai:gpt-5", "my-scripted-one", "Scripted-x", ""])
def test_only_a_model_is_recorded_under_a_models_name(folder: Path, name: str) -> None:
    class Pretender(LLMAnswerer):
        name = "ollama:qwen3"

    for inner in (Scripted(name=name), Pretender.from_settings(Settings.load(model="ollama:qwen3"))):
        with pytest.raises(RecordingError, match=f"scripted-{inner.name}") as error:
            RecordingAnswerer(inner, folder)
        assert one_line(error)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "scripted"),
    [
        ("scripted-lies", True),
        ("openai:scripted-lies", True),
        ("ollama:qwen3:8b", False),
        ("openai:unscripted-x", False),
    ],
)
def test_a_replay_says_whether_a_model_wrote(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, scripted: bool
) -> None:
    provider, _, mode = name.partition(":")
    monkeypatch.setitem(MODES, mode, says(QUESTION))
    inner = LLMAnswerer(provider, mode, quick(server.url)) if mode else Scripted(name=name)
    RecordingAnswerer(inner, folder).restate(FOLLOW_UP, TURNS)
    replay = ReplayAnswerer(folder)
    assert (replay.name, replay.scripted) == (name, scripted)


def test_a_folder_is_of_one_model(passages: list[Passage], folder: Path, tmp_path: Path) -> None:
    list(RecordingAnswerer(Scripted(name="scripted-a"), folder).draft(QUESTION, passages))
    with pytest.raises(RecordingError, match=r"holds recordings of scripted-a\. Give scripted-b a folder of its own"):
        RecordingAnswerer(Scripted(name="scripted-b"), folder)
    list(RecordingAnswerer(Scripted(name="scripted-b"), tmp_path / "b").draft(QUESTION, passages))
    for name, content in files(tmp_path / "b").items():
        (folder / name).write_bytes(content)
    with pytest.raises(RecordingError, match="of scripted-a and scripted-b") as error:
        ReplayAnswerer(folder)
    assert one_line(error)


# --- Keys ---

SLOW = (
    "silent",
    "slow",
    "thinks-apart",
    "two-megabytes",
    "two-megabytes-in-pieces",
    "thinks-for-ever",
    "letters-for-ever",
)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


def quick(url: str) -> Settings:
    return Settings.load(base_url=url, api_key=KEY, max_retries=0, read_timeout=0.5)


@pytest.mark.parametrize("mode", [name for name in MODES if name not in SLOW])
def test_no_key_is_in_a_recording(corpus: Corpus, index: Index, server: ModelServer, folder: Path, mode: str) -> None:
    """Whatever the server does, errors that repeat the key among it; what broke off is not there at all."""
    recorder = RecordingAnswerer(LLMAnswerer("openai", mode, quick(server.url)), folder)
    assistant = Assistant(corpus, index, recorder, fallback=ExtractiveAnswerer(corpus))
    live = assistant.ask(QUESTION)
    for name, content in files(folder).items():
        assert KEY.encode() not in content + name.encode()
    assert bool(files(folder)) == (live.notice is None)
    assert server.requests[0]["key"] == f"Bearer {KEY}"
    if live.notice is None:
        assert Assistant(corpus, index, ReplayAnswerer(folder)).ask(QUESTION) == live


@pytest.mark.parametrize("draft", ["KEY", f"{QUOTE}[7.5]\nKEY", "前KEY后"])
def test_an_answer_that_repeats_the_key_is_not_recorded(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, passages: list[Passage], folder: Path, draft: str
) -> None:
    monkeypatch.setitem(MODES, "tells", says(draft.replace("KEY", KEY)))
    recorder = RecordingAnswerer(LLMAnswerer("openai", "tells", quick(server.url)), folder)
    for call in (lambda: list(recorder.draft(QUESTION, passages)), lambda: recorder.restate(f"？{KEY}", TURNS)):
        with pytest.raises(RecordingError, match="holds the key") as error:
            call()
        assert one_line(error)
    assert files(folder) == {}


def test_a_server_without_a_key_has_none_to_repeat(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, passages: list[Passage], folder: Path
) -> None:
    monkeypatch.setitem(MODES, "tells", says("It is unused. [7.5]"))  # what is sent in place of a key
    inner = LLMAnswerer("ollama", "tells", Settings.load(base_url=server.url))
    list(RecordingAnswerer(inner, folder).draft(QUESTION, passages))
    assert len(files(folder)) == 1


def test_a_replay_sends_nothing(server: ModelServer, corpus: Corpus, index: Index, folder: Path) -> None:
    recorder = RecordingAnswerer(LLMAnswerer("openai", "good", quick(server.url)), folder)
    live = Assistant(corpus, index, recorder).ask(QUESTION)
    sent = len(server.requests)
    replay = Assistant(corpus, index, ReplayAnswerer(folder))
    assert replay.ask(QUESTION) == live
    with pytest.raises(RecordingError):
        replay.ask(OTHER)
    assert len(server.requests) == sent == 1


def test_closing_a_recorded_stream_hangs_up(server: ModelServer, corpus: Corpus, index: Index, folder: Path) -> None:
    recorder = RecordingAnswerer(LLMAnswerer("openai", "writes-slowly", quick(server.url)), folder)
    with closing(Assistant(corpus, index, recorder).stream(QUESTION)) as replies:
        assert [len(next(replies).to_dict()["claims"]) for _ in range(2)] == [0, 1]
    assert server.gone.wait(2)
    assert files(folder) == {}


# --- Files ---

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda data: data[: len(data) // 2],
    "not JSON": lambda _: b"<<<<<<< HEAD\n",
    "not UTF-8": lambda data: data.replace("创新".encode(), b"\xff\xfe"),
    "a list": lambda _: b"[]",
    "a field missing": lambda data: data.replace(b'"text"', b'"txet"'),
    "a field of another kind": lambda data: data.replace(b'"draft"', b'"drift"'),
    "another question": lambda data: data.replace("创新".encode(), "改革".encode()),
    "another model": lambda data: data.replace(b"scripted-", b"gpt-"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_clear_line(passages: list[Passage], folder: Path, damage: str) -> None:
    recorder = RecordingAnswerer(Scripted(), folder)
    list(recorder.draft(QUESTION, passages))
    (path,) = folder.iterdir()
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    damaged = path.read_bytes()
    calls: list[Callable[[], object]] = [
        lambda: ReplayAnswerer(folder),
        lambda: RecordingAnswerer(Scripted(), folder),
        lambda: list(recorder.draft(QUESTION, passages)),
    ]
    for call in calls:
        with pytest.raises(RecordingError, match=rf"{path.name} is damaged: .*delete it and run: {RECORD}") as error:
            call()
        assert one_line(error)
    assert path.read_bytes() == damaged


def test_a_file_that_is_none_and_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordingError, match="Give another folder") as error:
        RecordingAnswerer(Scripted(), tmp_path / "file")
    assert one_line(error)
    (tmp_path / "folder" / "x.json").mkdir(parents=True)
    with pytest.raises(RecordingError, match=r"x\.json cannot be read") as error:
        ReplayAnswerer(tmp_path / "folder")
    assert one_line(error)


def test_a_folder_that_cannot_be_written_is_named(passages: list[Passage], folder: Path) -> None:
    recorder = RecordingAnswerer(Scripted(), folder)
    folder.rmdir()
    with pytest.raises(RecordingError, match=f"{folder}.* cannot be written") as error:
        list(recorder.draft(QUESTION, passages))
    assert one_line(error)


def test_what_is_recorded_is_not_asked_again(passages: list[Passage], folder: Path) -> None:
    first, second = Scripted(), Scripted("另一稿。", restated="另一问？")
    for scripted in (first, second):
        recorder = RecordingAnswerer(scripted, folder)
        assert "".join(recorder.draft(QUESTION, passages)) == DRAFT
        assert recorder.restate(FOLLOW_UP, TURNS) == QUESTION
    assert (first.asked, second.asked) == (2, 0)


def test_many_may_record_at_once(passages: list[Passage], folder: Path) -> None:
    questions = [f"第{i}问" for i in range(40)] * 2
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda q: list(RecordingAnswerer(Scripted(), folder).draft(q, passages)), questions))
    assert len(files(folder)) == 40
    replay = ReplayAnswerer(folder)
    assert all("".join(replay.draft(question, passages)) == DRAFT for question in questions)


RECORDER = """
import os, signal, sys
from pathlib import Path
from eval.recordings import RecordingAnswerer

class Scripted:
    name, prompt = "scripted-killed", None
    def draft(self, question, passages):
        yield "一" * 20_000
        if question == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGKILL)
        yield "。"
    def restate(self, question, turns):
        return question

recorder = RecordingAnswerer(Scripted(), Path(sys.argv[1]))
for i in range(int(sys.argv[3])):
    "".join(recorder.draft(str(i), []))
"""


def recording(folder: Path, dies_at: str, count: int) -> "subprocess.Popen[bytes]":
    arguments = [sys.executable, "-c", RECORDER, str(folder), dies_at, str(count)]
    return subprocess.Popen(arguments, cwd=Path(__file__).parent.parent)


@pytest.mark.slow
def test_a_process_killed_in_a_draft_loses_that_draft_only(folder: Path) -> None:
    assert recording(folder, "2", 5).wait(60) == -signal.SIGKILL
    assert sorted(r.question for r in whole(folder)) == ["0", "1"]
    assert recording(folder, "never", 5).wait(60) == 0
    assert sorted(r.question for r in whole(folder)) == ["0", "1", "2", "3", "4"]


@pytest.mark.slow
def test_a_process_killed_at_any_time_leaves_whole_recordings_only(folder: Path) -> None:
    for seen in (1, 50, 100):
        process = recording(folder, "never", 20_000)
        while len(list(folder.glob("*.json"))) < seen:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait(60)
        assert len(whole(folder)) >= seen


def whole(folder: Path) -> list[Recording]:
    ReplayAnswerer(folder)  # reads and checks every one
    found = [Recording.model_validate_json(path.read_bytes()) for path in folder.glob("*.json")]
    assert all(recording.text == "一" * 20_000 + "。" for recording in found)
    return found
