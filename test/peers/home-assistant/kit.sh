#!/bin/bash
# Checks the integration with the kit of Home Assistant's developers: format, lint, types, tests with their coverage.
# Usage: kit.sh ROOT INTEGRATION    the root folder that `run.sh --install-only --test-kit` made, and the integration's folder
set -euo pipefail
export ROOT=$1 INTEGRATION
INTEGRATION=$(cd "$2" && pwd)
mkdir -p "$ROOT/integration" "$ROOT/proc"
exec unshare --mount --propagation private bash -ec '
  mount --bind -o ro "$INTEGRATION" "$ROOT/integration"; mount --rbind /proc "$ROOT/proc"
  exec chroot "$ROOT" /usr/bin/env -i PATH=/opt/kit/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 COVERAGE_FILE=/tmp/coverage \
    bash -ec "
      cd /integration
      ruff format --check .
      ruff check .
      mypy --python-executable /opt/ha/bin/python
      # the kit has Home Assistant without what its integrations need: that stands beside the other one
      python -c \"import sys; sys.path.insert(0, \\\"/integration\\\"); sys.path.append(sys.argv.pop(1)); import pytest; sys.exit(pytest.main(sys.argv[1:]))\" \
        \$(echo /opt/ha/lib/python3*/site-packages) -q -p no:cacheprovider --show-capture=no --tb=short --cov=custom_components.doorward --cov-fail-under=95
    "'
