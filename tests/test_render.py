"""Replies and speeches as HTML and Markdown: complete, and with nothing in them that could act on the page."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.assistant import Assistant
from assistant.corpus import Corpus, Speech
from assistant.index import Passage
from assistant.render import (
    Exchange,
    anchor,
    footnotes,
    header_html,
    markdown,
    place_name,
    question_html,
    reply_html,
    speech_html,
    spoken_html,
    status,
    welcome_html,
)
from assistant.replies import Answer, Refusal, Reply, Turn
from assistant.settings import bundled
from assistant.text import visible
from assistant.web.words import EN, LOCALES, ZH, words_for
from assistant.wording import Rule

PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
TAGS = frozenset(
    "a article b blockquote br button del details div footer h1 h2 h3 h4 header li mark meter nav ol output p section span "
    "summary ul".split()
)
ATTRIBUTES = frozenset(
    "aria-busy aria-current aria-hidden aria-label aria-live aria-pressed class disabled href id lang max min role "
    "tabindex title type value".split()
)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</article></p><iframe src=//e.example></iframe>",
    "![x](https://e.example/i.png)",
    "[x](javascript:alert(1))",
    "&lt;b&gt; &amp;amp; &#39;",
    "\u202e\u200b\x07反过来",
    "]]><!-- -->",
    "{{value}} ${value} </textarea>",
]


class Elements(HTMLParser):
    """Collects elements and text, and checks that every element is closed where it should be."""

    VOID = frozenset({"br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, css_class: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.tags if css_class in (attrs.get("class") or "").split()]


def assert_harmless(html: str) -> Elements:
    found = Elements(html)
    for tag, attributes in found.tags:
        assert tag in TAGS
        assert all(name in ATTRIBUTES or name.startswith("data-") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    ids = Counter(attributes["id"] for _, attributes in found.tags if "id" in attributes)
    assert all(n == 1 for n in ids.values())
    return found


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.from_settings(index=tmp_path_factory.mktemp("index")) as assistant:
        yield assistant


class Scripted:
    name = "scripted-<b>"
    prompt = None

    def __init__(self, draft: str) -> None:
        self.text = draft

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:  # noqa: ARG002
        yield self.text

    def restate(self, question: str, turns: Sequence[Turn]) -> str:  # noqa: ARG002
        return question


def drafted(assistant: Assistant, draft: str, question: str = PEOPLE) -> Reply:
    return Assistant(assistant.corpus, assistant.index, Scripted(draft)).ask(question)


# --- The speech ---


@pytest.mark.parametrize("words", LOCALES.values(), ids=LOCALES)
def test_every_sentence_of_the_speech_stands_once_on_the_page_with_its_anchor(
    corpus: Corpus, words: dict[str, str]
) -> None:
    speech = corpus.speeches[0]
    found = assert_harmless(speech_html(speech, corpus, words))
    ids = [attributes["id"] for attributes in found.of("sentence")]
    assert ids == [f"s{s.paragraph}-{s.number}" for s in speech.sentences]
    for paragraph in speech.paragraphs:
        assert paragraph.text in found.text


def test_anchors_of_several_speeches_differ() -> None:
    one = Speech.from_text("a", "题\n甲。乙。", qualified=True)
    other = Speech.from_text("a-1", "题\n甲。乙。", qualified=True)
    corpus = Corpus((one, other))
    paragraphs = [*one.paragraphs, *other.paragraphs]
    anchors = [anchor(p) for p in paragraphs] + [anchor(s) for p in paragraphs for s in p.sentences]
    assert len(set(anchors)) == len(anchors)
    assert anchor(one.body[0].sentences[1]) == "s-a-1-2"
    assert place_name(one.body[0].sentences[1], ZH) == "第1段第2句"
    assert place_name(other.body[0], ZH) == "a-1 第1段"
    assert_harmless(speech_html(one, corpus, ZH))
    assert "aria-current" in speech_html(other, corpus, ZH)


@given(lines=st.lists(st.text(min_size=1).filter(lambda s: s.strip()) | st.sampled_from(HOSTILE), min_size=1))
@settings(max_examples=50, deadline=None)
def test_no_text_of_a_speech_gets_out_of_its_element(lines: list[str]) -> None:
    hostile = HOSTILE[2]
    text = "\n".join(lines)
    if not any(line.strip() for line in text.splitlines()):
        return
    speech = Speech.from_text("x", text, title=hostile, speaker=hostile, date=hostile, occasion=hostile, source=hostile)
    corpus = Corpus((speech,), questions=tuple(lines))
    assert_harmless(speech_html(speech, corpus, ZH))
    assert_harmless(welcome_html(corpus, EN))


def test_the_first_screen_names_the_speech_and_offers_its_questions(corpus: Corpus) -> None:
    found = assert_harmless(welcome_html(corpus, ZH))
    speech = corpus.speeches[0]
    for part in (speech.title, speech.speaker, speech.date, speech.occasion, speech.body[4].sentences[0].text):
        assert part in found.text
    assert [a["data-ask"] for _, a in found.tags if "data-ask" in a] == list(corpus.questions)
    assert len(corpus.questions) == 6


# --- Replies ---


def test_an_answer_links_each_mark_to_its_sentence_and_lists_the_quote(assistant: Assistant) -> None:
    reply = assistant.ask(PEOPLE)
    assert isinstance(reply, Answer)
    found = assert_harmless(reply_html(Exchange(PEOPLE, reply, "done"), 0, ZH))
    assert [(a["href"], a["aria-label"]) for a in found.of("cite")] == [("#s7-5", "引文 1，第7段第5句")]
    assert found.text.count(PEOPLE_QUOTE) == 3  # claim, preview, source
    assert "✓ 原文" in found.text
    copies = [a["data-copy"] for _, a in found.tags if "data-copy" in a]
    assert copies[0] == PEOPLE_QUOTE
    assert str(copies[-1]).endswith(f"第7段第5句：“{PEOPLE_QUOTE}”")


def test_a_claim_shows_its_verdict_as_sign_and_word(assistant: Assistant) -> None:
    reply = drafted(assistant, f"{PEOPLE_QUOTE}[7.5]\n保护知识产权就是保护创新。[3.2]\n已有300部法律。[6.2]")
    found = assert_harmless(reply_html(Exchange(PEOPLE, reply, "done"), 0, ZH))
    for word in ("✓ 原文", "≈ 已核对", "1 句未通过核对", "所引句子里没有数字 300", "核对 2/3"):
        assert word in found.text


def test_a_translated_claim_says_so_above_the_originals(assistant: Assistant) -> None:
    reply = drafted(assistant, "A public service system will be formed. [7.5]", "What will be formed?")
    found = assert_harmless(reply_html(Exchange("?", reply, "done"), 0, EN))
    assert "⇄ translated" in found.text
    assert EN["originals"] in found.text


def test_a_refusal_cites_nothing_and_calls_the_passages_closest(assistant: Assistant) -> None:
    reply = assistant.ask("火星上有水吗？")
    assert isinstance(reply, Refusal)
    found = assert_harmless(reply_html(Exchange("火星上有水吗？", reply, "done"), 0, ZH))
    assert found.of("cite") == found.of("sources") == []
    assert len(found.of("refused")) == 1
    assert ZH["closest"] in found.text


@pytest.mark.parametrize("words", LOCALES.values(), ids=LOCALES)
@pytest.mark.parametrize("state", ["running", "done", "stopped", "failed"])
def test_every_state_can_be_shown(assistant: Assistant, state: str, words: dict[str, str]) -> None:
    for question in (PEOPLE, "火星上有水吗？"):
        for reply in (None, *assistant.stream(question)):
            exchange = Exchange(question, reply, state, "坏了 <b>")  # type: ignore[arg-type]
            found = assert_harmless(reply_html(exchange, 3, words))
            assert bool(found.of("actions")) == (state != "running")
            assert_harmless(spoken_html(status(exchange, words)))
            assert_harmless(question_html(question, 3, words, running=state == "running"))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_a_model_or_a_reader_writes_acts_on_the_page(assistant: Assistant, text: str) -> None:
    reply = drafted(assistant, f"{PEOPLE_QUOTE}[7.5]\n{text}[7.5]\n{text}\n", question=f"{PEOPLE}{text}")
    for words in LOCALES.values():
        exchange = Exchange(text, reply, "done", text)
        found = assert_harmless(reply_html(exchange, 0, words) + question_html(text, 0, words, running=False))
        assert visible(text) in found.text
        assert_harmless(header_html(text, words))


# --- To take away ---


def test_footnotes_carry_the_place_and_the_quote(assistant: Assistant) -> None:
    text = footnotes(assistant.ask(PEOPLE), ZH)
    title = assistant.corpus.speeches[0].title
    assert text == f"{PEOPLE_QUOTE}[1]\n\n[1] 《{title}》第7段第5句：“{PEOPLE_QUOTE}”"


def test_footnotes_keep_a_line_for_each_claim(assistant: Assistant) -> None:
    reply = drafted(assistant, f"{PEOPLE_QUOTE}[7.5]\n保护知识产权就是保护创新。[3.2][7.5]")
    assert footnotes(reply, ZH).splitlines()[:3] == [f"{PEOPLE_QUOTE}[1]", "保护知识产权就是保护创新。[2][1]", ""]


def test_a_count_stands_above_the_quotes_wherever_the_reply_is_shown(assistant: Assistant) -> None:
    exchange = Exchange("反垄断提到几次？", assistant.ask("反垄断提到几次？"), "done")
    count = "“反垄断”共出现 3 次，见于 3 句。"
    assert exchange.reply is not None
    html = reply_html(exchange, 1, ZH)
    assert html.index(f"<p class='count'>{count}</p>") < html.index("class='claims'")
    assert footnotes(exchange.reply, ZH).startswith(f"{count}\n")
    assert count in markdown([exchange], ZH)
    assert "class='count'" not in reply_html(Exchange(PEOPLE, assistant.ask(PEOPLE), "done"), 1, ZH)


def test_a_conversation_is_taken_away_as_markdown(assistant: Assistant) -> None:
    """When it is changed on purpose, read the difference, then write the golden file anew."""
    exchanges = [
        Exchange(PEOPLE, assistant.ask(PEOPLE), "done"),
        Exchange("火星上有水吗？", assistant.ask("火星上有水吗？"), "done"),
        Exchange("还有吗？", None, "failed", "The model went away."),
    ]
    golden = Path(__file__).parent / "golden" / "conversation.md"
    assert markdown(exchanges, ZH) == golden.read_text("utf-8")


@given(text=st.text() | st.sampled_from(HOSTILE))
@settings(max_examples=200, deadline=None)
def test_markdown_shows_any_question_as_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown([Exchange(text, None, "failed", text)], ZH))
    inline = [token for token in tokens if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children or []}
    assert kinds <= {"text", "text_special", "em_open", "em_close"}
    assert {token.type for token in tokens} <= {
        "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline"
    }  # fmt: skip


# --- Words ---


def test_both_languages_say_everything() -> None:
    assert ZH.keys() == EN.keys()
    for key in ZH:
        fields = [sorted(part.split("}")[0] for part in words[key].split("{")[1:]) for words in (ZH, EN)]
        assert fields[0] == fields[1], key
        assert ZH[key].strip()
        assert EN[key].strip()
    assert {f"why_{rule.name.lower()}" for rule in Rule} <= ZH.keys()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, ZH), ("", ZH), ("*", ZH), ("zh-CN,zh;q=0.9,en;q=0.8", ZH), ("zh-TW", ZH), ("ZH", ZH),
        ("en-US,en;q=0.9,zh;q=0.8", EN), ("de", EN), ("ja,zh", EN),
    ],
)  # fmt: skip
def test_the_page_speaks_the_first_language_of_the_browser(header: str | None, words: dict[str, str]) -> None:
    assert words_for(header) is words


def test_the_questions_to_start_with_are_answered_but_one(assistant: Assistant) -> None:
    """One of the six shows what the page does where the speech is silent."""
    questions = Corpus.from_folder(bundled("seeds")).questions
    replies = [assistant.ask(question) for question in questions]
    assert [r.kind for r in replies][2:5:2] == ["answer", "answer"]
    assert replies[-1].kind == "refusal"
    json.dumps([r.to_dict() for r in replies])
