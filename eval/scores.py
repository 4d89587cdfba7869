"""What a reply is worth: one pure function a score, `(case, reply) -> Score`. More is better in all of them.

A score is None where it does not apply (the retrieval of a question that nothing answers); it then stands in no mean.
`why` is filled wherever a score is not full.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.text import numbers, supported_numbers
from eval.cases import Case, KeyPoint
from eval.forms import first_held, form
from eval.replies import Citation, Reply
from eval.sources import Place

MIN_QUOTE = 6
"""Characters. A shorter quote must be a whole sentence, or it could be found anywhere."""
ROOM = 300
"""Cited characters that no answer is blamed for; beyond, it may cite twice what its gold sentences hold."""


@dataclass(frozen=True)
class Score:
    """A value, and why it is not full; None where the score does not apply."""

    value: float | None
    why: str = ""


FULL, NOT_ASKED = Score(1.0), Score(None)


# --- Form ------------------------------------------------------------------------------------------------------------


def well_formed(_: Case, reply: Reply) -> Score:
    """The reply has the declared shape; an answer's claims cite what is listed, a refusal claims and cites nothing."""
    if reply.broken:
        return Score(0, f"malformed: {reply.broken}")
    listed = [citation.number for citation in reply.citations]
    used = {number for claim in reply.claims for number in claim.citations}
    if reply.kind == "refusal":
        if reply.claims or reply.citations:
            return Score(0, f"a refusal with {len(reply.claims)} claims and {len(reply.citations)} citations")
        return FULL if reply.reason else Score(0, "a refusal without a reason")
    if not reply.claims:
        return Score(0, "an answer without a claim")
    if listed != list(range(1, len(listed) + 1)):
        return Score(0, f"the citations are numbered {listed}")
    if used != set(listed):
        return Score(0, f"claims cite {sorted(used)}, and {listed} are listed")
    return FULL


def quotes(case: Case, reply: Reply) -> Score:
    """Share of the quotes that stand in the speech, character for character."""
    return _share([(str(c.number), _quote_problem(case, c)) for c in reply.citations], reply)


def offsets(case: Case, reply: Reply) -> Score:
    """Share of the citations whose offsets hold their quote, and whose paragraph and sentence are those of the offsets."""
    return _share([(str(c.number), _offset_problem(case, c)) for c in reply.citations], reply)


def covered(_: Case, reply: Reply) -> Score:
    """Share of the answer's statements that carry a citation; what stands in the text and in no claim is one without."""
    if not reply.answered:
        return NOT_ASKED
    rows = [(claim.text[:20], "" if claim.citations else "cites nothing") for claim in reply.claims]
    rest = form(re.sub(r"\[\d+\]", "", reply.text))
    for claim in reply.claims:
        rest = rest.replace(form(re.sub(r"\[\d+\]", "", claim.text)), "", 1)
    if rest.strip():
        rows.append((rest[:20], "stands in no claim"))
    return _share(rows, reply)


def grounded_numbers(_: Case, reply: Reply) -> Score:
    """Share of the numbers in the claims that stand in the quotes which the same claim cites.

    Numbers are read by `assistant.text`, which the check uses too; what it overlooks is overlooked here. The digits of
    a translated claim are compared as they stand.
    """
    if not reply.answered:
        return NOT_ASKED
    rows = []
    for claim in reply.claims:
        quoted = reply.quoted(claim)
        known = supported_numbers(quoted)
        bare = {number for each in known for number in re.findall(r"\d+", each)}
        if claim.verdict == "translated":
            rows += [(n, "" if n in bare else "not in its quotes") for n in re.findall(r"\d+", form(claim.text))]
        else:
            rows += [(n, "" if n in known else "not in its quotes") for n in numbers(claim.text)]
    return _share(rows, reply)


# --- Citations -------------------------------------------------------------------------------------------------------


def citation_recall(case: Case, reply: Reply) -> Score:
    """Share of the gold sentences that are cited, of the alternative that fits best; 0 if refused."""
    if not case.answerable:
        return NOT_ASKED
    cited = _cited(case, reply.citations)
    best = max(case.gold, key=lambda gold: (len(gold & cited) / len(gold), -len(gold)))
    value = len(best & cited) / len(best)
    missing = ", ".join(str(place) for place in sorted(best - cited))
    return Score(value, "" if value == 1 else f"does not cite {missing}")


def citation_precision(case: Case, reply: Reply) -> Score:
    """Share of the cited sentences that are gold in any alternative; 0 if refused."""
    if not case.answerable:
        return NOT_ASKED
    if not (cited := _cited(case, reply.citations)):
        return Score(0, "cites nothing")
    wrong = sorted(cited - frozenset[Place]().union(*case.gold))
    value = 1 - len(wrong) / len(cited)
    return Score(value, "" if not wrong else f"cites {', '.join(str(place) for place in wrong)}, not gold")


def first_citation(case: Case, reply: Reply) -> Score:
    """Whether the first citation is of a gold sentence of any alternative; 0 if refused."""
    if not case.answerable:
        return NOT_ASKED
    cited = _cited(case, reply.citations[:1])
    if cited & frozenset[Place]().union(*case.gold):
        return FULL
    return Score(0, f"cites {', '.join(map(str, cited)) or 'nothing'} first")


def within_budget(case: Case, reply: Reply) -> Score:
    """Whether the answer keeps to its budget of cited characters, so that citing everything cannot win."""
    if not case.answerable or not reply.answered:
        return NOT_ASKED
    gold = max(sum(place.end - place.start for place in alternative) for alternative in case.gold)
    allowed, used = max(ROOM, 2 * gold), sum(len(citation.quote) for citation in reply.citations)
    return FULL if used <= allowed else Score(0, f"cites {used} characters, {allowed} are allowed")


# --- Content ---------------------------------------------------------------------------------------------------------


def answered(case: Case, reply: Reply) -> Score:
    """Whether a question that the speech answers was answered; one minus its mean is the over-refusal rate."""
    if not case.answerable:
        return NOT_ASKED
    return FULL if reply.answered and not reply.broken else Score(0, reply.broken or f"refused: {reply.reason}")


def refused(case: Case, reply: Reply) -> Score:
    """Whether a question that the speech does not answer was refused; one minus its mean is the false-answer rate."""
    if case.answerable:
        return NOT_ASKED
    return Score(0, f"answered, though {case.entry.refuses}") if reply.answered else FULL


def key_points(case: Case, reply: Reply) -> Score:
    """Share of the vital key points that the answer states; 0 if refused."""
    if not case.answerable:
        return NOT_ASKED
    vital = [point for point in case.entry.key_points if point.vital]
    missing = [point.any[0] for point in vital if not _states(case, reply, point)]
    return Score(1 - len(missing) / len(vital), f"does not say {'; '.join(missing)}" if missing else "")


def right_values(case: Case, reply: Reply) -> Score:
    """Whether an answer holds none of the forms that would make it wrong."""
    if not case.answerable or not reply.answered:
        return NOT_ASKED
    text, known = form(_said(reply)), _known(case)
    for point in case.entry.key_points:
        if wrong := first_held(text, point.forbid, known):
            return Score(0, f"says {wrong}")
    return FULL


def right(case: Case, reply: Reply) -> Score:
    """Whether the reply is right: a refusal of what is not answered; else all vital points, nothing wrong, gold cited."""
    if not case.answerable:
        return refused(case, reply)
    for score in (answered, key_points, right_values, quotes, offsets):
        result = score(case, reply)
        if result.value is not None and result.value < 1:
            return Score(0, result.why)
    if not _cited(case, reply.citations) & frozenset[Place]().union(*case.gold):
        return Score(0, "cites no gold sentence")
    return FULL


def truth(case: Case, reply: Reply) -> Score:
    """+1 for a right reply, 0 for a question refused that the speech answers, -1 for any other."""
    result = right(case, reply)
    if result.value:
        return FULL
    refuses = case.answerable and not reply.answered
    return Score(0 if refuses else -1, result.why)


SCORES: dict[str, Callable[[Case, Reply], Score]] = {
    score.__name__: score
    for score in (
        *(right, truth, answered, refused, key_points, right_values),
        *(citation_recall, citation_precision, first_citation, within_budget),
        *(well_formed, quotes, offsets, covered, grounded_numbers),
    )
}


# --- Shared ----------------------------------------------------------------------------------------------------------


def _share(rows: list[tuple[str, str]], reply: Reply) -> Score:
    """Return the share of rows (name, problem) without a problem; not asked where there is none."""
    if reply.broken:
        return Score(0, f"malformed: {reply.broken}")
    if not rows:
        return NOT_ASKED
    wrong = [f"{name}: {problem}" for name, problem in rows if problem]
    return Score(1 - len(wrong) / len(rows), "; ".join(wrong))


def _quote_problem(case: Case, citation: Citation) -> str:
    text = case.source.texts.get(citation.speech)
    if text is None:
        return f"there is no speech {citation.speech}"
    if citation.quote not in text or not citation.quote.strip():
        return f"{citation.quote[:20]!r} does not stand in the speech"
    whole = any(case.source.text(place) == citation.quote.strip() for place in case.source.places)
    return "" if whole or len(citation.quote.strip()) >= MIN_QUOTE else f"{citation.quote!r} is too short"


def _offset_problem(case: Case, citation: Citation) -> str:
    text = case.source.texts.get(citation.speech, "")
    if text[citation.start : citation.end] != citation.quote or not citation.quote.strip():
        return f"{citation.start}-{citation.end} is not its quote"
    places = case.source.touched(citation.speech, citation.start, citation.end)
    named = [(place.paragraph, place.number) for place in places]
    if named != [(citation.paragraph, citation.sentence)]:
        return f"it is called {citation.paragraph}.{citation.sentence} and is {', '.join(map(str, places))}"
    return ""


def _cited(case: Case, citations: Sequence[Citation]) -> frozenset[Place]:
    """Return the sentences that are cited by a valid quote: an invalid one points nowhere."""
    return frozenset(
        place
        for citation in citations
        if not _quote_problem(case, citation) and not _offset_problem(case, citation)
        for place in case.source.touched(citation.speech, citation.start, citation.end)
    )


def _said(reply: Reply) -> str:
    counts = [f"{times}次" for times in reply.mentions.times] if reply.mentions else []
    return "\n".join([*(claim.text for claim in reply.claims), *counts])


def _states(case: Case, reply: Reply, point: KeyPoint) -> bool:
    """Whether the answer states a key point.

    A translated claim states what its quotes do: they stand below it, and forms are written in the speech's words.
    """
    shown = [_said(reply), *(reply.quoted(claim) for claim in reply.claims if claim.verdict == "translated")]
    return any(first_held(form(text), point.any, _known(case)) for text in shown)


def _known(case: Case) -> str:
    return form("\n".join(case.source.texts.values()))
