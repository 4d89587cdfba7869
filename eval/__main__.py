"""The command line: `python -m eval VERB`. Exit 0 pass, 1 gate failed, 2 usage, 3 something is missing."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import AssistantError
from assistant.settings import bundled
from eval.answerers import OFFLINE, open_assistant
from eval.cases import KINDS, SPLIT_FILE, SPLITS, Case, check_split, hashes, load
from eval.errors import EvalError, MissingError
from eval.judgements import Judgement, judge, to_dict
from eval.runs import Run, ask, describe, write_json
from eval.sources import Source
from eval.tables import kind_table, length_line, score_table

CASES = Path(__file__).parent / "cases"
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
        made = ask(
            assistant, chosen, runs / name, asked=describe(assistant, chosen), again=again, watch=_with_progress
        )
    seconds = made.about["seconds"]
    times = f" in {seconds['total']:.1f} s (95 % within {1000 * seconds['p95']:.0f} ms)" if seconds else ""
    typer.echo(f"{len(made.lines)} replies{times}: {made.folder}", err=True)


@app.command()
def score(
    name: Name,
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
    typer.echo(f"{score_table(judgements)}\n\n{kind_table(judgements)}\n\n{length_line(judgements)}")
    if show:
        typer.echo("\n" + "\n".join(_failing(judgements)))


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
