#!/usr/bin/env python3
"""Checks Watchword's access tokens with PyJWT, which has never heard of Watchword.

    pip install 'pyjwt[crypto]'        Debian: apt-get install python3-jwt python3-cryptography
    ./check_token.py ISSUER AUDIENCE   a token on each line of the input; a line of JSON for each
"""

import json
import sys

import jwt


class TokenChecker:
    """Holds the published keys; make one and keep it."""

    def __init__(self, issuer: str, audience: str) -> None:
        self.issuer = issuer
        self.audience = audience
        self.keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json", lifespan=300)

    def check(self, token: str) -> dict:
        """Returns the claims; raises jwt.PyJWTError for anything but a good token for us."""
        try:
            return self._claims(token)
        except jwt.PyJWTError:
            raise
        except Exception as error:
            # What is no text, or nested a thousand deep, PyJWT lets Python complain of.
            raise jwt.InvalidTokenError("this is no token") from error

    def _claims(self, token: str) -> dict:
        header = jwt.get_unverified_header(token)
        # The kind of token. PyJWT does not look at it.
        if header.get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("this is another kind of token")
        claims = jwt.decode(
            token,
            self.keys.get_signing_key_from_jwt(token).key,
            # Never what the header says.
            algorithms=["ES256"],
            issuer=self.issuer,
            audience=self.audience,
            leeway=60,
            options={"require": ["iss", "aud", "sub", "client_id", "exp", "nbf", "iat", "jti",
                                 "amr", "acr", "auth_time"]},
        )
        # A list may name others too.
        if claims["aud"] != self.audience:
            raise jwt.InvalidAudienceError("the token has several audiences")
        # Bound to a certificate, which nobody here has looked at.
        if "cnf" in claims:
            raise jwt.InvalidTokenError("the token is bound to a certificate")
        return claims


def main() -> None:
    checker = TokenChecker(*sys.argv[1:3])
    for line in sys.stdin:
        try:
            answer = checker.check(line.rstrip("\n"))
        except jwt.PyJWTError as error:
            answer = {"refused": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
