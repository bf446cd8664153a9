"""For plugin authors: a pytest plugin that comes with the kernel, switched on by installing it.

Fixtures: ``oa`` (a running installation on an empty database), ``make`` (factories), ``oa_app``,
``oa_client`` (a signed-in test client), ``oa_api`` (a client with a bearer token), ``frozen`` (a clock one
can set), ``count_queries``. SQLite by default; PostgreSQL where ``OA_TEST_DATABASE`` names a server.
"""

from .factories import Factories
from .installation import Installation

__all__ = ["Factories", "Installation"]
