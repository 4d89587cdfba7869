"""English statements that cite Chinese sentences: what is checked, and what cannot be."""

import pytest

from assistant.citations import Claim, Verdict, Withheld, check
from assistant.corpus import Sentence, Speech
from assistant.english import borne_out, english_numbers

TEXT = """标题
中共中央政治局2020年11月30日举行第二十五次集体学习。
要研究制定“十四五”时期规划，投入12亿元，增长百分之五，惠及三分之二的人。
知识产权工作正在发生两个转变。
我们不能照搬外国的制度，也要不断完善保护体系。
到二〇三五年，21世纪的蓝图必须实现。
The law of 2001 protects innovation.
"""
SHOWN = tuple(Speech.from_text("s", TEXT).sentences)
DATE, PLAN, CHANGES, NOT, AIM, LAW = (f"[{i}.1]" for i in range(1, 7))


def judged(draft: str, *, translated: bool = True) -> Claim | Withheld:
    (result,) = check([draft], SHOWN, translated=translated)
    return result


@pytest.mark.parametrize(
    "draft",
    [
        f"The Bureau held its 25th collective study on November 30, 2020. {DATE}",
        f"The twenty-fifth study took place on 30 November 2020. {DATE}",
        f"It was held on the 30th of November. {DATE}",
        f"A plan for the 14th Five-Year period will be made. {PLAN}",
        f"It invests 1.2 billion yuan, growing by 5 percent, for two-thirds of the people. {PLAN}",
        f"Spending of 1,200 million grows five per cent. {PLAN}",
        f"Two transitions are under way. {CHANGES}",
        f"Foreign systems must not be copied. {NOT}",
        f"Protection is not only kept but constantly improved. {NOT}",
        f"By 2035 the blueprint for the 21st century must be realised. {AIM}",
        f"First, one should not copy others. {NOT}",
        f"The study came before the plan. {DATE}{PLAN}",
    ],
)
def test_a_faithful_translation_passes_as_translated(draft: str) -> None:
    result = judged(draft)
    assert isinstance(result, Claim), result
    assert result.verdict is Verdict.TRANSLATED
    assert result.sentences


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        ("Two transitions are under way.", "names no sentence"),
        ("Two transitions are under way. [3.2]", "no sentence 3.2 was shown"),
        (f"Two transitions are under way. {CHANGES}[99.1]", "no sentence 99.1 was shown"),
        (f"Three transitions are under way. {CHANGES}", "number 3"),
        (f"The Bureau held its 26th collective study. {DATE}", "number 第26"),
        (f"The Bureau met on November 13, 2020. {DATE}", "number 2020年11月13日"),
        (f"The Bureau met in May 2020. {DATE}", "number 2020年5月"),
        (f"The Bureau met in December. {DATE}", "number 12月"),
        (f"Twelve million is invested. {PLAN}", "number 12000000"),
        (f"It grows by fifteen percent. {PLAN}", "number 15%"),
        (f"It reaches one third of the people. {PLAN}", "number"),
        (f"By 2050 the blueprint will stand. {AIM}", "number 2050年"),
        (f"It calls for “two transitions” now. {CHANGES}", "the phrase “two transitions”"),
        (f'It calls for "quality" now. {CHANGES}', "the phrase “quality”"),
        (f"No transitions are under way. {CHANGES}", "negation"),
        (f"The work isn't changing. {CHANGES}", "negation"),
        (f"The work must change. {CHANGES}", "obligation"),
        (f"12 {PLAN}", ""),
        (f"… — ! {PLAN}", ""),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_withheld(draft: str, why: str) -> None:
    results = list(check([draft], SHOWN, translated=True))
    assert results
    for result in results:
        assert isinstance(result, Withheld), result
        assert why in result.why


def test_what_cannot_be_seen_passes_and_is_only_called_translated() -> None:
    """The price: words, and a negation that was dropped, cannot be compared across languages."""
    for draft in (f"The moon is made of cheese. {CHANGES}", f"Foreign systems should be copied. {NOT}"):
        result = judged(draft)
        assert isinstance(result, Claim)
        assert result.verdict is Verdict.TRANSLATED


def test_only_for_a_question_that_was_not_asked_in_chinese() -> None:
    assert isinstance(judged(f"Two transitions are under way. {CHANGES}", translated=False), Withheld)


@pytest.mark.parametrize(
    "draft",
    [
        f"The work is 正在 changing. {CHANGES}",  # half Chinese
        f"The work is changing. {CHANGES}{LAW}",  # an English sentence among the cited
        f"The moon is made of cheese. {LAW}",
    ],
)
def test_where_words_can_be_compared_they_are(draft: str) -> None:
    assert isinstance(judged(draft), Withheld)


def test_the_other_verdicts_stay_what_they_are() -> None:
    verdicts = [
        (f"The law of 2001 protects innovation. {LAW}", Verdict.VERBATIM),
        (f"The law protects innovation. {LAW}", Verdict.SUPPORTED),
        (f"知识产权工作正在发生两个转变。{CHANGES}", Verdict.VERBATIM),
    ]
    for draft, verdict in verdicts:
        result = judged(draft)
        assert isinstance(result, Claim)
        assert result.verdict is verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nineteenth, eighth and twelfth", ["第19", "第8", "第12"]),
        ("two hundred and five thousand", ["205000"]),
        ("one hundred million and 1.1 billion", ["100000000", "1100000000"]),
        ("forty-two per cent", ["42%"]),
        ("it may march on; zero, one, first, second, hundreds", []),
        ("May 4, 1919 and 4 May", ["1919年5月4日", "5月4日"]),
        ("July 1st, 2021; October 2021", ["2021年7月1日", "2021年10月"]),
        ("two thirds", ["2/3"]),
        ("3.5 percent of 1,200", ["3.5%", "1200"]),
    ],
)
def test_english_numbers_take_the_form_of_chinese_ones(text: str, expected: list[str]) -> None:
    assert english_numbers(text) == expected


def test_chinese_ways_to_say_what_english_numbers_say() -> None:
    assert {"第14", "5", "第21"} <= borne_out("“十四五”时期是二十一世纪的")
    assert {"2020年11月30日", "11月30日"} <= borne_out("2020年11月30日")


def test_a_sentence_is_shown_with_its_own_text() -> None:
    result = judged(f"Two transitions are under way. {CHANGES}")
    assert isinstance(result, Claim)
    (sentence,) = result.sentences
    assert isinstance(sentence, Sentence)
    assert sentence.text == "知识产权工作正在发生两个转变。"
