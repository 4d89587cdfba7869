"""BM25 over paragraphs and over their sentences, in memory: building it takes milliseconds a speech."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from assistant.corpus import Paragraph
from assistant.text import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

STAND_IN = 1.0
"""What another word for a word of the question counts, beside 1 for the word itself."""


class WordSearch:
    """Scores paragraphs by the words and character bigrams that they share with a question."""

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        sentences = [[tokens(sentence.text) for sentence in p.sentences] for p in paragraphs]
        self._first_sentence = list(accumulate((len(of_one) for of_one in sentences[:-1]), initial=0))
        self._score_paragraphs = _bm25([[token for one in of_one for token in one] for of_one in sentences])
        self._score_sentences = _bm25([one for of_one in sentences for one in of_one])

    def scores(self, wanted: list[str], stand_ins: Sequence[Sequence[str]] = ()) -> "tuple[Scores, Scores]":
        """Return two scores for each paragraph, its own and its best sentence's.

        Each is a share of the best, 0 to 1: a long paragraph that treats the question in one sentence does badly in
        the first and well in the second.

        Args:
            wanted: the `tokens` of a question, at least one.
            stand_ins: for phrases of the question, what the texts may say instead; of each group the best counts.
        """
        import numpy as np

        paragraphs = _expanded(self._score_paragraphs, wanted, stand_ins)
        sentences = np.maximum.reduceat(_expanded(self._score_sentences, wanted, stand_ins), self._first_sentence)
        return paragraphs / (paragraphs.max() or 1), sentences / (sentences.max() or 1)


def _expanded(
    score: "Callable[[list[str]], Scores]", wanted: list[str], stand_ins: Sequence[Sequence[str]]
) -> "Scores":
    import numpy as np

    total = score(wanted)
    for group in stand_ins:
        total = total + STAND_IN * np.max([score(tokens(phrase)) for phrase in group], axis=0)
    return total


def _bm25(documents: list[list[str]]) -> "Callable[[list[str]], Scores]":
    """Return a function from the tokens of a question to the BM25 score of every document."""
    import bm25s
    import numpy as np

    if not any(documents):  # bm25s cannot index a corpus without a word
        return lambda _: np.zeros(len(documents))
    model = bm25s.BM25(backend="numpy")
    # The "empty token" that it adds otherwise lies outside its own matrix: asking for it raises.
    model.index(documents, create_empty_token=False, show_progress=False)
    return lambda wanted: np.asarray(model.get_scores(wanted), dtype=np.float64)
