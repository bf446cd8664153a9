#!/bin/sh
# The engine against its reference for a long time:
#   oa_kernel/workflow/tests/long_run.sh SEQUENCES [FIRST-SEED] [PYTHON]
# plays so many sequences, in parts of CHUNK (default 2000), each with a seed of its own; says after each how many steps
# there were and how often each move was done and refused, and stops at the first fault, shrunk. The database is in memory
# (/dev/shm) where there is such a place; OA_TEST_DATABASE=postgresql://… makes it PostgreSQL. Several at once: give each
# another first seed. A part is played again by OA_MODEL_SEQUENCES=1000 pytest … --hypothesis-seed=SEED.
set -eu
wanted=$1 seed=${2:-1} python=${3:-.venv/bin/python} chunk=${CHUNK:-2000} played=0
[ -d /dev/shm ] && export PYTEST_DEBUG_TEMPROOT=/dev/shm
while [ "$played" -lt "$wanted" ]; do
    OA_MODEL_SEQUENCES=$((chunk / 2)) $python -m pytest -q -x -p no:cacheprovider -p no:xdist --tb=short \
        --hypothesis-seed="$seed" oa_kernel/workflow/tests/test_model.py
    played=$((played + chunk)) seed=$((seed + 1))
    echo "$(date -u +%H:%M:%S) played $played, next seed $seed"
done
