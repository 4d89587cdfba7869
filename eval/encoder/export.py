"""Writes `assistant/weights`: the published weights as they are, four bits each, and the corrections beside them.

The graph has two inputs, `ids` and `mask` of shape (texts, length), and two outputs: `vectors` of shape (texts, 384), and
`states` of shape (texts, length, 384), what the layers that read a text alone make of its tokens.
What is stored in half precision becomes single when a session is made.
"""

import hashlib
import logging
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from assistant.encoder import WEIGHTS
from eval.encoder.network import ALONE, PARTS
from eval.encoder.source import BLOCK, Quantised, Source, unigram
from eval.encoder.train import CORRECTIONS

_log = logging.getLogger(__name__)

OPSET = 20
_MICROSOFT = "com.microsoft"
"""The domain of MatMulNBits, a matrix of four-bit weights; part of every ONNX Runtime."""


class Graph:
    """Nodes and constants as they are added; every method returns the name of what it adds."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def integers(self, *values: int) -> str:
        return self.constant(f"i{values}", np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(f"f{value}", np.array(value, np.float32))

    def half(self, name: str, value: NDArray[Any]) -> str:
        self.constant(f"{name}.half", value.astype(np.float16))
        return self.add("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)

    def add(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def export() -> None:
    """Write `encoder.onnx` and `tokenizer.json`."""
    source = Source.read()
    corrections = dict(np.load(CORRECTIONS))
    graph = Graph()
    state = _embedded(graph, source)
    mask = graph.add("Cast", ["mask"], "mask.float", to=TensorProto.FLOAT)
    missing = graph.add("Mul", [graph.add("Sub", [mask, graph.number(1)], "absent"), graph.number(1e9)], "absent.cost")
    cost = graph.add("Unsqueeze", [missing, graph.integers(1, 2)], "cost")
    for number in range(source.layers):
        state = _layer(graph, source, corrections, number, x=state, cost=cost)
        if number + 1 == ALONE:
            graph.add("Identity", [state], "states")
    _pool(graph, state, mask)
    _write(graph, source)


def _embedded(graph: Graph, source: Source) -> str:
    """Add the embeddings of pieces and positions, and their normalisation."""
    words, blocks = source.quantised("emb.word"), source.hidden // BLOCK
    kept = np.array(source.kept)
    numbers = words.numbers.reshape(-1, source.hidden)[kept]
    packed = graph.add("Gather", [graph.constant("words", _packed(numbers)), "ids"], "packed")
    scales = graph.constant("words.scales", words.scales.reshape(-1, blocks)[kept])
    low = graph.add("BitwiseAnd", [packed, graph.constant("u15", np.array(15, np.uint8))], "low")
    high = graph.add("BitShift", [packed, graph.constant("u4", np.array(4, np.uint8))], "high", direction="RIGHT")
    halves = [graph.add("Unsqueeze", [part, graph.integers(-1)], f"{part}.pair") for part in (low, high)]
    x = graph.add("Concat", halves, "pairs", axis=-1)
    x = graph.add("Cast", [graph.add("Reshape", [x, graph.integers(0, 0, blocks, BLOCK)], "blocks")], "levels", to=1)
    x = graph.add("Sub", [x, graph.number(8)], "centred")
    scale = graph.add("Cast", [graph.add("Gather", [scales, "ids"], "scale.half")], "scale", to=TensorProto.FLOAT)
    x = graph.add("Mul", [x, graph.add("Unsqueeze", [scale, graph.integers(-1)], "scale.column")], "scaled")
    x = graph.add("Reshape", [x, graph.integers(0, 0, source.hidden)], "embedded")
    kinds = source.vector("emb.type").reshape(-1, source.hidden)
    positions = graph.half("positions", source.vector("emb.pos").reshape(-1, source.hidden) + kinds[0])
    zero, one = (graph.constant(f"s{i}", np.array(i, np.int64)) for i in (0, 1))
    length = graph.add("Gather", [graph.add("Shape", ["ids"], "shape"), one], "length")
    place = graph.add("Gather", [positions, graph.add("Range", [zero, length, one], "range")], "place")
    return _norm(graph, source, graph.add("Add", [x, place], "placed"), "emb.ln")


def _layer(graph: Graph, source: Source, corrections: Any, number: int, *, x: str, cost: str) -> str:
    name, hidden, heads = f"l{number}", source.hidden, source.heads

    def linear(part: str, inputs: str, width: int) -> str:
        names = [f"{name}.{p}" for p in PARTS[part]]
        return _linear(graph, source, corrections, f"layers.{number}.{part}", names, x=inputs, width=width)

    graph.nodes.append(
        helper.make_node(
            "Split",
            [linear("attend", x, hidden), graph.integers(hidden, hidden, hidden)],
            [f"{name}.{part}" for part in ("query", "key", "value")],
            axis=-1,
        )
    )
    orders = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    for part, order in orders.items():
        split = graph.add(
            "Reshape", [f"{name}.{part}", graph.integers(0, 0, heads, hidden // heads)], f"{name}.{part}.h"
        )
        graph.add("Transpose", [split], f"{name}.{part}.t", perm=order)
    scores = graph.add("MatMul", [f"{name}.query.t", f"{name}.key.t"], f"{name}.products")
    scores = graph.add("Mul", [scores, graph.number((hidden // heads) ** -0.5)], f"{name}.scaled")
    share = graph.add("Softmax", [graph.add("Add", [scores, cost], f"{name}.masked")], f"{name}.share", axis=-1)
    context = graph.add("MatMul", [share, f"{name}.value.t"], f"{name}.context")
    context = graph.add("Transpose", [context], f"{name}.context.t", perm=[0, 2, 1, 3])
    context = graph.add("Reshape", [context, graph.integers(0, 0, hidden)], f"{name}.joined")
    x = graph.add("Add", [x, linear("join", context, hidden)], f"{name}.attended")
    x = _norm(graph, source, x, f"{name}.aln")
    wide = graph.add("Gelu", [linear("widen", x, hidden)], f"{name}.gelu")
    x = graph.add("Add", [x, linear("shrink", wide, source.inner)], f"{name}.out")
    return _norm(graph, source, x, f"{name}.oln")


def _linear(graph: Graph, source: Source, corrections: Any, name: str, parts: list[str], *, x: str, width: int) -> str:
    """Add a layer of four-bit weights, its bias and its correction."""
    blocks = [source.quantised(f"{part}.w") for part in parts]
    weights = Quantised(np.concatenate([b.scales for b in blocks]), np.concatenate([b.numbers for b in blocks]))
    outputs = len(weights.scales) * BLOCK // width
    inputs = [
        x,
        graph.constant(f"{name}.weight", _packed(weights.numbers).reshape(outputs, width // BLOCK, BLOCK // 2)),
        graph.half(f"{name}.scales", weights.scales),
    ]
    # Level 4: activations in eight bits, as the published engine has them.
    shape = {"K": width, "N": outputs, "bits": 4, "block_size": BLOCK, "accuracy_level": 4}
    y = graph.add("MatMulNBits", inputs, f"{name}.product", domain=_MICROSOFT, **shape)
    y = graph.add(
        "Add", [y, graph.half(f"{name}.bias", np.concatenate([source.vector(f"{p}.b") for p in parts]))], f"{name}.y"
    )
    down = graph.half(f"{name}.down", corrections[f"{name}.down"].T)
    up = graph.half(f"{name}.up", corrections[f"{name}.up"].T)
    low = graph.add("MatMul", [x, down], f"{name}.low")
    return graph.add("Add", [y, graph.add("MatMul", [low, up], f"{name}.correction")], name)


def _norm(graph: Graph, source: Source, x: str, name: str) -> str:
    scale, shift = (graph.half(f"{name}.{end}", source.vector(f"{name}.{end}")) for end in ("w", "b"))
    return graph.add("LayerNormalization", [x, scale, shift], name, axis=-1, epsilon=source.epsilon)


def _pool(graph: Graph, state: str, mask: str) -> None:
    """Add the mean of the states of each text, at length 1."""
    present = graph.add("Unsqueeze", [mask, graph.integers(-1)], "present")
    kept = graph.add("Mul", [state, present], "kept")
    total = graph.add("ReduceSum", [kept, graph.integers(1)], "total", keepdims=0)
    graph.add("LpNormalization", [total], "vectors", axis=-1, p=2)


def _packed(numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return two numbers of four bits a byte, the first in the lower half."""
    packed: NDArray[np.uint8] = (numbers[..., 0::2] | (numbers[..., 1::2] << 4)).astype(np.uint8)
    return packed


def _write(graph: Graph, source: Source) -> None:
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "length"]) for name in ("ids", "mask")],
            [
                helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", source.hidden]),
                helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "length", source.hidden]),
            ],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(_MICROSOFT, 1)],
        ir_version=9,
    )
    WEIGHTS.mkdir(exist_ok=True)
    onnx.save(model, WEIGHTS / "encoder.onnx")
    digest = hashlib.sha256((WEIGHTS / "encoder.onnx").read_bytes()).hexdigest()
    _log.info("encoder.onnx has the sha256 %s: put its first twelve digits into assistant/encoder.py", digest)
    unigram([(source.pieces[i], source.scores[i]) for i in source.kept]).save(
        str(WEIGHTS / "tokenizer.json"), pretty=False
    )
