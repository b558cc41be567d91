"""One file for each vendor, over the vendor's SDK."""
