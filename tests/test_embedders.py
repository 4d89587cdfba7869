"""Embedders: what each promises, and how each fails."""

import hashlib
import importlib
import importlib.util
import json
import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from assistant.corpus import Speech
from assistant.embedders import DIMENSIONS, TEXTS_PER_REQUEST, Embedder, LexicalEmbedder, as_matrix, make_embedder
from assistant.encoder import bundled_encoder
from assistant.errors import ModelError, SettingsError
from assistant.settings import Settings
from assistant.text import SPLITTER_VERSION

TEXTS = ["保护知识产权就是保护创新。", "加强知识产权法治保障。", "民营经济发展壮大", "，。！", ""]
KEY = "sk-test-5f3a9c"

# --- A server that speaks /embeddings -------------------------------------------------------------------------------


def numbers(text: str) -> list[float]:
    """Eight numbers that depend on the text alone."""
    return [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:8]]


def reply(model: str, texts: list[str]) -> Any:
    """What the server answers; the model's name says in which way it is wrong."""
    vectors: list[Any] = [numbers(text) for text in texts]
    if model == "nan":
        vectors[0][3] = math.nan
    if model == "zero":
        vectors[0] = [0.0] * 8
    if model == "ragged":
        vectors[0] = [1.0]
    if model == "text":
        vectors[0] = "many numbers"
    if model == "few":
        vectors.pop()
    if model == "many":
        vectors.append(numbers(""))
    if model == "none":
        vectors = [[] for _ in texts]
    if model == "empty":
        vectors = []
    if model == "other":
        return {"choices": [{"message": {"content": "I am a chat model."}}]}
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    return {"object": "list", "model": model, "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


class EmbeddingServer(ThreadingHTTPServer):
    """Answers on a loopback port and keeps the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: EmbeddingServer

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append({"path": self.path, "key": self.headers["authorization"], **asked})
        model = asked["model"]
        if model.startswith("status-"):
            # A server may repeat the key; and it may forbid the client to try again.
            said = {"error": {"message": f"refused {self.headers['authorization']}"}}
            self._send(int(model.removeprefix("status-")), json.dumps(said), {"x-should-retry": "false"})
        elif model == "busy" and len(self.server.requests) == 1:
            self._send(503, "{}", {"retry-after-ms": "1"})
        elif model == "html":
            self._send(200, "<html>It works!</html>", {"content-type": "text/html"})
        elif model == "broken":
            self._send(200, '{"data": [{"embed', {})
        else:
            self._send(200, json.dumps(reply(model, asked["input"])), {})

    def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def settings(embedder: str, **others: Any) -> Settings:
    return Settings.load(embedder=embedder, **others)


# --- What every embedder promises -----------------------------------------------------------------------------------

SENTENCE_TRANSFORMERS = '''
import hashlib, numpy as np
from pathlib import Path

class SentenceTransformer:
    """Takes what sentence-transformers 6 takes, and nothing else."""
    def __init__(self, model_name_or_path, *, local_files_only=False, device=None, cache_folder=None):
        assert local_files_only, "it would download"
        self.prompts = {"query": "Query: " if "prompted" in model_name_or_path else "", "document": ""}
        if "damaged" in model_name_or_path:
            raise OSError("no file named model.safetensors")

    def _encode(self, texts):
        return np.array([list(hashlib.sha256(t.encode()).digest()[:8]) for t in texts], dtype="float32") - 127.5

    def encode_document(self, inputs, *, batch_size=32, show_progress_bar=None):
        return self._encode([self.prompts["document"] + text for text in inputs])

    def encode_query(self, inputs, *, batch_size=32, show_progress_bar=None):
        return self._encode([self.prompts["query"] + text for text in inputs])
'''
FASTEMBED = """
import hashlib, numpy as np
__version__ = "0.9.1"

class TextEmbedding:
    def __init__(self, model_name="BAAI/bge-small-en-v1.5", cache_dir=None, *, local_files_only=False):
        assert local_files_only, "it would download"
        if "missing" in model_name:
            raise ValueError(f"Could not load model {model_name} from any source.")

    def embed(self, documents):
        for text in documents:
            yield np.array(list(hashlib.sha256(text.encode()).digest()[:8]), dtype="float32") - 127.5

    query_embed = passage_embed = embed
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Make a module that can be imported during one test, as a package of that name would be."""
    monkeypatch.syspath_prepend(tmp_path / "installed")
    names = []

    def install(name: str, source: str) -> None:
        (tmp_path / "installed").mkdir(exist_ok=True)
        (tmp_path / "installed" / f"{name}.py").write_text(source, encoding="utf-8")
        importlib.invalidate_caches()
        names.append(name)

    yield install
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture(params=["bundled", "lexical", "openai", "fastembed", "sentence-transformers"])
def embedder(
    request: pytest.FixtureRequest,
    server: EmbeddingServer,
    install: Callable[[str, str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Embedder:
    """Each embedder; the two that need a package of their own with a stand-in for it, which is large."""
    if request.param == "openai":
        return make_embedder(settings("openai:good", base_url=server.url), TEXTS)
    if request.param == "fastembed":
        (tmp_path / "cache" / "models--x").mkdir(parents=True)
        monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path / "cache"))
        install("fastembed", FASTEMBED)
        install("loguru", "class logger:\n    disable = staticmethod(lambda name: None)")
        return make_embedder(settings("fastembed:BAAI/bge-small-zh-v1.5"), TEXTS)
    if request.param == "sentence-transformers":
        install("sentence_transformers", SENTENCE_TRANSFORMERS)
        return make_embedder(settings(f"sentence-transformers:{tmp_path}"), TEXTS)
    return make_embedder(settings(request.param), TEXTS)


def test_it_gives_unit_vectors_of_one_length_and_the_same_ones_again(embedder: Embedder) -> None:
    assert isinstance(embedder, Embeddings)
    vectors = embedder.embed_documents(TEXTS)
    matrix = np.array(vectors)
    assert matrix.shape[0] == len(TEXTS)
    assert np.linalg.norm(matrix, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-6)
    assert embedder.embed_documents(TEXTS) == vectors
    assert all(isinstance(number, float) for vector in vectors for number in vector)
    for text in TEXTS:
        assert len(embedder.embed_query(text)) == matrix.shape[1]
        assert np.linalg.norm(embedder.embed_query(text)) == pytest.approx(1, abs=1e-6)


def test_a_vector_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    together = embedder.embed_documents(TEXTS)
    alone = [embedder.embed_documents([text])[0] for text in TEXTS]
    assert np.abs(np.array(together) - np.array(alone)).max() < 1e-6
    assert embedder.embed_documents([]) == []


def test_many_texts_at_once(embedder: Embedder) -> None:
    texts = [f"第{i}段" for i in range(2 * TEXTS_PER_REQUEST + 5)]
    assert np.array(embedder.embed_documents(texts)[-1]) == pytest.approx(embedder.embed_documents([texts[-1]])[0])


def test_its_fingerprint_says_what_it_is(embedder: Embedder, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["embedder"]
    assert embedder.fingerprint.startswith(name)
    assert embedder.fingerprint == embedder.fingerprint


# --- Bundled ---


def test_bundled_reads_a_question_as_a_question_and_a_text_as_a_passage() -> None:
    embedder, encoder = make_embedder(settings("bundled"), TEXTS), bundled_encoder()
    assert np.array_equal(np.array(embedder.embed_query(TEXTS[0])), encoder.embed_questions(TEXTS[:1])[0])
    assert np.array_equal(np.array(embedder.embed_documents(TEXTS)), encoder.embed_passages(TEXTS))
    assert embedder.fingerprint == encoder.fingerprint


def test_bundled_is_the_default_and_compares_meaning() -> None:
    texts = ["河道两岸一百米以内不得新建养殖场。", "博物馆周一闭馆，其余六天免费开放。"]
    meaning, letters = make_embedder(Settings.load(), texts), make_embedder(settings("lexical"), texts)
    question = "江边能不能盖猪圈？"
    near, far = np.array(meaning.embed_documents(texts)) @ np.array(meaning.embed_query(question))
    assert near > far + 0.1
    assert not (np.array(letters.embed_documents(texts)) @ np.array(letters.embed_query(question))).any()


# --- Lexical ---


def test_lexical_numbers_are_the_ones_stored_everywhere() -> None:
    embedder = LexicalEmbedder(["保护知识产权", "知识产权与创新"])

    def entries(vector: list[float]) -> dict[int, float]:
        return {i: round(value, 6) for i, value in enumerate(vector) if value}

    # The word 知识 and the bigram 知识 occur twice: (1 + ln 2) / length; four tokens once: 1 / length.
    assert entries(embedder.embed_documents(["知识产权 知识"])[0]) == {
        239: -0.542701,
        913: -0.320528,
        1022: -0.542701,
        1480: 0.320528,
        1557: 0.320528,
        1778: -0.320528,
    }
    # Four tokens, each in one of the two texts.
    assert entries(embedder.embed_query("保护创新")) == {4: 0.5, 332: -0.5, 485: -0.5, 1559: -0.5}


def test_lexical_is_the_same_in_every_process() -> None:
    script = (
        "import hashlib, json, sys; from assistant.embedders import LexicalEmbedder; texts = json.loads(sys.argv[1]);"
        "e = LexicalEmbedder(texts); v = e.embed_documents(texts) + [e.embed_query(t) for t in texts];"
        "print(hashlib.sha256(json.dumps(v).encode()).hexdigest())"
    )
    root = str(Path(__file__).parent.parent)
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, json.dumps(TEXTS)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "424242")
    }
    assert len(printed) == 1


def test_lexical_document_vectors_do_not_depend_on_the_corpus() -> None:
    assert LexicalEmbedder(TEXTS).embed_documents(TEXTS) == LexicalEmbedder([]).embed_documents(TEXTS)


def test_lexical_weighs_rare_words_of_a_question_more() -> None:
    texts = [*(f"知识产权第{i}条" for i in range(50)), "版权"]
    embedder = LexicalEmbedder(texts)
    question = np.array(embedder.embed_query("知识产权和版权"))
    common, rare = np.array(embedder.embed_documents(["知识产权", "版权"]))
    assert question @ rare > question @ common > 0


@pytest.mark.parametrize("text", ["", "？！…", "🙂", "量子色动力学"])
def test_lexical_has_a_vector_for_a_question_without_known_words(text: str) -> None:
    embedder = LexicalEmbedder(["保护知识产权"])
    question = np.array(embedder.embed_query(text))
    assert question[0] == np.linalg.norm(question) == 1


def test_lexical_keeps_one_dimension_for_texts_without_words(speech: Speech) -> None:
    texts = [sentence.text for sentence in speech.sentences]
    vectors = np.array(LexicalEmbedder(texts).embed_documents([*texts, "。"]))
    assert set(vectors[:-1, 0]) == {0}
    assert vectors[-1, 0] == 1
    assert np.count_nonzero(vectors.any(axis=0)) > DIMENSIONS / 4


def test_lexical_fingerprint_changes_with_what_the_vectors_depend_on() -> None:
    fingerprint = LexicalEmbedder([]).fingerprint
    assert "lexical" in fingerprint
    assert str(DIMENSIONS) in fingerprint
    assert SPLITTER_VERSION in fingerprint


# --- Names ---


@pytest.mark.parametrize(
    "name", ["", "word2vec", "lexical:2", "bundled:e5", "openai", "openai:", "fastembed:", "Lexical", ":"]
)
def test_an_unknown_name_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(SettingsError, match=r"bundled, lexical, openai:<model>, fastembed:<model>.*for example"):
        make_embedder(settings(name), TEXTS)


# --- What a model may answer ---


@pytest.mark.parametrize(
    "vectors",
    [
        [],
        [[]],
        [[1.0, 2.0]],
        [[1.0], [1.0], [1.0]],
        [[1.0, 2.0], [1.0]],
        [[1.0, math.nan], [1.0, 2.0]],
        [[1.0, math.inf], [1.0, 2.0]],
        [[0.0, 0.0], [1.0, 2.0]],
        [[None, 1.0], [1.0, 2.0]],
        [["a", "b"], ["c", "d"]],
        None,
        "vectors",
        [1.0, 2.0],
    ],
)
def test_anything_but_two_vectors_is_refused(vectors: Any) -> None:
    with pytest.raises(ModelError, match=r"some-model"):
        as_matrix(vectors, 2, "some-model")


def test_vectors_are_made_unit_length_even_where_single_precision_would_overflow() -> None:
    matrix = as_matrix([[3e30, 4e30], [3e-30, 4e-30]], 2, "some-model")
    assert matrix.dtype == np.float32
    assert matrix == pytest.approx(np.array([[0.6, 0.8], [0.6, 0.8]]))


# --- OpenAI ---


def test_openai_sends_plain_texts_in_small_requests(server: EmbeddingServer) -> None:
    embedder = make_embedder(settings("openai:good", base_url=server.url, api_key=KEY), [])
    texts = [f"text {i}" for i in range(25)]
    vectors = embedder.embed_documents(texts)
    expected = as_matrix([numbers(text) for text in texts], 25, "")
    assert np.array(vectors) == pytest.approx(expected, abs=1e-6)
    assert [len(request["input"]) for request in server.requests] == [10, 10, 5]
    assert {request["encoding_format"] for request in server.requests} == {"float"}
    assert {request["path"] for request in server.requests} == {"/v1/embeddings"}
    assert {request["key"] for request in server.requests} == {f"Bearer {KEY}"}


def test_openai_key_and_address_may_come_from_the_environment(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    make_embedder(settings("openai:good"), []).embed_query("text")
    assert server.requests[0]["key"] == f"Bearer {KEY}"


@pytest.mark.parametrize("base_url", [None, "https://api.example.com/v1"])
def test_openai_without_a_key_says_how_to_set_one(base_url: str | None) -> None:
    with pytest.raises(SettingsError, match=r"OPENAI_API_KEY.*export OPENAI_API_KEY=sk-"):
        make_embedder(settings("openai:some-model", base_url=base_url), [])


@pytest.mark.parametrize(
    "base_url", ["localhost:11434/v1", "ftp://localhost/v1", "http://", "http://[::1", "http://a:x", "not a url"]
)
def test_openai_address_that_is_none_is_refused_with_an_example(base_url: str) -> None:
    with pytest.raises(SettingsError, match=r"ASSISTANT_BASE_URL.*http://localhost:11434/v1"):
        make_embedder(settings("openai:some-model", base_url=base_url), [])


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:1", "[::1]:1"])
def test_openai_on_this_machine_needs_no_key(host: str) -> None:
    assert make_embedder(settings("openai:some-model", base_url=f"http://{host}/v1"), [])


def test_openai_fingerprint_tells_servers_apart_and_keeps_secrets() -> None:
    def fingerprint(url: str) -> str:
        return make_embedder(settings("openai:m", base_url=url, api_key=KEY), []).fingerprint

    assert fingerprint("https://a.example/v1") != fingerprint("https://b.example/v1")
    assert fingerprint("https://a.example/v1") == fingerprint("https://a.example/v1/")
    assert "secret" not in fingerprint("https://user:secret@a.example/v1?token=secret")


@pytest.mark.parametrize(
    ("status", "retryable", "advice"),
    [
        (400, False, "refused"),
        (401, False, "OPENAI_API_KEY"),
        (403, False, "key"),
        (404, False, "model's name"),
        (429, True, "quota"),
        (500, True, "refused"),
        (503, True, "refused"),
    ],
)
def test_openai_refusals_become_readable_and_hold_no_key(
    server: EmbeddingServer, status: int, retryable: bool, advice: str
) -> None:
    embedder = make_embedder(settings(f"openai:status-{status}", base_url=server.url, api_key=KEY), [])
    with pytest.raises(ModelError, match=advice) as caught:
        embedder.embed_query("text")
    assert caught.value.retryable is retryable
    assert "openai:status-" in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.__cause__} {embedder!r}"
    assert caught.value.__suppress_context__


def test_openai_tries_again_when_the_server_is_busy(server: EmbeddingServer) -> None:
    assert make_embedder(settings("openai:busy", base_url=server.url), []).embed_query("text")
    assert len(server.requests) == 2


def test_openai_server_that_is_down_is_named() -> None:
    with EmbeddingServer() as server:
        url = server.url
    embedder = make_embedder(settings("openai:good", base_url=url), [])
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:\d+/v1 cannot be reached.*ASSISTANT_BASE_URL") as caught:
        embedder.embed_query("text")
    assert caught.value.retryable


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # LangChain's, at the wrong types
@pytest.mark.parametrize(
    "model", ["nan", "zero", "ragged", "text", "few", "many", "none", "empty", "other", "html", "broken"]
)
def test_openai_replies_that_are_no_vectors_are_refused(server: EmbeddingServer, model: str) -> None:
    embedder = make_embedder(settings(f"openai:{model}", base_url=server.url), [])
    with pytest.raises(ModelError, match=f"openai:{model}"):
        embedder.embed_documents(["one", "two"])


def test_bge_zh_gets_its_instruction_before_questions_only(server: EmbeddingServer) -> None:
    for model in ("BAAI/bge-small-zh-v1.5", "bge-m3", "bge-small-en-v1.5"):
        embedder = make_embedder(settings(f"openai:{model}", base_url=server.url), [])
        embedder.embed_query("什么")
        embedder.embed_documents(["什么"])
    sent = [text for request in server.requests for text in request["input"]]
    assert sent == ["为这个句子生成表示以用于检索相关文章：什么", *["什么"] * 5]


# --- Models that run here ---


@pytest.mark.parametrize("name", ["fastembed", "sentence-transformers"])
def test_a_missing_package_is_answered_with_the_command_that_installs_it(name: str) -> None:
    if importlib.util.find_spec(name.replace("-", "_")):
        pytest.skip(f"{name} is installed")
    with pytest.raises(SettingsError, match=rf"pip install 'speech-assistant\[{name}\]'"):
        make_embedder(settings(f"{name}:some/model"), [])


@pytest.mark.parametrize("name", ["fastembed", "sentence-transformers"])
def test_a_missing_model_is_found_out_before_the_slow_import(
    name: str, install: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(name.replace("-", "_"), "raise AssertionError('imported')")
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "none"))
    for model in ("some/model", "model", "../model", "a/b/c", "模型"):
        with pytest.raises(SettingsError, match=r"python -c \"from \w+ import \w+; \w+\('"):
            make_embedder(settings(f"{name}:{model}"), [])


def test_a_model_that_fastembed_does_not_have_is_answered_with_the_command_that_fetches_it(
    install: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache" / "models--another").mkdir(parents=True)
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path / "cache"))
    install("fastembed", FASTEMBED)
    install("loguru", "class logger:\n    disable = staticmethod(lambda name: None)")
    with pytest.raises(SettingsError, match=r"TextEmbedding\('missing/model'\)"):
        make_embedder(settings("fastembed:missing/model"), [])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_real_fastembed_without_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beside this environment, where other tests need it to be missing; the rest of what it needs is here already.
    packages = ["fastembed==0.9.0", "loguru", "py-rust-stemmers"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "packages")]
    subprocess.run([*pip, *packages], check=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "packages")])
    importlib.invalidate_caches()
    (tmp_path / "models--another").mkdir()
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path))
    for model in ("BAAI/bge-small-zh-v1.5", "no/such-model"):
        with pytest.raises(SettingsError, match="Fetch it once with: python -c"):
            make_embedder(settings(f"fastembed:{model}"), [])


def cache_model(home: Path, repository: str) -> None:
    """Lay out a model as huggingface_hub caches one."""
    folder = home / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / "config.json").write_text("{}")


def test_a_sentence_transformer_is_found_in_the_cache(
    install: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("sentence_transformers", SENTENCE_TRANSFORMERS)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "home"))
    for repository in ("BAAI/bge-small-zh-v1.5", "sentence-transformers/short-name", "some/damaged"):
        cache_model(tmp_path / "home", repository)
    assert make_embedder(settings("sentence-transformers:BAAI/bge-small-zh-v1.5"), []).embed_query("什么")
    assert make_embedder(settings("sentence-transformers:short-name"), []).embed_query("什么")
    with pytest.raises(SettingsError, match="SentenceTransformer"):
        make_embedder(settings("sentence-transformers:some/damaged"), [])


def test_a_model_with_a_prompt_of_its_own_gets_no_other(install: Callable[[str, str], None], tmp_path: Path) -> None:
    install("sentence_transformers", SENTENCE_TRANSFORMERS)
    plain, prompted = tmp_path / "bge-small-zh-v1.5", tmp_path / "bge-small-zh-v1.5-prompted"
    plain.mkdir()
    prompted.mkdir()

    def expected(text: str) -> Any:
        return pytest.approx(as_matrix([numbers(text)], 1, "")[0], abs=1e-6)

    question = make_embedder(settings(f"sentence-transformers:{plain}"), []).embed_query("什么")
    assert question == expected("为这个句子生成表示以用于检索相关文章：什么")
    assert make_embedder(settings(f"sentence-transformers:{prompted}"), []).embed_query("什么") == expected(
        "Query: 什么"
    )
