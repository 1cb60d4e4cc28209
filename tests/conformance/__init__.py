"""The official judges of the protocol: the conformance suite and the Inspector's command line.

`python -m tests.conformance` installs both with npm, into a folder of its own or the one that
`NODE_CLIENTS` names. The suite asks for tools, resources and prompts with names of its own; they
are mounted on the product's server here and nowhere else.
"""
