"""What it costs: `python -m benchmarks check`. Figures are compared within one run only."""
