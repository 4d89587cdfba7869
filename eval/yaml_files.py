"""YAML as it is read here: a key that stands twice in a mapping is an error and not the last one's victory."""

from collections.abc import Iterator
from typing import Any

import yaml


def load_yaml(text: str) -> Any:
    """Return what a text in YAML holds.

    Raises:
        yaml.YAMLError: it is none, or holds a key twice.
        ValueError: it holds a date that does not exist.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)  # in C where libyaml is there: ten times as fast
    try:
        if (node := loader.get_single_node()) is None:
            return None
        for key in _repeated(node, set()):
            raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _repeated(node: yaml.Node, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """Yield the keys that stand below a node for a second time; `seen` because an alias may point to what is around it."""
    if isinstance(node, yaml.ScalarNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    else:
        children = [child for pair in node.value for child in pair]
        keys: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in keys:
                    yield key
                keys.add((key.tag, key.value))
    for child in children:
        yield from _repeated(child, seen)
