"""From a form's answers to Helm values, secrets and the bodies of actions."""
