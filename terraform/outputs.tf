output "role_arns" {
  description = "Roles for the annotation eks.amazonaws.com/role-arn of the service accounts."
  value = {
    api             = aws_iam_role.api.arn
    k8s_agent       = aws_iam_role.k8s_agent.arn
    chart_discovery = aws_iam_role.chart_discovery.arn
  }
}

output "settings" {
  description = "Settings of Platz that follow from what was created."
  value = {
    AWS_REGION                   = local.region
    PLATZ_CLUSTER_PROVIDER       = "eks"
    PLATZ_EKS_ROLE_ARNS          = join(" ", var.assumed_role_arns)
    PLATZ_REGISTRY_PROVIDER      = "ecr"
    PLATZ_ECR_EVENTS_QUEUE       = aws_sqs_queue.ecr_events.name
    PLATZ_ECR_EVENTS_REGION      = local.region
    PLATZ_OIDC_SSM_SERVER_URL    = "${var.oidc_ssm_parameter_prefix}/server-url"
    PLATZ_OIDC_SSM_CLIENT_ID     = "${var.oidc_ssm_parameter_prefix}/client-id"
    PLATZ_OIDC_SSM_CLIENT_SECRET = "${var.oidc_ssm_parameter_prefix}/client-secret"
  }
}
