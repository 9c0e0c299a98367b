"""The table of recipes."""

from __future__ import annotations

from forensics.addresses import load
from forensics.errors import TrainingError
from forensics.training.recipes.recipe import Recipe

RECIPES: dict[str, str] = {
    "face-pictures": "forensics.training.recipes.face_pictures:FacePictures",
    "face-clips": "forensics.training.recipes.face_clips:FaceClips",
    "face-clips-by-motion": "forensics.training.recipes.face_clips:FaceClipsByMotion",
    "face-bursts": "forensics.training.recipes.face_clips:FaceBursts",
    "face-flow": "forensics.training.recipes.face_clips:FaceFlow",
    "sound-windows": "forensics.training.recipes.sound_windows:SoundWindows",
}


def load_recipe(name: str) -> Recipe:
    """The recipe that a net names.

    Raises:
        TrainingError: the name is not in the table.
    """
    if name not in RECIPES:
        raise TrainingError(f"There is no recipe named {name}", f"Choose one of: {', '.join(RECIPES)}.")
    recipe: Recipe = load(RECIPES[name])()
    return recipe
