"""Training the reader: whether a sentence answers a question, over all examples (binary cross-entropy)."""

import logging
import math
import random
from collections.abc import Sequence
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
from eval.reader.examples import BATCH, Examples
from eval.reader.network import Reader

STATE = Path(__file__).parent / "reader.pt"
EPOCHS = 3
RATE, WARM_UP = 1.5e-4, 60
_NEW = 5
"""The parts that are not copied from the encoder learn so much faster."""
HELD_OUT = 12
"""One text of so many is kept from the reader, not from the encoder, for the figure that is logged at the end."""

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
    texts, contrasts = _split(read_texts()), _split(read_contrasts())
    examples, unseen = (
        Examples(network, tokenizer, text, contrast) for text, contrast in zip(texts, contrasts, strict=True)
    )
    reader = Reader(network)
    reader.mean.copy_(torch.cat([x.float() for x in examples.sentences.tokens]).mean(0))
    steps = EPOCHS * -(-len(examples.epoch()) // BATCH)
    _log.info("%d steps", steps)
    _learn(reader, examples, steps)
    reader.eval()
    with torch.no_grad():
        found = [(reader(*given), labels) for *given, labels in unseen.batches(unseen.epoch())]
    odds, labels = (torch.cat(part) for part in zip(*found, strict=True))
    _log.info("AUROC held out: %.3f", _auroc(odds, labels))


def _learn(reader: Reader, examples: Examples, steps: int) -> None:
    """Train, and keep the state at the end of every epoch."""
    copied = [p for name, p in reader.named_parameters() if name.startswith("layers")]
    new = [p for name, p in reader.named_parameters() if not name.startswith("layers")]
    groups = [{"params": copied, "lr": RATE}, {"params": new, "lr": _NEW * RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda s: min(1.0, (s + 1) / WARM_UP) * max(0.02, 0.5 * (1 + math.cos(math.pi * min(1.0, s / steps)))),
    )
    number = 0
    for _ in range(EPOCHS):
        for *given, labels in examples.batches(examples.epoch()):
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


def _split(items: Sequence[_Item]) -> tuple[list[_Item], list[_Item]]:
    """Return the items to learn from, and those held out."""
    held = [i % HELD_OUT == HELD_OUT - 1 for i in range(len(items))]
    return (
        [item for item, h in zip(items, held, strict=True) if not h],
        [item for item, h in zip(items, held, strict=True) if h],
    )


def _auroc(odds: Tensor, labels: Tensor) -> float:
    """Return how often a right example has higher odds than a wrong one."""
    right, wrong = odds[labels == 1], odds[labels == 0]
    return float((right[:, None] > wrong[None, :]).float().mean())
