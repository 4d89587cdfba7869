"""What the kernel lets through, as tables of drafts; then what must hold for every draft.

A row reads: the draft, then what becomes of its statements. `verbatim 7.5` and `supported 6.3 6.4` are claims with the
sentences they cite; `withheld` is a statement that did not pass, `withheld: number 5%` one whose reason begins so.
Every row is also checked in single characters and cut at random places: the result must be the same.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.citations import Citation, Claim, Verdict, Withheld, check, cite
from assistant.corpus import Corpus, Sentence, Speech
from assistant.settings import bundled

Row = tuple[str, ...]

# --- The speeches that the drafts are about ---------------------------------------------------------------------------

FIGURES = """关于数字的讲话
2020年11月30日，会议在北京举行。2021年3月5日，第二次会议在上海举行。这是第二十五次集体学习。
从二〇二〇年到二〇三五年基本实现社会主义现代化。去年经济增长5%，粮食产量达到120万吨。城镇化率提高百分之十五。
今后三到五年完成改造，每年投入10至20亿元。失业率下降了三分之一。平均气温为-5℃。水库大坝海拔2000米。
在2020，2021，2022年连续举办三届。二季度工业生产和对外贸易保持平稳增长势头。G20杭州峰会取得一系列开创性引领性机制性成果。
三五年内见到成效。
"""
FORCE = """关于要求的讲话
我们不搞殖民主义，不能照搬别国模式。禁止砍伐天然林。必须加强党的领导。有条件的地方可以适当延长期限。
不得不承认差距仍然很大。要推动经济增长，防止收入差距扩大。严禁公款吃喝。要加强环境保护，减少污染排放。
没有调查就没有发言权。我们绝不能照搬照抄别国政治制度模式。要加强党的领导和党的建设工作，加强基层民主制度建设和法治建设。
各地区各部门必须认真贯彻落实党中央决策部署。
"""
NAMES = """关于人的讲话
张伟指出，质量是企业的生命。李娜强调，人才是第一资源。他说：“绿水青山就是金山银山。”要继承和发扬《共产党宣言》的精神。
广东省委书记李希同志主持会议并就有关工作作出部署安排。
"""
ENGLISH = """Remarks on Growth
The economy grew by 3.5% this year.
We must not abandon open trade.
Mr. Smith said that quality is the life of the company.
We will never seek hegemony.
Investment rose to $1.2 billion on March 5, 2021.
All members should protect workers' rights.
The plan may be extended.
There is no shortcut to success.
Dr. Jane Brown thanked the committee.
We can't accept this.
The committee adopted 12 measures in May and rejected two.
"""
MARKS = """关于标记的讲话
第一句说明标记[6.3]的用法。第二句写着[1]和[7.5]两个标记。第三句没有标记。[1.4]这一句以标记开头。
"""


@cache
def seed() -> Speech:
    return Corpus.from_folder(bundled("seeds")).speeches[0]


@cache
def shown(name: str) -> tuple[Sentence, ...]:
    """The sentences of one of the speeches; of the bundled one only paragraphs 1 to 8, so that some are not shown."""
    if name == "seed":
        return tuple(s for s in seed().sentences if 1 <= s.paragraph <= 8)
    if name == "qualified":
        return tuple(Speech.from_text("ip-2020", seed().text, qualified=True).sentences)
    texts = {"figures": FIGURES, "force": FORCE, "names": NAMES, "english": ENGLISH, "marks": MARKS}
    return tuple(Speech.from_text(name, texts[name]).sentences)


def outcomes(found: Iterable[Claim | Withheld]) -> list[str]:
    return [
        " ".join([item.verdict, *(s.address for s in item.sentences)])
        if isinstance(item, Claim)
        else f"withheld: {item.why}"
        for item in found
    ]


def assert_row(row: Row, sentences: Sequence[Sentence]) -> None:
    """The draft comes to what its row says, however it is cut."""
    draft, *expected = row
    found = list(check([draft], sentences))
    assert list(check(draft, sentences)) == found, "cut into single characters it gives something else"
    chance = random.Random(draft)
    for _ in range(5):
        cuts = sorted(chance.choices(range(len(draft) + 1), k=chance.randint(1, 12)))
        pieces = [draft[a:b] for a, b in zip([0, *cuts], [*cuts, len(draft)], strict=True)]
        assert list(check(pieces, sentences)) == found, f"cut into {pieces} it gives something else"
    got = outcomes(found)
    fits = [g.startswith(e) if e.startswith("withheld") else g == e for g, e in zip(got, expected, strict=False)]
    assert len(got) == len(expected), f"{got} instead of {expected}"
    assert all(fits), f"{got} instead of {expected}"


def named(rows: list[Row]) -> list[object]:
    return [pytest.param(row, id=f"{i:02} {row[0][:60]!r}") for i, row in enumerate(rows)]


# --- Addresses --------------------------------------------------------------------------------------------------------

Q = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民"  # 7.5 without its 。
R = "要加强地理标志、商业秘密等领域立法"  # 6.3 without its 。
NO_ADDRESS = "withheld: it names no sentence"

ADDRESSES: list[Row] = [
    # where the mark stands
    (f"{Q}。[7.5]", "verbatim 7.5"),
    (f"{Q}[7.5]。", "verbatim 7.5"),
    (f"{Q}。 [7.5]", "verbatim 7.5"),
    (f"{Q}。[7.5] ", "verbatim 7.5"),
    (f"{Q}。[7.5][7.5]", "verbatim 7.5"),
    (f"{Q}。[7.5]{R}。[6.3]", "verbatim 7.5", "verbatim 6.3"),
    (f"{Q}[7.5]。{R}[6.3]。", "verbatim 7.5", "verbatim 6.3"),
    (f"{Q} [7.5]。{R} [6.3]。", "verbatim 7.5", "verbatim 6.3"),
    (f"{Q}。[7.5]\n{R}。[6.3]", "verbatim 7.5", "verbatim 6.3"),
    (f"{Q}。[7.5]\r\n{R}。[6.3]\r\n", "verbatim 7.5", "verbatim 6.3"),
    (f"{Q}。[7.5]\n\n\n{R}。[6.3]", "verbatim 7.5", "verbatim 6.3"),
    # Clauses joined by a comma come from one sentence, wherever the marks stand.
    (f"{Q}[7.5]，{R}[6.3]。", "withheld"),
    (f"“{Q}。”[7.5]", "supported 7.5"),
    (f"“{Q}。[7.5]”", "supported 7.5"),
    (f"“{Q}[7.5]。”", "supported 7.5"),
    (f"“{Q}”[7.5]。", "supported 7.5"),
    (f"讲话说：“{Q}。”[7.5]", "supported 7.5"),
    (f"讲话说：“{Q}[7.5]。”{R}。[6.3]", "supported 7.5", "verbatim 6.3"),
    # how the mark is written
    (f"{Q}。【7.5】", "verbatim 7.5"),
    (f"{Q}。［7.5］", "verbatim 7.5"),
    (f"{Q}。[７．５]", "verbatim 7.5"),
    (f"{Q}。[７.5]", "verbatim 7.5"),
    (f"{Q}。【７．５】", "verbatim 7.5"),
    (f"{Q}。[ 7.5 ]", "verbatim 7.5"),
    # several addresses
    (f"{Q}。[7.5][6.3]", "verbatim 7.5"),
    (f"{Q}；{R}。[7.5][6.3]", "supported 7.5 6.3"),
    (f"{Q}；{R}。[7.5, 6.3]", "supported 7.5 6.3"),
    (f"{Q}；{R}。[7.5，6.3]", "supported 7.5 6.3"),
    (f"{Q}；{R}。[7.5、6.3]", "supported 7.5 6.3"),
    (f"{Q}；{R}。[7.5;6.3]", "supported 7.5 6.3"),
    (f"{Q}；{R}。[7.5 6.3]", "supported 7.5 6.3"),
    (f"{Q}；{R}。【6.3】[7.5]", "supported 6.3 7.5"),
    # none, wrong, not shown
    (f"{Q}。", NO_ADDRESS),
    (f"{Q}。{R}。[6.3]", NO_ADDRESS, "verbatim 6.3"),
    (f"{Q}。[7.5]{R}。", "verbatim 7.5", NO_ADDRESS),
    (f"{Q}。\n{R}。[6.3]", NO_ADDRESS, "verbatim 6.3"),
    (f"{Q}。[6.3]", "withheld"),
    (f"{Q}。[6.3]{R}。[7.5]", "withheld", "withheld"),
    (f"{Q}。[9.1]", "withheld: no sentence 9.1"),
    (f"{Q}。[0.1]", "withheld: no sentence 0.1"),
    (f"{Q}。[99.1]", "withheld: no sentence 99.1"),
    (f"{Q}。[7.0]", "withheld: no sentence 7.0"),
    (f"{Q}。[7.50]", "withheld: no sentence 7.50"),
    (f"{Q}。[7.5][9.1]", "withheld: no sentence 9.1"),
    (f"{Q}。[7.5, 9.1]", "withheld: no sentence 9.1"),
    (f"{Q}。[other/7.5]", "withheld: no sentence other/7.5"),
    # meant as an address but none: never taken for 7.5
    (f"{Q}。[7]", "withheld"),
    (f"{Q}。[6.3-6.5]", "withheld"),
    (f"{Q}。[7.4-7.6]", "withheld"),
    (f"{Q}。[7.5", NO_ADDRESS, NO_ADDRESS),
    (f"{Q}。[7.", NO_ADDRESS, NO_ADDRESS),
    (f"{Q}。[", NO_ADDRESS, NO_ADDRESS),
    (f"{Q}。[7.5]{R}。[6", "verbatim 7.5", NO_ADDRESS, NO_ADDRESS),
    (f"{Q}。(7.5)", NO_ADDRESS, NO_ADDRESS),
    # a mark belongs to what stands before it
    (f"[7.5]{Q}。", NO_ADDRESS),
    (f"[7.5] {Q}。[6.3]", "withheld"),
    (f"[6.3]{Q}。[7.5]", "verbatim 7.5"),
    # nothing is claimed
    ("",),
    (" \n\t \r\n　",),
    ("[7.5]",),
    ("[7.5][6.3]\n【7.6】",),
    ("。[7.5]", "withheld"),
    ("“”[7.5]", "withheld"),
    ("是的。[7.5]", "withheld"),
]


@pytest.mark.parametrize("row", named(ADDRESSES))
def test_addresses(row: Row) -> None:
    assert_row(row, shown("seed"))


QUALIFIED: list[Row] = [
    (f"{Q}。[ip-2020/7.5]", "verbatim ip-2020/7.5"),
    (f"{Q}。【ip-2020／７．５】", "verbatim ip-2020/7.5"),
    (f"{Q}；{R}。[ip-2020/7.5, ip-2020/6.3]", "supported ip-2020/7.5 ip-2020/6.3"),
    (f"{Q}。[ip-2021/7.5]", "withheld: no sentence ip-2021/7.5"),
    (f"{Q}。[7.5]", "withheld: no sentence 7.5"),
    (f"{Q}。[ip-2020/7", "withheld", "withheld"),
]


@pytest.mark.parametrize("row", named(QUALIFIED))
def test_addresses_that_carry_the_id(row: Row) -> None:
    assert_row(row, shown("qualified"))


def test_a_mark_in_two_pieces_is_one_mark() -> None:
    for cut in range(1, len("[ip-2020/7.5]")):
        mark = "[ip-2020/7.5]"
        found = check([f"{Q}。", mark[:cut], mark[cut:], f"{R}。[ip-2020/6.3]"], shown("qualified"))
        assert outcomes(found) == ["verbatim ip-2020/7.5", "verbatim ip-2020/6.3"]


def test_a_mark_longer_than_any_address_is_no_address_however_it_is_cut() -> None:
    draft = f"{Q}。[{'9' * 5000}.5]"
    found = list(check([draft], shown("seed")))
    assert all(isinstance(item, Withheld) for item in found)
    assert list(check(draft, shown("seed"))) == found


def test_the_title_can_be_cited_where_it_is_shown() -> None:
    title = next(iter(seed().sentences))
    assert outcomes(check([f"{title.text}[0.1]"], [title])) == ["verbatim 0.1"]


# --- Numbers ----------------------------------------------------------------------------------------------------------

NUMBERS: list[Row] = [
    # percentages
    ("去年经济增长5%，粮食产量达到120万吨。[2.2]", "verbatim 2.2"),
    ("去年经济增长5%。[2.2]", "supported 2.2"),
    ("去年经济增长５％。[2.2]", "supported 2.2"),
    ("去年经济增长百分之五。[2.2]", "supported 2.2"),
    ("去年经济增长5.0%。[2.2]", "supported 2.2"),
    ("去年经济增长15%。[2.2]", "withheld: number 15%"),
    ("去年经济增长１５％。[2.2]", "withheld: number 15%"),
    ("去年经济增长百分之十五。[2.2]", "withheld: number 15%"),
    ("去年经济增长0.5%。[2.2]", "withheld: number 0.5%"),
    ("去年经济增长5.5%。[2.2]", "withheld: number 5.5%"),
    ("去年经济增长50%。[2.2]", "withheld: number 50%"),
    ("去年经济增长1\u200b5%。[2.2]", "withheld: number"),
    ("去年经济增长1\u034f5%。[2.2]", "withheld: number"),
    ("去年经济增长5‰。[2.2]", "withheld: number"),
    ("去年经济增长五个百分点。[2.2]", "withheld: number"),
    ("去年经济增长-5%。[2.2]", "withheld"),
    ("去年经济增长−5%。[2.2]", "withheld"),
    ("去年经济增长负5%。[2.2]", "withheld"),
    ("平均气温为5℃。[3.3]", "withheld"),
    ("平均气温为-5℃。[3.3]", "verbatim 3.3"),
    ("城镇化率提高15%。[2.3]", "supported 2.3"),
    ("城镇化率提高5%。[2.3]", "withheld: number 5%"),
    ("城镇化率提高百分之五。[2.3]", "withheld: number 5%"),
    ("城镇化率提高百分之五十。[2.3]", "withheld: number 50%"),
    # years and dates
    ("从2020年到2035年基本实现社会主义现代化。[2.1]", "supported 2.1"),
    ("从２０２０年到２０３５年基本实现社会主义现代化。[2.1]", "supported 2.1"),
    ("从二零二零年到二零三五年基本实现社会主义现代化。[2.1]", "supported 2.1"),
    ("到2035年基本实现社会主义现代化。[2.1]", "supported 2.1"),
    ("从二〇二〇年到二〇五〇年基本实现社会主义现代化。[2.1]", "withheld: number 2050年"),
    ("从2020年到2050年基本实现社会主义现代化。[2.1]", "withheld: number 2050年"),
    ("2025年基本实现社会主义现代化。[2.1]", "withheld: number 2025年"),
    ("2020年11月30日，会议在北京举行。[1.1]", "verbatim 1.1"),
    ("二〇二〇年十一月三十日，会议在北京举行。[1.1]", "supported 1.1"),
    ("11月30日，会议在北京举行。[1.1]", "supported 1.1"),
    ("2020年11月，会议在北京举行。[1.1]", "supported 1.1"),
    ("2020年，会议在北京举行。[1.1]", "supported 1.1"),
    ("2020年11月31日，会议在北京举行。[1.1]", "withheld: number"),
    ("2020年12月30日，会议在北京举行。[1.1]", "withheld: number"),
    ("2021年11月30日，会议在北京举行。[1.1]", "withheld: number"),
    ("2021年11月30日，会议在北京举行。[1.1][1.2]", "withheld: number"),
    ("2020年11月5日，会议在北京举行。[1.1][1.2]", "withheld: number"),
    ("3月30日，会议在北京举行。[1.1][1.2]", "withheld: number"),
    ("11月5日，会议在北京举行。[1.1][1.2]", "withheld: number"),
    ("2020年3月，会议在北京举行。[1.1][1.2]", "withheld: number"),
    ("水库大坝海拔2000米。[3.4]", "verbatim 3.4"),
    ("水库大坝海拔二千米。[3.4]", "supported 3.4"),
    ("水库大坝，2000年。[3.4]", "withheld"),
    ("2021年连续举办三届。[4.1]", "supported 4.1"),
    ("2023年连续举办三届。[4.1]", "withheld: number"),
    # ordinals and counts
    ("这是第25次集体学习。[1.3]", "supported 1.3"),
    ("这是25次集体学习。[1.3]", "withheld: number 25"),
    ("这是第二十六次集体学习。[1.3]", "withheld: number 第26"),
    ("这是第5次集体学习。[1.3]", "withheld: number 第5"),
    ("粮食产量达到1200000吨。[2.2]", "supported 2.2"),
    ("粮食产量达到1,200,000吨。[2.2]", "supported 2.2"),
    ("粮食产量达到一百二十万吨。[2.2]", "supported 2.2"),
    ("粮食产量达到120吨。[2.2]", "withheld: number 120"),
    ("粮食产量达到20万吨。[2.2]", "withheld: number 200000"),
    ("粮食产量达到120亿吨。[2.2]", "withheld: number"),
    ("失业率下降了三分之二。[3.2]", "withheld: number 2/3"),
    ("失业率下降了十分之一。[3.2]", "withheld"),
    ("失业率下降了1/3。[3.2]", "supported 3.2"),
    ("一季度工业生产和对外贸易保持平稳增长势头。[4.2]", "withheld"),
    ("三季度工业生产和对外贸易保持平稳增长势头。[4.2]", "withheld"),
    ("G7杭州峰会取得一系列开创性引领性机制性成果。[4.3]", "withheld"),
    # ranges
    ("今后3到5年完成改造。[3.1]", "supported 3.1"),
    ("今后三至五年完成改造。[3.1]", "supported 3.1"),
    ("今后三到十年完成改造。[3.1]", "withheld: number"),
    ("今后二到五年完成改造。[3.1]", "withheld: number"),
    ("每年投入10至20亿元。[3.1]", "supported 3.1"),
    ("每年投入10元。[3.1]", "withheld: number"),
    ("35年内见到成效。[5.1]", "withheld: number"),
    # more digits than Python converts: a refusal, not a crash
    (f"粮食产量达到{'九' * 5000}吨。[2.2]", "withheld: number"),
    (f"粮食产量达到{'9' * 5000}吨。[2.2]", "withheld: number"),
]


@pytest.mark.parametrize("row", named(NUMBERS))
def test_numbers(row: Row) -> None:
    assert_row(row, shown("figures"))


SEED_NUMBERS: list[Row] = [
    ("中共中央政治局11月30日下午举行第25次集体学习。[1.1]", "supported 1.1"),
    ("中共中央政治局11月3日下午举行第二十五次集体学习。[1.1]", "withheld: number"),
    ("中共中央政治局12月30日下午举行第二十五次集体学习。[1.1]", "withheld: number"),
    ("要研究制定十四五时期国家知识产权保护和运用规划。[5.2]", "supported 5.2"),
    ("要研究制定“十五五”时期国家知识产权保护和运用规划。[5.2]", "withheld"),
    ("要研究制定十三五时期国家知识产权保护和运用规划。[5.2]", "withheld"),
    ("党的十九届五中全会对加强知识产权保护工作提出明确要求。[3.3]", "supported 3.3"),
    ("党的十八届五中全会对加强知识产权保护工作提出明确要求。[3.3]", "withheld: number"),
    ("党的十九届六中全会对加强知识产权保护工作提出明确要求。[3.3]", "withheld: number"),
    ("党的十九大以来，我们在知识产权领域部署推动了一系列改革。[8.2]", "withheld: number"),
    ("创新是引领发展的第二动力。[3.2]", "withheld: number"),
    (f"{Q}，并建成100个中心。[7.5]", "withheld: number 100"),
]


@pytest.mark.parametrize("row", named(SEED_NUMBERS))
def test_numbers_of_the_bundled_speech(row: Row) -> None:
    assert_row(row, shown("seed"))


# --- Negation and force -----------------------------------------------------------------------------------------------

NEGATIONS: list[Row] = [
    ("我们不搞殖民主义。[1.1]", "supported 1.1"),
    ("不能照搬别国模式。[1.1]", "supported 1.1"),
    ("我们搞殖民主义。[1.1]", "withheld"),
    ("照搬别国模式。[1.1]", "withheld"),
    ("我们搞殖民主义，不能照搬别国模式。[1.1]", "withheld"),
    ("我们不搞殖民主义，能照搬别国模式。[1.1]", "withheld"),
    ("我们不搞殖民主义，可以照搬别国模式。[1.1]", "withheld"),
    ("我们不搞殖民主义，必须照搬别国模式。[1.1]", "withheld"),
    ("我们搞殖民主义，不能不照搬别国模式。[1.1]", "withheld"),
    ("我们不能不搞殖民主义。[1.1]", "withheld"),
    ("我们不得不搞殖民主义。[1.1]", "withheld"),
    ("我们并非不搞殖民主义。[1.1]", "withheld"),
    ("砍伐天然林。[1.2]", "withheld"),
    ("允许砍伐天然林。[1.2]", "withheld"),
    ("鼓励砍伐天然林。[1.2]", "withheld"),
    ("不禁止砍伐天然林。[1.2]", "withheld"),
    ("严禁砍伐天然林。[1.2]", "withheld"),
    ("公款吃喝。[2.3]", "withheld"),
    ("可以公款吃喝。[2.3]", "withheld"),
    ("禁止公款吃喝。[2.3]", "withheld"),
    ("不得不承认差距仍然很大。[2.1]", "verbatim 2.1"),
    ("不承认差距仍然很大。[2.1]", "withheld"),
    ("不得承认差距仍然很大。[2.1]", "withheld"),
    ("没有调查就没有发言权。[3.1]", "verbatim 3.1"),
    ("有调查就没有发言权。[3.1]", "withheld"),
    ("没有调查就有发言权。[3.1]", "withheld"),
    ("有调查就有发言权。[3.1]", "withheld"),
    ("收入差距扩大。[2.2]", "withheld"),
    ("推动收入差距扩大。[2.2]", "withheld"),
    ("防止经济增长。[2.2]", "withheld"),
    ("要推动收入差距扩大，防止经济增长。[2.2]", "withheld"),
    ("要加强环境保护，不减少污染排放。[2.4]", "withheld"),
    ("要加强环境保护，减少污染排放，这是不对的。[2.4]", "withheld"),
    ("不，要加强环境保护，减少污染排放。[2.4]", "withheld"),
    ("我们不必照搬照抄别国政治制度模式。[3.2]", "withheld"),
    ("我们不用照搬照抄别国政治制度模式。[3.2]", "withheld"),
    ("我们绝不能照搬照抄别国政治制度模式。[3.2]", "verbatim 3.2"),
]
FORCES: list[Row] = [
    ("必须加强党的领导。[1.3]", "verbatim 1.3"),
    ("要加强党的领导。[1.3]", "withheld"),
    ("应该加强党的领导。[1.3]", "withheld"),
    ("可以加强党的领导。[1.3]", "withheld"),
    ("不必加强党的领导。[1.3]", "withheld"),
    ("必须不加强党的领导。[1.3]", "withheld"),
    ("必须推动经济增长。[2.2]", "withheld"),
    ("一定要推动经济增长。[2.2]", "withheld"),
    ("可以推动经济增长。[2.2]", "withheld"),
    ("不要推动经济增长。[2.2]", "withheld"),
    ("要推动经济增长。[2.2]", "supported 2.2"),
    ("有条件的地方可以适当延长期限。[1.4]", "verbatim 1.4"),
    ("有条件的地方必须适当延长期限。[1.4]", "withheld"),
    ("有条件的地方适当延长期限。[1.4]", "withheld"),
]
VERBS: list[Row] = [
    ("必须削弱党的领导。[1.3]", "withheld"),
    ("要推动经济下降，防止收入差距扩大。[2.2]", "withheld"),
    ("要推动经济增长，防止收入差距缩小。[2.2]", "withheld"),
    ("要削弱环境保护，减少污染排放。[2.4]", "withheld"),
    ("要加强环境保护，增加污染排放。[2.4]", "withheld"),
    ("加强污染排放。[2.4]", "withheld"),
    ("减少环境保护。[2.4]", "withheld"),
    ("要加强党的领导和党的建设工作，削弱基层民主制度建设和法治建设。[3.3]", "withheld"),
    ("各地区各部门必须认真反对党中央决策部署。[4.1]", "withheld"),
    ("各地区各部门必须认真抵制党中央决策部署。[4.1]", "withheld"),
]


@pytest.mark.parametrize("row", named(NEGATIONS + FORCES + VERBS))
def test_negation_force_and_verbs(row: Row) -> None:
    assert_row(row, shown("force"))


SEED_MEANING: list[Row] = [
    (f"{Q[:-4]}不能惠及人民。[7.5]", "withheld"),
    (f"不{Q}。[7.5]", "withheld"),
    (f"不\u200b{Q}。[7.5]", "withheld"),
    ("要不形成便民利民的知识产权公共服务体系。[7.5]", "withheld"),
    ("必须形成便民利民的知识产权公共服务体系。[7.5]", "withheld"),
    ("可以形成便民利民的知识产权公共服务体系。[7.5]", "withheld"),
    ("要促进知识产权滥用。[8.6]", "withheld"),
    ("要研究制定知识产权滥用相关制度。[8.6]", "withheld"),
    ("要健全知识产权评估体系，不研究制定知识产权滥用相关制度。[8.6]", "withheld"),
    ("全面建设社会主义现代化国家，要从国家战略高度和进入新发展阶段要求出发。[1.3]", "withheld"),
    ("要取消行政执法力度。[6.8]", "withheld"),
    ("要放弃地理标志、商业秘密等领域立法。[6.3]", "withheld"),
    ("要削弱地理标志、商业秘密等领域立法。[6.3]", "withheld"),
    ("要反专利法、商标法修订工作。[6.2]", "withheld"),
    ("新中国成立前就开始了。[4.1]", "withheld"),
    ("党的十八大以前，党中央把知识产权保护工作摆在更加突出的位置。[4.2]", "withheld"),
    ("要降低知识产权审判质量和效率，提升公信力。[6.5]", "withheld"),
    ("要提高知识产权审判质量和效率，降低公信力。[6.5]", "withheld"),
    ("全社会尊重和保护知识产权意识明显下降。[4.3]", "withheld"),
    ("全社会尊重和保护知识产权意识明显降低。[4.3]", "withheld"),
    ("全社会侵犯知识产权意识明显提升。[4.3]", "withheld"),
    ("实行宽松的知识产权保护制度。[4.2]", "withheld"),
    # a true half with a fabricated tail or head
    (f"{Q}，并免除全部专利费用。[7.5]", "withheld"),
    (f"{Q}，大家都很高兴。[7.5]", "withheld"),
    (f"要免除全部专利费用，{Q[1:]}。[7.5]", "withheld"),
    (f"免除全部专利费用后，{Q}。[7.5]", "withheld"),
    (f"以下说法是错误的：{Q}。[7.5]", "withheld"),
    (f"{Q}，这是假的。[7.5]", "withheld"),
    (f"有人误以为{Q}。[7.5]", "withheld"),
    ("推动知识产权强国建设。[7.7]", "withheld"),
    # genuine: a part of a sentence, two sentences joined, with an opening that says who speaks
    (f"{Q}。[7.5]", "verbatim 7.5"),
    ("要形成便民利民的知识产权公共服务体系。[7.5]", "supported 7.5"),
    ("让创新成果更好惠及人民。[7.5]", "supported 7.5"),
    ("要提高知识产权审判质量。[6.5]", "supported 6.5"),
    ("保护知识产权就是保护创新。[3.2]", "supported 3.2"),
    ("要强化知识产权全链条保护。[7.1]", "supported 7.1"),
    ("坚持人民利益至上、公正合理保护。[5.3]", "supported 5.3"),
    (f"{R}；要强化民事司法保护。[6.3][6.4]", "supported 6.3 6.4"),
    (f"{R}，强化民事司法保护。[6.3][6.4]", "withheld"),
    ("要加大刑事打击力度；要加大行政执法力度。[6.7][6.8]", "supported 6.7 6.8"),
    # Clauses joined by a comma share subject and force: they come from one sentence, or 对北京大学，要重拳出击 passes.
    ("要加大刑事打击力度，加大行政执法力度。[6.7][6.8]", "withheld"),
    ("习近平指出，提出了工作建议。[7.1][2.1]", "withheld"),
    # One clause is never put together of two sentences: that is how 要打击群众 would come about.
    ("要加大刑事打击力度和行政执法力度。[6.7][6.8]", "withheld"),
    ("要打击群众。[6.7][6.8]", "withheld"),
    ("保护侵犯知识产权行为。[4.2]", "withheld"),
    ("坚决依法惩处知识产权保护。[4.2]", "withheld"),
    ("要整治群众。[6.8]", "withheld"),
    ("从提高质量向追求数量转变。[3.4]", "withheld"),
    (f"讲话提出，{Q}。[7.5]", "supported 7.5"),
    ("要形成便民利民的知識產權公共服務體系，讓創新成果更好惠及人民。[7.5]", "supported 7.5"),
]


@pytest.mark.parametrize("row", named(SEED_MEANING))
def test_meaning_against_the_bundled_speech(row: Row) -> None:
    assert_row(row, shown("seed"))


# --- Names and quoted phrases -----------------------------------------------------------------------------------------

PEOPLE: list[Row] = [
    ("张伟指出，质量是企业的生命。[1.1]", "verbatim 1.1"),
    ("质量是企业的生命。[1.1]", "supported 1.1"),
    ("王芳指出，质量是企业的生命。[1.1]", "withheld"),
    ("李娜指出，质量是企业的生命。[1.1]", "withheld"),
    ("张伟反对，质量是企业的生命。[1.1]", "withheld"),
    ("广东省委书记王强同志主持会议并就有关工作作出部署安排。[2.1]", "withheld"),
    ("广西省委书记李希同志主持会议并就有关工作作出部署安排。[2.1]", "withheld"),
    ("广东省委书记李希同志主持会议。[2.1]", "supported 2.1"),
    # quotes
    ("他说：“绿水青山就是金山银山。”[1.3]", "verbatim 1.3"),
    ("他说“绿水青山就是金山银山”。[1.3]", "supported 1.3"),
    ("「绿水青山就是金山银山」。[1.3]", "supported 1.3"),
    ('他说："绿水青山就是金山银山"。[1.3]', "supported 1.3"),
    ("“绿水青山”就是“金山银山”。[1.3]", "supported 1.3"),
    ("“绿水青山就是金山银海”。[1.3]", "withheld: the phrase"),
    ("“绿水青山是金山银山”。[1.3]", "withheld: the phrase"),
    ("“金山银山就是绿水青山”。[1.3]", "withheld: the phrase"),
    ("“绿水青山不是金山银山”。[1.3]", "withheld"),
    # titles
    ("要继承和发扬《共产党宣言》的精神。[1.4]", "verbatim 1.4"),
    ("要继承《共产党宣言》的精神。[1.4]", "supported 1.4"),
    ("要继承和发扬《共产党章程》的精神。[1.4]", "withheld"),
    ("要继承和发扬《资本论》的精神。[1.4]", "withheld: the phrase"),
]


@pytest.mark.parametrize("row", named(PEOPLE))
def test_names_quotes_and_titles(row: Row) -> None:
    assert_row(row, shown("names"))


SEED_NAMES: list[Row] = [
    ("李克强指出，要强化知识产权全链条保护。[7.1]", "withheld"),
    ("中共中央总书记胡锦涛在主持学习时强调，知识产权保护工作关系国家治理体系和治理能力现代化。[1.2]", "withheld"),
    ("国务院11月30日下午就加强我国知识产权保护工作举行第二十五次集体学习。[1.1]", "withheld"),
    ("清华大学法学院教授易继明就这个问题进行讲解，提出了工作建议。[2.1]", "withheld"),
    (
        "复旦大学法学院教授、复旦大学国际知识产权研究中心主任易继明就这个问题进行讲解，提出了工作建议。[2.1]",
        "withheld",
    ),
    ("中共中央政治局11月30日下午就加强美国知识产权保护工作举行第二十五次集体学习。[1.1]", "withheld"),
    ("要坚持以美国为主、人民利益至上、公正合理保护。[5.3]", "withheld"),
    ("讲话要求“重拳出击、整治到底、震慑到位”。[6.8]", "supported 6.8"),
    ("讲话要求“重拳出击、整治到底、震慑到底”。[6.8]", "withheld: the phrase"),
    ("“提升公信力”。[6.5]", "supported 6.5"),
    *(
        (f"{a}提升信力{b}。[6.5]", "withheld")
        for a, b in ("“”", "‘’", "「」", "『』", "《》", "〈〉", '""', "''", "＂＂", "〝〞", "„“", "«»")
    ),
    ("“提升信力。[6.5]", "withheld"),
    ("提升信力”。[6.5]", "withheld"),
    ("“提升公信力”和“提升质量”。[6.5]", "withheld: the phrase"),
    ("“要提高……公信力”。[6.5]", "withheld: the phrase"),
]


@pytest.mark.parametrize("row", named(SEED_NAMES))
def test_names_and_quotes_against_the_bundled_speech(row: Row) -> None:
    assert_row(row, shown("seed"))


NEIGHBOURS = "“提升公信力。要促进知识产权行政执法标准和司法裁判标准统一”。"  # the end of 6.5 and the start of 6.6


def test_a_phrase_may_run_across_cited_neighbours() -> None:
    found = list(check([f"{NEIGHBOURS}[6.5][6.6]"], shown("seed")))
    assert all(isinstance(item, Claim) for item in found)


@pytest.mark.parametrize("mark", ["[6.5]", "[6.6]", "[6.4][6.6]"])
def test_a_phrase_across_neighbours_needs_both(mark: str) -> None:
    found = list(check([NEIGHBOURS + mark], shown("seed")))
    assert not any(isinstance(item, Claim) for item in found)


def test_a_changed_phrase_does_not_pass_because_a_stop_stands_inside() -> None:
    found = list(check(["“提升公信力。要促进知识产权执法标准和司法裁判标准统一”。[6.6]"], shown("seed")))
    assert not any(isinstance(item, Claim) for item in found)


# --- Form -------------------------------------------------------------------------------------------------------------

FORM: list[Row] = [
    (f"- {Q}。[7.5]", "verbatim 7.5"),
    (f"* {Q}。[7.5]", "verbatim 7.5"),
    (f"• {Q}。[7.5]", "verbatim 7.5"),
    (f"1. {Q}。[7.5]", "verbatim 7.5"),
    (f"2) {Q}。[7.5]", "verbatim 7.5"),
    (f"> {Q}。[7.5]", "verbatim 7.5"),
    (f"## {Q}。[7.5]", "verbatim 7.5"),
    (f"　　{Q}。[7.5]", "verbatim 7.5"),
    (f"- {Q}。[7.5]\n- {R}。[6.3]\n", "verbatim 7.5", "verbatim 6.3"),
    (f"1. {Q}。[7.5]\n2. {R}。[6.3]\n", "verbatim 7.5", "verbatim 6.3"),
    (f"一是{Q}。[7.5]", "supported 7.5"),
    (f"（一）{Q}。[7.5]", "supported 7.5"),
    (f"## 公共服务体系\n- {Q}。[7.5]", NO_ADDRESS, "verbatim 7.5"),
    (f"<script>alert(1)</script>{Q}。[7.5]", "withheld"),
    (f"{Q}。[7.5]<script>alert(1)</script>", "verbatim 7.5", NO_ADDRESS),
    (f"{Q}。[7.5](http://example.org)", "verbatim 7.5", NO_ADDRESS),
    # what does not show is not there
    *(
        (f"{Q[:5]}{c}{Q[5:]}。[7.5]", "verbatim 7.5")
        for c in "\u200b\u200c\u200d\u2060\ufeff\u202a\u202e\u2066\u2069\u200e\x00\xad\U000e0041"
    ),
    (f"\ufeff{Q}。[7.5]", "verbatim 7.5"),
    (f"{Q}\u202e不。[7.5]", "withheld"),
    # what shows, or breaks the line, is
    (f"{Q[:5]} {Q[5:]}。[7.5]", "supported 7.5"),
    (f"{Q}！[7.5]", "supported 7.5"),
]


@pytest.mark.parametrize("row", named(FORM))
def test_form(row: Row) -> None:
    assert_row(row, shown("seed"))


@pytest.mark.parametrize("draft", [f"**{Q}。**[7.5]", f"**{Q}**。[7.5]", f"**{Q}。[7.5]**", f"__{Q}。__[7.5]"])
def test_a_sentence_in_bold_is_one_claim_and_nothing_else(draft: str) -> None:
    found = list(check([draft], shown("seed")))
    assert [isinstance(item, Claim) and [s.address for s in item.sentences] for item in found] == [["7.5"]]


@pytest.mark.parametrize("draft", [f"{Q}。[7.5]。", f"{Q}。[7.5]。{R}。[6.3]"])
def test_a_stop_on_both_sides_of_the_mark_is_one_stop(draft: str) -> None:
    assert next(iter(check([draft], shown("seed")))) == Claim(f"{Q}。", (find("7.5"),), Verdict.VERBATIM)


def find(address: str) -> Sentence:
    return next(s for s in shown("seed") if s.address == address)


LITERAL: list[Row] = [
    ("第一句说明标记[6.3]的用法。[1.1]", "verbatim 1.1"),
    ("第二句写着[1]和[7.5]两个标记。[1.2]", "verbatim 1.2"),
    ("第三句没有标记。[1.3]", "verbatim 1.3"),
    ("第一句说明标记[6.3]的用法。", "withheld: no sentence 6.3"),
    ("第一句说明标记[6.4]的用法。[1.1]", "withheld: no sentence 6.4"),
    ("第三句没有标记。[1.1]", "withheld"),
]


@pytest.mark.parametrize("row", named(LITERAL))
def test_a_speech_that_holds_what_looks_like_marks(row: Row) -> None:
    assert_row(row, shown("marks"))


@pytest.mark.parametrize("sentence", [s for s in shown("marks") if s.paragraph], ids=lambda s: s.address)
def test_its_sentences_can_be_quoted_all_the_same(sentence: Sentence) -> None:
    found = list(check([f"{sentence.text}[{sentence.address}]"], shown("marks")))
    assert found == [Claim(sentence.text, (sentence,), Verdict.VERBATIM)]


IN_ENGLISH: list[Row] = [
    ("The economy grew by 3.5% this year. [1.1]", "verbatim 1.1"),
    ("The economy grew by 3.5% this year [1.1].", "verbatim 1.1"),
    ("The economy grew by 3.5% [1.1].", "supported 1.1"),
    ("The economy grew by 13.5% this year. [1.1]", "withheld: number 13.5%"),
    ("The economy grew by 5% this year. [1.1]", "withheld: number 5%"),
    ("The economy did not grow by 3.5% this year. [1.1]", "withheld"),
    ("The economy shrank by 3.5% this year. [1.1]", "withheld"),
    ("We must not abandon open trade. [2.1]", "verbatim 2.1"),
    ("We must abandon open trade. [2.1]", "withheld"),
    ("We may abandon open trade. [2.1]", "withheld"),
    ("We should not abandon open trade. [2.1]", "withheld"),
    ("Mr. Smith said that quality is the life of the company. [3.1]", "verbatim 3.1"),
    ("Quality is the life of the company. [3.1]", "supported 3.1"),
    ("Mr. Jones said that quality is the life of the company. [3.1]", "withheld"),
    ("Mr. Smith never said that quality is the life of the company. [3.1]", "withheld"),
    ("We will seek hegemony. [4.1]", "withheld"),
    ("We must never seek hegemony. [4.1]", "withheld"),
    ("We never seek hegemony. [4.1]", "supported 4.1"),
    ("Investment rose to $1.2 billion on March 5, 2021. [5.1]", "verbatim 5.1"),
    ("Investment rose to $12 billion on March 5, 2021. [5.1]", "withheld: number"),
    ("Investment rose to $1.2 million on March 5, 2021. [5.1]", "withheld"),
    ("Investment rose to $1.2 billion on March 15, 2021. [5.1]", "withheld: number"),
    ("Investment rose to $1.2 billion on May 5, 2021. [5.1]", "withheld"),
    ("Investment fell to $1.2 billion on March 5, 2021. [5.1]", "withheld"),
    ("All members must protect workers' rights. [6.1]", "withheld"),
    ("No members should protect workers' rights. [6.1]", "withheld"),
    ("The plan must be extended. [7.1]", "withheld"),
    ("The plan will be extended. [7.1]", "withheld"),
    ("The plan may not be extended. [7.1]", "withheld"),
    ("There is a shortcut to success. [8.1]", "withheld"),
    ("Dr. John Brown thanked the committee. [9.1]", "withheld"),
    ("We can accept this. [10.1]", "withheld"),
    ("The committee adopted 12 measures in May and rejected three. [11.1]", "withheld"),
    ("“We must not abandon open trade.” [2.1]", "supported 2.1"),
    ("“We must not abandon trade.” [2.1]", "withheld: the phrase"),
    (
        "We must not abandon open trade. [2.1] We will never seek hegemony. [4.1]",
        "verbatim 2.1",
        "verbatim 4.1",
    ),
    (
        "Investment rose to $1.2 billion on March 5, 2021. [5.1] We will never seek hegemony. [4.1]",
        "verbatim 5.1",
        "verbatim 4.1",
    ),
]


@pytest.mark.parametrize("row", named(IN_ENGLISH))
def test_an_english_speech(row: Row) -> None:
    assert_row(row, shown("english"))


# --- Size -------------------------------------------------------------------------------------------------------------

LONG = {
    "sentences on one line": f"{Q}。[7.5]" * 2700,
    "sentences on lines": f"{Q}。[7.5]\n" * 2700,
    "short statements": "好。[7.5]" * 14000,
    "no end": "好" * 100_000,
    "clauses": "好，" * 50_000,
    "semicolons": "好；" * 50_000,
    "spaces": "好。" + " " * 100_000 + "好。[7.5]",
    "tabs on lines": ("\t" * 99 + "\n") * 1000,
    "a space in a mark": "好。[7" + " " * 100_000 + ".5]",
    "initials": "A. " * 33_000,
    "ordinals": "1. " * 33_000,
    "brackets": "[" * 100_000,
    "marks": "[7.5]" * 20_000,
    "one mark": "好。[" + "7.5," * 25_000 + "7.5]",
    "quotes": "“" * 100_000,
    "straight quotes": '。"' * 50_000,
    "digits": "9" * 100_000 + "。[7.5]",
    "Chinese digits": "九" * 100_000 + "。[7.5]",
    "myriads": "亿" * 100_000 + "。[7.5]",
}


# A guard against a hang, far above what is needed: all of these are linear.
@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("draft", LONG.values(), ids=list(LONG))
def test_a_draft_of_a_hundred_thousand_characters_comes_to_an_end(draft: str) -> None:
    assert list(check(draft, shown("seed"))) == list(check([draft], shown("seed")))


def test_a_claim_comes_as_soon_as_the_next_begins() -> None:
    """A reader of the stream need not wait for the end of the draft."""
    taken: list[str] = []

    def draft() -> Iterable[str]:
        for piece in (f"{Q}。[7.5]", R, "。", "[6.3]", f"{Q}。[7.5]"):
            taken.append(piece)
            yield piece

    first = next(iter(check(draft(), shown("seed"))))
    assert outcomes([first]) == ["verbatim 7.5"]
    assert len(taken) < 5


@pytest.mark.parametrize(
    "draft",
    [
        # The word that carries the negation is left out.
        "要侵犯合法权益。[4.2]", "坚决惩处合法权益。[4.2]", "完善垄断。[10.3]", "要做好知识产权垄断。[7.4]", "要防止知识产权。[8.6]",
        "各级党委和政府要假冒。[11.1]",
        # A subject takes a foreign predicate.
        "习近平，认真听取了他的讲解。[2.2][3.1]", "对北京大学，要重拳出击、整治到底、震慑到位。[2.1][6.8]",
        "易继明指出，要强化知识产权。[7.1][2.1]",
        # Little words that turn roles and time round.
        "我国正在向知识产权引进大国转变。[3.4]", "我国是知识产权创造大国。[3.4]", "他是创新。[3.2]",
        "他们通过她加强知识产权保护工作顶层设计。[5.1]", "我们加强了知识产权保护工作顶层设计。[5.1]",
        "加强了知识产权保护工作顶层设计。[5.1]", "要加强知识产权保护工作顶层设计，因为他指出。[5.1]",
        # Signs that say what the words do not.
        "🅽🅾🆃要加强知识产权保护工作顶层设计。[5.1]", "❌要加强知识产权保护工作顶层设计。[5.1]",
        "~~要加强知识产权保护工作顶层设计~~。[5.1]", "¬要加强知识产权保护工作顶层设计。[5.1]",
        "要加强知识产权保护工作顶层设计\u20e0。[5.1]", "要加强知识产权保护工作顶层设计？[5.1]",
    ],
)  # fmt: skip
def test_a_reviewers_lies(draft: str) -> None:
    assert not [item for item in check([draft], tuple(seed().sentences)) if isinstance(item, Claim)]


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("如果失败，就要撤退。", "就要撤退。"),
        ("有人说，知识产权是空话。", "知识产权是空话。"),
        ("If we win, we raise tax.", "we raise tax."),
        ("税率从5%提高到8%。", "税率从8%提高到5%。"),
        ("近三成企业受益。", "三成企业受益。"),
        ("超过100人参加会议。", "100人参加会议。"),
        ("100人以下参加会议。", "100人参加会议。"),
        ("要反对不正当竞争。", "要反对竞争。"),
        ("要打击非法转让行为。", "要打击转让行为。"),
        ("中国向美国出口大豆。", "中国从美国出口大豆。"),
        ("张三把李四打败。", "张三给李四打败。"),
        ("Iran attacked Iraq.", "Iran was attacked by Iraq."),
    ],
)
def test_a_reviewers_lies_on_other_speeches(source: str, draft: str) -> None:
    sentences = Speech.from_text("x", f"题\n{source}").paragraphs[1].sentences
    assert isinstance(next(check([f"{source}[1.1]"], sentences)), Claim)
    assert isinstance(next(check([f"{draft}[1.1]"], sentences)), Withheld)


@pytest.mark.timeout(10)
def test_a_long_foreign_word_comes_to_an_end() -> None:
    for word in ("internationalization" * 150, "国" * 5_000):
        assert isinstance(next(check([f"要加强{word}。[5.1]"], SENTENCES)), Withheld)


@pytest.mark.parametrize(
    "row",
    [
        # A subject before 要 governs the later clauses of its sentence, and no other.
        ("各级党委和政府要重视知识产权人才队伍建设。[11.1]", "supported 11.1"),
        ("各级领导干部要加强学习。[11.2]", "supported 11.2"),
        ("各级领导干部要重视知识产权人才队伍建设。[11.1][11.2]", "withheld"),
        ("各级党委和政府要落实知识产权人才队伍建设。[11.1]", "withheld"),
        ("要克服知识产权意识。[11.1][11.2]", "withheld"),
    ],
    ids=lambda row: row[0],
)
def test_a_subject_governs_its_own_sentence(row: Row) -> None:
    assert_row(row, tuple(seed().sentences))


# --- What holds for every draft ---------------------------------------------------------------------------------------

SENTENCES = tuple(seed().sentences)
SHOWN = shown("seed")
moderate = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
a_mark = st.sampled_from(
    ["[7.5]", "[6.3]", "【1.1】", "［6.4］", "[7.5, 6.3]", "[9.1]", "[0.1]", "[6]", "[8.5-8.6]", "[x/7.5]"]
)
a_part = st.one_of(
    st.sampled_from([s.text for s in SENTENCES]),
    st.sampled_from([part for s in SENTENCES for part in s.text.rstrip("。").split("，")]),
    st.text("不必须可以严禁的了要，。；！？、“”《》1二五%年月日 是和", max_size=12),
)


@st.composite
def drafts(draw: st.DrawFn) -> tuple[str, str]:
    """A draft, and its text without marks, list markers and white space."""
    draft, text = "", ""
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(["part", "part", "mark", "mark", "line"]))
        if kind == "part":
            part = draw(a_part)
            draft, text = draft + part, text + part
        elif kind == "mark":
            draft += draw(a_mark)
        else:
            part = draw(st.sampled_from([s.text for s in SENTENCES]))
            draft += "\n" + draw(st.sampled_from(["", "- ", "* ", "3. ", "## "])) + part
            text += part
    return draft, "".join(text.split())


@moderate
@given(drafts(), st.lists(st.integers(0, 500), max_size=6))
def test_every_claim_rests_on_sentences_that_were_shown(drawn: tuple[str, str], places: list[int]) -> None:
    draft, text = drawn
    found = list(check([draft], SHOWN))
    for item in found:
        if isinstance(item, Claim):
            assert item.sentences
            assert set(item.sentences) <= set(SHOWN)
            assert item.verdict is not Verdict.VERBATIM or item.text in {s.text.strip() for s in item.sentences}
        else:
            assert item.why
    # Nothing is lost, nothing is added.
    assert "".join("".join(item.text for item in found).split()) == text
    # Where it is cut does not matter.
    cuts = sorted(min(place, len(draft)) for place in places)
    pieces = [draft[a:b] for a, b in zip([0, *cuts], [*cuts, len(draft)], strict=True)]
    assert list(check(pieces, SHOWN)) == found
    assert list(check(draft, SHOWN)) == found


@moderate
@given(st.text(max_size=80), st.lists(st.integers(0, 80), max_size=4))
def test_any_text_whatever_is_judged_and_never_verbatim_by_chance(draft: str, places: list[int]) -> None:
    cuts = sorted(min(place, len(draft)) for place in places)
    pieces = [draft[a:b] for a, b in zip([0, *cuts], [*cuts, len(draft)], strict=True)]
    found = list(check(pieces, SHOWN))
    assert found == list(check([draft], SHOWN))
    assert all(isinstance(item, Withheld) for item in found)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda s: s.address)
def test_every_sentence_can_be_quoted_with_its_own_address(sentence: Sentence) -> None:
    expected = [Claim(sentence.text.strip(), (sentence,), Verdict.VERBATIM)]
    assert list(check([f"{sentence.text}[{sentence.address}]"], SENTENCES)) == expected
    if sentence.text.endswith("。"):
        assert list(check([f"{sentence.text[:-1]}[{sentence.address}]。"], SENTENCES)) == expected


@moderate
@given(st.sampled_from(SENTENCES), st.sampled_from(SENTENCES))
def test_no_sentence_can_be_quoted_with_another_address(sentence: Sentence, other: Sentence) -> None:
    found = list(check([f"{sentence.text}[{other.address}]"], SENTENCES))
    verbatim = [item for item in found if isinstance(item, Claim) and item.verdict is Verdict.VERBATIM]
    assert bool(verbatim) is (sentence is other)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[Sentence, str]:
    sentence = draw(st.sampled_from(SENTENCES))
    at = draw(st.sampled_from([i for i, c in enumerate(sentence.text) if c.isalnum()]))
    new = draw(st.sampled_from("不未没必须可以的了是要一二三五十百万0123456789知识国家创新" + sentence.text))
    kind = draw(st.sampled_from(["replace", "insert", "delete"]))
    text = sentence.text[:at] + ("" if kind == "delete" else new) + sentence.text[at + (kind != "insert") :]
    return sentence, text


@settings(max_examples=200, deadline=None)
@given(mutations())
def test_a_sentence_with_one_character_changed_is_never_verbatim(drawn: tuple[Sentence, str]) -> None:
    sentence, text = drawn
    verbatim = [
        item
        for item in check([f"{text}[{sentence.address}]"], SENTENCES)
        if isinstance(item, Claim) and item.verdict is Verdict.VERBATIM
    ]
    # A stop put in front is a statement of its own, and leaves the sentence whole; so does the space of the title.
    assert bool(verbatim) is (text.lstrip("。！？； ") == sentence.text)


@moderate
@given(st.sampled_from([s for s in SENTENCES if "不" not in s.text]), st.data())
def test_an_inserted_negation_is_never_a_claim(sentence: Sentence, data: st.DataObject) -> None:
    # At the start of a clause, where it negates whatever follows.
    starts = [0, *(i + 1 for i, c in enumerate(sentence.text) if c == "，")]
    at = data.draw(st.sampled_from(starts))
    word = data.draw(st.sampled_from(["不", "不能", "没有", "禁止", "反对"]))
    text = sentence.text[:at] + word + sentence.text[at:]
    assert not any(isinstance(item, Claim) for item in check([f"{text}[{sentence.address}]"], SENTENCES))


# --- Citations --------------------------------------------------------------------------------------------------------


def claim(*addresses: str) -> Claim:
    return Claim("……", tuple(find(address) for address in addresses), Verdict.SUPPORTED)


def test_citations_are_numbered_in_the_order_of_their_first_use() -> None:
    found = cite([claim("7.5"), claim("6.3", "7.5"), claim("1.1", "6.3"), claim("7.6")], {"ip-2020": "题目"})
    assert [(c.number, c.sentence.address) for c in found] == [(1, "7.5"), (2, "6.3"), (3, "1.1"), (4, "7.6")]
    assert {c.title for c in found} == {"题目"}


def test_a_citation_quotes_the_speech_between_its_offsets() -> None:
    for citation in cite([claim("7.5", "6.3", "8.6")], {"ip-2020": "题目"}):
        sentence = citation.sentence
        assert citation.quote == seed().text[sentence.start : sentence.end].strip()


def test_without_claims_there_are_no_citations() -> None:
    assert cite([], {}) == ()


def test_sentences_of_two_speeches_with_the_same_address_are_two_citations() -> None:
    one = find("7.5")
    two = replace(one, speech="other")
    found = cite([Claim("……", (one, two, one), Verdict.SUPPORTED)], {"ip-2020": "甲", "other": "乙"})
    assert [(c.number, c.title) for c in found] == [(1, "甲"), (2, "乙")]
    assert all(isinstance(c, Citation) for c in found)
