"""A loopback server that speaks the wire formats of Amazon Bedrock, with the sandbox's painter, eye and writer behind it."""
