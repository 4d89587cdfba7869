"""Searching: the right paragraphs, in the right order, whatever the question."""

import gc
import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from assistant.corpus import Corpus, Speech
from assistant.embedders import Embedder, LexicalEmbedder, as_matrix
from assistant.errors import IndexingError, ModelError
from assistant.glossary import Glossary
from assistant.index import WEIGHTS, Index, _row_id
from assistant.retriever import PassageRetriever
from assistant.text import tokens

QUESTIONS = [
    "怎样让创新成果更好惠及人民？",
    "知识产权",
    "版权、专利和商标的法律要怎么修改",
    "刑事司法",
    "反垄断",
    "保護知識產權",
    "What about intellectual property?",
    "2020年11月30日 中央政治局第二十五次集体学习",
    "的",
    "完全无关的火星移民问题",
]


class RandomEmbedder:
    """Vectors that say nothing: each a random direction that depends on its text alone."""

    def __init__(self, dimensions: int = 64, fingerprint: str = "random") -> None:
        self.dimensions = dimensions
        self.fingerprint = fingerprint

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        return list(np.random.default_rng(seed).normal(size=self.dimensions))


def made_of(*texts: str) -> Corpus:
    """A corpus of speeches that are called s0, s1 and so on."""
    return Corpus(tuple(Speech.from_text(f"s{i}", t, qualified=len(texts) > 1) for i, t in enumerate(texts)))


def lexical(corpus: Corpus) -> LexicalEmbedder:
    return LexicalEmbedder([p.text for p in corpus.paragraphs])


def addresses(found: Sequence[Any]) -> list[str]:
    return [passage.paragraph.address for passage in found]


@pytest.fixture(scope="module")
def index(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Without a glossary: it knows no words but the question's own."""
    with Index.open(corpus, lexical(corpus), tmp_path_factory.mktemp("index"), glossary=Glossary.of([])) as index:
        yield index


# --- Against an oracle that is written from the formulas ---


def share(scores: list[float]) -> list[float]:
    return [score / (max(scores) or 1) for score in scores]


def bm25(documents: list[list[str]], wanted: list[str]) -> list[float]:
    """BM25 as Lucene has it, with k1 = 1.5 and b = 0.75."""
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        counts, score = Counter(document), 0.0
        for token in wanted:
            n = sum(token in other for other in documents)
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            tf = counts[token]
            score += idf * tf / (tf + 1.5 * (1 - 0.75 + 0.75 * len(document) / mean)) if tf else 0
        scores.append(score)
    return scores


def oracle(corpus: Corpus, embedder: Embedder, question: str) -> list[tuple[str, float]]:
    """Return every paragraph's address and score, best first, by brute force."""
    paragraphs, wanted = corpus.paragraphs, tokens(question)
    own = share(bm25([tokens(p.text) for p in paragraphs], wanted))
    sentences = [(i, tokens(s.text)) for i, p in enumerate(paragraphs) for s in p.sentences]
    scores = bm25([tokens_of for _, tokens_of in sentences], wanted)
    best = [0.0] * len(paragraphs)
    for (i, _), score in zip(sentences, scores, strict=True):
        best[i] = max(best[i], score)
    asked = np.array(embedder.embed_query(question))
    cosines = [max(0.0, *(embedder.embed_documents([s.text for s in p.sentences]) @ asked)) for p in paragraphs]
    total = [
        WEIGHTS[0] * a + WEIGHTS[1] * b + WEIGHTS[2] * c
        for a, b, c in zip(own, share(best), share(cosines), strict=True)
    ]
    order = sorted(range(len(paragraphs)), key=lambda i: (-round(total[i], 6), i))
    return [(paragraphs[i].address, total[i]) for i in order]


@pytest.mark.parametrize("question", QUESTIONS)
def test_search_ranks_as_the_formulas_say(index: Index, corpus: Corpus, question: str) -> None:
    expected = oracle(corpus, lexical(corpus), question)
    found = index.search(question, len(corpus.paragraphs))
    assert addresses(found) == [address for address, _ in expected]
    assert [p.score for p in found] == pytest.approx([score for _, score in expected], abs=1e-5)


@pytest.mark.parametrize(
    ("question", "paragraph"),
    [("版权法要怎么改？", "6"), ("AI归谁管？", "8"), ("Which laws will be amended?", "6"), ("Belt and Road", "9")],
)
def test_a_glossary_finds_what_shares_no_word(
    corpus: Corpus, tmp_path: Path, index: Index, question: str, paragraph: str
) -> None:
    with Index.open(corpus, lexical(corpus), tmp_path) as with_glossary:
        found = with_glossary.search(question, 3)
    assert paragraph in addresses(found)
    assert index.search(question, 3)[0].score <= found[0].score


def assert_nearest(index: Index, vectors: Any, question: list[float], k: int) -> None:
    """Compare Chroma's `k` nearest with brute force over one speech; equally near sentences may change places."""
    vector = np.array(question) / np.linalg.norm(question)
    ids, found = index._store.nearest(vector.astype(np.float32), k)
    cosines = vectors @ vector
    best = -np.sort(-cosines)[:k]
    assert len(set(ids)) == k
    assert found == pytest.approx(best, abs=1e-5)
    assert [cosines[index._ids.index(id)] for id in ids] == pytest.approx(best, abs=1e-6)


def test_chroma_finds_what_brute_force_finds_on_the_speech(index: Index, corpus: Corpus) -> None:
    embedder, sentences = lexical(corpus), corpus.sentences
    vectors = np.array(embedder.embed_documents([s.text for s in sentences]))
    for question in QUESTIONS:
        assert_nearest(index, vectors, embedder.embed_query(question), len(vectors))


@pytest.mark.parametrize("dimensions", [64, 2048])
def test_chroma_finds_what_brute_force_finds_among_a_thousand_random_vectors(dimensions: int, tmp_path: Path) -> None:
    corpus, embedder = made_of("\n".join(["标题", *(f"第{i}段" for i in range(1000))])), RandomEmbedder(dimensions)
    vectors = np.array(embedder.embed_documents([p.text for p in corpus.paragraphs]))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        for i in range(100):
            assert_nearest(index, vectors, embedder.embed_query(f"question {i}"), 10)


def test_the_paragraphs_of_the_speech_find_themselves(index: Index, corpus: Corpus) -> None:
    for paragraph in corpus.paragraphs:
        best = index.search(paragraph.text, 1)[0]
        assert best.paragraph is paragraph
        assert best.score > 0.8  # a sentence is no more like its whole paragraph than that


def test_traditional_and_full_width_questions_find_the_same(index: Index) -> None:
    assert addresses(index.search("怎樣讓創新成果更好惠及人民", 5)) == addresses(
        index.search("怎样让创新成果更好惠及人民", 5)
    )
    assert addresses(index.search("１１月３０日", 3)) == addresses(index.search("11月30日", 3))


def test_a_long_paragraph_is_found_by_its_one_sentence(tmp_path: Path) -> None:
    filler = "".join(f"各地区各部门要抓好第{i}项工作的落实。" for i in range(60))
    corpus = made_of(f"标题\n{filler}蜂鸟在高山上筑巢。{filler}\n蜂鸟是鸟。\n鸟会筑巢。")
    with Index.open(corpus, lexical(corpus), tmp_path / "index") as index:
        scores = {p.paragraph.number: p.score for p in index.search("蜂鸟在高山上筑巢吗", 3)}
    assert scores[1] == max(scores.values())


# --- Any question ---


@settings(max_examples=200, deadline=None)
@given(question=st.text(max_size=60), k=st.integers(1, 30))
def test_any_question_gets_passages_best_first(index: Index, corpus: Corpus, question: str, k: int) -> None:
    found = index.search(question, k)
    assert len(found) == min(k, len(corpus.paragraphs))
    assert len({p.paragraph for p in found}) == len(found)
    assert all(0 <= p.score <= 1 for p in found)
    order = {p: i for i, p in enumerate(corpus.paragraphs)}
    assert all((-a.score, order[a.paragraph]) < (-b.score, order[b.paragraph]) for a, b in pairwise(found))
    assert index.search(question, k) == found


@pytest.mark.parametrize("question", ["", "  \n", "？！……", "🙂🙃", "()[]{}", "\x00", "\u200b"])
def test_a_question_without_words_gets_the_first_paragraphs_at_zero(
    index: Index, corpus: Corpus, question: str
) -> None:
    found = index.search(question, 4)
    assert addresses(found) == [p.address for p in corpus.paragraphs[:4]]
    assert [p.score for p in found] == [0, 0, 0, 0]


def test_a_question_without_known_words_scores_zero(index: Index) -> None:
    assert {p.score for p in index.search("quantum chromodynamics", 20)} == {0.0}


def test_a_very_long_question_is_answered(index: Index, corpus: Corpus) -> None:
    assert index.search(corpus.speeches[0].text * 5, 3)


@pytest.mark.parametrize("k", [0, -1])
def test_no_passages_cannot_be_asked_for(index: Index, k: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        index.search("知识产权", k)


# --- Any corpus ---


@pytest.mark.parametrize(
    "texts",
    [
        ["只有一行"],
        ["标题\n。。。\n——"],
        ["。"],
        ["标题\n一段\n。\n二段"],
        ["Title\nThe first paragraph. It is short.\nThe second one speaks of whales."],
        ["题\n甲", "题\n甲", "题\n甲"],
        ["\ufeff题\r\n甲乙\r\n丙丁", "只有一行"],
    ],
)
def test_any_corpus_can_be_searched(texts: list[str], tmp_path: Path) -> None:
    corpus = made_of(*texts)
    with Index.open(corpus, lexical(corpus), tmp_path / "index") as index:
        for question in ("一段", "whales", "甲", "。", "行"):
            found = index.search(question, 10)
            expected = oracle(corpus, lexical(corpus), question) if tokens("".join(texts)) else []
            assert len(found) == len(corpus.paragraphs)
            assert not expected or not tokens(question) or addresses(found) == [address for address, _ in expected]


def test_equal_paragraphs_come_in_reading_order(tmp_path: Path) -> None:
    corpus = made_of(*["题\n加强知识产权保护\n加强知识产权保护"] * 8)
    with Index.open(corpus, lexical(corpus), tmp_path / "index") as index:
        found = index.search("知识产权", 16)
    assert addresses(found) == [p.address for p in corpus.paragraphs]
    assert len({p.score for p in found}) == 1


@pytest.mark.parametrize("times", [40, 100, 300])
def test_a_refrain_does_not_hide_the_other_sentences(times: int, tmp_path: Path) -> None:
    """With a row for each repetition, HNSW lost the first sentence, and the index failed its check."""
    refrain = "这是一段很长的正文。"
    corpus = made_of(f"题\n保护知识产权就是保护创新。{refrain * times}\n{refrain * times}", f"题\n{refrain * times}")
    embedder = lexical(corpus)
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        assert index.embedded == 2
        found = index.search("保护创新", 3)
        asked = np.array(embedder.embed_query("保护创新"))
    cosines = np.array(embedder.embed_documents(["保护知识产权就是保护创新。", refrain])) @ asked
    own, other = (pytest.approx(max(0, cosine), abs=1e-5) for cosine in cosines)
    assert [p.paragraph.address for p in found] == ["s0/1", "s0/2", "s1/1"]
    assert [p.similarities for p in found] == [(own, *[other] * times), (other,) * times, (other,) * times]


@pytest.mark.parametrize("attempt", range(8))
def test_lines_that_differ_in_a_number_do_not_hide_the_other_sentences(attempt: int, tmp_path: Path) -> None:
    """Chroma's graph, another one on every building, lost one of the others in a quarter of all buildings."""
    lines = "\n".join(f"各地区各部门要抓好第{i}项工作的落实。" for i in range(60 + attempt))
    corpus = made_of(f"题\n蜂鸟是鸟。\n{lines}\n鸟会筑巢。")
    embedder = lexical(corpus)
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        for number in (1, 62 + attempt):
            text = corpus.paragraphs[number - 1].text
            found = index.search(text, 1)[0]
            assert found.paragraph.number == number
            assert found.similarities == pytest.approx(
                [np.array(embedder.embed_query(text)) @ vector for vector in embedder.embed_documents([text])], abs=1e-5
            )


def test_where_the_graph_loses_rows_every_vector_is_compared(index: Index, corpus: Corpus) -> None:
    embedder, store = lexical(corpus), index._store
    sentences = {_row_id(sentence): sentence.text for sentence in corpus.sentences}
    vectors = np.array(embedder.embed_documents([text.strip() for text in sentences.values()]))
    assert store._every is None
    assert store._stacked(list(sentences)) == pytest.approx(vectors, abs=1e-6)
    for question in QUESTIONS:
        vector = np.array(embedder.embed_query(question), dtype=np.float32)
        asked = store.nearest(vector, 10)
        store._every = list(sentences), store._stacked(list(sentences))
        try:
            compared = store.nearest(vector, 10)
        finally:
            store._every = None
        assert compared[1] == pytest.approx(asked[1], abs=1e-5)
        assert len(set(compared[0])) == 10


def test_a_passage_says_how_near_each_of_its_sentences_is(index: Index, corpus: Corpus) -> None:
    embedder, question = lexical(corpus), "怎样加强知识产权国际合作？"
    asked = np.array(embedder.embed_query(question))
    for passage in index.search(question, 50):
        cosines = np.array(embedder.embed_documents([s.text for s in passage.paragraph.sentences])) @ asked
        assert passage.similarities == pytest.approx(cosines.clip(0), abs=1e-5)
    assert {max(p.similarities) for p in index.search("？！", 3)} == {0}  # no words: vectors are not asked


def test_a_paragraph_that_chroma_did_not_return_counts_as_near_as_the_last_one_it_did(tmp_path: Path) -> None:
    corpus = made_of("\n".join(["题", *(f"第{i}段讲普通的事" for i in range(600)), "最后一段讲蜂鸟"]))
    embedder = RandomEmbedder()
    vectors = as_matrix(embedder.embed_documents([p.text for p in corpus.paragraphs]), 601, "")
    cosines = vectors @ as_matrix([embedder.embed_query("蜂鸟")], 1, "")[0]
    last = -np.sort(-cosines)[199]
    assert cosines[600] < last  # so it is not among those returned
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        found = index.search("蜂鸟", 1)
        assert addresses(found) == ["601"]
        assert found[0].score == pytest.approx(WEIGHTS[0] + WEIGHTS[1] + WEIGHTS[2] * last / cosines.max(), abs=1e-5)
        assert len(index.search("普通", 601)) == 601


def test_a_corpus_without_paragraphs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match="no paragraph"):
        Index.open(Corpus(()), LexicalEmbedder([]), tmp_path / "index")


# --- A life ---


def test_threads_find_what_one_alone_finds(index: Index) -> None:
    alone = [index.search(question, 5) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda question: index.search(question, 5), QUESTIONS * 10))
    assert together == alone * 10


def test_a_closed_index_says_so(corpus: Corpus, tmp_path: Path) -> None:
    index = Index.open(corpus, lexical(corpus), tmp_path / "index")
    index.close()
    index.close()
    with pytest.raises(IndexingError, match="closed"):
        index.search("知识产权", 1)


def test_a_forgotten_index_removes_its_copy(corpus: Corpus, tmp_path: Path) -> None:
    index = Index.open(corpus, lexical(corpus), tmp_path / "index")
    assert len(list((tmp_path / "index" / "open").iterdir())) == 1
    del index
    gc.collect()
    assert list((tmp_path / "index" / "open").iterdir()) == []


def test_a_model_that_changed_behind_its_name_is_reported(corpus: Corpus, tmp_path: Path) -> None:
    embedder = RandomEmbedder(64)
    with Index.open(corpus, embedder, tmp_path / "index") as index:
        embedder.dimensions = 32
        with pytest.raises(ModelError, match=r"now gives 32 numbers, not the 64"):
            index.search("知识产权", 1)


# --- LangChain ---


class TestRetriever(RetrieversIntegrationTests):
    """LangChain's standard tests of a retriever."""

    @pytest.fixture(autouse=True)
    def opened(self, index: Index) -> None:
        self.index = index

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return PassageRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return self.index.as_retriever().model_dump()

    @property
    def retriever_query_example(self) -> str:
        return "怎样保护知识产权？"


def test_a_retriever_gives_what_search_gives_and_where_it_stands(index: Index, corpus: Corpus) -> None:
    retriever = index.as_retriever(k=3)
    documents = retriever.invoke("怎样让创新成果更好惠及人民？")
    found = index.search("怎样让创新成果更好惠及人民？", 3)
    assert [d.page_content for d in documents] == [p.paragraph.text for p in found]
    for document, passage in zip(documents, found, strict=True):
        about = document.metadata
        speech = corpus.speech(about["speech"])
        assert speech.text[about["start"] : about["end"]] == document.page_content
        assert corpus.find(about["address"]) is passage.paragraph
        assert (about["title"], about["paragraph"]) == (speech.title, passage.paragraph.number)
        assert about["score"] == passage.score


def test_a_retriever_fits_into_a_chain(index: Index) -> None:
    chain = index.as_retriever(k=2) | (lambda documents: [d.metadata["address"] for d in documents])
    assert chain.invoke("创新成果惠及人民")[0] == "7"
    assert chain.batch(["知识产权", "反垄断"])


def test_a_speech_of_lines_that_are_nearly_the_same_can_be_asked(tmp_path: Path) -> None:
    """Chroma's graph loses some of them, and the check must not take that for damage."""
    corpus = Corpus((Speech.from_text("x", "题\n" + "\n".join(f"第{n}点，要加强保护工作。" for n in range(300))),))
    index = Index.open(corpus, LexicalEmbedder([p.text for p in corpus.paragraphs]), tmp_path / "index")
    found = index.search("第77点是什么？", 5)
    assert found[0].paragraph.text == "第77点，要加强保护工作。"
    index.close()
