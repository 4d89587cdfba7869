"""What the kernel lets through and holds back: `python -m eval.kernel`.

Faithful statements come from `cases/kernel.toml`. Unfaithful ones are made from the speech itself, which is the hard
case, since their words all belong to the field: a sentence with its last clause replaced by, or followed by, a clause
of another sentence that it does not cite; a sentence with one content word replaced by one of another sentence; and a
sentence with two of its own words exchanged. Words left out cannot be made so, since that is how a paraphrase shortens:
those whose absence changes the sense (防止, 反, 正在向……转变) were chosen one by one.
"""

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from assistant.citations import Claim, check
from assistant.corpus import Corpus, Sentence
from assistant.settings import bundled
from assistant.text import content_words

SEED = 20201130


def main() -> None:
    """Print one row a kind of statement: how many there are, and how many of them pass."""
    sentences = list(Corpus.from_folder(bundled("seeds")).sentences)
    cases = tomllib.loads((Path(__file__).parent / "cases" / "kernel.toml").read_text("utf-8"))
    typer.echo("| statements | number | pass |\n| --- | --: | --: |")
    for name, drafts in (
        ("faithful paraphrases", _by_hand(cases["faithful"])),
        ("with a clause of another sentence", list(_foreign_clauses(sentences))),
        ("with one word of another sentence", list(_foreign_words(sentences))),
        ("with two of its words exchanged", list(_exchanged_words(sentences))),
        ("with words left out that change the sense", _by_hand(cases["shortened"])),
    ):
        passed = sum(_passes(draft, sentences) for draft in drafts)
        typer.echo(f"| {name} | {len(drafts)} | {passed} ({passed / len(drafts):.1%}) |")


def _by_hand(cases: list[dict[str, Any]]) -> list[str]:
    return [case["text"] + "".join(f"[{address}]" for address in case["cites"]) for case in cases]


def _passes(draft: str, shown: list[Sentence]) -> bool:
    return all(isinstance(result, Claim) for result in check([draft], shown))


def _foreign_clauses(sentences: list[Sentence]) -> Iterator[str]:
    chance = random.Random(SEED)
    for sentence in sentences:
        clauses = re.split(r"(?<=，)", sentence.text)
        for _ in range(4):
            other = chance.choice([s for s in sentences if s.paragraph != sentence.paragraph])
            foreign = chance.choice(re.split(r"(?<=，)", other.text)).rstrip("，。；")
            head = (
                "".join(clauses[:-1])
                if chance.random() < 0.5 and len(clauses) > 1
                else sentence.text.rstrip("。；") + "，"
            )
            if foreign not in sentence.text:
                yield f"{head}{foreign}。[{sentence.address}]"


def _foreign_words(sentences: list[Sentence]) -> Iterator[str]:
    chance = random.Random(SEED)
    words = sorted({word for sentence in sentences for word in content_words(sentence.text) if len(word) > 1})
    for sentence in sentences:
        mine = sorted({word for word in content_words(sentence.text) if len(word) > 1 and word in sentence.text})
        for _ in range(4 if mine else 0):
            word, foreign = chance.choice(mine), chance.choice(words)
            if foreign not in sentence.text:
                yield sentence.text.strip().replace(word, foreign, 1) + f"[{sentence.address}]"


def _exchanged_words(sentences: list[Sentence]) -> Iterator[str]:
    chance = random.Random(SEED)
    for sentence in sentences:
        mine = sorted({word for word in content_words(sentence.text) if len(word) > 1 and word in sentence.text})
        for _ in range(4 if len(mine) > 1 else 0):
            one, other = chance.sample(mine, 2)
            parts = [part.replace(other, one, 1) for part in sentence.text.strip().split(one, 1)]
            changed = other.join(parts)
            if sorted(changed) == sorted(sentence.text.strip()) and changed != sentence.text.strip():
                yield f"{changed}[{sentence.address}]"


if __name__ == "__main__":
    typer.run(main)
