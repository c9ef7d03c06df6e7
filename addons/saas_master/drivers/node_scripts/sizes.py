"""Run by ``python3 -c`` on a node: bytes of many folders, as JSON ``{name: bytes}``; null for what could not be read.

Arguments: the folder they are in, seconds it may take. Names come as a JSON list on stdin; a missing folder has 0.
"""
import json
import os
import sys
import time

BLOCK = 512         # entries between two looks at the clock


def files(folder):
    """Status of every regular file below; symbolic links are not followed, not even the folder itself."""
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False)


def size(folder, deadline):
    if os.path.islink(folder) or not os.path.isdir(folder):
        return 0
    seen, total = set(), 0
    for number, status in enumerate(files(folder)):
        if number % BLOCK == 0 and time.monotonic() > deadline:
            return None
        if status.st_ino not in seen:
            seen.add(status.st_ino)
            total += status.st_size
    return total


def main():
    root, deadline = sys.argv[1], time.monotonic() + float(sys.argv[2])
    sizes = {}
    for name in json.load(sys.stdin):
        try:
            sizes[name] = size(os.path.join(root, name), deadline) if time.monotonic() < deadline else None
        except OSError:     # being deleted at this moment, or not ours to read
            sizes[name] = None
    print(json.dumps(sizes))


main()
