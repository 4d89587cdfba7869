"""What we measured of Chroma, bm25s and filelock, and rely on: if one of these fails, an upgrade changed a fact."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import bm25s
import chromadb
import filelock
import numpy as np
import pytest
from chromadb.config import Settings
from chromadb.errors import ChromaError, InternalError

COSINE: Any = {"hnsw": {"space": "cosine", "ef_search": 400}}


def client(folder: Path) -> Any:
    return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))


def collection(of: Any, configuration: Any = COSINE) -> Any:
    return of.get_or_create_collection("passages", embedding_function=None, configuration=configuration)


def unit(rows: int, dimensions: int, seed: int = 0) -> Any:
    matrix = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


# --- Chroma: why sealed generations and private copies ---


def test_chroma_changes_its_files_when_they_are_only_read(tmp_path: Path) -> None:
    first = client(tmp_path)
    collection(first).upsert(ids=["a", "b"], embeddings=unit(2, 8))
    first.close()
    sealed = hashes(tmp_path)
    second = client(tmp_path)
    collection(second).query(query_embeddings=unit(1, 8), n_results=1)
    second.close()
    assert hashes(tmp_path) != sealed


def test_chroma_files_are_at_rest_once_it_is_closed(tmp_path: Path) -> None:
    first = client(tmp_path)
    collection(first).upsert(ids=["a", "b"], embeddings=unit(2, 8))
    written = hashes(tmp_path)
    first.close()
    assert hashes(tmp_path) == written
    assert not [name for name in written if name.endswith(("-wal", "-journal"))]


def test_chroma_takes_a_lost_database_for_an_empty_one(tmp_path: Path) -> None:
    first = client(tmp_path)
    collection(first).upsert(ids=["a"], embeddings=unit(1, 8))
    first.close()
    (tmp_path / "chroma.sqlite3").unlink()
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    second = client(moved)
    assert collection(second).count() == 0
    second.close()


def test_chroma_keeps_one_system_for_each_path(tmp_path: Path) -> None:
    first, second = client(tmp_path), client(tmp_path)
    collection(first).upsert(ids=["a"], embeddings=unit(1, 8))
    first.close()
    assert collection(second).count() == 1
    second.close()


# --- Chroma: how rows are stored and found ---


def test_chroma_add_ignores_a_known_id_and_upsert_does_not(tmp_path: Path) -> None:
    opened = client(tmp_path)
    rows = collection(opened)
    old, new = unit(2, 8)
    rows.add(ids=["a"], embeddings=[old])
    rows.add(ids=["a"], embeddings=[new])
    assert rows.get(include=["embeddings"])["embeddings"][0] == pytest.approx(old)
    rows.upsert(ids=["a"], embeddings=[new])
    assert rows.get(include=["embeddings"])["embeddings"][0] == pytest.approx(new)
    opened.close()


def test_chroma_refuses_more_rows_at_once_than_it_says(tmp_path: Path) -> None:
    opened = client(tmp_path)
    limit = opened.get_max_batch_size()
    assert limit > 256
    with pytest.raises(InternalError, match="greater than max batch size"):
        collection(opened).upsert(ids=[str(i) for i in range(limit + 1)], embeddings=unit(limit + 1, 2))
    opened.close()


def test_chroma_keeps_the_old_space_without_a_word(tmp_path: Path) -> None:
    opened = client(tmp_path)
    collection(opened, {"hnsw": {"space": "l2"}})
    rows = collection(opened)
    rows.upsert(ids=["a"], embeddings=[[1.0, 0.0]])
    assert rows.query(query_embeddings=[[-1.0, 0.0]], n_results=1)["distances"] == [[4.0]]  # the cosine's would be 2
    opened.close()


def test_chroma_finds_nothing_wrong_with_a_question_of_zeros(tmp_path: Path) -> None:
    opened = client(tmp_path)
    rows = collection(opened)
    rows.upsert(ids=["a", "b"], embeddings=unit(2, 8))
    assert rows.query(query_embeddings=np.zeros((1, 8)), n_results=2)["distances"] == [[1.0, 1.0]]
    assert np.isnan(rows.query(query_embeddings=np.full((1, 8), np.nan), n_results=2)["distances"]).all()
    with pytest.raises((ChromaError, ValueError)):
        rows.upsert(ids=["c"], embeddings=np.full((1, 8), np.nan))
    opened.close()


def test_chroma_gives_rows_in_an_order_of_its_own(tmp_path: Path) -> None:
    opened = client(tmp_path)
    rows = collection(opened)
    rows.upsert(ids=["b", "a", "c"], embeddings=unit(3, 8))
    assert sorted(rows.get(ids=["c", "a", "b"])["ids"]) == ["a", "b", "c"]
    assert rows.get(ids=["c", "a", "b"])["ids"] != ["c", "a", "b"]
    opened.close()


def test_chroma_is_exact_on_a_thousand_random_vectors(tmp_path: Path) -> None:
    opened = client(tmp_path)
    rows = collection(opened)
    vectors, questions = unit(1000, 64), unit(100, 64, seed=1)
    rows.upsert(ids=[str(i) for i in range(1000)], embeddings=vectors)
    found = rows.query(query_embeddings=questions, n_results=10, include=["distances"])
    cosines = questions @ vectors.T
    best = -np.sort(-cosines, axis=1)[:, :10]
    assert 1 - np.array(found["distances"]) == pytest.approx(best, abs=1e-5)
    assert np.take_along_axis(cosines, np.array(found["ids"], dtype=int), axis=1) == pytest.approx(best, abs=1e-5)
    opened.close()


# --- bm25s ---


def bm25(documents: list[list[str]], **options: Any) -> Any:
    model = bm25s.BM25(backend="numpy")
    model.index(documents, show_progress=False, **options)
    return model


def test_bm25s_gives_unknown_words_zero_and_chokes_on_none_at_all() -> None:
    model = bm25([["a", "b"], ["b"]], create_empty_token=False)
    assert model.get_scores(["x"]).tolist() == [0, 0]
    with pytest.raises(IndexError):
        model.get_scores([])
    with pytest.raises((ValueError, RuntimeWarning)):
        bm25([[], []])


def test_bm25s_cannot_look_up_the_empty_token_that_it_adds() -> None:
    with pytest.raises(ValueError, match="higher than the number of tokens"):
        bm25([["a", "b"], ["b"]]).get_scores([""])


# --- filelock ---


def test_filelock_is_held_against_the_same_process_and_freed_by_any_thread(tmp_path: Path) -> None:
    held = filelock.FileLock(tmp_path / "lock", thread_local=False)
    held.acquire()
    with pytest.raises(filelock.Timeout):
        filelock.FileLock(tmp_path / "lock", timeout=0).acquire()
    thread = threading.Thread(target=held.release)
    thread.start()
    thread.join()
    with filelock.FileLock(tmp_path / "lock", timeout=0):
        pass
    assert issubclass(filelock.Timeout, OSError)
