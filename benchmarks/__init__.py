"""What it costs, beside a plain server: `python -m benchmarks`. POSIX only."""
