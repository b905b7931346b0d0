"""Prints the licences of all crates that go into the binary for a target: notices.py TARGET.

MIT, BSD, Apache and Unicode ask for it wherever a binary is given away.
"""

import json
import os
import subprocess
import sys

target = sys.argv[1]
metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", target],
        check=True,
        capture_output=True,
    ).stdout
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]

# What is linked: neither tests nor what runs while it is built.
linked, waiting = set(), [root]
while waiting:
    package = waiting.pop()
    if package in linked:
        continue
    linked.add(package)
    for dependency in nodes[package]["deps"]:
        of = packages[dependency["pkg"]]
        macro = any("proc-macro" in kind for each in of["targets"] for kind in [each["kind"]])
        if not macro and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            waiting.append(dependency["pkg"])

print("gotrace-diff contains the following crates, and Rust's standard library (MIT OR Apache-2.0).")
missing = []
for package in sorted((packages[p] for p in linked if p != root), key=lambda p: (p["name"], p["version"])):
    folder = os.path.dirname(package["manifest_path"])
    files = sorted(f for f in os.listdir(folder) if f.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE")))
    print(f"\n{'=' * 78}\n{package['name']} {package['version']}: {package['license'] or package['license_file']}")
    if not files:
        missing.append(package["name"])
        print(f"(no file of its licence in the package; see {package['repository']})")
    for file in files:
        if os.path.isfile(os.path.join(folder, file)):
            with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as text:
                print(f"\n-- {file}\n\n{text.read().strip()}")
if missing:
    print("without a file of their licence: " + ", ".join(missing), file=sys.stderr)
