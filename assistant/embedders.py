"""Texts to vectors: the embedder that comes with this package, and others by name.

    bundled                          the encoder that comes with this package, compares meaning
    lexical                          compares words and characters
    openai:<model>                   any server that speaks OpenAI's /embeddings
    fastembed:<model>                extra `fastembed`, runs here (ONNX)
    sentence-transformers:<model>    extra `sentence-transformers`, runs here (PyTorch)

Each is a LangChain `Embeddings` with a fingerprint, so that it also serves in a chain of the user's own. None ever
downloads a model: a missing package or model is a `SettingsError` that says how to get it.
"""

import importlib.util
import math
import os
import re
import tempfile
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from langchain_core.embeddings import Embeddings
from pydantic import SecretStr

from assistant.encoder import bundled_encoder
from assistant.errors import ModelError, SettingsError
from assistant.servers import OPENAI_URL, Server
from assistant.settings import Settings
from assistant.text import SPLITTER_VERSION, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 2048
"""Length of a lexical vector. Such vectors alone find the paragraph first, on CMRC dev, in 92.5 % of the questions at
2,048 dimensions and in 72.8 % at 512."""

REQUEST_SECONDS = 60.0
"""How long one request for ten texts may take: a small machine that runs a large model needs most of it."""

TEXTS_PER_REQUEST = 10
"""Some OpenAI-compatible servers refuse more (DashScope: memodb-io/memobase#142)."""

_QUERY_PREFIX = "为这个句子生成表示以用于检索相关文章："
"""What the model card of BAAI/bge-*-zh-v1.5 puts before a question, and only there."""


class Embedder(Protocol):
    """What the index needs: LangChain's `Embeddings`, and a name for what the stored vectors depend on."""

    @property
    def fingerprint(self) -> str:
        """Changes exactly when vectors stored earlier can no longer be compared with new ones."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text; none is zero.

        Raises:
            ModelError: the model failed, or gave no usable vectors.
        """

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question; it is not zero.

        Raises:
            ModelError: the model failed, or gave no usable vector.
        """


def make_embedder(settings: Settings, texts: Sequence[str]) -> Embedder:
    """Return the embedder that `settings.embedder` names.

    Args:
        settings: `embedder`, and for a server `base_url` and `api_key`.
        texts: the paragraphs that will be searched: the lexical embedder weighs the words of a question by their
            rarity in them, the neural ones ignore them.

    Raises:
        SettingsError: the name is unknown, or its package, model or key is missing.
    """
    kind, _, model = settings.embedder.partition(":")
    local: dict[str, Callable[[str], Embedder]] = {
        "fastembed": FastEmbedEmbedder,
        "sentence-transformers": SentenceTransformersEmbedder,
    }
    if settings.embedder == "bundled":
        return BundledEmbedder()
    if settings.embedder == "lexical":
        return LexicalEmbedder(texts)
    if kind == "openai" and model:
        return OpenAIEmbedder(model, settings.base_url, settings.api_key)
    if kind in local and model:
        return local[kind](model)
    raise SettingsError(
        f"{settings.embedder!r} is not an embedder. Known: bundled, lexical, openai:<model>, fastembed:<model>, "
        "sentence-transformers:<model>; for example ASSISTANT_EMBEDDER=openai:text-embedding-3-small."
    )


def as_matrix(vectors: Any, rows: int, fingerprint: str) -> "NDArray[np.float32]":
    """Return what an embedder gave as a matrix of unit vectors.

    Returns:
        Shape (`rows`, dimensions), single precision, every row of length 1.

    Raises:
        ModelError: not `rows` vectors of one length, or one of them is zero or not finite.
    """
    import numpy as np

    try:
        matrix = np.asarray(vectors, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"The embedding model {fingerprint} gave vectors of different lengths.") from error
    if matrix.ndim != 2 or len(matrix) != rows or matrix.shape[1] == 0:
        shape = " × ".join(map(str, matrix.shape))
        raise ModelError(f"The embedding model {fingerprint} gave {shape} numbers for {rows} texts.")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    # NaN and infinity pass through the norm; a zero vector is equally far from everything.
    if not np.isfinite(lengths).all() or not lengths.all():
        raise ModelError(f"The embedding model {fingerprint} gave a vector that is zero or not finite.")
    unit: NDArray[np.float32] = (matrix / lengths).astype(np.float32)
    return unit


# --- Lexical ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2**17)
def _bucket(token: str) -> tuple[int, float]:
    """Return the dimension of a token and its sign, the same on every machine and in every run."""
    digest = blake2b(token.encode(), digest_size=5).digest()
    # Dimension 0 is kept for texts without tokens, so that they resemble nothing else.
    return 1 + int.from_bytes(digest[:4], "little") % (DIMENSIONS - 1), 1.0 if digest[4] & 1 else -1.0


class LexicalEmbedder(Embeddings):
    """Hashed TF-IDF over words and character bigrams: compares letters, not meaning.

    The weighting is SMART's lnc.ltc (Manning, Raghavan, Schütze: Introduction to Information Retrieval, 6.4.3) in a
    signed hash (Weinberger et al. 2009). A stored vector holds no document frequency, hence does not depend on the
    other texts: a changed file concerns its own vectors only. The frequencies enter on the question's side.

    They are those of paragraphs, though sentences are stored: counted in sentences, a word that runs through one
    paragraph, which is what that is about, weighs too little. Of 1,000 questions of CMRC trial, these vectors alone find
    the paragraph first for 85.8 % and among the first three for 98.0 %; with the frequencies of sentences, 83.1 and 96.9.
    """

    fingerprint = f"lexical-hashed-tf-{DIMENSIONS}:tokens-{SPLITTER_VERSION}"

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector of `DIMENSIONS` numbers for each text."""
        return [_hashed({token: 1 + math.log(n) for token, n in Counter(tokens(text)).items()}) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return a unit vector of `DIMENSIONS` numbers, rare words weighing more.

        Words that stand in none of the texts are left out: they could only meet others by a collision of their
        hashes. That finds the paragraph first 2.7 points more often, on CMRC and on DRCD.
        """
        counts = Counter(token for token in tokens(text) if token in self._rarity)
        return _hashed({token: (1 + math.log(n)) * self._rarity[token] for token, n in counts.items()})

    @cached_property
    def _rarity(self) -> dict[str, float]:
        """Inverse document frequency, ln(1 + N/n): smoothed, since a word in all of N texts must not weigh zero."""
        documents = Counter(token for text in self._texts for token in set(tokens(text)))
        return {token: math.log(1 + len(self._texts) / n) for token, n in documents.items()}


def _hashed(weights: dict[str, float]) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for token, weight in weights.items():
        dimension, sign = _bucket(token)
        vector[dimension] += sign * weight
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not length:
        vector[0] = length = 1.0
    return [value / length for value in vector]


# --- Bundled ---------------------------------------------------------------------------------------------------------


class BundledEmbedder(Embeddings):
    """The encoder that comes with this package, as an embedder. Loaded when it is made, not when it is imported."""

    def __init__(self) -> None:
        self._encoder = bundled_encoder()
        self.fingerprint = self._encoder.fingerprint

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector of 384 numbers for each text."""
        vectors: list[list[float]] = self._encoder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question, 384 numbers."""
        vector: list[float] = self._encoder.embed_questions([text])[0].tolist()
        return vector


# --- Neural ----------------------------------------------------------------------------------------------------------


class _NeuralEmbedder(Embeddings):
    """What the neural ones share: checked replies, and the prefix that some models want before a question."""

    def __init__(self, fingerprint: str, model: str) -> None:
        self.fingerprint = fingerprint
        self._prefix = _QUERY_PREFIX if re.search(r"\bbge-\w+-zh-v1\.5", model, re.IGNORECASE) else ""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each text; `ModelError` if the model fails."""
        return self._checked(self._embed, texts) if texts else []

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question; `ModelError` if the model fails."""
        return self._checked(self._embed_questions, [self._prefix + text])[0]

    def _checked(self, embed: Callable[[list[str]], Any], texts: list[str]) -> list[list[float]]:
        try:
            vectors = embed(texts)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"The embedding model {self.fingerprint} failed: {error}") from error
        matrix: list[list[float]] = as_matrix(vectors, len(texts), self.fingerprint).tolist()
        return matrix

    @abstractmethod
    def _embed(self, texts: list[str]) -> Any:
        """Return one vector for each text, as the library gives them."""

    def _embed_questions(self, texts: list[str]) -> Any:
        return self._embed(texts)


class OpenAIEmbedder(_NeuralEmbedder):
    """A model behind OpenAI's `/embeddings` protocol: OpenAI, DashScope, Ollama, vLLM, LM Studio, llama.cpp."""

    def __init__(self, model: str, base_url: str | None = None, api_key: SecretStr | None = None) -> None:
        url = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        self._server = Server.find(f"openai:{model}", url, api_key)
        super().__init__(f"openai:{model}@{self._server.name}", model)

        from langchain_openai import OpenAIEmbeddings
        from openai import Timeout

        self._client = OpenAIEmbeddings(
            model=model,
            openai_api_base=url,
            openai_api_key=self._server.key,
            # Else it fetches a vocabulary from the network, and posts token ids that other servers do not understand.
            check_embedding_ctx_length=False,
            model_kwargs={"encoding_format": "float"},
            chunk_size=TEXTS_PER_REQUEST,
            request_timeout=Timeout(REQUEST_SECONDS, connect=5.0),
            max_retries=2,
        )

    def _embed(self, texts: list[str]) -> Any:
        from openai import OpenAIError

        try:
            return self._client.embed_documents(texts)
        except OpenAIError as error:
            raise self._server.explain(error, self.fingerprint, REQUEST_SECONDS) from None
        except (AttributeError, LookupError, TypeError, ValueError):
            raise ModelError(
                f"What {self.fingerprint} answered is not a reply of an embeddings server. Check ASSISTANT_BASE_URL, "
                "for example http://localhost:11434/v1, and that the model is one for embeddings."
            ) from None


class FastEmbedEmbedder(_NeuralEmbedder):
    """A model of the extra `fastembed`, from its cache folder."""

    def __init__(self, model: str) -> None:
        _need_package("fastembed")
        missing = SettingsError(
            f"The model {model} is not on this machine, or not one of fastembed's. Fetch it once with: python -c "
            f"\"from fastembed import TextEmbedding; TextEmbedding('{model}')\" "
            "(FASTEMBED_CACHE_PATH says where models lie; without it they lie in the temporary folder)."
        )
        # Importing fastembed takes seconds; where no model lies at all, the message need not wait for it.
        cache = Path(os.environ.get("FASTEMBED_CACHE_PATH") or Path(tempfile.gettempdir()) / "fastembed_cache")
        if not cache.is_dir() or not any(path.is_dir() for path in cache.iterdir()):
            raise missing
        from fastembed import TextEmbedding, __version__
        from loguru import logger

        logger.disable("fastembed")  # it would log what `missing` says better
        # With the version: releases have changed how vectors are pooled.
        super().__init__(f"fastembed-{__version__}:{model}", model)
        try:
            self._model = TextEmbedding(model, local_files_only=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise missing from error

    def _embed(self, texts: list[str]) -> Any:
        return list(self._model.passage_embed(texts))

    def _embed_questions(self, texts: list[str]) -> Any:
        return list(self._model.query_embed(texts))


class SentenceTransformersEmbedder(_NeuralEmbedder):
    """A model of the extra `sentence-transformers`: a folder, or one of the Hugging Face cache."""

    def __init__(self, model: str) -> None:
        _need_package("sentence-transformers")
        missing = SettingsError(
            f"The model {model} is not on this machine. Fetch it once with: python -c "
            f"\"from sentence_transformers import SentenceTransformer; SentenceTransformer('{model}')\", "
            "or give the folder of a model: sentence-transformers:/path/to/model."
        )
        # Importing PyTorch takes many seconds; the message need not wait for it.
        if not Path(model).is_dir() and not _in_hub_cache(model):
            raise missing
        from sentence_transformers import SentenceTransformer

        super().__init__(f"sentence-transformers:{model}", model)
        try:
            self._model = SentenceTransformer(model, local_files_only=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise missing from error
        if self._model.prompts.get("query"):
            self._prefix = ""  # the model brings its own, which `encode_query` puts in front

    def _embed(self, texts: list[str]) -> Any:
        return self._model.encode_document(texts, show_progress_bar=False)

    def _embed_questions(self, texts: list[str]) -> Any:
        return self._model.encode_query(texts, show_progress_bar=False)


def _need_package(name: str) -> None:
    if importlib.util.find_spec(name.replace("-", "_")) is None:
        raise SettingsError(f"{name} is not installed. Install it with: pip install 'speech-assistant[{name}]'")


def _in_hub_cache(model: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    folder = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    repositories = [model] if "/" in model else [model, f"sentence-transformers/{model}"]
    try:
        found = [try_to_load_from_cache(name, "config.json", cache_dir=folder) for name in repositories]
    except ValueError:  # not even a name that a model could have
        return False
    return any(isinstance(path, str) for path in found)
