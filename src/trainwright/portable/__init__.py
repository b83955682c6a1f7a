"""What needs nothing but Python 3.8: where the server is, signatures, a small client of the object store.

It goes into jobs, whose Python is not ours to furnish; the client and `modelarts` use it, too.
"""
