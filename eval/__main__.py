"""The command line: `python -m eval VERB`. Exit 0 pass, 1 gate failed, 2 usage, 3 something is missing."""

import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import AssistantError
from assistant.settings import bundled
from eval.answerers import OFFLINE, open_assistant
from eval.cases import KINDS, SPLIT_FILE, SPLITS, Case, check_split, hashes, load
from eval.compare import align, change_table, changes, flipped
from eval.errors import EvalError, MissingError
from eval.gates import Baseline, Gates, check
from eval.gates import accept as accept_baseline
from eval.judgements import Judgement, judge, to_dict
from eval.runs import Run, ask, describe, write_json
from eval.sources import Source
from eval.tables import confidence_line, kind_table, length_line, score_table

CASES = Path(__file__).parent / "cases"
GATES = Path(__file__).parent / "gates.yaml"
BASELINE = Path(__file__).parent / "baseline.json"
RUNS = Path("runs")

app = typer.Typer(
    help="What an answer is worth, without any network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Name = Annotated[str, typer.Argument(help="Name of the run: a folder of that name in --runs.")]
CasesOption = Annotated[Path, typer.Option("--cases", metavar="FOLDER", help="Folder of cases, one or more .yaml.")]
Seeds = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder of the speeches that the cases are about.")]
Runs = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Folder of the runs.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only cases of this kind; may be repeated.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only cases with this tag; may be repeated.")]
SplitOption = Annotated[str | None, typer.Option("--split", help="Only `tune` or only `test`.")]
GatesOption = Annotated[Path, typer.Option("--gates", metavar="FILE", help="What must hold.")]
BaselineOption = Annotated[Path, typer.Option("--baseline", metavar="FILE", help="What there was.")]
AnswererOption = Annotated[str, typer.Option("--answerer", help="Who is asked.")]


def main() -> None:
    """Run the command line; turn what can go wrong into one line and an exit code."""
    try:
        app()
    except EvalError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except (MissingError, AssistantError) as error:
        typer.echo(str(error), err=True)
        sys.exit(3)


@app.command()
def validate(
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    freeze: Annotated[bool, typer.Option("--freeze", help="Write the hashes of the splits anew.")] = False,
) -> None:
    """Check the cases against the speech and the frozen split."""
    found = load(cases, _source(seeds))
    if freeze:
        write_json(cases / SPLIT_FILE, hashes(found))
    check_split(cases, found)
    numbers = ", ".join(f"{sum(case.split == split for case in found)} {split}" for split in SPLITS)
    once = sum(case.entry.reviews < 2 for case in found)
    typer.echo(f"{len(found)} cases ({numbers}), {once} of them read only once.")


@app.command()
def run(
    name: Name,
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    kind: Kinds = None,
    tag: Tags = None,
    split: SplitOption = None,
    failing: Annotated[str | None, typer.Option(metavar="RUN", help="Only cases that are not right there.")] = None,
    answerer: AnswererOption = OFFLINE,
    again: Annotated[bool, typer.Option("--again", help="Replace the run of that name.")] = False,
) -> None:
    """Ask the cases, and keep the replies; a run that was stopped goes on."""
    chosen = _choose(_load(cases, seeds), kind, tag, split)
    if failing:
        failed = {j.case.id for j in judge(chosen, Run.read(runs / failing)) if not j.passed}
        chosen = [case for case in chosen if case.id in failed]
    if not chosen:
        raise EvalError("No case is left to ask. Choose others.")
    with open_assistant(answerer, seeds) as assistant:
        made = ask(assistant, chosen, runs / name, asked=describe(assistant, chosen), again=again, watch=_with_progress)
    seconds = made.about["seconds"]
    times = f" in {seconds['total']:.1f} s (95 % within {1000 * seconds['p95']:.0f} ms)" if seconds else ""
    typer.echo(f"{len(made.lines)} replies{times}: {made.folder}", err=True)


@app.command()
def score(
    name: Name,
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    kind: Kinds = None,
    tag: Tags = None,
    split: SplitOption = None,
    show: Annotated[bool, typer.Option("--show", help="Print every case that is not right, and why.")] = False,
) -> None:
    """Score a run without asking again; print the summary and keep the scores beside the replies."""
    chosen = _choose(_load(cases, seeds), kind, tag, split)
    judgements = judge(chosen, Run.read(runs / name))
    if len(judgements) == len(Run.read(runs / name).lines):
        write_json(runs / name / "scores.json", to_dict(judgements))
    typer.echo(
        f"{score_table(judgements)}\n\n{kind_table(judgements)}\n\n{length_line(judgements)}\n{confidence_line(judgements)}"
    )
    if show:
        typer.echo("\n" + "\n".join(_failing(judgements)))


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="Name of the older run.")],
    after: Annotated[str, typer.Argument(help="Name of the newer run.")],
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    kind: Kinds = None,
    tag: Tags = None,
    split: SplitOption = None,
    intersect: Annotated[bool, typer.Option("--intersect", help="Leave out cases that only one run holds.")] = False,
) -> None:
    """Print how the scores of two runs differ, and the cases that flipped."""
    chosen = _choose(_load(cases, seeds), kind, tag, split)
    old, new = (judge(chosen, Run.read(runs / name)) for name in (before, after))
    shared = align(old, new, intersect=intersect)
    if len(shared) < max(len(old), len(new)):
        typer.echo(f"{len(shared)} cases are in both runs; the others are left out.", err=True)
    typer.echo("\n".join([change_table(changes(shared)), "", *flipped(shared)]))


@app.command()
def gate(
    name: Annotated[str | None, typer.Argument(help="Name of a run; without one, all is asked now.")] = None,
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    split: SplitOption = None,
    gates: GatesOption = GATES,
    baseline_file: BaselineOption = BASELINE,
) -> None:
    """Fail, with exit code 1, if the answers are worse than `gates.yaml` and the baseline allow."""
    declared, base = Gates.from_file(gates), Baseline.from_file(baseline_file)
    chosen = _choose(_load(cases, seeds), None, None, split)
    outcomes = check(_judged(name, chosen, runs, seeds), declared, base, datetime.now(UTC).date())
    typer.echo("\n".join(str(outcome) for outcome in outcomes))
    raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)


@app.command()
def baseline(
    name: Name,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Make this run the baseline.")] = False,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    gates: GatesOption = GATES,
    baseline_file: BaselineOption = BASELINE,
) -> None:
    """Compare a whole run with the baseline, and make it the new one with --accept."""
    chosen, made = _load(cases, seeds), Run.read(runs / name)
    judgements = judge(chosen, made)
    if len(judgements) != len(chosen):
        raise EvalError(f"{made.folder} holds {len(judgements)} of {len(chosen)} cases. A baseline is of all of them.")
    if accept:
        accept_baseline(baseline_file, judgements, Gates.from_file(gates), made.asked)
        typer.echo(f"{made.folder} is now the baseline: {baseline_file}", err=True)
        return
    outcomes = check(judgements, Gates.from_file(gates), Baseline.from_file(baseline_file), datetime.now(UTC).date())
    typer.echo("\n".join(str(outcome) for outcome in outcomes))


# --- Shared ----------------------------------------------------------------------------------------------------------


def _source(seeds: Path | None) -> Source:
    return Source.from_folder(bundled("seeds") if seeds is None else seeds)


def _load(cases: Path, seeds: Path | None) -> list[Case]:
    found = load(cases, _source(seeds))
    check_split(cases, found)
    return list(found)


def _choose(cases: list[Case], kinds: list[str] | None, tags: list[str] | None, split: str | None) -> list[Case]:
    """Return the cases that the filters leave.

    Raises:
        EvalError: a filter names what does not exist, or nothing is left.
    """
    if unknown := sorted(set(kinds or ()) - set(KINDS)):
        raise EvalError(f"There is no kind {unknown[0]!r}. Known: {', '.join(KINDS)}.")
    if split not in (None, *SPLITS):
        raise EvalError(f"There is no split {split!r}. Known: {', '.join(SPLITS)}.")
    chosen = [
        case
        for case in cases
        if (not kinds or case.kind in kinds)
        and (not tags or set(tags) & set(case.entry.tags))
        and split in (None, case.split)
    ]
    if not chosen:
        raise EvalError("No case is left by --kind, --tag and --split. Choose others.")
    return chosen


def _judged(name: str | None, chosen: list[Case], runs: Path, seeds: Path | None) -> list[Judgement]:
    """Return the judgements of a run that holds all these cases, or of one that is made now and kept nowhere."""
    if name is not None:
        judgements = judge(chosen, Run.read(runs / name))
        if len(judgements) < len(chosen):
            raise EvalError(f"{runs / name} holds {len(judgements)} of {len(chosen)} cases. Ask them all.")
        return judgements
    with open_assistant(OFFLINE, seeds) as assistant, tempfile.TemporaryDirectory() as folder:
        asked = describe(assistant, chosen)
        return judge(chosen, ask(assistant, chosen, Path(folder), asked=asked, watch=_with_progress))


def _failing(judgements: Iterable[Judgement]) -> list[str]:
    return [
        f"{j.case.id} ({j.case.split}) {j.case.entry.question}\n    {j.scores['right'].why}"
        for j in judgements
        if not j.passed
    ]


def _with_progress(cases: Iterable[Case]) -> Iterable[Case]:
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(list(cases), description="Asking", console=console, disable=not console.is_terminal, transient=True)


if __name__ == "__main__":
    main()
