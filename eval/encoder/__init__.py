"""Makes `assistant/weights`: cuts a published model to Chinese and English, trains corrections on it, writes ONNX.

    pip install -e '.[encoder]'
    python -m eval.encoder train      # data/*.jsonl -> corrections.npz; a quarter of an hour on two cores
    python -m eval.encoder export     # corrections.npz -> assistant/weights
    python -m eval.encoder verdict    # the same texts -> assistant/weights/verdict.npy

`source` reads the published weights, `network` is the model in PyTorch, the others do what they say.
"""
