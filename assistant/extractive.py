"""The embedded answerer: it picks the sentences that answer and quotes them. No model, no download.

A sentence is as good as the share of the question's weight that it covers, in the reader's words or in those that
official Chinese has for them, where rare words weigh more. What the question asks for decides the rest: a person, a
time, a place or a number must stand in the sentence; a list takes all its parts in reading order; the whole speech
takes its topic sentences. Where too little is covered, nothing is drafted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import exp, log

from assistant.corpus import Corpus, Sentence
from assistant.glossary import Glossary, bundled_glossary
from assistant.index import Passage
from assistant.questions import Kind, Question, Shape, Term, Thing, is_specific, shape_of, topic_words
from assistant.replies import Turn
from assistant.text import fold, numbers, supported_numbers, tagged, tokens

STAND_IN = 0.9
SINGLE = 0.6
LEAD = 0.9
PRIOR = 0.2
OFFER = 0.1
RIVAL = 0.9
GAIN = 0.3
HALF = 0.5
HEADING = 40
CERTAIN = 0.95
_CERTAINTY = {Kind.NAME: 1.0, Kind.NOUN: 1.0, Kind.OTHER: 0.6}
BASE, OWN, LACKING, MISSING, FACT_MISSING, OFFERED = -1.7, 1.0, -0.65, -2.5, -1.5, 3.5
MIN_OWN = 0.2
MIN_CONFIDENCE = 0.5
MAX_SENTENCES = 3
MAX_PARTS = 20
MAX_CARRIED = 6
"""Words of the last question that a follow-up is given: a chain of follow-ups must not pile them up."""

_FACTS = (Shape.HOW_MANY, Shape.WHEN, Shape.WHO, Shape.WHERE)
_PERSON_WORD = re.compile(
    r"总书记|主席|总理|部长|主任|教授|院长|书记|国务院|政府|党委|同志|[他她]|\b(?:mr|mrs|ms|dr|president|minister)\b"
)
_TIME_WORD = re.compile(
    r"今[年天日后]|去年|明年|近年|昨[天日]|时期|期间|以来|当前|目前|期|季|不久|世纪|年代|上午|下午|\b(?:today|year|month|century|monday|january)\b"
)
_NUMERAL = re.compile(r"[一二三四五六七八九十\d](?!致|样|般|些|体|切)")
_NUMERAL_OF_COUNT = re.compile(r"^\d[\d.]*[%/\d]*$")
# How the parallel paragraphs of such a speech begin: 某某指出，要……
_FRAME = re.compile(r"^[^，。]{0,15}(?:指出|强调|要求|提出|认为)，")
# A follow-up points back so.
_LEANS = re.compile(r"^还有|它|其中|这方面|这[个些]|上述|^[他她]|\b(?:it|its|they|them|these|those)\b")
_PARTS = frozenset("方面 任务 要求 措施 举措 工作 部署 重点 要点 各项 具体 主要".split())


@dataclass(frozen=True)
class Finding:
    """What was found for a question."""

    sentences: tuple[Sentence, ...]
    """Empty where the passages do not answer."""
    confidence: float
    missing: tuple[str, ...] = ()
    """Terms of the question that the corpus has in no form."""

    @property
    def pieces(self) -> Iterator[str]:
        """The pieces of the draft: each sentence with its address."""
        return (f"{sentence.text.strip()}[{sentence.address}]\n" for sentence in self.sentences)


@dataclass(frozen=True)
class Candidate:
    sentence: Sentence
    covers: tuple[float, ...]
    covered: float
    score: float


@dataclass(frozen=True)
class ExtractiveAnswerer:
    """Answers with the speech's own sentences; every draft of it is a run of verbatim quotes."""

    corpus: Corpus
    glossary: Glossary = field(default_factory=bundled_glossary)

    @property
    def name(self) -> str:
        """The name that stands in every reply."""
        return "extractive"

    @property
    def prompt(self) -> None:
        """It uses no prompt."""

    def draft(self, question: str, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield the chosen sentences, each with its address; nothing where the passages do not answer."""
        yield from self.find(question, passages).pieces

    def restate(self, question: str, turns: Sequence[Turn]) -> str:
        """Return `question` with the topic of the last turn, if it leans on it (它有什么要求, 还有吗).

        那专利法呢 names its own topic, and with the old one beside it would be answered with the old sentence again.
        """
        known = set(topic_words(question))
        leans = not known or _LEANS.search(fold(question))
        if not turns or not leans or shape_of(question) is Shape.OUTLINE:
            return question
        carried = [word for word in dict.fromkeys(topic_words(turns[-1].question)) if word not in known]
        return f"{question}（{'、'.join(carried[:MAX_CARRIED])}）" if carried else question

    def find(self, text: str, passages: Sequence[Passage]) -> Finding:
        """Return the sentences that answer a question, how sure that is, and what the speech lacks."""
        question = Question.read(text, self.glossary)
        topics = [
            p.paragraph.sentences[0] for p in sorted(passages, key=lambda p: (p.paragraph.speech, p.paragraph.start))
        ]
        if question.shape is Shape.OUTLINE:
            return Finding(tuple(topics[:MAX_PARTS]), CERTAIN)
        if question.shape is Shape.LIST and self._is_theme(text):
            framed = [s for s in topics if _FRAME.match(s.text) and "要" in s.text]
            return Finding(tuple((framed or topics)[:MAX_PARTS]), CERTAIN)
        if question.is_place and (places := self._places(question, passages)):
            return Finding(tuple(places[:MAX_PARTS]), CERTAIN)
        ranked = self.rank(question, passages)
        if not ranked:
            return Finding((), 0.0)
        best = ranked[0]
        paragraph = self.corpus.speech(best.sentence.speech).paragraphs[best.sentence.paragraph]
        around = [self._cover(term, paragraph.text, self._known_of(best.sentence)) for term in question.terms]
        missing = [t for t, cover in zip(question.terms, around, strict=True) if t.kind is not Kind.OTHER and cover < HALF]
        weights = [_CERTAINTY[t.kind] * w for t, w in zip(question.terms, self._weights(question), strict=True)]
        total = sum(weights)
        own = sum(w * c for w, c in zip(weights, best.covers, strict=True)) / total
        lacking = sum(w for w, t in zip(weights, question.terms, strict=True) if t in missing) / total
        is_fact = question.thing is not None
        confidence = 1 / (1 + exp(-(
            BASE + OWN * own + LACKING * lacking + MISSING * bool(missing) + FACT_MISSING * (is_fact and bool(missing))
            + OFFERED * _offers(best.sentence.text, question))))
        names = tuple(t.text for t in missing if not any(self._knows(form) for form in (t.text, *t.equivalents)))
        if own < MIN_OWN or confidence < MIN_CONFIDENCE:
            return Finding((), confidence, names)
        return Finding(tuple(self._select(question, ranked)), confidence, names)

    def _select(self, question: Question, ranked: list[Candidate]) -> list[Sentence]:
        best = ranked[0]
        chosen = [c for c in ranked if c is best or (c.score >= RIVAL * best.score and c.covered >= RIVAL * best.covered)]
        limit = MAX_PARTS if question.shape is Shape.LIST else MAX_SENTENCES
        chosen = chosen[:limit]
        weights = self._weights(question)
        held = [max(c.covers[i] for c in chosen) for i in range(len(weights))]
        for c in ranked[1:]:
            gain = sum(w * max(0.0, new - old) for w, new, old in zip(weights, c.covers, held, strict=True))
            if c not in chosen and len(chosen) < MAX_SENTENCES and gain >= GAIN * sum(weights):
                chosen.append(c)
                held = [max(a, b) for a, b in zip(held, c.covers, strict=True)]
        sentences = [c.sentence for c in chosen]
        if question.shape is Shape.LIST and (parts := self._parts(chosen)):
            sentences = parts
        if question.shape is Shape.LIST:
            sentences.sort(key=lambda s: (s.speech, s.start))
        return sentences

    def _parts(self, chosen: list[Candidate]) -> list[Sentence]:
        """Return a paragraph whole, where the best sentence or a rival is the heading that announces its parts."""
        for c in chosen:
            paragraph = self.corpus.speech(c.sentence.speech).paragraphs[c.sentence.paragraph]
            if c.sentence.number == 1 and _FRAME.match(c.sentence.text) and len(c.sentence.text) <= HEADING:
                if c.covered >= RIVAL * max(other.covered for other in chosen):
                    return list(paragraph.sentences[:MAX_PARTS])
        return []

    def _places(self, question: Question, passages: Sequence[Passage]) -> list[Sentence]:
        """Return every sentence that mentions what the question names, in reading order."""
        terms = [term.text for term in question.terms if self._knows(term.text)]
        sentences = sorted((s for p in passages for s in p.paragraph.sentences), key=lambda s: (s.speech, s.start))
        return [s for s in sentences if terms and all(term in _folded(s.text) for term in terms)]

    def _weights(self, question: Question) -> list[float]:
        return [self._weight(term) for term in question.terms]

    def rank(self, question: Question, passages: Sequence[Passage]) -> list[Candidate]:
        """Return the sentences of the passages, best first; ties in the order of the passages."""
        weights = self._weights(question)
        total = sum(weights)
        if not total:
            return []
        found = []
        for passage in passages:
            paragraph = passage.paragraph
            known = self._known_of(paragraph.sentences[0])
            around = [self._cover(term, paragraph.text, self._known_of(paragraph.sentences[0])) for term in question.terms]
            lead = [self._cover(term, paragraph.sentences[0].text) if near else 0.0 for term, near in zip(question.terms, around, strict=True)]
            for sentence in paragraph.sentences:
                covers = tuple(
                    self._cover(term, sentence.text, known) if near else 0.0
                    for term, near in zip(question.terms, around, strict=True)
                )
                covered = sum(w * c for w, c in zip(weights, covers, strict=True)) / total
                score = sum(w * max(c, LEAD * l) for w, c, l in zip(weights, covers, lead, strict=True)) / total
                found.append(Candidate(sentence, covers, covered, score + PRIOR * passage.score + OFFER * _offers(sentence.text, question)))
        return sorted(found, key=lambda c: -c.score)

    def _cover(self, term: Term, text: str, known: str = "") -> float:
        """Return how much of a term a text has, 0 to 1; a number may also stand in what is `known` of the speech."""
        if term.is_number:
            return float(term.text in _supported(f"{text}\n{known}"))
        stand_in = max((self._share(form, text) for form in term.equivalents), default=0.0)
        return max(self._share(term.text, text), STAND_IN * stand_in)

    def _share(self, form: str, text: str) -> float:
        if form in _folded(text):
            return SINGLE if len(form) == 1 else 1.0
        if len(form) == 1 or _NUMERAL.search(form):
            return 0.0  # 四中全会 is not nearly 五中全会
        wanted = _token_list(form)
        held = _token_set(text)
        total = sum(self._rarity(t) for t in wanted)
        return sum(self._rarity(t) for t in wanted if t in held) / total if total else 0.0

    def _weight(self, term: Term) -> float:
        if term.is_number:
            return self._rarity("")
        known = [form for form in (term.text, *term.equivalents) if self._knows(form)]
        form = term.text if term.text in known or not known else max(known, key=len)
        return sum(self._rarity(t) for t in _token_list(form)) / 2

    def _knows(self, form: str) -> bool:
        return form in self._text or (len(form) > 2 and any(self._frequency[t] for t in _token_list(form)))

    @cached_property
    def _text(self) -> str:
        return fold("\n".join(paragraph.text for paragraph in self.corpus.paragraphs))

    def _known_of(self, sentence: Sentence) -> str:
        speech = self.corpus.speech(sentence.speech)
        return f"{speech.title}\n{speech.date}\n{speech.occasion}"

    def _is_theme(self, question: str) -> bool:
        """Whether the question speaks only of what the whole speech is about: words that a third of it holds."""
        asked = set(topic_words(question)) - _PARTS
        return all(self._paragraphs_with[word] * 3 >= len(self.corpus.paragraphs) for word in asked)

    def _rarity(self, token: str) -> float:
        """Inverse document frequency of BM25 (Robertson and Zaragoza, 2009), over the paragraphs; above 0."""
        seen, total = self._frequency[token], self._total
        return log(1 + (total - seen + 0.5) / (seen + 0.5))

    @cached_property
    def _total(self) -> int:
        return sum(len(paragraph.sentences) for paragraph in self.corpus.paragraphs)

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(t for p in self.corpus.paragraphs for s in p.sentences for t in _token_set(s.text))

    @cached_property
    def _paragraphs_with(self) -> Counter[str]:
        return Counter(t for p in self.corpus.paragraphs for t in _token_set(p.text))


@lru_cache(maxsize=2**14)
def _token_set(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


@lru_cache(maxsize=2**14)
def _token_list(text: str) -> tuple[str, ...]:
    return tuple(tokens(text))


@lru_cache(maxsize=2**14)
def _folded(text: str) -> str:
    return fold(text)


# Reading numbers is the dearest step; the sentences of a paragraph, and the next question, ask for the same ones.
@lru_cache(maxsize=2**14)
def _supported(text: str) -> frozenset[str]:
    return frozenset(supported_numbers(text))


@lru_cache(maxsize=2**14)
def _numbers(text: str) -> tuple[str, ...]:
    return tuple(numbers(text))


def _offers(sentence: str, question: Question) -> bool:
    """Whether a sentence holds the kind of thing that the question asks for, beside what the question says itself."""
    if question.thing is None:
        return True
    text = _folded(sentence)
    for term in question.terms:
        for form in (term.text, *term.equivalents):
            text = text.replace(f"{form}以来", "|")
            if len(form) > 1:
                text = text.replace(form, "|")
    match question.thing:
        case Thing.COUNT | Thing.AGE | Thing.MONEY | Thing.ORDINAL:
            forms = [number for number in _numbers(text) if number not in question.numbers]
            if question.thing is Thing.ORDINAL:
                measure = re.search(r"第几(\w)", question.folded)
                unit = measure[1] if measure and measure[1] in "条章款页次届名位" else ""
                return bool(re.search(rf"第[\d一二三四五六七八九十百零]+{unit}", _folded(sentence))) or (not unit and bool(forms))
            found = [n for n in forms if _NUMERAL_OF_COUNT.match(n)]
            if question.thing is Thing.AGE:
                return "岁" in text and bool(found)
            if question.thing is Thing.MONEY:
                return bool(re.search("[元币镑圆]", text)) and bool(found)
            return bool(found)
        case Thing.TIME:
            return any(unit in number for number in _numbers(text) for unit in "年月日") or bool(_TIME_WORD.search(text))
        case Thing.DURATION:
            return bool(re.search(r"[\d一二三四五六七八九十百千万半两几]+个?多?(?:小时|分钟|天|日|月|年|周|星期|世纪|秒)", text)) and not re.fullmatch(r".*\d+月\d+日[^年天周时]*", text)
        case Thing.CLOCK:
            return bool(re.search(r"[\d一二三四五六七八九十]+[点时:]", text))
        case Thing.PERSON:
            return bool(_PERSON_WORD.search(text)) or any(
                # Of two characters, most of what the tagger takes for a name is a word: 公正, 蓝图.
                tag.startswith("nr") and len(word) >= 3
                for word, tag in _tagged(text)
            )
        case Thing.BODY:
            return any(tag == "nt" for _, tag in _tagged(text)) or bool(re.search(r"[部局委办院厅署会]|机构|政府|公司|集团|组织|大学", text))
        case Thing.COUNTRY | Thing.PLACE:
            return any(tag in ("ns", "nt") for _, tag in _tagged(text))
        case Thing.NAME:
            return bool(re.search(r"[《“]|名为|叫|称", text))
    return True


@lru_cache(maxsize=2**14)
def _tagged(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(tagged(text))
