"""LivePortrait's released files, and where they lie in a folder."""

from collections.abc import Callable
from pathlib import Path

from espressivo.errors import InputError
from espressivo.generators.portrait.checkpoints import (
    Net,
    System,
    choose_device,
    load_net,
    read_checkpoint,
    require_files,
    tensors_in,
    without_prefixes,
)
from espressivo.generators.portrait.liveportrait.appearance import AppearanceFeatureExtractor
from espressivo.generators.portrait.liveportrait.config import LivePortraitSize
from espressivo.generators.portrait.liveportrait.drawing import SpadeGenerator
from espressivo.generators.portrait.liveportrait.motion import MotionExtractor
from espressivo.generators.portrait.liveportrait.portrait import INPUT_PX, LivePortrait
from espressivo.generators.portrait.liveportrait.retargeting import RetargetingNetwork
from espressivo.generators.portrait.liveportrait.warping import WarpingModule

SYSTEM = System("LivePortrait", "the authors' release (github.com/KwaiVGI/LivePortrait)", "MIT")

_BASE = "base_models/{}.pth"
_RETARGETING = "retargeting_models/stitching_retargeting_module.pth"
_PARTS = {"stitching": "retarget_shoulder", "lip": "retarget_mouth", "eye": "retarget_eye"}
"""Our name of each small network -> the one in the file that holds all three."""
FILES = (
    *(
        _BASE.format(name)
        for name in ("appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator")
    ),
    _RETARGETING,
)


def load_live_portrait(
    folder: Path, device: str = "auto", size: LivePortraitSize | None = None, input_px: int = INPUT_PX
) -> LivePortrait:
    """Load the networks from the folder that holds base_models/ and retargeting_models/.

    Args:
        folder: with the authors' files under their names.
        device: "auto", "cpu" or a GPU.
        size: of the networks; the published one by default.
        input_px: side of the crops that they look at.

    Raises:
        InputError: there is no such folder, or a file does not fit.
        MissingDependencyError: files are missing.
    """
    size = size or LivePortraitSize()
    require_files(folder, FILES, SYSTEM)
    target = choose_device(device)

    def base(name: str, build: Callable[[], Net]) -> Net:
        path = folder / _BASE.format(name)
        tensors = tensors_in(read_checkpoint(path, SYSTEM), path, SYSTEM)
        return load_net(build, tensors, path, f"{SYSTEM.name}'s {name}").to(target)

    return LivePortrait(
        appearance=base("appearance_feature_extractor", lambda: AppearanceFeatureExtractor(size.appearance)),
        motion=base("motion_extractor", lambda: MotionExtractor(size.motion)),
        warping=base("warping_module", lambda: WarpingModule(size.warping)),
        generator=base("spade_generator", lambda: SpadeGenerator(size.generator)),
        **{name: net.to(target) for name, net in _retargeting(folder / _RETARGETING, size).items()},
        input_px=input_px,
    )


def _retargeting(path: Path, size: LivePortraitSize) -> dict[str, RetargetingNetwork]:
    stored = read_checkpoint(path, SYSTEM)
    sizes = {"stitching": size.stitching, "lip": size.lip, "eye": size.eye}
    lacking = [part for part in _PARTS.values() if not isinstance(stored, dict) or part not in stored]
    if lacking:
        raise InputError(f"{path} lacks {', '.join(lacking)}; give the file of {SYSTEM.name}.")
    nets = {}
    for name, part in _PARTS.items():
        tensors = without_prefixes(tensors_in(stored[part], path, SYSTEM), ["module."])
        nets[name] = load_net(
            lambda name=name: RetargetingNetwork(sizes[name]), tensors, path, f"{SYSTEM.name}'s {part}"
        )
    return nets
