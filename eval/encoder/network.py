"""The encoder in PyTorch: published weights that stay as they are, and low-rank corrections that are trained.

Corrections to frozen four-bit weights: QLoRA (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from eval.encoder.source import Source

RANK = 8
ALONE = 8
"""Layers that read a text alone; `eval.reader` goes on from there with a question and a sentence together."""


class Corrected(nn.Module):  # type: ignore[misc]
    """A frozen linear layer and its correction: y = W x + b + B A x, where B is zero before training."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.down = nn.Parameter(torch.randn(RANK, weight.shape[1]) * 0.02)
        self.up = nn.Parameter(torch.zeros(weight.shape[0], RANK))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight, self.bias) + functional.linear(
            functional.linear(x, self.down), self.up
        )


class Layer(nn.Module):  # type: ignore[misc]
    """One layer of BERT (Devlin et al. 2019): attention and two linear layers, each followed by a normalisation."""

    def __init__(self, source: Source, number: int) -> None:
        super().__init__()
        self.heads, self.epsilon = source.heads, source.epsilon
        for name, parts in PARTS.items():
            weights = [
                torch.from_numpy(source.quantised(f"l{number}.{p}.w").dequantised()).reshape(
                    -1, source.inner if name == "shrink" else source.hidden
                )
                for p in parts
            ]
            biases = [torch.from_numpy(source.vector(f"l{number}.{p}.b")) for p in parts]
            setattr(self, name, Corrected(torch.cat(weights), torch.cat(biases)))
        for name in ("aln", "oln"):
            for end in ("w", "b"):
                self.register_buffer(f"{name}_{end}", torch.from_numpy(source.vector(f"l{number}.{name}.{end}")))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        texts, length, hidden = x.shape
        parts = self.attend(x).view(texts, length, 3, self.heads, hidden // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        context = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.join(context.transpose(1, 2).reshape(texts, length, hidden))
        x = functional.layer_norm(x, (hidden,), self.aln_w, self.aln_b, self.epsilon)
        x = x + self.shrink(functional.gelu(self.widen(x)))
        return functional.layer_norm(x, (hidden,), self.oln_w, self.oln_b, self.epsilon)


PARTS = {"attend": ("q", "k", "v"), "join": ("ao",), "widen": ("fi",), "shrink": ("fo",)}
"""The linear layers of a `Layer`, and what they are called in the published file."""


class Network(nn.Module):  # type: ignore[misc]
    """The whole encoder, over the pieces that are kept."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        hidden = source.hidden
        self.epsilon = source.epsilon
        words = torch.from_numpy(source.quantised("emb.word").dequantised()).view(-1, hidden)
        self.register_buffer("words", words[torch.tensor(source.kept)].clone())
        kinds = torch.from_numpy(source.vector("emb.type")).view(-1, hidden)
        self.register_buffer("positions", torch.from_numpy(source.vector("emb.pos")).view(-1, hidden) + kinds[0])
        self.register_buffer("norm_w", torch.from_numpy(source.vector("emb.ln.w")))
        self.register_buffer("norm_b", torch.from_numpy(source.vector("emb.ln.b")))
        self.layers = nn.ModuleList([Layer(source, i) for i in range(source.layers)])

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return a unit vector for each text, shape (texts, hidden); ids and mask: (texts, length)."""
        x = self.tokens(ids, mask, len(self.layers))
        weights = mask.unsqueeze(-1).float()
        return functional.normalize((x * weights).sum(1) / weights.sum(1), dim=-1)

    def tokens(self, ids: Tensor, mask: Tensor, layers: int) -> Tensor:
        """Return what so many layers make of each token, shape (texts, length, hidden)."""
        x = self.words[ids] + self.positions[: ids.shape[1]]
        x = functional.layer_norm(x, x.shape[-1:], self.norm_w, self.norm_b, self.epsilon)
        attended = ((mask.float() - 1) * 1e9)[:, None, None, :]
        for layer in self.layers[:layers]:
            x = layer(x, attended)
        return x

    def trained(self) -> dict[str, Tensor]:
        """Return what training changes, by name."""
        return {name: value.detach() for name, value in self.named_parameters()}
