"""Coral Edge TPUs: what of a file would run there, and the vendor's compiler.

Needs neither keras nor tensorflow.
"""

from .compiler import CompilerError, compile
from .readiness import check
from .report import CoralReport, Placement

__all__ = ["CompilerError", "CoralReport", "Placement", "check", "compile"]
