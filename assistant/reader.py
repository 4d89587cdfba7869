"""The reader that comes with this package: a question and a sentence, read together, to whether the one answers the other.

The encoder makes a vector of each text without knowing the other, and cannot tell 储备粮食 from 储备技术 where all else agrees.
The reader goes on from its tokens with both texts at once; `weights/README.md` says what it was trained on.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from assistant.encoder import WEIGHTS, Encoder, bundled_encoder
from assistant.errors import ModelError
from assistant.runtime import Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DIGEST = "b13afecd0b54"
"""Of `weights/reader.onnx`; `eval.reader export` says the one of what it writes."""


class Reader:
    """A loaded model; safe to use from several threads. Make it with `Reader.load`."""

    def __init__(self, network: Network, encoder: Encoder) -> None:
        self.digest = network.digest
        self._network = network
        self._encoder = encoder

    @classmethod
    def load(cls, folder: Path, encoder: Encoder) -> Self:
        """Return the model of a folder that holds `reader.onnx`, which was trained on the states of this encoder.

        Raises:
            ModelError: it is missing or damaged.
        """
        return cls(Network.load(folder / "reader.onnx"), encoder)

    def odds(self, question: str, sentences: Sequence[str]) -> "Vectors":
        """Return the log-odds that each sentence answers the question and not only resembles it, shape (n,)."""
        import numpy as np

        if not sentences:
            return np.zeros(0, np.float32)
        asked = self._encoder.question_states(question)
        held = [self._encoder.passage_states(sentence) for sentence in sentences]
        rows = np.zeros((len(held), max(map(len, held)), asked.shape[1]), np.float32)
        present = np.zeros(rows.shape[:2], np.bool_)
        for row, mask, states in zip(rows, present, held, strict=True):
            row[: len(states)], mask[: len(states)] = states, True
        given = {
            "question": np.broadcast_to(asked, (len(held), *asked.shape)),
            "asked": np.ones((len(held), len(asked)), np.bool_),
            "sentence": rows,
            "held": present,
        }
        (odds,) = self._network.run(["odds"], given)
        return odds


@cache
def bundled_reader() -> Reader:
    """Return the reader that comes with this package; loaded once.

    Raises:
        ModelError: it is not the one that this package was made with.
    """
    reader = Reader.load(WEIGHTS, bundled_encoder())
    if reader.digest != DIGEST:
        raise ModelError(f"The model in {WEIGHTS} is damaged: it is not reader {DIGEST}. Install this package again.")
    return reader
