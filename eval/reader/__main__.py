"""The command line of `eval.reader`: `train`, then `export`."""

import logging

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def train() -> None:
    """Train the reader on data/*.jsonl and the texts of the encoder."""
    from eval.reader.train import train as run

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run()


@app.command()
def export() -> None:
    """Write assistant/weights/reader.onnx."""
    from eval.reader.export import export as run

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run()


app()
