"""Speed and memory, measured: `make bench`, `make bench-compare`, `make bench-peers`."""
