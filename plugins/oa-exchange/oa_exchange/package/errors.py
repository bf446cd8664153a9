"""What is wrong with a package or a descriptor."""

from __future__ import annotations

from oa_kernel.errors import Invalid


class PackageError(Invalid):
    """A package that is not taken (422). ``code``: ``format`` | ``signature`` | ``digest`` | ``key`` | ``content`` |
    ``descriptor``."""

    code, title = "format", "交换包有误"
