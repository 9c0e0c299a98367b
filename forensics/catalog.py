"""Find, verify, read and write model cards. No card, no load.

A model is a folder: ``card.toml`` with the fields of ``ModelCard``, and the files that its variants
name. ``models/index.toml`` says which shipped model serves a detector where several could.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from forensics.errors import ModelError
from forensics.records.earlier_names import with_present_names
from forensics.records.input_contract import tagged
from forensics.records.model_card import ModelCard, Variant
from forensics.resources import resource_folder

CARD_NAME = "card.toml"
INDEX_NAME = "index.toml"
_DEFAULT = "default"
_LIST = "See what there is: forensics models list"


def models_folder() -> Path:
    """Where the shipped models lie."""
    return resource_folder("models")


def list_cards(root: Path | None = None) -> tuple[tuple[ModelCard, Path], ...]:
    """Every model with its folder, ordered by id.

    Args:
        root: folder of model folders; None takes those that ship.

    Raises:
        ModelError: a card cannot be read.
    """
    root = models_folder() if root is None else root
    folders = sorted(card.parent for card in root.glob(f"*/{CARD_NAME}"))
    return tuple((read_card(folder), folder) for folder in folders)


def find(reference: str) -> tuple[ModelCard, Path]:
    """A model by id, among those that ship, or by its folder.

    Args:
        reference: an id, or a path to a folder (write ``./name`` for one that is called like an id).

    Raises:
        ModelError: there is no such model, or its card cannot be read.
    """
    shipped = models_folder() / reference
    if Path(reference).name == reference and (shipped / CARD_NAME).is_file():
        return read_card(shipped), shipped
    folder = Path(reference)
    if folder.name == CARD_NAME:
        folder = folder.parent
    if (folder / CARD_NAME).is_file():
        return read_card(folder), folder
    if folder.is_dir():
        raise ModelError(f"{folder} holds no {CARD_NAME}", "Name a folder that forensics export has written.")
    known = ", ".join(card.id for card, _ in list_cards()) or "none"
    raise ModelError(
        f"There is no model {reference}; the shipped ones are: {known}", f"{_LIST}, or give a model's folder."
    )


def default_model(detector: str, profile: str = "") -> tuple[ModelCard, Path]:
    """The shipped model or ensemble that serves a detector: the one that the index names, or the only one.

    Args:
        detector: by name.
        profile: ``examination`` or ``triage``; what the index names for it goes before its default.

    Raises:
        ModelError: there is none, or several and the index names none.
    """
    tables = index()
    named = tables.get(profile, {}).get(detector) or tables.get(_DEFAULT, {}).get(detector)
    if named is not None:
        card, folder = find(named)
        if card.task != detector:
            raise ModelError(
                f"{INDEX_NAME} names {named} for {detector}, but it serves {card.task}",
                f"Correct it in {models_folder() / INDEX_NAME}.",
            )
        return card, folder
    fitting = [(card, folder) for card, folder in list_cards() if card.task == detector and not card.members]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise ModelError(
            f"No {detector} model is installed",
            f"Choose other --detectors, give a model's folder with --model, or install again. {_LIST}",
        )
    raise ModelError(
        f"{len(fitting)} models serve {detector}: {', '.join(card.id for card, _ in fitting)}",
        f"Name one with --model, or in {models_folder() / INDEX_NAME}.",
    )


def read_card(folder: Path) -> ModelCard:
    """The card of a model's folder, checked field by field. The files that it names are not read.

    Raises:
        ModelError: it is missing, not TOML, or not a card: unknown keys are errors, too.
    """
    path = folder / CARD_NAME
    content = with_present_names(_read_toml(path))
    try:
        if isinstance(content.get("contract"), dict):
            content["contract"] = tagged(content["contract"])
        card = msgspec.convert(content, ModelCard)
    except msgspec.ValidationError as error:
        raise ModelError(f"{path} is not a model card: {error}", _written_by_export(folder)) from error
    unknown = list(_unknown_keys(content, msgspec.to_builtins(card)))
    if unknown:
        raise ModelError(
            f"{path} has keys that no model card has: {', '.join(unknown)}", _written_by_export(folder)
        )
    _check(card, path)
    return card


def write_card(card: ModelCard, folder: Path) -> Path:
    """Writes ``card.toml``; fields that are None are left out, since TOML has no null.

    Raises:
        ModelError: the card is not sound, or cannot be written.
    """
    path = folder / CARD_NAME
    _check(card, path)
    text = tomli_w.dumps(_without_none(msgspec.to_builtins(card)), multiline_strings=False)
    fresh = path.with_suffix(".toml.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A card that is half written would make its model unusable.
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror}", "Choose a folder that may be written to."
        ) from error
    return path


def verify(card: ModelCard, folder: Path) -> int:
    """Checks the files of every variant against the digests in the card; see ``ensembles`` for members.

    Returns:
        Bytes that were checked.

    Raises:
        ModelError: a file is missing, unreadable or not the one that the card describes.
    """
    n_bytes = 0
    for variant in card.variants:
        for name, expected in _files(variant):
            path = folder / name
            found, size_bytes = _digest(path, card)
            if found != expected:
                raise ModelError(
                    f"{path} is not the file that the card of {card.id} describes: its SHA-256 begins with "
                    f"{found[:12]}, the card says {expected[:12]}",
                    "It is damaged or was exchanged: install or export the model again.",
                )
            n_bytes += size_bytes
    return n_bytes


def card_sha256(folder: Path) -> str:
    """Digest of ``card.toml`` itself, since thresholds and calibration live there.

    Raises:
        ModelError: it cannot be read.
    """
    return hashlib.sha256(_read_bytes(folder / CARD_NAME)).hexdigest()


def _files(variant: Variant) -> tuple[tuple[str, str], tuple[str, str]]:
    return (variant.xml, variant.xml_sha256), (variant.bin, variant.bin_sha256)


def _digest(path: Path, card: ModelCard) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return digest.hexdigest(), file.tell()
    except OSError as error:
        raise ModelError(
            f"{path}, which the card of {card.id} names, cannot be read: {error.strerror}",
            "Install or export the model again.",
        ) from error


def index() -> dict[str, dict[str, str]]:
    """The tables of ``models/index.toml``; none where there is no such file.

    Raises:
        ModelError: it cannot be read.
    """
    path = models_folder() / INDEX_NAME
    if not path.is_file():
        return {}
    try:
        return msgspec.convert(_read_toml(path), dict[str, dict[str, str]])
    except msgspec.ValidationError as error:
        raise ModelError(
            f"{path} is no index of models: {error}", 'Write [default] and lines such as face = "model-id".'
        ) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not TOML: {error}", _written_by_export(path.parent)) from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", _LIST) from error


def _unknown_keys(given: object, known: object, where: str = "") -> Iterator[str]:
    """Keys that reading passed over: msgspec ignores those that a dataclass does not have."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            if key in known:
                yield from _unknown_keys(value, known[key], f"{where}{key}.")
            else:
                yield where + key
    elif isinstance(given, list) and isinstance(known, (list, tuple)):
        for value, counterpart in zip(given, known, strict=True):
            yield from _unknown_keys(value, counterpart, where)


def _check(card: ModelCard, path: Path) -> None:
    """What types alone do not hold."""
    wrong = [f"{where} is {value}" for where, value in _odd_numbers(msgspec.to_builtins(card))]
    if bool(card.variants) == bool(card.members):
        wrong.append("variants of one model or members of an ensemble must be named, not both")
    wrong.extend(_odd_members(card))
    for variant in card.variants:
        wrong.extend(
            f"{name!r} is not a file name within the model's folder"
            for name, _ in _files(variant)
            if not name or Path(name).name != name or name.startswith(".")
        )
    stated = msgspec.to_builtins(card.contract)
    positive = ("size_px", "crop_margin", "clip_frames", "rate_hz", "window_s", "hop_s")
    wrong += [f"contract.{name} must be above 0" for name in positive if not stated.get(name, 1) > 0]
    bounds = card.thresholds
    if bounds is not None and not 0 <= bounds.no_signs <= bounds.signs <= 1:
        wrong.append("thresholds must be 0 <= no_signs <= signs <= 1")
    if wrong:
        raise ModelError(f"{path} is not sound: {'; '.join(wrong)}", _written_by_export(path.parent))


def _odd_members(card: ModelCard) -> Iterator[str]:
    if not card.members:
        return
    ids = [member.id for member in card.members]
    if len(set(ids)) < len(ids) or len(ids) < 2:
        yield "an ensemble has two members or more, each once"
    if min(member.weight for member in card.members) <= 0 or not math.isclose(
        sum(member.weight for member in card.members), 1, abs_tol=1e-6
    ):
        yield "the weights of members must be above 0 and sum to 1"
    if card.looks_first and card.looks_first not in ids:
        yield f"looks_first names {card.looks_first}, which is no member"


def _odd_numbers(value: object, where: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, float) and not math.isfinite(value):
        yield where, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _odd_numbers(part, f"{where}.{key}" if where else str(key))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from _odd_numbers(part, f"{where}[{index}]")


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(part) for key, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(part) for part in value]
    return value


def _written_by_export(folder: Path) -> str:
    return f"Restore {folder / CARD_NAME} as forensics export wrote it, or export the model again."
