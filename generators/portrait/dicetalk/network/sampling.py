"""How DICE-Talk makes a clip of any length: windows that move on from step to step, so that no seam stays in place."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from espressivo.generators.portrait.dicetalk.network.unet import ConditionedUNet, Context
from espressivo.progress import ProgressCallback, track

VAE_SCALE = 0.18215
"""Of latents that are made noisy; those of the portrait are given unscaled."""

Latents = Float[Tensor, "frames 4 h w"]


@dataclass(frozen=True)
class Sampling:
    """Settings; the defaults are the authors'."""

    window: int = 25
    """Frames that the diffusion model makes at once, and frames of rest behind the clip."""
    overlap: int = 0
    shift: int = 7
    """Frames that the windows move back at each step."""
    fps: float = 12.5
    motion: float = 8.0
    """Amount of motion of the head, and of the expression."""
    motion_expression: float = 16.0
    portrait_scale: float = 3.0
    """How much more the clip looks like the portrait than without it."""
    emotion_scale: float = 6.0
    """How much more it follows sound and emotion than without them."""

    @property
    def time_ids(self) -> tuple[float, float, float]:
        """What the model is told beside."""
        return self.fps, self.motion, self.motion_expression


@dataclass(frozen=True, eq=False)
class Told:
    """What a clip is made from, frame by frame, and what stands for nothing."""

    portrait: Float[Tensor, "4 h w"]
    """Mode of the portrait's latent."""
    clip: Float[Tensor, "1 width"]
    audio: Float[Tensor, "frames tokens width"]
    emotion: Float[Tensor, "frames tokens width"]
    no_audio: Float[Tensor, "tokens width"]
    no_emotion: Float[Tensor, "tokens width"]
    pose: Float[Tensor, "frames channels h w"]
    mask: Float[Tensor, "1 1 mask_h mask_w"]

    def at(self, places: Int[Tensor, "window"]) -> "Told":
        """Return the same of some of the frames."""
        return replace(self, audio=self.audio[places], emotion=self.emotion[places], pose=self.pose[places])

    def rested(self, frames: int) -> "Told":
        """Return the same with frames at the end in which nothing is said or felt and the pose stays."""
        return replace(
            self,
            audio=torch.cat([self.audio, self.no_audio.expand(frames, -1, -1)]),
            emotion=torch.cat([self.emotion, self.no_emotion.expand(frames, -1, -1)]),
            pose=torch.cat([self.pose, self.pose[-1:].expand(frames, -1, -1, -1)]),
        )


def sample(
    unet: ConditionedUNet,
    told: Told,
    mean: Float[Tensor, "4 h w"],
    noise: Latents,
    sigmas: Float[Tensor, "steps_and_1"],
    timesteps: Float[Tensor, "steps"],
    settings: Sampling,
    progress: ProgressCallback | None = None,
) -> Latents:
    """Return scaled latents of a clip and of `settings.window` frames of rest behind it.

    Args:
        unet: the diffusion model.
        told: what the clip is made from.
        mean: of the portrait's latent, which the clip starts from.
        noise: as many frames as are returned.
        sigmas: levels of noise, the last 0 (Karras et al. 2022).
        timesteps: as the model is told them.
        settings: all else.
        progress: told how far it has come.
    """
    told = told.rested(settings.window)
    latents = VAE_SCALE * mean + noise * sigmas[0]
    shift = 0
    steps = list(zip(timesteps, sigmas[:-1], sigmas[1:], strict=True))
    for timestep, sigma, lower in track(steps, "draw the clip", len(steps), progress):
        total, count = torch.zeros_like(latents), torch.zeros(len(latents), 1, 1, 1, device=latents.device)
        for places in _windows(len(latents), settings, shift):
            total[places] += _step(unet, latents[places], told.at(places), timestep, sigma, lower, settings)
            count[places] += 1
        latents = total / count
        shift = (shift + settings.shift) % settings.window
    return latents


def _windows(frames: int, settings: Sampling, shift: int) -> Iterator[Int[Tensor, "window"]]:
    """Yield the frames of each window; what goes over an end goes on at the other one."""
    for start in range(0, frames, settings.window - settings.overlap):
        yield (torch.arange(settings.window) + start - shift) % frames


def _step(
    unet: ConditionedUNet,
    latents: Latents,
    told: Told,
    timestep: Float[Tensor, ""],
    sigma: Float[Tensor, ""],
    lower: Float[Tensor, ""],
    settings: Sampling,
) -> Latents:
    """Take a window from one level of noise to the next: Euler's step, guided by portrait, sound and emotion."""
    spread = sigma.square() + 1
    plain, portrait, full = _predictions(unet, latents / spread.sqrt(), told, timestep, settings)
    guided = plain + settings.portrait_scale * (portrait - plain) + settings.emotion_scale * (full - portrait)
    clean = latents / spread - guided * (sigma / spread.sqrt())
    return latents + (latents - clean) / sigma * (lower - sigma)


def _predictions(
    unet: ConditionedUNet, latents: Latents, told: Told, timestep: Float[Tensor, ""], settings: Sampling
) -> Float[Tensor, "3 window 4 h w"]:
    """Return what the model says knowing nothing, knowing the portrait, and knowing all."""
    frames = len(latents)
    portrait = told.portrait.expand_as(latents)
    sample = torch.stack(
        [torch.cat([latents, each], dim=1) for each in (torch.zeros_like(portrait), portrait, portrait)]
    )
    clip = told.clip.expand(frames, -1, -1)
    quiet, calm = told.no_audio.expand_as(told.audio), told.no_emotion.expand_as(told.emotion)
    context = Context(
        clip=torch.cat([torch.zeros_like(clip), clip, clip]),
        audio=torch.cat([quiet, quiet, told.audio]),
        emotion=torch.cat([calm, calm, told.emotion]),
        mask=told.mask,
    )
    ids = torch.tensor(settings.time_ids, device=latents.device, dtype=latents.dtype).expand(3, -1)
    return unet(sample, timestep, context, ids, told.pose.expand(3, *told.pose.shape))
