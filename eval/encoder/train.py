"""Training: the vector of a question must be nearest to that of the sentence that answers it.

Among all sentences of a batch, the neighbours in its paragraph included (InfoNCE, van den Oord et al. 2018).
"""

import logging
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.encoder import END, PAD, PASSAGE, QUESTION, START
from assistant.text import fold
from eval.encoder.network import Network
from eval.encoder.source import Source, unigram
from eval.encoder.texts import Text, read_texts

CORRECTIONS = Path(__file__).parent / "corrections.npz"
EPOCHS = 6
PARAGRAPHS = 24
"""In a batch."""
ASKED = 4
"""Questions of a paragraph in a batch."""
TEMPERATURE = 0.02
RATE, WARM_UP = 4e-4, 20
_BUDGET, _LONGEST = 6000, 200
"""Tokens in one pass, padding included; tokens of one text."""

_log = logging.getLogger(__name__)


@dataclass
class Trainer:
    """A network in training."""

    network: Network
    tokenizer: Any

    def loss(self, batch: Sequence[Text]) -> Tensor:
        """Return how far the questions are from being nearest to their sentences."""
        sentences: list[str] = []
        questions: list[str] = []
        right: list[list[int]] = []
        for text in batch:
            for question, answers in random.sample(text.asked, min(ASKED, len(text.asked))):
                questions.append(question)
                right.append([len(sentences) + i for i in random.sample(answers, len(answers))])
            sentences += text.sentences
        also = torch.zeros(len(questions), len(sentences))
        for row, answers in enumerate(right):
            also[row, answers[1:]] = -1e4  # neither the one to be found nor a wrong one
        found = self._nearness(questions, sentences) + also
        loss: Tensor = functional.cross_entropy(found, torch.tensor([answers[0] for answers in right]))
        return loss

    def _nearness(self, questions: list[str], sentences: list[str]) -> Tensor:
        asked, held = self._vectors(QUESTION, questions), self._vectors(PASSAGE, sentences)
        nearness: Tensor = (asked @ held.T).float() / TEMPERATURE
        return nearness

    def _vectors(self, prefix: str, given: Sequence[str]) -> Tensor:
        texts = [[START, *self.tokenizer.encode(prefix + fold(text)).ids[:_LONGEST], END] for text in given]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found: list[Tensor] = [torch.empty(0)] * len(texts)
        while order:
            batch = [i for k, i in enumerate(order) if not k or (k + 1) * len(texts[i]) <= _BUDGET]
            order = order[len(batch) :]
            length = max(len(texts[i]) for i in batch)
            ids = torch.tensor([texts[i] + [PAD] * (length - len(texts[i])) for i in batch])
            for i, value in zip(batch, self.network(ids, ids != PAD), strict=True):
                found[i] = value
        return torch.stack(found)


def train() -> None:
    """Train the corrections and write them to `CORRECTIONS`."""
    torch.manual_seed(1)
    random.seed(1)
    source = Source.read()
    tokenizer = unigram([(source.pieces[i], source.scores[i]) for i in source.kept])
    trainer = Trainer(Network(source), tokenizer)
    texts = read_texts()
    steps = EPOCHS * (len(texts) // PARAGRAPHS)
    _log.info("%d paragraphs, %d steps", len(texts), steps)
    corrections = list(trainer.network.parameters())
    optimizer = torch.optim.AdamW(corrections, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1.0, (s + 1) / WARM_UP) * max(0.02, 0.5 * (1 + math.cos(math.pi * s / steps)))
    )
    for number, batch in enumerate(_shuffled(texts, steps)):
        with torch.autocast("cpu", torch.bfloat16):
            loss = trainer.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(corrections, 1.0)
        optimizer.step()
        schedule.step()
        _log.info("step %d of %d: %.3f", number + 1, steps, loss.item())
    np.savez(CORRECTIONS, **{name: value.numpy() for name, value in trainer.network.trained().items()})


def load_corrections(network: Network) -> None:
    """Give a network the corrections that were trained."""
    corrections = {name: torch.from_numpy(value) for name, value in np.load(CORRECTIONS).items()}
    network.load_state_dict(corrections, strict=False)


def _shuffled(texts: list[Text], steps: int) -> Iterator[list[Text]]:
    while steps:
        order = random.sample(texts, len(texts))
        for i in range(0, len(order) - PARAGRAPHS + 1, PARAGRAPHS):
            if not steps:
                return
            yield order[i : i + PARAGRAPHS]
            steps -= 1
