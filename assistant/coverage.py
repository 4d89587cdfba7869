"""How much of a question a text covers: in the reader's words, or in those that official Chinese has for them.

Rare words weigh more. What the whole corpus lacks is told apart from what one sentence lacks.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import log

from assistant.corpus import Corpus, Speech
from assistant.offers import folded_once
from assistant.questions import NUMERAL, Question, Term
from assistant.text import fold, is_chinese, supported_numbers, tokens

STAND_IN = 0.9
"""What a word of official Chinese counts that stands in for the reader's."""
SINGLE = 0.6
"""What a word of one character counts inside a longer one: 修 in 修订."""
CARRIED = 0.5
"""What a term of the question before counts in a follow-up."""
HALF = 0.5
"""What a sentence must cover of a term to tell of it."""
WHOLE = 0.8
"""Of a name or a number: 世界知识产权组织 is half of 世界贸易组织."""

_TO_BE_DONE = re.compile(r"^((?:(?![对他她])[^,;?!。]){2,30}?)(?:[该要]|应该?)?(?:怎么办|咋办|咋整)[?!。\s]*$")


@dataclass(frozen=True)
class Coverage:
    """The words of a corpus, and how much of a question a text of it covers."""

    corpus: Corpus

    def cover(self, term: Term, text: str, known: str) -> float:
        """Return how much of a term a text has, 0 to 1; a number may also stand in what is `known` of the speech."""
        if term.is_number:
            return float(term.text in _supported(f"{text}\n{known}"))
        stand_in = max((self._share(form, text) for form in term.equivalents), default=0.0)
        return max(self._share(term.text, text), STAND_IN * stand_in)

    def _share(self, form: str, text: str) -> float:
        if form in folded_once(text):
            return SINGLE if len(form) == 1 else 1.0
        if len(form) == 1 or NUMERAL.search(form):
            return 0.0
        wanted, held = _token_list(form), token_set(text)
        total = sum(self._rarity(token) for token in wanted)
        return sum(self._rarity(token) for token in wanted if token in held) / total if total else 0.0

    def weights(self, question: Question) -> list[float]:
        """Return the weight of each term; what is carried to a question weighs no more than what it names itself."""
        weights = [self._weight(term) for term in question.terms]
        carried = sum(w for w, term in zip(weights, question.terms, strict=True) if term.carried)
        own = sum(weights) - carried
        share = min(1.0, own / carried) if own and carried else 1.0
        return [w * share if term.carried else w for w, term in zip(weights, question.terms, strict=True)]

    def _weight(self, term: Term) -> float:
        """Return the rarity of a term: of its own tokens, or of what stands in for it where the corpus lacks it."""
        if term.carried:
            return CARRIED * self._weight(replace(term, carried=False))
        if term.is_number:
            return self._rarity("")
        forms = self._known_forms(term)
        form = term.text if term.text in forms or not forms else max(forms, key=len)
        # A word of two characters has two tokens: itself, and its pair of characters.
        return sum(self._rarity(token) for token in _token_list(form)) / 2

    def _known_forms(self, term: Term) -> list[str]:
        """Return the forms of a term of which the corpus holds at least a part."""
        forms = (term.text, *term.equivalents)
        return [
            form
            for form in forms
            if form in self._text or (len(form) > 2 and any(self._frequency[token] for token in _token_list(form)))
        ]

    def lacks(self, term: Term) -> bool:
        """Whether the corpus has a term in no form. Of an English word without an equivalent a Chinese text says nothing."""
        foreign = not (term.is_number or term.equivalents or is_chinese(term.text)) and is_chinese(self._text)
        return not foreign and not self.has(term)

    def has(self, term: Term) -> bool:
        """Whether the corpus has a term in some form, a number by its value."""
        if term.is_number:
            return term.text in self._numbers
        return any(form in self._told for form in (term.text, *term.equivalents))

    def says(self, term: Term) -> bool:
        """Whether the corpus has a term as it stands, a number by its value. Of a word in another language nobody asks that."""
        if term.is_number or not is_chinese(term.text):
            return not self.lacks(term)
        return term.text in self._text

    def in_official_words(self, question: Question) -> str:
        """Return the question with what the corpus says for those of its words that it lacks, and 对……有什么要求 for 怎么办.

        "" if there are none.

        Of a date in the catalogue, a speech often says the day without the year.
        """
        said = whole = question.folded + question.carried
        for term in reversed(question.terms):
            end = term.end if term.is_number else term.start + len(term.text)
            stands = term.is_number or said.startswith(term.text, term.start)
            form = next((form for form in self._other_forms(term) if form and form in self._text), "")
            if form and stands and term.text not in self._text:
                said = said[: term.start] + form + said[end:]
        said = _TO_BE_DONE.sub(r"对\1有什么要求", said)
        return said if said != whole else ""

    def _other_forms(self, term: Term) -> Sequence[str]:
        if term.is_number:
            return [term.text.partition("年")[2]] if self.has(term) else []
        return term.equivalents

    def known_of(self, speech: str) -> str:
        """Return what the catalogue says of a speech, by its id."""
        return _catalogue(self.corpus.speech(speech))

    def _rarity(self, token: str) -> float:
        """Inverse document frequency of BM25 (Robertson and Zaragoza, 2009), over the sentences; above 0."""
        seen, total = self._frequency[token], len(self.corpus.sentences)
        return log(1 + (total - seen + 0.5) / (seen + 0.5))

    @cached_property
    def _text(self) -> str:
        return fold("\n".join(paragraph.text for paragraph in self.corpus.paragraphs))

    @cached_property
    def _numbers(self) -> frozenset[str]:
        return frozenset(supported_numbers(self._told))

    @cached_property
    def _told(self) -> str:
        """The text, and what the catalogue says of it: a word of the title is not missing."""
        return "\n".join([self._text, *(fold(_catalogue(speech)) for speech in self.corpus.speeches)])

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(token for sentence in self.corpus.sentences for token in token_set(sentence.text))


def _catalogue(speech: Speech) -> str:
    return f"{speech.title}\n{speech.date}\n{speech.occasion}"


@lru_cache(maxsize=2**14)
def _token_list(text: str) -> tuple[str, ...]:
    return tuple(tokens(text))


@lru_cache(maxsize=2**14)
def token_set(text: str) -> frozenset[str]:
    """Return the tokens of a text, each once."""
    return frozenset(tokens(text))


# Reading numbers is the dearest step; the sentences of a paragraph, and the next question, ask for the same ones.
@lru_cache(maxsize=2**14)
def _supported(text: str) -> frozenset[str]:
    return frozenset(supported_numbers(text))
