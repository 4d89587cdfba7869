"""One frozen `Settings`: from arguments, else `ASSISTANT_…` variables, else defaults."""

import hashlib
import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsError

PREFIX = "ASSISTANT_"
Language = Literal["auto", "zh", "en"]


def bundled(name: str) -> Path:
    """Return the folder `seeds` or `prompts` that came with this package: in it once installed, beside it in a checkout."""
    here = Path(__file__).parent
    installed = here / name
    return installed if installed.is_dir() else here.parent / name


def _bundled_seeds() -> Path:
    return bundled("seeds")


class Settings(BaseSettings):
    """What a user can choose. Make it with `Settings.load`, which turns every mistake into one readable line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    # Corpus
    seeds: Path = Field(default_factory=_bundled_seeds)
    """Folder of speeches (`.txt`, `.md`)."""

    # Index
    index: Path | None = None
    """Folder of the index; by default one per seeds folder under the user's cache folder."""
    embedder: str = "bundled"
    """`bundled`, `lexical`, `openai:<model>`, `fastembed:<model>` or `sentence-transformers:<model>`."""
    passages: int = Field(default=8, ge=1, le=50)
    """How many paragraphs are retrieved for a question."""

    # Answerer
    answerer: Literal["extractive", "llm", "auto"] = "auto"
    """`extractive` quotes, `llm` asks a language model, `auto` does so if `model` is set."""
    model: str | None = None
    """`<preset>:<model>`, such as `ollama:qwen3`, or LangChain's `<provider>:<model>`."""
    language: Language = "auto"
    """What a model answers in: `zh`, `en`, or `auto` for the language of the question."""
    fallback: bool = True
    """Whether quotes take the place of an answer where the model fails; a notice says so."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """How freely the model chooses its words; its server's default if not set."""
    max_tokens: int = Field(default=3_000, ge=16)
    """How long a drafted answer may be, in the model's tokens; thoughts count where a model cannot be kept from them."""

    # The page
    feedback: Path | None = None
    """File that keeps what readers of the page think of replies; by default one in the user's data folder."""

    # Servers of models
    base_url: str | None = Field(default=None, repr=False)
    """Address of an OpenAI-compatible server, such as http://localhost:11434/v1."""
    api_key: SecretStr | None = None
    """Key for that server; if not set, the provider's own variable, such as `OPENAI_API_KEY`."""
    connect_timeout: float = Field(default=5.0, gt=0)
    """Seconds until a server must have taken the connection."""
    read_timeout: float = Field(default=60.0, gt=0)
    """Seconds that a model may be silent, before its first word and between two."""
    max_retries: int = Field(default=2, ge=0, le=10)
    """How often a failed request is sent again, after the pause that the server asks for."""

    @field_validator("seeds", "index", "feedback")
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        try:
            return path and path.expanduser()
        except RuntimeError as error:
            raise ValueError(f"{path} names no user's folder") from error

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Return the settings; `overrides` win over the environment.

        Raises:
            SettingsError: a name is unknown or a value does not fit; the message names it and the remedy.
        """
        known = cls.model_fields
        for name in os.environ:
            if name.upper().startswith(PREFIX) and name[len(PREFIX) :].lower() not in known:
                raise SettingsError(f"{name} is not a setting. Known: {_names(known, PREFIX, str.upper)}.")
        if unknown := sorted(overrides.keys() - known.keys()):
            raise SettingsError(f"{unknown[0]!r} is not a setting. Known: {_names(known)}.")
        try:
            return cls(**overrides)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            name = str(first["loc"][0]) if first["loc"] else "settings"
            variable = f"{PREFIX}{name.upper()}"
            raise SettingsError(f"{name} ({variable}): {first['msg']}.") from None

    @property
    def uses_model(self) -> bool:
        """Whether a language model answers."""
        return self.answerer == "llm" or (self.answerer == "auto" and bool(self.model))

    @property
    def index_folder(self) -> Path:
        """Where the index lies: `index`, or a folder of the user's cache that belongs to these seeds."""
        if self.index is not None:
            return self.index
        from platformdirs import user_cache_path

        key = hashlib.sha256(str(self.seeds.resolve()).encode()).hexdigest()[:12]
        return user_cache_path("speech-assistant", appauthor=False) / f"index-{key}"

    @property
    def feedback_file(self) -> Path:
        """Where feedback is kept: `feedback`, or a file in the user's data folder."""
        if self.feedback is not None:
            return self.feedback
        from platformdirs import user_data_path

        return user_data_path("speech-assistant", appauthor=False) / "feedback.jsonl"


def _names(known: Any, prefix: str = "", case: Any = str) -> str:
    return ", ".join(prefix + case(name) for name in known)
