"""How fast and how well it finds: `python -m eval.benchmark [--runs N] [--squad FILE]`.

Prints one Markdown table: median and 95th percentile of each step, and with `--squad` how often the paragraph that
answers is found first. Times are wall clock on the machine named above the table; nothing of this is a test.
"""

import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from assistant.assistant import Assistant
from assistant.corpus import Corpus
from assistant.embedders import make_embedder
from assistant.encoder import bundled_encoder
from assistant.index import Index
from assistant.settings import Settings, bundled
from eval.squad import QuestionSet
from eval.streaming import measure

QUESTIONS = (
    "怎样让创新成果更好惠及人民？",
    "这次集体学习是什么时候举行的？",
    "从哪几个方面加强知识产权保护工作？",
    "综合运用哪些手段保护知识产权？",
    "这篇讲话主要讲了什么？",
    "全国有多少名专利审查员？",
)


def main(
    runs: Annotated[int, typer.Option(min=20, help="Repetitions of each step.")] = 20,
    squad: Annotated[list[Path] | None, typer.Option(help="A question set in SQuAD layout; may be repeated.")] = None,
) -> None:
    """Measure and print."""
    typer.echo(f"{_processor()}, {platform.system()} {platform.machine()}, Python {platform.python_version()}\n")
    typer.echo("| step | median | p95 | runs |\n| --- | --: | --: | --: |")
    with _scratch() as folder:
        for name, times in (
            ("one question, running process", _ask(folder, runs)),
            ("index of the speech, after imports", _build(folder, runs)),
            ("`assistant --help`", _command(["--help"], folder, runs)),
            ("`assistant ask`, cold process, index there", _command(["ask", QUESTIONS[0]], folder, runs)),
            *measure(folder, runs),
        ):
            p95 = statistics.quantiles(times, n=20)[18]
            typer.echo(f"| {name} | {_milliseconds(statistics.median(times))} | {_milliseconds(p95)} | {len(times)} |")
        for path in squad or ():
            typer.echo(_recall(path, folder))


def _ask(folder: Path, runs: int) -> list[float]:
    with Assistant.from_settings(index=folder / "index") as assistant:
        for question in QUESTIONS:
            assistant.ask(question)
        # Other punctuation each time: the vector of a question that was asked before is kept.
        asked = [question + "？" * run for run in range(1, runs + 1) for question in QUESTIONS]
        return [_timed(lambda q=question: assistant.ask(q)) for question in asked]  # type: ignore[misc]


def _build(folder: Path, runs: int) -> list[float]:
    corpus = Corpus.from_folder(bundled("seeds"))

    def build(name: str) -> float:
        bundled_encoder.cache_clear()  # it keeps the vectors of texts that it has read
        embedder = make_embedder(Settings.load(), [paragraph.text for paragraph in corpus.paragraphs])
        return _timed(lambda: Index.open(corpus, embedder, folder / name).close())

    build("warm")
    return [build(f"built-{i}") for i in range(runs)]


def _command(arguments: list[str], folder: Path, runs: int) -> list[float]:
    command = [shutil.which("assistant", path=str(Path(sys.executable).parent)) or "assistant", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "ASSISTANT_INDEX": str(folder / "index")}

    def run() -> None:
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

    run()
    return [_timed(run) for _ in range(runs)]


def _recall(path: Path, folder: Path) -> str:
    """Return one line: how often the paragraph that answers comes first, and among the first three."""
    questions = QuestionSet.from_file(path)
    embedder = make_embedder(Settings.load(), [paragraph.text for paragraph in questions.corpus.paragraphs])
    with Index.open(questions.corpus, embedder, folder / path.stem) as index:
        found = [
            [passage.paragraph.speech for passage in index.search(question.text, 3)] for question in questions.questions
        ]
    gold = [question.speech for question in questions.questions]
    first = sum(speeches[0] == speech for speeches, speech in zip(found, gold, strict=True)) / len(gold)
    three = sum(speech in speeches for speeches, speech in zip(found, gold, strict=True)) / len(gold)
    return (
        f"\n{path.stem}: {len(questions.corpus.speeches)} passages, {len(gold)} questions; "
        f"the paragraph is found first for {first:.1%}, among the first three for {three:.1%}"
    )


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.processor()


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


if __name__ == "__main__":
    typer.run(main)
