"""A new plugin, written from templates: a whole one, that installs, runs and passes its own tests at once.

    from oa_kernel import scaffold

    scaffold.write("visitors", Path("plugins"), title="访客登记")

The templates stand in ``template/`` as ``NAME.txt``, so that neither Python nor linters take them for code; words
between ``@@`` are filled in.
"""

from .names import PluginNames, check_name
from .write import files, write

__all__ = ["PluginNames", "check_name", "files", "write"]
