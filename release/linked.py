"""What goes into the binary for a target, as cargo says: neither what only tests use, nor what runs while it is built."""

import json
import subprocess


def linked(target):
    """The root package, and by id every package that is linked (the root too), with the ids that each of them uses."""
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

    def uses(package):
        for dependency in nodes[package]["deps"]:
            kinds = [kind for each in packages[dependency["pkg"]]["targets"] for kind in each["kind"]]
            if "proc-macro" not in kinds and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                yield dependency["pkg"]

    found, waiting = {}, [root]
    while waiting:
        package = waiting.pop()
        if package not in found:
            found[package] = sorted(uses(package))
            waiting.extend(found[package])
    return packages[root], packages, found
