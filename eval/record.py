"""Asking a model for what is not recorded yet. Nothing else in the evaluation calls one."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from assistant.assistant import Answerer, Assistant
from assistant.errors import ModelError
from eval.answerers import answering
from eval.cases import Case
from eval.errors import MissingError
from eval.recordings import RecordingAnswerer
from eval.runs import converse

MAX_FAILURES = 3
"""In a row; then nobody answers, and the rest is not tried."""


def record(
    assistant: Assistant,
    answerer: Answerer,
    cases: Sequence[Case],
    folder: Path,
    watch: Callable[[Iterable[Case]], Iterable[Case]] = iter,
) -> int:
    """Record the answerer's drafts for the cases, and return how many cases are recorded whole.

    What is there is not asked again, so a recording that was stopped goes on where it ended.

    Raises:
        RecordingError: the answerer may not record in this folder.
        MissingError: some cases could not be recorded; the others are kept.
    """
    recorder = answering(assistant, RecordingAnswerer(answerer, folder))
    failures: list[ModelError] = []
    row = done = 0
    for case in watch(cases):
        if row == MAX_FAILURES:
            break
        try:
            reply = converse(recorder, case.entry.turns, case.entry.question)
        except ModelError as error:
            failures.append(error)
            row += 1
            continue
        if reply.notice:
            failures.append(ModelError(reply.notice))
            row += 1
            continue
        row, done = 0, done + 1
    if failures:
        raise MissingError(
            f"{done} of {len(cases)} cases are recorded in {folder}. The first that failed: {failures[0]} Run the same "
            "command again for the others."
        )
    return done
