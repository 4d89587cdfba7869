"""What comes back: an `Answer` whose every claim is cited, or a `Refusal` that says why there is none."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from assistant.citations import Citation, Claim, Verdict, Withheld
from assistant.index import Passage
from assistant.text import is_chinese


class Reason(StrEnum):
    """Why there is no answer."""

    NOT_FOUND = "not_found"
    """No passage covers the question."""
    DECLINED = "declined"
    """The model read the passages and said that they do not answer."""
    UNSUPPORTED = "unsupported"
    """A draft was made, and nothing of it passed the check."""


_REFUSALS = {
    # In another language than the speech's, a search for words proves nothing about what it says.
    Reason.NOT_FOUND: (
        "原文没有回答这个问题。",
        "No answer was found in the speech. Without a language model, a question in Chinese is understood better.",
    ),
    Reason.DECLINED: (
        "模型读了最接近的段落，认为原文没有回答这个问题。",
        "The model found no answer in the closest passages.",
    ),
    Reason.UNSUPPORTED: (
        "起草的回答没有一句通过核对，因此不予显示。",
        "No sentence of the drafted answer passed the check.",
    ),
}


_NAMED = 3
"""Words that a refusal names at most."""

ORIGINALS = "Original sentences (addresses and numbers were checked; words cannot be compared across languages):"


EXTRACTIVE = "extractive"
"""Name of the answerer that only quotes."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a reply; enough to make it again."""

    speech: str
    """`sha256:` and the hash of the corpus."""
    embedder: str
    answerer: str
    prompt: str | None
    """Hash of the prompt file; None where no prompt was used."""
    version: str
    """Version of this package."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and the text of its reply, as earlier turns are handed to `Assistant.ask`."""

    question: str
    answer: str
    kind: Literal["answer", "refusal"] = "answer"
    """That of the reply: nobody goes on with what the speech does not say."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """How often all speeches together without their titles, or the place that was asked for, have some words.

    Counted, not quoted.
    """

    words: tuple[str, ...]
    """As the speeches have them, in normal form."""
    times: tuple[int, ...]
    """Occurrences of each."""
    sentences: int
    """Sentences that have what was asked for."""
    listed: int
    """How many of these are quoted."""
    together: bool = False
    """Whether these are the sentences that have all the words, and not any of them."""

    def text(self, *, chinese: bool) -> str:
        """Return that in one sentence."""
        if chinese:
            counts = "，".join(f"“{word}”共出现 {times} 次" for word, times in zip(self.words, self.times, strict=True))
            part = f"，以下列出其中 {self.listed} 句" if self.listed < self.sentences else ""
            return f"{counts}，{'同' * self.together}见于 {self.sentences} 句{part}。"
        counts = ", ".join(
            f"“{word}”: {times} time{'s' * (times != 1)}" for word, times in zip(self.words, self.times, strict=True)
        )
        part = f"; {self.listed} of them are listed" if self.listed < self.sentences else ""
        sentences = f"{self.sentences} sentence{'s' * (self.sentences > 1)}"
        return f"{counts}, {'together ' * self.together}in {sentences}{part}."


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: every claim of it passed the check. `str()` gives the text with its marks, and the quotes below."""

    question: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    withheld: tuple[Withheld, ...]
    passages: tuple[Passage, ...]
    made_by: Provenance
    restated: str | None = None
    """The question as it was understood after the earlier turns; None if it was taken as it stands."""
    notice: str | None = None
    """What went wrong on the way, or is not answered of the question, for the reader; None if there is nothing to say."""
    matched: tuple[tuple[str, str], ...] = ()
    """Words of the question, and what stands in the quotes for them: (盗版, 侵权假冒)."""
    mentions: Mentions | None = None
    """How often the speeches have what was asked for, where the question asks that."""
    confidence: float | None = None
    """Of there being an answer, 0 to 1; None where nobody estimates it."""
    kind: Literal["answer"] = "answer"

    @property
    def text(self) -> str:
        """The claims in order, each with its marks: `……人民。[1]`. Latin sentences are parted by a space."""
        parts = [claim.text + _marks(self.numbers(claim)) for claim in self.claims]
        return "".join(part if i == 0 or is_chinese(part) else f" {part}" for i, part in enumerate(parts))

    @property
    def count(self) -> str:
        """How often the speeches have what was asked for, in one sentence; empty where that was not asked."""
        return self.mentions.text(chinese=is_chinese(self.question)) if self.mentions else ""

    @property
    def translated(self) -> bool:
        """Whether a claim is in another language than the sentences it cites; `ORIGINALS` says so above the quotes."""
        return any(claim.verdict is Verdict.TRANSLATED for claim in self.claims)

    def numbers(self, claim: Claim) -> list[int]:
        """Return the numbers of the citations of one of the claims."""
        by_sentence = {citation.sentence: citation.number for citation in self.citations}
        return [by_sentence[sentence] for sentence in claim.sentences]

    def to_dict(self) -> dict[str, Any]:
        """Return the reply as plain data, ready for JSON."""
        claims = [
            {"text": claim.text, "citations": self.numbers(claim), "verdict": str(claim.verdict)}
            for claim in self.claims
        ]
        citations = [_citation(c) for c in self.citations]
        matched = [list(pair) for pair in self.matched]
        return _to_dict(self, claims=claims, citations=citations, matched=matched, mentions=_mentions(self.mentions))

    def __str__(self) -> str:
        lines = [claim.text + _marks(self.numbers(claim)) for claim in self.claims]
        quotes = [f"[{c.number}] {c.sentence.address} {c.quote.strip()}" for c in self.citations]
        count = [self.count, ""] if self.count else []
        return "\n".join([*count, *lines, "", *([ORIGINALS] if self.translated else []), *quotes])


@dataclass(frozen=True, slots=True)
class Refusal:
    """The right reply to what the speech does not answer. The passages are the closest ones, never support."""

    question: str
    reason: Reason
    withheld: tuple[Withheld, ...]
    passages: tuple[Passage, ...]
    made_by: Provenance
    restated: str | None = None
    """The question as it was understood after the earlier turns; None if it was taken as it stands."""
    notice: str | None = None
    """What went wrong on the way, for the reader; None if nothing did."""
    missing: tuple[str, ...] = ()
    """Names and nouns of the question that the speech has in no form, as they were typed."""
    confidence: float | None = None
    """Of there being an answer all the same, 0 to 1; None where nobody estimates it."""
    more: bool = False
    """Whether more was asked for than had been quoted before."""
    nowhere: bool = False
    """Whether what is missing is a place that was asked for."""
    kind: Literal["refusal"] = "refusal"

    @property
    def text(self) -> str:
        """One sentence that says so, in the language of the question."""
        chinese, english = _REFUSALS[self.reason]
        same = bool(self.passages) and not is_chinese(self.passages[0].paragraph.text)
        if self.reason is Reason.NOT_FOUND and same:
            english = "The speech does not answer this question."
        if self.reason is Reason.NOT_FOUND and self.missing:
            named = ", ".join(map(repr, self.missing[:_NAMED]))
            chinese = f"{chinese.rstrip('。')}：没有提到{'、'.join(f'“{word}”' for word in self.missing[:_NAMED])}。"
            # Of a Chinese speech only this is known, and not that it mentions no loans.
            english = f"No answer was found: no word known here for {named} stands in the speech."
            if same:
                english = f"No answer was found: the speech does not mention {named}."
            if self.nowhere:
                chinese = f"原文没有这一处：{'、'.join(self.missing[:_NAMED])}。"
                english = f"The speech has no such place: {', '.join(self.missing[:_NAMED])}."
        if self.more and not self.nowhere:
            chinese, english = (
                "除了前面引用的句子，没有找到别的回答。",
                "Nothing was found beyond what was quoted before.",
            )
        return chinese if self._in_chinese else english

    @property
    def _in_chinese(self) -> bool:
        """Whether the question is Chinese; where it has no word, 12.1, whether the speech is."""
        closest = "".join(passage.paragraph.text for passage in self.passages[:1])
        return is_chinese(self.question if any(map(str.isalpha, self.question)) else closest)

    @property
    def heading(self) -> str:
        """What stands above the closest passages, so that nobody takes them for support."""
        return "最接近的段落：" if self._in_chinese else "Closest passages:"

    def to_dict(self) -> dict[str, Any]:
        """Return the reply as plain data, ready for JSON."""
        return _to_dict(self, reason=str(self.reason), missing=list(self.missing))

    def __str__(self) -> str:
        closest = [f"- {p.paragraph.address} {excerpt(p.paragraph.text)}" for p in self.passages[:3]]
        return "\n".join([self.text, *(["", self.heading, *closest] if closest else [])])


Reply = Answer | Refusal


def incomplete(question: str, error: Exception) -> str:
    """Return the notice of an answer that ends where the model failed."""
    return f"回答不完整：{error}" if is_chinese(question) else f"This answer is incomplete: {error}"


def replaced(question: str, error: Exception) -> str:
    """Return the notice of a reply by quotes, in place of the model's."""
    if is_chinese(question):
        return f"语言模型未能作答，改由只摘录原文的方式回答：{error}"
    return f"The language model failed; what only quotes has answered instead: {error}"


def partly(question: str, unanswered: Sequence[str]) -> str:
    """Return the notice of an answer to a part of a question, with what is not answered of it."""
    parts = [re.sub(r"^and\b", "", part, flags=re.IGNORECASE).strip(" ，,；;。.？?！!") for part in unanswered]
    if is_chinese(question):
        return f"原文没有回答其中的{'、'.join(f'“{part}”' for part in parts)}。"
    return f"The speech does not answer: {'; '.join(map(repr, parts))}."


def excerpt(text: str, length: int = 100) -> str:
    """Return the beginning of a text, with … where it was cut; for passages that are shown as closest."""
    return text if len(text) <= length else text[:length] + "…"


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)


def _to_dict(
    reply: Reply,
    *,
    claims: Sequence[Any] = (),
    citations: Sequence[Any] = (),
    reason: str | None = None,
    matched: Sequence[Any] = (),
    mentions: dict[str, Any] | None = None,
    missing: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "kind": reply.kind,
        "question": reply.question,
        "restated": reply.restated,
        "text": reply.text,
        "claims": list(claims),
        "withheld": [{"text": withheld.text, "why": withheld.why} for withheld in reply.withheld],
        "citations": list(citations),
        "passages": _passages(reply.passages),
        "reason": reason,
        "notice": reply.notice,
        "matched": list(matched),
        "mentions": mentions,
        "missing": list(missing),
        "confidence": reply.confidence if reply.confidence is None else round(reply.confidence, 4),
        "made_by": asdict(reply.made_by),
    }


def _mentions(mentions: Mentions | None) -> dict[str, Any] | None:
    if mentions is None:
        return None
    return asdict(mentions) | {"words": list(mentions.words), "times": list(mentions.times)}


def _citation(citation: Citation) -> dict[str, Any]:
    sentence = citation.sentence
    return {
        "number": citation.number,
        "speech": sentence.speech,
        "title": citation.title,
        "paragraph": sentence.paragraph,
        "sentence": sentence.number,
        "address": sentence.address,
        "start": sentence.start,
        "end": sentence.end,
        "listed": [sentence.start + offset for offset in citation.listed] if citation.listed else None,
        "quote": citation.quote,
    }


def _passages(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    return [
        {
            "speech": passage.paragraph.speech,
            "paragraph": passage.paragraph.number,
            "score": round(passage.score, 4),
            "text": passage.paragraph.text,
        }
        for passage in passages
    ]
