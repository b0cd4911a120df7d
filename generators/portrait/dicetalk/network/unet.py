"""DICE-Talk's diffusion model: Stable Video Diffusion's UNet, told of sound and emotion by adapters of its attention.

The layers are diffusers' own; only the way through them is different: every frame has tokens of its own, the temporal
layers get their mean over frames, and adapters act inside a mask of the face. Tensors keep their names.
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.attention_processor import (
    Attention,
    IPAdapterAttnProcessor2_0,
)
from diffusers.models.unets.unet_spatio_temporal_condition import (
    UNetSpatioTemporalConditionModel,
)
from jaxtyping import Float
from torch import Tensor, nn

_ADAPTED: Any = IPAdapterAttnProcessor2_0
"""Its annotations leave out that it takes a list of scales, and that attention takes it."""
_ADAPTERS = 2
"""One for sound, one for emotion."""
_TOKENS = 32
_TAKEN = (
    *("conv_in", "time_proj", "time_embedding", "add_time_proj", "add_embedding", "down_blocks", "mid_block"),
    *("up_blocks", "conv_norm_out", "conv_act", "conv_out"),
)
_TAKEN_OF_TRANSFORMERS = (
    *("norm", "proj_in", "transformer_blocks", "temporal_transformer_blocks"),
    *("time_pos_embed", "time_proj", "time_mixer", "proj_out"),
)


@dataclass(frozen=True, eq=False)
class Context:
    """What the frames of a batch are made from; batch and frames lie on one axis."""

    clip: Float[Tensor, "frames 1 width"]
    """Of the portrait."""
    audio: Float[Tensor, "frames tokens width"]
    emotion: Float[Tensor, "frames tokens width"]
    mask: Float[Tensor, "1 1 mask_h mask_w"] | None = None
    """1 where sound and emotion act; None: everywhere."""

    def told(self) -> tuple[Tensor, list[Tensor]]:
        """Return the context of spatial attention."""
        tokens = [self.audio, self.emotion]
        return self.clip, tokens if self.mask is None else [each[:, None] for each in tokens]

    def over_time(self, frames: int, places: int) -> tuple[Tensor, list[Tensor]]:
        """Return the context of temporal attention: means over the frames of each clip, for every place."""
        clip, audio, emotion = (
            each.unflatten(0, (-1, frames)).mean(1).repeat_interleave(places, dim=0)
            for each in (self.clip, self.audio, self.emotion)
        )
        return clip, [audio, emotion]

    def options(self) -> dict[str, list[Tensor]] | None:
        """Return what else spatial attention is told."""
        return None if self.mask is None else {"ip_adapter_masks": [self.mask] * _ADAPTERS}


class ConditionedUNet(nn.Module):
    """Takes over the layers of a UNet of Stable Video Diffusion and adds adapters to them."""

    def __init__(self, stock: UNetSpatioTemporalConditionModel) -> None:
        super().__init__()
        for name in _TAKEN:
            self.add_module(name, stock.get_submodule(name))
        for module in list(self.modules()):
            if isinstance(stocked := getattr(module, "attentions", None), nn.ModuleList):
                module.add_module("attentions", nn.ModuleList(map(ConditionedTransformer, stocked)))
        for name, module in list(self.named_modules()):
            if isinstance(module, Attention) and name.endswith("attn2"):
                width, told = module.get_parameter("to_k.weight").shape
                module.processor = _ADAPTED(width, told, [_TOKENS] * _ADAPTERS, [1.0] * _ADAPTERS)

    def forward(
        self,
        sample: Float[Tensor, "batch frames channels h w"],
        timestep: Float[Tensor, ""],
        context: Context,
        added_time_ids: Float[Tensor, "batch 3"],
        spatial_condition: Float[Tensor, "batch frames width h w"] | None = None,
    ) -> Float[Tensor, "batch frames outputs h w"]:
        """Return the prediction for noisy frames.

        Args:
            sample: noisy latents and those of the portrait, on one axis.
            timestep: how noisy.
            context: of all frames of all clips.
            added_time_ids: frame rate, amount of motion and noise of the portrait.
            spatial_condition: added to the first feature (`PoseGuider`).
        """
        batch, frames = sample.shape[:2]
        times = self.get_submodule("time_proj")(timestep.reshape(1).expand(batch)).to(sample.dtype)
        ids = self.get_submodule("add_time_proj")(added_time_ids.flatten()).reshape(batch, -1).to(sample.dtype)
        embedding = self.get_submodule("time_embedding")(times) + self.get_submodule("add_embedding")(ids)
        told = {
            "temb": embedding.repeat_interleave(frames, dim=0),
            "image_only_indicator": sample.new_zeros(batch, frames),
        }
        x = self.get_submodule("conv_in")(sample.flatten(0, 1))
        if spatial_condition is not None:
            x = x + spatial_condition.flatten(0, 1)
        kept = [x]
        for block in self.get_submodule("down_blocks").children():
            x, left = block(x, **told, **_context_for(block, context))
            kept += left
        x = self.get_submodule("mid_block")(x, **told, encoder_hidden_states=context)
        for block in self.get_submodule("up_blocks").children():
            count = len(block.get_submodule("resnets")._modules)
            skipped, kept = tuple(kept[-count:]), kept[:-count]
            size = kept[-1].shape[2:] if kept else None
            x = block(x, res_hidden_states_tuple=skipped, upsample_size=size, **told, **_context_for(block, context))
        x = self.get_submodule("conv_act")(self.get_submodule("conv_norm_out")(x))
        return self.get_submodule("conv_out")(x).unflatten(0, (batch, frames))


class ConditionedTransformer(nn.Module):
    """Takes over the layers of a transformer over space and time."""

    def __init__(self, stock: nn.Module) -> None:
        super().__init__()
        for name in _TAKEN_OF_TRANSFORMERS:
            self.add_module(name, stock.get_submodule(name))

    def forward(
        self,
        hidden_states: Float[Tensor, "n channels h w"],
        encoder_hidden_states: Context,
        image_only_indicator: Float[Tensor, "batch frames"],
        return_dict: bool = False,
    ) -> tuple[Float[Tensor, "n channels h w"]]:
        """Return the feature in a tuple, as the blocks around it expect."""
        batch, frames = image_only_indicator.shape
        height, width = hidden_states.shape[2:]
        over_time = encoder_hidden_states.over_time(frames, height * width)
        x = self.get_submodule("norm")(hidden_states).movedim(1, -1).flatten(1, 2)
        x = self.get_submodule("proj_in")(x)
        numbers = torch.arange(frames, device=x.device).repeat(batch)
        places = self.get_submodule("time_pos_embed")(self.get_submodule("time_proj")(numbers).to(x.dtype))[:, None]
        mixer = self.get_submodule("time_mixer")
        blocks = zip(
            self.get_submodule("transformer_blocks").children(),
            self.get_submodule("temporal_transformer_blocks").children(),
            strict=True,
        )
        for spatial, temporal in blocks:
            x = spatial(
                x,
                encoder_hidden_states=encoder_hidden_states.told(),
                cross_attention_kwargs=encoder_hidden_states.options(),
            )
            later = temporal(x + places, num_frames=frames, encoder_hidden_states=over_time)
            x = mixer(x_spatial=x, x_temporal=later, image_only_indicator=image_only_indicator)
        x = self.get_submodule("proj_out")(x).unflatten(1, (height, width)).movedim(-1, 1).contiguous()
        return (x + hidden_states,)


def _context_for(block: nn.Module, context: Context) -> dict[str, Context]:
    return {"encoder_hidden_states": context} if hasattr(block, "attentions") else {}
