"""The services other than Amazon Bedrock that the server answers as, from their documents. Shares no code with the adapters."""
