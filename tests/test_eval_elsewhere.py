"""Other speeches: what the questions on them look like, and that the measurement measures."""

import json
from collections import Counter
from pathlib import Path

import pytest

from assistant.corpus import Speech
from eval.elsewhere import SETTINGS, SPEECHES, Asked, ask_elsewhere, elsewhere_table

TEXTS = sorted(SPEECHES.glob("*.txt"))
KINDS = {"plain": 10, "paraphrase": 10, "everyday": 10, "english": 7, "fact": 7, "near": 28}


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)
def test_the_questions_are_what_the_readme_says(text: Path) -> None:
    speech = Speech.from_text("s", text.read_text("utf-8"))
    entries = [json.loads(line) for line in text.with_suffix(".jsonl").read_text("utf-8").splitlines()]
    assert Counter(entry["kind"] for entry in entries) == KINDS
    assert len({entry["q"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) == {"q", "kind", "gold"}
        assert bool(entry["gold"]) == (entry["kind"] != "near")
        for part in entry["gold"]:
            assert any(part in sentence.text for sentence in speech.sentences), part


def test_settings_are_chosen_with_half_of_the_speeches() -> None:
    names = {text.stem for text in TEXTS}
    assert len(names) == 30
    assert names > SETTINGS
    assert len(SETTINGS) == 15


def test_what_is_answered_rightly_is_told_from_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "crops.txt").write_text("关于庄稼\n要按时给水稻灌溉。\n小麦要在十月播种。\n", "utf-8")
    questions = [
        {"q": "什么要按时灌溉？", "kind": "plain", "gold": ["给水稻灌溉"]},
        {"q": "小麦几月播种？", "kind": "fact", "gold": ["给水稻灌溉"]},
        {"q": "火星上有水吗？", "kind": "near", "gold": []},
        {"q": "小麦要在几月播种？", "kind": "near", "gold": []},
    ]
    (tmp_path / "crops.jsonl").write_text("\n".join(json.dumps(q, ensure_ascii=False) for q in questions), "utf-8")
    asked = ask_elsewhere(tmp_path)
    assert [(item.answerable, item.answered, item.first, item.right) for item in asked] == [
        (True, True, True, True),
        (True, True, False, False),
        (False, False, False, True),
        (False, True, False, False),
    ]


def test_the_table_has_a_row_for_what_no_setting_was_chosen_with() -> None:
    def asked(speech: str, *, answered: bool) -> Asked:
        return Asked(speech, answerable=True, answered=answered, first=answered, right=answered)

    rows = elsewhere_table([asked("city", answered=True), asked("health", answered=False)]).splitlines()
    assert rows[-3:] == [
        "| city | 1 | 100.0 | 100.0 | 100.0 |  |",
        "| health | 1 | 0.0 | 0.0 | 0.0 |  |",
        "| not used for settings | 1 | 100.0 | 100.0 | 100.0 |  |",
    ]
