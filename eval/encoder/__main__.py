"""The command line of `eval.encoder`: `train`, `export`, then `verdict`."""

import logging

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def train() -> None:
    """Train the corrections on data/*.jsonl."""
    from eval.encoder.train import train as run

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run()


@app.command()
def export() -> None:
    """Write assistant/weights from the published model and the corrections."""
    from eval.encoder.export import export as run

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run()


@app.command()
def verdict() -> None:
    """Fit the verdict with the encoder in assistant/weights."""
    from eval.encoder.verdict import fit

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    fit()


app()
