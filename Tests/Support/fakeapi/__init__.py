"""A stand-in for the API: OpenAI's responses (over WebSocket too), chat completions, models and OAuth over HTTP/1.1, with
faults to order.

Standard library only, and nothing shared with the programs under test, so that what both agree on means something.
"""
