"""What readers think of replies, kept in a file of this machine that the evaluation can turn into cases."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from assistant.errors import FeedbackError
from assistant.render import DISLIKES
from assistant.replies import Reply

VERDICTS = ("up", *DISLIKES)
MAX_BYTES = 100 * 2**20
"""A file this long takes no more: whoever reads it has not done so for a long time."""


def keep(file: Path, verdict: str, reply: Reply, turns: Sequence[str]) -> None:
    """Append one line of JSON: time, verdict, question, the questions before it, and the reply.

    Raises:
        FeedbackError: the verdict is none of `VERDICTS`, or the file cannot be written.
    """
    if verdict not in VERDICTS:
        raise FeedbackError(f"{verdict!r} is no verdict. Known: {', '.join(VERDICTS)}.")
    record = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict,
        "question": reply.question,
        "turns": list(turns),
        "reply": reply.to_dict(),
    }
    line = json.dumps(record, ensure_ascii=False) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock", timeout=5), file.open("a", encoding="utf-8") as out:
            if out.tell() > MAX_BYTES:
                raise FeedbackError(f"{file} is full. Move it away, and a new one is begun.")
            out.write(line)
    except OSError as error:
        raise FeedbackError(
            f"{file} cannot be written: {error.strerror or error}. Check ASSISTANT_FEEDBACK."
        ) from error
