#!/bin/sh
# The engine against its reference for a long time:
#   oa_kernel/workflow/tests/long_run.sh SEQUENCES [FIRST-SEED] [PYTEST]
# plays so many sequences, in parts of CHUNK (default 500) each with a seed of its own, and stops at the first that
# fails. OA_TEST_DATABASE=postgresql://… makes it PostgreSQL. Several at once: give each another first seed. A part
# that failed is shown again, shrunk, by OA_MODEL_COUNT=500 pytest … --hypothesis-seed=SEED.
set -eu
wanted=$1 seed=${2:-1} pytest=${3:-.venv/bin/python -m pytest} chunk=${CHUNK:-500} played=0
while [ "$played" -lt "$wanted" ]; do
    OA_MODEL_SEQUENCES=$((chunk / 2)) $pytest -q -x -p no:cacheprovider --tb=short --hypothesis-seed="$seed" \
        oa_kernel/workflow/tests/test_model.py
    played=$((played + chunk)) seed=$((seed + 1))
    echo "$(date -u +%H:%M:%S) played $played, next seed $seed"
done
