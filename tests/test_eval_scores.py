import json
from pathlib import Path
from typing import Any

import pytest
from library import ENTRIES, TEXT, make_cases

from eval.cases import Case, KeyPoint
from eval.replies import read
from eval.retrieval import all_evidence, hit, recall, reciprocal_rank, retrieval_scores
from eval.scores import SCORES, Score


@pytest.fixture
def cases(tmp_path: Path) -> dict[str, Case]:
    return make_cases(tmp_path)


def citation(case: Case, quotation: str, number: int = 1) -> dict[str, Any]:
    (place,) = case.source.find(quotation)
    return {
        "number": number,
        "speech": place.speech,
        "paragraph": place.paragraph,
        "sentence": place.number,
        "start": place.start,
        "end": place.end,
        "quote": case.source.text(place),
    }


def answer(case: Case, *quotations: str, **changes: Any) -> dict[str, Any]:
    """A faultless reply that quotes the sentences of some quotations, with changes."""
    citations = [citation(case, quotation, i) for i, quotation in enumerate(quotations, start=1)]
    claims = [{"text": c["quote"], "citations": [c["number"]], "verdict": "verbatim"} for c in citations]
    text = "".join(f"{claim['text']}[{claim['citations'][0]}]" for claim in claims)
    reply = {"kind": "answer", "question": case.entry.question, "text": text, "claims": claims, "citations": citations}
    return reply | {"passages": [], "reason": None} | changes


def refusal(case: Case, **changes: Any) -> dict[str, Any]:
    return answer(case) | {"kind": "refusal", "text": "原文没有回答这个问题。", "reason": "not_found"} | changes


def score(name: str, case: Case, reply: Any) -> Score:
    return SCORES[name](case, read(reply))


# --- What is right ---


def test_the_gold_sentences_score_full_in_everything(cases: dict[str, Case]) -> None:
    case = cases["list-001"]
    reply = answer(case, "要增加夜间", "要更新借书", "要修缮儿童")
    scores = {name: score(name, case, reply) for name in SCORES}
    assert {s.value for s in scores.values()} == {1.0, None}
    assert not any(s.why for s in scores.values())
    assert [name for name, s in scores.items() if s.value is None] == ["refused", "grounded_numbers"]


def test_a_right_refusal(cases: dict[str, Case]) -> None:
    case = cases["near-001"]
    asked = {name: s.value for name in SCORES if (s := score(name, case, refusal(case))).value is not None}
    assert asked == {"right": 1, "truth": 1, "refused": 1, "well_formed": 1}


def test_a_false_answer(cases: dict[str, Case]) -> None:
    case = cases["near-001"]
    reply = answer(case, "馆长陈思远")
    assert score("truth", case, reply) == Score(-1, "answered, though 没有提到副馆长")
    assert score("refused", case, reply).value == 0


def test_a_refusal_of_what_is_answered(cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    for name in ("right", "truth", "answered", "key_points", "citation_recall", "citation_precision"):
        assert score(name, case, refusal(case)).value == 0
    assert score("right", case, refusal(case)).why == "refused: not_found"


def test_a_list_of_which_a_part_is_missing(cases: dict[str, Case]) -> None:
    case = cases["list-001"]
    reply = answer(case, "要增加夜间", "要更新借书", "不收取任何押金", "周末也开放")
    assert score("citation_recall", case, reply) == Score(2 / 3, "does not cite 2.4")
    assert score("citation_precision", case, reply) == Score(0.5, "cites 3.1, 3.2, not gold")
    # 儿童阅览室 stands in the answer, if from another sentence: that is what the two scores above are for.
    assert score("key_points", case, reply).value == 1
    assert score("key_points", case, answer(case, "要增加夜间")).why == "does not say 借书系统; 儿童阅览室"


def test_any_alternative_will_do(tmp_path: Path) -> None:
    entry = ENTRIES[0] | {"gold": [["馆长陈思远主持会议"], ["市图书馆3月5日", "会议提出三项"]]}
    case = make_cases(tmp_path, [entry | {"key_points": [{"any": ["陈思远", "会议"]}]}])["fact-001"]
    assert score("citation_recall", case, answer(case, "会议提出三项", "市图书馆3月5日")).value == 1
    assert score("citation_recall", case, answer(case, "会议提出三项")).value == 0.5
    assert score("citation_precision", case, answer(case, "会议提出三项", "馆长陈思远")).value == 1


def test_a_wrong_value_is_wrong_even_beside_the_right_one(cases: dict[str, Case]) -> None:
    case = cases["number-001"]
    reply = answer(case, "每周开放六十小时")
    reply["claims"][0] |= {"text": "图书馆每周开放十六小时，而不是六十小时。", "verdict": "supported"}
    assert score("right_values", case, reply) == Score(0, "says 十六小时")
    assert score("truth", case, reply).value == -1


def test_a_key_point_may_be_in_other_characters(cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    reply = answer(case, "馆长陈思远")
    reply["claims"][0]["text"] = "館長陳思遠主持會議。"
    assert score("key_points", case, reply).value == 1


def test_a_translated_claim_says_what_it_quotes(cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    reply = answer(case, "馆长陈思远")
    reply["claims"][0] |= {"text": "The director chaired it.", "verdict": "supported"}
    assert score("key_points", case, reply).value == 0
    reply["claims"][0]["verdict"] = "translated"
    assert score("key_points", case, reply).value == 1


def test_citing_everything_is_over_the_budget(tmp_path: Path) -> None:
    case = make_cases(tmp_path, ENTRIES[:1], TEXT + "\n" + "附录所列各馆的名称和地址另行公布" * 20 + "。\n")["fact-001"]
    assert score("within_budget", case, answer(case, "馆长陈思远")).value == 1
    assert score("within_budget", case, answer(case, "馆长陈思远", "附录所列")).why.startswith("cites 3")


def test_right_needs_a_gold_sentence(cases: dict[str, Case]) -> None:
    case = cases["follow_up-001"]
    reply = answer(case, "要修缮儿童阅览室")
    reply["claims"][0]["text"] = "周末开放。"
    assert score("right", case, reply) == Score(0, "cites no gold sentence")


def test_what_is_cited_first_is_told_from_what_is_cited(cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    right, wrong = answer(case, "馆长陈思远"), answer(case, "要修缮儿童", "馆长陈思远")
    assert score("first_citation", case, right).value == 1
    assert score("first_citation", case, wrong).value == 0
    assert "first" in score("first_citation", case, wrong).why
    assert score("citation_recall", case, wrong).value == 1
    assert score("first_citation", cases["near-001"], right).value is None


def test_a_count_is_said_beside_the_claims(cases: dict[str, Case]) -> None:
    case = cases["number-001"]
    case.entry.key_points[:] = [KeyPoint(any=["7次"], derived=True)]
    reply = answer(case, "每周开放六十小时")
    assert score("key_points", case, reply).value == 0
    assert score("key_points", case, reply | {"mentions": {"times": [7]}}).value == 1
    assert score("key_points", case, reply | {"mentions": {"times": [17]}}).value == 0


# --- What the hard gates catch: every row is one way to lie, and the score that must see it ---

LIES: list[tuple[str, dict[str, Any]]] = [
    ("quotes", {"quote": "馆长陈思源主持会议，他说，图书馆每周开放六十小时。"}),
    ("quotes", {"quote": "馆长陈思远主持会议,他说,图书馆每周开放六十小时。"}),
    ("quotes", {"quote": "馆"}),
    ("quotes", {"quote": " "}),
    ("quotes", {"speech": "other"}),
    ("offsets", {"start": 0}),
    ("offsets", {"end": 10**6}),
    ("offsets", {"sentence": 1}),
    ("offsets", {"paragraph": 2}),
    ("well_formed", {"number": 2}),
    ("well_formed", {"start": "11"}),
    ("well_formed", {"quote": None}),
]


@pytest.mark.parametrize(("name", "lie"), LIES)
def test_a_false_citation_is_caught(name: str, lie: dict[str, Any], cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    reply = answer(case, "馆长陈思远")
    reply["citations"][0] |= lie
    result = score(name, case, reply)
    assert result.value is not None
    assert result.value < 1
    assert result.why
    if name != "well_formed" or "number" not in lie:
        assert score("right", case, reply).value == 0
        assert score("citation_recall", case, reply).value == 0


def test_offsets_of_the_same_words_elsewhere_are_caught(tmp_path: Path) -> None:
    case = make_cases(tmp_path, ENTRIES[:1], TEXT + "\n会议提出三项要求。\n")["fact-001"]
    first, second = case.source.find("会议提出三项")
    reply = answer(case, "馆长陈思远")
    reply["citations"][0] |= {"paragraph": 2, "sentence": 1, "quote": case.source.text(first)}
    reply["citations"][0] |= {"start": second.start, "end": second.end}
    assert score("quotes", case, reply).value == 1
    assert score("offsets", case, reply).why == "1: it is called 2.1 and is 4.1"


BROKEN: list[Any] = [
    None,
    [],
    '{"kind": "ans',
    {},
    {"kind": "maybe"},
    {"kind": "refusal", "reason": None},
    {"kind": "refusal", "reason": "not_found", "citations": "keep"},
    {"claims": []},
    {"claims": [{"text": "馆长说的。", "citations": [7], "verdict": "supported"}]},
]


@pytest.mark.parametrize("change", BROKEN)
def test_a_malformed_reply_is_caught_and_scores_nowhere(change: Any, cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    reply = change
    if isinstance(change, dict) and change:
        reply = answer(case, "馆长陈思远")
        citations = reply["citations"] if change.get("kind") != "refusal" or "citations" in change else []
        reply |= change | {"citations": citations}
    result = score("well_formed", case, reply)
    assert result.value == 0
    assert result.why
    assert json.dumps([score(name, case, reply).value for name in SCORES])
    if not isinstance(reply, dict) or "kind" not in reply or reply["kind"] == "maybe":
        assert score("truth", case, reply).value == -1
        assert score("quotes", case, reply).why.startswith("malformed")


def test_a_statement_outside_the_claims_is_caught(cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    reply = answer(case, "馆长陈思远")
    assert score("covered", case, reply).value == 1
    reply["text"] += "此外，副馆长也讲了话。"
    assert score("covered", case, reply) == Score(0.5, "此外,副馆长也讲了话。: stands in no claim")


def test_a_claim_without_a_citation_is_caught(cases: dict[str, Case]) -> None:
    case = cases["fact-001"]
    reply = answer(case, "馆长陈思远")
    reply["claims"].append({"text": "大家很高兴。", "citations": [], "verdict": "supported"})
    reply["text"] += "大家很高兴。"
    assert score("covered", case, reply).value == 0.5


@pytest.mark.parametrize(
    ("text", "verdict", "value"),
    [
        ("每周开放60小时。", "supported", 1.0),
        ("每周开放61小时。", "supported", 0.0),
        ("3月5日起每周开放六十小时。", "supported", 0.5),
        ("It opens 60 hours a week.", "translated", 1.0),
        ("It opens 66 hours a week.", "translated", 0.0),
        ("开放很久。", "supported", None),
    ],
)
def test_grounded_numbers(text: str, verdict: str, value: float | None, cases: dict[str, Case]) -> None:
    case = cases["number-001"]
    reply = answer(case, "每周开放六十小时")
    reply["claims"][0] |= {"text": text, "verdict": verdict}
    assert score("grounded_numbers", case, reply).value == value


# --- Retrieval ---


def test_retrieval_by_gold_sentence(cases: dict[str, Case]) -> None:
    case = cases["list-001"]
    found = [("library", 3), ("library", 2), ("library", 1)]
    assert recall(case, found, 1) == Score(0, "found 3")
    assert recall(case, found, 2).value == 1
    assert reciprocal_rank(case, found).value == 0.5
    assert hit(case, found, 1) == Score(0, "found 3")
    assert hit(case, found, 2).value == 1
    assert all_evidence(case, found, 2).value == 1
    assert all_evidence(case, found, 1).value == 0
    assert reciprocal_rank(case, []).value == 0


def test_what_is_not_answerable_has_no_retrieval(cases: dict[str, Case]) -> None:
    assert {s.value for s in retrieval_scores(cases["near-001"], [("library", 1)]).values()} == {None}
