"""Questions with sentences, and whether the one is answered by the other: what the reader learns from.

The tokens of every text are read once, as the encoder's first layers leave them.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from assistant.encoder import END, PAD, PASSAGE, QUESTION, START
from assistant.text import fold
from eval.encoder.network import ALONE, Network
from eval.encoder.texts import Text
from eval.reader.contrasts import Contrast

BATCH = 64
_ALIKE = 16
"""Batches that are sorted by length together, so that little is padded."""
_LONGEST = 220
"""Tokens of a text."""
_SHOWN = 6
"""Of a whole speech: how many of the nearest sentences wrong ones are drawn from. In use the reader is shown five."""
_DRAWN = 2
_FAR = slice(4, 24)
"""Which of the nearest sentences are taken for wrong, its own paragraph left out: the very nearest may be right."""


@dataclass(frozen=True)
class Example:
    """A question and a sentence, by their place among the texts, and whether it is answered."""

    question: int
    sentence: int
    answered: float


@dataclass
class Read:
    """Texts as the encoder has read them. Make it with `read`."""

    texts: list[str]
    tokens: list[Tensor]
    """(length, hidden) each, after `ALONE` layers."""
    vectors: Tensor
    """(texts, hidden): what the encoder makes of them."""
    places: dict[str, int] = field(repr=False)


def read(network: Network, tokenizer: Any, prefix: str, texts: Sequence[str]) -> Read:
    """Return what the encoder makes of texts, each once."""
    unique = list(dict.fromkeys(texts))
    pieces = [[START, *tokenizer.encode(prefix + fold(text)).ids[:_LONGEST], END] for text in unique]
    tokens: list[Tensor] = [torch.empty(0)] * len(unique)
    vectors = torch.zeros(len(unique), network.words.shape[1])
    order = sorted(range(len(unique)), key=lambda i: len(pieces[i]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            length = max(len(pieces[i]) for i in batch)
            ids = torch.tensor([pieces[i] + [PAD] * (length - len(pieces[i])) for i in batch])
            vectors[batch] = network(ids, ids != PAD).float()
            for i, row in zip(batch, network.tokens(ids, ids != PAD, ALONE), strict=True):
                tokens[i] = row[: len(pieces[i])].to(torch.bfloat16).clone()
    return Read(unique, tokens, vectors, {text: i for i, text in enumerate(unique)})


class Examples:
    """Examples of paragraphs, of contrasts and of whole speeches; wrong ones are drawn anew for every epoch."""

    def __init__(
        self,
        network: Network,
        tokenizer: Any,
        texts: Sequence[Text],
        contrasts: Sequence[Contrast],
        speeches: Sequence[Text],
    ) -> None:
        asked = [question for text in (*texts, *speeches) for question in [*(q for q, _ in text.asked), *text.near]]
        asked += [q for contrast in contrasts for q in [*contrast.asked[0], *contrast.asked[1], *contrast.neither]]
        held = [sentence for text in (*texts, *speeches) for sentence in text.sentences]
        held += [sentence for contrast in contrasts for sentence in contrast.sentences]
        self.texts, self.contrasts, self.speeches = texts, contrasts, speeches
        self.questions = read(network, tokenizer, QUESTION, asked)
        self.sentences = read(network, tokenizer, PASSAGE, held)
        self.nearness = self.questions.vectors @ self.sentences.vectors.T

    def epoch(self) -> list[Example]:
        """Return examples of all paragraphs and contrasts, about one in three of them right."""
        found = [example for text in self.texts for example in self._of_text(text)]
        return found + [example for contrast in self.contrasts for example in self._of_contrast(contrast)]

    def epoch_of_speeches(self) -> list[Example]:
        """Return examples of all speeches, one in five of them right, and half as many of the others."""
        found = [example for text in self.speeches for example in self._of_speech(text)]
        return found + random.sample(self.epoch(), len(found) // 2)

    def batches(self, examples: Sequence[Example]) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]]:
        """Yield what `Reader.forward` takes, and the labels, for all examples in a random order."""
        rows = random.sample(examples, len(examples))
        batches = []
        for start in range(0, len(rows), BATCH * _ALIKE):
            alike = sorted(rows[start : start + BATCH * _ALIKE], key=self._length)
            batches += [alike[i : i + BATCH] for i in range(0, len(alike), BATCH)]
        for batch in random.sample(batches, len(batches)):
            question, asked = _padded([self.questions.tokens[e.question] for e in batch])
            sentence, held = _padded([self.sentences.tokens[e.sentence] for e in batch])
            yield question, asked, sentence, held, torch.tensor([e.answered for e in batch])

    def _of_text(self, text: Text) -> Iterator[Example]:
        here = [self.sentences.places[sentence] for sentence in text.sentences]
        for asked, answers in text.asked:
            question = self.questions.places[asked]
            right = [here[i] for i in answers]
            wrong = [place for place in here if place not in right]
            yield Example(question, random.choice(right), 1.0)
            if wrong:
                yield Example(question, self._nearest(question, wrong, often=0.7), 0.0)
            if random.random() < 0.6:
                yield self._far(question, here)
        for asked in text.near:
            question = self.questions.places[asked]
            yield Example(question, self._nearest(question, here, often=0.75), 0.0)

    def _of_speech(self, text: Text) -> Iterator[Example]:
        here = [self.sentences.places[sentence] for sentence in text.sentences]
        for asked, answers in text.asked:
            question = self.questions.places[asked]
            right = [here[i] for i in answers]
            yield Example(question, random.choice(right), 1.0)
            yield from self._shown(question, [place for place in here if place not in right])
        for asked in text.near:
            yield from self._shown(self.questions.places[asked], here)

    def _shown(self, question: int, wrong: Sequence[int]) -> Iterator[Example]:
        nearest = sorted(wrong, key=lambda place: -float(self.nearness[question, place]))[:_SHOWN]
        return (Example(question, place, 0.0) for place in random.sample(nearest, _DRAWN))

    def _of_contrast(self, contrast: Contrast) -> Iterator[Example]:
        first, second = (self.sentences.places[sentence] for sentence in contrast.sentences)
        for right, wrong, asked in ((first, second, contrast.asked[0]), (second, first, contrast.asked[1])):
            for question in (self.questions.places[q] for q in asked):
                yield Example(question, right, 1.0)
                yield Example(question, wrong, 0.0)
                if random.random() < 0.3:
                    yield self._far(question, [first, second])
        for question in (self.questions.places[q] for q in contrast.neither):
            yield Example(question, self._nearest(question, [first, second], often=0.2), 0.0)

    def _nearest(self, question: int, sentences: Sequence[int], *, often: float) -> int:
        """Return one of the sentences: so often the nearest, else any."""
        if random.random() < often:
            return max(sentences, key=lambda place: float(self.nearness[question, place]))
        return random.choice(sentences)

    def _far(self, question: int, here: Sequence[int]) -> Example:
        others = [i for i in self.nearness[question].topk(_FAR.stop).indices.tolist() if i not in here]
        return Example(question, random.choice(others[_FAR.start :]), 0.0)

    def _length(self, example: Example) -> int:
        return len(self.questions.tokens[example.question]) + len(self.sentences.tokens[example.sentence])


def _padded(texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the tokens of texts, filled up with zeros, and where there are tokens."""
    length = max(len(text) for text in texts)
    tokens = torch.zeros(len(texts), length, texts[0].shape[1])
    present = torch.zeros(len(texts), length, dtype=torch.bool)
    for row, text in enumerate(texts):
        tokens[row, : len(text)], present[row, : len(text)] = text, True
    return tokens, present
