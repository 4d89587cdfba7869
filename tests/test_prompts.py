"""The prompts: what they declare is what they use, and what is filled in stays data."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.corpus import Corpus, Sentence
from assistant.errors import PromptError
from assistant.prompts import Prompt
from assistant.settings import bundled

GOLDEN = Path(__file__).parent / "golden" / "prompt-answer.md"
FIELDS = {"answer": {"question", "sentences", "language"}, "restate": {"question", "turns"}}
HOSTILE = [
    "$sentences",
    "${sentences}",
    "$$",
    "$",
    "$ 5",
    "$question $$question",
    "===",
    "---\nfields: x\n---",
    "{sentences}",
    "%(question)s",
    "\\g<1>",
    "",
    "\x00",
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A prompt with two fields, to be spoiled."""
    path = tmp_path / "small.md"
    path.write_text("---\nfields: question, sentences\n---\nQ: $question\n\n$sentences costs $$5\n", "utf-8")
    return path


# --- The two that are shipped ---


def test_no_prompt_is_without_a_test() -> None:
    assert {path.stem for path in bundled("prompts").iterdir()} == FIELDS.keys()


@pytest.mark.parametrize("name", FIELDS)
def test_a_shipped_prompt_declares_its_fields_and_names_its_bytes(name: str) -> None:
    path = bundled("prompts") / f"{name}.md"
    prompt = Prompt.from_file(path)
    assert prompt.name == name
    assert prompt.fields == FIELDS[name]
    assert prompt.version == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    filled = prompt.render(**{field: f"<{field}>" for field in prompt.fields})
    assert all(filled.count(f"<{field}>") == 1 for field in prompt.fields)
    assert "$" not in filled
    assert "fields:" not in filled


def test_the_answer_prompt_is_what_was_agreed(corpus: Corpus) -> None:
    """Read the golden file as a model would; when the prompt is changed on purpose, write it anew from the failure."""
    found = [corpus.find(address) for address in ("7.5", "6.3", "3.2")]
    sentences = "\n".join(f"[{s.address}] {s.text}" for s in found if isinstance(s, Sentence))
    prompt = Prompt.from_file(bundled("prompts") / "answer.md")
    rendered = prompt.render(question="怎样让创新成果更好惠及人民？", sentences=sentences, language="Chinese")
    assert rendered + "\n" == GOLDEN.read_text("utf-8")


# --- Rendering ---


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_data(written: Path, value: str) -> None:
    filled = Prompt.from_file(written).render(question=value, sentences="S")
    assert filled == f"Q: {value}\n\nS costs $5"


@given(question=st.text(), sentences=st.text(), language=st.text())
def test_any_value_is_data(question: str, sentences: str, language: str) -> None:
    prompt = Prompt.from_file(bundled("prompts") / "answer.md")
    before, between = prompt.body.replace("$language", language).split("$sentences")[0], "$sentences"
    filled = prompt.render(question=question, sentences=sentences, language=language)
    assert between in prompt.body
    assert filled.startswith(before + sentences)
    assert filled.endswith(question)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, ["question", "sentences"]),
        ({"question": "Q"}, ["sentences"]),
        ({"question": "Q", "sentences": "S", "extra": "E"}, ["extra"]),
        ({"question": "Q", "sentence": "S"}, ["sentence", "sentences"]),
        ({"Question": "Q", "sentences": "S"}, ["Question", "question"]),
    ],
)
def test_a_missing_or_superfluous_value_is_named(written: Path, values: dict[str, str], named: list[str]) -> None:
    with pytest.raises(PromptError) as raised:
        Prompt.from_file(written).render(**values)
    message = str(raised.value)
    assert message.startswith("The prompt small has the fields question, sentences;")
    assert message.endswith(f": {', '.join(named)}.")


# --- Files ---


def test_the_version_changes_with_one_byte(written: Path) -> None:
    first = Prompt.from_file(written)
    assert Prompt.from_file(written) == first
    written.write_bytes(written.read_bytes() + b"\n")
    second = Prompt.from_file(written)
    assert (second.body, second.fields) == (first.body, first.fields)
    assert second.version != first.version


@pytest.mark.parametrize(
    "header", ["fields:question,sentences", "fields:  question   sentences ", "fields: sentences, question,"]
)
def test_the_fields_may_be_written_in_any_order(written: Path, header: str) -> None:
    written.write_text(f"---\n{header}\n---\n$question $sentences", "utf-8")
    assert Prompt.from_file(written).fields == {"question", "sentences"}


def test_windows_line_ends_are_read(written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b"\n", b"\r\n"))
    assert Prompt.from_file(written).fields == {"question", "sentences"}


def test_a_prompt_may_have_no_field(written: Path) -> None:
    written.write_text("---\nfields:\n---\nSay nothing for $$5.", "utf-8")
    assert Prompt.from_file(written).render() == "Say nothing for $5."


@pytest.mark.parametrize(
    "text",
    [
        "---\nfields: question\n---\n$question $sentences",  # uses more
        "---\nfields: question, sentences\n---\n$question",  # declares more
        "---\nfields: question\n---\n$Question",
        "---\nfields: question\n---\n$question costs $5",  # a dollar sign that is no field
        "---\nfields: question\n---\n$question costs $",
        "---\nfields: question\n---\n${question",
        "---\nfields: 5\n---\n$5",
    ],
)
def test_what_is_declared_must_be_what_is_used(written: Path, text: str) -> None:
    written.write_text(text, "utf-8")
    with pytest.raises(PromptError, match=r"declares the fields .* and uses .*\. Make them the same") as raised:
        Prompt.from_file(written)
    assert str(written) in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$question",
        "fields: question\n$question",
        "---\nfields: question\n$question",
        "---\nField: question\n---\n$question",
        "\n---\nfields: question\n---\n$question",
        "---\n---\n$question",
        "---\nfields: question\nmore: x\n---\n$question",
    ],
)
def test_a_broken_header_is_said_to_be_broken(written: Path, text: str) -> None:
    written.write_text(text, "utf-8")
    with pytest.raises(PromptError, match="must begin with three lines") as raised:
        Prompt.from_file(written)
    assert str(written) in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "binary.md").write_bytes(b"---\nfields:\n---\n\xff\xfe")
    for name in ("missing.md", "folder.md", "binary.md"):
        with pytest.raises(PromptError, match=r"cannot be read: .*\. Restore the file\.") as raised:
            Prompt.from_file(tmp_path / name)
        assert str(tmp_path / name) in str(raised.value)
