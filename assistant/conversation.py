"""A conversation: the turns kept, so that a follow-up can be understood."""

from collections import deque
from collections.abc import Generator, Iterable
from threading import Event

from assistant.assistant import Assistant
from assistant.replies import Reply, Turn


def turn_of(reply: Reply) -> Turn:
    """Return a reply as a turn that later questions may lean on."""
    return Turn(reply.restated or reply.question, reply.text, reply.kind)


class Conversation:
    """Asks an assistant question after question. One reader, one conversation: it is not shared."""

    def __init__(self, assistant: Assistant, turns: Iterable[Turn] = ()) -> None:
        self.assistant = assistant
        self.turns = list(turns)

    def stream(self, question: str, *, stopped: Event | None = None) -> Generator[Reply]:
        """Yield what `Assistant.stream` yields, given the turns so far; a reply left half-way or stopped is no turn."""
        reply: Reply | None = None
        for reply in self.assistant.stream(question, self.turns, stopped=stopped):
            yield reply
        if reply is not None and not (stopped and stopped.is_set()):
            self.turns.append(turn_of(reply))

    def ask(self, question: str) -> Reply:
        """Return the last of `stream`."""
        return deque(self.stream(question), maxlen=1).pop()
