#!/usr/bin/env bash
# One step of the action: the binary does it, with everything it needs in the environment.
set -euo pipefail

exec "${GOTRACE_DIFF_BINARY:?gotrace-diff is not installed}" github "$1"
