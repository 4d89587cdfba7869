"""Does the answer follow its citation? The cited sentence is changed, and the same question asked of the changed speech.

    follow_*        the sentence says something else (`eval.mutations`): answer and quote must say it too
    necessity       the cited sentences are deleted: the answer must change or be refused
    honest_without  the same: it must be refused, or rest on another gold sentence; anything else is made of the wrong
    sufficiency     nothing but the title and the cited sentences is left: the key points must still be there
    keeps_original  somebody else says the opposite at the end of the speech: the original must still be cited
    ignores_decoy   the same: nothing of what they say may be stated; one minus its mean is the conflict rate. An answer
                    that quotes both and names who says what is no lie, but it is no answer either

Only questions that were answered can be asked so, and for sufficiency only those with all key points. Every changed
speech is a folder of seeds and an index of its own, both temporary; cases that change it alike share them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval.answerers import OFFLINE, open_assistant
from eval.cases import SPLITS, Case
from eval.errors import EvalError
from eval.forms import first_held, form
from eval.judgements import Judgement
from eval.mutations import Mutation, mutations
from eval.replies import Reply, read
from eval.runs import converse
from eval.scores import FULL, Score
from eval.sources import Place
from eval.tables import table, with_interval

TRIALS = (
    *("follow_number", "follow_name", "follow_polarity"),
    *("necessity", "honest_without", "sufficiency"),
    *("keeps_original", "ignores_decoy"),
)
_OF_THE_WHOLE_TEXT = frozenset(("place", "mention"))
"""Kinds of questions."""
DECOY = "一位网民在评论中说："
"""Before what contradicts the speech."""

Asked = tuple[tuple[str, ...], str]
"""Earlier turns and the question."""
Files = dict[str, bytes]
"""A folder of seeds."""


@dataclass(frozen=True)
class Trial:
    """A case asked of a changed speech, and how the reply is judged."""

    case: Case
    name: str
    change: str
    """What was changed, in words."""
    speech: str
    text: str
    """Of that speech, as it reads now."""
    score: Callable[[Reply], Score]

    @property
    def key(self) -> tuple[str, str]:
        """What trials share that are asked of the same changed speech."""
        return self.speech, self.text

    @property
    def asked(self) -> Asked:
        return tuple(self.case.entry.turns), self.case.entry.question


@dataclass(frozen=True)
class Outcome:
    """What a trial is worth."""

    case: Case
    name: str
    change: str
    score: Score


def trials(judgements: Iterable[Judgement]) -> list[Trial]:
    """Return what can be tried on the replies: nothing where a question was refused or cites nothing valid.

    Nor where it asks for a place or a count: what answers then hangs on the whole speech, and not on the cited sentence.
    """
    asked = (j for j in judgements if j.case.kind not in _OF_THE_WHOLE_TEXT)
    return [trial for j in asked if (cited := _cited(j)) for trial in _trials(j, cited)]


def measure(chosen: Sequence[Trial], seeds: Path, jobs: int) -> list[Outcome]:
    """Ask every trial of its own speech and return the outcomes, in the same order.

    Raises:
        EvalError: `seeds` holds no file with the speech of a case.
    """
    files = _read(seeds)
    asked: dict[tuple[str, str], dict[Asked, None]] = {}
    changed: dict[tuple[str, str], Files] = {}
    for trial in chosen:
        asked.setdefault(trial.key, {})[trial.asked] = None
        if trial.key not in changed:
            changed[trial.key] = _with(files, trial.case.source.texts[trial.speech], trial.text)
    # Started anew and not forked: what is open in Chroma must not be shared.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        answers = list(pool.map(_ask, changed.values(), map(list, asked.values()), chunksize=4))
    replies = {
        (key, question): read(raw)
        for (key, questions), raws in zip(asked.items(), answers, strict=True)
        for question, raw in zip(questions, raws, strict=True)
    }
    return [Outcome(t.case, t.name, t.change, t.score(replies[t.key, t.asked])) for t in chosen]


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """Return a row for every kind of trial: mean and interval in each split."""
    splits = [split for split in SPLITS if any(o.case.split == split for o in outcomes)]
    rows = [
        [f"`{name}`", *(_rate([o for o in outcomes if o.name == name and o.case.split == split]) for split in splits)]
        for name in TRIALS
    ]
    return table(["changed speech", *splits], rows)


def to_dict(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return the outcomes ready for JSON."""
    return [
        {"case": o.case.id, "name": o.name, "change": o.change, "value": o.score.value, "why": o.score.why}
        for o in outcomes
    ]


def from_dict(rows: Iterable[dict[str, Any]], cases: Iterable[Case]) -> list[Outcome]:
    """Return the outcomes of those cases among `to_dict`'s rows."""
    by_id = {case.id: case for case in cases}
    return [
        Outcome(by_id[row["case"]], row["name"], row["change"], Score(row["value"], row["why"]))
        for row in rows
        if row["case"] in by_id
    ]


# --- The trials ------------------------------------------------------------------------------------------------------


def _trials(j: Judgement, cited: list[Place]) -> Iterator[Trial]:
    source = j.case.source
    place = next((place for place in cited if any(place in gold for gold in j.case.gold)), cited[0])
    speech, text, sentence = place.speech, source.texts[place.speech], source.text(place)
    trial = partial(Trial, j.case, speech=speech)
    found = mutations(sentence, j.case.entry.question)
    for mutation in found:
        changed = text[: place.start] + mutation.sentence + text[place.end :]
        change = f"{place}: {mutation.old} → {mutation.new}"
        yield trial(f"follow_{mutation.kind}", change, text=changed, score=partial(_follows, mutation))
    if found:
        # Of the last kind, the flipped verb where there is one: a decoy about another day contradicts nobody.
        decoy = f"{DECOY}“{found[-1].sentence.strip('。；')}。”"
        both, change = f"{text.rstrip()}\n\n{decoy}\n", f"at the end: {decoy}"
        yield trial("keeps_original", change, text=both, score=partial(_keeps, sentence.strip()))
        yield trial("ignores_decoy", change, text=both, score=partial(_ignores, decoy))
    own = [place for place in cited if place.speech == speech]
    names, quotes = ", ".join(map(str, own)), {source.text(place).strip() for place in own}
    without, change = _cut(text, own), f"without {names}"
    before = {form(claim.text) for claim in j.reply.claims}
    others = {source.text(p).strip() for gold in j.case.gold for p in gold} - quotes
    yield trial("necessity", change, text=without, score=partial(_changes, before))
    yield trial("honest_without", change, text=without, score=partial(_honest, others))
    if j.value("key_points") == 1:
        only = _only(text, own)
        yield trial("sufficiency", f"only {names}", text=only, score=partial(_suffices, j.case, only))


def _follows(mutation: Mutation, reply: Reply) -> Score:
    if not reply.answered:
        return Score(0, f"refused: {reply.reason}")
    wanted = mutation.sentence.strip()
    numbers = {citation.number for citation in reply.citations if citation.quote.strip() == wanted}
    if not numbers:
        return Score(0, f"does not quote the changed sentence, but {_quotes(reply)}")
    said = "\n".join(claim.text for claim in reply.claims if numbers & set(claim.citations))
    return FULL if form(mutation.new) in form(said) else Score(0, f"quotes the change and says {said}")


def _keeps(original: str, reply: Reply) -> Score:
    if not reply.answered:
        return Score(0, f"refused: {reply.reason}")
    if any(citation.quote.strip() == original for citation in reply.citations):
        return FULL
    return Score(0, f"no longer quotes the original, but {_quotes(reply)}")


def _ignores(decoy: str, reply: Reply) -> Score:
    quoted = any(citation.quote.strip() in decoy for citation in reply.citations)
    return Score(0, f"quotes the decoy: {_quotes(reply)}") if quoted else FULL


def _changes(before: set[str], reply: Reply) -> Score:
    same = [claim.text for claim in reply.claims if form(claim.text) in before]
    return FULL if not reply.answered or not same else Score(0, f"still says {' '.join(same)}")


def _honest(others: set[str], reply: Reply) -> Score:
    if not reply.answered or any(citation.quote.strip() in others for citation in reply.citations):
        return FULL
    return Score(0, f"answers all the same: {_quotes(reply)}")


def _suffices(case: Case, known: str, reply: Reply) -> Score:
    if not reply.answered:
        return Score(0, f"refused: {reply.reason}")
    said = form("\n".join([claim.text for claim in reply.claims] + [citation.quote for citation in reply.citations]))
    missing = [p.any[0] for p in case.entry.key_points if p.vital and not first_held(said, p.any, form(known))]
    return Score(0, f"does not say {'; '.join(missing)}") if missing else FULL


def _rate(outcomes: Sequence[Outcome]) -> str:
    values = [o.score.value for o in outcomes if o.score.value is not None]
    return with_interval(values, [o.case.cluster for o in outcomes])


def _quotes(reply: Reply) -> str:
    return " ".join(citation.quote.strip() for citation in reply.citations)


# --- Changed speeches ------------------------------------------------------------------------------------------------


def _cited(j: Judgement) -> list[Place]:
    """Return the sentences that an answer cites, in the order of its citations; none of a reply that is no answer."""
    if not j.case.answerable or not j.reply.answered:
        return []
    places = [p for c in j.reply.citations for p in j.case.source.touched(c.speech, c.start, c.end)]
    return list(dict.fromkeys(places))


def _cut(text: str, places: Iterable[Place]) -> str:
    for place in sorted(places, reverse=True):
        text = text[: place.start] + text[place.end :]
    return text


def _only(text: str, places: Iterable[Place]) -> str:
    """Return the title and the places, each paragraph a line as before."""
    lines: dict[int, str] = {}
    for place in sorted(places):
        lines[place.paragraph] = lines.get(place.paragraph, "") + text[place.start : place.end]
    title = text.lstrip().splitlines()[0]
    return "\n\n".join([title, *(line for paragraph, line in lines.items() if paragraph)]) + "\n"


def _read(seeds: Path) -> Files:
    """Return the files of a folder of seeds; its catalogue without the hashes, which hold for the speech as it was."""
    files = {path.name: path.read_bytes() for path in sorted(seeds.iterdir()) if path.is_file()}
    if catalogue := files.get("corpus.toml"):
        files["corpus.toml"] = re.sub(rb"(?m)^sha256 *=.*$", b"", catalogue)
    return files


def _with(files: Files, before: str, after: str) -> Files:
    for name, data in files.items():
        if data.removeprefix(b"\xef\xbb\xbf") == before.encode():
            return files | {name: after.encode()}
    raise EvalError("The seeds hold no file with the speech that the cases are about. Give their folder with --seeds.")


def _ask(files: Files, questions: Sequence[Asked]) -> list[Any]:
    """Ask questions of a speech that stands nowhere but here."""
    with TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for name, data in files.items():
            (seeds / name).write_bytes(data)
        with open_assistant(OFFLINE, seeds, index=Path(folder) / "index") as assistant:
            return [converse(assistant, turns, question).to_dict() for turns, question in questions]
