"""From the name of a model, `provider:model?option=value`, to the model: one folder for each provider."""
