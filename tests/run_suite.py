"""Runs the whole suite on SQLite, then what touches the database again on PostgreSQL.

``OA_REQUIRE_POSTGRESQL=1``, ``OA_REQUIRE_BROWSER=1`` and ``OA_REQUIRE_REDIS=1`` make a missing service a
failure (CI does); elsewhere it is a skip that says its reason. ``OA_TEST_POSTGRESQL`` names the server.
"""

from __future__ import annotations

import os
import subprocess
import sys

#: once is enough: no database in these, or nothing that the engine could make different from what the packages' own tests
#: show on PostgreSQL. (The contract there: ``OA_TEST_DATABASE=postgresql://postgres@/ pytest tests/e2e``.)
ONCE = [
    "oa_kernel/config", "oa_kernel/crypto", "oa_kernel/forms", "oa_kernel/workdays",
    *(f"oa_kernel/web/tests/test_{name}.py" for name in (
        "bpmn_pages", "contact_pages", "hardening", "import_pages", "kept_parts",
        "move_pages", "plugin_pages", "profile_pages", "stand_ins_page", "workflow_pages")),
    "oa_kernel/workflow/tests/bpmn", "oa_kernel/workflow/tests/test_check.py", "oa_kernel/workflow/tests/test_editing.py",
    "plugins/oa-documents/tests/ofd", "plugins/oa-documents/tests/seal", "plugins/oa-documents/tests/text",
    "plugins/oa-documents/tests/typeset", "tests/browser", "tests/e2e", "tests/faults",
    "tests/kit", "tests/looks", "tests/packaging", "tests/test_reference.py", "themes",
]
DEFAULT_SERVER = "postgresql://postgres@/"


def reachable(url: str) -> str:
    """Empty if a server answers, else why not."""
    sys.path.insert(0, os.getcwd())
    from oa_kernel.testing import installation

    os.environ["OA_TEST_DATABASE"] = url
    try:
        installation._admin("SELECT 1")
    except Exception as error:  # whatever the driver says is the reason that is printed
        return f"{type(error).__name__}: {error}".strip()
    finally:
        del os.environ["OA_TEST_DATABASE"]
    return ""


def run(arguments: list[str], **environment: str) -> int:
    """One pytest run; returns its exit code."""
    # one more than there are processors: many tests wait for a service or a browser
    workers = os.environ.get("OA_TEST_WORKERS") or str((os.cpu_count() or 1) + 1)
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "--dist", "loadscope", "--durations=25",
               "--durations-min=2", *arguments]
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, env={**os.environ, **environment}).returncode


def main() -> int:
    extra = sys.argv[1:]
    failed = run(extra)
    url = os.environ.get("OA_TEST_POSTGRESQL", DEFAULT_SERVER)
    reason = reachable(url)
    if reason and os.environ.get("OA_REQUIRE_POSTGRESQL"):
        print(f"PostgreSQL is required and does not answer at {url}: {reason}", file=sys.stderr)
        return 1
    if reason:
        print(f"SKIPPED the second run on PostgreSQL: {reason}")
        return failed
    ignored = [f"--ignore={path}" for path in ONCE]
    # those marked oa_databases ran on both engines already
    return run(["-m", "not browser and not oa_databases", *ignored, *extra], OA_TEST_DATABASE=url) or failed


if __name__ == "__main__":
    sys.exit(main())
