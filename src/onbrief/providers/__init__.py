"""From the name of a model, `provider:model?option=value`, to the model."""
