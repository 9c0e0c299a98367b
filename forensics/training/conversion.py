"""From a torch net to an OpenVINO IR, and proof that both say the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov
import torch
from torch import Tensor, nn

from forensics.engines.openvino_engine import LOGIT_OUTPUT, MAP_OUTPUT, the_core
from forensics.errors import TrainingError
from forensics.records.input_contract import InputContract
from forensics.training.nets.torch_net import TorchNet
from forensics.training.recipes import load_recipe

# Largest difference of a logit between torch and the IR, both in f32, on the same inputs.
PARITY_LIMIT = 1e-3
# The newest that both the exporter of torch 2.8 and ONNX Runtime of three years ago know.
_OPSET = 17


class _Whole(nn.Module):
    """Preparation and net in one graph: what goes into the IR."""

    def __init__(self, net: TorchNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        logit, where = self.net(self.net.prepare(raw))
        return logit, where


class _Front(nn.Module):
    """The part of a net that never learns."""

    def __init__(self, net: TorchNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, raw: Tensor) -> Tensor:
        return self.net.condense(raw)


def compiled_front(
    net: TorchNet, example: Tensor
) -> Callable[[npt.NDArray[np.generic]], npt.NDArray[np.float32]]:
    """``net.condense`` on OpenVINO in f32, as a scan will compute it, in half of torch's time.

    Args:
        example: a batch as the IR takes it.
    """
    with torch.inference_mode():
        model = ov.convert_model(_Front(net.eval()), example_input=example, input=[[-1, *example.shape[1:]]])
    compiled = the_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda raw: np.asarray(compiled([raw])[0], np.float32)


def to_openvino(net: TorchNet, contract: InputContract) -> ov.Model:
    """The net as an OpenVINO model with a dynamic batch, in f32.

    Input ``input``: uint8[N, S, S, 3] RGB for faces, float32[N, samples] for sound; mean and scale, or
    the mel spectrogram, are inside. Outputs ``logit`` float32[N] and ``map`` float32[N, 1, h, w].
    """
    example = load_recipe(net.recipe).example(contract, 2)
    shape = [-1, *example.shape[1:]]
    with torch.inference_mode():
        model = ov.convert_model(_Whole(net.eval()), example_input=example, input=[shape])
    model.inputs[0].get_tensor().set_names({"input"})
    for port, name in zip(model.outputs, (LOGIT_OUTPUT, MAP_OUTPUT), strict=True):
        port.get_tensor().set_names({name})
    return model


def to_onnx(net: TorchNet, contract: InputContract, path: Path) -> None:
    """Writes the net as ONNX with a dynamic batch, preparation included, for other runtimes.

    Inputs and outputs are called and shaped as those of the IR.

    Raises:
        TrainingError: the net has an operation that ONNX has not, or the package onnx is missing.
    """
    names = "input", LOGIT_OUTPUT, MAP_OUTPUT
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own age, and of sizes that are constants, as they should be
        try:
            torch.onnx.export(
                _Whole(net.eval()),
                (load_recipe(net.recipe).example(contract, 2),),
                path,
                input_names=list(names[:1]),
                output_names=list(names[1:]),
                dynamic_axes={name: {0: "n"} for name in names},
                opset_version=_OPSET,
                dynamo=False,
            )
        except (torch.onnx.OnnxExporterError, RuntimeError) as error:
            raise TrainingError(
                f"This net cannot be written as ONNX: {error}",
                "Leave --onnx out, or install what is missing: pip install '.[train]'",
            ) from error


def run_openvino(model: ov.Model | Path, batches: list[npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
    """float32[N] logits of an IR in f32."""
    # Threads bound to cores wait for whatever else runs there.
    configuration = {"INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}
    compiled = the_core().compile_model(model, "CPU", configuration)
    port = compiled.output(LOGIT_OUTPUT)
    return np.concatenate([np.asarray(compiled([batch])[port], np.float32).reshape(-1) for batch in batches])


def run_torch(net: TorchNet, batches: list[npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
    """float32[N] logits of the net in fp32."""
    net.eval()
    with torch.inference_mode():
        parts = [net(net.prepare(torch.from_numpy(np.asarray(batch))))[0].numpy() for batch in batches]
    return np.concatenate(parts).astype(np.float32)


def parity(net: TorchNet, model: ov.Model | Path, batches: list[npt.NDArray[np.generic]]) -> float:
    """Worst difference of a logit between the net and its IR, or its ONNX file, which OpenVINO reads too.

    Raises:
        TrainingError: it is larger than ``PARITY_LIMIT``.
    """
    worst = float(np.abs(run_torch(net, batches) - run_openvino(model, batches)).max())
    if worst > PARITY_LIMIT:
        raise TrainingError(
            f"The IR's logits differ from the net's by up to {worst:.2g}, more than {PARITY_LIMIT:g}",
            "The conversion is not to be trusted; try another version of OpenVINO.",
        )
    return worst
