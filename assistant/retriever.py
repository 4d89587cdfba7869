"""The index as a LangChain retriever.

A module of its own because importing `langchain_core.retrievers` takes a second, which a question must not wait for.
"""

from collections.abc import Callable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field


class PassageRetriever(BaseRetriever):
    """Finds paragraphs for a question; made by `Index.as_retriever`.

    One `Document` a paragraph, best first: its text, and as metadata `speech`, `title`, `paragraph`, `address`,
    `start`, `end` and `score`.
    """

    find: Callable[[str, int], list[Document]]
    k: int = Field(default=8, ge=1)
    """How many paragraphs; `invoke(question, k=…)` overrides it for one call."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  (LangChain passes it by name)
        k: int | None = None,
    ) -> list[Document]:
        return self.find(query, self.k if k is None else k)
