"""Training the reader: whether a sentence answers a question, over all examples (binary cross-entropy).

First on paragraphs and contrasts, which teach it to look at what decides; then on whole speeches, which show it what it is
asked in use: the few sentences of a speech that are nearest to a question, where most often none answers.
"""

import logging
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from eval.encoder.network import Network
from eval.encoder.source import Source, unigram
from eval.encoder.texts import read_texts
from eval.encoder.train import load_corrections
from eval.reader.contrasts import read_contrasts
from eval.reader.examples import BATCH, Example, Examples
from eval.reader.network import Reader
from eval.reader.speeches import read_speeches

STATE = Path(__file__).parent / "reader.pt"
EPOCHS, RATE = 3, 1.5e-4
"""On paragraphs and contrasts."""
SPEECH_EPOCHS, SPEECH_RATE = 4, 8e-5
"""On whole speeches."""
WARM_UP = 60
_NEW = 5
"""The parts that are not copied from the encoder learn so much faster."""
HELD_OUT = 12
"""One text of so many is kept from the reader, not from the encoder, for the figures that are logged."""

_log = logging.getLogger(__name__)
_Item = TypeVar("_Item")


def train() -> None:
    """Train the reader and write its weights to `STATE`."""
    torch.manual_seed(1)
    random.seed(1)
    source = Source.read()
    network = Network(source).eval()
    load_corrections(network)
    tokenizer = unigram([(source.pieces[i], source.scores[i]) for i in source.kept])
    learned, unseen = (
        Examples(network, tokenizer, *parts)
        for parts in zip(_split(read_texts()), _split(read_contrasts()), _split(read_speeches()), strict=True)
    )
    reader = Reader(network)
    reader.mean.copy_(torch.cat([x.float() for x in learned.sentences.tokens]).mean(0))
    _learn(reader, learned, learned.epoch, EPOCHS, RATE)
    _log_auroc("paragraphs and contrasts, before the speeches", reader, unseen, unseen.epoch())
    _learn(reader, learned, learned.epoch_of_speeches, SPEECH_EPOCHS, SPEECH_RATE)
    _log_auroc("paragraphs and contrasts", reader, unseen, unseen.epoch())
    _log_auroc("speeches, and half as many of the others", reader, unseen, unseen.epoch_of_speeches())


def _learn(reader: Reader, examples: Examples, epoch: Callable[[], list[Example]], epochs: int, rate: float) -> None:
    """Train on so many epochs, and keep the state at the end of each."""
    copied = [p for name, p in reader.named_parameters() if name.startswith("layers")]
    new = [p for name, p in reader.named_parameters() if not name.startswith("layers")]
    groups = [{"params": copied, "lr": rate}, {"params": new, "lr": _NEW * rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
    steps = epochs * -(-len(epoch()) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda s: min(1.0, (s + 1) / WARM_UP) * max(0.02, 0.5 * (1 + math.cos(math.pi * min(1.0, s / steps)))),
    )
    reader.train()
    number = 0
    for _ in range(epochs):
        for *given, labels in examples.batches(epoch()):
            with torch.autocast("cpu", torch.bfloat16):
                odds: Tensor = reader(*given).float()
            loss = functional.binary_cross_entropy_with_logits(odds, labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            number += 1
            if number % 50 == 0:
                _log.info("step %d of %d: %.3f", number, steps, loss.item())
        torch.save(reader.state_dict(), STATE)


def _log_auroc(what: str, reader: Reader, unseen: Examples, examples: Sequence[Example]) -> None:
    """Log how often a right example that was held out has higher odds than a wrong one."""
    reader.eval()
    with torch.no_grad():
        found = [(reader(*given), labels) for *given, labels in unseen.batches(examples)]
    odds, labels = (torch.cat(part) for part in zip(*found, strict=True))
    right, wrong = odds[labels == 1], odds[labels == 0]
    _log.info("AUROC on what was held out of %s: %.3f", what, float((right[:, None] > wrong[None, :]).float().mean()))


def _split(items: Sequence[_Item]) -> tuple[list[_Item], list[_Item]]:
    """Return the items to learn from, and those held out."""
    held = [i % HELD_OUT == HELD_OUT - 1 for i in range(len(items))]
    return (
        [item for item, h in zip(items, held, strict=True) if not h],
        [item for item, h in zip(items, held, strict=True) if h],
    )
