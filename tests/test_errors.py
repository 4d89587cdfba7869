"""The tree of errors is the one that is drawn."""

import inspect
import re

import pytest

import assistant.errors
from assistant.errors import AssistantError, ModelError

CLASSES = {
    name: cls for name, cls in vars(assistant.errors).items() if inspect.isclass(cls) and issubclass(cls, Exception)
}


def drawn() -> dict[str, str]:
    """Return the name of each error in the drawing, with the name of its base as the drawing has it."""
    bases: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (assistant.errors.__doc__ or "").splitlines():
        if match := re.match(r"    (?P<branch>[│├└─ ]*)(?P<name>\w+Error)\b", line):
            depth = len(match["branch"])
            above = [(d, name) for d, name in above if d < depth]
            bases[match["name"]] = above[-1][1] if above else "Exception"
            above.append((depth, match["name"]))
    return bases


def test_drawing_is_the_tree_of_the_classes() -> None:
    assert drawn() == {name: cls.__mro__[1].__name__ for name, cls in CLASSES.items()}


def test_drawing_has_more_than_one_level() -> None:
    assert drawn()["AddressError"] == "CorpusError"
    assert len(drawn()) == 9


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_error_is_ours_says_its_message_and_what_it_is(cls: type[Exception]) -> None:
    error = cls("the reason; do this")
    assert isinstance(error, AssistantError)
    assert str(error) == "the reason; do this"
    assert cls.__doc__


def test_errors_of_one_kind_are_not_caught_as_another() -> None:
    related = {(sub.__name__, sup.__name__) for sub in CLASSES.values() for sup in CLASSES.values() if sub is not sup}
    caught = {(a, b) for a, b in related if issubclass(CLASSES[a], CLASSES[b])}
    assert caught == {(name, "AssistantError") for name in CLASSES if name != "AssistantError"} | {
        ("AddressError", "CorpusError")
    }


def test_model_error_is_not_retryable_unless_it_says_so() -> None:
    assert ModelError("wrong key").retryable is False
    assert ModelError("try later", retryable=True).retryable is True
