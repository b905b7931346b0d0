#!/usr/bin/env python3
"""Adds up all traces that a glob matches, on Ray: `summarize` is the map, `merge` is the reduce.

    ray_totals.py 'traces/**/*.out' > total.json

Totals are the same to the byte however they are grouped, so that the tree below may have any shape. Workers need
gotrace-diff (GOTRACE_DIFF names it) and read the traces from a file system that all of them see.
"""

import glob
import os
import subprocess
import sys
import tempfile

import ray

# Traces that one task summarizes, and documents that one task merges.
BATCH = 16
BINARY = os.environ.get("GOTRACE_DIFF", "gotrace-diff")


def call(args):
    """Runs gotrace-diff; what it prints, or an error with what it said."""
    done = subprocess.run([BINARY, *args], capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    return done.stdout


def merge(documents):
    """Adds up summaries and totals, which are JSON."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i, document in enumerate(documents):
            files.append(os.path.join(folder, f"{i}.json"))
            with open(files[-1], "wb") as file:
                file.write(document)
        return call(["merge", "--format", "json", *files])


@ray.remote
def total_of(traces):
    """The map: some traces become one small total where they lie."""
    return merge([call(["summarize", "--format", "json", "--", *traces])])


@ray.remote
def total_of_totals(*totals):
    """The reduce: associative and commutative, so that Ray may take whatever is ready."""
    return merge(totals)


def batches(items):
    return [items[i : i + BATCH] for i in range(0, len(items), BATCH)]


def main():
    traces = sorted(glob.glob(sys.argv[1], recursive=True))
    if not traces:
        sys.exit(f"no file matches {sys.argv[1]}")
    ray.init(log_to_driver=False, include_dashboard=False)
    totals = [total_of.remote(batch) for batch in batches(traces)]
    while len(totals) > 1:
        totals = [total_of_totals.remote(*batch) for batch in batches(totals)]
    sys.stdout.buffer.write(ray.get(totals[0]))


if __name__ == "__main__":
    main()
