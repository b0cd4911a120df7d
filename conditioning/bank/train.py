"""Train a bank with its encoders, or the encoder of music onto a bank that is frozen. Needs the `train` extra.

`python -m espressivo.conditioning.bank.train --speech DIR --face DIR --text EMOBANK_CSV GOEMOTIONS_DIR --out DIR`
`python -m espressivo.conditioning.bank.train --onto BANK --music DIR --out DIR`

The folders are described in `tables`. The same seed gives the same weights on the same machine. With --tables, what was
heard and read is kept there, and not heard again the next time. A bank that ships is never trained anew under its name:
generators hold on to it; give the next one another --id.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch  # pyright: ignore[reportMissingImports] - the `train` extra

from espressivo.conditioning.bank.embedding import EmotionEmbedding
from espressivo.conditioning.bank.fit import STEPS, fit_bank, fit_encoder
from espressivo.conditioning.bank.tables import Table, face_table, music_table, speech_table, text_table
from espressivo.conditioning.bank.writing import network_of, write_bank, write_encoders
from espressivo.errors import InputError


def main() -> None:
    """Read the arguments, train, and write."""
    parser = argparse.ArgumentParser(description="Train a bank of emotions, or an encoder onto one.")
    add_data_arguments(parser)
    parser.add_argument("--onto", help="a bank that ships, or a folder with one, that stays as it is")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--id", default="bank-trial")
    parser.add_argument("--version", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tables = read_tables(arguments)
    if arguments.onto:
        if set(tables) != {"music"}:
            raise InputError("Onto a bank that is frozen goes the encoder of music alone; give --music and no other.")
        bank = EmotionEmbedding.load(Path(arguments.onto) if Path(arguments.onto).is_dir() else arguments.onto)
        encoder = fit_encoder(network_of(bank), tables["music"], arguments.seed, arguments.steps)
        write_encoders({"music": encoder}, bank, arguments.out)
        return
    if set(tables) != {"speech", "face", "text"}:
        raise InputError("A bank is trained on --speech, --face and --text together.")
    parts = list(tables.values())
    fitted = fit_bank(parts, arguments.seed, arguments.steps)
    write_bank(fitted, parts, arguments.out, arguments.id, arguments.version)


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folders that `read_tables` reads."""
    parser.add_argument("--speech", type=Path, nargs=1, help="folder in the form of EMO-DB")
    parser.add_argument("--face", type=Path, nargs=1, help="folder with arkit_scores.npz")
    parser.add_argument("--text", type=Path, nargs=2, help="EmoBank's table and GoEmotions' folder")
    parser.add_argument("--music", type=Path, nargs=1, help="folder with EMOPIA and VGMIDI")
    parser.add_argument("--tables", type=Path, help="folder where described recordings are kept")


def read_tables(arguments: argparse.Namespace) -> dict[str, Table]:
    """Describe the recordings of every modality that was given, or read what was kept of them."""
    return {
        modality: _kept(arguments.tables, modality, lambda reader=reader, given=given: reader(*given))
        for modality, reader in _READERS.items()
        if (given := getattr(arguments, modality))
    }


def _kept(folder: Path | None, modality: str, read: Callable[[], Table]) -> Table:
    path = folder and folder / f"{modality}.npz"
    if path and path.is_file():
        return Table.read(path)
    table = read()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write(path)
    return table


_READERS: dict[str, Callable[..., Table]] = {
    "speech": speech_table,
    "face": face_table,
    "text": text_table,
    "music": music_table,
}


if __name__ == "__main__":
    main()
