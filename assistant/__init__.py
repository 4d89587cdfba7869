"""Ask a speech, and get its own words.

>>> from assistant import Assistant
>>> assistant = Assistant.from_settings()
>>> print(assistant.ask("怎样让创新成果更好惠及人民？"))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.assistant import (
        Answerer as Answerer,
    )
    from assistant.assistant import (
        Assistant as Assistant,
    )
    from assistant.citations import (
        Citation as Citation,
    )
    from assistant.citations import (
        Claim as Claim,
    )
    from assistant.citations import (
        Verdict as Verdict,
    )
    from assistant.citations import (
        Withheld as Withheld,
    )
    from assistant.conversation import (
        Conversation as Conversation,
    )
    from assistant.corpus import (
        Corpus as Corpus,
    )
    from assistant.corpus import (
        Paragraph as Paragraph,
    )
    from assistant.corpus import (
        Sentence as Sentence,
    )
    from assistant.corpus import (
        Speech as Speech,
    )
    from assistant.errors import (
        AddressError as AddressError,
    )
    from assistant.errors import (
        AssistantError as AssistantError,
    )
    from assistant.errors import (
        CorpusError as CorpusError,
    )
    from assistant.errors import (
        FeedbackError as FeedbackError,
    )
    from assistant.errors import (
        IndexingError as IndexingError,
    )
    from assistant.errors import (
        ModelError as ModelError,
    )
    from assistant.errors import (
        PromptError as PromptError,
    )
    from assistant.errors import (
        QuestionError as QuestionError,
    )
    from assistant.errors import (
        SettingsError as SettingsError,
    )
    from assistant.index import (
        Index as Index,
    )
    from assistant.index import (
        Passage as Passage,
    )
    from assistant.replies import (
        Answer as Answer,
    )
    from assistant.replies import (
        Provenance as Provenance,
    )
    from assistant.replies import (
        Reason as Reason,
    )
    from assistant.replies import (
        Refusal as Refusal,
    )
    from assistant.replies import (
        Reply as Reply,
    )
    from assistant.replies import (
        Turn as Turn,
    )
    from assistant.settings import (
        Settings as Settings,
    )

# In the order in which data flows. Loaded on first use, so that `import assistant` costs nothing.
_HOME = {
    "Settings": "settings",
    "Corpus": "corpus",
    "Speech": "corpus",
    "Paragraph": "corpus",
    "Sentence": "corpus",
    "Index": "index",
    "Passage": "index",
    "Claim": "citations",
    "Withheld": "citations",
    "Citation": "citations",
    "Verdict": "citations",
    "Answer": "replies",
    "Refusal": "replies",
    "Reply": "replies",
    "Reason": "replies",
    "Provenance": "replies",
    "Turn": "replies",
    "Answerer": "assistant",
    "Assistant": "assistant",
    "Conversation": "conversation",
    "AssistantError": "errors",
    "SettingsError": "errors",
    "QuestionError": "errors",
    "CorpusError": "errors",
    "AddressError": "errors",
    "PromptError": "errors",
    "IndexingError": "errors",
    "ModelError": "errors",
    "FeedbackError": "errors",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    return getattr(import_module(f"assistant.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
