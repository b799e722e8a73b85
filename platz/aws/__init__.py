"""AWS: EKS clusters, ECR images, their events from SQS, and SSM parameters."""
