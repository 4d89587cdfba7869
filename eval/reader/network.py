"""The reader in PyTorch: a question and a sentence, read together from where the encoder has read each of them alone.

The encoder's last layers are copied, and trained as a whole, on the tokens of both texts (delayed interaction: MacAvaney et
al. 2020, https://arxiv.org/abs/2004.14255). They get each token together with what the other text has for it (soft
alignment: Parikh et al. 2016, https://arxiv.org/abs/1606.01933): without that, they learn which questions are usually
answered, and do not look at the sentence.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional

from eval.encoder.network import ALONE, PARTS, Layer, Network

DROPOUT = 0.1
_NEAREST, _STEPS = 3, (0.3, 0.5, 0.7, 0.85)
"""How near the other text's nearest tokens are, and by how much the nearest is nearer than these cosines."""
_SHARPNESS = 3.0
"""Logarithm of the factor of cosines in the alignment, before training."""


class Reader(nn.Module):  # type: ignore[misc]
    """From the tokens of a question and a sentence to the log-odds that the one is answered by the other."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        hidden = network.words.shape[1]
        self.layers = nn.ModuleList([_released(layer) for layer in network.layers[ALONE:]])
        self.register_buffer("mean", torch.zeros(hidden))
        self.texts = nn.Parameter(torch.zeros(2, hidden))
        self.sharpness = nn.Parameter(torch.tensor(_SHARPNESS))
        self.compare = nn.Linear(2 * hidden + _NEAREST + len(_STEPS) + 1, hidden)
        self.join = nn.Linear(hidden, hidden)
        nn.init.normal_(self.join.weight, 0, 0.02)
        nn.init.zeros_(self.join.bias)
        self.gather = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(2 * hidden, hidden // 2), nn.Tanh())
        self.decide = nn.Linear(hidden // 2, 1)

    def forward(self, question: Tensor, asked: Tensor, sentence: Tensor, held: Tensor) -> Tensor:
        """Return the log-odds, shape (n,).

        Args:
            question: the tokens of the questions after `ALONE` layers, shape (n, length, hidden).
            asked: which of them are none, but fill the row: False; shape (n, length).
            sentence: the tokens of the sentences, shape (n, another length, hidden).
            held: which of those are none.
        """
        question, sentence = question.float(), sentence.float()
        x = torch.cat(
            [
                question + self.texts[0] + self._compared(question, sentence, held),
                sentence + self.texts[1] + self._compared(sentence, question, asked),
            ],
            dim=1,
        )
        cost = ((torch.cat([asked, held], 1).float() - 1) * 1e9)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, cost)
        length = question.shape[1]
        means = [_mean(x[:, :length].float(), asked), _mean(x[:, length:].float(), held)]
        odds: Tensor = self.decide(self.gather(torch.cat(means, 1))).squeeze(-1)
        return odds

    def _compared(self, tokens: Tensor, others: Tensor, present: Tensor) -> Tensor:
        """Return what the other text has for each token, and how like it that is, as an addition to the token."""
        ours, theirs = (functional.normalize(x - self.mean, dim=-1) for x in (tokens, others))
        cosines = (ours @ theirs.transpose(1, 2)).masked_fill(~present[:, None, :], -1.0)
        aligned = torch.softmax(cosines * self.sharpness.exp(), -1) @ theirs
        nearest = cosines.topk(_NEAREST, -1).values
        above = [functional.relu(nearest[..., :1] - step) for step in _STEPS]
        likeness = torch.cat([nearest, *above, torch.ones_like(nearest[..., :1])], -1)
        # Coordinates of unit vectors are small; so much larger, they are all of the size 1.
        compared = torch.cat([10 * (ours - aligned), 100 * ours * aligned, 3 * likeness], -1)
        joined: Tensor = self.join(functional.gelu(self.compare(compared)))
        return joined


def _released(layer: Layer) -> Layer:
    """Return a copy of a layer, its corrections added to its weights, of which everything is trained."""
    free = deepcopy(layer)
    for name in PARTS:
        fixed = getattr(layer, name)
        linear = nn.Linear(fixed.weight.shape[1], fixed.weight.shape[0])
        linear.weight.data = (fixed.weight + fixed.up @ fixed.down).detach().clone()
        linear.bias.data = fixed.bias.clone()
        # Before the sums, as in BERT.
        setattr(free, name, nn.Sequential(linear, nn.Dropout(DROPOUT if name in ("join", "shrink") else 0.0)))
    for name in ("aln_w", "aln_b", "oln_w", "oln_b"):
        value = getattr(layer, name).clone()
        delattr(free, name)
        setattr(free, name, nn.Parameter(value))
    return free


def _mean(tokens: Tensor, present: Tensor) -> Tensor:
    weights = present.float()
    mean: Tensor = (tokens * weights.unsqueeze(-1)).sum(1) / weights.sum(1, keepdim=True)
    return mean
