"""Several users queue takes in one studio: none lost, none mixed up, memory flat. Prints JSON.

Every user asks for takes with an emotion and a seed that nobody else has, and reads them back from the finished takes.
"""

import argparse
import json
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file
from studio import children_of, resident_mb, started_studio

from espressivo.demo import SPEECH_FOLDER

_EMOTIONS = ("happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt", "calm")
_SETTINGS = {"size": 64, "fps": 10}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=300.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started_studio(Path(folder)) as (address, server):
        ends = time.monotonic() + options.seconds
        users = [_User(address, number, ends) for number in range(options.users)]
        for user in users:
            user.start()
        memory_mb = []
        while any(user.is_alive() for user in users):
            time.sleep(5)
            memory_mb.append(sum(resident_mb(process) for process in (server, *children_of(server))))
        for user in users:
            user.join()
    third = max(1, len(memory_mb) // 3)
    found: dict[str, Any] = {
        "users": options.users,
        "seconds": options.seconds,
        "takes_asked": sum(user.asked for user in users),
        "takes_made": sum(user.made for user in users),
        "takes_by_user": [user.made for user in users],
        "mixed_up": sum(user.mixed_up for user in users),
        "failed": [failure for user in users for failure in user.failures],
        "memory_mb": {
            "second_third": round(sum(memory_mb[third : 2 * third]) / third),
            "last_third": round(sum(memory_mb[-third:]) / third),
            "most": round(max(memory_mb)),
        },
    }
    print(json.dumps(found, indent=2))


class _User(threading.Thread):
    def __init__(self, address: str, number: int, ends: float) -> None:
        super().__init__(daemon=True)
        self._address, self._number, self._ends = address, number, ends
        self.asked = self.made = self.mixed_up = 0
        self.failures: list[str] = []

    def run(self) -> None:
        client = Client(self._address, verbose=False, httpx_kwargs={"timeout": 120})  # a busy machine is no lost take
        line = SPEECH_FOLDER / f"{('joy', 'anger', 'calm', 'sadness')[self._number % 4]}.wav"
        emotion = f"{_EMOTIONS[self._number % len(_EMOTIONS)]}:0.{1 + self._number % 9}"
        while time.monotonic() < self._ends:
            self.asked += 1
            seed = 1000 * self._number + self.asked
            try:
                take = client.predict(
                    handle_file(line), emotion=emotion, settings={**_SETTINGS, "seed": seed}, api_name="/perform"
                )
                with urllib.request.urlopen(self._address + take["files"]["take.json"]) as answer:
                    record = json.load(answer)
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}"[:200])
                continue
            self.made += 1
            asked = (emotion, seed, line.name)
            got = (record["request"]["emotion"], record["request"]["seed"], record["source"])
            self.mixed_up += asked != got


if __name__ == "__main__":
    main()
