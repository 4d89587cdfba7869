"""How much two texts share, as ExpMRC counts it. A trend and no gate: a dropped 不 hardly shows."""

import re
from collections import Counter
from collections.abc import Sequence

_TOKEN = re.compile(r"[一-龥]|[^\W_一-龥]+")


def bag_f1(said: str, accepted: Sequence[str]) -> float:
    """Return the F1 of the characters (of Latin text: words) of `said` against the accepted text that fits it best.

    As in ExpMRC (Cui et al., 2022) order does not count, nor do punctuation and English articles.
    """
    return max(_f1(_bag(said), _bag(text)) for text in accepted)


def _bag(text: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(text.lower()) if token not in ("a", "an", "the"))


def _f1(said: Counter[str], gold: Counter[str]) -> float:
    if not said or not gold:
        return float(said == gold)
    return 2 * (said & gold).total() / (said.total() + gold.total())
