"""``python -m oa_kernel.cli``: the same as ``oa``."""

from . import main

main()
