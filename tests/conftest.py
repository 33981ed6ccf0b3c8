"""Check jaxtyping's shapes at run time in every test."""

from jaxtyping import install_import_hook

install_import_hook(["crystalnet"], "beartype.beartype")
