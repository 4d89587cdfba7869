"""The index folder through everything that can happen to it: each time a right answer or a clear error.

Nothing is simulated: files are damaged on disk, processes are killed and run side by side.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from assistant.corpus import Corpus, Speech
from assistant.errors import IndexingError, ModelError
from assistant.index import Index, _row_id

ROOT = Path(__file__).parent.parent
TEXTS = ["知识产权\n加强保护。\n依法惩处侵权。", "民营经济\n促进发展壮大。\n优化环境。", "教育\n办好学校。\n培养教师。"]


@cache
def direction(seed: str, dimensions: int) -> list[float]:
    """Return a random direction that is always the same for this seed."""
    return list(np.random.default_rng(list(hashlib.sha256(seed.encode()).digest())).normal(size=dimensions))


class CountingEmbedder:
    """A random direction for each text, and a count of the texts that were embedded for storing."""

    def __init__(self, fingerprint: str = "counting-1", dimensions: int = 16) -> None:
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        self.embedded: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.embedded += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return direction(f"{self.fingerprint} {text}", self.dimensions)


class FailingEmbedder(CountingEmbedder):
    """One whose server goes away after the first batch."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.embedded:
            raise ModelError("The server has gone.", retryable=True)
        return super().embed_documents(texts)


def made_of(*texts: str) -> Corpus:
    return Corpus(tuple(Speech.from_text(f"s{i}", t, qualified=len(texts) > 1) for i, t in enumerate(texts)))


def rows(index: Index, corpus: Corpus) -> list[list[tuple[str, float]]]:
    """Return the rows nearest to every so many paragraphs, three each, as the index finds them."""
    found = []
    for paragraph in corpus.paragraphs[:: max(1, len(corpus.paragraphs) // 50)]:
        vector = np.array(index.embedder.embed_query(paragraph.text), dtype=np.float32)
        ids, cosines = index._store.nearest(vector / np.linalg.norm(vector), 3)
        found.append([(id, round(float(cosine), 4)) for id, cosine in zip(ids, cosines, strict=True)])
    return found


def assert_nearest(found: list[list[tuple[str, float]]], corpus: Corpus, embedder: CountingEmbedder) -> None:
    """Compare what `rows` gives with brute force, where every paragraph is one sentence; equally near ones may change places."""
    paragraphs = corpus.paragraphs
    vectors = np.array([embedder.embed_query(p.text) for p in paragraphs])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    position = {_row_id(p.sentences[0]): i for i, p in enumerate(paragraphs)}
    asked = range(0, len(paragraphs), max(1, len(paragraphs) // 50))
    for i, near in zip(asked, found, strict=True):
        cosines = vectors @ vectors[i]
        best = -np.sort(-cosines)[:3]
        assert len({id for id, _ in near}) == len(near) == 3
        assert [cosine for _, cosine in near] == pytest.approx(best, abs=1e-4)
        assert [cosines[position[id]] for id, _ in near] == pytest.approx(best, abs=1e-4)


def assert_right(index: Index, corpus: Corpus, embedder: CountingEmbedder) -> None:
    assert_nearest(rows(index, corpus), corpus, embedder)
    for paragraph in corpus.paragraphs[:: max(1, len(corpus.paragraphs) // 10)]:
        assert index.search(paragraph.text, 1)[0].paragraph.text == paragraph.text


def sealed(folder: Path) -> Path:
    """Return the folder of the generation in use."""
    return folder / "generations" / (folder / "current").read_text().strip()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def leftovers(folder: Path) -> list[str]:
    """Return the private copies, and the generations that are not in use."""
    places = [*(folder / "open").iterdir(), *(folder / "generations").iterdir()]
    return [p.name for p in places if p != sealed(folder)]


# --- Opened, not rebuilt ---


def test_an_unchanged_corpus_is_opened_without_embedding_anything(tmp_path: Path) -> None:
    corpus, embedder = made_of(*TEXTS), CountingEmbedder()
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        assert (index.rebuilt, index.reason, index.embedded) == (True, "there was none yet", 6)
    before = snapshot(tmp_path / "index")
    again = CountingEmbedder()
    with Index.open(made_of(*TEXTS), again, tmp_path / "index") as index:
        assert (index.rebuilt, index.reason, index.embedded, again.embedded) == (False, "", 0, [])
        assert index.folder == tmp_path / "index"
        assert_right(index, corpus, again)
    assert snapshot(tmp_path / "index") == before
    assert leftovers(tmp_path / "index") == []


def test_the_sealed_files_stay_as_they_are_while_the_index_is_used(tmp_path: Path) -> None:
    corpus = made_of(*TEXTS)
    with Index.open(corpus, CountingEmbedder(), tmp_path / "index") as index:
        before = snapshot(sealed(tmp_path / "index"))
        rows(index, corpus)
        with Index.open(corpus, CountingEmbedder(), tmp_path / "index") as second:
            assert rows(second, corpus) == rows(index, corpus)
        assert rows(index, corpus)
        assert snapshot(sealed(tmp_path / "index")) == before


def test_a_changed_title_needs_no_new_vectors_and_moves_the_offsets(tmp_path: Path) -> None:
    with Index.open(made_of(TEXTS[0]), CountingEmbedder(), tmp_path):
        pass
    corpus = made_of(TEXTS[0].replace("知识产权", "关于知识产权的讲话"))
    with Index.open(corpus, CountingEmbedder(), tmp_path) as index:
        assert not index.rebuilt
        found = index.search("加强保护", 1)[0].paragraph
    assert corpus.speeches[0].text[found.start : found.end] == found.text == "加强保护。"


def test_a_paragraph_that_becomes_the_only_line_is_stored_anew(tmp_path: Path) -> None:
    with Index.open(made_of("题\n加强保护。"), CountingEmbedder(), tmp_path):
        pass
    with Index.open(made_of("加强保护。"), CountingEmbedder(), tmp_path) as index:
        assert index.reason == "changed: s0"
        assert index.search("保护", 1)[0].paragraph.number == 0


# --- Progress ---


def told(corpus: Corpus, folder: Path) -> list[tuple[int, int]]:
    """Return what `Index.open` tells of its progress."""
    calls: list[tuple[int, int]] = []
    with Index.open(corpus, CountingEmbedder(), folder, progress=lambda done, total: calls.append((done, total))):
        return calls


def test_progress_is_told_from_nothing_to_all_and_only_of_what_is_embedded(tmp_path: Path) -> None:
    long = "\n".join(["题", *(f"第{i}段。" for i in range(600))])
    assert told(made_of(long), tmp_path) == [(0, 600), (256, 600), (512, 600), (600, 600)]
    assert told(made_of(long), tmp_path) == []
    assert told(made_of(long, f"题\n{'又一句。' * 9}"), tmp_path) == [(0, 1), (1, 1)]
    assert told(made_of(long), tmp_path) == []  # built anew, and every vector was there


def test_without_anybody_to_tell_progress_stands_in_the_log_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("INFO", "assistant"), Index.open(made_of(*TEXTS), CountingEmbedder(), tmp_path):
        assert [record.getMessage() for record in caplog.records] == [
            f"Building the index in {tmp_path}: there was none yet.",
            "0 of 6 sentences are embedded.",
            "6 of 6 sentences are embedded.",
        ]
    assert capfd.readouterr() == ("", "")


def test_who_is_told_of_progress_may_end_the_building(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with Index.open(made_of(TEXTS[0]), CountingEmbedder(), tmp_path):
        pass
    before = snapshot(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        Index.open(made_of(*TEXTS), CountingEmbedder(), tmp_path, progress=stop)
    assert snapshot(tmp_path) == before
    assert leftovers(tmp_path) == []


# --- Changed ---


@pytest.mark.parametrize(
    ("texts", "embedded", "reason"),
    [
        ([TEXTS[0], TEXTS[1].replace("优化", "改善"), TEXTS[2]], ["促进发展壮大。", "改善环境。"], "changed: s1"),
        (TEXTS[:2], [], "changed: s2"),
        ([*TEXTS, "体育\n强身健体。"], ["强身健体。"], "changed: s3"),
        (
            [TEXTS[1], TEXTS[0], TEXTS[2]],
            ["促进发展壮大。", "优化环境。", "加强保护。", "依法惩处侵权。"],
            "changed: s0, s1",
        ),
        ([TEXTS[0], TEXTS[1], "办好学校。\n培养教师。"], ["培养教师。"], "changed: s2"),
    ],
    ids=["changed", "removed", "added", "swapped", "title lost"],
)
def test_only_the_changed_files_are_embedded_again(
    texts: list[str], embedded: list[str], reason: str, tmp_path: Path
) -> None:
    with Index.open(made_of(*TEXTS), CountingEmbedder(), tmp_path):
        pass
    corpus, embedder = made_of(*texts), CountingEmbedder()
    with Index.open(corpus, embedder, tmp_path) as index:
        assert (embedder.embedded, index.embedded, index.reason) == (embedded, len(embedded), reason)
        assert_right(index, corpus, embedder)
    with Index.open(corpus, embedder, tmp_path) as index:
        assert not index.rebuilt
    assert leftovers(tmp_path) == []


def test_vectors_stay_with_their_paragraphs_through_many_changes(tmp_path: Path) -> None:
    texts = list(TEXTS)
    for turn in range(6):
        texts[(1, 0, 2)[turn % 3]] += f"\n第{turn}轮。"
        with Index.open(made_of(*texts), CountingEmbedder(), tmp_path) as index:
            assert index.rebuilt
            assert_right(index, made_of(*texts), CountingEmbedder())


def test_a_changed_embedder_embeds_everything_again(tmp_path: Path) -> None:
    corpus = made_of(*TEXTS)
    with Index.open(corpus, CountingEmbedder("one"), tmp_path):
        pass
    for other in (CountingEmbedder("two"), CountingEmbedder("three", dimensions=24), CountingEmbedder("one")):
        with Index.open(corpus, other, tmp_path) as index:
            assert index.reason.startswith("the embedder changed from ")
            assert index.reason.endswith(f" to {other.fingerprint}")
            assert len(other.embedded) == 6
            assert_right(index, corpus, other)


def reseal(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of the generation in use as if it had been written like that."""
    path = sealed(folder) / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(splitter="0"), "the splitter changed from 0 to "),
        (lambda m: m.update(chromadb="0.1"), "the chromadb changed from 0.1 to "),
        (lambda m: m.update(layout=2), "was written by another version"),
        (lambda m: m.pop("layout"), ""),
        (lambda m: m.update(more=1), "was written by another version"),
        (lambda m: m.update(dimensions=17), "fails its check"),
        (lambda m: m["files"].pop("chroma.sqlite3"), "chroma.sqlite3 is damaged or missing"),
        (lambda m: m.update(speeches={}), "changed: s0, s1, s2"),
    ],
    ids=["splitter", "chromadb", "layout", "no layout", "more", "dimensions", "file", "speeches"],
)
def test_an_index_of_another_make_is_rebuilt(change: Callable[[Any], object], reason: str, tmp_path: Path) -> None:
    corpus, embedder = made_of(*TEXTS), CountingEmbedder()
    with Index.open(corpus, embedder, tmp_path):
        pass
    reseal(tmp_path, change)
    with Index.open(corpus, embedder, tmp_path) as index:
        assert reason in index.reason
        assert_right(index, corpus, embedder)


@pytest.mark.parametrize(
    "others", [TEXTS[:1], TEXTS, [TEXTS[0], TEXTS[2]]], ids=["too few", "too many", "of other words"]
)
def test_rows_that_are_sealed_but_not_the_right_ones_are_found_out(others: list[str], tmp_path: Path) -> None:
    corpus, embedder = made_of(*TEXTS[:2]), CountingEmbedder()
    with Index.open(corpus, embedder, tmp_path / "index"), Index.open(made_of(*others), embedder, tmp_path / "others"):
        pass
    data = sealed(tmp_path / "index") / "data"
    shutil.rmtree(data)
    shutil.copytree(sealed(tmp_path / "others") / "data", data)
    files = json.loads((sealed(tmp_path / "others") / "manifest.json").read_bytes())["files"]
    reseal(tmp_path / "index", lambda manifest: manifest.update(files=files))
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        assert "fails its check: 6 of 4 sentences" in index.reason or "has lost 2 sentences" in index.reason
        assert_right(index, corpus, embedder)


# --- Damaged ---


def overwrite(path: Path, start: int | float, length: int, byte: bytes = b"\xff") -> None:
    """Overwrite bytes from `start`, a position or, between 0 and 1, a share of the file."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * start) if isinstance(start, float) else start
    data[at : at + length] = byte * len(data[at : at + length])
    path.write_bytes(data)


def truncate(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def flip(path: Path) -> None:
    """Flip one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def segment(data: Path) -> Path:
    return next(path for path in data.iterdir() if path.is_dir())


DAMAGE: dict[str, Callable[[Path], object]] = {
    "database header": lambda f: overwrite(sealed(f) / "data/chroma.sqlite3", 0, 100),
    "database truncated": lambda f: truncate(sealed(f) / "data/chroma.sqlite3", 0.5),
    "database empty": lambda f: truncate(sealed(f) / "data/chroma.sqlite3", 0),
    "database missing": lambda f: (sealed(f) / "data/chroma.sqlite3").unlink(),
    "database middle": lambda f: overwrite(sealed(f) / "data/chroma.sqlite3", 0.5, 4096),
    "database bit": lambda f: flip(sealed(f) / "data/chroma.sqlite3"),
    "database a folder": lambda f: make_folder(sealed(f) / "data/chroma.sqlite3"),
    "a journal too many": lambda f: (sealed(f) / "data/chroma.sqlite3-journal").write_bytes(b"\xd9\xd5\x05\xf9" * 200),
    "segment missing": lambda f: shutil.rmtree(segment(sealed(f) / "data")),
    "metadata missing": lambda f: (segment(sealed(f) / "data") / "index_metadata.pickle").unlink(),
    "metadata garbage": lambda f: overwrite(segment(sealed(f) / "data") / "index_metadata.pickle", 0, 10**6),
    "lengths": lambda f: overwrite(segment(sealed(f) / "data") / "length.bin", 0.3, 1000),
    "vectors' head": lambda f: overwrite(segment(sealed(f) / "data") / "data_level0.bin", 0, 4096),
    "vectors' bit": lambda f: flip(segment(sealed(f) / "data") / "data_level0.bin"),
    "header truncated": lambda f: truncate(segment(sealed(f) / "data") / "header.bin", 0.5),
    "links missing": lambda f: (segment(sealed(f) / "data") / "link_lists.bin").unlink(),
    "data missing": lambda f: shutil.rmtree(sealed(f) / "data"),
    "manifest truncated": lambda f: truncate(sealed(f) / "manifest.json", 0.5),
    "manifest garbage": lambda f: overwrite(sealed(f) / "manifest.json", 0, 10**6),
    "manifest empty": lambda f: truncate(sealed(f) / "manifest.json", 0),
    "manifest missing": lambda f: (sealed(f) / "manifest.json").unlink(),
    "manifest bit": lambda f: flip(sealed(f) / "manifest.json"),
    "generation missing": lambda f: shutil.rmtree(sealed(f)),
    "pointer empty": lambda f: (f / "current").write_bytes(b""),
    "pointer garbage": lambda f: (f / "current").write_bytes(b"\xff\x00" * 500),
    "pointer to nowhere": lambda f: (f / "current").write_text(f"{'0' * 32}\n"),
    "pointer out of the folder": lambda f: (f / "current").write_text("../../../etc\n"),
    "pointer missing": lambda f: (f / "current").unlink(),
    "a copy that is a file": lambda f: (f / "open" / "x").write_text("x"),
}
HARMLESS = {"a copy that is a file"}
GRAPH = (
    *("segment missing", "metadata missing", "metadata garbage", "lengths"),
    *("vectors' head", "vectors' bit", "header truncated", "links missing"),
)
"""Damage to what only a large index has on disk."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Path]:
    """A corpus of more than a thousand paragraphs, from which on Chroma writes its graph to disk; and its index."""
    corpus = made_of("\n".join(["题", *(f"第{i}段说第{i * 7919 % 1050}件事。" for i in range(1050))]))
    folder = tmp_path_factory.mktemp("large") / "index"
    with Index.open(corpus, CountingEmbedder(), folder) as index:
        assert_right(index, corpus, CountingEmbedder())
    assert (segment(sealed(folder) / "data") / "index_metadata.pickle").is_file()
    return corpus, folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Path]:
    corpus, folder = made_of(*TEXTS), tmp_path_factory.mktemp("small") / "index"
    with Index.open(corpus, CountingEmbedder(), folder) as index:
        assert_right(index, corpus, CountingEmbedder())
    return corpus, folder


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name not in GRAPH])
def test_damage_ends_in_the_right_neighbours(damage: str, small: tuple[Corpus, Path], tmp_path: Path) -> None:
    assert_mended(damage, *small, tmp_path / "index")


# Rebuilding a large index takes half a second: what a small one can suffer too, this one suffers in the slow tests.
@pytest.mark.parametrize(
    "damage", [pytest.param(name, marks=() if name in GRAPH else pytest.mark.slow) for name in DAMAGE]
)
def test_damage_to_a_large_index_does_too(damage: str, large: tuple[Corpus, Path], tmp_path: Path) -> None:
    assert_mended(damage, *large, tmp_path / "index")


def assert_mended(damage: str, corpus: Corpus, intact: Path, folder: Path) -> None:
    """Copy an intact index, damage the copy and open it."""
    embedder = CountingEmbedder()
    shutil.copytree(intact, folder)
    DAMAGE[damage](folder)
    with Index.open(corpus, embedder, folder) as index:
        assert index.rebuilt is (damage not in HARMLESS)
        assert_right(index, corpus, embedder)
    with Index.open(corpus, embedder, folder) as index:
        assert not index.rebuilt
    assert [name for name in leftovers(folder) if name != "x"] == []


def test_a_changed_file_in_a_damaged_index_takes_over_nothing(tmp_path: Path) -> None:
    with Index.open(made_of(*TEXTS), CountingEmbedder(), tmp_path):
        pass
    flip(sealed(tmp_path) / "data/chroma.sqlite3")
    corpus, embedder = made_of(*TEXTS[:2], "体育\n强身健体。"), CountingEmbedder()
    with Index.open(corpus, embedder, tmp_path) as index:
        assert len(embedder.embedded) == 5
        assert_right(index, corpus, embedder)


# --- Impossible folders ---


def test_somebody_elses_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    before = snapshot(tmp_path)
    with pytest.raises(IndexingError, match=r"thesis\.txt.*ASSISTANT_INDEX"):
        Index.open(made_of(*TEXTS), CountingEmbedder(), tmp_path)
    assert snapshot(tmp_path) == before


def test_files_that_join_an_index_are_left_alone(tmp_path: Path) -> None:
    corpus = made_of(*TEXTS)
    with Index.open(corpus, CountingEmbedder("one"), tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
    with Index.open(corpus, CountingEmbedder("two"), tmp_path) as index:
        assert index.rebuilt
    assert (tmp_path / "notes.txt").read_text() == "mine"


def places_that_cannot_be(folder: Path) -> Iterator[Path]:
    (folder / "file").write_text("x")
    yield folder / "file"
    yield folder / "file" / "index"
    yield folder / ("long" * 100)
    yield Path("/proc/index")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    for place in places_that_cannot_be(tmp_path):
        with pytest.raises(IndexingError, match="ASSISTANT_INDEX") as caught:
            Index.open(made_of(*TEXTS), CountingEmbedder(), place)
        assert str(place) in str(caught.value)


NOBODY = 65534


@contextmanager
def as_nobody(*folders: Path) -> Iterator[None]:
    """Give folders to the user nobody and be that user: nothing is forbidden to root. Others stay who they are.

    Where Python lies in root's home, nobody cannot import: whatever is imported late must have been used before.
    """
    if os.geteuid() != 0:
        yield
        return
    for path in (path for folder in folders for path in (folder, *folder.rglob("*"))):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("where", ["", "open", "generations"])
def test_a_folder_without_permission_is_named(where: str) -> None:
    # Not in pytest's own folder, which nobody else may enter.
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Index.open(made_of(*TEXTS), CountingEmbedder("one"), folder):
            pass
        (folder / where).chmod(0o500)
        with as_nobody(folder), pytest.raises(IndexingError, match="ASSISTANT_INDEX"):
            Index.open(made_of(*TEXTS), CountingEmbedder("two"), folder)
        (folder / where).chmod(0o700)


def forbid_writing(path: Path) -> None:
    """Take the right to write from a file, or from a folder and all that it holds."""
    for place in (path, *path.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that any user may enter, as they may not pytest's own."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("where", ["", "open", "lock", "generations"])
@pytest.mark.parametrize("size", ["small", "large"])
def test_an_index_that_may_only_be_read_is_read(
    where: str, size: str, shared: Path, request: pytest.FixtureRequest
) -> None:
    corpus, intact = request.getfixturevalue(size)
    folder, embedder = shared / "index", CountingEmbedder()
    shutil.copytree(intact, folder)
    before = snapshot(folder)
    forbid_writing(folder / where)
    with as_nobody(folder):
        with Index.open(corpus, embedder, folder) as index, Index.open(corpus, embedder, folder) as second:
            assert (index.rebuilt, second.rebuilt, embedder.embedded) == (False, False, [])
            assert_right(index, corpus, embedder)
            assert rows(second, corpus) == rows(index, corpus)
            copies = [each._store.copy.data for each in (index, second)]
            assert all((copy / "chroma.sqlite3").exists() for copy in copies)
        assert not any(copy.parent.exists() for copy in copies)
        assert snapshot(folder) == before


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize(
    ("texts", "fingerprint", "change", "reason"),
    [
        (TEXTS, "two", lambda _: None, "the embedder changed from counting-1 to two"),
        (TEXTS[:2], "counting-1", lambda _: None, "changed: s2"),
        (TEXTS, "counting-1", DAMAGE["database bit"], "chroma.sqlite3 is damaged or missing"),
        (TEXTS, "counting-1", DAMAGE["pointer missing"], "there was none yet"),
        (TEXTS, "counting-1", lambda folder: reseal(folder, lambda m: m.update(dimensions=17)), "fails its check"),
        (TEXTS, "counting-1", empty, "there was none yet"),
    ],
    ids=["embedder", "text", "damaged", "no pointer", "fails its check", "empty"],
)
def test_one_that_may_only_be_read_and_does_not_fit_is_an_error_that_says_why(
    *, texts: list[str], fingerprint: str, change: Callable[[Path], object], reason: str, small: Any, shared: Path
) -> None:
    folder, embedder = shared / "index", CountingEmbedder(fingerprint)
    shutil.copytree(small[1], folder)
    change(folder)
    before = snapshot(folder)
    forbid_writing(folder)
    with as_nobody(folder), pytest.raises(IndexingError, match=r"may only be read.*ASSISTANT_INDEX") as caught:
        Index.open(made_of(*texts), embedder, folder)
    assert str(folder) in str(caught.value)
    assert reason in str(caught.value)
    assert ".." not in str(caught.value)
    assert embedder.embedded == []
    assert snapshot(folder) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_without_a_place_for_the_copy_the_way_out_is_said(
    small: Any, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared / "index"
    shutil.copytree(small[1], folder)
    forbid_writing(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))  # what TMPDIR sets, before its first use
    with as_nobody(folder), pytest.raises(IndexingError, match=r"Permission denied.*TMPDIR.*ASSISTANT_INDEX") as caught:
        Index.open(small[0], CountingEmbedder(), folder)
    assert str(folder) in str(caught.value)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("name", ["current", "lock", "open", "generations", "CACHEDIR.TAG"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_part_that_is_of_the_wrong_kind_is_an_error_or_replaced(name: str, kind: str, tmp_path: Path) -> None:
    corpus, embedder = made_of(*TEXTS), CountingEmbedder()
    with Index.open(corpus, embedder, tmp_path):
        pass
    path = tmp_path / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.write_text("x") if kind == "file" else (path / "x").mkdir(parents=True)
    try:
        with Index.open(corpus, embedder, tmp_path) as index:
            assert_right(index, corpus, embedder)
    except IndexingError as error:
        assert "ASSISTANT_INDEX" in str(error)  # noqa: PT017  (either is right)


def test_a_model_that_fails_half_way_leaves_the_old_index_in_use(large: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, folder = large[0], tmp_path / "index"
    shutil.copytree(large[1], folder)
    before = snapshot(folder)
    with pytest.raises(ModelError, match="gone"):
        Index.open(corpus, FailingEmbedder("failing"), folder)
    assert snapshot(folder) == before
    assert leftovers(folder) == []


def test_a_model_whose_vectors_change_length_half_way_is_refused(large: tuple[Corpus, Path], tmp_path: Path) -> None:
    class ShrinkingEmbedder(CountingEmbedder):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            found = super().embed_documents(texts)
            self.dimensions -= 1
            return found

    with pytest.raises(ModelError, match="15 numbers after some of 16"):
        Index.open(large[0], ShrinkingEmbedder(), tmp_path)


# --- Several processes ---

WORKER = """
import json, os, resource, sys, time
from pathlib import Path
from assistant.corpus import Corpus, Speech
from assistant.errors import AssistantError
from assistant.index import Index, _row_id
from test_index_lifecycle import CountingEmbedder, made_of, rows

asked = json.loads(sys.argv[1])
folder, signals = Path(asked["folder"]), Path(asked["signals"])

class SlowEmbedder(CountingEmbedder):
    def embed_documents(self, texts):
        (signals / f"embedding-{len(self.embedded)}").touch()
        time.sleep(asked.get("seconds", 0))
        return super().embed_documents(texts)

(signals / f"ready-{os.getpid()}").touch()
while asked.get("wait_for") and not (signals / asked["wait_for"]).exists():
    time.sleep(0.005)
if "largest_file" in asked:
    resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest_file"], resource.RLIM_INFINITY))
corpus, embedder = made_of(*asked["texts"]), SlowEmbedder(asked.get("fingerprint", "counting-1"))
try:
    index = Index.open(corpus, embedder, folder, wait=asked.get("wait", 60))
except AssistantError as error:
    print(json.dumps({"error": str(error)}))
    # What measures coverage writes when the process ends.
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    sys.exit(1)
print(json.dumps({"reason": index.reason, "embedded": len(embedder.embedded), "rows": rows(index, corpus)}), flush=True)
if asked.get("fork"):
    if os.fork() == 0:
        index.close()
        os._exit(0)  # as the children of multiprocessing end; an orderly exit hangs in Chroma's own threads
    os.wait()
if asked.get("stay"):
    sys.stdin.readline()
    print(json.dumps({"rows": rows(index, corpus)}), flush=True)
"""


@contextmanager
def worker(folder: Path, texts: Sequence[str], **asked: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a process that opens the index in `folder`; it is killed at the end if it still runs."""
    signals = folder.parent / "signals"
    signals.mkdir(exist_ok=True)
    asked |= {"folder": str(folder), "signals": str(signals), "texts": list(texts)}
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps(asked)],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(*paths: Path) -> None:
    """Wait until some process has made these files."""
    deadline = time.monotonic() + 60
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline, f"no {paths} after a minute"
        time.sleep(0.005)


def result(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=100)
    assert "Traceback" not in err, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


MANY = ["\n".join(["题", *(f"第{i}段。" for i in range(600))])]


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_kill_in_the_first_build_leaves_nothing_that_matters(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with worker(folder, MANY, seconds=0.3) as process:
        wait_for(tmp_path / "signals" / "embedding-256")
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert not (folder / "current").exists()
    assert list((folder / "open").iterdir())
    with Index.open(made_of(*MANY), CountingEmbedder(), folder) as index:
        assert (index.reason, index.embedded) == ("there was none yet", 600)
        assert_right(index, made_of(*MANY), CountingEmbedder())
    assert leftovers(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_kill_in_a_rebuild_leaves_the_old_index_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with Index.open(made_of(*TEXTS), CountingEmbedder(), folder):
        pass
    before = snapshot(sealed(folder))
    with worker(folder, MANY, seconds=0.3) as process:
        wait_for(tmp_path / "signals" / "embedding-512")
        process.kill()
        process.wait()
    with Index.open(made_of(*TEXTS), CountingEmbedder(), folder) as index:
        assert not index.rebuilt
        assert_right(index, made_of(*TEXTS), CountingEmbedder())
    assert snapshot(sealed(folder)) == before
    assert leftovers(folder) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_kills_at_any_moment_leave_one_index_or_the_other(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    for seed in range(20):
        texts = MANY if seed % 2 else TEXTS
        with worker(folder, texts, wait_for="go", fingerprint=f"seed-{seed // 3}") as process:
            wait_for(tmp_path / "signals" / f"ready-{process.pid}")
            (tmp_path / "signals" / "go").touch()
            time.sleep(random.Random(seed).uniform(0, 2))
            process.kill()
            process.wait()
        (tmp_path / "signals" / "go").unlink()
        embedder = CountingEmbedder(f"seed-{seed // 3}")
        with Index.open(made_of(*texts), embedder, folder) as index:
            assert_right(index, made_of(*texts), embedder)
        assert leftovers(folder) == []


@pytest.mark.slow
def test_two_processes_at_once_build_once_and_both_are_right(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with (
        worker(folder, MANY, wait_for="go", seconds=0.1) as one,
        worker(folder, MANY, wait_for="go", seconds=0.1) as two,
    ):
        wait_for(*(tmp_path / "signals" / f"ready-{process.pid}" for process in (one, two)))
        (tmp_path / "signals" / "go").touch()
        results = [result(one), result(two)]
    assert sorted(found["embedded"] for found in results) == [0, 600]
    for found in results:
        assert_nearest(found["rows"], made_of(*MANY), CountingEmbedder())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs two users")
def test_who_may_only_read_does_not_wait_for_who_builds(shared: Path) -> None:
    folder, corpus, embedder = shared / "index", made_of(*TEXTS), CountingEmbedder()
    with Index.open(corpus, embedder, folder) as index:
        assert_right(index, corpus, embedder)
    with worker(folder, MANY, seconds=30):
        wait_for(shared / "signals" / "embedding-0")
        with as_nobody(), Index.open(corpus, embedder, folder, wait=0) as index:
            assert not index.rebuilt
            assert_right(index, corpus, embedder)


@pytest.mark.slow
def test_a_reader_is_not_disturbed_by_a_rebuild(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with worker(folder, TEXTS, stay=True) as reader:
        assert reader.stdout
        first = json.loads(reader.stdout.readline())
        for texts in (TEXTS[:2], MANY, TEXTS):
            with Index.open(made_of(*texts), CountingEmbedder(), folder) as index:
                assert index.rebuilt
                assert_right(index, made_of(*texts), CountingEmbedder())
        out, err = reader.communicate("go\n", timeout=60)
    assert json.loads(out)["rows"] == first["rows"], err
    assert leftovers(folder) == []


def test_who_waits_too_long_for_the_lock_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with worker(folder, MANY, seconds=30):
        wait_for(tmp_path / "signals" / "embedding-0")
        with pytest.raises(IndexingError, match=r"Another process.*ASSISTANT_INDEX"):
            Index.open(made_of(*TEXTS), CountingEmbedder(), folder, wait=0.2)


@pytest.mark.slow
def test_the_copy_of_a_dead_process_is_swept_and_that_of_a_living_one_kept(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with worker(folder, TEXTS, stay=True) as living:
        assert living.stdout
        first = json.loads(living.stdout.readline())
        with worker(folder, TEXTS, stay=True) as dying:
            assert dying.stdout
            assert dying.stdout.readline()
            assert len(list((folder / "open").iterdir())) == 2
            dying.kill()
            dying.wait()
        with Index.open(made_of(*TEXTS), CountingEmbedder(), folder):
            assert len(list((folder / "open").iterdir())) == 2
        assert len(list((folder / "open").iterdir())) == 1
        out, _ = living.communicate("go\n", timeout=60)
    assert json.loads(out)["rows"] == first["rows"]
    assert list((folder / "open").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_that_closes_the_index_leaves_its_parents_copy_alone(tmp_path: Path) -> None:
    with worker(tmp_path / "index", TEXTS, fork=True, stay=True) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        out, err = process.communicate("go\n", timeout=60)
    assert json.loads(out)["rows"] == first["rows"], err


# RLIMIT_FSIZE lets every write beyond a size fail, as a full disk does.
@pytest.mark.skipif(os.name == "nt", reason="needs RLIMIT_FSIZE")
@pytest.mark.slow
@pytest.mark.parametrize("largest_file", [0, 100, 5_000, 100_000, 250_000, 350_000])
def test_a_full_disk_is_an_error_and_the_old_index_stays(largest_file: int, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with Index.open(made_of(*TEXTS), CountingEmbedder(), folder):
        pass
    before = snapshot(sealed(folder))
    with worker(folder, MANY, largest_file=largest_file) as process:
        found = result(process)
    assert "ASSISTANT_INDEX" in found["error"] or str(folder) in found["error"]
    assert "free space" in found["error"]
    assert snapshot(sealed(folder)) == before
    with Index.open(made_of(*TEXTS), CountingEmbedder(), folder) as index:
        assert not index.rebuilt
    assert leftovers(folder) == []
