"""Finding the paragraphs for a question: Chroma's vectors of their sentences, and BM25, in one folder that is a cache.

A folder that does not fit the corpus, the embedder or this code, or is damaged, is rebuilt beside the old one and
swapped in; see `assistant.generations` for the folder. This module is the only one that imports Chroma.
"""

import hashlib
import logging
import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from assistant.bm25 import WordSearch
from assistant.corpus import Corpus, Paragraph, Sentence
from assistant.embedders import Embedder, as_matrix
from assistant.errors import IndexingError, ModelError
from assistant.generations import Folder, Generation, Held, Manifest, PrivateCopy
from assistant.glossary import Glossary, bundled_glossary
from assistant.text import SPLITTER_VERSION, fold, tokens

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Vectors = NDArray[np.float32]

WEIGHTS = (0.3, 0.2, 0.5)
"""Of a paragraph's own BM25, its best sentence's BM25, and the cosine of its nearest sentence, each a share of the best.

On the answerable questions of the tune split, and on 200 of CMRC 2018 trial (256 passages), with the bundled encoder, the
right paragraph comes first, and among the first three, in percent: 80.7, 93.8 and 97.5, 99.5. With 0.6, 0.2, 0.2 it is
77.2, 92.8 and 97.5, 99.0. Spreading the cosines from 0 to 1 instead gives 82.8, 94.8 and 98.5, 100, but among sentences
that are nearly the same it spreads what is only noise.
"""

LOCK_SECONDS = 600.0
"""How long `Index.open` waits for another process that is building the same index."""

_COLLECTION = "passages"
_SEARCH_WIDTH = 400
"""HNSW's ef_search. Measured when 50 were asked for; now it is 200 and more. Of the 50 nearest among 1,000 random
vectors of 2,048 numbers, the worst case, Chroma then finds all; at 200 it misses 77 in 20,000. At 64 numbers and
5,000 vectors it misses 2 in 5,000; at 200, 66."""
_ALIKE = 0.8
"""Cosine of what a sentence's own vector must find at least, or Chroma's graph is not relied on."""
_BATCH = 256
"""Sentences embedded and stored at a time: 2 MB of lexical vectors."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Passage:
    """A paragraph that was found, and how well it fits beside the others: 0 (nothing in common) to 1 (best in every respect).

    The score ranks the passages of one question; it is no probability and cannot be compared between questions.
    """

    paragraph: Paragraph
    score: float
    similarities: tuple[float, ...] = ()
    """The cosine of the question and each of its sentences, not below 0; empty where vectors were not asked."""


class Index:
    """The paragraphs of a corpus, ready to be searched. Make it with `Index.open`; safe to use from several threads.

    Attributes:
        folder: where it lies.
        embedder: what turns questions into vectors.
        reason: why `open` had to build it; empty if it opened what was there.
        embedded: how many sentences `open` had to embed; one that is repeated counts once.
    """

    def __init__(
        self, corpus: Corpus, embedder: Embedder, rows: "_Rows", *, folder: Path, glossary: Glossary | None = None
    ) -> None:
        self.folder = folder
        self.embedder = embedder
        self.reason = ""
        self.embedded = 0
        self._corpus = corpus
        self._paragraphs = corpus.paragraphs
        self._ids = [_row_id(sentence) for paragraph in self._paragraphs for sentence in paragraph.sentences]
        self._first = list(accumulate((len(p.sentences) for p in self._paragraphs), initial=0))
        self._rows = rows
        self._words = WordSearch(self._paragraphs)
        self._glossary = glossary
        self._release = weakref.finalize(self, _let_go, rows, os.getpid())

    @classmethod
    def open(
        cls,
        corpus: Corpus,
        embedder: Embedder,
        folder: Path,
        *,
        wait: float = LOCK_SECONDS,
        glossary: Glossary | None = None,
    ) -> Self:
        """Open the index in `folder`, or build it there if it is missing, damaged or made from something else.

        Args:
            corpus: the speeches; only those that changed since the last time are embedded again.
            embedder: for their sentences and the questions.
            folder: an empty, a new or an index's folder.
            wait: seconds to wait for another process that is building.
            glossary: what official texts say for a reader's words; the bundled one if left out.

        Raises:
            IndexingError: the folder cannot be used, is not an index's, stays locked, or fails its check once built.
            ModelError: the embedder failed.
        """
        if not corpus.paragraphs:
            raise IndexingError("There is no paragraph to index.")
        place, wanted = Folder(folder), _wanted(corpus, embedder, _chromadb_version())
        with place.locked(wait):
            rows, found, reason = _open_current(place, corpus, wanted)
            embedded = 0
            if rows is None:
                _log.info("Building the index in %s: %s.", folder, reason)
                rows, embedded = _rebuild(place, corpus, embedder, wanted, found)
        index = cls(corpus, embedder, rows, folder=folder, glossary=glossary)
        index.reason, index.embedded = reason, embedded
        return index

    @property
    def rebuilt(self) -> bool:
        """Whether `open` built it anew."""
        return bool(self.reason)

    def search(self, question: str, k: int) -> list[Passage]:
        """Return the `k` best paragraphs, best first; equally good ones in reading order.

        A question without words (punctuation, emoji) gets the first paragraphs, with score 0.

        Raises:
            IndexingError: the index is closed, or Chroma failed.
            ModelError: the embedder failed.
        """
        import numpy as np

        if k < 1:
            raise ValueError("k must be at least 1")
        if not self._release.alive:
            raise IndexingError("The index is closed.")
        scores = np.zeros(len(self._paragraphs))
        similarities = np.zeros(len(self._ids))
        if wanted := tokens(question):
            glossary = self._glossary or bundled_glossary()
            stand_ins = [match.terms for match in glossary.matches(fold(question)) if match.terms]
            similarities = self._similarities(question, k)
            nearest = np.maximum.reduceat(similarities, self._first[:-1])
            arms = (*self._words.scores(wanted, stand_ins), nearest / (nearest.max() or 1.0))
            scores = sum((weight * arm for weight, arm in zip(WEIGHTS, arms, strict=True)), scores)
        # Rounded, so that noise in the last digits does not decide between equals.
        scores = scores.round(6).clip(0, 1)
        best = np.argsort(-scores, kind="stable")[:k]
        return [
            Passage(
                self._paragraphs[i],
                float(scores[i]),
                tuple(similarities[self._first[i] : self._first[i + 1]].round(6).tolist()),
            )
            for i in best
        ]

    def probe(self) -> None:
        """Ask for a sentence that is there, without the embedder: cheap enough to be asked again and again.

        Raises:
            IndexingError: the index is closed, or does not answer.
        """
        if not self._release.alive:
            raise IndexingError("The index is closed.")
        self._rows.nearest(self._rows.vectors(self._ids[:1])[0], 1)

    def as_retriever(self, k: int = 8) -> "BaseRetriever":
        """Return a LangChain retriever of the `k` best paragraphs; see `assistant.retriever`."""
        from assistant.retriever import PassageRetriever

        return PassageRetriever(find=self._documents, k=k)

    def close(self) -> None:
        """Let go of Chroma and delete this process's copy. Happens by itself when the index is forgotten."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _similarities(self, question: str, k: int) -> "Scores":
        """Return the cosine of the question and each sentence, not below 0."""
        import numpy as np

        fingerprint = self.embedder.fingerprint
        vector = as_matrix([self.embedder.embed_query(question)], 1, fingerprint)
        if vector.shape[1] != self._rows.dimensions:
            raise ModelError(
                f"The embedding model {fingerprint} now gives {vector.shape[1]} numbers, not the "
                f"{self._rows.dimensions} of the index. Another model has taken its name: delete {self.folder}."
            )
        ids, cosines = self._rows.nearest(vector[0], min(len(set(self._ids)), max(8 * k, 200)))
        near = dict(zip(ids, cosines, strict=True))
        # One that Chroma did not return is at most as near as the last one it did.
        return np.array([near.get(id, cosines[-1]) for id in self._ids]).clip(0, 1)

    def _documents(self, question: str, k: int) -> "list[Document]":
        from langchain_core.documents import Document

        titles = {speech.id: speech.title for speech in self._corpus.speeches}
        return [
            Document(
                page_content=p.text,
                metadata={
                    "speech": p.speech,
                    "title": titles[p.speech],
                    "paragraph": p.number,
                    "address": p.address,
                    "start": p.start,
                    "end": p.end,
                    "score": passage.score,
                },
            )
            for passage in self.search(question, k)
            for p in (passage.paragraph,)
        ]


# --- Building --------------------------------------------------------------------------------------------------------


def _row_id(sentence: Sentence) -> str:
    """Return what sentences of the same words share, for they share a row.

    Of a refrain stored forty times, HNSW's graph keeps no way to the other sentences.
    """
    return hashlib.sha256(sentence.text.strip().encode()).hexdigest()[:32]


def _wanted(corpus: Corpus, embedder: Embedder, chromadb: str) -> Manifest:
    """Return the manifest of an index that would fit; its dimensions and files are not known yet."""
    speeches = {}
    for speech in corpus.speeches:
        content = "".join(f"{p.number} {p.text}\n" for p in speech.body)
        rows = sum(len(p.sentences) for p in speech.body)
        speeches[speech.id] = Held(sha256=hashlib.sha256(content.encode()).hexdigest(), rows=rows)
    return Manifest(
        embedder=embedder.fingerprint,
        splitter=SPLITTER_VERSION,
        chromadb=chromadb,
        dimensions=0,
        speeches=speeches,
        files={},
    )


def _difference(held: Manifest, wanted: Manifest) -> str:
    """Return what changed so that no stored vector can be used; empty if nothing did."""
    for name in ("embedder", "splitter", "chromadb"):
        then, now = getattr(held, name), getattr(wanted, name)
        if then != now:
            return f"the {name} changed from {then} to {now}"
    return ""


def _open_current(place: Folder, corpus: Corpus, wanted: Manifest) -> "tuple[_Rows | None, Generation | None, str]":
    """Return the rows in use if they fit; else the generation whose vectors can be reused, if any, and the reason."""
    found = place.current()
    if isinstance(found, str):
        return None, None, found
    if reason := _difference(found.manifest, wanted):
        return None, None, reason
    held, now = found.manifest.speeches, wanted.speeches
    if changed := sorted(id for id in held.keys() | now.keys() if held.get(id) != now.get(id)):
        return None, found, f"changed: {', '.join(changed)}"
    try:
        return _checked(place, found, corpus), None, ""
    except IndexingError as error:
        return None, None, str(error)


def _rebuild(
    place: Folder, corpus: Corpus, embedder: Embedder, wanted: Manifest, old: Generation | None
) -> "tuple[_Rows, int]":
    """Build a generation, check it as a reader would, put it in use; return its rows and how many were embedded."""
    kept = {id for id, held in wanted.speeches.items() if old and old.manifest.speeches.get(id) == held}
    sentences = [sentence for paragraph in corpus.paragraphs for sentence in paragraph.sentences]
    copied = {_row_id(sentence) for sentence in sentences if sentence.speech in kept}
    new = {id: s.text.strip() for s in sentences if (id := _row_id(s)) not in copied}
    with place.workplace() as work:
        with closing(_Rows(work, place.path)) as rows:
            if old and kept:
                _copy_vectors(place, old, sorted(copied), rows)
            for batch in _batches(list(new)):
                vectors = embedder.embed_documents([new[id] for id in batch])
                rows.add(list(batch), as_matrix(vectors, len(batch), embedder.fingerprint))
        generation = place.seal(work, wanted.model_copy(update={"dimensions": rows.dimensions}))
    checked = _checked(place, generation, corpus)
    place.publish(generation)
    return checked, len(new)


def _copy_vectors(place: Folder, old: Generation, ids: list[str], rows: "_Rows") -> None:
    with place.check_out(old) as copy, closing(_Rows(copy, place.path)) as source:
        for batch in _batches(ids):
            rows.add(list(batch), source.vectors(batch))


def _checked(place: Folder, generation: Generation, corpus: Corpus) -> "_Rows":
    """Open a private copy of a generation and see that it holds, and finds, what it should.

    Raises:
        IndexingError: it does not, or Chroma cannot open it.
    """
    with ExitStack() as undo:
        copy = undo.enter_context(place.check_out(generation))
        rows = undo.enter_context(closing(_Rows(copy, place.path)))
        ids = {_row_id(sentence): None for paragraph in corpus.paragraphs for sentence in paragraph.sentences}
        rows.check(list(ids), generation.manifest.dimensions)
        undo.pop_all()
    return rows


def _let_go(rows: "_Rows", process: int) -> None:
    # A fork inherits the finalizer, but not the right to delete its parent's files.
    if os.getpid() == process:
        rows.close()
        rows.copy.remove()


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[i : i + _BATCH] for i in range(0, len(items), _BATCH))


# --- Chroma ----------------------------------------------------------------------------------------------------------


def _chromadb_version() -> str:
    """Import Chroma, which takes a second, before anybody has to wait for the lock."""
    try:
        import chromadb
    except (ImportError, RuntimeError) as error:  # the latter where Python's own SQLite is too old for it
        raise IndexingError(f"Chroma cannot be loaded here: {error}") from error
    version: str = chromadb.__version__
    return version


class _Rows:
    """The vectors of one private copy: Chroma's rows, one a wording. The only code that talks to Chroma."""

    def __init__(self, copy: PrivateCopy, folder: Path) -> None:
        from chromadb import PersistentClient
        from chromadb.config import Settings

        self.copy = copy
        self.dimensions = 0
        self._every: tuple[list[str], Vectors] | None = None
        self._folder = folder
        with self._translated():
            # Chroma keeps one system per path for the life of the process; every copy has a path of its own.
            self._client = PersistentClient(str(copy.data), Settings(anonymized_telemetry=False))
            self._collection = self._client.get_or_create_collection(
                _COLLECTION,
                # We bring the vectors: Chroma's default would download an English model.
                embedding_function=None,
                # Chroma's default is L2; the space is fixed when the collection is made.
                configuration={"hnsw": {"space": "cosine", "ef_search": _SEARCH_WIDTH}},
            )

    def add(self, ids: list[str], vectors: "Vectors") -> None:
        """Store one unit vector of shape (dimensions,) for each id."""
        if self.dimensions not in (0, vectors.shape[1]):
            raise ModelError(
                f"The embedding model gave vectors of {vectors.shape[1]} numbers after some of {self.dimensions}."
            )
        self.dimensions = vectors.shape[1]
        with self._translated():
            step = min(len(ids), self._client.get_max_batch_size())
            for i in range(0, len(ids), step):
                # Not `add`, which ignores an id that is there already.
                self._collection.upsert(ids=ids[i : i + step], embeddings=vectors[i : i + step])

    def vectors(self, ids: Sequence[str]) -> "Vectors":
        """Return the stored vectors in the order of `ids`."""
        import numpy as np

        with self._translated():
            got = self._collection.get(ids=list(ids), include=["embeddings"])
            by_id = dict(zip(got["ids"], np.asarray(got["embeddings"], dtype=np.float32), strict=True))
        if missing := [id for id in ids if id not in by_id]:
            raise IndexingError(
                f"The index in {self._folder} has lost {len(missing)} sentences. Delete the folder: it is rebuilt."
            )
        return np.stack([by_id[id] for id in ids])

    def nearest(self, vector: "Vectors", k: int) -> "tuple[list[str], Scores]":
        """Return the ids of the `k` nearest rows, nearest first, and their cosines."""
        import numpy as np

        if self._every:
            ids, vectors = self._every
            cosines = (vectors @ vector).astype(np.float64)
            best = np.argsort(-cosines, kind="stable")[:k]
            return [ids[i] for i in best], cosines[best]
        with self._translated():
            found = self._collection.query(query_embeddings=vector[np.newaxis], n_results=k, include=["distances"])
        return found["ids"][0], 1 - np.asarray(found["distances"], dtype=np.float64)[0]

    def check(self, ids: list[str], dimensions: int) -> None:
        """Raise `IndexingError` unless exactly these rows are there, and see that sixteen of them find themselves.

        Among many rows of nearly the same words HNSW's graph falls apart, whatever its settings, and another way on every
        building: of 1,000 lines that differ in a number, Chroma finds 526 by their own vectors, and of the few other
        lines beside sixty such ones, it loses one in a quarter of all buildings. That another of nearly the same words is
        returned instead does no harm; where none is, a question is from then on compared with every stored vector.
        """
        with self._translated():
            stored = self._collection.get(include=[])["ids"]
        sample = self.vectors(ids[:: max(1, len(ids) // 16)])
        self.dimensions = sample.shape[1]
        if sorted(stored) != sorted(ids) or self.dimensions != dimensions:
            raise IndexingError(
                f"The index in {self._folder} fails its check: {len(stored)} of {len(ids)} sentences are there, with "
                f"{self.dimensions} numbers each, not {dimensions}. Check the free space, or delete the folder."
            )
        if any(self.nearest(vector, 1)[1][0] < _ALIKE for vector in sample):
            self._every = ids, self._stacked(ids)
            _log.info("Chroma's graph has lost sentences in %s: all %d are compared.", self._folder, len(ids))

    def _stacked(self, ids: list[str]) -> "Vectors":
        import numpy as np

        return np.concatenate([self.vectors(batch) for batch in _batches(ids)])

    def close(self) -> None:
        """Close Chroma's files; the copy stays."""
        self._client.close()  # type: ignore[attr-defined]  # chromadb types it as ClientAPI, which has none

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, ValueError, OSError) as error:
            raise IndexingError(
                f"Chroma cannot use the index in {self._folder}: {error}. Check its permissions and the free space, "
                "or delete the folder: it is rebuilt."
            ) from error
