"""What can go wrong here: `EvalError` is the user's to correct (exit 2), `MissingError` is not there (exit 3)."""


class EvalError(Exception):
    """A case, a run, a gate or an argument is wrong. The message is one line that says what to do."""


class MissingError(Exception):
    """Something that the evaluation needs is not there: a recording, a model, room on the disk."""
