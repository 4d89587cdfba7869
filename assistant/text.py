"""Pure functions on strings: sentences, normal form, words, tokens, numbers.

Nothing here rewrites what is shown or cited. `split_sentences` works on the text as given; `fold` and everything
below it make a second, normal form that serves matching only.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

SPLITTER_VERSION = "1"
"""Part of the index manifest: raise it when `split_sentences` cuts differently, or `tokens` counts differently."""

Span = tuple[int, int]
"""Where something begins and ends in a text."""

# --- Sentences -------------------------------------------------------------------------------------------------------

_CLOSERS = re.escape("”’」』）》】〉〕｝)]}")
_SENTENCE_END = re.compile(
    rf"""
      [。！？；]+ [{_CLOSERS}"']*          # Chinese: with the closing quotes and brackets that follow
    | (?<![!?]) [!?]+ [{_CLOSERS}"']* (?=\s|$|[一-鿿])  # Latin ! and ?, but not inside an address such as a?b=c
    | (?<!\.) \.+ [{_CLOSERS}"']* (?=\s+[^\sa-z]|\s*$)  # Latin full stop before a new sentence: never inside 3.5
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?<![^\s(“\"])(?:[A-Za-z]|[A-Za-z]\.[A-Za-z.]*|Mr|Mrs|Ms|Dr|Prof|St|No|Art|Sec|Fig|vs|cf|etc|Inc|Ltd|Co|Jr|Sr"
    r"|Gen|Sen|Rep|Gov|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)$"
)
_LONGEST_ABBREVIATION = 12


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Cut one paragraph into sentences.

    A sentence ends at 。！？； with the closing quotes and brackets behind it, or at the end of the paragraph. So that
    English speeches work as well, it also ends at a Latin `!`, `?` or `.` that closes a sentence (not inside `3.5`,
    not after `Mr.`, not after an ordinal such as `1.`). White space behind a sentence belongs to it.

    Returns:
        Offsets `(start, end)` in code points, in order. They partition `text`: each start is the previous end, and
        every piece holds something besides white space. An empty or blank text gives no sentence.
    """
    if not text.strip():
        return []
    last = len(text.rstrip())
    ends = [end for end in _sentence_ends(text) if end < last] + [len(text)]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _sentence_ends(text: str) -> Iterator[int]:
    previous = counted = 0
    straight = Counter[str]()
    for match in _SENTENCE_END.finditer(text):
        start, end = match.span()
        if match[0][0] == "." and _abbreviates(text, previous, start):
            continue
        # A straight quote closes only if one is open: 他说"走。" ends behind it, 他走了。"你好" before it.
        straight.update(c for c in text[counted:end] if c in "\"'")
        counted = end
        while end > start + 1 and text[end - 1] in "\"'" and straight[text[end - 1]] % 2:
            end -= 1
            straight[text[end]] -= 1
            counted = end
        while end < len(text) and text[end].isspace():
            end += 1
        if text[previous:end].strip():
            yield end
            previous = end


def _abbreviates(text: str, previous: int, stop: int) -> bool:
    """Whether the full stop at `stop` follows an abbreviation, or an ordinal that begins the sentence."""
    if stop - previous <= 4 and text[previous:stop].strip().isdecimal():
        return True
    return bool(_ABBREVIATION.search(text, max(previous, stop - _LONGEST_ABBREVIATION), stop))


# --- Normal form -----------------------------------------------------------------------------------------------------


@cache
def _simplify() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def visible(text: str) -> str:
    """Return `text` without what does not show: control characters, zero-width and bidirectional formats, surrogates."""
    if text.isprintable():
        return text
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Cs") or c in "\t\n\r")


def fold(text: str) -> str:
    """Return the form in which texts are compared: NFKC, Simplified characters, lower case, nothing invisible.

    For matching only: its offsets are not those of `text`.
    """
    return _simplify()(unicodedata.normalize("NFKC", visible(text))).casefold()


def original(text: str, start: int, end: int) -> str:
    """Return the characters of `text` that `fold(text)[start:end]` came from; that itself where it cannot be told."""
    folded = fold(text)
    ends = list(accumulate(len(unicodedata.normalize("NFKC", visible(c)).casefold()) for c in text))
    if not ends or ends[-1] != len(folded):
        return folded[start:end]
    return "".join(c for c, a, b in zip(text, [0, *ends], ends, strict=False) if a < end and start < b)


# --- Words and tokens ------------------------------------------------------------------------------------------------

_RUN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]+|[^\W_㐀-鿿豈-﫿\U00020000-\U0003ffff]+(?:[.'’-][^\W_㐀-鿿]+)*")
_IS_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]")


def is_chinese(text: str) -> bool:
    """Return whether `text` holds a Chinese character."""
    return bool(_IS_HAN.search(text))


def words(text: str) -> list[str]:
    """Return the words of `text` in their normal form and order, without punctuation.

    Chinese is segmented by jieba's dictionary and model (https://github.com/fxsjy/jieba, through rjieba); runs of
    letters and digits are one word each (`covid-19`, `3.5`).
    """
    return [word for run in _RUN.findall(fold(text)) for word in (_segment(run) if _IS_HAN.match(run) else [run])]


def _segment(run: str) -> list[str]:
    import rjieba

    return rjieba.cut(run)


class Word(NamedTuple):
    """A word of a text in normal form, and where it stands there."""

    text: str
    start: int
    end: int


def located_words(folded: str, *, parts: bool = False) -> list[Word]:
    """Return the words of a text in normal form with their offsets; with `parts`, also the words inside long ones."""
    import rjieba

    found: list[Word] = []
    for run in _RUN.finditer(folded):
        if not _IS_HAN.match(run[0]):
            found.append(Word(run[0], *run.span()))
            continue
        pieces = rjieba.tokenize(run[0], "search" if parts else "default")
        found.extend(Word(word, run.start() + start, run.start() + end) for word, start, end in pieces)
    return found


_FUNCTION_WORDS = frozenset(
    "说 内容 这是 那是 正 正在 还要 也要 既要 又要 的 了 和 与 及 以及 等 在 对 对于 关于 把 为 是 于 从 向 以 就 也 都 而 而且 并 并且 且 其 这 那 这个 "
    "这些 那些 该 此 我们 他 她 它 他们 们 中 上 下 里 内 时 要 应 应当 应该 需要 能 能够 使 让 通过 进行 有 地 得 "
    "着 过 一个 一种 一些 各 所 之 同时 其中 此外 另外 还 又 既 更 最 很 方面 来 到 至 由 给 因为 所以 因此 由于 但 做 作 "
    "做好 一下 但是 指出 强调 提出 认为 表示 提到 要求 讲话 报告 首先 其次 最后 即 也就是说 包括 如 例如 "
    "a an the of to in on at by for with from and or as is are was were be been it its this that these those he she "
    "they we his her their our will would should says said speech report".split()
)


def is_function_word(word: str) -> bool:
    """Return whether `word`, in its normal form, carries no content of its own."""
    return word in _FUNCTION_WORDS


def content_words(text: str) -> list[str]:
    """Return the words of `text` that carry content, in their normal form and order: no particles, no auxiliaries."""
    return [word for word in words(text) if not is_function_word(word)]


def content_runs(text: str) -> list[str]:
    """Return the stretches of `text` between function words and punctuation, in their normal form.

    Search tokens made of them hold no bigram across a function word: 怎样让创新 gives no 让创.
    """
    runs = [""]
    for run in _RUN.findall(fold(text)):
        runs.append("")
        for word in _segment(run) if _IS_HAN.match(run) else [run]:
            if is_function_word(word):
                runs.append("")
            else:
                runs[-1] += word
    return [run for run in runs if run]


def tagged(text: str) -> list[tuple[str, str]]:
    """Return the words of `text` with jieba's part of speech: `nr` a person, `ns` a place, `nt` an organisation."""
    import rjieba

    return rjieba.tag(fold(text))


def is_word(folded: str) -> bool:
    """Return whether a text in normal form is one word of jieba's dictionary; its model makes others: 要修, 该查."""
    import rjieba

    return len(rjieba.cut(folded, hmm=False)) == 1


def tokens(text: str) -> list[str]:
    """Return the search tokens of `text`: words in search mode (long words also in parts) and character bigrams.

    Bigrams find what the segmenter cut differently in the question and in the speech. On CMRC and DRCD character
    1- and 2-grams beat words alone by 0.5 to 3.6 points of recall@1; together they do best.
    """
    import rjieba

    found: list[str] = []
    for run in _RUN.findall(fold(text)):
        if not _IS_HAN.match(run):
            found.append(run)
            continue
        found.extend(rjieba.cut_for_search(run))
        if len(run) > 1:
            # The mark keeps a bigram apart from the two-character word of the same letters.
            found.extend(f"{a}{b}²" for a, b in pairwise(run))
    return found


# --- Numbers ---------------------------------------------------------------------------------------------------------

_HAN_DIGIT = "〇零○一二三四五六七八九两"
_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_NUMERAL = rf"(?:{_ARABIC}(?:[百千]?万?亿|[百千]?万|[百千])?|[{_HAN_DIGIT}十百千万亿廿卅]+(?:点[{_HAN_DIGIT}]+)?)"
_LONGEST_NUMERAL = 24

# Characters that look like numbers inside words that are none.
_NO_NUMBER = (
    "进一步|统一|一致|一定|一些|一切|一样|一直|一起|一旦|一律|一般|一体|唯一|万一|一带一路|一方面|一系列|一同|一再"
    "|一贯|一向|一边|一并|一时|一下|一番|专一|单一|同一|划一|第三方|三农|千方百计|千万|万众|百姓|百花|十分(?!之)|万物|万里"
    "|百分点|亿万|五湖四海|四面八方|千家万户|千千万万|百家|百般|万全|再三|七上八下|三番五次|九州|万象|百科"
)
_SIGN = r"(?:(?<![\w%])[-−]|(?<=[一-鿿])(?<![年月日号])[-−]|负)?"
_NUMBER = re.compile(
    rf"""
      (?P<skip>{_NO_NUMBER})
    | (?P<item>(?:^|(?<=[,;:。\n])) [^\S\n]* [((]? (?:\d{{1,2}}[.、)] (?!\d) | 第?[{_HAN_DIGIT}十]{{1,3}} (?:是|[、),])))
    | (?P<iso>(?<!\d)\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?!\d))
    | (?P<lead>(?<![a-z\d.]){_ARABIC}) (?=(?:至|到|[-~—]) {_ARABIC} (?P<unit>[百千]?万?亿|[百千]?万|%))   # 10至20亿
    | (?P<ratio>(?<![\d/])(?P<over>\d+)[/⁄](?P<under>\d+)(?![\d/]))
    | (?P<percent>(?P<minus>{_SIGN}) (?:百分之(?P<p1>{_NUMERAL})|(?P<p2>{_NUMERAL})(?P<per>[%‰])))
    | (?P<fraction>(?P<below>{_NUMERAL})分之(?P<above>{_NUMERAL}))
    | (?P<date>(?:(?P<y>{_NUMERAL})年)? (?P<m>{_NUMERAL})月份?(?!前|后|来|间)(?:(?P<d>{_NUMERAL})[日号])?)
    | (?P<year>(?P<y2>{_NUMERAL})年)
    | (?P<day>(?P<d2>{_NUMERAL})[日号])
    | 第(?P<ordinal>{_NUMERAL})
    | (?P<sign>{_SIGN})(?P<plain>(?<![a-z\d.]){_NUMERAL})(?P<counter>[名人位次届倍岁元家起件季]?)
    """,
    re.VERBOSE | re.MULTILINE,
)
# 2035 is a year and 二〇三五 too; but 2000米 counts metres.
_BARE_YEAR = re.compile(rf"[12]\d{{3}}(?![一-鿿])|[12]\d{{3}}(?=[至到和与起前后、])|[一二][{_HAN_DIGIT}]{{3}}")


def numbers(text: str) -> list[str]:
    """Return the numbers that `text` states, by value and in order: `5%`, `第25`, `2020年11月30日`, `1/3`, `1200000`.

    Chinese and Arabic numerals give the same form (二〇三五年 = 2035年, 百分之五 = 5%, 120万 = 1200000), each with what
    it counts as: a date is not a count and an ordinal not a cardinal. What has no single value (十四五, 三五年) stands
    as it is. Numerals inside words (进一步, 一带一路), list markers (一是, 1.) and a lone 一 before a general measure
    word (一个, 一条) are no numbers.
    """
    return [number.form for number in located_numbers(fold(text))]


class Number(NamedTuple):
    """A number of a text by value, and where it stands in the text's normal form."""

    form: str
    start: int
    end: int


def located_numbers(folded: str) -> list[Number]:
    """Return the `numbers` of a text in normal form with their offsets."""
    return [Number(form, *m.span()) for m in _NUMBER.finditer(folded) if (form := _canonical(m))]


def without_numbers(text: str) -> str:
    """Return `text` in normal form without its `numbers` and list markers."""
    return _NUMBER.sub(lambda m: " " if m["item"] or _canonical(m) else m[0], fold(text))


def supported_numbers(text: str) -> set[str]:
    """Return every number that `text` bears out: its `numbers`, and the connected parts of its dates.

    A text with 2020年11月30日 bears out 11月30日, 2020年11月 and 30日, but never a month and a day of two dates.
    """
    forms = set(numbers(text))
    for form in tuple(forms):
        parts = re.findall(r"\d+[年月日]", form)
        forms.update("".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1))
    return forms


def _canonical(match: re.Match[str]) -> str | None:
    group = match.groupdict()
    minus = "-" if group["minus"] or group["sign"] else ""
    match group:
        case {"iso": str(iso)}:
            year, month, day = re.split(r"[-/.]", iso)
            return f"{int(year)}年{int(month)}月{int(day)}日"
        case {"lead": str(lead), "unit": unit}:
            return f"{_value(lead)}%" if unit == "%" else _value(lead + unit)
        case {"ratio": str(), "over": over, "under": under}:
            return f"{_value(over)}/{_value(under)}"
        case {"percent": str()}:
            value = _value(group["p1"] or group["p2"])
            return f"{minus}{value}/1000" if group["per"] == "‰" else f"{minus}{value}%"
        case {"fraction": str(), "above": above, "below": below}:
            return f"{_value(above)}/{_value(below)}"
        case {"date": str()}:
            parts = ((group["y"], "年"), (group["m"], "月"), (group["d"], "日"))
            return "".join(f"{_value(numeral)}{unit}" for numeral, unit in parts if numeral)
        case {"year": str(), "y2": numeral}:
            return f"{_value(numeral)}年"
        case {"day": str(), "d2": numeral}:
            return f"{_value(numeral)}日"
        case {"ordinal": str(numeral)}:
            return f"第{_value(numeral)}"
        case {"plain": str(numeral), "counter": counter} if numeral != "一" or counter:
            return minus + _count(numeral, counter, match)
    return None


def _count(numeral: str, counter: str, match: re.Match[str]) -> str:
    """Return the form of a number that is neither date nor ordinal by its shape, but may be by what stands around."""
    value = _value(numeral)
    if counter == "届":
        return f"第{value}"
    if not counter and (year := _BARE_YEAR.match(match.string, match.start("plain"))) and year[0] == numeral:
        return f"{value}年"
    return value


def _value(numeral: str) -> str:
    """Return the value of an Arabic or Chinese numeral in plain decimal notation, or what has none as it is."""
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if len(numeral) > _LONGEST_NUMERAL or _has_no_value(numeral):
        return numeral
    with localcontext(prec=64):
        arabic = re.match(_ARABIC, numeral)
        if arabic:
            value = Decimal(arabic[0].replace(",", ""))
            for unit in numeral[arabic.end() :]:
                value *= _UNITS.get(unit) or _MYRIADS[unit]
        else:
            whole, _, fraction = numeral.partition("点")
            value = Decimal(_whole(whole))
            if fraction:
                value += Decimal("0." + "".join(str(_DIGITS[c]) for c in fraction))
        return format(value.normalize(), "f")


def _has_no_value(numeral: str) -> bool:
    """Whether digits stand side by side that do not make one number: 十四五, 三五(年), 六七十."""
    if re.search("[零〇○点]", numeral) or numeral[0].isdecimal():
        return False
    side_by_side = re.search(rf"[{_HAN_DIGIT}]{{2}}", numeral)
    return bool(side_by_side) and not re.fullmatch(rf"[{_HAN_DIGIT}]{{4,}}", numeral)


def _whole(numeral: str) -> int:
    """Return the value of a Chinese whole number: digit by digit (二〇三五) or with units (二千零三十五)."""
    if all(c in _DIGITS for c in numeral):
        return int("".join(str(_DIGITS[c]) for c in numeral))
    total = section = digit = 0
    for c in numeral:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _UNITS:
            section += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            # 万 multiplies what stands since the last 亿, 亿 everything so far: 一万亿 = 10^12.
            if c == "亿":
                total = ((total + section + digit) or 1) * _MYRIADS[c]
            else:
                total += ((section + digit) or 1) * _MYRIADS[c]
            section = digit = 0
    # 一百五 is 150 and 三万五 is 35,000; 一百零五 is 105.
    spoken = (_UNITS | _MYRIADS).get(numeral[-2], 10) // 10 if len(numeral) > 1 else 1
    return total + section + digit * max(spoken, 1)
