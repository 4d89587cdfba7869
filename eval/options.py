"""What the verbs of the command line share: their options, and which cases these choose."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from assistant.settings import bundled
from eval.cases import KINDS, SPLITS, Case, check_split, load
from eval.errors import EvalError
from eval.sources import Source

HERE = Path(__file__).parent
CASES, GATES, BASELINE, RUNS = HERE / "cases", HERE / "gates.yaml", HERE / "baseline.json", Path("runs")
CORES = os.cpu_count() or 1


def run_name(name: str | None) -> str | None:
    """Return the name of a run, which must be that of a folder in --runs and nowhere else."""
    if name is not None and not re.fullmatch(r"\w[\w.-]*", name):
        raise EvalError(
            f"{name!r} is no name of a run. Use letters, digits, '-', '_' and '.', the first no dot or dash."
        )
    return name


Name = Annotated[str, typer.Argument(help="Name of the run: a folder of that name in --runs.", callback=run_name)]
CasesOption = Annotated[Path, typer.Option("--cases", metavar="FOLDER", help="Folder of cases, one or more .yaml.")]
Seeds = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder of the speeches that the cases are about.")]
Runs = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Folder of the runs.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only cases of this kind; may be repeated.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only cases with this tag; may be repeated.")]
SplitOption = Annotated[str | None, typer.Option("--split", help="Only `tune` or only `test`.")]
OpenTest = Annotated[
    bool, typer.Option("--open-test", help="Show in full what failed of the test split too: it is spoilt by reading.")
]
GatesOption = Annotated[Path, typer.Option("--gates", metavar="FILE", help="What must hold.")]
AnswererOption = Annotated[str, typer.Option("--answerer", help="Who is asked: extractive, unrefusing, replay:FOLDER.")]
BaselineOption = Annotated[Path, typer.Option("--baseline", metavar="FILE", help="What there was.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Processes to ask from.")]


def source(seeds: Path | None) -> Source:
    """Return the speeches of a folder; of the bundled one by default."""
    return Source.from_folder(bundled("seeds") if seeds is None else seeds)


def load_cases(cases: Path, seeds: Path | None) -> list[Case]:
    """Return all cases, which must be the frozen ones."""
    found = load(cases, source(seeds))
    check_split(cases, found)
    return list(found)


def choose(
    cases: list[Case], kinds: list[str] | None = None, tags: list[str] | None = None, split: str | None = None
) -> list[Case]:
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


def with_progress(cases: Iterable[Case]) -> Iterable[Case]:
    """Return the cases one by one, with a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(list(cases), description="Asking", console=console, disable=not console.is_terminal, transient=True)
