"""The kernel: what a drafted sentence must pass before anybody sees it.

A draft is text whose sentences end in addresses, `……人民。[7.5]`. `check` cuts it into statements, looks up every
address among the sentences that were shown, and yields each statement as a `Claim` with the sentences it rests on, or
as `Withheld` with the reason. Nothing here does I/O, calls a model or matches fuzzily; whoever wrote the draft is not
trusted. The checks do not prove entailment: they refuse what can be seen to be wrong.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.corpus import Sentence
from assistant.drafts import Statement, foreign_sign, lift_marks, plain, statements
from assistant.english import borne_out, english_numbers
from assistant.text import Span, fold, is_chinese, numbers, supported_numbers
from assistant.wording import Broken, Rule, objection


class Verdict(StrEnum):
    """How a claim is borne out."""

    VERBATIM = "verbatim"
    """It is a cited sentence, character for character."""
    SUPPORTED = "supported"
    """It passed every check of this module against the cited sentences."""
    TRANSLATED = "translated"
    """It is English and cites Chinese: addresses, numbers and quoted phrases were checked, words cannot be compared."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that passed, with the sentences it cites."""

    text: str
    sentences: tuple[Sentence, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Withheld:
    """A statement that did not pass, and why."""

    text: str
    rule: Rule
    detail: str = ""

    @property
    def why(self) -> str:
        """The reason in English."""
        return self.rule.value.replace("{}", self.detail)


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited sentence with its number in the answer; `quote` is the text of the speech itself."""

    number: int
    sentence: Sentence
    title: str
    listed: Span | None = None
    """Where in the sentence the things stand that a question for several asks for: 专利法、商标法; None where it does not."""

    @property
    def quote(self) -> str:
        """The sentence as it stands between its offsets."""
        return self.sentence.text

    @property
    def parts(self) -> tuple[str, str, str]:
        """The quote without outer white space: before the things that are listed, these, and behind them."""
        start, end = self.listed or (len(self.quote), len(self.quote))
        before, listed, behind = self.quote[:start], self.quote[start:end], self.quote[end:]
        return before.lstrip() if self.listed else before.strip(), listed, behind.rstrip()


def check(draft: Iterable[str], shown: Sequence[Sentence], *, translated: bool = False) -> Iterator[Claim | Withheld]:
    """Check a draft, piece by piece as it arrives.

    Args:
        draft: the pieces of the draft; where it is cut does not matter, not even inside a mark.
        shown: the sentences whose addresses the draft may use.
        translated: whether a statement without Chinese characters may rest on Chinese sentences, because the question
            was not asked in Chinese; else it is withheld, since none of its words stands in them.

    Yields:
        One `Claim` or `Withheld` a statement, in order, each as soon as its line ends or the next statement begins.
    """
    by_address = {f"{s.speech}/{s.paragraph}.{s.number}": s for s in shown} | {s.address: s for s in shown}
    for statement in statements(draft):
        yield _judge(statement, by_address, translated)


def cite(
    claims: Iterable[Claim], titles: Mapping[str, str], listed: Mapping[Sentence, Span] | None = None
) -> tuple[Citation, ...]:
    """Number the cited sentences in the order of their first use, from 1; the same sentence keeps its number.

    Args:
        claims: the claims of the answer.
        titles: of the speeches, by their ids.
        listed: where in some sentences the things stand that the question asks for.
    """
    sentences = dict.fromkeys(sentence for claim in claims for sentence in claim.sentences)
    return tuple(
        Citation(i, sentence, titles[sentence.speech], (listed or {}).get(sentence))
        for i, sentence in enumerate(sentences, start=1)
    )


# --- The check -------------------------------------------------------------------------------------------------------


def _judge(statement: Statement, shown: Mapping[str, Sentence], translated: bool) -> Claim | Withheld:
    """Apply the rules, the ones with the clearest reasons first."""
    text, addresses = statement.text, statement.addresses
    if not addresses:
        return Withheld(text, Rule.NO_ADDRESS)
    cited = tuple(dict.fromkeys(shown[address] for address in addresses if address in shown))
    unknown = [address for address in addresses if address not in shown]
    for sentence in cited:
        itself, own_marks = lift_marks(sentence.text)
        # A speech may hold text that looks like a mark; in a quote it is text.
        literal = {address for _, _, found in own_marks for address in found}
        if text == plain(itself) and literal.issuperset(unknown):
            return Claim(sentence.text.strip(), (sentence,), Verdict.VERBATIM)
    if unknown:
        return Withheld(text, Rule.NOT_SHOWN, unknown[0])
    if translated and not is_chinese(text) and all(is_chinese(sentence.text) for sentence in cited):
        broken = _translation(text, cited)
        return Withheld(text, *broken) if broken else Claim(text, cited, Verdict.TRANSLATED)
    broken = _number(text, cited) or _phrase(text, cited) or _sign(text, cited) or objection(text, cited)
    return Withheld(text, *broken) if broken else Claim(text, cited, Verdict.SUPPORTED)


def _number(text: str, cited: Sequence[Sentence]) -> Broken | None:
    """Every number must stand in the cited sentences."""
    supported = set[str]().union(*(supported_numbers(sentence.text) for sentence in cited))
    missing = [number for number in numbers(text) if number not in supported]
    return (Rule.NUMBER, missing[0]) if missing else None


def _sign(text: str, cited: Sequence[Sentence]) -> Broken | None:
    """No sign that could turn a sentence round, and nothing that could be taken for a mark or a link, may be added."""
    foreign = foreign_sign(text, "".join(sentence.text for sentence in cited))
    return (Rule.SIGN, foreign) if foreign else None


_QUOTED = re.compile(
    r"“([^“”]+)(?:”|$)|^([^“”]+)”|‘([^‘’]+)’|「([^「」]+)」|『([^『』]+)』|《([^《》]+)》|〈([^〈〉]+)〉"
    r"|〝([^〝〞]+)〞|«([^«»]+)»|[\"＂]([^\"＂]+)[\"＂]"
)


def _phrase(text: str, cited: Sequence[Sentence]) -> Broken | None:
    """A quoted phrase must stand in one cited sentence, or run across cited neighbours."""
    sources = _joined(cited)
    for match in _QUOTED.finditer(text):
        # A comma or stop before the closing quote belongs to the sentence around it.
        phrase = match[match.lastindex or 0].strip().rstrip("，。；、,.;")
        if not any(phrase in source for source in sources):
            return Rule.PHRASE, phrase
    return None


def _joined(cited: Sequence[Sentence]) -> list[str]:
    """Return the cited texts in reading order, neighbours joined to one."""
    joined: list[str] = []
    behind: tuple[str, int] | None = None
    for sentence in sorted(cited, key=lambda s: (s.speech, s.start)):
        if behind == (sentence.speech, sentence.start):
            joined[-1] += sentence.text
        else:
            joined.append(sentence.text)
        behind = (sentence.speech, sentence.end)
    return joined


# --- Across languages ------------------------------------------------------------------------------------------------

# A marker in English, and what in a Chinese sentence can stand behind it; idioms such as 不断 may be rendered by one too.
_ACROSS = {
    Rule.NEGATION: (
        re.compile(
            r"\b(?:not(?! (?:only|just|merely)\b)|no(?! (?:matter|longer|doubt)\b)|never|nor|neither|without|cannot|none"
            r"|prohibit\w*|forbid\w*|prevent\w*|oppose\w*)\b|n['’]t\b"
        ),
        re.compile(r"[不未没无非勿莫免禁止防避杜反拒停取废否难缺少零绝]|摆脱|克服|纠正|打击|遏制|惩"),
    ),
    Rule.OBLIGATION: (re.compile(r"\b(?:must|shall|only)\b"), re.compile(r"[要必须需应该当务只仅唯严定得绝全皆都]")),
}


def _translation(text: str, cited: Sequence[Sentence]) -> Broken | None:
    """Hold an English statement against Chinese sentences.

    Numbers, quoted phrases and odd signs must stand there, as in any statement. A negation or an obligation must have
    something behind it; one that was dropped cannot be told from one that was put in other words, and which clause is
    restated cannot be seen, so neither is checked. Words cannot be compared at all: who reads the claim must read the
    original.
    """
    if not re.search(r"[^\W\d_]", text):
        return Rule.NOTHING, ""
    supported = set[str]().union(*(borne_out(sentence.text) for sentence in cited))
    if missing := [number for number in english_numbers(text) if number not in supported]:
        return Rule.NUMBER, missing[0]
    source, folded = fold("".join(sentence.text for sentence in cited)), fold(text)
    for rule, (marker, behind) in _ACROSS.items():
        if marker.search(folded) and not behind.search(source):
            return rule, ""
    return _phrase(text, cited) or _sign(text, cited)
