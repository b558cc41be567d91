"""The border to the outside: activities over the ports."""
