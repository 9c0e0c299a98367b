"""What the shipped detectors declare. Nothing heavy is imported here: the implementations load in workers."""

from __future__ import annotations

from forensics.records.detector_spec import CropSpec, DetectorSpec, Input, ModelCount, Role

_FACES_FOUND = (
    "N. Dalal and B. Triggs: Histograms of oriented gradients for human detection. CVPR 2005.",
    "D. E. King: Dlib-ml: A machine learning toolkit. Journal of Machine Learning Research 10, 2009.",
)
_MESHES = (
    "Y. Kartynnik et al.: Real-time facial surface geometry from monocular video on mobile GPUs. CVPR "
    "Workshop on Computer Vision for Augmented and Virtual Reality, 2019.",
)

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
    references=(
        *_FACES_FOUND,
        "K. Shiohara and T. Yamasaki: Detecting deepfakes with self-blended images. CVPR 2022.",
        "R. R. Selvaraju et al.: Grad-CAM: Visual explanations from deep networks via gradient-based "
        "localization. ICCV 2017.",
    ),
)
SEQUENCE = DetectorSpec(
    name="sequence",
    title="Sequence",
    implementation="forensics.detectors.face_sequences:FaceClips",
    subject_phrase="The face of {subject} over time",
    unit="clip",
    subjects="tracks",
    inputs=(Input.FACES,),
    models=ModelCount.SEVERAL,
    references=_FACES_FOUND,
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
    references=(
        *_MESHES,
        "J. S. Chung and A. Zisserman: Out of time: Automated lip sync in the wild. ACCV Workshop, 2016.",
    ),
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
    references=(
        *_MESHES,
        "T. Soukupova and J. Cech: Real-time eye blink detection using facial landmarks. CVWW 2016.",
        "Y. Li, M.-C. Chang and S. Lyu: In ictu oculi: Exposing AI created fake videos by detecting eye "
        "blinking. WIFS 2018.",
    ),
)
VOICE = DetectorSpec(
    name="voice",
    title="Voice",
    implementation="forensics.detectors.voice:Voice",
    subject_phrase="The {subject}",
    unit="window",
    aids=("speech-silero", "speaker-ge2e"),
    inputs=(Input.SOUND,),
    models=ModelCount.SEVERAL,
    references=(
        "L. Wan et al.: Generalized end-to-end loss for speaker verification. ICASSP 2018.",
        "Silero Team: Silero VAD: Pre-trained enterprise-grade voice activity detector. GitHub, 2021.",
    ),
)
CONTAINER = DetectorSpec(
    name="container",
    title="Container",
    implementation="forensics.detectors.structure.container:Container",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
    references=(
        "M. Iuliani et al.: A video forensic framework for the unsupervised analysis of MP4-like file "
        "container. IEEE Transactions on Information Forensics and Security 14, 2019.",
        "D. Vazquez-Padin et al.: Detection of video double encoding with GOP size estimation. WIFS 2012.",
    ),
)
PROVENANCE = DetectorSpec(
    name="provenance",
    title="Content credentials",
    implementation="forensics.detectors.structure.provenance:Provenance",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
    references=("Coalition for Content Provenance and Authenticity: C2PA Technical Specification.",),
)
DUPLICATES = DetectorSpec(
    name="duplicates",
    title="Duplicates",
    implementation="forensics.detectors.duplicates:Duplicates",
    inputs=(Input.FRAMES, Input.SOUND),
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
)
PERSONS = DetectorSpec(
    name="persons",
    title="Persons",
    implementation="forensics.detectors.persons:Persons",
    subject_phrase="The face of {subject}",
    subjects="tracks",
    aids=("face-landmarks", "face-descriptor"),
    crop=CropSpec(size_px=288, margin=2.0, min_face_px=48),
    inputs=(Input.FACES, Input.ALIGNED),
    role=Role.REPORTS,
    models=ModelCount.NONE,
    references=(
        *_MESHES,
        "D. E. King: High quality face recognition with deep metric learning. dlib, 2017.",
        "K. He et al.: Deep residual learning for image recognition. CVPR 2016.",
    ),
)
STILLS = DetectorSpec(
    name="stills",
    title="Stills",
    implementation="forensics.detectors.structure.still_file:Stills",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
    references=(
        "H. Farid: Digital image ballistics from JPEG quantization. Technical Report TR2006-583, Dartmouth "
        "College, 2006.",
        "A. C. Popescu and H. Farid: Statistical tools for digital forensics. Information Hiding, 2004.",
        "N. Krawetz: A picture's worth: Digital image analysis and forensics. Black Hat Briefings, 2007.",
    ),
)
