data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  oidc_issuer = split("oidc-provider/", var.oidc_provider_arn)[1]
  subject     = "system:serviceaccount:${var.namespace}"

  trust = {
    for role, service_account in {
      api             = "${var.release_name}-api"
      k8s_agent       = "${var.release_name}-k8s-agent-${var.k8s_agent_name}"
      chart_discovery = "${var.release_name}-chart-discovery-${var.chart_discovery_name}"
    } :
    role => templatefile("${path.module}/policies/trust.json.tftpl", {
      oidc_provider_arn = var.oidc_provider_arn
      oidc_issuer       = local.oidc_issuer
      subjects          = jsonencode([for name in concat([service_account], var.further_service_accounts) : "${local.subject}:${name}"])
    })
  }
}
