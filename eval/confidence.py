"""How sure a reply is of itself."""

from collections.abc import Mapping
from typing import Any


def confidence(reply: Mapping[str, Any]) -> tuple[float, str]:
    """Return a number that rises with how sure the reply is, and what it is.

    It is the reply's own `confidence` where it has one. Else it is the score of its best passage, which ranks the
    passages of one question and was never meant to be compared between questions.
    """
    if reply.get("confidence") is not None:
        return float(reply["confidence"]), "confidence"
    passages = reply.get("passages") or [{"score": 0.0}]
    return float(passages[0]["score"]), "score of the best passage"
