"""The text of official documents: paragraphs known by their numbering, tables, differences, checks, Word files."""

from .body import Block, Paragraph, Table, parse_body
from .diff import Piece, diff_chars
from .split import split_text

__all__ = ["Block", "Paragraph", "Piece", "Table", "diff_chars", "parse_body", "split_text"]
