"""Reading folders of speeches: every encoding and every accident; where sentences stand, and how they are found."""

import codecs
import gzip
import hashlib
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.corpus import Corpus, Paragraph, Sentence, Speech
from assistant.errors import AddressError, CorpusError

GOLDEN = Path(__file__).parent / "golden" / "sentences.txt"
SHORT = "坚持改革开放，保护知识产权。"  # 14 characters
LONG = (
    "关于知识产权的讲话\n\n要坚持改革开放。要保护知识产权！\n创新是第一动力，“保护创新”就是保护未来；要落实责任。\n" * 5
)
TRADITIONAL = (
    "關於知識產權的講話\n要堅持改革開放。要保護知識產權！\n創新是第一動力，「保護創新」就是保護未來；要落實責任。\n"
)
GOOD = "好的讲话\n这是可以读的。\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one speech, `good.txt`, that must be read whatever stands beside it."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "good.txt").write_text(GOOD, encoding="utf-8")
    return folder


def read(folder: Path) -> Corpus:
    corpus = Corpus.from_folder(folder)
    for speech in corpus.speeches:
        assert_offsets(speech)
    return corpus


def assert_offsets(speech: Speech) -> None:
    """What section 1 of the architecture promises of every speech."""
    addresses: list[str] = []
    for paragraph in speech.paragraphs:
        assert speech.text[paragraph.start : paragraph.end] == paragraph.text
        assert paragraph.text == paragraph.text.strip() != ""
        assert paragraph.sentences
        assert "".join(sentence.text for sentence in paragraph.sentences) == paragraph.text
        assert [sentence.number for sentence in paragraph.sentences] == list(range(1, len(paragraph.sentences) + 1))
        for sentence in paragraph.sentences:
            assert speech.text[sentence.start : sentence.end] == sentence.text
            assert (sentence.speech, sentence.paragraph) == (speech.id, paragraph.number)
        addresses += [paragraph.address, *(sentence.address for sentence in paragraph.sentences)]
    assert [paragraph.number for paragraph in speech.paragraphs] == list(range(len(speech.paragraphs)))
    assert len(set(addresses)) == len(addresses)
    # Only white space stands outside the paragraphs.
    rest, end = "", 0
    for paragraph in speech.paragraphs:
        rest, end = rest + speech.text[end : paragraph.start], paragraph.end
    assert not (rest + speech.text[end:]).strip()


def problem(corpus: Corpus) -> str:
    """The only problem of a corpus of which everything else was read."""
    assert [speech.id for speech in corpus.speeches] == ["good"]
    (error,) = corpus.problems
    return str(error)


# --- The bundled speech -----------------------------------------------------------------------------------------------


def test_the_bundled_speech_is_the_one_that_was_given(corpus: Corpus, speech: Speech) -> None:
    assert corpus.problems == ()
    assert len(corpus.speeches) == 1
    assert speech.id == "ip-2020"
    assert speech.sha256 == "a1e0a3094e85a09cd22830a8424cb058831df554f4bb9c7c92409d094ed96869"
    assert corpus.sha256 == speech.sha256
    assert (speech.speaker, speech.date) == ("习近平", "2020-11-30")
    assert len(speech.body) == 11
    assert corpus.paragraphs == speech.body
    assert_offsets(speech)


def test_the_sentence_of_the_readme(corpus: Corpus) -> None:
    sentence = corpus.find("7.5")
    assert isinstance(sentence, Sentence)
    assert (sentence.start, sentence.end) == (1358, 1389)
    assert sentence.text == "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"


def test_every_sentence_has_the_address_that_a_reviewer_saw(speech: Speech) -> None:
    """A difference here means that addresses people have written down now point elsewhere."""
    found = "".join(f"{s.address}\t{s.start}-{s.end}\t{s.text}\n" for s in speech.sentences)
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_every_address_finds_what_carries_it(corpus: Corpus, speech: Speech) -> None:
    for paragraph in speech.paragraphs:
        assert corpus.find(paragraph.address) is paragraph
    for sentence in speech.sentences:
        assert corpus.find(sentence.address) is sentence


# --- Encodings --------------------------------------------------------------------------------------------------------

ENCODED = [
    pytest.param(text, encoding, id=f"{name} {encoding}")
    for name, text in (
        ("short", SHORT),
        ("long", LONG),
        ("crlf", LONG.replace("\n", "\r\n")),
        ("cr", LONG.replace("\n", "\r")),
    )
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be")
] + [
    pytest.param(text, encoding, id=f"{name} {encoding}")
    for name, text in (("traditional short", "堅持改革開放，保護智慧財產權。"), ("traditional", TRADITIONAL))
    for encoding in ("big5", "utf-8", "gb18030", "utf-16-le")
]


@pytest.mark.parametrize(("text", "encoding"), ENCODED)
def test_a_file_is_read_in_the_encoding_it_has(folder: Path, text: str, encoding: str) -> None:
    data = text.encode(encoding)
    (folder / "speech.txt").write_bytes(data)
    speech = read(folder).speech("speech")
    assert speech.text == text
    assert speech.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, "utf-8")],
)
@pytest.mark.parametrize("text", [SHORT, LONG])
def test_a_byte_order_mark_is_no_text(folder: Path, mark: bytes, encoding: str, text: str) -> None:
    (folder / "speech.txt").write_bytes(mark + text.encode(encoding))
    assert read(folder).speech("speech").text == text


def test_an_english_speech_is_read(folder: Path) -> None:
    (folder / "speech.md").write_bytes(b"Remarks\r\n\r\nWe did it. It grew by 3.5%.\r\n")
    speech = read(folder).speech("speech")
    assert [s.text for s in speech.body[0].sentences] == ["We did it. ", "It grew by 3.5%."]


# --- Lines ------------------------------------------------------------------------------------------------------------

PARAGRAPHS = {
    "题目\n甲。乙。\n丙。": ["题目", "甲。乙。", "丙。"],
    "题目\r\n甲。\r\n乙。\r\n": ["题目", "甲。", "乙。"],
    "题目\r甲。\r乙。": ["题目", "甲。", "乙。"],
    "\n\n \t\n题目\n\n　\n\t甲。": ["题目", "甲。"],
    "　　题目\n　　甲。　\n　　乙。": ["题目", "甲。", "乙。"],
    "题目\n\f甲。\f\n乙。": ["题目", "甲。", "乙。"],
    "题目\n\t甲。\t乙。\t\n": ["题目", "甲。\t乙。"],
    "题目\n \t \n甲。": ["题目", "甲。"],
    "题目": ["题目"],
    "甲。乙。": ["甲。乙。"],
}


@pytest.mark.parametrize(("text", "expected"), PARAGRAPHS.items(), ids=[repr(text) for text in PARAGRAPHS])
def test_paragraphs_are_the_lines_that_are_not_empty(folder: Path, text: str, expected: list[str]) -> None:
    (folder / "speech.txt").write_bytes(text.encode())
    speech = read(folder).speech("speech")
    assert speech.text == text
    assert [paragraph.text for paragraph in speech.paragraphs] == expected
    assert speech.title == expected[0]
    assert [paragraph.text for paragraph in speech.body] == (expected[1:] or expected)


@settings(max_examples=150, deadline=None)
@given(st.text("中国要。！；，“”一、 　\t\n\r\f\v\x1c\x85\u2028A.1", max_size=60))
def test_a_speech_of_any_text_knows_where_its_sentences_stand(text: str) -> None:
    if not text.strip():
        with pytest.raises(CorpusError):
            Speech.from_text("x", text)
        return
    for qualified in (False, True):
        speech = Speech.from_text("x", text, qualified=qualified)
        assert speech.text == text
        assert_offsets(speech)
        corpus = Corpus((speech,))
        items: list[Paragraph | Sentence] = [*speech.paragraphs, *speech.sentences]
        for item in items:
            assert corpus.find(item.address) is item
            assert item.address.startswith("x/") is qualified


# --- Files that are no speeches ---------------------------------------------------------------------------------------

chance = random.Random(1)
UNREADABLE = {
    "empty": b"",
    "white space": " \n\t　\r\n".encode(),
    "byte order mark only": codecs.BOM_UTF8,
    "UTF-16 mark only": codecs.BOM_UTF16_LE,
    "random": chance.randbytes(5000),
    "PNG": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + chance.randbytes(400),
    "start of a PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + chance.randbytes(400),
    "NULs": b"\x00" * 100,
    "text with a NUL": LONG.encode() + b"\x00",
    "gzip": gzip.compress(LONG.encode()),
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + chance.randbytes(300),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + chance.randbytes(300),
    "too large": ("好" * 999 + "\n").encode() * 17_500,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=list(UNREADABLE))
def test_what_is_no_speech_is_a_problem_and_the_others_are_read(folder: Path, data: bytes) -> None:
    (folder / "odd.txt").write_bytes(data)
    message = problem(read(folder))
    assert "odd.txt" in message
    # It says what is wrong, and what to do.
    assert message.count(". ") + message.count("; ") >= 1
    assert message.endswith(".")


def test_without_any_other_speech_all_problems_are_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"\x00" * 100)
    with pytest.raises(CorpusError) as error:
        Corpus.from_folder(tmp_path)
    assert "a.txt" in str(error.value)
    assert "b.txt" in str(error.value)


def test_a_folder_without_speeches(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"\.txt"):
        Corpus.from_folder(tmp_path)


def test_a_folder_that_is_missing_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("甲。", encoding="utf-8")
    for name in ("missing", "file"):
        with pytest.raises(CorpusError, match=name):
            Corpus.from_folder(tmp_path / name)


def test_only_text_files_of_the_folder_itself_are_read(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "directory.txt").mkdir()
    for name in (
        ".hidden.txt",
        "sub/inner.txt",
        "questions.txt",
        "notes.docx",
        "table.csv",
        "old.txt~",
        "corpus.toml.bak",
    ):
        (folder / name).write_text("题目\n不是讲话。", encoding="utf-8")
    corpus = read(folder)
    assert [speech.id for speech in corpus.speeches] == ["good"]
    assert corpus.problems == ()


def test_a_link_to_nowhere_is_a_problem(folder: Path) -> None:
    (folder / "odd.txt").symlink_to(folder / "nowhere")
    assert "odd.txt" in problem(read(folder))


def test_a_link_to_a_speech_is_read(folder: Path) -> None:
    (folder.parent / "elsewhere").write_text(LONG, encoding="utf-8")
    (folder / "linked.txt").symlink_to(folder.parent / "elsewhere")
    assert read(folder).speech("linked").text == LONG


def test_a_pipe_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "odd.txt")
    assert [speech.id for speech in read(folder).speeches] == ["good"]


# --- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["讲话.txt", "习近平 2020 讲话（全文）.txt", "A B.TXT", "2020-11-30.md", "a.b.c.txt", "！.txt"]
)
def test_any_file_name_gives_an_id_that_can_stand_in_an_address(folder: Path, name: str) -> None:
    (folder / name).write_text(LONG, encoding="utf-8")
    corpus = read(folder)
    assert corpus.problems == ()
    (speech,) = (speech for speech in corpus.speeches if speech.id != "good")
    assert speech.id
    assert all(c.isalnum() or c in "_-" for c in speech.id)
    assert corpus.find(f"{speech.id}/1.2") is speech.paragraphs[1].sentences[1]


@pytest.mark.parametrize(("one", "two"), [("a.md", "a.txt"), ("a b.txt", "a-b.txt")])
def test_two_files_with_one_id(folder: Path, one: str, two: str) -> None:
    for name in (one, two):
        (folder / name).write_text(LONG, encoding="utf-8")
    corpus = read(folder)
    assert len(corpus.speeches) == 2
    assert len({speech.id for speech in corpus.speeches}) == 2
    (error,) = corpus.problems
    assert one in str(error)
    assert two in str(error)


def test_speeches_come_in_an_order_that_does_not_depend_on_the_disk(folder: Path) -> None:
    for name in ("c.txt", "a.txt", "b.md"):
        (folder / name).write_text(LONG, encoding="utf-8")
    assert [speech.id for speech in read(folder).speeches] == ["a", "b", "c", "good"]


# --- The catalogue ----------------------------------------------------------------------------------------------------

ENTRY = '[[speech]]\nfile = "good.txt"\n'


def test_a_catalogue_says_what_is_known(folder: Path) -> None:
    sha256 = hashlib.sha256(GOOD.encode()).hexdigest()
    (folder / "corpus.toml").write_text(
        f'{ENTRY}id = "g-1"\ntitle = "题"\nspeaker = "某人"\ndate = 2020-11-30\noccasion = "会"\nsource = "报"\n'
        f'sha256 = "{sha256}"\n',
        encoding="utf-8",
    )
    (speech,) = read(folder).speeches
    assert (speech.id, speech.title, speech.speaker) == ("g-1", "题", "某人")
    assert (speech.date, speech.occasion, speech.source, speech.sha256) == ("2020-11-30", "会", "报", sha256)


@pytest.mark.parametrize("text", ["", "# nothing\n", ENTRY])
def test_a_catalogue_may_say_nothing(folder: Path, text: str) -> None:
    (folder / "corpus.toml").write_text(text, encoding="utf-8")
    (speech,) = read(folder).speeches
    assert (speech.id, speech.title, speech.speaker, speech.date) == ("good", "好的讲话", "", "")


def test_a_catalogue_saved_with_a_byte_order_mark_is_read(folder: Path) -> None:
    (folder / "corpus.toml").write_text(f'{ENTRY}title = "题"\n', encoding="utf-8-sig")
    assert read(folder).speech("good").title == "题"


def test_a_hash_may_be_written_in_capitals(folder: Path) -> None:
    sha256 = hashlib.sha256(GOOD.encode()).hexdigest().upper()
    (folder / "corpus.toml").write_text(f'{ENTRY}sha256 = "{sha256}"\n', encoding="utf-8")
    assert read(folder).problems == ()


BROKEN = {
    "bad TOML": ("[[speech]\n", "corpus.toml"),
    "unknown key": (f'{ENTRY}speeker = "某人"\n', "speeker"),
    "unknown table": ('[[speach]]\nfile = "good.txt"\n', "speach"),
    "text for a table": ('speech = "good.txt"\n', "speech"),
    "list of text": ('speech = ["good.txt"]\n', "speech"),
    "no file": ('[[speech]]\ntitle = "题"\n', "file"),
    "file is a number": ("[[speech]]\nfile = 3\n", "file"),
    "title is a number": (f"{ENTRY}title = 3\n", "title"),
    "id is a number": (f"{ENTRY}id = 3\n", "id"),
    "id with a slash": (f'{ENTRY}id = "a/b"\n', "a/b"),
    "id with a blank": (f'{ENTRY}id = "a b"\n', "a b"),
    "empty id": (f'{ENTRY}id = ""\n', "id"),
    "file named twice": (ENTRY + ENTRY, "good.txt"),
}


@pytest.mark.parametrize(("text", "named"), BROKEN.values(), ids=list(BROKEN))
def test_a_mistake_in_the_catalogue_is_named(folder: Path, text: str, named: str) -> None:
    (folder / "corpus.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError) as error:
        Corpus.from_folder(folder)
    assert "corpus.toml" in str(error.value)
    assert named in str(error.value)


@pytest.mark.parametrize("data", ['[[speech]]\nfile = "讲话.txt"\n'.encode("gb18030"), b"\x00", b"\xff\xfe"])
def test_a_catalogue_that_is_no_utf_8(folder: Path, data: bytes) -> None:
    (folder / "corpus.toml").write_bytes(data)
    with pytest.raises(CorpusError, match=r"corpus\.toml"):
        Corpus.from_folder(folder)


def test_a_catalogue_that_is_a_folder(folder: Path) -> None:
    (folder / "corpus.toml").mkdir()
    with pytest.raises(CorpusError, match=r"corpus\.toml"):
        Corpus.from_folder(folder)


@pytest.mark.parametrize("name", ["missing.txt", "../good.txt", "sub/x.txt"])
def test_a_catalogue_names_a_file_that_is_not_there(folder: Path, name: str) -> None:
    (folder / "corpus.toml").write_text(f'[[speech]]\nfile = "{name}"\n', encoding="utf-8")
    assert name in problem(read(folder))


def test_a_text_that_is_not_the_one_of_the_catalogue(folder: Path) -> None:
    (folder / "odd.txt").write_text(LONG, encoding="utf-8")
    (folder / "corpus.toml").write_text(f'[[speech]]\nfile = "odd.txt"\nsha256 = "{"0" * 64}"\n', encoding="utf-8")
    message = problem(read(folder))
    assert "odd.txt" in message
    assert "sha256" in message


def test_two_entries_with_one_id(folder: Path) -> None:
    (folder / "other.txt").write_text(LONG, encoding="utf-8")
    (folder / "corpus.toml").write_text(
        f'{ENTRY}id = "x"\n[[speech]]\nfile = "other.txt"\nid = "x"\n', encoding="utf-8"
    )
    corpus = read(folder)
    assert [speech.id for speech in corpus.speeches] == ["x"]
    assert "other.txt" in str(corpus.problems[0])


# --- Finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "7.5",
        "[7.5]",
        "【7.5】",
        "［7.5］",
        "【７．５】",
        "７．５",
        " 7.5 ",
        "第7段第5句",
        "第７段第５句",
        "ip-2020/7.5",
        "[ip-2020/7.5]",
        "ip-2020／7.5",
        "ip-2020/第7段第5句",
    ],
)
def test_ways_to_write_the_address_of_a_sentence(corpus: Corpus, address: str) -> None:
    found = corpus.find(address)
    assert isinstance(found, Sentence)
    assert found.address == "7.5"


@pytest.mark.parametrize("address", ["7", "７", "[7]", "第7段", "ip-2020/7", "ip-2020/第7段"])
def test_ways_to_write_the_address_of_a_paragraph(corpus: Corpus, address: str) -> None:
    found = corpus.find(address)
    assert isinstance(found, Paragraph)
    assert found.number == 7


def test_the_title_has_the_address_0(corpus: Corpus, speech: Speech) -> None:
    assert corpus.find("0") is speech.paragraphs[0]
    assert corpus.find("0.1") is speech.paragraphs[0].sentences[0]


NOWHERE = [
    *(
        "",
        " ",
        "x",
        "人民",
        "7.",
        ".5",
        "7,5",
        "7.5.1",
        "7-5",
        "-1",
        "-7.5",
        "7.-5",
        "7/5",
        "ip-2020",
        "ip-2020/",
        "/7.5",
        "//",
    ),
    *("7.0", "7.9", "7.99", "12", "99", "12.1", "99.1", "第99段第1句", "第7段第0句", "第7段第99句"),
    *(
        "other/7.5",
        "ip-2020/99",
        "ip-2020/7.99",
        "ip-2020/x",
        "ip-2020/ip-2020/7.5",
        "\x00",
        "7.5\x00",
        "9" * 5000,
        f"7.{'9' * 5000}",
    ),
]


@pytest.mark.parametrize("address", NOWHERE, ids=[repr(address[:20]) for address in NOWHERE])
def test_an_address_where_nothing_stands(corpus: Corpus, address: str) -> None:
    with pytest.raises(AddressError) as error:
        corpus.find(address)
    assert str(error.value)


@settings(max_examples=150, deadline=None)
@given(st.text("0123456789.．/[]【】第段句-ip２ x七", max_size=10))
def test_any_address_is_found_or_refused(corpus: Corpus, address: str) -> None:
    try:
        found = corpus.find(address)
    except AddressError:
        return
    assert isinstance(found, (Paragraph, Sentence))


def test_several_speeches(folder: Path) -> None:
    (folder / "other.txt").write_text(LONG, encoding="utf-8")
    corpus = read(folder)
    assert [paragraph.address for paragraph in corpus.paragraphs[:2]] == ["good/1", "other/1"]
    assert len({paragraph.address for paragraph in corpus.paragraphs}) == len(corpus.paragraphs)
    found = corpus.find("other/1.2")
    assert isinstance(found, Sentence)
    assert (found.speech, found.text) == ("other", "要保护知识产权！")
    assert corpus.find("[other/1.2]") is found
    assert corpus.find("other/第1段第2句") is found
    for address in ("1.2", "1", "第1段第2句"):
        with pytest.raises(AddressError, match="good"):
            corpus.find(address)
    with pytest.raises(AddressError, match="other"):
        corpus.find("unknown/1.2")


@pytest.mark.parametrize(
    ("texts", "addresses"),
    [
        (["题目。副题。\n甲。乙。\n丙。"], ["1.1", "1.2", "2.1"]),
        (["甲。乙。"], ["0.1", "0.2"]),
        (["题目\n甲。", "乙。丙。", "题目\n甲。"], ["s0/1.1", "s1/0.1", "s1/0.2", "s2/1.1"]),
    ],
    ids=["a title of two sentences", "nothing but a title", "several"],
)
def test_the_sentences_of_a_corpus_are_those_of_its_bodies_in_order(texts: list[str], addresses: list[str]) -> None:
    corpus = Corpus(tuple(Speech.from_text(f"s{i}", t, qualified=len(texts) > 1) for i, t in enumerate(texts)))
    assert [sentence.address for sentence in corpus.sentences] == addresses
    assert all(corpus.find(sentence.address) is sentence for sentence in corpus.sentences)
    assert "".join(s.text for s in corpus.sentences) == "".join(p.text for p in corpus.paragraphs)


def test_the_speech_with_an_id(corpus: Corpus, speech: Speech) -> None:
    assert corpus.speech("ip-2020") is speech
    with pytest.raises(AddressError, match="ip-2020"):
        corpus.speech("other")


def test_the_hash_of_a_corpus_changes_with_its_speeches(folder: Path) -> None:
    hashes = {read(folder).sha256}
    (folder / "other.txt").write_text(LONG, encoding="utf-8")
    hashes.add(read(folder).sha256)
    (folder / "other.txt").write_text(LONG + "又。", encoding="utf-8")
    hashes.add(read(folder).sha256)
    (folder / "other.txt").rename(folder / "renamed.txt")
    hashes.add(read(folder).sha256)
    assert len(hashes) == 4
