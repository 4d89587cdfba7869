"""The Gradio page: what it is made of, and which handler answers which click."""

from pathlib import Path
from typing import Any, get_args

import gradio as gr

from assistant.assistant import MAX_PASSAGES, MAX_QUESTION, Assistant
from assistant.replies import EXTRACTIVE
from assistant.settings import Language
from assistant.web.api import Endpoints
from assistant.web.handlers import Handlers
from assistant.web.words import EN, LOCALES, ZH

_HERE = Path(__file__).parent
FONTS = ["system-ui", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]


def look() -> dict[str, Any]:
    """Return what Gradio takes when a page is shown, and not when it is built: `theme`, `css` and `i18n`."""
    mono = ["ui-monospace", "monospace"]
    return {
        "theme": gr.themes.Base(font=FONTS, font_mono=mono, primary_hue="blue", radius_size="sm").set(
            # The theme's own blues and reds are too light for white letters (WCAG 2.2, 4.5 : 1).
            button_primary_background_fill="*primary_600",
            button_primary_background_fill_dark="*primary_600",
            button_cancel_background_fill="*neutral_200",
            button_cancel_text_color="*neutral_900",
        ),
        "css": (_HERE / "style.css").read_text("utf-8"),
        "i18n": gr.I18n(**LOCALES),
    }


def _both(key: str) -> str:
    """Return a word in both languages: labels of choices cannot be translated by the browser."""
    return f"{ZH[key]} · {EN[key]}"


def build(assistant: Assistant, feedback: Path, endpoints: Endpoints) -> gr.Blocks:
    """Return the page for an assistant; `server.serve` shows it.

    Args:
        assistant: answers the questions; it stays the caller's to close.
        feedback: the file that keeps what readers think of replies.
        endpoints: what programs may ask.
    """
    t = gr.I18n(**LOCALES)
    handle = Handlers(assistant, feedback)
    names = [(_both("offline") if name == EXTRACTIVE else name, name) for name in assistant.answerers]
    languages = [(_both(f"language_{language}"), language) for language in get_args(Language)]
    models = any(name != EXTRACTIVE for name in assistant.answerers)
    page = gr.Blocks(title="问讲话 · Ask a speech", analytics_enabled=False, fill_height=True, fill_width=True)
    with page:
        session = gr.State(())
        with gr.Row(elem_id="panes", equal_height=False):
            with gr.Column(elem_id="talk", scale=11, min_width=320):
                header = gr.HTML(elem_id="header")
                chat = gr.Chatbot(
                    elem_id="chat",
                    show_label=False,
                    container=False,
                    buttons=[],
                    layout="panel",
                    height=None,
                    autoscroll=False,  # `page.js` shows an answer from its beginning
                    group_consecutive_messages=False,
                )
                with gr.Row(elem_id="input"):
                    box = gr.Textbox(
                        elem_id="question",
                        label=t("ask"),
                        placeholder=t("ask_placeholder"),
                        show_label=False,
                        container=False,
                        max_lines=6,
                        max_length=MAX_QUESTION,
                        autofocus=True,
                        scale=8,
                    )
                    send = gr.Button(t("ask"), variant="primary", elem_id="send", scale=1, min_width=80)
                    stop = gr.Button(t("stop"), variant="stop", elem_id="stop", scale=1, min_width=80)
                with gr.Accordion(t("settings"), open=False, elem_id="settings"):
                    with gr.Row():
                        answerer = gr.Radio(names, value=names[0][1], label=t("answerer"), visible=len(names) > 1)
                        language = gr.Radio(languages, value=assistant.language, label=t("language"), visible=models)
                        passages = gr.Slider(1, MAX_PASSAGES, value=assistant.passages, step=1, label=t("passages"))
                    with gr.Row():
                        to_markdown = gr.Button(t("download_markdown"), size="sm", elem_id="to-markdown")
                        to_json = gr.Button(t("download_json"), size="sm", elem_id="to-json")
                        clear = gr.Button(t("clear"), size="sm", elem_id="clear")
            with gr.Column(elem_id="source", scale=9, min_width=320):
                speech = gr.HTML(elem_id="speech")
        spoken = gr.HTML(elem_id="spoken")
        actions = gr.HTML(elem_id="actions", js_on_load=(_HERE / "page.js").read_text("utf-8"))
        file = gr.Textbox(visible="hidden", elem_id="file")

        shown = [chat, session, spoken]
        chosen = [session, answerer, passages, language]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        at_once = quiet | {"queue": False}

        endpoints.register()  # first, or a handler would take the name `ask`
        page.load(handle.open, session, [header, speech, *shown], **at_once)
        answerer.change(handle.choose, answerer, header, **at_once)
        asking = gr.on(
            [box.submit, send.click], handle.ask, [box, *chosen], [box, *shown], concurrency_id="ask", **quiet
        )
        clicking = actions.select(handle.ask_clicked, chosen, shown, concurrency_id="ask", **quiet)
        stop.click(handle.stop, session, shown, cancels=[asking, clicking], **at_once)
        clear.click(handle.clear, None, shown, cancels=[asking, clicking], **at_once)
        page.unload(handle.leave)
        actions.edit(handle.edit, session, box, **at_once)
        actions.like(handle.rate, session, spoken, **at_once)
        actions.expand(handle.open_speech, None, speech, **at_once)
        to_markdown.click(handle.to_markdown, session, file, **at_once).then(
            None, file, None, js="text => assistantPage.download(text, 'md')", **at_once
        )
        to_json.click(handle.to_json, session, file, **at_once).then(
            None, file, None, js="text => assistantPage.download(text, 'json')", **at_once
        )
    return page
