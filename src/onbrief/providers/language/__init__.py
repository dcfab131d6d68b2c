"""Language models through pydantic-ai, as planner, judge and reviser."""
