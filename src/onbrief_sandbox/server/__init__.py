"""A local server with the wire formats of Amazon Bedrock that answers with the sandbox's painter, eye and writer."""
