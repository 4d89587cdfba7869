"""The glossary: what it finds in a question, what a folder adds to it, and what is wrong with a file."""

from pathlib import Path

import pytest

from assistant.errors import CorpusError
from assistant.glossary import GLOSSARY, Entry, Glossary, bundled_glossary, stem
from assistant.settings import bundled
from assistant.text import fold

SMALL = Glossary.of(
    Entry(*row)
    for row in [
        ("侵权假冒", ["盗版", "网络盗版"], ["piracy", "infringement and counterfeiting"]),
        ("侵权", [], ["infringement"]),
        ("著作权法", ["版权法"], ["Copyright Law"]),
        ("修订", ["修改"], ["amend", "revise"]),
        ("人才", [], ["talent"]),
        ("第五代移动通信", [], ["5G"]),
        ("十八大", [], ["18th Congress"]),
    ]
)


def found(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(match.phrase, match.terms) for match in SMALL.matches(fold(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("盗版怎么办？", [("盗版", ("侵权假冒",))]),
        ("网络盗版怎么办？", [("网络盗版", ("侵权假冒",))]),
        ("版权法要修改吗", [("版权法", ("著作权法",)), ("修改", ("修订",))]),
        ("侵权", [("侵权", ())]),
        ("盜版怎麼辦？", [("盗版", ("侵权假冒",))]),
        ("个人才能", []),
        ("Is the copyright law being amended?", [("copyright law", ("著作权法",)), ("amended", ("修订",))]),
        ("Infringement and counterfeiting", [("infringement and counterfeiting", ("侵权假冒",))]),
        ("infringement, piracy", [("infringement", ("侵权",)), ("piracy", ("侵权假冒",))]),
        ("talentless amendable", []),
        ("Does it mention 5G?", [("5g", ("第五代移动通信",))]),
        ("4G, G and g", []),
        ("the 18th congress", [("18th congress", ("十八大",))]),
        ("the 20th congress", []),
        ("盗版 piracy", [("盗版", ("侵权假冒",)), ("piracy", ("侵权假冒",))]),
        ("", []),
        ("？！", []),
    ],
)
def test_the_longest_phrase_is_found_from_word_to_word(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert found(text) == expected


def test_a_match_stands_where_it_says() -> None:
    folded = fold("請問版權法 and piracy?")
    for match in SMALL.matches(folded):
        assert folded[match.start : match.end] == match.phrase


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("law laws law's laws'", True),
        ("amend amends amended amending", True),
        ("policy policies", True),
        ("plan planned planning", True),
        ("handle handled handling", True),
        ("law lawn", False),
        ("press pres", False),
    ],
)
def test_endings_of_english_words(words: str, same: bool) -> None:
    assert (len({stem(word) for word in words.split()}) == 1) is same


def test_the_bundled_glossary_is_as_its_head_says() -> None:
    glossary = bundled_glossary()
    assert len(glossary.official) >= 500
    assert glossary.chinese["盗版"]
    assert glossary.english[stem("ip"),] == ("知识产权",)
    assert Glossary.load(bundled("seeds")) == glossary


def test_a_folder_adds_its_own(tmp_path: Path) -> None:
    assert Glossary.load(tmp_path) == bundled_glossary()
    (tmp_path / GLOSSARY).write_text('[[term]]\nterm = "甲乙丙丁"\nalso = ["戊己庚辛"]\nenglish = ["abcd"]\n', "utf-8")
    glossary = Glossary.load(tmp_path)
    assert glossary.chinese["戊己庚辛"] == ("甲乙丙丁",)
    assert glossary.chinese["盗版"] == bundled_glossary().chinese["盗版"]


@pytest.mark.parametrize(
    "text",
    [
        "term",
        "[[word]]\nterm = 1",
        '[[term]]\nalso = ["a"]',
        '[[term]]\nterm = "甲"\nalso = "乙"',
        '[[term]]\nterm = " "',
        "term = 1",
    ],
)
def test_a_glossary_that_is_none_is_named_with_the_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / GLOSSARY).write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=GLOSSARY):
        Glossary.load(tmp_path)
