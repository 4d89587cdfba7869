"""What the tests share: the bundled speech, and an environment that holds nobody's settings."""

import os
from collections.abc import Iterator

import pytest

from assistant.corpus import Corpus, Speech
from assistant.settings import bundled


# Of the session, so that it also stands before the session's other fixtures.
@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting or key of the user's is seen, and no index of theirs is touched."""
    with pytest.MonkeyPatch.context() as patch:
        for name in tuple(os.environ):
            if name.startswith(("ASSISTANT_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_")):
                patch.delenv(name)
        patch.setenv("ASSISTANT_INDEX", str(tmp_path_factory.mktemp("cache") / "index"))
        yield


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The corpus that comes with the package."""
    return Corpus.from_folder(bundled("seeds"))


@pytest.fixture(scope="session")
def speech(corpus: Corpus) -> Speech:
    """Its only speech."""
    return corpus.speeches[0]
