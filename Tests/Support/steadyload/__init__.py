"""A load that goes on steadily while something is done to the server, and misses nothing that goes wrong.

loop → client → clients are the ways of the bytes; answer says whether what came is what was asked for; tally counts.
"""
