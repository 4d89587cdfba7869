"""Finding the paragraphs for a question: Chroma's vectors of their sentences, and BM25, in one folder that is a cache.

A folder that does not fit the corpus, the embedder or this code, or is damaged, is rebuilt beside the old one and
swapped in; see `assistant.generations` for the folder, and `assistant.vectors` for what Chroma keeps in it.
"""

import hashlib
import logging
import os
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Self

from assistant.bm25 import WordSearch
from assistant.corpus import Corpus, Paragraph, Sentence, Speech
from assistant.embedders import Embedder, as_matrix
from assistant.errors import IndexingError, ModelError
from assistant.generations import Folder, Generation, Manifest, PrivateCopy
from assistant.glossary import Glossary, bundled_glossary
from assistant.text import SPLITTER_VERSION, fold, tokens
from assistant.vectors import VectorStore, batches, chromadb_version

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

WEIGHTS = (0.3, 0.2, 0.5)
"""Of a paragraph's own BM25, its best sentence's BM25, and the cosine of its nearest sentence, each a share of the best.

On the answerable questions of the tune split, and on 200 of CMRC 2018 trial (256 passages), with the bundled encoder, the
right paragraph comes first, and among the first three, in percent: 80.7, 93.8 and 97.5, 99.5. With 0.6, 0.2, 0.2 it is
77.2, 92.8 and 97.5, 99.0. Spreading the cosines from 0 to 1 instead gives 82.8, 94.8 and 98.5, 100, but among sentences
that are nearly the same it spreads what is only noise.
"""

LOCK_SECONDS = 600.0
"""How long `Index.open` waits for another process that is building the same index."""

Progress = Callable[[int, int], None]
"""Is told how many sentences are embedded, and of how many: before the first, between two batches, after the last."""

_log = logging.getLogger(__name__)


def log_progress(done: int, total: int) -> None:
    """Write it to the log, where whoever wants to see it finds it."""
    _log.info("%d of %d sentences are embedded.", done, total)


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
        self,
        corpus: Corpus,
        embedder: Embedder,
        store: VectorStore,
        ids: Sequence[str],
        *,
        folder: Path,
        glossary: Glossary | None = None,
    ) -> None:
        self.folder = folder
        self.embedder = embedder
        self.reason = ""
        self.embedded = 0
        self._corpus = corpus
        self._paragraphs = corpus.paragraphs
        self._ids = ids
        self._first = list(accumulate((len(p.sentences) for p in self._paragraphs), initial=0))
        self._store = store
        self._words = WordSearch(self._paragraphs)
        self._glossary = glossary
        self._release = weakref.finalize(self, _let_go, store, os.getpid())

    @classmethod
    def open(
        cls,
        corpus: Corpus,
        embedder: Embedder,
        folder: Path,
        *,
        wait: float = LOCK_SECONDS,
        glossary: Glossary | None = None,
        progress: Progress = log_progress,
    ) -> Self:
        """Open the index in `folder`, or build it there if it is missing, damaged or made from something else.

        Args:
            corpus: the speeches; only those that changed since the last time are embedded again.
            embedder: for their sentences and the questions.
            folder: an empty, a new or an index's folder; one that may only be read, if its index fits.
            wait: seconds to wait for another process that is building.
            glossary: what official texts say for a reader's words; the bundled one if left out.
            progress: is told how far it is, if something has to be embedded.

        Raises:
            IndexingError: the folder cannot be used, is not an index's, stays locked, or fails its check once built.
            ModelError: the embedder failed.
        """
        if not corpus.paragraphs:
            raise IndexingError("There is no paragraph to index.")
        place, wanted = Folder(folder), _Wanted.of(corpus, embedder)
        with place.locked(wait) as writable:
            store, found, reason = _open_current(place, wanted)
            embedded = 0
            if store is None and not writable:
                raise IndexingError(
                    f"The index folder {folder} may only be read, and what it holds cannot be used: {reason}. "
                    "Make it writable, or give another folder with ASSISTANT_INDEX."
                )
            if store is None:
                _log.info("Building the index in %s: %s.", folder, reason)
                store, embedded = _rebuild(place, wanted, embedder, found, progress)
        index = cls(corpus, embedder, store, wanted.ids, folder=folder, glossary=glossary)
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
        self._store.nearest(self._store.vectors(self._ids[:1])[0], 1)

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
        if vector.shape[1] != self._store.dimensions:
            raise ModelError(
                f"The embedding model {fingerprint} now gives {vector.shape[1]} numbers, not the "
                f"{self._store.dimensions} of the index. Another model has taken its name: delete {self.folder}."
            )
        ids, cosines = self._store.nearest(vector[0], min(len(set(self._ids)), max(8 * k, 200)))
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


@dataclass(frozen=True)
class _Wanted:
    """What an index must hold to fit."""

    sentences: tuple[Sentence, ...]
    ids: tuple[str, ...]
    """Of the row of each sentence."""
    manifest: Manifest
    """Its dimensions and files are not known yet."""

    @classmethod
    def of(cls, corpus: Corpus, embedder: Embedder) -> Self:
        # Imports Chroma, which takes a second, before anybody has to wait for the lock.
        chromadb = chromadb_version()
        manifest = Manifest(
            embedder=embedder.fingerprint,
            splitter=SPLITTER_VERSION,
            chromadb=chromadb,
            dimensions=0,
            speeches={speech.id: _content_hash(speech) for speech in corpus.speeches},
            files={},
        )
        return cls(corpus.sentences, tuple(map(_row_id, corpus.sentences)), manifest)

    @property
    def rows(self) -> list[str]:
        """The ids of all rows, each once."""
        return list(dict.fromkeys(self.ids))


def _content_hash(speech: Speech) -> str:
    content = "".join(f"{p.number} {p.text}\n" for p in speech.body)
    return hashlib.sha256(content.encode()).hexdigest()


def _difference(held: Manifest, wanted: Manifest) -> str:
    """Return what changed so that no stored vector can be used; empty if nothing did."""
    for name in ("embedder", "splitter", "chromadb"):
        then, now = getattr(held, name), getattr(wanted, name)
        if then != now:
            return f"the {name} changed from {then} to {now}"
    return ""


def _open_current(place: Folder, wanted: _Wanted) -> tuple[VectorStore | None, Generation | None, str]:
    """Return the vectors in use if they fit; else the generation whose vectors can be reused, if any, and the reason."""
    found = place.current()
    if isinstance(found, str):
        return None, None, found
    if reason := _difference(found.manifest, wanted.manifest):
        return None, None, reason
    held, now = found.manifest.speeches, wanted.manifest.speeches
    if changed := sorted(id for id in held.keys() | now.keys() if held.get(id) != now.get(id)):
        return None, found, f"changed: {', '.join(changed)}"
    copy = place.check_out(found)
    try:
        return _checked(copy, place.path, found, wanted), None, ""
    except IndexingError as error:
        return None, None, str(error).removesuffix(".")


def _rebuild(
    place: Folder, wanted: _Wanted, embedder: Embedder, old: Generation | None, progress: Progress
) -> tuple[VectorStore, int]:
    """Build a generation, check it as a reader would, put it in use; return its vectors and how many were embedded."""
    kept = {id for id, held in wanted.manifest.speeches.items() if old and old.manifest.speeches.get(id) == held}
    rows = list(zip(wanted.ids, wanted.sentences, strict=True))
    copied = {id for id, sentence in rows if sentence.speech in kept}
    new = {id: sentence.text.strip() for id, sentence in rows if id not in copied}
    with place.workplace() as work:
        with closing(VectorStore(work, place.path)) as store:
            if old and kept:
                _copy_vectors(place, old, sorted(copied), store)
            _embed(new, embedder, store, progress)
        generation = place.seal(work, wanted.manifest.model_copy(update={"dimensions": store.dimensions}))
    checked = _checked(place.check_out(generation), place.path, generation, wanted)
    place.publish(generation)
    return checked, len(new)


def _embed(texts: dict[str, str], embedder: Embedder, store: VectorStore, progress: Progress) -> None:
    """Embed texts and store their vectors under the ids that they stand by."""
    done = 0
    for batch in batches(list(texts)):
        progress(done, len(texts))
        vectors = embedder.embed_documents([texts[id] for id in batch])
        store.add(batch, as_matrix(vectors, len(batch), embedder.fingerprint))
        done += len(batch)
    if done:
        progress(done, done)


def _copy_vectors(place: Folder, old: Generation, ids: list[str], store: VectorStore) -> None:
    with place.check_out(old) as copy, closing(VectorStore(copy, place.path)) as source:
        for batch in batches(ids):
            store.add(batch, source.vectors(batch))


def _checked(copy: PrivateCopy, folder: Path, generation: Generation, wanted: _Wanted) -> VectorStore:
    """Open the copy of a generation and see that it holds, and finds, what it should; else remove the copy.

    Raises:
        IndexingError: it does not, or Chroma cannot open it.
    """
    with ExitStack() as undo:
        undo.enter_context(copy)
        store = undo.enter_context(closing(VectorStore(copy, folder)))
        store.check(wanted.rows, generation.manifest.dimensions)
        undo.pop_all()
    return store


def _let_go(store: VectorStore, process: int) -> None:
    # A fork inherits the finalizer, but not the right to delete its parent's files.
    if os.getpid() == process:
        store.close()
        store.copy.remove()
