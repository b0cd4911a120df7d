"""How fast the emotion of text is read: `python benchmarks/text_emotion.py` prints JSON.

Sentences of 4 to 24 words on one core, for each source; "times real time" is against speech of 150 words a minute.
"""

import json
import os
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import tyro

from espressivo.conditioning.text_emotion.encoder import model_folder
from espressivo.conditioning.text_emotion.model import Source
from espressivo.conditioning.text_emotion.recogniser import load_text_recogniser
from espressivo.conditioning.text_emotion.timing import WORDS_PER_S

SENTENCES = (
    "I told you so.",
    "She opened the letter and smiled.",
    "Nobody had seen the dog since Tuesday, and it was getting dark.",
    "If we leave now we may still catch the last train home, although I would not count on it tonight, dear friend.",
)
REPEATS = 50


def figures(source: Source) -> dict[str, float]:
    started = time.perf_counter()
    recogniser = load_text_recogniser(source)
    recogniser.read(SENTENCES[0])
    load_s = time.perf_counter() - started
    text = " ".join(SENTENCES * REPEATS)
    started = time.process_time()
    found = recogniser.read(text)
    cpu_s = time.process_time() - started
    started = time.process_time()
    for sentence in SENTENCES * 10:
        recogniser.read(sentence)
    single_s = (time.process_time() - started) / (10 * len(SENTENCES))
    return {
        "load_s": round(load_s, 2),
        "sentences_per_cpu_s": round(len(found.sentences) / cpu_s, 1),
        "times_real_time": round(len(text.split()) / WORDS_PER_S / cpu_s, 1),
        "single_sentence_cpu_s": round(single_s, 4),
    }


def main() -> None:
    sources: tuple[Source, ...] = ("embedding", "lexicon") if model_folder() else ("lexicon",)
    print(json.dumps({source: figures(source) for source in sources}, indent=2))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
