"""The one stream of a scan: everything that is learned of a file is an item on it."""

from __future__ import annotations

from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import AlignedFace, FaceCrop, FaceMesh, FaceTrack, TrackedFace
from forensics.records.findings import Abstention, Exhibit, Notice, Score
from forensics.records.media import AudioChunk, Frame, MediaUpdate
from forensics.records.perceptual_hashes import PerceptualHashes
from forensics.records.properties import Properties

Item = (
    Frame
    | AudioChunk
    | MediaUpdate
    | TrackedFace
    | FaceCrop
    | AlignedFace
    | FaceMesh
    | FaceTrack
    | Score
    | Abstention
    | Notice
    | Properties
    | PerceptualHashes
    | FaceDescriptor
    | Exhibit
)
