"""Ranking, choosing and judging, each by itself, on speeches of a few sentences."""

import pytest

from assistant.choosing import choose
from assistant.corpus import Corpus, Speech
from assistant.coverage import Coverage
from assistant.encoder import bundled_encoder
from assistant.glossary import bundled_glossary
from assistant.index import Passage
from assistant.judging import MIN_CONFIDENCE, judge
from assistant.outlines import outline
from assistant.questions import Question
from assistant.ranking import Candidate, is_heading, rank, reread
from assistant.reader import bundled_reader

FARM = """农业工作会议
王大山指出，要办好农业保险。要把农业保险的保费降下来，让农民买得起。
王大山强调，要抓好粮食储备。老刘在三河县工作了二十年。他管着全县的粮库。
要修好水渠。要通好电。"""


def corpus_of(text: str = FARM) -> Corpus:
    return Corpus((Speech.from_text("a", text),))


def ranked(question: str, text: str = FARM) -> tuple[Question, list[Candidate], Coverage]:
    """The candidates of all paragraphs but the title, before the reader has read them."""
    corpus, asked = corpus_of(text), Question.read(question, bundled_glossary())
    coverage = Coverage(corpus)
    return asked, rank(asked, [Passage(p, 0.5) for p in corpus.speeches[0].body], coverage), coverage


def addresses(candidates: list[Candidate]) -> list[str]:
    return [candidate.sentence.address for candidate in candidates]


def test_what_says_most_of_the_question_comes_first() -> None:
    _, found, _ = ranked("怎样修好水渠？")
    assert found[0].sentence.text == "要修好水渠。"
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


def test_a_sentence_leans_on_the_first_of_its_paragraph() -> None:
    _, found, _ = ranked("谁抓粮食储备？")
    by_address = {c.sentence.address: c for c in found}
    assert by_address["2.3"].covered < max(by_address["2.3"].leaning)
    assert by_address["2.3"].score > by_address["3.2"].score


def test_a_heading_is_left_out_where_a_sentence_below_says_as_much() -> None:
    _, found, _ = ranked("农业保险的保费怎么办？")
    assert "1.1" not in addresses(found)
    assert "1.2" in addresses(found)
    _, found, _ = ranked("粮食储备怎么抓？")
    assert "2.1" in addresses(found)


@pytest.mark.parametrize("question", ["为什么呢？", "", "？！"])
def test_nothing_is_ranked_where_nothing_is_asked_for(question: str) -> None:
    assert ranked(question)[1] == []


def test_what_the_reader_has_not_read_is_no_better_than_what_it_has() -> None:
    asked, found, coverage = ranked("怎样修好水渠？")
    read = reread(asked, found, coverage, bundled_reader())
    assert sorted(addresses(read)) == sorted(addresses(found))
    odds = {c.sentence.address: c.odds for c in read}
    first, others = addresses(found)[:5], addresses(found)[5:]
    assert all(odds[other] == min(odds[address] for address in first) for other in others)
    assert reread(asked, [], coverage, bundled_reader()) == []


def test_only_a_short_first_sentence_that_announces_is_a_heading() -> None:
    sentences = {s.address: s for s in corpus_of().sentences}
    assert [address for address, s in sentences.items() if is_heading(s)] == ["1.1", "2.1"]


def test_a_person_is_quoted_with_the_sentence_that_names_him() -> None:
    text = "会议\n王大山局长主管粮库。他在三河县工作了二十年。\n要通好电。"
    for question, there in (("谁主管粮库，又在三河县工作了二十年？", [1, 2]), ("谁在三河县工作了二十年？", [2])):
        asked, found, coverage = ranked(question, text)
        best = sorted(found, key=lambda c: c.sentence.number != 2)
        assert [s.number for s in choose(asked, best, coverage)] == there


def test_no_more_than_three_sentences_are_chosen_but_for_what_is_named() -> None:
    text = "会议\n" + "".join(f"要修好{place}水渠。" for place in ("东山", "西山", "南山", "北山", "中山"))
    asked, found, coverage = ranked("怎样修好水渠？", text)
    assert len(choose(asked, found, coverage)) == 3


def test_a_number_that_no_chosen_sentence_has_is_missing_and_decides() -> None:
    def confidence(question: str) -> tuple[float, list[str]]:
        asked, found, coverage = ranked(question)
        read = reread(asked, found, coverage, bundled_reader())
        told, missing = judge(asked, read, read[:1], coverage, bundled_encoder())
        return told, [term.text for term in missing]

    sure, nothing = confidence("怎样修好水渠？")
    unsure, number = confidence("怎样修好25条水渠？")
    assert sure >= MIN_CONFIDENCE > unsure
    assert nothing == []
    assert "25" in number


@pytest.mark.parametrize(
    ("question", "there"),
    [
        ("这次会议讲了什么？", ["1.1", "2.1", "3.1"]),
        ("会议部署了哪些主要任务？", ["1.1", "2.1"]),
        ("水渠怎么修？", []),
    ],
)
def test_an_outline_is_what_begins_the_paragraphs(question: str, there: list[str]) -> None:
    corpus = corpus_of()
    passages = [Passage(p, 0.5) for p in corpus.speeches[0].body]
    found = outline(Question.read(question, bundled_glossary()), passages, corpus, bundled_encoder())
    assert sorted({s.address for s in found}) == there
