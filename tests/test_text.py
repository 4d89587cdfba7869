"""Sentences, normal form, tokens and numbers: tables of nasty cases, and what must hold for any text."""

import unicodedata
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.text import fold, numbers, original, split_sentences, supported_numbers, tokens, visible, words

moderate = settings(max_examples=100, deadline=None)


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


# --- Sentences --------------------------------------------------------------------------------------------------------

# The text with a bar where one sentence ends and the next begins.
SPLIT = """
要加强保护。|要鼓励创新。
甲；|乙；|丙。
好！|真的？|是。
好！！！|真的？！|是。
甲。。|乙
甲，乙、丙：丁
没有句号
甲。
“走吧。”|他说。
他说：“走。”|然后走了。
他说：“走！”|“好。”
“甲。”|“乙。”
『甲。』|「乙。」
甲。’”）】|乙
他说：“甲。|乙。”|丙。
（见附件。）|然后。
等等。》|《甲。》
要制定“十四五”规划。|要坚持。
他说"走。"|然后走了。
甲。|"乙"
……等等。|好。
他说……然后……走了。
哦……。|好。
破折号——也不是。|好。
3.5%的增长。|好。
增长3.5。|好。
增长3.5%
２０２０．１１．３０开会。|好。
2020.11.30开会。|好。
1. 要做。|2. 要改。
一、坚持。|二、改革。
（一）坚持。|（二）改革。
1.坚持。|2.改革。
第一，坚持。|第二，改革。
We did it. |He left. |3.5 is fine.
Yes! |No? |Fine.
Mr. Smith came. |He left.
J. Smith came. |He left.
Dr. Jane Brown spoke. |All listened.
“We did it.” |He left.
He said "go." |Then he left.
It grew by 3.5%. |We did it.
It grew in 2023. |We did it.
Investment rose on March 5, 2021. |All members agreed.
There were 12. |We counted.
1. We did it. |2. He left.
Wait... what? |No.
见http://example.org/a.html?b=c。|好。
See http://example.org/a?b=c. |Good.
GDP增长5%。|We did it. |好。
　　全角缩进。|　好。
甲。 |乙。
甲。\t|乙。
"""


@pytest.mark.parametrize("marked", [line for line in SPLIT.splitlines() if line])
def test_where_sentences_end(marked: str) -> None:
    marked = marked.replace("\\t", "\t")
    parts = marked.split("|")
    text = "".join(parts)
    # White space behind a sentence belongs to it, wherever the bar stands.
    assert [p.strip() for p in pieces(text)] == [p.strip() for p in parts]
    assert "".join(pieces(text)) == text


@pytest.mark.parametrize("text", ["甲。 乙。", "甲。　　乙。", "甲。\t\n乙。", "One.  Two."])
def test_white_space_behind_a_sentence_belongs_to_it(text: str) -> None:
    first, second = pieces(text)
    assert first != first.rstrip()
    assert second == second.lstrip()


@pytest.mark.parametrize("text", ["", " ", "\n", "　\t\r\n", "\xa0", "\u2028"])
def test_a_blank_text_has_no_sentence(text: str) -> None:
    assert split_sentences(text) == []


a_fragment = st.one_of(
    st.text("中国要加强保护知识产权的和是", min_size=1, max_size=8),
    st.sampled_from(
        "。 ！ ？ ； 。” ！’ 。） 」 』 “ ‘ 「 （ 《 》 ， 、 ： …… —— 3.5 3.5% 1. 2. 一、 （一） 2020.11.30 Mr. GDP We it. . .. ... ! ? ( ) a.b U.S. No. 5G".split()
    ),
    st.sampled_from([" ", "　", "\t", "  "]),
)
a_text = st.lists(a_fragment, max_size=25).map("".join)


@settings(max_examples=300, deadline=None)
@given(a_text)
def test_sentences_are_a_partition(text: str) -> None:
    found = split_sentences(text)
    assert "".join(text[start:end] for start, end in found) == text if text.strip() else found == []
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert all(text[start:end].strip() for start, end in found)


@settings(max_examples=300, deadline=None)
@given(a_text)
def test_a_sentence_ends_only_where_one_can_end(text: str) -> None:
    for piece in pieces(text)[:-1]:
        core = piece.rstrip().rstrip("”’」』）》】〉〕｝)]}\"'")
        assert core.endswith(tuple("。！？；!?.")), piece


@settings(max_examples=300, deadline=None)
@given(a_text)
def test_every_chinese_stop_ends_a_sentence(text: str) -> None:
    for piece in pieces(text):
        inside = piece.rstrip().rstrip("。！？；!?.”’」』）》】〉〕｝)]}\"'")
        assert not set(inside) & set("。！？；"), piece


@settings(max_examples=300, deadline=None)
@given(a_text)
def test_a_sentence_is_one_sentence(text: str) -> None:
    for piece in pieces(text):
        assert pieces(piece) == [piece]


@moderate
@given(a_text, st.sampled_from(["3.5", "12.75", "3.5%", "2020.11.30", "1.2.3"]), a_text)
def test_no_sentence_ends_inside_a_number(before: str, number: str, after: str) -> None:
    if before[-1:].isdigit() or before[-1:] == "." or after[:1].isdigit():
        return
    start = len(before)
    ends = {end for _, end in split_sentences(before + number + after)}
    assert not ends & set(range(start + 1, start + len(number)))


@moderate
@given(st.text(max_size=200))
def test_any_text_can_be_split(text: str) -> None:
    assert "".join(pieces(text)) == (text if text.strip() else "")


# Guards against a hang; all of these are linear.
@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["A. ", "1. ", '。"', "No. ", "Mr. ", "甲。 ", "...", ". ", "。", "！”", "“", "a.b"])
def test_a_long_paragraph_is_split(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert "".join(pieces(text)) == text


# --- Normal form ------------------------------------------------------------------------------------------------------

FOLD = [
    ("知識產權保護", "知识产权保护"),
    ("創新驅動發展戰略", "创新驱动发展战略"),
    ("ＡＢＣ１２３％，", "abc123%,"),
    ("GDP", "gdp"),
    ("Straße", "strasse"),
    ("知\u200b识\ufeff产\u202e权\xad", "知识产权"),
    ("㈠", "(一)"),
    ("㎏", "kg"),
    ("Ⅳ", "iv"),
    ("不", "不"),  # U+F967, a compatibility ideograph that looks like 不
    ("a\x00b", "ab"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), FOLD)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@moderate
@given(st.text("知識产權保护ＡｂＣ１２，。\u200b\u202e Ⅳ㎏不é", max_size=40))
def test_fold_comes_to_rest(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert unicodedata.is_normalized("NFKC", fold(text))


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("第二十四屆會議", "第二十四届", "第二十四屆"),
        ("Ｌｏａｎｓ及貸款", "loans", "Ｌｏａｎｓ"),
        ("Ｌｏａｎｓ及貸款", "贷款", "貸款"),
        ("What of 5G?", "5g", "5G"),
        ("㈱と5G", "5g", "5G"),
        ("½的５G", "5g", "５G"),
        ("Straße und 5G", "5g", "5G"),
        ("甲……乙", "乙", "乙"),
        ("专\u200b利法", "专利法", "专\u200b利法"),
        # Two characters become one: which is which cannot be told.
        ("Cafe\u0301 und Loans", "loans", "loans"),
        ("", "", ""),
    ],
)
def test_where_a_piece_of_the_normal_form_came_from(text: str, found: str, expected: str) -> None:
    start = fold(text).index(found)
    assert original(text, start, start + len(found)) == expected


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=20), data=st.data())
def test_what_a_piece_came_from_holds_it(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    assert fold(original(text, 0, len(folded))) == folded
    start = data.draw(st.integers(0, len(folded)))
    end = data.draw(st.integers(start, len(folded)))
    assert len(fold(original(text, start, end))) >= end - start


@moderate
@given(st.text(max_size=60))
def test_visible_only_takes_away(text: str) -> None:
    rest = iter(text)
    assert all(c in rest for c in visible(text))
    assert visible(visible(text)) == visible(text)


# --- Words and tokens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("find", [words, tokens])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("要加強知識產權保護", "要加强知识产权保护"),
        ("讓創新成果更好惠及人民", "让创新成果更好惠及人民"),
        ("ＧＤＰ增长３．５％", "GDP增长3.5%"),
        ("GDP", "gdp"),
        ("知识\u200b产权", "知识产权"),
        ("“人民”，《利益》。", "人民 利益"),
    ],
)
def test_forms_of_the_same_text_give_the_same_tokens(find: object, one: str, other: str) -> None:
    assert callable(find)
    assert find(one) == find(other)


def test_words_of_a_sentence() -> None:
    assert "人民" in words("让创新成果更好惠及人民。")
    assert "知识产权" in words("要强化知识产权全链条保护。")
    assert words("GDP增长3.5%") == ["gdp", "增长", "3.5"]
    assert words("covid-19 isn't over") == ["covid-19", "isn't", "over"]
    assert words("，。！？ \n") == []


@pytest.mark.parametrize("query", ["人民", "创新", "成果", "惠及"])
def test_a_short_question_meets_the_sentence(query: str) -> None:
    assert set(tokens(query)) <= set(tokens("让创新成果更好惠及人民。"))


def test_what_the_segmenter_cuts_differently_still_meets() -> None:
    assert set(tokens("全链条")) & set(tokens("要强化知识产权全链条保护。"))


@moderate
@given(st.text(max_size=60))
def test_tokens_of_any_text(text: str) -> None:
    for token in (*words(text), *tokens(text)):
        assert token
        assert token == "".join(token.split())


# --- Numbers ----------------------------------------------------------------------------------------------------------

NUMBERS = {
    # years
    "二〇三五年": ["2035年"],
    "二零三五年": ["2035年"],
    "二○三五年": ["2035年"],
    "２０３５年": ["2035年"],
    "2035年": ["2035年"],
    "到2035": ["2035年"],
    "从二〇二〇年到二〇三五年": ["2020年", "2035年"],
    "2020-2035年": ["2020年", "2035年"],
    # dates
    "一九四九年十月一日": ["1949年10月1日"],
    "1949年10月1日": ["1949年10月1日"],
    "2020年11月": ["2020年11月"],
    "11月30日": ["11月30日"],
    "十一月三十日": ["11月30日"],
    "11月30号": ["11月30日"],
    "30日": ["30日"],
    "2020-11-30": ["2020年11月30日"],
    "2020/11/30": ["2020年11月30日"],
    "2020.11.30": ["2020年11月30日"],
    "11月5日至10日": ["11月5日", "10日"],
    "1月至3月": ["1月", "3月"],
    # percentages
    "5%": ["5%"],
    "５％": ["5%"],
    "百分之五": ["5%"],
    "百分之零点五": ["0.5%"],
    "百分之三点五": ["3.5%"],
    "百分之二十五点六": ["25.6%"],
    "百分之百": ["100%"],
    "3.50%": ["3.5%"],
    "15%": ["15%"],
    "五个百分点": ["5"],
    # a sign belongs to the number
    "-5%": ["-5%"],
    "−5%": ["-5%"],
    "负5%": ["-5%"],
    # fractions
    "三分之一": ["1/3"],
    "三分之二": ["2/3"],
    "1/3": ["1/3"],
    "十分之一": ["1/10"],
    "十分之三": ["3/10"],
    "千分之五": ["5/1000"],
    "万分之一": ["1/10000"],
    # ordinals
    "第二十五次": ["第25"],
    "第25次": ["第25"],
    "第一动力": ["第1"],
    "第十九届": ["第19"],
    "十九届": ["第19"],
    "25次": ["25"],
    "二十五次": ["25"],
    # counts
    "十": ["10"],
    "十五": ["15"],
    "二十": ["20"],
    "一百": ["100"],
    "一百零五": ["105"],
    "一千零一": ["1001"],
    "一万零一": ["10001"],
    "一万五千": ["15000"],
    "两千": ["2000"],
    "两万五千里": ["25000"],
    "120万": ["1200000"],
    "1200000": ["1200000"],
    "1,200,000": ["1200000"],
    "一百二十万": ["1200000"],
    "1.2亿": ["120000000"],
    "一亿二千万": ["120000000"],
    "12000万": ["120000000"],
    "一万亿": ["1000000000000"],
    "三点五": ["3.5"],
    "3.5": ["3.5"],
    "13.5": ["13.5"],
    "一百二十三点四五": ["123.45"],
    "2020人": ["2020"],
    "2000米": ["2000"],
    "1500公里": ["1500"],
    "二千米": ["2000"],
    "四个自信": ["4"],
    "两个维护": ["2"],
    "五中全会": ["5"],
    "二十一世纪": ["21"],
    "一季度": ["1"],
    "二季度": ["2"],
    "零": ["0"],
    # 一百五 is 150, not 105
    "二百五": ["250"],
    "一百五": ["150"],
    "一千二": ["1200"],
    "三万五": ["35000"],
    # old and formal numerals
    "廿五": ["25"],
    # a dash between two numbers is no sign
    "5%-10%": ["5%", "10%"],
    "5月-10月": ["5月", "10月"],
    # several numbers in a row
    "1、2、3": ["1", "2", "3"],
    "1，2，3": ["1", "2", "3"],
    "在2020，2021，2022年": ["2020年", "2021年", "2022年"],
    # large ones keep every digit
    "10000000000000000000000000000001": ["10000000000000000000000000000001"],
    # no value, but not nothing either: it has to stand in the source as it is
    "十四五": ["十四五"],
    "“十三五”": ["十三五"],
    # inside words
    "进一步": [],
    "一带一路": [],
    "统一": [],
    "一致": [],
    "一系列": [],
    "一体化": [],
    "万众一心": [],
    "千方百计": [],
    "十分重要": [],
    "万一": [],
    "第三方": [],
    "百姓": [],
    "唯一": [],
    "一般": [],
    "GDP": [],
    # list markers
    "一是坚持": [],
    "二是坚持": [],
    "一、坚持": [],
    "（一）坚持": [],
    "(1)坚持": [],
    "1.坚持": [],
    "1. 坚持": [],
    "第一，坚持": [],
    # a lone 一 before a general measure word
    "一个": [],
    "一条": [],
    "一种": [],
    "": [],
}


@pytest.mark.parametrize(("text", "expected"), NUMBERS.items(), ids=[repr(text) for text in NUMBERS])
def test_numbers(text: str, expected: list[str]) -> None:
    assert numbers(text) == expected


# Each line: ways to write what must not be taken for each other.
APART = [
    ("5%", "15%", "0.5%", "50%", "5‰", "5", "-5%", "1/5", "第5", "5年", "5月", "5日"),
    ("2035年", "2050年", "2025年", "二〇五三年", "35年", "2035人", "203.5", "20350"),
    ("三五年", "35年", "三年", "五年"),
    ("六七十人", "70人", "67人", "六十人"),
    ("一两年", "12年", "一年", "两年"),
    ("第25次", "25次", "第二十六次", "第5次", "第2次"),
    ("120万", "120", "120亿", "20万", "12万", "1.2万"),
    ("十四五", "14", "十五", "45", "十五五", "145"),
    ("11月30日", "11月3日", "1月30日", "11月", "30日", "1130"),
    ("三分之一", "三分之二", "四分之一", "1", "3", "十三分之一"),
    ("1亿", "1万", "1"),
    ("10至20亿元", "10元至20亿元"),
]


@pytest.mark.parametrize("row", APART, ids=[row[0] for row in APART])
def test_different_numbers_are_told_apart(row: tuple[str, ...]) -> None:
    forms = {text: tuple(numbers(text)) for text in row}
    assert len(set(forms.values())) == len(row), forms


@pytest.mark.parametrize("digits", [29, 40, 4301, 20_000])
@pytest.mark.parametrize("digit", "9九")
def test_a_numeral_of_any_length_has_a_form_of_its_own(digit: str, digits: int) -> None:
    one, other = digit * digits, digit * (digits - 1) + ("8" if digit == "9" else "八")
    assert numbers(f"共{one}个") != numbers(f"共{other}个")


SUPPORTED = [
    ("2020年11月30日", {"2020年11月30日", "2020年11月", "11月30日", "2020年", "11月", "30日"}),
    ("2020-11-30", {"2020年11月30日", "2020年11月", "11月30日", "2020年", "11月", "30日"}),
    ("二〇二〇年十一月", {"2020年11月", "2020年", "11月"}),
    ("11月30日", {"11月30日", "11月", "30日"}),
    ("5%", {"5%"}),
    ("第25次", {"第25"}),
    ("没有数字", set()),
]


@pytest.mark.parametrize(("text", "expected"), SUPPORTED)
def test_supported_numbers(text: str, expected: set[str]) -> None:
    assert supported_numbers(text) == expected


def test_parts_of_two_dates_are_never_combined() -> None:
    found = supported_numbers("2020年11月30日，2021年3月5日")
    assert found >= {"2020年11月30日", "3月5日", "2021年", "11月"}
    assert not found & {"2020年3月", "2020年3月5日", "11月5日", "3月30日", "2021年11月", "2021年11月30日"}


DIGITS = "零一二三四五六七八九"


def chinese(value: int) -> str:
    """A whole number below 10^12 as it is read aloud."""
    if value == 0:
        return "零"
    groups, rest = [], value
    while rest:
        rest, group = divmod(rest, 10_000)
        groups.append(group)
    text = ""
    for i in reversed(range(len(groups))):
        group = groups[i]
        if not group:
            text += "零" if text and not text.endswith("零") else ""
            continue
        part, zero = "", bool(text) and group < 1000
        for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit = group // unit % 10
            if digit:
                part += (
                    ("零" if zero and (part or text) and not (part or text).endswith("零") else "")
                    + DIGITS[digit]
                    + name
                )
                zero = False
            elif part:
                zero = True
        text += part + ("", "万", "亿")[i]
    text = text.rstrip("零")
    return text[1:] if text.startswith("一十") else text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10, "十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (10_001, "一万零一"),
        (10_500, "一万零五百"),
        (100_010_000, "一亿零一万"),
    ],
)
def test_the_converter_of_this_file(value: int, text: str) -> None:
    assert chinese(value) == text


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.integers(2, 200), st.integers(2, 10**6), st.integers(2, 10**12 - 1)))
def test_arabic_and_chinese_numerals_have_the_same_value(value: int) -> None:
    expected = numbers(f"共有{value}人")
    assert expected == [str(value)]
    assert numbers(f"共有{value:,}人") == expected
    assert numbers(f"共有{chinese(value)}人") == expected
    assert numbers(f"第{chinese(value)}次") == numbers(f"第{value}次") == [f"第{value}"]
    assert numbers(f"增长百分之{chinese(value)}") == numbers(f"增长{value}%") == [f"{value}%"]


@moderate
@given(st.integers(0, 999), st.integers(1, 99))
def test_decimals(whole: int, decimals: int) -> None:
    spoken = f"{chinese(whole)}点{''.join(DIGITS[int(d)] for d in f'{decimals:02}')}"
    written = f"{whole}.{decimals:02}"
    assert numbers(f"增长百分之{spoken}") == numbers(f"增长{written}%") == [f"{written.rstrip('0')}%"]


@moderate
@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_dates(day: date) -> None:
    year = "".join("〇一二三四五六七八九"[int(d)] for d in str(day.year))
    expected = [f"{day.year}年{day.month}月{day.day}日"]
    assert numbers(f"{day.year}年{day.month}月{day.day}日") == expected
    assert numbers(f"{year}年{chinese(day.month)}月{chinese(day.day)}日") == expected
    assert numbers(day.isoformat()) == expected


@moderate
@given(st.text("0123456789一二三十百千万亿年月日第分之点%.,、两〇-/", max_size=24))
def test_a_malformed_numeral_is_no_error(text: str) -> None:
    assert set(numbers(text)) <= supported_numbers(text)


@moderate
@given(st.text("0123456789%年月日第.", max_size=12))
def test_full_width_digits_count_the_same(text: str) -> None:
    full = "".join(chr(ord(c) + 0xFEE0) if c in "0123456789%." else c for c in text)
    assert numbers(full) == numbers(text)
