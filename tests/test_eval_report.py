"""The report: complete, harmless, and closed where it must be."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from library import ENTRIES, make_assistant, make_cases

from eval.calibration import calibration, calibration_table
from eval.cases import Case
from eval.charts import intervals, reliability_chart
from eval.judgements import CLOSED, Judgement, judge
from eval.report import SCRIPTED, Findings, junit, markdown, page
from eval.runs import Line, Run, ask, describe
from eval.statistics import auroc

EVIL = "<script>alert('x')</script>\x00&\"]]>"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """With one case of each split whose reply will be wrong, and whose words are an attack."""
    entries: list[dict[str, Any]] = [*ENTRIES]
    for name in ("evil-1", "evil-2", "evil-3", "evil-4", "evil-5", "evil-6", "evil-7", "evil-8"):
        entries.append(
            {
                "id": name,
                "kind": "foreign",
                "question": f"{name}{EVIL}".replace("\x00", ""),
                "refuses": EVIL.replace("\x00", ""),
            }
        )
    return make_cases(tmp_path_factory.mktemp("cases"), entries)


@pytest.fixture(scope="module")
def findings(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Findings]:
    folder = tmp_path_factory.mktemp("run")
    chosen = list(cases.values())
    with make_assistant(folder) as assistant:
        made = ask(assistant, chosen, folder / "run", asked=describe(assistant, chosen))
        lines = tuple(spoiled(line) if line.id.startswith("evil") else line for line in made.lines)
        run = replace(made, lines=lines)
        yield Findings(run, judge(chosen, run), [], [], [("public", "A line.\n\n|  | % |\n| --- | --: |\n| a<b | 5 |")])


def spoiled(line: Line) -> Line:
    claim = {"text": EVIL, "citations": [], "verdict": "supported"}
    return replace(line, reply=line.reply | {"kind": "answer", "text": EVIL, "claims": [claim]})


class Tags(HTMLParser):
    """Collects the tags and what they point to; every tag must be closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.names, self.links, self._open = list[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href", "action") or name.startswith("on")
        ]
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def close(self) -> None:
        super().close()
        assert not self._open


def test_the_page_needs_nothing_but_itself_and_escapes_everything(findings: Findings) -> None:
    html = page(findings)
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert not {"script", "link", "iframe", "img"} & set(tags.names)
    assert not tags.links
    assert not re.search(r"https?://|url\(|@import", html)
    assert "&lt;script&gt;" in html
    assert {"svg", "table", "article"} <= set(tags.names)
    assert "a&lt;b" in html
    assert "prefers-color-scheme: dark" in html
    assert findings.run.asked["code"] in html


def test_failures_of_the_test_split_stay_closed(findings: Findings) -> None:
    failed = {j.case.id: j for j in findings.failed}
    tune = {id for id, j in failed.items() if j.case.split == "tune"}
    test = failed.keys() - tune
    assert tune
    assert test
    for text in (page(findings), markdown(findings), junit(findings)):
        for id in test:
            assert id in text
            assert f"{id}&lt;script" not in text
            assert f"{id}<script" not in text
        assert all(id in text for id in tune)
    assert "--open-test" in page(findings)
    opened = page(replace(findings, open_test=True))
    assert all(f"{id}&lt;script" in opened for id in failed)
    assert CLOSED not in opened


def test_junit_counts(findings: Findings) -> None:
    root = Xml.fromstring(junit(findings))
    suites = root.findall("testsuite")
    assert sum(int(suite.get("tests", "")) for suite in suites) == len(findings.judgements)
    assert sum(int(suite.get("failures", "")) for suite in suites) == len(findings.failed)
    assert len(root.findall(".//failure")) == len(findings.failed)


def test_scripted_replies_are_called_so_everywhere(findings: Findings) -> None:
    asked = findings.run.asked | {"answerer": "openai:scripted-good"}
    scripted = replace(findings, run=replace(findings.run, asked=asked))
    for text in (page(scripted), markdown(scripted), junit(scripted)):
        assert "Scripted run" in text
        assert SCRIPTED.split(".")[0] in text
    assert "Scripted" not in page(findings)


def test_a_changed_run_loses_what_was_kept_beside_it(findings: Findings, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(findings.run.folder, folder)
    run = Run.read(folder)
    assert run.kept("causal") is None
    run.keep("causal", [1])
    assert run.kept("causal") == [1]
    assert replace(run, lines=run.lines[1:]).kept("causal") is None


# --- Calibration and charts ---


def test_calibration_says_what_it_takes_for_the_confidence(findings: Findings) -> None:
    found = calibration(findings.judgements)
    assert found.confidence_is == "score of the best passage"
    assert "read the AUROC and not the error" in calibration_table(found)
    sure = [with_confidence(j, 0.9 if j.case.answerable else 0.2) for j in findings.judgements]
    found = calibration(sure)
    assert found.confidence_is == "confidence"
    assert found.answerable == (1.0, (1.0, 1.0))
    answers = [j for j in sure if j.reply.answered]
    right = [j.reply.confidence or 0 for j in answers if j.passed]
    assert found.right[0] == auroc(right, [j.reply.confidence or 0 for j in answers if not j.passed])
    assert found.error[1][0] <= found.error[0] <= found.error[1][1]
    assert sum(number for _, _, number in found.rows) == len(answers)
    assert "never meant" not in calibration_table(found)


def test_calibration_of_refusals_only_is_empty(findings: Findings) -> None:
    refused = [j for j in findings.judgements if not j.reply.answered]
    assert "| AUROC: answer right or wrong |  |  |" in calibration_table(calibration(refused))


def with_confidence(j: Judgement, value: float) -> Judgement:
    return replace(j, reply=j.reply.model_copy(update={"confidence": value}))


def test_charts_are_well_formed() -> None:
    nan = float("nan")
    chart = intervals('"<a>', [("x<y", 0.5, 0.2, 0.8), ("none", nan, nan, nan), ("point", 1.0, nan, nan)])
    root = Xml.fromstring(chart)
    assert root.get("aria-label") == '"<a>'
    assert chart.count("<circle") == 2
    assert Xml.fromstring(reliability_chart("r", [(0.5, 0.4, 20)])).findall("circle")
    assert Xml.fromstring(reliability_chart("r", []))
