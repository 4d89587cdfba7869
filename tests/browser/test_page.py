"""The page as a reader uses it: asking, opening sentences, stopping, copying, on wide and narrow screens."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.corpus import MAX_FILE_BYTES
from browser.conftest import ModelSite, Site, Visit, faults, web

pytestmark = pytest.mark.slow

PEOPLE = "怎样让创新成果更好惠及人民？"
PEOPLE_QUOTE = "要形成便民利民的知识产权公共服务体系，让创新成果更好惠及人民。"
DAMAGES = "惩罚性赔偿制度怎么落实？"
MARS = "火星上有水吗？"
OUTLINE = "这篇讲话讲了什么？"


def ask(page: Page, question: str) -> Locator:
    """Ask, and return the finished reply."""
    before = page.locator(".reply").count()
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    reply = page.locator(".reply").nth(before)
    expect(reply.locator(".actions")).to_be_visible()
    expect(page.locator("#send")).to_be_visible()
    return reply


def is_in_view(sentence: Locator) -> bool:
    """Whether the sentence comes to lie within what its pane shows."""
    for _ in range(50):
        if sentence.evaluate(
            """sentence => {
                const box = sentence.getBoundingClientRect(), pane = sentence.closest('.speech').getBoundingClientRect();
                return box.height > 0 && box.top >= pane.top && box.bottom <= Math.min(pane.bottom, innerHeight);
            }"""
        ):
            return True
        sentence.page.wait_for_timeout(100)
    return False


def settle(page: Page) -> None:
    """Wait until nothing scrolls any more."""
    page.wait_for_function(
        """() => new Promise(resolve => {
            const pane = document.querySelector('.speech'), before = pane.scrollTop;
            setTimeout(() => resolve(pane.scrollTop === before), 150);
        })"""
    )


def cited(page: Page) -> list[str]:
    return [str(s.get_attribute("id")) for s in page.locator(".sentence.cited").all()]


# --- Asking ---


def test_the_first_screen_shows_the_speech_and_questions_to_start_with(page: Page) -> None:
    welcome = page.locator(".welcome")
    expect(welcome).to_contain_text("全面加强知识产权保护工作")
    expect(welcome).to_contain_text("2020-11-30")
    expect(welcome.locator("[data-ask]")).to_have_count(6)
    expect(page.locator(".mode")).to_have_text("离线摘句")
    welcome.locator("summary").click()
    welcome.locator("details li a").nth(6).click()
    settle(page)
    assert is_in_view(page.locator("#s7-1"))


def test_a_question_to_start_with_is_asked_by_a_click(page: Page) -> None:
    page.locator(f"[data-ask='{PEOPLE}']").click()
    expect(page.locator(".reply .claim")).to_contain_text(PEOPLE_QUOTE)


def test_an_answer_names_its_steps_its_sentence_and_its_verdict(page: Page) -> None:
    reply = ask(page, PEOPLE)
    expect(reply.locator(".steps")).to_have_text(re.compile("检索.*找到 8 段.*作答（离线摘句）.*核对 1/1"))
    expect(reply.locator(".claim")).to_contain_text("✓ 原文")
    expect(reply.locator(".sources li")).to_contain_text(["第7段第5句"])
    expect(reply.locator(".sources blockquote")).to_have_text(PEOPLE_QUOTE)
    expect(page.locator("#spoken [role=status]")).to_contain_text("1 条引文")
    expect(page.locator("#question textarea")).to_have_value("")


def test_an_empty_question_asks_nothing_and_a_long_one_cannot_be_typed(page: Page) -> None:
    box = page.locator("#question textarea")
    box.fill("问" * 1999)
    box.press("End")
    page.keyboard.type("题题题")
    assert len(box.input_value()) == 2000
    box.fill("问" * 5000)  # as a script may, past the limit of the input
    box.press("Enter")
    expect(page.locator(".failed, .reply .actions").first).to_be_visible()  # refused, or cut by the input
    expect(box).to_have_value("")  # emptied behind the question: not before the next one is typed
    page.locator("#send").click()
    page.wait_for_timeout(500)
    expect(page.locator(".reply")).to_have_count(1)


def test_a_refusal_looks_different_and_cites_nothing(page: Page) -> None:
    reply = ask(page, MARS)
    expect(reply.locator(".refused")).to_contain_text("原文没有回答这个问题")
    expect(reply.locator(".cite, .sources")).to_have_count(0)
    expect(reply).to_contain_text("最接近的段落（不是依据）")
    assert cited(page) == []


def test_a_follow_up_says_how_it_was_understood(page: Page) -> None:
    ask(page, DAMAGES)
    reply = ask(page, "还有吗？")
    expect(reply.locator(".restated")).to_contain_text("惩罚性")
    expect(page.locator(".question p").last).to_have_text("还有吗？")


# --- Citations ---


def test_a_click_lights_the_sentence_in_view(page: Page) -> None:
    reply = ask(page, PEOPLE)
    assert cited(page) == ["s7-5"]
    reply.locator(".cite").click()
    settle(page)
    assert page.url.endswith("#s7-5")
    assert page.evaluate("document.querySelector('.sentence:target').textContent") == PEOPLE_QUOTE
    assert is_in_view(page.locator("#s7-5"))
    page.go_back()
    expect(page.locator(".sentence:target")).to_have_count(0)
    expect(reply.locator(".claim")).to_be_visible()


def test_the_keyboard_does_what_the_mouse_does(page: Page) -> None:
    reply = ask(page, PEOPLE)
    mark = reply.locator(".cite")
    mark.focus()
    expect(reply.locator(".peek")).to_be_visible()
    expect(reply.locator(".peek")).to_contain_text(f"第7段第5句 {PEOPLE_QUOTE}")
    page.keyboard.press("Enter")
    settle(page)
    assert is_in_view(page.locator("#s7-5"))
    page.keyboard.press("Escape")
    expect(page.locator(".sentence:target")).to_have_count(0)
    expect(mark).to_be_focused()


def test_hovering_shows_the_quote(page: Page) -> None:
    reply = ask(page, PEOPLE)
    expect(reply.locator(".peek")).to_be_hidden()
    reply.locator(".cite").hover()
    expect(reply.locator(".peek")).to_be_visible()


def test_a_second_question_moves_the_marks_and_an_older_answer_brings_its_own_back(page: Page) -> None:
    first = ask(page, PEOPLE)
    first.locator(".cite").click()
    second = ask(page, DAMAGES)
    assert "s7-5" not in cited(page)
    expect(page.locator(".sentence:target")).to_have_count(0)
    later = cited(page)
    first.locator(".claim").click()
    assert cited(page) == ["s7-5"]
    second.locator(".claim").first.click()
    assert cited(page) == later


def test_the_arrows_lead_through_the_citations(page: Page) -> None:
    links = ask(page, OUTLINE).locator(".claim a[href^='#s']").all()
    marks = [str(link.get_attribute("href")).removeprefix("#") for link in links]  # as they are numbered
    assert len(marks) > 3
    assert sorted(marks) == sorted(cited(page))
    following, before = page.locator("[data-step='1']"), page.locator("[data-step='-1']")
    following.click()
    following.click()
    assert page.url.endswith(f"#{marks[1]}")
    expect(page.locator(".steps-through output")).to_have_text(f"2 / {len(marks)}")
    before.click()
    settle(page)
    assert page.url.endswith(f"#{marks[0]}")
    assert is_in_view(page.locator(f"#{marks[0]}"))


@pytest.mark.parametrize("address", ["#s8-5", "?cite=8.5", "?cite=8.5&__theme=dark"])
def test_a_link_to_a_sentence_opens_the_page_there(visit: Visit, site: Site, address: str) -> None:
    page = visit(f"{site.url}{address}")
    expect(page.locator("#s8-5:target")).to_be_visible()
    settle(page)
    assert is_in_view(page.locator("#s8-5"))
    reply = ask(page, PEOPLE)
    reply.locator(".cite").click()
    settle(page)
    expect(page.locator("#s7-5:target")).to_be_visible()
    expect(page.locator(".reply")).to_have_count(1)


def test_citations_lead_from_speech_to_speech(visit: Visit, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "yi-2020.txt").write_text("甲的题目\n要加强森林防火工作。\n", "utf-8")
    (seeds / "讲话.txt").write_text("乙的题目\n要改善海洋渔业管理。\n", "utf-8")
    with web(tmp_path, "--seeds", str(seeds), ASSISTANT_INDEX=str(tmp_path / "index")) as site:
        page = visit(f"{site.url}?cite=讲话/1.1")
        expect(page.locator("[id='s-讲话-1-1']:target")).to_be_visible()
        for question, id in (
            ("森林防火", "s-yi-2020-1-1"),
            ("海洋渔业管理", "s-讲话-1-1"),
            ("森林防火", "s-yi-2020-1-1"),
        ):
            ask(page, question).locator(".cite").first.click()
            expect(page.locator(f"[id='{id}']:target")).to_be_visible()
            assert cited(page) == [id]
        phone = visit(site.url, width=390, height=844)
        ask(phone, "海洋渔业管理").locator(".cite").first.click()
        expect(phone.locator("[id='s-讲话-1-1']:target")).to_be_in_viewport()


def test_an_address_that_is_none_does_no_harm(visit: Visit, site: Site) -> None:
    for address in ("#%E0", "?cite=99.99", "?cite=x", "#s99-1"):
        page = visit(f"{site.url}{address}")
        ask(page, PEOPLE).locator(".cite").click()
        expect(page.locator("#s7-5:target")).to_be_visible()


# --- Taking away ---


def test_what_is_copied_is_the_quote_the_answer_and_the_footnotes(page: Page) -> None:
    reply = ask(page, PEOPLE)
    copied = []
    for name in ("复制引文", "复制链接", "复制回答", "复制并附引文"):
        button = reply.get_by_role("button", name=name, exact=True)
        button.click()
        expect(reply.get_by_role("button", name="已复制")).to_be_visible()
        copied.append(page.evaluate("navigator.clipboard.readText()"))
        expect(button).to_be_visible()
    assert copied[0] == copied[2] == PEOPLE_QUOTE
    assert copied[1] == page.url.split("#")[0] + "#s7-5"
    assert copied[3].startswith(f"{PEOPLE_QUOTE}[1]\n\n[1] 《")
    assert copied[3].endswith(f"第7段第5句：“{PEOPLE_QUOTE}”")


def test_a_conversation_is_downloaded_as_markdown_and_as_json(page: Page, tmp_path: Path) -> None:
    ask(page, PEOPLE)
    ask(page, MARS)
    page.locator("#settings button").first.click()
    files = {}
    for kind in ("markdown", "json"):
        with page.expect_download() as download:
            page.locator(f"#to-{kind}").click()
        files[kind] = tmp_path / kind
        download.value.save_as(files[kind])
    assert f"## {PEOPLE}" in files["markdown"].read_text("utf-8")
    data = json.loads(files["json"].read_text("utf-8"))
    assert [item["question"] for item in data] == [PEOPLE, MARS]
    citation = data[0]["reply"]["citations"][0]
    speech = Path("seeds/2020-11-30-intellectual-property.txt").read_text("utf-8")
    assert speech[citation["start"] : citation["end"]] == PEOPLE_QUOTE


def test_a_question_is_asked_again_edited_and_cleared(page: Page) -> None:
    first = ask(page, PEOPLE)
    ask(page, MARS)
    first.get_by_role("button", name="重新回答").click()
    expect(page.locator(".reply")).to_have_count(3)
    expect(page.locator(".reply .claim").last).to_contain_text(PEOPLE_QUOTE)
    page.get_by_role("button", name="修改问题").first.click()
    expect(page.locator("#question textarea")).to_have_value(PEOPLE)
    expect(page.locator(".reply")).to_have_count(3)
    page.locator("#settings button").first.click()
    answers = iter([False, True])
    page.on("dialog", lambda dialog: dialog.accept() if next(answers) else dialog.dismiss())
    page.locator("#clear").click()
    expect(page.locator(".reply")).to_have_count(3)
    page.locator("#clear").click()
    expect(page.locator(".reply")).to_have_count(0)
    assert cited(page) == []


def test_a_long_answer_is_shown_from_its_beginning(page: Page) -> None:
    ask(page, PEOPLE)
    ask(page, OUTLINE)
    expect(page.locator(".question").last).to_be_in_viewport()


def test_a_thumb_is_kept_with_its_reason(visit: Visit, tmp_path: Path) -> None:
    kept = tmp_path / "feedback.jsonl"
    with web(tmp_path, ASSISTANT_FEEDBACK=str(kept)) as site:
        page = visit(site.url)
        ask(page, PEOPLE)
        reply = ask(page, MARS)
        reply.locator(".down summary").click()
        reply.get_by_role("button", name="不该拒答").click()
        expect(page.locator("#spoken [role=status]")).to_have_text("谢谢，已记在本机")
        expect(reply.locator("[aria-pressed=true]")).to_have_text(re.compile("不该拒答"))
    record = json.loads(kept.read_text("utf-8"))
    assert (record["verdict"], record["question"], record["turns"]) == ("wrongly_refused", MARS, [PEOPLE])
    assert record["reply"]["kind"] == "refusal"


# --- With a model ---


def wait_for_request(page: Page, site: ModelSite) -> None:
    """Wait until the model has been asked; before that, stopping asks nobody."""
    expect(page.locator(".steps.running")).to_contain_text("作答")
    while not site.model.requests:
        page.wait_for_timeout(50)


def test_an_answer_of_a_model_grows_and_can_be_stopped(site_with_model: ModelSite, visit: Visit) -> None:
    site_with_model.model.mode = "slow"
    page = visit(site_with_model.url)
    expect(page.locator(".mode")).to_contain_text("openai:told")
    page.locator("#question textarea").fill(PEOPLE)
    page.locator("#question textarea").press("Enter")
    expect(page.locator(".claim").first).to_contain_text(PEOPLE_QUOTE)
    expect(page.locator(".steps.running")).to_contain_text("核对")
    page.locator("#stop").click()
    reply = page.locator(".reply")
    expect(reply.locator(".notice")).to_contain_text("已停止")
    expect(reply.locator(".claim").first).to_contain_text(PEOPLE_QUOTE)
    expect(page.locator("#send")).to_be_visible()
    assert site_with_model.model.gone.wait(10)


def test_a_model_that_says_nothing_can_be_stopped(site_with_model: ModelSite, visit: Visit) -> None:
    site_with_model.model.mode = "silent"
    page = visit(site_with_model.url)
    page.locator("#question textarea").fill(PEOPLE)
    page.locator("#question textarea").press("Enter")
    wait_for_request(page, site_with_model)
    page.locator("#stop").click()
    expect(page.locator(".reply .notice")).to_contain_text("已停止")
    assert site_with_model.model.gone.wait(10)
    site_with_model.model.mode = "good"
    expect(ask(page, PEOPLE).locator(".claim").first).to_contain_text(PEOPLE_QUOTE)


def test_leaving_the_page_ends_the_request(site_with_model: ModelSite, visit: Visit) -> None:
    site_with_model.model.mode = "silent"
    page = visit(site_with_model.url)
    page.locator("#question textarea").fill(PEOPLE)
    page.locator("#question textarea").press("Enter")
    wait_for_request(page, site_with_model)
    page.close()
    assert site_with_model.model.gone.wait(20)


def test_a_model_that_is_down_is_replaced_by_quotes_and_the_page_says_so(
    site_with_model: ModelSite, visit: Visit
) -> None:
    site_with_model.model.mode = "status-500"
    page = visit(site_with_model.url)
    reply = ask(page, PEOPLE)
    expect(reply.locator(".notice")).to_contain_text("语言模型未能作答")
    expect(reply.locator(".steps")).to_contain_text("离线摘句")
    expect(reply.locator(".claim")).to_contain_text(PEOPLE_QUOTE)


def test_a_reader_may_choose_quotes_in_place_of_the_model(site_with_model: ModelSite, visit: Visit) -> None:
    page = visit(site_with_model.url)
    page.locator("#settings button").first.click()
    page.get_by_label("离线摘句 · offline quotes").check()
    expect(page.locator(".mode")).to_have_text("离线摘句")
    reply = ask(page, PEOPLE)
    expect(reply.locator(".steps")).to_contain_text("离线摘句")
    assert site_with_model.model.requests == []


def test_a_sentence_that_failed_is_folded_away_with_its_reason(site_with_model: ModelSite, visit: Visit) -> None:
    site_with_model.model.mode = "invented-marks"
    page = visit(site_with_model.url)
    reply = ask(page, PEOPLE)
    expect(reply.locator(".refused")).to_contain_text("没有一句通过核对")
    reply.locator(".withheld summary").click()
    expect(reply.locator(".withheld")).to_contain_text("没有 97.5 这一句可供引用")


# --- Screens ---


def test_on_a_phone_a_citation_opens_the_speech_and_back_returns(visit: Visit, site: Site) -> None:
    page = visit(site.url, width=390, height=844)
    expect(page.locator(".speech")).to_be_hidden()
    expect(page.locator("#question textarea")).to_be_in_viewport()
    reply = ask(page, PEOPLE)
    reply.locator(".cite").click()
    expect(page.locator(".speech")).to_be_visible()
    settle(page)
    assert is_in_view(page.locator("#s7-5"))
    page.go_back()
    expect(page.locator(".speech")).to_be_hidden()
    expect(reply.locator(".claim").first).to_be_in_viewport()
    reply.locator(".sources .open").click()
    page.locator("[data-close]").click()
    expect(page.locator(".speech")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 900, 1440])
def test_nothing_stands_in_the_way_of_anybody(visit: Visit, site: Site, width: int, dark: bool, language: str) -> None:
    page = visit(site.url, width=width, dark=dark, language=language)
    assert faults(page) == []
    ask(page, OUTLINE)
    ask(page, MARS)
    page.locator("#settings button").first.click()
    page.locator(".cite").first.focus()
    assert faults(page) == []


def test_the_page_speaks_english(visit: Visit, site: Site) -> None:
    page = visit(site.url, language="en-GB")
    expect(page.locator("h1")).to_have_text("Ask a speech")
    expect(page.locator("#send")).to_have_text("Ask")
    reply = ask(page, PEOPLE)
    expect(reply).to_contain_text("verbatim")
    expect(reply.locator(".sources")).to_contain_text("paragraph 7, sentence 5")
    assert not re.search("检索|出处|复制|离线", page.locator("#talk").inner_text().replace(PEOPLE, ""))


def test_two_visitors_do_not_see_each_other(visit: Visit, site: Site) -> None:
    one, other = visit(site.url), visit(site.url)
    ask(one, PEOPLE)
    expect(other.locator(".reply")).to_have_count(0)
    ask(other, DAMAGES)
    expect(one.locator(".reply")).to_have_count(1)
    expect(one.locator("#talk")).not_to_contain_text(DAMAGES)
    one.reload()
    expect(one.locator(".welcome")).to_be_visible()
    expect(one.locator(".reply")).to_have_count(0)


# --- Attacks ---

HOSTILE = (
    "<img src='http://127.0.0.1:9/i.png' onerror='window.hacked=1'><script>window.hacked=1</script>"
    "![x](http://127.0.0.1:9/m.png)[x](javascript:window.hacked=1)<iframe src='http://127.0.0.1:9/'></iframe>"
    "<svg onload='window.hacked=1'></svg>"
)


def test_a_question_is_text(page: Page, visit: Visit) -> None:
    ask(page, f"创新{HOSTILE}")
    expect(page.locator(".question p")).to_have_text(f"创新{HOSTILE}")
    assert page.locator("#talk img, #talk iframe, #talk script, #talk .question svg").count() == 0
    assert page.evaluate("window.hacked") is None
    assert visit.outside == []


def test_a_speech_is_text(visit: Visit, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "evil.txt").write_text(f"题目{HOSTILE}\n要加强创新{HOSTILE}。\n要保护专利。\n", "utf-8")
    with web(tmp_path, "--seeds", str(seeds), ASSISTANT_INDEX=str(tmp_path / "index")) as site:
        page = visit(site.url)
        ask(page, "怎样加强创新？")
        ask(page, "怎样保护专利？")
        assert page.locator("#panes img, #panes iframe, #panes script, .speech svg, .reply svg").count() == 0
        assert page.evaluate("window.hacked") is None


def test_a_line_as_long_as_a_file_may_be_can_be_shown(visit: Visit, tmp_path: Path) -> None:
    """Larger files are refused when they are read."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "long.txt").write_text("长文\n要加强创新。" + "要保护专利" * (MAX_FILE_BYTES // 16), "utf-8")
    with web(tmp_path, "--seeds", str(seeds), ASSISTANT_INDEX=str(tmp_path / "index")) as site:
        page = visit(site.url)
        expect(page.locator(".speech .sentence")).to_have_count(3)
        reply = ask(page, "怎样加强创新？")
        expect(reply.locator(".claim, .refused").first).to_be_visible()


def test_a_model_writes_text(site_with_model: ModelSite, visit: Visit) -> None:
    """What it makes up is withheld, and what is withheld is text too."""
    site_with_model.model.mode = "echo"
    page = visit(site_with_model.url)
    reply = ask(page, f"创新{HOSTILE}？")
    if reply.locator(".withheld summary").count():
        reply.locator(".withheld summary").click()
    assert page.locator("#talk img, #talk iframe, #talk script, .reply svg").count() == 0
    assert page.evaluate("window.hacked") is None
