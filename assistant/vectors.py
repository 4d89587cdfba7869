"""The stored vectors of an index: Chroma's rows in one private copy, one a wording. Only this module imports Chroma."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assistant.errors import IndexingError, ModelError
from assistant.generations import PrivateCopy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Vectors = NDArray[np.float32]

_COLLECTION = "passages"
_SEARCH_WIDTH = 400
"""HNSW's ef_search. Measured when 50 were asked for; now it is 200 and more. Of the 50 nearest among 1,000 random
vectors of 2,048 numbers, the worst case, Chroma then finds all; at 200 it misses 77 in 20,000. At 64 numbers and
5,000 vectors it misses 2 in 5,000; at 200, 66."""
_ALIKE = 0.8
"""Cosine of what a sentence's own vector must find at least, or Chroma's graph is not relied on."""
_SAMPLE = 256
"""How many rows at least are looked for by their own vectors at every opening; all, of fewer than twice as many. Of
3,258 rows that takes 0.2 s of a processor, all of them would take 2."""
_BATCH = 256
"""Sentences embedded and stored at a time: 2 MB of lexical vectors. With 64, the encoder takes half as long again."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield as many items at a time as are embedded and stored in one go."""
    return (items[i : i + _BATCH] for i in range(0, len(items), _BATCH))


def chromadb_version() -> str:
    """Import Chroma, which takes a second, before anybody has to wait for the lock."""
    try:
        import chromadb
    except (ImportError, RuntimeError) as error:  # the latter where Python's own SQLite is too old for it
        raise IndexingError(f"Chroma cannot be loaded here: {error}") from error
    version: str = chromadb.__version__
    return version


class VectorStore:
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

    def add(self, ids: Sequence[str], vectors: "Vectors") -> None:
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
                self._collection.upsert(ids=list(ids[i : i + step]), embeddings=vectors[i : i + step])

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
        found, cosines = self._asked(vector[np.newaxis], k)
        return found[0], cosines[0]

    def _asked(self, vectors: "Vectors", k: int) -> "tuple[list[list[str]], Scores]":
        """Return what Chroma's graph finds for each vector: the ids of `k` rows, nearest first, and their cosines."""
        import numpy as np

        with self._translated():
            found = self._collection.query(query_embeddings=vectors, n_results=k, include=["distances"])
        return found["ids"], 1 - np.asarray(found["distances"], dtype=np.float64)

    def check(self, ids: list[str], dimensions: int) -> None:
        """Raise `IndexingError` unless exactly these rows are there, and see that a sample of them find themselves.

        Among many rows of nearly the same words HNSW's graph falls apart, whatever its settings, and another way on every
        building: of 1,000 lines that differ in a number, Chroma finds 526 by their own vectors, and of the few other
        lines beside sixty such ones, it loses one in a quarter of all buildings. That another of nearly the same words is
        returned instead does no harm; where none is, a question is from then on compared with every stored vector.
        """
        with self._translated():
            stored = self._collection.get(include=[])["ids"]
        sample = self.vectors(ids[:: max(1, len(ids) // _SAMPLE)])
        self.dimensions = sample.shape[1]
        if sorted(stored) != sorted(ids) or self.dimensions != dimensions:
            raise IndexingError(
                f"The index in {self._folder} fails its check: {len(stored)} of {len(ids)} sentences are there, with "
                f"{self.dimensions} numbers each, not {dimensions}. Check the free space, or delete the folder."
            )
        if self._asked(sample, 1)[1].min() < _ALIKE:
            self._every = ids, self._stacked(ids)
            _log.info("Chroma's graph has lost sentences in %s: all %d are compared.", self._folder, len(ids))

    def _stacked(self, ids: list[str]) -> "Vectors":
        import numpy as np

        return np.concatenate([self.vectors(batch) for batch in batches(ids)])

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
