"""Queues of moto, over HTTP, with what Lambda does for a queue: it receives messages, hands them to the function and deletes
those that the function does not report.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any, cast

import boto3

from onbrief.aws_lambda import handler
from onbrief.aws_lambda.delivery import Context
from tests.aws_lambda.events import Invocation
from tests.buckets import BUCKET, Service

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. What is not deleted is there again at once, and after `receives` times it is in the dead-letter queue."""

    client: Any
    url: str
    arn: str
    dead: Queue | None = None

    @classmethod
    def of(cls, s3: Service, receives: int = 3) -> Queue:
        """Create a queue with a dead-letter queue."""
        client = aws(s3, "sqs")
        dead = cls._named(client, {})
        policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": receives})
        made = cls._named(client, {"VisibilityTimeout": "0", "RedrivePolicy": policy})
        return cls(client, made.url, made.arn, dead)

    @classmethod
    def _named(cls, client: Any, attributes: dict[str, str]) -> Queue:
        url = client.create_queue(QueueName=f"queue-{next(_numbers)}", Attributes=attributes)["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return cls(client, url, arn)

    def send(self, *contents: object) -> list[str]:
        """Send a message for each content and return their ids."""
        texts = [content if isinstance(content, str) else json.dumps(content) for content in contents]
        return [self.client.send_message(QueueUrl=self.url, MessageBody=text)["MessageId"] for text in texts]

    def deliver(self, context: Context | None = None) -> tuple[int, list[str]]:
        """Hand the messages to the function, up to ten. Return how many there were, and the ids of those that it reports."""
        messages = self.receive()
        if not messages:
            return 0, []
        records: list[dict[str, Any]] = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": self.arn,
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
        answer = cast("dict[str, Any]", handler({"Records": records}, context or Invocation()))
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        for message in messages:
            if message["MessageId"] not in failed:
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages), failed

    def receive(self) -> list[dict[str, Any]]:
        """Return up to ten messages."""
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"])
        return answer.get("Messages", [])

    def notified(self, s3: Service) -> None:
        """Let the queue receive the events of the bucket in all ways: from S3 itself, through a topic, and through
        EventBridge.
        """
        topic = aws(s3, "sns").create_topic(Name="topic")["TopicArn"]
        aws(s3, "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.arn)
        events = aws(s3, "events")
        events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["aws.s3"]}))
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": self.arn}])
        created = {"Events": ["s3:ObjectCreated:*"]}
        s3.client.put_bucket_notification_configuration(
            Bucket=BUCKET,
            NotificationConfiguration={
                "QueueConfigurations": [{"QueueArn": self.arn, **created}],
                "TopicConfigurations": [{"TopicArn": topic, **created}],
                "EventBridgeConfiguration": {},
            },
        )


def aws(s3: Service, name: str) -> Any:
    """Return a client of another service beside S3."""
    return boto3.client(  # pyright: ignore[reportUnknownMemberType, reportCallIssue, reportUnknownVariableType]
        name,  # pyright: ignore[reportArgumentType]
        endpoint_url=s3.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
    )
