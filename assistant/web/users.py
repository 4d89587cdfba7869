"""Who may see the page: a file of names and salted password hashes, one `name:scrypt$salt$hash` a line."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Self

from assistant.errors import SettingsError

_LABEL = "scrypt"
_COST = {"n": 2**15, "r": 8, "p": 3, "maxmem": 2**26, "dklen": 32}
"""What one guess costs: 32 MB and a tenth of a second or more. Lines made with other numbers need another label."""
_EXAMPLE = "Make one with: assistant web-user NAME >> FILE"


def user_line(name: str, password: str) -> str:
    """Return the line for a file of users.

    Raises:
        SettingsError: the name or the password cannot be used.
    """
    if not name or ":" in name or not name.isprintable() or name != name.strip():
        raise SettingsError(f"{name!r} cannot be a user name. Use letters, digits and signs, but no colon.")
    if not password:
        raise SettingsError("The password is empty.")
    salt = secrets.token_bytes(16)
    return f"{name}:{_LABEL}${salt.hex()}${_hash(password, salt).hex()}"


class Users:
    """The users of one file."""

    def __init__(self, hashes: dict[str, tuple[bytes, bytes]]) -> None:
        self._hashes = hashes
        self._nobody = (secrets.token_bytes(16), secrets.token_bytes(32))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a file of users; empty lines and lines that begin with # are left alone.

        Raises:
            SettingsError: it cannot be read, names nobody, or a line is not a user's.
        """
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
            raise SettingsError(f"The file of users {path} cannot be read: {reason}. {_EXAMPLE}") from error
        hashes: dict[str, tuple[bytes, bytes]] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, hashed = line.strip().partition(":")
            user = _parse(hashed)
            if not name or user is None:
                raise SettingsError(f"{path}, line {number}, is not name:{_LABEL}$salt$hash. {_EXAMPLE}")
            if name in hashes:
                raise SettingsError(f"{path}, line {number}: {name!r} stands there twice. Keep one of the lines.")
            hashes[name] = user
        if not hashes:
            raise SettingsError(f"The file of users {path} names nobody. {_EXAMPLE}")
        return cls(hashes)

    def accept(self, name: str, password: str) -> bool:
        """Return whether this is the password of a user; takes as long for a name that is not known."""
        salt, expected = self._hashes.get(name, self._nobody)
        return hmac.compare_digest(_hash(password, salt), expected)


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(errors="surrogateescape"), salt=salt, **_COST)


def _parse(hashed: str) -> tuple[bytes, bytes] | None:
    """Return salt and hash; None where the text is something else, such as a password."""
    label, *parts = hashed.split("$")
    try:
        salt, digest = (bytes.fromhex(part) for part in parts)
    except ValueError:
        return None
    return (salt, digest) if label == _LABEL and len(salt) == 16 and len(digest) == 32 else None
