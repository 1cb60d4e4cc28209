"""`sent-mcp` and `python -m sent_mcp`: picks the command; `serve` loads nothing made for people."""

import sys


def main() -> None:
    """Run the command in `sys.argv` and exit with its code."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else "serve"
    if first == "serve" or (first.startswith("-") and first not in ("--help", "-h", "--version")):
        from sent_mcp.cli.serve import serve

        sys.exit(serve(arguments[1:] if first == "serve" and arguments else arguments))
    from sent_mcp.cli.app import app

    app()


if __name__ == "__main__":
    main()
