"""What a chart prints about the credentials in its namespace does not reach the text of a task."""

from __future__ import annotations

import base64

from platz.kube.secret_objects import apply_secret
from tests.integration.execution.conftest import Shop

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpZGVudGl0eSI6eyJEZXBsb3ltZW50IjoiMSJ9fQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
CREDENTIALS = '(lookup "v1" "Secret" .Release.Namespace "platz-creds").data'
CHART = {
    "web.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
    "NOTES.txt": f"""
Encoded: {{{{ {CREDENTIALS}.access_token }}}}
Plain: {{{{ {CREDENTIALS}.access_token | b64dec }}}}
Login: {{{{ printf "robot:%s" ({CREDENTIALS}.access_token | b64dec) | b64enc }}}}
Address: {{{{ {CREDENTIALS}.server_url | b64dec }}}}
""",
}


def test_the_deployments_token_is_masked_in_the_notes(shop: Shop) -> None:
    texts = {"access_token": TOKEN, "server_url": "https://platz.example/"}
    apply_secret(shop.client, namespace=shop.namespace, name="platz-creds", texts=texts)
    outcome = shop.install(CHART)
    assert outcome.output.endswith(
        "Encoded: [secret]\nPlain: [secret]\nLogin: [secret]\nAddress: https://platz.example/"
    )
    everything = outcome.output + outcome.log
    assert TOKEN not in everything
    assert base64.b64encode(TOKEN.encode()).decode() not in everything
