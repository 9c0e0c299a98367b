"""What the shipped detectors declare. Nothing heavy is imported here: the implementations load in workers."""

from __future__ import annotations

from forensics.records.detector_spec import DetectorSpec, Input, ModelCount, Role

FACE = DetectorSpec(
    name="face",
    title="Face",
    implementation="forensics.detectors.face_frames:FaceFrames",
    subject_phrase="The face of {subject}",
    unit="frame",
    subjects="tracks",
    inputs=(Input.FACES,),
    models=ModelCount.SEVERAL,
    first_in_video=True,
)
SEQUENCE = DetectorSpec(
    name="sequence",
    title="Sequence",
    implementation="forensics.detectors.face_clips:FaceClips",
    subject_phrase="The face of {subject} over time",
    unit="clip",
    subjects="tracks",
    inputs=(Input.FACES,),
    models=ModelCount.SEVERAL,
)
LIPS = DetectorSpec(
    name="lips",
    title="Lips and sound",
    implementation="forensics.detectors.lips:Lips",
    subject_phrase="The mouth of {subject}",
    unit="burst",
    subjects="tracks",
    inputs=(Input.LANDMARKS, Input.SOUND),
    role=Role.REPORTS,
    models=ModelCount.NONE,
)
BLINK_POSE = DetectorSpec(
    name="blink-pose",
    title="Blinks and pose",
    implementation="forensics.detectors.blink_pose:BlinkPose",
    subject_phrase="The eyes and head of {subject}",
    unit="burst",
    subjects="tracks",
    inputs=(Input.LANDMARKS,),
    role=Role.REPORTS,
    models=ModelCount.NONE,
)
VOICE = DetectorSpec(
    name="voice",
    title="Voice",
    implementation="forensics.detectors.voice:Voice",
    subject_phrase="The {subject}",
    unit="window",
    aids=("speech-silero",),
    inputs=(Input.SOUND,),
    models=ModelCount.SEVERAL,
)
CONTAINER = DetectorSpec(
    name="container",
    title="Container",
    implementation="forensics.detectors.structure.container:Container",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
)
PROVENANCE = DetectorSpec(
    name="provenance",
    title="Content credentials",
    implementation="forensics.detectors.structure.provenance:Provenance",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
)
DUPLICATES = DetectorSpec(
    name="duplicates",
    title="Duplicates",
    implementation="forensics.detectors.duplicates:Duplicates",
    inputs=(Input.FRAMES, Input.SOUND),
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
)
STILLS = DetectorSpec(
    name="stills",
    title="Stills",
    implementation="forensics.detectors.structure.stills:Stills",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
)
