"""The package of a year (年度归档数据包): a folder of records' packages with manifest, catalogue and description.

Layout::

    说明文件.txt          what this is and how it is checked
    manifest.jsonl       first line the package, then a line for each file: path, size, SM3 (and 档号)
    manifest.jsonl.sig   {"statement": "{…sm3 of manifest.jsonl…}", "public_key", "signature", …}
    目录.csv 目录.xml      归档文件目录 (DA/T 22-2015, 5.5)
    结构说明/eep.xsd      schema of eep.xml in the packages
    结构说明/目录.xsd
    packages/D30/BGS/Z109-WS·2025-D30-BGS-0001.zip
"""

from .folder import CATALOGUE_CSV, CATALOGUE_XML, MANIFEST, README, SIGNATURE, Listed, Manifest, package_path, read_manifest
from .whole import recognises, verify

__all__ = [
    "CATALOGUE_CSV", "CATALOGUE_XML", "MANIFEST", "README", "SIGNATURE", "Listed", "Manifest", "package_path", "read_manifest",
    "recognises", "verify",
]
