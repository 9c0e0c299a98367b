"""The table of nets."""

from __future__ import annotations

from forensics.addresses import load
from forensics.errors import TrainingError
from forensics.training.nets.torch_net import TorchNet

NETS: dict[str, str] = {
    "efficientnet-autoatt-b4": "forensics.training.nets.efficientnet:efficientnet_autoatt_b4",
    "efficientnet-b4": "forensics.training.nets.efficientnet:efficientnet_b4",
    "efficientnet-autoatt-b4-st": "forensics.training.nets.triplet:efficientnet_autoatt_b4_st",
    "efficientnet-b4-st": "forensics.training.nets.triplet:efficientnet_b4_st",
    "efficientnetv2-b0-autoatt": "forensics.training.nets.efficientnet:efficientnetv2_b0_autoatt",
    "xception": "forensics.training.nets.xception:XceptionFace",
    "vit-small": "forensics.training.nets.vision_transformer:VitSmallFace",
    "efficientnet-b3-transformer": "forensics.training.nets.sequence:efficientnet_b3_transformer",
    "resnext50-lstm": "forensics.training.nets.sequence:resnext50_lstm",
    "inceptionv3-lstm-gru": "forensics.training.nets.sequence:inceptionv3_lstm_gru",
    "v2b0-transformer": "forensics.training.nets.sequence:v2b0_transformer",
    "flow-cnn": "forensics.training.nets.flow_cnn:FlowCnn",
    "cnn": "forensics.training.nets.face_cnn:FaceCnn",
    "audio-cnn": "forensics.training.nets.audio_cnn:AudioCnn",
    "audio-cnn-speech": "forensics.training.nets.speech_cnn:SpeechCnn",
    "audio-cnn-mel": "forensics.training.nets.plain_cnn:audio_cnn_mel",
    "audio-cnn-mfcc": "forensics.training.nets.plain_cnn:audio_cnn_mfcc",
    "whisper-voice": "forensics.training.nets.whisper_voice:WhisperVoice",
    "wav2vec2": "forensics.training.nets.wav2vec_voice:wav2vec2",
    "wavlm": "forensics.training.nets.wav2vec_voice:wavlm",
}


def build_net(name: str) -> TorchNet:
    """Makes a net with fresh weights.

    Raises:
        TrainingError: the name is not in the table.
    """
    if name not in NETS:
        raise TrainingError(f"There is no net named {name}", f"Choose one of: {', '.join(NETS)}.")
    net: TorchNet = load(NETS[name])()
    return net
