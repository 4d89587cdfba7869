"""The verbs that look closer at a run, and those that leave something for people to read."""

from pathlib import Path
from typing import Annotated

import typer

from assistant.settings import bundled
from eval import causal as changed_speeches
from eval import feedback as disliked
from eval import readme as figures
from eval import report as reports
from eval import robustness
from eval.answerers import OFFLINE, SCRIPT, ScriptedAnswerer, open_assistant, open_model
from eval.calibration import calibration as calibrate
from eval.calibration import calibration_table
from eval.elsewhere import ask_elsewhere, elsewhere_table
from eval.errors import EvalError
from eval.judgements import judge
from eval.options import (
    CASES,
    CORES,
    HERE,
    RUNS,
    AnswererOption,
    CasesOption,
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
    with_progress,
)
from eval.record import record as ask_and_keep
from eval.recordings import is_scripted
from eval.runs import Run, code_hash, write_text

app = typer.Typer()
READMES = {"en": HERE.parent / "README.md", "zh": HERE.parent / "README.zh.md"}


@app.command()
def causal(
    name: Name,
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    jobs: Jobs = CORES,
) -> None:
    """Change the sentences that a run cites, ask again, and tell whether the answers follow."""
    run = _offline(runs / name)
    judgements = judge(load_cases(cases, seeds), run)
    folder = bundled("seeds") if seeds is None else seeds
    outcomes = changed_speeches.measure(changed_speeches.trials(judgements), folder, jobs)
    run.keep("causal", changed_speeches.to_dict(outcomes))
    typer.echo(changed_speeches.outcome_table(outcomes))


@app.command()
def robust(name: Name, *, cases: CasesOption = CASES, seeds: Seeds = None, runs: Runs = RUNS) -> None:
    """Ask the questions of a run again, in other scripts, widths and punctuation, and as they are."""
    run = _offline(runs / name)
    judgements = judge(load_cases(cases, seeds), run)
    with open_assistant(OFFLINE, seeds) as assistant:
        found = robustness.measure(assistant, judgements, run)
    run.keep("robust", robustness.to_dict(found))
    typer.echo(robustness.robust_table(found))


@app.command()
def elsewhere(answerer: AnswererOption = OFFLINE) -> None:
    """Ask about other speeches, of other fields, on which nothing was trained."""
    typer.echo(elsewhere_table(ask_elsewhere(answerer=answerer)))


@app.command()
def calibration(
    name: Name, *, cases: CasesOption = CASES, seeds: Seeds = None, runs: Runs = RUNS, split: SplitOption = None
) -> None:
    """Hold the confidence of the replies against what they are worth."""
    judgements = judge(choose(load_cases(cases, seeds), split=split), Run.read(runs / name))
    typer.echo(calibration_table(calibrate(judgements)))


@app.command()
def report(
    name: Name,
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
    open_test: OpenTest = False,
) -> None:
    """Write report.html, report.md and junit.xml beside the replies, with all that was measured on them."""
    run, known = Run.read(runs / name), load_cases(cases, seeds)
    findings = reports.Findings(
        run,
        judge(known, run),
        changed_speeches.from_dict(run.kept("causal") or [], known),
        robustness.from_dict(run.kept("robust") or [], known),
        [(stem, text) for stem, text in run.kept("squad") or []],
        open_test,
    )
    for file, text in (
        ("report.html", reports.page(findings)),
        ("report.md", reports.markdown(findings)),
        ("junit.xml", reports.junit(findings)),
    ):
        write_text(run.folder / file, text)
        typer.echo(str(run.folder / file), err=True)


@app.command()
def record(
    folder: Annotated[Path, typer.Argument(help="Folder of the recordings, one for each model.")],
    *,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    kind: Kinds = None,
    tag: Tags = None,
    split: SplitOption = None,
    script: Annotated[
        bool, typer.Option("--script", help=f"Record what {SCRIPT} in the folder says instead of a model.")
    ] = False,
) -> None:
    """Ask the model of the ASSISTANT_… settings for what is not recorded yet. No other verb calls one."""
    chosen = choose(load_cases(cases, seeds), kind, tag, split)
    if script:
        answerer = ScriptedAnswerer.from_folder(folder)
        chosen = [case for case in chosen if case.entry.question in answerer.questions]
        with open_assistant(OFFLINE, seeds) as assistant:
            done = ask_and_keep(assistant, answerer, chosen, folder, with_progress)
    else:
        with open_model(seeds) as assistant:
            done = ask_and_keep(assistant, assistant.answerer, chosen, folder, with_progress)
    typer.echo(f"{done} cases are recorded: {folder}", err=True)


@app.command()
def feedback(
    file: Annotated[Path, typer.Argument(help="What the page keeps, see ASSISTANT_FEEDBACK.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="New file for the drafts.")] = Path("drafts.yaml"),
    cases: CasesOption = CASES,
    seeds: Seeds = None,
) -> None:
    """Turn what readers of the page disliked into drafts of cases, for a person to finish."""
    found = disliked.drafts(file, load_cases(cases, seeds))
    if not found:
        typer.echo(f"{file}: nothing that was disliked is new, so no drafts are written.", err=True)
        return
    disliked.write(found, out)
    typer.echo(f"{len(found)} drafts: {out}", err=True)


@app.command()
def readme(
    name: Name,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only tell, with exit code 1, whether they are old.")] = False,
    cases: CasesOption = CASES,
    seeds: Seeds = None,
    runs: Runs = RUNS,
) -> None:
    """Put the figures of a run into README.md and README.zh.md."""
    run, known = _offline(runs / name), load_cases(cases, seeds)
    judgements = judge(known, run)
    if len(judgements) < len(known):
        raise EvalError(f"{run.folder} holds {len(judgements)} of {len(known)} cases. Ask them all.")
    outcomes = changed_speeches.from_dict(run.kept("causal") or [], known)
    old = []
    for language, path in READMES.items():
        tables = {"scores": figures.scores_table(judgements, language)}
        if outcomes:
            tables["changed"] = figures.changed_table(outcomes, language)
        if check:
            old += [f"{path.name}: the table of {table} is old." for table in figures.stale(path, tables)]
        else:
            figures.put(path, tables)
    if old:
        typer.echo("\n".join([*old, f"Renew it: python -m eval readme {name}"]), err=True)
        raise typer.Exit(1)


def _offline(folder: Path) -> Run:
    """Return a run of the embedded answerer as it is now, the only one that can be asked something new here."""
    run = Run.read(folder)
    if run.asked["answerer"] != OFFLINE:
        kind = "are scripted" if is_scripted(run.asked["answerer"]) else "are recorded"
        raise EvalError(f"The replies of {folder} {kind}; this needs a run of the answerer {OFFLINE}.")
    if run.asked["code"] != code_hash():
        raise EvalError(f"{folder} was asked of other code. Ask again: python -m eval run {folder.name} --again")
    return run
