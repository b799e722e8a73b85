"""The sandbox's identity provider: OpenID Connect's authorization code flow, with demo users.

Sources of the rules: OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749 (OAuth 2.0), RFC 6750 (bearer
tokens), RFC 7636 (PKCE), RFC 7638 (key thumbprints), RFC 9207 (`iss` in the response).

Run as `python -m platz_sandbox.identity --users FILE --data DIR --client-id ID --client-secret-file FILE
--redirect-uri URI`; it announces `{"issuer": "http://127.0.0.1:9000", "users": ["admin@...", ...]}`.

| path | purpose |
| --- | --- |
| `/.well-known/openid-configuration`, `/jwks` | discovery document and public keys |
| `/authorize` | shows the sign-in page; with `prompt=none`, redirects with the error `login_required` |
| `/sign-in?QUERY` | takes the page's form: `csrf_token`, and either `account`, `email` + `password`, or `cancel` |
| `/token`, `/userinfo` | as the specifications say |
| `POST /keys/rotate` | makes a new signing key; needs the client's HTTP Basic credentials |

Programs sign in with `platz_sandbox.identity.sign_in.sign_in(url, email)`.
"""
