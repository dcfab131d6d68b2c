"""A local provider for testing and measuring: a painter that errs as image models do, an eye that reads pixels, a planner
and a writer. It needs no API key and no network, costs nothing, and the true content of each picture is known. Onbrief loads
it through an entry point, like every provider.
"""
