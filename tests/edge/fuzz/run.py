"""Load and call damaged files, or call whole ones with wrong inputs, in a process that may crash.

    python run.py files|inputs SEEDS FIRST COUNT PROGRESS

`SEEDS` is a folder of whole model files. Case N is the same in every run. The number of the case at
work stands in the file `PROGRESS`, its model file in `PROGRESS.tflite`; how many cases ended in
which way is printed as JSON.
"""

import json
import os
import resource
import signal
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from files import Files
from inputs import Inputs

MEMORY = 8 * 2**30  # bytes, so that a file that asks for more gets an error and not the machine
PATIENCE = 20  # seconds for a case; what hangs is killed


def main(kind, seeds, first, count, progress):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    fuzz = {"files": Files, "inputs": Inputs}[kind](Path(seeds), Path(progress + ".tflite"))
    outcomes, file = Counter(), os.open(progress, os.O_WRONLY | os.O_CREAT)
    for number in range(int(first), int(first) + int(count)):
        os.pwrite(file, b"%12d" % number, 0)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        outcomes[fuzz.case(np.random.default_rng([number, 7]))] += 1
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
