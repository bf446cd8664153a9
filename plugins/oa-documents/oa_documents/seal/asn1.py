"""ASN.1 of GB/T 38540-2020 (electronic seal, version 4), for asn1crypto.

Import this inside functions: asn1crypto is loaded only where something is sealed or verified.
"""

from __future__ import annotations

from asn1crypto import core


class Header(core.Sequence):
    """SES_Header (6.2.1): ``ES``, version 4, the maker's vendor."""

    _fields = [("id", core.IA5String), ("version", core.Integer), ("vid", core.IA5String)]


class CertInfoList(core.SequenceOf):
    _child_spec = core.OctetString


class PropertyInfo(core.Sequence):
    """SES_ESPropertyInfo (6.2.2). Of the two forms of the list of signers, this is 1: whole certificates."""

    _fields = [
        ("type", core.Integer),
        ("name", core.UTF8String),
        ("cert_list_type", core.Integer),
        ("cert_list", CertInfoList),
        ("create_date", core.GeneralizedTime),
        ("valid_start", core.GeneralizedTime),
        ("valid_end", core.GeneralizedTime),
    ]


class PictureInfo(core.Sequence):
    """SES_ESPictureInfo (6.2.3): kind of picture, its bytes, width and height in millimetres."""

    _fields = [
        ("type", core.IA5String),
        ("data", core.OctetString),
        ("width", core.Integer),
        ("height", core.Integer),
    ]


class ExtData(core.Sequence):
    _fields = [
        ("extn_id", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("extn_value", core.OctetString),
    ]


class ExtDatas(core.SequenceOf):
    _child_spec = ExtData


class SealInfo(core.Sequence):
    """SES_SealInfo (6.2): what the maker signs."""

    _fields = [
        ("header", Header),
        ("es_id", core.IA5String),
        ("property", PropertyInfo),
        ("picture", PictureInfo),
        ("ext_datas", ExtDatas, {"explicit": 0, "optional": True}),
    ]


class Seal(core.Sequence):
    """SESeal (6.1): the seal with its maker's certificate and signature over the DER of ``info``."""

    _fields = [
        ("info", SealInfo),
        ("cert", core.OctetString),
        ("sign_alg_id", core.ObjectIdentifier),
        ("signed_value", core.OctetBitString),
    ]


class TBSSign(core.Sequence):
    """TBS_Sign (7.2): what the holder of the seal signs."""

    _fields = [
        ("version", core.Integer),
        ("eseal", Seal),
        ("time_info", core.GeneralizedTime),
        ("data_hash", core.OctetBitString),
        ("property_info", core.IA5String),
        ("ext_datas", ExtDatas, {"explicit": 0, "optional": True}),
    ]


class Signature(core.Sequence):
    """SES_Signature (7.1): the signature over the DER of ``to_sign``."""

    _fields = [
        ("to_sign", TBSSign),
        ("cert", core.OctetString),
        ("signature_alg_id", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
        ("time_stamp", core.OctetBitString, {"explicit": 0, "optional": True}),
    ]
