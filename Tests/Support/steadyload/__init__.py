"""A load that goes on steadily while something is done to the server, and misses nothing that goes wrong.

loop → client → clients and sockets are the ways of the bytes; answer and frames say whether what came is what was asked for;
tally counts.
"""
