"""The translation of AWS errors into Platz's own errors and messages.

Invariant: the message for an error response names the operation, the service, the region if there is one, and AWS's
error code. AWS's own text, which may name people and credentials, stays in the chained cause.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from platz.errors import Denied, NotFound, PlatzError, Rejected, Retryable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ABSENT = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "ImageNotFoundException",
        "QueueDoesNotExist",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
    }
)
_NOT_ALLOWED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
_PASSING = frozenset(
    {
        "ExpiredToken",  # the next call is signed with fresh credentials
        "ExpiredTokenException",
        "InternalError",
        "InternalFailure",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
NO_CREDENTIALS = "No AWS credentials were found; give them the way the AWS SDKs look for them."
_NO_REGION = "No AWS region is set; give AWS_REGION."


@contextmanager
def in_our_words(service: str, region: str | None) -> Generator[None]:
    """Translate errors of botocore into `NotFound`, `Denied`, `Rejected` or `Retryable`, with a sentence."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    place = f"AWS {service.upper()} in {region}" if region else f"AWS {service.upper()}"
    try:
        yield
    except exceptions.ClientError as error:
        raise _refusal(error, place) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise Denied(NO_CREDENTIALS) from error
    except exceptions.NoRegionError as error:
        raise Rejected(_NO_REGION) from error
    except (exceptions.CredentialRetrievalError, exceptions.MetadataRetrievalError) as error:
        raise Retryable("AWS credentials can't be had right now.") from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise Retryable(f"{place} cannot be reached.") from error
    except ResponseParserError as error:
        raise Retryable(f"{place} sent an answer that can't be read.") from error
    except exceptions.BotoCoreError as error:
        raise Rejected(f"{place} could not be asked ({type(error).__name__}).") from error


def _refusal(error: ClientError, place: str) -> PlatzError:
    answer = cast("dict[str, Any]", error.response)  # Any: the SDK's untyped document
    code = str(answer.get("Error", {}).get("Code", "unknown"))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    sentence = f"{place} refused {error.operation_name}: {code}."
    if code in _ABSENT:
        return NotFound(sentence)
    if code in _PASSING or status == 429 or status >= 500:
        return Retryable(sentence)
    if code in _NOT_ALLOWED or status in {401, 403}:
        return Denied(sentence)
    return Rejected(sentence)
