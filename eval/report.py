"""What a run is worth, to read and to hand on: a page that needs nothing but itself, Markdown, and JUnit's XML.

The failures of the test split are named with their scores and no more, see `eval.judgements.CLOSED`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree as Xml

from eval import causal, robustness
from eval.calibration import Calibration, calibration, calibration_table
from eval.cases import SPLITS
from eval.charts import intervals, reliability_chart
from eval.judgements import CLOSED, Judgement, is_shown, one_line, pairs
from eval.recordings import is_scripted
from eval.runs import Run
from eval.statistics import interval, mean
from eval.tables import kind_table, length_line, score_table

SCRIPTED = (
    "These replies come from scripted recordings, made up to test the evaluation. No model was asked for them, and no "
    "figure here is any model's quality."
)
CHARTED = (
    "right",
    "answered",
    "refused",
    "key_points",
    "citation_recall",
    "citation_precision",
    "recall@1",
    "recall@5",
)
LISTED = ("right", "truth", "key_points", "citation_recall", "citation_precision", "recall@5")


@dataclass(frozen=True)
class Findings:
    """All that is known of a run."""

    run: Run
    judgements: Sequence[Judgement]
    changed: Sequence[causal.Outcome]
    """Of changed speeches; empty if not measured."""
    robust: Sequence[robustness.Held]
    public: Sequence[tuple[str, str]]
    """Name of a file of public questions, and its figures in Markdown."""
    open_test: bool = False

    @property
    def title(self) -> str:
        return f"{'Scripted run' if self.scripted else 'Run'} {self.run.folder.name}"

    @property
    def scripted(self) -> bool:
        return is_scripted(self.run.asked["answerer"])

    @property
    def calibration(self) -> Calibration:
        return calibration(self.judgements)

    def shows(self, judgement: Judgement) -> bool:
        """Whether a case may be shown in full."""
        return is_shown(judgement.case, open_test=self.open_test)

    @property
    def failed(self) -> list[Judgement]:
        return [j for j in self.judgements if not j.passed]


def markdown(findings: Findings) -> str:
    """Return the summary: all tables, and what failed."""
    parts = [f"# {findings.title}", *_warning(findings)]
    for title, text in _sections(findings):
        parts += [f"## {title}", text]
    parts += ["## Failures", "\n".join(f"- {one_line(j, open_test=findings.open_test)}" for j in findings.failed)]
    if not all(map(findings.shows, findings.failed)):
        parts.append(CLOSED)
    return "\n\n".join(part for part in parts if part) + "\n"


def junit(findings: Findings) -> str:
    """Return JUnit's XML: a suite for each split, a test for each case."""
    root = Xml.Element("testsuites", name=findings.title)
    for split in SPLITS:
        if not (chosen := [j for j in findings.judgements if j.case.split == split]):
            continue
        failures = str(sum(not j.passed for j in chosen))
        suite = Xml.SubElement(root, "testsuite", name=split, tests=str(len(chosen)), failures=failures)
        if findings.scripted:
            Xml.SubElement(Xml.SubElement(suite, "properties"), "property", name="warning", value=SCRIPTED)
        for j in chosen:
            test = Xml.SubElement(suite, "testcase", name=j.case.id, classname=f"{split}.{j.case.kind}")
            if not j.passed:
                why = j.scores["right"].why if findings.shows(j) else "not right (test split)"
                Xml.SubElement(test, "failure", message=_printable(why))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def page(findings: Findings) -> str:
    """Return the whole page."""
    style = (Path(__file__).parent / "report.css").read_text("utf-8")
    body = [
        f"<h1>{escape(findings.title)}</h1>",
        *(f'<p class="warning">{escape(text)}</p>' for text in _warning(findings)),
    ]
    for title, text in _sections(findings):
        body += [f"<h2>{escape(title)}</h2>", *_charts(findings, title), _as_html(text)]
    shown = [j for j in findings.failed if findings.shows(j)]
    hidden = [j for j in findings.failed if not findings.shows(j)]
    body += [f"<h2>Failures, {len(shown)} shown</h2>", *map(_case, shown)]
    if hidden:
        body += [f"<h2>Failures of the test split, {len(hidden)}</h2>", f"<p class='note'>{escape(CLOSED)}</p>"]
        body.append(_as_html(_scores_only(hidden)))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(findings.title)}</title><style>{style}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


# --- Sections --------------------------------------------------------------------------------------------------------


def _warning(findings: Findings) -> list[str]:
    return [SCRIPTED] if findings.scripted else []


def _sections(findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield title and Markdown of each section."""
    yield "Scores", f"{score_table(findings.judgements)}\n\n{length_line(findings.judgements)}"
    for split in SPLITS:
        if chosen := [j for j in findings.judgements if j.case.split == split]:
            yield f"Kinds of questions, {split}", kind_table(chosen)
    yield "Calibration", calibration_table(findings.calibration)
    if findings.changed:
        yield "Changed speeches", f"{causal.outcome_table(findings.changed)}\n\n{_changed(findings)}".strip()
    if findings.robust:
        yield "The same question in another dress", robustness.robust_table(findings.robust)
    for name, figures in findings.public:
        yield f"Public questions: {name}", figures
    yield "What was asked of what", _made_of(findings.run)


def _changed(findings: Findings) -> str:
    """Return what failed on a changed speech, of the cases that may be shown."""
    shown = [o for o in findings.changed if o.score.value == 0 and is_shown(o.case, open_test=findings.open_test)]
    return "\n".join(f"- {o.case.id}, `{o.name}`, {o.change}: {o.score.why}" for o in shown)


def _made_of(run: Run) -> str:
    rows = {**run.asked, **{f"cases, {key}": value for key, value in run.asked["cases"].items()}, **run.about}
    lines = [
        f"| {key} | `{value}` |"
        for key, value in (rows | {"replies": run.sha256}).items()
        if not isinstance(value, dict)
    ]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def _scores_only(judgements: Sequence[Judgement]) -> str:
    rows = [
        f"| {j.case.id} | {' | '.join('' if (v := j.value(name)) is None else f'{v:.2f}' for name in LISTED)} |"
        for j in judgements
    ]
    return "\n".join([f"| case | {' | '.join(LISTED)} |", f"| --- |{' --: |' * len(LISTED)}", *rows])


# --- HTML ------------------------------------------------------------------------------------------------------------


def _charts(findings: Findings, title: str) -> Iterator[str]:
    if title == "Scores":
        for split in SPLITS:
            chosen = [j for j in findings.judgements if j.case.split == split]
            rows = [(name, mean(values), *interval(values, clusters)) for name, values, clusters in _charted(chosen)]
            if rows:
                yield f"<h3>{split}</h3>{intervals(f'Scores, {split} split, with 95 % intervals', rows)}"
    if title == "Calibration":
        yield reliability_chart("Confidence and share of right answers", findings.calibration.rows)


def _charted(judgements: Sequence[Judgement]) -> Iterator[tuple[str, list[float], list[str]]]:
    for name in CHARTED if judgements else ():
        values, clusters = pairs(judgements, name)
        if values:
            yield name, values, clusters


def _case(j: Judgement) -> str:
    entry, source = j.case.entry, j.case.source
    gold = [" + ".join(f"[{p}] {source.text(p)}" for p in sorted(places)) for places in j.case.gold]
    rows = [
        ("Earlier questions", "\n".join(entry.turns)),
        ("Question", entry.question),
        ("Understood as", j.reply.restated or ""),
        ("Answer", j.reply.text if j.reply.answered else f"refused: {j.reply.reason}"),
        ("Quotes", "\n".join(f"[{c.number}] {c.paragraph}.{c.sentence} {c.quote}" for c in j.reply.citations)),
        ("Gold", "\n".join(gold) or f"none: {entry.refuses}"),
        ("Why", "\n".join(dict.fromkeys(s.why for s in j.scores.values() if s.why))),
    ]
    terms = "".join(f"<dt>{name}</dt><dd>{escape(_printable(text))}</dd>" for name, text in rows if text)
    return f"<article><h3>{escape(j.case.id)} ({j.case.split})</h3><dl>{terms}</dl></article>"


def _as_html(text: str) -> str:
    """Return our own Markdown as HTML: tables, lists and paragraphs, with everything in them escaped."""
    return "\n".join(_block(block.splitlines()) for block in re.split(r"\n{2,}", text.strip()) if block)


def _block(lines: Sequence[str]) -> str:
    if lines[0].startswith("|"):
        rows = [line.strip().strip("|").split("|") for line in lines if not line.startswith("| ---")]
        cells = [
            "".join(f"<{'td' if i else 'th'}>{_inline(c.strip())}</{'td' if i else 'th'}>" for c in row)
            for i, row in enumerate(rows)
        ]
        return f'<div class="wide"><table>{"".join(f"<tr>{row}</tr>" for row in cells)}</table></div>'
    if lines[0].startswith("- "):
        return f"<ul>{''.join(f'<li>{_inline(line[2:])}</li>' for line in lines)}</ul>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def _inline(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(_printable(text)))


def _printable(text: str) -> str:
    """Return the text without what XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
