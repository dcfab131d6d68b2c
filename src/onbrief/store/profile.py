"""Credentials from AWS profiles and single sign-on, read by boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onbrief.errors import UsageError

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider


def credentials() -> Boto3CredentialProvider:
    """Return the credentials and the region of the profile that AWS_PROFILE names, or of the default profile.

    Raises:
        UsageError: boto3 is not installed, or the profile has no credentials.
    """
    try:
        from boto3.session import Session
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as error:
        raise UsageError("out: AWS profiles need boto3", hint="pip install 'onbrief[aws]'") from error
    try:
        return Boto3CredentialProvider(Session())
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"out: no credentials for AWS: {error}", hint="aws configure, or aws sso login") from error
