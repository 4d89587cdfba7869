"""The command line: `python -m eval VERB`. Exit 0 pass, 1 gate failed, 2 usage, 3 something is missing."""

import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import AssistantError
from eval import verbs
from eval.answerers import OFFLINE, REPLAY, open_assistant
from eval.cases import SPLIT_FILE, SPLITS, Case, check_split, hashes, load
from eval.compare import align, change_table, changes, flipped
from eval.errors import EvalError, MissingError
from eval.gates import Baseline, Gates, check
from eval.gates import accept as accept_baseline
from eval.judgements import CLOSED, Judgement, is_shown, judge, one_line, to_dict
from eval.options import (
    BASELINE,
    CASES,
    CORES,
    GATES,
    RUNS,
    AnswererOption,
    BaselineOption,
    CasesOption,
    GatesOption,
    Jobs,
    Kinds,
    Name,
    OpenTest,
    Runs,
    Seeds,
    SplitOption,
    Tags,
    choose,
    load_cases,
    run_name,
    source,
    with_progress,
)
from eval.recordings import ReplayAnswerer, is_scripted
from eval.report import SCRIPTED
from eval.runs import Run, ask, describe, write_json
from eval.tables import confidence_line, kind_table, length_line, score_table

app = typer.Typer(
    help="What an answer is worth, without any network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(verbs.app)


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
    except OSError as error:
        typer.echo(f"{error.filename or 'A file'} cannot be written: {error.strerror}.", err=True)
        sys.exit(3)


@app.command()
def validate(
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    freeze: Annotated[bool, typer.Option("--freeze", help="Write the hashes of the splits anew.")] = False,
) -> None:
    """Check the cases against the speech and the frozen split."""
    found = load(cases, source(seeds))
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
    failing: Annotated[
        str | None, typer.Option(metavar="RUN", help="Only cases that are not right there.", callback=run_name)
    ] = None,
    answerer: AnswererOption = OFFLINE,
    recorded: Annotated[bool, typer.Option("--recorded", help="Only cases whose question is recorded.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Begin anew, and replace the run of that name when all is asked.")
    ] = False,
) -> None:
    """Ask the cases, and keep the replies; a run that was stopped goes on, and one that is whole stays as it is."""
    chosen = choose(load_cases(cases, seeds), kind, tag, split)
    if failing:
        failed = {j.case.id for j in judge(chosen, Run.read(runs / failing)) if not j.passed}
        chosen = [case for case in chosen if case.id in failed]
    recordings = ReplayAnswerer(Path(answerer.removeprefix(REPLAY))) if answerer.startswith(REPLAY) else None
    if recorded and not recordings:
        raise EvalError(f"--recorded chooses among recordings. Add --answerer {REPLAY}FOLDER.")
    if recorded and recordings:
        chosen = [case for case in chosen if case.entry.question in recordings.questions]
    if not chosen:
        raise EvalError("No case is left to ask. Choose others.")
    whole = not again and (runs / name / "run.json").exists()
    with open_assistant(answerer, seeds) as assistant:
        asked = describe(assistant, chosen, recordings=recordings.sha256 if recordings else None)
        made = ask(assistant, chosen, runs / name, asked=asked, again=again, watch=with_progress)
    _warn(made)
    typer.echo(f"{len(made.lines)} replies{' are there already' if whole else _times(made)}: {made.folder}", err=True)


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
    open_test: OpenTest = False,
) -> None:
    """Score a run without asking again; print the summary and keep the scores beside the replies."""
    chosen = choose(load_cases(cases, seeds), kind, tag, split)
    made = Run.read(runs / name)
    _warn(made)
    judgements = judge(chosen, made)
    if len(judgements) == len(made.lines):
        made.keep("scores", to_dict(judgements))
    typer.echo(
        f"{score_table(judgements)}\n\n{kind_table(judgements)}\n\n{length_line(judgements)}\n{confidence_line(judgements)}"
    )
    if show:
        failed = [j for j in judgements if not j.passed]
        _print_cases([one_line(j, open_test=open_test) for j in failed], failed, open_test=open_test)


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="Name of the older run.", callback=run_name)],
    after: Annotated[str, typer.Argument(help="Name of the newer run.", callback=run_name)],
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    kind: Kinds = None,
    tag: Tags = None,
    split: SplitOption = None,
    intersect: Annotated[bool, typer.Option("--intersect", help="Leave out cases that only one run holds.")] = False,
    open_test: OpenTest = False,
) -> None:
    """Print how the scores of two runs differ, and the cases that flipped."""
    chosen = choose(load_cases(cases, seeds), kind, tag, split)
    made = [Run.read(runs / name) for name in (before, after)]
    for each in made:
        _warn(each)
    old, new = (judge(chosen, each) for each in made)
    shared = align(old, new, intersect=intersect)
    if len(shared) < max(len(old), len(new)):
        typer.echo(f"{len(shared)} cases are in both runs; the others are left out.", err=True)
    typer.echo(change_table(changes(shared)))
    named = [after for before, after in shared if before.passed != after.passed]
    _print_cases(flipped(shared, open_test=open_test), named, open_test=open_test)


@app.command()
def gate(
    name: Annotated[
        str | None, typer.Argument(help="Name of a run; without one, all is asked now.", callback=run_name)
    ] = None,
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
    chosen = choose(load_cases(cases, seeds), split=split)
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
    chosen, made = load_cases(cases, seeds), Run.read(runs / name)
    judgements = judge(chosen, made)
    if len(judgements) != len(chosen):
        raise EvalError(f"{made.folder} holds {len(judgements)} of {len(chosen)} cases. A baseline is of all of them.")
    _warn(made)
    if accept and is_scripted(made.asked["answerer"]):
        raise EvalError(f"{made.folder} is scripted and can be no baseline. Accept a run of {OFFLINE}.")
    if accept:
        accept_baseline(baseline_file, judgements, Gates.from_file(gates), made.asked)
        typer.echo(f"{made.folder} is now the baseline: {baseline_file}", err=True)
        return
    outcomes = check(judgements, Gates.from_file(gates), Baseline.from_file(baseline_file), datetime.now(UTC).date())
    typer.echo("\n".join(str(outcome) for outcome in outcomes))


@app.command()
def squad(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Question sets in SQuAD layout.")],
    jobs: Jobs = CORES,
    keep: Annotated[
        str | None, typer.Option(metavar="RUN", help="Keep the figures for the report of this run.", callback=run_name)
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Ask public questions: the passages of a file are the corpus. The answers are the embedded answerer's."""
    from eval.public import ask_all, figures

    beside, found = keep and Run.read(runs / keep), []
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            found.append((file.stem, figures(*ask_all(file, Path(folder) / "index", jobs))))
        typer.echo(f"## {file.stem}: {found[-1][1]}\n")
    if beside:
        beside.keep("squad", found)


# --- Shared ----------------------------------------------------------------------------------------------------------


def _judged(name: str | None, chosen: list[Case], runs: Path, seeds: Path | None) -> list[Judgement]:
    """Return the judgements of a run that holds all these cases, or of one that is made now and kept nowhere."""
    if name is not None:
        judgements = judge(chosen, Run.read(runs / name))
        if len(judgements) < len(chosen):
            raise EvalError(f"{runs / name} holds {len(judgements)} of {len(chosen)} cases. Ask them all.")
        return judgements
    with open_assistant(OFFLINE, seeds) as assistant, tempfile.TemporaryDirectory() as folder:
        asked = describe(assistant, chosen)
        return judge(chosen, ask(assistant, chosen, Path(folder) / "run", asked=asked, watch=with_progress))


def _warn(made: Run) -> None:
    """Say so where no model and no assistant gave the replies: their figures are nobody's quality."""
    if is_scripted(made.asked["answerer"]):
        typer.echo(f"{made.folder}: {SCRIPTED}", err=True)


def _times(made: Run) -> str:
    """Return how long a run took; nothing if it was stopped between."""
    seconds = made.about.get("seconds", {})
    if seconds.get("asked") != len(made.lines):
        return ""
    return f" in {seconds['total']:.1f} s (95 % within {1000 * seconds['p95']:.0f} ms)"


def _print_cases(lines: list[str], named: Iterable[Judgement], *, open_test: bool) -> None:
    """Print a line for each case; say so if some of them are closed."""
    typer.echo("\n" + "\n".join(lines))
    if not all(is_shown(j.case, open_test=open_test) for j in named):
        typer.echo(CLOSED, err=True)


if __name__ == "__main__":
    main()
