"""What can be wrong with a seal or a sealed file."""

from oa_kernel.errors import Invalid


class SealError(Invalid):
    """A seal, a signature or the PDF to be sealed cannot be used (422)."""

    code, title = "seal", "电子印章有误"
