"""Prints what the binary for a target is made of, as CycloneDX 1.6: sbom.py TARGET [BINARY].

Every crate that is linked, by package URL, with the checksum that Cargo.lock pins it to, its licence, and who uses whom;
Rust's standard library; the SHA-256 of the binary, where that is given. Equal sources give equal bytes: the time is
SOURCE_DATE_EPOCH's, and the serial number is made of the contents.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
import uuid

from linked import linked

target = sys.argv[1]
root, packages, found = linked(target)
with open(os.path.join(os.path.dirname(root["manifest_path"]), "Cargo.lock"), "rb") as file:
    sums = {(p["name"], p["version"]): p.get("checksum") for p in tomllib.load(file)["package"]}


def purl(package):
    """https://github.com/package-url/purl-spec: cargo has no namespace, and names and versions need no escapes but +."""
    return f"pkg:cargo/{package['name']}@{package['version'].replace('+', '%2B')}"


def component(package, kind):
    """One crate. MIT/Apache-2.0 is how licences were written before they were SPDX expressions."""
    out = {"type": kind, "bom-ref": purl(package), "name": package["name"], "version": package["version"]}
    if package["description"]:
        out["description"] = " ".join(package["description"].split())
    out["scope"] = "required"
    checksum = sums.get((package["name"], package["version"]))
    if checksum:
        out["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["license"]:
        out["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    out["purl"] = purl(package)
    if (package["repository"] or "").startswith("https://"):
        out["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return out


version = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
standard = {
    "type": "library",
    "bom-ref": f"rust-std@{version}",
    "name": "rust-std",
    "version": version,
    "description": f"Rust's standard library for {target}",
    "scope": "required",
    "licenses": [{"expression": "MIT OR Apache-2.0"}],
    "externalReferences": [{"type": "vcs", "url": "https://github.com/rust-lang/rust"}],
}
crates = sorted((packages[p] for p in found if p != root["id"]), key=lambda p: (p["name"], p["version"]))
main = component(root, "application")
main["properties"] = [{"name": "target", "value": target}]
if len(sys.argv) > 2:
    with open(sys.argv[2], "rb") as binary:
        main["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(binary.read()).hexdigest()}]
depends = [
    {"ref": purl(packages[p]), "dependsOn": [standard["bom-ref"]] + sorted(purl(packages[q]) for q in uses)}
    for p, uses in found.items()
]
document = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))),
        "component": main,
    },
    "components": [component(p, "library") for p in crates] + [standard],
    "dependencies": sorted(depends, key=lambda d: d["ref"]) + [{"ref": standard["bom-ref"]}],
}
contents = json.dumps(document, sort_keys=True)
document["serialNumber"] = "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, contents))
print(json.dumps(document, indent=1))
