"""A small stand-in world with known truth: a painter that errs as image models do, an eye that sees only pixels, a planner
and a writer. It needs no key, no network and costs nothing.
"""
