"""Networks in the ONNX Runtime: loaded without telemetry, their errors told as ours."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assistant.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Network:
    """A loaded network; safe to run from several threads. Make it with `Network.load`.

    Attributes:
        digest: the first twelve digits of the sha256 of its file.
    """

    def __init__(self, session: Any, failures: tuple[type[Exception], ...], digest: str) -> None:
        self.digest = digest
        self._session = session
        self._failures = failures

    @classmethod
    def load(cls, file: Path) -> Self:
        """Return the network of a file.

        Raises:
            ModelError: it is missing or damaged, or the runtime is.
        """
        # It would tell its makers of every process; calling `disable_telemetry_events` does not keep it from that.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import onnxruntime
            from onnxruntime.capi import onnxruntime_pybind11_state as state
        except ImportError as error:
            raise ModelError(f"The models of this package cannot run here: {error}. Install it again.") from error
        failures = (state.Fail, state.InvalidArgument, state.NotImplemented, state.RuntimeException)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = min(4, os.cpu_count() or 1)
        # Threads that wait for work must not burn the time of those that have some.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            content = file.read_bytes()
            # Its fallback would print to the output, then try the same once more.
            session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except (OSError, ValueError, *failures, state.InvalidGraph, state.InvalidProtobuf) as error:
            raise unreadable(file.parent, error) from error
        return cls(session, failures, hashlib.sha256(content).hexdigest()[:12])

    def run(self, outputs: Sequence[str], inputs: "Mapping[str, NDArray[Any]]") -> "list[NDArray[Any]]":
        """Return the named outputs. All are computed whatever is named.

        Raises:
            ModelError: they cannot be computed, for want of memory for instance.
        """
        try:
            found: list[NDArray[Any]] = self._session.run(list(outputs), dict(inputs))
        except self._failures as error:
            raise ModelError(f"A model of this package failed: {_in_a_line(error)}.") from error
        return found


def unreadable(folder: Path, error: Exception) -> ModelError:
    """Return the error for a model in `folder` that cannot be read."""
    return ModelError(f"The model in {folder} cannot be read: {_in_a_line(error)}. Install this package again.")


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
