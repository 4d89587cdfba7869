"""The command line. Answers go to stdout, everything else to stderr; one short function a command.

Exit codes: 0 answered, 3 refused, 2 the command or a setting is wrong, 1 any other error.
"""

import io
import json
import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import AddressError, AssistantError, QuestionError, SettingsError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.text import Text

    from assistant.assistant import Assistant
    from assistant.citations import Citation, Claim
    from assistant.conversation import Conversation
    from assistant.corpus import Corpus, Paragraph, Sentence
    from assistant.index import Progress
    from assistant.replies import Answer, Reply
    from assistant.settings import Settings

REFUSED = 3
INTERRUPTED = 130

app = typer.Typer(
    help="Ask a speech a question and get its own words, every sentence cited. 向讲话提问，用原文回答。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Seeds = Annotated[
    str | None,
    typer.Option("--seeds", metavar="FOLDER", help="Folder of speeches (.txt, .md) in place of the bundled one."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the whole reply as JSON.")]
Question = Annotated[str, typer.Argument(help="Your question, in your own words.", show_default=False)]


def main() -> None:
    """Run the command line; turn every error of ours into one line and an exit code."""
    if sys.stdout is None:  # closed by the caller, as `>&-` does
        sys.exit(1)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except (QuestionError, AddressError, SettingsError) as error:
        _say(str(error))
        sys.exit(2)
    except AssistantError as error:
        _say(str(error))
        sys.exit(1)
    except OSError as error:
        # A full disk. Python would try once more to write when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _say(f"The answer cannot be written: {error.strerror}.")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@app.command()
def ask(question: Question, seeds: Seeds = None, as_json: Json = False) -> None:
    """Answer one question with cited sentences of the speech, or say that it does not answer."""
    with _open(seeds) as assistant:
        reply = assistant.ask(question)
    _say_matched(reply)
    _say_notice(reply)
    if as_json:
        typer.echo(json.dumps(reply.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show_reply(reply)
    raise typer.Exit(0 if reply.kind == "answer" else REFUSED)


@app.command()
def chat(seeds: Seeds = None) -> None:
    """Ask question after question in the terminal."""
    from assistant.conversation import Conversation

    with _open(seeds) as assistant:
        conversation = Conversation(assistant)
        _greet(assistant)
        for line in _lines():
            try:
                if _obey(line, conversation):
                    break
            except KeyboardInterrupt:
                _say("— 已停止 · stopped")
            except AssistantError as error:
                _say(str(error))


@app.command()
def web(
    *,
    seeds: Seeds = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = 7860,
    root_path: Annotated[
        str, typer.Option("--root-path", metavar="PATH", help="Where a reverse proxy shows the page, such as /speech.")
    ] = "",
    auth_file: Annotated[
        Path | None,
        typer.Option("--auth-file", metavar="FILE", help="Only who stands in it may come in; see `web-user`."),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Let everybody in who can reach the address.")] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer `ask`, `search` and `speech` as MCP tools, too.")] = False,
    browser: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open the page in a browser; by default at a terminal with a display."),
    ] = None,
) -> None:
    """Show the page: ask on the left, read the speech on the right. Ctrl-C ends it."""
    from assistant.settings import Settings
    from assistant.web.server import check_access, listen, make_app, serve, url_of
    from assistant.web.users import Users

    check_access(host, auth=auth_file is not None, public=public)
    users = None if auth_file is None else Users.from_file(auth_file)
    with listen(host, port) as listening, _open(seeds) as assistant:
        feedback = Settings.load(**_overrides(seeds)).feedback_file
        page = make_app(assistant, feedback, users=users, public=public, root_path=root_path, mcp=mcp)

        def ready() -> None:
            url = url_of(listening)
            _say(f"{url}　Ctrl-C 结束 · Ctrl-C ends it")
            if _has_display() if browser is None else browser:
                webbrowser.open(url)

        serve(page, listening, ready)
    _end()


@app.command("web-user")
def web_user(name: Annotated[str, typer.Argument(help="What they log in as.", show_default=False)]) -> None:
    """Ask for a password and print the line for the file of `web --auth-file`."""
    from assistant.web.users import user_line

    typer.echo(user_line(name, _password()))


@app.command()
def show(
    address: Annotated[
        str, typer.Argument(help="7 for a paragraph, 7.5 for a sentence; the whole speech if left out.")
    ] = "",
    seeds: Seeds = None,
) -> None:
    """Print the speech, a paragraph or a sentence with its addresses."""
    corpus = _corpus(seeds)
    if address:
        _show_place(corpus.find(address))
        return
    for speech in corpus.speeches:
        for paragraph in speech.paragraphs:
            _show_place(paragraph)


@app.command()
def search(
    question: Question,
    seeds: Seeds = None,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many paragraphs.")] = 5,
) -> None:
    """Print the paragraphs closest to a question, best first."""
    with _open(seeds) as assistant:
        for passage in assistant.search(question, k):
            _print(f"{passage.score:.2f}  {passage.paragraph.address}  {passage.paragraph.text}")


@app.command()
def index(seeds: Seeds = None) -> None:
    """Build the index if the speeches or the settings have changed, and say what was done."""
    with _open(seeds) as assistant:
        _say(_describe_index(assistant))


@app.command()
def doctor(
    seeds: Seeds = None,
    model: Annotated[
        bool, typer.Option("--model", help="Send the models one tiny request of each kind, and say what they accept.")
    ] = False,
) -> None:
    """Say what is configured, what works and what to do."""
    failed = False
    for name, check in _checks(seeds, model).items():
        try:
            _print(f"{name:<10} {check()}")
        except AssistantError as error:
            _print(f"{name:<10} ✗ {error}")
            failed = True
            if not model:
                break  # what follows needs it
    raise typer.Exit(1 if failed else 0)


# --- Web -------------------------------------------------------------------------------------------------------------


def _has_display() -> bool:
    """Return whether a browser that is opened can be seen by who typed the command."""
    window = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.stderr.isatty() and bool(window)


def _end() -> None:
    """End the process, though a thread may still wait for a server of embeddings, which cannot be interrupted."""
    sys.stdout.flush()
    sys.stderr.flush()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(0)


def _password() -> str:
    """Return what is typed twice at a terminal without being seen; elsewhere, one line of the input."""
    if sys.stdin is not None and sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return "" if sys.stdin is None else sys.stdin.readline().rstrip("\r\n")


# --- Chat ------------------------------------------------------------------------------------------------------------

_HELP = """/show 7.5   原文第7段第5句（/show 7 整段，只写 /show 是全文） · a sentence, a paragraph or the whole speech
/help       帮助 · this help
/quit       退出，也可按 Ctrl-D · leave, as does Ctrl-D
Ctrl-C      停止当前回答 · stop the answer"""


def _greet(assistant: "Assistant") -> None:
    for speech in assistant.corpus.speeches[:5]:
        _say("　".join(part for part in (speech.title, speech.speaker, speech.date) if part))
    if (more := len(assistant.corpus.speeches) - 5) > 0:
        _say(f"… +{more}")
    _say("请提问；/help 看帮助 · Ask a question; /help for help")


def _lines() -> Iterator[str]:
    """Yield the lines typed until the end of input; with arrow keys and history at a terminal."""
    if sys.stdin is None:  # closed by the caller, as `<&-` does
        return
    if sys.stdin.isatty():
        import readline  # noqa: F401  (importing it gives input() its arrow keys and history)
    elif isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    while True:
        try:
            yield input(_prompt())
        except KeyboardInterrupt:
            _say("（Ctrl-D 退出 · Ctrl-D to leave）")
        except EOFError:
            return


def _prompt() -> str:
    """Return what `input` shows: nothing where its output is redirected, for it would stand among the answers."""
    if not sys.stdin.isatty():
        return ""
    if sys.stdout.isatty():
        return "\n问 > "
    typer.echo("\n问 > ", err=True, nl=False)
    return ""


def _obey(line: str, conversation: "Conversation") -> bool:
    """Carry out one line of a chat; return whether it was the last."""
    line = line.strip()
    match line.split(maxsplit=1):
        case []:
            pass
        case ["/quit" | "/exit" | "/q"]:
            return True
        case ["/help" | "/?"]:
            _say(_HELP)
        case ["/show", *rest]:
            corpus = conversation.assistant.corpus
            places = [corpus.find(rest[0])] if rest else [p for s in corpus.speeches for p in s.paragraphs]
            for place in places:
                _show_place(place)
        case [command, *_] if command.startswith("/"):
            _say(f"{command}?\n{_HELP}")
        case _:
            _answer(line, conversation)
    return False


def _answer(question: str, conversation: "Conversation") -> None:
    """Print the claims as they pass the check, then the quotes; the whole reply at once where it is not a terminal."""
    reply: Reply | None = None
    if not sys.stdout.isatty():
        reply = conversation.ask(question)
        _say_restated(reply)
        _say_matched(reply)
        typer.echo(str(reply))
        return
    out, shown = _console(), 0
    with closing(conversation.stream(question)) as replies:
        for i, reply in enumerate(replies):
            if i == 0:
                _say_restated(reply)
                _say_matched(reply)
            if reply.kind == "answer":
                if reply.claims and not shown:
                    _show_count(reply)
                for claim in reply.claims[shown:]:
                    out.print(_claim(reply, claim))
                shown = len(reply.claims)
    if reply is not None:
        _show_sources(reply)
        _say_notice(reply)


# --- Showing ---------------------------------------------------------------------------------------------------------


def _show_reply(reply: "Reply") -> None:
    """Print a reply: as plain text, or with colours at a terminal."""
    if not sys.stdout.isatty():
        typer.echo(str(reply))
        return
    if reply.kind == "answer":
        _show_count(reply)
        for claim in reply.claims:
            _console().print(_claim(reply, claim))
    _show_sources(reply)


def _show_count(reply: "Answer") -> None:
    if reply.count:
        _console().print(_marked(reply.count, []), end="\n\n")


def _show_sources(reply: "Reply") -> None:
    """Print what stands below an answer: the quote under each number; below a refusal, the closest passages."""
    from rich.padding import Padding
    from rich.text import Text

    from assistant.replies import ORIGINALS, excerpt
    from assistant.text import visible

    out = _console()
    if reply.kind == "answer":
        out.print()
        if reply.translated:
            _say(ORIGINALS)
        for citation in reply.citations:
            sentence = citation.sentence
            # The address names the speech only where there are several.
            title = f"  {visible(citation.title)}" if "/" in sentence.address else ""
            out.print(Text(f"[{citation.number}] {sentence.address}{title}", style="cyan"))
            out.print(Padding(_quote(citation, style="dim"), (0, 0, 0, 4), expand=False))
    else:
        out.print(Text(f"{reply.text}\n\n{reply.heading}", style="yellow"))
        for passage in reply.passages[:3]:
            out.print(Text(f"≈ {passage.paragraph.address}", style="cyan"))
            out.print(Padding(Text(visible(excerpt(passage.paragraph.text)), style="dim"), (0, 0, 0, 4), expand=False))
    if reply.withheld:
        _say(f"{len(reply.withheld)} 句未通过核对 · withheld:")
        for withheld in reply.withheld:
            _say(f"  ✗ {visible(withheld.text)} — {withheld.why}")


def _say_restated(reply: "Reply") -> None:
    """Say how a question was understood that leans on earlier ones."""
    if reply.restated:
        _say(f"≈ {reply.restated}")


def _say_matched(reply: "Reply") -> None:
    """Say which words of the speech were taken for those of the question."""
    if reply.kind == "answer" and reply.matched:
        _say("≈ " + ", ".join(f"{word} → {term}" for word, term in reply.matched))


def _say_notice(reply: "Reply") -> None:
    if reply.notice:
        _say(f"! {reply.notice}")


def _marked(text: str, numbers: list[int]) -> "Text":
    from rich.text import Text

    from assistant.text import visible

    return Text(visible(text)) + Text("".join(f"[{number}]" for number in numbers), style="cyan")


def _claim(reply: "Answer", claim: "Claim") -> "Text":
    """Return a claim with its marks; where it is a quote, what that lists of what was asked for stands out."""
    from assistant.citations import Verdict

    numbers = reply.numbers(claim)
    if claim.verdict is Verdict.VERBATIM:
        return _quote(reply.citations[numbers[0] - 1]) + _marked("", numbers)
    return _marked(claim.text, numbers)


def _quote(citation: "Citation", style: str = "") -> "Text":
    from rich.text import Text

    from assistant.text import visible

    before, listed, behind = map(visible, citation.parts)
    return Text.assemble(before, (listed, "bold not dim"), behind, style=style)


def _show_place(place: "Paragraph | Sentence") -> None:
    """Print a sentence, or a paragraph with the address before each sentence."""
    from assistant.corpus import Sentence

    sentences = [place] if isinstance(place, Sentence) else place.sentences
    for sentence in sentences:
        _print(f"[{sentence.address}] {sentence.text.strip()}")


def _print(text: str) -> None:
    """Write to stdout; at a terminal without the control characters that a file may hold."""
    from assistant.text import visible

    typer.echo(visible(text) if sys.stdout.isatty() else text)


def _say(text: str) -> None:
    """Write to stderr; at a terminal without the control characters that a title or a file's name may hold."""
    from assistant.text import visible

    typer.echo(visible(text) if sys.stderr.isatty() else text, err=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


# --- Opening ---------------------------------------------------------------------------------------------------------


def _overrides(seeds: str | None) -> dict[str, Any]:
    if seeds == "":  # an unset "$FOLDER" in a script; as a path it would be the current folder
        raise SettingsError("--seeds is empty. Give the folder that holds the speeches.")
    return {} if seeds is None else {"seeds": Path(seeds)}


def _corpus(seeds: str | None) -> "Corpus":
    from assistant.corpus import Corpus
    from assistant.settings import Settings

    corpus = Corpus.from_folder(Settings.load(**_overrides(seeds)).seeds)
    for problem in corpus.problems:
        _say(f"! {problem}")
    return corpus


@contextmanager
def _open(seeds: str | None, *, quiet: bool = False) -> "Iterator[Assistant]":
    from assistant.assistant import Assistant

    with _progress() as progress:
        opened = Assistant.from_settings(progress, **_overrides(seeds))
    with opened as assistant:
        for problem in () if quiet else assistant.corpus.problems:
            _say(f"! {problem}")
        yield assistant


@contextmanager
def _progress() -> "Iterator[Progress]":
    """Give what draws a bar on stderr, from its first call to the end of the block; elsewhere than at a terminal, a log."""
    from assistant.index import log_progress

    if sys.stderr is None or not sys.stderr.isatty():
        yield log_progress
        return
    bar: Bar | None = None
    with ExitStack() as shown:

        def draw(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                bar = shown.enter_context(_bar())
                bar.add_task("建立索引 · Indexing", total=total)
            bar.update(bar.task_ids[0], completed=done)

        yield draw


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    # What is written to stdout meanwhile stays there, for it may be a file.
    return Progress(
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=console.is_dumb_terminal,
        speed_estimate_period=600,  # a batch may take longer than its 30 seconds
    )


def _describe_index(assistant: "Assistant") -> str:
    index = assistant.index
    embedded = _count(index.embedded, "sentence")
    done = f"built ({index.reason}; {embedded} embedded)" if index.rebuilt else "opened, up to date"
    return f"{_count(len(assistant.corpus.paragraphs), 'paragraph')}, {done}: {index.folder}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _checks(seeds: str | None, model: bool) -> "dict[str, Callable[[], str]]":
    """Return what `doctor` looks at, each with a function that describes it or raises."""
    from assistant.settings import Settings

    def settings() -> str:
        return _describe_settings(Settings.load(**_overrides(seeds)))

    def speeches() -> str:
        corpus = _corpus(seeds)
        paragraphs, left_out = _count(len(corpus.paragraphs), "paragraph"), _count(len(corpus.problems), "file")
        return f"{len(corpus.speeches)} readable, {paragraphs}, {left_out} left out"

    def index() -> str:
        with _open(seeds, quiet=True) as assistant:
            return _describe_index(assistant)

    def question() -> str:
        with _open(seeds, quiet=True) as assistant:
            first = assistant.corpus.paragraphs[0].sentences[0]
            reply = assistant.ask(first.text[:200])
            notice = f"; {reply.notice}" if reply.notice else ""
            return f"answered with {_count(len(reply.to_dict()['citations']), 'citation')}{notice}"

    if model:
        return _model_checks(Settings.load(**_overrides(seeds)))
    return {"settings": settings, "speeches": speeches, "index": index, "question": question}


def _describe_settings(settings: "Settings") -> str:
    from assistant.replies import EXTRACTIVE

    answerer = EXTRACTIVE
    if settings.uses_model:
        from assistant.llm import LLMAnswerer

        answerer = LLMAnswerer.from_settings(settings).name
    return f"answerer {answerer}, embedder {settings.embedder}, {_count(settings.passages, 'passage')}"


def _model_checks(settings: "Settings") -> "dict[str, Callable[[], str]]":
    """Return the requests that `doctor --model` sends, those to a server of embeddings included."""
    checks: dict[str, Callable[[], str]] = {"settings": lambda: _describe_settings(settings)}
    if settings.model:
        from assistant.llm import LLMAnswerer

        checks |= LLMAnswerer.from_settings(settings).probes()
    if ":" in settings.embedder:  # it names a model
        from assistant.embedders import make_embedder

        embedder = make_embedder(settings, [])
        checks["embeddings"] = lambda: f"accepted, {len(embedder.embed_query('知识产权'))} dimensions"
    if len(checks) == 1:
        raise SettingsError(
            "No model is configured. Set ASSISTANT_MODEL or ASSISTANT_EMBEDDER, for example: export "
            "ASSISTANT_MODEL=ollama:qwen3"
        )
    return checks
