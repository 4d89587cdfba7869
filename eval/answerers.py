"""Who is asked: by name, as `--answerer` takes it."""

from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.errors import AssistantError
from eval.errors import EvalError, MissingError

OFFLINE = "extractive"


def open_assistant(answerer: str, seeds: Path | None) -> Assistant:
    """Return the assistant that `--answerer` and `--seeds` name.

    Raises:
        EvalError: there is no such answerer.
        MissingError: it cannot be made here: no speech, no index, a wrong setting.
    """
    overrides: dict[str, Any] = {} if seeds is None else {"seeds": seeds}
    if answerer != OFFLINE:
        raise EvalError(f"There is no answerer {answerer!r}. Known: {OFFLINE}.")
    try:
        return Assistant.from_settings(answerer=answerer, **overrides)
    except AssistantError as error:
        raise MissingError(str(error)) from error
