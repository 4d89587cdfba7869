from pathlib import Path
from typing import Any

import pytest
from library import ENTRIES, TEXT, make_cases, write

from assistant.corpus import Corpus
from assistant.settings import bundled
from eval.cases import check_split, digest, hashes, load
from eval.errors import EvalError
from eval.forms import form, holds
from eval.runs import write_json
from eval.sources import Source


def changed(i: int, **values: Any) -> list[dict[str, Any]]:
    """The entries, the one at `i` with other values; None removes a key."""
    entry = {key: value for key, value in (ENTRIES[i] | values).items() if value is not None}
    return [*ENTRIES[:i], entry, *ENTRIES[i + 1 :]]


# --- The speech, read twice ---


def test_the_scorers_cut_the_speech_where_the_assistant_does(corpus: Corpus) -> None:
    source = Source.from_folder(bundled("seeds"))
    ours = [(place.paragraph, place.number, source.text(place)) for place in source.places]
    assert ours == [(s.paragraph, s.number, s.text) for s in corpus.speeches[0].sentences]
    assert source.texts == {speech.id: speech.text for speech in corpus.speeches}


def test_a_quotation_in_title_and_body_is_that_of_the_body() -> None:
    source = Source.from_texts({"a": "开放图书馆\n\n要开放图书馆。\n"})
    assert [str(place) for place in source.find("开放图书馆")] == ["1.1"]
    assert [str(place) for place in source.find("开放")] == ["1.1"]


def test_a_folder_without_speeches_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="holds no speech"):
        Source.from_folder(tmp_path)


# --- Loading ---


def test_gold_is_found_by_its_words(tmp_path: Path) -> None:
    cases = make_cases(tmp_path)
    assert [sorted(map(str, gold)) for gold in cases["list-001"].gold] == [["2.2", "2.3", "2.4"]]
    assert cases["fact-001"].answerable
    assert not cases["near-001"].answerable
    assert cases["list-001"].cluster == "library/2"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (changed(0, colour="red"), "case fact-001: colour: Extra inputs"),
        (changed(0, kind="riddle"), "'riddle' is no kind"),
        (changed(0, question=7), "fact-001: question"),
        (changed(1, id="fact-001"), "2 cases have this id"),
        (changed(1, question="谁主持 会议？"), "number-001: asks the same as fact-001"),
        (changed(0, gold=[["馆长陈思源"]]), "'馆长陈思源' stands in 0 sentences"),
        (changed(0, gold=[["开放"]]), "stands in 4 sentences"),
        (changed(0, gold=None), "fact-001: gold is missing"),
        (changed(0, key_points=[{"any": ["李四"]}]), "no form of '李四' stands in gold alternative 1"),
        (changed(0, key_points=[{"any": ["陈思远"], "vital": False}]), "no key point is vital"),
        (changed(0, refuses="因为"), "`refuses` is not for a case of kind fact"),
        (changed(0, question=" "), "fact-001: question"),
        (changed(0, key_points=[{"any": ["陈思远", ""]}]), "fact-001: key_points.0.any.1"),
        (changed(0, split="test"), "case fact-001: split: Input should be 'tune'"),
        (changed(4, refuses=None), "`refuses` must say why"),
        (changed(4, gold=[["馆长陈思远"]]), "neither gold nor key points"),
        ([], "is empty"),
    ],
)
def test_a_wrong_case_is_one_clear_line(entries: list[dict[str, Any]], message: str, tmp_path: Path) -> None:
    cases, seeds = write(tmp_path, entries)
    with pytest.raises(EvalError, match=r".+") as raised:
        load(cases, Source.from_folder(seeds))
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_yaml_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    cases, seeds = write(tmp_path)
    (cases / "all.yaml").write_text("- id: [\n  question", "utf-8")
    with pytest.raises(EvalError, match=r"^[^\n]*all.yaml cannot be read[^\n]*$"):
        load(cases, Source.from_folder(seeds))


@pytest.mark.parametrize("repeated", ["question: 谁主持会议？", "refuses: 与纪要无关"])
def test_a_key_that_stands_twice_is_an_error(repeated: str, tmp_path: Path) -> None:
    cases, seeds = write(tmp_path)
    text = (cases / "all.yaml").read_text("utf-8")
    (cases / "all.yaml").write_text(f"{text}  {repeated}\n", "utf-8")
    key = repeated.split(":", maxsplit=1)[0]
    with pytest.raises(EvalError, match=rf"^[^\n]*all.yaml cannot be read: the key '{key}' is there twice[^\n]*$"):
        load(cases, Source.from_folder(seeds))


def test_what_is_no_case_is_one_line(tmp_path: Path) -> None:
    cases, seeds = write(tmp_path)
    (cases / "all.yaml").write_text("- 5\n", "utf-8")
    with pytest.raises(EvalError, match=r"all.yaml, case 1: Input should be"):
        load(cases, Source.from_folder(seeds))


def test_yaml_that_holds_itself_is_one_line(tmp_path: Path) -> None:
    cases, seeds = write(tmp_path)
    (cases / "all.yaml").write_text("&a\n- *a\n", "utf-8")
    with pytest.raises(EvalError, match=r"^[^\n]*all.yaml, case 1: [^\n]*$"):
        load(cases, Source.from_folder(seeds))


def test_a_frozen_split_that_holds_no_hashes_is_one_line(tmp_path: Path) -> None:
    cases, seeds = write(tmp_path)
    (cases / "split.json").write_text("[]")
    with pytest.raises(EvalError, match="holds no hashes"):
        check_split(cases, load(cases, Source.from_folder(seeds)))


def test_a_derived_key_point_need_not_stand_in_the_gold(tmp_path: Path) -> None:
    assert make_cases(tmp_path, changed(0, key_points=[{"any": ["三人"], "derived": True}]))


# --- The split ---


def test_a_group_stays_in_one_split(tmp_path: Path) -> None:
    grouped = [entry | {"group": "same"} for entry in ENTRIES[:4]]
    assert len({case.split for case in make_cases(tmp_path, grouped).values()}) == 1


def test_a_case_may_be_declared_open_and_is_the_same_case(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    hashed = make_cases(tmp_path / "a")
    opened = make_cases(tmp_path / "b", [entry | {"split": "tune"} for entry in ENTRIES])
    assert {case.split for case in hashed.values()} == {"tune", "test"}
    assert {case.split for case in opened.values()} == {"tune"}
    assert {case.sha256 for case in opened.values()} == {case.sha256 for case in hashed.values()}
    assert hashes(list(opened.values())) != hashes(list(hashed.values()))


def test_an_open_case_leaves_none_of_its_group_in_test(tmp_path: Path) -> None:
    grouped = [entry | {"group": "chair"} for entry in ENTRIES[:2]]
    assert {case.split for case in make_cases(tmp_path, grouped).values()} == {"test"}
    (tmp_path / "opened").mkdir()
    with pytest.raises(EvalError, match=r"^number-001: others of its group chair say `split: tune`"):
        make_cases(tmp_path / "opened", [grouped[0] | {"split": "tune"}, grouped[1]])


def test_a_changed_case_breaks_the_frozen_split(tmp_path: Path) -> None:
    cases, seeds = write(tmp_path)
    before = load(cases, Source.from_folder(seeds))
    with pytest.raises(EvalError, match="is missing"):
        check_split(cases, before)
    write_json(cases / "split.json", hashes(before))
    check_split(cases, before)
    (tmp_path / "other").mkdir()
    after = make_cases(tmp_path / "other", changed(0, question="会议由谁主持？"))
    with pytest.raises(EvalError, match="are not those frozen"):
        check_split(cases, tuple(after.values()))


def test_the_hash_is_of_what_is_asked_and_expected_only(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = make_cases(tmp_path / "a")
    second = make_cases(tmp_path / "b", changed(0, reviews=2, tags=["people"]))
    assert digest(list(first.values())) == digest(list(reversed(second.values())))


def test_the_bundled_cases_are_those_frozen() -> None:
    folder = Path(__file__).parent.parent / "eval" / "cases"
    cases = load(folder, Source.from_folder(bundled("seeds")))
    check_split(folder, cases)
    assert sum(case.answerable for case in cases) >= 220
    assert sum(not case.answerable for case in cases) >= 140
    hashed = [case for case in cases if not case.entry.split]
    assert 0.25 < sum(case.split == "tune" for case in hashed) / len(hashed) < 0.35
    assert all(case.entry.reviews == 2 for case in cases)


# --- The form in which texts are compared ---


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("第25次學習", "第25次学习", True),
        ("共 ２５ 人", "25", True),
        ("125人", "25", False),
        ("第一百二十五次", "二十五次", False),
        ("part of it", "art", False),
        ("the art of it", "art", True),
        ("未增长8.1%", "增长8.1%", False),
        ("不公正合理", "公正", False),
        ("他说“公正”。", '"公正"', True),
        ("", "公正", False),
        ("公正", "", False),
    ],
)
def test_holds(text: str, wanted: str, found: bool) -> None:
    assert holds(form(text), form(wanted)) is found


def test_a_negation_that_the_speech_has_itself_is_none() -> None:
    assert holds("要不断完善", "断完善", known=form(TEXT + "不断完善"))
