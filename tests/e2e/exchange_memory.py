"""What one large package costs in memory: two organisations, a document with an attachment of so many megabytes.

``python -m tests.e2e.exchange_memory 200`` prints the peak (VmHWM) of the sender's worker and of the receiver's web process,
before and after, and the seconds it took. ``--most 64``: the receiver takes no more than that; what the sender is told.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..service import Service, _family, make_demo
from .pair import Pair, settings_of, until

_ATTACH = """
import os, sys
from oa_kernel import db, files, runtime
runtime.boot(sys.argv[1])
class Random:
    left = int(sys.argv[3]) * 2**20
    def read(self, size):
        size = min(size, self.left)
        self.left -= size
        return os.urandom(size)
with db.transaction():
    files.attach(files.store(Random(), "附件.bin"), "documents.outgoing", int(sys.argv[2]))
"""


def peaks(service: Service) -> dict[str, float]:
    """VmHWM in MB of the processes of a service, the largest of each kind."""
    found: dict[str, float] = {}
    assert service.process is not None
    for pid in _family(service.process.pid):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        kind = "worker" if "worker" in command else "web"
        (line,) = (s for s in Path(f"/proc/{pid}/status").read_text().splitlines() if s.startswith("VmHWM"))
        found[kind] = max(found.get(kind, 0), int(line.split()[1]) / 1024)
    return {k: round(v, 1) for k, v in found.items()}


def main() -> None:
    """Measures, and prints one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", type=int)
    parser.add_argument("--most", type=int, default=512)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("OA_MEASURE_IN")) as folder:
        made = Pair(make_demo(Path(folder) / "demo"), Path(folder) / "pair", start=False)
        for side, most in ((made.ours, 512), (made.theirs, given.most)):
            settings_of(side.folder, max_package_mb=most, timeout=300)
        made.start()
        try:
            document = made.document()
            subprocess.run([sys.executable, "-c", _ATTACH, str(made.ours.config), str(document["id"]), str(given.megabytes)],
                           check=True)
            made.clerk.get("/documents/arrivals"), made.office.get("/me")
            before = {"sender": peaks(made.ours), "receiver": peaks(made.theirs)}
            start = time.monotonic()
            dispatch = made.send(document)
            end = until(lambda: (d := made.state(document, dispatch))["state"] != "sent" and d, 400)
            print(json.dumps({"megabytes": given.megabytes, "state": end["state"], "note": end["note"],
                              "seconds": round(time.monotonic() - start, 1), "before": before,
                              "after": {"sender": peaks(made.ours), "receiver": peaks(made.theirs)}}, ensure_ascii=False))
        finally:
            made.close()


if __name__ == "__main__":
    main()
