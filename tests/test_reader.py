"""The reader: whether it looks at both texts, what its odds depend on, and how a damaged one is told."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from unseen import MUSEUM, NEARLY, SENTENCES, WAGES

from assistant.encoder import WEIGHTS, bundled_encoder
from assistant.errors import ModelError
from assistant.reader import DIGEST, Reader, bundled_reader

# --- What it is good for: sentences that nobody has trained it on ---


@pytest.mark.parametrize(("sentence", "answered", "nearly"), NEARLY)
def test_a_question_that_is_answered_has_the_better_odds(sentence: str, answered: str, nearly: str) -> None:
    reader = bundled_reader()
    assert reader.odds(answered, [sentence])[0] > reader.odds(nearly, [sentence])[0]


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("对欠薪的企业怎么处理？", WAGES, "对按时发放工人工资的企业，列入诚信名单并公开表彰。"),
        ("图书馆星期几不开？", "图书馆周二闭馆，其余六天开放。", MUSEUM),
        ("怎样加强粮食储备？", "要加强粮食储备，增加仓容，及时轮换。", "要加强技术储备，增加投入，及时攻关。"),
        ("要放宽哪些限制？", "要放宽外资准入限制，缩减负面清单。", "要收紧校外培训限制，扩大监管清单。"),
        ("法院做了什么？", "人民法院去年审结案件三千万件。", "人民检察院去年起诉一百七十万人。"),
        ("Who opened the exhibition?", "展览由省长赵明开幕。", "展览在省博物馆三楼开幕。"),
    ],
)
def test_it_looks_at_the_sentence(question: str, right: str, wrong: str) -> None:
    odds = bundled_reader().odds(question, [right, wrong])
    assert odds[0] > odds[1]


# --- What its odds depend on ---


def test_odds_are_of_each_sentence_alone() -> None:
    reader, question = bundled_reader(), "博物馆哪天不开门？"
    together = reader.odds(question, SENTENCES)
    assert together.shape == (6,)
    assert together.dtype == np.float32
    assert together == pytest.approx([reader.odds(question, [s])[0] for s in SENTENCES], abs=1e-2)
    assert together == pytest.approx(reader.odds(question, SENTENCES[::-1])[::-1], abs=1e-3)
    assert together.argmax() == SENTENCES.index(MUSEUM)
    assert reader.odds(question, []).shape == (0,)


def test_other_ways_to_write_a_text_have_its_odds() -> None:
    reader = bundled_reader()
    written = reader.odds("博物館哪天不開門？", ["博物館週一閉館，其餘六天免費開放。"])
    assert written == pytest.approx(reader.odds("博物馆哪天不开门?", ["博物馆周一闭馆,其余六天免费开放。"]), abs=1e-3)


@pytest.mark.parametrize("text", ["", " \n", "🙂", "。", "a", "\x00", "<s></s><pad>", "知识产权保护。" * 2000])
def test_every_text_has_odds(text: str) -> None:
    reader = bundled_reader()
    assert np.isfinite(reader.odds(text, [text, MUSEUM])).all()
    assert np.isfinite(reader.odds("博物馆哪天不开门？", [text])).all()


def test_threads_may_ask_at_once() -> None:
    reader = bundled_reader()
    questions = [f"第{i}条说的是什么{'事' * (i % 5)}？" for i in range(12)]
    expected = [reader.odds(question, SENTENCES) for question in questions]
    with ThreadPoolExecutor(4) as threads:
        for found, alone in zip(threads.map(lambda q: reader.odds(q, SENTENCES), questions), expected, strict=True):
            assert found == pytest.approx(alone, abs=1e-3)


# --- Its file ---


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 100, "half"], ids=["none", "empty", "garbage", "half"])
def test_a_damaged_file_is_told_in_a_line(
    content: bytes | str | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = (WEIGHTS / "reader.onnx").read_bytes()
    if content is not None:
        (tmp_path / "reader.onnx").write_bytes(whole[: len(whole) // 2] if isinstance(content, str) else content)
    with pytest.raises(ModelError) as raised:
        Reader.load(tmp_path, bundled_encoder())
    assert re.fullmatch(
        rf"The model in {re.escape(str(tmp_path))} cannot be read: \S.*\S\. Install this package again\.",
        str(raised.value),
    )
    assert capfd.readouterr() == ("", "")


def test_it_is_loaded_once_and_is_the_one_that_was_measured() -> None:
    assert bundled_reader() is bundled_reader()
    assert hashlib.sha256((WEIGHTS / "reader.onnx").read_bytes()).hexdigest()[:12] == DIGEST == bundled_reader().digest


def test_a_model_with_a_few_wrong_bytes_is_refused(tmp_path: Path) -> None:
    """It still loads, and would answer nonsense."""
    shutil.copytree(WEIGHTS.parent, tmp_path / "assistant")
    with (tmp_path / "assistant/weights/reader.onnx").open("r+b") as file:
        file.seek(2_000_000)
        file.write(b"\x11\x22\x33\x44\x55\x66")
    code = "from assistant.reader import bundled_reader; bundled_reader()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ModelError: The model in" in done.stderr
    assert "is damaged" in done.stderr


def test_importing_it_loads_no_model_and_nothing_heavy() -> None:
    script = "import json, sys; import assistant.reader; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"onnxruntime", "tokenizers", "numpy"}.isdisjoint(json.loads(done.stdout))


# --- All weights ---


def test_each_model_is_at_most_20_mib() -> None:
    """Two: the encoder, which a search needs, and the reader, which the answer needs."""
    files = {path.name: path.stat().st_size for path in WEIGHTS.iterdir()}
    assert sorted(files) == ["README.md", "encoder.onnx", "reader.onnx", "tokenizer.json", "verdict.npy"]
    assert files["encoder.onnx"] + files["tokenizer.json"] + files["verdict.npy"] <= 20 * 2**20
    assert files["reader.onnx"] <= 10 * 2**20


def test_the_readme_of_the_weights_names_their_bytes() -> None:
    """When they are made anew on purpose, write the new sha256 into the README beside them."""
    named = dict(
        re.findall(r"^\| `([\w.]+)` \| `([0-9a-f]{64})` \|$", (WEIGHTS / "README.md").read_text("utf-8"), re.M)
    )
    files = ("encoder.onnx", "tokenizer.json", "verdict.npy", "reader.onnx")
    assert named == {name: hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() for name in files}
