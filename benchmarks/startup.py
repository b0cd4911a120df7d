"""How long the program takes to start: `python benchmarks/startup.py` prints medians of whole processes as JSON."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import tyro

RUNS = 7
COMMANDS = {
    "python alone": [sys.executable, "-c", "pass"],
    "import espressivo": [sys.executable, "-c", "import espressivo"],
    "espressivo --help": [str(Path(sys.executable).with_name("espressivo")), "--help"],
    "espressivo perform --help": [str(Path(sys.executable).with_name("espressivo")), "perform", "--help"],
}


def median_s(command: list[str]) -> float:
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times[1:]), 3)


def main() -> None:
    print(json.dumps({name: median_s(command) for name, command in COMMANDS.items()}, indent=2))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
