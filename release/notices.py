"""Prints the licences of all crates that go into the binary for a target: notices.py TARGET.

MIT, BSD, Apache and Unicode ask for it wherever a binary is given away.
"""

import os
import sys

from linked import linked

root, packages, found = linked(sys.argv[1])

print("gotrace-diff contains the following crates, and Rust's standard library (MIT OR Apache-2.0).")
missing = []
crates = (packages[p] for p in found if p != root["id"])
for package in sorted(crates, key=lambda p: (p["name"], p["version"])):
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
