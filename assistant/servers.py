"""Servers that speak OpenAI's protocol: their address, their key, and their errors in words.

Chat models (`llm.py`) and embedding models (`embedders.py`) are reached in the same way and fail in the same way.
"""

import ipaddress
import os
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from assistant.errors import ModelError, SettingsError

OPENAI_URL = "https://api.openai.com/v1"

_NO_KEY = "unused"
"""What the client sends to a server that needs no key: it insists on sending one."""

# What keys of these providers begin with.
_OWNERS = {
    "sk-proj-": "openai",
    "sk-ant-": "anthropic",
    "sk-or-": "openrouter",
    "AIza": "google_genai",
    "gsk_": "groq",
    "hf_": "huggingface",
    "xai-": "xai",
}

_ADVICE = {
    401: "Check the key ({variable} or ASSISTANT_API_KEY). ",
    403: "Check what the key may do. ",
    404: "Check the model's name and ASSISTANT_BASE_URL. ",
    429: "Wait, or check the account's quota. ",
}


@dataclass(frozen=True, slots=True)
class Server:
    """One server and the key for it; neither the key nor a password in the address shows in a `repr` or a message."""

    url: str = field(repr=False)
    key: SecretStr
    variable: str
    """The environment variable that a message about the key names."""

    @classmethod
    def find(cls, who: str, url: str, key: SecretStr | None, variable: str | None = "OPENAI_API_KEY") -> Self:
        """Return the server at `url` with its key: `key`, else what `variable` holds; none is needed on this machine.

        Args:
            who: the model, for messages, such as `openai:text-embedding-3-small`.
            url: the address, such as http://localhost:11434/v1.
            key: `Settings.api_key`.
            variable: where the provider's key is looked for; None for servers of one's own, which need none.

        Raises:
            SettingsError: `url` is no address, or the key is missing, another provider's or none at all.
        """
        address = _address(url)
        given = (key.get_secret_value() if key else os.environ.get(variable or "", "")).strip()
        if not given and (variable is None or is_loopback(address.hostname or "")):
            given = _NO_KEY
        if not given:
            raise SettingsError(
                f"{who} at {address.hostname} needs a key. Set {variable} (or ASSISTANT_API_KEY), for example: "
                f"export {variable}=sk-…; a server on this machine, given with ASSISTANT_BASE_URL, needs none."
            )
        if not (given.isascii() and given.isprintable()) or " " in given:
            raise SettingsError(
                f"The key for {who} holds a space or a character that no key has. Set {variable or 'ASSISTANT_API_KEY'} "
                "again, for example: export ASSISTANT_API_KEY=sk-…"
            )
        return cls(url, SecretStr(given), variable or "ASSISTANT_API_KEY")

    @property
    def name(self) -> str:
        """Host, port and path, without what may be secret: user name, password and query."""
        address = urlsplit(self.url)
        return f"{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}"

    def refuse_foreign_key(self, provider: str) -> None:
        """Raise `SettingsError` if the key is seen to be another provider's: it must not be sent to this one."""
        for beginning, owner in _OWNERS.items():
            if self.key.get_secret_value().startswith(beginning) and owner != provider:
                raise SettingsError(
                    f"The key for {provider} begins with {beginning} and is one of {owner}. Set {self.variable} to a key "
                    f"of {provider}, for example: export {self.variable}=sk-…"
                )

    def shows_key(self, text: str) -> bool:
        """Return whether `text` holds the key, if there is one."""
        key = self.key.get_secret_value()
        return key != _NO_KEY and key in text

    def explain(self, error: Exception, who: str, seconds: float) -> ModelError:
        """Return what an error of the `openai` package means to the reader.

        Raise it `from None`: a server may repeat the key in its message, and the original would show it.
        """
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        if isinstance(error, APITimeoutError):
            return ModelError(f"{who} did not answer in {seconds:g} s.", retryable=True)
        if isinstance(error, APIConnectionError):
            return ModelError(
                f"{who} cannot be reached. Check that the server runs and that ASSISTANT_BASE_URL is right.",
                retryable=True,
            )
        # An error in the midst of a stream has no status, and is the server's own.
        status = error.status_code if isinstance(error, APIStatusError) else 500
        advice = _ADVICE.get(status, "").format(variable=self.variable)
        retryable = status in (408, 409, 429) or status >= 500
        return ModelError(f"{who} refused the request. {advice}It said: {self._said(error)}", retryable=retryable)

    def _said(self, error: Exception) -> str:
        """Return the beginning of a server's message without the key."""
        said = str(error).replace(self.key.get_secret_value(), "…")
        if password := urlsplit(self.url).password:
            said = said.replace(password, "…")
        return " ".join(said.split())[:300]


def _address(url: str) -> SplitResult:
    """Return the parts of a server's address; `SettingsError` if it is none."""
    try:
        address = urlsplit(url)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            "ASSISTANT_BASE_URL (or OPENAI_BASE_URL) is not the address of a server. Write it like "
            f"http://localhost:11434/v1 or {OPENAI_URL}."
        )
    return address


def is_loopback(host: str) -> bool:
    """Return whether a name or address of a machine is that of this one."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
