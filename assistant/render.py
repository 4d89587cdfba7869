"""Replies and speeches as escaped HTML for the page, and as Markdown and footnotes to take away.

Every text passes `_escape` on its way into HTML: a speech, a question and what a model wrote are all untrusted. The
words of the interface come in as `words`, one string a key, so that this module knows no language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from assistant.citations import Citation, Claim, Verdict, Withheld
from assistant.corpus import Corpus, Paragraph, Sentence, Speech
from assistant.replies import EXTRACTIVE, Answer, Refusal, Reply, excerpt
from assistant.text import visible

Words = Mapping[str, str]

DISLIKES = ("wrong_quote", "not_answered", "wrongly_refused")
"""Reasons for a thumb down."""
_LISTED = 10
"""Speeches on the first screen."""
_OUTLINED = 40
"""Paragraphs of an outline."""
_SIGNS = {Verdict.VERBATIM: "✓", Verdict.SUPPORTED: "≈", Verdict.TRANSLATED: "⇄"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question on the page and how far its reply has come."""

    question: str
    reply: Reply | None = None
    state: Literal["running", "done", "stopped", "failed"] = "running"
    error: str = ""
    """What went wrong, for the reader; only of a failed one."""


# --- Places ----------------------------------------------------------------------------------------------------------


def anchor(place: Paragraph | Sentence) -> str:
    """Return the id of a place on the page: `s7-5` for a sentence, `p7` for a paragraph; with the speech's id if needed."""
    speech, _, local = place.address.rpartition("/")
    kind = "s" if isinstance(place, Sentence) else "p"
    return f"{kind}{f'-{speech}-' if speech else ''}{local.replace('.', '-')}"


def place_name(place: Paragraph | Sentence, words: Words) -> str:
    """Return 第7段第5句 or paragraph 7, sentence 5; a paragraph with the speech's id where there are several."""
    if isinstance(place, Sentence):
        return words["sentence"].format(paragraph=place.paragraph, sentence=place.number)
    speech = f"{place.speech} " if "/" in place.address else ""
    return speech + words["paragraph"].format(paragraph=place.number)


# --- The speech ------------------------------------------------------------------------------------------------------


def speech_html(speech: Speech, corpus: Corpus, words: Words) -> str:
    """Return a speech, every paragraph and sentence with its anchor, below the bar that leads through citations."""
    title, body = (None, speech.paragraphs) if len(speech.paragraphs) == 1 else (speech.paragraphs[0], speech.body)
    head = f"<h2 id='{_escape(anchor(title))}'>{_sentences(title)}</h2>" if title else ""
    foot = f"<footer>{_escape(speech.source)}</footer>" if speech.source else ""
    paragraphs = "".join(
        f"<p id='{_escape(anchor(p))}'><a class='paragraph' href='#{_escape(anchor(p))}'"
        f" aria-label='{_escape(place_name(p, words))}'>{p.number}</a>{_sentences(p)}</p>"
        for p in body
    )
    return (
        f"{_bar(speech, corpus, words)}"
        f"<article class='speech' lang='zh-CN' tabindex='0' aria-label='{_escape(speech.title)}'>{head}<p class='about'>{_origin(speech)}</p>"
        f"{paragraphs}{foot}</article>"
    )


def _origin(speech: Speech) -> str:
    return " · ".join(_escape(part) for part in (speech.speaker, speech.date, speech.occasion) if part)


def _bar(speech: Speech, corpus: Corpus, words: Words) -> str:
    others = "".join(
        f"<li><a href='#{_escape(anchor(other.paragraphs[0]))}'{_current(other is speech)}>"
        f"{_escape(other.title)}</a></li>"
        for other in corpus.speeches
    )
    choice = f"<details class='others'><summary>{_escape(words['speeches'])}</summary><ul>{others}</ul></details>"
    steps = "".join(
        f"<button type='button' data-step='{step}' aria-label='{_escape(words[name])}' disabled>{sign}</button>"
        for step, name, sign in ((-1, "previous", "‹"), (1, "next", "›"))
    )
    return (
        f"<nav class='bar' id='speech-bar' aria-label='{_escape(words['speech'])}'><button type='button' class='close' data-close>"
        f"‹ {_escape(words['close'])}</button><h3>{_escape(words['speech'])}</h3>{choice * (len(corpus.speeches) > 1)}"
        f"<span class='steps-through'>{steps}<output></output></span></nav>"
    )


def _sentences(paragraph: Paragraph) -> str:
    return "".join(
        f"<span class='sentence' id='{_escape(anchor(s))}' tabindex='-1'>{_escape(s.text)}</span>"
        for s in paragraph.sentences
    )


def _current(current: bool) -> str:
    return " aria-current='true'" if current else ""


def header_html(answerer: str, words: Words) -> str:
    """Return what stands above the conversation: the name of the page, who answers, and two switches."""
    return (
        f"<header class='header' data-confirm='{_escape(words['clear_confirm'])}'><h1>{_escape(words['title'])}</h1><p>{_escape(words['tagline'])}</p>"
        f"<p class='mode'>{_escape(_name(answerer, words))}</p>"
        f"<a class='whole' href='#speech-bar'>{_escape(words['speech'])}</a>"
        f"<button type='button' data-dark>{_escape(words['dark'])}</button></header>"
    )


def welcome_html(corpus: Corpus, words: Words) -> str:
    """Return the first screen: what the speech is, its outline, and questions to start with."""
    questions = "".join(
        f"<li><button type='button' data-ask='{_escape(question)}'>{_escape(question)}</button></li>"
        for question in corpus.questions
    )
    start = f"<h3>{_escape(words['try'])}</h3><ul class='questions'>{questions}</ul>" if questions else ""
    return (
        f"<section class='welcome'>{''.join(_about(s, words) for s in corpus.speeches[:_LISTED])}"
        f"{_more(corpus.speeches)}{start}</section>"
    )


def _more(items: Sequence[object]) -> str:
    return f"<p>… +{len(items) - _LISTED}</p>" if len(items) > _LISTED else ""


def _about(speech: Speech, words: Words) -> str:
    lines = "".join(
        f"<li><a href='#{_escape(anchor(p))}'>{_escape(excerpt(p.sentences[0].text.strip(), 60))}</a></li>"
        for p in speech.body[:_OUTLINED]
    )
    return (
        f"<h2 lang='zh-CN'>{_escape(speech.title)}</h2><p class='about' lang='zh-CN'>{_origin(speech)}</p>"
        f"<details><summary>{_escape(words['outline'])}</summary><ol lang='zh-CN'>{lines}</ol></details>"
    )


# --- A conversation --------------------------------------------------------------------------------------------------


def question_html(question: str, turn: int, words: Words, *, running: bool) -> str:
    """Return a question as it was asked, with the button that takes it back into the input."""
    edit = "" if running else _button("edit", words, f"data-edit='{turn}'")
    return f"<div class='question'><p>{_lines(question)}</p>{edit}</div>"


def reply_html(exchange: Exchange, turn: int, words: Words) -> str:
    """Return what stands below a question: the steps while it is answered, then the reply with all that bears it out."""
    reply = exchange.reply
    parts = [_steps(exchange, words)]
    if reply is not None:
        if reply.restated:
            parts.append(f"<p class='restated'>{_escape(words['restated'])}{_escape(reply.restated)}</p>")
        if isinstance(reply, Answer) and reply.matched:
            pairs = words["and"].join(f"{word} → {term}" for word, term in reply.matched)
            parts.append(f"<p class='restated'>{_escape(words['matched'])}{_escape(pairs)}</p>")
        if reply.notice:
            parts.append(f"<p class='notice'><span aria-hidden='true'>⚠ </span>{_escape(reply.notice)}</p>")
        parts.append(_passages(reply, words))
        parts.append(_refusal(reply, words) if isinstance(reply, Refusal) else _answer(reply, words))
        parts.append(_withheld(reply, words))
    if exchange.state == "stopped":
        parts.append(f"<p class='notice'><span aria-hidden='true'>■ </span>{_escape(words['stopped'])}</p>")
    if exchange.state == "failed":
        parts.append(f"<p class='notice failed'><span aria-hidden='true'>✗ </span>{_lines(exchange.error)}</p>")
    if exchange.state != "running":
        parts.append(_actions(exchange, turn, words))
    kind = exchange.state if reply is None else reply.kind
    return f"<article class='reply {kind}' data-turn='{turn}' tabindex='-1'>{''.join(parts)}</article>"


def made_by(reply: Reply, words: Words) -> str:
    """Return what answered: a model's name, or the word for quoting without one."""
    return _name(reply.made_by.answerer, words)


def _name(answerer: str, words: Words) -> str:
    return words["offline"] if answerer == EXTRACTIVE else answerer


def spoken_html(sentence: str) -> str:
    """Return a sentence for those who hear the page."""
    return f"<p role='status' aria-live='polite'>{_escape(sentence)}</p>"


def status(exchange: Exchange, words: Words) -> str:
    """Return in one sentence how far an exchange has come."""
    reply = exchange.reply
    if exchange.state == "running":
        return words["status_running"]
    if exchange.state != "done" or reply is None:
        return words["stopped"] if exchange.state == "stopped" else exchange.error
    if isinstance(reply, Refusal):
        return reply.text
    return words["status_done"].format(citations=len(reply.citations), withheld=len(reply.withheld))


def _steps(exchange: Exchange, words: Words) -> str:
    """Return 检索 → 找到 8 段 → 作答 → 核对 5/5, as far as it has come."""
    reply, running = exchange.reply, exchange.state == "running"
    steps = [words["step_search"]]
    if reply is not None:
        steps.append(words["step_found"].format(count=len(reply.passages)))
        steps.append(words["step_answer"].format(name=made_by(reply, words)))
        passed = len(reply.claims) if isinstance(reply, Answer) else 0
        if checked := passed + len(reply.withheld):
            steps.append(words["step_check"].format(passed=passed, checked=checked))
    items = "".join(f"<li>{_escape(step)}</li>" for step in steps)
    return f"<ol class='steps{' running' * running}' aria-busy='{str(running).lower()}'>{items}</ol>"


def _answer(reply: Answer, words: Words) -> str:
    if not reply.claims:
        return ""
    numbers = {citation.sentence: citation for citation in reply.citations}
    claims = "".join(_claim(claim, [numbers[s] for s in claim.sentences], words) for claim in reply.claims)
    count = f"<p class='count'>{_escape(reply.count)}</p>" if reply.count else ""
    translated = f"<p class='notice'>{_escape(words['originals'])}</p>" if reply.translated else ""
    sources = "".join(_source(citation, words) for citation in reply.citations)
    return (
        f"{count}<div class='claims'>{claims}</div>{translated}"
        f"<h4>{_escape(words['sources'])}</h4><ol class='sources' lang='zh-CN'>{sources}</ol>"
    )


def _cited_place(citation: Citation, words: Words) -> str:
    """Return the place of a citation, with the title of its speech where there are several."""
    title = f"《{excerpt(citation.title, 24)}》" if "/" in citation.sentence.address else ""
    return title + place_name(citation.sentence, words)


def _quoted(citation: Citation) -> str:
    """Return a quote, with what it lists of what was asked for standing out."""
    before, listed, behind = map(_escape, citation.parts)
    return f"{before}<mark class='listed'>{listed}</mark>{behind}" if listed else before


def _claim(claim: Claim, citations: Sequence[Citation], words: Words) -> str:
    marks = "".join(
        f"<a class='cite' href='#{_escape(anchor(c.sentence))}'"
        f" aria-label='{_escape(words['citation'].format(number=c.number, place=_cited_place(c, words)))}'>"
        f"[{c.number}]<span class='peek' lang='zh-CN' aria-hidden='true'><b>{_escape(_cited_place(c, words))}</b> "
        f"{_escape(c.quote.strip())}</span></a>"
        for c in citations
    )
    verdict = f"verdict_{claim.verdict}"
    text = _quoted(citations[0]) if claim.verdict is Verdict.VERBATIM else _escape(claim.text)
    return (
        f"<p class='claim'>{text}{marks} <span class='verdict {claim.verdict}'"
        f" title='{_escape(words[verdict + '_help'])}'><span aria-hidden='true'>{_SIGNS[claim.verdict]}</span>"
        f" {_escape(words[verdict])}</span></p>"
    )


def _source(citation: Citation, words: Words) -> str:
    sentence, quote = citation.sentence, citation.quote.strip()
    to = f"#{_escape(anchor(sentence))}"
    copy = _button("copy_quote", words, _copied(f"data-copy='{_escape(quote)}'", words))
    link = _button("copy_link", words, _copied(f"data-link='{to}'", words))
    return (
        f"<li value='{citation.number}'><a class='open' href='{to}'>{_escape(_cited_place(citation, words))}"
        f" <span>{_escape(words['open'])}</span></a><blockquote>{_quoted(citation)}</blockquote>{copy}{link}</li>"
    )


def _refusal(reply: Refusal, words: Words) -> str:
    closest = "".join(
        f"<li>{_link(p.paragraph, words)} {_escape(excerpt(p.paragraph.text, 80))}</li>" for p in reply.passages[:3]
    )
    return (
        f"<p class='refused'><span aria-hidden='true'>⊘ </span>{_escape(reply.text)}</p>"
        f"<h4>{_escape(words['closest'])}</h4><ul class='closest' lang='zh-CN'>{closest}</ul>"
    )


def _link(place: Paragraph, words: Words) -> str:
    return f"<a class='open' href='#{_escape(anchor(place))}'>{_escape(place_name(place, words))}</a>"


def _withheld(reply: Reply, words: Words) -> str:
    if not reply.withheld:
        return ""
    items = "".join(
        f"<li><del>{_escape(w.text)}</del> <span>{_escape(_why(w, words))}</span></li>" for w in reply.withheld
    )
    summary = words["withheld"].format(count=len(reply.withheld))
    return f"<details class='withheld'><summary>{_escape(summary)}</summary><ul>{items}</ul></details>"


def _why(withheld: Withheld, words: Words) -> str:
    return words[f"why_{withheld.rule.name.lower()}"].replace("{detail}", withheld.detail)


def _passages(reply: Reply, words: Words) -> str:
    """Return the passages, folded: they stand above the answer from the beginning, so that nothing jumps."""
    items = "".join(
        f"<li>{_link(p.paragraph, words)} "
        f"<meter min='0' max='1' value='{p.score:.2f}' title='{p.score:.2f}'>{p.score:.2f}</meter> "
        f"{_escape(excerpt(p.paragraph.text, 40))}</li>"
        for p in reply.passages
    )
    addresses = words["and"].join(p.paragraph.address for p in reply.passages)
    summary = words["retrieved"].format(addresses=addresses)
    return f"<details class='passages'><summary>{_escape(summary)}</summary><ol lang='zh-CN'>{items}</ol></details>"


def _actions(exchange: Exchange, turn: int, words: Words) -> str:
    """Return the row of buttons below a finished reply."""
    buttons = []
    if exchange.reply is not None:
        texts = {"copy": _plain(exchange.reply), "copy_footnotes": footnotes(exchange.reply, words)}
        buttons += [
            _button(name, words, _copied(f"data-copy='{_escape(text)}'", words)) for name, text in texts.items()
        ]
    buttons.append(_button("again", words, f"data-again='{turn}'"))
    if exchange.state == "done":
        buttons.append(_button("up", words, f"data-rate='{turn}' data-verdict='up' aria-pressed='false'"))
        reasons = "".join(
            _button(f"down_{reason}", words, f"data-rate='{turn}' data-verdict='{reason}' aria-pressed='false'")
            for reason in DISLIKES
        )
        buttons.append(f"<details class='down'><summary>{_escape(words['down'])}</summary>{reasons}</details>")
    return f"<footer class='actions'>{''.join(buttons)}</footer>"


def _button(name: str, words: Words, attributes: str) -> str:
    return f"<button type='button' {attributes}>{_escape(words[name])}</button>"


def _copied(attribute: str, words: Words) -> str:
    return f"{attribute} data-copied='{_escape(words['copied'])}' data-not-copied='{_escape(words['not_copied'])}'"


def _escape(text: str) -> str:
    """Return text for HTML, without what would not show but turn the text around it."""
    return escape(visible(text), quote=True)


def _lines(text: str) -> str:
    return "<br>".join(_escape(line) for line in text.splitlines())


# --- To take away ----------------------------------------------------------------------------------------------------


def _plain(reply: Reply) -> str:
    if isinstance(reply, Refusal):
        return reply.text
    return "\n".join([*filter(None, [reply.count]), *(claim.text for claim in reply.claims)])


def footnotes(reply: Reply, words: Words) -> str:
    """Return a reply as plain text with [1] marks, and below it one line a quote with its place."""
    if isinstance(reply, Refusal):
        return reply.text
    notes = [f"[{c.number}] {_note(c, words)}" for c in reply.citations]
    claims = [claim.text + "".join(f"[{number}]" for number in reply.numbers(claim)) for claim in reply.claims]
    return "\n".join([*filter(None, [reply.count]), *claims, "", *notes])


def markdown(exchanges: Sequence[Exchange], words: Words) -> str:
    """Return a conversation as Markdown: a heading a question, footnotes below each answer."""
    parts = []
    for turn, exchange in enumerate(exchanges, start=1):
        parts.append(f"## {_plain_markdown(exchange.question)}\n")
        if exchange.reply is not None:
            parts.append(_reply_markdown(exchange.reply, turn, words))
        if exchange.state in ("stopped", "failed"):
            parts.append(f"*{_plain_markdown(exchange.error or words['stopped'])}*\n")
    return "\n".join(parts)


def _reply_markdown(reply: Reply, turn: int, words: Words) -> str:
    lines = [f"*{_plain_markdown(text)}*\n" for text in (reply.restated, reply.notice) if text]
    if isinstance(reply, Refusal):
        return "\n".join([*lines, f"{_plain_markdown(reply.text)}\n"])
    if reply.count:
        lines.append(f"{_plain_markdown(reply.count)}\n")
    for claim in reply.claims:
        marks = "".join(f"[^{turn}-{number}]" for number in reply.numbers(claim))
        lines.append(f"{_plain_markdown(claim.text)}{marks}（{words[f'verdict_{claim.verdict}']}）\n")
    lines += [f"[^{turn}-{c.number}]: {_plain_markdown(_note(c, words))}" for c in reply.citations]
    return "\n".join([*lines, "", f"— {_plain_markdown(made_by(reply, words))}\n"])


def _note(citation: Citation, words: Words) -> str:
    return f"《{citation.title}》{place_name(citation.sentence, words)}：“{citation.quote.strip()}”"


_MARKDOWN = str.maketrans({c: f"\\{c}" for c in r"\`*_{}[]<>()#+-!|~&$"})


def _plain_markdown(text: str) -> str:
    """Return one line of Markdown that shows `text` and does nothing else: no link, no image, no heading."""
    return " ".join(visible(text).split()).translate(_MARKDOWN)
