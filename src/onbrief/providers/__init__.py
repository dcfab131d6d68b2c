"""Find and make models by name, `provider:model?option=value`. Each provider has its own folder."""
