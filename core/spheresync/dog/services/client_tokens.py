"""Client tokens: a call that is repeated is not done again.

UNVERIFIED on AWS: for how long a token is known (a day here), and that a repeated call has the first answer.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from spheresync.dog.services.double import Call
from spheresync.dog.services.logged_parameters import as_json
from spheresync.dog.services.wire import Json, ServiceError

_LASTS = timedelta(days=1)


def once(
    tokens: dict[str, Json], call: Call, member: str, do: Callable[[], Json], refuse: Callable[[str], ServiceError]
) -> Json:
    """Do a call, or answer as before where `tokens`, the oldest first, say that it was done.

    Raises:
        ServiceError: its token was used with other parameters, or the call is refused.
    """
    token = call.parameters.get(member)
    if token is None:
        return do()
    asked = {name: value for name, value in call.parameters.items() if name != member}
    digest = hashlib.blake2b(json.dumps(as_json(asked), sort_keys=True).encode(), digest_size=16).hexdigest()
    while tokens and tokens[oldest := next(iter(tokens))]["at"] + _LASTS < call.at:
        del tokens[oldest]
    key = f"{call.operation} {token}"
    known = tokens.get(key)
    if known is None:
        answer = do()
        # What is kept must not change with the row that was answered.
        tokens[key] = {"at": call.at, "digest": digest, "answer": copy.deepcopy(answer)}
        return answer
    if known["digest"] != digest:
        raise refuse(f"The client token {token} was used with other parameters.")
    earlier: Json = known["answer"]
    return earlier
