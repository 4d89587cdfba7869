"""The command line: exit codes, what goes to which stream, and the chat at a pipe and at a real terminal."""

import errno
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from model_server import serving
from typer.testing import CliRunner

from assistant.cli import app, main
from assistant.corpus import Corpus, Speech
from assistant.settings import bundled

SCRIPT = Path(sys.executable).with_name("assistant")
PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
LAWS = "专利法怎么修改？"
LAWS_QUOTE = (
    "要在严格执行民法典相关规定的同时，加快完善相关法律法规，统筹推进专利法、商标法、著作权法、反垄断法、"
    "科学技术进步法等修订工作，增强法律之间的一致性。"
)
MARS = "火星上有水吗？"
ANSWERED, ERROR, USAGE, REFUSED = 0, 1, 2, 3


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def err_lines(self) -> list[str]:
        return self.err.strip().splitlines()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call `main` in this process as the script does: its arguments, its input, its two streams, its exit code."""

    def run(*arguments: str | Path, typed: str | None = None) -> Done:
        monkeypatch.setattr(sys, "argv", ["assistant", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed or ""))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return Done(int(left.value.code or 0), out, err)

    return run


def spawn(*arguments: str | bytes | Path, typed: bytes = b"", **env: str) -> Done:
    """Run the installed script in a process of its own."""
    done = subprocess.run([SCRIPT, *arguments], input=typed, env=os.environ | env, capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for speeches, with an index of its own."""
    monkeypatch.setenv("ASSISTANT_INDEX", str(tmp_path / "index"))
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    return seeds


def assert_no_traceback(done: Done) -> None:
    assert "Traceback" not in done.out + done.err
    assert "Exception ignored" not in done.err


# --- ask ---


def test_script_answers_on_stdout_and_says_nothing_else() -> None:
    assert spawn("ask", PEOPLE) == Done(ANSWERED, f"{PEOPLE_QUOTE}[1]\n\n[1] 7.5 {PEOPLE_QUOTE}\n", "")


def test_a_refusal_has_exit_code_3(run: Any) -> None:
    done = run("ask", MARS)
    assert (done.code, done.err) == (REFUSED, "")
    assert done.out.startswith("原文没有回答这个问题：没有提到“火星”。\n\n最接近的段落：\n- ")


@pytest.mark.parametrize(("question", "code"), [(PEOPLE, ANSWERED), (MARS, REFUSED)])
def test_ask_json_is_the_reply_and_nothing_else(run: Any, question: str, code: int) -> None:
    done = run("ask", question, "--json")
    assert (done.code, done.err) == (code, "")
    reply = json.loads(done.out)
    assert reply["question"] == question
    assert reply["kind"] == ("answer" if code == ANSWERED else "refusal")
    assert reply["passages"]


def test_ask_json_is_written_as_readable_chinese(run: Any) -> None:
    assert PEOPLE_QUOTE in run("ask", PEOPLE, "--json").out


@pytest.mark.parametrize("question", ["", "   ", "\u3000", "\u200b\ufeff", "\x00\x07", "问" * 2001])
def test_ask_with_what_is_no_question_is_a_usage_error(run: Any, question: str) -> None:
    done = run("ask", question)
    assert (done.code, done.out, len(done.err_lines)) == (USAGE, "", 1)
    assert re.match(r"The question (is empty|has 2,001 characters)", done.err)


@pytest.mark.parametrize(
    "question",
    ["!?……", "😀", "'; DROP TABLE passages; --", "<script>alert(1)</script>", "%s {} $x ${y}", "[99.5]", "亿" * 600],
)
def test_ask_with_odd_text_is_refused_and_not_an_error(run: Any, question: str) -> None:
    done = run("ask", "--", question)
    assert (done.code, done.err) == (REFUSED, "")


def test_ask_without_a_question_is_a_usage_error(run: Any) -> None:
    done = run("ask")
    assert (done.code, done.out) == (USAGE, "")
    assert "Missing argument" in done.err


def test_bytes_that_are_no_utf8_in_the_question_do_not_stop_it() -> None:
    done = spawn("ask", b"\xff" + PEOPLE.encode() + b"\xfe\x80", "--json")
    assert (done.code, done.err) == (ANSWERED, "")
    assert json.loads(done.out)["question"] == PEOPLE


def test_bytes_that_are_no_utf8_in_an_address_are_a_usage_error() -> None:
    done = spawn("show", b"\xff7.5")
    assert (done.code, done.out, len(done.err_lines)) == (USAGE, "", 1)
    assert "is not an address" in done.err


# --- show ---


def test_show_prints_the_whole_speech_with_its_addresses(run: Any, speech: Speech) -> None:
    done = run("show")
    assert (done.code, done.err) == (0, "")
    assert done.out == "".join(f"[{s.address}] {s.text.strip()}\n" for s in speech.sentences)


@pytest.mark.parametrize("address", ["7.5", "[7.5]", "ip-2020/7.5", "第7段第5句", "７．５"])
def test_show_prints_one_sentence(run: Any, address: str) -> None:
    assert run("show", address) == Done(0, f"[7.5] {PEOPLE_QUOTE}\n", "")


def test_show_prints_one_paragraph(run: Any, speech: Speech) -> None:
    expected = "".join(f"[{s.address}] {s.text}\n" for s in speech.paragraphs[9].sentences)
    assert run("show", "9") == Done(0, expected, "")


@pytest.mark.parametrize("address", ["12", "7.9", "7.0", "0.2", "x", "7.5.1", "other/7.5", "-1", "9" * 5000])
def test_show_with_a_wrong_address_is_one_line_and_exit_code_2(run: Any, address: str) -> None:
    done = run("show", "--", address)
    assert (done.code, done.out, len(done.err_lines)) == (USAGE, "", 1)


def test_show_into_a_pipe_that_closes_leaves_no_traceback() -> None:
    with subprocess.Popen([SCRIPT, "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)


def test_a_full_disk_is_an_error_of_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([SCRIPT, "show", "7.5"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == ERROR
    assert len(done.stderr.decode().strip().splitlines()) == 1


# --- search ---


def test_search_prints_as_many_paragraphs_as_asked_best_first(run: Any, speech: Speech) -> None:
    done = run("search", "专利法 商标法", "-k", "3")
    lines = [line.split("  ", 2) for line in done.out.splitlines()]
    assert (done.code, done.err, len(lines)) == (0, "", 3)
    scores = [float(score) for score, _, _ in lines]
    assert scores == sorted(scores, reverse=True)
    assert lines[0][1] == "6"
    assert all(text == speech.paragraphs[int(address)].text for _, address, text in lines)


@pytest.mark.parametrize("k", ["0", "51", "-3", "many"])
def test_search_with_a_wrong_number_is_a_usage_error(run: Any, k: str) -> None:
    done = run("search", "专利", "-k", k)
    assert (done.code, done.out) == (USAGE, "")
    assert "-k" in done.err


def test_search_for_nothing_is_a_usage_error(run: Any) -> None:
    assert run("search", " ").code == USAGE


# --- index and doctor ---


def test_index_builds_once_and_then_opens(run: Any, folder: Path) -> None:
    (folder / "a.txt").write_text("标题\n创新是第一动力。\n要保护创新。", "utf-8")
    first, second = run("index", "--seeds", folder), run("index", "--seeds", folder)
    assert (first.code, first.out, second.code, second.out) == (0, "", 0, "")
    assert first.err.startswith("2 paragraphs, built")
    assert second.err.startswith("2 paragraphs, opened, up to date")
    (folder / "a.txt").write_text("标题\n创新是第一动力。\n要保护发明。", "utf-8")
    assert run("index", "--seeds", folder).err.startswith("2 paragraphs, built (changed: a;")


def test_index_says_nothing_more_where_nobody_watches(run: Any, folder: Path) -> None:
    (folder / "a.txt").write_text("标题\n" + "\n".join(f"第{i}条。" for i in range(300)), "utf-8")
    assert len(run("index", "--seeds", folder).err_lines) == 1


def test_a_closed_stderr_does_not_stop_what_has_nothing_to_say_there(folder: Path) -> None:
    (folder / "a.txt").write_text("标题\n创新是第一动力。", "utf-8")
    command = 'exec 2>&-; exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", command, SCRIPT, "ask", "什么是第一动力？", "--seeds", folder], stdout=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stdout.decode()[:9]) == (ANSWERED, "创新是第一动力。[")


def test_doctor_says_that_all_is_well(run: Any) -> None:
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == ["settings", "speeches", "index", "question"]
    assert "✗" not in done.out
    assert done.out.endswith("answered with 1 citation\n")
    assert "11 paragraphs, 0 files left out" in done.out


def test_doctor_says_what_to_do_about_a_missing_folder(run: Any, tmp_path: Path) -> None:
    done = run("doctor", "--seeds", tmp_path / "nowhere")
    assert (done.code, done.err) == (ERROR, "")
    last = done.out.splitlines()[-1]
    assert last.startswith("speeches   ✗ ")
    assert "nowhere" in last
    assert "Give a folder" in last


def test_doctor_says_what_to_do_about_a_wrong_setting(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_EMBEDDER", "magic")
    done = run("doctor")
    assert done.code == ERROR
    assert re.search(r"✗ 'magic' is not an embedder. Known: bundled, lexical, openai:<model>", done.out)


def test_doctor_names_a_broken_file_once(run: Any, folder: Path) -> None:
    (folder / "good.txt").write_text("标题\n创新是第一动力。", "utf-8")
    (folder / "empty.txt").write_text("", "utf-8")
    done = run("doctor", "--seeds", folder)
    assert done.code == 0
    assert "1 readable, 1 paragraph, 1 file left out" in done.out
    assert re.search(r"1 paragraph, built \(.*; 1 sentence embedded\)", done.out)
    assert done.err.count("empty.txt") == 1


# --- Several and broken speeches ---


def test_a_broken_file_among_good_ones_is_named_and_the_others_answer(run: Any, folder: Path) -> None:
    (folder / "good.txt").write_text("标题\n创新是引领发展的第一动力。", "utf-8")
    (folder / "other.md").write_text("# 别的\n粮食安全是国之大者。", "utf-8")
    (folder / "broken.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    done = run("ask", "什么是第一动力？", "--seeds", folder)
    assert done.code == ANSWERED
    assert done.out == "创新是引领发展的第一动力。[1]\n\n[1] good/1.1 创新是引领发展的第一动力。\n"
    assert len(done.err_lines) == 1
    assert "broken.txt" in done.err


@pytest.mark.parametrize("command", [["ask", PEOPLE], ["show"], ["search", "x"], ["index"], ["chat"]])
def test_a_folder_without_speeches_is_an_error_that_says_what_to_do(run: Any, folder: Path, command: list[str]) -> None:
    done = run(*command, "--seeds", folder)
    assert (done.code, done.out, len(done.err_lines)) == (ERROR, "", 1)
    assert str(folder) in done.err
    assert "put .txt or .md files there" in done.err


def test_show_with_several_speeches_asks_for_the_id(run: Any, folder: Path) -> None:
    (folder / "a.txt").write_text("甲\n创新。", "utf-8")
    (folder / "b.txt").write_text("乙\n粮食。", "utf-8")
    assert run("show", "b/1", "--seeds", folder) == Done(0, "[b/1.1] 粮食。\n", "")
    wrong = run("show", "1", "--seeds", folder)
    assert (wrong.code, len(wrong.err_lines)) == (USAGE, 1)
    assert "a/1" in wrong.err


def test_seeds_of_the_environment_are_used_and_the_option_wins(
    run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("甲\n创新。", "utf-8")
    monkeypatch.setenv("ASSISTANT_SEEDS", str(folder))
    assert run("show", "1").out == "[1.1] 创新。\n"
    assert run("show", "7.5", "--seeds", bundled("seeds")).out == f"[7.5] {PEOPLE_QUOTE}\n"


# --- Usage ---


def test_script_names_an_unknown_setting_in_one_line() -> None:
    done = spawn("show", "7.5", ASSISTANT_TYPO="1")
    assert (done.code, done.out, len(done.err_lines)) == (USAGE, "", 1)
    assert done.err.startswith("ASSISTANT_TYPO is not a setting.")


@pytest.mark.parametrize("command", [["ask", PEOPLE], ["show"], ["search", "x"], ["index"], ["chat"]])
def test_a_wrong_value_is_one_line_that_names_the_variable(
    run: Any, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_PASSAGES", "51")
    done = run(*command)
    assert (done.code, done.out, len(done.err_lines)) == (USAGE, "", 1)
    assert "ASSISTANT_PASSAGES" in done.err


def test_unknown_command_is_a_usage_error(run: Any) -> None:
    done = run("aks", PEOPLE)
    assert (done.code, done.out) == (USAGE, "")
    assert "aks" in done.err


def test_help_names_every_command() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    assert all(re.search(rf"\b{c}\b", done.output) for c in ["ask", "chat", "show", "search", "index", "doctor"])


def test_no_command_shows_the_help_and_is_a_usage_error() -> None:
    done = CliRunner().invoke(app, [])
    assert done.exit_code == USAGE
    assert "ask" in done.output


# --- chat at a pipe ---


def test_chat_at_a_pipe_answers_each_line_and_puts_the_rest_on_stderr(run: Any) -> None:
    done = run("chat", typed=f"{PEOPLE}\n\n   \n/show 7.5\n/help\n/nope\n/show 77\n/show x\n{MARS}\n")
    assert done.code == 0
    assert done.out.startswith(f"{PEOPLE_QUOTE}[1]\n")
    assert f"[7.5] {PEOPLE_QUOTE}\n" in done.out
    assert "原文没有回答这个问题：没有提到“火星”。" in done.out
    assert "/help" not in done.out
    assert "全面加强知识产权保护工作 激发创新活力推动构建新发展格局　习近平　2020-11-30" in done.err
    assert done.err.count("Ctrl-D 退出") + done.err.count("也可按 Ctrl-D") == 2  # /help, and /nope, which is none
    assert "/nope?" in done.err
    assert "no paragraph 77" in done.err
    assert "'x' is not an address" in done.err
    assert_no_traceback(done)


def test_chat_stops_at_quit(run: Any) -> None:
    for typed in ["/quit", "/exit", "/q", " /quit "]:
        done = run("chat", typed=f"{typed}\n{PEOPLE}\n")
        assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize("typed", ["", "\n\n\n", "   "])
def test_chat_without_a_question_ends_well(run: Any, typed: str) -> None:
    done = run("chat", typed=typed)
    assert (done.code, done.out) == (0, "")


def test_chat_shows_a_paragraph_and_the_whole_speech(run: Any, speech: Speech) -> None:
    paragraph = [f"[{s.address}] {s.text}" for s in speech.paragraphs[9].sentences]
    whole = [f"[{s.address}] {s.text}" for s in speech.sentences]
    assert run("chat", typed="/show 9\n/show\n").out.splitlines() == paragraph + whole


@pytest.mark.parametrize("typed", ["/show", "/show  9", "/show 第9段"])
def test_chat_understands_what_its_help_promises(run: Any, typed: str) -> None:
    done = run("chat", typed=f"{typed}\n")
    assert "[9.3] 要讲好中国知识产权故事，展示文明大国、负责任大国形象。\n" in done.out
    assert "is not an address" not in done.err


def test_chat_understands_a_follow_up(run: Any) -> None:
    done = run("chat", typed="惩罚性赔偿制度怎么落实？\n它有什么要求？\n还有吗？\n")
    assert done.out.count("抓紧落实知识产权惩罚性赔偿制度。[1]") == 2
    assert "除了前面引用的句子，没有找到别的回答。" in done.out
    assert run("chat", typed="还有吗？\n").out.startswith("原文没有回答这个问题。")


def test_chat_at_a_pipe_prints_every_quote_in_full(run: Any) -> None:
    done = run("chat", typed=f"{LAWS}\n")
    answer, quotes = done.out.split("\n\n", 1)
    assert answer == f"{LAWS_QUOTE}[1]"
    assert quotes.startswith("[1] 6.2")
    assert LAWS_QUOTE in re.sub(r"\n +", "", quotes)


def test_chat_at_a_pipe_prints_the_closest_passages_as_ask_does(run: Any) -> None:
    asked, chatted = run("ask", MARS), run("chat", typed=f"{MARS}\n")
    closest = re.findall(r"^- \d+ (.*)$", asked.out, re.MULTILINE)
    assert len(closest) == 3
    assert all(text in re.sub(r"\n +", "", chatted.out) for text in closest)


def test_chat_goes_on_after_a_question_that_is_none(run: Any) -> None:
    done = run("chat", typed=f"{'问' * 2001}\n\u200b\n{PEOPLE}\n")
    assert done.code == 0
    assert "2,001 characters" in done.err
    assert f"{PEOPLE_QUOTE}[1]" in done.out


def test_chat_goes_on_after_bytes_that_are_no_utf8() -> None:
    # Named, since Python reads leniently where the locale is C, but strictly where it is any other.
    done = spawn("chat", typed=b"\xff\xfe\n" + PEOPLE.encode() + b"\n", PYTHONIOENCODING="utf-8:strict")
    assert_no_traceback(done)
    assert done.code == 0
    assert f"{PEOPLE_QUOTE}[1]" in done.out


# --- chat at a terminal ---


class Terminal:
    """The script at a pseudo-terminal of its own: what is typed, and what appears."""

    def __init__(self, *arguments: str | Path, stdout: int | None, env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        # Its controlling terminal, so that Ctrl-C becomes a signal; a shell that runs the tests in the background has it
        # ignored, and that is inherited.
        start = (
            "import fcntl, os, signal, sys, termios; signal.signal(signal.SIGINT, signal.SIG_DFL); "
            "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", start, SCRIPT, *arguments],
            stdin=theirs,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs,
            env={k: v for k, v in os.environ.items() if k != "NO_COLOR"}
            | {"TERM": "xterm-256color", "COLUMNS": "80", "INPUTRC": "/dev/null"}
            | dict(env),
            start_new_session=True,
        )
        os.close(theirs)
        self.screen = ""
        self._seen = 0
        self._bytes = b""

    def type(self, text: str | bytes) -> None:
        os.write(self._ours, text.encode() if isinstance(text, str) else text)

    def wait_for(self, text: str, seconds: float = 30) -> str:
        """Return what appeared up to and with `text`, since the last time."""
        if not self._appears(text, seconds):
            pytest.fail(f"{text!r} did not appear in {self.screen[self._seen :]!r}")
        begin, self._seen = self._seen, self.screen.index(text, self._seen) + len(text)
        return self.screen[begin : self._seen]

    def press_until(self, key: str, text: str) -> None:
        """Press a key again where nothing happens: CPython can miss a Ctrl-C between the prompt and the first key.

        Not at once: on a busy machine a second Ctrl-C would meet the first one's message, and end the chat.
        """
        for _ in range(4):
            self.type(key)
            if self._appears(text, seconds=8):
                break
        self.wait_for(text)

    def leave(self, seconds: float = 30) -> int:
        """Wait for the end and return the exit code."""
        end = time.monotonic() + seconds
        while self._read(end):
            pass
        return self._process.wait(timeout=seconds)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    def _appears(self, text: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.screen.find(text, self._seen) < 0:
            if not self._read(end):
                return False
        return True

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0, end - time.monotonic()))
        if not ready:
            return False
        try:
            read = os.read(self._ours, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # Linux's way to say that the other end has closed
                raise
            read = b""
        self._bytes += read
        self.screen = self._bytes.decode(errors="replace")
        return bool(read)


@contextmanager
def terminal(
    *arguments: str | Path, stdout: int | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    opened = Terminal(*arguments, stdout=stdout, env=env or {})
    try:
        yield opened
    finally:
        opened.close()


PROMPT = "问 > "
CTRL_C, CTRL_D, UP = "\x03", "\x04", "\x1b[A"


def plain(screen: str) -> str:
    """What a reader sees: without colours, line ends and the spaces of an indentation."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\s", "", screen)


def test_chat_at_a_terminal_from_the_greeting_to_ctrl_d() -> None:
    with terminal("chat") as chat:
        assert "习近平　2020-11-30" in chat.wait_for(PROMPT)

        chat.type(f"{LAWS}\r")
        chat.wait_for("[1] 6.2")
        assert plain(chat.wait_for(PROMPT)).count(plain(LAWS_QUOTE)) == 1  # not cut where the line ends

        chat.type(UP)
        chat.wait_for(LAWS)
        chat.type("\r")
        chat.wait_for("[1] 6.2")
        chat.wait_for(PROMPT)

        chat.type("没有打完的")
        chat.wait_for("没有打完的")
        chat.press_until(CTRL_C, "Ctrl-D 退出")
        chat.wait_for(PROMPT)
        chat.type(f"{PEOPLE}\r")
        chat.wait_for("[1] 7.5")
        chat.wait_for(PROMPT)

        chat.type(CTRL_D)
        assert chat.leave() == 0
        assert "Traceback" not in chat.screen


def test_chat_writes_its_prompt_on_the_terminal_and_not_into_the_answers(tmp_path: Path) -> None:
    with (tmp_path / "answers").open("wb") as answers, terminal("chat", stdout=answers.fileno()) as chat:
        chat.wait_for("/help for help")
        chat.type(f"/show 7.5\n{CTRL_D}")
        assert chat.leave() == 0
    assert (tmp_path / "answers").read_text("utf-8") == f"[7.5] {PEOPLE_QUOTE}\n"
    assert PROMPT.strip() in chat.screen


@pytest.mark.slow
def test_ask_at_a_terminal_has_colours_unless_no_color_is_set() -> None:
    spawn("index")  # else a bar would be drawn, once
    with terminal("ask", PEOPLE) as coloured:
        assert coloured.leave() == ANSWERED
    with terminal("ask", PEOPLE, env={"NO_COLOR": "1"}) as bare:
        assert bare.leave() == ANSWERED
    colour = re.compile(r"\x1b\[(?:[0-9]+;)*3[0-9]")
    assert colour.search(coloured.screen)
    assert not colour.search(bare.screen)
    assert plain(coloured.screen) == plain(bare.screen)
    assert plain(bare.screen).startswith(plain(f"{PEOPLE_QUOTE}[1]"))


@pytest.fixture
def hostile(folder: Path) -> Path:
    """A speech whose title, text and catalogue try to drive the terminal."""
    title = "标题\x1b]0;PWNED\x07\x1b[31m知识产权"
    text = "保护知识产权就是保护创新。\x1b[2J\x1b[31m" + "这是一段很长的正文，用来说明文件是文本。" * 40
    (folder / "a.txt").write_text(f"{title}\n{text}\n", "utf-8")
    (folder / "b\x1b[31m.txt").write_text("", "utf-8")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [["ask", "保护知识产权就是保护什么？"], ["doctor"]],
    ids=["ask", "doctor"],
)
def test_escape_sequences_of_a_speech_do_not_reach_the_terminal(hostile: Path, arguments: list[str]) -> None:
    with terminal(*arguments, "--seeds", hostile, env={"NO_COLOR": "1"}) as shown:
        shown.leave()
    assert "保护创新" in plain(shown.screen) or arguments == ["doctor"]
    assert "\x1b]0;" not in shown.screen
    assert "\x1b[31m" not in shown.screen
    assert "\x1b[2J" not in shown.screen
    assert "\x07" not in shown.screen


def test_escape_sequences_of_a_speech_do_not_reach_the_terminal_in_a_chat(hostile: Path) -> None:
    with terminal("chat", "--seeds", hostile, env={"NO_COLOR": "1"}) as chat:
        chat.wait_for(PROMPT)
        chat.type("保护知识产权就是保护什么？\r")
        chat.wait_for(PROMPT)
        chat.type("/show\r")
        chat.wait_for(PROMPT)
        chat.type(CTRL_D)
        assert chat.leave() == 0
    assert "\x1b]0;" not in chat.screen
    assert "\x1b[31m" not in chat.screen
    assert "\x1b[2J" not in chat.screen


@pytest.fixture
def much(folder: Path) -> Path:
    """A speech that is embedded in two batches."""
    (folder / "a.txt").write_text("标题\n" + "\n".join(f"第{i}条讲第{i * 7}件事。" for i in range(300)), "utf-8")
    return folder


BAR = "建立索引 · Indexing"


def test_a_bar_at_a_terminal_shows_how_far_the_indexing_is_and_then_goes(much: Path) -> None:
    with terminal("index", "--seeds", much, env={"ASSISTANT_EMBEDDER": "lexical"}) as shown:
        shown.wait_for(BAR)
        shown.wait_for("100%")
        said = shown.wait_for("300 sentences embedded")
        assert shown.leave() == 0
    assert "\x1b[2K" in said  # the line of the bar is wiped
    assert BAR not in said[said.rindex("\x1b[2K") :]
    with terminal("index", "--seeds", much, env={"ASSISTANT_EMBEDDER": "lexical"}) as again:
        again.wait_for("opened, up to date")
        assert again.leave() == 0
    assert BAR not in again.screen


def test_the_bar_is_not_among_the_answers(much: Path, tmp_path: Path) -> None:
    with (
        (tmp_path / "reply.json").open("wb") as file,
        terminal("ask", "第7条讲什么？", "--json", "--seeds", much, stdout=file.fileno()) as shown,
    ):
        shown.wait_for(BAR)
        shown.leave()
    assert json.loads((tmp_path / "reply.json").read_bytes())["question"] == "第7条讲什么？"


def test_a_terminal_that_cannot_wipe_a_line_gets_no_bar(much: Path) -> None:
    with terminal("index", "--seeds", much, env={"ASSISTANT_EMBEDDER": "lexical", "TERM": "dumb"}) as shown:
        assert shown.leave() == 0
    assert len(shown.screen.splitlines()) == 1


# --- A slow question: an embedding server that takes its time ---


class SlowServer(ThreadingHTTPServer):
    """Speaks OpenAI's /embeddings; answers at once, save for a text that holds 慢: that one has to wait."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Embeddings)
        self.asked = threading.Event()
        self.go_on = threading.Event()


class _Embeddings(BaseHTTPRequestHandler):
    server: SlowServer

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        if any("慢" in text for text in texts):
            self.server.asked.set()
            self.server.go_on.wait(60)
        data = [{"object": "embedding", "index": i, "embedding": [1.0, len(t) / 100]} for i, t in enumerate(texts)]
        body = json.dumps({"object": "list", "model": "m", "data": data, "usage": {"total_tokens": 1}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[SlowServer]:
    with SlowServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_ctrl_c_stops_a_slow_answer_and_not_the_chat(server: SlowServer, tmp_path: Path) -> None:
    settings = {
        "ASSISTANT_INDEX": str(tmp_path / "index"),
        "ASSISTANT_EMBEDDER": "openai:m",
        "ASSISTANT_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
    }
    with terminal("chat", env=settings) as chat:
        chat.wait_for(PROMPT)
        chat.type("慢的问题\r")
        assert server.asked.wait(30)
        chat.type(CTRL_C)
        chat.wait_for("已停止")
        chat.wait_for(PROMPT)
        chat.type(f"{PEOPLE}\r")
        chat.wait_for("[1] 7.5")
        chat.wait_for(PROMPT)
        chat.type(CTRL_D)
        assert chat.leave() == 0
    assert "Traceback" not in chat.screen


@pytest.mark.slow
def test_ctrl_c_hangs_up_on_a_silent_model_and_does_not_end_the_chat(tmp_path: Path) -> None:
    with serving() as model:
        settings = {
            "ASSISTANT_INDEX": str(tmp_path / "index"),
            "ASSISTANT_MODEL": "openai:silent",
            "ASSISTANT_BASE_URL": model.url,
        }
        with terminal("chat", env=settings) as chat:
            for _ in range(2):
                chat.wait_for(PROMPT)
                chat.type(f"{PEOPLE}\r")
                assert model.asked.wait(30)
                chat.type(CTRL_C)
                chat.wait_for("已停止")
                assert model.gone.wait(30)
                model.asked.clear()
                model.gone.clear()
            chat.wait_for(PROMPT)
            chat.type(CTRL_D)
            assert chat.leave() == 0
    assert "Traceback" not in chat.screen


@pytest.mark.slow
def test_ctrl_c_ends_the_indexing_and_takes_the_bar_away(server: SlowServer, folder: Path) -> None:
    (folder / "a.txt").write_text("标题\n这是慢的一句。", "utf-8")
    settings = {"ASSISTANT_EMBEDDER": "openai:m", "ASSISTANT_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}
    with terminal("index", "--seeds", folder, env=settings) as shown:
        shown.wait_for(BAR)
        assert server.asked.wait(30)
        shown.type(CTRL_C)
        assert shown.leave() == 130
    assert "Traceback" not in shown.screen
    assert shown.screen.rindex("\x1b[?25h") > shown.screen.rindex("\x1b[?25l")  # the cursor is back


@pytest.mark.slow
def test_ctrl_c_ends_ask_without_a_traceback(server: SlowServer, tmp_path: Path) -> None:
    env = os.environ | {
        "ASSISTANT_INDEX": str(tmp_path / "index"),
        "ASSISTANT_EMBEDDER": "openai:m",
        "ASSISTANT_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
    }
    pipe = subprocess.PIPE
    with subprocess.Popen([SCRIPT, "ask", "慢的问题"], env=env, stdout=pipe, stderr=pipe) as process:
        assert server.asked.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


# --- The bundled speech, all of it ---


def test_every_sentence_is_shown_under_its_address(corpus: Corpus, run: Any) -> None:
    shown = dict(re.findall(r"^\[(\S+)\] (.*)$", run("show").out, re.MULTILINE))
    assert shown == {s.address: s.text.strip() for speech in corpus.speeches for s in speech.sentences}
