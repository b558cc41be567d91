"""Dice that fall the same way for the same seed and purpose."""

import random


def dice(seed: int, purpose: str) -> random.Random:
    """Return the dice of one purpose."""
    return random.Random(f"{seed}/{purpose}")  # noqa: S311 - dice, not a secret
