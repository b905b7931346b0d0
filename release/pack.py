"""Packs a folder so that equal contents give equal bytes: pack.py FOLDER NAME.

One order, the time of SOURCE_DATE_EPOCH, no owner, no name of the machine. Python's own modules do it alike on Linux,
macOS and Windows, whose tar programs differ.
"""

import gzip
import os
import sys
import tarfile
import time
import zipfile

folder, name = sys.argv[1:]
epoch = int(os.environ["SOURCE_DATE_EPOCH"])
files = sorted(
    os.path.relpath(os.path.join(where, file), folder).replace(os.sep, "/")
    for where, _, found in os.walk(os.path.join(folder, name))
    for file in found
)


def mode(path):
    return 0o755 if path in (f"{name}/gotrace-diff", f"{name}/gotrace-diff.exe") else 0o644


if "windows" in name:
    with zipfile.ZipFile(os.path.join(folder, f"{name}.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path, time.gmtime(epoch)[:6])
            entry.external_attr = mode(path) << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            with open(os.path.join(folder, path), "rb") as file:
                archive.writestr(entry, file.read())
else:
    with open(os.path.join(folder, f"{name}.tar.gz"), "wb") as out:
        # Neither the time nor the name of the file goes into the header.
        with gzip.GzipFile("", "wb", 9, out, mtime=0) as packed, tarfile.open(
            fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT
        ) as archive:
            for path in files:
                entry = tarfile.TarInfo(path)
                entry.mode = mode(path)
                entry.mtime = epoch
                entry.size = os.path.getsize(os.path.join(folder, path))
                with open(os.path.join(folder, path), "rb") as file:
                    archive.addfile(entry, file)
