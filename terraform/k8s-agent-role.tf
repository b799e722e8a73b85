# The agent finds EKS clusters in all regions, and downloads the charts that it deploys. In each cluster this role must be
# mapped to sufficient Kubernetes rights (docs/operating.md, "Rights in a cluster").

resource "aws_iam_role" "k8s_agent" {
  name               = "${var.name_prefix}-k8s-agent-${var.k8s_agent_name}"
  description        = "Platz's agent: finds EKS clusters and downloads charts."
  assume_role_policy = local.trust.k8s_agent
  tags               = var.tags
}

resource "aws_iam_role_policy" "k8s_agent" {
  name   = "eks-discovery"
  role   = aws_iam_role.k8s_agent.id
  policy = templatefile("${path.module}/policies/k8s-agent.json.tftpl", {})
}

resource "aws_iam_role_policy" "k8s_agent_accounts" {
  count = length(var.assumed_role_arns) > 0 ? 1 : 0

  name = "other-accounts"
  role = aws_iam_role.k8s_agent.id

  policy = templatefile("${path.module}/policies/k8s-agent-accounts.json.tftpl", {
    roles = jsonencode(var.assumed_role_arns)
  })
}
