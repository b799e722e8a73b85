"""AWS: clusters of EKS, charts of ECR, their events from SQS, and parameters of SSM."""
