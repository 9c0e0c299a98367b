"""INT8 by NNCF, with the layers that suffer most left in f32, kept only if it says the same as f32.

NNCF's own accuracy control watches one figure on all rows and takes back one layer at a time: hours for an
EfficientNet on two cores. Here every quantiser is first tried alone on a few inputs, which tells what it does
to the logits; then those that do the most damage for the work that they save are taken out, half of the
damage that is left each time, until the gate passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import nncf
import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino._offline_transformations import compress_quantize_weights_transformation
from sklearn.metrics import roc_auc_score

from forensics.records.model_card import Calibration
from forensics.training.conversion import run_openvino

MOST_AUC_LOST = 0.005
MOST_DRIFT = 0.05

# Shares of the damage (sum of mean squared differences of the logit) that may be left, tried in this order.
# Beyond the last one, what is left of INT8 brings little speed.
_SHARES_LEFT = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64)
_N_RANKING_INPUTS = 48
_LAYERS_WITH_WEIGHTS = frozenset({"Convolution", "GroupConvolution", "MatMul"})
# These hand on what they get: a quantiser in front of them serves the layer behind.
_HANDING_ON = frozenset({"Pad", "Reshape", "Transpose", "Squeeze", "Unsqueeze"})

Batch = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Gate:
    """What INT8 costs on the validation rows.

    Attributes:
        auc_lost: AUC in f32 less AUC in INT8.
        drift: 95th percentile of the absolute difference in calibrated manipulation score.
    """

    auc_lost: float
    drift: float
    n: int

    @property
    def passed(self) -> bool:
        """Whether both bounds hold."""
        return self.auc_lost <= MOST_AUC_LOST and self.drift <= MOST_DRIFT

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "failed"
        return (
            f"INT8 gate {verdict}: AUC lost {self.auc_lost:+.4f} (at most {MOST_AUC_LOST}), "
            f"drift {self.drift:.3f} (at most {MOST_DRIFT}), n = {self.n}"
        )


@dataclass(frozen=True, slots=True)
class Quantised:
    """An INT8 form of a model and what it costs.

    Attributes:
        model: weights of quantised layers in 8 bits.
        n_in_f32: quantisers of activations that were taken out, of ``n_quantisers``.
    """

    model: ov.Model
    gate: Gate
    n_in_f32: int
    n_quantisers: int

    @property
    def kept(self) -> bool:
        """Whether it is worth keeping: it says the same as f32, and some of it runs in INT8."""
        return self.gate.passed and self.n_in_f32 < self.n_quantisers

    def __str__(self) -> str:
        if self.n_in_f32 == self.n_quantisers:
            return f"INT8: nothing is left of it, all {self.n_quantisers} quantisers were taken out"
        return f"{self.gate}; {self.n_in_f32} of {self.n_quantisers} quantisers taken out"


class Comparison:
    """f32 against another form of the same model, on labelled validation rows."""

    def __init__(
        self,
        batches: list[Batch],
        labels: npt.NDArray[np.bool_],
        logits: npt.NDArray[np.float32],
        calibration: Calibration,
    ) -> None:
        self.batches = batches
        self._labels = labels
        self._logits = logits
        self._calibration = calibration

    def gate(self, model: ov.Model) -> Gate:
        """What the other form costs."""
        logits = run_openvino(model, self.batches)
        before = np.array([self._calibration.manipulation_score(logit) for logit in self._logits.tolist()])
        after = np.array([self._calibration.manipulation_score(logit) for logit in logits.tolist()])
        lost = roc_auc_score(self._labels, self._logits) - roc_auc_score(self._labels, logits)
        return Gate(float(lost), float(np.percentile(np.abs(before - after), 95)), len(logits))


def quantise(
    model: ov.Model, batches: list[Batch], comparison: Comparison, note: Callable[[str], None]
) -> Quantised:
    """The INT8 form with the fewest layers in f32 that passes the gate, or the last one tried.

    Args:
        model: in f32; stays as it is.
        batches: validation inputs that the ranges of activations are measured on.
        comparison: what the gate is judged on.
        note: called with one line for each form that was tried.
    """
    whole = nncf.quantize(
        model,
        nncf.Dataset(batches),
        preset=nncf.QuantizationPreset.MIXED,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            # It moves the means of layers that may be taken out again, and gains nothing measurable here.
            disable_bias_correction=True,
            backend_params={"compress_weights": False},
        ),
    )
    work = _work_served(whole)
    damage: dict[str, float] = {}
    for share in _SHARES_LEFT:
        if share < 1 and not damage:
            damage = _damage(model, whole, list(work), batches)
        in_f32 = _costliest(damage, work, share)
        small = whole.clone()
        _take_out(small, in_f32)
        compress_quantize_weights_transformation(small)
        found = Quantised(small, comparison.gate(small), len(in_f32), len(work))
        note(str(found))
        if found.gate.passed:  # also where nothing is left in INT8: there is no smaller form than that
            break
    return found


def _costliest(damage: Mapping[str, float], work: Mapping[str, float], share: float) -> set[str]:
    """The quantisers to take out, most damage for their work first, so that ``share`` of all is left."""
    left, most = sum(damage.values()), share * sum(damage.values())
    chosen = set()
    for name in sorted(damage, key=lambda name: -damage[name] / work[name]):
        if left <= most:
            break
        chosen.add(name)
        left -= damage[name]
    return chosen


def _damage(model: ov.Model, whole: ov.Model, names: Sequence[str], batches: list[Batch]) -> dict[str, float]:
    """Mean square by which each quantiser, alone, moves the logits of a few inputs."""
    inputs = np.concatenate(batches)
    inputs = inputs[:: max(1, len(inputs) // _N_RANKING_INPUTS)][:_N_RANKING_INPUTS]
    logits = run_openvino(model, [inputs])
    damage = {}
    for name in names:
        alone = whole.clone()
        _take_out(alone, set(names) - {name})
        damage[name] = float(np.square(run_openvino(alone, [inputs]) - logits).mean())
    return damage


def _work_served(model: ov.Model) -> dict[str, float]:
    """Quantisers of activations, in the order of the graph, and about how much work runs in INT8 by each.

    Work is counted in multiplications of layers and, for all else, in numbers that come out.
    """
    return {
        node.get_friendly_name(): max(1.0, _work_behind(node))
        for node in model.get_ordered_ops()
        if node.get_type_name() == "FakeQuantize" and not _of_weights(node)
    }


def _work_behind(node: ov.Node) -> float:
    total = 0.0
    for target in node.output(0).get_target_inputs():
        behind = target.get_node()
        if behind.get_type_name() in _HANDING_ON:
            total += _work_behind(behind)
        elif behind.get_type_name() in _LAYERS_WITH_WEIGHTS:
            total += _n_numbers(behind, skipped_axes=2) * _n_weights(behind)
        else:
            total += _n_numbers(behind, skipped_axes=1)
    return total


def _n_weights(layer: ov.Node) -> float:
    """Numbers in a layer's weights, on whichever side they stand; 1 where both sides are data."""
    for index in (1, 0):
        shape = layer.input_value(index).get_partial_shape()
        if shape.is_static:
            return float(np.prod(shape.to_shape()))
    return 1.0


def _n_numbers(node: ov.Node, skipped_axes: int) -> float:
    """Numbers in a node's output without its first axes: batch, and channels where weights count them."""
    shape = list(node.get_output_partial_shape(0))[skipped_axes:]
    return float(np.prod([size.get_length() for size in shape if size.is_static]))


def _take_out(model: ov.Model, names: set[str]) -> None:
    """Bypasses these quantisers, and those of the weights of layers whose input is in f32 then."""
    for node in model.get_ordered_ops():
        if node.get_friendly_name() in names:
            _bypass(node)
    for layer in model.get_ordered_ops():
        if layer.get_type_name() not in _LAYERS_WITH_WEIGHTS:
            continue
        data, weights = (_origin(layer.input_value(index).get_node()) for index in (0, 1))
        if weights.get_type_name() == "FakeQuantize" and data.get_type_name() != "FakeQuantize":
            _bypass(weights)


def _bypass(quantiser: ov.Node) -> None:
    source = quantiser.input_value(0)
    for target in quantiser.output(0).get_target_inputs():
        target.replace_source_output(source)


def _origin(node: ov.Node) -> ov.Node:
    while node.get_type_name() in _HANDING_ON:
        node = node.input_value(0).get_node()
    return node


def _of_weights(quantiser: ov.Node) -> bool:
    source = _origin(quantiser.input_value(0).get_node())
    if source.get_type_name() == "Convert":
        source = source.input_value(0).get_node()
    return bool(source.get_type_name() == "Constant")
