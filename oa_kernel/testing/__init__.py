"""For plugin authors: a pytest plugin that comes with the kernel, switched on by installing it.

Fixtures: ``oa`` (a running installation on an empty database), ``make`` (factories), ``oa_app``,
``oa_client`` (a signed-in test client), ``oa_api`` (a client with a bearer token), ``frozen`` (a clock one
can set), ``oa_outbox`` (what would leave the house), ``count_queries``, ``used_rights``. SQLite by default;
PostgreSQL where ``OA_TEST_DATABASE`` names a server; both for tests marked ``oa_databases``.

``pytest --oa-conformance PLUGIN`` holds an installed plugin to the rules in ``conformance/``.
"""

from .factories import Factories
from .installation import Installation
from .outside import Outbox

__all__ = ["Factories", "Installation", "Outbox"]
