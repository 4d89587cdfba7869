"""A reply as it comes back from a run: plain JSON, held against the shape that readers of it rely on.

This is on purpose not `assistant.replies`: what is measured does not say itself what is well formed.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Claim(_Part):
    text: str = Field(min_length=1)
    citations: list[int]
    verdict: str


class Citation(_Part):
    number: int
    speech: str
    paragraph: int
    sentence: int
    start: int = Field(ge=0)
    end: int
    quote: str


class Mentions(_Part):
    times: list[int]


class Passage(_Part):
    speech: str
    paragraph: int
    score: float


class Reply(_Part):
    """An answer or a refusal; `broken` holds what is wrong with a reply that could not be read as either."""

    kind: Literal["answer", "refusal"]
    question: str
    text: str
    claims: list[Claim]
    citations: list[Citation]
    passages: list[Passage]
    reason: str | None = None
    restated: str | None = None
    confidence: float | None = None
    mentions: Mentions | None = None
    """How often the speech has what was asked for: said beside the claims."""
    broken: str = ""

    @property
    def answered(self) -> bool:
        """By the flag, never by its wording."""
        return self.kind == "answer"

    def quoted(self, claim: Claim) -> str:
        """Return the quotes that a claim cites, one a line."""
        return "\n".join(citation.quote for citation in self.citations if citation.number in claim.citations)


def read(raw: Any) -> Reply:
    """Return a reply; of what is malformed an answer of nothing, with `broken` saying why, which scores nowhere."""
    try:
        return Reply.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return _broken(f"{where}: {first['msg']}" if where else first["msg"])


def _broken(why: str) -> Reply:
    return Reply(kind="answer", question="", text="", claims=[], citations=[], passages=[], broken=why)
