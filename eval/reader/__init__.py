"""How the reader in `assistant/weights` is made: examples, training, export.

Not part of the package's use: it needs the extra `encoder`. From the files of the repository:
`python -m eval.reader train`, then `export`. The order of the files is the order in which data flows: `contrasts.py`,
`speeches.py`, `examples.py`, `network.py`, `train.py`, `export.py`; it begins where `eval.encoder` has ended.
"""
