"""Where, and how often, the speeches mention something: counted exactly, in every sentence."""

from collections.abc import Sequence

from assistant.corpus import Corpus, Sentence
from assistant.index import Passage
from assistant.offers import folded_once
from assistant.questions import Question
from assistant.replies import Mentions
from assistant.text import is_chinese

MAX_LISTED = 100
"""Sentences that are listed; how many there are is told."""


def find_mentions(
    question: Question, corpus: Corpus, shown: Sequence[Passage]
) -> tuple[Mentions, tuple[Sentence, ...]] | None:
    """Return how often the corpus has what the question names, and the sentences that have all of it, in order.

    Of these, the ones in the passages that are shown. A quoted phrase is looked for as it stands; a word in another
    language also as official Chinese has it. None where the question does not ask for that, names nothing, or names what
    no passage has.
    """
    wanted: list[tuple[str, ...]] = [(phrase,) for phrase in question.quoted] or [
        (term.text,) if is_chinese(term.text) else (term.text, *term.equivalents) for term in question.mentioned
    ]
    if not question.asks_where_mentioned or not wanted:
        return None
    texts = {sentence: folded_once(sentence.text) for sentence in corpus.sentences}
    words = [next((form for form in forms if any(form in text for text in texts.values())), "") for forms in wanted]
    if not all(words):
        return None
    found = [sentence for sentence, text in texts.items() if all(word in text for word in words)]
    times = sum(texts[sentence].count(words[0]) for sentence in found) if len(words) == 1 else None
    places = {(p.paragraph.speech, p.paragraph.number) for p in shown}
    listed = tuple(s for s in found if (s.speech, s.paragraph) in places)[:MAX_LISTED]
    return (Mentions(tuple(dict.fromkeys(words)), times, len(found), len(listed)), listed) if listed else None
