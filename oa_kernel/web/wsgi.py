"""What the web server loads: boots the installation named by ``OA_CONFIG`` and puts the application together."""

from __future__ import annotations

from multiprocessing.util import Finalize

from oa_kernel import permissions, runtime

from .app import create_app

_running = runtime.boot(runtime.default_config_path())
runtime.check_migrations(_running)
app = create_app(_running)
# at the end of a process of either sort: atexit alone is passed over by what multiprocessing forked
Finalize(None, permissions.write_uses, exitpriority=10)
