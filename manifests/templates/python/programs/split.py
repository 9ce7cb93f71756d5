"""Splits numbers into their prime factors, one after the other, and can be stopped at any moment.

    python3 split.py NUMBERS_FILE COUNT PAUSE

Progress is kept in $THINKING_SCRATCH: a directory that stays until the step is done, also across kills and restarts. What is written to
$THINKING_RESULT becomes the step's result. Run by hand, without thinking, it works in the current directory.
"""

import json
import os
import sys
import time

source, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
scratch = os.environ.get("THINKING_SCRATCH", ".")
progress_file = os.path.join(scratch, "progress.json")


def write(path, value):
    """Writes JSON as a whole: whoever reads the file sees the old content or the new, never a part."""
    beside = path + ".new"
    with open(beside, "w") as file:
        json.dump(value, file)
    os.replace(beside, path)


def split(number):
    factors, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return factors + [number] if number > 1 else factors


with open(source) as file:
    numbers = [int(line) for line in file if line.strip()][:count]

done = []
if os.path.exists(progress_file):
    with open(progress_file) as file:
        done = json.load(file)
    # The list may have changed since the last try; what is still in its place holds.
    done = [row for row, number in zip(done, numbers) if row["number"] == number]
    print(f"goes on after {len(done)} of {len(numbers)} numbers", flush=True)

for number in numbers[len(done):]:
    done.append({"number": number, "factors": split(number)})
    write(progress_file, done)
    # Lines of a program go to the run's log as they come.
    print(f"{len(done)} of {len(numbers)}: {number}", flush=True)
    time.sleep(pause)

os.makedirs("out", exist_ok=True)
write("out/factors.json", done)
result = {"numbers": len(done), "primes": sum(len(row["factors"]) == 1 for row in done)}
if "THINKING_RESULT" in os.environ:
    write(os.environ["THINKING_RESULT"], result)
else:
    print(json.dumps(result))
