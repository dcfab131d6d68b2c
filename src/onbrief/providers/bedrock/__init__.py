"""Amazon Bedrock: image models, editing services, and what Claude there needs to be told."""
