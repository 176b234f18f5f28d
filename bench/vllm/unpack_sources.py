"""Downloads the wheels of a lock file and unpacks what runs without a GPU: unpack_sources.py LOCK FOLDER.

Of vLLM's wheel (336 MB) only the Python sources, their JSON files and the metadata are kept; of the others everything.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

KEPT = (".py", ".json", ".typed")


def is_wanted(wheel: pathlib.Path, name: str) -> bool:
    return not wheel.name.startswith("vllm-") or name.endswith(KEPT) or ".dist-info/" in name


def main() -> None:
    lock, folder = sys.argv[1:3]
    with tempfile.TemporaryDirectory(dir=folder) as downloads:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "--dest", downloads, "--requirement", lock], check=True)
        for wheel in pathlib.Path(downloads).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder, [n for n in archive.namelist() if is_wanted(wheel, n)])


main()
