"""The encoder that comes with this package: texts to vectors, a question and a sentence to a verdict. No download.

It is multilingual-e5-small (Wang et al. 2024, https://arxiv.org/abs/2402.05672) cut to Chinese and English, with
four-bit weights, and with low-rank corrections (Hu et al. 2021, https://arxiv.org/abs/2106.09685) that were trained for
official Chinese; `weights/README.md` says from what.
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assistant.errors import ModelError
from assistant.runtime import Network, unreadable
from assistant.text import fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights"
DIMENSIONS = 384
"""Length of a vector."""
FINGERPRINT = "bundled-e5:be0010390965"
"""Of `weights/encoder.onnx`; `eval.encoder export` says the one of what it writes."""
MAX_TOKENS = 510
"""Of a text; what is longer is cut, for matching only. With its two marks it fills the 512 positions of the model."""
_BATCH_TOKENS = 4096
"""Tokens in one run, padding included: some 60 MB of memory for sentences, 175 MB for texts of 500 tokens."""
_MOST_KEPT = 10_000
"""Vectors of texts that are kept: 15 MB."""
MAX_STATES = 220
"""Tokens of a text whose states are kept: about as many as the reader was trained with."""
_MOST_READ = 512
"""Texts of which the states are kept: 60 kB for a sentence of 40 tokens, 30 MB in all; at most 170 MB."""
START, PAD, END = 0, 1, 2
QUESTION, PASSAGE = "query: ", "passage: "
"""What the model was trained with before a question and before a text that may answer it."""


class Encoder:
    """A loaded model; safe to use from several threads. Make it with `Encoder.load`.

    What was read is kept by its text: a question is read once for the search and the answer, and a speech that is
    changed in one sentence and indexed again costs that sentence.

    Attributes:
        fingerprint: names the weights: vectors of other weights cannot be compared.
    """

    def __init__(self, network: Network, tokenizer: Any, verdict: "Vectors") -> None:
        self.fingerprint = f"bundled-e5:{network.digest}"
        self._network = network
        self._tokenizer = tokenizer
        self._verdict = verdict
        self._kept: dict[str, Vectors] = {}
        self._read_once = lru_cache(_MOST_READ)(self._read)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the model of a folder that holds `encoder.onnx`, `tokenizer.json` and `verdict.npy`.

        Raises:
            ModelError: one of them is missing or damaged.
        """
        import numpy as np

        network = Network.load(folder / "encoder.onnx")
        try:
            from tokenizers import Tokenizer

            # Of a buffer: what is damaged is then a ValueError, elsewhere in tokenizers a bare Exception.
            tokenizer = Tokenizer.from_buffer((folder / "tokenizer.json").read_bytes())
            verdict = np.load(folder / "verdict.npy").reshape(4 * DIMENSIONS + 1)
        except (EOFError, ImportError, OSError, ValueError) as error:
            raise unreadable(folder, error) from error
        return cls(network, tokenizer, verdict)

    def embed_questions(self, questions: Sequence[str]) -> "Vectors":
        """Return one unit vector of 384 numbers for each question, shape (n, 384)."""
        import numpy as np

        vectors = [self._read_once(QUESTION + question)[0] for question in questions]
        return np.array(vectors, dtype=np.float32).reshape(len(questions), DIMENSIONS)

    def embed_passages(self, passages: Sequence[str]) -> "Vectors":
        """Return one unit vector of 384 numbers for each text that may answer a question, shape (n, 384)."""
        import numpy as np

        known = self._kept if len(self._kept) < _MOST_KEPT else {}
        new = [text for text in dict.fromkeys(passages) if text not in known]
        kept = known | dict(zip(new, self._run(new), strict=True)) if new else known
        self._kept = kept  # replaced as a whole: other threads may be reading it
        return np.array([kept[text] for text in passages], dtype=np.float32).reshape(len(passages), DIMENSIONS)

    def question_states(self, question: str) -> "Vectors":
        """Return what the first layers make of each token of a question, shape (tokens, 384)."""
        return self._read_once(QUESTION + question)[1]

    def passage_states(self, passage: str) -> "Vectors":
        """Return what the first layers make of each token of a text that may answer, shape (tokens, 384)."""
        return self._read_once(PASSAGE + passage)[1]

    def verdicts(self, question: str, sentences: Sequence[str]) -> "Vectors":
        """Return the log-odds that each sentence answers the question and not only resembles it, shape (n,)."""
        features = pair_features(self.embed_questions([question]), self.embed_passages(sentences))
        verdicts: Vectors = features @ self._verdict[:-1] + self._verdict[-1]
        return verdicts

    def _run(self, passages: list[str]) -> "list[Vectors]":
        ids = [self._ids(PASSAGE + passage) for passage in passages]
        found: list[Any] = [None] * len(passages)
        for batch in _batches(ids):
            (vectors,) = self._network.run(["vectors"], _inputs([ids[i] for i in batch]))
            for i, vector in zip(batch, vectors, strict=True):
                found[i] = vector
        return found

    def _read(self, text: str) -> "tuple[Vectors, Vectors]":
        """Return the vector of a text, and the states of its tokens."""
        (vector,), (states,) = self._network.run(["vectors", "states"], _inputs([self._ids(text)]))
        kept = states[:MAX_STATES].copy()
        kept.flags.writeable = False
        return vector, kept

    def _ids(self, text: str) -> list[int]:
        return [START, *self._tokenizer.encode(fold(text)).ids[:MAX_TOKENS], END]


def pair_features(question: "Vectors", sentences: "Vectors") -> "Vectors":
    """Return what a verdict weighs: where the vectors agree, where they differ, and each of them.

    As in InferSent (Conneau et al. 2017, https://arxiv.org/abs/1705.02364): product, distance, both. Coordinates of unit
    vectors are small; multiplied, they are all of the size 1.

    Args:
        question: shape (1, 384) or (n, 384).
        sentences: shape (n, 384).

    Returns:
        Shape (n, 1536).
    """
    import numpy as np

    asked = np.broadcast_to(question, sentences.shape)
    return np.concatenate(
        [200 * asked * sentences, 20 * np.abs(asked - sentences), 20 * asked, 20 * sentences], axis=1, dtype=np.float32
    )


@cache
def bundled_encoder() -> Encoder:
    """Return the encoder that comes with this package; loaded once.

    Raises:
        ModelError: it is not the one that this package was made with. A few wrong bytes still load, and give nonsense.
    """
    encoder = Encoder.load(WEIGHTS)
    if encoder.fingerprint != FINGERPRINT:
        raise ModelError(f"The model in {WEIGHTS} is damaged: it is not {FINGERPRINT}. Install this package again.")
    return encoder


def _inputs(texts: Sequence[Sequence[int]]) -> "dict[str, NDArray[np.int64]]":
    """Return what the network takes: the tokens, filled up to the longest text, and where there are tokens."""
    import numpy as np

    rows = np.full((len(texts), max(map(len, texts))), PAD, dtype=np.int64)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = text
    return {"ids": rows, "mask": (rows != PAD).astype(np.int64)}


def _batches(texts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the indexes of texts of like length, the shorter first, so that little is padded."""
    batch: list[int] = []
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        if batch and (len(batch) + 1) * len(texts[i]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
