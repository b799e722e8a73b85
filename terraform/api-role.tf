# The API reads the settings of its identity provider from SSM, so that the client secret is in no manifest.

resource "aws_iam_role" "api" {
  name               = "${var.name_prefix}-api"
  description        = "Platz's API: reads the settings of its identity provider."
  assume_role_policy = local.trust.api
  tags               = var.tags
}

resource "aws_iam_role_policy" "api" {
  name = "oidc-parameters"
  role = aws_iam_role.api.id

  policy = templatefile("${path.module}/policies/api.json.tftpl", {
    parameters = jsonencode("arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${var.oidc_ssm_parameter_prefix}/*")
  })
}

resource "aws_iam_role_policy" "api_key" {
  count = length(var.oidc_kms_key_arns) > 0 ? 1 : 0

  name = "oidc-key"
  role = aws_iam_role.api.id

  policy = templatefile("${path.module}/policies/api-key.json.tftpl", {
    keys = jsonencode(var.oidc_kms_key_arns)
  })
}
