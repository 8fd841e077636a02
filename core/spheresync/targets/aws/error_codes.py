"""What each error of AWS and of botocore says about a call, by what can be done next.

Every error code of the services that are asked (Glue, SNS, SES, and STS and SSO for credentials), the codes that all of
AWS answers with and no model lists, and every exception class of botocore. A test walks the installed SDK and fails on
one that is not here, so that a newer SDK brings no error whose handling nobody has decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Recovery(StrEnum):
    """What can be done about an error."""

    WAIT = "wait"  # throttled: nothing was done, so it may be sent again
    LOOK = "look"  # it may have been done: only a look tells, then it may be sent again
    CONTENDED = "contended"  # nothing was done, others were at work on the object: look, then send again
    EXISTS = "exists"
    ABSENT = "absent"
    SIGN_IN = "sign_in"  # the credentials: whatever else is asked fails alike
    DENIED = "denied"
    QUOTA = "quota"
    INVALID = "invalid"
    PERMANENT = "permanent"  # the same request will be refused again


class Transport(StrEnum):
    """What an exception of botocore says about a request."""

    UNSENT = "unsent"  # no connection: nothing left this machine
    UNTRUSTED = "untrusted"  # the other side has no certificate that is trusted here
    LOST = "lost"  # sent, and no answer that can be used
    CREDENTIALS = "credentials"
    CONFIGURATION = "configuration"  # region, profile, endpoint or another setting of boto3
    PROGRAM = "program"  # a mistake of the program or of the SDK


_BY_RECOVERY: Mapping[Recovery, str] = {
    Recovery.WAIT: """
        ThrottlingException Throttling Throttled ThrottledException TooManyRequestsException TooManyRequestsError
        RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown SlowDownException KMSThrottling
        KMSThrottlingException BandwidthLimitExceeded PriorRequestNotComplete ProvisionedThroughputExceededException
    """,
    Recovery.LOOK: """
        InternalServiceException InternalServerException InternalServiceErrorException InternalFailure InternalError
        InternalServerError InternalServiceError ServiceFailure OperationTimeoutException RequestTimeout
        InternalFailureException ResourceUnavailableException
        RequestTimeoutException ServiceUnavailable ServiceUnavailableException Unavailable IDPCommunicationError
    """,
    Recovery.CONTENDED: """
        ConcurrentModificationException ConcurrentAccess ResourceNotReadyException FederationSourceRetryableException
        VersionMismatchException ConflictException IntegrationConflictOperationFault SessionBusyException
        ConcurrentRunsExceededException MLTransformNotReadyException SchedulerTransitioningException
        ColumnStatisticsTaskRunningException ColumnStatisticsTaskStoppingException CrawlerRunningException
        CrawlerStoppingException MaterializedViewRefreshTaskRunningException SchedulerRunningException
        MaterializedViewRefreshTaskStoppingException StaleTag ConcurrentUpdatingException StatisticsNotReadyYetException
        TransactionCommitInProgressException WorkUnitsNotReadyYetException
    """,
    Recovery.EXISTS: """
        AlreadyExistsException FederatedResourceAlreadyExistsException EntityAlreadyExists ResourceExistsException
    """,
    Recovery.ABSENT: """
        EntityNotFoundException ResourceNotFoundException ResourceNotFound NotFoundException NotFound
        IntegrationNotFoundFault TargetResourceNotFound KMSNotFound
    """,
    Recovery.SIGN_IN: """
        UnrecognizedClientException InvalidClientTokenId InvalidSignatureException SignatureDoesNotMatch
        IncompleteSignature IncompleteSignatureException MissingAuthenticationToken MissingAuthenticationTokenException
        ExpiredToken ExpiredTokenException TokenRefreshRequired ExpiredTradeInTokenException RequestExpired
        RequestTimeTooSkewed RequestInTheFuture InvalidAccessKeyId InvalidToken InvalidIdentityToken IDPRejectedClaim
        UnauthorizedException UnauthorizedClientException InvalidClientException InvalidGrantException InvalidSecurity
        AuthorizationPendingException InvalidScopeException UnsupportedGrantTypeException InvalidRedirectUriException
        InvalidClientMetadataException InvalidRequestRegionException SessionDurationEscalationException
        InvalidSubjectCredentials InvalidContextAssertion NotSignedUp AccountProblem
    """,
    Recovery.DENIED: """
        AccessDeniedException AccessDenied UnauthorizedOperation NotAuthorized AuthFailure AuthorizationError
        AuthorizationErrorException UnauthorizedAccess Forbidden ForbiddenException GlueEncryptionException
        KMSKeyNotAccessibleFault KMSAccessDenied KMSAccessDeniedException KMSDisabled KMSInvalidState KMSOptInRequired
        PermissionTypeMismatchException OptInRequired SubscriptionRequiredException PendingVerification Blocked
        RegionDisabledException OutboundWebIdentityFederationDisabledException AccountSuspendedException
        SendingPausedException MailFromDomainNotVerifiedException MessageRejected VerificationException
        TagPolicy PlatformApplicationDisabled EndpointDisabled OptedOut CustomerManagedKeyUnavailableException
        DomainNotWhitelistedException IdentityTypeNotSupportedException QuickSightUserNotFoundException
        UnsupportedPricingPlanException UnsupportedUserEditionException
    """,
    Recovery.QUOTA: """
        ResourceNumberLimitExceededException LimitExceededException LimitExceeded ServiceQuotaExceededException
        IntegrationQuotaExceededFault FilterPolicyLimitExceeded ReplayLimitExceeded SubscriptionLimitExceeded
        TagLimitExceeded TopicLimitExceeded
    """,
    Recovery.INVALID: """
        InvalidInputException ValidationException ValidationError SerializationException InvalidParameter
        InvalidParameterValue InvalidParameterCombination InvalidParameterException ParameterValueInvalid
        MissingParameter InvalidRequestException BadRequestException InvalidNextTokenException
        RequestEntityTooLarge RequestEntityTooLargeException PackedPolicyTooLarge MalformedPolicyDocument
        JWTPayloadSizeExceededException InvalidAuthorizationMessageException BatchEntryIdsNotDistinct
        BatchRequestTooLong EmptyBatchRequest InvalidBatchEntryId TooManyEntriesInBatchRequest UserError
        MalformedQueryString MalformedHttpRequestException InvalidQueryParameter InsufficientSessionLifetime
        InvalidParameterValueException InvalidDataSetParameterValueException SessionLifetimeInMinutesInvalidException
    """,
    Recovery.PERMANENT: """
        FederationSourceException OperationNotSupportedException UnknownOperationException InvalidAction
        UnsupportedOperation UnsupportedOperationException ConditionCheckFailureException InvalidStateException
        InvalidState InvalidIntegrationStateFault IdempotentParameterMismatchException IllegalBlueprintStateException
        IllegalSessionStateException IllegalWorkflowStateException ColumnStatisticsTaskNotRunningException
        CrawlerNotRunningException MaterializedViewRefreshTaskNotRunningException NoScheduleException
        SchedulerNotRunningException ExpiredException TransactionCanceledException TransactionCommittedException
        PreconditionNotMetException
    """,
}

_BY_TRANSPORT: Mapping[Transport, str] = {
    Transport.UNSENT: "ConnectionError EndpointConnectionError ConnectTimeoutError ProxyConnectionError "
    "CapacityNotAvailableError",
    Transport.UNTRUSTED: "SSLError",
    Transport.LOST: "HTTPClientError ConnectionClosedError ReadTimeoutError ResponseStreamingError IncompleteReadError "
    "ChecksumError FlexibleChecksumError ResponseParserError EventStreamError",
    Transport.CREDENTIALS: """
        NoCredentialsError NoAuthTokenError TokenRetrievalError PartialCredentialsError CredentialRetrievalError
        UnknownCredentialError UnknownTokenProviderError RefreshWithMFAUnsupportedError MetadataRetrievalError
        InvalidConfigError InfiniteLoopConfigError MissingDependencyException SSOError SSOTokenLoadError
        UnauthorizedSSOTokenError LoginError LoginRefreshRequired LoginInsufficientPermissions LoginTokenLoadError
        LoginAuthorizationCodeError
    """,
    Transport.CONFIGURATION: """
        ProfileNotFound ConfigParseError ConfigNotFound NoRegionError InvalidRegionError UnknownRegionError
        ServiceNotInRegionError BaseEndpointResolverError EndpointVariantError UnknownEndpointError
        UnknownFIPSEndpointError EndpointProviderError EndpointResolutionError UnknownEndpointResolutionBuiltInName
        InvalidEndpointConfigurationError InvalidEndpointDiscoveryConfigurationError InvalidIMDSEndpointError
        InvalidIMDSEndpointModeError InvalidRetryConfigurationError InvalidMaxRetryAttemptsError InvalidRetryModeError
        InvalidS3UsEast1RegionalEndpointConfigError InvalidSTSRegionalEndpointsConfigError InvalidS3AddressingStyleError
        InvalidDefaultsMode InvalidProxiesConfigError InvalidChecksumConfigError InvalidDNSNameError
        InvalidHostLabelError UnsupportedS3ConfigurationError UnsupportedS3AccesspointConfigurationError
        UnsupportedS3ControlConfigurationError UnsupportedSignatureVersionError UnknownSignatureVersionError
        UnsupportedServiceProtocolsError DataNotFoundError UnknownServiceError ApiVersionNotFoundError
        MD5UnavailableError
    """,
    Transport.PROGRAM: """
        MissingParametersError ValidationError ParamValidationError UnknownKeyError RangeError UnknownParameterError
        AliasConflictParameterError UnknownServiceStyle PaginationError OperationNotPageableError UnseekableStreamError
        WaiterError WaiterConfigError InvalidExpressionError UnknownClientMethodError UnsupportedS3ArnError
        UnsupportedS3ControlArnError UnsupportedOutpostResourceError StubResponseError StubAssertionError
        UnStubbedResponseError AwsChunkedWrapperError UndefinedModelAttributeError MissingServiceIdError
    """,
}

CODES: Mapping[str, Recovery] = {code: recovery for recovery, codes in _BY_RECOVERY.items() for code in codes.split()}
EXCEPTIONS: Mapping[str, Transport] = {name: kind for kind, names in _BY_TRANSPORT.items() for name in names.split()}


def recovery_of(code: str, status: int, said: str = "") -> Recovery:
    """What can be done about an answer; one whose code nobody knows goes by its HTTP status."""
    if status == 429 or said.startswith("Rate exceeded"):
        return Recovery.WAIT
    known = CODES.get(code)
    if known is not None:
        return known
    if status >= 500:
        return Recovery.LOOK
    by_status = {401: Recovery.SIGN_IN, 403: Recovery.DENIED, 408: Recovery.LOOK, 413: Recovery.INVALID}
    return by_status.get(status, Recovery.PERMANENT)


def transport_of(error: BaseException) -> Transport:
    """What an exception says about a request; a new kind of a known family is as that, any other is in doubt."""
    known = (EXCEPTIONS[each.__name__] for each in type(error).__mro__ if each.__name__ in EXCEPTIONS)
    return next(known, Transport.LOST)
