"""Everything that can go wrong, as one tree.

    AssistantError
    ├── SettingsError     a setting is unknown, malformed or cannot be honoured here
    ├── QuestionError     the question is empty, too long or not text
    ├── CorpusError       a speech cannot be read
    │   └── AddressError  no sentence or paragraph stands at this address
    ├── PromptError       a prompt file is missing, or its fields do not match
    ├── IndexingError     the index folder cannot be built, opened or trusted
    ├── ModelError        a language or embedding model failed (`retryable` says whether to try again)
    └── FeedbackError     what a reader thinks of a reply cannot be kept

The message of each is written for the person who sees it and says what to do; the command line and the page show it
as it stands. A refusal to answer is not an error: see `assistant.replies.Refusal`.
"""


class AssistantError(Exception):
    """Base of every error that this package raises on purpose."""


class SettingsError(AssistantError):
    """A setting is unknown, malformed or cannot be honoured on this machine."""


class QuestionError(AssistantError):
    """The question is empty, too long or holds no text."""


class CorpusError(AssistantError):
    """A speech, or the folder that holds the speeches, cannot be read."""


class AddressError(CorpusError):
    """No sentence or paragraph of the corpus stands at the address asked for."""


class PromptError(AssistantError):
    """A prompt file is missing, or the fields it declares are not the ones it was given."""


class IndexingError(AssistantError):
    """The index folder cannot be built, opened or trusted."""


class ModelError(AssistantError):
    """A language or embedding model failed.

    Attributes:
        retryable: whether the same call may succeed later (a rate limit, a time-out), or never will (a wrong key).
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class FeedbackError(AssistantError):
    """What a reader thinks of a reply cannot be kept."""
