"""The encoder: what a vector depends on, what it is good for, and how a damaged one is told."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from unseen import CLINIC, MUSEUM, NEARLY, PARKING, RIVER, SENTENCES, SPORT, WAGES

from assistant.encoder import MAX_STATES, MAX_TOKENS, WEIGHTS, Encoder, bundled_encoder, pair_features
from assistant.errors import ModelError
from assistant.runtime import Network

Vectors = NDArray[np.float32]
MODEL = ("encoder.onnx", "tokenizer.json", "verdict.npy")
TEXTS = ["要加强知识产权保护。", "第25条", "a", "", "Who may enter?", "保护创新。" * 60, "🙂", "，。！", "知" * 700]


@pytest.fixture
def encoder() -> Encoder:
    """One of its own, which has kept nothing yet."""
    return Encoder.load(WEIGHTS)


# --- What a vector depends on ---


def test_a_vector_has_384_numbers_and_length_1(encoder: Encoder) -> None:
    for vectors in (encoder.embed_questions(TEXTS), encoder.embed_passages(TEXTS)):
        assert vectors.shape == (len(TEXTS), 384)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-6)
    assert encoder.embed_passages([]).shape == encoder.embed_questions([]).shape == (0, 384)


def test_a_text_has_one_vector_alone_in_a_batch_and_in_another_order() -> None:
    together = Encoder.load(WEIGHTS).embed_passages(TEXTS)
    turned = Encoder.load(WEIGHTS).embed_passages([*reversed(TEXTS), *TEXTS])
    one_by_one = Encoder.load(WEIGHTS)
    alone = np.concatenate([one_by_one.embed_passages([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - turned[len(TEXTS) :]).max() < 1e-5
    assert np.abs(together - turned[: len(TEXTS)][::-1]).max() < 1e-5
    # So that it is no vector for all that passes.
    nearness = together @ together.T
    assert nearness[~np.eye(len(TEXTS), dtype=bool)].max() < 0.999


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("強化知識產權全鏈條保護", "强化知识产权全链条保护"),
        ("２０２０年，Ａ４紙", "2020年,a4纸"),
        ("WHO MAY ENTER?", "who may enter?"),
        ("要　加强", "要 加强"),
    ],
    ids=["Traditional", "full-width", "upper case", "wide space"],
)
def test_other_ways_to_write_a_text_have_its_vector(encoder: Encoder, written: str, folded: str) -> None:
    assert np.array_equal(encoder.embed_passages([written]), encoder.embed_passages([folded]))
    assert np.array_equal(encoder.embed_questions([written]), encoder.embed_questions([folded]))


def test_a_question_is_not_read_as_a_passage(encoder: Encoder) -> None:
    assert np.abs(encoder.embed_questions(TEXTS[:1]) - encoder.embed_passages(TEXTS[:1])).max() > 1e-3


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\u200b", "🙂🙃", "，。！？……", "<s><pad></s><unk>", "\x00", "\ud800", "知识产权保护。" * 14_286],
    ids=["empty", "blank", "zero width", "emoji", "punctuation", "marks", "nul", "surrogate", "100,000 characters"],
)
def test_every_text_has_a_vector(encoder: Encoder, text: str) -> None:
    vectors = np.concatenate([encoder.embed_questions([text]), encoder.embed_passages([text, "创新"])])
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-6)
    assert np.isfinite(encoder.question_states(text)).all()
    assert np.isfinite(encoder.verdicts(text, [text, "创新"])).all()


def test_what_is_too_long_is_cut(encoder: Encoder) -> None:
    long = "知" * 1000
    assert np.array_equal(encoder.embed_passages([long]), encoder.embed_passages([f"{long}森林"]))


# --- Its session, and what it keeps ---


class Tokens(list[int]):
    """What a tokenizer returns."""

    @property
    def ids(self) -> list[int]:
        return self


class CharacterTokenizer:
    """A piece for each character."""

    def encode(self, text: str) -> Tokens:
        return Tokens(3 + ord(c) for c in text)


class SumSession:
    """A model of 384 numbers, of which the first is the sum of the pieces that the mask shows; it keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, NDArray[np.int64]]] = []

    @property
    def rows(self) -> int:
        return sum(len(asked["ids"]) for asked in self.asked)

    def run(self, outputs: list[str], inputs: dict[str, NDArray[np.int64]]) -> list[Vectors]:
        self.asked.append(inputs)
        vectors = np.zeros((len(inputs["ids"]), 384), np.float32)
        vectors[:, 0] = (inputs["ids"] * inputs["mask"]).sum(axis=1)
        states = np.zeros((*inputs["ids"].shape, 384), np.float32)
        states[:, :, 0] = inputs["ids"]
        return [{"vectors": vectors, "states": states}[output] for output in outputs]


def stand_in() -> tuple[Encoder, SumSession]:
    session = SumSession()
    return Encoder(Network(session, (), "sum"), CharacterTokenizer(), np.ones(4 * 384 + 1, np.float32)), session


def sums(texts: Sequence[str]) -> list[float]:
    """What `SumSession` gives for passages: start 0, end 2."""
    return [2 + sum(3 + ord(c) for c in f"passage: {text}") for text in texts]


def test_a_text_is_read_once() -> None:
    encoder, session = stand_in()
    first = encoder.embed_passages(["一", "二", "一"])
    assert session.rows == 2
    again = encoder.embed_passages(["二", "一", "二"])
    assert session.rows == 2
    assert again[:, 0].tolist() == first[[1, 0, 1], 0].tolist() == sums(["二", "一", "二"])
    encoder.embed_passages(["一", "三"])
    assert session.rows == 3
    encoder.embed_questions(["一"])  # another text to the model
    assert session.rows == 4
    assert encoder.embed_passages([]).shape == (0, 384)
    assert session.rows == 4


def test_a_question_is_read_once_for_its_vector_and_its_states() -> None:
    encoder, session = stand_in()
    encoder.embed_questions(["问", "问"])
    states = encoder.question_states("问")
    assert session.rows == 1
    assert states[:, 0].tolist() == [0, *(3 + ord(c) for c in "query: 问"), 2]
    assert encoder.passage_states("问").shape == (len("passage: 问") + 2, 384)
    assert session.rows == 2


def test_states_are_kept_of_so_many_tokens_and_cannot_be_changed() -> None:
    encoder, session = stand_in()
    assert encoder.passage_states("字" * 400).shape == (MAX_STATES, 384)
    with pytest.raises(ValueError, match="read-only"):
        encoder.passage_states("字" * 400)[0] = 1
    for i in range(600):
        encoder.passage_states(f"{i}")
    assert session.rows == 601
    encoder.passage_states("599")
    assert session.rows == 601
    encoder.passage_states("0")
    assert session.rows == 602


def test_what_a_caller_does_to_a_vector_is_not_kept() -> None:
    encoder, _ = stand_in()
    encoder.embed_passages(["一"])[:] = 7
    assert encoder.embed_passages(["一"])[0, 0] == sums(["一"])[0]


def test_what_is_kept_is_bounded() -> None:
    encoder, session = stand_in()
    for start in range(0, 35_000, 500):
        texts = [f"{i:05}" for i in range(start, start + 500)]
        assert encoder.embed_passages(texts)[:, 0].tolist() == sums(texts)
        assert len(encoder._kept) < 10_500
    assert session.rows == 35_000
    encoder.embed_passages(["00000"])
    assert session.rows == 35_001


def test_like_lengths_are_read_together_between_their_marks() -> None:
    encoder, session = stand_in()
    texts = ["字" * (37 * i % 600) for i in range(100)]
    assert encoder.embed_passages(texts)[:, 0].tolist() == sums(
        [text[: MAX_TOKENS - len("passage: ")] for text in texts]
    )
    assert len(session.asked) > 1
    for asked in session.asked:
        ids, mask = asked["ids"], asked["mask"]
        assert ids.shape == mask.shape
        assert ids.shape[1] <= 512
        assert ids.size <= 4096
        for row, length in zip(ids, mask.sum(axis=1), strict=True):
            assert (row[0], row[length - 1]) == (0, 2)
            assert (row[length:] == 1).all()
    padded = sum(int((asked["mask"] == 0).sum()) for asked in session.asked)
    assert padded < 0.2 * sum(asked["ids"].size for asked in session.asked)


def test_threads_may_ask_at_once() -> None:
    encoder, _ = stand_in()

    def ask(thread: int) -> bool:
        own = [f"{thread}/{i}" for i in range(4000)]
        batches = [[*own[i : i + 100], *map(str, range(50))] for i in range(0, len(own), 100)]
        return all(encoder.embed_passages(batch)[:, 0].tolist() == sums(batch) for batch in batches)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(8)))
    assert len(encoder._kept) < 10_150


def test_threads_may_ask_the_model_at_once(encoder: Encoder) -> None:
    texts = [f"第{i}条要{'加强' * (i % 7)}保护。" for i in range(24)]
    expected = Encoder.load(WEIGHTS).embed_passages(texts)
    with ThreadPoolExecutor(4) as threads:
        for start, vectors in enumerate(threads.map(lambda i: encoder.embed_passages(texts[i:]), range(8))):
            assert np.abs(vectors - expected[start:]).max() < 1e-5


# --- What it is good for: sentences that nobody has trained it on ---


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("车没地方停怎么办？", PARKING),
        ("小孩在学校能跑跳多久？", SPORT),
        ("江边能不能盖猪圈？", RIVER),
        ("在乡下生病了去哪儿拿药？", CLINIC),
        ("老板不发钱会怎么样？", WAGES),
        ("How are firms punished that do not pay their workers?", WAGES),
        ("Where may livestock farms not be built?", RIVER),
        ("On which day can I not visit the exhibits?", MUSEUM),
    ],
)
def test_a_question_is_nearest_to_the_sentence_that_answers_it(question: str, sentence: str) -> None:
    encoder = bundled_encoder()
    (nearness,) = encoder.embed_questions([question]) @ encoder.embed_passages(SENTENCES).T
    assert SENTENCES[int(nearness.argmax())] == sentence


@pytest.mark.parametrize(("sentence", "answered", "nearly"), NEARLY)
def test_a_question_that_is_answered_has_the_better_verdict(sentence: str, answered: str, nearly: str) -> None:
    encoder = bundled_encoder()
    assert encoder.verdicts(answered, [sentence])[0] > encoder.verdicts(nearly, [sentence])[0]


def test_a_verdict_is_of_each_sentence_alone() -> None:
    encoder, question = bundled_encoder(), "博物馆哪天不开门？"
    together = encoder.verdicts(question, SENTENCES)
    assert together.shape == (6,)
    assert together == pytest.approx([encoder.verdicts(question, [s])[0] for s in SENTENCES], abs=1e-3)
    assert together.argmax() == SENTENCES.index(MUSEUM)
    assert encoder.verdicts(question, []).shape == (0,)


def test_a_verdict_weighs_agreement_difference_and_both_vectors() -> None:
    asked, sentences = np.array([[0.6, -0.8]], np.float32), np.array([[1, 0], [0.6, -0.8]], np.float32)
    expected = [[120, 0, 8, 16, 12, -16, 20, 0], [72, 128, 0, 0, 12, -16, 12, -16]]
    assert pair_features(asked, sentences) == pytest.approx(np.array(expected), abs=1e-4)
    weights = np.arange(1537, dtype=np.float32)
    encoder = Encoder(Network(SumSession(), (), "sum"), CharacterTokenizer(), weights)
    features = pair_features(encoder.embed_questions(["问"]), encoder.embed_passages(["答"]))
    assert encoder.verdicts("问", ["答"]) == pytest.approx(features @ weights[:-1] + 1536)


# --- Its files ---


def copied(folder: Path, name: str, content: bytes | None) -> Path:
    """Return a folder with the model's files, of which one has this content, or is missing."""
    for other in MODEL:
        if other != name:
            (folder / other).symlink_to(WEIGHTS / other)
    if content is not None:
        (folder / name).write_bytes(content)
    return folder


def weights(name: str) -> bytes:
    return (WEIGHTS / name).read_bytes()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 19370385\n"
DAMAGED: dict[str, tuple[str, Any]] = {
    "no model": ("encoder.onnx", lambda: None),
    "empty model": ("encoder.onnx", lambda: b""),
    "model cut in half": ("encoder.onnx", lambda: weights("encoder.onnx")[: 10**7]),
    "model without its last byte": ("encoder.onnx", lambda: weights("encoder.onnx")[:-1]),
    "garbage for a model": ("encoder.onnx", lambda: b"garbage" * 100),
    "pointer for a model": ("encoder.onnx", lambda: POINTER),
    "unknown operator": ("encoder.onnx", lambda: weights("encoder.onnx").replace(b"MatMulNBits", b"MatMulNBitz")),
    "unknown plain operator": ("encoder.onnx", lambda: weights("encoder.onnx").replace(b"Gelu", b"Gelv")),
    "operator in no encoding": ("encoder.onnx", lambda: weights("encoder.onnx").replace(b"Gelu", b"G\xff\xfeu")),
    "changed constant": ("encoder.onnx", lambda: weights("encoder.onnx").replace(b"words.scales", b"words.scalez", 1)),
    "no tokenizer": ("tokenizer.json", lambda: None),
    "empty tokenizer": ("tokenizer.json", lambda: b""),
    "tokenizer cut in half": ("tokenizer.json", lambda: weights("tokenizer.json")[:400_000]),
    "garbage for a tokenizer": ("tokenizer.json", lambda: b"\xff\xfegarbage"),
    "pointer for a tokenizer": ("tokenizer.json", lambda: POINTER),
    "JSON, but no tokenizer": ("tokenizer.json", lambda: b"{}"),
    "tokenizer of no known kind": ("tokenizer.json", lambda: b'{"version":"1.0","model":{"type":"None"}}'),
    "no verdict": ("verdict.npy", lambda: None),
    "empty verdict": ("verdict.npy", lambda: b""),
    "verdict cut in half": ("verdict.npy", lambda: weights("verdict.npy")[:3000]),
    "verdict cut in its head": ("verdict.npy", lambda: weights("verdict.npy")[:50]),
    "garbage for a verdict": ("verdict.npy", lambda: b"garbage" * 100),
    "verdict of another size": ("verdict.npy", lambda: saved(np.zeros(769, np.float32))),
}


def saved(array: Vectors) -> bytes:
    from io import BytesIO

    np.save(file := BytesIO(), array)
    return file.getvalue()


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_told_in_a_line(damage: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name, content = DAMAGED[damage]
    with pytest.raises(ModelError) as raised:
        Encoder.load(copied(tmp_path, name, content()))
    told = str(raised.value)
    assert re.fullmatch(
        rf"The model in {re.escape(str(tmp_path))} cannot be read: \S.*\S\. Install this package again\.", told
    )
    assert ".." not in told.removeprefix(f"The model in {tmp_path}")
    assert not raised.value.retryable
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere cannot be read: .*encoder\.onnx.*Install this package again\.$"):
        Encoder.load(tmp_path / "nowhere")


def test_whole_files_in_another_place_are_the_same_encoder(tmp_path: Path) -> None:
    other = Encoder.load(copied(tmp_path, "verdict.npy", weights("verdict.npy")))
    assert other.fingerprint == bundled_encoder().fingerprint
    assert np.array_equal(other.embed_passages(TEXTS[:2]), Encoder.load(WEIGHTS).embed_passages(TEXTS[:2]))


def test_the_fingerprint_names_the_weights(tmp_path: Path) -> None:
    digest = hashlib.sha256(weights("encoder.onnx")).hexdigest()
    assert bundled_encoder().fingerprint == f"bundled-e5:{digest[:12]}"
    # A field that says who made the file: other bytes, the same network.
    changed = Encoder.load(copied(tmp_path, "encoder.onnx", weights("encoder.onnx") + b"\x12\x01x"))
    assert changed.fingerprint != bundled_encoder().fingerprint


def test_it_is_loaded_once() -> None:
    assert bundled_encoder() is bundled_encoder()


def test_importing_it_loads_no_model_and_nothing_heavy() -> None:
    script = "import json, sys; import assistant.encoder; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "assistant.encoder" in loaded
    assert {"onnxruntime", "tokenizers", "numpy"}.isdisjoint(loaded)


# --- In a process of its own ---


def in_process(
    code: str, home: Path, *, packages: Path = Path(__file__).parent.parent
) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=packages, env=environment, capture_output=True, text=True, check=False)


LIVES = "import time; time.sleep(1)"
MODEL_FILE = str(WEIGHTS / "encoder.onnx")


def test_the_runtime_keeps_no_record_of_this_machine(tmp_path: Path) -> None:
    """Left alone it makes an id for the machine, to report what runs there; so the absence of one means something."""
    alone = f"import onnxruntime; onnxruntime.InferenceSession({MODEL_FILE!r}, providers=['CPUExecutionProvider'])"
    for name, code, told in (
        ("alone", alone, True),
        ("ours", "from assistant.encoder import bundled_encoder; bundled_encoder()", False),
    ):
        home = tmp_path / name
        home.mkdir()
        done = in_process(f"{code}\n{LIVES}", home)
        assert done.returncode == 0, done.stderr
        assert bool(list(home.rglob("*onnxruntime*"))) is told


def test_a_model_with_a_few_wrong_bytes_is_refused(tmp_path: Path) -> None:
    """It still loads, and would answer nonsense."""
    shutil.copytree(WEIGHTS.parent, tmp_path / "assistant")
    with (tmp_path / "assistant/weights/encoder.onnx").open("r+b") as file:
        file.seek(9_000_000)
        file.write(b"\x11\x22\x33\x44\x55\x66")
    code = "from assistant.encoder import bundled_encoder; bundled_encoder()"
    done = in_process(code, tmp_path, packages=tmp_path)
    assert "ModelError: The model in" in done.stderr
    assert "is damaged" in done.stderr
