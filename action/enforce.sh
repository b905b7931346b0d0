#!/usr/bin/env bash
# The last step: the job fails here and nowhere else, with the exit status of gotrace-diff.
set -euo pipefail

status=${GOTRACE_DIFF_STATUS:-}
verdict=${GOTRACE_DIFF_VERDICT:-}

case $status in
  0 | 1 | 2 | 3 | 70) ;;
  *)
    # A step before this one broke off: what was not compared has not passed.
    if [ -z "${GOTRACE_DIFF_INSTALLED:-}" ]; then
      echo '::error title=gotrace-diff::error: it could not be installed, so nothing was compared (see the step above)'
    else
      echo '::error title=gotrace-diff::error: nothing was compared (see the steps above)'
    fi
    exit 2
    ;;
esac

case $verdict in
  pass | regression | inconclusive | error) ;;
  *) exit 2 ;;
esac

if [ "${GOTRACE_DIFF_INPUT_FAIL_ON:-}" = never ] && { [ "$status" = 1 ] || [ "$status" = 3 ]; }; then
  echo "gotrace-diff: $verdict (fail-on: never)"
  exit 0
fi
echo "gotrace-diff: $verdict"
exit "$status"
