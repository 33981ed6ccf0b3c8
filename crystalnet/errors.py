"""The one exception that a user is meant to read."""


class CrystalNetError(Exception):
    """Input that cannot be used, said in one sentence.

    The message names the file or material id, the value seen, and what to do about it.
    """
