"""Set the Gaussians of low and high arousal: `python -m espressivo.generators.music.faders.mixture SEGMENTS.npz ...`.

One step of maximum likelihood with the network as it is: each component's mean becomes that of the latent vectors of
the segments that bear its label. So a network that learned from music without labels (POP909) is told what listeners
to other music (VGMIDI) call aroused, in a minute.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from espressivo.generators.music.faders.composing import encoded
from espressivo.generators.music.faders.corpus import Segments
from espressivo.generators.music.faders.events import read
from espressivo.generators.music.faders.pretrained import Model, load_model

_BATCH = 256


def main() -> None:
    """Read the command line, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("segments", type=Path, help=".npz file of faders.corpus")
    parser.add_argument("--start", type=Path, required=True, help="folder of trained weights")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights")
    parser.add_argument("--most", type=int, default=6000, help="segments to use, drawn")
    arguments = parser.parse_args()
    segments = Segments.load(arguments.segments)
    own = segments.rows(~segments.held_out())
    chosen = np.random.default_rng(0).choice(len(own), min(arguments.most, len(own)), replace=False)
    means = component_means(load_model(arguments.start), own.rows(chosen))
    state = load_file(arguments.start / "model.safetensors")
    for name, values in zip(("mu_r_lookup.weight", "mu_n_lookup.weight"), means, strict=True):
        state[name] = values.to(state[name].dtype)
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_file(state, arguments.out / "model.safetensors")
    config = json.loads((arguments.start / "config.json").read_text(encoding="utf-8"))
    config["mixture"] = {
        "segments": len(chosen),
        "share_of_high_arousal": round(float(own.arousal[chosen].mean()), 4),
        "faders_from_low_to_high": [round(float(each[1, 0] - each[0, 0]), 4) for each in means],
    }
    text = json.dumps(config, indent=1)
    (arguments.out / "config.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def component_means(model: Model, segments: Segments) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the means of the latent vectors of rhythm and of notes, components x latent, by label."""
    parts = [
        encoded(model, [read(events.tolist()) for events in segments.events[first : first + _BATCH]])
        for first in range(0, len(segments), _BATCH)
    ]
    label = torch.from_numpy(segments.arousal).long()
    rhythm, notes = (torch.cat([getattr(part, name) for part in parts]) for name in ("rhythm", "notes"))
    low_and_high = [(z[label == 0].mean(dim=0), z[label == 1].mean(dim=0)) for z in (rhythm, notes)]
    return torch.stack(low_and_high[0]), torch.stack(low_and_high[1])


if __name__ == "__main__":
    main()
