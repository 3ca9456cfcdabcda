"""Requests that two readers could take differently, and unusual ones that all readers must take alike.

`malformed` and `valid` are the collection, `collection` sends it and looks at what a server behind OCM got.
"""
