"""On call: rotations read from policy and calendars, laid out ahead, and asked at any instant."""
