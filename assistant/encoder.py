"""The encoder that comes with this package: texts to vectors, a question and a sentence to a verdict. No download.

It is multilingual-e5-small (Wang et al. 2024, https://arxiv.org/abs/2402.05672) cut to Chinese and English, with
four-bit weights, and with low-rank corrections (Hu et al. 2021, https://arxiv.org/abs/2106.09685) that were trained for
official Chinese; `weights/README.md` says from what. It runs in the ONNX Runtime that Chroma brings.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assistant.errors import ModelError
from assistant.text import fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights"
DIMENSIONS = 384
"""Length of a vector."""
FINGERPRINT = "bundled-e5:5376825daa98"
"""Of `weights/encoder.onnx`; `eval.encoder export` says the one of what it writes."""
MAX_TOKENS = 510
"""Of a text; what is longer is cut, for matching only. With its two marks it fills the 512 positions of the model."""
_BATCH_TOKENS = 4096
"""Tokens in one run, padding included: some 60 MB of memory for sentences, 175 MB for texts of 500 tokens."""
_MOST_KEPT = 10_000
"""Vectors of texts that are kept: 15 MB."""
_START, _PAD, _END = 0, 1, 2
# What the model was trained with before a question and before a text that may answer it.
_QUESTION, _PASSAGE = "query: ", "passage: "


class Encoder:
    """A loaded model; safe to use from several threads. Make it with `Encoder.load`.

    Vectors are kept by their text: a question is read once for the search and the answer, and a speech that is changed
    in one sentence and indexed again costs that sentence.

    Attributes:
        fingerprint: names the weights: vectors of other weights cannot be compared.
    """

    def __init__(self, session: Any, tokenizer: Any, verdict: "Vectors", fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._session = session
        self._tokenizer = tokenizer
        self._verdict = verdict
        self._kept: dict[str, Vectors] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the model of a folder that holds `encoder.onnx`, `tokenizer.json` and `verdict.npy`.

        Raises:
            ModelError: one of them is missing or damaged.
        """
        import numpy as np

        # It would tell its makers of every process; calling `disable_telemetry_events` does not keep it from that.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import onnxruntime
            from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelError(
                f"The model of this package cannot run here: {error}. Install the package again."
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = min(4, os.cpu_count() or 1)
        # Threads that wait for work must not burn the time of those that have some.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            weights = (folder / "encoder.onnx").read_bytes()
            # Its fallback would print to the output, then try the same once more.
            session = onnxruntime.InferenceSession(
                weights, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
            # Of a buffer: what is damaged is then a ValueError, elsewhere in tokenizers a bare Exception.
            tokenizer = Tokenizer.from_buffer((folder / "tokenizer.json").read_bytes())
            verdict = np.load(folder / "verdict.npy").reshape(4 * DIMENSIONS + 1)
        except (EOFError, OSError, ValueError, Fail, InvalidArgument, InvalidGraph, InvalidProtobuf) as error:
            why = " ".join(str(error).split()).rstrip(".")
            raise ModelError(f"The model in {folder} cannot be read: {why}. Install this package again.") from error
        return cls(session, tokenizer, verdict, f"bundled-e5:{hashlib.sha256(weights).hexdigest()[:12]}")

    def embed_questions(self, questions: Sequence[str]) -> "Vectors":
        """Return one unit vector of 384 numbers for each question, shape (n, 384)."""
        return self._embed([_QUESTION + question for question in questions])

    def embed_passages(self, passages: Sequence[str]) -> "Vectors":
        """Return one unit vector of 384 numbers for each text that may answer a question, shape (n, 384)."""
        return self._embed([_PASSAGE + passage for passage in passages])

    def verdicts(self, question: str, sentences: Sequence[str]) -> "Vectors":
        """Return the log-odds that each sentence answers the question and not only resembles it, shape (n,)."""
        features = pair_features(self.embed_questions([question]), self.embed_passages(sentences))
        verdicts: Vectors = features @ self._verdict[:-1] + self._verdict[-1]
        return verdicts

    def _embed(self, texts: list[str]) -> "Vectors":
        import numpy as np

        known = self._kept if len(self._kept) < _MOST_KEPT else {}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        kept = known | dict(zip(new, self._run(new), strict=True)) if new else known
        self._kept = kept  # replaced as a whole: other threads may be reading it
        return np.array([kept[text] for text in texts], dtype=np.float32).reshape(len(texts), DIMENSIONS)

    def _run(self, texts: list[str]) -> "list[Vectors]":
        import numpy as np

        ids = [self._tokenizer.encode(fold(text)).ids[:MAX_TOKENS] for text in texts]
        found: list[Any] = [None] * len(texts)
        for batch in _batches(ids):
            rows = np.full((len(batch), 2 + len(ids[batch[-1]])), _PAD, dtype=np.int64)
            for row, i in zip(rows, batch, strict=True):
                row[: 2 + len(ids[i])] = [_START, *ids[i], _END]
            (vectors,) = self._session.run(None, {"ids": rows, "mask": (rows != _PAD).astype(np.int64)})
            for i, vector in zip(batch, vectors, strict=True):
                found[i] = vector
        return found


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


def _batches(texts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the indexes of texts of like length, the shorter first, so that little is padded."""
    batch: list[int] = []
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        if batch and (len(batch) + 1) * (len(texts[i]) + 2) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
