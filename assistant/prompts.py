"""The prompts: plain Markdown files that declare their fields, in one copy each.

A file begins with `fields: question, sentences` between two lines of `---`; the fields stand in the text as `$question`.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Self

from assistant.errors import PromptError

_FILE = re.compile(r"---\r?\nfields:(?P<fields>[^\n]*)\n---\r?\n(?P<body>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file; `version` is the hash of its bytes."""

    name: str
    fields: frozenset[str]
    body: str
    version: str

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a prompt.

        Raises:
            PromptError: there is no such file, or the fields that it declares and uses are not the same.
        """
        try:
            data = path.read_bytes()
            match = _FILE.fullmatch(data.decode())
        except (OSError, UnicodeDecodeError) as error:
            raise PromptError(f"The prompt {path} cannot be read: {error}. Restore the file.") from error
        if not match:
            raise PromptError(f"The prompt {path} must begin with three lines: ---, fields: …, ---.")
        declared = frozenset(match["fields"].replace(",", " ").split())
        template = Template(match["body"])
        if not template.is_valid() or declared != set(template.get_identifiers()):
            used = ", ".join(sorted(template.get_identifiers()))
            raise PromptError(
                f"The prompt {path} declares the fields {', '.join(sorted(declared))} and uses {used}. "
                "Make them the same; a dollar sign that is none is written $$."
            )
        return cls(path.stem, declared, match["body"].strip(), f"sha256:{hashlib.sha256(data).hexdigest()[:16]}")

    def render(self, **values: str) -> str:
        """Return the text with every field filled in; values are data and are never searched for fields.

        Raises:
            PromptError: a field is missing, or a value has no field.
        """
        if values.keys() != self.fields:
            odd = ", ".join(sorted(values.keys() ^ self.fields))
            raise PromptError(
                f"The prompt {self.name} has the fields {', '.join(sorted(self.fields))}; at fault: {odd}."
            )
        return Template(self.body).substitute(values)
