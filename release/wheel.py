"""Puts the binary of an archive into a Python wheel, so that `uvx gotrace-diff` and `pip install` work: wheel.py ARCHIVE FOLDER.

The binary is that of the archive, byte for byte: whoever has verified one has verified both. Equal archives give equal
wheels. A wheel's scripts go where a Python environment has its programs; nothing of it is Python.
"""

import base64
import hashlib
import os
import re
import sys
import tarfile
import zipfile

# The static Linux binary asks for no libc; glibc's and musl's tags are what installers look for.
TAGS = {
    "x86_64-unknown-linux-musl": ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"],
    "aarch64-unknown-linux-musl": ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"],
    "x86_64-apple-darwin": ["macosx_10_12_x86_64"],
    "aarch64-apple-darwin": ["macosx_11_0_arm64"],
    "x86_64-pc-windows-msvc": ["win_amd64"],
    "aarch64-pc-windows-msvc": ["win_arm64"],
}

archive, folder = sys.argv[1:]
name = re.sub(r"\.(tar\.gz|zip)$", "", os.path.basename(archive))
version, target = re.fullmatch(r"gotrace-diff-v(\d[^-]*(?:-(?:alpha|beta|rc)\.?\d+)?)-(.+)", name).groups()
# Python writes 1.0.0-rc.1 as 1.0.0rc1.
python_version = re.sub(r"-(alpha|beta|rc)\.?", lambda m: {"alpha": "a", "beta": "b", "rc": "rc"}[m[1]], version)

contents, when = {}, None
if archive.endswith(".zip"):
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            contents[entry.filename] = files.read(entry)
            when = entry.date_time
else:
    with tarfile.open(archive) as files:
        for entry in files:
            contents[entry.name] = files.extractfile(entry).read()
            when = tuple(__import__("time").gmtime(entry.mtime)[:6])

binary = "gotrace-diff.exe" if "windows" in target else "gotrace-diff"
info = f"gotrace_diff-{python_version}.dist-info"
data = f"gotrace_diff-{python_version}.data"
metadata = f"""Metadata-Version: 2.4
Name: gotrace-diff
Version: {python_version}
Summary: A performance regression gate for Go: compares execution traces (go test -trace) and fails the build when one got slower, saying why.
License-Expression: MIT OR Apache-2.0
License-File: LICENSE-MIT
License-File: LICENSE-APACHE
License-File: THIRD-PARTY.txt
Keywords: go,trace,performance,regression,ci
Description-Content-Type: text/markdown

""".encode() + contents[f"{name}/README.md"]
files = {
    f"{data}/scripts/{binary}": contents[f"{name}/{binary}"],
    f"{data}/data/share/man/man1/gotrace-diff.1": contents[f"{name}/man/gotrace-diff.1"],
    f"{data}/data/share/bash-completion/completions/gotrace-diff": contents[f"{name}/completions/gotrace-diff.bash"],
    f"{data}/data/share/zsh/site-functions/_gotrace-diff": contents[f"{name}/completions/_gotrace-diff"],
    f"{data}/data/share/fish/vendor_completions.d/gotrace-diff.fish": contents[f"{name}/completions/gotrace-diff.fish"],
    f"{info}/licenses/LICENSE-MIT": contents[f"{name}/LICENSE-MIT"],
    f"{info}/licenses/LICENSE-APACHE": contents[f"{name}/LICENSE-APACHE"],
    f"{info}/licenses/THIRD-PARTY.txt": contents[f"{name}/THIRD-PARTY.txt"],
    f"{info}/METADATA": metadata,
    f"{info}/WHEEL": "".join(
        ["Wheel-Version: 1.0\nGenerator: gotrace-diff\nRoot-Is-Purelib: false\n"]
        + [f"Tag: py3-none-{tag}\n" for tag in TAGS[target]]
    ).encode(),
}
record = ""
for path, content in files.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    record += f"{path},sha256={digest},{len(content)}\n"
files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()

os.makedirs(folder, exist_ok=True)
wheel = os.path.join(folder, f"gotrace_diff-{python_version}-py3-none-{'.'.join(TAGS[target])}.whl")
with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
    for path, content in files.items():
        entry = zipfile.ZipInfo(path, when)
        entry.create_system = 3
        entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        out.writestr(entry, content)
print(wheel)
