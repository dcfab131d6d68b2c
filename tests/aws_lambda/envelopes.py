"""The envelopes in which services of AWS deliver events, in the shape of the examples of AWS's documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

QUEUE = "arn:aws:sqs:us-east-2:123456789012:my-queue"
TOPIC = "arn:aws:sns:us-east-2:123456789012:my-topic"
MESSAGE_ID = "95df01b4-ee98-5cb9-9903-4c221d41eb5e"
EVENT_ID = "17793124-05d4-b198-2fde-7ededc63b103"

Envelope = dict[str, Any]


def message_id(number: int) -> str:
    """Return the id of a message of `sqs`."""
    return f"059f36b4-87a3-44ab-83d2-66197583{number:04d}"


def text(content: object) -> str:
    """Return the text of a message: a text as it is, all else as JSON."""
    return content if isinstance(content, str) else json.dumps(content)


def sqs(*contents: object, queue: str = QUEUE, groups: Iterable[str] = ()) -> Envelope:
    """Return an event of SQS with a message for each content. With `groups`, the queue is a FIFO queue."""
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    }
    of_group = [{"MessageGroupId": group, "MessageDeduplicationId": group, "SequenceNumber": "1"} for group in groups]
    return {
        "Records": [
            {
                "messageId": message_id(number),
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
                "body": text(content),
                "attributes": attributes | (of_group[number] if of_group else {}),
                "messageAttributes": {},
                "md5OfBody": "098f6bcd4621d373cade4e832627b4f6",
                "eventSource": "aws:sqs",
                "eventSourceARN": f"{queue}.fifo" if of_group else queue,
                "awsRegion": "us-east-2",
            }
            for number, content in enumerate(contents)
        ]
    }


def notification(content: object, message_id: str = MESSAGE_ID) -> Envelope:
    """Return what SNS sends: to a function within a record, to a queue as the body of a message."""
    return {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": TOPIC,
        "Subject": "TestInvoke",
        "Message": text(content),
        "Timestamp": "2019-01-02T12:45:07.000Z",
        "SignatureVersion": "1",
        "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j...65r==",
        "SigningCertUrl": "https://sns.us-east-2.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem",
        "UnsubscribeUrl": "https://sns.us-east-2.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {},
    }


def sns(content: object, message_id: str = MESSAGE_ID) -> Envelope:
    """Return an event of SNS."""
    return {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{TOPIC}:21be56ed-a058-49f5-8c98-aedd2564c486",
                "EventSource": "aws:sns",
                "Sns": notification(content, message_id),
            }
        ]
    }


def bridged(detail: object, kind: str = "Brief", source: str = "my.shop", event_id: str = EVENT_ID) -> Envelope:
    """Return an event of EventBridge."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": kind,
        "source": source,
        "account": "111122223333",
        "time": "2021-11-12T00:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::amzn-s3-demo-bucket1"],
        "detail": detail,
    }


def put(bucket: str, *keys: str, etag: str = "b1946ac92492d2347c6235b4d2611184", name: str = "ObjectCreated:Put") -> Envelope:
    """Return an event of S3. The keys are encoded, as in the event."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": "1970-01-01T00:00:00.000Z",
                "eventName": name,
                "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
                "requestParameters": {"sourceIPAddress": "172.16.0.1"},
                "responseElements": {
                    "x-amz-request-id": "C3D13FE58DE4C810",
                    "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S",
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "testConfigRule",
                    "bucket": {
                        "name": bucket,
                        "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                        "arn": f"arn:aws:s3:::{bucket}",
                    },
                    "object": {
                        "key": key,
                        "size": 1024,
                        "eTag": etag,
                        "versionId": "096fKKXTRTtl3on89fVO",
                        "sequencer": "0055AED6DCD9",
                    },
                },
            }
            for key in keys
        ]
    }


def created(bucket: str, key: str, etag: str = "b1946ac92492d2347c6235b4d2611184") -> Envelope:
    """Return an event of S3 that EventBridge delivers."""
    detail: Mapping[str, object] = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {
            "key": key,
            "size": 5,
            "etag": etag,
            "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
            "sequencer": "617f08299329d189",
        },
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    }
    return bridged(detail, "Object Created", "aws.s3")


TEST_MESSAGE = {
    "Service": "Amazon S3",
    "Event": "s3:TestEvent",
    "Time": "2014-10-13T15:57:02.089Z",
    "Bucket": "amzn-s3-demo-bucket",
    "RequestId": "5582815E1AEA5ADF",
    "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
}
"""What S3 sends to a queue or a topic when it is to send its events there."""
