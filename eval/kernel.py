"""What the threshold of the kernel lets through and holds back: `python -m eval.kernel`.

Faithful statements come from `cases/kernel.toml`. Unfaithful ones are made from the speech itself, which is the hard
case, since their words all belong to the field: a sentence with its last clause replaced by, or followed by, a clause
of another sentence that it does not cite; and a sentence with one content word replaced by one of another sentence.
"""

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import typer

from assistant import citations
from assistant.citations import Claim, check
from assistant.corpus import Corpus, Sentence
from assistant.settings import bundled
from assistant.text import content_words

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0)
SEED = 20201130


def main() -> None:
    """Print one row a threshold: faithful statements withheld, unfaithful ones let through."""
    speech = Corpus.from_folder(bundled("seeds")).speeches[0]
    sentences = [sentence for sentence in speech.sentences if sentence.paragraph]
    cases = tomllib.loads((Path(__file__).parent / "cases" / "kernel.toml").read_text("utf-8"))["faithful"]
    faithful = [case["text"] + "".join(f"[{address}]" for address in case["cites"]) for case in cases]
    sets = {
        "faithful withheld": (faithful, False),
        "clause of another sentence let through": (list(_foreign_clauses(sentences)), True),
        "word of another sentence let through": (list(_foreign_words(sentences)), True),
    }
    typer.echo(
        "| MIN_COVERAGE | " + " | ".join(f"{name} (n = {len(drafts)})" for name, (drafts, _) in sets.items()) + " |"
    )
    typer.echo("| --: |" + " --: |" * len(sets))
    chosen = citations.MIN_COVERAGE
    for threshold in THRESHOLDS:
        citations.MIN_COVERAGE = threshold
        shares = [
            sum(_passes(draft, sentences) is wanted for draft in drafts) / len(drafts)
            for drafts, wanted in sets.values()
        ]
        mark = " (chosen)" if threshold == chosen else ""
        typer.echo(f"| {threshold}{mark} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")


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


if __name__ == "__main__":
    typer.run(main)
