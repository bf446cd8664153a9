"""OFD (GB/T 33190-2016): writing the formal version, signing it, verifying it, reading what others sent.

Knows no database and no web. pdfminer.six, fontTools and defusedxml are loaded when first needed.

===========  ==========================================================
``drawing``  what stands on a typeset PDF's pages, in millimetres
``fonts``    the PDF's font subsets as OpenType files
``content``  a page as Content.xml
``write``    the package: OFD.xml, Document.xml, resources, pages
``sign``     the seals as OFD signatures (clause 18)
``package``  opening a package somebody sent, with limits
``read``     title, number and text of a package
``verify``   is a signed package genuine?
===========  ==========================================================
"""

from oa_documents.ofd.drawing import stamps_of
from oa_documents.ofd.package import OFDError
from oa_documents.ofd.read import Content, read_ofd
from oa_documents.ofd.sign import sign, sign_row
from oa_documents.ofd.verify import verify_ofd
from oa_documents.ofd.write import Information, pack, write

__all__ = ["Content", "Information", "OFDError", "pack", "read_ofd", "sign", "sign_row", "stamps_of", "verify_ofd", "write"]
