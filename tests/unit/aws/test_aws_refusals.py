"""What AWS refuses becomes an error that says what to do, and no more than that."""

from __future__ import annotations

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from platz.aws.refusals import in_our_words
from platz.errors import Denied, NotFound, PlatzError, Rejected, Retryable

AWS_TEXT = "User: arn:aws:sts::1:assumed-role/x with key AKIDEXAMPLE is not authorized"


def refusal(code: str, status: int) -> exceptions.ClientError:
    answer = {"Error": {"Code": code, "Message": AWS_TEXT}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "ListClusters")


def told(error: Exception, region: str | None = "eu-west-1") -> PlatzError:
    with pytest.raises(PlatzError) as caught, in_our_words("eks", region):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ResourceNotFoundException", 404, NotFound),
        ("ImageNotFoundException", 400, NotFound),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, NotFound),
        ("AccessDeniedException", 400, Denied),
        ("UnrecognizedClientException", 400, Denied),
        ("SomethingNew", 403, Denied),
        ("ThrottlingException", 400, Retryable),
        ("ExpiredToken", 403, Retryable),
        ("SomethingNew", 429, Retryable),
        ("SomethingNew", 503, Retryable),
        ("InvalidParameterException", 400, Rejected),
    ],
)
def test_a_code_says_what_to_do(code: str, status: int, expected: type[PlatzError]) -> None:
    error = told(refusal(code, status))
    assert type(error) is expected
    assert error.message == f"AWS EKS in eu-west-1 refused ListClusters: {code}."


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (exceptions.EndpointConnectionError(endpoint_url="x"), Retryable, "cannot be reached"),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), Retryable, "cannot be reached"),
        (exceptions.ReadTimeoutError(endpoint_url="x"), Retryable, "cannot be reached"),
        (exceptions.SSLError(endpoint_url="x", error="y"), Retryable, "cannot be reached"),
        (ResponseParserError("<html>"), Retryable, "can't be read"),
        (exceptions.NoCredentialsError(), Denied, "No AWS credentials were found"),
        (exceptions.NoRegionError(), Rejected, "No AWS region is set"),
        (
            exceptions.CredentialRetrievalError(provider="web", error_msg=AWS_TEXT),
            Retryable,
            "credentials can't be had",
        ),
        (exceptions.ParamValidationError(report=AWS_TEXT), Rejected, "(ParamValidationError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_trouble_on_the_way_is_told_apart(error: Exception, expected: type[PlatzError], words: str) -> None:
    found = told(error)
    assert type(found) is expected
    assert words in found.message


def test_the_own_text_of_aws_is_not_repeated() -> None:
    assert "AKIDEXAMPLE" not in told(refusal("AccessDenied", 403)).message
    assert "AKIDEXAMPLE" not in told(exceptions.ParamValidationError(report=AWS_TEXT)).message


def test_an_answer_without_a_code_is_refused_politely() -> None:
    assert told(exceptions.ClientError({}, "X"), region=None).message == "AWS EKS refused X: unknown."


def test_a_defect_of_ours_stays_what_it_is() -> None:
    with pytest.raises(KeyError), in_our_words("eks", None):
        raise KeyError("ours")
